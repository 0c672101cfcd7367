#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs pnat on this host and shows that it works. It is made to be run again: what is in place already is left alone.
# What it did is noted in $state, so that --uninstall can take it back.
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
unset CDPATH

here=$(cd "$(dirname "$0")" && pwd)
work=$here/_install             # a copy of the sources and the build
state=/var/lib/pnat/install.state
auditdir=/etc/audit
config=$auditdir/pnat-plugin.conf
plugin=$auditdir/plugins.d/pnat.conf
sample=/usr/share/pnat

EX_USAGE=64 EX_UNAVAILABLE=69

usage() {
  cat <<EOF
Usage: sudo ./install.sh [--rules=default|full|lite]
       sudo ./install.sh --uninstall
       ./install.sh --demo

Without --uninstall or --demo: installs the packages that are missing (apt or dnf), builds and installs pnat below /usr and /etc,
puts its audit rules in force, activates the plugin in auditd, makes one connection over loopback, and prints its record.

  --rules=PROFILE  which calls are audited, see "RULES" in pnat-plugin(8); without it an active profile stays
  --uninstall      take back all of that; logs, packages and files that you changed stay
  --demo           build in a temporary directory and print the records of a sample log; needs neither root nor auditd
  --help           this text

Exit status: 0; 1 when something failed; $EX_USAGE for a wrong command line; $EX_UNAVAILABLE when kernel auditing
cannot be had here (a container, audit=0): nothing is installed then, and the demo is shown.
EOF
}

say() {
  printf '%s\n' "$*"
}

step() {
  printf '\n== %s\n' "$*"
}

# What went wrong, and what to do next.
die() {
  printf 'install.sh: %s\n' "$1" >&2
  shift
  for line in "$@"; do
    printf '  %s\n' "$line" >&2
  done
  exit 1
}

# Packages.

# shellcheck source=scripts/packages.sh
. "$here/scripts/packages.sh"

# auditd and auditctl; augenrules is in a package of its own in newer Fedora, semanage in RHEL too.
run_packages() {
  case $1 in
  apt) echo auditd ;;
  dnf)
    echo audit
    if dnf -q list audit-rules >/dev/null 2>&1; then echo audit-rules; fi
    if [ -e /sys/fs/selinux/enforce ]; then echo policycoreutils-python-utils; fi
    ;;
  esac
}

ensure_packages() {
  manager=$(package_manager)
  if [ "$manager" = none ]; then
    tools_missing=$(missing_tools)
    [ -z "$tools_missing" ] || die "neither apt-get nor dnf is here, and these are missing: $tools_missing" \
      "Install them by hand, then run this again."
    return 0
  fi
  packages=$(build_packages "$manager")
  [ "$1" = build ] || packages="$packages $(run_packages "$manager")"
  # shellcheck disable=SC2086 # words on purpose
  packages=$(missing_packages "$manager" $packages)
  [ -n "$packages" ] || return 0
  step "Installing packages: $packages"
  # shellcheck disable=SC2086
  install_packages "$manager" $packages || die "the packages could not be installed: $packages" \
    "See the message above: mostly it is the network, or a repository that is switched off." \
    "Install them by hand, then run this again."
  installed_packages=$packages
}

# What a build needs and does not find, for whoever may not install packages.
missing_tools() {
  for tool in gcc make autoreconf automake pkg-config; do
    command -v "$tool" >/dev/null || printf '%s ' "$tool"
  done
  command -v pkg-config >/dev/null || return 0
  for module in glib-2.0 gio-unix-2.0 json-glib-1.0 audit auparse libcap-ng libseccomp; do
    pkg-config --exists "$module" || printf '%s.pc ' "$module"
  done
}

# Building.

# Runs a command as the user who called sudo, so that no build runs as root and no root-owned file is left in their tree.
as_builder() {
  if [ "$builder" = root ]; then
    "$@"
  else
    runuser -u "$builder" -- "$@"
  fi
}

choose_builder() {
  builder=root
  [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] || return 0
  command -v runuser >/dev/null && runuser -u "$SUDO_USER" -- test -w "$here" || return 0
  builder=$SUDO_USER
}

# The sources without what a build in place left behind, so that a tree that is configured builds too. "$1" gets src and build.
build() (
  dir=$1
  shift
  as_builder mkdir -p "$dir/src" "$dir/build"
  tar -C "$here" --exclude=./.git --exclude=./_install --exclude='./_build*' --exclude=./autom4te.cache --exclude='*.o' --exclude='*.a' \
    --exclude='*.trs' --exclude=.deps --exclude=.dirstamp --exclude=Makefile --exclude=config.status --exclude=config.log \
    --exclude=./config.h --exclude=stamp-h1 --exclude=./plugin/pnat-plugin --exclude=./etc -cf - . |
    as_builder tar -C "$dir/src" --no-same-owner --keep-newer-files -xf - # newer: a configure that was made there
  cd "$dir/src"
  if [ ! -x configure ] || [ -n "$(find configure.ac m4 common.mk Makefile.am ./*/Makefile.am -newer configure)" ]; then
    as_builder ./autogen.sh
  fi
  cd "$dir/build"
  if [ ! -e config.status ] || [ -n "$(find ../src/configure -newer config.status)" ]; then
    as_builder ../src/configure --quiet "$@"
    as_builder make -s clean # version and options stand on the compiler's command line, which make does not watch
  fi
  as_builder make -j"$(nproc)"
)

build_or_die() {
  log=$1/build.log
  as_builder mkdir -p "$1"
  # Its output is long and says nothing when all is well.
  try_build "$@"
  [ "$built" != 0 ] || return 0
  # What a run that was interrupted left is not built upon.
  as_builder rm -rf "$1/src" "$1/build" || die "$1/src and $1/build cannot be removed" "Remove them, and run this again: sudo rm -rf $1"
  try_build "$@"
  [ "$built" != 0 ] || return 0
  tail -n 30 "$log" >&2
  kept=$(mktemp "${TMPDIR:-/tmp}/pnat-build.XXXXXX") && cp "$log" "$kept" && log=$kept # a demo's directory goes
  die "the build failed; the last lines are above, all of it is in $log" \
    "If a package or header is missing there, install it and run this again."
}

# Sets $built. Not as a condition: within one sh goes on behind what fails.
try_build() {
  set +e
  (set -e; build "$@") >"$log" 2>&1
  built=$?
  set -e
}

# The demo.

demo() {
  demo_dir=$(mktemp -d "${TMPDIR:-/tmp}/pnat-demo.XXXXXX")
  trap 'rm -rf "$demo_dir"' EXIT
  trap 'exit 1' INT TERM HUP
  builder=root # as whoever runs this
  tools_missing=$(missing_tools)
  [ -z "$tools_missing" ] || die "these are missing for the build: $tools_missing" "$(hint_packages)"
  step "Building in $demo_dir (a minute or two)"
  build_or_die "$demo_dir"
  log=tests/data/sample.log
  cd "$here"
  step "The records of $log, $(wc -l <"$log") lines of a host called web1:  pnat-plugin --read $log"
  "$demo_dir/build/plugin/pnat-plugin" --read "$log"
  step "Who talked to 198.51.100.66?  pnat-plugin --read $log | grep 'remote_ip=198.51.100.66 '"
  "$demo_dir/build/plugin/pnat-plugin" --read "$log" | grep 'remote_ip=198.51.100.66 '
  step "The same as JSON:  pnat-plugin --read $log --format=json"
  "$demo_dir/build/plugin/pnat-plugin" --read "$log" --format=json | grep -F '"198.51.100.66"'
  say ""
  say "What the keys mean: man $here/man/pnat-record.5"
}

hint_packages() {
  case $(package_manager) in
  apt) say "Install them with: sudo apt-get install $(build_packages apt)" ;;
  dnf) say "Install them with: sudo dnf install $(build_packages dnf)" ;;
  *) say "Install them with your package manager: a C compiler, make, autoconf, automake, pkg-config and the headers of" \
    "libaudit, libauparse, glib 2, json-glib, libcap-ng and libseccomp." ;;
  esac
}

# Kernel auditing.

# CAP_AUDIT_CONTROL (30, capability.h) among the effective ones; before auditctl is there to ask.
has_capability() {
  effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
  [ $((0x$effective >> 30 & 1)) = 1 ]
}

# In words why kernel auditing cannot be had; nothing when it can.
why_no_audit() {
  if ! has_capability; then
    say "this root lacks the capability CAP_AUDIT_CONTROL, as in a container."
  elif grep -qE '(^| )audit=(0|off)( |$)' /proc/cmdline; then
    say "the kernel was started with audit=0."
  elif command -v auditctl >/dev/null && [ -z "$(audit_status enabled 2>/dev/null)" ]; then
    # In a user or network namespace of its own auditctl fails without a word.
    say "the kernel does not answer auditctl -s, as in a container. $(auditctl -s 2>&1 | head -n 1)"
  fi
}

give_up_on_audit() {
  say "Kernel auditing cannot be had here: $1"
  say "pnat needs auditd, and auditd needs that. A container shares its host's kernel: install pnat on the host, it sees the"
  say "processes of the containers too. With audit=0: take that off the kernel's command line and reboot."
  say "Nothing was installed but packages. What follows is the demo."
  demo
  exit "$EX_UNAVAILABLE"
}

audit_status() {
  auditctl -s | sed -n "s/^$1 //p"
}

# auditd.

auditd_pid() {
  pid=$(audit_status pid)
  if [ "${pid:-0}" != 0 ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = auditd ]; then
    say "$pid"
  fi
}

plugin_pid() {
  auditd=$(auditd_pid)
  [ -n "$auditd" ] || return 0
  grep -ls '^Name:[[:space:]]*pnat-plugin$' /proc/[0-9]*/status | while read -r status; do
    ! grep -qs "^PPid:[[:space:]]*$auditd\$" "$status" || sed -n 's/^Pid:[[:space:]]*//p' "$status"
  done
}

# Waits until "$1..." prints something, or the seconds in $2 are over; then it has failed.
wait_for() {
  tries=$(($1 * 10))
  shift
  while [ -z "$("$@")" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

has_systemd() {
  [ -d /run/systemd/system ]
}

messages_command() {
  if has_systemd; then
    say "journalctl -t auditd -t pnat-plugin"
  else
    say "grep -sE 'auditd|pnat-plugin' /var/log/syslog /var/log/messages"
  fi
}

start_auditd() {
  step "Starting auditd"
  if has_systemd; then
    systemctl is-enabled --quiet auditd 2>/dev/null || { systemctl enable auditd && note enabled_auditd yes; }
    systemctl start auditd || die "auditd did not start" "Look with: systemctl status auditd; journalctl -u auditd"
  else
    # Its children hold what they inherit: no descriptor of ours.
    auditd </dev/null >/dev/null 2>&1 9<&- || die "auditd did not start" "Run it in the foreground to see why: auditd -f"
    say "note: there is no systemd here; see to it that auditd is started at boot"
  fi
  note started_auditd yes
  wait_for 10 auditd_pid || die "auditd was started but does not run" "Run it in the foreground to see why: auditd -f"
}

reload_auditd() {
  pid=$(auditd_pid)
  [ -z "$pid" ] || kill -HUP "$pid"
}

# Notes for --uninstall: "key value" lines. What was noted first stays: a second run must not take the first's work for what it found.

noted() {
  [ ! -e "$state" ] || sed -n "s/^$1 //p" "$state"
}

note() {
  [ -z "$(noted "$1")" ] || return 0
  printf '%s %s\n' "$1" "$2" >>"$state"
}

note_again() {
  [ "$(noted "$1")" != "$2" ] || return 0
  [ ! -e "$state" ] || sed -i "/^$1 /d" "$state"
  printf '%s %s\n' "$1" "$2" >>"$state"
}

# One value of several.
note_also() {
  ! noted "$1" | grep -qxF -e "$2" || return 0
  printf '%s %s\n' "$1" "$2" >>"$state"
}

# Files.

# Configuration that was there, and that is not what some version of pnat shipped.
edited_files() {
  for file in $(rule_files); do
    is_shipped "$file" || say "$file"
  done
  [ ! -e "$config" ] || cmp -s "$config" "$sample/pnat-plugin.conf" || say "$config"
}

# What make kept because it differs. What nobody edited is an older version's, or fitted to this host, and not worth a word.
say_kept() {
  grep '^kept' "$work/install.log" | while IFS= read -r line; do
    file=${line#kept }
    file=${file%%,*}
    case $file in
    "$config" | "$auditdir"/rules.d/*) ! is_edited "$file" || say "$line" ;;
    *) say "$line" ;;
    esac
  done
}

is_edited() {
  printf '%s\n' "$edited" | grep -qxF -e "$1"
}

install_files() {
  step "Installing"
  # What is installed, without the configuration: found out in a directory to throw away.
  stage=$(as_builder mktemp -d)
  (cd "$work/build" && as_builder make -s install DESTDIR="$stage" >/dev/null) || die "make install failed" "See the message above."
  files=$(cd "$stage" && find . -type f ! -path "./etc/*" | sed 's/^\.//' | sort)
  rm -rf "$stage"
  before=$(fingerprint "$files")
  edited=$(edited_files) # compared with the samples, which make replaces
  # -C: files that are the same already are not written.
  (cd "$work/build" && make -s install INSTALL="$(command -v install) -C" >"$work/install.log") || die "make install failed" "See the message above."
  say_kept
  is_edited "$config" || cmp -s "$config" "$sample/pnat-plugin.conf" || install -m 0640 "$sample/pnat-plugin.conf" "$config"
  note_again files "$(printf '%s' "$files" | tr '\n' ' ')"
  [ "$before" = "$(fingerprint "$files")" ] && say "the files were in place already"
  label_files
}

# auditd's plugins run in auditd's SELinux domain, which may write nothing but audit logs: so pnat's log is one.
label_files() {
  [ -e /sys/fs/selinux/enforce ] || return 0
  if command -v semanage >/dev/null; then
    for directory in /var/log/pnat /var/lib/pnat; do
      semanage fcontext -a -t auditd_log_t "$directory(/.*)?" 2>/dev/null || : # it is there already
    done
    note selinux_labels yes
  fi
  # shellcheck disable=SC2086
  restorecon -R $files $auditdir /etc/logrotate.d/pnat /var/log/pnat /var/lib/pnat || :
  command -v semanage >/dev/null || chcon -R -t auditd_log_t /var/log/pnat /var/lib/pnat
}

unlabel_files() {
  [ "$(noted selinux_labels)" = yes ] || return 0
  for directory in /var/log/pnat /var/lib/pnat; do
    semanage fcontext -d "$directory(/.*)?" || :
  done
}

fingerprint() {
  # shellcheck disable=SC2086
  cat $1 2>/dev/null | cksum
}

activate_plugin() {
  if ! grep -q '^active = yes' "$plugin"; then
    grep -q '^active *=' "$plugin" || die "$plugin has no line \"active = ...\"" "Delete the file and run this again for a new one."
    sed -i 's/^active *=.*/active = yes/' "$plugin"
    changed=yes
  fi
  path=$(sed -n 's/^path *= *//p' "$plugin")
  [ "$path" = /usr/sbin/pnat-plugin ] || say "note: $plugin names $path, not the /usr/sbin/pnat-plugin installed now"
  chown root:root "$plugin" "$config"
  chmod 0640 "$plugin"
}

check_config() {
  /usr/sbin/pnat-plugin --check --config="$config" >/dev/null || die "the configuration is wrong, see above" \
    "Mend $config, or put $sample/pnat-plugin.conf in its place; then run this again."
}

# Starts auditd, or has it read its plugins again. The plugin is restarted where the program is another than the one that runs.
run_plugin() {
  pid=$(auditd_pid)
  if [ -z "$pid" ]; then
    start_auditd
  elif [ "$changed" = yes ] || [ -z "$(plugin_pid)" ] || ! cmp -s "/proc/$(plugin_pid)/exe" /usr/sbin/pnat-plugin; then
    step "Reloading auditd"
    reload_auditd
    sleep 1 # a plugin that was replaced is gone by then
  fi
  wait_for 10 plugin_pid || die "auditd runs but did not start pnat-plugin" "Its messages say why: $(messages_command)" \
    "Is $plugin right, and its path? Then run this again." \
    "If pnat-plugin failed before, ten times in all, auditd does not start it any more: restart auditd, then run this again."
}

# Rules.

active_profile() {
  for name in default full lite; do
    [ ! -e "$auditdir/rules.d/$(profile_file "$name")" ] || say "$name"
  done
}

profile_file() {
  case $1 in
  default) say 71-pnat.rules ;;
  *) say "71-pnat-$1.rules" ;;
  esac
}

# make install has put one profile there, or left the one it found.
choose_profile() {
  [ -n "$profile" ] && [ "$profile" != "$(active_profile)" ] || return 0
  for name in $(active_profile); do
    rm -f "$auditdir/rules.d/$(profile_file "$name")"
  done
  place_rules "$(profile_file "$profile")"
}

# Rules that make installed, or that are of an older version.
place_all_rules() {
  for file in $(rule_files); do
    is_edited "$file" || place_rules "$(basename "$file")"
  done
}

# The rules $1 without those for a program in a directory that is not there: auditctl would stop at them and load none that follow.
fitting_rules() {
  while IFS= read -r rule; do
    case $rule in
    "-a "*" -F exe="*)
      program=${rule#* -F exe=}
      program=${program%% *}
      [ -d "${program%/*}" ] || continue
      ;;
    esac
    printf '%s\n' "$rule"
  done <"$1"
}

# Makes the sample $1 the active one.
place_rules() {
  target=$auditdir/rules.d/$1
  ! fitting_rules "$sample/rules/$1" | cmp -s - "$target" || return 0
  fitting_rules "$sample/rules/$1" >"$target.new"
  cmp -s "$target.new" "$sample/rules/$1" ||
    say "note: left out of $1, since auditctl stops at a program in a directory that does not exist:" \
      "$(diff "$target.new" "$sample/rules/$1" | sed -n 's/.* -F exe=\([^ ]*\).*/\1/p' | tr '\n' ' ')"
  chmod 0640 "$target.new"
  mv -f "$target.new" "$target"
}

# Whether the active rules $1 are as they were put there.
is_shipped() {
  shipped=$sample/rules/$(basename "$1")
  [ -e "$shipped" ] || return 1
  cmp -s "$1" "$shipped" || fitting_rules "$shipped" | cmp -s - "$1"
}

# Where auditctl and the kernel know the io_uring filter, and auditctl its newest name in the rules: asked by deleting a rule that is not there.
choose_io_uring() {
  file=$auditdir/rules.d/71-pnat-io_uring.rules
  if ! auditctl -d always,io_uring -S sendmsg_zc -F key=pnat-probe 2>&1 | grep -q 'No such file'; then
    rm -f "$file"
  elif [ ! -e "$file" ]; then
    place_rules 71-pnat-io_uring.rules
  fi
}

# Fedora ships a rule that switches system call auditing off for every process to come. With it there is nothing to see.
lift_task_never() {
  never='^[[:space:]]*-a[[:space:]]*\(task,never\|never,task\)[[:space:]]*$'
  for file in "$auditdir"/rules.d/*.rules; do
    grep -q "$never" "$file" || continue
    say "$file switched off all system call auditing (-a task,never, a default of Fedora): the line is now a comment"
    sed -i "s/$never/#pnat# &/" "$file"
    note_also task_never "$file"
  done
  if auditctl -l | grep -q "$never"; then
    auditctl -d task,never >/dev/null
    note_also task_never loaded
    old_processes=yes
  fi
}

restore_task_never() {
  noted task_never | while IFS= read -r file; do
    if [ "$file" = loaded ]; then
      auditctl -a task,never >/dev/null 2>&1 || :
    elif [ -e "$file" ]; then
      sed -i 's/^#pnat# //' "$file"
    fi
  done
}

loaded_rules() {
  auditctl -l | grep 'key=pnat$' || :
}

rule_files() {
  for file in "$auditdir"/rules.d/71-pnat*.rules; do
    [ ! -e "$file" ] || say "$file"
  done
}

rule_list() {
  rule_files | tr '\n' ' '
}

# The file that is read at boot. Not loaded from here: that would flush rules which someone loaded by hand. One that
# augenrules did not make is the administrator's.
merge_rules() {
  if ! command -v augenrules >/dev/null; then
    say "note: there is no augenrules here; see to it that $(rule_list) are loaded at boot"
  elif [ -e $auditdir/audit.rules ] && [ -s $auditdir/audit.rules ] && ! grep -q 'automatically generated from' $auditdir/audit.rules; then
    say "note: $auditdir/audit.rules is not made by augenrules here; add the lines of $(rule_list) to it for the next boot"
  else
    [ -e $auditdir/audit.rules.prev ] || note new_file $auditdir/audit.rules.prev
    augenrules >/dev/null
  fi
}

load_rules() {
  if [ "$(audit_status enabled)" = 2 ]; then
    merge_rules
    die "the audit rules are locked until the next boot (-e 2)" "pnat is installed and its rules are in $auditdir/rules.d: reboot, and it works."
  fi
  lift_task_never
  # shellcheck disable=SC2046
  wanted=$(grep -h '^-a' $(rule_files) | cksum)
  if [ "$(noted rules_wanted)" != "$wanted" ] || [ "$(noted rules_loaded)" != "$(loaded_rules | cksum)" ]; then
    step "Loading the audit rules: $(rule_list)"
    auditctl -D -k pnat >/dev/null
    for file in $(rule_files); do
      auditctl -R "$file" >/dev/null || die "the kernel or auditctl does not take $file" \
        "The message above names the line. \"No such file\": its exe= is in a directory that does not exist; delete that line." \
        "A kernel older than 5.3 does not know saddr_fam: use --rules=full there, and read its costs first."
    done
    note_again rules_wanted "$wanted"
    note_again rules_loaded "$(loaded_rules | cksum)"
  fi
  merge_rules
}

enable_audit() {
  [ "$(audit_status enabled)" = 0 ] || return 0
  auditctl -e 1 >/dev/null
}

# The proof.

config_value() {
  value=$(sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$config")
  say "${value:-$2}"
}

# Records of the connection from process $1 to port $2; "$3": of which event, a pattern.
find_record() {
  log=$(config_value file /var/log/pnat/pnat.log)
  [ -e "$log" ] || return 0
  case $(config_value format kv) in
  json) pattern="\"$3\"\\].*\"pid\":$1,.*\"port\":$2[,}]" ;;
  *) pattern="^event=$3 .* pid=$1 .* remote_ip=127.0.0.1 remote_port=$2 " ;;
  esac
  grep -a "$pattern" "$log" || :
}

prove() {
  step "One connection over loopback"
  as_builder "${CC:-gcc}" -O -o "$work/loopback" "$here/tests/loopback.c"
  result=$(as_builder "$work/loopback") || die "the connection over loopback failed" "Is the lo interface up? ip addr show lo"
  pid=${result% *} port=${result#* }
  say "process $pid connected to 127.0.0.1 port $port; its record:"
  case ,$(config_value output file | tr -d ' '), in
  *,file,*) ;;
  *)
    say "$config writes no file; look with: journalctl -t pnat PNAT_PID=$pid"
    return 0
    ;;
  esac
  # The lite rules do not tell that the process ended: its start record shows as well that all is in place.
  wait_for 10 find_record "$pid" "$port" end || [ -n "$(find_record "$pid" "$port" '[a-z]*')" ] || diagnose
  say ""
  find_record "$pid" "$port" '[a-z]*'
}

diagnose() {
  if [ -z "$(plugin_pid)" ]; then
    die "no record came: pnat-plugin does not run" "Its messages: $(messages_command)"
  elif [ -z "$(loaded_rules)" ]; then
    die "no record came: the audit rules are not loaded" "Try: auditctl -R $(rule_files | head -n 1)"
  elif config_value exclude '' | grep -q '127\.'; then
    say "none, since $config excludes 127.0.0.0/8. All else is in place."
    exit 0
  elif [ "$(cat /sys/fs/selinux/enforce 2>/dev/null)" = 1 ]; then
    die "no record came, and SELinux is enforcing" "Look for what it denied: ausearch -m avc -c pnat-plugin --start recent"
  fi
  die "no record came within 10 seconds" "Is the event in auditd's log? ausearch -k pnat -p $pid" \
    "If it is, the plugin's messages: $(messages_command)" "If not: auditctl -s (enabled, lost) and auditctl -l"
}

install_all() {
  [ "$(id -u)" = 0 ] || die "installing needs root" "Run: sudo ./install.sh" "To see what pnat does without root: ./install.sh --demo"
  changed=no old_processes=no installed_packages=
  choose_builder
  reason=$(why_no_audit)
  if [ -n "$reason" ]; then
    ensure_packages build
    give_up_on_audit "$reason"
  fi
  ensure_packages all
  reason=$(why_no_audit)
  [ -z "$reason" ] || give_up_on_audit "$reason"

  install -d -m 0750 "$(dirname $state)"
  [ -z "$installed_packages" ] || note_again packages "$(noted packages | sed "s,$, ,")$installed_packages"
  note enabled "$(audit_status enabled)"
  [ "$(audit_status enabled)" != 0 ] || old_processes=yes

  step "Building in $work (a minute or two)"
  note_also work "$work"
  build_or_die "$work" --prefix=/usr --sysconfdir=/etc --localstatedir=/var
  install_files
  check_config
  choose_profile
  choose_io_uring
  place_all_rules
  activate_plugin
  run_plugin
  enable_audit
  load_rules
  prove

  step "pnat is installed"
  say "Records:        $(config_value file /var/log/pnat/pnat.log)   (grep 'remote_ip=ADDRESS ')"
  say "Configuration:  $config"
  say "Rules:          $(rule_list)"
  say "All the rest:   man pnat-plugin"
  [ "$old_processes" = no ] || say "Processes that started before auditing was first enabled are not audited until they are restarted; a reboot covers all."
}

# Taking it back.

remove_rules() {
  if [ "$(audit_status enabled)" = 2 ]; then
    say "The audit rules are locked (-e 2): pnat's stay in the kernel until the next boot."
  else
    auditctl -D -k pnat >/dev/null || :
  fi
  for file in $(rule_files); do
    if [ -e "$sample/rules/$(basename "$file")" ] && ! is_shipped "$file"; then
      say "You changed $file: it is now $file.saved, which nothing loads"
      mv "$file" "$file.saved"
    else
      rm -f "$file"
    fi
  done
  restore_task_never
  merge_rules
}

stop_plugin() {
  rm -f "$plugin"
  pid=$(auditd_pid)
  if [ -n "$pid" ] && [ "$(noted started_auditd)" = yes ]; then
    if [ "$(noted enabled_auditd)" = yes ] && has_systemd; then systemctl disable auditd || :; fi
    say "Stopping auditd, which install.sh had started"
    kill -TERM "$pid"
    tries=100
    while [ -e "/proc/$pid" ] && [ "$tries" -gt 0 ]; do tries=$((tries - 1)); sleep 0.1; done
  elif [ -n "$pid" ]; then
    reload_auditd
    tries=50
    while [ -n "$(plugin_pid)" ] && [ "$tries" -gt 0 ]; do tries=$((tries - 1)); sleep 0.1; done
  fi
  [ "$(noted enabled)" != 0 ] || auditctl -e 0 >/dev/null || :
}

remove_files() {
  if [ -e "$config" ] && [ -e "$sample/pnat-plugin.conf" ] && ! cmp -s "$config" "$sample/pnat-plugin.conf"; then
    say "You changed $config: it stays"
  else
    rm -f "$config"
  fi
  rm -f /etc/logrotate.d/pnat /run/pnat/pnat.sock
  # shellcheck disable=SC2046
  rm -f $(noted files) $(noted new_file)
  rmdir "$sample/rules" "$sample/security/apparmor" "$sample/security/selinux" "$sample/security" "$sample" /run/pnat 2>/dev/null || :
}

# Of all clones that it was installed from.
remove_work() {
  rm -rf "$work"
  noted work | while IFS= read -r directory; do
    case $directory in
    /*/_install) rm -rf "$directory" ;;
    esac
  done
}

# Of all clones. In a place where nobody but root can hold it.
one_at_a_time() {
  [ "$(id -u)" = 0 ] && command -v flock >/dev/null || return 0
  (umask 077 && : >>/run/pnat-install.lock)
  exec 9>>/run/pnat-install.lock
  flock -n 9 || { say "Another install.sh is at work: waiting for it"; flock 9; }
}

uninstall() {
  [ "$(id -u)" = 0 ] || die "uninstalling needs root" "Run: sudo ./install.sh --uninstall"
  if [ ! -e "$state" ]; then
    [ -e "$plugin" ] || [ -n "$(rule_files)" ] || { say "pnat is not installed by install.sh: nothing to do"; exit 0; }
    die "there is no $state: install.sh did not install this pnat" "If \"make install\" did: deactivate it in $plugin, then run \"make uninstall\" in that build directory."
  fi
  packages=$(noted packages)
  remove_rules
  stop_plugin
  remove_files
  unlabel_files
  remove_work
  rm -rf /var/lib/pnat
  step "pnat is uninstalled"
  say "The logs in /var/log/pnat stay."
  [ -z "$packages" ] || say "These packages were installed for it and stay: $packages"
}

action=install profile=
for argument in "$@"; do
  case $argument in
  --rules=default | --rules=full | --rules=lite) profile=${argument#--rules=} ;;
  --uninstall) action=uninstall ;;
  --demo) action=demo ;;
  --help | -h) usage; exit 0 ;;
  *)
    printf 'install.sh: %s: no such option\n\n' "$argument" >&2
    usage >&2
    exit "$EX_USAGE"
    ;;
  esac
done

case $action in
install) one_at_a_time; install_all ;;
uninstall) one_at_a_time; uninstall ;;
demo) demo ;;
esac
