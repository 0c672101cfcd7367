#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Memory has a bound whatever comes in: LIMITS of pnat-plugin(8). Streams that break all measure are read with --read, and what follows them is
still understood.

test_bounds.py [--full] [WORD...]: only cases whose names contain a word; --full, as in make bench: a million processes instead of some ten
thousand, with the default max_flows. Exit status 77: skipped.
"""
import array
import fcntl
import os
import re
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'live'))
from cases import Record, Skip, expect_that, main, test, wait_until  # noqa: E402

BUILD = os.path.abspath(os.environ.get('builddir', '.'))
PLUGIN = os.environ.get('PNAT_PLUGIN', os.path.join(BUILD, '../plugin/pnat-plugin'))
FULL = '--full' in sys.argv

MIB = 1 << 20
BASE = 16 * MIB         # half of what the page promises: --read has neither threads nor state
PER_FLOW = 1280         # for each of max_flows: the page promises 1.5 KiB, state and sockets of this host included
SOME = 4096             # max_flows where it is to be reached

CALL = ('{node}type=SYSCALL msg=audit({time}:{serial}): arch=c000003e syscall=42 success=yes exit=0 a0={fd:x} a1=7ffd0000 a2=10 a3=0 items=0 '
        'ppid=1 pid={pid} auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 '
        'comm="curl" exe={exe} key="pnat"\n')
REST = ('{node}type=SOCKADDR msg=audit({time}:{serial}): saddr=020001BB{peer:08X}0000000000000000\n'
        '{node}type=PROCTITLE msg=audit({time}:{serial}): proctitle={title}\n')


def connect(serial, node='', time='1700000000.123', pid=4242, fd=3, exe='"/usr/bin/curl"', peer=0xCB007109, title='6375726C'):  # pylint: disable=too-many-arguments
    """An event: a connect to 203.0.113.9, unless another peer is named."""
    words = {'node': node and 'node=%s ' % node, 'time': time, 'serial': serial, 'pid': pid, 'fd': fd, 'exe': exe, 'peer': peer, 'title': title}
    return (CALL + REST).format(**words)


def unread(pipe):
    waiting = array.array('i', [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0]


class Run:
    """What --read makes of a stream: its records, and its peak of memory in bytes."""

    def __init__(self, place, pieces, max_flows=SOME):
        config = os.path.join(place, 'pnat-plugin.conf')
        with open(config, 'w', encoding='ascii', opener=lambda path, flags: os.open(path, flags, 0o640)) as file:
            file.write('max_flows = %d\n' % max_flows)
        self.process = subprocess.Popen([PLUGIN, '--config=' + config, '--read', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.reasons = {}
        self.number = 0
        self.last = None
        reader = threading.Thread(target=self.count)
        reader.start()
        for piece in pieces:
            self.process.stdin.write(piece if isinstance(piece, bytes) else piece.encode())
        self.process.stdin.flush()
        wait_until(lambda: not unread(self.process.stdin), 60, 'all is read')
        time.sleep(0.02)
        with open('/proc/%d/status' % self.process.pid, encoding='ascii') as file:  # getrusage(2) would count this test's own size in
            self.peak = int(re.search(r'VmHWM:\s+(\d+) kB', file.read()).group(1)) * 1024
        self.process.stdin.close()
        reader.join()
        expect_that(self.process.wait(60) == 0, 'it ended with %d' % self.process.returncode)

    def count(self):
        for line in self.process.stdout:
            if b'event=end ' not in line:
                continue
            self.number += 1
            reason = line.split(b' reason=', 1)[1].split(b' ', 1)[0].decode()
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            self.last = line

    def must_stay_below(self, most):
        print('# %6.1f MiB at the peak, at most %6.1f; %d records' % (self.peak / MIB, most / MIB, self.number))
        expect_that(self.peak <= most, 'more memory than that')


def bound(max_flows):
    return BASE + max_flows * PER_FLOW


# Lines and events.

@test
def a_line_of_100_mb_is_skipped(place):
    run = Run(place, ['x' * MIB] * 100 + ['\n', connect(1)])
    run.must_stay_below(BASE)
    expect_that(run.number == 1, 'the event behind it is not there')


@test
def an_event_of_5000_records_is_one_event(place):
    def pieces():
        lines = connect(1).splitlines(True)
        yield lines[0]
        for number in range(5000):
            yield 'type=SOCKADDR msg=audit(1700000000.123:1): saddr=020001BB%08X0000000000000000\n' % (0x64400000 + number)
        yield lines[2] + connect(2, pid=4243)
    run = Run(place, pieces())
    run.must_stay_below(BASE)
    expect_that(run.number == 2, '%d records, not two' % run.number)


@test
def events_that_never_end_and_have_long_records_do_not_pile_up(place):
    """A hundred at a time, of sixteen lines of 60 KB: 96 MB."""
    def pieces():
        for line in range(16):
            for event in range(100):
                yield 'type=SYSCALL msg=audit(1700000000.123:%d): arch=c000003e syscall=42 n=%d exe=%s\n' % (event + 1, line, 'F' * 60000)
        yield connect(1000)
    run = Run(place, pieces())
    run.must_stay_below(BASE + 16 * MIB)
    expect_that(run.number >= 1, 'the event behind them is not there')


# Processes, nodes, and what they have.

@test
def processes_that_never_exit_are_evicted(place):
    most, number = (262144, 1000000) if FULL else (SOME, 30000)
    run = Run(place, (connect(pid + 1, pid=pid + 2) for pid in range(number)), most)
    run.must_stay_below(bound(most))
    expect_that(run.reasons == {'evicted': number - most, 'eof': most}, 'ends: %s' % run.reasons)


@test
def a_million_processes_have_room(place):
    if not FULL:
        raise Skip('for make bench')
    run = Run(place, (connect(pid + 1, pid=pid + 2) for pid in range(1000000)), 1000000)
    run.must_stay_below(bound(1000000))
    expect_that(run.reasons == {'eof': 1000000}, 'ends: %s' % run.reasons)


@test
def nodes_are_bounded_as_processes_are(place):
    """100,000 nodes, each with a process that never exits."""
    most = 262144 if FULL else SOME
    run = Run(place, (connect(1, node='host-%06d.example.org' % node) for node in range(100000)), most)
    run.must_stay_below(bound(min(most, 100000)))
    expect_that(run.number == 100000, '%d records, not 100000' % run.number)


@test
def a_descriptor_after_the_other_is_forgotten(place):
    """One process, one peer: a flow. Half a million would take 17 MiB."""
    number = 2000000 if FULL else 500000
    run = Run(place, (connect(event + 1, fd=event) for event in range(number)))
    run.must_stay_below(bound(SOME))
    expect_that(run.number > 0, 'there is no record')


@test
def long_names_are_bounded(place):
    """Each process has a program of its own with a path of 4000 bytes, and a title as long."""
    def pieces():
        for pid in range(10000):
            path = '"/%05d%s"' % (pid, 'x' * 4000)
            yield connect(pid + 1, pid=pid + 2, exe=path, title='%08X' % pid + '79' * 4000)
    run = Run(place, pieces())
    run.must_stay_below(bound(SOME))
    expect_that(run.number == 10000, '%d records, not 10000' % run.number)


@test
def one_process_of_many_programs_is_bounded(place):
    """It calls execve for ever, and each program has a connection."""
    def pieces():
        for event in range(3000):
            yield connect(event + 1, fd=event % 1000, exe='"/%05d%s"' % (event, 'x' * 4000), title='%08X' % event + '79' * 4000)
    run = Run(place, pieces())
    run.must_stay_below(bound(SOME))
    expect_that(run.number == 3000, '%d records, not 3000' % run.number)


@test
def a_name_of_a_node_is_not_too_long_to_keep(place):
    run = Run(place, [connect(1, node='x' * 256), connect(2, node='x' * 255, pid=5)])
    expect_that(run.number == 1 and Record(run.last.decode())['host'] == 'x' * 255, 'not the one record of the shorter')


# Clocks.

@test
def a_clock_that_steps_by_hours_loses_no_flow(place):
    """Back and forth by six hours, each time with a thousand processes that exit or do not."""
    number, times = 1000, (0, 21600, 0, -21600, 0, 43200, -43200, 0)

    def pieces():
        serial = 0
        for step, offset in enumerate(times):
            for pid in range(number):
                serial += 2
                now = '%d.%03d' % (1700000000 + offset + step, pid)
                yield connect(serial, time=now, pid=10000 + step * number + pid)
                if pid % 2 == 0:
                    yield ('type=SYSCALL msg=audit(%s:%d): arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid=%d auid=1000 uid=1000 '
                           'euid=1000 ses=3 comm="curl" exe="/usr/bin/curl"\n' % (now, serial + 1, 10000 + step * number + pid))
    run = Run(place, pieces(), 262144)
    run.must_stay_below(BASE + 16 * MIB)
    expect_that(run.number == number * len(times), '%d records of %d flows' % (run.number, number * len(times)))
    expect_that(run.reasons == {'exit': run.number // 2, 'eof': run.number // 2}, 'ends: %s' % run.reasons)


if __name__ == '__main__':
    if not os.access(PLUGIN, os.X_OK):
        print('skipped: there is no %s' % PLUGIN)
        sys.exit(77)
    with open(PLUGIN, 'rb') as program:
        if b'__asan_init' in program.read():
            print('skipped: a build with sanitizers takes more memory than any bound')
            sys.exit(77)
    sys.argv = [word for word in sys.argv if word != '--full']
    main({'place': lambda: tempfile.TemporaryDirectory(prefix='pnat-bounds-')})
