/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * State: what is saved is restored, and what is not a state is refused.
 */
#include <errno.h>
#include <stdlib.h>

#include "events.h"
#include "lib/error.h"
#include "lib/process.h"
#include "lib/state.h"
#include "lib/tracker_private.h"
#include "run.h"

static const Actor curl = { NULL, 100, 50, 1, "/usr/bin/curl" };
static const Actor nc = { "web1", 200, 50, 1, "/usr/bin/nc" };

#define PEER "203.0.113.9"

/* Two hosts, an inherited descriptor, a pending connect, local sockets with and without a cookie. */
static void
live_a_little(Stage *stage)
{
  stage_open(stage);
  PnatEvent local = call_of(stage, &curl, 0, PNAT_CALL_CONNECT, 3, -EINPROGRESS);
  towards(&local, PEER, 443);
  local.local = TRUE;
  local.start = 77;
  local.unit = "cron.service";
  local.socket = (PnatSocket){ .cookie = 4711, .proto = IPPROTO_TCP, .state = PNAT_SOCKET_CONNECTING, .local = address("192.0.2.1", 40000) };
  happen(stage, &local);
  local = call_of(stage, &curl, 10, PNAT_CALL_CONNECT, 4, 0);
  towards(&local, PEER, 80);
  local.local = TRUE;
  happen(stage, &local);
  accepts(stage, &nc, 20, 5, "2001:db8::7", 50000);
  connects(stage, &nc, 30, 6, PEER, 25, -ECONNREFUSED);
  time_passes(stage, 6000);
}

static GByteArray *
save_with(Stage *stage, const PnatStatePause *pause)
{
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("here"), .saved = T0, .position = g_byte_array_new() };
  g_byte_array_append(meta.position, (const guint8 *)"where", 5);
  GByteArray *bytes = pnat_state_save(stage->tracker, &meta, stage->now, pause);
  pnat_state_seal(bytes);
  return bytes;
}

static GByteArray *
save(Stage *stage)
{
  return save_with(stage, NULL);
}

/* Ends everything and writes down all records. */
static char *
story(Stage *stage)
{
  GString *text = g_string_new(NULL);
  guint from = stage->records->len;
  PnatSocketEnd end = { .time = T0 + 7000, .tx = 5, .rx = 6, .socket = { .cookie = 4711, .proto = IPPROTO_TCP, .state = PNAT_SOCKET_CONNECTED } };

  pnat_tracker_socket_ended(stage->tracker, &end, stage->now);
  transfers(stage, &nc, 6500, PNAT_CALL_SEND, 5, 70);
  exits(stage, &nc, 7000);
  time_passes(stage, 400000);
  pnat_tracker_finish(stage->tracker, PNAT_REASON_SHUTDOWN, T0 + 500000);
  for (guint i = from; i < stage->records->len; i++) {
    const PnatRecord *record = &record_at(stage, i)->record;
    g_string_append_printf(text, "%d %d %u %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %u/%u %d %d %" G_GINT64_FORMAT "\n",
                           record->kind, record->reason, record->pid, record_at(stage, i)->exe, record->start - T0, record->last - T0,
                           record->end, record->connections, record->failed, record->outcome, record->remote.port, record->tx);
  }
  return g_string_free(text, FALSE);
}

START_TEST(a_restored_tracker_goes_on_as_the_saved_one_would)
{
  Stage one, other;
  live_a_little(&one);
  g_autoptr(GByteArray) bytes = save(&one);
  g_auto(PnatStateMeta) meta = { 0 };
  ck_assert(pnat_state_check(bytes->data, bytes->len, &meta, NULL));
  ck_assert_str_eq(meta.boot_id, "boot");
  ck_assert_uint_eq(meta.position->len, 5);

  stage_open(&other);
  other.now = one.now;
  other.serial = one.serial;
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, other.now, NULL));
  ck_assert_uint_eq(pnat_tracker_counts(other.tracker).flows, pnat_tracker_counts(one.tracker).flows);
  g_autofree char *expected = story(&one);
  g_autofree char *restored = story(&other);
  ck_assert_str_eq(restored, expected);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

/* As many as a process can have: one more that has no flow stands before them. */
START_TEST(each_flow_is_restored_to_its_program)
{
  Stage one, other;
  stage_open(&one);
  for (guint i = 0; i < PNAT_PROCESS_IMAGES; i++) {
    g_autofree char *exe = g_strdup_printf("/tmp/a%u", i);
    Actor copy = { NULL, 100, 50, 1, exe };
    connects(&one, &copy, i, 3, PEER, (guint16)(1000 + i), 0);
  }
  Actor newcomer = { NULL, 100, 50, 1, "/tmp/newcomer" };
  transfers(&one, &newcomer, 100, PNAT_CALL_SEND, 77, 1);
  g_autoptr(GByteArray) bytes = save(&one);

  stage_open(&other);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL));
  pnat_tracker_finish(other.tracker, PNAT_REASON_SHUTDOWN, T0 + 1000);
  ck_assert_uint_eq(other.records->len, PNAT_PROCESS_IMAGES);
  for (guint i = 0; i < other.records->len; i++) {
    g_autofree char *exe = g_strdup_printf("/tmp/a%u", record_at(&other, i)->record.remote.port - 1000);
    ck_assert_str_eq(record_at(&other, i)->exe, exe);
  }
  stage_close(&one);
  stage_close(&other);
}
END_TEST

static void
count_pause(gpointer data)
{
  guint *pauses = data;
  (*pauses)++;
}

/* Whether they are of one process, or each has its own. */
START_TEST(there_is_a_pause_every_few_hundred_flows_and_the_state_is_the_same)
{
  enum { MANY = 5000, MOST = 600 };
  guint pauses = 0;
  const PnatStatePause pause = { count_pause, &pauses };
  PnatTrackerOptions options = stage_options();
  Stage stage;

  options.max_flows = MANY;
  stage_open_with(&stage, &options);
  for (guint i = 0; i < MANY; i++) {
    Actor actor = { NULL, _i == 0 ? 100 : 100 + i, 50, 1, "/usr/bin/curl" };
    connects(&stage, &actor, 0, 3, PEER, (guint16)(1000 + i), 0);
  }
  g_autoptr(GByteArray) whole = save(&stage);
  g_autoptr(GByteArray) paused = save_with(&stage, &pause);
  ck_assert_uint_ge(pauses, MANY / MOST);
  ck_assert_uint_lt(pauses, MANY / 50);
  ck_assert_uint_eq(paused->len, whole->len);
  ck_assert_mem_eq(paused->data, whole->data, whole->len);
  stage_close(&stage);
}
END_TEST

START_TEST(the_clock_may_start_anew)
{
  Stage one, other;
  live_a_little(&one);
  g_autoptr(GByteArray) bytes = save(&one);
  gint64 wait = pnat_tracker_next_due(one.tracker) - one.now;
  stage_open(&other);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, 1000, NULL));
  ck_assert_int_eq(pnat_tracker_next_due(other.tracker), 1000 + wait);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

/* Saved when no update was to come, or no start for long. */
START_TEST(a_flow_restored_under_other_options_does_not_hold_up_others)
{
  Stage one, other;
  PnatTrackerOptions options = stage_options();
  options.start_after = _i == 0 ? 0 : 30000;
  options.active_timeout = G_MAXINT64;
  stage_open_with(&one, &options);
  connects(&one, &nc, 0, 3, PEER, 443, 0);
  time_passes(&one, 10);
  g_autoptr(GByteArray) bytes = save(&one);

  options.start_after = 0;
  options.active_timeout = 1000;
  stage_open_with(&other, &options);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL));
  connects(&other, &curl, 100, 3, PEER, 443, 0);
  time_passes(&other, 200);
  ck_assert_uint_eq(count_records(&other, PNAT_RECORD_START), _i == 0 ? 1 : 2);
  transfers(&other, &curl, 300, PNAT_CALL_SEND, 3, 1);
  time_passes(&other, 1500);
  ck_assert_uint_eq(the_record(&other, PNAT_RECORD_UPDATE)->record.pid, 100);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

START_TEST(a_state_cut_anywhere_is_refused)
{
  Stage stage;
  live_a_little(&stage);
  g_autoptr(GByteArray) bytes = save(&stage);
  for (guint length = 0; length < bytes->len; length++) {
    g_auto(PnatStateMeta) meta = { 0 };
    g_autoptr(GError) error = NULL;
    ck_assert(!pnat_state_check(bytes->data, length, &meta, &error));
    ck_assert(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_INPUT));
  }
  stage_close(&stage);
}
END_TEST

/* With the checksum passed over: whoever can write the file can make one that fits. */
START_TEST(a_state_changed_anywhere_does_no_harm)
{
  Stage stage;
  live_a_little(&stage);
  g_autoptr(GByteArray) bytes = save(&stage);
  for (guint at = 47; at < bytes->len; at++)
    for (guint bit = 0; bit < 8; bit++) {
      Stage other;
      stage_open(&other);
      bytes->data[at] ^= (guint8)(1 << bit);
      if (pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL))
        pnat_tracker_finish(other.tracker, PNAT_REASON_SHUTDOWN, T0);
      bytes->data[at] ^= (guint8)(1 << bit);
      stage_close(&other);
    }
  stage_close(&stage);
}
END_TEST

/* What is out of bounds would overflow when it is reckoned with; the file may be forged. */

static void
spoil_start(PnatFlow *flow)
{
  flow->start = -1;
}

static void
spoil_last(PnatFlow *flow)
{
  flow->last = PNAT_TIME_MAX + 1;
}

static void
spoil_due(PnatFlow *flow)
{
  flow->due = G_MAXINT64 - 1;
}

static void
spoil_due_long_ago(PnatFlow *flow)
{
  flow->due = G_MININT64 / 2;
}

static void
spoil_tx(PnatFlow *flow)
{
  flow->tx = -2;
}

static void
spoil_rx(PnatFlow *flow)
{
  flow->rx = G_MAXINT64 - 1;
}

static void
spoil_newest(PnatFlow *flow)
{
  flow->key.image->process->newest = G_MAXINT64;
}

static void
spoil_maybe_end(PnatFlow *flow)
{
  flow->key.image->process->maybe_end = G_MININT64;
}

static void
spoil_node(PnatFlow *flow)
{
  flow->key.image->process->node->newest = PNAT_TIME_MAX + 1;
}

static void
spoil_closed(PnatFlow *flow)
{
  pnat_flow_sockets(flow)->closed = -7;
}

static void
spoil_kernel_tx(PnatFlow *flow)
{
  pnat_flow_sockets(flow)->tx = -1;
}

static void
spoil_kernel_rx(PnatFlow *flow)
{
  pnat_flow_sockets(flow)->rx = G_MAXINT64;
}

static void
spoil_nothing(PnatFlow *flow)
{
  flow->tx = PNAT_BYTES_MAX;
  flow->rx = -1;
  flow->last = PNAT_TIME_MAX;
  flow->due = G_MAXINT64;
}


static const struct {
  void (*spoil)(PnatFlow *flow);
  gboolean good;
} spoilt[] = {
  { spoil_start, FALSE },  { spoil_last, FALSE },      { spoil_due, FALSE },  { spoil_due_long_ago, FALSE }, { spoil_tx, FALSE },
  { spoil_rx, FALSE },     { spoil_newest, FALSE },    { spoil_maybe_end, FALSE }, { spoil_node, FALSE },    { spoil_closed, FALSE },
  { spoil_kernel_tx, FALSE }, { spoil_kernel_rx, FALSE }, { spoil_nothing, TRUE },
};

START_TEST(a_number_that_can_not_be_is_refused)
{
  Stage one, other;
  stage_open(&one);
  connects(&one, &nc, 0, 3, PEER, 443, 0);
  PnatFlow *flow = TAILQ_FIRST(&one.tracker->quiet);
  spoilt[_i].spoil(flow);
  g_autoptr(GByteArray) bytes = save(&one);
  stage_open(&other);
  ck_assert_int_eq(pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL), spoilt[_i].good);
  if (flow->sockets != NULL)
    flow->sockets->closed = 0; /* it does not stand among those that close */
  stage_close(&one);
  stage_close(&other);
}
END_TEST

START_TEST(nobody_was_heard_in_the_time_to_come)
{
  Stage one, other;
  stage_open(&one);
  connects(&one, &nc, 0, 3, PEER, 443, 0);
  TAILQ_FIRST(&one.tracker->quiet_processes)->heard += 3600000;
  g_autoptr(GByteArray) bytes = save(&one);
  stage_open(&other);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL));
  ck_assert_int_eq(TAILQ_FIRST(&other.tracker->quiet_processes)->heard, T0);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

/* The plugin stops before it let go of the number, and by the time it is back the number means something else. */
START_TEST(a_descriptor_whose_socket_is_gone_leads_nowhere_after_a_restart)
{
  Stage one, other;
  PnatSocketEnd end = { .time = T0 + 1000, .tx = 5, .rx = 6, .socket = { .cookie = 4711, .proto = IPPROTO_TCP, .state = PNAT_SOCKET_CONNECTED } };
  stage_open(&one);
  for (gint fd = 3; fd < 5; fd++) {
    PnatEvent event = call_of(&one, &curl, fd, PNAT_CALL_CONNECT, fd, 0);
    towards(&event, PEER, 443);
    event.local = TRUE;
    event.start = 77;
    event.socket = (PnatSocket){ .cookie = fd == 3 ? 4711 : 4712, .proto = IPPROTO_TCP, .state = PNAT_SOCKET_CONNECTED, .remote = address(PEER, 443) };
    happen(&one, &event);
  }
  time_passes(&one, 1000);
  pnat_tracker_socket_ended(one.tracker, &end, one.now);
  g_autoptr(GByteArray) bytes = save(&one);

  stage_open(&other);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, one.now, NULL));
  time_passes(&other, 5000);
  transfers(&other, &curl, 6000, PNAT_CALL_SEND, 3, 777);
  ck_assert_uint_eq(pnat_tracker_counts(other.tracker).unattributed, 1);
  transfers(&other, &curl, 6001, PNAT_CALL_SEND, 4, 70);
  ck_assert_uint_eq(pnat_tracker_counts(other.tracker).unattributed, 1);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

/* It is restored before it can be seen that it is another host's. */
START_TEST(a_state_that_is_not_wanted_leaves_nothing)
{
  Stage one, other;
  PnatEvent event;
  live_a_little(&one);
  event = event_of(&one, &curl, 9000, PNAT_EVENT_EXIT);
  event.node = "elsewhere";
  event.here = TRUE;
  happen(&one, &event);
  g_autoptr(GByteArray) bytes = save(&one);

  stage_open(&other);
  ck_assert(pnat_state_restore(other.tracker, bytes->data, bytes->len, T0, NULL));
  pnat_tracker_clear(other.tracker);
  connects(&other, &curl, 100, 3, PEER, 443, 0);
  time_passes(&other, 1000);
  pnat_tracker_finish(other.tracker, PNAT_REASON_SHUTDOWN, 0);
  ck_assert_str_eq(the_record(&other, PNAT_RECORD_END)->host, "here");
  ck_assert_int_eq(the_record(&other, PNAT_RECORD_END)->record.reason, PNAT_REASON_SHUTDOWN);
  ck_assert_int_eq(the_record(&other, PNAT_RECORD_END)->record.end, T0 + 100);
  stage_close(&one);
  stage_close(&other);
}
END_TEST

static const struct {
  gint8 step;
  const char *told;
} versions[] = { { 1, "later version" }, { -1, "earlier version" } };

START_TEST(another_version_is_told)
{
  Stage stage;
  g_auto(PnatStateMeta) meta = { 0 };
  g_autoptr(GError) error = NULL;
  live_a_little(&stage);
  g_autoptr(GByteArray) bytes = save(&stage);
  bytes->data[11] = (guint8)(bytes->data[11] + versions[_i].step);
  ck_assert(!pnat_state_check(bytes->data, bytes->len, &meta, &error));
  ck_assert_ptr_nonnull(strstr(error->message, versions[_i].told));
  stage_close(&stage);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("state");
  TCase *tcase = tcase_create("state");
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, a_restored_tracker_goes_on_as_the_saved_one_would);
  tcase_add_test(tcase, each_flow_is_restored_to_its_program);
  tcase_add_loop_test(tcase, there_is_a_pause_every_few_hundred_flows_and_the_state_is_the_same, 0, 2);
  tcase_add_test(tcase, the_clock_may_start_anew);
  tcase_add_loop_test(tcase, a_flow_restored_under_other_options_does_not_hold_up_others, 0, 2);
  tcase_add_test(tcase, a_state_cut_anywhere_is_refused);
  tcase_add_test(tcase, a_state_changed_anywhere_does_no_harm);
  tcase_add_loop_test(tcase, a_number_that_can_not_be_is_refused, 0, G_N_ELEMENTS(spoilt));
  tcase_add_test(tcase, nobody_was_heard_in_the_time_to_come);
  tcase_add_test(tcase, a_descriptor_whose_socket_is_gone_leads_nowhere_after_a_restart);
  tcase_add_test(tcase, a_state_that_is_not_wanted_leaves_nothing);
  tcase_add_loop_test(tcase, another_version_is_told, 0, G_N_ELEMENTS(versions));
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
