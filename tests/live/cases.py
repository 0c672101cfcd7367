# SPDX-License-Identifier: GPL-2.0-or-later
"""
Cases and what they claim: a test file has functions that are cases, calls main(), and prints "ok" or "not ok" with the reason for each.
"""
import contextlib
import datetime
import os
import re
import shutil
import signal
import sys
import time
import traceback

# Seconds by which records may differ from the truth.
START = 0.05
END = 1.5
TICK = 0.011  # the clock that stamps events ticks in milliseconds, 10 at HZ=100: an event may seem that much older than its call


class Skip(Exception):
    """The test cannot run here; says why."""


class Failure(Exception):
    """A record differs from what was done; says how."""


def find(program):
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin:/usr/local/sbin'
    return shutil.which(os.environ.get(program.upper(), program), path=path)


def wait_until(condition, timeout, what):
    """What condition() returns, once that is true. It is asked often; there is nothing to wait on for what other processes write."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failure('%s: not within %.1f s' % (what, timeout))
        time.sleep(0.01)


# Records.

PAIR = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\.)*"|\S*)')


def seconds(text):
    if text == '-':
        return None
    moment = datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ')
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


class Record(dict):
    """A line of key=value; strings without their quotes. `seen`: when the test found it in the file."""

    def __init__(self, line, seen=0.0):
        super().__init__((key, value.strip('"')) for key, value in PAIR.findall(line))
        self.line = line
        self.seen = seen

    def time(self, key):
        return seconds(self[key])

    def matches(self, wanted):
        return all(self.get(key) == str(value) for key, value in wanted.items())


# What a record must say.

def expect(record, **wanted):
    wrong = ['%s=%s, not %s' % (key, record.get(key), value) for key, value in wanted.items() if record.get(key) != str(value)]
    if wrong:
        raise Failure('%s in %s' % ('; '.join(wrong), record.line))


def expect_that(true, what, record=None):
    if not true:
        raise Failure(what + (': ' + record.line if record is not None else ''))


def expect_frame(record, began, done=None, last=None, ended=None):
    """began, done: just before and after the first call. last: just before the last activity. ended: just after the real end."""
    start, newest, end = record.time('start'), record.time('last'), record.time('end')
    done = began if done is None else done
    expect_that(began - START <= start <= done + START, 'start %.3f is not within %.3f and %.3f' % (start, began, done), record)
    expect_that(start <= newest, 'last is before start', record)
    if last is not None:
        expect_that(end is None or end >= last - TICK, 'end %s is before the last activity %.3f' % (end, last), record)
    if end is not None:
        expect_that(newest <= end, 'end is before last', record)
    if ended is not None:
        expect_that(end is not None and end <= ended + END, 'end %s is later than the real end %.3f' % (end, ended), record)


# Running.

class Test:
    cases = []


def test(function):
    """A case; the name of its function is what it claims."""
    Test.cases.append(function)
    return function


class Contexts:
    """One at a time: what the cases of a kind share, up from the first of them to the last."""

    def __init__(self, makers):
        self.makers = makers
        self.name = self.value = None
        self.stack = contextlib.ExitStack()
        self.wrong = {}  # name → why it could not be had

    def get(self, name):
        if name in self.wrong:
            raise self.wrong[name]
        if name != self.name:
            self.close()
            try:
                self.value = self.stack.enter_context(self.makers[name]())
            except (Skip, Failure) as error:
                self.wrong[name] = error
                raise
            self.name = name
        return self.value

    def close(self):
        self.name = self.value = None
        self.stack.close()


def run_case(case, contexts):
    """Whether it "passed", "failed" or was "skipped", and why."""
    try:
        case(contexts.get(case.__code__.co_varnames[0]))
        return 'passed', ''
    except Skip as skip:
        return 'skipped', str(skip)
    except Failure as failure:
        return 'failed', str(failure)
    except Exception:  # pylint: disable=broad-except
        return 'failed', traceback.format_exc()


def run_cases(contexts):
    words = sys.argv[1:]
    cases = [case for case in Test.cases if not words or any(word in case.__name__ for word in words)]
    results = []
    print('1..%d' % len(cases), flush=True)
    for number, case in enumerate(cases, 1):
        began = time.monotonic()
        result, why = run_case(case, contexts)
        results.append(result)
        if result == 'failed':
            print('not ok %d - %s' % (number, case.__name__))
            print('\n'.join('# ' + line for line in why.splitlines()), flush=True)
        elif result == 'skipped':
            print('ok %d - %s # SKIP %s' % (number, case.__name__, why), flush=True)
        else:
            print('ok %d - %s  (%.1f s)' % (number, case.__name__, time.monotonic() - began), flush=True)
    if 'failed' in results:
        print('# %d of %d failed' % (results.count('failed'), len(results)))
        return 1
    return 0 if 'passed' in results or not results else 77


def main(makers, around=contextlib.nullcontext):
    """
    Runs the cases in their order, or those whose names contain a word of the command line, and exits.

    makers: name → function that gives a context manager; the name of a case's first parameter says which it wants. around: the same
    for the whole run; raises Skip where nothing can run.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so put back what was changed
    try:
        with around(), contextlib.closing(Contexts(makers)) as contexts:
            status = run_cases(contexts)
    except Skip as skip:
        print('skipped: %s' % skip)
        status = 77
    sys.exit(status)
