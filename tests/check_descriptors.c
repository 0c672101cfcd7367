/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/descriptors: entries by number, in pages, however far apart the numbers are.
 */
#include "lib/descriptors.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

static void
mark(PnatDescriptors *descriptors, gint fd)
{
  PnatDescriptor *entry = pnat_descriptors_get(descriptors, fd);
  ck_assert_ptr_nonnull(entry);
  entry->state = PNAT_DESCRIPTOR_PEER;
  entry->connection = (guint32)fd;
}

START_TEST(a_number_of_which_nothing_was_seen_is_not_there)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  ck_assert_ptr_null(pnat_descriptors_find(descriptors, 0));
  ck_assert_ptr_null(pnat_descriptors_find(descriptors, G_MAXINT));
  mark(descriptors, 5);
  ck_assert_ptr_null(pnat_descriptors_find(descriptors, 4)); /* of the same page */
  ck_assert_ptr_null(pnat_descriptors_find(descriptors, 9));
  ck_assert_ptr_nonnull(pnat_descriptors_find(descriptors, 5));
  pnat_descriptors_free(descriptors);
}
END_TEST

START_TEST(a_negative_number_has_no_entry)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  static const gint negative[] = { -1, -2, G_MININT };
  for (guint i = 0; i < G_N_ELEMENTS(negative); i++) {
    ck_assert_ptr_null(pnat_descriptors_get(descriptors, negative[i]));
    ck_assert_ptr_null(pnat_descriptors_find(descriptors, negative[i]));
  }
  ck_assert_uint_eq(pnat_descriptors_size(descriptors), 0);
  pnat_descriptors_free(descriptors);
  pnat_descriptors_free(NULL);
}
END_TEST

START_TEST(an_entry_is_the_same_each_time_it_is_asked_for)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  PnatDescriptor *entry = pnat_descriptors_get(descriptors, 3);
  ck_assert_int_eq(entry->state, PNAT_DESCRIPTOR_UNKNOWN);
  ck_assert_ptr_null(pnat_descriptors_find(descriptors, 3)); /* nothing was seen of it */
  entry->state = PNAT_DESCRIPTOR_NO_PEER;
  ck_assert_ptr_eq(pnat_descriptors_find(descriptors, 3), entry);
  ck_assert_ptr_eq(pnat_descriptors_get(descriptors, 3), entry);
  pnat_descriptors_free(descriptors);
}
END_TEST

/* In the order they are made. */
static const gint orders[][10] = {
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 },
  { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 },
  { 1023, 3, 65535, 4, 1000000, 255, 256, 7, 512, 12 },
  { G_MAXINT, 0, G_MAXINT - 1, 1, G_MAXINT - 4, 4, 1 << 20, (1 << 20) - 1, 100, 99 },
};

START_TEST(numbers_made_in_any_order_are_found_again)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  for (guint i = 0; i < 10; i++)
    mark(descriptors, orders[_i][i]);
  for (guint i = 0; i < 10; i++)
    ck_assert_uint_eq(pnat_descriptors_find(descriptors, orders[_i][i])->connection, (guint32)orders[_i][i]);
  pnat_descriptors_free(descriptors);
}
END_TEST

START_TEST(thousands_of_numbers_at_random_are_found_again)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  g_autoptr(GRand) random = g_rand_new_with_seed(1);
  g_autoptr(GHashTable) made = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < 5000; i++) {
    gint fd = g_rand_int_range(random, 0, 100000);
    mark(descriptors, fd);
    g_hash_table_add(made, GINT_TO_POINTER(fd));
  }
  for (gint fd = 0; fd < 100000; fd++) {
    const PnatDescriptor *entry = pnat_descriptors_find(descriptors, fd);
    ck_assert_int_eq(entry != NULL, g_hash_table_contains(made, GINT_TO_POINTER(fd)));
    if (entry != NULL)
      ck_assert_uint_eq(entry->connection, (guint32)fd);
  }
  pnat_descriptors_free(descriptors);
}
END_TEST

START_TEST(room_is_made_for_what_is_used_only)
{
  PnatDescriptors *descriptors = pnat_descriptors_new();
  mark(descriptors, 1000000);
  guint page = pnat_descriptors_size(descriptors);
  ck_assert_uint_le(page, 16);
  mark(descriptors, 3);
  ck_assert_uint_eq(pnat_descriptors_size(descriptors), 2 * page);
  for (gint fd = 0; fd < 64; fd++)
    mark(descriptors, fd);
  ck_assert_uint_eq(pnat_descriptors_size(descriptors), 64 + page);
  pnat_descriptors_free(descriptors);
}
END_TEST

START_TEST(a_cookie_has_a_tag_that_is_never_none)
{
  ck_assert_uint_eq(pnat_cookie_tag(0), 0);
  for (guint64 cookie = 1; cookie < 200000; cookie++)
    ck_assert_uint_ne(pnat_cookie_tag(cookie), 0);
  ck_assert_uint_ne(pnat_cookie_tag(G_MAXUINT64), 0);
  /* The kernel counts cookies up: those that follow each other differ. */
  for (guint64 cookie = 1; cookie < 200000; cookie++)
    ck_assert_uint_ne(pnat_cookie_tag(cookie), pnat_cookie_tag(cookie + 1));
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("descriptors");
  TCase *tcase = tcase_create("descriptors");
  tcase_add_test(tcase, a_number_of_which_nothing_was_seen_is_not_there);
  tcase_add_test(tcase, a_negative_number_has_no_entry);
  tcase_add_test(tcase, an_entry_is_the_same_each_time_it_is_asked_for);
  tcase_add_loop_test(tcase, numbers_made_in_any_order_are_found_again, 0, G_N_ELEMENTS(orders));
  tcase_add_test(tcase, thousands_of_numbers_at_random_are_found_again);
  tcase_add_test(tcase, room_is_made_for_what_is_used_only);
  tcase_add_test(tcase, a_cookie_has_a_tag_that_is_never_none);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
