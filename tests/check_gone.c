/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/gone: processes that are gone wait for their exit event, and many of them are no burden.
 */
#include "at_most.h"
#include "plugin/gone.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

#define WAIT 300 /* ms */
#define BOUND 65536

typedef struct {
  guint32 pid;
  guint64 start;
  gint64 time;
} Told;

static void
note(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  Told told = { pid, start, time };
  g_array_append_val(data, told);
}

static void
assert_told(const GArray *told, guint i, guint32 pid, guint64 start)
{
  ck_assert_uint_gt(told->len, i);
  ck_assert_uint_eq(g_array_index(told, Told, i).pid, pid);
  ck_assert_uint_eq(g_array_index(told, Told, i).start, start);
}

START_TEST(who_is_gone_is_told_after_a_moment)
{
  g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
  g_autoptr(PnatGone) gone = pnat_gone_new(note, told);

  ck_assert_int_eq(pnat_gone_next_due(gone), G_MAXINT64);
  pnat_gone_add(gone, 100, 7, 5000, 1000);
  pnat_gone_add(gone, 200, 8, 5100, 1100);
  ck_assert_int_eq(pnat_gone_next_due(gone), 1000 + WAIT);
  pnat_gone_advance(gone, 1000 + WAIT - 1);
  ck_assert_uint_eq(told->len, 0);
  pnat_gone_advance(gone, 1000 + WAIT);
  ck_assert_uint_eq(told->len, 1);
  assert_told(told, 0, 100, 7);
  ck_assert_int_eq(g_array_index(told, Told, 0).time, 5000);
  pnat_gone_advance(gone, 1100 + WAIT);
  ck_assert_uint_eq(told->len, 2);
  assert_told(told, 1, 200, 8);
  ck_assert_int_eq(pnat_gone_next_due(gone), G_MAXINT64);
}
END_TEST

START_TEST(who_had_the_number_before_is_told_when_another_has_it)
{
  g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
  g_autoptr(PnatGone) gone = pnat_gone_new(note, told);

  pnat_gone_add(gone, 100, 7, 5000, 1000);
  pnat_gone_add(gone, 200, 1, 5000, 1000);
  pnat_gone_add(gone, 100, 8, 5010, 1010);
  pnat_gone_add(gone, 100, 9, 5020, 1020);
  pnat_gone_succeeded(gone, 100, 7, 4900); /* his own, late */
  assert_told(told, 0, 100, 8);
  ck_assert_int_eq(g_array_index(told, Told, 0).time, 4900);
  pnat_gone_succeeded(gone, 100, 9, 6000);
  assert_told(told, 1, 100, 7);
  ck_assert_int_eq(g_array_index(told, Told, 1).time, 5000);
  pnat_gone_succeeded(gone, 100, 9, 6000);
  pnat_gone_succeeded(gone, 300, 9, 6000);
  ck_assert_uint_eq(told->len, 2);
  ck_assert(pnat_gone_has(gone, 100, 9));
  ck_assert(!pnat_gone_has(gone, 100, 7));
  ck_assert(!pnat_gone_has(gone, 100, 0));
  ck_assert(!pnat_gone_has(gone, 300, 0));
  pnat_gone_advance(gone, 9000);
  ck_assert_uint_eq(told->len, 4);
  ck_assert_uint_eq(pnat_gone_size(gone), 0);
}
END_TEST

START_TEST(beyond_the_bound_the_oldest_is_told_at_once)
{
  g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
  g_autoptr(PnatGone) gone = pnat_gone_new(note, told);

  for (guint32 pid = 1; pid <= BOUND + 10; pid++)
    pnat_gone_add(gone, pid, 1, 5000, 1000);
  ck_assert_uint_eq(pnat_gone_size(gone), BOUND);
  ck_assert_uint_eq(told->len, 10);
  assert_told(told, 0, 1, 1);
  assert_told(told, 9, 10, 1);
}
END_TEST

/* What was looked for one by one took a minute here. */
START_TEST(many_are_no_burden)
{
  g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
  g_autoptr(PnatGone) gone = pnat_gone_new(note, told);
  gint64 begun = g_get_monotonic_time();

  for (guint32 pid = 1; pid <= 500000; pid++) {
    pnat_gone_succeeded(gone, pid, 1, 5000);
    ck_assert(!pnat_gone_has(gone, pid, 0));
    pnat_gone_add(gone, pid, 0, 5000, 1000);
  }
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(20000));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("gone");
  TCase *tcase = tcase_create("gone");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, who_is_gone_is_told_after_a_moment);
  tcase_add_test(tcase, who_had_the_number_before_is_told_when_another_has_it);
  tcase_add_test(tcase, beyond_the_bound_the_oldest_is_told_at_once);
  tcase_add_test(tcase, many_are_no_burden);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
