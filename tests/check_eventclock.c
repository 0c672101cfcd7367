/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The clock of stored logs.
 */
#include "lib/eventclock.h"

#include <check.h>
#include <stdlib.h>

#define T0 G_GINT64_CONSTANT(1700000000000)
#define HOUR 3600000
#define YEARS (G_GINT64_CONSTANT(70) * 365 * 24 * HOUR)

static PnatEventClock timer;

static void
setup(void)
{
  timer = (PnatEventClock){ 0 };
}

/* A connect at T0 + @at. @returns the time then, ms after T0 */
static gint64
hear(gint64 at)
{
  PnatEvent event = { .kind = PNAT_EVENT_NETWORK, .call = PNAT_CALL_CONNECT, .time = T0 + at };
  return pnat_event_clock_hear(&timer, &event) - T0;
}

/* An accept that began then. */
static gint64
hear_accept(gint64 at)
{
  PnatEvent event = { .kind = PNAT_EVENT_NETWORK, .call = PNAT_CALL_ACCEPT, .time = T0 + at };
  return pnat_event_clock_hear(&timer, &event) - T0;
}

START_TEST(it_is_as_late_as_the_newest_event)
{
  ck_assert_int_eq(hear(0), 0);
  ck_assert_int_eq(hear(500), 500);
  ck_assert_int_eq(hear(200), 500);
  ck_assert_int_eq(hear(HOUR), HOUR);
}
END_TEST

START_TEST(a_stamp_that_nothing_bears_out_is_not_believed)
{
  ck_assert_int_eq(hear(0), 0);
  ck_assert_int_eq(hear(YEARS), 0);
  ck_assert_int_eq(hear(1000), 1000);
  ck_assert_int_eq(hear(YEARS), 1000);
  ck_assert_int_eq(hear(YEARS), 1000);
  ck_assert_int_eq(hear(2000), 2000);
}
END_TEST

START_TEST(after_a_night_it_goes_on)
{
  ck_assert_int_eq(hear(0), 0);
  ck_assert_int_eq(hear(14 * HOUR), 0);
  ck_assert_int_eq(hear(14 * HOUR + 10), 0);
  ck_assert_int_eq(hear(14 * HOUR + 20), 14 * HOUR + 20);
  ck_assert_int_eq(hear(14 * HOUR + 30), 14 * HOUR + 30);
}
END_TEST

START_TEST(calls_that_waited_do_not_hold_it_back)
{
  ck_assert_int_eq(hear(0), 0);
  ck_assert_int_eq(hear(14 * HOUR), 0);
  ck_assert_int_eq(hear_accept(-HOUR), 0);
  ck_assert_int_eq(hear(14 * HOUR + 10), 0);
  ck_assert_int_eq(hear_accept(-HOUR), 0);
  ck_assert_int_eq(hear(14 * HOUR + 20), 14 * HOUR + 20);
}
END_TEST

START_TEST(of_several_ahead_the_earliest_is_believed)
{
  ck_assert_int_eq(hear(0), 0);
  ck_assert_int_eq(hear(YEARS), 0);
  ck_assert_int_eq(hear(14 * HOUR), 0);
  ck_assert_int_eq(hear(14 * HOUR + 10), 14 * HOUR + 10);
}
END_TEST

START_TEST(events_that_are_hours_apart_are_followed)
{
  for (gint64 at = 0; at < 100; at++)
    ck_assert_int_ge(hear(at * 20 * HOUR), (at - 3) * 20 * HOUR);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("eventclock");
  TCase *tcase = tcase_create("eventclock");
  SRunner *runner = srunner_create(suite);

  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, it_is_as_late_as_the_newest_event);
  tcase_add_test(tcase, a_stamp_that_nothing_bears_out_is_not_believed);
  tcase_add_test(tcase, after_a_night_it_goes_on);
  tcase_add_test(tcase, calls_that_waited_do_not_hold_it_back);
  tcase_add_test(tcase, of_several_ahead_the_earliest_is_believed);
  tcase_add_test(tcase, events_that_are_hours_apart_are_followed);
  suite_add_tcase(suite, tcase);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
