/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/operations: of many operations and one address, no more is said than holds whichever it belongs to.
 */
#include "lib/operations.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "run.h"

/* IORING_OP_* of linux/io_uring.h. */
enum { SENDMSG = 9, RECVMSG = 10, ACCEPT = 13, CONNECT = 16, OPENAT = 18, SEND = 26, RECV = 27, SENDMSG_ZC = 48, BIND = 56 };

#define AGAIN (-EAGAIN)
#define SKIP_COMPLETE (-529) /* IOU_ISSUE_SKIP_COMPLETE, io_uring/io_uring.h: an older kernel accepts many */

typedef struct {
  guint64 op;
  gint64 result;
} Operation;

#define NO PNAT_CALL_NONE

static const struct {
  Operation operations[4]; /* 0, IORING_OP_NOP, is none */
  PnatCall call;           /* with an address of the internet */
  PnatCall bare;           /* without one */
} cases[] = {
  { { { 0 } }, PNAT_CALL_SEND, NO },
  /* One kind. */
  { { { CONNECT, 0 } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { CONNECT, AGAIN } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { CONNECT, AGAIN }, { CONNECT, 0 } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { SENDMSG, 0 } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { SENDMSG, AGAIN } }, PNAT_CALL_SEND, NO },
  { { { SENDMSG_ZC, 0 } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { SEND, 0 } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { ACCEPT, 0 } }, PNAT_CALL_ACCEPT, PNAT_CALL_ACCEPT },
  { { { ACCEPT, SKIP_COMPLETE } }, PNAT_CALL_ACCEPT, PNAT_CALL_ACCEPT },
  { { { ACCEPT, AGAIN }, { ACCEPT, 0 } }, PNAT_CALL_ACCEPT, PNAT_CALL_ACCEPT },
  { { { RECVMSG, 0 } }, PNAT_CALL_RECV, PNAT_CALL_RECV },
  { { { RECVMSG, AGAIN }, { RECVMSG, 0 } }, PNAT_CALL_RECV, PNAT_CALL_RECV },
  /* What has no address, or got none yet, displaces nothing. */
  { { { SENDMSG, 0 }, { RECVMSG, AGAIN } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { CONNECT, AGAIN }, { ACCEPT, AGAIN } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { CONNECT, 0 }, { OPENAT, 0 } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { CONNECT, 0 }, { RECV, 0 } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { RECVMSG, 0 }, { OPENAT, -ENOENT } }, PNAT_CALL_RECV, PNAT_CALL_RECV },
  /* The less of two that mean the same direction. */
  { { { CONNECT, 0 }, { SENDMSG, 0 } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { SENDMSG_ZC, AGAIN }, { CONNECT, 0 } }, PNAT_CALL_SEND, PNAT_CALL_CONNECT },
  { { { ACCEPT, 0 }, { RECVMSG, 0 } }, PNAT_CALL_RECV, PNAT_CALL_RECV },
  /* Two directions. */
  { { { CONNECT, 0 }, { RECVMSG, 0 } }, PNAT_CALL_EITHER, PNAT_CALL_EITHER },
  { { { CONNECT, 0 }, { ACCEPT, 0 } }, PNAT_CALL_EITHER, PNAT_CALL_EITHER },
  { { { ACCEPT, 0 }, { CONNECT, AGAIN } }, PNAT_CALL_EITHER, PNAT_CALL_EITHER },
  { { { RECVMSG, 0 }, { SENDMSG, 0 } }, PNAT_CALL_EITHER, PNAT_CALL_EITHER },
  /* None told of has the address. */
  { { { OPENAT, 0 } }, PNAT_CALL_SEND, NO },
  { { { RECVMSG, AGAIN } }, PNAT_CALL_SEND, NO },
  { { { ACCEPT, AGAIN } }, PNAT_CALL_EITHER, NO },
  /* The process's own. */
  { { { BIND, 0 } }, NO, NO },
  { { { CONNECT, AGAIN }, { BIND, 0 } }, NO, PNAT_CALL_CONNECT },
  { { { BIND, 0 }, { CONNECT, AGAIN } }, PNAT_CALL_CONNECT, PNAT_CALL_CONNECT },
  { { { BIND, 0 }, { SENDMSG, 0 } }, PNAT_CALL_SEND, PNAT_CALL_SEND },
  { { { BIND, 0 }, { ACCEPT, AGAIN } }, NO, NO },
};

START_TEST(operations_mean_what_holds_whichever_has_the_address)
{
  PnatOperations operations = { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS(cases[_i].operations) && cases[_i].operations[i].op != 0; i++)
    pnat_operations_note(&operations, cases[_i].operations[i].op, cases[_i].operations[i].result);
  ck_assert_int_eq(pnat_operations_call(&operations, PNAT_SADDR_INET), cases[_i].call);
  ck_assert_int_eq(pnat_operations_call(&operations, PNAT_SADDR_NONE), cases[_i].bare);
  ck_assert_int_eq(pnat_operations_call(&operations, PNAT_SADDR_OTHER), cases[_i].bare);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("operations");
  TCase *tcase = tcase_create("operations");
  tcase_add_loop_test(tcase, operations_mean_what_holds_whichever_has_the_address, 0, G_N_ELEMENTS(cases));
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
