/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker: stories of processes, and the records they leave.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "events.h"
#include "lib/process.h"
#include "run.h"

static const Actor curl = { NULL, 100, 50, 1, "/usr/bin/curl" };
static const Actor nc = { NULL, 200, 50, 1, "/usr/bin/nc" };
static const Actor web1_curl = { "web1", 100, 50, 1, "/usr/bin/curl" };

#define PEER "203.0.113.9"

START_TEST(a_connect_and_an_exit_leave_one_end_record)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  exits(&stage, &curl, 1000);
  time_passes(&stage, 2000);

  ck_assert_uint_eq(stage.records->len, 1);
  const PnatRecord *record = &record_at(&stage, 0)->record;
  ck_assert_int_eq(record->kind, PNAT_RECORD_END);
  ck_assert_int_eq(record->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_OK);
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_OUT);
  ck_assert_int_eq(record->start, T0);
  ck_assert_int_eq(record->last, T0);
  ck_assert_int_eq(record->end, T0 + 1000);
  ck_assert_uint_eq(record->remote.port, 443);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_uint_eq(record->pid, 100);
  ck_assert_str_eq(record_at(&stage, 0)->exe, "/usr/bin/curl");
  ck_assert_str_eq(record_at(&stage, 0)->host, "here");
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(an_exit_ends_only_its_own_process)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &nc, 0, 3, PEER, 443, 0);
  connects(&stage, &web1_curl, 0, 3, PEER, 443, 0);
  exits(&stage, &curl, 1000);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(the_record(&stage, PNAT_RECORD_END)->record.pid, 100);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 2);
  stage_close(&stage);
}
END_TEST

START_TEST(nodes_are_kept_apart)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &web1_curl, 0, 3, PEER, 443, 0);
  exits(&stage, &curl, 500);
  time_passes(&stage, 1000);
  ck_assert_uint_eq(stage.records->len, 0);
  exits(&stage, &web1_curl, 1500);
  time_passes(&stage, 2000);
  ck_assert_str_eq(the_record(&stage, PNAT_RECORD_END)->host, "web1");
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).nodes, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_node_is_the_same_in_upper_and_lower_case)
{
  Stage stage;
  Actor shouted = web1_curl;
  shouted.node = "WEB1";
  stage_open(&stage);
  connects(&stage, &shouted, 0, 3, PEER, 443, 0);
  exits(&stage, &web1_curl, 500);
  time_passes(&stage, 1000);
  const Kept *end = the_record(&stage, PNAT_RECORD_END);
  ck_assert_int_eq(end->record.reason, PNAT_REASON_EXIT);
  ck_assert_str_eq(end->host, "WEB1");
  stage_close(&stage);
}
END_TEST

START_TEST(connections_to_one_peer_are_one_flow)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &curl, 10, 4, PEER, 443, 0);
  connects(&stage, &curl, 20, 5, PEER, 80, 0);
  connects(&stage, &curl, 30, 6, PEER, 443, -ECONNREFUSED);
  exits(&stage, &curl, 1000);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  const PnatRecord *record = &record_at(&stage, 0)->record;
  ck_assert_uint_eq(record->connections, 3);
  ck_assert_uint_eq(record->failed, 1);
  ck_assert_uint_eq(record->calls, 3);
  ck_assert_int_eq(record->last, T0 + 30);
  stage_close(&stage);
}
END_TEST

START_TEST(aggregate_connection_keeps_each_connection_a_flow)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.per_connection = TRUE;
  stage_open_with(&stage, &options);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &curl, 10, 4, PEER, 443, 0);
  transfers(&stage, &curl, 20, PNAT_CALL_SEND, 4, 70);
  exits(&stage, &curl, 1000);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 0)->record.tx, -1);
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 70);
  stage_close(&stage);
}
END_TEST

START_TEST(a_refused_connect_is_a_failed_flow)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, -ECONNREFUSED);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_FAILED);
  ck_assert_int_eq(record->error, ECONNREFUSED);
  ck_assert_uint_eq(record->failed, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(a_datagram_that_failed_is_no_connection_that_did)
{
  Stage stage;
  stage_open(&stage);
  for (gint64 at = 0; at < 2; at++) {
    PnatEvent event = call_of(&stage, &curl, at, PNAT_CALL_SEND, 3, -EPERM);
    towards(&event, PEER, 53);
    happen(&stage, &event);
  }
  exits(&stage, &curl, 10);
  time_passes(&stage, 1000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_FAILED);
  ck_assert_int_eq(record->error, EPERM);
  ck_assert_uint_eq(record->calls, 2);
  ck_assert_uint_eq(record->connections, 0);
  ck_assert_uint_eq(record->failed, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connect_in_progress_is_pending_at_the_end)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, -EINPROGRESS);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.outcome, PNAT_OUTCOME_PENDING);
  stage_close(&stage);
}
END_TEST

static const struct {
  PnatCall call;
  gint64 value;
  PnatOutcome outcome;
  gint error;
} settlements[] = {
  { PNAT_CALL_SEND, 10, PNAT_OUTCOME_OK, 0 },
  { PNAT_CALL_RECV, 0, PNAT_OUTCOME_OK, 0 },
  { PNAT_CALL_SEND, -EAGAIN, PNAT_OUTCOME_PENDING, 0 },
  { PNAT_CALL_SEND, -ENOTCONN, PNAT_OUTCOME_PENDING, 0 },
  { PNAT_CALL_RECV, -ECONNREFUSED, PNAT_OUTCOME_FAILED, ECONNREFUSED },
  { PNAT_CALL_CONNECT, 0, PNAT_OUTCOME_OK, 0 },
  { PNAT_CALL_CONNECT, -EISCONN, PNAT_OUTCOME_OK, 0 },
  { PNAT_CALL_CONNECT, -EALREADY, PNAT_OUTCOME_PENDING, 0 },
  { PNAT_CALL_CONNECT, -ETIMEDOUT, PNAT_OUTCOME_FAILED, ETIMEDOUT },
};

START_TEST(what_comes_on_the_descriptor_settles_a_pending_connect)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, -EINPROGRESS);
  if (settlements[_i].call == PNAT_CALL_CONNECT)
    connects(&stage, &curl, 5, 3, PEER, 443, settlements[_i].value);
  else
    transfers(&stage, &curl, 5, settlements[_i].call, 3, settlements[_i].value);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->outcome, settlements[_i].outcome);
  ck_assert_int_eq(record->error, settlements[_i].error);
  ck_assert_uint_eq(record->connections, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(transfers_count_to_the_peer_of_the_descriptor)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &curl, 1, 4, "198.51.100.7", 80, 0);
  transfers(&stage, &curl, 2, PNAT_CALL_SEND, 3, 10);
  transfers(&stage, &curl, 3, PNAT_CALL_SEND, 4, 1000);
  transfers(&stage, &curl, 4, PNAT_CALL_RECV, 3, 7);
  transfers(&stage, &curl, 5, PNAT_CALL_RECV, 9, 7);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  ck_assert_int_eq(record_at(&stage, 0)->record.tx, 10);
  ck_assert_int_eq(record_at(&stage, 0)->record.rx, 7);
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 1000);
  ck_assert_int_eq(record_at(&stage, 1)->record.rx, -1);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(a_descriptor_connected_elsewhere_leads_to_the_new_peer_only)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  PnatEvent unix_connect = call_of(&stage, &curl, 1, PNAT_CALL_CONNECT, 3, 0);
  unix_connect.saddr = PNAT_SADDR_OTHER;
  happen(&stage, &unix_connect);
  transfers(&stage, &curl, 2, PNAT_CALL_SEND, 3, 10);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.tx, -1);
  stage_close(&stage);
}
END_TEST

START_TEST(an_accept_is_an_inbound_flow)
{
  Stage stage;
  stage_open(&stage);
  accepts(&stage, &nc, 0, 4, "198.51.100.7", 40000);
  transfers(&stage, &nc, 5, PNAT_CALL_RECV, 4, 30);
  exits(&stage, &nc, 10);
  time_passes(&stage, 2000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_IN);
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_OK);
  ck_assert_uint_eq(record->remote.port, 40000);
  ck_assert_int_eq(record->rx, 30);
  stage_close(&stage);
}
END_TEST

START_TEST(inbound_connections_of_one_peer_are_one_flow_without_a_port)
{
  Stage stage;
  stage_open(&stage);
  accepts(&stage, &nc, 0, 4, "198.51.100.7", 40000);
  accepts(&stage, &nc, 0, 5, "198.51.100.7", 40001);
  exits(&stage, &nc, 10);
  time_passes(&stage, 2000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_uint_eq(record->connections, 2);
  ck_assert_uint_eq(record->remote.port, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(an_accept_that_waited_starts_when_it_returned)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent accept = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
  towards(&accept, "198.51.100.7", 40000);
  accept.arrival = T0 + 7200000;
  happen(&stage, &accept);
  exits(&stage, &nc, 7200010);
  time_passes(&stage, 7202000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.start, T0 + 7200000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.first.time, T0);
  stage_close(&stage);
}
END_TEST

START_TEST(nothing_was_later_than_the_exit_of_its_process)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent accept = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
  towards(&accept, "198.51.100.7", 40000);
  accept.arrival = T0 + 5008; /* the exit was on its way, too */
  happen(&stage, &accept);
  exits(&stage, &nc, 5000);
  time_passes(&stage, 8000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->start, T0 + 5000);
  ck_assert_int_eq(record->last, T0 + 5000);
  ck_assert_int_eq(record->end, T0 + 5000);
  stage_close(&stage);
}
END_TEST

/* auditd or this program was busy: what the socket says is not late. */
START_TEST(an_accept_whose_event_was_late_starts_when_the_connection_stood)
{
  static const struct {
    gint64 arrival;
    gboolean is_just_then;
    gint64 start;
  } cases[] = {
    { 0, TRUE, 7000000 },
    { 7200000, TRUE, 7000000 },
    { 7200000, FALSE, 7000000 },
    { 0, FALSE, 0 }, /* it may have stood since the call was entered */
  };

  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    Stage stage;
    stage_open(&stage);
    PnatEvent accept = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
    towards(&accept, "198.51.100.7", 40000);
    accept.arrival = cases[i].arrival != 0 ? T0 + cases[i].arrival : 0;
    accept.socket = (PnatSocket){ .cookie = 77, .proto = IPPROTO_TCP, .remote = accept.address, .established = T0 + 7000000,
                                  .is_just_then = cases[i].is_just_then };
    happen(&stage, &accept);
    exits(&stage, &nc, 7200010);
    time_passes(&stage, 7202000);
    ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.start, T0 + cases[i].start);
    stage_close(&stage);
  }
}
END_TEST

START_TEST(an_accept_of_what_had_waited_starts_when_it_was_called)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent accept = call_of(&stage, &nc, 5000, PNAT_CALL_ACCEPT, 3, 4);
  towards(&accept, "198.51.100.7", 40000);
  accept.arrival = T0 + 5200;
  accept.socket = (PnatSocket){ .cookie = 77, .proto = IPPROTO_TCP, .remote = accept.address, .established = T0 };
  happen(&stage, &accept);
  exits(&stage, &nc, 6000);
  time_passes(&stage, 8000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.start, T0 + 5000);
  stage_close(&stage);
}
END_TEST

START_TEST(an_answer_to_a_datagram_counts_to_the_flow_of_the_question)
{
  Stage stage;
  stage_open(&stage);
  transfers_with(&stage, &curl, 0, PNAT_CALL_SEND, 3, PEER, 53);
  transfers_with(&stage, &curl, 5, PNAT_CALL_RECV, 3, PEER, 53);
  transfers_with(&stage, &nc, 6, PNAT_CALL_RECV, 3, "198.51.100.7", 4444);
  transfers_with(&stage, &nc, 7, PNAT_CALL_SEND, 3, "198.51.100.7", 4444);
  exits(&stage, &curl, 10);
  exits(&stage, &nc, 10);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(stage.records->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->direction, i == 0 ? PNAT_DIRECTION_OUT : PNAT_DIRECTION_IN);
    ck_assert_int_eq(record->tx, 100);
    ck_assert_int_eq(record->rx, 100);
    ck_assert_uint_eq(record->remote.port, i == 0 ? 53 : 4444);
    ck_assert_uint_eq(record->connections, 0);
  }
  stage_close(&stage);
}
END_TEST

/* What ended before that is not what has its pid now, nor is what follows as late. */
START_TEST(a_clock_that_was_set_back_dates_nothing_by_what_was_before)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 3600000, 3, PEER, 443, 0);
  exits(&stage, &curl, 3600100);
  time_passes(&stage, 3602000);
  ck_assert_int_eq(record_at(&stage, 0)->record.end, T0 + 3600100);
  pnat_tracker_heed_clock(stage.tracker, T0 + 200);
  connects(&stage, &curl, 200, 3, PEER, 443, 0);
  time_passes(&stage, 3604000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 1);
  exits(&stage, &curl, 5000);
  time_passes(&stage, 3606000);
  const PnatRecord *record = &record_at(&stage, stage.records->len - 1)->record;
  ck_assert_int_eq(record->start, T0 + 200);
  ck_assert_int_eq(record->last, T0 + 200);
  ck_assert_int_eq(record->end, T0 + 5000);
  stage_close(&stage);
}
END_TEST

START_TEST(a_datagram_sockets_failed_connect_leaves_it_its_peer)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent made = call_of(&stage, &curl, 0, PNAT_CALL_SOCKET, -1, 3);
  made.proto = IPPROTO_UDP;
  happen(&stage, &made);
  connects(&stage, &curl, 1, 3, PEER, 53, 0);
  connects(&stage, &curl, 2, 3, "198.51.100.7", 53, -ENETUNREACH);
  transfers(&stage, &curl, 3, PNAT_CALL_SEND, 3, 40);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(stage.records->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    gboolean failed = record->outcome == PNAT_OUTCOME_FAILED;
    ck_assert_uint_eq(record->failed, failed);
    ck_assert_int_eq(record->tx, failed ? -1 : 40);
  }
  stage_close(&stage);
}
END_TEST

/* As io_uring's operations have it, when some send and some receive. */
static void
either(Stage *stage, const Actor *actor, gint64 at, const char *ip, guint16 port)
{
  PnatEvent event = call_of(stage, actor, at, PNAT_CALL_EITHER, -1, 0);
  event.result = PNAT_RESULT_NONE;
  towards(&event, ip, port);
  happen(stage, &event);
}

START_TEST(an_address_of_either_direction_is_shown_without_one)
{
  Stage stage;
  stage_open(&stage);
  either(&stage, &curl, 0, PEER, 443);
  exits(&stage, &curl, 10);
  time_passes(&stage, 2000);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_UNKNOWN);
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_UNKNOWN);
  ck_assert_uint_eq(record->remote.port, 443);
  ck_assert_uint_eq(record->connections, 0);
  ck_assert_uint_eq(record->calls, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(an_address_of_either_direction_counts_to_the_flow_that_has_it)
{
  Stage stage;
  stage_open(&stage);
  transfers_with(&stage, &curl, 0, PNAT_CALL_SEND, -1, PEER, 53);
  either(&stage, &curl, 5, PEER, 53);
  transfers_with(&stage, &nc, 6, PNAT_CALL_RECV, -1, "198.51.100.7", 4444);
  either(&stage, &nc, 7, "198.51.100.7", 4444);
  exits(&stage, &curl, 10);
  exits(&stage, &nc, 10);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(stage.records->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->direction, i == 0 ? PNAT_DIRECTION_OUT : PNAT_DIRECTION_IN);
    ck_assert_uint_eq(record->calls, 2);
  }
  stage_close(&stage);
}
END_TEST

START_TEST(a_late_call_belongs_to_the_process_that_exited)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  exits(&stage, &curl, 100);
  connects(&stage, &curl, 90, 4, PEER, 443, 0);
  time_passes(&stage, 1000);
  ck_assert_uint_eq(the_record(&stage, PNAT_RECORD_END)->record.connections, 2);

  connects(&stage, &curl, 95, 5, "198.51.100.7", 80, 0); /* later than anybody waits */
  time_passes(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 1)->record.end, T0 + 100);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_call_after_the_exit_is_another_process)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  exits(&stage, &curl, 100);
  connects(&stage, &curl, 110, 3, PEER, 443, 0);
  exits(&stage, &curl, 120);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 0)->record.end, T0 + 100);
  ck_assert_int_eq(record_at(&stage, 1)->record.start, T0 + 110);
  ck_assert_uint_ne(record_at(&stage, 0)->record.entity, record_at(&stage, 1)->record.entity);
  stage_close(&stage);
}
END_TEST

START_TEST(another_session_with_the_pid_is_another_process)
{
  static const Actor reused = { NULL, 100, 60, 2, "/usr/bin/ssh" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &reused, 1000, 3, PEER, 22, 0);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_REUSE);
  exits(&stage, &reused, 1100);
  time_passes(&stage, 2000);
  ck_assert_int_eq(record_at(&stage, 1)->record.reason, PNAT_REASON_EXIT);
  ck_assert_uint_eq(record_at(&stage, 1)->record.connections, 1);
  stage_close(&stage);
}
END_TEST

/* Another parent and another program. Within seconds that is an adopted process that called execve; process ids do not go round by then. */
static const struct {
  gint64 at;
  guint32 ses;
  PnatReason reason;
} other_exits[] = {
  { 2000, 1, PNAT_REASON_EXIT },
  { 2000, 2, PNAT_REASON_REUSE },
  { 60000, 1, PNAT_REASON_REUSE },
};

START_TEST(an_exit_of_another_program_with_another_parent_is_its_own_if_it_comes_soon)
{
  const Actor adopted = { NULL, 100, 60, other_exits[_i].ses, "/usr/bin/python3" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  exits(&stage, &adopted, other_exits[_i].at);
  time_passes(&stage, 100000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.reason, other_exits[_i].reason);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.end, T0 + other_exits[_i].at);
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_whose_parent_died_stays_itself)
{
  static const Actor orphan = { NULL, 100, 1, 1, "/usr/bin/curl" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &orphan, 1000, 4, PEER, 443, 0);
  exits(&stage, &orphan, 1100);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(the_record(&stage, PNAT_RECORD_END)->record.connections, 2);
  stage_close(&stage);
}
END_TEST

START_TEST(exit_of_a_thread_leaves_the_flow_open)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  thread_exits(&stage, &curl, 100);
  connects(&stage, &curl, 50000, 4, PEER, 443, 0);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  exits(&stage, &curl, 60000);
  time_passes(&stage, 61000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.end, T0 + 60000);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_that_nothing_followed_was_the_end)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  thread_exits(&stage, &curl, 100);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_EOF, 0);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(record->end, T0 + 100);
  stage_close(&stage);
}
END_TEST

/* A server with a thread for each connection goes on. */
START_TEST(the_exit_of_one_of_many_threads_was_not_the_end)
{
  for (guint waits = 0; waits < 2; waits++) {
    Stage stage;
    stage_open(&stage);
    connects(&stage, &curl, 0, 3, PEER, 443, 0);
    thread_exits(&stage, &curl, 100);
    if (waits) /* it began to wait before the exit, and is logged after it */
      accepts(&stage, &curl, 50, 4, "198.51.100.7", 4444);
    thread_exits(&stage, &curl, 200);
    connects(&stage, &nc, 9000, 3, PEER, 443, 0);
    pnat_tracker_finish(stage.tracker, PNAT_REASON_EOF, 0);
    ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2 + waits);
    for (guint i = 0; i < stage.records->len; i++)
      if (record_at(&stage, i)->record.kind == PNAT_RECORD_END)
        ck_assert_int_eq(record_at(&stage, i)->record.reason, PNAT_REASON_EOF);
    stage_close(&stage);
  }
}
END_TEST

START_TEST(an_abend_ends_the_process_as_killed)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  PnatEvent abend = event_of(&stage, &curl, 100, PNAT_EVENT_ABEND);
  abend.who.ppid = PNAT_ID_UNSET;
  happen(&stage, &abend);
  time_passes(&stage, 1000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_KILLED);
  stage_close(&stage);
}
END_TEST

START_TEST(a_boot_ends_what_ran_on_the_node)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  connects(&stage, &web1_curl, 0, 3, PEER, 443, 0);
  PnatEvent boot = event_of(&stage, &web1_curl, 60000, PNAT_EVENT_BOOT);
  happen(&stage, &boot);
  const Kept *kept = the_record(&stage, PNAT_RECORD_END);
  ck_assert_int_eq(kept->record.reason, PNAT_REASON_REBOOT);
  ck_assert_str_eq(kept->host, "web1");
  stage_close(&stage);
}
END_TEST

START_TEST(a_flow_open_for_start_after_has_a_start_record)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  ck_assert_int_eq(pnat_tracker_next_due(stage.tracker), T0 + 5000);
  time_passes(&stage, 4999);
  ck_assert_uint_eq(stage.records->len, 0);
  time_passes(&stage, 5000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_START)->record.start, T0);
  ck_assert_int_eq(record_at(&stage, 0)->record.end, 0);
  time_passes(&stage, 200000);
  ck_assert_uint_eq(stage.records->len, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(an_update_comes_only_after_new_activity)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  time_passes(&stage, 310000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_UPDATE), 0);
  transfers(&stage, &curl, 320000, PNAT_CALL_SEND, 3, 10);
  time_passes(&stage, 620000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_UPDATE)->record.reason, PNAT_REASON_ACTIVE);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_UPDATE)->record.last, T0 + 320000);
  time_passes(&stage, 1200000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_UPDATE), 1);
  stage_close(&stage);
}
END_TEST

/* Of a flow that was open before and of one that comes after: when each has its start, and the first update after activity. */
static const struct {
  gint64 start_before, update_before, start_after, update_after;
  guint starts, updates; /* of both flows, 3 s after the options changed */
} lowered[] = {
  { 30000, 300000, 1000, 300000, 2, 0 },
  { G_MAXINT64, G_MAXINT64, 1000, 1000, 1, 3 }, /* the first flow's start is not told any more */
  { 0, G_MAXINT64, 0, 1000, 1, 2 },
  { 0, 300000, 0, 1000, 1, 2 },
  { 30000, 300000, G_MAXINT64, 1000, 0, 4 }, /* from the connect on */
  { 1000, 1000, 30000, 300000, 1, 0 },
  { 1000, 1000, G_MAXINT64, G_MAXINT64, 0, 0 },
};

START_TEST(a_flow_that_waits_for_long_does_not_hold_up_others_when_options_are_lowered)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.start_after = lowered[_i].start_before;
  options.active_timeout = lowered[_i].update_before;
  stage_open_with(&stage, &options);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  time_passes(&stage, 100);
  guint before = stage.records->len;

  options.start_after = lowered[_i].start_after;
  options.active_timeout = lowered[_i].update_after;
  pnat_tracker_set_options(stage.tracker, &options);
  connects(&stage, &nc, 200, 3, PEER, 443, 0);
  for (gint64 at = 300; at <= 3100; at += 100) {
    if (at == 1500) {
      transfers(&stage, &curl, at, PNAT_CALL_SEND, 3, 1);
      transfers(&stage, &nc, at, PNAT_CALL_SEND, 3, 1);
    }
    time_passes(&stage, at);
  }
  guint starts = count_records(&stage, PNAT_RECORD_START) - before;
  ck_assert_msg(starts == lowered[_i].starts && count_records(&stage, PNAT_RECORD_UPDATE) == lowered[_i].updates,
                "%d: %u starts, %u updates", _i, starts, count_records(&stage, PNAT_RECORD_UPDATE));
  stage_close(&stage);
}
END_TEST

START_TEST(a_silent_process_ends_idle)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.start_after = options.active_timeout = G_MAXINT64;
  stage_open_with(&stage, &options);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  time_passes(&stage, 86399999);
  ck_assert_uint_eq(stage.records->len, 0);
  time_passes(&stage, 86400000);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_IDLE);
  stage_close(&stage);
}
END_TEST

START_TEST(the_quietest_flow_is_evicted_and_told)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.max_flows = 100;
  stage_open_with(&stage, &options);
  for (guint i = 0; i < 100; i++)
    connects(&stage, &curl, i, 3, PEER, (guint16)(1000 + i), 0);
  connects(&stage, &curl, 200, 3, PEER, 1000, 0); /* not the quietest any more */
  connects(&stage, &nc, 300, 3, PEER, 443, 0);
  const PnatRecord *record = &the_record(&stage, PNAT_RECORD_END)->record;
  ck_assert_int_eq(record->reason, PNAT_REASON_EVICTED);
  ck_assert_uint_eq(record->remote.port, 1001);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 100);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).evicted, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_whose_thread_exited_keeps_its_descriptors_over_execve)
{
  static const Actor after = { "web1", 100, 50, 1, "/usr/bin/after" };
  static const Actor before = { "web1", 100, 50, 1, "/usr/bin/before" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &before, 0, 3, PEER, 443, 0);
  thread_exits(&stage, &before, 1000);
  transfers(&stage, &after, 2000, PNAT_CALL_SEND, 3, 70);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 0);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  exits(&stage, &after, 3000);
  time_passes(&stage, 10000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  for (guint i = 0; i < stage.records->len; i++)
    ck_assert_int_eq(record_at(&stage, i)->record.end, record_at(&stage, i)->record.kind == PNAT_RECORD_END ? T0 + 3000 : 0);
  stage_close(&stage);
}
END_TEST

/* A loop that copies itself and runs the copy. The first image's later flows stand behind others in the process's list. */
START_TEST(of_the_programs_a_process_ran_the_one_unseen_for_longest_is_evicted_and_told)
{
  Stage stage;
  stage_open(&stage);
  for (guint i = 0; i < 200; i++) {
    g_autofree char *exe = g_strdup_printf("/tmp/a%u", i);
    Actor copy = { "web1", 100, 50, 1, exe };
    Actor kept = { "web1", 100, 50, 1, "/tmp/a0" };
    connects(&stage, &copy, 10 * i, 3, PEER, 443, 0);
    connects(&stage, &kept, 10 * i + 1, 4, PEER, (guint16)(1 + i % 2), 0);
  }
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, PNAT_PROCESS_IMAGES + 2); /* the kept one has three */
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).evicted, 200 - PNAT_PROCESS_IMAGES);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 200 - PNAT_PROCESS_IMAGES);
  for (guint i = 0; i < stage.records->len; i++) {
    g_autofree char *exe = g_strdup_printf("/tmp/a%u", i + 1);
    ck_assert_int_eq(record_at(&stage, i)->record.reason, PNAT_REASON_EVICTED);
    ck_assert_str_eq(record_at(&stage, i)->exe, exe);
  }
  stage_close(&stage);
}
END_TEST

START_TEST(a_million_processes_stay_within_max_flows)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.max_flows = 100;
  options.start_after = G_MAXINT64;
  stage_open_with(&stage, &options);
  for (guint i = 0; i < 100000; i++) {
    Actor actor = { "web1", i + 10, 1, 1, "/bin/a" };
    connects(&stage, &actor, i, 3, PEER, 443, 0);
  }
  ck_assert_uint_le(pnat_tracker_counts(stage.tracker).processes, 100);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 100000 - 100);
  stage_close(&stage);
}
END_TEST

START_TEST(excluded_peers_and_programs_leave_nothing)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  g_autoptr(GArray) exclude = g_array_new(FALSE, FALSE, sizeof(PnatPrefix));
  g_autoptr(GPtrArray) exclude_exe = g_ptr_array_new();
  PnatPrefix prefix;
  ck_assert(pnat_prefix_parse(&prefix, "127.0.0.0/8", NULL));
  g_array_append_val(exclude, prefix);
  g_ptr_array_add(exclude_exe, (gpointer) "/usr/bin/n*");
  options.exclude = exclude;
  options.exclude_exe = exclude_exe;
  stage_open_with(&stage, &options);
  connects(&stage, &curl, 0, 3, "127.0.0.1", 80, 0);
  connects(&stage, &curl, 0, 4, PEER, 80, 0);
  connects(&stage, &nc, 0, 3, PEER, 80, 0);
  exits(&stage, &curl, 10);
  exits(&stage, &nc, 10);
  time_passes(&stage, 1000);
  ck_assert_str_eq(the_record(&stage, PNAT_RECORD_END)->exe, "/usr/bin/curl");
  ck_assert_uint_eq(stage.records->len, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(a_program_run_by_execve_has_flows_of_its_own)
{
  static const Actor after = { NULL, 100, 50, 1, "/usr/bin/nc" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  transfers(&stage, &after, 10, PNAT_CALL_SEND, 3, 10);
  exits(&stage, &after, 20);
  time_passes(&stage, 1000);
  ck_assert_uint_eq(stage.records->len, 2);
  ck_assert_str_eq(record_at(&stage, 0)->exe, "/usr/bin/curl");
  ck_assert_str_eq(record_at(&stage, 1)->exe, "/usr/bin/nc");
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 10);
  ck_assert_uint_eq(record_at(&stage, 1)->record.remote.port, 443);
  stage_close(&stage);
}
END_TEST

START_TEST(a_grandchild_on_an_inherited_descriptor_is_inferred)
{
  static const Actor child = { NULL, 201, 200, 1, "/usr/bin/nc" };
  static const Actor grandchild = { NULL, 202, 201, 1, "/bin/sh" };
  Stage stage;
  stage_open(&stage);
  accepts(&stage, &nc, 0, 4, "198.51.100.7", 40000);
  connects(&stage, &child, 5, 5, PEER, 80, 0);
  transfers(&stage, &grandchild, 10, PNAT_CALL_SEND, 4, 10);
  exits(&stage, &nc, 20);
  time_passes(&stage, 1000);
  transfers(&stage, &grandchild, 1010, PNAT_CALL_SEND, 4, 10);
  exits(&stage, &grandchild, 1020);
  time_passes(&stage, 2000);
  ck_assert_uint_eq(stage.records->len, 2);
  const PnatRecord *record = &record_at(&stage, 1)->record;
  ck_assert_uint_eq(record->pid, 202);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_INFERRED);
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_IN);
  ck_assert_int_eq(record->tx, 20);
  stage_close(&stage);
}
END_TEST

START_TEST(a_stored_log_ends_at_its_newest_event)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  exits(&stage, &nc, 700);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_EOF, 0);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_EOF);
  ck_assert_int_eq(the_record(&stage, PNAT_RECORD_END)->record.end, T0 + 700);
  stage_close(&stage);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("tracker");
  TCase *tcase = tcase_create("tracker");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_connect_and_an_exit_leave_one_end_record);
  tcase_add_test(tcase, an_exit_ends_only_its_own_process);
  tcase_add_test(tcase, nodes_are_kept_apart);
  tcase_add_test(tcase, a_node_is_the_same_in_upper_and_lower_case);
  tcase_add_test(tcase, connections_to_one_peer_are_one_flow);
  tcase_add_test(tcase, aggregate_connection_keeps_each_connection_a_flow);
  tcase_add_test(tcase, a_refused_connect_is_a_failed_flow);
  tcase_add_test(tcase, a_datagram_that_failed_is_no_connection_that_did);
  tcase_add_test(tcase, a_connect_in_progress_is_pending_at_the_end);
  tcase_add_loop_test(tcase, what_comes_on_the_descriptor_settles_a_pending_connect, 0, G_N_ELEMENTS(settlements));
  tcase_add_test(tcase, transfers_count_to_the_peer_of_the_descriptor);
  tcase_add_test(tcase, a_descriptor_connected_elsewhere_leads_to_the_new_peer_only);
  tcase_add_test(tcase, an_accept_is_an_inbound_flow);
  tcase_add_test(tcase, inbound_connections_of_one_peer_are_one_flow_without_a_port);
  tcase_add_test(tcase, an_accept_that_waited_starts_when_it_returned);
  tcase_add_test(tcase, nothing_was_later_than_the_exit_of_its_process);
  tcase_add_test(tcase, an_accept_whose_event_was_late_starts_when_the_connection_stood);
  tcase_add_test(tcase, an_accept_of_what_had_waited_starts_when_it_was_called);
  tcase_add_test(tcase, an_answer_to_a_datagram_counts_to_the_flow_of_the_question);
  tcase_add_test(tcase, a_clock_that_was_set_back_dates_nothing_by_what_was_before);
  tcase_add_test(tcase, a_datagram_sockets_failed_connect_leaves_it_its_peer);
  tcase_add_test(tcase, an_address_of_either_direction_is_shown_without_one);
  tcase_add_test(tcase, an_address_of_either_direction_counts_to_the_flow_that_has_it);
  tcase_add_test(tcase, a_late_call_belongs_to_the_process_that_exited);
  tcase_add_test(tcase, a_call_after_the_exit_is_another_process);
  tcase_add_test(tcase, another_session_with_the_pid_is_another_process);
  tcase_add_loop_test(tcase, an_exit_of_another_program_with_another_parent_is_its_own_if_it_comes_soon, 0,
                      G_N_ELEMENTS(other_exits));
  tcase_add_test(tcase, a_process_whose_parent_died_stays_itself);
  tcase_add_test(tcase, exit_of_a_thread_leaves_the_flow_open);
  tcase_add_test(tcase, a_lone_exit_that_nothing_followed_was_the_end);
  tcase_add_test(tcase, the_exit_of_one_of_many_threads_was_not_the_end);
  tcase_add_test(tcase, an_abend_ends_the_process_as_killed);
  tcase_add_test(tcase, a_boot_ends_what_ran_on_the_node);
  tcase_add_test(tcase, a_flow_open_for_start_after_has_a_start_record);
  tcase_add_test(tcase, an_update_comes_only_after_new_activity);
  tcase_add_loop_test(tcase, a_flow_that_waits_for_long_does_not_hold_up_others_when_options_are_lowered, 0, G_N_ELEMENTS(lowered));
  tcase_add_test(tcase, a_silent_process_ends_idle);
  tcase_add_test(tcase, the_quietest_flow_is_evicted_and_told);
  tcase_add_test(tcase, a_process_whose_thread_exited_keeps_its_descriptors_over_execve);
  tcase_add_test(tcase, of_the_programs_a_process_ran_the_one_unseen_for_longest_is_evicted_and_told);
  tcase_add_test(tcase, a_million_processes_stay_within_max_flows);
  tcase_add_test(tcase, excluded_peers_and_programs_leave_nothing);
  tcase_add_test(tcase, a_program_run_by_execve_has_flows_of_its_own);
  tcase_add_test(tcase, a_grandchild_on_an_inherited_descriptor_is_inferred);
  tcase_add_test(tcase, a_stored_log_ends_at_its_newest_event);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
