#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Profiles of rules, aggregation, exclusions, bounds, JSON, and life without local tracking, each under a real kernel.

test_options.py [WORD...]: only cases whose names contain a word. Exit status 77: skipped.
"""
import base64
import contextlib
import hashlib
import json
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import expect, expect_frame, expect_that, main, test, wait_until  # noqa: E402
from live import Live, audit  # noqa: E402
from programs import Server, closed_port, connecting, copy_of_netdo, netdo, run_with_pid, spare_pid, used_again  # noqa: E402


# The lite profile: ends come from the kernel's other sources.

@test
def the_lite_profile_sees_connections_and_their_ends(lite):
    with Server() as server:
        done = lite.netdo('tcp,0', 'nonblock,0', 'connect,0,127.0.0.1,%d' % server.port, 'poll,0,out', 'send,0,hello', 'poll,0,in', 'recv,0', 'sleep,100', 'exit,0')
        record = lite.end_of(done.pid)
    expect(record, outcome='ok', connections=1, tx=5, rx=5, proto='tcp', local_port=done.steps.one('connect')['local_port'])
    expect_frame(record, done.steps.one('connect')['began'], last=done.steps.one('recv')['done'], ended=done.ended)


@test
def the_lite_profile_sees_no_datagrams_without_a_connect(lite):
    done = lite.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', *connecting(1, Server()), 'exit,0')
    lite.end_of(done.pid)
    expect_that(not lite.records(pid=done.pid, remote_port=9), 'it is there')


@test
def without_exit_events_a_process_that_is_gone_when_its_event_comes_ends(lite):
    """No pidfd can be had of it, and its refused connect left no socket."""
    done = lite.netdo('tcp,0', 'connect,0,127.0.0.1,%d' % closed_port(), 'exit,0')
    record = lite.end_of(done.pid)
    expect(record, outcome='failed', errno='ECONNREFUSED')
    expect_frame(record, done.steps.one('connect')['began'], last=done.steps.one('connect')['done'], ended=done.ended)


@test
def without_exit_events_a_pid_used_again_is_told_apart(lite):
    used_again(lite, 'sleep,20', 'exit,0')


# Aggregation and noise.

@test
def each_connection_is_a_flow_of_its_own(each):
    with Server() as server:
        done = each.netdo(*connecting(0, server), 'send,0,hello', 'recv,0', *connecting(1, server), 'sleep,100', 'exit,0')
        records = each.wait(event='end', pid=done.pid, number=2)
    ports = [line['local_port'] for line in done.steps.of('connect')]
    expect_that(sorted(record['local_port'] for record in records) == sorted(str(port) for port in ports), 'other local ports', records[0])
    for record in records:
        expect(record, connections=1, outcome='ok', tx=5 if record['local_port'] == str(ports[0]) else 0)


@test
def what_is_excluded_is_not_recorded(each):
    """exclude = 127.0.0.3/32 and exclude_exe = */netdo-other here."""
    other = copy_of_netdo(each, 'netdo-other')
    excluded = each.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0', program=other)
    done = each.netdo('udp,0', 'sendto,0,127.0.0.3,9,x', 'sendto,0,127.0.0.1,9,x', 'exit,0')
    each.end_of(done.pid, remote_ip='127.0.0.1')
    each.nothing_more(0, pid=excluded.pid)
    each.nothing_more(0, pid=done.pid, remote_ip='127.0.0.3')


@test
def a_port_scan_stays_within_max_flows_and_loses_nothing(few):
    """max_flows is 64 here. The ports are closed, all of them."""
    ports = [closed_port() for _ in range(200)]
    done = few.netdo(*[step for port in ports for step in ('tcp,0', 'connect,0,127.0.0.1,%d' % port, 'close,0')], 'exit,0')
    records = few.wait(event='end', pid=done.pid, number=len(ports))
    expect_that(sorted(int(record['remote_port']) for record in records) == sorted(ports), 'a port is missing')
    evicted = [record for record in records if record['reason'] == 'evicted']
    expect_that(len(evicted) >= len(ports) - 64 - 30 and all(record['reason'] in ('evicted', 'exit', 'close') for record in records), 'other reasons', records[0])
    expect_that(evicted, 'nothing was evicted')
    for record in records:
        expect(record, outcome='failed', errno='ECONNREFUSED')


# What only JSON shows.

def json_record(plain, **wanted):
    """The end record of a pid, parsed."""
    def found():
        with open(plain.path('records', 'pnat.log')) as log:
            for line in log:
                with contextlib.suppress(ValueError):
                    record = json.loads(line)
                    if all(record.get('process', {}).get(key) == value for key, value in wanted.items()) and 'end' in record['event']['type']:
                        return record
        return None

    return wait_until(found, 4, 'a JSON record with %s' % wanted)


def community_id(source, destination, proto=6, seed=0):
    """Version 1, as its specification has it: https://github.com/corelight/community-id-spec"""
    one, other = ((socket.inet_aton(ip), port) for ip, port in (source, destination))
    if (other[0], other[1]) < (one[0], one[1]):
        one, other = other, one
    data = struct.pack('!H', seed) + one[0] + other[0] + struct.pack('!BBHH', proto, 0, one[1], other[1])
    return '1:' + base64.b64encode(hashlib.sha1(data).digest()).decode()


@test
def a_json_record_has_a_community_id_and_ecs_names(ecs):
    with Server() as server:
        done = ecs.netdo(*connecting(0, server), 'send,0,hello', 'recv,0', 'sleep,100', 'exit,0')
        record = json_record(ecs, pid=done.pid)
    port = done.steps.one('connect')['local_port']
    expect_that(record['network']['community_id'] == community_id(('127.0.0.1', port), ('127.0.0.1', server.port)), 'another id: %s' % record)
    expect_that(record['source'] == {'ip': '127.0.0.1', 'port': port, 'bytes': 5}, 'another source: %s' % record)
    expect_that(record['destination'] == {'ip': '127.0.0.1', 'port': server.port, 'bytes': 5}, 'another destination: %s' % record)
    expect_that(record['event']['outcome'] == 'success' and record['network']['direction'] == 'egress', 'another outcome: %s' % record)


@test
def an_entity_id_is_that_of_one_process(ecs):
    first, second = netdo(ecs), copy_of_netdo(ecs, 'netdo-other')
    pid = spare_pid()
    with Server() as one, Server('127.0.0.2') as other:
        run_with_pid(ecs, pid, first, *connecting(0, one), *connecting(1, other), 'sleep,50', 'exit,0')
        run_with_pid(ecs, pid, second, *connecting(0, one), 'sleep,50', 'exit,0')
        json_record(ecs, pid=pid, executable=second)

        def entities(path):
            with open(ecs.path('records', 'pnat.log')) as log:
                records = [json.loads(line) for line in log]
            return [record['process']['entity_id'] for record in records
                    if record.get('process', {}).get('pid') == pid and record['process'].get('executable') == path and 'end' in record['event']['type']]

        of_first, of_second = entities(first), entities(second)
    expect_that(len(of_first) == 2 and len(set(of_first)) == 1, 'the first process has ids %s' % of_first)
    expect_that(len(of_second) == 1 and of_second[0] not in of_first, 'the ids are not apart: %s, %s' % (of_first, of_second))


@test
def an_entity_id_outlives_the_plugin(ecs):
    """The plugin is killed; auditd starts it anew at the next event."""
    with Server() as one, Server('127.0.0.2') as other:
        client = ecs.begin(*connecting(0, one), 'close,0', 'wait', *connecting(1, other), 'sleep,50', 'exit,0')
        client.until('close')
        first = json_record(ecs, pid=client.pid)['process']['entity_id']
        before = ecs.plugin_pid()
        os.kill(before, signal.SIGKILL)

        def restarted():
            ecs.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0')
            return ecs.plugin_pid() not in (None, before)

        wait_until(restarted, 5, 'auditd starts the plugin again')
        time.sleep(0.2)
        client.go()
        client.finish()

        def second():
            with open(ecs.path('records', 'pnat.log')) as log:
                return [record['process']['entity_id'] for record in map(json.loads, log)
                        if record.get('process', {}).get('pid') == client.pid and record['destination'].get('ip') == '127.0.0.2']

        ids = wait_until(second, 4, 'a record of the second connection')
    expect_that(set(ids) == {first}, 'the id was %s, and is %s' % (first, ids))


@test
def the_control_socket_tells_the_counters(asked):
    asked.end_of(asked.netdo('udp,0', 'sendto,0,127.0.0.1,9,x', 'exit,0').pid)
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(asked.path('run', 'pnat.sock'))
        with control.makefile() as answer:
            text = answer.read()
    expect_that('started: rules=' in text.splitlines()[0], 'it does not say how it started: ' + text)
    counts = dict(word.split('=', 1) for word in text.split() if '=' in word)
    expect_that(int(counts.get('events', 0)) >= 2 and int(counts.get('written', 0)) >= 1, 'it says: ' + text)


# With nothing but the stream, as for another host.

@test
def without_local_tracking_the_stream_alone_counts(stream):
    with Server() as server:
        done = stream.netdo(*connecting(0, server), 'close,0', 'sleep,1300', 'exit,0')
        record = stream.end_of(done.pid)
    expect(record, reason='exit', outcome='ok', proto='-', local_port='-', tx='-', rx='-', connections=1)
    expect_frame(record, done.steps.one('connect')['began'], done.steps.one('connect')['done'], last=done.steps.one('connect')['done'], ended=done.ended)


@test
def without_local_tracking_a_pid_used_again_after_a_kill_is_told_apart(stream):
    earlier, _ = used_again(stream, 'sleep,20', 'raise,9')
    expect(earlier, reason='reuse')


if __name__ == '__main__':
    main({
        'lite': lambda: Live('lite'),
        'each': lambda: Live(aggregate='connection', exclude='127.0.0.3/32', exclude_exe='*/netdo-other'),
        'few': lambda: Live(max_flows=64),
        'ecs': lambda: Live(format='json', start_after=0, state_interval=1),
        'asked': lambda: Live(control_socket='{directory}/run/pnat.sock'),
        'stream': lambda: Live(local_tracking='no'),
    }, audit)
