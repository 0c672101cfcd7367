# SPDX-License-Identifier: GPL-2.0-or-later
#
# PNAT_COMPILER_FLAGS: warnings and hardening, on by default where the compiler knows them.
# PNAT_SANITIZERS: --enable-sanitizers. PNAT_FUZZERS: --enable-fuzzers (clang's libFuzzer).
# They set WARN_CFLAGS, HARDEN_CFLAGS, HARDEN_LDFLAGS, SANITIZE_FLAGS, FUZZER_FLAGS for the Makefiles.

AC_DEFUN([PNAT_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC takes $2])
  pnat_saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  CFLAGS=$pnat_saved_CFLAGS
])

AC_DEFUN([PNAT_TRY_LDFLAG], [
  AC_MSG_CHECKING([whether the linker takes $2])
  pnat_saved_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  LDFLAGS=$pnat_saved_LDFLAGS
])

AC_DEFUN([PNAT_COMPILER_FLAGS], [
  WARN_CFLAGS=
  m4_foreach([flag], [[-std=gnu11], [-Wall], [-Wextra], [-Wshadow], [-Wstrict-prototypes], [-Wmissing-prototypes], [-Wformat=2],
    [-Wundef], [-Wpointer-arith], [-Wwrite-strings], [-Wvla], [-Wno-unused-parameter]], [PNAT_TRY_CFLAG([WARN_CFLAGS], flag)])
  AC_SUBST([WARN_CFLAGS])

  AC_ARG_ENABLE([hardening], [AS_HELP_STRING([--disable-hardening], [leave out PIE, RELRO, NOW, fortify and the stack protector])],
    [], [enable_hardening=yes])
  HARDEN_CFLAGS=
  HARDEN_LDFLAGS=
  AS_IF([test "$enable_hardening" = yes], [
    PNAT_TRY_CFLAG([HARDEN_CFLAGS], [-fPIE])
    PNAT_TRY_CFLAG([HARDEN_CFLAGS], [-fstack-protector-strong])
    PNAT_TRY_CFLAG([HARDEN_CFLAGS], [-fstack-clash-protection])
    PNAT_TRY_LDFLAG([HARDEN_LDFLAGS], [-pie])
    PNAT_TRY_LDFLAG([HARDEN_LDFLAGS], [-Wl,-z,relro])
    PNAT_TRY_LDFLAG([HARDEN_LDFLAGS], [-Wl,-z,now])
    # Fortify wants optimisation and does not mix with the sanitizers.
    AS_IF([test "$enable_sanitizers" != yes && test "$enable_fuzzers" != yes],
      [AS_CASE([" $CFLAGS "], [*" -O0 "*], [], [*" -O"*], [HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
  ])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
])

AC_DEFUN([PNAT_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers], [build with AddressSanitizer and UndefinedBehaviorSanitizer])],
    [], [enable_sanitizers=no])
  SANITIZE_FLAGS=
  AS_IF([test "$enable_sanitizers" = yes],
    [SANITIZE_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DPNAT_SANITIZERS"])
  AC_SUBST([SANITIZE_FLAGS])
  AM_CONDITIONAL([SANITIZERS], [test "$enable_sanitizers" = yes])
])

AC_DEFUN([PNAT_FUZZERS], [
  AC_ARG_ENABLE([fuzzers], [AS_HELP_STRING([--enable-fuzzers], [build the fuzz targets of tests/fuzz with libFuzzer (needs CC=clang)])],
    [], [enable_fuzzers=no])
  FUZZER_FLAGS=
  AS_IF([test "$enable_fuzzers" = yes], [
    FUZZER_FLAGS="-fsanitize=fuzzer-no-link"
    pnat_ok=
    PNAT_TRY_CFLAG([pnat_ok], [-fsanitize=fuzzer-no-link])
    AS_IF([test -z "$pnat_ok"], [AC_MSG_ERROR([--enable-fuzzers needs clang: ./configure CC=clang --enable-fuzzers --enable-sanitizers])])
  ])
  AC_SUBST([FUZZER_FLAGS])
  AM_CONDITIONAL([FUZZERS], [test "$enable_fuzzers" = yes])
])
