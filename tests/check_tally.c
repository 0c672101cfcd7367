/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/tally: a loss is told once, whoever tells of it first, and as the doing of the right one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tally.h"
#include "run.h"

static PnatTally tally;

static void
setup(void)
{
  memset(&tally, 0, sizeof tally);
}

static gboolean
left_out(guint64 lost, gint64 from, gint64 to)
{
  PnatSerialLoss loss = { lost, from, to };
  return pnat_tally_left_out(&tally, &loss);
}

static void
assert_lost(const PnatLost *what, guint64 lost, gint64 from, gint64 to)
{
  ck_assert_uint_eq(what->lost, lost);
  if (lost == 0)
    return;
  ck_assert_int_eq(what->from, from);
  ck_assert_int_eq(what->to, to);
}

START_TEST(numbers_that_the_kernel_does_not_account_for_are_auditds)
{
  ck_assert(left_out(300, 1000, 2000));
  ck_assert(left_out(5, 2500, 2600));
  assert_lost(&tally.auditd, 305, 1000, 2600);
  assert_lost(&tally.kernel, 0, 0, 0);
}
END_TEST

START_TEST(what_the_kernel_lost_without_a_number_is_the_kernels)
{
  pnat_tally_kernel(&tally, 5000, 1000, 6000);
  assert_lost(&tally.kernel, 5000, 1000, 6000);
  assert_lost(&tally.auditd, 0, 0, 0);
}
END_TEST

START_TEST(numbers_are_the_kernels_whether_they_are_found_before_it_tells_or_after)
{
  ck_assert(left_out(300, 1500, 1600));
  pnat_tally_kernel(&tally, 900, 1000, 6000);
  assert_lost(&tally.kernel, 900, 1000, 6000);
  assert_lost(&tally.auditd, 0, 0, 0);
  tally.kernel.lost = 0;
  ck_assert(!left_out(20, 1700, 1800));
  assert_lost(&tally.auditd, 0, 0, 0);

  setup();
  pnat_tally_kernel(&tally, 900, 1000, 6000);
  ck_assert(!left_out(300, 1500, 1600));
  assert_lost(&tally.auditd, 0, 0, 0);
}
END_TEST

START_TEST(where_the_numbers_tell_of_all_their_time_is_the_losss)
{
  ck_assert(left_out(300, 1500, 1600));
  pnat_tally_kernel(&tally, 300, 1000, 6000);
  assert_lost(&tally.kernel, 300, 1500, 1600);
}
END_TEST

START_TEST(one_number_does_not_shorten_the_time_of_a_greater_loss)
{
  ck_assert(left_out(1, 5999, 6001));
  pnat_tally_kernel(&tally, 5000, 1000, 6000);
  assert_lost(&tally.kernel, 5000, 1000, 6000);
  assert_lost(&tally.auditd, 0, 0, 0);
}
END_TEST

START_TEST(the_rest_is_auditds)
{
  ck_assert(left_out(300, 1500, 1600));
  pnat_tally_kernel(&tally, 100, 1000, 6000);
  assert_lost(&tally.kernel, 100, 1500, 1600);
  assert_lost(&tally.auditd, 200, 1500, 1600);
}
END_TEST

START_TEST(a_loss_of_the_kernel_does_not_account_for_later_numbers)
{
  pnat_tally_kernel(&tally, 5000, 1000, 6000);
  ck_assert(left_out(300, 6001, 6500));
  assert_lost(&tally.auditd, 300, 6001, 6500);
  ck_assert(left_out(300, 5000, 5500)); /* nor for any behind them */
  assert_lost(&tally.auditd, 600, 5000, 6500);
}
END_TEST

START_TEST(nor_for_earlier_ones)
{
  pnat_tally_kernel(&tally, 5000, 1000, 6000);
  ck_assert(left_out(300, 100, 900));
  assert_lost(&tally.auditd, 300, 100, 900);

  setup();
  ck_assert(left_out(300, 100, 900));
  pnat_tally_kernel(&tally, 5000, 1000, 6000);
  assert_lost(&tally.kernel, 5000, 1000, 6000);
  assert_lost(&tally.auditd, 300, 100, 900);
}
END_TEST

START_TEST(a_counter_that_did_not_rise_changes_nothing)
{
  pnat_tally_kernel(&tally, 900, 1000, 6000);
  pnat_tally_kernel(&tally, 0, 6000, 11000);
  ck_assert(!left_out(300, 1500, 1600));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("tally");
  TCase *tcase = tcase_create("tally");

  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, numbers_that_the_kernel_does_not_account_for_are_auditds);
  tcase_add_test(tcase, what_the_kernel_lost_without_a_number_is_the_kernels);
  tcase_add_test(tcase, numbers_are_the_kernels_whether_they_are_found_before_it_tells_or_after);
  tcase_add_test(tcase, where_the_numbers_tell_of_all_their_time_is_the_losss);
  tcase_add_test(tcase, one_number_does_not_shorten_the_time_of_a_greater_loss);
  tcase_add_test(tcase, the_rest_is_auditds);
  tcase_add_test(tcase, a_loss_of_the_kernel_does_not_account_for_later_numbers);
  tcase_add_test(tcase, nor_for_earlier_ones);
  tcase_add_test(tcase, a_counter_that_did_not_rise_changes_nothing);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
