#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make install and uninstall into a directory of the test's own: what auditd reads is right, and a changed configuration is
# neither overwritten nor taken away. The rules fit machines of other kinds, logrotate keeps to days, and what install.sh
# changes of the host's rules it can take back.
set -eu
export LC_ALL=C

top=$(cd "${srcdir:-.}/.." && pwd)
build=$(cd "${builddir:-.}/.." && pwd)
destination=$(mktemp -d)
trap 'rm -rf "$destination"' EXIT
failures=0

fail() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}

# Not the options of the make that runs this test: -n or a job server of it would be in the way.
run_make() {
  env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$build" "$1" DESTDIR="$destination" auditdir=/etc/audit logrotatedir=/etc/logrotate.d \
    sbindir=/usr/sbin localstatedir=/var datadir=/usr/share mandir=/usr/share/man sysconfdir=/etc
}

has_mode() {
  [ "$(stat -c %a "$destination$2")" = "$1" ] || fail "$2 has mode $(stat -c %a "$destination$2"), not $1"
}

run_make install >"$destination/out" 2>&1 || { cat "$destination/out"; fail "make install"; }
dropin=$destination/etc/audit/plugins.d/pnat.conf
path=$(sed -n 's/^path = //p' "$dropin")
case $path in
/*/pnat-plugin) ;;
*) fail "the drop-in's path is \"$path\"" ;;
esac
grep -q '^active = no$' "$dropin" || fail "the drop-in is not inactive"
has_mode 640 /etc/audit/plugins.d/pnat.conf
has_mode 640 /etc/audit/pnat-plugin.conf
has_mode 640 /etc/audit/rules.d/71-pnat.rules
has_mode 644 /etc/logrotate.d/pnat
has_mode 755 /usr/sbin/pnat-plugin
has_mode 750 /var/log/pnat
has_mode 750 /var/lib/pnat
for file in 71-pnat 71-pnat-full 71-pnat-lite 71-pnat-io_uring; do
  [ -s "$destination/usr/share/pnat/rules/$file.rules" ] || fail "no sample of $file.rules"
done

# Rules for other machines. $1: how gcc names it; $2: a pattern that no rule may match, $3: one that a rule must match.
rules_for() {
  for file in "$top"/rules.d/*.rules; do
    sh "$top/scripts/adapt-rules.sh" "$1" /usr/sbin <"$file" | sed -n '/^-a [a-z]*,exit/p'
  done >"$destination/rules"
  ! grep -e "$2" "$destination/rules" || fail "$1 does not know what is in the rules above"
  grep -q -e "$3" "$destination/rules" || fail "the rules for $1 have no $3"
}

in_32_bits='-F arch=b32 -S io_uring_enter -F saddr_fam=10 '
rules_for x86_64-linux-gnu 'arch=b32.*accept,' 'arch=b64.*accept,'
rules_for i686-linux-gnu 'arch=b64\|accept,' "$in_32_bits"
rules_for i686-linux-gnu 'arch=b64' '^-a never,exit -F arch=b32 -S sendto,sendmsg,sendmmsg -F exe=/usr/sbin/rsyslogd '
rules_for arm-linux-gnueabihf 'arch=b64' 'arch=b32 -S connect,accept,accept4,.*saddr_fam=2 '
rules_for aarch64-linux-gnu '[^,]accept4' 'arch=b64.*accept,'
rules_for powerpc-linux-gnu 'arch=b64' "$in_32_bits"
rules_for powerpc64-linux-gnu '[^,]accept4' 'arch=b64.*accept,'
rules_for powerpc64le-linux-gnu 'arch=b32\|socketcall' 'arch=b64.*accept,'
rules_for riscv64-linux-gnu 'arch=b32\|socketcall' 'arch=b64.*accept,'
rules_for s390x-linux-gnu 'accept,\|_time64' 'accept4,socketcall'
rm -f "$destination/rules"

# A log of today, and one of five days ago, as logrotate finds them where /etc/logrotate.conf has limits for all logs. $1: when it was
# rotated last.
rotate() {
  logs=$destination/logs
  rm -rf "$logs"
  mkdir -m 0750 "$logs" "$logs/elsewhere"
  head -c 8192 /dev/zero >"$logs/pnat.log"
  echo | gzip >"$logs/pnat.log.5.gz"
  touch -d '5 days ago' "$logs/pnat.log.5.gz"
  {
    printf '%s\n' hourly 'maxsize 1k' 'minsize 1G' 'maxage 2' 'minage 9' 'rotate 1' copytruncate "olddir $logs/elsewhere"
    sed "s|/var/log/pnat/|$logs/|" "$destination/etc/logrotate.d/pnat"
  } >"$destination/logrotate.conf"
  printf 'logrotate state -- version 2\n"%s" %s\n' "$logs/pnat.log" "$(date -d "$1" +%Y-%-m-%-d-0:0:0)" >"$destination/logrotate.state"
  chmod 0600 "$destination/logrotate.conf" "$destination/logrotate.state"
  logrotate --state "$destination/logrotate.state" "$destination/logrotate.conf" || fail "logrotate refuses our file"
  rotated=$(cd "$logs" && find . -type f | sort | tr '\n' ' ')
}

if PATH=$PATH:/usr/sbin:/sbin command -v logrotate >/dev/null; then
  PATH=$PATH:/usr/sbin:/sbin
  rotate today
  [ "$rotated" = "./pnat.log ./pnat.log.5.gz " ] || fail "a log is rotated before its day is over: $rotated"
  rotate yesterday
  [ "$rotated" = "./pnat.log.1 ./pnat.log.6.gz " ] || fail "a log is not rotated by days: $rotated"
  rm -rf "$destination/logs" "$destination"/logrotate.*
else
  echo "note: no logrotate, so its file is not tried"
fi

# Runs functions of install.sh: standard input, below $host and with an auditctl that has the rules in $host/loaded.
host=$destination/host
installer() {
  mkdir -p "$host/scripts" "$host/rules.d" "$host/sample/rules"
  : >"$host/calls"
  cp "$top/scripts/packages.sh" "$host/scripts"
  {
    sed '/^action=install/,$d' "$top/install.sh"
    printf '%s=%s\n' auditdir "$host" config "$host/pnat-plugin.conf" state "$host/install.state" sample "$host/sample" host "$host"
    # shellcheck disable=SC2016 # for the other shell
    echo 'auditctl() { case $* in -l) cat "$host/loaded" ;; *) echo "$*" >>"$host/calls" ;; esac; }'
    cat
  } >"$host/installer"
  sh "$host/installer" >"$destination/out" || fail "install.sh: $(cat "$destination/out")"
}

# -a task,never in any number of places comes back in just these. $1: the loaded rule.
lift_and_restore() {
  rm -rf "$host"
  mkdir -p "$host/rules.d"
  echo '-a task,never' >"$host/rules.d/10-a.rules"
  printf '%s\n' '-D' '-a never,task' >"$host/rules.d/20-b.rules"
  echo '#pnat# no' >"$host/rules.d/30-c.rules"
  echo "$1" >"$host/loaded"
  cat "$host"/rules.d/* >"$destination/before"
  echo lift_task_never | installer
  ! grep -q '^-a' "$host"/rules.d/*.rules || fail "a rule that switches off auditing is not lifted"
  [ "$(cat "$host/calls")" = "$2" ] || fail "lifting with loaded \"$1\" called auditctl $(cat "$host/calls")"
  echo 'lift_task_never; restore_task_never' | installer # a second run before: nothing more is noted
  cat "$host"/rules.d/* | cmp -s - "$destination/before" || fail "not restored: $(cat "$host"/rules.d/*)"
}

lift_and_restore '-a never,task' '-d task,never'
grep -qx -e '-a task,never' "$host/calls" || fail "the loaded rule is not restored"
lift_and_restore 'No rules' ''
! grep -q -e '-a' "$host/calls" || fail "a rule that was not loaded is loaded"

# A rule for a program in a directory that this host has not.
rm -rf "$host"
mkdir -p "$host/rules.d" "$host/sample/rules"
sed "s|/usr/lib/systemd/|$host/none/|" "$top/rules.d/71-pnat-full.rules" >"$host/sample/rules/71-pnat-full.rules"
echo "place_rules 71-pnat-full.rules; is_shipped $host/rules.d/71-pnat-full.rules" | installer
grep -q "$host/none/systemd-journald" "$destination/out" || fail "install.sh does not say which rule it left out"
grep -v "^-a.*$host/none/" "$host/sample/rules/71-pnat-full.rules" | cmp -s - "$host/rules.d/71-pnat-full.rules" ||
  fail "install.sh left out other rules than it should"
echo 'place_rules 71-pnat-full.rules' | installer
[ ! -s "$destination/out" ] || fail "placing rules a second time says $(cat "$destination/out")"
echo '# mine' >>"$host/rules.d/71-pnat-full.rules"
echo "edited=\$(edited_files); is_edited $host/rules.d/71-pnat-full.rules" | installer
rm -rf "$host" "$destination/before"

sed -i 's/^active = no/active = yes/' "$dropin"
echo 'format = json' >>"$destination/etc/audit/pnat-plugin.conf"
mv "$destination/etc/audit/rules.d/71-pnat.rules" "$destination/etc/audit/rules.d/71-pnat-lite.rules"
run_make install >"$destination/out" 2>&1 || { cat "$destination/out"; fail "make install, the second time"; }
grep -q '^active = yes$' "$dropin" || fail "make install overwrote the drop-in"
grep -q '^format = json$' "$destination/etc/audit/pnat-plugin.conf" || fail "make install overwrote the configuration"
grep -q '^kept .*pnat-plugin.conf' "$destination/out" || fail "make install does not say that it kept the configuration"
! grep -q '^kept .*plugins.d' "$destination/out" || fail "make install complains of an active drop-in"
[ ! -e "$destination/etc/audit/rules.d/71-pnat.rules" ] || fail "make install made a second profile active"

run_make uninstall >"$destination/out" 2>&1 || { cat "$destination/out"; fail "make uninstall"; }
rm -f "$destination/out"
left=$(cd "$destination" && find . -type f | sort | tr '\n' ' ')
# The lite rules stand in for a change: they are not what that file is shipped as.
[ "$left" = "./etc/audit/pnat-plugin.conf ./etc/audit/rules.d/71-pnat-lite.rules " ] || fail "make uninstall left $left"

[ "$failures" = 0 ]
