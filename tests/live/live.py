# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the live tests share: a real auditd with the built plugin, programs run as a test user, and the records that come of them.

auditd runs off the system's configuration, in a directory of the test's own (auditd -n -c DIR). The rules are those of rules.d/,
each narrowed to one user id that nobody else has: other programs on this host make no events, and no account is needed for it.
Rules that are in force already stay, behind these. What the test changed of the kernel's audit state it puts back.

Environment, as make check sets it: srcdir (tests/) and builddir. AUDITD, AUDITCTL: programs of another version; PNAT_PLUGIN: another build.
"""
import contextlib
import ctypes
import fcntl
import functools
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from cases import Failure, Record, Skip, find, wait_until
from programs import BUILD, SOURCE, Done, Running, Steps, closed_port, netdo, netdo_line

PLUGIN = os.environ.get('PNAT_PLUGIN', os.path.join(BUILD, 'plugin', 'pnat-plugin'))
LOCK = '/tmp/auditd.lock'  # whoever runs an auditd on this host for a test takes it
LOCK_WAIT = 300  # seconds
KEY = 'livetest'  # auditctl -D -k WORD takes away all rules whose keys contain the word


# The kernel's audit state.

def auditctl(*words, check=True):
    result = subprocess.run([find('auditctl'), *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and result.returncode != 0:
        raise Failure('auditctl %s: %s' % (' '.join(words), result.stdout.strip()))
    return result.stdout


def audit_status():
    return dict(line.split(None, 1) for line in auditctl('-s').splitlines() if ' ' in line)


def must_be_able():
    """Raises Skip where a live test cannot run."""
    if os.geteuid() != 0:
        raise Skip('needs root')
    for program in ('auditd', 'auditctl'):
        if find(program) is None:
            raise Skip('needs ' + program)
    if not os.access(PLUGIN, os.X_OK):
        raise Skip('there is no ' + PLUGIN)
    result = subprocess.run([find('auditctl'), '-s'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0 or 'pid ' not in result.stdout:
        raise Skip('the kernel has no audit for us: ' + result.stdout.strip())


PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None)  # before a fork, after which nothing is to be loaded


def die_with_the_test():
    """For what is started as a daemon: else it would outlive a test that is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def must_be_free():
    """What the kernel's audit is like now. Whoever has the lock knows that rules with our key are of a test that was killed."""
    auditctl('-D', '-k', KEY, check=False)
    status = audit_status()
    if status['pid'] != '0':
        raise Skip('another audit daemon is running, pid ' + status['pid'])
    if status['enabled'].startswith('2'):
        raise Skip('the audit configuration is locked until the next boot')
    if re.search('^-a (never,task|task,never)', auditctl('-l'), re.M):
        raise Skip('a rule of this host switches off the auditing of system calls: never,task')
    return status


@contextlib.contextmanager
def lock():
    """Keeps other tests from audit."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        held = os.open(LOCK, flags)
    except FileNotFoundError:
        held = os.open(LOCK, flags | os.O_CREAT, 0o600)
    began = time.monotonic()
    try:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > began + LOCK_WAIT:
                    raise Skip('another test holds ' + LOCK) from None
                time.sleep(0.1)
        if time.monotonic() > began + 1:
            print('# waited %.0f s for %s' % (time.monotonic() - began, LOCK))
        yield
    finally:
        os.close(held)


@contextlib.contextmanager
def audit():
    """The kernel's audit, for a test file's run alone; Skip where it cannot be had."""
    must_be_able()
    with lock():
        yield


def free_uid():
    """A user id without an account and without a process."""
    used = {entry.pw_uid for entry in pwd.getpwall()}
    for name in os.listdir('/proc'):
        if name.isdigit():
            with contextlib.suppress(OSError):
                used.add(os.stat('/proc/' + name).st_uid)
    return next(uid for uid in range(64300, 64500) if uid not in used)


AUDITD_CONF = '''local_events = yes
write_logs = yes
log_file = {directory}/log/audit.log
log_group = root
log_format = ENRICHED
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 50
num_logs = 2
priority_boost = 4
name_format = USER
name = {host}
max_log_file_action = IGNORE
space_left = 75
space_left_action = IGNORE
verify_email = no
action_mail_acct = root
admin_space_left = 50
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
use_libwrap = no
distribute_network = no
q_depth = 2000
overflow_action = SYSLOG
max_restarts = 10
plugin_dir = {directory}/plugins.d
end_of_event_timeout = 2
'''


class Live:
    """
    A running auditd with the plugin. `with Live(...) as live:` and then live.run(...), live.wait(...).

    profile: which of rules.d/, or None for no rules. auditd: for auditd's configuration. options: for the plugin's.
    """

    def __init__(self, profile='default', io_uring=False, auditd=None, **options):
        self.auditd_options = auditd or {}
        self.profile = profile
        self.io_uring = io_uring
        self.host = socket.gethostname()
        self.uid = free_uid()
        self.children = []
        self.directory = None
        self.auditd = None
        self.status = None
        self.read = 0
        self.seen = []
        self.options = {'output': 'file', 'file': '{directory}/records/pnat.log', 'state_dir': '{directory}/state',
                        'control_socket': 'none', 'replay': 'no', **options}

    # Up and down.

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.status = must_be_free()
            self.directory = stack.enter_context(tempfile.TemporaryDirectory(prefix='pnat-live-'))
            os.chmod(self.directory, 0o755)
            self.write_files()
            stack.callback(self.restore)
            stack.callback(self.stop_auditd)
            self.start_auditd()
            stack.callback(self.remove_rules)
            self.add_rules()
            stack.callback(self.kill_children)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text, mode=0o640):
        with open(self.path(name), 'w') as out:
            out.write(text)
        os.chmod(self.path(name), mode)

    def write_config(self, **options):
        self.options.update(options)
        self.write('pnat-plugin.conf', ''.join('%s = %s\n' % (key, str(value).format(directory=self.directory))
                                               for key, value in self.options.items()))

    def write_auditd_config(self, **options):
        self.auditd_options.update(options)
        lines = dict(line.split(' = ', 1) for line in AUDITD_CONF.format(directory=self.directory, host=self.host).splitlines())
        lines.update(self.auditd_options)
        self.write('auditd.conf', ''.join('%s = %s\n' % line for line in lines.items()))

    def write_files(self):
        for name in ('log', 'plugins.d', 'state', 'bin'):
            os.mkdir(self.path(name), 0o750)
        os.chmod(self.path('bin'), 0o755)
        # auditd starts only what is root's and nobody else can write
        shutil.copy(PLUGIN, self.path('bin', 'pnat-plugin'))
        os.chmod(self.path('bin', 'pnat-plugin'), 0o755)
        self.write_auditd_config()
        with open(os.path.join(SOURCE, 'plugins.d', 'pnat.conf.in')) as dropin:
            lines = dropin.read().replace('active = no', 'active = yes').replace('@sbindir@', self.path('bin'))
        if self.is_sanitized():  # auditd gives a plugin /dev/null to complain to, and no environment
            self.write('bin/complaining', '#!/bin/sh\nexec %s "$@" 2>>%s\n' % (self.path('bin', 'pnat-plugin'), self.path('plugin.err')), 0o755)
            lines = lines.replace(self.path('bin', 'pnat-plugin'), self.path('bin', 'complaining'))
        self.write('plugins.d/pnat.conf', lines + 'args = --config=%s\n' % self.path('pnat-plugin.conf'))
        self.write_config()

    def plugin_pid(self):
        """Of the plugin that auditd started; None while there is none."""
        for task in os.listdir('/proc/%d/task' % self.auditd.pid):  # a plugin is started anew by another thread
            pids = []
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                with open('/proc/%d/task/%s/children' % (self.auditd.pid, task)) as children:
                    pids = children.read().split()
            for pid in pids:
                with contextlib.suppress(OSError):
                    if os.readlink('/proc/%s/exe' % pid) == self.path('bin', 'pnat-plugin'):
                        return int(pid)
        return None

    def start_auditd(self):
        os.makedirs('/run/audit', exist_ok=True)  # audit 4 has its pid file there
        errors = open(self.path('auditd.err'), 'w')
        self.auditd = subprocess.Popen([find('auditd'), '-n', '-c', self.directory], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                       preexec_fn=die_with_the_test)

        def up():
            if self.auditd.poll() is not None:
                raise Failure('auditd ended with %s: %s' % (self.auditd.returncode, open(self.path('auditd.err')).read()))
            # it has written its file's directory when it reads
            return audit_status()['pid'] == str(self.auditd.pid) and self.plugin_pid() and os.path.exists(self.path('records'))

        wait_until(up, 10, 'auditd and the plugin start')

    def stop_auditd(self):
        if self.auditd is None:
            return
        plugin = self.plugin_pid() if self.auditd.poll() is None else None
        self.auditd.terminate()
        try:
            self.auditd.wait(10)
        except subprocess.TimeoutExpired:
            self.auditd.kill()
            self.auditd.wait()
        if plugin is not None:
            with contextlib.suppress(Failure):
                wait_until(lambda: not os.path.exists('/proc/%d' % plugin), 15 if self.is_sanitized() else 3, 'the plugin ends')
        self.auditd = None
        self.must_be_sane()

    @staticmethod
    @functools.lru_cache()
    def is_sanitized():
        with open(PLUGIN, 'rb') as program:
            return b'__asan_init' in program.read()

    def must_be_sane(self):
        """Raises Failure when sanitizers reported something, leaks at the plugin's end too: nobody else sees its exit status."""
        text = ''
        with contextlib.suppress(FileNotFoundError), open(self.path('plugin.err'), errors='replace') as errors:
            text = errors.read()
        if 'Sanitizer' in text or 'runtime error: ' in text:
            raise Failure('the plugin was found at fault:\n' + text)

    def restore(self):
        for option, key in (('-b', 'backlog_limit'), ('-f', 'failure'), ('-r', 'rate_limit'), ('--backlog_wait_time', 'backlog_wait_time'),
                            ('-e', 'enabled')):
            if key in self.status:
                auditctl(option, self.status[key].split()[0], check=False)

    # Rules.

    def rules(self):
        files = ['71-pnat.rules' if self.profile == 'default' else '71-pnat-%s.rules' % self.profile]
        if self.io_uring:
            files.append('71-pnat-io_uring.rules')
        for name in files:
            built = os.path.join(BUILD, 'etc', name)  # adapted to this machine
            with open(built if os.path.exists(built) else os.path.join(SOURCE, 'rules.d', name)) as lines:
                for line in lines:
                    if line.startswith('-a '):
                        line = re.sub(r'exe=\S*/pnat-plugin', 'exe=' + self.path('bin', 'pnat-plugin'), line)
                        yield line.strip().replace('-F key=pnat', '-F uid=%d -F key=%s' % (self.uid, KEY))

    def add_rules(self):
        """Before those that are there: the first rule that matches decides."""
        auditctl('-b', str(max(8192, int(self.status['backlog_limit']))))
        if self.profile is None:
            return
        for rule in reversed(list(self.rules())):
            auditctl('-A', *rule.split()[1:])

    def remove_rules(self):
        auditctl('-D', '-k', KEY, check=False)

    # Programs.

    def start(self, *command, login=False, **options):
        """Starts a program as the test user; with login, in a login session of its own, as the child of a shell."""
        command = [str(word) for word in command]
        if login:
            command = ['/bin/sh', '-c', '"$@"; exit', 'sh', *command]

        def become_user():
            if login:
                with open('/proc/self/loginuid', 'w') as loginuid:
                    loginuid.write(str(self.uid))
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)

        child = subprocess.Popen(command, cwd='/', preexec_fn=become_user, env={'PATH': '/usr/bin:/bin', **options.pop('env', {})},
                                 **{'stdin': subprocess.DEVNULL, **options})
        self.children.append(child)
        return child

    def run(self, *command, **options):
        """Runs a program to its end; what it printed, its pid, and when it began and ended."""
        began = time.time()
        child = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        out, err = child.communicate(timeout=60)
        return Done(child.pid, child.returncode, began, time.time(), out.decode(errors='replace'), err.decode(errors='replace'))

    def netdo(self, *steps, program=None, **options):
        """Does the steps (see netdo.c) to their end; .steps are its lines."""
        done = self.run(program or netdo(self), *steps, **options)
        if done.status in (64, 65):
            raise Failure('netdo: ' + done.err)
        done.steps = Steps(netdo_line(line) for line in done.out.splitlines())
        return done

    def begin(self, *steps, program=None, **options):
        """Starts the steps, which may wait for the test: see Running."""
        return Running(self, program or netdo(self), steps, options)

    def kill_children(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()

    # Records.

    def records(self, **wanted):
        """All records so far that have these values."""
        self.poll()
        return [record for record in self.seen if record.matches(wanted)]

    def poll(self):
        with contextlib.suppress(FileNotFoundError), open(self.path('records', 'pnat.log')) as log:
            if os.fstat(log.fileno()).st_size < self.read:
                self.read = 0
            log.seek(self.read)
            text = log.read()
            whole = text[:text.rfind('\n') + 1]
            self.read += len(whole.encode())
            self.seen += [Record(line, time.time()) for line in whole.splitlines()]

    def wait(self, timeout=4, number=1, **wanted):
        """The record with these values, or the list of them where number > 1; fails when there are more."""
        def found():
            return len(self.records(**wanted)) >= number

        try:
            wait_until(found, timeout, 'record with %s' % wanted)
        except Failure as failure:
            raise Failure('%s; there are:\n%s' % (failure, self.dump(wanted))) from None
        records = self.records(**wanted)
        if len(records) > number:
            raise Failure('%d records with %s, not %d:\n%s' % (len(records), wanted, number, self.dump(wanted)))
        return records[0] if number == 1 else records

    def end_of(self, pid, timeout=4, **wanted):
        return self.wait(timeout, event='end', pid=pid, **wanted)

    def dump(self, wanted):
        identity = {key: wanted[key] for key in ('pid', 'ppid') if key in wanted}
        lines = [record.line for record in self.seen if record.matches(identity)][-10:] or ['no record at all' + self.interference()]
        return '\n'.join('  ' + line for line in lines)

    def interference(self):
        """What somebody else on this host did to the kernel's audit meanwhile, if anything."""
        status = audit_status()
        if self.auditd is not None and status['pid'] != str(self.auditd.pid):
            return '; but the audit daemon is another now, pid ' + status['pid']
        if self.profile is not None and 'key=' + KEY not in auditctl('-l'):
            return '; but somebody took away the rules'
        return ''

    def nothing_more(self, number, **wanted):
        """There are this many records with these values, and after all that can be on its way there are still no more."""
        # An event of our own behind them: when its record is there, so would theirs be.
        marker = self.netdo('tcp,0', 'connect,0,127.0.0.1,%d' % closed_port(), 'sleep,30', 'exit,0')  # in every profile
        self.end_of(marker.pid)
        found = self.records(**wanted)
        if len(found) != number:
            raise Failure('%d records with %s, not %d:\n%s' % (len(found), wanted, number, self.dump(wanted)))
