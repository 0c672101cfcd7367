/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/feed: bytes in any pieces, whatever they are, and the events that come of them.
 */
#include "lib/feed.h"

#include <stdlib.h>

#include "decoded.h"
#include "records.h"
#include "run.h"

/* Some of everything, with noise between, each event later than those before it. */
static char *
a_stream(void)
{
  return g_strconcat("type=DAEMON_START msg=audit(1795549850.001:7319): op=start ver=3.0.9 format=raw res=success\n", accept_mapped,
                     exit_process, netlink_send, write_login, connect_v4, "\n", connect_v4_enriched, socket_tcp, abend,
                     socketcall_connect, uring_connect, uring_async_recvmsg, NULL);
}

/* A stretch of it, small enough to be cut at each of its bytes. */
static char *
a_short_stream(void)
{
  return g_strconcat(exit_process, connect_v4_enriched, abend, "noise\n", uring_async_recvmsg, NULL);
}

typedef struct {
  PnatFeed *feed;
  GPtrArray *events;
} Mouth;

static void
mouth_open(Mouth *mouth)
{
  mouth->events = decoded_new();
  mouth->feed = pnat_feed_new(keep_decoded, mouth->events);
}

static void
mouth_close(Mouth *mouth)
{
  pnat_feed_free(mouth->feed);
  g_ptr_array_unref(mouth->events);
}

static void
eat_at(Mouth *mouth, const char *text, gint64 now)
{
  pnat_feed_push(mouth->feed, text, strlen(text), now);
}

static void
eat(Mouth *mouth, const char *text)
{
  eat_at(mouth, text, 0);
}

/* In exactly sized blocks, so that the sanitizer sees a read past one. */
static void
eat_block(Mouth *mouth, const char *bytes, gsize length)
{
  g_autofree char *block = g_malloc(MAX(length, 1));
  memcpy(block, bytes, length);
  pnat_feed_push(mouth->feed, block, length, 0);
}

START_TEST(a_stream_gives_all_its_events)
{
  static const PnatEventKind kinds[] = {
    PNAT_EVENT_NETWORK, PNAT_EVENT_EXIT,    PNAT_EVENT_NETWORK, PNAT_EVENT_NETWORK, PNAT_EVENT_NETWORK, PNAT_EVENT_NETWORK,
    PNAT_EVENT_ABEND,   PNAT_EVENT_NETWORK, PNAT_EVENT_NETWORK, PNAT_EVENT_NETWORK,
  };
  g_autofree char *text = a_stream();
  g_autoptr(GPtrArray) events = decode(text);
  ck_assert_uint_eq(events->len, G_N_ELEMENTS(kinds));
  for (guint i = 0; i < events->len; i++)
    ck_assert_int_eq(decoded_at(events, i)->kind, kinds[i]);
}
END_TEST

/* Events are stamped when their call begins: an accept that waited is older than what was completed before it. */
START_TEST(events_come_in_the_order_in_which_they_were_completed_whatever_their_times)
{
  g_autofree char *text = g_strconcat(connect_v4, accept_v4, connect_v6, exit_process, abend, accept4_v4, NULL);
  static const guint64 serials[] = { 1658, 1183, 1799, 1396, 1942, 1188 };
  g_autoptr(GPtrArray) events = decode(text);
  ck_assert_uint_eq(events->len, G_N_ELEMENTS(serials));
  for (guint i = 0; i < events->len; i++)
    ck_assert_uint_eq(decoded_at(events, i)->serial, serials[i]);
}
END_TEST

START_TEST(events_are_delivered_by_the_push_that_completes_them)
{
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, connect_v4);
  ck_assert_uint_eq(mouth.events->len, 1);
  ck_assert(!pnat_feed_is_waiting(mouth.feed));
  eat(&mouth, abend);
  ck_assert_uint_eq(mouth.events->len, 2);
  eat(&mouth, exit_process);
  ck_assert_uint_eq(mouth.events->len, 3);
  eat(&mouth, uring_async_recvmsg);
  ck_assert_uint_eq(mouth.events->len, 4);
  mouth_close(&mouth);
}
END_TEST

START_TEST(a_stream_cut_in_two_anywhere_gives_the_same_events)
{
  g_autofree char *text = a_short_stream();
  gsize length = strlen(text);
  g_autoptr(GPtrArray) whole = decode(text);
  ck_assert_uint_eq(whole->len, 4);

  for (gsize cut = 0; cut <= length; cut++) {
    Mouth mouth;
    mouth_open(&mouth);
    eat_block(&mouth, text, cut);
    eat_block(&mouth, text + cut, length - cut);
    pnat_feed_flush(mouth.feed);
    assert_same_events(mouth.events, whole);
    ck_assert_uint_eq(pnat_feed_counts(mouth.feed).malformed, 1);
    mouth_close(&mouth);
  }
}
END_TEST

START_TEST(a_stream_in_pieces_of_any_size_gives_the_same_events)
{
  static const gsize sizes[] = { 1, 2, 3, 7, 64, 100, 1000, 4096 };
  g_autofree char *text = a_stream();
  gsize length = strlen(text);
  g_autoptr(GPtrArray) whole = decode(text);
  Mouth mouth;

  mouth_open(&mouth);
  for (gsize at = 0; at < length; at += sizes[_i])
    eat_block(&mouth, text + at, MIN(sizes[_i], length - at));
  pnat_feed_flush(mouth.feed);
  assert_same_events(mouth.events, whole);
  mouth_close(&mouth);
}
END_TEST

/* What auditd writes with log_format = RAW. */
static char *
without_interpretations(const char *text)
{
  g_autoptr(GString) raw = g_string_new(NULL);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_string_append_len(raw, lines[i], (gssize)strcspn(lines[i], "\x1d"));
    if (lines[i + 1] != NULL)
      g_string_append_c(raw, '\n');
  }
  return g_string_free(g_steal_pointer(&raw), FALSE);
}

static const char *const enriched[] = { connect_v4_enriched, abend_enriched, uring_async_enriched };

START_TEST(raw_and_enriched_records_give_the_same_events)
{
  g_autofree char *raw = without_interpretations(enriched[_i]);
  ck_assert_str_ne(raw, enriched[_i]);
  g_autoptr(GPtrArray) from_raw = decode(raw);
  g_autoptr(GPtrArray) from_enriched = decode(enriched[_i]);
  ck_assert_uint_eq(from_raw->len, 1);
  assert_same_events(from_raw, from_enriched);
}
END_TEST

START_TEST(the_sample_log_gives_the_same_events_without_its_interpretations)
{
  g_autofree char *text = NULL;
  ck_assert(g_file_get_contents(DATA_DIR "/sample.log", &text, NULL, NULL));
  g_autofree char *raw = without_interpretations(text);
  g_autoptr(GPtrArray) from_raw = decode(raw);
  g_autoptr(GPtrArray) from_enriched = decode(text);
  ck_assert_uint_gt(from_raw->len, 5);
  assert_same_events(from_raw, from_enriched);
}
END_TEST

/* Copied by way of Windows. */
START_TEST(raw_records_with_other_ends_of_lines_give_the_same_events)
{
  g_autofree char *text = NULL;
  ck_assert(g_file_get_contents(DATA_DIR "/sample.log", &text, NULL, NULL));
  g_autofree char *raw = without_interpretations(text);
  g_auto(GStrv) lines = g_strsplit(raw, "\n", -1);
  g_autofree char *other = g_strjoinv("\r\n", lines);
  g_autoptr(GPtrArray) from_raw = decode(raw);
  g_autoptr(GPtrArray) from_other = decode(other);
  assert_same_events(from_raw, from_other);
}
END_TEST

/* Hosts whose clocks differ, as a collector sees them. */

static char *
on_node(const char *text, const char *node, const char *seconds)
{
  g_autofree char *named = g_strconcat("node=", node, " ", NULL);
  g_autofree char *stamp = g_strconcat("audit(", seconds, ".", NULL);
  g_auto(GStrv) by_node = g_strsplit(text, "node=web1 ", -1);
  g_autofree char *renamed = g_strjoinv(named, by_node);
  g_auto(GStrv) by_stamp = g_strsplit(renamed, "audit(1795549916.", -1);
  return g_strjoinv(stamp, by_stamp);
}

/* The lines of both texts in turn. */
static char *
interleaved(const char *one, const char *other)
{
  GString *mixed = g_string_new(NULL);
  g_auto(GStrv) a = g_strsplit(one, "\n", -1);
  g_auto(GStrv) b = g_strsplit(other, "\n", -1);
  for (guint i = 0; a[i] != NULL && b[i] != NULL && *a[i] != '\0'; i++)
    g_string_append_printf(mixed, "%s\n%s\n", a[i], b[i]);
  return g_string_free(mixed, FALSE);
}

START_TEST(two_nodes_with_clocks_an_hour_apart_have_whole_events)
{
  g_autofree char *early = on_node(connect_v4, "web1", "1795546316");
  g_autofree char *late = on_node(connect_v4, "web2", "1795549916");
  g_autofree char *mixed = _i == 0 ? interleaved(early, late) : interleaved(late, early);
  g_autoptr(GPtrArray) alone = decode(connect_v4);
  g_autoptr(GPtrArray) events = decode(mixed);

  ck_assert_uint_eq(events->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatEvent *event = decoded_at(events, i);
    gboolean is_late = strcmp(event->node, "web2") == 0;
    assert_same_content(event, decoded_at(alone, 0));
    ck_assert_int_eq(event->time, G_GINT64_CONSTANT(1795546316313) + is_late * 3600 * 1000);
  }
  ck_assert_str_ne(decoded_at(events, 0)->node, decoded_at(events, 1)->node);
}
END_TEST

/* auparse alone splits this into SYSCALL and SOCKADDR PROCTITLE: a call that waited longer than its timeout, between the records of others. */
START_TEST(a_call_that_waited_for_hours_between_others_is_not_split)
{
  static const char call[] = "type=SYSCALL msg=audit(1795500000.000:20): arch=c000003e syscall=43 success=yes exit=4 a0=3 pid=5\n";
  static const char rest[] = "type=SOCKADDR msg=audit(1795500000.000:20): saddr=0200E5347F0000010000000000000000\n"
                             "type=PROCTITLE msg=audit(1795500000.000:20): proctitle=\"srv\"\n"
                             "type=EOE msg=audit(1795500000.000:20): \n";
  g_autofree char *text = g_strconcat(call, connect_v4, rest, connect_v6, NULL);
  g_autoptr(GPtrArray) events = decode(text);
  const PnatEvent *accept = NULL;
  ck_assert_uint_eq(events->len, 3);
  for (guint i = 0; i < events->len; i++)
    if (decoded_at(events, i)->call == PNAT_CALL_ACCEPT)
      accept = decoded_at(events, i);
  ck_assert_ptr_nonnull(accept);
  ck_assert_int_eq(accept->saddr, PNAT_SADDR_INET);
  ck_assert_uint_eq(accept->address.port, 58676);
  ck_assert_str_eq(accept->who.cmd, "srv");
}
END_TEST

START_TEST(daemon_records_with_the_same_number_do_not_disturb)
{
  g_autofree char *text = g_strconcat("node=web1 type=DAEMON_CONFIG msg=audit(1795549916.313:1658): op=reconfigure res=success\n",
                                      connect_v4, NULL);
  g_autoptr(GPtrArray) alone = decode(connect_v4);
  g_autoptr(GPtrArray) events = decode(text);
  assert_same_events(events, alone);
}
END_TEST

/* Bad input: skipped, counted, and the next good event is handled. */

static void
assert_next_event_is_good(Mouth *mouth)
{
  guint before = mouth->events->len;
  g_autoptr(GPtrArray) alone = decode(connect_v6);
  eat(mouth, connect_v6);
  ck_assert_uint_eq(mouth->events->len, before + 1);
  assert_same_event(decoded_at(mouth->events, before), decoded_at(alone, 0));
}

static const struct {
  const char *text; /* of some lines */
  guint lines;
  guint malformed;
} broken[] = {
  { "\n\n\n", 0, 0 }, /* empty lines are no lines */
  { "hello\n", 1, 1 },
  { "\xff\xfe\x01\x02\n", 1, 1 },
  { "type=SYSCALL\ntype=SYSCALL msg=\ntype=SYSCALL msg=audit(\n", 3, 3 },
  { "type=SYSCALL msg=audit(1795549961.645:2898): \n", 1, 0 },
  { "type=SYSCALL msg=audit(1795549961.645:2898)\n", 1, 0 },
  { "type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=42 =\n", 1, 0 },
  { "type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=42 = = pid= a0= comm= exe=\n", 1, 0 },
  { "type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=42 comm=\"\n", 1, 0 },
  { "type=SYSCALL msg=audit(99999999999999999999.99999999:99999999999999999999): arch=c000003e syscall=42\n", 1, 1 },
  { "type=SOCKADDR msg=audit(1795549961.645:2898): saddr=\n", 1, 0 },
  { "type=SOCKADDR msg=audit(1795549961.645:2898): saddr\n", 1, 0 },
  { "type=PROCTITLE msg=audit(1795549961.645:2898): proctitle=\n", 1, 0 },
  { "\x1d\n", 1, 1 },
  { "node=\x1d type=EOE msg=audit(1795549961.645:2898): \n", 1, 1 }, /* libauparse 3.0.9 would leak memory */
  { "type=EOE msg=audit(1795549961.645:2898): \r\n", 1, 0 },
  { "type=EOE msg=audit(1795549961.645:2898): type=EOE msg=audit(1795549961.645:2898): \n", 1, 0 },
};

START_TEST(what_is_broken_is_skipped_and_the_next_event_is_good)
{
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, broken[_i].text);
  ck_assert_uint_eq(pnat_feed_counts(mouth.feed).lines, broken[_i].lines);
  ck_assert_uint_eq(pnat_feed_counts(mouth.feed).malformed, broken[_i].malformed);
  ck_assert_uint_eq(mouth.events->len, 0);
  assert_next_event_is_good(&mouth);
  pnat_feed_flush(mouth.feed);
  ck_assert_uint_eq(mouth.events->len, 1); /* nothing came late of the broken one */
  mouth_close(&mouth);
}
END_TEST

static void
push_fill(Mouth *mouth, gsize length, gsize piece)
{
  g_autofree char *fill = g_malloc(piece);
  memset(fill, 'x', piece);
  for (gsize done = 0; done < length; done += MIN(piece, length - done))
    pnat_feed_push(mouth->feed, fill, MIN(piece, length - done), 0);
}

static const gsize pieces[] = { 100, 4096, PNAT_FEED_MAX_LINE, 3 * PNAT_FEED_MAX_LINE };

START_TEST(a_huge_line_is_counted_once_and_skipped_to_its_end)
{
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, "type=SOCKADDR msg=audit(1795549961.645:2898): saddr=");
  push_fill(&mouth, 3 * PNAT_FEED_MAX_LINE, pieces[_i]);
  eat(&mouth, "\n");
  ck_assert_uint_eq(pnat_feed_counts(mouth.feed).lines, 1);
  ck_assert_uint_eq(pnat_feed_counts(mouth.feed).malformed, 1);
  assert_next_event_is_good(&mouth);
  mouth_close(&mouth);
}
END_TEST

START_TEST(a_huge_line_may_hold_a_good_record_in_its_tail_and_does_not_give_it)
{
  Mouth mouth;
  mouth_open(&mouth);
  push_fill(&mouth, 2 * PNAT_FEED_MAX_LINE, 1000);
  eat(&mouth, abend); /* ends the line */
  ck_assert_uint_eq(mouth.events->len, 0);
  eat(&mouth, abend_enriched);
  ck_assert_uint_eq(mouth.events->len, 1);
  mouth_close(&mouth);
}
END_TEST

START_TEST(a_line_of_the_greatest_length_is_taken_and_one_byte_more_is_not)
{
  static const char head[] = "type=ANOM_ABEND msg=audit(1795549961.645:2898): pid=7 sig=11 exe=";
  for (guint more = 0; more < 2; more++)
    for (guint pushes = 1; pushes <= 2; pushes++) {
      g_autofree char *line = g_malloc(PNAT_FEED_MAX_LINE + 3);
      memset(line, 'A', PNAT_FEED_MAX_LINE + 1);
      memcpy(line, head, sizeof head - 1);
      strcpy(line + PNAT_FEED_MAX_LINE + more, "\n");
      Mouth mouth;
      mouth_open(&mouth);
      gsize first = pushes == 1 ? strlen(line) : 1000;
      pnat_feed_push(mouth.feed, line, first, 0);
      pnat_feed_push(mouth.feed, line + first, strlen(line) - first, 0);
      ck_assert_uint_eq(pnat_feed_counts(mouth.feed).malformed, more);
      assert_next_event_is_good(&mouth);
      mouth_close(&mouth);
    }
}
END_TEST

START_TEST(a_line_with_a_nul_byte_is_malformed)
{
  gsize length = strlen(connect_v4);
  gsize line = (gsize)(strchr(connect_v4, '\n') - connect_v4);
  for (gsize at = 0; at < line; at += 13) {
    g_autofree char *text = g_strdup(connect_v4);
    Mouth mouth;
    mouth_open(&mouth);
    text[at] = '\0';
    eat_block(&mouth, text, length);
    ck_assert_uint_eq(pnat_feed_counts(mouth.feed).malformed, 1);
    assert_next_event_is_good(&mouth);
    mouth_close(&mouth);
  }
}
END_TEST

START_TEST(a_stream_with_any_one_byte_replaced_does_no_harm)
{
  static const char replacements[] = { '\0', '\n', ' ', '"', '=', '\x1d', (char)0xff, ')' };
  g_autofree char *text = g_strconcat(connect_v4_enriched, abend, NULL);
  gsize length = strlen(text);
  for (gsize at = 0; at < length; at++) {
    g_autofree char *bent = g_strdup(text);
    bent[at] = replacements[_i];
    Mouth mouth;
    mouth_open(&mouth);
    eat_block(&mouth, bent, length);
    pnat_feed_flush(mouth.feed);
    ck_assert_uint_le(mouth.events->len, 4);
    assert_next_event_is_good(&mouth);
    mouth_close(&mouth);
  }
}
END_TEST

/* Incomplete events. */

START_TEST(an_event_without_its_end_comes_after_five_seconds)
{
  Mouth mouth;
  mouth_open(&mouth);
  const char *title = strstr(connect_v4, "node=web1 type=PROCTITLE");
  g_autofree char *cut = g_strndup(connect_v4, (gsize)(title - connect_v4));
  eat_at(&mouth, cut, 1000);
  ck_assert(pnat_feed_is_waiting(mouth.feed));
  pnat_feed_age(mouth.feed, 5999);
  ck_assert_uint_eq(mouth.events->len, 0);
  pnat_feed_age(mouth.feed, 6000);
  ck_assert_uint_eq(mouth.events->len, 1);
  ck_assert(!pnat_feed_is_waiting(mouth.feed));
  ck_assert_uint_eq(decoded_at(mouth.events, 0)->address.port, 8080);
  ck_assert_ptr_null(decoded_at(mouth.events, 0)->who.cmd);
  mouth_close(&mouth);
}
END_TEST

START_TEST(the_end_of_the_stream_gives_what_is_unfinished)
{
  gsize length = strlen(abend) - 1; /* no newline */
  Mouth mouth;
  mouth_open(&mouth);
  eat_block(&mouth, abend, length);
  ck_assert_uint_eq(mouth.events->len, 0);
  pnat_feed_flush(mouth.feed);
  ck_assert_uint_eq(mouth.events->len, 1);

  const char *title = strstr(connect_v4, "node=web1 type=PROCTITLE");
  eat_block(&mouth, connect_v4, (gsize)(title - connect_v4));
  pnat_feed_flush(mouth.feed);
  ck_assert_uint_eq(mouth.events->len, 2);
  ck_assert_uint_eq(decoded_at(mouth.events, 1)->address.port, 8080);
  pnat_feed_flush(mouth.feed); /* nothing is left */
  ck_assert_uint_eq(mouth.events->len, 2);
  mouth_close(&mouth);
}
END_TEST

START_TEST(a_huge_unfinished_line_is_not_taken_at_the_end)
{
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, "type=ANOM_ABEND msg=audit(1795549961.645:2898): pid=7 sig=11 exe=");
  push_fill(&mouth, 2 * PNAT_FEED_MAX_LINE, 1000);
  pnat_feed_flush(mouth.feed);
  ck_assert_uint_eq(mouth.events->len, 0);
  assert_next_event_is_good(&mouth);
  mouth_close(&mouth);
}
END_TEST

START_TEST(what_waits_goes_with_the_feed)
{
  Mouth mouth;
  mouth_open(&mouth);
  eat_block(&mouth, connect_v4, 500);
  ck_assert(pnat_feed_is_waiting(mouth.feed));
  mouth_close(&mouth);
  pnat_feed_free(NULL);
}
END_TEST

/* What watches the lines. */

static void
add_serial(const PnatLine *line, gpointer text)
{
  g_string_append_printf(text, "%" G_GUINT64_FORMAT "%s ", line->serial, line->is_daemon ? "d" : "");
}

START_TEST(every_record_is_shown_to_the_line_function_whatever_its_type)
{
  g_autoptr(GString) seen = g_string_new(NULL);
  Mouth mouth;
  mouth_open(&mouth);
  pnat_feed_set_line_func(mouth.feed, add_serial, seen);
  eat(&mouth, "type=DAEMON_START msg=audit(1795549915.001:7319): op=start\n"
              "garbage\n"
              "type=LOGIN msg=audit(1795549916.301:1656): pid=9749\n");
  eat(&mouth, abend);
  eat(&mouth, "type=EOE msg=audit(1795549924.700:1943): \n\n");
  ck_assert_str_eq(seen->str, "7319d 1656 1942 1943 ");
  mouth_close(&mouth);
}
END_TEST

START_TEST(counts_add_up)
{
  g_autofree char *text = a_stream();
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, text);
  eat(&mouth, "garbage\n");
  PnatFeedCounts counts = pnat_feed_counts(mouth.feed);
  guint lines = 1;
  for (const char *at = text; *at != '\0'; at++)
    lines += *at == '\n';
  ck_assert_uint_eq(counts.lines, lines - 1); /* an empty one is in it */
  ck_assert_uint_eq(counts.malformed, 1);
  ck_assert_uint_eq(counts.events, mouth.events->len);
  ck_assert_uint_eq(counts.ignored, 5); /* DAEMON_START; LOGIN, SYSCALL, PROCTITLE and EOE of write_login */
  mouth_close(&mouth);
}
END_TEST

START_TEST(many_events_in_one_push_all_come)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint i = 0; i < 2000; i++)
    g_string_append_printf(text,
                           "type=SYSCALL msg=audit(1795549961.645:%u): arch=c000003e syscall=42 success=yes exit=0 a0=3 pid=%u\n"
                           "type=SOCKADDR msg=audit(1795549961.645:%u): saddr=02001EDD7F000001\n"
                           "type=PROCTITLE msg=audit(1795549961.645:%u): proctitle=\"%u\"\n"
                           "type=EOE msg=audit(1795549961.645:%u): \n",
                           i + 1, i + 10, i + 1, i + 1, i, i + 1);
  Mouth mouth;
  mouth_open(&mouth);
  eat(&mouth, text->str);
  ck_assert_uint_eq(mouth.events->len, 2000);
  for (guint i = 0; i < 2000; i++) {
    ck_assert_uint_eq(decoded_at(mouth.events, i)->who.pid, i + 10);
    ck_assert_int_eq(atoi(decoded_at(mouth.events, i)->who.cmd), (int)i);
  }
  mouth_close(&mouth);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("feed");
  TCase *tcase = tcase_create("feed");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_stream_gives_all_its_events);
  tcase_add_test(tcase, events_come_in_the_order_in_which_they_were_completed_whatever_their_times);
  tcase_add_test(tcase, events_are_delivered_by_the_push_that_completes_them);
  tcase_add_test(tcase, a_stream_cut_in_two_anywhere_gives_the_same_events);
  tcase_add_loop_test(tcase, a_stream_in_pieces_of_any_size_gives_the_same_events, 0, 8);
  tcase_add_loop_test(tcase, raw_and_enriched_records_give_the_same_events, 0, G_N_ELEMENTS(enriched));
  tcase_add_test(tcase, the_sample_log_gives_the_same_events_without_its_interpretations);
  tcase_add_test(tcase, raw_records_with_other_ends_of_lines_give_the_same_events);
  tcase_add_loop_test(tcase, two_nodes_with_clocks_an_hour_apart_have_whole_events, 0, 2);
  tcase_add_test(tcase, a_call_that_waited_for_hours_between_others_is_not_split);
  tcase_add_test(tcase, daemon_records_with_the_same_number_do_not_disturb);
  tcase_add_loop_test(tcase, what_is_broken_is_skipped_and_the_next_event_is_good, 0, G_N_ELEMENTS(broken));
  tcase_add_loop_test(tcase, a_huge_line_is_counted_once_and_skipped_to_its_end, 0, G_N_ELEMENTS(pieces));
  tcase_add_test(tcase, a_huge_line_may_hold_a_good_record_in_its_tail_and_does_not_give_it);
  tcase_add_test(tcase, a_line_of_the_greatest_length_is_taken_and_one_byte_more_is_not);
  tcase_add_test(tcase, a_line_with_a_nul_byte_is_malformed);
  tcase_add_loop_test(tcase, a_stream_with_any_one_byte_replaced_does_no_harm, 0, 8);
  tcase_add_test(tcase, an_event_without_its_end_comes_after_five_seconds);
  tcase_add_test(tcase, the_end_of_the_stream_gives_what_is_unfinished);
  tcase_add_test(tcase, a_huge_unfinished_line_is_not_taken_at_the_end);
  tcase_add_test(tcase, what_waits_goes_with_the_feed);
  tcase_add_test(tcase, every_record_is_shown_to_the_line_function_whatever_its_type);
  tcase_add_test(tcase, counts_add_up);
  tcase_add_test(tcase, many_events_in_one_push_all_come);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
