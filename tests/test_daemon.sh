#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The plugin as auditd runs it, without auditd: a stored log on standard input, SIGHUP, SIGTERM, a start from the state that is left, and
# end of input. It ends with status 0 each time, complains of nothing, and has written what --read makes of the log.
#
# Environment, as make check sets it: srcdir (tests/) and builddir. PNAT_WRAPPER: words of a command that runs the program, as memcheck.sh
# sets it.
set -eu
export LC_ALL=C TZ=UTC

log=$(cd "${srcdir:-$(dirname "$0")}" && pwd)/data/sample.log
plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin
work=$(mktemp -d)
trap 'exec 3>&-; rm -rf "$work"' EXIT

fail() {
  echo "FAIL: $*"
  cat "$work"/*.err
  exit 1
}

# Until "$@" succeeds, for a minute at most.
eventually() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || return 1
    sleep 0.1
  done
}

# Starts it, reading from descriptor 3; $1 names the run.
start() {
  mkfifo "$work/$1.in"
  # shellcheck disable=SC2086 # words on purpose
  ${PNAT_WRAPPER-} "$plugin" --config="$work/pnat-plugin.conf" <"$work/$1.in" 2>"$work/$1.err" &
  pid=$!
  exec 3>"$work/$1.in"
  eventually grep -q started "$work/$1.err" || fail "$1: it does not start"
}

# It ends by itself now.
ends_well() {
  status=0
  wait "$pid" || status=$?
  [ "$status" = 0 ] || fail "$1: status $status"
  ! grep -E 'ERROR|CRITICAL|WARNING \*\*|Sanitizer|^==[0-9]' "$work/$1.err" || fail "$1: it complains"
}

has_ends() {
  [ "$(grep -c '^event=end' "$work/pnat.log")" = "$wanted" ]
}

printf '%s\n' 'output = file' "file = $work/pnat.log" "state_dir = $work/state" 'control_socket = none' 'local_tracking = no' \
  'replay = no' 'start_after = never' 'active_timeout = 0' 'state_interval = 1' >"$work/pnat-plugin.conf"
# Those that end within the log: the others stay open, and are in the state.
wanted=$("$plugin" --read "$log" 2>/dev/null | grep '^event=end' | grep -vc 'reason=eof')

start first
cat "$log" >&3
eventually has_ends || fail "first: not $wanted ends in $work/pnat.log: $(cat "$work/pnat.log")"
kill -HUP "$pid"
sleep 0.5
kill -TERM "$pid"
ends_well first
[ -s "$work/state/state" ] || [ -n "$(ls "$work/state")" ] || fail "first: no state"

start again
exec 3>&-
ends_well again
has_ends || fail "again: more ends: $(cat "$work/pnat.log")"
