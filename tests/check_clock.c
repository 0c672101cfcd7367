/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/clock: moments, of which the time of day is that of the clock as it is now.
 */
#include "plugin/clock.h"

#include "run.h"

START_TEST(a_moment_is_told_by_the_clock_as_it_is_now)
{
  PnatMoment moment = pnat_moment_now();
  gint64 now = pnat_real_ms();

  ck_assert_int_le(ABS(pnat_moment_real(&moment) - now), 1000);
  moment.real += 3600000; /* the clock was an hour ahead, and was set */
  moment.uptime -= 5000;
  ck_assert_int_le(ABS(pnat_moment_real(&moment) - (now - 5000)), 1000);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("clock");
  TCase *tcase = tcase_create("clock");

  tcase_add_test(tcase, a_moment_is_told_by_the_clock_as_it_is_now);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
