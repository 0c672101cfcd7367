#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pnat against its budgets: throughput next to laurel, ausearch and a bare auparse loop; memory; cost at many open flows.

All marks are ratios of CPU time (user + system, medians of alternated runs) or peak memory within this one run, so that
they hold on any machine. README.md says what each measurement is.
"""
import argparse
import collections
import fcntl
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

Usage = collections.namedtuple('Usage', 'cpu wall rss')  # seconds, seconds, KiB

PIPE_SIZE = 1 << 20
MILLION = 1000000

PNAT_CONFIG = 'max_flows = 4000000\n'

# As Debian ships it, but for the user and the directory.
LAUREL_CONFIG = '''directory = "{directory}"
statusreport-period = 0
[auditlog]
file = "audit.log"
size = 5000000
generations = 10
[transform]
execve-argv = [ "array" ]
[translate]
universal = false
user-db = false
[enrich]
pid = true
execve-env = [ "LD_PRELOAD", "LD_LIBRARY_PATH" ]
container = true
script = true
'''

# Long-lived processes that do all there is; a million events in a second of event time, so that no timer of pnat's comes between.
OPEN = ('--processes=0', '--failed=0', '--irrelevant=0', '--rate=1000000', '--format=raw', '--peers=4000000')
# Processes that connect once and exit, beside long-lived ones that stay silent once they are connected.
CHURN = ('--processes=100', '--long-lived-share=0', '--transfers=0') + OPEN[1:]


class Bench:
    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.missed = []
        self.pnat = [arguments.pnat, '--config=' + self.file('pnat.conf', PNAT_CONFIG), '--read', '-']

    def path(self, name):
        return os.path.join(self.directory, name)

    def file(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as file:
            file.write(text)
        return self.path(name)

    def program(self, name):
        return os.path.join(self.arguments.programs, name)

    def run(self, command, stdin, stdout=subprocess.DEVNULL):
        """What COMMAND used; it must succeed."""
        result = self.path('usage')
        done = subprocess.run([self.program('measure'), result] + command, stdin=stdin, stdout=stdout,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            sys.exit(f'{" ".join(command)}: exit status {done.returncode}')
        with open(result, encoding='ascii') as file:
            user, system, wall, rss, _ = file.read().split()
        return Usage(float(user) + float(system), float(wall), int(rss))

    def run_on_file(self, command, stream, output=os.devnull):
        with open(stream, 'rb') as stdin, open(output, 'wb') as stdout:
            return self.run(command, stdin, stdout)

    def run_on_stream(self, command, options, stdout=subprocess.DEVNULL):
        """The same on a generated stream that is never stored."""
        with subprocess.Popen([self.program('pnat-genaudit'), *options], stdout=subprocess.PIPE) as generator:
            fcntl.fcntl(generator.stdout, getattr(fcntl, 'F_SETPIPE_SZ', 1031), PIPE_SIZE)
            return self.run(command, generator.stdout, stdout)

    def generate(self, name, *options):
        with open(self.path(name), 'wb') as file:
            subprocess.run([self.program('pnat-genaudit'), *options], stdout=file, check=True)
        return self.path(name)

    def judge(self, what, value, budget, text):
        ok = value <= budget
        print(f'  {"ok    " if ok else "MISSED"}  {what}: {text}')
        if not ok:
            self.missed.append(what)


def median(usages):
    return Usage(*(statistics.median(values) for values in zip(*usages)))


def count_lines(path):
    with open(path, 'rb') as file:
        return sum(block.count(b'\n') for block in iter(lambda: file.read(1 << 20), b''))


def ausearch(bench, rate):
    """One run on what auditd would have stored. It slows down with the square of the events within two seconds."""
    stream = bench.generate('ausearch.log', '--log', f'--events={bench.arguments.events}', f'--rate={rate}')
    return bench.run_on_file(['ausearch', '-if', stream, '-sc', 'connect'], os.devnull)


def throughput(bench):
    events = bench.arguments.events
    stream = bench.generate('stream', f'--events={events}')
    output = bench.path('records')
    tools = {'bare auparse loop': [bench.program('bareloop')], 'pnat --read': bench.pnat}
    if shutil.which('laurel'):
        tools['laurel'] = ['laurel', '-c', bench.file('laurel.toml', LAUREL_CONFIG.format(directory=bench.directory))]
    runs = collections.defaultdict(list)
    for _ in range(bench.arguments.rounds):
        for name, command in tools.items():
            runs[name].append(bench.run_on_file(command, stream, output if name == 'pnat --read' else os.devnull))
    usages = {name: median(some) for name, some in runs.items()}
    if shutil.which('ausearch'):
        usages['ausearch, 1000/s'] = ausearch(bench, 1000)
        if bench.arguments.big:
            usages['ausearch, 20000/s'] = ausearch(bench, 20000)

    size, pnat, bare = os.path.getsize(stream), usages['pnat --read'], usages['bare auparse loop']
    print(f'Throughput: {events} events, {count_lines(stream)} lines, {size / 1e6:.1f} MB, {count_lines(output)} records; '
          f'median of {bench.arguments.rounds}')
    print(f'  {"":22}{"CPU s":>9}{"wall s":>9}{"µs/event":>10}{"events/s":>10}{"MB/s":>7}{"RSS MiB":>9}{"CPU/pnat":>10}')
    for name, usage in usages.items():
        print(f'  {name:22}{usage.cpu:9.3f}{usage.wall:9.3f}{usage.cpu / events * 1e6:10.2f}{events / usage.cpu:10.0f}'
              f'{size / usage.cpu / 1e6:7.0f}{usage.rss / 1024:9.1f}{usage.cpu / pnat.cpu:10.2f}')
    bench.judge('CPU against a bare auparse loop', pnat.cpu / bare.cpu, 1, f'{pnat.cpu / bare.cpu:.2f} times, at most 1')
    if 'laurel' in usages:
        ratio = usages['laurel'].cpu / pnat.cpu
        bench.judge('throughput against laurel', -ratio, -5, f'{ratio:.1f} times, at least 5')
    os.unlink(stream)


def open_flows(bench, processes, flows):
    """Peak KiB of pnat with so many flows open; the records at the end prove that they were."""
    options = OPEN + (f'--long-lived={processes}', f'--connections-per-process={flows // processes}', f'--events={flows + 1}')
    with subprocess.Popen(['wc', '-l'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as counter:
        usage = bench.run_on_stream(bench.pnat, options, counter.stdin)
        counter.stdin.close()
        records = int(counter.stdout.read())
    if records != flows:
        bench.missed.append('one record per flow')
        print(f'  MISSED  one record per flow: {records} records for {flows} flows')
    return usage.rss


def memory(bench):
    n = bench.arguments.open_flows
    print(f'Memory: {n} open flows')
    base = open_flows(bench, 100, 1000)
    for per_process in (1, 10, 1000):
        rss = open_flows(bench, n // per_process, n)
        each = (rss - base) * 1024 / (n - 1000)
        million = base / 1024 + each * MILLION / (1 << 20)
        at = '' if n == MILLION else ' for a million, by what each takes'
        bench.judge(f'memory, {per_process} a process', million, 256,
                    f'{million:.0f} MiB{at}, {each:.0f} bytes a flow; at most 256 MiB')


def flatness(bench):
    n = bench.arguments.churn_events
    print(f'Memory over time: {n} events of processes that come and go')
    small, large = (bench.run_on_stream(bench.pnat, (f'--events={events}',)) for events in (n // 10, n))
    bench.judge('flat memory', large.rss, small.rss * 1.1 + 1024,
                f'{small.rss / 1024:.1f} MiB after a tenth, {large.rss / 1024:.1f} MiB after all; at most a tenth and 1 MiB more')
    print(f'          {large.cpu / n * 1e6:.2f} µs an event')


def marginal(bench, options, flows, events):
    """CPU seconds of an event more, when so many flows are open: the cost of opening and of the end is taken off."""
    costs = []
    for _ in range(max(1, bench.arguments.rounds // 3)):
        some = [bench.run_on_stream(bench.pnat, options + (f'--long-lived={flows}', '--connections-per-process=1',
                                                           f'--events={flows + 1 + more}')).cpu for more in (0, events)]
        costs.append((some[1] - some[0]) / events)
    return statistics.median(costs)


def scaling(bench):
    n = bench.arguments.open_flows
    events = max(n, 300000)
    print(f'Cost of an event more: {events} events at a thousand and at {n} open flows')
    for what, options in (('cost of an event', OPEN), ('cost of a connect and an exit', CHURN)):
        few, many = (marginal(bench, options, flows, events) for flows in (1000, n))
        bench.judge(what, many / few, 1.5, f'{few * 1e6:.2f} µs and {many * 1e6:.2f} µs, {many / few:.2f} times, at most 1.5')


def parse():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--programs', default=here, help='directory of pnat-genaudit, bareloop and measure')
    parser.add_argument('--pnat', default=os.environ.get('PNAT_PLUGIN', os.path.join(here, '../../plugin/pnat-plugin')),
                        help='the pnat-plugin to measure ($PNAT_PLUGIN)')
    parser.add_argument('--quick', action='store_true', help='a tenth of the open flows, fewer rounds: for continuous integration')
    parser.add_argument('--big', action='store_true', help='ten million events for flat memory, and ausearch on a dense stream')
    parser.add_argument('--check', action='store_true', help='exit with status 1 when a budget is missed')
    parser.add_argument('--only', choices=PARTS, action='append', help='only this part; may be repeated')
    parser.add_argument('--events', type=int, default=82000, help='of the throughput stream (82000)')
    parser.add_argument('--rounds', type=int, help='alternated runs of which the median counts (9, quick: 3)')
    parser.add_argument('--open-flows', type=int, help='(a million, quick: 100000)')
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 9)
    arguments.open_flows = arguments.open_flows or (MILLION // 10 if arguments.quick else MILLION)
    arguments.churn_events = 10 * MILLION if arguments.big else MILLION // 2 if arguments.quick else 2 * MILLION
    own = (os.path.join(arguments.programs, name) for name in ('pnat-genaudit', 'bareloop', 'measure'))
    for program in (arguments.pnat, *own):
        if not os.access(program, os.X_OK):
            parser.error(f'{program} is not there: make it first ("make bench" does)')
    return arguments


PARTS = {'throughput': throughput, 'memory': memory, 'flatness': flatness, 'scaling': scaling}


def main():
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix='pnat-bench-') as directory:
        bench = Bench(arguments, directory)
        for name in arguments.only or PARTS:
            PARTS[name](bench)
            sys.stdout.flush()
    if bench.missed:
        print('Missed: ' + ', '.join(bench.missed))
    return 1 if bench.missed and arguments.check else 0


if __name__ == '__main__':
    sys.exit(main())
