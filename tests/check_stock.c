/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/stock: a connection that is there already counts once, whether its event is on its way or not.
 * A real connection of a child of the test's, which needs root to look into it.
 */
#include "plugin/stock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "at_most.h"
#include "events.h"
#include "run.h"

#define SKIP 77

/* ms, as in stock.c and flows.c: how long an event may be on its way, and a flow waits for another connection. */
#define EVENT_MAY_COME 300
#define LINGER 1000

typedef struct {
  Stage stage;
  PnatLiveness *liveness;
  PnatAsker *asker;
  PnatStock *stock;
  int listener;
  guint16 port;
  pid_t child;
  gint fd; /* the child's, connected to the listener */
  char *exe;
} Shop;

static void
gone(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  (void)pid, (void)start, (void)time, (void)data;
}

static void
listen_here(Shop *shop)
{
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof here;

  shop->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(shop->listener, (struct sockaddr *)&here, sizeof here), 0);
  ck_assert_int_eq(listen(shop->listener, 5), 0);
  ck_assert_int_eq(getsockname(shop->listener, (struct sockaddr *)&here, &length), 0);
  shop->port = ntohs(here.sin_port);
}

/* Others that the child holds, by UDP, which nobody needs to accept. */
static void
connect_others(guint number, const struct sockaddr_in *there)
{
  for (guint i = 0; i < number; i++) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)there, sizeof *there) != 0)
      _exit(1);
  }
}

static void
start_child(Shop *shop, guint others)
{
  struct sockaddr_in there = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(shop->port) };
  int ends[2];

  ck_assert_int_eq(pipe(ends), 0);
  shop->child = fork();
  if (shop->child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    connect_others(others, &there);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0 || write(ends[1], &fd, sizeof fd) != sizeof fd)
      _exit(1);
    for (;;)
      pause();
  }
  close(ends[1]);
  ck_assert_int_eq(read(ends[0], &shop->fd, sizeof shop->fd), sizeof shop->fd);
  close(ends[0]);
}

/* All processes have been looked at, and what was found waits. */
static void
shop_open_with(Shop *shop, guint others)
{
  PnatStockUsers users = { 0 };

  memset(shop, 0, sizeof *shop);
  stage_open(&shop->stage);
  shop->exe = g_file_read_link("/proc/thread-self/exe", NULL);
  listen_here(shop);
  start_child(shop, others);
  shop->liveness = pnat_liveness_new(gone, NULL, NULL);
  users.tracker = shop->stage.tracker;
  users.liveness = shop->liveness;
  users.asker = shop->asker = pnat_asker_new();
  shop->stock = pnat_stock_new(&users, T0, NULL);
  ck_assert_ptr_nonnull(shop->stock);
  for (gint64 due = T0; due < T0 + EVENT_MAY_COME; due = pnat_stock_next_due(shop->stock)) {
    shop->stage.now = due;
    ck_assert(pnat_stock_advance(shop->stock, due, TRUE));
  }
  ck_assert(!pnat_tracker_knows(shop->stage.tracker, (guint32)shop->child));
}

static void
shop_open(Shop *shop)
{
  shop_open_with(shop, 0);
}

static void
kill_child(Shop *shop)
{
  if (shop->child == 0)
    return;
  kill(shop->child, SIGKILL);
  ck_assert_int_eq(waitpid(shop->child, NULL, 0), shop->child);
  shop->child = 0;
}

static void
shop_close(Shop *shop)
{
  kill_child(shop);
  pnat_stock_free(shop->stock);
  pnat_asker_free(shop->asker);
  pnat_liveness_free(shop->liveness);
  close(shop->listener);
  g_free(shop->exe);
  stage_close(&shop->stage);
}

static void
time_goes_by(Shop *shop, gint64 ms)
{
  shop->stage.now += ms;
  pnat_stock_advance(shop->stock, shop->stage.now, TRUE);
  pnat_tracker_advance(shop->stage.tracker, shop->stage.now);
}

/* The only end record of the child, or NULL where there is none, once everything has ended. */
static const PnatRecord *
end_of(Shop *shop, guint32 pid)
{
  const PnatRecord *found = NULL;

  pnat_tracker_finish(shop->stage.tracker, PNAT_REASON_SHUTDOWN, 0);
  for (guint i = 0; i < shop->stage.records->len; i++) {
    const PnatRecord *record = &record_at(&shop->stage, i)->record;
    if (record->kind != PNAT_RECORD_END || record->pid != pid)
      continue;
    ck_assert_ptr_null(found);
    found = record;
  }
  return found;
}

/* An event of the child's, @ago ms ago. */
static PnatEvent
event_ago(Shop *shop, PnatEventKind kind, gint64 ago)
{
  const Actor child = { NULL, (guint32)shop->child, (guint32)getpid(), PNAT_ID_UNSET, shop->exe };
  PnatEvent event = event_of(&shop->stage, &child, 0, kind);
  event.who.uid = event.who.euid = 0;
  event.time = g_get_real_time() / 1000 - ago;
  event.local = TRUE;
  event.fd = shop->fd;
  return event;
}

static PnatEvent
connect_ago(Shop *shop, gint64 ago)
{
  PnatEvent event = event_ago(shop, PNAT_EVENT_NETWORK, ago);
  event.call = PNAT_CALL_CONNECT;
  event.result = PNAT_RESULT_OK;
  towards(&event, "127.0.0.1", shop->port);
  return event;
}

static void
comes(Shop *shop, const PnatEvent *event)
{
  pnat_stock_hear(shop->stock, event, shop->stage.now);
  pnat_tracker_feed(shop->stage.tracker, event, shop->stage.now);
}

START_TEST(what_was_there_is_taken_in_when_no_event_comes)
{
  Shop shop;
  shop_open(&shop);
  guint32 pid = (guint32)shop.child;
  time_goes_by(&shop, EVENT_MAY_COME);
  ck_assert(pnat_tracker_knows(shop.stage.tracker, pid));
  const PnatRecord *record = end_of(&shop, pid);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_SNAPSHOT);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_uint_eq(record->remote.port, shop.port);
  shop_close(&shop);
}
END_TEST

START_TEST(a_connect_that_was_on_its_way_counts_once)
{
  Shop shop;
  shop_open(&shop);
  PnatEvent event = connect_ago(&shop, 5000);
  comes(&shop, &event);
  time_goes_by(&shop, EVENT_MAY_COME);
  const PnatRecord *record = end_of(&shop, (guint32)shop.child);
  ck_assert_int_eq(record->confidence, PNAT_CONFIDENCE_EXACT);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_uint_eq(record->calls, 1);
  shop_close(&shop);
}
END_TEST

START_TEST(a_connection_that_is_over_by_then_counts_once)
{
  Shop shop;
  shop_open(&shop);
  PnatEvent connect = connect_ago(&shop, 5000), exit = event_ago(&shop, PNAT_EVENT_EXIT, 0);
  comes(&shop, &connect);
  comes(&shop, &exit);
  kill_child(&shop);
  time_goes_by(&shop, 2 * EVENT_MAY_COME);
  ck_assert_uint_eq(end_of(&shop, connect.who.pid)->connections, 1);
  shop_close(&shop);
}
END_TEST

START_TEST(a_call_on_what_was_there_comes_after_it)
{
  Shop shop;
  shop_open(&shop);
  PnatEvent event = event_ago(&shop, PNAT_EVENT_NETWORK, 0);
  event.call = PNAT_CALL_SEND;
  event.result = PNAT_RESULT_OK;
  event.value = 10;
  comes(&shop, &event);
  const PnatRecord *record = end_of(&shop, event.who.pid);
  ck_assert_uint_eq(record->connections, 1);
  ck_assert_uint_eq(record->calls, 1);
  ck_assert_int_eq(record->direction, PNAT_DIRECTION_OUT);
  shop_close(&shop);
}
END_TEST

START_TEST(what_ends_while_it_waits_is_taken_in_and_ended)
{
  Shop shop;
  shop_open(&shop);
  PnatEvent exit = event_ago(&shop, PNAT_EVENT_EXIT, -1);
  comes(&shop, &exit);
  kill_child(&shop);
  time_goes_by(&shop, EVENT_MAY_COME);
  time_goes_by(&shop, LINGER);
  const PnatRecord *record = end_of(&shop, exit.who.pid);
  ck_assert_ptr_nonnull(record);
  ck_assert_int_eq(record->reason, PNAT_REASON_EXIT);
  shop_close(&shop);
}
END_TEST

START_TEST(what_had_exited_when_it_was_found_ended_with_its_exit)
{
  Shop shop;
  shop_open(&shop);
  PnatEvent exit = event_ago(&shop, PNAT_EVENT_EXIT, 5000);
  pnat_tracker_feed(shop.stage.tracker, &exit, shop.stage.now);
  kill_child(&shop);
  time_goes_by(&shop, EVENT_MAY_COME);
  ck_assert_ptr_null(end_of(&shop, exit.who.pid));
  shop_close(&shop);
}
END_TEST

/* Of the process that has them all, and of another one. */
START_TEST(an_event_costs_the_same_however_many_wait)
{
  enum { WAITING = 900, TIMES = 100000 };
  Shop shop;
  shop_open_with(&shop, WAITING);
  PnatEvent event = event_ago(&shop, PNAT_EVENT_NETWORK, 0);
  event.call = PNAT_CALL_SEND;
  event.fd = 100000;
  event.who.pid += (guint32)_i;
  gint64 begun = g_get_monotonic_time();
  for (guint i = 0; i < TIMES; i++)
    pnat_stock_hear(shop.stock, &event, shop.stage.now);
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(100));
  ck_assert(!pnat_tracker_knows(shop.stage.tracker, (guint32)shop.child));
  shop_close(&shop);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("stock");
  TCase *tcase = tcase_create("stock");
  tcase_add_test(tcase, what_was_there_is_taken_in_when_no_event_comes);
  tcase_add_test(tcase, a_connect_that_was_on_its_way_counts_once);
  tcase_add_test(tcase, a_connection_that_is_over_by_then_counts_once);
  tcase_add_test(tcase, a_call_on_what_was_there_comes_after_it);
  tcase_add_test(tcase, what_ends_while_it_waits_is_taken_in_and_ended);
  tcase_add_test(tcase, what_had_exited_when_it_was_found_ended_with_its_exit);
  tcase_add_loop_test(tcase, an_event_costs_the_same_however_many_wait, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  if (geteuid() != 0) {
    puts("needs root");
    return SKIP;
  }
  if (syscall(SYS_pidfd_getfd, -1, 0, 0) < 0 && errno == ENOSYS) {
    puts("needs pidfd_getfd(2), Linux 5.6");
    return SKIP;
  }
  return run_suite(suite());
}
