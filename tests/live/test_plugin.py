#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The plugin under a real auditd: one program talks to the network, and when it exits one line says who talked to whom from when to when.

test_plugin.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
"""
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import Record, Skip, expect, expect_frame, expect_that, main, test, wait_until  # noqa: E402
from live import Live, audit, audit_status  # noqa: E402
from programs import PAGE, Server, closed_port  # noqa: E402


def curl(live, ip):
    if shutil.which('curl') is None:
        raise Skip('needs curl')
    host = '[%s]' % ip if ':' in ip else ip
    with Server(ip, page=PAGE) as server:
        done = live.run(shutil.which('curl'), '-s', '-o', '/dev/null', '-w',
                        '%{local_port} %{http_code} %{size_request} %{size_header} %{size_download}', 'http://%s:%d/' % (host, server.port),
                        login=True)
        local_port, code, *sizes = done.out.split()
        expect_that(code == '200', 'curl failed: %s%s' % (done.out, done.err))
        record = live.wait(event='end', ppid=done.pid)
    expect(record, uid=live.uid, euid=live.uid, auid=live.uid, comm='curl', direction='out', proto='tcp',
           local_ip=ip, local_port=local_port, remote_ip=ip, remote_port=server.port, outcome='ok', errno='-', connections=1, failed=0,
           calls=1, tx=sizes[0], rx=int(sizes[1]) + int(sizes[2]), confidence='exact', gap='no', host=live.host)
    expect_that(record['exe'] == os.path.realpath(shutil.which('curl')), 'another exe', record)
    expect_that(record['ses'] != '-', 'no session', record)
    expect_that(record['cmd'].startswith(shutil.which('curl') + ' -s -o /dev/null -w'), 'another cmd', record)
    expect_that(record['reason'] in ('exit', 'close'), 'another reason', record)
    expect_frame(record, done.began, server.accepted[0][0], last=server.accepted[0][0], ended=done.ended)
    expect_that(record.seen <= done.ended + 1.5, 'the record came %.1f s after the end' % (record.seen - done.ended))
    live.nothing_more(1, ppid=done.pid)


@test
def curl_over_ipv4_leaves_exactly_one_end_record(live):
    curl(live, '127.0.0.1')


@test
def curl_over_ipv6_leaves_exactly_one_end_record(live):
    curl(live, '::1')


@test
def grep_for_the_address_finds_the_record(live):
    with Server('127.0.0.2') as server:
        done = live.netdo('tcp,0', 'connect,0,127.0.0.2,%d' % server.port, 'exit,0')
        live.end_of(done.pid)
    found = subprocess.run(['grep', '-c', 'remote_ip=127.0.0.2 ', live.path('records', 'pnat.log')], stdout=subprocess.PIPE, text=True)
    expect_that(found.stdout.strip() == '1', 'grep found %s lines' % found.stdout.strip())


@test
def a_datagram_exchange_with_addresses(live):
    with Server(udp=True) as server:
        done = live.netdo('udp,0', 'sendto,0,127.0.0.1,%d,12345' % server.port, 'recvfrom,0', 'sendto,0,127.0.0.1,%d,123' % server.port, 'recvfrom,0',
                          'sleep,200', 'exit,0')
        record = live.end_of(done.pid)
    calls = done.steps
    expect(record, direction='out', proto='udp', remote_ip='127.0.0.1', remote_port=server.port, outcome='ok', connections=0, calls=4,
           tx=8, rx=8, local_port=calls.of('recvfrom')[0]['local_port'])
    expect_frame(record, calls.of('sendto')[0]['began'], calls.of('sendto')[0]['done'], last=calls.of('recvfrom')[1]['done'],
                 ended=done.ended)


@test
def a_datagram_exchange_on_a_connected_socket(live):
    with Server('::1', udp=True) as server:
        done = live.netdo('udp6,0', 'connect,0,::1,%d' % server.port, 'send,0,12345', 'recv,0', 'exit,0')
        record = live.end_of(done.pid)
    connect = done.steps.one('connect')
    expect(record, direction='out', proto='udp', remote_ip='::1', remote_port=server.port, outcome='ok', connections=1,
           local_port=connect['local_port'])
    expect_frame(record, connect['began'], connect['done'], last=done.steps.one('recv')['done'], ended=done.ended)


@test
def a_datagram_server_is_the_inbound_side(live):
    """The server takes two questions of one client."""
    server = live.begin('udp,0', 'listen,0,127.0.0.1,0', 'recvfrom,0', 'recvfrom,0', 'sleep,200', 'exit,0')
    port = server.until('listen')['local_port']
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    began = time.time()
    client.sendto(b'one', ('127.0.0.1', port))
    client.sendto(b'three', ('127.0.0.1', port))
    ended = server.finish()
    record = live.end_of(server.pid)
    expect(record, direction='in', proto='udp', remote_ip='127.0.0.1', remote_port=client.getsockname()[1], local_port=port, outcome='ok',
           calls=2, rx=8, connections=0)
    expect_frame(record, began, last=began, ended=ended)


def refused(live, *steps, ip='127.0.0.1'):
    port = closed_port(ip)
    done = live.netdo('tcp6,0' if ':' in ip else 'tcp,0', *[step.format(ip=ip, port=port) for step in steps])
    record = live.end_of(done.pid)
    expect(record, remote_ip=ip, remote_port=port, direction='out', outcome='failed', errno='ECONNREFUSED', connections=1, failed=1)
    expect_that(record['proto'] in ('tcp', '-'), 'another protocol', record)
    connect = done.steps.of('connect')[0]
    expect_frame(record, connect['began'], connect['done'], last=connect['done'], ended=done.ended)
    live.nothing_more(1, pid=done.pid)


@test
def a_refused_connect_that_waits(live):
    refused(live, 'connect,0,{ip},{port}', 'exit,0')


@test
def a_refused_connect_that_waits_over_ipv6(live):
    refused(live, 'connect,0,{ip},{port}', 'exit,0', ip='::1')


@test
def a_refused_connect_that_does_not_wait_and_is_closed(live):
    refused(live, 'nonblock,0', 'connect,0,{ip},{port}', 'poll,0,out', 'close,0', 'sleep,100', 'exit,0')


@test
def a_refused_connect_that_does_not_wait_and_exits_at_once(live):
    refused(live, 'nonblock,0', 'connect,0,{ip},{port}', 'exit,0')


@test
def a_refused_connect_that_asks_again(live):
    refused(live, 'nonblock,0', 'connect,0,{ip},{port}', 'poll,0,out', 'connect,0,{ip},{port}', 'exit,0')


def accepting(live, accept, ip='127.0.0.1', wait=0.0):
    server = live.begin('tcp6,0' if ':' in ip else 'tcp,0', 'listen,0,%s,0' % ip, accept + ',0,1', 'recv,1', 'send,1,ok', 'close,1', 'wait', 'exit,0')
    port = server.until('listen')['local_port']
    time.sleep(wait)  # the server is to be blocked for so long
    began = time.time()
    client = socket.create_connection((ip, port))
    client.sendall(b'hello')
    client.recv(10)
    address = client.getsockname()
    client.close()
    closed = server.until('close')
    record = live.end_of(server.pid, timeout=5)
    expect(record, direction='in', proto='tcp', remote_ip=ip, remote_port=address[1], local_ip=ip, local_port=port, outcome='ok',
           connections=1, tx=2, rx=5, reason='close')
    expect_frame(record, began, server.steps.one(accept)['done'], last=server.steps.one('send')['done'], ended=closed['done'])
    server.finish()


@test
def an_accepted_connection(live):
    accepting(live, 'accept')


@test
def an_accepted_connection_over_ipv6(live):
    accepting(live, 'accept4', ip='::1')


@test
def an_accept_that_waited_a_second_begins_when_the_peer_came(live):
    accepting(live, 'accept', wait=1.2)


@test
def an_accept_that_waited_begins_when_the_peer_came_although_the_process_ended_at_once(live):
    server = live.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept,0,1', 'exit,0')
    address = ('127.0.0.1', server.until('listen')['local_port'])
    time.sleep(0.5)  # the server is to be blocked for so long
    began = time.time()
    with socket.create_connection(address):
        accepted = server.until('accept')['done']
        ended = server.finish()
    expect_frame(live.end_of(server.pid), began, accepted, last=accepted, ended=ended)


@test
def an_accept_that_auditd_tells_of_late_begins_when_the_peer_came(live):
    server = live.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept,0,1', 'wait', 'exit,0')
    address = ('127.0.0.1', server.until('listen')['local_port'])
    os.kill(live.auditd.pid, signal.SIGSTOP)
    try:
        began = time.time()
        with socket.create_connection(address):
            accepted = server.until('accept')['done']
            time.sleep(0.5)  # so late is the event, at least
            os.kill(live.auditd.pid, signal.SIGCONT)
            live.end_of(live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0').pid)  # it has been told
            ended = server.finish()
    finally:
        os.kill(live.auditd.pid, signal.SIGCONT)
    record = live.end_of(server.pid)
    expect_frame(record, began, accepted, last=accepted, ended=ended)


@test
def threads_connect_and_the_process_goes_on(live):
    with Server() as server:
        connect = 'connect,%%d,127.0.0.1,%d' % server.port
        done = live.netdo('thread', 'tcp,0', connect % 0, 'end', 'thread', 'tcp,1', connect % 1, 'end', 'join', 'sleep,300', 'tcp,2',
                          connect % 2, 'exit,0')
        record = live.end_of(done.pid)
    calls = done.steps.of('connect')
    expect(record, remote_port=server.port, connections=3, failed=0, calls=3, outcome='ok', reason='exit')
    expect_frame(record, calls[0]['began'], calls[0]['done'], last=calls[2]['done'], ended=done.ended)
    expect_that(record.time('last') >= calls[2]['began'] - 0.011, 'last is not that of the third connect', record)


@test
def a_long_flow_has_a_start_record(live):
    """start_after is 1 here."""
    with Server() as server:
        done = live.netdo('tcp,0', 'connect,0,127.0.0.1,%d' % server.port, 'sleep,1500', 'exit,0')
        live.end_of(done.pid)
    kinds = [record['event'] for record in live.records(pid=done.pid)]
    expect_that(kinds == ['start', 'end'], 'records are %s' % kinds)


@test
def the_last_event_before_a_quiet_hour_comes_out_within_a_second(live):
    """The refused connect is the last audit event of all: nothing behind it pushes it out."""
    port = closed_port()
    done = live.netdo('tcp,0', 'connect,0,127.0.0.1,%d' % port, 'exit,0')
    ended = time.time()
    record = live.end_of(done.pid, timeout=1.0)
    expect_that(record.seen - ended <= 1.0, 'it came after %.2f s' % (record.seen - ended))


# Signals.

def log_lines(live):
    with open(live.path('records', 'pnat.log')) as log:
        return [Record(line) for line in log]


def talk_and_end(live):
    """A process with a record of its own; the record."""
    done = live.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
    return live.end_of(done.pid)


@test
def a_hangup_reopens_the_log_that_was_rotated(live):
    log = live.path('records', 'pnat.log')
    talk_and_end(live)
    os.rename(log, log + '.1')
    live.read = 0
    plugin = live.plugin_pid()
    os.kill(plugin, signal.SIGHUP)
    wait_until(lambda: os.path.exists(log), 2, 'the plugin opens its log again')
    record = talk_and_end(live)
    expect_that(record['pid'] in [line['pid'] for line in log_lines(live)], 'the record is not in the new file', record)
    expect_that(live.plugin_pid() == plugin, 'the plugin is another process now')
    expect_that(os.stat(log).st_mode & 0o777 == 0o640, 'the new file has mode %o' % (os.stat(log).st_mode & 0o777))


@test
def a_hangup_with_a_bad_configuration_keeps_the_old(live):
    plugin = live.plugin_pid()
    live.write_config(start_after='soon')
    os.kill(plugin, signal.SIGHUP)
    talk_and_end(live)
    live.write_config(start_after='1')
    os.kill(plugin, signal.SIGHUP)
    talk_and_end(live)
    expect_that(live.plugin_pid() == plugin, 'the plugin is another process now')


@test
def a_hangup_takes_a_good_configuration(live):
    live.write_config(exclude='127.0.0.3/32')
    os.kill(live.plugin_pid(), signal.SIGHUP)

    def excluded():
        done = live.netdo('udp,0', 'sendto,0,127.0.0.3,9,x', 'sendto,0,127.0.0.1,9,x', 'exit,0')
        live.end_of(done.pid, remote_ip='127.0.0.1')
        return not live.records(pid=done.pid, remote_ip='127.0.0.3')

    wait_until(excluded, 3, 'the excluded address stays out')
    live.write_config(exclude='')
    os.kill(live.plugin_pid(), signal.SIGHUP)


@test
def a_hangup_does_not_harm_an_open_flow(live):
    with Server() as server:
        client = live.begin('tcp,0', 'connect,0,127.0.0.1,%d' % server.port, 'wait', 'exit,0')
        connect = client.until('connect')
        os.kill(live.plugin_pid(), signal.SIGHUP)
        talk_and_end(live)
        expect_that(not live.records(event='end', pid=client.pid), 'the flow ended')
        ended = client.finish()
        record = live.end_of(client.pid)
    expect(record, outcome='ok', connections=1)
    expect_frame(record, connect['began'], connect['done'], last=connect['done'], ended=ended)


@test
def a_termination_by_a_stranger_is_ignored(live):
    plugin = live.plugin_pid()
    os.kill(plugin, signal.SIGTERM)
    talk_and_end(live)
    expect_that(live.plugin_pid() == plugin, 'the plugin is another process now')


def gone(handle):
    return bool(select.select([handle], [], [], 0)[0])


@test
def auditd_ends_the_plugin_and_an_open_flow_goes_on_in_the_next(live):
    """auditd closes the plugin's input and terminates it, which takes less than a second; the next plugin takes over."""
    with Server() as server:
        client = live.begin('tcp,0', 'connect,0,127.0.0.1,%d' % server.port, 'wait', 'exit,0')
        connect = client.until('connect')
        talk_and_end(live)  # so the connect's event has arrived
        plugin = live.plugin_pid()
        handle = os.pidfd_open(plugin)
        began = time.monotonic()
        live.auditd.send_signal(signal.SIGTERM)
        wait_until(lambda: gone(handle), 5, 'the plugin ends')
        took = time.monotonic() - began
        os.close(handle)
        live.stop_auditd()
        expect_that(not live.records(event='end', pid=client.pid), 'the flow ended')
        live.start_auditd()
        talk_and_end(live)
        ended = client.finish()
        record = live.end_of(client.pid)
    expect_that(took <= 1.5, 'it took %.1f s' % took)  # auditd's part is in it
    expect(record, reason='exit', outcome='ok', remote_port=server.port, connections=1, comm='netdo')
    expect_frame(record, connect['began'], connect['done'], last=connect['done'], ended=ended)


@test
def end_of_input_ends_the_plugin_with_its_records_written(fresh):
    """As at auditd's own death, or a reload of audit 4: the pipe is closed, and nothing else is said."""
    log = fresh.path('records', 'eof.log')
    fresh.write_config(file=log, state_dir=fresh.path('eof-state'))
    ours, theirs = socket.socketpair()
    plugin = subprocess.Popen([fresh.path('bin', 'pnat-plugin'), '--config=' + fresh.path('pnat-plugin.conf')], stdin=theirs, env={},
                              stderr=subprocess.PIPE)
    theirs.close()
    wait_until(lambda: os.path.exists(log), 5, 'the plugin opens its log')
    began = time.monotonic()
    ours.sendall(some_events())
    ours.close()
    status = plugin.wait(5)
    took = time.monotonic() - began
    expect_that(status == 0, 'exit status %d: %s' % (status, plugin.stderr.read().decode()))
    expect_that(took < 1, 'it took %.1f s' % took)
    with open(log) as lines:
        records = [Record(line) for line in lines]
    expect_that(len(records) == 1, '%d records, not one' % len(records))
    expect(records[0], event='end', reason='exit', remote_ip='203.0.113.9', remote_port=443, outcome='ok', pid=999999)


def some_events():
    """A process connects and exits, a moment ago."""
    who = ('ppid=1 pid=999999 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="x" '
           'exe="/x" key="pnat"')
    now = time.time()
    first, second = 'msg=audit(%.3f:7): ' % now, 'msg=audit(%.3f:8): ' % (now + 0.001)
    return ('type=SYSCALL ' + first + 'arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=0 a2=10 a3=0 items=0 ' + who + '\n'
            'type=SOCKADDR ' + first + 'saddr=020001BBCB0071090000000000000000\n'
            'type=EOE ' + first + '\n'
            'type=SYSCALL ' + second + 'arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 ' + who + '\n'
            'type=EOE ' + second + '\n').encode()


@test
def the_audit_state_is_as_it_was(after):
    """Last: a whole test came and went."""
    before = after['before']
    now = audit_status()
    for key in ('enabled', 'failure', 'backlog_limit', 'rate_limit', 'pid', 'backlog_wait_time'):
        expect_that(before.get(key) == now.get(key), '%s was %s and is %s' % (key, before.get(key), now.get(key)))


class After:
    """Not a running auditd, but what one left."""

    def __enter__(self):
        before = audit_status()
        with Live() as live:
            talk_and_end(live)
        return {'before': before}

    def __exit__(self, *what):
        return None


if __name__ == '__main__':
    main({'live': lambda: Live(start_after=1), 'fresh': Live, 'after': After}, audit)
