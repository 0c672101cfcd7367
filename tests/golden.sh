#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the real program makes of stored logs: data/NAME.log, with NAME.log.1, .2, ... beside it where it was rotated, must give
# NAME.kv.ref and NAME.json.ref. See data/README.md for what each of them is about.
#
# The same events give the same records however they come: from standard input, packed by gzip, as audit.log has them (without
# EOE records) and not as auditd dispatches them, and raw instead of enriched.
#
#   golden.sh [NAME...]            compare, all of them by default
#   golden.sh --update [NAME...]   write the references anew: review them before you keep them
#
# Environment, as make check sets it: srcdir (tests/) and builddir. PNAT_WRAPPER: words of a command that runs the program, as memcheck.sh
# sets it; the ways in which events come are left out then.
set -eu
export LC_ALL=C TZ=UTC

data=$(cd "${srcdir:-$(dirname "$0")}" && pwd)/data
plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
failures=0

# Reads the files "$@" as format $1; the records are on standard output, diagnostics and a failure's status behind them.
read_logs() {
  format=$1
  shift
  status=0
  # shellcheck disable=SC2086 # words on purpose
  ${PNAT_WRAPPER-} "$plugin" --read --format="$format" "$@" 2>"$temporary/err" || status=$?
  sed 's/^/stderr: /' "$temporary/err"
  [ "$status" = 0 ] || echo "status: $status"
}

# A log's files in the order of a shell's glob, which is the newest first: not the order of their events.
files_of() {
  ls "$data/$1.log" "$data/$1.log".[0-9] 2>/dev/null || :
}

# In the order of their events, in one file.
joined() {
  files_of "$1" | sort -r | xargs cat
}

# Compares $temporary/got with reference $2 of the log $1; $3 says how it was read. Diagnostics count lines, of which there may be fewer.
compare() {
  grep -v '^stderr: ' "$data/$1.$2.ref" >"$temporary/want" || :
  grep -v '^stderr: ' "$temporary/got" >"$temporary/records" || :
  if [ "$3" = "$2" ]; then
    set -- "$1" "$2" "$3" "$data/$1.$2.ref" "$temporary/got"
  else
    set -- "$1" "$2" "$3" "$temporary/want" "$temporary/records"
  fi
  if diff -U0 "$4" "$5" >"$temporary/diff" 2>&1; then
    return 0
  fi
  echo "--- $1, $3:"
  head -n 40 "$temporary/diff"
  wrong="$wrong $3"
}

# The records of the log $1, however its events come. What follows 0x1d in a line is the enrichment.
read_variants() {
  joined "$1" >"$temporary/log"
  read_logs kv - <"$temporary/log" >"$temporary/got"
  compare "$1" kv "standard input"
  sed '/type=EOE /d' "$temporary/log" >"$temporary/$1.log"
  read_logs kv "$temporary/$1.log" >"$temporary/got"
  compare "$1" kv "without EOE"
  sed "s/$(printf '\035').*//" "$temporary/log" >"$temporary/$1.log"
  read_logs kv "$temporary/$1.log" >"$temporary/got"
  compare "$1" kv "raw"
  if command -v gzip >/dev/null; then
    gzip -c "$temporary/log" >"$temporary/$1.log.gz"
    read_logs kv "$temporary/$1.log.gz" >"$temporary/got"
    compare "$1" kv "gzip"
  fi
}

check() {
  wrong=
  for format in kv json; do
    files_of "$1" | xargs "$0" --print "$format" >"$temporary/got"
    compare "$1" "$format" "$format"
  done
  [ -n "$wrong${PNAT_WRAPPER-}" ] || read_variants "$1"
  if [ -z "$wrong" ]; then
    echo "ok $1"
  else
    echo "not ok $1:$wrong"
    failures=$((failures + 1))
  fi
}

update() {
  for format in kv json; do
    files_of "$1" | xargs "$0" --print "$format" >"$data/$1.$format.ref"
  done
}

case ${1:-} in
--print)
  shift
  read_logs "$@"
  exit 0
  ;;
--update)
  action=update
  shift
  ;;
*)
  action=check
  ;;
esac
[ -x "$plugin" ] || {
  echo "there is no $plugin: build it first, and set builddir to the build's tests/ directory"
  exit 1
}
if [ $# -eq 0 ]; then
  for file in "$data"/*.log; do
    set -- "$@" "$(basename "$file" .log)"
  done
fi
for name in "$@"; do
  "$action" "$name"
done
[ "$failures" = 0 ]
