/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that come twice from stored logs.
 */
#include "lib/doubles.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

#define T0 G_GINT64_CONSTANT(1700000000000)

static PnatDoubles *doubles;

static void
setup(void)
{
  doubles = pnat_doubles_new();
}

static void
teardown(void)
{
  pnat_doubles_free(doubles);
}

static PnatEvent
event(guint64 serial)
{
  return (PnatEvent){ .kind = PNAT_EVENT_NETWORK, .node = "web1", .time = T0 + (gint64)serial / 10, .serial = serial };
}

static gboolean
is_double(const PnatEvent *event)
{
  return pnat_doubles_is_double(doubles, event);
}

START_TEST(an_event_that_comes_again_is_a_double)
{
  PnatEvent one = event(7);
  ck_assert(!is_double(&one));
  ck_assert(is_double(&one));
  one.node = "WEB1";
  ck_assert(is_double(&one));
}
END_TEST

START_TEST(what_differs_in_anything_is_none)
{
  PnatEvent one = event(7), other = one;
  ck_assert(!is_double(&one));
  other.node = "web2";
  ck_assert(!is_double(&other));
  other.node = NULL;
  ck_assert(!is_double(&other));
  other = one;
  other.time++;
  ck_assert(!is_double(&other));
  other = event(8);
  ck_assert(!is_double(&other));
  other = one;
  other.kind = PNAT_EVENT_ABEND;
  ck_assert(!is_double(&other));
  other = one;
  other.saddr = PNAT_SADDR_INET; /* it was cut off before */
  ck_assert(!is_double(&other));
}
END_TEST

START_TEST(a_boot_that_counts_anew_has_no_doubles)
{
  for (guint64 serial = 1; serial < 100000; serial++) {
    PnatEvent before = event(serial), after = before;
    after.time += 3600000;
    ck_assert(!is_double(&before));
    ck_assert(!is_double(&after));
  }
}
END_TEST

START_TEST(a_log_of_a_million_events_is_known_again)
{
  guint known = 0;
  for (guint64 serial = 1; serial <= 1000000; serial++) {
    PnatEvent one = event(serial);
    ck_assert(!is_double(&one));
  }
  for (guint64 serial = 1; serial <= 1000000; serial++) {
    PnatEvent one = event(serial);
    known += is_double(&one);
  }
  ck_assert_uint_ge(known, 999000);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("doubles");
  TCase *tcase = tcase_create("doubles");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, an_event_that_comes_again_is_a_double);
  tcase_add_test(tcase, what_differs_in_anything_is_none);
  tcase_add_test(tcase, a_boot_that_counts_anew_has_no_doubles);
  tcase_add_test(tcase, a_log_of_a_million_events_is_known_again);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
