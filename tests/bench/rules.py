#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the profiles of rules cost: requests a second of a local web server, without audit and under each profile.

A real auditd with the plugin (tests/live/live.py), nginx with one worker and wrk on 127.0.0.1, both as a user whose calls alone match
the rules. The marks are ratios within this one run, medians of alternated rounds. README.md says what each column is.
"""
import argparse
import collections
import contextlib
import os
import platform
import pwd
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True  # the source directory may be another's
sys.path.insert(0, os.path.join(HERE, '..', 'live'))

import live  # noqa: E402  pylint: disable=wrong-import-position

# name: profile, auditd, plugin
STATES = {
    'no rules': (None, False, False),
    'lite': ('lite', True, True),
    'default': ('default', True, True),
    'full': ('full', True, True),
    'default, no plugin': ('default', True, False),
}
LOADS = {'new connection each': ('-H', 'Connection: close'), 'kept alive': ()}
BASE = 'no rules'

CONNECTIONS = 16
WARM_UP = 1  # seconds that fill the queues between kernel, auditd and plugin: what they swallow must not count as speed
CATCH_UP = 5  # seconds at most for what is in those queues
MOST_SECONDS = 6  # of a load: others wait for the lock meanwhile
TICK = os.sysconf('SC_CLK_TCK')

# auditd's log as Debian ships it, so that it stays small.
AUDITD = {'max_log_file': 8, 'num_logs': 5, 'max_log_file_action': 'ROTATE'}

NGINX = '''daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = / {{ return 200 "hello\\n"; }}
    location = /status {{ stub_status; }}
  }}
}}
'''

Result = collections.namedtuple('Result', 'rate kauditd auditd plugin behind lost losses gaps ends counted errors others')


def note(text):
    print('  ' + text, file=sys.stderr, flush=True)


def idle_account():
    """A user with a name and without processes. auditd asks for the name of each id it writes, and is slow where there is none."""
    used = {os.stat('/proc/' + name).st_uid for name in os.listdir('/proc') if name.isdigit() and os.path.exists('/proc/' + name)}
    for name in ('www-data', 'nginx', 'http', 'games', 'mail', 'news', 'nobody'):
        with contextlib.suppress(KeyError):
            uid = pwd.getpwnam(name).pw_uid
            if uid not in used:
                return uid
    raise live.Skip('there is no account without processes to run nginx as')


def stat_of(pid):
    """Fields of /proc/PID/stat behind the name."""
    with open('/proc/%d/stat' % pid) as stat:
        return stat.read().rpartition(')')[2].split()


def cpu_of(pid):
    """Seconds, all threads; 0 for None."""
    if pid is None:
        return 0.0
    return sum(int(ticks) for ticks in stat_of(pid)[11:13]) / TICK


def kernel_thread(name):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        with contextlib.suppress(OSError), open('/proc/%s/comm' % pid) as comm:
            if comm.read().strip() == name and stat_of(int(pid))[1] == '2':
                return int(pid)
    return None


def cpu_of_machine():
    with open('/proc/stat') as stat:
        user, nice, system, _, _, irq, softirq = (int(ticks) for ticks in stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


def cpu_of_ended_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def children_of(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as children:
        return [int(child) for child in children.read().split()]


class State(live.Live):
    """One of STATES while it is in force: `with State(...) as state:`, then state.measure(...)."""

    def __init__(self, name, arguments):
        profile, self.has_auditd, self.has_plugin = STATES[name]
        super().__init__(profile, **dict(arguments.plugin_option))
        if not arguments.no_account:
            self.uid = idle_account()
        self.verbose = arguments.verbose
        self.auditd_options = {**AUDITD, **dict(arguments.auditd_option)}

    # What of Live is other here.

    def write_files(self):
        super().write_files()
        text = live.AUDITD_CONF.format(directory=self.directory, host=self.host)
        for key, value in self.auditd_options.items():
            text = re.sub(r'^%s = .*\n' % re.escape(key), '', text, flags=re.M) + '%s = %s\n' % (key, value)
        self.write('auditd.conf', text)
        if not self.has_plugin:
            os.unlink(self.path('plugins.d', 'pnat.conf'))
        os.mkdir(self.path('web'), 0o700)
        os.chown(self.path('web'), self.uid, self.uid)

    def start_auditd(self):
        if 'No rules' not in live.auditctl('-l'):
            raise live.Skip('this host has audit rules of its own: they would cost too')
        # A process that was started when audit had never been on has no audit context, and no cost.
        live.auditctl('-e', '1')
        if not self.has_auditd:
            live.auditctl('-e', '0')
        elif self.has_plugin:
            super().start_auditd()
        else:
            self.auditd = subprocess.Popen([live.find('auditd'), '-n', '-c', self.directory], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            live.wait_until(lambda: live.audit_status()['pid'] == str(self.auditd.pid), 10, 'auditd starts')

    # Server and load.

    @contextlib.contextmanager
    def server(self):
        """nginx: its port and the process id of its worker."""
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        web = self.path('web')
        self.write('nginx.conf', NGINX.format(directory=web, port=port), 0o644)
        command = (live.find('nginx'), '-e', web + '/error.log', '-c', self.path('nginx.conf'), '-p', web)
        nginx = self.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            def up():
                if nginx.poll() is not None:
                    raise live.Failure('nginx ended: ' + open(web + '/error.log').read())
                with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
                    return children_of(nginx.pid)
                return None

            yield port, live.wait_until(up, 5, 'nginx starts')[0]
        finally:
            nginx.terminate()
            try:
                nginx.wait(5)
            except subprocess.TimeoutExpired:
                nginx.kill()
                nginx.wait()

    def load(self, port, seconds, flags):
        """One wrk: its process id, requests, requests a second and errors."""
        command = (live.find('wrk'), '-t1', '-c%d' % CONNECTIONS, '-d%ds' % seconds, *flags, 'http://127.0.0.1:%d/' % port)
        wrk = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = wrk.communicate(timeout=seconds + 10)[0].decode()
        requests = re.search(r'(\d+) requests in', out)
        rate = re.search(r'Requests/sec: +([\d.]+)', out)
        if wrk.returncode != 0 or not requests or not rate:
            raise live.Failure('wrk: ' + out.strip())
        errors = re.search(r'Socket errors: (.*)', out)
        return wrk.pid, int(requests.group(1)), float(rate.group(1)), sum(map(int, re.findall(r'\d+', errors.group(1)))) if errors else 0

    def catch_up(self):
        """Waits until all that is in queues was handled; how long that took."""
        began = quiet = time.monotonic()
        if not self.has_auditd:
            return 0.0
        plugin = self.plugin_pid() if self.has_plugin else None
        used = -1.0
        while time.monotonic() - began < CATCH_UP:
            now = cpu_of(self.auditd.pid) + cpu_of(plugin)
            if now - used > 0.015 or live.audit_status()['backlog'] != '0':
                used, quiet = now, time.monotonic()
            elif time.monotonic() - quiet > 0.4:
                break
            time.sleep(0.05)
        return quiet - began

    def measure(self, seconds, flags):
        plugin = self.plugin_pid() if self.has_plugin else None
        own = [kernel_thread('kauditd'), self.auditd.pid if self.auditd else None, plugin]
        before = [cpu_of(pid) for pid in own]
        machine, children, moment = cpu_of_machine(), cpu_of_ended_children(), time.monotonic()
        lost = int(live.audit_status()['lost'])
        seen = len(self.seen)
        with self.server() as (port, worker):
            warm = self.load(port, WARM_UP, flags)
            main = self.load(port, seconds, flags)
            behind = self.catch_up()
            accepts = self.accepts(port)
        self.catch_up()
        used = [cpu_of(pid) - earlier for pid, earlier in zip(own, before)]
        others = cpu_of_machine() - machine - (cpu_of_ended_children() - children) - sum(used)
        others /= time.monotonic() - moment
        if self.profile is not None and self.interference():
            raise live.Failure('somebody else changed the audit of this host' + self.interference())
        per = 1000 / (warm[1] + main[1])
        used = [cpu * per for cpu in used]
        lost = int(live.audit_status()['lost']) - lost
        if not self.has_plugin:
            return Result(main[2], *used, behind, lost, 0, 0, 0, None, warm[3] + main[3], others)

        if self.plugin_pid() != plugin:
            raise live.Failure('the plugin is another now: pid %s was %s' % (self.plugin_pid(), plugin))

        def served_by(worker):
            # one whose socket did not answer in time may have a flow of its own
            return sum(int(record['connections']) for record in self.records(event='end', pid=worker, direction='in'))

        with contextlib.suppress(live.Failure):
            live.wait_until(lambda: all(self.records(event='end', pid=pid) for pid in (warm[0], main[0])) and served_by(worker) >= accepts,
                            4, 'end records')
        self.poll()
        records = self.seen[seen:]
        losses = [record for record in records if record['event'] == 'loss']
        ends = [record for record in records if record['event'] == 'end']
        served = served_by(worker)
        for record in records if self.verbose else losses:
            note('  ' + record.line)
        if served != accepts:
            note('  the records have %d connections, nginx accepted %d' % (served, accepts))
        return Result(main[2], *used, behind, lost, len(losses), sum(record['gap'] == 'yes' for record in ends), len(ends),
                      served / accepts, warm[3] + main[3], others)

    @staticmethod
    def accepts(port):
        """How many connections nginx accepted, this one too."""
        with urllib.request.urlopen('http://127.0.0.1:%d/status' % port, timeout=5) as page:
            return int(page.read().split(b'requests\n')[1].split()[0])


# The run.

def take(results, name, arguments):
    """One state, each load once."""
    with State(name, arguments) as state:
        began = time.monotonic()
        for load, flags in LOADS.items():
            result = state.measure(arguments.seconds, flags)
            results[load][name].append(result)
            note('%-20s %-20s %9.0f requests/s' % (name, load, result.rate))
    note('%-20s held audit for %.0f s' % (name, time.monotonic() - began))


def middle(results, field):
    return statistics.median(getattr(result, field) for result in results)


def total(results, field):
    return sum(getattr(result, field) for result in results)


def line_of(name, some, base):
    rates = sorted(result.rate for result in some)
    counted = '-' if some[0].counted is None else '%.2f%%' % (100 * min(result.counted for result in some))
    cells = ['%.0f' % middle(some, 'rate'), '%.2f' % (middle(some, 'rate') / base), '%.0f-%.0f' % (rates[0], rates[-1])]
    cells += ['%.2f' % (1000 * middle(some, field)) for field in ('kauditd', 'auditd', 'plugin')]
    cells += ['%.1f' % middle(some, 'behind')] + ['%d' % total(some, field) for field in ('lost', 'losses', 'gaps')]
    cells += ['%.0f' % middle(some, 'ends'), counted, '%d' % total(some, 'errors'), '%.2f' % max(0, middle(some, 'others'))]
    return '| %-18s |' % name + '|'.join(' %*s ' % (width, cell) for (_, width), cell in zip(COLUMNS, cells)) + '|'


COLUMNS = (('requests/s', 10), ('ratio', 5), ('range', 15), ('kauditd ms', 10), ('auditd ms', 9), ('plugin ms', 9), ('behind s', 8),
           ('lost', 4), ('loss', 4), ('gap', 3), ('end', 4), ('counted', 7), ('errors', 6), ('others', 6))


def table(load, of_load):
    print('\n%s:\n' % load)
    print('| %-18s |' % 'rules' + '|'.join(' %*s ' % (width, name) for name, width in COLUMNS) + '|')
    print('| --- |' + ' --- |' * len(COLUMNS))
    base = middle(of_load[BASE], 'rate')
    for name in STATES:
        if of_load[name]:
            print(line_of(name, of_load[name], base))


def option(text):
    key, equals, value = text.partition('=')
    if not equals:
        raise argparse.ArgumentTypeError('not KEY=VALUE: ' + text)
    return key.strip(), value.strip()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pnat', default=live.PLUGIN, help='the pnat-plugin to run ($PNAT_PLUGIN)')
    parser.add_argument('--quick', action='store_true', help='one round of two seconds each')
    parser.add_argument('--seconds', type=int, help='of each load, at most %d (5, quick: 2)' % MOST_SECONDS)
    parser.add_argument('--rounds', type=int, help='alternated rounds of which the median counts (5, quick: 1)')
    parser.add_argument('--only', choices=[name for name in STATES if name != BASE], action='append',
                        help='only this beside "no rules"; may be repeated')
    parser.add_argument('--no-account', action='store_true',
                        help='run nginx and wrk under a user id that has no name, as programs in containers often do')
    parser.add_argument('--verbose', action='store_true', help='print the records too')
    parser.add_argument('--plugin-option', type=option, action='append', default=[], metavar='KEY=VALUE', help='for pnat-plugin.conf')
    parser.add_argument('--auditd-option', type=option, action='append', default=[], metavar='KEY=VALUE', help='for auditd.conf')
    arguments = parser.parse_args()
    arguments.seconds = arguments.seconds or (2 if arguments.quick else 5)
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 5)
    if not 1 <= arguments.seconds <= MOST_SECONDS or not 1 <= arguments.rounds <= 20:
        parser.error('1 to %d seconds, 1 to 20 rounds' % MOST_SECONDS)
    live.PLUGIN = os.path.abspath(arguments.pnat)
    return arguments


def must_be_able():
    live.must_be_able()
    for program, package in (('nginx', 'nginx-light'), ('wrk', 'wrk')):
        if live.find(program) is None:
            raise live.Skip('needs %s (package %s)' % (program, package))


def run(arguments):
    results = {load: {name: [] for name in STATES} for load in LOADS}
    names = [name for name in STATES if name == BASE or not arguments.only or name in arguments.only]
    for number in range(arguments.rounds):
        print('round %d of %d' % (number + 1, arguments.rounds), file=sys.stderr)
        for name in names[::1 if number % 2 == 0 else -1]:
            try:
                take(results, name, arguments)
            except (live.Failure, live.Skip, OSError) as failure:
                reason = failure
                note('%s: left out: %s' % (name, failure))
    if not all(results[load][BASE] for load in LOADS):
        raise live.Skip('nothing could be measured: %s' % reason)
    with open('/proc/cpuinfo') as cpuinfo:
        model = re.search(r'model name\s*: (.*)', cpuinfo.read())
    print('%s, %d CPUs (%s), Linux %s, %s. nginx with one worker, wrk with one thread and %d connections; median of %d rounds of %d s.' %
          (time.strftime('%Y-%m-%d'), os.cpu_count(), model.group(1) if model else platform.machine(), platform.release(),
           live.auditctl('-v').strip(), CONNECTIONS, arguments.rounds, arguments.seconds))
    for load in LOADS:
        table(load, results[load])


def main():
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so put back what was changed
    try:
        must_be_able()
        run(arguments)
    except live.Skip as skip:
        print('skipped: %s' % skip)
        return 77
    return 0


if __name__ == '__main__':
    sys.exit(main())
