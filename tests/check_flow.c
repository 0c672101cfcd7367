/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/flow: the frame and the counters of a flow, and the record they make.
 */
#include "lib/flow.h"

#include <errno.h>
#include <stdlib.h>

#include "flows.h"
#include "run.h"

#define PEER "192.0.2.1"

static PnatRecord
record_of(const PnatFlow *flow)
{
  PnatRecord record = { 0 };
  pnat_flow_fill(flow, &record);
  return record;
}

/* A call that began at @begin and was over by @done, ms after T0. */
static void
happens(PnatFlow *flow, PnatCall call, gint64 value, gint64 begin, gint64 done)
{
  PnatEvent event = event_by(100, "/usr/bin/prog");
  event.call = call;
  event.value = value;
  event.result = value < 0 ? PNAT_RESULT_FAILED : PNAT_RESULT_OK;
  event.time = FLOWS_T0 + begin;
  event.serial = (guint64)(1000 + begin);
  PnatActivity activity = { &event, FLOWS_T0 + begin, FLOWS_T0 + done };
  pnat_flow_count(flow, &activity);
}

/* Keys. */

START_TEST(equal_keys_have_equal_hashes)
{
  Household household;
  household_open(&household);
  PnatFlowKey one = { household.image, ip(PEER, 443), 0, PNAT_DIRECTION_OUT, IPPROTO_TCP, 7 };
  PnatFlowKey same = { household.image, ip(PEER, 443), 0, PNAT_DIRECTION_OUT, IPPROTO_TCP, 7 };
  ck_assert(pnat_flow_key_equal(&one, &same));
  ck_assert_uint_eq(pnat_flow_key_hash(&one), pnat_flow_key_hash(&same));
  household_close(&household);
}
END_TEST

START_TEST(a_key_that_differs_in_one_part_is_another)
{
  Household household;
  household_open(&household);
  PnatImage other_image = { 0 };
  PnatFlowKey key = { household.image, ip("2001:db8::1", 443), 0, PNAT_DIRECTION_OUT, IPPROTO_TCP, 7 };
  PnatFlowKey others[] = { key, key, key, key, key, key, key, key };
  others[0].image = &other_image;
  others[1].remote.port = 444;
  others[2].remote.bytes[15] = 2;
  others[3].remote.bytes[0] = 0x21;
  others[4].local_port = 1;
  others[5].direction = PNAT_DIRECTION_UNKNOWN;
  others[6].proto = IPPROTO_UDP;
  others[7].connection = 8;
  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    ck_assert_msg(!pnat_flow_key_equal(&key, &others[i]), "part %u", i);
    ck_assert_msg(pnat_flow_key_hash(&key) != pnat_flow_key_hash(&others[i]), "part %u", i);
  }
  household_close(&household);
}
END_TEST

START_TEST(keys_of_a_scan_spread)
{
  Household household;
  household_open(&household);
  g_autofree guint *buckets = g_new0(guint, 1024);
  guint fullest = 0;
  PnatFlowKey key = { household.image, ip(PEER, 0), 0, PNAT_DIRECTION_OUT, IPPROTO_TCP, 0 };
  for (guint port = 0; port < 10240; port++) {
    key.remote.port = (guint16)port;
    guint *bucket = &buckets[pnat_flow_key_hash(&key) % 1024];
    ++*bucket;
    fullest = MAX(fullest, *bucket);
  }
  ck_assert_uint_lt(fullest, 40); /* ten on average */
  household_close(&household);
}
END_TEST

START_TEST(a_flow_stands_with_its_process_and_is_counted_by_its_image)
{
  Household household;
  household_open(&household);
  PnatFlow *one = flow_to(&household, PEER, 443);
  PnatFlow *other = flow_to(&household, PEER, 80);
  ck_assert_uint_eq(household.image->n_flows, 2);
  ck_assert_ptr_eq(TAILQ_FIRST(&household.process->flows), one);
  pnat_flow_free(one);
  ck_assert_ptr_eq(TAILQ_FIRST(&household.process->flows), other);
  pnat_flow_free(other);
  ck_assert_uint_eq(household.image->n_flows, 0);
  household_close(&household);
}
END_TEST

/* The frame. */

static const struct {
  gint64 begin[3];
  gint64 done[3];
  gint64 start;
  gint64 last;
} frames[] = {
  { { 0, 10, 20 }, { 0, 10, 20 }, 0, 20 },
  { { 20, 10, 0 }, { 20, 10, 0 }, 0, 20 },
  { { 10, 0, 20 }, { 15, 5, 20 }, 0, 20 },
  { { 0, 5, 10 }, { 100, 6, 11 }, 0, 100 },
  { { 50, 0, 40 }, { 50, 90, 40 }, 0, 90 },
};

START_TEST(a_frame_holds_all_activity_in_whatever_order_it_comes)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  for (guint i = 0; i < 3; i++)
    happens(flow, PNAT_CALL_SEND, 1, frames[_i].begin[i], frames[_i].done[i]);
  PnatRecord record = record_of(flow);
  ck_assert_int_eq(record.start, FLOWS_T0 + frames[_i].start);
  ck_assert_int_eq(record.last, FLOWS_T0 + frames[_i].last);
  ck_assert_int_eq(record.end, 0); /* the caller's */
  ck_assert_uint_eq(record.calls, 3);
  ck_assert_int_eq(record.first.time, FLOWS_T0 + frames[_i].begin[0]); /* the first that was told */
  ck_assert_uint_eq(record.first.serial, (guint64)(1000 + frames[_i].begin[0]));
  ck_assert_int_eq(record.latest.time, FLOWS_T0 + frames[_i].begin[2]);
  ck_assert_uint_eq(record.latest.serial, (guint64)(1000 + frames[_i].begin[2]));
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

START_TEST(an_event_id_is_kept_whole)
{
  static const PnatEventId ids[] = {
    { 0, 1 }, { 1, G_MAXUINT32 }, { G_GINT64_CONSTANT(0xffffffff), 7 }, { G_GINT64_CONSTANT(0x100000000), 8 },
    { FLOWS_T0, 4411 }, { G_GINT64_CONSTANT(253402300799999), G_MAXUINT32 }, /* 9999-12-31 */
  };
  Household household;
  household_open(&household);
  for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
    PnatFlow *flow = flow_to(&household, PEER, 443);
    PnatEvent event = event_by(100, "/usr/bin/prog");
    event.time = ids[i].time;
    event.serial = ids[i].serial;
    PnatActivity activity = { &event, event.time, event.time };
    pnat_flow_count(flow, &activity);
    PnatRecord record = record_of(flow);
    ck_assert_int_eq(record.first.time, ids[i].time);
    ck_assert_uint_eq(record.first.serial, ids[i].serial);
    ck_assert_int_eq(record.latest.time, ids[i].time);
    ck_assert_uint_eq(record.latest.serial, ids[i].serial);
    pnat_flow_free(flow);
  }
  household_close(&household);
}
END_TEST

/* Bytes. */

static const struct {
  PnatCall call;
  PnatResult result;
  gint64 value;
  gint64 tx;
  gint64 rx;
} transfers[] = {
  { PNAT_CALL_SEND, PNAT_RESULT_OK, 70, 70, -1 },
  { PNAT_CALL_SEND, PNAT_RESULT_OK, 0, 0, -1 },
  { PNAT_CALL_RECV, PNAT_RESULT_OK, 70, -1, 70 },
  { PNAT_CALL_RECV, PNAT_RESULT_OK, 0, -1, 0 },
  { PNAT_CALL_SEND, PNAT_RESULT_FAILED, -EPIPE, -1, -1 },
  { PNAT_CALL_SEND, PNAT_RESULT_NONE, 70, -1, -1 },
  { PNAT_CALL_SEND, PNAT_RESULT_OK, -1, -1, -1 },
  { PNAT_CALL_SENDMM, PNAT_RESULT_OK, 3, -1, -1 }, /* messages, not bytes */
  { PNAT_CALL_RECVMM, PNAT_RESULT_OK, 3, -1, -1 },
  { PNAT_CALL_CONNECT, PNAT_RESULT_OK, 0, -1, -1 },
  { PNAT_CALL_ACCEPT, PNAT_RESULT_OK, 4, -1, -1 },
};

START_TEST(a_call_counts_the_bytes_it_moved)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  PnatEvent event = event_by(100, "/usr/bin/prog");
  event.call = transfers[_i].call;
  event.result = transfers[_i].result;
  event.value = transfers[_i].value;
  PnatActivity activity = { &event, event.time, event.time };
  pnat_flow_count(flow, &activity);
  ck_assert_int_eq(record_of(flow).tx, transfers[_i].tx);
  ck_assert_int_eq(record_of(flow).rx, transfers[_i].rx);
  pnat_flow_count(flow, &activity);
  ck_assert_int_eq(record_of(flow).tx, transfers[_i].tx < 0 ? -1 : 2 * transfers[_i].tx);
  ck_assert_int_eq(record_of(flow).rx, transfers[_i].rx < 0 ? -1 : 2 * transfers[_i].rx);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* The kernel's own counters are better than those of the audited calls, where they are of all the flow's connections. */
static const struct {
  guint32 connections;
  guint32 failed;
  guint32 counted; /* closed ones whose bytes the kernel told */
  gboolean kernel;
} counters[] = {
  { 1, 0, 0, FALSE }, { 1, 0, 1, TRUE },  { 2, 0, 1, FALSE }, { 2, 0, 2, TRUE }, { 3, 1, 2, TRUE },
  { 3, 2, 1, TRUE },  { 3, 0, 2, FALSE }, { 1, 1, 0, FALSE }, { 0, 0, 1, TRUE }, /* the connection was there before */
  { 0, 1, 1, TRUE }, /* more failed than were */
};

START_TEST(the_kernels_counters_are_taken_when_they_are_complete)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  happens(flow, PNAT_CALL_SEND, 10, 0, 0);
  flow->connections = counters[_i].connections;
  flow->failed = counters[_i].failed;
  PnatFlowSockets *sockets = pnat_flow_sockets(flow);
  sockets->n_counted = counters[_i].counted;
  sockets->tx = 1000;
  sockets->rx = 2000;
  ck_assert_int_eq(record_of(flow).tx, counters[_i].kernel ? 1000 : 10);
  ck_assert_int_eq(record_of(flow).rx, counters[_i].kernel ? 2000 : -1);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* The outcome. */

static const struct {
  gboolean ok;
  guint32 pending;
  guint32 failed;
  PnatOutcome outcome;
} outcomes[] = {
  { FALSE, 0, 0, PNAT_OUTCOME_UNKNOWN }, { FALSE, 1, 0, PNAT_OUTCOME_PENDING }, { FALSE, 0, 1, PNAT_OUTCOME_FAILED },
  { FALSE, 1, 1, PNAT_OUTCOME_PENDING }, { TRUE, 0, 0, PNAT_OUTCOME_OK },       { TRUE, 1, 0, PNAT_OUTCOME_OK },
  { TRUE, 0, 5, PNAT_OUTCOME_OK },       { TRUE, 1, 1, PNAT_OUTCOME_OK },
};

START_TEST(an_outcome_is_the_best_that_happened)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  flow->ok = outcomes[_i].ok;
  flow->pending = outcomes[_i].pending;
  flow->failed = outcomes[_i].failed;
  ck_assert_int_eq(pnat_flow_outcome(flow), outcomes[_i].outcome);
  ck_assert_int_eq(record_of(flow).outcome, outcomes[_i].outcome);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* Ports and addresses. */

START_TEST(an_inbound_flow_shows_its_peers_port_while_it_is_the_only_one)
{
  static const struct {
    guint16 ports[4];
    guint16 shown;
  } cases[] = {
    { { 40000 }, 40000 }, { { 40000, 40000, 40000, 0 }, 40000 }, { { 0, 40000 }, 40000 }, { { 40000, 40001 }, 0 },
    { { 40000, 40001, 40000 }, 0 }, { { 40000, 40001, 40001, 40001 }, 0 },
  };
  Household household;
  household_open(&household);
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    PnatFlowKey key = { .image = household.image, .remote = ip(PEER, 0), .direction = PNAT_DIRECTION_IN, .local_port = 22 };
    PnatFlow *flow = pnat_flow_new(&key);
    for (guint j = 0; j < G_N_ELEMENTS(cases[i].ports); j++)
      pnat_flow_note_peer_port(flow, cases[i].ports[j]);
    PnatRecord record = record_of(flow);
    ck_assert_uint_eq(record.remote.port, cases[i].shown);
    ck_assert_uint_eq(record.local.port, 22);
    ck_assert_int_eq(record.direction, PNAT_DIRECTION_IN);
    pnat_flow_free(flow);
  }
  household_close(&household);
}
END_TEST

#define NONE { NULL, 0 }

static const struct {
  struct {
    const char *ip;
    guint16 port;
  } noted[3];
  const char *shown; /* NULL: none */
  guint16 port;
} locals[] = {
  { { { "192.0.2.9", 5000 }, NONE, NONE }, "192.0.2.9", 5000 },
  { { { "192.0.2.9", 5000 }, { "192.0.2.9", 5000 }, NONE }, "192.0.2.9", 5000 },
  { { { "192.0.2.9", 5000 }, { "192.0.2.9", 5001 }, NONE }, "192.0.2.9", 0 },
  { { { "192.0.2.9", 5000 }, { "192.0.2.9", 5001 }, { "192.0.2.9", 5000 } }, "192.0.2.9", 0 },
  { { { "192.0.2.9", 5000 }, { "192.0.2.8", 5000 }, NONE }, NULL, 5000 },
  { { { "192.0.2.9", 5000 }, { "192.0.2.8", 5000 }, { "192.0.2.9", 5000 } }, NULL, 5000 },
  { { { "0.0.0.0", 5000 }, NONE, NONE }, NULL, 5000 }, /* a bound socket without a peer: any address */
  { { { "::", 5000 }, NONE, NONE }, NULL, 5000 },
  { { { "0.0.0.0", 5000 }, { "192.0.2.9", 5000 }, NONE }, "192.0.2.9", 5000 },
  { { { "192.0.2.9", 5000 }, { "0.0.0.0", 5000 }, NONE }, "192.0.2.9", 5000 },
  { { { "192.0.2.9", 0 }, { "192.0.2.9", 5000 }, NONE }, "192.0.2.9", 5000 },
};

START_TEST(the_local_end_is_shown_while_all_connections_have_the_same)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  for (guint i = 0; i < 3 && locals[_i].noted[i].ip != NULL; i++) {
    PnatAddress local = ip(locals[_i].noted[i].ip, locals[_i].noted[i].port);
    pnat_flow_note_local(flow, &local);
  }
  PnatRecord record = record_of(flow);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&record.local, text), locals[_i].shown != NULL ? locals[_i].shown : "-");
  ck_assert_uint_eq(record.local.port, locals[_i].port);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* The record. */

START_TEST(a_record_says_who_and_whom)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, "2001:db8::1", 443);
  PnatFlow *later = NULL;
  flow->connections = 4;
  flow->failed = 1;
  flow->error = ECONNREFUSED;
  flow->confidence = PNAT_CONFIDENCE_INFERRED;
  happens(flow, PNAT_CALL_CONNECT, 0, 0, 0);

  PnatEvent event = event_by(100, "/usr/bin/other"); /* is not what made the flow */
  event.who.euid = 0;
  PnatFlowKey key = { .image = pnat_process_image(household.process, &event.who), .remote = ip(PEER, 53), .proto = IPPROTO_UDP };
  later = pnat_flow_new(&key);

  PnatRecord record = record_of(flow);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_uint_eq(record.pid, 100);
  ck_assert_uint_eq(record.ppid, 50);
  ck_assert_uint_eq(record.uid, 1000);
  ck_assert_uint_eq(record.euid, 1000);
  ck_assert_uint_eq(record.auid, 1000);
  ck_assert_uint_eq(record.ses, 1);
  ck_assert_str_eq(record.comm, "prog");
  ck_assert_str_eq(record.exe, "/usr/bin/prog");
  ck_assert_str_eq(record.cmd, "prog -x");
  ck_assert_int_eq(record.direction, PNAT_DIRECTION_OUT);
  ck_assert_uint_eq(record.proto, IPPROTO_TCP);
  ck_assert_str_eq(pnat_address_text(&record.remote, text), "2001:db8::1");
  ck_assert_uint_eq(record.remote.port, 443);
  ck_assert_uint_eq(record.connections, 4);
  ck_assert_uint_eq(record.failed, 1);
  ck_assert_int_eq(record.error, ECONNREFUSED);
  ck_assert_int_eq(record.confidence, PNAT_CONFIDENCE_INFERRED);
  ck_assert_uint_eq(record.entity, household.process->entity);

  record = record_of(later);
  ck_assert_str_eq(record.exe, "/usr/bin/other");
  ck_assert_uint_eq(record.euid, 0);
  ck_assert_uint_eq(record.proto, IPPROTO_UDP);
  pnat_flow_free(flow);
  pnat_flow_free(later);
  household_close(&household);
}
END_TEST

START_TEST(calls_stop_counting_at_their_limit)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  flow->calls = G_MAXUINT32 - 1;
  happens(flow, PNAT_CALL_SEND, 1, 0, 0);
  happens(flow, PNAT_CALL_SEND, 1, 0, 0);
  ck_assert_uint_eq(record_of(flow).calls, G_MAXUINT32);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* A host that lies. */
START_TEST(bytes_stop_counting_at_theirs)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, PEER, 443);
  for (guint i = 0; i < 3; i++)
    happens(flow, PNAT_CALL_SEND, G_MAXINT64, 0, 0);
  happens(flow, PNAT_CALL_RECV, G_MAXINT64, 0, 0);
  ck_assert_int_eq(record_of(flow).tx, PNAT_BYTES_MAX);
  ck_assert_int_eq(record_of(flow).rx, PNAT_BYTES_MAX);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

START_TEST(a_flow_is_small)
{
  ck_assert_uint_le(sizeof(PnatFlow), 192); /* a million of them within 256 MiB */
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("flow");
  TCase *tcase = tcase_create("flow");
  tcase_add_test(tcase, equal_keys_have_equal_hashes);
  tcase_add_test(tcase, a_key_that_differs_in_one_part_is_another);
  tcase_add_test(tcase, keys_of_a_scan_spread);
  tcase_add_test(tcase, a_flow_stands_with_its_process_and_is_counted_by_its_image);
  tcase_add_loop_test(tcase, a_frame_holds_all_activity_in_whatever_order_it_comes, 0, G_N_ELEMENTS(frames));
  tcase_add_test(tcase, an_event_id_is_kept_whole);
  tcase_add_loop_test(tcase, a_call_counts_the_bytes_it_moved, 0, G_N_ELEMENTS(transfers));
  tcase_add_loop_test(tcase, the_kernels_counters_are_taken_when_they_are_complete, 0, G_N_ELEMENTS(counters));
  tcase_add_loop_test(tcase, an_outcome_is_the_best_that_happened, 0, G_N_ELEMENTS(outcomes));
  tcase_add_test(tcase, an_inbound_flow_shows_its_peers_port_while_it_is_the_only_one);
  tcase_add_loop_test(tcase, the_local_end_is_shown_while_all_connections_have_the_same, 0, G_N_ELEMENTS(locals));
  tcase_add_test(tcase, a_record_says_who_and_whom);
  tcase_add_test(tcase, calls_stop_counting_at_their_limit);
  tcase_add_test(tcase, bytes_stop_counting_at_theirs);
  tcase_add_test(tcase, a_flow_is_small);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
