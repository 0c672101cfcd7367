/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/syscalls: the numbers by which each kind of machine calls what pnat follows.
 */
#include "lib/syscalls.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

/* AUDIT_ARCH_* of linux/audit.h. */
#define X86_64 0xc000003eu
#define I386 0x40000003u
#define AARCH64 0xc00000b7u
#define RISCV64 0xc00000f3u
#define LOONGARCH64 0xc0000102u
#define S390X 0x80000016u
#define PPC64LE 0xc0000015u

/* From arch/x86/entry/syscalls/syscall_64.tbl and its like; include/uapi/asm-generic/unistd.h for the younger ones. */
static const struct {
  guint32 arch;
  guint number;
  PnatCall call;
} calls[] = {
  { X86_64, 41, PNAT_CALL_SOCKET },
  { X86_64, 42, PNAT_CALL_CONNECT },
  { X86_64, 43, PNAT_CALL_ACCEPT },
  { X86_64, 288, PNAT_CALL_ACCEPT },
  { X86_64, 44, PNAT_CALL_SEND },
  { X86_64, 46, PNAT_CALL_SEND },
  { X86_64, 307, PNAT_CALL_SENDMM },
  { X86_64, 45, PNAT_CALL_RECV },
  { X86_64, 47, PNAT_CALL_RECV },
  { X86_64, 299, PNAT_CALL_RECVMM },
  { X86_64, 60, PNAT_CALL_EXIT },
  { X86_64, 231, PNAT_CALL_EXIT_GROUP },
  { X86_64, 426, PNAT_CALL_URING_ENTER },
  { X86_64, 1, PNAT_CALL_NONE },   /* write */
  { X86_64, 49, PNAT_CALL_NONE },  /* bind */
  { X86_64, 102, PNAT_CALL_NONE }, /* getuid; it is socketcall on i386 */

  { I386, 102, PNAT_CALL_SOCKETCALL },
  { I386, 359, PNAT_CALL_SOCKET },
  { I386, 362, PNAT_CALL_CONNECT },
  { I386, 364, PNAT_CALL_ACCEPT },
  { I386, 369, PNAT_CALL_SEND },
  { I386, 370, PNAT_CALL_SEND },
  { I386, 345, PNAT_CALL_SENDMM },
  { I386, 371, PNAT_CALL_RECV },
  { I386, 372, PNAT_CALL_RECV },
  { I386, 337, PNAT_CALL_RECVMM },
  { I386, 417, PNAT_CALL_RECVMM }, /* recvmmsg_time64 */
  { I386, 1, PNAT_CALL_EXIT },
  { I386, 252, PNAT_CALL_EXIT_GROUP },
  { I386, 42, PNAT_CALL_NONE },  /* pipe */
  { I386, 231, PNAT_CALL_NONE }, /* fgetxattr */

  { AARCH64, 198, PNAT_CALL_SOCKET },
  { AARCH64, 203, PNAT_CALL_CONNECT },
  { AARCH64, 202, PNAT_CALL_ACCEPT },
  { AARCH64, 242, PNAT_CALL_ACCEPT },
  { AARCH64, 206, PNAT_CALL_SEND },
  { AARCH64, 211, PNAT_CALL_SEND },
  { AARCH64, 269, PNAT_CALL_SENDMM },
  { AARCH64, 207, PNAT_CALL_RECV },
  { AARCH64, 212, PNAT_CALL_RECV },
  { AARCH64, 243, PNAT_CALL_RECVMM },
  { AARCH64, 93, PNAT_CALL_EXIT },
  { AARCH64, 94, PNAT_CALL_EXIT_GROUP },
  { AARCH64, 42, PNAT_CALL_NONE },

  /* libaudit 3.0.9 does not know these machines. */
  { RISCV64, 203, PNAT_CALL_CONNECT },
  { RISCV64, 202, PNAT_CALL_ACCEPT },
  { RISCV64, 206, PNAT_CALL_SEND },
  { RISCV64, 94, PNAT_CALL_EXIT_GROUP },
  { RISCV64, 42, PNAT_CALL_NONE },
  { LOONGARCH64, 203, PNAT_CALL_CONNECT },
  { LOONGARCH64, 94, PNAT_CALL_EXIT_GROUP },

  { S390X, 102, PNAT_CALL_SOCKETCALL },
  { S390X, 362, PNAT_CALL_CONNECT },
  { S390X, 248, PNAT_CALL_EXIT_GROUP },
  { PPC64LE, 102, PNAT_CALL_SOCKETCALL },
  { PPC64LE, 328, PNAT_CALL_CONNECT },
  { PPC64LE, 234, PNAT_CALL_EXIT_GROUP },
};

START_TEST(a_number_means_what_it_does_on_its_machine)
{
  ck_assert_int_eq(pnat_syscall(calls[_i].arch, calls[_i].number), calls[_i].call);
  ck_assert_int_eq(pnat_syscall(calls[_i].arch, calls[_i].number), calls[_i].call); /* now from the table */
}
END_TEST

START_TEST(machines_do_not_mix_when_asked_in_turn)
{
  for (guint round = 0; round < 2; round++)
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
      ck_assert_int_eq(pnat_syscall(calls[i].arch, calls[i].number), calls[i].call);
}
END_TEST

START_TEST(an_unknown_machine_makes_no_call_that_matters)
{
  static const guint32 unknown[] = { 0, 1, 0xdeadbeefu, G_MAXUINT32 };
  for (guint i = 0; i < G_N_ELEMENTS(unknown); i++)
    for (guint number = 0; number < 600; number++)
      ck_assert_int_eq(pnat_syscall(unknown[i], number), PNAT_CALL_NONE);
  /* However many there were, the known ones are still told. */
  for (guint32 arch = 1000; arch < 2000; arch++)
    ck_assert_int_eq(pnat_syscall(arch, 42), PNAT_CALL_NONE);
  ck_assert_int_eq(pnat_syscall(X86_64, 42), PNAT_CALL_CONNECT);
}
END_TEST

START_TEST(a_number_beyond_all_calls_is_none)
{
  static const guint numbers[] = { 511, 512, 513, 0x4000002a /* connect as x32 numbers it */, G_MAXINT, G_MAXUINT };
  ck_assert_int_eq(pnat_syscall(X86_64, numbers[_i]), PNAT_CALL_NONE);
}
END_TEST

/* SYS_* of linux/net.h, by number. */
static const PnatCall socketcalls[] = {
  PNAT_CALL_NONE,    /* 0 */
  PNAT_CALL_SOCKET,  /* 1 */
  PNAT_CALL_NONE,    /* 2 bind: its address is no peer */
  PNAT_CALL_CONNECT, /* 3 */
  PNAT_CALL_NONE,    /* 4 listen */
  PNAT_CALL_ACCEPT,  /* 5 */
  PNAT_CALL_NONE,    /* 6 getsockname */
  PNAT_CALL_NONE,    /* 7 getpeername */
  PNAT_CALL_NONE,    /* 8 socketpair */
  PNAT_CALL_SEND,    /* 9 send */
  PNAT_CALL_RECV,    /* 10 recv */
  PNAT_CALL_SEND,    /* 11 sendto */
  PNAT_CALL_RECV,    /* 12 recvfrom */
  PNAT_CALL_NONE,    /* 13 shutdown */
  PNAT_CALL_NONE,    /* 14 setsockopt */
  PNAT_CALL_NONE,    /* 15 getsockopt */
  PNAT_CALL_SEND,    /* 16 sendmsg */
  PNAT_CALL_RECV,    /* 17 recvmsg */
  PNAT_CALL_ACCEPT,  /* 18 accept4 */
  PNAT_CALL_RECVMM,  /* 19 recvmmsg */
  PNAT_CALL_SENDMM,  /* 20 sendmmsg */
  PNAT_CALL_NONE,    /* 21 */
};

START_TEST(socketcall_means_what_its_first_argument_says)
{
  ck_assert_int_eq(pnat_socketcall((guint64)_i), socketcalls[_i]);
  ck_assert_int_eq(pnat_socketcall((guint64)_i | G_GUINT64_CONSTANT(0x100000000)), PNAT_CALL_NONE);
}
END_TEST

START_TEST(an_operation_of_io_uring_is_what_its_number_says)
{
  for (guint64 op = 0; op < 70; op++) {
    PnatCall call = pnat_uring_op(op);
    PnatCall expected = op == 9 || op == 26 || op == 47 || op == 48 ? PNAT_CALL_SEND
                        : op == 10                                  ? PNAT_CALL_RECV
                        : op == 13                                  ? PNAT_CALL_ACCEPT
                        : op == 16                                  ? PNAT_CALL_CONNECT
                        : op == 56                                  ? PNAT_CALL_BIND
                                                                    : PNAT_CALL_NONE;
    ck_assert_msg(call == expected, "operation %u", (guint)op);
  }
  ck_assert_int_eq(pnat_uring_op(G_MAXUINT64), PNAT_CALL_NONE);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("syscalls");
  TCase *tcase = tcase_create("syscalls");
  tcase_add_loop_test(tcase, a_number_means_what_it_does_on_its_machine, 0, G_N_ELEMENTS(calls));
  tcase_add_test(tcase, machines_do_not_mix_when_asked_in_turn);
  tcase_add_test(tcase, an_unknown_machine_makes_no_call_that_matters);
  tcase_add_loop_test(tcase, a_number_beyond_all_calls_is_none, 0, 6);
  tcase_add_loop_test(tcase, socketcall_means_what_its_first_argument_says, 0, G_N_ELEMENTS(socketcalls));
  tcase_add_test(tcase, an_operation_of_io_uring_is_what_its_number_says);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
