/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What waited for outputs, as bytes and back.
 */
#include "sink_common.h"

#include "plugin/kept.h"
#include "plugin/taken.h"

static PnatBacklog
backlog_of(guint from, guint to, guint64 lost)
{
  PnatBacklog backlog = { 0 };

  for (guint n = from; n <= to; n++) {
    PnatRecord record = numbered(n, NULL);
    g_autoptr(GString) payload = g_string_new(NULL);

    pnat_format_kv.write(&record, payload);
    g_string_append_c(payload, '\n');
    pnat_backlog_push(&backlog, pnat_item_new(&record, payload));
  }
  if (lost > 0)
    pnat_lost_add(&backlog.missing, lost, SINK_T0, SINK_T0 + 1);
  return backlog;
}

static guint
number_of_item(const PnatItem *item)
{
  g_autofree char *line = g_strndup(item->payload, item->length - 1);

  return number_of(line);
}

/* A file that has 1 to 10 to take, and five lost; a journal that has lost one. */
static GPtrArray *
example(void)
{
  GPtrArray *list = pnat_kept_list_new();
  PnatBacklog file = backlog_of(1, 10, 5), syslog = { 0 }, journal = backlog_of(1, 0, 1);

  pnat_kept_list_add(list, "file", "kv", &file);
  pnat_kept_list_add(list, "syslog", "3 kv", &syslog);
  pnat_kept_list_add(list, "journal", "3", &journal);
  return list;
}

static const PnatKept *
nth(const GPtrArray *list, guint i)
{
  return list->pdata[i];
}

START_TEST(what_waits_comes_back_from_bytes)
{
  g_autoptr(GPtrArray) list = example(), back = pnat_kept_list_new();
  PnatCodec writer = pnat_codec_writer(0);

  pnat_kept_list_codec(list, &writer);
  g_autoptr(GByteArray) bytes = pnat_codec_finish(&writer);
  PnatCodec reader = pnat_codec_reader(bytes->data, bytes->len);
  pnat_kept_list_codec(back, &reader);
  ck_assert(!reader.failed && reader.at == reader.end);
  ck_assert_uint_eq(back->len, 2);
  ck_assert_str_eq(nth(back, 0)->output, "file");
  ck_assert_str_eq(nth(back, 0)->form, "kv");
  ck_assert_uint_eq(pnat_kept_list_records(back), 10);
  ck_assert_uint_eq(pnat_kept_list_bytes(back), pnat_kept_list_bytes(list));
  ck_assert_uint_eq(nth(back, 0)->backlog.missing.lost, 5);
  ck_assert_uint_eq(nth(back, 1)->backlog.missing.lost, 1);
  guint n = 1;
  for (const GList *link = nth(back, 0)->backlog.items.head; link != NULL; link = link->next, n++) {
    const PnatItem *item = link->data;

    ck_assert_uint_eq(number_of_item(item), n);
    ck_assert_int_eq(item->from, SINK_T0 + n * 1000);
    ck_assert_int_eq(item->to, SINK_T0 + n * 1000 + 200);
  }
}
END_TEST

START_TEST(bytes_that_end_too_early_fail)
{
  g_autoptr(GPtrArray) list = example();
  PnatCodec writer = pnat_codec_writer(0);

  pnat_kept_list_codec(list, &writer);
  g_autoptr(GByteArray) bytes = pnat_codec_finish(&writer);
  for (guint length = 0; length < bytes->len; length++) {
    g_autoptr(GPtrArray) back = pnat_kept_list_new();
    g_autofree guint8 *torn = g_malloc(MAX(length, 1)); /* so that memory checkers see where it ends */
    PnatCodec reader = pnat_codec_reader(torn, length);

    memcpy(torn, bytes->data, length);
    pnat_kept_list_codec(back, &reader);
    ck_assert(reader.failed);
  }
}
END_TEST

START_TEST(what_is_too_much_is_missing_oldest_first)
{
  g_autoptr(GPtrArray) list = example();

  pnat_kept_list_bound(list, pnat_kept_list_bytes(list) * 6 / 10);
  ck_assert_uint_eq(pnat_kept_list_records(list), 5);
  ck_assert_uint_eq(nth(list, 0)->backlog.missing.lost, 10);
  ck_assert_uint_eq(number_of_item(g_queue_peek_head(&((PnatKept *)list->pdata[0])->backlog.items)), 6);
}
END_TEST

/* What is left of 1 to 10, and of what was missing, when the log has these lines. */
static void
assert_left(const char *const *log, guint first, guint64 missing)
{
  g_auto(PnatBacklog) backlog = backlog_of(1, 10, 5);
  PnatTaken taken = pnat_taken_begin(&backlog);

  for (; *log != NULL; log++)
    pnat_taken_line(*log, strcspn(*log, "\n"), &taken);
  pnat_taken_settle(&taken);
  ck_assert_uint_eq(backlog.items.length, 11 - first);
  if (first <= 10)
    ck_assert_uint_eq(number_of_item(backlog.items.head->data), first);
  ck_assert_uint_eq(backlog.missing.lost, missing);
}

static char *
line_of(guint n)
{
  PnatRecord record = numbered(n, NULL);
  GString *line = g_string_new(NULL);

  pnat_format_kv.write(&record, line);
  g_string_append_c(line, '\n');
  return g_string_free(line, FALSE);
}

START_TEST(what_is_in_the_log_does_not_wait_any_more)
{
  g_autofree char *first = line_of(1), *seventh = line_of(7), *last = line_of(10), *other = line_of(11);
  static const char loss[] = "event=loss start=- last=- end=- reason=queue host=here lost=5";
  static const char json[] = "{\"event\":{\"kind\":\"event\"},\"pnat\":{\"lost\":5,\"loss_source\":\"queue\"}}";

  assert_left((const char *[]){ NULL }, 1, 5);
  assert_left((const char *[]){ other, "event=loss start=- reason=kernel ", "x reason=queue ", NULL }, 1, 5);
  assert_left((const char *[]){ first, NULL }, 2, 5);
  assert_left((const char *[]){ first, loss, NULL }, 2, 0);
  assert_left((const char *[]){ json, NULL }, 1, 0);
  assert_left((const char *[]){ first, loss, seventh, NULL }, 8, 0); /* those between were dropped, which was told */
  assert_left((const char *[]){ other, last, loss, other, NULL }, 11, 0);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("kept");
  TCase *tcase = tcase_create("list");

  tcase_add_test(tcase, what_waits_comes_back_from_bytes);
  tcase_add_test(tcase, bytes_that_end_too_early_fail);
  tcase_add_test(tcase, what_is_too_much_is_missing_oldest_first);
  tcase_add_test(tcase, what_is_in_the_log_does_not_wait_any_more);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
