#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Who it was, under a real kernel: threads, deaths, pids that are used again, programs that follow another in one process, what was there
before. The programs' own clocks are the truth.

test_attribution.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
"""
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import TICK, Failure, Skip, expect, expect_frame, expect_that, main, test, wait_until  # noqa: E402
from live import Live, audit, auditctl  # noqa: E402
from programs import Full, Server, connecting, copy_of_netdo, netdo, used_again  # noqa: E402


# Connects that do not wait.

@test
def a_connect_that_does_not_wait_turns_out_well(live):
    with Server() as server:
        done = live.netdo('tcp,0', 'nonblock,0', 'connect,0,127.0.0.1,%d' % server.port, 'poll,0,out', 'close,0', 'exit,0')
        record = live.end_of(done.pid)
    call = done.steps.one('connect')
    expect(record, outcome='ok', connections=1, failed=0, errno='-', proto='tcp', remote_port=server.port)
    expect_frame(record, call['began'], call['done'], last=call['done'], ended=done.ended)


@test
def a_connect_that_is_not_answered_is_pending(live):
    with Full() as server:
        client = live.begin('tcp,0', 'nonblock,0', 'connect,0,127.0.0.1,%d' % server.port, 'wait', 'exit,0')
        client.until('connect')
        record = live.wait(event='start', pid=client.pid)
        expect(record, outcome='pending', connections=1, failed=0)
        client.finish()
        record = live.end_of(client.pid)
    expect_that(record['outcome'] in ('pending', 'failed'), 'it was never answered', record)


@test
def a_pending_connect_is_settled_when_it_is_answered(live):
    with Full() as server:
        client = live.begin('tcp,0', 'nonblock,0', 'connect,0,127.0.0.1,%d' % server.port, 'wait', 'poll,0,out', 'close,0', 'sleep,50', 'exit,0')
        client.until('connect')
        live.wait(event='start', pid=client.pid, outcome='pending')
        server.accept_one()
        client.go()
        client.until('poll')
        client.finish()
        record = live.end_of(client.pid)
    expect(record, outcome='ok', connections=1, failed=0)


# Threads.

@test
def the_end_of_the_main_thread_is_not_that_of_the_process(live):
    with Server() as server:
        done = live.netdo('thread', 'sleep,300', *connecting(1, server), 'exit,7', 'end', *connecting(0, server), 'rawexit,0')
        record = live.end_of(done.pid)
    calls = done.steps.of('connect')
    expect_that(done.status == 7, 'the worker did not end the process')
    expect(record, connections=2, reason='exit')
    expect_frame(record, calls[0]['began'], calls[0]['done'], last=calls[1]['done'], ended=done.ended)


@test
def a_process_that_ends_by_a_raw_exit_is_seen_to_end(live):
    with Server() as server:
        done = live.netdo(*connecting(0, server), 'sleep,50', 'rawexit,8')
        record = live.end_of(done.pid)
    expect(record, reason='exit', connections=1)
    expect_frame(record, done.steps.one('connect')['began'], last=done.steps.one('sleep')['done'] - TICK, ended=done.ended)
    live.nothing_more(1, pid=done.pid)


# Deaths without an exit record.

def dies(live, *ends, by=None):
    """netdo with a connection ends by its last step, or a signal of ours."""
    with Server() as server:
        victim = live.begin(*connecting(0, server), 'send,0,x', 'recv,0', *(ends or ['wait']))
        victim.until('recv')
        if by is not None:
            talk = live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
            live.end_of(talk.pid)  # so the connect's event has arrived
            died = victim.kill(by)
        else:
            died = victim.finish()
        record = live.end_of(victim.pid, timeout=3)
        call = victim.steps.one('connect')
    expect(record, reason='killed', outcome='ok', connections=1)
    expect_frame(record, call['began'], call['done'], last=victim.steps.one('recv')['done'], ended=died)
    expect_that(record.time('end') <= died + 1, 'end is later than a second after the death', record)
    expect_that(record.seen <= died + 2.5, 'the record came %.1f s after the death' % (record.seen - died), record)
    live.nothing_more(1, pid=victim.pid, event='end')


@test
def a_process_killed_asleep(live):
    dies(live, by=signal.SIGKILL)


@test
def a_process_terminated(live):
    dies(live, by=signal.SIGTERM)


@test
def a_process_killed_in_a_call(live):
    dies(live, 'recv,0', by=signal.SIGKILL)


@test
def a_process_killed_by_a_bad_address(live):
    dies(live, 'segv')


@test
def a_process_that_aborts(live):
    dies(live, 'raise,%d' % signal.SIGABRT)


@test
def a_process_killed_for_its_memory(live):
    with memory_limit() as join, Server() as server:
        victim = live.begin(*connecting(0, server), 'wait', 'hog')
        call = victim.until('connect')
        join(victim.pid)
        victim.go()
        died = victim.finish()
        if victim.child.returncode != -signal.SIGKILL:
            raise Skip('the kernel did not kill it: %d' % victim.child.returncode)
        record = live.end_of(victim.pid, timeout=3)
    expect(record, reason='killed', outcome='ok', connections=1)
    expect_frame(record, call['began'], call['done'], last=call['done'], ended=died)


@contextlib.contextmanager
def cgroup(controller, *names):
    """A cgroup of our own; a function that puts a process into it. Skips where there are none."""
    for root in ('/sys/fs/cgroup/' + controller, '/sys/fs/cgroup/unified', '/sys/fs/cgroup'):
        if os.path.exists(root + '/cgroup.procs'):
            break
    else:
        raise Skip('no cgroup file system')
    made = []
    path = root
    try:
        for name in names:
            path = os.path.join(path, name)
            if not os.path.exists(path):
                os.mkdir(path)
                made.append(path)
    except OSError as error:
        raise Skip('%s: %s' % (path, error.strerror)) from None

    def join(pid):
        with open(os.path.join(path, 'cgroup.procs'), 'w') as procs:
            procs.write(str(pid))

    try:
        yield path, join
    finally:
        for path_made in reversed(made):
            with contextlib.suppress(OSError, Failure):
                wait_until(lambda path_made=path_made: not open(path_made + '/cgroup.procs').read(), 3, 'the cgroup is empty')
                os.rmdir(path_made)


@contextlib.contextmanager
def memory_limit():
    with cgroup('memory', 'pnat-live') as (path, join):
        for name, value in (('memory.swap.max', '0'), ('memory.max', '32M'), ('memory.limit_in_bytes', '32M')):
            if os.path.exists(os.path.join(path, name)):
                with contextlib.suppress(OSError), open(os.path.join(path, name), 'w') as limit:
                    limit.write(value)
        if not any(os.path.exists(os.path.join(path, name)) for name in ('memory.max', 'memory.limit_in_bytes')):
            raise Skip('no memory controller')
        yield join


# Process ids that are used again.

@test
def a_killed_processs_pid_is_used_again(live):
    earlier, later = used_again(live, 'sleep,20', 'raise,9')
    expect_that(earlier['reason'] in ('killed', 'close', 'reuse'), 'another reason', earlier)
    expect_that(later['reason'] in ('exit', 'close'), 'another reason', later)


@test
def an_ended_processs_pid_is_used_again(live):
    used_again(live, 'sleep,20', 'exit,0')


# Who.

@test
def a_login_does_not_lend_its_command_line(live):
    """The kernel keeps the title that a process had at its first event, over execve(2) too: here, a login."""
    with Server() as server:
        wrapper = ['/bin/sh', '-c', 'echo %d >/proc/self/loginuid; exec setpriv --reuid %d --regid %d --clear-groups "$@"' % (live.uid, live.uid, live.uid),
                   'sh', netdo(live), *connecting(0, server), 'sleep,300', 'exit,0']
        child = subprocess.Popen(wrapper, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        child.wait(10)
        record = live.end_of(child.pid)
    expect(record, auid=live.uid, comm='netdo')
    expect_that(record['cmd'].startswith(netdo(live)) or record['cmd'] == '-', 'cmd is the login\'s', record)


@test
def a_systemd_unit(live):
    with cgroup('systemd', 'system.slice', 'pnat-live.service') as (_, join):
        expect(in_cgroup(live, join), unit='pnat-live.service', container='-')


@test
def a_container(live):
    name = 'docker-%s.scope' % ('0123456789abcdef' * 4)
    with cgroup('systemd', 'system.slice', name) as (_, join):
        expect(in_cgroup(live, join), container='0123456789abcdef' * 4)


def in_cgroup(live, join):
    with Server() as server:
        client = live.begin('wait', *connecting(0, server), 'sleep,100', 'exit,0')
        join(client.pid)
        client.go()
        client.finish()
        return live.end_of(client.pid)


# Gaps.

@test
def what_the_kernel_loses_is_told(live):
    """The kernel drops what exceeds its rate limit."""
    with Server() as server:
        client = live.begin(*connecting(0, server), 'wait', 'exit,0')
        client.until('connect')
        talk = live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
        live.end_of(talk.pid)
        began = time.time()
        auditctl('-r', '20')
        try:
            live.netdo('udp,0', *['sendto,0,127.0.0.1,9,x'] * 300, 'exit,0')
        finally:
            auditctl('-r', live.status['rate_limit'])
        # the loss is found by what comes next
        live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
        loss = live.wait(12, event='loss')
        client.finish()
        record = live.end_of(client.pid)
    expect(loss, reason='kernel')
    expect_that(len(live.records(event='loss')) == 1, 'it is told more than once', live.records(event='loss')[-1])
    expect_that(loss['lost'] != '-' and int(loss['lost']) > 0, 'it does not say how many', loss)
    expect_that(loss.time('start') <= began + 1.5 and loss.time('end') >= began - TICK, 'another time', loss)
    expect(record, gap='yes')
    after = live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
    expect(live.end_of(after.pid), gap='no')


# Programs and processes that use a connection one after the other: what the full profile's sends and receives show.

@test
def a_connection_used_after_exec_shows_both_programs(full):
    other = copy_of_netdo(full, 'netdo-other')
    with Server() as server:
        done = full.netdo(*connecting(0, server), 'send,0,hello', 'recv,0', 'exec,' + other, 'send,0,more', 'recv,0', 'sleep,100', 'exit,0')
        one = full.end_of(done.pid, exe=netdo(full))
        both = full.end_of(done.pid, exe=other)
    expect(one, connections=1, outcome='ok', remote_port=server.port, direction='out')
    expect(both, connections=0, calls=2, outcome='ok', remote_port=server.port, direction='out')
    expect_that('reuse' not in (one['reason'], both['reason']), 'one process taken for two', one)
    sends, receives = done.steps.of('send'), done.steps.of('recv')
    expect_frame(one, done.steps.one('connect')['began'], last=receives[0]['done'], ended=done.ended)
    expect_frame(both, sends[1]['began'], sends[1]['done'], last=receives[1]['done'], ended=done.ended)
    expect_that(both['cmd'].startswith(other) or both['cmd'] == '-', 'cmd is the first program\'s', both)


@test
def descendants_use_an_inherited_connection(full):
    """Child, grandchild and great-grandchild; the parents are gone by then."""
    with Server() as server:
        done = full.netdo(*connecting(0, server), 'send,0,1', 'recv,0', 'fork', 'sleep,150', 'send,0,22', 'recv,0', 'fork', 'sleep,150', 'send,0,333', 'recv,0',
                          'fork', 'sleep,150', 'send,0,4444', 'recv,0', 'sleep,150', 'exit,0', 'end', 'sleep,50', 'exit,0', 'end', 'sleep,50', 'exit,0', 'end',
                          'sleep,50', 'exit,0')
        sends = done.steps.of('send')
        expect_that(len(sends) == 4, 'netdo did not do it')
        records = [full.end_of(line['pid']) for line in sends]
    for record, line in zip(records, sends):
        expect(record, direction=record['direction'], remote_port=server.port, remote_ip='127.0.0.1', outcome='ok', calls=3 if line is sends[0] else 2)
        expect_that(record['direction'] in ('out', '-'), 'another direction', record)
        expect_that(record['confidence'] in ('exact', 'inferred'), 'another confidence', record)
        received = done.steps.one('recv', line['pid'])
        expect_that(line['began'] - 0.05 <= record.time('last') <= received['done'] + 0.05, 'another last activity', record)
    expect(records[0], connections=1)


@test
def a_child_serves_what_its_parent_accepted(full):
    server = full.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept,0,1', 'fork', 'recv,1', 'send,1,ok', 'sleep,100', 'exit,0', 'end', 'close,1', 'reap', 'exit,0')
    port = server.until('listen')['local_port']
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(b'hello')
        ended = server.finish()
        child = server.steps.one('fork')['result']
        parent, served = full.end_of(server.pid), full.end_of(child)
        expect(parent, direction='in', connections=1, remote_port=client.getsockname()[1], local_port=port)
        expect(served, connections=0, remote_port=client.getsockname()[1], outcome='ok', calls=2)
    expect_frame(served, server.steps.one('recv')['began'], server.steps.one('recv')['done'], last=server.steps.one('send')['done'], ended=ended)


# What was there before.

@test
def connections_that_were_there_before_the_plugin(before):
    """This test's own, made before auditd was started."""
    live, server, client, made = before
    local_port = client.getsockname()[1]
    pid = os.getpid()
    time.sleep(0.1)
    closed = time.time()
    client.close()
    record = live.wait(6, event='end', pid=pid, remote_port=server.port)
    expect(record, confidence='snapshot', proto='tcp', local_ip='127.0.0.1', local_port=local_port, remote_ip='127.0.0.1', outcome='ok', reason='close',
           uid=os.getuid())
    expect_that(record['exe'] == os.readlink('/proc/self/exe'), 'another exe', record)
    expect_that(record.time('start') >= made - TICK, 'start is before the connection', record)
    expect_that(record.time('start') <= closed, 'start is after its end', record)
    expect_that(closed - TICK <= record.time('end') <= closed + 1.5, 'another end', record)


class Before:
    def __enter__(self):
        self.server = Server()
        client = socket.create_connection((self.server.ip, self.server.port))
        made = time.time()
        self.live = Live()
        live = self.live.__enter__()
        return live, self.server, client, made

    def __exit__(self, *what):
        self.server.__exit__(*what)
        return self.live.__exit__(*what)


if __name__ == '__main__':
    main({'live': lambda: Live(start_after=1), 'full': lambda: Live('full'), 'before': Before}, audit)
