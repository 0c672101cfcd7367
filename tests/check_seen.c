/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/seen: an event that comes twice counts once, in whatever order they come.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/seen.h"
#include "run.h"

#define T0 G_GINT64_CONSTANT(1700000000000)
#define SOME 1000000

static PnatSeen seen;

static void
setup(void)
{
  memset(&seen, 0, sizeof seen);
}

static gboolean
is_new(guint64 serial)
{
  return pnat_seen_add(&seen, serial, T0 + (gint64)serial);
}

START_TEST(each_number_is_new_once)
{
  for (guint64 serial = SOME; serial < SOME + 3 * PNAT_SEEN_WINDOW; serial++) {
    ck_assert(is_new(serial));
    ck_assert(!is_new(serial));
  }
}
END_TEST

START_TEST(late_numbers_are_new_once_too)
{
  ck_assert(is_new(SOME + 100));
  for (guint64 serial = SOME + 99; serial > SOME; serial--)
    ck_assert(is_new(serial));
  for (guint64 serial = SOME + 100; serial > SOME; serial--)
    ck_assert(!is_new(serial));
}
END_TEST

START_TEST(what_was_left_out_is_new_and_what_was_there_is_not)
{
  for (guint64 serial = SOME; serial < SOME + 2 * PNAT_SEEN_WINDOW; serial += 2)
    ck_assert(is_new(serial));
  for (guint64 serial = SOME + PNAT_SEEN_WINDOW; serial < SOME + 2 * PNAT_SEEN_WINDOW - 1; serial++)
    ck_assert_int_eq(is_new(serial), serial % 2);
}
END_TEST

START_TEST(below_the_window_all_count_as_seen)
{
  ck_assert(is_new(SOME));
  ck_assert(is_new(SOME + PNAT_SEEN_WINDOW));
  ck_assert(!is_new(SOME));
  ck_assert(is_new(SOME + 1));
}
END_TEST

START_TEST(a_leap_forgets_what_was_before)
{
  ck_assert(is_new(SOME));
  ck_assert(is_new(SOME + 100 * PNAT_SEEN_WINDOW)); /* the same place in the window */
  ck_assert(is_new(SOME + 99 * PNAT_SEEN_WINDOW + 1));
}
END_TEST

START_TEST(far_below_is_a_new_count)
{
  ck_assert(is_new(100 * SOME));
  ck_assert(is_new(5));
  ck_assert(!is_new(5));
  ck_assert(is_new(6));
  ck_assert_uint_eq(seen.newest, 6);
}
END_TEST

START_TEST(it_is_the_same_when_it_was_stored)
{
  for (guint64 serial = SOME; serial < SOME + 1000; serial += 3)
    is_new(serial);
  PnatCodec codec = pnat_codec_writer(0);
  pnat_seen_codec(&seen, &codec);
  g_autoptr(GByteArray) bytes = pnat_codec_finish(&codec);
  setup();
  codec = pnat_codec_reader(bytes->data, bytes->len);
  pnat_seen_codec(&seen, &codec);
  ck_assert(!codec.failed);
  ck_assert_int_eq(seen.time, T0 + SOME + 999);
  for (guint64 serial = SOME; serial < SOME + 1000; serial++)
    ck_assert_int_eq(is_new(serial), (serial - SOME) % 3 != 0);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("seen");
  TCase *tcase = tcase_create("seen");

  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, each_number_is_new_once);
  tcase_add_test(tcase, late_numbers_are_new_once_too);
  tcase_add_test(tcase, what_was_left_out_is_new_and_what_was_there_is_not);
  tcase_add_test(tcase, below_the_window_all_count_as_seen);
  tcase_add_test(tcase, a_leap_forgets_what_was_before);
  tcase_add_test(tcase, far_below_is_a_new_count);
  tcase_add_test(tcase, it_is_the_same_when_it_was_stored);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
