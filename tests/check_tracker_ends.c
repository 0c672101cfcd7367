/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: whose a destroyed socket was, and whose it was not.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "here.h"
#include "run.h"

static void
connects_to(Stage *stage, const Actor *actor, gint64 at, gint fd, gint64 value, const char *ip, const Answer *answer)
{
  PnatEvent event = call_of(stage, actor, at, PNAT_CALL_CONNECT, fd, value);
  towards(&event, ip, 443);
  ask(&event, answer);
  happen(stage, &event);
}

/* The record of the end of @actor's flow towards @ip. */
static const PnatRecord *
end_towards(const Stage *stage, const Actor *actor, const char *ip)
{
  const PnatRecord *found = NULL;
  PnatAddress remote = address(ip, 443);
  for (guint i = 0; i < stage->records->len; i++) {
    const PnatRecord *record = &record_at(stage, i)->record;
    if (record->kind == PNAT_RECORD_END && record->pid == actor->pid && pnat_address_same_host(&record->remote, &remote)) {
      ck_assert_ptr_null(found);
      found = record;
    }
  }
  ck_assert_ptr_nonnull(found);
  return found;
}

/* Ended by the process, its bytes and port unknown: nobody gave it another's. */
static void
assert_untold(const PnatRecord *record)
{
  ck_assert_int_ne(record->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(record->tx, -1);
  ck_assert_int_eq(record->rx, -1);
  ck_assert_uint_eq(record->local.port, 0);
}

static void
finish(Stage *stage)
{
  pnat_tracker_finish(stage->tracker, PNAT_REASON_SHUTDOWN, 0);
}

/* Known once. */

START_TEST(the_end_of_a_socket_whose_flow_has_gone_is_nobodys)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &nc, 100, 3, 0, 0);
  exits(&stage, &curl, 1000); /* a child holds the socket */
  lives_until(&stage, 5000);
  socket_closes(&stage, 5000, 11);
  lives_until(&stage, 9000);
  finish(&stage);
  assert_untold(end_towards(&stage, &nc, PEER));
  stage_close(&stage);
}
END_TEST

START_TEST(the_end_of_an_evicted_flows_socket_is_nobodys)
{
  for (guint64 cookie = 0; cookie <= 11; cookie += 11) { /* asked or not */
    PnatTrackerOptions options = stage_options();
    options.max_flows = 2;
    Stage stage;
    stage_open_with(&stage, &options);
    connects_here(&stage, &curl, 0, 3, 0, cookie);
    connects_to(&stage, &curl, 10, 4, 0, OTHER_PEER, NULL);
    connects_here(&stage, &nc, 100, 3, 0, 0);
    ck_assert_int_eq(end_towards(&stage, &curl, PEER)->reason, PNAT_REASON_EVICTED);
    socket_closes(&stage, 1000, 11);
    lives_until(&stage, 2000);
    finish(&stage);
    assert_untold(end_towards(&stage, &nc, PEER));
    stage_close(&stage);
  }
}
END_TEST

START_TEST(the_end_of_an_excluded_programs_socket_is_nobodys)
{
  for (guint64 cookie = 0; cookie <= 11; cookie += 11)
    for (gint64 end = 5; end <= 1000; end += 995) { /* told before its connect, or long after */
      PnatTrackerOptions options = stage_options();
      g_autoptr(GPtrArray) exclude_exe = g_ptr_array_new();
      Stage stage;
      g_ptr_array_add(exclude_exe, (gpointer) "/usr/bin/curl");
      options.exclude_exe = exclude_exe;
      stage_open_with(&stage, &options);
      connects_here(&stage, &nc, 0, 3, 0, 0);
      if (cookie == 0 && end == 5)
        socket_closes(&stage, end, 11);
      connects_here(&stage, &curl, 0, 3, 0, cookie);
      if (cookie != 0 || end != 5)
        socket_closes(&stage, end, 11);
      lives_until(&stage, 2000);
      finish(&stage);
      assert_untold(end_towards(&stage, &nc, PEER));
      stage_close(&stage);
    }
}
END_TEST

START_TEST(an_accept_of_an_excluded_program_makes_its_ends_nobodys)
{
  PnatTrackerOptions options = stage_options();
  g_autoptr(GPtrArray) exclude_exe = g_ptr_array_new();
  Stage stage;
  g_ptr_array_add(exclude_exe, (gpointer) "/usr/bin/curl");
  options.exclude_exe = exclude_exe;
  stage_open_with(&stage, &options);
  connects_here(&stage, &nc, 0, 3, 0, 0);
  PnatEvent accept = call_of(&stage, &curl, 10, PNAT_CALL_ACCEPT, 3, 4);
  towards(&accept, PEER, 443);
  ask(&accept, NULL);
  happen(&stage, &accept);
  socket_closes(&stage, 100, 11);
  lives_until(&stage, 2000);
  finish(&stage);
  assert_untold(end_towards(&stage, &nc, PEER));
  stage_close(&stage);
}
END_TEST

START_TEST(a_socket_that_was_found_closed_is_not_anothers_when_it_is_destroyed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &nc, 100, 3, 0, 0);
  PnatSocketEnd found = { .socket = { .cookie = 11 }, .time = T0 + 200, .tx = -1, .rx = -1 };
  told_end(&stage, &found);
  lives_until(&stage, 3000);
  socket_closes(&stage, 3000, 11);
  lives_until(&stage, 5000);
  finish(&stage);
  assert_untold(end_towards(&stage, &nc, PEER));
  stage_close(&stage);
}
END_TEST

/* Ambiguous once. */

START_TEST(what_was_ambiguous_does_not_become_anothers_when_a_flow_goes)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &nc, 0, 3, 0, 0);
  connects_here(&stage, &curl, 1000, 3, 0, 0);
  lives_until(&stage, 2000);
  socket_closes(&stage, 2000, 77);
  exits(&stage, &curl, 2001);
  lives_until(&stage, 3000);
  connects_here(&stage, &nc, 3000, 4, 0, 0);
  lives_until(&stage, 6000);
  finish(&stage);
  assert_untold(end_towards(&stage, &nc, PEER));
  stage_close(&stage);
}
END_TEST

/* Failed or not. */

START_TEST(a_connection_that_was_made_did_not_fail)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 0);
  lives_until(&stage, 4900);
  PnatSocketEnd end = socket_end(99, 5000); /* of somebody else's connect */
  end.socket.state = PNAT_SOCKET_FAILED;
  end.error = ETIMEDOUT;
  end.tx = end.rx = -1;
  told_end(&stage, &end);
  lives_until(&stage, 10000);
  finish(&stage);
  assert_untold(end_towards(&stage, &curl, PEER));
  ck_assert_int_eq(end_towards(&stage, &curl, PEER)->outcome, PNAT_OUTCOME_OK);
  stage_close(&stage);
}
END_TEST

static const struct {
  gint64 sent; /* what a send on the connection under way returned */
  gboolean may_fail;
} sends[] = { { 100, FALSE }, { -ECONNREFUSED, TRUE } };

START_TEST(a_connect_that_was_settled_may_have_failed_if_it_was_settled_so)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 0);
  PnatEvent send = call_of(&stage, &curl, 10, PNAT_CALL_SEND, 3, sends[_i].sent);
  ask(&send, NULL);
  happen(&stage, &send);
  PnatSocketEnd end = socket_end(99, 100);
  end.socket.state = PNAT_SOCKET_FAILED;
  end.tx = end.rx = -1;
  told_end(&stage, &end);
  lives_until(&stage, 3000);
  finish(&stage);
  ck_assert_int_eq(end_towards(&stage, &curl, PEER)->reason == PNAT_REASON_CLOSE, sends[_i].may_fail);
  ck_assert_uint_eq(end_towards(&stage, &curl, PEER)->failed, sends[_i].may_fail);
  stage_close(&stage);
}
END_TEST

/* One made, and one under way that fails: each gets its own, in whatever order the ends come. */
START_TEST(a_failed_end_is_the_one_under_ways)
{
  for (guint failed_first = 0; failed_first < 2; failed_first++) {
    Stage stage;
    stage_open(&stage);
    connects_here(&stage, &curl, 0, 3, 0, 0);
    connects_here(&stage, &curl, 1, 4, -EINPROGRESS, 0);
    PnatSocketEnd failed = socket_end(99, 100), made = socket_end(98, 100);
    failed.socket.state = PNAT_SOCKET_FAILED;
    failed.error = ECONNREFUSED;
    failed.tx = failed.rx = -1;
    told_end(&stage, failed_first != 0 ? &failed : &made);
    told_end(&stage, failed_first != 0 ? &made : &failed);
    lives_until(&stage, 3000);
    const PnatRecord *record = end_towards(&stage, &curl, PEER);
    ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
    ck_assert_uint_eq(record->failed, 1);
    ck_assert_int_eq(record->tx, 10);
    ck_assert_int_eq(record->outcome, PNAT_OUTCOME_OK);
    stage_close(&stage);
  }
}
END_TEST

/* Two connects on one number, of which the second one's socket answered for both. */

static const Answer on_its_way = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTING, 11, NULL, 0 };

START_TEST(the_end_of_the_next_socket_on_a_number_is_not_the_last_ones)
{
  for (guint made = 0; made < 2; made++) {
    Stage stage;
    stage_open(&stage);
    connects_to(&stage, &curl, 0, 3, made != 0 ? 0 : -EINPROGRESS, OTHER_PEER, &on_its_way);
    connects_to(&stage, &curl, 1, 3, -EINPROGRESS, PEER, &on_its_way);
    lives_until(&stage, 1000);
    socket_closes(&stage, 1000, 11);
    lives_until(&stage, 3000);
    ck_assert_int_eq(end_towards(&stage, &curl, PEER)->reason, PNAT_REASON_CLOSE);
    ck_assert_int_eq(end_towards(&stage, &curl, PEER)->outcome, PNAT_OUTCOME_OK);
    ck_assert_int_eq(end_towards(&stage, &curl, PEER)->tx, 10);
    finish(&stage);
    assert_untold(end_towards(&stage, &curl, OTHER_PEER));
    ck_assert_int_eq(end_towards(&stage, &curl, OTHER_PEER)->outcome, made != 0 ? PNAT_OUTCOME_OK : PNAT_OUTCOME_PENDING);
    stage_close(&stage);
  }
}
END_TEST

START_TEST(nor_does_it_tell_of_it_while_it_is_open)
{
  Stage stage;
  stage_open(&stage);
  connects_to(&stage, &curl, 0, 3, -EINPROGRESS, OTHER_PEER, &on_its_way);
  connects_to(&stage, &curl, 1, 3, -EINPROGRESS, PEER, &on_its_way);
  pnat_tracker_socket_connected(stage.tracker, 11);
  finish(&stage);
  ck_assert_int_eq(end_towards(&stage, &curl, PEER)->outcome, PNAT_OUTCOME_OK);
  ck_assert_int_eq(end_towards(&stage, &curl, OTHER_PEER)->outcome, PNAT_OUTCOME_PENDING);
  stage_close(&stage);
}
END_TEST

START_TEST(the_end_of_the_last_socket_on_a_number_is_found_by_its_peer)
{
  Stage stage;
  stage_open(&stage);
  PnatSocketEnd end = socket_end(10, 1);
  end.socket.remote = address(OTHER_PEER, 443);
  told_end(&stage, &end); /* the events are read later */
  connects_to(&stage, &curl, 0, 3, -EINPROGRESS, OTHER_PEER, &on_its_way);
  connects_to(&stage, &curl, 1, 3, -EINPROGRESS, PEER, &on_its_way);
  lives_until(&stage, 3000);
  const PnatRecord *record = end_towards(&stage, &curl, OTHER_PEER);
  ck_assert_int_eq(record->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(record->outcome, PNAT_OUTCOME_OK);
  ck_assert_int_eq(record->tx, 10);
  stage_close(&stage);
}
END_TEST

START_TEST(the_next_socket_may_be_of_a_connection_that_is_not_recorded)
{
  PnatTrackerOptions options = stage_options();
  g_autoptr(GArray) exclude = g_array_new(FALSE, FALSE, sizeof(PnatPrefix));
  PnatPrefix prefix;
  Stage stage;
  ck_assert(pnat_prefix_parse(&prefix, PEER, NULL));
  g_array_append_val(exclude, prefix);
  options.exclude = exclude;
  stage_open_with(&stage, &options);
  connects_to(&stage, &curl, 0, 3, -EINPROGRESS, OTHER_PEER, &on_its_way);
  connects_to(&stage, &curl, 1, 3, -EINPROGRESS, PEER, &on_its_way);
  socket_closes(&stage, 1000, 11);
  lives_until(&stage, 3000);
  finish(&stage);
  assert_untold(end_towards(&stage, &curl, OTHER_PEER));
  ck_assert_int_eq(end_towards(&stage, &curl, OTHER_PEER)->outcome, PNAT_OUTCOME_PENDING);
  stage_close(&stage);
}
END_TEST

static const struct {
  const char *asked; /* connect's address */
  const char *told;  /* the end's, NULL = none */
} spellings[] = {
  { "0.0.0.0", "127.0.0.1" }, { "::", "::1" }, { "::ffff:203.0.113.9", "203.0.113.9" }, { PEER, PEER }, { PEER, NULL },
};

START_TEST(a_peer_is_the_same_however_it_is_told)
{
  Stage stage;
  stage_open(&stage);
  connects_to(&stage, &curl, 0, 3, -EINPROGRESS, spellings[_i].asked, &on_its_way);
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.remote = spellings[_i].told != NULL ? address(spellings[_i].told, 443) : (PnatAddress){ 0 };
  told_end(&stage, &end);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  stage_close(&stage);
}
END_TEST

/* Where a host's network answers for another address, getpeername(2) and sock_diag may differ: the socket was asked, and said yes. */
START_TEST(a_socket_that_named_the_peer_is_believed)
{
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  Stage stage;
  stage_open(&stage);
  connects_to(&stage, &curl, 0, 3, 0, PEER, &answer);
  PnatSocketEnd end = socket_end(11, 100);
  end.socket.remote = address(OTHER_PEER, 8443);
  told_end(&stage, &end);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  stage_close(&stage);
}
END_TEST

/* Numbers used again. */

START_TEST(an_old_connections_end_leaves_the_new_connect_on_its_number_pending)
{
  for (guint other = 0; other < 2; other++) { /* peer */
    Stage stage;
    stage_open(&stage);
    connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 0);
    socket_closes(&stage, 10, 99);
    connects_to(&stage, &curl, 50, 3, -EINPROGRESS, other != 0 ? OTHER_PEER : PEER, NULL);
    lives_until(&stage, 10 + MATCH_AFTER); /* the first is closed */
    PnatEvent again = call_of(&stage, &curl, 1000, PNAT_CALL_CONNECT, 3, -ECONNREFUSED); /* asks how the second went */
    towards(&again, other != 0 ? OTHER_PEER : PEER, 443);
    ask(&again, NULL);
    happen(&stage, &again);
    finish(&stage);
    const PnatRecord *record = end_towards(&stage, &curl, other != 0 ? OTHER_PEER : PEER);
    ck_assert_uint_eq(record->connections, other != 0 ? 1 : 2);
    ck_assert_uint_eq(record->failed, 1);
    ck_assert_int_eq(record->outcome, other != 0 ? PNAT_OUTCOME_FAILED : PNAT_OUTCOME_OK);
    stage_close(&stage);
  }
}
END_TEST

START_TEST(a_connect_that_is_settled_leaves_the_last_one_on_its_number_pending)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, -EINPROGRESS, 0);
  connects_here(&stage, &curl, 500, 3, -EINPROGRESS, 0);
  transfers_here(&stage, &curl, 600, PNAT_CALL_SEND, 3, NULL); /* the second was made */
  PnatSocketEnd end = socket_end(99, 700);
  end.socket.state = PNAT_SOCKET_FAILED;
  end.error = ECONNREFUSED;
  end.tx = end.rx = -1;
  told_end(&stage, &end);
  socket_closes(&stage, 800, 98);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_CLOSE);
  ck_assert_uint_eq(the_end(&stage)->failed, 1);
  ck_assert_int_eq(the_end(&stage)->outcome, PNAT_OUTCOME_OK);
  stage_close(&stage);
}
END_TEST

static gdouble
cpu_seconds(void)
{
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (gdouble)time.tv_sec + (gdouble)time.tv_nsec / 1e9;
}

START_TEST(one_of_many_connections_is_settled_as_cheaply_as_one_of_few)
{
  Stage stage;
  stage_open(&stage);
  for (gint i = 0; i < 16000; i++)
    connects_here(&stage, &curl, 0, 3 + i, -EINPROGRESS, (guint64)(1000 + i));
  gdouble begun = cpu_seconds();
  for (gint i = 15999; i >= 0; i--) {
    transfers_here(&stage, &curl, 10, PNAT_CALL_SEND, 3 + i, NULL);
    ck_assert_msg(cpu_seconds() - begun < 1, "%d took a second of processor time", 16000 - i);
  }
  stage_close(&stage);
}
END_TEST

/* Local ports. */

static const struct {
  guint64 first; /* cookies, and ports: 0 = not asked */
  guint64 second;
  guint16 told; /* the port that the end of the first that was not asked tells; 0 = no end */
  guint16 port; /* of the record */
} ports[] = {
  { 11, 0, 0, 0 }, { 0, 11, 0, 0 }, { 0, 0, 0, 0 }, { 0, 0, 11, 0 }, /* of one nothing is known */
  { 11, 0, 12, 0 }, { 0, 11, 12, 0 },
  { 11, 0, 11, 11 }, { 0, 11, 11, 11 }, /* both had it */
};

START_TEST(a_local_port_is_of_all_connections_or_of_none)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, ports[_i].first);
  connects_here(&stage, &curl, 5, 4, 0, ports[_i].second);
  if (ports[_i].told != 0) {
    PnatSocketEnd end = socket_end(ports[_i].told, 100);
    end.socket.cookie = 99;
    told_end(&stage, &end);
  }
  lives_until(&stage, 3000);
  finish(&stage);
  ck_assert_uint_eq(the_end(&stage)->connections, 2);
  ck_assert_uint_eq(the_end(&stage)->local.port, ports[_i].port);
  stage_close(&stage);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("tracker_ends");
  TCase *tcase = tcase_create("ends");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, the_end_of_a_socket_whose_flow_has_gone_is_nobodys);
  tcase_add_test(tcase, the_end_of_an_evicted_flows_socket_is_nobodys);
  tcase_add_test(tcase, the_end_of_an_excluded_programs_socket_is_nobodys);
  tcase_add_test(tcase, an_accept_of_an_excluded_program_makes_its_ends_nobodys);
  tcase_add_test(tcase, a_socket_that_was_found_closed_is_not_anothers_when_it_is_destroyed);
  tcase_add_test(tcase, what_was_ambiguous_does_not_become_anothers_when_a_flow_goes);
  tcase_add_test(tcase, a_connection_that_was_made_did_not_fail);
  tcase_add_loop_test(tcase, a_connect_that_was_settled_may_have_failed_if_it_was_settled_so, 0, G_N_ELEMENTS(sends));
  tcase_add_test(tcase, a_failed_end_is_the_one_under_ways);
  tcase_add_test(tcase, the_end_of_the_next_socket_on_a_number_is_not_the_last_ones);
  tcase_add_test(tcase, nor_does_it_tell_of_it_while_it_is_open);
  tcase_add_test(tcase, the_end_of_the_last_socket_on_a_number_is_found_by_its_peer);
  tcase_add_test(tcase, the_next_socket_may_be_of_a_connection_that_is_not_recorded);
  tcase_add_loop_test(tcase, a_peer_is_the_same_however_it_is_told, 0, G_N_ELEMENTS(spellings));
  tcase_add_test(tcase, a_socket_that_named_the_peer_is_believed);
  tcase_add_test(tcase, an_old_connections_end_leaves_the_new_connect_on_its_number_pending);
  tcase_add_test(tcase, a_connect_that_is_settled_leaves_the_last_one_on_its_number_pending);
  tcase_add_test(tcase, one_of_many_connections_is_settled_as_cheaply_as_one_of_few);
  tcase_add_loop_test(tcase, a_local_port_is_of_all_connections_or_of_none, 0, G_N_ELEMENTS(ports));
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
