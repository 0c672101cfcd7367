/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stored logs: members of gzip, and about when a file begins.
 */
#include "plugin/source.h"

#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

#define T0 1700000000

static char *path;
static GByteArray *file;

static void
setup(void)
{
  path = NULL;
  close(g_file_open_tmp("pnat-source-XXXXXX", &path, NULL));
  file = g_byte_array_new();
}

static void
teardown(void)
{
  g_unlink(path);
  g_free(path);
  g_byte_array_unref(file);
}

static void
add(const char *text)
{
  g_byte_array_append(file, (const guint8 *)text, (guint)strlen(text));
}

static void
add_packed(const char *text)
{
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
  g_autoptr(GOutputStream) packed = g_converter_output_stream_new(memory, G_CONVERTER(compressor));
  ck_assert(g_output_stream_write_all(packed, text, strlen(text), NULL, NULL, NULL));
  ck_assert(g_output_stream_close(packed, NULL, NULL));
  g_byte_array_append(file, g_memory_output_stream_get_data(G_MEMORY_OUTPUT_STREAM(memory)),
                      (guint)g_memory_output_stream_get_data_size(G_MEMORY_OUTPUT_STREAM(memory)));
}

/* A line of an event @seconds behind T0. */
static void
add_event(gint64 seconds, guint serial)
{
  g_autofree char *line = g_strdup_printf("type=SYSCALL msg=audit(%" G_GINT64_FORMAT ".250:%u): arch=c000003e\n", T0 + seconds, serial);
  add(line);
}

static PnatSource *
open_file(void)
{
  g_autoptr(GError) error = NULL;
  ck_assert(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
  PnatSource *source = pnat_source_open(path, &error);
  ck_assert_msg(source != NULL, "%s", error != NULL ? error->message : "no error");
  return source;
}

/* All of it, @size bytes at a time. */
static char *
read_all(PnatSource *source, gsize size, GError **error)
{
  g_autofree char *buffer = g_malloc(size);
  GString *all = g_string_new(NULL);
  gssize length;

  while ((length = pnat_source_read(source, buffer, size, error)) > 0)
    g_string_append_len(all, buffer, length);
  ck_assert_int_eq(length, *error != NULL ? -1 : 0);
  return g_string_free(all, FALSE);
}

static const gsize sizes[] = { 1, 3, 4096 };

START_TEST(all_members_are_read)
{
  g_autoptr(GError) error = NULL;
  add_packed("");
  add_packed("one ");
  add_packed("");
  add_packed("two ");
  g_byte_array_set_size(file, file->len + 1000);
  memset(file->data + file->len - 1000, 0, 1000);
  add_packed("three");
  g_autoptr(PnatSource) source = open_file();
  if (_i == 0)
    pnat_source_time(source);
  g_autofree char *text = read_all(source, sizes[_i], &error);
  ck_assert_ptr_null(error);
  ck_assert_str_eq(text, "one two three");
}
END_TEST

START_TEST(garbage_behind_a_member_is_told_and_what_was_before_is_read)
{
  g_autoptr(GError) error = NULL;
  add_packed("one");
  add("x");
  g_autoptr(PnatSource) source = open_file();
  pnat_source_time(source);
  g_autofree char *text = read_all(source, sizes[_i], &error);
  ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
  ck_assert_str_eq(text, "one");
}
END_TEST

START_TEST(a_member_that_is_cut_off_is_told)
{
  g_autoptr(GError) error = NULL;
  add_packed("one");
  guint length = file->len;
  add_packed("two");
  g_byte_array_set_size(file, length + (file->len - length) / 2);
  g_autoptr(PnatSource) source = open_file();
  g_autofree char *text = read_all(source, sizes[_i], &error);
  ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT));
  ck_assert(g_str_has_prefix(text, "one"));
}
END_TEST

static const char *const others[] = { "\xfd" "7zXZ", "\x28\xb5\x2f\xfd", "BZh9" };

START_TEST(what_is_packed_otherwise_is_named)
{
  g_autoptr(GError) error = NULL;
  ck_assert(g_file_set_contents(path, others[_i], -1, NULL));
  ck_assert_ptr_null(pnat_source_open(path, &error));
  ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
}
END_TEST

START_TEST(looking_takes_nothing_away)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) wanted = g_string_new(NULL);
  for (guint i = 0; i < 20000; i++)
    g_string_append_printf(wanted, "line %u\n", i);
  add_packed(wanted->str);
  g_autoptr(PnatSource) source = open_file();
  ck_assert_int_eq(pnat_source_time(source), G_MAXINT64);
  g_autofree char *text = read_all(source, 4096, &error);
  ck_assert_ptr_null(error);
  ck_assert_str_eq(text, wanted->str);
}
END_TEST

static gint64
seconds_of_file(void)
{
  g_autoptr(PnatSource) source = open_file();
  return pnat_source_time(source) / 1000 - T0;
}

START_TEST(a_file_begins_with_its_first_event)
{
  add_event(5, 1);
  add_event(5, 1);
  ck_assert_int_eq(seconds_of_file(), 5);
}
END_TEST

START_TEST(calls_that_waited_for_hours_do_not_make_a_file_old)
{
  for (guint i = 0; i < 50; i++)
    add_event(-7200 - (gint64)i, i);
  for (guint i = 50; i < 100; i++)
    add_event(i, i);
  ck_assert_int_ge(seconds_of_file(), 50);
  ck_assert_int_lt(seconds_of_file(), 100);
}
END_TEST

START_TEST(one_waited_and_few_events_follow)
{
  add_event(-500, 1);
  add_event(100, 2);
  ck_assert_int_eq(seconds_of_file(), 100);
}
END_TEST

START_TEST(a_wrong_stamp_does_not_make_a_file_new)
{
  for (guint i = 0; i < 100; i++)
    add_event(i == 3 ? 100000000 : i, i);
  ck_assert_int_lt(seconds_of_file(), 100);
}
END_TEST

START_TEST(one_file_by_two_names_is_the_same)
{
  add("text");
  g_autoptr(PnatSource) one = open_file();
  g_autofree char *name = g_strconcat(path, "-link", NULL);
  ck_assert_int_eq(symlink(path, name), 0);
  g_autoptr(PnatSource) other = pnat_source_open(name, NULL);
  g_unlink(name);
  g_autoptr(PnatSource) null = pnat_source_open("/dev/null", NULL);
  ck_assert(pnat_source_is_same(one, other));
  ck_assert(!pnat_source_is_same(one, null));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("source");
  TCase *tcase = tcase_create("source");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, all_members_are_read, 0, G_N_ELEMENTS(sizes));
  tcase_add_loop_test(tcase, garbage_behind_a_member_is_told_and_what_was_before_is_read, 0, G_N_ELEMENTS(sizes));
  tcase_add_loop_test(tcase, a_member_that_is_cut_off_is_told, 0, G_N_ELEMENTS(sizes));
  tcase_add_loop_test(tcase, what_is_packed_otherwise_is_named, 0, G_N_ELEMENTS(others));
  tcase_add_test(tcase, looking_takes_nothing_away);
  tcase_add_test(tcase, a_file_begins_with_its_first_event);
  tcase_add_test(tcase, calls_that_waited_for_hours_do_not_make_a_file_old);
  tcase_add_test(tcase, one_waited_and_few_events_follow);
  tcase_add_test(tcase, a_wrong_stamp_does_not_make_a_file_new);
  tcase_add_test(tcase, one_file_by_two_names_is_the_same);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
