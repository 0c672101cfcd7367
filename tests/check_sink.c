/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The queue and thread of a sink, with a sink that does as the test tells it.
 */
#include "at_most.h"
#include "sink_common.h"

typedef enum {
  GATE_OPEN,   /* takes records */
  GATE_ONE,    /* takes one, and is closed then */
  GATE_CLOSED, /* says "later" */
  GATE_HANGS,  /* does not come back until it is told otherwise */
} GateState;

typedef struct {
  GMutex lock;
  GCond changed;
  GateState state;
  GString *taken; /* lines */
  guint tries;
  guint reopened;
  gboolean freed;
} Gate;

static gboolean
gate_deliver(gpointer data, const char *payload, gsize length, GError **error)
{
  Gate *gate = data;
  gboolean open;

  g_mutex_lock(&gate->lock);
  gate->tries++;
  g_cond_broadcast(&gate->changed);
  while (gate->state == GATE_HANGS)
    g_cond_wait(&gate->changed, &gate->lock);
  open = gate->state == GATE_OPEN || gate->state == GATE_ONE;
  if (gate->state == GATE_ONE)
    gate->state = GATE_CLOSED;
  if (open)
    g_string_append_c(g_string_append_len(gate->taken, payload, (gssize)length), '\n');
  g_mutex_unlock(&gate->lock);
  if (!open)
    g_set_error_literal(error, g_quark_from_static_string("gate"), 0, "closed");
  return open;
}

static void
gate_render(gconstpointer data, const PnatRecord *record, GString *payload)
{
  pnat_format_kv.write(record, payload);
}

static void
gate_reopen(gpointer data)
{
  Gate *gate = data;

  g_mutex_lock(&gate->lock);
  gate->reopened++;
  g_cond_broadcast(&gate->changed);
  g_mutex_unlock(&gate->lock);
}

static void
gate_free(gpointer data)
{
  Gate *gate = data;

  g_mutex_lock(&gate->lock);
  gate->freed = TRUE;
  g_cond_broadcast(&gate->changed);
  g_mutex_unlock(&gate->lock);
}

static const PnatSinkKind gate_kind
    = { .name = "gate", .render = gate_render, .deliver = gate_deliver, .reopen = gate_reopen, .free = gate_free };

static Gate *
gate_new(GateState state)
{
  Gate *gate = g_new0(Gate, 1);

  g_mutex_init(&gate->lock);
  g_cond_init(&gate->changed);
  gate->state = state;
  gate->taken = g_string_new(NULL);
  return gate;
}

static void
gate_dispose(Gate *gate)
{
  g_string_free(gate->taken, TRUE);
  g_mutex_clear(&gate->lock);
  g_cond_clear(&gate->changed);
  g_free(gate);
}

static void
gate_set(Gate *gate, GateState state)
{
  g_mutex_lock(&gate->lock);
  gate->state = state;
  g_cond_broadcast(&gate->changed);
  g_mutex_unlock(&gate->lock);
}

static void
gate_forget_tries(Gate *gate)
{
  g_mutex_lock(&gate->lock);
  gate->tries = 0;
  g_mutex_unlock(&gate->lock);
}

static void
wait_until(Gate *gate, const guint *count, guint at_least)
{
  gint64 limit = g_get_monotonic_time() + PATIENCE;
  gboolean in_time = TRUE;

  g_mutex_lock(&gate->lock);
  while (*count < at_least && in_time)
    in_time = g_cond_wait_until(&gate->changed, &gate->lock, limit);
  g_mutex_unlock(&gate->lock);
  ck_assert_msg(in_time, "it did not happen");
}

START_TEST(what_waits_is_delivered_in_order_after_a_stall)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 1000, "here");

  push_numbered(sink, 1, 500, NULL);
  wait_until(gate, &gate->tries, 3);
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 500);
  gate_set(gate, GATE_OPEN);
  wait_for_written(sink, 500);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  assert_lines(gate->taken->str, 1, 500);
  gate_dispose(gate);
}
END_TEST

START_TEST(what_does_not_fit_is_dropped_oldest_first_and_told_once)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 10, "here");
  g_auto(GStrv) lines = NULL;
  PnatSinkCounts counts;

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 1);
  push_numbered(sink, 2, 25, NULL);
  counts = pnat_sink_counts(sink);
  ck_assert_uint_eq(counts.waiting, 10);
  ck_assert_uint_eq(counts.dropped, 15);
  gate_set(gate, GATE_OPEN);
  wait_for_written(sink, 10);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);

  lines = g_strsplit(gate->taken->str, "\n", -1);
  ck_assert_uint_eq(g_strv_length(lines), 12);
  ck_assert_uint_eq(number_of(lines[0]), 1);
  ck_assert_str_eq(lines[1], "event=loss start=2023-11-14T22:13:22.000Z last=2023-11-14T22:13:36.200Z "
                             "end=2023-11-14T22:13:36.200Z reason=queue host=here lost=15");
  for (guint i = 0; i < 9; i++)
    ck_assert_uint_eq(number_of(lines[2 + i]), 17 + i);
  gate_dispose(gate);
}
END_TEST

START_TEST(a_second_stall_has_a_loss_record_of_its_own)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 2, "here");

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 1);
  push_numbered(sink, 2, 5, NULL);
  gate_set(gate, GATE_OPEN);
  wait_for_written(sink, 2);
  gate_set(gate, GATE_CLOSED);
  gate_forget_tries(gate);
  push_numbered(sink, 6, 6, NULL);
  wait_until(gate, &gate->tries, 1);
  push_numbered(sink, 7, 11, NULL);
  gate_set(gate, GATE_OPEN);
  wait_for_written(sink, 4);
  ck_assert_uint_eq(pnat_sink_counts(sink).dropped, 7);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  ck_assert_ptr_nonnull(strstr(gate->taken->str, " lost=3\n"));
  ck_assert_ptr_nonnull(strstr(gate->taken->str, " lost=4\n"));
  gate_dispose(gate);
}
END_TEST

/* A sink whose loss record is under way: 1 was taken, 2 to 4 are told as lost, 5 and 6 wait. */
static PnatSink *
sink_with_a_loss_under_way(Gate *gate)
{
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 3, "here");

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 1);
  push_numbered(sink, 2, 6, NULL);
  gate_set(gate, GATE_ONE);
  wait_for_written(sink, 1);
  gate_forget_tries(gate);
  wait_until(gate, &gate->tries, 2);
  return sink;
}

START_TEST(a_loss_that_was_not_told_yet_is_told_by_the_successor)
{
  Gate *gate = gate_new(GATE_CLOSED), *next = gate_new(GATE_OPEN);
  PnatSink *before = sink_with_a_loss_under_way(gate);
  PnatSink *sink = pnat_sink_new(&gate_kind, next, 3, "here");

  ck_assert_uint_eq(pnat_sink_succeed(sink, before, soon(50), TRUE), 0);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  ck_assert_ptr_null(strstr(gate->taken->str, "event=loss "));
  ck_assert_msg(g_str_has_prefix(next->taken->str, "event=loss ") && strstr(next->taken->str, " lost=3\n") != NULL, "%s",
                next->taken->str);
  gate_dispose(gate);
  gate_dispose(next);
}
END_TEST

START_TEST(what_is_left_at_a_stop_goes_first_when_it_is_put_back)
{
  Gate *gate = gate_new(GATE_CLOSED), *next = gate_new(GATE_CLOSED);
  PnatSink *sink = sink_with_a_loss_under_way(gate);
  g_auto(PnatBacklog) left = { 0 };

  ck_assert_uint_eq(pnat_sink_stop(sink, soon(50), &left), 2);
  ck_assert_uint_eq(left.missing.lost, 3);
  sink = pnat_sink_new(&gate_kind, next, 1000, "here");
  push_numbered(sink, 7, 7, NULL);
  pnat_sink_put_back(sink, &left);
  push_numbered(sink, 8, 8, NULL);
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 4);
  gate_set(next, GATE_OPEN);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  ck_assert_ptr_nonnull(strstr(next->taken->str, " lost=3\n"));
  gate_dispose(gate);
  gate_dispose(next);
}
END_TEST

START_TEST(what_does_not_fit_when_it_is_put_back_is_dropped_and_told)
{
  Gate *gate = gate_new(GATE_CLOSED), *next = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 1000, "here");
  g_auto(PnatBacklog) left = { 0 };

  push_numbered(sink, 1, 100, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(50), &left), 100);
  sink = pnat_sink_new(&gate_kind, next, 10, "here");
  pnat_sink_put_back(sink, &left);
  gate_set(next, GATE_OPEN);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  ck_assert_ptr_nonnull(strstr(next->taken->str, " lost=90\n"));
  gate_dispose(gate);
  gate_dispose(next);
}
END_TEST

START_TEST(long_records_do_not_fit_as_many)
{
  Gate *gate = gate_new(GATE_HANGS);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 1000, "here");
  g_autofree char *cmd = g_strnfill(20000, 'x');
  PnatSinkCounts counts;

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 1);
  push_numbered(sink, 2, 501, cmd); /* 10 MB, where a thousand records may take 2 MB */
  counts = pnat_sink_counts(sink);
  ck_assert_uint_gt(counts.waiting, 90);
  ck_assert_uint_lt(counts.waiting, 110);
  ck_assert_uint_eq(counts.waiting + counts.dropped, 501);
  push_numbered(sink, 502, 1400, NULL); /* the long ones are the oldest, and make room */
  counts = pnat_sink_counts(sink);
  ck_assert_uint_gt(counts.waiting, 900);
  ck_assert_uint_eq(counts.waiting + counts.dropped, 1400);
  gate_set(gate, GATE_OPEN);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  gate_dispose(gate);
}
END_TEST

START_TEST(a_push_does_not_wait_for_a_sink_that_hangs)
{
  Gate *gate = gate_new(GATE_HANGS);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");
  gint64 begin;

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 1);
  begin = g_get_monotonic_time();
  push_numbered(sink, 2, 1000, NULL);
  pnat_sink_reopen(sink);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1000));
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 100);
  gate_set(gate, GATE_OPEN);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  gate_dispose(gate);
}
END_TEST

START_TEST(stop_delivers_what_waits)
{
  Gate *gate = gate_new(GATE_OPEN);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100000, "here");

  push_numbered(sink, 1, 20000, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(10000), NULL), 0);
  assert_lines(gate->taken->str, 1, 20000);
  ck_assert(gate->freed);
  gate_dispose(gate);
}
END_TEST

START_TEST(stop_keeps_its_deadline_though_the_sink_is_stalled)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");
  gint64 begin;

  push_numbered(sink, 1, 7, NULL);
  begin = g_get_monotonic_time();
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(200), NULL), 7);
  ck_assert_int_ge(g_get_monotonic_time() - begin, 150 * G_TIME_SPAN_MILLISECOND);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1500));
  ck_assert(gate->freed);
  gate_dispose(gate);
}
END_TEST

START_TEST(stop_tries_until_its_deadline)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");

  push_numbered(sink, 1, 7, NULL);
  wait_until(gate, &gate->tries, 8); /* the next pause lasts a second */
  pnat_sink_stop_begin(sink, soon(5000));
  g_usleep(100 * G_TIME_SPAN_MILLISECOND);
  gate_set(gate, GATE_OPEN);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(400), NULL), 0);
  assert_lines(gate->taken->str, 1, 7);
  gate_dispose(gate);
}
END_TEST

START_TEST(a_sink_that_hangs_is_left_behind_and_cleans_up_when_it_comes_back)
{
  Gate *gate = gate_new(GATE_HANGS);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");
  gint64 begin;

  push_numbered(sink, 1, 7, NULL);
  wait_until(gate, &gate->tries, 1);
  begin = g_get_monotonic_time();
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(200), NULL), 7);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1500));
  gate_set(gate, GATE_CLOSED);
  wait_until(gate, (const guint *)&gate->freed, 1);
  gate_dispose(gate);
}
END_TEST

START_TEST(reopen_is_done_though_nothing_waits)
{
  Gate *gate = gate_new(GATE_OPEN);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");

  pnat_sink_reopen(sink);
  wait_until(gate, &gate->reopened, 1);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  gate_dispose(gate);
}
END_TEST

START_TEST(reopen_ends_the_pause_between_tries)
{
  Gate *gate = gate_new(GATE_CLOSED);
  PnatSink *sink = pnat_sink_new(&gate_kind, gate, 100, "here");
  gint64 begin;

  push_numbered(sink, 1, 1, NULL);
  wait_until(gate, &gate->tries, 8); /* the next pause lasts a second */
  gate_set(gate, GATE_OPEN);
  begin = g_get_monotonic_time();
  pnat_sink_reopen(sink);
  wait_for_written(sink, 1);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(500));
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  gate_dispose(gate);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("sink");
  TCase *tcase = tcase_create("queue");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, what_waits_is_delivered_in_order_after_a_stall);
  tcase_add_test(tcase, what_does_not_fit_is_dropped_oldest_first_and_told_once);
  tcase_add_test(tcase, a_second_stall_has_a_loss_record_of_its_own);
  tcase_add_test(tcase, a_loss_that_was_not_told_yet_is_told_by_the_successor);
  tcase_add_test(tcase, what_is_left_at_a_stop_goes_first_when_it_is_put_back);
  tcase_add_test(tcase, what_does_not_fit_when_it_is_put_back_is_dropped_and_told);
  tcase_add_test(tcase, long_records_do_not_fit_as_many);
  tcase_add_test(tcase, a_push_does_not_wait_for_a_sink_that_hangs);
  tcase_add_test(tcase, stop_delivers_what_waits);
  tcase_add_test(tcase, stop_keeps_its_deadline_though_the_sink_is_stalled);
  tcase_add_test(tcase, stop_tries_until_its_deadline);
  tcase_add_test(tcase, a_sink_that_hangs_is_left_behind_and_cleans_up_when_it_comes_back);
  tcase_add_test(tcase, reopen_is_done_though_nothing_waits);
  tcase_add_test(tcase, reopen_ends_the_pause_between_tries);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
