#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Soak: the plugin, run as auditd runs it, under a long stream of processes and nodes that come and go; its memory must not grow.

The stream is generated in fifty pieces, each of other nodes with other processes, whose last flows nobody ends: they go when max_flows is
reached, which is before a tenth of the stream. One piece in five is of this host, so that /proc is asked for processes that are gone.
State is saved every five seconds. Resident memory after all of it must be within 5 % of that after a tenth.
"""
import argparse
import array
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

PIECES = 50
TENTH = PIECES // 10
NODES = 200
PROCESSES = 4000
MAX_FLOWS = 10000

CONFIG = '''output = file
file = {file}
max_flows = {max_flows}
state_dir = {directory}/state
state_interval = 5
replay = no
control_socket = none
'''


class Plugin:
    """One that runs, and the socket that it reads from."""

    def __init__(self, arguments, directory):
        config = os.path.join(directory, 'pnat-plugin.conf')
        with open(config, 'w', encoding='ascii', opener=lambda path, flags: os.open(path, flags, 0o640)) as out:
            out.write(CONFIG.format(directory=directory, file=arguments.file, max_flows=MAX_FLOWS))
        self.messages = os.path.join(directory, 'stderr')
        self.input, self.end = socket.socketpair()
        self.input.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with open(self.messages, 'wb') as stderr:
            self.process = subprocess.Popen([arguments.pnat, '--config=' + config], stdin=self.end, stderr=stderr, env={})

    def said(self):
        with open(self.messages, encoding='utf-8') as file:
            return file.read()

    def must_run(self):
        if self.process.poll() is not None:
            sys.exit(f'the plugin ended with {self.process.returncode}: {self.said()}')

    def drain(self):
        """Waits until all was read, and what follows on it was done."""
        unread = array.array('i', [1])
        while unread[0] > 0:
            self.must_run()
            time.sleep(0.05)
            fcntl.ioctl(self.end, termios.FIONREAD, unread)
        time.sleep(1.5)

    def status(self, key):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return int(re.search(key + r':\s+(\d+) kB', file.read()).group(1))

    def resident(self):
        """KiB. A snapshot of the state may be on its way to the disk: the least within a while counts."""
        least = self.status('VmRSS')
        for _ in range(30):
            time.sleep(0.1)
            least = min(least, self.status('VmRSS'))
        return least

    def report(self):
        """What it says at SIGUSR1."""
        before = len(self.said())
        self.process.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        return self.said()[before:].replace('pnat-plugin: ', '')

    def stop(self):
        self.input.shutdown(socket.SHUT_WR)
        return self.process.wait(60)


def feed(arguments, plugin, piece):
    """One piece, as fast as the plugin reads."""
    events = arguments.events // PIECES
    options = [f'--events={events}', f'--seed={arguments.seed + piece}', f'--processes={PROCESSES}', '--peers=100000', '--rate=20000']
    if piece % arguments.local == arguments.local - 1:
        options += [f'--start={int(time.time())}', f'--serial={piece // arguments.local * events + 1}']
    else:
        options += [f'--nodes={NODES}', f'--node=host{piece}-']
    done = subprocess.run([os.path.join(arguments.programs, 'pnat-genaudit'), *options], stdout=plugin.input, check=False)
    plugin.must_run()
    if done.returncode != 0:
        sys.exit(f'pnat-genaudit: exit status {done.returncode}')


def soak(arguments, plugin):
    """Resident KiB after a tenth and at the end."""
    began = time.monotonic()
    tenth = 0
    for piece in range(PIECES):
        feed(arguments, plugin, piece)
        if piece % TENTH == TENTH - 1:
            plugin.drain()
            resident = plugin.resident()
            tenth = tenth or resident
            print(f'  {(piece + 1) * (arguments.events // PIECES):>10} events  {resident:>7} KiB resident  {time.monotonic() - began:8.0f} s', flush=True)
    return tenth, resident


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--programs', default=here, help='directory of pnat-genaudit')
    parser.add_argument('--pnat', default=os.environ.get('PNAT_PLUGIN', os.path.join(here, '../../plugin/pnat-plugin')), help='the plugin ($PNAT_PLUGIN)')
    parser.add_argument('--events', type=int, default=50000000, help='(fifty million)')
    parser.add_argument('--seed', type=int, default=1, help='another seed, another stream (1)')
    parser.add_argument('--local', type=int, default=5, help='one piece in so many is of this host (5)')
    parser.add_argument('--file', default='/dev/null', help='where records go (/dev/null)')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='pnat-soak-') as directory:
        plugin = Plugin(arguments, directory)
        try:
            print(f'Soak: {arguments.events} events, {PIECES} times other {NODES} nodes and {PROCESSES} processes, max_flows = {MAX_FLOWS}', flush=True)
            tenth, end = soak(arguments, plugin)
            print(plugin.report(), end='')
            peak = plugin.status('VmHWM')
            status = plugin.stop()
        finally:
            if plugin.process.poll() is None:
                plugin.process.kill()
    ok = end <= tenth * 1.05 and status == 0
    print(f'  {"ok    " if ok else "MISSED"}  resident memory: {tenth} KiB after a tenth, {end} KiB at the end, {end / tenth:.3f} times, at most 1.05; '
          f'peak {peak} KiB; exit status {status}')
    return 0 if ok else 1


if __name__ == '__main__':
    sys.exit(main())
