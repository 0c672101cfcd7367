#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh SOURCE TARGET...: runs libfuzzer_TARGET of this directory, FUZZ_SECONDS each, over SOURCE/corpus/TARGET. What is found on the
# way is kept in found/TARGET, and gone on from the next time; inputs that fail are in failed/. Exit status 1: there is one.
set -eu

source=$1
shift
status=0

dictionary() {
  case $1 in
  read) echo audit ;;
  config | written | cgroup) echo "$1" ;;
  esac
}

for target in "$@"; do
  if [ ! -x "libfuzzer_$target" ]; then
    echo "there is no libfuzzer_$target: configure with CC=clang --enable-fuzzers --enable-sanitizers" >&2
    exit 1
  fi
  mkdir -p "found/$target" failed
  set -- -max_total_time="${FUZZ_SECONDS:-1800}" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="failed/$target-"
  words=$(dictionary "$target")
  [ -z "$words" ] || set -- "$@" -dict="$source/$words.dict"
  set -- "$@" "found/$target" "$source/corpus/$target"
  # stored logs are seeds too
  [ "$target" != read ] || set -- "$@" -max_len=20000 "$source/../data"
  echo "== $target"
  "./libfuzzer_$target" "$@" >"$target.out" 2>&1 || {
    status=1
    grep -E 'ERROR:|does not hold|SUMMARY:|Test unit written' "$target.out" || tail -n 20 "$target.out"
  }
  awk '/^stat::number_of_executed_units|^stat::average_exec_per_sec|^stat::peak_rss_mb/ { sub("stat::", ""); print }
       /cov: [0-9]+ ft: / { last = $0 }
       END { print last }' "$target.out"
done
exit "$status"
