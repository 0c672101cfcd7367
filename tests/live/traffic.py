# SPDX-License-Identifier: GPL-2.0-or-later
"""
Connections of which each has an address of its own, 127.1.0.1 and on, and what is known of each: so that one can say of every one
whether its record is there, once, and true.

Environment: KEEP, a directory to which the logs and records are copied when something is wrong with them.
"""
import contextlib
import itertools
import os
import random
import re
import shutil
import socket
import tempfile
import time

from cases import Failure, expect, expect_frame, expect_that, wait_until
from programs import Server, Steps, closed_port, netdo, netdo_line

CHILDREN = 40  # of a crowd
DEATH = 1.0  # seconds that the plugin may take to know that a process was killed
networks = itertools.count(1)


class Known:
    """A connection that was made. ended: just after its real end; None = it is open."""

    def __init__(self, pid, call, **wanted):
        self.pid, self.began, self.done, self.ended = pid, call['began'], call['done'], None
        self.reasons = ('exit', 'close')  # its socket is closed by its exit: either may be told
        self.wanted = {'pid': pid, 'connections': 1, 'outcome': 'ok', **wanted}

    def check(self, record, deaths):
        """deaths: from when to when there was no plugin; what ended then, and no exit event told of, is known to have when it is back."""
        expect(record, **self.wanted)
        for dead, back in deaths:
            if record['reason'] != 'exit' and dead - DEATH <= self.ended <= back:
                self.ended = back
        expect_that(record['reason'] in self.reasons, 'reason %s is none of %s' % (record['reason'], self.reasons), record)
        expect_frame(record, self.began, self.done, last=self.began, ended=self.ended)


class Traffic:
    """Programs that connect, and go on or end as they are told, or by themselves in a crowd."""

    def __init__(self, live):
        self.live = live
        self.server = Server('0.0.0.0')
        self.refusing = closed_port('0.0.0.0')
        self.network = '127.%d.' % next(networks)
        self.number = 0
        self.known = {}  # address → Known
        self.open = []  # (address, Running), the oldest first
        self.crowds = []  # (child, file, addresses)
        self.clients = []
        self.deaths = []  # of the plugin: (when, when it was back)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        for client in self.clients:
            client.close()
        self.server.__exit__()

    def address(self):
        self.number += 1
        return self.network + '%d.%d' % (self.number // 250, self.number % 250 + 1)

    # One by one.

    def connect(self, *then):
        """A process that connects and waits, then does the steps given, then waits again; its address."""
        ip = self.address()
        running = self.live.begin('tcp,0', 'connect,0,%s,%d' % (ip, self.server.port), 'wait', *then, 'exit,0')
        self.known[ip] = Known(running.pid, running.until('connect'), direction='out')
        self.open.append((ip, running))
        return ip

    def accept(self):
        """A process that is connected to; the address it was from."""
        ip = self.address()
        running = self.live.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept,0,1', 'wait', 'exit,0')
        client = socket.socket()
        client.bind((ip, 0))
        client.connect(('127.0.0.1', running.until('listen')['local_port']))
        self.clients.append(client)
        accepted = running.until('accept')
        accepted['began'] = accepted['done'] - 0.02  # the call waited for us
        self.known[ip] = Known(running.pid, accepted, direction='in')
        self.open.append((ip, running))
        return ip

    def finish(self, ip):
        """Lets the process exit."""
        running = self.take(ip)
        ended = running.finish()
        if self.known[ip].ended is None:
            self.known[ip].ended = ended

    def step(self, ip):
        """Lets the process do the steps up to its next wait, of which the last is to close."""
        running = dict(self.open)[ip]
        running.go()
        running.until('close')

    def close(self, ip):
        """Of a process that was to close next: it does, and lives on."""
        self.step(ip)
        self.known[ip].ended = time.time()

    def late(self, ip, done):
        """The connection was found by then, and no event of it came."""
        self.known[ip].done = done + 1.0
        self.known[ip].began_late = True

    def kill(self, ip):
        self.known[ip].ended = self.take(ip).kill()
        self.known[ip].reasons = ('killed', 'close')

    def take(self, ip):
        running = dict(self.open)[ip]
        self.open.remove((ip, running))
        return running

    def finish_all(self):
        for ip, _ in list(self.open):
            self.finish(ip)
        for crowd in self.crowds:
            self.read_crowd(*crowd)
        self.crowds = []

    # Many.

    def child(self, ip):
        """Steps of one of a crowd, and what its record must say."""
        connect = ['tcp,0', 'connect,0,%s,%d' % (ip, self.server.port)]
        pause = ['sleep,%d' % random.choice((0, 5, 50, 300))]
        kind = random.choice(('short', 'short', 'long', 'closing', 'datagram', 'refused', 'killed'))
        if kind == 'long':
            return [*connect, 'sleep,1300', 'exit,0'], {}
        if kind == 'closing':
            return [*connect, *pause, 'close,0', 'sleep,900', 'exit,0'], {}
        if kind == 'datagram':
            return ['udp,0', 'sendto,0,%s,9,x' % ip, *pause, 'exit,0'], {'connections': 0}
        if kind == 'refused':
            return ['tcp,0', 'connect,0,%s,%d' % (ip, self.refusing), *pause, 'exit,0'], {'outcome': 'failed', 'errno': 'ECONNREFUSED'}
        if kind == 'killed':
            return [*connect, *pause, 'raise,9'], {}
        return [*connect, *pause, 'exit,0'], {}

    def crowd(self):
        """Starts a program whose children connect, each once, one every few milliseconds."""
        steps, plans = [], []
        for _ in range(CHILDREN):
            ip = self.address()
            child, wanted = self.child(ip)
            steps += ['fork', *child, 'end', 'sleep,%d' % random.choice((0, 3, 10, 20))]
            plans.append((ip, wanted))
        path = self.live.path('crowd%d' % len(self.crowds))
        with open(path, 'wb') as out:
            child = self.live.start(netdo(self.live), *steps, 'reap', 'exit,0', stdout=out)
        self.crowds.append((child, path, plans))

    def read_crowd(self, child, path, plans):
        """What its children did, once all have ended."""
        child.wait(60)
        with open(path) as lines:
            steps = Steps(netdo_line(line) for line in lines)
        pids = [line['result'] for line in steps.of('fork', child.pid)]
        for pid, (ip, wanted) in zip(pids, plans):
            call = next(line for line in steps if line['pid'] == pid and line['step'] in ('connect', 'sendto'))
            end = next(line for line in steps if line['pid'] == pid and line['step'] in ('close', 'exit', 'raise'))
            self.known[ip] = Known(pid, call, direction='out', **wanted)
            self.known[ip].ended = end['done']
            if end['step'] == 'raise':
                self.known[ip].reasons = ('killed', 'close')
        expect_that(len(pids) == len(plans), 'a crowd ended early')
        os.unlink(path)

    # And what came of it.

    def ends(self):
        """Address → its end records."""
        found = {}
        for record in self.live.records(event='end'):
            if record['remote_ip'].startswith(self.network):
                found.setdefault(record['remote_ip'], []).append(record)
        return found

    def check(self):
        """Every connection has exactly one end record, and that is true."""
        with contextlib.suppress(Failure):
            wait_until(lambda: len(self.ends()) >= len(self.known), 10, 'all have ended')
        self.live.nothing_more(0, event='none')  # and nothing is on its way
        ends, wrong = self.ends(), []
        for ip, known in self.known.items():
            records = ends.pop(ip, [])
            if len(records) != 1:
                wrong.append('%d end records of %s, pid %d' % (len(records), ip, known.pid) + ''.join('\n  ' + r.line for r in records))
                continue
            try:
                known.check(records[0], self.deaths)
            except Failure as failure:
                wrong.append(str(failure))
        wrong += ['nobody connected to %s' % ip for ip in ends]
        if wrong and 'KEEP' in os.environ:
            shutil.copytree(self.live.directory, tempfile.mkdtemp(dir=os.environ['KEEP']), dirs_exist_ok=True)
        expect_that(not wrong, '%d of %d connections: %s' % (len(wrong), len(self.known), re.sub('cmd="[^"]*"', 'cmd=...', '\n'.join(wrong[:5]))))
