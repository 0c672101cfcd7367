/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/serials: numbers left out of the stream are losses, once it is sure that they do not come.
 */
#include "lib/serials.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

#define SETTLE 1000

/* What is lost of numbers that come in this order, ending with 0, and then nothing for a while. */
static guint64
lost(PnatSerials *serials, const guint64 *numbers)
{
  PnatSerialLoss loss;
  guint64 sum = 0;

  for (; *numbers != 0; numbers++)
    if (pnat_serials_seen(serials, *numbers, (gint64)*numbers * 10, 0, &loss))
      sum += loss.lost;
  if (pnat_serials_age(serials, SETTLE, SETTLE, &loss))
    sum += loss.lost;
  return sum;
}

static const struct {
  const char *what;
  guint64 numbers[8];
  guint64 lost;
} streams[] = {
  { "in order", { 1, 2, 3 }, 0 },
  { "a hole", { 1, 2, 5 }, 2 },
  { "a late one", { 1, 3, 2, 4 }, 0 },
  { "twice", { 1, 2, 2, 3, 1 }, 0 },
  { "a wide hole", { 1, 2000 }, 1998 },
  { "the node was booted anew", { 90000000, 1, 2 }, 0 },
};

START_TEST(numbers_left_out_are_lost)
{
  PnatSerials serials = { 0 };
  guint64 found = lost(&serials, streams[_i].numbers);
  ck_assert_msg(found == streams[_i].lost, "%s: %" G_GUINT64_FORMAT, streams[_i].what, found);
}
END_TEST

START_TEST(another_count_goes_on_where_this_one_had_settled)
{
  static const guint64 before[] = { 7, 8, 10, 0 }, after[] = { 13, 0 };
  PnatSerials first = { 0 }, second = { 0 };
  PnatSerialLoss loss;

  ck_assert_uint_eq(lost(&first, before), 1);
  ck_assert_uint_eq(first.settled, 10);
  ck_assert_int_eq(pnat_serials_settled_time(&first), 100);
  pnat_serials_go_on(&second, first.settled, pnat_serials_settled_time(&first));
  pnat_serials_seen(&second, after[0], 130, 0, &loss);
  ck_assert(pnat_serials_age(&second, SETTLE, SETTLE, &loss));
  ck_assert_uint_eq(loss.lost, 2); /* the one before was told */
  ck_assert_int_eq(loss.from, 100);
  ck_assert_int_eq(loss.to, 130);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("serials");
  TCase *tcase = tcase_create("serials");
  tcase_add_loop_test(tcase, numbers_left_out_are_lost, 0, G_N_ELEMENTS(streams));
  tcase_add_test(tcase, another_count_goes_on_where_this_one_had_settled);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
