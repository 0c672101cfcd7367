#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs what the tests need (as root; else it says what is missing), builds, and runs all tests. The last line counts them.
# Build options may be given: ./check.sh --enable-sanitizers; --valgrind, first, runs those tests that can under valgrind.
set -eu
umask 022
PATH=$PATH:/usr/sbin:/sbin
export PATH LC_ALL=C
unset CDPATH MAKEFLAGS

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/packages.sh
. "$here/scripts/packages.sh"

# Without these some tests are skipped, and say so.
test_packages() {
  case $1 in
  apt) echo check auditd clang cppcheck curl libc6-dbg logrotate mandoc procps python3 rsyslog shellcheck systemd valgrind ;;
  dnf) echo check-devel audit clang cppcheck curl libasan libubsan logrotate mandoc procps-ng python3 rsyslog ShellCheck systemd valgrind ;;
  esac
  # 32-bit programs
  case $1-$(uname -m) in
  apt-x86_64) echo gcc-multilib ;;
  dnf-x86_64) echo glibc-devel.i686 libgcc.i686 ;;
  esac
}

ensure_packages() {
  manager=$(package_manager)
  # shellcheck disable=SC2046 # words on purpose
  needed=$(missing_packages "$manager" $(build_packages "$manager"))
  # shellcheck disable=SC2046
  wanted=$(missing_packages "$manager" $(test_packages "$manager"))
  if [ -n "$needed$wanted" ] && [ "$(id -u)" != 0 ]; then
    echo "check.sh: not root, so these packages are not installed, and tests that need them are skipped: $needed$wanted" >&2
  elif [ -n "$needed$wanted" ]; then
    # shellcheck disable=SC2086
    install_packages "$manager" $needed $wanted || install_one_by_one
  fi
}

# Not every distribution has all of them.
install_one_by_one() {
  for package in $needed $wanted; do
    install_packages "$manager" "$package" || echo "check.sh: there is no package $package here" >&2
  done
}

# A tree that was configured in place is built in place, any other in _build; with options, in a directory of their own.
build() {
  if [ ! -x configure ] || [ -n "$(find configure.ac m4 common.mk Makefile.am ./*/Makefile.am -newer configure)" ]; then
    ./autogen.sh
  fi
  if [ $# -gt 0 ] || [ ! -e config.status ]; then
    directory=_build$(printf '%s' "$*" | tr -cs 'a-zA-Z0-9_' -)
    mkdir -p "$directory"
    cd "$directory"
  fi
  if [ ! -e config.status ] || [ -n "$(find "$here/configure" -newer config.status)" ]; then
    "$here/configure" "$@"
    make -s clean # version and options stand on the compiler's command line, which make does not watch
  fi
  make -j"$(nproc)"
}

# Adds up the counts of all test directories. The log of a failed one, which is printed too, has them again.
summary() {
  awk '
    { gsub(/\033\[[0-9;]*m/, "") }
    /^Testsuite summary/ { counting = 1 }
    counting && /^# PASS: / { passed += $3 }
    counting && /^# (FAIL|ERROR|XPASS): / { failed += $3 }
    counting && /^# (SKIP|XFAIL): / { skipped += $3 }
    /^# ERROR: / { counting = 0 }
    END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$1"
}

cd "$here"
exec </dev/null
target=check
if [ "${1-}" = --valgrind ]; then
  target=check-valgrind
  shift
fi
[ "$(package_manager)" = none ] || ensure_packages
build "$@"
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
# VERBOSE: the logs of failed tests are printed. The status is make's, not tee's.
{ make -k "$target" VERBOSE=1 2>&1 || touch "$output.failed"; } | tee "$output"
if [ -e "$output.failed" ]; then
  rm -f "$output.failed"
  status=1
fi
# Why tests were skipped, which make does not print.
find . -name '*.trs' -exec grep -l '^:test-result: SKIP' {} + | while read -r result; do
  printf '%s: ' "$(basename "$result" .trs)"
  head -n 1 "${result%.trs}.log"
done
summary "$output"
exit "$status"
