/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/assembler: lines that come in any mixture, and the whole events they make.
 */
#include "lib/assembler.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* As in assembler.c: lines after which an event of a stored log is taken as complete. */
#define MAX_DISTANCE 2048

typedef struct {
  PnatAssembler *assembler;
  PnatPrefilter filter;
  GPtrArray *events; /* of char *: what was handed on */
} Bench;

static void
keep_event(const GString *event, gpointer data)
{
  Bench *bench = data;
  ck_assert_uint_eq(strlen(event->str), event->len);
  g_ptr_array_add(bench->events, g_strdup(event->str));
}

static void
bench_open(Bench *bench)
{
  memset(bench, 0, sizeof *bench);
  bench->events = g_ptr_array_new_with_free_func(g_free);
  bench->assembler = pnat_assembler_new(keep_event, bench);
}

static void
bench_close(Bench *bench)
{
  pnat_assembler_free(bench->assembler);
  g_ptr_array_unref(bench->events);
}

/* The line as the prefilter would hand it over, in a block of its own that is gone afterwards. */
static void
comes_at(Bench *bench, const char *text, gint64 now)
{
  g_autofree char *copy = g_strdup(text);
  PnatLine line = { .text = copy, .length = strlen(copy) };
  PnatVerdict verdict = pnat_prefilter_line(&bench->filter, &line);
  ck_assert_msg(verdict >= PNAT_LINE_KEEP, "%s", text);
  pnat_assembler_add(bench->assembler, &line, verdict, now);
}

static void
comes(Bench *bench, const char *text)
{
  comes_at(bench, text, 0);
}

static const char *
event_at(const Bench *bench, guint at)
{
  ck_assert_uint_lt(at, bench->events->len);
  return g_ptr_array_index(bench->events, at);
}

static char *
record(const char *type, guint serial)
{
  return g_strdup_printf("node=web1 type=%s msg=audit(1700000000.001:%u): %s", type, serial,
                         strcmp(type, "SYSCALL") == 0 ? "arch=c000003e syscall=42" : "x=1");
}

static void
record_comes(Bench *bench, const char *type, guint serial, gint64 now)
{
  g_autofree char *line = record(type, serial);
  comes_at(bench, line, now);
}

#define S1 "type=SYSCALL msg=audit(1700000000.001:1): arch=c000003e syscall=42"
#define A1 "type=SOCKADDR msg=audit(1700000000.001:1): saddr=02"
#define P1 "type=PROCTITLE msg=audit(1700000000.001:1): proctitle=\"a\""
#define E1 "type=EOE msg=audit(1700000000.001:1): "
#define S2 "type=SYSCALL msg=audit(1700000000.001:2): arch=c000003e syscall=43"
#define A2 "type=SOCKADDR msg=audit(1700000000.001:2): saddr=0A"
#define P2 "type=PROCTITLE msg=audit(1700000000.001:2): proctitle=\"b\""
#define E2 "type=EOE msg=audit(1700000000.001:2): "

START_TEST(an_event_is_handed_on_in_one_piece_with_its_last_record)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  comes(&bench, A1);
  ck_assert_uint_eq(bench.events->len, 0);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 1);
  comes(&bench, P1);
  ck_assert_str_eq(event_at(&bench, 0), S1 "\n" A1 "\n" P1 "\n");
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  bench_close(&bench);
}
END_TEST

START_TEST(events_that_interleave_come_out_apart)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  comes(&bench, S2);
  comes(&bench, A2);
  comes(&bench, A1);
  comes(&bench, P2);
  comes(&bench, P1);
  ck_assert_uint_eq(bench.events->len, 2);
  ck_assert_str_eq(event_at(&bench, 0), S2 "\n" A2 "\n" P2 "\n");
  ck_assert_str_eq(event_at(&bench, 1), S1 "\n" A1 "\n" P1 "\n");
  bench_close(&bench);
}
END_TEST

/* prefork/dispatch.raw.txt of the captures: accepts that waited longer than auparse does. */
START_TEST(a_title_that_comes_late_still_ends_its_own_event)
{
  Bench bench;
  bench_open(&bench);
  comes_at(&bench, S1, 0);
  comes_at(&bench, A1, 0);
  for (guint serial = 10; serial < 60; serial++) {
    record_comes(&bench, "SYSCALL", serial, 4000);
    record_comes(&bench, "EOE", serial, 4000);
  }
  comes_at(&bench, P1, 4999);
  ck_assert_uint_eq(bench.events->len, 51);
  ck_assert_str_eq(event_at(&bench, 50), S1 "\n" A1 "\n" P1 "\n");
  bench_close(&bench);
}
END_TEST

START_TEST(the_end_of_event_after_a_title_is_nothing_new)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  comes(&bench, P1);
  comes(&bench, E1);
  ck_assert_uint_eq(bench.events->len, 1);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  comes(&bench, P2); /* nor is a title or an end without a beginning */
  comes(&bench, E2);
  ck_assert_uint_eq(bench.events->len, 1);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_of_event_ends_one_without_a_title)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  comes(&bench, E1);
  ck_assert_str_eq(event_at(&bench, 0), S1 "\n" E1 "\n");
  bench_close(&bench);
}
END_TEST

static const struct {
  const char *node;
  const char *rest;
} lone[] = {
  { "", "ANOM_ABEND msg=audit(1700000000.001:7): pid=5 comm=\"x\" exe=\"/x\" sig=11" },
  { "node=web1 ", "ANOM_ABEND msg=audit(1700000000.001:7): pid=5 comm=\"x\" exe=\"/x\" sig=11" },
  { "node=a-rather-long.name.example.org ", "SYSTEM_BOOT msg=audit(1700000000.001:7): pid=1" },
  { "node=web1 ", "SYSCALL msg=audit(1700000000.001:7): arch=c000003e syscall=231 a0=0" },
};

START_TEST(a_lone_record_is_handed_on_at_once_with_an_end_of_its_node)
{
  g_autofree char *text = g_strconcat(lone[_i].node, "type=", lone[_i].rest, NULL);
  g_autofree char *expected = g_strconcat(text, "\n", lone[_i].node, "type=EOE msg=audit(1700000000.001:7): \n", NULL);
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1); /* does not hold it up */
  comes(&bench, text);
  ck_assert_uint_eq(bench.events->len, 1);
  ck_assert_str_eq(event_at(&bench, 0), expected);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 1);
  bench_close(&bench);
}
END_TEST

START_TEST(nodes_with_the_same_numbers_are_kept_apart)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, "node=web1 " S1);
  comes(&bench, "node=web2 " S1);
  comes(&bench, "node=web2 " P1);
  comes(&bench, "node=web1 " A1);
  comes(&bench, "node=web1 " P1);
  ck_assert_str_eq(event_at(&bench, 0), "node=web2 " S1 "\nnode=web2 " P1 "\n");
  ck_assert_str_eq(event_at(&bench, 1), "node=web1 " S1 "\nnode=web1 " A1 "\nnode=web1 " P1 "\n");
  bench_close(&bench);
}
END_TEST

static guint
count(const char *text, const char *word)
{
  guint n = 0;
  for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
    n++;
  return n;
}

START_TEST(records_beyond_the_bound_are_left_out_and_the_event_ends_all_the_same)
{
  Bench bench;
  bench_open(&bench);
  guint records = PNAT_ASSEMBLER_RECORDS - 1 + (guint)_i; /* without its last one */
  record_comes(&bench, "SYSCALL", 1, 0);
  for (guint i = 1; i < records; i++) {
    g_autofree char *line = g_strdup_printf("node=web1 type=SOCKADDR msg=audit(1700000000.001:1): saddr=%u", i);
    comes(&bench, line);
  }
  record_comes(&bench, "PROCTITLE", 1, 0);
  const char *event = event_at(&bench, 0);
  gboolean fits = records < PNAT_ASSEMBLER_RECORDS;
  ck_assert_uint_eq(count(event, "type=SOCKADDR"), MIN(records, PNAT_ASSEMBLER_RECORDS) - 1);
  ck_assert_uint_eq(count(event, "type=PROCTITLE"), fits);
  ck_assert_uint_eq(count(event, "node=web1 type=EOE msg=audit(1700000000.001:1): \n"), !fits);
  bench_close(&bench);
}
END_TEST

/* A process chooses how many operations of io_uring one call has: the kernel tells of them before the call. */
START_TEST(operations_beyond_their_bound_leave_room_for_what_comes_behind_them)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < PNAT_ASSEMBLER_OPERATIONS + (guint)_i; i++) {
    g_autofree char *line = g_strdup_printf("node=web1 type=URINGOP msg=audit(1700000000.001:1): uring_op=9 success=no exit=-%u pid=7", i);
    comes(&bench, line);
  }
  record_comes(&bench, "SYSCALL", 1, 0);
  record_comes(&bench, "SOCKETCALL", 1, 0);
  record_comes(&bench, "SOCKADDR", 1, 0);
  record_comes(&bench, "PROCTITLE", 1, 0);
  const char *event = event_at(&bench, 0);
  ck_assert_uint_eq(count(event, "type=URINGOP"), PNAT_ASSEMBLER_OPERATIONS);
  ck_assert_uint_eq(count(event, "type="), PNAT_ASSEMBLER_OPERATIONS + 4);
  ck_assert_uint_eq(count(event, "type=SOCKADDR"), 1);
  ck_assert(g_str_has_suffix(event, "type=PROCTITLE msg=audit(1700000000.001:1): x=1\n"));
  bench_close(&bench);
}
END_TEST

START_TEST(a_record_too_many_does_not_grow_the_event)
{
  Bench bench;
  bench_open(&bench);
  record_comes(&bench, "SYSCALL", 1, 0);
  for (guint i = 0; i < 2000; i++)
    record_comes(&bench, "SOCKADDR", 1, 0);
  record_comes(&bench, "EOE", 1, 0);
  ck_assert_uint_lt(strlen(event_at(&bench, 0)), 100 * (PNAT_ASSEMBLER_RECORDS + 1));
  bench_close(&bench);
}
END_TEST

START_TEST(with_too_many_events_under_way_the_oldest_is_taken_as_complete)
{
  Bench bench;
  bench_open(&bench);
  for (guint serial = 1; serial <= PNAT_ASSEMBLER_EVENTS; serial++)
    record_comes(&bench, "SYSCALL", serial, 0);
  ck_assert_uint_eq(bench.events->len, 0);
  record_comes(&bench, "SYSCALL", 9999, 0);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), PNAT_ASSEMBLER_EVENTS);
  ck_assert_uint_eq(bench.events->len, 1);
  ck_assert_ptr_nonnull(strstr(event_at(&bench, 0), "type=SYSCALL msg=audit(1700000000.001:1):"));
  ck_assert_ptr_nonnull(strstr(event_at(&bench, 0), "\nnode=web1 type=EOE msg=audit(1700000000.001:1): \n"));
  record_comes(&bench, "EOE", 2, 0); /* the others are all there */
  ck_assert_ptr_nonnull(strstr(event_at(&bench, 1), ":2): "));
  bench_close(&bench);
}
END_TEST

START_TEST(an_event_whose_last_record_does_not_come_is_given_up_in_time)
{
  Bench bench;
  bench_open(&bench);
  comes_at(&bench, S1, 100);
  comes_at(&bench, S2, 900);
  comes_at(&bench, A1, 5000); /* its age counts from its first record */
  pnat_assembler_age(bench.assembler, 5099, 5000);
  ck_assert_uint_eq(bench.events->len, 0);
  pnat_assembler_age(bench.assembler, 5100, 5000);
  ck_assert_uint_eq(bench.events->len, 1);
  ck_assert_str_eq(event_at(&bench, 0), S1 "\n" A1 "\n" E1 "\n");
  pnat_assembler_age(bench.assembler, G_MAXINT64, 0);
  ck_assert_str_eq(event_at(&bench, 1), S2 "\n" E2 "\n");
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  comes_at(&bench, P1, 6000); /* too late */
  ck_assert_uint_eq(bench.events->len, 2);
  bench_close(&bench);
}
END_TEST

START_TEST(in_a_stored_log_an_event_is_given_up_after_many_lines)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  for (guint i = 0; i < MAX_DISTANCE; i++)
    record_comes(&bench, "ANOM_ABEND", 100 + i, 0);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 1);
  ck_assert_uint_eq(bench.events->len, MAX_DISTANCE);
  record_comes(&bench, "ANOM_ABEND", 99999, 0);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  ck_assert_str_eq(event_at(&bench, MAX_DISTANCE), S1 "\n" E1 "\n");
  bench_close(&bench);
}
END_TEST

/* A log without titles: of a process, an exit waits for what came before it, and what comes after waits for the exit. */

#define CONNECTS(node, serial, pid) \
  node "type=SYSCALL msg=audit(1700000000.001:" serial "): arch=c000003e syscall=42 exit=0 ppid=1 pid=" pid " comm=\"pid=1\" exe=\"/x\""
#define EXITS(node, serial, pid) node "type=SYSCALL msg=audit(1700000000.001:" serial "): arch=c000003e syscall=231 ppid=1 pid=" pid " exe=\"/x\""
#define TITLE(node, serial) node "type=PROCTITLE msg=audit(1700000000.001:" serial "): proctitle=\"x\""
#define ABENDS(node, serial, pid) node "type=ANOM_ABEND msg=audit(1700000000.001:" serial "): auid=1 uid=1 gid=1 ses=1 pid=" pid " comm=\"x\""
#define BOOTS(node, serial) node "type=SYSTEM_BOOT msg=audit(1700000000.001:" serial "): pid=1 uid=0"

static const struct {
  const char *lines[8];
  const char *before; /* serials of the events handed on before the log's end, one digit each */
  const char *after;  /* and in all */
} orders[] = {
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7") }, "", "12" },
  { { CONNECTS("", "1", "7"), ABENDS("", "2", "7") }, "", "12" },
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), TITLE("", "1"), TITLE("", "2") }, "12", "12" },
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), TITLE("", "2"), TITLE("", "1") }, "12", "12" },
  { { CONNECTS("", "1", "77"), EXITS("", "2", "7") }, "2", "21" },            /* another's exit */
  { { CONNECTS("node=a ", "1", "7"), EXITS("node=b ", "2", "7") }, "2", "21" }, /* of another host */
  { { CONNECTS("node=a ", "1", "7"), EXITS("node=a ", "2", "7") }, "", "12" },
  { { CONNECTS("", "1", "7"), CONNECTS("", "2", "7"), TITLE("", "2") }, "2", "21" }, /* a thread that waits */
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), CONNECTS("", "3", "7"), TITLE("", "3") }, "", "123" }, /* the pid has another process */
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), CONNECTS("", "3", "7"), TITLE("", "3"), TITLE("", "1") }, "123", "123" },
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), CONNECTS("", "3", "8"), TITLE("", "3") }, "3", "312" },
  { { CONNECTS("", "1", "7"), EXITS("", "2", "7"), CONNECTS("", "3", "7"), EXITS("", "4", "7"), TITLE("", "3"), TITLE("", "1") }, "1234", "1234" },
  { { CONNECTS("", "1", "7"), BOOTS("", "2"), CONNECTS("", "3", "8"), TITLE("", "3") }, "", "123" },
  { { CONNECTS("", "1", "7"), BOOTS("node=a ", "2") }, "2", "21" },
};

static char *
serials(const Bench *bench)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < bench->events->len; i++) {
    ck_assert_uint_eq(count(event_at(bench, i), "type=EOE") + count(event_at(bench, i), "type=PROCTITLE"), 1);
    g_string_append_c(text, strstr(event_at(bench, i), "001:")[4]);
  }
  return g_string_free(text, FALSE);
}

START_TEST(in_a_stored_log_a_process_does_not_end_before_what_it_did)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < G_N_ELEMENTS(orders[_i].lines) && orders[_i].lines[i] != NULL; i++)
    comes(&bench, orders[_i].lines[i]);
  g_autofree char *before = serials(&bench);
  ck_assert_str_eq(before, orders[_i].before);
  pnat_assembler_age(bench.assembler, G_MAXINT64, 0);
  g_autofree char *after = serials(&bench);
  ck_assert_str_eq(after, orders[_i].after);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 0);
  bench_close(&bench);
}
END_TEST

START_TEST(on_the_way_an_exit_waits_for_nothing)
{
  Bench bench;
  bench_open(&bench);
  comes_at(&bench, CONNECTS("", "1", "7"), 1);
  comes_at(&bench, EXITS("", "2", "7"), 1);
  ck_assert_uint_eq(bench.events->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(a_log_of_connects_and_exits_without_titles_keeps_its_order)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < 2000; i++) {
    g_autofree char *line = g_strdup_printf("type=SYSCALL msg=audit(1700000000.001:%u): arch=c000003e syscall=%d pid=%u exe=\"/x\"", i + 1,
                                            i % 2 == 0 ? 42 : 231, 100 + i / 2);
    comes(&bench, line);
    ck_assert_uint_le(pnat_assembler_size(bench.assembler), PNAT_ASSEMBLER_EVENTS);
  }
  ck_assert_uint_gt(bench.events->len, 2000 - PNAT_ASSEMBLER_EVENTS - 1);
  pnat_assembler_age(bench.assembler, G_MAXINT64, 0);
  ck_assert_uint_eq(bench.events->len, 2000);
  for (guint i = 0; i < 2000; i++) {
    g_autofree char *id = g_strdup_printf(":%u): arch", i + 1);
    ck_assert_ptr_nonnull(strstr(event_at(&bench, i), id));
  }
  bench_close(&bench);
}
END_TEST

START_TEST(what_was_used_before_leaves_nothing_behind)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < 5; i++) {
    comes(&bench, "node=a-much-longer-name " S1);
    comes(&bench, "node=a-much-longer-name " A1);
    comes(&bench, "node=a-much-longer-name " P1);
  }
  comes(&bench, S2);
  pnat_assembler_age(bench.assembler, 1, 0);
  ck_assert_str_eq(event_at(&bench, 5), S2 "\n" E2 "\n");
  bench_close(&bench);
}
END_TEST

START_TEST(what_waits_goes_with_the_assembler)
{
  Bench bench;
  bench_open(&bench);
  comes(&bench, S1);
  comes(&bench, S2);
  comes(&bench, P2);
  ck_assert_uint_eq(pnat_assembler_size(bench.assembler), 1);
  bench_close(&bench);
  pnat_assembler_free(NULL);
}
END_TEST

/* Where a stored log ends and live input goes on. */

static char *
taken(Bench *bench, gint64 since)
{
  GString *lines = g_string_new(NULL);
  pnat_assembler_take(bench->assembler, since, lines);
  ck_assert_uint_eq(pnat_assembler_size(bench->assembler), 0);
  return g_string_free(lines, FALSE);
}

START_TEST(an_event_under_way_is_taken_out_and_put_together_elsewhere)
{
  Bench stored, live;
  bench_open(&stored);
  bench_open(&live);
  record_comes(&stored, "SYSCALL", 1, 0);
  record_comes(&stored, "PROCTITLE", 1, 0);
  record_comes(&stored, "SYSCALL", 2, 0);
  g_autofree char *lines = taken(&stored, 0);
  ck_assert_uint_eq(stored.events->len, 1);

  g_strchomp(lines);
  comes(&live, lines);
  record_comes(&live, "SYSCALL", 2, 0); /* it comes both ways */
  record_comes(&live, "SOCKADDR", 2, 0);
  record_comes(&live, "PROCTITLE", 2, 0);
  g_autofree char *call = record("SYSCALL", 2), *address = record("SOCKADDR", 2), *title = record("PROCTITLE", 2);
  g_autofree char *whole = g_strdup_printf("%s\n%s\n%s\n", call, address, title);
  ck_assert_str_eq(event_at(&live, 0), whole);
  bench_close(&stored);
  bench_close(&live);
}
END_TEST

START_TEST(an_exit_does_not_wait_for_what_is_put_together_elsewhere)
{
  Bench bench;
  bench_open(&bench);
  record_comes(&bench, "SYSCALL", 9, 0);
  record_comes(&bench, "PROCTITLE", 9, 0);
  comes(&bench, CONNECTS("", "1", "7"));
  comes(&bench, EXITS("", "2", "7"));
  ck_assert_uint_eq(bench.events->len, 1);
  g_autofree char *lines = taken(&bench, 0);
  ck_assert_str_eq(lines, CONNECTS("", "1", "7") "\n");
  ck_assert_uint_eq(bench.events->len, 2);
  bench_close(&bench);
}
END_TEST

START_TEST(an_event_of_which_nothing_came_of_late_is_not_under_way)
{
  Bench bench;
  bench_open(&bench);
  record_comes(&bench, "SYSCALL", 1, 0);
  record_comes(&bench, "PROCTITLE", 1, 0);
  record_comes(&bench, "SYSCALL", 2, 0);
  comes(&bench, "type=SYSCALL msg=audit(1700000003.000:3): arch=c000003e syscall=42");
  comes(&bench, "type=SYSCALL msg=audit(1600000000.000:4): arch=c000003e syscall=43"); /* it waited for years, and is new */
  g_autofree char *lines = taken(&bench, 1700000001000);
  ck_assert_uint_eq(bench.events->len, 2);
  ck_assert_ptr_nonnull(strstr(event_at(&bench, 1), ":2)"));
  ck_assert_str_eq(lines, "type=SYSCALL msg=audit(1700000003.000:3): arch=c000003e syscall=42\n"
                          "type=SYSCALL msg=audit(1600000000.000:4): arch=c000003e syscall=43\n");
  bench_close(&bench);
}
END_TEST

START_TEST(without_any_last_record_no_event_is_known_to_be_under_way)
{
  Bench bench;
  bench_open(&bench);
  record_comes(&bench, "SYSCALL", 1, 0);
  record_comes(&bench, "SOCKADDR", 1, 0);
  g_autofree char *lines = taken(&bench, 0);
  ck_assert_str_eq(lines, "");
  ck_assert_uint_eq(bench.events->len, 1);
  bench_close(&bench);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("assembler");
  TCase *tcase = tcase_create("assembler");
  tcase_add_test(tcase, an_event_is_handed_on_in_one_piece_with_its_last_record);
  tcase_add_test(tcase, events_that_interleave_come_out_apart);
  tcase_add_test(tcase, a_title_that_comes_late_still_ends_its_own_event);
  tcase_add_test(tcase, the_end_of_event_after_a_title_is_nothing_new);
  tcase_add_test(tcase, an_end_of_event_ends_one_without_a_title);
  tcase_add_loop_test(tcase, a_lone_record_is_handed_on_at_once_with_an_end_of_its_node, 0, G_N_ELEMENTS(lone));
  tcase_add_test(tcase, nodes_with_the_same_numbers_are_kept_apart);
  tcase_add_loop_test(tcase, records_beyond_the_bound_are_left_out_and_the_event_ends_all_the_same, 0, 4);
  tcase_add_loop_test(tcase, operations_beyond_their_bound_leave_room_for_what_comes_behind_them, 0, 9);
  tcase_add_test(tcase, a_record_too_many_does_not_grow_the_event);
  tcase_add_test(tcase, with_too_many_events_under_way_the_oldest_is_taken_as_complete);
  tcase_add_test(tcase, an_event_whose_last_record_does_not_come_is_given_up_in_time);
  tcase_add_test(tcase, in_a_stored_log_an_event_is_given_up_after_many_lines);
  tcase_add_loop_test(tcase, in_a_stored_log_a_process_does_not_end_before_what_it_did, 0, G_N_ELEMENTS(orders));
  tcase_add_test(tcase, on_the_way_an_exit_waits_for_nothing);
  tcase_add_test(tcase, a_log_of_connects_and_exits_without_titles_keeps_its_order);
  tcase_add_test(tcase, what_was_used_before_leaves_nothing_behind);
  tcase_add_test(tcase, what_waits_goes_with_the_assembler);
  tcase_add_test(tcase, an_event_under_way_is_taken_out_and_put_together_elsewhere);
  tcase_add_test(tcase, an_exit_does_not_wait_for_what_is_put_together_elsewhere);
  tcase_add_test(tcase, an_event_of_which_nothing_came_of_late_is_not_under_way);
  tcase_add_test(tcase, without_any_last_record_no_event_is_known_to_be_under_way);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
