/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: what the kernel says of sockets and processes, together with audit's events.
 */
#include <errno.h>
#include <stdlib.h>

#include "here.h"
#include "lib/tracker_private.h"
#include "run.h"

/* Close. */

START_TEST(a_flow_ends_when_its_only_socket_is_destroyed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  ck_assert_int_eq(pnat_tracker_next_due(stage.tracker), T0 + 100 + LINGER);
  lives_until(&stage, 100 + LINGER - 1);
  ck_assert_uint_eq(stage.records->len, 0);
  lives_until(&stage, 100 + LINGER);
  const PnatRecord *record = the_end(&stage);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(record->end, T0 + 100);
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_OK);
  ck_assert_int_eq(record->tx, 10);
  ck_assert_int_eq(record->rx, 20);
  ck_assert_uint_eq(record->proto, IPPROTO_TCP);
  ck_assert_str_eq(pnat_address_text(&record->local, text), HERE);
  ck_assert_uint_eq(record->local.port, 11);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_EXACT);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 0);
  exits(&stage, &curl, 2000);
  lives_until(&stage, 4000);
  ck_assert_uint_eq(stage.records->len, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(an_open_connection_keeps_the_flow)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &curl, 0, 4, 0, 12);
  socket_closes(&stage, 100, 11);
  lives_until(&stage, 4000);
  ck_assert_uint_eq(stage.records->len, 0);
  socket_closes(&stage, 4000, 12);
  lives_until(&stage, 5000);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 4000);
  ck_assert_uint_eq(the_end(&stage)->connections, 2);
  ck_assert_int_eq(the_end(&stage)->tx, 20);
  ck_assert_uint_eq(the_end(&stage)->local.port, 0); /* there were two */
  stage_close(&stage);
}
END_TEST

START_TEST(a_new_connection_within_the_linger_keeps_the_flow)
{
  Stage stage;
  stage_open(&stage);
  for (gint64 i = 0; i < 5; i++) {
    connects_here(&stage, &curl, 900 * i, 3, 0, (guint64)(11 + i));
    socket_closes(&stage, 900 * i + 50, (guint64)(11 + i));
  }
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  lives_until(&stage, 3650 + LINGER);
  ck_assert_uint_eq(the_end(&stage)->connections, 5);
  ck_assert_int_eq(the_end(&stage)->start, T0);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 3650);
  ck_assert_int_eq(the_end(&stage)->tx, 50);
  stage_close(&stage);
}
END_TEST

START_TEST(a_new_connection_after_the_linger_is_a_new_flow)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  connects_here(&stage, &curl, 100 + LINGER, 3, 0, 12);
  socket_closes(&stage, 1200, 12);
  lives_until(&stage, 5000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 0)->record.end, T0 + 100);
  ck_assert_int_eq(record_at(&stage, 1)->record.start, T0 + 100 + LINGER);
  ck_assert_uint_eq(record_at(&stage, 0)->record.entity, record_at(&stage, 1)->record.entity);
  stage_close(&stage);
}
END_TEST

START_TEST(a_late_call_on_a_closed_flow_is_within_its_frame)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatSocketEnd end = socket_end(11, 40);
  pnat_tracker_socket_ended(stage.tracker, &end, stage.now);
  transfers(&stage, &nc, 70, PNAT_CALL_SEND, 3, 10); /* moves the node's clock: what returns now returned later than 70 */
  connects_here(&stage, &curl, 60, 4, -ECONNREFUSED, 0);
  lives_until(&stage, 3000);
  ck_assert_int_ge(the_end(&stage)->end, the_end(&stage)->last);
  stage_close(&stage);
}
END_TEST

START_TEST(kept_apart_each_connection_closes_by_itself)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.per_connection = TRUE;
  stage_open_with(&stage, &options);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &curl, 0, 4, 0, 12);
  socket_closes(&stage, 100, 12);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->local.port, 12);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 1);
  stage_close(&stage);
}
END_TEST

/* What an end tells of a connect that was under way. */

static const struct {
  PnatSocketState state;
  gint error;
  PnatOutcome outcome;
  guint failed;
} verdicts[] = {
  { PNAT_SOCKET_CONNECTED, 0, PNAT_OUTCOME_OK, 0 },
  { PNAT_SOCKET_FAILED, ECONNREFUSED, PNAT_OUTCOME_FAILED, 1 },
  { PNAT_SOCKET_FAILED, 0, PNAT_OUTCOME_FAILED, 1 }, /* nobody answered */
  { PNAT_SOCKET_STATE_UNKNOWN, 0, PNAT_OUTCOME_PENDING, 0 },
};

static PnatSocketEnd
verdict_end(int i, guint64 cookie, gint64 at)
{
  PnatSocketEnd end = socket_end(cookie, at);
  end.socket.state = verdicts[i].state;
  end.error = verdicts[i].error;
  if (verdicts[i].state != PNAT_SOCKET_CONNECTED)
    end.tx = end.rx = -1;
  return end;
}

static void
assert_verdict(const PnatRecord *record, int i)
{
  ck_assert_int_eq(record->outcome, verdicts[i].outcome);
  ck_assert_int_eq(record->error, verdicts[i].error);
  ck_assert_uint_eq(record->failed, verdicts[i].failed);
  ck_assert_uint_eq(record->connections, 1);
}

START_TEST(a_destroyed_socket_settles_its_pending_connect)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 11);
  PnatSocketEnd end = verdict_end(_i, 11, 100);
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  assert_verdict(the_end(&stage), _i);
  stage_close(&stage);
}
END_TEST

START_TEST(a_destroyed_socket_that_was_never_asked_settles_it_by_its_peer)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 0);
  PnatSocketEnd end = verdict_end(_i, 11, 100);
  told_end(&stage, &end);
  exits(&stage, &curl, 110);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  assert_verdict(the_end(&stage), _i);
  stage_close(&stage);
}
END_TEST

START_TEST(an_end_that_is_told_before_its_connect_settles_it)
{
  Stage stage;
  stage_open(&stage);
  PnatSocketEnd end = verdict_end(_i, 11, 1);
  told_end(&stage, &end);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 0);
  lives_until(&stage, 3000);
  assert_verdict(the_end(&stage), _i);
  stage_close(&stage);
}
END_TEST

START_TEST(what_was_settled_before_is_not_settled_again)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 11);
  transfers_here(&stage, &curl, 10, PNAT_CALL_SEND, 3, NULL); /* it was connected */
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.state = PNAT_SOCKET_FAILED; /* can not be; must not count */
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  ck_assert_uint_eq(the_end(&stage)->failed, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_pending_connect_found_connected_is_settled)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 11);
  pnat_tracker_socket_connected(stage.tracker, 99);
  lives_until(&stage, 5000);
  ck_assert_int_eq(record_at(&stage, 0)->record.outcome, PNAT_OUTCOME_PENDING); /* the start record */
  pnat_tracker_socket_connected(stage.tracker, 11);
  pnat_tracker_socket_connected(stage.tracker, 11);
  PnatSocketEnd end = verdict_end(1, 11, 6000); /* and reset later */
  told_end(&stage, &end);
  lives_until(&stage, 9000);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  ck_assert_uint_eq(the_end(&stage)->failed, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connect_that_was_answered_by_the_time_it_was_asked_is_ok)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_CONNECT, 3, -EINPROGRESS);
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 40000, PEER, 443 };
  towards(&event, PEER, 443);
  ask(&event, &answer);
  happen(&stage, &event);
  exits(&stage, &curl, 100);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  stage_close(&stage);
}
END_TEST

/* As glib, Go and node do: poll, and then ask by another connect. */
START_TEST(a_connect_that_was_answered_and_is_then_asked_about_is_one)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_CONNECT, 3, -EINPROGRESS);
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 }; /* by the time it is asked */
  towards(&event, PEER, 443);
  ask(&event, &answer);
  happen(&stage, &event);
  connects_here(&stage, &curl, 10, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  lives_until(&stage, 2000);
  ck_assert_uint_eq(the_end(&stage)->connections, 1);
  ck_assert_uint_eq(the_end(&stage)->calls, 2);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connect_of_a_connected_socket_names_no_peer)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_CONNECT, 3, -EISCONN);
  towards(&event, OTHER_PEER, 443);
  ask(&event, NULL);
  happen(&stage, &event);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 1);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 0);
  ask(&event, &answer);
  happen(&stage, &event);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&the_end(&stage)->remote, text), PEER);
  ck_assert_uint_eq(the_end(&stage)->connections, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(an_accept_that_lay_unread_began_when_it_was_logged_at_the_latest)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &nc, 5000, 3, 0, 11); /* logged before */
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_ACCEPT, 3, 4);
  towards(&event, PEER, 5000);
  ask(&event, NULL);
  happen(&stage, &event);
  exits(&stage, &curl, 9000);
  lives_until(&stage, 10000);
  ck_assert_int_eq(the_end(&stage)->start, T0 + 5000);
  stage_close(&stage);
}
END_TEST

START_TEST(each_of_several_pending_connects_is_settled_once)
{
  Stage stage;
  stage_open(&stage);
  for (guint i = 0; i < 4; i++)
    connects_here(&stage, &curl, i, (gint)(3 + i), -EINPROGRESS, 11 + i);
  for (guint i = 0; i < 4; i++) {
    PnatSocketEnd end = verdict_end(i < 3 ? 1 : 3, 11 + i, 100);
    told_end(&stage, &end);
  }
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->failed, 3);
  ck_assert_uint_eq(the_end(&stage)->connections, 4);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_PENDING); /* of one nothing is known */
  stage_close(&stage);
}
END_TEST

START_TEST(a_refused_connect_is_not_watched)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -ECONNREFUSED, 0);
  socket_closes(&stage, 100, 11);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(stage.records->len, 0); /* nothing to close */
  exits(&stage, &curl, 3000);
  lives_until(&stage, 4000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_FAILED);
  stage_close(&stage);
}
END_TEST

/* Close and exit. */

static const struct {
  gint64 closed; /* event time; told in this order */
  gint64 exited;
  PnatReason reason;
  gint64 end;
} orders[] = {
  { 100, 500, PNAT_REASON_CLOSE, 100 },
  { 499, 500, PNAT_REASON_CLOSE, 499 },
  { 501, 500, PNAT_REASON_EXIT, 500 },
  { 900, 500, PNAT_REASON_EXIT, 500 },
};

START_TEST(a_flow_ends_by_whichever_came_first_close_or_exit)
{
  for (guint told_first = 0; told_first < 2; told_first++)
    for (guint64 cookie = 0; cookie <= 11; cookie += 11) { /* asked or not */
      Stage stage;
      stage_open(&stage);
      connects_here(&stage, &curl, 0, 3, 0, cookie);
      PnatSocketEnd end = socket_end(11, orders[_i].closed);
      if (told_first == 0)
        pnat_tracker_socket_ended(stage.tracker, &end, T0 + 900);
      stage.now = T0 + 900;
      exits(&stage, &curl, orders[_i].exited);
      if (told_first != 0)
        pnat_tracker_socket_ended(stage.tracker, &end, T0 + 900);
      lives_until(&stage, 5000);
      ck_assert_int_eq(the_end(&stage)->reason, orders[_i].reason);
      ck_assert_int_eq(the_end(&stage)->end, T0 + orders[_i].end);
      stage_close(&stage);
    }
}
END_TEST

START_TEST(a_socket_shared_over_fork_outlives_the_parents_exit)
{
  static const Actor child = { NULL, 101, 100, 1, "/usr/bin/curl" };
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  transfers_here(&stage, &child, 50, PNAT_CALL_SEND, 3, &answer);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_uint_eq(the_end(&stage)->pid, 100);
  socket_closes(&stage, 3000, 11);
  lives_until(&stage, 5000);
  const PnatRecord *record = &record_at(&stage, 1)->record;
  ck_assert_uint_eq(record->pid, 101);
  ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(record->end, T0 + 3000);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_EXACT); /* the socket itself was asked */
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_OUT);
  stage_close(&stage);
}
END_TEST

START_TEST(a_socket_kept_over_execve_closes_in_both_programs)
{
  static const Actor after = { NULL, 100, 50, 1, "/usr/bin/nc" };
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  transfers_here(&stage, &after, 50, PNAT_CALL_SEND, 3, &answer);
  socket_closes(&stage, 100, 11);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  for (guint i = 0; i < 2; i++)
    ck_assert_int_eq(record_at(&stage, i)->record.reason, PNAT_REASON_CLOSE);
  ck_assert_str_ne(record_at(&stage, 0)->exe, record_at(&stage, 1)->exe);
  stage_close(&stage);
}
END_TEST

START_TEST(a_number_leads_nowhere_once_its_socket_is_destroyed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  transfers_here(&stage, &curl, 200, PNAT_CALL_SEND, 3, NULL);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 1);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->calls, 1);
  stage_close(&stage);
}
END_TEST

/* Inbound. */

START_TEST(an_accept_without_an_address_is_known_by_its_socket)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 22, OTHER_PEER, 40000 };
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
  ask(&event, &answer);
  happen(&stage, &event);
  transfers_here(&stage, &nc, 10, PNAT_CALL_RECV, 4, NULL);
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.local = address(HERE, 22);
  end.tx = end.rx = -1;
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  const PnatRecord *record = the_end(&stage);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_IN);
  ck_assert_str_eq(pnat_address_text(&record->remote, text), OTHER_PEER);
  ck_assert_uint_eq(record->remote.port, 40000);
  ck_assert_uint_eq(record->local.port, 22);
  ck_assert_uint_eq(record->proto, IPPROTO_TCP);
  ck_assert_int_eq(record->rx, 100);
  ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
  stage_close(&stage);
}
END_TEST

START_TEST(an_accept_without_an_address_or_an_answer_is_counted_to_no_one)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
  ask(&event, NULL);
  happen(&stage, &event);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).flows, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(an_accepted_connection_that_is_over_has_its_listeners_port)
{
  Answer listener = { 0, IPPROTO_TCP, PNAT_SOCKET_STATE_UNKNOWN, 22, NULL, 0 };
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &nc, 0, PNAT_CALL_ACCEPT, 3, 4);
  towards(&event, OTHER_PEER, 40000);
  ask(&event, &listener);
  happen(&stage, &event);
  PnatSocketEnd end = socket_end(99, 50);
  end.socket.local = address(HERE, 22);
  end.socket.remote = address(OTHER_PEER, 40000);
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->local.port, 22);
  ck_assert_uint_eq(the_end(&stage)->proto, IPPROTO_TCP);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(the_end(&stage)->rx, 20);
  stage_close(&stage);
}
END_TEST

START_TEST(ports_of_one_server_are_flows_of_their_own)
{
  Stage stage;
  stage_open(&stage);
  for (guint i = 0; i < 4; i++) {
    PnatEvent event = call_of(&stage, &nc, i, PNAT_CALL_ACCEPT, 3, (gint64)(4 + i));
    Answer answer = { 11 + i, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, i < 2 ? 80 : 443, OTHER_PEER, (guint16)(40000 + i) };
    towards(&event, OTHER_PEER, (guint16)(40000 + i));
    ask(&event, &answer);
    happen(&stage, &event);
  }
  exits(&stage, &nc, 100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_uint_eq(record_at(&stage, 0)->record.local.port, 80);
  ck_assert_uint_eq(record_at(&stage, 1)->record.local.port, 443);
  ck_assert_uint_eq(record_at(&stage, 1)->record.connections, 2);
  stage_close(&stage);
}
END_TEST

/* What the end alone tells. */

START_TEST(a_connection_too_short_to_be_asked_has_its_numbers_from_its_end)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  socket_closes(&stage, 2, 4711);
  exits(&stage, &curl, 5);
  lives_until(&stage, 3000);
  const PnatRecord *record = the_end(&stage);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_uint_eq(record->proto, IPPROTO_TCP);
  ck_assert_str_eq(pnat_address_text(&record->local, text), HERE);
  ck_assert_uint_eq(record->local.port, 4711);
  ck_assert_int_eq(record->tx, 10);
  ck_assert_int_eq(record->rx, 20);
  stage_close(&stage);
}
END_TEST

/* On a busy host what the kernel tells of sockets is read late. */
START_TEST(an_end_that_is_told_late_is_the_only_connections_to_that_peer)
{
  for (guint others = 0; others < 2; others++) {
    Stage stage;
    stage_open(&stage);
    connects_here(&stage, &curl, 0, 3, 0, 0);
    if (others > 0)
      connects_here(&stage, &nc, 0, 3, 0, 0);
    exits(&stage, &curl, 5);
    socket_closes(&stage, 250, 4711);
    lives_until(&stage, 3000);
    const PnatRecord *record = the_end(&stage);
    ck_assert_int_eq(record->reason, PNAT_REASON_EXIT);
    ck_assert_int_eq(record->end, T0 + 5);
    ck_assert_uint_eq(record->local.port, others == 0 ? 4711 : 0);
    ck_assert_int_eq(record->tx, others == 0 ? 10 : -1);
    stage_close(&stage);
  }
}
END_TEST

START_TEST(ends_that_are_told_late_are_all_the_connections_to_that_peer)
{
  for (guint strange = 0; strange < 2; strange++) { /* an end of a socket that nobody follows is among them */
    Stage stage;
    stage_open(&stage);
    for (guint i = 0; i < 3; i++)
      connects_here(&stage, &curl, i, 3, 0, 0);
    exits(&stage, &curl, 5);
    for (guint i = 0; i < 3 + strange; i++)
      socket_closes(&stage, 250 + i, 4711 + i);
    lives_until(&stage, 3000);
    const PnatRecord *record = the_end(&stage);
    ck_assert_int_eq(record->end, T0 + 5);
    ck_assert_uint_eq(record->connections, 3);
    ck_assert_int_eq(record->tx, strange == 0 ? 30 : -1);
    stage_close(&stage);
  }
}
END_TEST

/* The one that was asked is closed as soon as that is told, the other when it is clear whose end it was. */
START_TEST(a_flow_is_closed_with_the_last_of_its_connections_in_whatever_order_that_is_known)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  socket_closes(&stage, 100, 4711);
  connects_here(&stage, &curl, 110, 3, 0, 12);
  socket_closes(&stage, 200, 12);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 200);
  stage_close(&stage);
}
END_TEST

START_TEST(connections_that_were_asked_and_that_were_not_are_one_flow)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, _i == 0 ? 11 : 0);
  connects_here(&stage, &curl, 10, 4, 0, _i == 0 ? 0 : 12);
  exits(&stage, &curl, 100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->connections, 2);
  ck_assert_uint_eq(the_end(&stage)->proto, IPPROTO_TCP);
  stage_close(&stage);
}
END_TEST

START_TEST(the_same_peer_in_two_processes_is_not_guessed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  connects_here(&stage, &nc, 0, 3, 0, 0);
  socket_closes(&stage, 100, 99);
  lives_until(&stage, 10000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  exits(&stage, &curl, 10000);
  exits(&stage, &nc, 10000);
  lives_until(&stage, 12000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  for (guint i = 0; i < stage.records->len; i++)
    if (record_at(&stage, i)->record.kind == PNAT_RECORD_END)
      ck_assert_int_eq(record_at(&stage, i)->record.tx, -1);
  stage_close(&stage);
}
END_TEST

START_TEST(another_hosts_connection_is_not_closed_by_a_socket_of_this_one)
{
  static const Actor there = { "web2", 100, 50, 1, "/usr/bin/curl" };
  Stage stage;
  stage_open(&stage);
  connects(&stage, &there, 0, 3, PEER, 443, 0);
  socket_closes(&stage, 100, 99);
  is_gone(&stage, &there, 200);
  lives_until(&stage, 4000);
  ck_assert_uint_eq(stage.records->len, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(this_hosts_events_are_one_host_with_and_without_its_name)
{
  static const Actor named = { "here.example.org", 100, 50, 1, "/usr/bin/curl" };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &named, 0, 3, 0, 11);
  PnatEvent exit = event_of(&stage, &curl, 100, PNAT_EVENT_EXIT);
  exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_str_eq(record_at(&stage, 0)->host, "here.example.org");
  stage_close(&stage);
}
END_TEST

/* Datagrams. */

START_TEST(a_datagram_socket_is_asked_once)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent send = call_of(&stage, &curl, 0, PNAT_CALL_SEND, 3, 10);
  towards(&send, PEER, 53);
  ask(&send, NULL);
  ck_assert(pnat_tracker_wants_socket(stage.tracker, &send));
  datagram_here(&stage, &curl, 0, PNAT_CALL_SEND, PEER, 11);
  ck_assert(!pnat_tracker_wants_socket(stage.tracker, &send));
  datagram_here(&stage, &curl, 1, PNAT_CALL_RECV, PEER, 0);
  ck_assert(!pnat_tracker_wants_socket(stage.tracker, &send));
  send.fd = 4;
  ck_assert(pnat_tracker_wants_socket(stage.tracker, &send));
  send.fd = 3;
  send.who.exe = "/usr/bin/other"; /* its flow must be kept open by the socket too */
  ck_assert(pnat_tracker_wants_socket(stage.tracker, &send));
  stage_close(&stage);
}
END_TEST

START_TEST(an_unconnected_datagram_sockets_end_ends_all_its_flows)
{
  Stage stage;
  stage_open(&stage);
  datagram_here(&stage, &curl, 0, PNAT_CALL_SEND, PEER, 11);
  datagram_here(&stage, &curl, 1, PNAT_CALL_SEND, OTHER_PEER, 11);
  datagram_here(&stage, &curl, 2, PNAT_CALL_RECV, PEER, 11);
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.proto = IPPROTO_UDP;
  end.socket.remote = (PnatAddress){ 0 };
  end.tx = end.rx = -1;
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
    ck_assert_int_eq(record->end, T0 + 100);
    ck_assert_uint_eq(record->proto, IPPROTO_UDP);
    ck_assert_int_eq(record->tx, 100);
    ck_assert_uint_eq(record->connections, 0);
  }
  ck_assert_int_eq(record_at(&stage, 0)->record.rx, 100);
  stage_close(&stage);
}
END_TEST

START_TEST(a_second_peer_of_a_datagram_socket_is_held_open_by_it_too)
{
  Stage stage;
  stage_open(&stage);
  datagram_here(&stage, &curl, 0, PNAT_CALL_SEND, PEER, 11);
  datagram_here(&stage, &curl, 1, PNAT_CALL_SEND, OTHER_PEER, 11); /* asked again: it is the first to that peer */
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.proto = IPPROTO_UDP;
  end.socket.remote = (PnatAddress){ 0 };
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  stage_close(&stage);
}
END_TEST

START_TEST(a_descriptor_nobody_saw_made_leads_to_its_sockets_peer)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 40000, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  transfers_here(&stage, &curl, 0, PNAT_CALL_SEND, 9, &answer);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&the_end(&stage)->remote, text), PEER);
  ck_assert_int_eq(the_end(&stage)->direction, PNAT_DIRECTION_UNKNOWN); /* who began, it does not tell */
  ck_assert_int_eq(the_end(&stage)->tx, 100);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_number_used_again_for_another_socket_leads_to_the_new_peer)
{
  Answer answer = { 12, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 40001, OTHER_PEER, 80 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent event = call_of(&stage, &curl, 10, PNAT_CALL_SEND, 3, 100); /* of a dup2(2), which is not audited */
  event.who.exe = "/usr/bin/curl";
  ask(&event, &answer);
  happen(&stage, &event);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 0)->record.tx, -1);
  ck_assert_uint_eq(record_at(&stage, 1)->record.remote.port, 80);
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 100);
  stage_close(&stage);
}
END_TEST

/* A send with an address, on a socket that @answer tells of. */
static void
sends_towards(Stage *stage, gint64 at, gint64 value, const char *ip, const Answer *answer)
{
  PnatEvent event = call_of(stage, &curl, at, PNAT_CALL_SEND, 3, value);
  towards(&event, ip, 443);
  ask(&event, answer);
  happen(stage, &event);
}

/* The connect could not be asked, and the number may have led to the socket that answers now before the send, or after. */
START_TEST(a_datagram_on_a_number_of_a_connection_that_was_not_asked_goes_to_its_address)
{
  const Answer datagrams = { 12, IPPROTO_UDP, PNAT_SOCKET_STATE_UNKNOWN, 40001, NULL, 0 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  sends_towards(&stage, 10, 100, OTHER_PEER, &datagrams);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_int_eq(record_at(&stage, 0)->record.tx, -1);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&record_at(&stage, 1)->record.remote, text), OTHER_PEER);
  ck_assert_uint_eq(record_at(&stage, 1)->record.proto, IPPROTO_UDP);
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 100);
  stage_close(&stage);
}
END_TEST

START_TEST(an_address_names_no_peer_on_a_number_that_is_connected_again_either)
{
  const Answer answer = { 12, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 12, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 20, 11);
  connects_here(&stage, &curl, 30, 3, 0, 12);
  sends_towards(&stage, 40, 100, OTHER_PEER, _i == 0 ? &answer : NULL);
  lives_until(&stage, 60000);
  sends_towards(&stage, 60010, 100, OTHER_PEER, _i == 0 ? &answer : NULL);
  exits(&stage, &curl, 61000);
  lives_until(&stage, 64000);
  for (guint i = 0; i < stage.records->len; i++) {
    char text[PNAT_ADDRESS_TEXT];
    ck_assert_str_eq(pnat_address_text(&record_at(&stage, i)->record.remote, text), PEER);
  }
  stage_close(&stage);
}
END_TEST

/* When a socket was destroyed is known as it is read: events of calls after that may seem to be from before. */
START_TEST(a_datagram_on_a_number_whose_connection_is_closed_by_now_goes_to_its_address)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatSocketEnd end = socket_end(11, 20);
  told_end(&stage, &end);
  sends_towards(&stage, 15, 100, OTHER_PEER, NULL);
  exits(&stage, &curl, 100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&record_at(&stage, 1)->record.remote, text), OTHER_PEER);
  ck_assert_int_eq(record_at(&stage, 1)->record.tx, 100);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connection_opened_by_its_first_send_is_one_that_began_here)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  sends_towards(&stage, 0, 100, PEER, &answer); /* TCP Fast Open */
  sends_towards(&stage, 50, 100, PEER, &answer); /* on it, where the address means nothing */
  socket_closes(&stage, 100, 11);
  answer.cookie = answer.local_port = 12;
  sends_towards(&stage, 110, 100, PEER, &answer); /* another, on the same number */
  socket_closes(&stage, 200, 12);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->direction, PNAT_DIRECTION_OUT);
  ck_assert_uint_eq(the_end(&stage)->connections, 2);
  ck_assert_uint_eq(the_end(&stage)->calls, 3);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  ck_assert_int_eq(the_end(&stage)->tx, 20);
  stage_close(&stage);
}
END_TEST

START_TEST(a_first_send_in_progress_is_a_pending_connect)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTING, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  sends_towards(&stage, 0, -EINPROGRESS, PEER, &answer);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->direction, PNAT_DIRECTION_OUT);
  ck_assert_uint_eq(the_end(&stage)->connections, 1);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_PENDING);
  stage_close(&stage);
}
END_TEST

START_TEST(an_address_that_the_kernel_ignores_names_no_peer)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  sends_towards(&stage, 10, 100, OTHER_PEER, &answer);
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(&the_end(&stage)->remote, text), PEER);
  ck_assert_uint_eq(the_end(&stage)->calls, 2);
  stage_close(&stage);
}
END_TEST

/* Which descriptors are asked. */

static const struct {
  PnatCall call;
  gint fd;
  gint64 value;
  PnatSaddr saddr;
  gboolean wanted;
} questions[] = {
  { PNAT_CALL_CONNECT, 3, 0, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_CONNECT, 3, -EINPROGRESS, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_CONNECT, 3, -EINTR, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_CONNECT, 3, -EISCONN, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_CONNECT, 3, -ECONNREFUSED, PNAT_SADDR_INET, FALSE },
  { PNAT_CALL_CONNECT, 3, 0, PNAT_SADDR_OTHER, FALSE },
  { PNAT_CALL_CONNECT, 3, 0, PNAT_SADDR_UNSPEC, FALSE },
  { PNAT_CALL_CONNECT, 3, 0, PNAT_SADDR_NONE, FALSE },
  { PNAT_CALL_CONNECT, -1, 0, PNAT_SADDR_INET, FALSE }, /* io_uring */
  { PNAT_CALL_ACCEPT, 3, 4, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_ACCEPT, 3, 4, PNAT_SADDR_NONE, TRUE },
  { PNAT_CALL_ACCEPT, 3, -EAGAIN, PNAT_SADDR_NONE, FALSE },
  { PNAT_CALL_ACCEPT, -1, 0, PNAT_SADDR_INET, FALSE },
  { PNAT_CALL_SEND, 3, 10, PNAT_SADDR_NONE, TRUE },
  { PNAT_CALL_SEND, 3, 10, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_SEND, 3, -EAGAIN, PNAT_SADDR_NONE, FALSE },
  { PNAT_CALL_SEND, 3, -EBADF, PNAT_SADDR_NONE, FALSE },
  { PNAT_CALL_SEND, 3, -EINPROGRESS, PNAT_SADDR_INET, TRUE }, /* TCP Fast Open */
  { PNAT_CALL_SEND, 3, -EPIPE, PNAT_SADDR_NONE, TRUE },
  { PNAT_CALL_RECV, 3, 10, PNAT_SADDR_NONE, TRUE },
  { PNAT_CALL_RECV, 3, -EINTR, PNAT_SADDR_NONE, FALSE },
  { PNAT_CALL_SENDMM, 3, 2, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_RECVMM, 3, 2, PNAT_SADDR_INET, TRUE },
  { PNAT_CALL_SOCKET, -1, 3, PNAT_SADDR_NONE, FALSE },
};

START_TEST(a_descriptor_is_asked_where_the_answer_is_of_use)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, questions[_i].call, questions[_i].fd, questions[_i].value);
  event.local = TRUE;
  if (questions[_i].saddr == PNAT_SADDR_INET)
    towards(&event, PEER, 443);
  event.saddr = questions[_i].saddr;
  ck_assert_int_eq(pnat_tracker_wants_socket(stage.tracker, &event), questions[_i].wanted);
  stage_close(&stage);
}
END_TEST

START_TEST(an_exit_has_no_socket)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = event_of(&stage, &curl, 0, PNAT_EVENT_EXIT);
  event.fd = 3;
  ck_assert(!pnat_tracker_wants_socket(stage.tracker, &event));
  stage_close(&stage);
}
END_TEST

START_TEST(a_connected_descriptor_that_was_asked_is_not_asked_for_its_transfers)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &curl, 0, 4, 0, 0);
  PnatEvent event = call_of(&stage, &curl, 1, PNAT_CALL_SEND, 3, 10);
  ck_assert(!pnat_tracker_wants_socket(stage.tracker, &event));
  event.fd = 4; /* was not to be had */
  ck_assert(pnat_tracker_wants_socket(stage.tracker, &event));
  stage_close(&stage);
}
END_TEST

/* Ends of processes. */

START_TEST(a_process_that_is_gone_without_an_exit_was_killed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  ck_assert_uint_eq(stage.records->len, 0);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

/* The kernel closes a killed process's sockets just before its pidfd tells of its end. */
START_TEST(a_killed_processs_sockets_do_not_make_it_a_close)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 499, 11);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  stage_close(&stage);
}
END_TEST

START_TEST(an_exit_that_comes_after_the_process_was_found_gone_is_an_exit)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  PnatEvent exit = event_of(&stage, &curl, 495, PNAT_EVENT_EXIT);
  exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 495);
  stage_close(&stage);
}
END_TEST

START_TEST(the_exit_of_the_next_process_with_the_pid_does_not_excuse_a_kill)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  PnatEvent exit = event_of(&stage, &curl, 600, PNAT_EVENT_EXIT); /* it ran and ended within the settling time */
  exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_and_then_gone_was_an_exit)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  thread_exits(&stage, &curl, 300);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 300);
  stage_close(&stage);
}
END_TEST

/* Its worker ended early, and what it sent since made no event. */
START_TEST(a_lone_exit_long_before_it_was_gone_was_a_threads)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent exit = event_of(&stage, &curl, 1000, PNAT_EVENT_EXIT);
  exit.thread_only = TRUE;
  exit.local = TRUE;
  happen(&stage, &exit);
  is_gone(&stage, &curl, 3600000);
  lives_until(&stage, 3602000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 3600000);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_of_a_process_that_lives_is_not_its_end_at_shutdown)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent exit = event_of(&stage, &curl, 1000, PNAT_EVENT_EXIT);
  exit.thread_only = TRUE;
  exit.local = TRUE;
  happen(&stage, &exit);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_SHUTDOWN, T0 + 5000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_SHUTDOWN);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 5000);
  stage_close(&stage);
}
END_TEST

START_TEST(an_init_in_a_container_does_not_end_what_is_watched)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent boot = event_of(&stage, &nc, 1000, PNAT_EVENT_BOOT);
  boot.here = boot.local = TRUE;
  happen(&stage, &boot);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  pnat_tracker_booted(stage.tracker, T0 + 2000); /* another boot id */
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REBOOT);
  stage_close(&stage);
}
END_TEST

/* Local tracking was given up, by a SIGHUP or a restart: nobody would tell of its end. */
START_TEST(a_process_that_is_not_watched_any_more_ends_idle)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.idle_timeout = 2000;
  stage_open_with(&stage, &options);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  lives_until(&stage, 5000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  lives_until(&stage, 8000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_IDLE);
  stage_close(&stage);
}
END_TEST

START_TEST(a_boot_ends_what_is_not_watched_any_more)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  PnatEvent boot = event_of(&stage, &nc, 1000, PNAT_EVENT_BOOT);
  boot.here = TRUE;
  happen(&stage, &boot);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REBOOT);
  stage_close(&stage);
}
END_TEST

/* A connection from a time without local tracking, before those that are watched or between them. */
START_TEST(a_flow_stays_open_with_a_connection_that_nobody_watched)
{
  Stage stage;
  stage_open(&stage);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  if (_i == 0)
    connects(&stage, &curl, 0, 4, PEER, 443, 0);
  pnat_tracker_set_watching(stage.tracker, TRUE);
  connects_here(&stage, &curl, 100, 3, 0, 11);
  if (_i == 1) {
    pnat_tracker_set_watching(stage.tracker, FALSE);
    connects(&stage, &curl, 200, 4, PEER, 443, 0);
    pnat_tracker_set_watching(stage.tracker, TRUE);
  }
  socket_closes(&stage, 1000, 11);
  lives_until(&stage, 4000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  is_gone(&stage, &curl, 5000);
  lives_until(&stage, 8000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  stage_close(&stage);
}
END_TEST

START_TEST(old_events_of_this_host_are_not_of_another_with_its_name)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_CONNECT, 3, 0);
  towards(&event, PEER, 443);
  event.node = "host";
  event.here = TRUE; /* too old to ask */
  happen(&stage, &event);
  PnatEvent exit = event_of(&stage, &curl, 100, PNAT_EVENT_EXIT);
  exit.node = "host";
  exit.here = exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 100);
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_that_was_seen_to_live_has_not_exited_before)
{
  Stage stage;
  stage_open(&stage);
  exits(&stage, &curl, 10000);
  connects_here(&stage, &curl, 5000, 3, 0, 11); /* the clock was set back, and the pid is another's */
  lives_until(&stage, 20000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_followed_by_activity_and_then_gone_was_a_kill)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  thread_exits(&stage, &curl, 300);
  transfers_here(&stage, &curl, 400, PNAT_CALL_SEND, 3, NULL);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  stage_close(&stage);
}
END_TEST

START_TEST(an_abend_is_a_kill_at_its_own_time)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent abend = event_of(&stage, &curl, 400, PNAT_EVENT_ABEND);
  abend.local = TRUE;
  abend.who.ppid = PNAT_ID_UNSET;
  happen(&stage, &abend);
  socket_closes(&stage, 450, 11);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 400);
  stage_close(&stage);
}
END_TEST

START_TEST(the_end_of_another_process_that_had_the_pid_is_nothing)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_process_gone(stage.tracker, curl.pid, 4711, T0 + 100, T0 + 100);
  pnat_tracker_process_gone(stage.tracker, 9999, start_of(&curl), T0 + 100, T0 + 100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(stage.records->len, 0);
  stage_close(&stage);
}
END_TEST

START_TEST(another_start_with_the_pid_is_another_process)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent event = call_of(&stage, &curl, 1000, PNAT_CALL_CONNECT, 3, 0); /* the same program, parent and session */
  towards(&event, PEER, 443);
  ask(&event, NULL);
  event.start++;
  happen(&stage, &event);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REUSE);
  exits(&stage, &curl, 1100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_uint_ne(record_at(&stage, 0)->record.entity, record_at(&stage, 1)->record.entity);
  stage_close(&stage);
}
END_TEST

START_TEST(the_same_start_is_the_same_process_whatever_else_is_new)
{
  static const Actor changed = { NULL, 100, 1234, 9, "/usr/bin/changed" };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &changed, 1000, 4, 0, 12);
  ck_assert_uint_eq(stage.records->len, 0);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(known_are_processes_that_have_something_to_lose)
{
  Stage stage;
  stage_open(&stage);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100));
  connects_here(&stage, &curl, 0, 3, 0, 11);
  ck_assert(pnat_tracker_knows(stage.tracker, 100));
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100));
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_without_a_flow_or_a_descriptor_is_not_kept)
{
  PnatTrackerOptions options = stage_options();
  g_autoptr(GPtrArray) exclude_exe = g_ptr_array_new();
  Stage stage;
  g_ptr_array_add(exclude_exe, (gpointer) "/usr/bin/curl");
  options.exclude_exe = exclude_exe;
  stage_open_with(&stage, &options);
  transfers_with(&stage, &curl, 0, PNAT_CALL_SEND, 3, PEER, 53);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100)); /* else its pidfd would be held as long as it lives */
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

/* Bounds. */

START_TEST(evicted_flows_take_their_connections_along)
{
  PnatTrackerOptions options = stage_options();
  options.max_flows = 10;
  options.start_after = G_MAXINT64;
  options.per_connection = TRUE;
  Stage stage;
  stage_open_with(&stage, &options);
  for (guint i = 0; i < 100; i++)
    connects_here(&stage, &curl, i, (gint)(3 + i), i % 2 == 0 ? 0 : -EINPROGRESS, i % 3 == 0 ? 0 : 1000 + i);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 90);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).evicted, 90);
  for (guint i = 0; i < 100; i++)
    socket_closes(&stage, 200, 1000 + i);
  lives_until(&stage, 10000);
  ck_assert_uint_le(count_records(&stage, PNAT_RECORD_END), 100);
  for (guint i = 0; i < 90; i++)
    ck_assert_int_eq(record_at(&stage, i)->record.reason, PNAT_REASON_EVICTED);
  stage_close(&stage);
}
END_TEST

START_TEST(an_evicted_flow_that_was_about_to_close_is_told_once)
{
  PnatTrackerOptions options = stage_options();
  options.max_flows = 1;
  Stage stage;
  stage_open_with(&stage, &options);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  connects(&stage, &curl, 200, 4, OTHER_PEER, 80, 0);
  exits(&stage, &curl, 300);
  lives_until(&stage, 5000);
  ck_assert_uint_eq(stage.records->len, 2);
  stage_close(&stage);
}
END_TEST

START_TEST(a_tracker_with_open_connections_is_freed_whole)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &curl, 0, 4, -EINPROGRESS, 0);
  connects_here(&stage, &nc, 0, 3, 0, 11);
  datagram_here(&stage, &nc, 0, PNAT_CALL_SEND, PEER, 12);
  socket_closes(&stage, 10, 77); /* waits to be matched */
  connects_here(&stage, &nc, 20, 5, 0, 13);
  socket_closes(&stage, 30, 12);
  exits(&stage, &nc, 40); /* waits to be settled */
  ck_assert_uint_gt(pnat_tracker_counts(stage.tracker).flows, 1);
  stage_close(&stage); /* the leak checker sees the rest */
}
END_TEST

START_TEST(a_finished_tracker_tells_each_open_flow_once)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &nc, 0, 3, 0, 12);
  socket_closes(&stage, 50, 12);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_SHUTDOWN, T0 + 100);
  ck_assert_uint_eq(stage.records->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->reason, record->pid == 100 ? PNAT_REASON_SHUTDOWN : PNAT_REASON_CLOSE);
    ck_assert_int_eq(record->end, T0 + (record->pid == 100 ? 100 : 50));
  }
  stage_close(&stage);
}
END_TEST

/* Losses. */

static const struct {
  gint64 from; /* of the loss; a flow lasts from 1000 to 2000 */
  gint64 to;
  gboolean gap;
} gaps[] = {
  { 0, 500, FALSE }, { 0, 1000, TRUE }, { 1200, 1300, TRUE }, { 0, 5000, TRUE }, { 2000, 2000, TRUE }, { 2500, 3000, FALSE },
};

START_TEST(a_loss_shows_in_the_flows_of_its_time)
{
  static const Actor there = { "web2", 300, 50, 1, "/usr/bin/curl" };
  Stage stage;
  stage_open(&stage);
  lives_until(&stage, 1000);
  connects_here(&stage, &curl, 1000, 3, 0, 11);
  connects(&stage, &there, 1000, 3, PEER, 443, 0);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 5, T0 + gaps[_i].from, T0 + gaps[_i].to);
  const PnatRecord *loss = &the_record(&stage, PNAT_RECORD_LOSS)->record;
  ck_assert_int_eq(loss->source, PNAT_LOSS_KERNEL);
  ck_assert_uint_eq(loss->lost, 5);
  ck_assert_int_eq(loss->start, T0 + gaps[_i].from);
  ck_assert_int_eq(loss->end, T0 + gaps[_i].to);
  ck_assert_str_eq(the_record(&stage, PNAT_RECORD_LOSS)->host, "here");
  exits(&stage, &curl, 2000);
  exits(&stage, &there, 2000);
  lives_until(&stage, 4000);
  for (guint i = 1; i < stage.records->len; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->gap, record->pid == curl.pid && gaps[_i].gap); /* another host's events were not lost */
  }
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  stage_close(&stage);
}
END_TEST

START_TEST(of_many_losses_none_is_forgotten)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_AUDITD, 1, T0 + 10, T0 + 20);
  for (guint i = 0; i < 200; i++)
    pnat_tracker_lost(stage.tracker, PNAT_LOSS_AUDITD, 1, T0 + 1000 + i * 10, T0 + 1001 + i * 10);
  exits(&stage, &curl, 100);
  lives_until(&stage, 4000);
  ck_assert(the_end(&stage)->gap);
  stage_close(&stage);
}
END_TEST

/* The first lasts longer than those that come later; it is joined with them. */
START_TEST(a_long_loss_is_not_cut_by_many_short_ones)
{
  Stage stage;
  stage_open(&stage);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 1, T0, T0 + 500000);
  for (guint i = 1; i <= 2 * PNAT_GAPS; i++)
    pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 1, T0 + i, T0 + i);
  connects_here(&stage, &curl, 400000, 3, 0, 11);
  exits(&stage, &curl, 401000);
  time_passes(&stage, 410000);
  ck_assert(the_end(&stage)->gap);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connection_found_open_while_its_connect_is_on_its_way_counts_once)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent found = call_of(&stage, &curl, 100, PNAT_CALL_CONNECT, 3, 0);
  const Answer answer = { 40000, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 40000, PEER, 443 };
  towards(&found, PEER, 443);
  ask(&found, &answer);
  found.snapshot = TRUE;
  happen(&stage, &found);
  connects_here(&stage, &curl, 50, 3, 0, _i == 0 ? 40000 : 0); /* the socket could be asked, or not any more */
  exits(&stage, &curl, 200);
  lives_until(&stage, 4000);
  const PnatRecord *record = the_end(&stage);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_EXACT);
  ck_assert_int_eq(record->start, T0 + 50);
  stage_close(&stage);
}
END_TEST

START_TEST(a_connection_found_open_is_the_one_that_could_not_be_asked)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  PnatEvent found = call_of(&stage, &curl, 100, PNAT_CALL_CONNECT, 7, 0); /* under another number */
  const Answer answer = { 40000, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 40000, PEER, 443 };
  towards(&found, PEER, 443);
  ask(&found, &answer);
  found.snapshot = TRUE;
  happen(&stage, &found);
  PnatSocketEnd end = socket_end(40000, 200);
  pnat_tracker_socket_ended(stage.tracker, &end, stage.now);
  lives_until(&stage, 4000);
  const PnatRecord *record = the_end(&stage);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_EXACT);
  ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(record->tx, 10);
  stage_close(&stage);
}
END_TEST

START_TEST(connections_that_were_never_asked_end_when_their_process_does_not_hold_them)
{
  Stage stage;
  stage_open(&stage);
  const PnatAddress peer = address(PEER, 443), other = address(PEER, 80);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  connects_here(&stage, &curl, 10, 4, 0, 0);
  pnat_tracker_unasked_ended(stage.tracker, curl.pid, &other, T0 + 500, T0 + 500);
  pnat_tracker_unasked_ended(stage.tracker, nc.pid, &peer, T0 + 500, T0 + 500);
  lives_until(&stage, 2000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  pnat_tracker_unasked_ended(stage.tracker, curl.pid, &peer, T0 + 2000, T0 + 2000);
  lives_until(&stage, 4000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 2000);
  stage_close(&stage);
}
END_TEST

static void
add_closing(TCase *tcase)
{
  tcase_add_test(tcase, a_flow_ends_when_its_only_socket_is_destroyed);
  tcase_add_test(tcase, an_open_connection_keeps_the_flow);
  tcase_add_test(tcase, a_new_connection_within_the_linger_keeps_the_flow);
  tcase_add_test(tcase, a_new_connection_after_the_linger_is_a_new_flow);
  tcase_add_test(tcase, a_late_call_on_a_closed_flow_is_within_its_frame);
  tcase_add_test(tcase, kept_apart_each_connection_closes_by_itself);
  tcase_add_loop_test(tcase, a_destroyed_socket_settles_its_pending_connect, 0, G_N_ELEMENTS(verdicts));
  tcase_add_loop_test(tcase, a_destroyed_socket_that_was_never_asked_settles_it_by_its_peer, 0, G_N_ELEMENTS(verdicts));
  tcase_add_loop_test(tcase, an_end_that_is_told_before_its_connect_settles_it, 0, G_N_ELEMENTS(verdicts));
  tcase_add_test(tcase, what_was_settled_before_is_not_settled_again);
  tcase_add_test(tcase, a_pending_connect_found_connected_is_settled);
  tcase_add_test(tcase, a_connect_that_was_answered_by_the_time_it_was_asked_is_ok);
  tcase_add_test(tcase, a_connect_that_was_answered_and_is_then_asked_about_is_one);
  tcase_add_test(tcase, a_connect_of_a_connected_socket_names_no_peer);
  tcase_add_test(tcase, an_accept_that_lay_unread_began_when_it_was_logged_at_the_latest);
  tcase_add_test(tcase, each_of_several_pending_connects_is_settled_once);
  tcase_add_test(tcase, a_refused_connect_is_not_watched);
  tcase_add_loop_test(tcase, a_flow_ends_by_whichever_came_first_close_or_exit, 0, G_N_ELEMENTS(orders));
  tcase_add_test(tcase, a_socket_shared_over_fork_outlives_the_parents_exit);
  tcase_add_test(tcase, a_socket_kept_over_execve_closes_in_both_programs);
  tcase_add_test(tcase, a_number_leads_nowhere_once_its_socket_is_destroyed);
}

static void
add_sockets(TCase *tcase)
{
  tcase_add_test(tcase, a_connection_found_open_is_the_one_that_could_not_be_asked);
  tcase_add_test(tcase, connections_that_were_never_asked_end_when_their_process_does_not_hold_them);
  tcase_add_loop_test(tcase, a_connection_found_open_while_its_connect_is_on_its_way_counts_once, 0, 2);
  tcase_add_test(tcase, an_accept_without_an_address_is_known_by_its_socket);
  tcase_add_test(tcase, an_accept_without_an_address_or_an_answer_is_counted_to_no_one);
  tcase_add_test(tcase, an_accepted_connection_that_is_over_has_its_listeners_port);
  tcase_add_test(tcase, ports_of_one_server_are_flows_of_their_own);
  tcase_add_test(tcase, a_connection_too_short_to_be_asked_has_its_numbers_from_its_end);
  tcase_add_test(tcase, a_flow_is_closed_with_the_last_of_its_connections_in_whatever_order_that_is_known);
  tcase_add_test(tcase, an_end_that_is_told_late_is_the_only_connections_to_that_peer);
  tcase_add_test(tcase, ends_that_are_told_late_are_all_the_connections_to_that_peer);
  tcase_add_loop_test(tcase, connections_that_were_asked_and_that_were_not_are_one_flow, 0, 2);
  tcase_add_test(tcase, the_same_peer_in_two_processes_is_not_guessed);
  tcase_add_test(tcase, another_hosts_connection_is_not_closed_by_a_socket_of_this_one);
  tcase_add_test(tcase, this_hosts_events_are_one_host_with_and_without_its_name);
  tcase_add_test(tcase, a_datagram_socket_is_asked_once);
  tcase_add_test(tcase, an_unconnected_datagram_sockets_end_ends_all_its_flows);
  tcase_add_test(tcase, a_second_peer_of_a_datagram_socket_is_held_open_by_it_too);
  tcase_add_test(tcase, a_descriptor_nobody_saw_made_leads_to_its_sockets_peer);
  tcase_add_test(tcase, a_number_used_again_for_another_socket_leads_to_the_new_peer);
  tcase_add_loop_test(tcase, an_address_names_no_peer_on_a_number_that_is_connected_again_either, 0, 2);
  tcase_add_test(tcase, a_datagram_on_a_number_whose_connection_is_closed_by_now_goes_to_its_address);
  tcase_add_test(tcase, a_datagram_on_a_number_of_a_connection_that_was_not_asked_goes_to_its_address);
  tcase_add_test(tcase, a_connection_opened_by_its_first_send_is_one_that_began_here);
  tcase_add_test(tcase, a_first_send_in_progress_is_a_pending_connect);
  tcase_add_test(tcase, an_address_that_the_kernel_ignores_names_no_peer);
  tcase_add_loop_test(tcase, a_descriptor_is_asked_where_the_answer_is_of_use, 0, G_N_ELEMENTS(questions));
  tcase_add_test(tcase, an_exit_has_no_socket);
  tcase_add_test(tcase, a_connected_descriptor_that_was_asked_is_not_asked_for_its_transfers);
}

static void
add_processes(TCase *tcase)
{
  tcase_add_test(tcase, a_process_that_is_gone_without_an_exit_was_killed);
  tcase_add_test(tcase, a_killed_processs_sockets_do_not_make_it_a_close);
  tcase_add_test(tcase, an_exit_that_comes_after_the_process_was_found_gone_is_an_exit);
  tcase_add_test(tcase, the_exit_of_the_next_process_with_the_pid_does_not_excuse_a_kill);
  tcase_add_test(tcase, a_lone_exit_and_then_gone_was_an_exit);
  tcase_add_test(tcase, a_lone_exit_long_before_it_was_gone_was_a_threads);
  tcase_add_test(tcase, a_lone_exit_of_a_process_that_lives_is_not_its_end_at_shutdown);
  tcase_add_test(tcase, an_init_in_a_container_does_not_end_what_is_watched);
  tcase_add_test(tcase, a_process_that_is_not_watched_any_more_ends_idle);
  tcase_add_test(tcase, a_boot_ends_what_is_not_watched_any_more);
  tcase_add_loop_test(tcase, a_flow_stays_open_with_a_connection_that_nobody_watched, 0, 2);
  tcase_add_test(tcase, old_events_of_this_host_are_not_of_another_with_its_name);
  tcase_add_test(tcase, a_process_that_was_seen_to_live_has_not_exited_before);
  tcase_add_test(tcase, a_lone_exit_followed_by_activity_and_then_gone_was_a_kill);
  tcase_add_test(tcase, an_abend_is_a_kill_at_its_own_time);
  tcase_add_test(tcase, the_end_of_another_process_that_had_the_pid_is_nothing);
  tcase_add_test(tcase, another_start_with_the_pid_is_another_process);
  tcase_add_test(tcase, the_same_start_is_the_same_process_whatever_else_is_new);
  tcase_add_test(tcase, known_are_processes_that_have_something_to_lose);
  tcase_add_test(tcase, a_process_without_a_flow_or_a_descriptor_is_not_kept);
  tcase_add_test(tcase, evicted_flows_take_their_connections_along);
  tcase_add_test(tcase, an_evicted_flow_that_was_about_to_close_is_told_once);
  tcase_add_test(tcase, a_tracker_with_open_connections_is_freed_whole);
  tcase_add_test(tcase, a_finished_tracker_tells_each_open_flow_once);
  tcase_add_test(tcase, a_long_loss_is_not_cut_by_many_short_ones);
  tcase_add_loop_test(tcase, a_loss_shows_in_the_flows_of_its_time, 0, G_N_ELEMENTS(gaps));
  tcase_add_test(tcase, of_many_losses_none_is_forgotten);
}

static Suite *
suite(void)
{
  Suite *suite = suite_create("tracker_local");
  TCase *closing = tcase_create("closing"), *sockets = tcase_create("sockets"), *processes = tcase_create("processes");
  add_closing(closing);
  add_sockets(sockets);
  add_processes(processes);
  suite_add_tcase(suite, closing);
  suite_add_tcase(suite, sockets);
  suite_add_tcase(suite, processes);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
