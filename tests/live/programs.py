# SPDX-License-Identifier: GPL-2.0-or-later
"""
The programs that live tests run, and the servers they talk to. Servers are in the test itself, which is root: its calls are not audited.
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from cases import Failure, Skip, expect, expect_that

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.dirname(os.path.abspath(os.environ.get('builddir', os.path.join(SOURCE, 'tests'))))


# netdo.

class Steps(list):
    """The lines that netdo printed: dicts, times as floats."""

    def of(self, step, pid=None):
        return [line for line in self if line['step'] == step and pid in (None, line['pid'])]

    def one(self, step, pid=None):
        found = self.of(step, pid)
        if len(found) != 1:
            raise Failure('netdo printed %d lines of %s, not one: %s' % (len(found), step, list(self)))
        return found[0]


def netdo_line(text):
    line = dict(pair.split('=', 1) for pair in text.split())
    for key in ('began', 'done'):
        line[key] = float(line[key])
    for key in ('pid', 'fd', 'result', 'errno', 'local_port', 'peer_port'):
        line[key] = int(line[key])
    return line


class Done:
    """A program that was run."""

    def __init__(self, pid, status, began, ended, out, err):
        self.pid, self.status, self.began, self.ended, self.out, self.err = pid, status, began, ended, out, err
        self.steps = Steps()


class Running:
    """netdo while it runs: the test reads its lines, and lets it go on where it waits."""

    def __init__(self, live, program, steps, options):
        self.child = live.start(program, *steps, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.pid = self.child.pid
        self.steps = Steps()

    def until(self, step):
        """Reads on until the line of this step; that line."""
        for text in self.child.stdout:
            self.steps.append(netdo_line(text.decode()))
            if self.steps[-1]['step'] == step:
                return self.steps[-1]
        raise Failure('netdo ended without %s: %s' % (step, list(self.steps)))

    def go(self):
        """Past the next "wait"."""
        self.child.stdin.write(b'.')
        self.child.stdin.flush()

    def kill(self, number=signal.SIGKILL):
        """When it was dead."""
        self.child.send_signal(number)
        self.child.wait(10)
        return time.time()

    def finish(self):
        """Reads and waits to the end; when that was."""
        self.child.stdin.close()
        self.steps += [netdo_line(text.decode()) for text in self.child.stdout]
        self.child.wait(60)
        return time.time()


def compiler():
    return os.environ.get('CC', '').split() or [shutil.which('cc') or shutil.which('gcc') or 'cc']


PROGRAMS = {'netdo': ('netdo.c', 'ring.c'), 'withpid': ('withpid.c',)}


def program(live, name, *flags):
    """A helper program where the test user can run it: the build's, else compiled here."""
    path = live.path('bin', name + ''.join(flags))
    if not os.path.exists(path):
        built = os.path.join(BUILD, 'tests', 'live', name)
        if os.access(built, os.X_OK) and not flags:
            shutil.copy(built, path)
        else:
            sources = [os.path.join(HERE, source) for source in PROGRAMS[name]]
            result = subprocess.run([*compiler(), *flags, '-D_GNU_SOURCE', '-o', path, *sources, '-pthread'], stderr=subprocess.PIPE, text=True)
            if result.returncode != 0:
                raise Skip('%s cannot be compiled: %s' % (name, (result.stderr.splitlines() or ['?'])[0]))
        os.chmod(path, 0o755)
        runs_here(path)
    return path


def runs_here(path):
    """A program for another machine than the kernel's does not, as 32-bit ones where it is built without them."""
    try:
        subprocess.run([path, 'exit,0'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10)
    except OSError as error:
        os.unlink(path)
        raise Skip('this kernel does not run %s: %s' % (os.path.basename(path), error.strerror)) from None


def netdo(live):
    return program(live, 'netdo')


def copy_of_netdo(live, name):
    """netdo as another program; its path."""
    path = live.path('bin', name)
    if not os.path.exists(path):
        shutil.copy(netdo(live), path)
    return path


def connecting(slot, server, family='tcp'):
    """Steps: a connection in this slot."""
    return [family + ',%d' % slot, 'connect,%d,%s,%d' % (slot, server.ip, server.port)]


# Process ids that are used again.

def spare_pid():
    """One that nobody has had for long, and that the kernel does not come to soon."""
    with open('/proc/loadavg') as newest, open('/proc/sys/kernel/pid_max') as most:
        last, limit = int(newest.read().split()[-1]), int(most.read())
    for step in range(5000, limit, 977):
        pid = (last + step) % limit
        if pid > 1000 and not os.path.exists('/proc/%d' % pid):
            return pid
    raise Skip('no pid is free')


def run_with_pid(live, pid, *command):
    """Runs a program as the test user with this pid."""
    done = subprocess.run([program(live, 'withpid'), str(pid), str(live.uid), *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, timeout=30)
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    return done


def used_again(live, *ends):
    """Two programs one after the other with one pid; the first one's end is given."""
    first, second = netdo(live), copy_of_netdo(live, 'netdo-other')
    pid = spare_pid()
    with Server() as one, Server('127.0.0.2') as other:
        run_with_pid(live, pid, first, *connecting(0, one), *ends)
        ended = time.time()
        run_with_pid(live, pid, second, *connecting(0, other), 'sleep,100', 'exit,0')
        earlier = live.end_of(pid, remote_port=one.port)
        later = live.end_of(pid, remote_port=other.port)
    expect(earlier, exe=first, remote_ip='127.0.0.1', connections=1, outcome='ok')
    expect(later, exe=second, remote_ip='127.0.0.2', connections=1, outcome='ok')
    expect_that(earlier.time('end') <= ended + 0.05, 'the first one ends with the second', earlier)
    expect_that(earlier.time('end') <= later.time('start'), 'the frames overlap: %s' % later.line, earlier)
    live.nothing_more(2, pid=pid, event='end')
    return earlier, later


# Servers.

class Server:
    """Accepts or answers on a port of `ip`; remembers when and from where. Answers are the questions, or a page for HTTP."""

    def __init__(self, ip='127.0.0.1', udp=False, page=None):
        self.family = socket.AF_INET6 if ':' in ip else socket.AF_INET
        self.page = page
        self.peers = []  # (time, address, bytes received, bytes sent), once a connection is over
        self.accepted = []  # (time, address)
        self.socket = socket.socket(self.family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((ip, 0))
        self.ip, self.port = self.socket.getsockname()[:2]
        if not udp:
            self.socket.listen(128)
        self.thread = threading.Thread(target=self.serve_udp if udp else self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, address = self.socket.accept()
                self.accepted.append((time.time(), address))
                threading.Thread(target=self.talk, args=(connection, address), daemon=True).start()

    def talk(self, connection, address):
        received = sent = 0
        began = time.time()
        with contextlib.suppress(OSError):
            while True:
                question = connection.recv(65536)
                received += len(question)
                if not question:
                    break
                answer = question if self.page is None else self.page
                connection.sendall(answer)
                sent += len(answer)
                if self.page is not None:
                    break
        with contextlib.suppress(OSError):
            connection.close()
        self.peers.append((began, address, received, sent))

    def serve_udp(self):
        with contextlib.suppress(OSError):
            while True:
                question, address = self.socket.recvfrom(65536)
                if address is None:
                    break
                self.accepted.append((time.time(), address))
                self.socket.sendto(question, address)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Full:
    """A listener whose queue is full: it does not answer a connect until accept_one()."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(0)
        self.ip, self.port = self.listener.getsockname()
        # The only place; whoever comes next is not answered, nor does anyone else wait for it.
        self.fillers = [socket.create_connection((self.ip, self.port))]

    def accept_one(self):
        self.fillers.append(self.listener.accept()[0])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        for held in [self.listener, *self.fillers]:
            held.close()


PAGE = b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n'


def closed_port(ip='127.0.0.1'):
    """A port that nobody listens on. It stays bound, so that nobody else gets it."""
    holder = socket.socket(socket.AF_INET6 if ':' in ip else socket.AF_INET, socket.SOCK_STREAM)
    holder.bind((ip, 0))
    closed_port.holders.append(holder)
    return holder.getsockname()[1]


closed_port.holders = []
