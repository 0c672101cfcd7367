#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program that was built is hardened: position-independent, relocations read-only and resolved at start, stack protected, calls of
# the C library checked, no executable stack, nothing writable and executable, no search path for libraries of its own.
#
# Environment, as make check sets it: builddir; CC, CFLAGS, HARDEN_CFLAGS, HARDEN_LDFLAGS (configure's); READELF.
set -eu
export LC_ALL=C

plugin=$(cd "${builddir:-.}/.." && pwd)/plugin/pnat-plugin
readelf=${READELF:-readelf}
failures=0

skip() {
  echo "$*"
  exit 77
}

fail() {
  printf 'FAIL: %s\n' "$*"
  failures=$((failures + 1))
}

# What readelf says, once; some need the wide form.
elf=$("$readelf" -W -h -l -d --dyn-syms "$plugin" 2>&1) || skip "readelf does not read $plugin: $elf"

has() {
  printf '%s\n' "$elf" | grep -qE "$1"
}

! has ' __(asan|ubsan|tsan|msan)_' || skip "a build with sanitizers"
[ -n "${HARDEN_CFLAGS?set by make check}" ] || skip "a build with --disable-hardening"

# The compiler does not know all of it on every machine: what configure found is demanded.
promises() {
  case " $HARDEN_CFLAGS ${HARDEN_LDFLAGS-} " in
  *" $1"*) return 0 ;;
  esac
  echo "note: configure did not find $1 usable"
  return 1
}

if promises -pie; then
  has 'Type: +DYN' || fail "it is no position-independent executable"
fi
if promises -Wl,-z,relro; then
  has ' GNU_RELRO ' || fail "no RELRO segment"
fi
if promises -Wl,-z,now; then
  has 'BIND_NOW|FLAGS_1.* NOW' || fail "relocations are not resolved at start (no BIND_NOW)"
fi
if promises -fstack-protector-strong; then
  has ' __stack_chk_(fail|guard)' || fail "no stack protector"
fi
has ' GNU_STACK ' || fail "no GNU_STACK segment: the stack may be executable"
! has ' GNU_STACK .* RWE ' || fail "the stack is executable"
! has ' LOAD .* RWE ' || fail "a segment is writable and executable"
! has '\((RPATH|RUNPATH)\)' || fail "it has a search path for libraries of its own"
! has '\(TEXTREL\)' || fail "its text is relocated"

# A program whose calls the compiler can all prove to be right, or knows nothing of, shows no trace of it: so the build's flags are tried.
is_fortified() {
  probe=$(mktemp -d)
  cat >"$probe/probe.c" <<'EOF'
#include <unistd.h>
ssize_t probe(size_t length);
ssize_t probe(size_t length) { char text[8]; ssize_t n = read(0, text, length); return n > 0 ? text[n - 1] : n; }
EOF
  # shellcheck disable=SC2086 # words on purpose
  ${CC:-cc} $HARDEN_CFLAGS ${CFLAGS:-} -c -o "$probe/probe.o" "$probe/probe.c" && symbols=$("$readelf" -W -s "$probe/probe.o")
  rm -rf "$probe"
  printf '%s\n' "${symbols-}" | grep -q __read_chk
}

if promises -D_FORTIFY_SOURCE=; then
  is_fortified || fail "calls of the C library are not fortified"
fi

# Debian's own. Of these it knows: its newer versions look for more, that is not asked for.
if command -v hardening-check >/dev/null && [ "$failures" = 0 ]; then
  if hardening-check "$plugin" | grep -E '(Position|Stack protected|relocations|binding).*: no'; then
    fail "hardening-check complains, see above"
  fi
fi
[ "$failures" = 0 ]
