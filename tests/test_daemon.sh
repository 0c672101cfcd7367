#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The plugin as auditd runs it, without auditd: a stored log on standard input, SIGHUP, SIGTERM, a start from the state that is left, and
# end of input. It ends with status 0 each time, complains of nothing, and has written what --read makes of the log. Then with events
# of this host that bear its name, which auditd changes at SIGHUP.
#
# Environment, as make check sets it: srcdir (tests/) and builddir. PNAT_WRAPPER: words of a command that runs the program, as memcheck.sh
# sets it.
set -eu
export LC_ALL=C TZ=UTC

# As auditd -c DIR, whose auditd.conf the plugin reads for the names of this host.
if [ "${1-}" != -c ]; then
  auditd=$(mktemp -d)
  status=0
  sh "$0" -c "$auditd" || status=$?
  rm -rf "$auditd"
  exit "$status"
fi
auditd=$2

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

# Events of this host, by the name in $node.

host=$(uname -n)
node=$host
serial=1000

# A SYSCALL record: number, pid.
call() {
  serial=$((serial + 1))
  id="msg=audit($(date +%s).000:$serial)"
  printf 'node=%s type=SYSCALL %s: arch=c000003e syscall=%s success=yes exit=0 a0=3 a1=7ffe a2=10 a3=0 items=0 ppid=%s pid=%s' \
    "$node" "$id" "$1" "$$" "$2"
  printf ' auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="sleep"'
  printf ' exe="/usr/bin/sleep" subj=unconfined key="pnat"\n'
}

# $1 connects to 203.0.113.9, port 443.
connects() {
  {
    call 42 "$1"
    printf 'node=%s type=SOCKADDR %s: saddr=020001BBCB0071090000000000000000\n' "$node" "$id"
    printf 'node=%s type=EOE %s: \n' "$node" "$id"
  } >&3
}

exits() {
  {
    call 231 "$1"
    printf 'node=%s type=EOE %s: \n' "$node" "$id"
  } >&3
}

# Waits for an end record of $1 that has all of the other words.
has_end() {
  records=$(grep -s "^event=end .*pid=$1 " "$work/pnat.log") || return 1
  shift
  for word in "$@"; do
    case " $records " in *" $word "*) ;; *) return 1 ;; esac
  done
}

ends() {
  eventually has_end "$@" || fail "no end of pid $*: $(cat "$work/pnat.log")"
}

configure() {
  printf '%s\n' 'output = file' "file = $work/pnat.log" 'control_socket = none' 'start_after = never' "$@" >"$work/pnat-plugin.conf"
}

reloads() {
  before=$(grep -c 'configuration reloaded' "$work/$1.err" || true)
  kill -HUP "$pid"
  is_reloaded() { [ "$(grep -c 'configuration reloaded' "$work/$1.err")" -gt "$before" ]; }
  eventually is_reloaded "$1" || fail "$1: no reload"
}

echo 'name_format = hostname' >"$auditd/auditd.conf"
sleep 600 &
alive=$!
sleep 600 &
doomed=$!
rm -f "$work/pnat.log"
trap 'exec 3>&-; kill $alive $doomed 2>/dev/null || true; rm -rf "$work"' EXIT


# Without local tracking, too, a gap is this host's.
configure 'local_tracking = no'
start names
connects 4000001
serial=1500
connects 4000002
eventually grep -qs '^event=loss' "$work/pnat.log" || fail "names: no loss"
exits 4000001
ends 4000001 reason=exit "host=$host" gap=yes

# A new name at SIGHUP.
connects "$alive"
printf '%s\n' 'name_format = user' 'name = web-prod-1' >"$auditd/auditd.conf"
configure 'local_tracking = yes'
reloads names
exits 4000002
ends 4000002 reason=exit "host=$host"
node=web-prod-1
exits "$alive"
ends "$alive" reason=exit host=web-prod-1

# Local tracking is no more: exits are heard all the same, and who is killed ends idle.
connects "$alive"
connects "$doomed"
sleep 0.5
configure 'local_tracking = no' 'idle_timeout = 6'
reloads names
exits "$alive"
kill "$doomed"
has_two() { [ "$(grep -c "^event=end .*reason=exit .*pid=$alive " "$work/pnat.log")" = 2 ]; }
eventually has_two || fail "names: an exit after local tracking was not heard: $(cat "$work/pnat.log")"
ends "$doomed" reason=idle
exec 3>&-
ends_well names
