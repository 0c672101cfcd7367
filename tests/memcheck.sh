#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs a test under valgrind, which fails it when memory was used wrongly or is lost for good: make check-valgrind.
#
#   memcheck.sh TEST    a program; of a script, the plugin that it runs
#
# Environment: VALGRIND.
set -eu

valgrind=${VALGRIND:-valgrind}
glib=/usr/share/glib-2.0/valgrind/glib.supp # comes with GLib's development files

command -v "$valgrind" >/dev/null || {
  echo "skipped: there is no $valgrind"
  exit 77
}
memcheck="$valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99"
[ ! -e "$glib" ] || memcheck="$memcheck --suppressions=$glib"
CK_TIMEOUT_MULTIPLIER=60
PNAT_SLOWNESS=20
export CK_TIMEOUT_MULTIPLIER PNAT_SLOWNESS
case $1 in
*.sh)
  PNAT_WRAPPER=$memcheck
  export PNAT_WRAPPER
  exec "$@"
  ;;
esac
# shellcheck disable=SC2086 # words on purpose
exec $memcheck "$@"
