#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the code takes and writes stands in its documents, and what stands there is in the code: configuration keys
# (lib/config*.c, pnat-plugin.conf.5, the sample), options (--help, pnat-plugin.8), keys of records (the program's
# output, pnat-record.5). The pages and scripts are linted where a linter is installed.
#
# Environment, as make check sets it: srcdir (tests/) and builddir.
set -eu
export LC_ALL=C

top=$(cd "${srcdir:-.}/.." && pwd)
plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
failures=0

fail() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}

# Compares two lists of words: "$1" says what they are, $2 and $3 name the sides, files of these names hold them.
same_words() {
  sort -u "$temporary/$2" >"$temporary/a"
  sort -u "$temporary/$3" >"$temporary/b"
  [ -s "$temporary/a" ] || fail "$1: nothing was found in $2: this test no longer understands it"
  for word in $(comm -23 "$temporary/a" "$temporary/b"); do
    fail "$1 $word is in $2, but not in $3"
  done
  for word in $(comm -13 "$temporary/a" "$temporary/b"); do
    fail "$1 $word is in $3, but not in $2"
  done
}

# Items ".It MACRO a , b" of a page $1 with macro $2, a word a line.
items() {
  sed -n "s/^\.It $2 //p" "$top/man/$1" | tr -s ' ,' '\n' | grep .
}

configuration_keys_are_documented() {
  sed -n 's/^  { "\([a-z_]*\)", parse_.*/\1/p' "$top"/lib/config*.c >"$temporary/lib_config.c"
  items pnat-plugin.conf.5 Ic >"$temporary/pnat-plugin.conf.5"
  sed -n 's/^#\{0,1\}\([a-z_]*\) =.*/\1/p' "$top/pnat-plugin.conf" >"$temporary/pnat-plugin.conf"
  same_words "the configuration key" lib_config.c pnat-plugin.conf.5
  same_words "the configuration key" lib_config.c pnat-plugin.conf
}

# The sample's commented values are the defaults that the page gives.
defaults_agree() {
  sed -n 's/^#\([a-z_]*\) = *\(.*\)$/\1 = \2/p' "$top/pnat-plugin.conf" >"$temporary/sample"
  awk '
    /^\.It Ic / { key = $3 }
    /^Default: none$/ { print key " = " }
    /^Default:$/ { getline; sub(/^\.(Li|Pa) /, ""); print key " = " $0 }' "$top/man/pnat-plugin.conf.5" >"$temporary/page"
  sort -o "$temporary/sample" "$temporary/sample"
  sort -o "$temporary/page" "$temporary/page"
  diff -u --label "pnat-plugin.conf" --label "pnat-plugin.conf.5" "$temporary/sample" "$temporary/page" ||
    fail "the defaults of pnat-plugin.conf and of pnat-plugin.conf(5) differ, see above"
}

options_are_documented() {
  "$plugin" --help >"$temporary/help"
  grep -o '^  -.*' "$temporary/help" | grep -o -e '--[a-z-]*' >"$temporary/--help"
  sed -n 's/^\.It.* Fl -\([a-z-]*\).*/--\1/p' "$top/man/pnat-plugin.8" >"$temporary/pnat-plugin.8"
  same_words "the option" --help pnat-plugin.8
  grep -o '^  -[a-zA-Z],' "$temporary/help" | tr -d ' ,' >"$temporary/--help"
  sed -n 's/^\.It Fl \([a-zA-Z]\) ,.*/-\1/p' "$top/man/pnat-plugin.8" >"$temporary/pnat-plugin.8"
  same_words "the option" --help pnat-plugin.8
}

record_keys_are_documented() {
  # All records have all keys.
  "$plugin" --read "$top/tests/data/sample.log" | head -n 1 | sed 's/"\([^"\\]\|\\.\)*"/""/g' | tr ' ' '\n' | sed 's/=.*//' >"$temporary/kv"
  sed -n 's/.*, "\(lost\)", .*/\1/p' "$top/lib/format.c" >>"$temporary/kv"
  sed '/^\.Sh JSON/,$d' "$top/man/pnat-record.5" | sed -n 's/^\.It Li //p' | tr -s ' ,' '\n' | grep . >"$temporary/pnat-record.5"
  same_words "the key" kv pnat-record.5
}

# Names that the sample log's records have, and for those it has not, names in the code.
json_names_are_documented() {
  if ! command -v python3 >/dev/null; then
    echo "note: no python3, so the names of the JSON format are not checked"
    return 0
  fi
  "$plugin" --read --format=json "$top/tests/data/sample.log" | python3 -c '
import json, sys
def names(value, prefix):
    if not isinstance(value, dict):
        return [prefix]
    return [n for k, v in value.items() for n in names(v, prefix + "." + k if prefix else k)]
for line in sys.stdin:
    print("\n".join(names(json.loads(line), "")))' | sort -u >"$temporary/json"
  sed '1,/^\.Sh JSON/d' "$top/man/pnat-record.5" | sed -n 's/^\.It Li //p' | tr -s ' ,' '\n' | grep . | sort -u >"$temporary/pnat-record.5"
  for name in $(comm -23 "$temporary/json" "$temporary/pnat-record.5"); do
    fail "the JSON name $name is in the output, but not in pnat-record.5"
  done
  for name in $(comm -13 "$temporary/json" "$temporary/pnat-record.5"); do
    grep -q "\"${name##*.}\"" "$top/lib/format_json.c" || fail "the JSON name $name is in pnat-record.5, but not in lib/format_json.c"
  done
}

words_are_documented() {
  sed -n '/^} reasons/,/^};/p' "$top/lib/record.c" | grep -o '"[a-z]*"' | tr -d '"' >"$temporary/record.c"
  sed -n '/^\.It Li reason/,/^\.El/s/^\.It Cm //p' "$top/man/pnat-record.5" >"$temporary/pnat-record.5"
  same_words "the reason" record.c pnat-record.5
}

pages_are_clean() {
  for page in "$top"/man/*.[0-9]; do
    if command -v mandoc >/dev/null; then
      # Other pages it refers to need not be installed here.
      mandoc -T lint -W warning "$page" || fail "mandoc complains of $page"
    elif command -v groff >/dev/null; then
      [ -z "$(groff -man -mdoc -ww -z "$page" 2>&1)" ] || fail "groff complains of $page"
    else
      echo "note: neither mandoc nor groff, so $page is not linted"
    fi
  done
}

scripts_are_clean() {
  if ! command -v shellcheck >/dev/null; then
    echo "note: no shellcheck, so the scripts are not linted"
    return 0
  fi
  (cd "$top" && shellcheck -x install.sh check.sh autogen.sh scripts/*.sh .ci/run tests/*.sh) || fail "shellcheck complains of a script"
}

rules_keep_to_their_own() {
  for file in "$top"/rules.d/*.rules; do
    if grep -vE '^(#|$)' "$file" | grep -vE '^-a (always|never),(exit|io_uring) .* -F key=pnat$'; then
      fail "$file holds a line that is not a rule with pnat's key, see above"
    fi
    if grep -v '^#' "$file" | grep -q 'success=1'; then
      fail "$file: success=1 hides every connect that does not block"
    fi
  done
}

configuration_keys_are_documented
defaults_agree
options_are_documented
record_keys_are_documented
json_names_are_documented
words_are_documented
pages_are_clean
scripts_are_clean
rules_keep_to_their_own
if [ "$failures" -gt 0 ]; then
  echo "$failures failures"
  exit 1
fi
