#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Nothing is lost and nothing is doubled when the plugin is killed, or auditd is restarted, in the middle of it; and what is lost is told.

test_restart.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
Environment: SEED, to have the same random choices again; KILLS, how many.
"""
import contextlib
import hashlib
import os
import random
import re
import select
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import expect, expect_that, main, test, wait_until  # noqa: E402
from live import Live, audit  # noqa: E402
from traffic import Traffic  # noqa: E402

KILLS = int(os.environ.get('KILLS', '50'))
# auditd gives up a plugin that it had to start more often; its logs rotate by themselves.
AUDITD = {'max_restarts': 10 * KILLS, 'num_logs': 9, 'max_log_file': 1, 'max_log_file_action': 'ROTATE'}


def has_state(live):
    return os.path.exists(live.path('state', 'state'))


def saved(live):
    """Waits for a state that holds all that has been handled by now."""
    now = time.time()
    wait_until(lambda: os.path.exists(live.path('state', 'state')) and os.stat(live.path('state', 'state')).st_mtime > now + 0.05, 10,
               'the state is saved')


def kill(live):
    """Kills the plugin; its pid, when it is dead. auditd starts another when it has an event to write."""
    wait_until(lambda: has_state(live), 5, 'there is a state')
    plugin = live.plugin_pid()
    handle = os.pidfd_open(plugin)
    signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [])
    os.close(handle)
    return plugin


def back(live, plugin):
    """Waits for another plugin than this one."""
    return wait_until(lambda: live.plugin_pid() not in (None, plugin), 5, 'auditd starts the plugin again')


@contextlib.contextmanager
def dead(live, traffic):
    """The plugin is killed, and back when that is over for which it is to be dead."""
    plugin = kill(live)
    since = time.time()
    yield
    back(live, plugin)
    traffic.deaths.append((since, time.time()))


def talk(live):
    """A process with a record of its own: whatever was before it has been handled."""
    done = live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
    return live.end_of(done.pid, comm='netdo')


def nothing_lost(live, since=0):
    lost = live.records(event='loss')[since:]
    expect_that(not lost, 'something was lost', lost[0] if lost else None)


# Kills at any moment.

def disturb(traffic):
    """Something happens to a connection that has been open for a while, or a new one is made."""
    if len(traffic.open) < 6 or random.random() < 0.4:
        random.choice((traffic.connect, traffic.connect, traffic.accept))()
        return
    ip = random.choice(traffic.open[:3])[0]  # netdo ends itself after a minute
    random.choice((traffic.finish, traffic.kill))(ip)


@test
def every_connection_ends_once_although_the_plugin_is_killed_at_any_moment(live):
    with Traffic(live) as traffic:
        for _ in range(KILLS):
            traffic.crowd()
            disturb(traffic)
            time.sleep(random.uniform(0, 0.03) if random.random() < 0.3 else random.uniform(0, 0.5))  # any moment
            with dead(live, traffic):
                disturb(traffic)
        traffic.finish_all()
        traffic.check()
        print('# %d kills, %d connections' % (KILLS, len(traffic.known)))
    nothing_lost(live)


@test
def what_ends_while_the_plugin_is_dead_ends_when_it_is_back(live):
    """No event tells of a close or a kill, so that auditd starts the plugin at the last exit only."""
    with Traffic(live) as traffic:
        closed, killed, kept, copied = traffic.connect('close,0', 'wait'), traffic.connect(), traffic.connect(), traffic.connect('dup,0,1', 'close,0', 'wait')
        exits = traffic.accept()
        traffic.step(copied)  # its connection lives on under another number
        talk(live)
        plugin = kill(live)
        traffic.close(closed)
        traffic.kill(killed)
        expect_that(live.plugin_pid() in (None, plugin), 'the plugin is back already')
        traffic.finish(exits)
        back(live, plugin)
        talk(live)
        live.wait(event='end', remote_ip=closed)
        expect_that(not live.records(event='end', remote_ip=kept), 'the one that is open has ended')
        expect_that(not live.records(event='end', remote_ip=copied), 'the one with another number has ended')
        traffic.finish_all()
        traffic.check()


@test
def what_was_opened_and_closed_while_the_plugin_was_dead_ends_then(live):
    """auditd starts the plugin at the connect; the process lives on."""
    with Traffic(live) as traffic:
        talk(live)
        os.kill(live.auditd.pid, signal.SIGSTOP)
        try:
            plugin = kill(live)
            ip = traffic.connect('close,0', 'wait')
            traffic.close(ip)
        finally:
            os.kill(live.auditd.pid, signal.SIGCONT)
        back(live, plugin)
        live.wait(event='end', remote_ip=ip)
        traffic.finish_all()
        traffic.check()


# auditd.

def has_line(live, text):
    with open(live.path('log', 'audit.log')) as log:
        return text in log.read()


@test
def every_connection_ends_once_over_a_reload_of_auditd(live):
    with Traffic(live) as traffic:
        for kills in (False, True):
            traffic.crowd()
            traffic.connect()
            live.auditd.send_signal(signal.SIGHUP)
            with dead(live, traffic) if kills else contextlib.nullcontext():
                traffic.crowd()
                traffic.accept()
                wait_until(lambda: has_line(live, 'type=DAEMON_CONFIG'), 5, 'auditd is configured anew')
        traffic.finish_all()
        traffic.check()
    nothing_lost(live)


def rotate(live):
    """Has auditd rotate its log."""
    before = os.stat(live.path('log', 'audit.log')).st_ino
    live.auditd.send_signal(signal.SIGUSR1)

    def rotated():
        with contextlib.suppress(FileNotFoundError):
            return os.stat(live.path('log', 'audit.log')).st_ino != before

    wait_until(rotated, 5, 'audit.log is rotated')


@test
def every_connection_ends_once_over_a_rotation_of_the_log(live):
    with Traffic(live) as traffic:
        for _ in range(3):
            traffic.crowd()
            traffic.connect()
            rotate(live)
            with dead(live, traffic):
                traffic.crowd()
                rotate(live)
        traffic.finish_all()
        traffic.check()
    nothing_lost(live)


@test
def over_a_restart_of_auditd_open_connections_go_on_and_the_loss_is_told(live):
    """The kernel keeps no events for an auditd that is not there, unless it was booted with audit=1."""
    with Traffic(live) as traffic:
        before = len(live.records(event='loss'))
        closed, killed, exits, kept = traffic.connect('close,0', 'wait'), traffic.connect(), traffic.accept(), traffic.connect()
        talk(live)
        live.stop_auditd()
        stopped = time.time()
        traffic.close(closed)
        traffic.kill(killed)
        traffic.finish(exits)
        late = traffic.connect()
        traffic.known[exits].reasons = ('exit', 'killed', 'close')
        missed = traffic.connect()
        traffic.finish(missed)
        live.start_auditd()
        started = time.time()
        for ip in (closed, killed, exits):
            traffic.known[ip].ended = started
        traffic.late(late, started)
        talk(live)
        lost = wait_until(lambda: live.records(event='loss')[before:], 4, 'the loss is told')
        live.netdo('sleep,1500')  # for another, if there were one
        traffic.finish_all()
        missed_known = traffic.known.pop(missed)
        if live.records(event='end', remote_ip=missed):
            traffic.known[missed] = missed_known
        traffic.check()
    expect_that(len(live.records(event='loss')) == before + 1, 'it is told more than once: %s' % live.records(event='loss')[-1].line)
    expect_that(lost[0].time('start') <= stopped and lost[0].time('end') >= stopped, 'it was lost at %.3f' % stopped, lost[0])
    expect(live.end_of(traffic.known[kept].pid), gap='yes')


@test
def without_auditds_log_the_loss_is_told(unlogged):
    with Traffic(unlogged) as traffic:
        talk(unlogged)
        over, kept = traffic.connect(), traffic.connect()
        talk(unlogged)
        saved(unlogged)  # what came after that is what a kill loses here
        plugin = kill(unlogged)
        killed = time.time()
        traffic.finish(over)
        traffic.known[over].reasons = ('exit', 'killed', 'close')
        back(unlogged, plugin)
        talk(unlogged)
        lost = unlogged.wait(event='loss')
        traffic.finish_all()
        traffic.check()
    expect_that(lost.time('start') <= killed <= lost.time('end') + 0.5, 'it was lost at %.3f' % killed, lost)
    expect(unlogged.end_of(traffic.known[kept].pid), gap='yes')
    expect_that(len(unlogged.records(event='loss')) == 1, 'it is told more than once')


# The state.

class Told(Live):
    """What the plugin says is in plugin.err: auditd gives it no standard error."""

    def write_files(self):
        super().write_files()
        self.write('bin/start', '#!/bin/sh\nexec %s "$@" 2>>%s\n' % (self.path('bin', 'pnat-plugin'), self.path('plugin.err')), 0o755)
        with open(self.path('plugins.d', 'pnat.conf')) as dropin:
            text = dropin.read()
        self.write('plugins.d/pnat.conf', text.replace(self.path('bin', 'pnat-plugin'), self.path('bin', 'start')))


def again(live, change):
    """auditd is restarted, and the state changed meanwhile."""
    talk(live)
    live.stop_auditd()
    path = live.path('state', 'state')
    with open(path, 'rb') as file:
        state = file.read()
    expect_that(os.stat(path).st_mode & 0o777 == 0o600, 'the state has mode %o' % (os.stat(path).st_mode & 0o777))
    with open(path, 'wb') as file:
        file.write(change(state))
    live.start_auditd()


HEADER = len('pnat-state\n') + 4  # and a checksum of the rest, SHA-256


def replaced(old, new):
    def change(state):
        expect_that(state.count(old) >= 1, '%r is not in the state' % old)
        rest = state[HEADER + 32:].replace(old, new)
        return state[:HEADER] + hashlib.sha256(rest).digest() + rest

    return change


def refused(live, change, why):
    refused_path = live.path('state', 'state.refused')
    with contextlib.suppress(FileNotFoundError):
        os.unlink(refused_path)
    before = len(live.records(event='loss'))
    again(live, change)
    talk(live)
    with open(live.path('plugin.err')) as errors:
        said = errors.read()
    expect_that(why in said and 'state.refused' in said, '"%s" is not in: %s' % (why, said))
    expect_that(os.path.exists(refused_path), 'there is no state.refused')
    losses = live.records(event='loss')
    expect_that(len(losses) == (before if 'another host' in why else before + 1), 'there are %d loss records, %d before' % (len(losses), before))


@test
def a_torn_state_is_set_aside(told):
    refused(told, lambda state: state[:len(state) // 2], 'torn')


@test
def a_later_versions_state_is_set_aside(told):
    refused(told, lambda state: state[:HEADER - 4] + (99).to_bytes(4, 'little') + state[HEADER:], 'later version')


@test
def a_foreign_file_is_set_aside(told):
    refused(told, lambda state: b'#!/bin/sh\n' * 100, 'no state of pnat')


@test
def another_hosts_state_is_set_aside(told):
    host = socket.gethostname().encode()
    refused(told, replaced(host, b'x' * len(host)), "another host's")


# What is in the log from before.

OLD = ('node={host} type=SYSCALL msg=audit({time}.000:{serial}): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=0 a2=10 a3=0 items=0 ppid=1 '
       'pid=99999 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="old" exe="/old" '
       'key="pnat"\n'
       'node={host} type=SOCKADDR msg=audit({time}.000:{serial}): saddr=020001BB7F0B00010000000000000000\n'
       'node={host} type=PROCTITLE msg=audit({time}.000:{serial}): proctitle="old"\n')


@test
def events_of_an_earlier_boot_are_not_handled_again(live):
    """The log goes back to it, with numbers beyond those of now, and others that this boot gave to events that did not matter."""
    talk(live)
    live.stop_auditd()
    with open('/proc/uptime') as uptime:
        before = int(time.time() - float(uptime.read().split()[0])) - 1000
    with open(live.path('log', 'audit.log')) as log:
        now = log.read()
    newest = int(re.findall(r'type=SYSCALL msg=audit\([0-9.]*:([0-9]*)', now)[-1])
    with open(live.path('log', 'audit.log'), 'w') as log:
        log.write(''.join(OLD.format(host=live.host, time=before + number, serial=serial)
                          for number, serial in enumerate((newest // 2, newest + 100, newest + 70000))) + now)
    live.start_auditd()
    losses = len(live.records(event='loss'))
    with Traffic(live) as traffic:
        traffic.crowd()
        with dead(live, traffic):
            traffic.crowd()
        traffic.finish_all()
        traffic.check()
    expect_that(not live.records(pid=99999), 'it is there')
    expect_that(len(live.records(event='loss')) <= losses + 1, 'losses of another count are told')


if __name__ == '__main__':
    SEED = int(os.environ.get('SEED', random.randrange(1 << 32)))
    random.seed(SEED)
    print('# SEED=%d' % SEED)
    common = {'replay': 'yes', 'state_interval': 1, 'start_after': 1}
    main({'live': lambda: Live(auditd=AUDITD, **common), 'told': lambda: Told(**common),
          'unlogged': lambda: Live(auditd={**AUDITD, 'write_logs': 'no'}, **common)}, audit)
