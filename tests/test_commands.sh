#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What who runs pnat-plugin by hand is told: exit status, and words that say what to do.
#
# Environment, as make check sets it: srcdir (tests/) and builddir. PNAT_WRAPPER: words of a command that runs the program, as memcheck.sh
# sets it.
set -eu
export LC_ALL=C TZ=UTC

log=$(cd "${srcdir:-$(dirname "$0")}" && pwd)/data/sample.log
plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# says STATUS WORDS ARGUMENT...: the program run so ends with that status, and WORDS, an extended regular expression, are in what it says.
says() {
  wanted=$1 words=$2
  shift 2
  status=0
  # shellcheck disable=SC2086 # words on purpose
  ${PNAT_WRAPPER-} "$plugin" "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
  if [ "$status" != "$wanted" ] || ! { cat "$work/out" "$work/err" && echo; } | grep -Eq -e "$words"; then
    echo "FAIL: pnat-plugin $*: status $status, not $wanted, or \"$words\" is not in:"
    cat "$work/out" "$work/err"
    exit 1
  fi
}

config() {
  printf '%s\n' "$@" >"$work/x.conf"
  chmod 600 "$work/x.conf"
}

says 0 '^pnat [0-9.]+' --version
says 0 '--read' --help
says 64 'pnat-plugin --help' --bogus
says 64 'pnat-plugin --help' --read

config 'output = file'
says 0 'no errors' --check --config="$work/x.conf"
config 'format = xml' 'colour = red'
says 78 'x\.conf:1: format: "xml".*allowed: kv' --check --config="$work/x.conf"
says 78 'x\.conf:2: "colour"' --check --config="$work/x.conf"
config 'log_group = no-such-group'
says 78 'log_group: no-such-group' --check --config="$work/x.conf"
says 78 'no-such-file\.conf' --check --config="$work/no-such-file.conf"
config 'format = kv'
chmod 666 "$work/x.conf"
says 78 'chmod|writable' --check --config="$work/x.conf"

if [ "$(id -u)" = 0 ]; then
  mkdir -m 750 "$work/kept"
  config "file = $work/kept"
  says 78 'file: .*Is a directory' --check --config="$work/x.conf"
  config "file = $work/no/such/x.log"
  says 78 "file: .*/no: No such file" --check --config="$work/x.conf"
  config 'state_dir = /tmp'
  says 78 'state_dir: /tmp: .* such as /tmp/pnat' --check --config="$work/x.conf"
  ln -s elsewhere "$work/kept/link"
  config "file = $work/kept/link"
  says 78 'file: .*symbolic link' --check --config="$work/x.conf"
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$work/kept/socket"
  config "file = $work/kept/socket"
  says 78 'file: .*is a socket' --check --config="$work/x.conf"
  mkfifo -m 640 "$work/kept/fifo"
  config "file = $work/kept/fifo" "control_socket = $work/kept/socket"
  says 0 'no errors' --check --config="$work/x.conf"
  timeout 60 cat "$work/kept/fifo" >"$work/read" &
  says 0 'no errors' --check --config="$work/x.conf"
  kill -0 $! # it goes on
  kill $!
  chmod 666 "$work/kept/fifo"
  says 78 'file: .*everybody write to it' --check --config="$work/x.conf"
  config "control_socket = $work/kept/fifo"
  says 78 'control_socket: .*not a socket|Socket operation' --check --config="$work/x.conf"
  config "file = $work/kept/state" "state_dir = $work/kept"
  says 78 'x\.conf:2: file: .*another path than that of state_dir' --check --config="$work/x.conf"
  config "file = $work/kept/state.refused" "state_dir = $work/kept"
  says 78 'x\.conf:2: file: .*another path than that of state_dir' --check --config="$work/x.conf"
  config "file = $work/x.conf" "state_dir = $work/kept"
  says 78 'x\.conf: file: .*it is this configuration' --check --config="$work/x.conf"
  config "file = $work/kept/x" "control_socket = $work/./kept//x"
  says 78 'x\.conf:2: control_socket: .*another path than that of file' --check --config="$work/x.conf"
  config 'control_socket = /tmp/x'
  says 78 'control_socket: /tmp: ' --check --config="$work/x.conf"
  config "file = $work/new/x.log" "state_dir = $work/state" "control_socket = $work/run/x"
  says 0 'no errors' --check --config="$work/x.conf"
  if [ -e "$work/new" ] || [ -e "$work/state" ] || [ -e "$work/run" ]; then
    echo "FAIL: --check makes directories"
    exit 1
  fi
fi

says 0 '^event=end' --read "$log"
says 0 '"pnat"' --read "$log" --format=json
says 0 'the same file as -, and read once' --read - -
says 66 'no-such-log' --read "$work/no-such-log"
echo 'Nov 25 10:00:00 web1 sshd[1]: hello' >"$work/text"
says 65 'no.* audit record' --read "$work/text"
: >"$work/empty"
says 0 '' --read "$work/empty"
gzip -c "$log" >"$work/whole.gz"
says 0 '^event=end' --read "$work/whole.gz"
printf '\3757zXZ\0' >"$work/whole.xz"
says 66 'whole\.xz: it is packed.*xz -dc' --read "$work/whole.xz"
head -c 1500 "$work/whole.gz" >"$work/cut.gz"
says 66 'cut\.gz: it is cut off' --read "$work/cut.gz"

status=0
${PNAT_WRAPPER-} "$plugin" --read "$log" >&- 2>"$work/err" || status=$?
[ "$status" = 74 ] || {
  echo "FAIL: without standard output --read exits with $status"
  exit 1
}

# read_as FILE...: standard output of --read.
read_as() {
  # shellcheck disable=SC2086 # words on purpose
  ${PNAT_WRAPPER-} "$plugin" --read "$@" 2>"$work/err"
}

# same WHAT: what is in got is what is in want.
same() {
  cmp -s "$work/want" "$work/got" || {
    echo "FAIL: $1:"
    diff "$work/want" "$work/got" | head -20
    cat "$work/err"
    exit 1
  }
}

# gzip >>, and what a tape leaves behind it.
read_as "$log" >"$work/want"
{
  head -n 9 "$log" | gzip -c
  gzip -c </dev/null
  tail -n +10 "$log" | gzip -c
  head -c 600 /dev/zero
} >"$work/members.gz"
says 0 '^event=end' --read "$work/members.gz"
read_as "$work/members.gz" >"$work/got"
same "a file of several gzip members"
echo garbage >>"$work/members.gz"
says 66 'members\.gz: what follows its packed data was not packed by gzip' --read "$work/members.gz"
read_as "$work/members.gz" >"$work/got" || :
same "garbage behind gzip members"
{
  gzip -c "$log"
  gzip -c "$log" | head -c 1500
} >"$work/second-cut.gz"
says 66 'second-cut\.gz: it is cut off' --read "$work/second-cut.gz"

# Events that are in several files: a file named twice, packed and not, exports that overlap.
cp "$log" "$work/one.log"
ln -sf one.log "$work/link.log"
gzip -c "$log" >"$work/one.log.gz"
head -n 30 "$log" >"$work/first.log"
tail -n +20 "$log" >"$work/second.log"
says 0 'link\.log: it is the same file as .*/one\.log, and read once' --read "$work/one.log" "$work/link.log"
says 0 'counted [0-9]+ events once that came more than once' --read "$work/one.log" "$work/one.log.gz"
for double in "one.log one.log" "one.log link.log" "one.log one.log.gz" "one.log.gz one.log" "second.log first.log" "first.log one.log"; do
  # shellcheck disable=SC2086 # words on purpose
  (cd "$work" && read_as $double >got)
  same "doubles in $double"
done

# What looks like a URI is a file's name all the same.
cp "$log" "$work/web1:audit.log"
(cd "$work" && says 0 '^event=end' --read web1:audit.log)

# A file that was cut within a line, or has no newline at its end, does not spoil the next.
printf 'node=web1 type=CONFIG_CHANGE msg=audit(1795539000.000:4400): op=set\nnode=web1 type=SYS' >"$work/short.log"
says 0 'skipped 1 of ' --read "$work/short.log" "$log"
read_as "$work/short.log" "$log" >"$work/got"
same "behind a file that ends within a line"

# Handed a stream where --read was meant.
status=0
"$plugin" <"$log" >"$work/out" 2>&1 || status=$?
if [ "$status" != 64 ] || ! grep -q -e '--read -' "$work/out"; then
  echo "FAIL: handed a stream: status $status, and:"
  cat "$work/out"
  exit 1
fi

# Started on a terminal.
status=0
python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$plugin" >"$work/out" 2>&1 || status=$?
if [ "$status" != 64 ] || ! grep -q 'auditd starts this program' "$work/out"; then
  echo "FAIL: on a terminal: status $status, and:"
  cat "$work/out"
  exit 1
fi
