#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clang's static analyzer finds nothing in lib/ and plugin/.
#
#   check_analyzer.sh [FILE.c...]    those files only
#
# Two things it does not know are told it. That a list's head changes: analyzer/sys/queue.h. That GLib's
# g_autoptr and its kin free what they hold (GCC's attribute "cleanup", which it does not model): a leak of such a variable is none.
#
# Environment, as make check sets it: srcdir, ANALYZED_CPPFLAGS (to be split by a shell); CLANG.
set -eu
export LC_ALL=C

tests=$(cd "${srcdir:-$(dirname "$0")}" && pwd)
top=$(dirname "$tests")
clang=${CLANG:-clang}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
  echo "skipped: $*"
  exit 77
}

# What the analyzer says of the files "$@", on several processors. A file that does not compile is a finding too.
analyze() {
  # shellcheck disable=SC2016 # for the inner shell
  printf '%s\n' "$@" | xargs -P "$(nproc)" -I FILE sh -c '
    file=$1 work=$2 clang=$3 tests=$4
    eval "set -- $ANALYZED_CPPFLAGS"
    "$clang" --analyze --analyzer-output text -I"$tests/analyzer" "$@" -o /dev/null "$file" \
      >"$work/$(basename "$file").report" 2>&1 || echo "$file: error: clang ended with $?" >>"$work/$(basename "$file").report"
  ' sh FILE "$work" "$clang" "$tests"
  cat "$work"/*.report
  rm -f "$work"/*.report
}

# Without the leaks of variables that free what they hold: the name must be declared so above, in the same function.
findings() {
  awk '
    function frees_itself(file, at, name,    text, n, found) {
      while ((getline text < file) > 0 && ++n <= at)
        if (text ~ /^{/)
          found = 0
        else if (text ~ "^ +g_auto(free|\\(|ptr\\().*[ *]" name "( = |;)")
          found = 1
      close(file)
      return found
    }
    /^[^ ]+:[0-9]+:[0-9]+: (warning|error|fatal error): / || /: error: clang ended with/ {
      split($0, at, ":")
      hidden = 0
      if (match($0, /Potential leak of memory pointed to by .[a-z_0-9]+. \[unix\.Malloc\]/)) {
        name = substr($0, RSTART + 40)
        sub(/. \[unix.*/, "", name)
        hidden = frees_itself(at[1], at[2], name)
      }
    }
    /^[0-9]+ (warning|error)s? generated/ { next }
    !hidden'
}

# That what is to be found is found: else a new version of clang, or an error above, would be silence.
cat >"$work/probe.c" <<'EOC'
#include <glib.h>
int probe(int n);
int probe(int n) {
  g_autofree int *own = g_new0(int, 1);
  int *lost = g_new0(int, 1);
  int *none = NULL;
  if (n == 1)
    return *none;
  return n + *own + *lost;
}
EOC

command -v "$clang" >/dev/null || skip "there is no $clang"
: "${ANALYZED_CPPFLAGS:?as make check sets it}"
export ANALYZED_CPPFLAGS

found=$(analyze "$work/probe.c" | findings)
has() {
  printf '%s\n' "$found" | grep -q "$1"
}
if ! has 'warning: Dereference of null pointer' || ! has "leak .* 'lost'" || has "leak .* 'own'"; then
  printf 'of the probe it finds:\n%s\n' "$found"
  exit 1
fi

[ $# -gt 0 ] || set -- "$top"/lib/*.c "$top"/plugin/*.c
found=$(analyze "$@" | findings)
[ -z "$found" ] || {
  printf '%s\n' "$found"
  exit 1
}
echo "$# files: nothing found by $("$clang" --version | head -n 1)"
