/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/strangers: a bounded set of numbers.
 */
#include "lib/strangers.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

START_TEST(a_number_is_in_until_it_is_taken)
{
  PnatStrangers *strangers = pnat_strangers_new();
  pnat_strangers_add(strangers, 11);
  pnat_strangers_add(strangers, 11);
  pnat_strangers_add(strangers, G_GUINT64_CONSTANT(0x100000000b)); /* as long as they are */
  ck_assert(pnat_strangers_has(strangers, 11));
  ck_assert(pnat_strangers_take(strangers, 11));
  ck_assert(!pnat_strangers_has(strangers, 11));
  ck_assert(!pnat_strangers_take(strangers, 11));
  ck_assert(pnat_strangers_take(strangers, G_GUINT64_CONSTANT(0x100000000b)));
  pnat_strangers_free(strangers);
}
END_TEST

START_TEST(no_number_is_never_in)
{
  PnatStrangers *strangers = pnat_strangers_new();
  pnat_strangers_add(strangers, 0);
  ck_assert(!pnat_strangers_has(strangers, 0));
  ck_assert(!pnat_strangers_take(strangers, 0));
  pnat_strangers_free(strangers);
  pnat_strangers_free(NULL);
}
END_TEST

START_TEST(of_too_many_the_one_added_longest_ago_is_forgotten)
{
  PnatStrangers *strangers = pnat_strangers_new();
  for (guint64 i = 1; i <= PNAT_STRANGERS; i++)
    pnat_strangers_add(strangers, i);
  pnat_strangers_add(strangers, 1); /* once more */
  pnat_strangers_add(strangers, PNAT_STRANGERS + 1);
  ck_assert(pnat_strangers_has(strangers, 1));
  ck_assert(!pnat_strangers_has(strangers, 2));
  ck_assert(pnat_strangers_has(strangers, 3));
  ck_assert(pnat_strangers_has(strangers, PNAT_STRANGERS + 1));
  pnat_strangers_free(strangers);
}
END_TEST

START_TEST(one_added_again_and_again_drives_nothing_out)
{
  PnatStrangers *strangers = pnat_strangers_new();
  pnat_strangers_add(strangers, 1);
  for (guint i = 0; i <= PNAT_STRANGERS; i++)
    pnat_strangers_add(strangers, 2);
  ck_assert(pnat_strangers_has(strangers, 1));
  ck_assert(pnat_strangers_has(strangers, 2));
  pnat_strangers_free(strangers);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("strangers");
  TCase *tcase = tcase_create("strangers");
  tcase_add_test(tcase, a_number_is_in_until_it_is_taken);
  tcase_add_test(tcase, no_number_is_never_in);
  tcase_add_test(tcase, of_too_many_the_one_added_longest_ago_is_forgotten);
  tcase_add_test(tcase, one_added_again_and_again_drives_nothing_out);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
