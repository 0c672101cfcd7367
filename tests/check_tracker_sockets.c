/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: whose connection it is that the kernel tells of.
 */
#include <stdlib.h>

#include "here.h"
#include "run.h"

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

int
main(void)
{
  Suite *suite = suite_create("tracker_sockets");
  TCase *tcase = tcase_create("tracker_sockets");

  tcase_add_test(tcase, an_accept_without_an_address_is_known_by_its_socket);
  tcase_add_test(tcase, an_accept_without_an_address_or_an_answer_is_counted_to_no_one);
  tcase_add_test(tcase, an_accepted_connection_that_is_over_has_its_listeners_port);
  tcase_add_test(tcase, ports_of_one_server_are_flows_of_their_own);
  tcase_add_test(tcase, a_connection_too_short_to_be_asked_has_its_numbers_from_its_end);
  tcase_add_test(tcase, an_end_that_is_told_late_is_the_only_connections_to_that_peer);
  tcase_add_test(tcase, ends_that_are_told_late_are_all_the_connections_to_that_peer);
  tcase_add_test(tcase, a_flow_is_closed_with_the_last_of_its_connections_in_whatever_order_that_is_known);
  tcase_add_loop_test(tcase, connections_that_were_asked_and_that_were_not_are_one_flow, 0, 2);
  tcase_add_test(tcase, the_same_peer_in_two_processes_is_not_guessed);
  tcase_add_test(tcase, another_hosts_connection_is_not_closed_by_a_socket_of_this_one);
  tcase_add_test(tcase, this_hosts_events_are_one_host_with_and_without_its_name);
  tcase_add_loop_test(tcase, a_connection_found_open_while_its_connect_is_on_its_way_counts_once, 0, 2);
  tcase_add_test(tcase, a_connection_found_open_is_the_one_that_could_not_be_asked);
  tcase_add_test(tcase, connections_that_were_never_asked_end_when_their_process_does_not_hold_them);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
