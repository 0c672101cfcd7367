/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: connections and connects under way, and what the end of their sockets tells of them.
 */
#include <errno.h>
#include <stdlib.h>

#include "here.h"
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

int
main(void)
{
  Suite *suite = suite_create("tracker_closing");
  TCase *tcase = tcase_create("tracker_closing");

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
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
