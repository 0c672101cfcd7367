#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
What is asked of the sockets, under a real kernel: when a connection was closed, what went through it, whose it was; and the less common calls.

test_sockets.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
"""
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import Skip, expect, expect_frame, expect_that, find, main, test  # noqa: E402
from live import Live, audit, auditctl  # noqa: E402
from programs import Server, Steps, connecting, netdo, netdo_line, program  # noqa: E402


# Ends and counters.

def expect_received(record, size, connections=1):
    """Where this side closed first and the peer's end came later, the kernel did not count that end: one short, pnat-record(5)."""
    expect_that(record['rx'] != '-' and size - connections <= int(record['rx']) <= size, 'rx is not %d' % size, record)


@test
def a_flow_ends_when_its_last_connection_is_closed(live):
    with Server() as server:
        client = live.begin(*connecting(0, server), *connecting(1, server), 'close,0', 'sleep,1300', 'send,1,hello', 'recv,1', 'close,1', 'wait', 'exit,0')
        first = client.until('connect')
        closed = [client.until('close'), client.until('close')][1]
        record = live.end_of(client.pid)
        client.finish()
    expect(record, reason='close', outcome='ok', connections=2, tx=5, proto='tcp', local_ip='127.0.0.1', local_port='-')
    expect_received(record, 5, 2)
    expect_frame(record, first['began'], first['done'], last=client.steps.one('recv')['done'], ended=closed['done'])
    expect_that(record.seen <= closed['done'] + 2.5, 'the record came late', record)
    live.nothing_more(1, pid=client.pid, event='end')


@test
def a_copy_of_a_descriptor_keeps_the_flow_open(live):
    with Server() as server:
        client = live.begin(*connecting(0, server), 'dup,0,1', 'close,0', 'sleep,1500', 'send,1,hello', 'recv,1', 'close,1', 'wait', 'exit,0')
        closed = [client.until('close'), client.until('close')][1]
        record = live.end_of(client.pid)
        client.finish()
    expect(record, reason='close', connections=1, tx=5, local_port=client.steps.one('connect')['local_port'])
    expect_received(record, 5)
    expect_frame(record, client.steps.one('connect')['began'], last=client.steps.one('recv')['done'], ended=closed['done'])


@test
def a_connection_shared_with_a_child_is_open_until_both_closed_it(live):
    with Server() as server:
        parent = live.begin(*connecting(0, server), 'fork', 'sleep,1500', 'send,0,hello', 'recv,0', 'say', 'exit,0', 'end', 'close,0', 'wait', 'exit,0')
        said = parent.until('say')
        record = live.end_of(parent.pid)
        parent.finish()
    expect(record, reason='close', connections=1, tx=5)
    expect_received(record, 5)
    expect_frame(record, parent.steps.one('connect')['began'], last=parent.steps.one('recv')['done'], ended=said['done'])


@test
def connections_too_short_to_be_asked(live):
    """Forty connections that are over before their events are read."""
    number = 40
    with Server() as server:
        done = live.netdo(*[step for _ in range(number) for step in (*connecting(0, server), 'send,0,hello', 'recv,0', 'close,0')], 'exit,0')
        records = [live.end_of(done.pid)]
    calls = done.steps.of('connect')
    expect(records[0], outcome='ok', connections=number, failed=0, tx=5 * number, proto='tcp', remote_port=server.port)
    expect_received(records[0], 5 * number, number)
    expect_frame(records[0], calls[0]['began'], calls[0]['done'], last=done.steps.of('recv')[-1]['done'], ended=done.ended)


@test
def a_descriptors_number_that_is_used_again_at_once(live):
    """By the time the first connect's event is read, its number is another socket's."""
    with Server() as one, Server('127.0.0.2') as other, Server('127.0.0.3', udp=True) as datagrams:
        done = live.netdo(*connecting(0, one), 'send,0,hello', 'recv,0', 'close,0', *connecting(0, other), 'send,0,hi', 'recv,0', 'close,0',
                          'udp,0', 'sendto,0,127.0.0.3,%d,abc' % datagrams.port, 'recvfrom,0', 'sleep,200', 'exit,0')
        first, second = live.end_of(done.pid, remote_port=one.port), live.end_of(done.pid, remote_port=other.port)
        third = live.end_of(done.pid, remote_port=datagrams.port)
    for record, line, size in zip((first, second), done.steps.of('connect'), (5, 2)):
        expect(record, proto='tcp', outcome='ok', connections=1, local_port=line['local_port'], tx=size)
        expect_received(record, size)
        expect_frame(record, line['began'], line['done'], last=line['done'], ended=done.ended)
    expect(third, proto='udp', outcome='ok', connections=0, tx=3, rx=3)


@test
def a_connection_reset_by_its_owner(live):
    with Server() as server:
        done = live.netdo(*connecting(0, server), 'send,0,hello', 'recv,0', 'sleep,100', 'linger0,0', 'close,0', 'sleep,100', 'exit,0')
        record = live.end_of(done.pid)
    expect(record, outcome='ok', connections=1, proto='tcp', local_port=done.steps.one('connect')['local_port'])
    expect_that(record['tx'] in ('5', '-') and record['rx'] in ('5', '-'), 'other counters than 5', record)


@test
def in_another_network_namespace(live):
    """As a container has one."""
    command = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec setpriv --reuid %d --regid %d --clear-groups "$@"' % (live.uid, live.uid), 'sh']
    for word in ('unshare', 'setpriv', 'ip'):
        if find(word) is None:
            raise Skip('needs ' + word)
    # A descriptor each: the server's end is slot 1.
    steps = ['tcp,0', 'listen,0,127.0.0.1,7654', 'fork', 'tcp,2', 'connect,2,127.0.0.1,7654', 'send,2,hello', 'recv,2', 'sleep,200', 'close,2', 'sleep,1700', 'exit,0',
             'end', 'accept,0,1', 'recv,1', 'send,1,ok', 'sleep,200', 'close,1', 'sleep,1700', 'reap', 'exit,0']
    done = subprocess.run(command + [netdo(live)] + steps, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          timeout=30)
    if done.returncode != 0:
        raise Skip('unshare: ' + done.stderr.strip())
    lines = Steps(netdo_line(line) for line in done.stdout.splitlines())
    client, server = lines.one('connect'), lines.one('accept')
    out, inward = live.end_of(client['pid']), live.end_of(server['pid'])
    expect(out, direction='out', outcome='ok', remote_port=7654, proto='tcp', local_port=client['local_port'], connections=1)
    expect(inward, direction='in', outcome='ok', local_port=7654, proto='tcp', remote_port=server['peer_port'], connections=1)
    expect_frame(out, client['began'], client['done'], last=lines.one('recv', client['pid'])['done'], ended=time.time())
    expect_frame(inward, client['began'], server['done'], last=lines.one('send', server['pid'])['done'], ended=time.time())
    # Since Linux 6.? the destroy messages of other namespaces come too; else the process's end is what is known.
    expect_that(out['reason'] in ('close', 'exit') and inward['reason'] in ('close', 'exit'), 'another reason', out)
    if out['reason'] == 'close':
        expect(out, tx=5, rx=2)


# Other calls.

@test
def accept4_is_an_accept(live):
    server = live.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept4,0,1', 'recv,1', 'exit,0')
    port = server.until('listen')['local_port']
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(b'hello')
        ended = server.finish()
        record = live.end_of(server.pid)
        expect(record, direction='in', remote_port=client.getsockname()[1], local_port=port, connections=1, outcome='ok')
    call = server.steps.one('accept4')
    expect_frame(record, call['began'], call['done'], last=call['done'], ended=ended)


@test
def several_messages_in_a_call(live):
    """The kernel shows the last address of a call; on a connected socket none is needed."""
    with Server(udp=True) as one, Server('127.0.0.2', udp=True) as other:
        done = live.netdo('udp,0', 'sendmmsg,0,abc,127.0.0.1,%d,127.0.0.2,%d' % (one.port, other.port), 'udp,1',
                          'connect,1,127.0.0.1,%d' % one.port, 'sendmmsg,1,abc', 'recvmmsg,1,2', 'sleep,200', 'exit,0')
        to_other = live.end_of(done.pid, remote_ip='127.0.0.2')
        to_one = live.end_of(done.pid, remote_ip='127.0.0.1')
    expect(to_other, direction='out', proto='udp', remote_port=other.port, outcome='ok')
    expect(to_one, direction='out', proto='udp', remote_port=one.port, outcome='ok', connections=1)
    expect_frame(to_other, done.steps.of('sendmmsg')[0]['began'], last=done.steps.of('sendmmsg')[0]['done'], ended=done.ended)


@test
def a_32_bit_program(live):
    if os.uname().machine != 'x86_64':
        raise Skip('for x86_64 only')
    other = program(live, 'netdo', '-m32')
    with Server() as server, Server('127.0.0.2', udp=True) as datagrams:
        done = live.netdo(*connecting(0, server), 'send,0,hello', 'recv,0', 'close,0', 'udp,1', 'sendto,1,127.0.0.2,%d,abc' % datagrams.port, 'recvfrom,1',
                          'sleep,200', 'exit,0', program=other)
        stream = live.end_of(done.pid, remote_port=server.port)
        datagram = live.end_of(done.pid, remote_port=datagrams.port)
    expect(stream, exe=other, proto='tcp', outcome='ok', connections=1, tx=5, local_port=done.steps.one('connect')['local_port'])
    expect_received(stream, 5)
    expect(datagram, exe=other, proto='udp', outcome='ok', tx=3, rx=3, calls=2)
    expect_frame(stream, done.steps.one('connect')['began'], last=done.steps.one('recv')['done'], ended=done.ended)


@test
def a_32_bit_server(live):
    if os.uname().machine != 'x86_64':
        raise Skip('for x86_64 only')
    other = program(live, 'netdo', '-m32')
    server = live.begin('tcp,0', 'listen,0,127.0.0.1,0', 'accept,0,1', 'recv,1', 'send,1,ok', 'sleep,200', 'exit,0', program=other)
    port = server.until('listen')['local_port']
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(b'hello')
        ended = server.finish()
        record = live.end_of(server.pid)
        expect(record, direction='in', exe=other, remote_port=client.getsockname()[1], local_port=port, connections=1, outcome='ok')
    expect_frame(record, server.steps.one('accept')['began'], server.steps.one('accept')['done'], last=server.steps.one('send')['done'], ended=ended)


def has_ring(done):
    if done.steps.one('ring')['result'] != 0:
        raise Skip('io_uring_setup: errno %d' % done.steps.one('ring')['errno'])


@test
def io_uring_connects_are_seen_with_any_audit(live):
    """By the address that passes through io_uring_enter(2)."""
    for mode in ('plain', 'async'):
        with Server() as server:
            done = live.netdo('ring,' + mode, 'tcp,0', 'ringconnect,0,127.0.0.1,%d' % server.port, 'sleep,100', 'exit,0')
            has_ring(done)
            record = live.end_of(done.pid)
        expect(record, comm='netdo', direction='out', remote_ip='127.0.0.1', remote_port=server.port)
        expect_that(record['outcome'] in ('ok', 'pending', '-'), 'it did not fail', record)
        call = done.steps.one('ringconnect')
        expect_frame(record, call['began'], call['done'], last=call['done'], ended=done.ended)


# The full profile.

@test
def an_accept_that_did_not_ask_who(full):
    """accept(fd, NULL, NULL) passes no address: the socket itself is asked."""
    server = full.begin('tcp,0', 'listen,0,127.0.0.1,0', 'acceptnull,0,1', 'recv,1', 'send,1,ok', 'sleep,200', 'exit,0')
    port = server.until('listen')['local_port']
    with socket.create_connection(('127.0.0.1', port)) as client:
        client.sendall(b'hello')
        ended = server.finish()
        record = full.end_of(server.pid)
        expect(record, direction='in', remote_ip='127.0.0.1', remote_port=client.getsockname()[1], local_port=port, connections=1, outcome='ok')
    call = server.steps.one('acceptnull')
    expect_frame(record, call['began'], call['done'], last=server.steps.one('send')['done'], ended=ended)


@test
def the_full_profile_counts_datagrams(full):
    with Server(udp=True) as server:
        done = full.netdo('udp,0', 'connect,0,127.0.0.1,%d' % server.port, 'send,0,hello', 'recv,0', 'send,0,abc', 'recv,0', 'exit,0')
        record = full.end_of(done.pid)
    expect(record, proto='udp', tx=8, rx=8, calls=5, connections=1, outcome='ok')
    expect_frame(record, done.steps.one('connect')['began'], last=done.steps.of('recv')[1]['done'], ended=done.ended)


# io_uring's own filter, audit 3.1 and newer.

@test
def io_uring_operations(uring):
    for mode in ('plain', 'async', 'sqpoll'):
        with Server() as server:
            done = uring.netdo('ring,' + mode, 'tcp,0', 'ringconnect,0,127.0.0.1,%d' % server.port, 'sleep,200', 'exit,0')
            has_ring(done)
            record = uring.end_of(done.pid)
        expect(record, comm='netdo' if mode != 'sqpoll' else record['comm'], exe=netdo(uring), direction='out', remote_ip='127.0.0.1', remote_port=server.port)
        call = done.steps.one('ringconnect')
        expect_frame(record, call['began'], call['done'], last=call['done'], ended=done.ended)


@test
def io_uring_accepts(uring):
    for mode in ('plain', 'async'):
        server = uring.begin('ring,' + mode, 'tcp,0', 'listen,0,127.0.0.1,0', 'ringaccept,0,1', 'sleep,200', 'exit,0')
        port = server.until('listen')['local_port']
        time.sleep(0.5)
        with socket.create_connection(('127.0.0.1', port)) as client:
            ended = server.finish()
            record = uring.end_of(server.pid)
            expect(record, direction='in', remote_ip='127.0.0.1', remote_port=client.getsockname()[1], exe=netdo(uring))
        call = server.steps.one('ringaccept')
        expect_frame(record, call['done'], call['done'], last=call['done'], ended=ended)


def with_io_uring():
    text = auditctl('-v')
    version = [int(''.join(filter(str.isdigit, part)) or 0) for part in text.split()[-1].split('.')[:2]]
    if version < [3, 1]:
        raise Skip('auditctl %s has no io_uring filter' % text.split()[-1])
    return Live(io_uring=True)


if __name__ == '__main__':
    main({'live': Live, 'full': lambda: Live('full'), 'uring': with_io_uring}, audit)
