/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/connections: which connection a destroyed socket was. Times are ms; the tracker's clock and the events' agree, but for T0.
 */
#include "lib/connections.h"

#include <stdlib.h>
#include <time.h>

#include "flows.h"
#include "run.h"

#define PEER "192.0.2.1"

/* As in connections.c: when an end is matched by peer, and when it is forgotten. */
#define MATCH_AFTER 300
#define FORGET_AFTER 5000
#define MAX_ENDS 16384
#define MAX_CONNECTIONS (1024 * 1024)

typedef struct {
  PnatFlow *flow;
  PnatSocketEnd end;
} Closed;

typedef struct {
  Household household;
  PnatFlow *one; /* both to the same peer */
  PnatFlow *other;
  PnatConnections *connections;
  GArray *closed; /* of Closed */
} Bench;

static void
note_closed(PnatConnection *connection, const PnatSocketEnd *end, gpointer data)
{
  Closed closed = { connection->flow, *end };
  g_array_append_val(((Bench *)data)->closed, closed);
}

static PnatFlow *
flow_numbered(const Bench *bench, guint32 number)
{
  PnatFlowKey key = { .image = bench->household.image, .remote = ip(PEER, 443), .direction = PNAT_DIRECTION_OUT, .connection = number };
  return pnat_flow_new(&key);
}

static void
bench_open(Bench *bench)
{
  household_open(&bench->household);
  bench->one = flow_numbered(bench, 1);
  bench->other = flow_numbered(bench, 2);
  bench->closed = g_array_new(FALSE, FALSE, sizeof(Closed));
  bench->connections = pnat_connections_new(note_closed, bench);
}

static void
bench_close(Bench *bench)
{
  pnat_connections_drop(bench->connections, bench->one);
  pnat_connections_drop(bench->connections, bench->other);
  ck_assert_uint_eq(pnat_connections_size(bench->connections), 0);
  pnat_connections_free(bench->connections);
  pnat_flow_free(bench->one);
  pnat_flow_free(bench->other);
  g_array_unref(bench->closed);
  household_close(&bench->household);
}

/* @cookie: 0 = the socket could not be asked */
static PnatConnection *
opens(Bench *bench, PnatFlow *flow, guint64 cookie, gint64 at)
{
  PnatSocket socket = { .cookie = cookie };
  PnatAddress remote = ip(PEER, 443);
  return pnat_connections_open(bench->connections, flow, cookie != 0 ? &socket : NULL, &remote, FLOWS_T0 + at);
}

static PnatSocketEnd
end_of(guint64 cookie, gint64 at)
{
  return (PnatSocketEnd){
    .socket = { .cookie = cookie, .proto = IPPROTO_TCP, .state = PNAT_SOCKET_CONNECTED, .remote = ip(PEER, 443) },
    .time = FLOWS_T0 + at,
    .tx = (gint64)cookie,
    .rx = -1,
  };
}

static void
ends(Bench *bench, guint64 cookie, gint64 at)
{
  PnatSocketEnd end = end_of(cookie, at);
  pnat_connections_ended(bench->connections, &end, at);
}

static void
time_is(Bench *bench, gint64 now)
{
  pnat_connections_match_due(bench->connections, now);
}

static const Closed *
closed_at(const Bench *bench, guint at)
{
  ck_assert_uint_lt(at, bench->closed->len);
  return &g_array_index(bench->closed, Closed, at);
}

/* By cookie. */

START_TEST(a_socket_that_was_asked_is_known_by_its_cookie_at_once)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  opens(&bench, bench.other, 22, 0);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 2);
  ends(&bench, 22, 100);
  ck_assert_uint_eq(bench.closed->len, 1);
  ck_assert_ptr_eq(closed_at(&bench, 0)->flow, bench.other);
  ck_assert_int_eq(closed_at(&bench, 0)->end.tx, 22);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 1);
  ends(&bench, 22, 200); /* told twice */
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(a_cookie_is_never_matched_by_peer)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  ends(&bench, 99, 100); /* another socket to the same peer */
  time_is(&bench, 10000);
  pnat_connections_match_flow(bench.connections, bench.one);
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

START_TEST(a_socket_shared_by_flows_closes_in_each_of_them)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  opens(&bench, bench.other, 11, 0);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 2);
  ends(&bench, 11, 100);
  ck_assert_uint_eq(bench.closed->len, 2);
  ck_assert_ptr_ne(closed_at(&bench, 0)->flow, closed_at(&bench, 1)->flow);
  bench_close(&bench);
}
END_TEST

START_TEST(the_same_cookie_in_the_same_flow_is_the_same_connection)
{
  Bench bench;
  bench_open(&bench);
  PnatConnection *connection = opens(&bench, bench.one, 11, 0);
  ck_assert_ptr_eq(opens(&bench, bench.one, 11, 50), connection);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 1);
  ck_assert_int_eq(connection->begun, FLOWS_T0);
  ck_assert_int_eq(connection->fd, -1);
  ck_assert_uint_eq(connection->cookie_tag, pnat_cookie_tag(11));
  ck_assert_ptr_ne(opens(&bench, bench.one, 0, 0), opens(&bench, bench.one, 0, 0)); /* without one, each is its own */
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_without_a_peer_needs_a_cookie)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  opens(&bench, bench.other, 0, 0);
  PnatSocketEnd end = end_of(11, 100); /* an unconnected datagram socket */
  end.socket.remote = (PnatAddress){ 0 };
  pnat_connections_ended(bench.connections, &end, 100);
  ck_assert_uint_eq(bench.closed->len, 1);
  end.socket.cookie = 99;
  pnat_connections_ended(bench.connections, &end, 100);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), G_MAXINT64); /* it is not even kept */
  bench_close(&bench);
}
END_TEST

static void
add_flow(PnatConnection *connection, gpointer flows)
{
  g_ptr_array_add(flows, connection->flow);
}

START_TEST(the_connections_of_a_cookie_can_be_looked_at)
{
  Bench bench;
  g_autoptr(GPtrArray) flows = g_ptr_array_new();
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  opens(&bench, bench.other, 11, 0);
  opens(&bench, bench.other, 22, 0);
  pnat_connections_foreach(bench.connections, 11, add_flow, flows);
  ck_assert_uint_eq(flows->len, 2);
  pnat_connections_foreach(bench.connections, 99, add_flow, flows);
  ck_assert_uint_eq(flows->len, 2);
  bench_close(&bench);
}
END_TEST

/* By peer. */

START_TEST(an_end_after_the_connect_is_matched_by_peer_when_it_has_waited)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 99, 100);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), 100 + MATCH_AFTER);
  time_is(&bench, 100 + MATCH_AFTER - 1);
  ck_assert_uint_eq(bench.closed->len, 0);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  ck_assert_int_eq(closed_at(&bench, 0)->end.time, FLOWS_T0 + 100);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), G_MAXINT64);
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_told_before_its_connect_is_matched_too)
{
  Bench bench;
  bench_open(&bench);
  ends(&bench, 99, 50);
  opens(&bench, bench.one, 0, 40); /* began before, was told of after */
  time_is(&bench, 50 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

static const struct {
  gint64 begun; /* an end comes at 100 */
  gboolean matches;
} begins[] = {
  { 0, TRUE }, { 100, TRUE }, { 110, TRUE }, /* the clock of the last tick */
  { 130, FALSE }, { 1000, FALSE },
};

START_TEST(a_connection_that_began_after_the_end_was_not_it)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, begins[_i].begun);
  ends(&bench, 99, 100);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, begins[_i].matches);
  bench_close(&bench);
}
END_TEST

START_TEST(a_later_connection_of_another_flow_does_not_make_it_ambiguous)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 99, 100);
  opens(&bench, bench.other, 0, 200);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  ck_assert_ptr_eq(closed_at(&bench, 0)->flow, bench.one);
  bench_close(&bench);
}
END_TEST

static const struct {
  gint64 exit; /* of the process; an end comes at 100 */
  gboolean matches;
} exits[] = {
  { 0, TRUE }, { 90, TRUE }, { 70, TRUE }, /* sockets are destroyed at the end of an exit that is stamped at its beginning */
  { 50, FALSE }, { 1, FALSE },
};

START_TEST(a_process_that_was_over_did_not_have_the_socket)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  bench.household.process->end = exits[_i].exit == 0 ? 0 : FLOWS_T0 + exits[_i].exit;
  ends(&bench, 99, 100);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, exits[_i].matches);
  bench_close(&bench);
}
END_TEST

/* A loop of short clients of one server. */
START_TEST(each_of_many_processes_one_after_the_other_gets_its_own_end)
{
  Bench bench;
  Household later;
  bench_open(&bench);
  household_open(&later);
  PnatFlow *flow = flow_to(&later, PEER, 443);
  opens(&bench, bench.one, 0, 0);
  bench.household.process->end = FLOWS_T0 + 100;
  opens(&bench, flow, 0, 200);
  ends(&bench, 98, 110);
  ends(&bench, 99, 290);
  time_is(&bench, 290 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 2);
  ck_assert_ptr_eq(closed_at(&bench, 0)->flow, bench.one);
  ck_assert_int_eq(closed_at(&bench, 0)->end.time, FLOWS_T0 + 110);
  ck_assert_ptr_eq(closed_at(&bench, 1)->flow, flow);
  pnat_flow_free(flow);
  household_close(&later);
  bench_close(&bench);
}
END_TEST

static const struct {
  guint one; /* connections of each flow */
  guint other;
  guint ends;
  guint closed;
} crowds[] = {
  { 1, 0, 1, 1 }, { 2, 0, 1, 1 }, { 2, 0, 2, 2 }, { 5, 0, 3, 3 }, /* one flow's: no matter which is whose */
  { 1, 0, 2, 0 }, { 2, 0, 3, 0 },                                 /* some were sockets that nobody follows */
  { 1, 1, 1, 0 }, { 1, 1, 2, 0 }, { 2, 1, 1, 0 },                 /* of two flows: no telling */
  { 0, 0, 1, 0 },
};

START_TEST(ends_are_matched_only_where_there_is_one_way_to)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < crowds[_i].one; i++)
    opens(&bench, bench.one, 0, 0);
  for (guint i = 0; i < crowds[_i].other; i++)
    opens(&bench, bench.other, 0, 0);
  for (guint i = 0; i < crowds[_i].ends; i++)
    ends(&bench, 90 + i, 100);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, crowds[_i].closed);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), crowds[_i].one + crowds[_i].other - crowds[_i].closed);
  time_is(&bench, 100 + FORGET_AFTER); /* and what stayed ambiguous stays so */
  ck_assert_uint_eq(bench.closed->len, crowds[_i].closed);
  bench_close(&bench);
}
END_TEST

/* Forty connections one after the other, 2 ms each: the first end fits few of the connects, the first connect all the ends. */
START_TEST(short_connections_in_a_row_get_their_own_ends)
{
  Bench bench;
  bench_open(&bench);
  for (gint64 i = 0; i < 40; i++)
    ends(&bench, (guint64)(90 + i), 2 * i + 2);
  for (gint64 i = 0; i < 40; i++)
    opens(&bench, bench.one, 0, 2 * i);
  time_is(&bench, 80 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 40);
  for (guint i = 0; i < 40; i++)
    ck_assert_int_le(closed_at(&bench, i)->end.time, FLOWS_T0 + 80);
  bench_close(&bench);
}
END_TEST

START_TEST(a_stranger_among_ends_in_a_row_makes_them_ambiguous)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 90, 10);
  ends(&bench, 91, 12);
  opens(&bench, bench.one, 0, 100);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_whose_connect_comes_late_is_matched_when_that_has_waited)
{
  Bench bench;
  bench_open(&bench);
  ends(&bench, 99, 100);
  time_is(&bench, 100 + MATCH_AFTER); /* nobody to match it with */
  time_is(&bench, 2000);
  opens(&bench, bench.one, 0, 90);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), 2000 + MATCH_AFTER);
  time_is(&bench, 2000 + MATCH_AFTER - 1);
  ck_assert_uint_eq(bench.closed->len, 0);
  time_is(&bench, 2000 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_that_came_just_now_waits_though_another_is_matched)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 98, 100);
  ends(&bench, 99, 100 + MATCH_AFTER - 1); /* the other flow's, as will be told */
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  opens(&bench, bench.other, 0, 100 + MATCH_AFTER - 10);
  time_is(&bench, 100 + 2 * MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(another_peer_or_port_is_another_group)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  PnatSocketEnd end = end_of(99, 100);
  end.socket.remote = ip(PEER, 444);
  pnat_connections_ended(bench.connections, &end, 100);
  end.socket.remote = ip("192.0.2.2", 443);
  pnat_connections_ended(bench.connections, &end, 100);
  time_is(&bench, 1000);
  ck_assert_uint_eq(bench.closed->len, 0);
  ends(&bench, 98, 1000);
  time_is(&bench, 1000 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(a_foreign_end_is_matched_by_its_cookie_alone)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.other, 22, 0);
  PnatSocketEnd end = end_of(99, 100);
  end.foreign = TRUE;
  pnat_connections_ended(bench.connections, &end, 100);
  time_is(&bench, 10000);
  ck_assert_uint_eq(bench.closed->len, 0);
  end.socket.cookie = 22; /* a process that moved to another network namespace */
  pnat_connections_ended(bench.connections, &end, 10000);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(an_end_that_nobody_claims_is_forgotten)
{
  Bench bench;
  bench_open(&bench);
  ends(&bench, 99, 100);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), 100 + FORGET_AFTER);
  time_is(&bench, 100 + FORGET_AFTER);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), G_MAXINT64);
  opens(&bench, bench.one, 0, 0);
  pnat_connections_match_flow(bench.connections, bench.one);
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

/* A flow goes. */

START_TEST(what_concerns_a_flow_can_be_matched_at_once)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.one, 33, 0);
  ends(&bench, 99, 100);
  pnat_connections_match_flow(bench.connections, bench.one);
  ck_assert_uint_eq(bench.closed->len, 1);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 2);
  time_is(&bench, 10000);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

START_TEST(a_flow_without_sockets_has_nothing_to_match_or_drop)
{
  Bench bench;
  bench_open(&bench);
  ends(&bench, 99, 100);
  pnat_connections_match_flow(bench.connections, bench.one);
  pnat_connections_drop(bench.connections, bench.one);
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

START_TEST(a_dropped_flows_connections_are_no_longer_told_of)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 11, 0);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.other, 11, 0);
  pnat_connections_drop(bench.connections, bench.one);
  ck_assert_uint_eq(pnat_connections_size(bench.connections), 1);
  ck_assert(TAILQ_EMPTY(&bench.one->sockets->connections));
  ends(&bench, 11, 100);
  ends(&bench, 99, 100);
  time_is(&bench, 1000);
  ck_assert_uint_eq(bench.closed->len, 1);
  ck_assert_ptr_eq(closed_at(&bench, 0)->flow, bench.other);
  bench_close(&bench);
}
END_TEST

START_TEST(an_ambiguity_outlives_the_flow_that_made_it)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.other, 0, 0);
  ends(&bench, 99, 100);
  pnat_connections_drop(bench.connections, bench.one);
  time_is(&bench, 100 + MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

/* Bounds. */

START_TEST(with_too_many_ends_the_oldest_is_forgotten)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 99, 0); /* would have matched */
  for (guint i = 0; i < MAX_ENDS; i++) {
    PnatSocketEnd end = end_of(100 + i, 0);
    end.socket.remote = ip("198.51.100.1", (guint16)(1 + i));
    pnat_connections_ended(bench.connections, &end, 0);
  }
  time_is(&bench, MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 0);
  time_is(&bench, FORGET_AFTER);
  ck_assert_int_eq(pnat_connections_next_due(bench.connections), G_MAXINT64);
  bench_close(&bench);
}
END_TEST

START_TEST(many_ends_of_one_peer_do_not_push_out_those_of_others)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  ends(&bench, 99, 0);
  for (guint i = 0; i < 2 * MAX_ENDS; i++) {
    PnatSocketEnd end = end_of(100 + i, 0);
    end.socket.remote = ip("198.51.100.1", 80);
    pnat_connections_ended(bench.connections, &end, 0);
  }
  time_is(&bench, MATCH_AFTER);
  ck_assert_uint_eq(bench.closed->len, 1);
  bench_close(&bench);
}
END_TEST

/* More than are looked at. */
START_TEST(a_crowd_does_not_hide_another_owner)
{
  static const guint sizes[] = { 255, 256, 257, 1000 };
  for (guint at = 0; at < G_N_ELEMENTS(sizes); at++)
    for (guint others = 0; others < 2; others++) {
      Bench bench;
      bench_open(&bench);
      for (guint i = 0; i < sizes[at]; i++)
        opens(&bench, bench.one, 0, 0);
      if (others != 0)
        opens(&bench, bench.other, 0, 10);
      ends(&bench, 99, 100);
      time_is(&bench, 100 + MATCH_AFTER);
      ck_assert_uint_eq(bench.closed->len, others == 0);
      bench_close(&bench);
    }
}
END_TEST

START_TEST(connections_beyond_the_bound_are_not_watched)
{
  Bench bench;
  bench_open(&bench);
  for (guint i = 0; i < MAX_CONNECTIONS; i++)
    opens(&bench, bench.one, 0, 0);
  ck_assert_ptr_null(opens(&bench, bench.one, 0, 0));
  ck_assert_ptr_null(opens(&bench, bench.one, 11, 0));
  ck_assert_uint_eq(pnat_connections_size(bench.connections), MAX_CONNECTIONS);
  ends(&bench, 11, 100);
  ck_assert_uint_eq(bench.closed->len, 0);
  pnat_connections_drop(bench.connections, bench.one);
  ck_assert_ptr_nonnull(opens(&bench, bench.one, 11, 0));
  bench_close(&bench);
}
END_TEST

static gdouble
cpu_seconds(void)
{
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (gdouble)time.tv_sec + (gdouble)time.tv_nsec / 1e9;
}

/* Two workers of a proxy, each with two short connections a millisecond to one backend, too short to be asked. */
START_TEST(ambiguous_ends_of_a_busy_host_cost_little)
{
  Bench bench;
  bench_open(&bench);
  gdouble begun = cpu_seconds();
  for (gint64 now = 0; now < 1000; now++) {
    for (guint i = 0; i < 2; i++) {
      opens(&bench, bench.one, 0, now);
      opens(&bench, bench.other, 0, now);
      ends(&bench, 1000000 + (guint64)now * 4 + 2 * i, now);
      ends(&bench, 1000000 + (guint64)now * 4 + 2 * i + 1, now);
    }
    time_is(&bench, now);
    ck_assert_msg(cpu_seconds() - begun < 2, "%d ms of events took two seconds of processor time", (int)now);
  }
  ck_assert_uint_eq(bench.closed->len, 0);
  bench_close(&bench);
}
END_TEST

START_TEST(ends_that_wait_go_with_the_connections)
{
  Bench bench;
  bench_open(&bench);
  opens(&bench, bench.one, 0, 0);
  opens(&bench, bench.one, 11, 0);
  ends(&bench, 98, 100);
  ends(&bench, 99, 100);
  bench_close(&bench);
  pnat_connections_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("connections");
  TCase *tcase = tcase_create("connections");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_socket_that_was_asked_is_known_by_its_cookie_at_once);
  tcase_add_test(tcase, a_cookie_is_never_matched_by_peer);
  tcase_add_test(tcase, a_socket_shared_by_flows_closes_in_each_of_them);
  tcase_add_test(tcase, the_same_cookie_in_the_same_flow_is_the_same_connection);
  tcase_add_test(tcase, an_end_without_a_peer_needs_a_cookie);
  tcase_add_test(tcase, the_connections_of_a_cookie_can_be_looked_at);
  tcase_add_test(tcase, an_end_after_the_connect_is_matched_by_peer_when_it_has_waited);
  tcase_add_test(tcase, an_end_told_before_its_connect_is_matched_too);
  tcase_add_loop_test(tcase, a_connection_that_began_after_the_end_was_not_it, 0, G_N_ELEMENTS(begins));
  tcase_add_loop_test(tcase, a_process_that_was_over_did_not_have_the_socket, 0, G_N_ELEMENTS(exits));
  tcase_add_test(tcase, each_of_many_processes_one_after_the_other_gets_its_own_end);
  tcase_add_test(tcase, a_later_connection_of_another_flow_does_not_make_it_ambiguous);
  tcase_add_loop_test(tcase, ends_are_matched_only_where_there_is_one_way_to, 0, G_N_ELEMENTS(crowds));
  tcase_add_test(tcase, short_connections_in_a_row_get_their_own_ends);
  tcase_add_test(tcase, a_stranger_among_ends_in_a_row_makes_them_ambiguous);
  tcase_add_test(tcase, an_end_whose_connect_comes_late_is_matched_when_that_has_waited);
  tcase_add_test(tcase, an_end_that_came_just_now_waits_though_another_is_matched);
  tcase_add_test(tcase, another_peer_or_port_is_another_group);
  tcase_add_test(tcase, a_foreign_end_is_matched_by_its_cookie_alone);
  tcase_add_test(tcase, an_end_that_nobody_claims_is_forgotten);
  tcase_add_test(tcase, what_concerns_a_flow_can_be_matched_at_once);
  tcase_add_test(tcase, a_flow_without_sockets_has_nothing_to_match_or_drop);
  tcase_add_test(tcase, a_dropped_flows_connections_are_no_longer_told_of);
  tcase_add_test(tcase, an_ambiguity_outlives_the_flow_that_made_it);
  tcase_add_test(tcase, with_too_many_ends_the_oldest_is_forgotten);
  tcase_add_test(tcase, many_ends_of_one_peer_do_not_push_out_those_of_others);
  tcase_add_test(tcase, a_crowd_does_not_hide_another_owner);
  tcase_add_test(tcase, connections_beyond_the_bound_are_not_watched);
  tcase_add_test(tcase, ambiguous_ends_of_a_busy_host_cost_little);
  tcase_add_test(tcase, ends_that_wait_go_with_the_connections);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
