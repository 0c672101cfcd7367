/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/auditlog and plugin/logtail: where in a long log reading begins.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/auditlog.h"
#include "plugin/logtail.h"
#include "run.h"

/* ms since 1970 of the first event; one comes each 100 ms. */
#define T0 G_GINT64_CONSTANT(1700000000000)
#define EVENTS 60000

/* Of its events one in a hundred began an hour before it was logged. */
static void
write_log(const char *path, guint from, guint to)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = from; i < to; i++) {
    gint64 time = T0 + i * 100 - (i % 100 == 50 ? 3600000 : 0);
    g_string_append_printf(text, "type=SYSCALL msg=audit(%" G_GINT64_FORMAT ".%03d:%u): arch=c000003e syscall=42 success=yes exit=0 a0=3 a1=7ffd a2=10\n",
                           time / 1000, (int)(time % 1000), i);
  }
  ck_assert(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
}

typedef struct {
  char *dir;
  char *log;
  char *config;
} Place;

static Place
place_new(void)
{
  Place place = { .dir = g_dir_make_tmp("pnat-auditlog-XXXXXX", NULL) };
  ck_assert_ptr_nonnull(place.dir);
  place.log = g_build_filename(place.dir, "audit.log", NULL);
  place.config = g_build_filename(place.dir, "auditd.conf", NULL);
  g_autofree char *text = g_strdup_printf("log_file = %s\n", place.log);
  ck_assert(g_file_set_contents(place.config, text, -1, NULL));
  return place;
}

static void
place_free(Place *place)
{
  g_autofree char *rotated = g_strconcat(place->log, ".1", NULL);
  g_unlink(rotated);
  g_unlink(place->log);
  g_unlink(place->config);
  g_rmdir(place->dir);
  g_free(place->log);
  g_free(place->config);
  g_free(place->dir);
}

/* All that is read of the log for @since. */
static GString *
read_since(const Place *place, gint64 since)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatAuditLog) log = pnat_audit_log_open(place->config, since, &error);
  GString *text = g_string_new(NULL);
  char block[4096];
  gsize length;

  ck_assert_msg(log != NULL, "%s", error != NULL ? error->message : "");
  while ((length = pnat_audit_log_read(log, block, sizeof block)) > 0)
    g_string_append_len(text, block, (gssize)length);
  return text;
}

static gboolean
holds(const GString *text, guint serial)
{
  g_autofree char *id = g_strdup_printf(":%u): ", serial);
  return strstr(text->str, id) != NULL;
}

static const guint wanted[] = { 0, 1, 20000, 20050, 35000, EVENTS - 1 };

START_TEST(a_long_log_is_read_from_shortly_before_the_moment)
{
  Place place = place_new();
  write_log(place.log, 0, EVENTS);
  g_autoptr(GString) text = read_since(&place, T0 + wanted[_i] * 100);
  for (guint serial = wanted[_i]; serial < EVENTS; serial += 1000)
    ck_assert_msg(holds(text, serial), "event %u is left out", serial);
  if (wanted[_i] > 30000)
    ck_assert(!holds(text, 10000)); /* long before */
  place_free(&place);
}
END_TEST

START_TEST(a_rotated_file_is_read_where_the_newest_begins_after_the_moment)
{
  Place place = place_new();
  g_autofree char *rotated = g_strconcat(place.log, ".1", NULL);
  write_log(rotated, 0, 30000);
  write_log(place.log, 30000, EVENTS);
  g_autoptr(GString) text = read_since(&place, T0 + 29000 * 100);
  for (guint serial = 29000; serial < EVENTS; serial += 500)
    ck_assert_msg(holds(text, serial), "event %u is left out", serial);
  ck_assert(!holds(text, 5000));
  place_free(&place);
}
END_TEST

START_TEST(an_event_that_began_long_before_does_not_end_the_search_for_files)
{
  Place place = place_new();
  g_autofree char *rotated = g_strconcat(place.log, ".1", NULL);
  write_log(rotated, 0, 1050);
  write_log(place.log, 1050, 2000); /* its first event is of an hour ago */
  g_autoptr(GString) text = read_since(&place, T0 + 1040 * 100);
  ck_assert(holds(text, 1041));
  place_free(&place);
}
END_TEST

/* Our own log. */

static PnatRecord
record_of(guint i)
{
  return (PnatRecord){ .kind = PNAT_RECORD_END, .host = "host", .pid = 100 + i, .direction = PNAT_DIRECTION_OUT, .first = { T0 + i * 100, i } };
}

static void
write_records(const char *path, gboolean json)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 20000; i++) {
    gint64 time = T0 + i * 100;
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(time / 1000);
    g_autofree char *date = g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S.000Z");
    if (json)
      g_string_append_printf(text, "{\"@timestamp\":\"%s\",\"event\":{\"type\":[\"connection\",\"end\"],\"end\":\"%s\"},\"host\":{\"name\":\"host\"},"
                             "\"process\":{\"pid\":%u},\"network\":{\"direction\":\"egress\"},\"pnat\":{\"first_event\":\"%" G_GINT64_FORMAT ".%03d:%u\"}}\n",
                             date, date, 100 + i, time / 1000, (int)(time % 1000), i);
    else
      g_string_append_printf(text, "event=end start=%s last=%s end=%s host=host pid=%u direction=out remote_ip=- remote_port=0 first=%" G_GINT64_FORMAT
                             ".%03d:%u\n", date, date, date, 100 + i, time / 1000, (int)(time % 1000), i);
  }
  ck_assert(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
}

START_TEST(where_its_place_is_not_known_our_log_is_read_back_to_the_moment)
{
  Place place = place_new();
  g_autoptr(PnatWritten) written = pnat_written_new();
  const PnatLogPlace nowhere = { 0 };

  write_records(place.log, _i != 0);
  pnat_log_read_since(place.log, &nowhere, T0 + 19000 * 100, written);
  PnatRecord late = record_of(19001), newest = record_of(19999), early = record_of(10);
  ck_assert(pnat_written_has(written, &late));
  ck_assert(pnat_written_has(written, &newest));
  ck_assert(!pnat_written_has(written, &early));
  place_free(&place);
}
END_TEST

START_TEST(a_file_that_was_renamed_is_read_from_its_place)
{
  Place place = place_new();
  g_autoptr(PnatWritten) written = pnat_written_new();
  g_autofree char *rotated = g_strconcat(place.log, ".1", NULL);

  write_records(place.log, FALSE);
  PnatLogPlace there = pnat_log_place(place.log);
  there.offset = 0;
  there.device++; /* another number after a reboot */
  ck_assert_int_eq(g_rename(place.log, rotated), 0);
  pnat_log_read_since(place.log, &there, T0 + 19999 * 100, written);
  PnatRecord early = record_of(10);
  ck_assert(pnat_written_has(written, &early));
  place_free(&place);
}
END_TEST

/* What is known of records takes memory. */
START_TEST(of_a_log_that_grew_much_the_newest_part_is_read)
{
  Place place = place_new();
  g_autoptr(PnatWritten) written = pnat_written_new();
  g_autofree char *text = NULL, *filler = g_strnfill(1024 * 1024, 'x');
  gsize length;

  write_records(place.log, FALSE);
  ck_assert(g_file_get_contents(place.log, &text, &length, NULL));
  const char *half = strchr(text + length / 2, '\n') + 1;
  FILE *log = fopen(place.log, "w");
  ck_assert_ptr_nonnull(log);
  const PnatLogPlace there = { .inode = pnat_log_place(place.log).inode, .offset = 0 };
  fwrite(text, 1, (gsize)(half - text), log);
  for (guint i = 0; i < 32; i++)
    fprintf(log, "%s\n", filler);
  fputs(half, log);
  fclose(log);
  pnat_log_read_since(place.log, &there, T0, written);
  PnatRecord early = record_of(10), newest = record_of(19999);
  ck_assert(!pnat_written_has(written, &early));
  ck_assert(pnat_written_has(written, &newest));
  place_free(&place);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("auditlog");
  TCase *tcase = tcase_create("auditlog");
  tcase_add_loop_test(tcase, a_long_log_is_read_from_shortly_before_the_moment, 0, (int)G_N_ELEMENTS(wanted));
  tcase_add_test(tcase, a_rotated_file_is_read_where_the_newest_begins_after_the_moment);
  tcase_add_test(tcase, an_event_that_began_long_before_does_not_end_the_search_for_files);
  tcase_add_loop_test(tcase, where_its_place_is_not_known_our_log_is_read_back_to_the_moment, 0, 2);
  tcase_add_test(tcase, a_file_that_was_renamed_is_read_from_its_place);
  tcase_add_test(tcase, of_a_log_that_grew_much_the_newest_part_is_read);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
