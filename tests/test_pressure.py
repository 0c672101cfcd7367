#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Outputs that take nothing: audit events are read at full speed all the same, records wait, and come out in order once the output takes them;
what there was no room for is counted and told.

As root everything happens in a mount namespace of its own, with /dev and /run of its own; as another user only what needs none of that
is tried. No audit is needed. test_pressure.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
"""
import contextlib
import ctypes
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), 'live')]
from cases import Failure, Record, Skip, expect_that, main, test, wait_until  # noqa: E402
from pressure import FIRST, PLUGIN, Plugin, must_be_read  # noqa: E402

CLONE_NEWNS = 0x20000
SOME = 100   # max_queue where it is to overflow


class Place:
    """A directory, and a healthy plugin beside which others are measured."""

    def __init__(self, directory):
        self.directory = directory
        self.number = 0
        self.twin = None

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def plugin(self, **options):
        self.number += 1
        return Plugin(self.path(str(self.number)), **options)

    @contextlib.contextmanager
    def beside(self, **options):
        """A plugin with such options and its twin, whose file is written to."""
        with self.plugin() as twin, self.plugin(**options) as plugin:
            for one in (twin, plugin):
                wait_until(lambda one=one: 'started' in one.said(), 10, 'the plugin starts')
            yield plugin, twin


# What came out.

def number_of(line):
    return int(Record(line)['pid'])


def must_be_in_order(lines, flows):
    """All of them, each once, in the order in which the flows ended."""
    numbers = [number_of(line) for line in lines]
    expect_that(numbers == list(range(FIRST, FIRST + flows)), '%d records of %d flows, or not in their order: %s ... %s' % (
        len(numbers), flows, numbers[:3], numbers[-3:]))


def must_add_up(plugin, output, lines, flows):
    """Where some were dropped stands a record of how many: with those it says all flows are there, in their order."""
    expected, lost = FIRST, 0
    for line in lines:
        if line.startswith('event=loss ') and ' reason=queue ' in line:
            lost += int(Record(line)['lost'])
            expected += int(Record(line)['lost'])
            continue
        expect_that(number_of(line) == expected, 'record %d where %d should be, with %d lost before' % (number_of(line), expected, lost))
        expected += 1
    expect_that(lost > 0 and expected == FIRST + flows, '%d lost, %d of %d flows' % (lost, expected - FIRST, flows))
    expect_that(plugin.counts(output) == (flows - lost, 0, lost), 'written, waiting, dropped: %s' % (plugin.counts(output),))


def lines_of(path):
    with open(path, encoding='utf-8') as file:
        return file.read().splitlines()


def must_recover(plugin, output, flows):
    """Nothing waits any more."""
    wait_until(lambda: plugin.counts(output)[1] == 0, 10, 'what waited is written')
    expect_that(sum(plugin.counts(output)) >= flows, 'more flows than records written and dropped')


class Reader:
    """Reads a socket or a FIFO until the record of the last of so many flows has come."""

    def __init__(self, fd, flows):
        last = (' pid=%d ' % (FIRST + flows - 1)).encode()
        self.messages = []
        tail = b''
        while last not in tail:
            if not select.select([fd], [], [], 10)[0]:
                raise Failure('the last record did not come within 10 s; before it came %d reads' % len(self.messages))
            self.messages.append(os.read(fd, 1 << 20))
            tail = tail[-4096:] + self.messages[-1]

    def lines(self):
        return b''.join(self.messages).decode().splitlines()

    def records(self):
        """Of syslog: those of pnat, without their headers; its diagnostics come to the same socket."""
        return [message.decode().split(']: ', 1)[1] for message in self.messages if re.match(rb'<30>.{15} pnat\[', message)]

    def journal(self):
        return [re.search(r'MESSAGE=(.*)', message.decode()).group(1) for message in self.messages]


# What it says of itself.

@test
def a_start_is_one_line_and_counters_are_told_on_request(place):
    with place.beside() as (plugin, twin):
        lines = [line for line in plugin.said().splitlines() if 'warning: ' not in line]
        expect_that(len(lines) == 1 and re.match(r'pnat-plugin: pnat \S+ started: rules=.* outputs=file state=.* sock_diag=.*kept: ', lines[0]),
                    'not one line that says all: %s' % lines)
        flows = must_be_read(plugin, twin, 0.1)
        plugin.settled('file', flows)
        told = ' lines=%d ignored=0 malformed=0 events=%d replayed=0 flows=0 processes=0 nodes=0 ' % (7 * flows, 2 * flows)
        expect_that(told in plugin.said(), 'not %s: %s' % (told, plugin.said()))


# A file.

@test
def a_fifo_that_nobody_opened_holds_nothing_up(place):
    fifo = place.path('unopened')
    os.mkfifo(fifo, 0o640)
    with place.beside(file=fifo) as (plugin, twin):
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('file', flows) == (0, flows, 0), 'not all of them wait')
        must_be_in_order(Reader(os.open(fifo, os.O_RDONLY), flows).lines(), flows)


@test
def a_fifo_whose_reader_stalls_holds_nothing_up(place):
    fifo = place.path('stalled')
    os.mkfifo(fifo, 0o640)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with place.beside(file=fifo) as (plugin, twin):
        flows = must_be_read(plugin, twin)
        written, waiting, dropped = plugin.settled('file', flows)
        expect_that(written > 0 and waiting > 0 and dropped == 0, 'written, waiting, dropped: %d %d %d' % (written, waiting, dropped))
        must_be_in_order(Reader(reader, flows).lines(), flows)


@test
def a_fifo_past_max_queue_tells_how_many_records_are_missing(place):
    fifo = place.path('full')
    os.mkfifo(fifo, 0o640)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    with place.beside(file=fifo, max_queue=SOME) as (plugin, twin):
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('file', flows)[1] == SOME, 'not max_queue records wait')
        lines = Reader(reader, flows).lines()
        must_recover(plugin, 'file', flows)
        must_add_up(plugin, 'file', lines, flows)


@test
def the_end_of_input_is_obeyed_though_a_fifo_takes_nothing(place):
    fifo = place.path('end')
    os.mkfifo(fifo, 0o640)
    with place.beside(file=fifo) as (plugin, twin):
        flows = must_be_read(plugin, twin, 0.1)
        plugin.settled('file', flows)
        took = plugin.stop()
        expect_that(took < 2, 'the plugin took %.1f s to end' % took)
        expect_that('stopped with %d records still waiting' % flows in plugin.said(), 'nobody said that records are lost: ' + plugin.said())


@test
def a_deleted_directory_is_made_anew(place):
    with place.beside() as (plugin, twin):
        shutil.rmtree(os.path.dirname(plugin.file))
        flows = must_be_read(plugin, twin)
        plugin.settled('file', flows)
        must_recover(plugin, 'file', flows)
        must_be_in_order(lines_of(plugin.file), flows)


@test
def a_directory_that_cannot_be_made_is_waited_for(place):
    """The one above it is gone too, and may be a mount that comes back."""
    above = place.path('above')
    os.mkdir(above, 0o755)
    with place.beside(file=os.path.join(above, 'log', 'pnat.log'), max_queue=SOME) as (plugin, twin):
        shutil.rmtree(above)
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('file', flows) == (0, SOME, flows - SOME), 'not max_queue records wait')
        os.mkdir(above, 0o755)
        must_recover(plugin, 'file', flows)
        must_add_up(plugin, 'file', lines_of(plugin.file), flows)


# What needs mounts.

def fill(path):
    """Takes all room that is left."""
    with open(path, 'wb', buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


@contextlib.contextmanager
def small_disk(place):
    directory = place.path('disk')
    os.mkdir(directory, 0o750)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=750', 'tmpfs', directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(['umount', '--lazy', directory], check=True)
        os.rmdir(directory)


@test
def a_full_disk_loses_nothing(own):
    with small_disk(own) as disk, own.beside(file=os.path.join(disk, 'pnat.log')) as (plugin, twin):
        fill(os.path.join(disk, 'other'))
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('file', flows)[1] > 0, 'nothing waits')
        os.unlink(os.path.join(disk, 'other'))
        must_recover(plugin, 'file', flows)
        must_be_in_order(lines_of(plugin.file), flows)


@test
def a_full_disk_past_max_queue_tells_how_many_records_are_missing(own):
    with small_disk(own) as disk, own.beside(file=os.path.join(disk, 'pnat.log'), max_queue=SOME) as (plugin, twin):
        fill(os.path.join(disk, 'other'))
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('file', flows)[1] == SOME, 'not max_queue records wait')
        os.unlink(os.path.join(disk, 'other'))
        must_recover(plugin, 'file', flows)
        must_add_up(plugin, 'file', lines_of(plugin.file), flows)


@contextlib.contextmanager
def listening(path):
    """A daemon's socket, of which nobody reads."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(path)
        try:
            yield daemon
        finally:
            os.unlink(path)


@test
def a_stalled_syslog_daemon_gets_all_once_it_reads(own):
    with listening('/dev/log') as daemon, own.beside(output='syslog') as (plugin, twin):
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('syslog', flows)[1] > 0, 'nothing waits')
        must_be_in_order(Reader(daemon.fileno(), flows).records(), flows)


@test
def a_stalled_syslog_daemon_past_max_queue_is_told_how_many_are_missing(own):
    with listening('/dev/log') as daemon, own.beside(output='syslog', max_queue=SOME) as (plugin, twin):
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('syslog', flows)[1] == SOME, 'not max_queue records wait')
        records = Reader(daemon.fileno(), flows).records()
        must_recover(plugin, 'syslog', flows)
        must_add_up(plugin, 'syslog', records, flows)


@test
def a_stalled_journald_gets_all_once_it_reads(own):
    with listening('/run/systemd/journal/socket') as daemon, own.beside(output='journal') as (plugin, twin):
        flows = must_be_read(plugin, twin)
        expect_that(plugin.settled('journal', flows)[1] > 0, 'nothing waits')
        must_be_in_order(Reader(daemon.fileno(), flows).journal(), flows)


# Where.

@contextlib.contextmanager
def some_place():
    with tempfile.TemporaryDirectory(prefix='pnat-pressure-') as directory:
        yield Place(directory)


def mount_own():
    """/dev and /run of our own, as long as this process and its children live."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise Skip('mount namespaces are not allowed here')
    run = ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs']
    subprocess.run(['mount', '--make-rprivate', '/'], check=True)
    subprocess.run(run + ['/run'], check=True)
    os.mkdir('/run/dev')
    subprocess.run(run + ['/run/dev'], check=True)
    for node in ('null', 'zero', 'random', 'urandom'):
        with open('/run/dev/' + node, 'wb'):
            pass
        subprocess.run(['mount', '--bind', '/dev/' + node, '/run/dev/' + node], check=True)
    subprocess.run(['mount', '--move', '/run/dev', '/dev'], check=True)


@contextlib.contextmanager
def own_place():
    if os.geteuid() != 0:
        raise Skip('needs root, for mounts of its own')
    mount_own()
    with some_place() as place:
        yield place


if __name__ == '__main__':
    os.umask(0o022)
    with contextlib.suppress(PermissionError):
        os.nice(-4)  # auditd's priority_boost, auditd.conf(5); its plugins inherit it
    if not os.access(PLUGIN, os.X_OK):
        print('skipped: there is no %s' % PLUGIN)
        sys.exit(77)
    main({'place': some_place, 'own': own_place})
