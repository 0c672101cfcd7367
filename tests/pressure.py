# SPDX-License-Identifier: GPL-2.0-or-later
"""
The real plugin, run as auditd runs it: a stream socketpair is its standard input, its environment is empty. The test can see how
much of what it wrote was not read yet, since it holds the plugin's end of the pair too.
"""
import array
import fcntl
import itertools
import os
import re
import signal
import socket
import subprocess
import termios
import time

from cases import Failure, Skip, wait_until

BUILD = os.path.abspath(os.environ.get('builddir', '.'))
PLUGIN = os.path.join(BUILD, '../plugin/pnat-plugin')

LIMIT = 0.1    # seconds that something written may stay unread
GUILTY = 3     # rounds with which it is, where a healthy plugin did well at the same time; one good round acquits
ROUNDS = 8     # in all: those on a busy machine tell nothing
TICK = 0.002   # seconds between pieces
FIRST = 100000
PIECE = 4      # flows in one: 2000 flows, 14,000 lines a second

WHO = ('ppid=1 pid=%d auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 '
       'comm="curl" exe="/usr/bin/curl" key="pnat"')
FLOW = ('node=far type=SYSCALL msg=audit(1700000000.123:%(id)d1): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffd0000 a2=10 a3=0 items=0 %(who)s\n'
        'node=far type=SOCKADDR msg=audit(1700000000.123:%(id)d1): saddr=020001BBCB0071090000000000000000\n'
        'node=far type=PROCTITLE msg=audit(1700000000.123:%(id)d1): proctitle=6375726C\n'
        'node=far type=EOE msg=audit(1700000000.123:%(id)d1):\n'
        'node=far type=SYSCALL msg=audit(1700000000.223:%(id)d2): arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 %(who)s\n'
        'node=far type=PROCTITLE msg=audit(1700000000.223:%(id)d2): proctitle=6375726C\n'
        'node=far type=EOE msg=audit(1700000000.223:%(id)d2):\n')


def flow(number):
    """A process of another host that connects to 203.0.113.9 and exits: one record, with the number as its pid."""
    return (FLOW % {'id': number, 'who': WHO % number}).encode()


CONFIG = '''output = {output}
file = {file}
format = kv
max_queue = {max_queue}
state_dir = {directory}/state
control_socket = none
replay = no
'''


class Plugin:
    """One that runs; its diagnostics are in self.said()."""

    def __init__(self, directory, output='file', file=None, max_queue=65536):
        self.directory = directory
        os.makedirs(directory, mode=0o750, exist_ok=True)
        self.file = file or os.path.join(directory, 'log', 'pnat.log')
        config = os.path.join(directory, 'pnat-plugin.conf')
        with open(config, 'w', encoding='ascii', opener=lambda path, flags: os.open(path, flags, 0o640)) as out:
            out.write(CONFIG.format(output=output, file=self.file, max_queue=max_queue, directory=directory))
        self.messages = os.path.join(directory, 'stderr')
        self.input, self.end = socket.socketpair()
        with open(self.messages, 'wb') as stderr:
            self.process = subprocess.Popen([PLUGIN, '--config=' + config], stdin=self.end, stdout=subprocess.DEVNULL, stderr=stderr, env={})
        self.input.setblocking(False)
        self.unsent = bytearray()
        self.taken_until = 0    # bytes offered so far
        self.offered = []       # (bytes until there, when it was offered), oldest first, of what was not read when last looked at

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.input.close()
        self.end.close()
        if self.process.poll() is None:
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def stop(self):
        """Its end of input; how long it took to go."""
        began = time.monotonic()
        self.input.shutdown(socket.SHUT_WR)
        if self.process.wait(10) != 0:
            raise Failure('the plugin ended with %d: %s' % (self.process.returncode, self.said()))
        return time.monotonic() - began

    def said(self):
        with open(self.messages, encoding='utf-8') as file:
            return file.read()

    # What it reads.

    def offer(self, data, now):
        self.unsent += data
        self.taken_until += len(data)
        self.offered.append((self.taken_until, now))
        self.push()

    def push(self):
        try:
            while self.unsent:
                del self.unsent[:self.input.send(self.unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError as error:
            raise Failure('the plugin is gone: ' + self.said()) from error

    def unread(self):
        waiting = array.array('i', [0])
        fcntl.ioctl(self.end, termios.FIONREAD, waiting)
        return waiting[0] + len(self.unsent)

    def age(self, now):
        """For how long the oldest of what it has not read has been there."""
        self.push()
        read = self.taken_until - self.unread()
        while self.offered and self.offered[0][0] <= read:
            self.offered.pop(0)
        return now - self.offered[0][1] if self.offered else 0.0

    # What it says.

    def counts(self, output):
        """written, waiting and dropped, as it says at SIGUSR1."""
        pattern = re.compile(r'%s: written=(\d+) waiting=(\d+) dropped=(\d+)' % output)
        before = len(pattern.findall(self.said()))
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: len(pattern.findall(self.said())) > before, 5, 'an answer to SIGUSR1')
        return tuple(int(number) for number in pattern.findall(self.said())[-1])

    def settled(self, output, flows):
        """Waits until each of so many flows is a record that was written, waits or was dropped."""
        return wait_until(lambda: (lambda counts: counts if sum(counts) >= flows else None)(self.counts(output)), 10, '%d records' % flows)


def feed_beside(plugin, twin, numbers):
    """
    Writes flows with these numbers to both at the same pace; how long some of it stayed unread at most by each. Where the machine is busy
    that shows in both.
    """
    worst = [0.0, 0.0]
    begun = time.monotonic()
    for tick in itertools.count():
        piece = b''.join(flow(number) for number in itertools.islice(numbers, PIECE))
        if not piece:
            return worst
        for one in (plugin, twin):
            one.offer(piece, time.monotonic())
        while True:
            now = time.monotonic()
            worst = [max(worst[0], plugin.age(now)), max(worst[1], twin.age(now))]
            if now >= begun + (tick + 1) * TICK:
                break
            time.sleep(0.0005)


def must_be_read(plugin, twin, seconds=0.6):
    """
    Feeds both until nothing stayed unread for longer than LIMIT. What the healthy twin did not read either tells of the machine.

    How many flows were written to each; their numbers begin with FIRST.
    """
    each = int(seconds / TICK) * PIECE
    rounds, guilty = [], 0
    while guilty < GUILTY and len(rounds) < ROUNDS:
        first = FIRST + len(rounds) * each
        worst, healthy = feed_beside(plugin, twin, iter(range(first, first + each)))
        rounds.append('%.3f (%.3f)' % (worst, healthy))
        if worst <= LIMIT:
            return len(rounds) * each
        guilty += healthy <= LIMIT / 2
    if guilty < GUILTY:
        raise Skip('the machine is too busy: seconds unread, and by a healthy plugin: ' + ', '.join(rounds))
    raise Failure('stayed unread for longer than %.1f s in each round (its healthy twin): %s; %s' % (LIMIT, ', '.join(rounds), plugin.said()))
