/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Written: a record whose line is in the log is known again, whatever its host is called, and no other is.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/format.h"
#include "lib/written.h"
#include "run.h"

#define T0 G_GINT64_CONSTANT(1700000000000)

static PnatRecord
a_record(const char *host)
{
  PnatRecord record = { .kind = PNAT_RECORD_END, .reason = PNAT_REASON_EXIT, .start = T0, .last = T0 + 10, .end = T0 + 20, .host = host,
                        .pid = 42, .comm = "p", .exe = "/bin/p", .direction = PNAT_DIRECTION_OUT, .proto = IPPROTO_TCP, .tx = -1, .rx = -1,
                        .first = { T0, 7 }, .latest = { T0, 8 } };
  pnat_address_set(&record.remote, AF_INET, "\313\0\161\11", 443);
  return record;
}

static PnatWritten *
written_with(const PnatRecord *record, const PnatFormat *format)
{
  PnatWritten *written = pnat_written_new();
  g_autoptr(GString) line = g_string_new(NULL);

  format->write(record, line);
  pnat_written_add_line(written, line->str, line->len);
  return written;
}

static const char *const hosts[] = { "web1", "web1.example.org", "", "-", "web 1", "a\"b", "a\\b", "a\tb", "\xc3\xa4rger", "caf\xe9", "\\xe9",
                                     "host=web1 pid=1", "a\\\\x41" };
static const PnatFormat *const formats[] = { &pnat_format_kv, &pnat_format_json };

START_TEST(a_record_is_known_again_whatever_its_host_is_called)
{
  const PnatRecord record = a_record(hosts[_i / 2]);
  const PnatFormat *format = formats[_i % 2];
  g_autoptr(PnatWritten) written = written_with(&record, format);

  ck_assert_msg(pnat_written_has(written, &record), "%s: %s", format->name, record.host);
  ck_assert_int_eq(pnat_written_end(written, &record), T0 + 20);
  for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
    const PnatRecord other = a_record(hosts[i]);
    ck_assert_msg(pnat_written_has(written, &other) == (i == (gsize)_i / 2), "%s: %s is taken for %s", format->name, other.host, record.host);
  }
}
END_TEST

/* A connection that was there before the plugin has no event. */
START_TEST(a_record_without_an_event_is_known_by_its_start)
{
  PnatRecord record = a_record("web1");
  record.first = record.latest = (PnatEventId){ 0, 0 };
  record.confidence = PNAT_CONFIDENCE_SNAPSHOT;
  g_autoptr(PnatWritten) written = written_with(&record, formats[_i]);

  ck_assert(pnat_written_has(written, &record));
  record.start++;
  ck_assert(!pnat_written_has(written, &record));
}
END_TEST

START_TEST(another_process_peer_kind_or_event_is_another_record)
{
  const PnatRecord record = a_record("web1");
  g_autoptr(PnatWritten) written = written_with(&record, formats[_i]);
  PnatRecord others[] = { record, record, record, record, record };

  others[0].pid++;
  others[1].remote.port++;
  others[2].kind = PNAT_RECORD_START;
  others[3].first.serial++;
  others[4].direction = PNAT_DIRECTION_IN;
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
    ck_assert_msg(!pnat_written_has(written, &others[i]), "%d", (int)i);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("written");
  TCase *tcase = tcase_create("written");
  tcase_add_loop_test(tcase, a_record_is_known_again_whatever_its_host_is_called, 0, 2 * G_N_ELEMENTS(hosts));
  tcase_add_loop_test(tcase, a_record_without_an_event_is_known_by_its_start, 0, G_N_ELEMENTS(formats));
  tcase_add_loop_test(tcase, another_process_peer_kind_or_event_is_another_record, 0, G_N_ELEMENTS(formats));
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
