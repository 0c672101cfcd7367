/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: where descriptors lead to, and which of them are asked.
 */
#include <errno.h>
#include <stdlib.h>

#include "here.h"
#include "run.h"

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

int
main(void)
{
  Suite *suite = suite_create("tracker_descriptors");
  TCase *tcase = tcase_create("tracker_descriptors");

  tcase_add_test(tcase, a_datagram_socket_is_asked_once);
  tcase_add_test(tcase, an_unconnected_datagram_sockets_end_ends_all_its_flows);
  tcase_add_test(tcase, a_second_peer_of_a_datagram_socket_is_held_open_by_it_too);
  tcase_add_test(tcase, a_descriptor_nobody_saw_made_leads_to_its_sockets_peer);
  tcase_add_test(tcase, a_number_used_again_for_another_socket_leads_to_the_new_peer);
  tcase_add_test(tcase, a_datagram_on_a_number_of_a_connection_that_was_not_asked_goes_to_its_address);
  tcase_add_loop_test(tcase, an_address_names_no_peer_on_a_number_that_is_connected_again_either, 0, 2);
  tcase_add_test(tcase, a_datagram_on_a_number_whose_connection_is_closed_by_now_goes_to_its_address);
  tcase_add_test(tcase, a_connection_opened_by_its_first_send_is_one_that_began_here);
  tcase_add_test(tcase, a_first_send_in_progress_is_a_pending_connect);
  tcase_add_test(tcase, an_address_that_the_kernel_ignores_names_no_peer);
  tcase_add_loop_test(tcase, a_descriptor_is_asked_where_the_answer_is_of_use, 0, G_N_ELEMENTS(questions));
  tcase_add_test(tcase, an_exit_has_no_socket);
  tcase_add_test(tcase, a_connected_descriptor_that_was_asked_is_not_asked_for_its_transfers);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
