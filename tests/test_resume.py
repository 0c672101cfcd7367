#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the plugin catches up with from auditd's log, run as auditd runs it: this test is auditd, gives it events on standard input and
writes the log. No audit is needed, and a reboot can be had.

test_resume.py [WORD...]: only cases whose names contain a word.
"""
import array
import contextlib
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'live'))
from cases import Failure, Record, Skip, expect, expect_that, main, test, wait_until  # noqa: E402

BUILD = os.path.abspath(os.environ.get('builddir', os.path.dirname(os.path.abspath(__file__))))
PLUGIN = os.path.join(BUILD, '..', 'plugin', 'pnat-plugin')
OPTIONS = 'output = file\nfile = {0}/records/pnat.log\nstate_dir = {0}/state\nstate_interval = {1}\nlocal_tracking = no\ncontrol_socket = none\n'
WHO = ('ppid=1 pid=%d auid=0 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm="x" exe="/usr/bin/x" key="pnat"')
MANY = ('type=SYSCALL msg=audit({time:.3f}:{pid}): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffd a2=10 a3=0 items=0 {who}\n'
        'type=SOCKADDR msg=audit({time:.3f}:{pid}): saddr=020001BBC63364010000000000000000\ntype=EOE msg=audit({time:.3f}:{pid}):\n')


class Reader:
    """Who reads a FIFO from now on."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.data = b''

    def read(self, most):
        """Whether there was something to read."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.fd, most)
            self.data += data
            return bool(data)
        return False

    def records(self, **wanted):
        while self.read(65536):
            pass
        return [record for record in map(Record, self.data.decode().splitlines()) if record.matches(wanted)]


class Auditd:
    """Its directory, which the plugin finds by our command line's -c; what it dispatches and writes."""

    def __init__(self, directory, interval=1):
        for path in (os.path.join(directory, name) for name in os.listdir(directory)):
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        self.directory = directory
        self.log = os.path.join(directory, 'audit.log')
        self.serial = 1000
        self.plugin = self.pipe = None
        self.write('auditd.conf', 'log_file = %s\nwrite_logs = yes\n' % self.log)
        self.write('pnat-plugin.conf', OPTIONS.format(directory, interval))
        self.write('audit.log', '')

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, 'w') as out:
            out.write(text)
        os.chmod(path, 0o640)
        return path

    def start(self, *wrapper, wait=True):
        self.pipe, end = socket.socketpair()
        with open(os.path.join(self.directory, 'stderr'), 'w') as errors:
            self.plugin = subprocess.Popen([*wrapper, PLUGIN, '--config=' + os.path.join(self.directory, 'pnat-plugin.conf')], stdin=end,
                                           stderr=errors, env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
        end.close()
        if wait:
            self.started()

    def started(self):
        wait_until(lambda: ' started' in self.said() or self.plugin.poll() is not None, 10, 'the plugin starts')
        if self.plugin.returncode == 77:
            raise Skip(self.said().strip())

    def said(self):
        with open(os.path.join(self.directory, 'stderr')) as text:
            return text.read()

    def stop(self):
        self.pipe.close()
        if self.plugin.wait(10) != 0:
            raise Failure('the plugin ended with %d: %s' % (self.plugin.returncode, self.said()))

    def kill(self):
        self.plugin.kill()
        self.plugin.wait()
        self.pipe.close()

    def fill(self, flows):
        """As many processes with a flow each, which are not in the log. None is one of this host's."""
        first = 5000000
        self.serial = first + flows
        for pid in range(first, first + flows, 100):
            self.pipe.sendall(''.join(MANY.format(time=time.time(), pid=pid + i, who=WHO % (pid + i)) for i in range(100)).encode())
        wait_until(lambda: not self.unread(), 60, 'all is read')

    def unread(self):
        waiting = array.array('i', [0])
        fcntl.ioctl(self.pipe, termios.TIOCOUTQ, waiting)
        return waiting[0]

    def longest_unread(self, over):
        """The longest time in seconds that input waits, while there is some every few ms, until that is over."""
        longest, since = 0, None
        while not over():
            if self.unread() == 0:
                since = time.monotonic()
                self.pipe.sendall(b'type=EOE msg=audit(1700000000.000:1):\n')
            longest = max(longest, time.monotonic() - since) if since is not None else 0
            time.sleep(0.004)
        return longest

    def event(self, pid, syscall, rest, saddr=None, dispatched=True, at=None):
        self.serial += 1
        stamp = 'msg=audit(%.3f:%d): ' % (at or time.time(), self.serial)
        lines = 'type=SYSCALL %sarch=c000003e syscall=%d %s items=0 %s\n' % (stamp, syscall, rest, WHO % pid)
        if saddr is not None:
            lines += 'type=SOCKADDR %ssaddr=%s\n' % (stamp, saddr)
        lines += 'type=PROCTITLE %sproctitle="x"\n' % stamp
        with open(self.log, 'a') as log:
            log.write(lines)
        if dispatched:
            self.pipe.sendall((lines + 'type=EOE %s\n' % stamp).encode())

    def connect(self, pid, **how):
        """To 198.51.100.N, N the pid's last digits."""
        self.event(pid, 42, 'success=yes exit=0 a0=3 a1=7ffd a2=10 a3=0', '020001BBC63364%02X0000000000000000' % (pid % 250), **how)

    def exit(self, pid, **how):
        self.event(pid, 231, 'a0=0 a1=0 a2=0 a3=0', **how)

    def records(self, **wanted):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(self.directory, 'records', 'pnat.log')) as log:
            return [record for record in map(Record, log) if record.matches(wanted)]
        return []

    def stall(self):
        """The log is a FIFO that nobody reads; its path."""
        os.mkdir(os.path.join(self.directory, 'records'), 0o750)
        fifo = os.path.join(self.directory, 'records', 'fifo')
        os.mkfifo(fifo, 0o640)
        self.configure(file=fifo)
        return fifo

    def configure(self, **options):
        """Other options, and those that stay."""
        lines = OPTIONS.format(self.directory, 1).splitlines()
        lines = [line for line in lines if line.split()[0] not in options] + ['%s = %s' % option for option in options.items()]
        self.write('pnat-plugin.conf', '\n'.join(lines) + '\n')

    def saved(self, timeout=10):
        """Waits for a state that is newer than now."""
        path = os.path.join(self.directory, 'state', 'state')
        before = time.time()
        wait_until(lambda: os.path.exists(path) and os.stat(path).st_mtime > before, timeout, 'the state is saved')

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.plugin is not None and self.plugin.poll() is None:
            self.kill()


@test
def what_a_crash_left_unhandled_is_caught_up_with_once(crashed):
    auditd = crashed
    auditd.start()
    auditd.connect(5001)
    auditd.saved()
    auditd.exit(5001)
    auditd.connect(5002)
    auditd.exit(5002)
    wait_until(lambda: len(auditd.records(event='end')) == 2, 10, 'two records')
    auditd.connect(5003)
    auditd.kill()
    auditd.exit(5003, dispatched=False)
    auditd.connect(5004, dispatched=False)
    auditd.exit(5004, dispatched=False)
    auditd.start()
    auditd.stop()
    for pid in range(5001, 5005):
        expect_that(len(auditd.records(event='end', pid=pid)) == 1, '%d has %d records: %s' % (pid, len(auditd.records(pid=pid)), auditd.said()))


@test
def a_plugin_whose_predecessor_is_slow_to_stop_reads_on(slow):
    """And handles it all when the predecessor's state is there. Far more than the socket holds is sent meanwhile."""
    auditd = slow
    auditd.start()
    auditd.connect(5001)
    auditd.saved()
    auditd.stop()
    auditd.write('pnat-plugin.conf', OPTIONS.format(auditd.directory, 1) + 'replay = no\n')
    state = os.open(os.path.join(auditd.directory, 'state'), os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(state, fcntl.LOCK_EX)
    auditd.start(wait=False)
    auditd.pipe.settimeout(3)
    for pid in range(6001, 8001):
        auditd.connect(pid)
        auditd.exit(pid)
    auditd.exit(5001)
    expect_that(' started' not in auditd.said(), 'it did not wait')
    os.close(state)
    auditd.started()
    auditd.stop()
    expect_that('caught up' not in auditd.said(), 'it had the events from the log')
    expect_that(len(auditd.records(event='end')) == 2001, 'there are %d records: %s' % (len(auditd.records(event='end')), auditd.said()))
    expect_that(len(auditd.records(event='end', pid=5001, reason='exit')) == 1, 'the flow of the predecessor is not among them')


@test
def an_exit_that_was_held_back_comes_before_the_look_for_its_process(exited):
    """It is gone when the state is restored, but was not killed. So much is held back that it takes a while to come to the exit."""
    auditd = exited
    auditd.write('pnat-plugin.conf', (OPTIONS.format(auditd.directory, 1) + 'replay = no\n').replace('local_tracking = no', 'local_tracking = yes'))
    with subprocess.Popen(['sleep', '60']) as process:
        auditd.start()
        auditd.connect(process.pid)
        auditd.saved()
        auditd.stop()
        process.kill()
    state = os.open(os.path.join(auditd.directory, 'state'), os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(state, fcntl.LOCK_EX)
    auditd.start(wait=False)
    auditd.fill(60000)
    auditd.exit(process.pid)
    wait_until(lambda: not auditd.unread(), 3, 'it is read')
    os.close(state)
    auditd.started()
    wait_until(lambda: auditd.records(event='end', pid=process.pid), 10, 'a record')
    record, = auditd.records(event='end', pid=process.pid)
    expect(record, reason='exit')
    auditd.stop()


@test
def a_plugin_that_stops_before_its_predecessor_leaves_all_to_the_next(early):
    auditd = early
    auditd.start()
    auditd.connect(5001)
    auditd.saved()
    auditd.stop()
    state = os.open(os.path.join(auditd.directory, 'state'), os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(state, fcntl.LOCK_EX)
    auditd.start(wait=False)
    auditd.connect(5002)
    auditd.exit(5002)
    auditd.stop()
    expect_that('not handled' in auditd.said(), 'it says nothing of them: %s' % auditd.said())
    expect_that(not auditd.records(event='end'), 'it took part')
    os.close(state)
    auditd.write('pnat-plugin.conf', OPTIONS.format(auditd.directory, 1))
    auditd.start()
    auditd.exit(5001)
    auditd.stop()
    for pid in (5001, 5002):
        expect_that(len(auditd.records(event='end', pid=pid, reason='exit')) == 1, '%d: %s' % (pid, auditd.records()))


@test
def what_came_before_the_first_state_is_not_read_again(upgraded):
    """As after an upgrade whose state has another version."""
    auditd = upgraded
    auditd.start()
    for pid in range(5001, 5006):
        auditd.connect(pid)
        auditd.exit(pid)
    wait_until(lambda: len(auditd.records(event='end')) == 5, 10, 'five records')
    auditd.stop()
    os.unlink(os.path.join(auditd.directory, 'state', 'state'))
    auditd.start()
    auditd.connect(6001)
    auditd.stop()
    auditd.start()
    auditd.stop()
    records = auditd.records(event='end')
    expect_that(len(records) == 5, 'there are %d end records, not 5: %s' % (len(records), auditd.said()))


@test
def a_stamp_that_is_ahead_does_not_hide_what_comes_after_it(ahead):
    """As of a clock that was wrong for a moment. What is caught up with is far more than what is read without being searched for."""
    auditd = ahead
    auditd.start()
    auditd.connect(5001)
    auditd.exit(5001, at=time.time() + 600)
    auditd.saved()
    auditd.kill()
    for pid in range(10000, 12000):
        auditd.connect(pid, dispatched=False)
        auditd.exit(pid, dispatched=False)
    auditd.start()
    auditd.stop()
    ended = {record['pid'] for record in auditd.records(event='end')}
    expect_that(len(ended) >= 2000, 'there are records of %d processes only: %s' % (len(ended), auditd.said()))


@test
def the_last_moments_before_a_reboot_are_caught_up_with(booted):
    auditd = booted
    for word in ('unshare', 'mount'):
        if shutil.which(word) is None:
            raise Skip('needs ' + word)
    auditd.write('pnat-plugin.conf', OPTIONS.format(auditd.directory, 3600))
    auditd.start()
    auditd.connect(5001)
    auditd.saved()
    auditd.connect(5002)  # after the only snapshot
    auditd.kill()
    boot = time.time() + 1.5
    wait_until(lambda: time.time() > boot, 3, 'the clock goes on')
    boot_id = auditd.write('boot_id', '11111111-2222-3333-4444-555555555555\n')
    uptime = auditd.write('uptime', '0.50 0.50\n')
    auditd.connect(5003, dispatched=False)
    auditd.start('unshare', '--mount', 'sh', '-c', 'mount --bind "$1" /proc/sys/kernel/random/boot_id && mount --bind "$2" /proc/uptime || exit 77; '
                 'shift 2; exec "$@"', 'sh', boot_id, uptime)
    auditd.stop()
    auditd.stop()
    for pid in (5001, 5002):
        record, = auditd.records(event='end', pid=pid) or [None]
        expect_that(record is not None, 'there is no record of %d: %s' % (pid, auditd.said()))
        expect(record, reason='reboot')
        expect_that(record.time('end') <= boot, 'it ends after the boot', record)
    expect_that(not auditd.records(event='end', pid=5003), 'what began after the boot ended by it')


@test
def where_no_state_can_be_written_flows_end_with_the_plugin(unwritable):
    auditd = unwritable
    auditd.start()
    auditd.connect(5001)
    auditd.saved()
    shutil.rmtree(os.path.join(auditd.directory, 'state'))
    auditd.stop()
    record, = auditd.records(event='end', pid=5001) or [None]
    expect_that(record is not None, 'there is no record: ' + auditd.said())
    expect(record, reason='shutdown')
    expect_that('no state can be written' in auditd.said(), 'it is not told: ' + auditd.said())


@test
def what_check_calls_wrong_is_not_taken_over_at_sighup(reloaded):
    auditd = reloaded
    auditd.start()
    path = os.path.join(auditd.directory, 'pnat-plugin.conf')
    with open(path) as config:
        right = config.read()
    for wrong in ('state_dir = /no/such/directory', 'control_socket = /no/such/directory/socket', 'file = ' + path, 'file = ' + auditd.log):
        key = wrong.split()[0]
        auditd.write('pnat-plugin.conf', ''.join(line for line in right.splitlines(True) if not line.startswith(key + ' ')) + wrong + '\n')
        said = len(auditd.said())
        auditd.plugin.send_signal(signal.SIGHUP)
        wait_until(lambda: 'stays as it was' in auditd.said()[said:], 10, 'it is told for ' + wrong)
        expect_that(': %s: ' % key in auditd.said()[said:], 'it is not told what is wrong: ' + auditd.said()[said:])
    auditd.connect(5001)
    auditd.exit(5001)
    wait_until(lambda: auditd.records(event='end', pid=5001), 10, 'a record')
    auditd.stop()


# Outputs that are stalled when the plugin stops.

def flows(auditd, first, last, **how):
    for pid in range(first, last + 1):
        auditd.connect(pid, **how)
        auditd.exit(pid, **how)


def die(auditd):
    """As if it had been killed: there is a state, and auditd has written much since that no output has."""
    auditd.start()
    auditd.saved()
    auditd.kill()
    flows(auditd, 10001, 16000, dispatched=False)


@test
def what_waits_for_an_output_survives_a_restart(stalled):
    auditd = stalled
    fifo = auditd.stall()
    auditd.start()
    flows(auditd, 5001, 5100)
    auditd.stop()
    auditd.start()  # and waits once more
    auditd.stop()
    reader = Reader(fifo)
    auditd.start()
    flows(auditd, 5101, 5102)
    wait_until(lambda: reader.records(event='end', pid=5102), 10, 'the last record')
    auditd.stop()
    expect_that([record['pid'] for record in reader.records()] == [str(pid) for pid in range(5001, 5103)],
                'it is not each record once, in order: %s %s' % (reader.records(), auditd.said()))


@test
def what_was_dropped_for_an_output_is_told_after_a_restart(overflowing):
    auditd = overflowing
    fifo = auditd.stall()
    auditd.configure(file=fifo, max_queue=10)
    auditd.start()
    flows(auditd, 5001, 5100)
    auditd.stop()
    reader = Reader(fifo)
    auditd.start()
    wait_until(lambda: reader.records(pid=5100), 10, 'the last record')
    loss, = reader.records(event='loss', reason='queue') or [None]
    expect_that(loss is not None, 'no loss record: %s %s' % (reader.records(), auditd.said()))
    expect(loss, lost=90)
    expect_that(len(reader.records(event='end')) == 10, 'there are %d records' % len(reader.records(event='end')))
    auditd.stop()


@test
def what_waits_and_has_nowhere_to_go_is_told(changed):
    auditd = changed
    fifo = auditd.stall()
    auditd.configure(file=fifo, format='json')
    auditd.start()
    flows(auditd, 5001, 5100)
    auditd.stop()
    auditd.configure()
    auditd.start()
    auditd.stop()
    loss, = auditd.records(event='loss', reason='queue') or [None]
    expect_that(loss is not None, 'no loss record: %s' % auditd.said())
    expect(loss, lost=100)


@test
def what_waits_for_an_output_survives_a_crash(crashing):
    """What has ended by the newest state is not read again."""
    auditd = crashing
    fifo = auditd.stall()
    auditd.start()
    auditd.saved()
    flows(auditd, 5001, 5100)
    time.sleep(0.6)  # they have ended
    auditd.saved(20)
    auditd.kill()
    reader = Reader(fifo)
    auditd.start()
    wait_until(lambda: len(reader.records(event='end')) >= 100, 10, '100 records')
    auditd.stop()
    expect_that([record['pid'] for record in reader.records()] == [str(pid) for pid in range(5001, 5101)],
                'it is not each record once, in order: %s %s' % (reader.records(), auditd.said()))


@test
def what_was_written_after_it_waited_is_not_written_again_after_a_crash(full):
    auditd = full
    log = os.path.join(auditd.directory, 'records', 'pnat.log')
    os.mkdir(os.path.dirname(log), 0o750)
    auditd.write('records/pnat.log', ('.' * 1023 + '\n') * 1024)
    auditd.start()
    resource.prlimit(auditd.plugin.pid, resource.RLIMIT_FSIZE, (1024 * 1024, resource.RLIM_INFINITY))  # as if the disk were full
    auditd.saved()
    flows(auditd, 5001, 5100)
    time.sleep(0.6)
    auditd.saved(20)
    resource.prlimit(auditd.plugin.pid, resource.RLIMIT_FSIZE, (1024 * 1024 + 20000, resource.RLIM_INFINITY))
    auditd.plugin.send_signal(signal.SIGHUP)
    wait_until(lambda: len(auditd.records(event='end')) > 20, 10, 'some are written')
    auditd.kill()
    written = len(auditd.records(event='end'))
    expect_that(written < 100, 'all are written')
    auditd.start()
    wait_until(lambda: auditd.records(event='end', pid=5100), 10, 'the last record')
    auditd.stop()
    expect_that([record['pid'] for record in auditd.records(event='end')] == [str(pid) for pid in range(5001, 5101)],
                'it is not each record once, in order: %d were written, then %d' % (written, len(auditd.records(event='end'))))


@test
def the_log_is_read_as_slowly_as_an_output_takes_records(throttled):
    auditd = throttled
    fifo = auditd.stall()
    auditd.configure(file=fifo, max_queue=2000)
    die(auditd)
    reader = Reader(fifo)
    auditd.start()
    while 'caught up' not in auditd.said() or b' pid=16000 ' not in reader.data:
        expect_that(reader.read(65536) or auditd.plugin.poll() is None, 'the plugin is gone: %s' % auditd.said())
        time.sleep(0.02)
    auditd.stop()
    expect_that(not reader.records(event='loss'), 'some were lost', (reader.records(event='loss') or [None])[0])
    expect_that(len(reader.records(event='end')) == 6000, 'there are %d records' % len(reader.records(event='end')))


@test
def an_output_that_takes_nothing_is_not_waited_for_for_ever(unread):
    auditd = unread
    auditd.configure(file=auditd.stall(), max_queue=2000)
    die(auditd)
    auditd.start()
    wait_until(lambda: 'caught up' in auditd.said(), 20, 'the log is caught up with')
    auditd.stop()


@test
def input_is_read_while_a_large_state_is_saved_and_restored(large):
    """What is shared with others may take its time once, but not always."""
    auditd = large
    state = os.path.join(auditd.directory, 'state', 'state')
    auditd.write('pnat-plugin.conf', OPTIONS.format(auditd.directory, 1) + 'replay = no\nstart_after = never\n')
    auditd.start()
    auditd.fill(120000)
    auditd.saved()
    longest = []
    for _ in range(4):
        before = os.stat(state).st_mtime_ns
        longest.append(auditd.longest_unread(lambda before=before: os.stat(state).st_mtime_ns != before))
    print('# saving: unread for %s ms' % ', '.join('%.0f' % (1000 * each) for each in longest))
    expect_that(min(longest) < 0.1, 'it waits while the state is saved')
    longest = []
    for _ in range(2):
        auditd.stop()
        auditd.start(wait=False)
        longest.append(auditd.longest_unread(lambda: ' started' in auditd.said()))
    print('# restoring: unread for %s ms' % ', '.join('%.0f' % (1000 * each) for each in longest))
    expect_that(min(longest) < 0.1, 'it waits while the state is restored')
    auditd.stop()


if __name__ == '__main__':
    if sys.argv[1:2] == ['-c']:
        directory = sys.argv[2]
        del sys.argv[1:3]
        main({name: lambda: Auditd(directory) for name in (
            'crashed', 'slow', 'early', 'upgraded', 'ahead', 'booted', 'large', 'exited', 'reloaded', 'unwritable', 'stalled', 'overflowing',
            'changed', 'throttled', 'unread', 'crashing', 'full')})
    with tempfile.TemporaryDirectory(prefix='pnat-resume-') as temporary:
        os.chmod(temporary, 0o750)
        sys.exit(subprocess.call([sys.executable, os.path.abspath(__file__), '-c', temporary, *sys.argv[1:]]))
