#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Usage: adapt-rules.sh MACHINE SBINDIR <rules
#
# Makes of the rules, which are written for x86_64, those for a machine, named as "gcc -dumpmachine" does: auditctl refuses a whole line
# for one call or architecture that the machine does not have, and stops there. What each has: lib/*_table.h and
# audit_determine_machine() in audit-userspace.
set -eu

case $1 in
# accept(2) is in socketcall(2) only.
s390*) calls='s/accept,accept4/accept4,socketcall/;s/,recvmmsg_time64//' ;;
# No 32-bit programs.
riscv* | loongarch* | powerpc64le* | ppc64le*) calls='/^.. 32-bit programs/,/^$/d' ;;
# Their 32-bit programs have accept(2), which those of x86 have not.
aarch64* | arm* | powerpc* | ppc*) calls='/arch=b32/s/accept4/accept,accept4/' ;;
*) calls= ;;
esac

# Nothing but 32-bit programs: those rules, and what of the others has no like among them.
case $1 in
i?86* | arm* | powerpc-* | ppc-*) words='/^-a never\|io_uring_enter/s/arch=b64/arch=b32/;/arch=b64/d' ;;
*) words= ;;
esac

sed -e "$words" -e "$calls" -e "s|exe=/usr/sbin/pnat-plugin|exe=$2/pnat-plugin|"
