#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cppcheck finds nothing in lib/ and plugin/: errors, warnings, what is slow, what is not portable.
#
#   check_cppcheck.sh [OPTION... FILE...]    those files only, or more checks: --enable=style
#
# Environment, as make check sets it: srcdir.
set -eu
export LC_ALL=C

tests=$(cd "${srcdir:-$(dirname "$0")}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v cppcheck >/dev/null || {
  echo "skipped: there is no cppcheck"
  exit 77
}

check() {
  cppcheck --quiet -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr --library=gtk \
    --library="$tests/analyzer/cppcheck.cfg" --error-exitcode=1 -I. "$@" 2>&1
}

# That what is to be found is found.
cat >"$work/probe.c" <<'EOC'
int probe(void) { int numbers[4] = { 0 }; return numbers[4]; }
EOC
if check "$work/probe.c" >"$work/found"; then
  echo "it does not find what it is to find"
  cat "$work/found"
  exit 1
fi

cd "$tests/.."
[ $# -gt 0 ] || set -- lib plugin
check "$@"
echo "nothing found by $(cppcheck --version)"
