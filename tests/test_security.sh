#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The AppArmor profile and the SELinux module name the capabilities that plugin/privilege.[ch] does, the man page those that are
# kept, and the tools that read the two take them, where they are installed.
#
# Environment, as make check sets it: srcdir (tests/).
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

top=$(cd "${srcdir:-.}/.." && pwd)
development=/usr/share/selinux/devel/Makefile
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
failures=0

fail() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}

capabilities() {
  grep -o 'CAP_[A-Z_]*' | sed 's/^CAP_//' | tr '[:upper:]' '[:lower:]' | sort -u
}

# Compares two lists of words: "$1" and "$2" name the sides, files of these names hold them.
same() {
  [ -s "$temporary/$1" ] || fail "nothing was found in $1: this test no longer understands it"
  diff -u --label "$1" --label "$2" "$temporary/$1" "$temporary/$2" || fail "$1 and $2 name different capabilities, see above"
}

capabilities_are_the_same_everywhere() {
  sed -n '/kept\[\] = /,/;/p' "$top/plugin/privilege.c" | capabilities >"$temporary/privilege.c"
  grep '^ \* - CAP_' "$top/plugin/privilege.h" | capabilities >"$temporary/privilege.h"
  sed -n '/^\.Sh PRIVILEGES/,/^\.Sh /s/^\.It Dv //p' "$top/man/pnat-plugin.8" | capabilities >"$temporary/pnat-plugin.8"
  same privilege.c privilege.h
  same privilege.c pnat-plugin.8

  # To bring its socket up it needs more, and to give up.
  { cat "$temporary/privilege.c" && printf '%s\n' net_broadcast setpcap; } | sort >"$temporary/before"
  sed -n 's/^  capability \(.*\),$/\1/p' "$top/security/apparmor/usr.sbin.pnat-plugin" | sort >"$temporary/apparmor"
  sed -n 's/^allow pnat_t self:capability { \(.*\) };$/\1/p' "$top/security/selinux/pnat.te" | tr ' ' '\n' | sort >"$temporary/selinux"
  same before apparmor
  same before selinux
}

profile_is_parsed() {
  if ! command -v apparmor_parser >/dev/null || [ ! -e /etc/apparmor.d/abi/3.0 ]; then
    echo "note: no apparmor_parser of version 3, so the profile is not parsed"
    return 0
  fi
  apparmor_parser --skip-kernel-load --skip-cache --quiet "$top/security/apparmor/usr.sbin.pnat-plugin" || fail "the AppArmor profile"
}

module_is_compiled() {
  if ! command -v checkmodule >/dev/null || [ ! -e "$development" ]; then
    echo "note: no checkmodule or no $development, so the SELinux module is not compiled"
    return 0
  fi
  cp "$top"/security/selinux/pnat.* "$temporary"
  if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$temporary" -f "$development" pnat.pp >"$temporary/out" 2>&1; then
    cat "$temporary/out"
    fail "the SELinux module"
  fi
}

capabilities_are_the_same_everywhere
profile_is_parsed
module_is_compiled
[ "$failures" = 0 ]
