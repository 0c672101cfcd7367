/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/pending: a connect that is under way is asked after again, ever more seldom, until it is settled.
 */
#include "plugin/pending.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

typedef struct {
  guint asked;
  guint last; /* fd */
  guint settles_at; /* asked so often, it is settled */
} World;

static gboolean
ask(const PnatPendingConnect *connect, gpointer data)
{
  World *world = data;
  world->last = (guint)connect->fd;
  return ++world->asked < world->settles_at;
}

static void
add(PnatPending *pending, gint fd, gint64 now)
{
  PnatPendingConnect connect = { 100, fd, 7 };
  pnat_pending_add(pending, &connect, now);
}

START_TEST(a_connect_is_asked_after_until_it_is_settled)
{
  World world = { .settles_at = 3 };
  g_autoptr(PnatPending) pending = pnat_pending_new(ask, &world);

  ck_assert_int_eq(pnat_pending_next_due(pending), G_MAXINT64);
  add(pending, 3, 1000);
  ck_assert_int_eq(pnat_pending_next_due(pending), 1200);
  pnat_pending_advance(pending, 1199);
  ck_assert_uint_eq(world.asked, 0);
  pnat_pending_advance(pending, 1200);
  ck_assert_uint_eq(world.asked, 1);
  ck_assert_int_eq(pnat_pending_next_due(pending), 2000);
  pnat_pending_advance(pending, 2000);
  pnat_pending_advance(pending, 100000);
  ck_assert_uint_eq(world.asked, 3);
  ck_assert_uint_eq(pnat_pending_size(pending), 0);
  ck_assert_int_eq(pnat_pending_next_due(pending), G_MAXINT64);
}
END_TEST

START_TEST(a_connect_that_is_never_settled_is_given_up)
{
  World world = { .settles_at = G_MAXUINT };
  g_autoptr(PnatPending) pending = pnat_pending_new(ask, &world);
  guint rounds = 0;

  add(pending, 3, 1000);
  for (gint64 due; (due = pnat_pending_next_due(pending)) != G_MAXINT64; rounds++) {
    ck_assert_uint_lt(rounds, 10);
    pnat_pending_advance(pending, due);
  }
  ck_assert_uint_eq(world.asked, 6);
}
END_TEST

START_TEST(a_younger_one_is_asked_when_it_is_due)
{
  World world = { .settles_at = G_MAXUINT };
  g_autoptr(PnatPending) pending = pnat_pending_new(ask, &world);

  add(pending, 3, 1000);
  pnat_pending_advance(pending, 1200);
  add(pending, 4, 1300);
  ck_assert_int_eq(pnat_pending_next_due(pending), 1500);
  pnat_pending_advance(pending, 1500);
  ck_assert_uint_eq(world.last, 4);
  pnat_pending_advance(pending, 2000);
  ck_assert_uint_eq(world.last, 3);
  ck_assert_uint_eq(world.asked, 3);
}
END_TEST

START_TEST(many_are_asked_some_at_a_time_and_too_many_not_kept)
{
  World world = { .settles_at = 0 };
  g_autoptr(PnatPending) pending = pnat_pending_new(ask, &world);
  guint steps = 0;

  for (gint i = 0; i < 5000; i++)
    add(pending, i, 1000);
  ck_assert_uint_eq(pnat_pending_size(pending), 4096);
  for (; pnat_pending_size(pending) > 0; steps++) {
    ck_assert_int_eq(pnat_pending_next_due(pending), 1200);
    pnat_pending_advance(pending, 1200);
  }
  ck_assert_uint_eq(world.asked, 4096);
  ck_assert_uint_gt(steps, 10);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("pending");
  TCase *tcase = tcase_create("pending");

  tcase_add_test(tcase, a_connect_is_asked_after_until_it_is_settled);
  tcase_add_test(tcase, a_connect_that_is_never_settled_is_given_up);
  tcase_add_test(tcase, a_younger_one_is_asked_when_it_is_due);
  tcase_add_test(tcase, many_are_asked_some_at_a_time_and_too_many_not_kept);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
