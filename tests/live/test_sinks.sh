#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The plugin with a real journald, a real rsyslogd and a file: each gets every record, and is found the way the pages say.
# And: when both daemons stop reading, the file is complete all the same, the plugin's end is not held back, and the next start brings them
# what waited.
#
# Everything happens in a mount namespace of its own, with /run, /var/log and /dev of its own, so that a journald or
# syslog daemon of this host is neither used nor disturbed. Exit status 77: skipped.
#
# Environment, as make check sets it: builddir.
set -eu
export LC_ALL=C

plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin

skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}

find_journald() {
  for journald in /usr/lib/systemd/systemd-journald /lib/systemd/systemd-journald; do
    if [ -x "$journald" ]; then
      printf '%s\n' "$journald"
      return
    fi
  done
}

outside() {
  [ "$(id -u)" = 0 ] || skip "needs root"
  [ -x "$plugin" ] || skip "there is no $plugin"
  for tool in unshare journalctl rsyslogd; do
    command -v "$tool" >/dev/null || skip "needs $tool"
  done
  [ -n "$(find_journald)" ] || skip "needs systemd-journald"
  unshare --mount true 2>/dev/null || skip "mount namespaces are not allowed here"

  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  unshare --mount --propagation private "$0" inside "$work"
}

fail() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}

# Runs "$@" until it succeeds, for ten seconds at most.
eventually() {
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.1
  done
}

own_directories() {
  mount -t tmpfs tmpfs /run
  mount -t tmpfs tmpfs /var/log
  mkdir "$work/dev"
  mount -t tmpfs -o mode=755 tmpfs "$work/dev"
  for node in null zero random urandom; do
    : >"$work/dev/$node"
    mount --bind "/dev/$node" "$work/dev/$node"
  done
  mount --move "$work/dev" /dev
}

# No audit (journald would switch the kernel's on), no kernel messages: nothing that is not of this namespace.
start_journald() {
  mkdir -p /run/systemd/journald.conf.d /run/systemd/journal
  printf '%s\n' '[Journal]' Storage=volatile Audit=no ReadKMsg=no ForwardToSyslog=no ForwardToWall=no \
    ForwardToConsole=no RateLimitIntervalSec=0 >/run/systemd/journald.conf.d/pnat.conf
  "$(find_journald)" >"$work/journald.out" 2>&1 &
  journald=$!
  eventually test -S /run/systemd/journal/socket || fail "journald did not start: $(cat "$work/journald.out")"
}

start_rsyslogd() {
  cat >"$work/rsyslog.conf" <<END
module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
template(name="fields" type="string" string="%syslogfacility-text% %syslogseverity-text% %programname%:%msg%\n")
action(type="omfile" file="$work/syslog" template="fields")
END
  rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslogd.pid" >"$work/rsyslogd.out" 2>&1 &
  rsyslogd=$!
  eventually test -S /dev/log || fail "rsyslogd did not start: $(cat "$work/rsyslogd.out")"
}

stop_daemons() {
  for pid in ${journald:-} ${rsyslogd:-}; do
    kill -CONT "$pid" 2>/dev/null || :
    kill "$pid" 2>/dev/null || :
    wait "$pid" 2>/dev/null || :
  done
}

write_config() {
  cat >"$work/pnat-plugin.conf" <<END
output = file, syslog, journal
file = /var/log/pnat/pnat.log
format = kv
state_dir = $work/state
control_socket = none
local_tracking = no
replay = no
END
  chmod 640 "$work/pnat-plugin.conf"
}

# A process $1 that connected to the IPv4 address with the hexadecimal digits $2, port 443, and ended.
flow() {
  who='ppid=1 pid='$1' auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000'
  who="$who tty=pts0 ses=3 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\""
  cat <<END
type=SYSCALL msg=audit(1700000000.123:${1}1): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffd0000 a2=10 a3=0 items=0 $who
type=SOCKADDR msg=audit(1700000000.123:${1}1): saddr=020001BB${2}0000000000000000
type=PROCTITLE msg=audit(1700000000.123:${1}1): proctitle=6375726C
type=EOE msg=audit(1700000000.123:${1}1):
type=SYSCALL msg=audit(1700000000.223:${1}2): arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 $who
type=PROCTITLE msg=audit(1700000000.223:${1}2): proctitle=6375726C
type=EOE msg=audit(1700000000.223:${1}2):
END
}

run_plugin() {
  env -i "$plugin" --config="$work/pnat-plugin.conf" 2>"$work/plugin.err"
}

journal_entries() {
  journalctl -t pnat PNAT_REMOTE_IP=203.0.113.9 -o json --no-pager 2>/dev/null
}

journal_has_record() {
  [ "$(journal_entries | wc -l)" = 1 ]
}

each_output_has_the_record() {
  { flow 4242 CB007109 && flow 4343 C6336407; } >"$work/events"
  run_plugin <"$work/events" || fail "the plugin ended with $?: $(cat "$work/plugin.err")"

  [ "$(grep -c ' remote_ip=203\.0\.113\.9 ' /var/log/pnat/pnat.log)" = 1 ] || fail "the file does not have the record once"
  [ "$(grep -c ' remote_ip=198\.51\.100\.7 ' /var/log/pnat/pnat.log)" = 1 ] || fail "the file does not have the other record once"
  [ "$(stat -c %a /var/log/pnat/pnat.log)" = 640 ] || fail "the file has another mode than 0640"

  eventually grep -q '^daemon info pnat: event=end .* remote_ip=203\.0\.113\.9 ' "$work/syslog" ||
    fail "syslog does not have the record: $(cat "$work/syslog")"

  eventually journal_has_record || fail "the journal does not have the record once: $(journal_entries)"
  journal_entries >"$work/entry"
  for field in PNAT_EVENT:end PNAT_REASON:exit PNAT_PID:4242 PNAT_COMM:curl PNAT_EXE:/usr/bin/curl PNAT_REMOTE_PORT:443 \
    PNAT_DIRECTION:out PNAT_OUTCOME:ok PNAT_AUID:1000 PRIORITY:6 SYSLOG_IDENTIFIER:pnat SYSLOG_FACILITY:3; do
    grep -qF "\"${field%%:*}\":\"${field#*:}\"" "$work/entry" || fail "the journal does not have $field: $(cat "$work/entry")"
  done
  line=$(grep ' remote_ip=203\.0\.113\.9 ' /var/log/pnat/pnat.log)
  [ "$(journalctl -t pnat PNAT_REMOTE_IP=203.0.113.9 -o cat --no-pager)" = "$line" ] || fail "the journal has another line than the file"
}

daemons_that_do_not_read_hold_nothing_back() {
  kill -STOP "$journald" "$rsyslogd"
  pid=10000
  while [ "$pid" -lt 12000 ]; do
    flow "$pid" C0000201
    pid=$((pid + 1))
  done >"$work/events"
  begin=$(date +%s%N)
  run_plugin <"$work/events" || fail "the plugin ended with $?: $(cat "$work/plugin.err")"
  took=$((($(date +%s%N) - begin) / 1000000))
  kill -CONT "$journald" "$rsyslogd"
  [ "$took" -lt 3000 ] || fail "the plugin took $took ms to end"
  [ "$(grep -c ' remote_ip=192\.0\.2\.1 ' /var/log/pnat/pnat.log)" = 2000 ] || fail "the file is not complete"
  grep -q 'still waiting' "$work/plugin.err" || fail "nobody said that records wait: $(cat "$work/plugin.err")"
}

journal_has_all() {
  [ "$(journalctl -t pnat PNAT_REMOTE_IP=192.0.2.1 -o cat --no-pager 2>/dev/null | sort -u | wc -l)" = 2000 ]
}

syslog_has_all() {
  [ "$(grep -o ' pid=1[0-9]* .* remote_ip=192\.0\.2\.1 ' "$work/syslog" | sort -u | wc -l)" = 2000 ]
}

what_waited_for_them_comes_with_the_next_start() {
  : >"$work/events"
  run_plugin <"$work/events" || fail "the plugin ended with $?: $(cat "$work/plugin.err")"
  eventually journal_has_all || fail "the journal does not have all records: $(cat "$work/plugin.err")"
  eventually syslog_has_all || fail "syslog does not have all records: $(cat "$work/plugin.err")"
  [ "$(grep -c ' remote_ip=192\.0\.2\.1 ' /var/log/pnat/pnat.log)" = 2000 ] || fail "the file has records twice"
}

inside() {
  failures=0
  trap stop_daemons EXIT
  own_directories
  start_journald
  start_rsyslogd
  write_config
  [ "$failures" = 0 ] || exit 1
  each_output_has_the_record
  daemons_that_do_not_read_hold_nothing_back
  what_waited_for_them_comes_with_the_next_start
  [ "$failures" = 0 ] || exit 1
  echo "all outputs had their records"
}

if [ "${1:-}" = inside ]; then
  work=$2
  inside
else
  outside
fi
