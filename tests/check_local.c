/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/local with this machine's kernel: what an event is completed with, and what is found out when messages were lost. All
 * of it is in a network namespace of the test's own, which takes root.
 */
#include "plugin/local.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "run.h"

#define LINGER 1000 /* ms, as in flows.c */

typedef struct {
  Stage stage;
  PnatLocal *local;
  Actor self;
  int listener;
  guint16 port;
} Host;

static void
changed(gpointer data)
{
  (void)data;
}

static void
leave_network(void)
{
  struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
  ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &loopback), 0);
  close(fd);
}

static int
int_option(int fd, int name)
{
  int value = -1;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

/* There is room for a few messages only. */
static void
shrink_buffers(void)
{
  const int size = 1;
  for (int fd = 3; fd < 256; fd++)
    if (int_option(fd, SO_DOMAIN) == AF_NETLINK && int_option(fd, SO_PROTOCOL) == NETLINK_SOCK_DIAG)
      ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
}

static void
host_open(Host *host, int backlog)
{
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof here;

  leave_network();
  stage_open(&host->stage);
  host->local = pnat_local_new(host->stage.tracker, changed, NULL);
  shrink_buffers();
  host->self = (Actor){ NULL, (guint32)getpid(), (guint32)getppid(), PNAT_ID_UNSET, g_file_read_link("/proc/self/exe", NULL) };
  host->listener = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(bind(host->listener, (struct sockaddr *)&here, sizeof here), 0);
  ck_assert_int_eq(listen(host->listener, backlog), 0);
  ck_assert_int_eq(getsockname(host->listener, (struct sockaddr *)&here, &length), 0);
  host->port = ntohs(here.sin_port);
}

static void
host_close(Host *host)
{
  pnat_local_free(host->local);
  stage_close(&host->stage);
  close(host->listener);
  g_free((char *)host->self.exe);
}

static int
connecting(const Host *host, int type)
{
  struct sockaddr_in there = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(host->port) };
  int fd = socket(AF_INET, type, 0);
  if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0)
    ck_assert_int_eq(errno, EINPROGRESS);
  return fd;
}

/* As auditd tells of it, just now. On a busy machine a socket may give no answer in time: then it is asked once more. */
static PnatEvent
prepared(Host *host, int fd, gint64 value, const char *ip, guint16 port)
{
  PnatEvent event, before = call_of(&host->stage, &host->self, 0, PNAT_CALL_CONNECT, fd, value);
  before.time = g_get_real_time() / 1000;
  before.here = TRUE;
  towards(&before, ip, port);
  for (guint i = 0; i < 10; i++) {
    event = before;
    pnat_local_prepare(host->local, &event, FALSE);
    if (event.socket.cookie != 0)
      break;
    g_usleep(20000);
  }
  ck_assert(event.local && event.start != 0);
  return event;
}

/* More messages than wait for who does not read. */
static void
lose_messages(void)
{
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  for (guint i = 0; i < 200; i++) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    close(fd);
  }
  g_usleep(200 * 1000); /* a kernel thread sends them */
}

static void
poll_sockets(Host *host)
{
  PnatEvent other = event_of(&host->stage, &host->self, 0, PNAT_EVENT_EXIT);
  other.here = TRUE;
  for (guint i = 0; i < 100; i++)
    pnat_local_prepare(host->local, &other, FALSE);
}

/* Does what is due until nothing is. */
static void
time_goes_by(Host *host)
{
  gint64 now = g_get_monotonic_time() / 1000, due;
  for (guint i = 0; i < 10000 && (due = pnat_local_next_due(host->local)) != G_MAXINT64; i++) {
    now = MAX(now, due);
    pnat_local_advance(host->local, now, TRUE);
  }
  host->stage.now += LINGER + 1;
  pnat_tracker_advance(host->stage.tracker, host->stage.now);
}

START_TEST(a_connection_whose_end_was_lost_ends)
{
  const struct linger reset = { 1, 0 };
  Host host;
  host_open(&host, 5);
  int fd = connecting(&host, SOCK_STREAM);
  PnatEvent event = prepared(&host, fd, 0, "127.0.0.1", host.port);
  ck_assert_uint_ne(event.socket.cookie, 0);
  happen(&host.stage, &event);
  pnat_local_settle(host.local, &event);
  time_goes_by(&host);

  lose_messages();
  poll_sockets(&host);
  ck_assert_uint_gt(pnat_local_counts(host.local).overruns, 0);
  time_goes_by(&host); /* it is open still */
  ck_assert_uint_eq(count_records(&host.stage, PNAT_RECORD_END), 0);

  lose_messages();
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
  g_usleep(200 * 1000);
  poll_sockets(&host);
  host.stage.now += LINGER + 1;
  pnat_tracker_advance(host.stage.tracker, host.stage.now);
  ck_assert_uint_eq(count_records(&host.stage, PNAT_RECORD_END), 0);

  ck_assert_int_ne(pnat_local_next_due(host.local), G_MAXINT64);
  time_goes_by(&host);
  ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_CLOSE);
  host_close(&host);
}
END_TEST

/* A number that is used again while its first connect is under way. */
START_TEST(a_socket_that_connects_to_another_peer_is_not_the_calls)
{
  Host host;
  host_open(&host, 0);
  int filler = connecting(&host, SOCK_STREAM), fd = connecting(&host, SOCK_STREAM | SOCK_NONBLOCK);

  PnatEvent event = prepared(&host, fd, -EINPROGRESS, "127.0.0.1", host.port);
  ck_assert_int_eq(event.socket.state, PNAT_SOCKET_CONNECTING);
  ck_assert(pnat_address_equal(&event.socket.remote, &event.address));
  event = prepared(&host, fd, -EINPROGRESS, "192.0.2.7", 443);
  ck_assert_uint_eq(event.socket.cookie, 0);
  ck_assert_int_eq(event.socket.state, PNAT_SOCKET_STATE_UNKNOWN);
  close(filler);
  close(fd);
  host_close(&host);
}
END_TEST

/* A SIGHUP that says no, and one that says yes again. */
START_TEST(a_process_is_watched_again_when_local_tracking_is_switched_on_again)
{
  Host host;
  host_open(&host, 5);
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  host.self.pid = (guint32)child;
  PnatEvent event = call_of(&host.stage, &host.self, 0, PNAT_CALL_CONNECT, 3, 0);
  event.time = g_get_real_time() / 1000;
  event.here = TRUE;
  towards(&event, "192.0.2.7", 443);
  pnat_local_prepare(host.local, &event, FALSE);
  happen(&host.stage, &event);
  pnat_local_settle(host.local, &event);
  ck_assert_uint_eq(pnat_local_counts(host.local).watched, 1);

  pnat_local_free(host.local);
  host.local = pnat_local_new(host.stage.tracker, changed, NULL);
  pnat_local_check_all(host.local);
  ck_assert_uint_eq(pnat_local_counts(host.local).watched, 1);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  g_usleep(100 * 1000);
  while (g_main_context_iteration(NULL, FALSE))
    ;
  time_goes_by(&host);
  ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_KILLED);
  host_close(&host);
}
END_TEST

/* Heard of while local_tracking was off, an hour ago; the next one with its number is read of before it is found gone. */
START_TEST(an_event_is_not_of_one_that_had_the_number_before)
{
  Host host;
  host_open(&host, 5);
  PnatEvent event = call_of(&host.stage, &host.self, 0, PNAT_CALL_CONNECT, 99, 0);
  gint64 now = g_get_real_time() / 1000;
  event.time = now - (_i == 0 ? 3600000 : 0);
  towards(&event, "192.0.2.7", 443);
  happen(&host.stage, &event);
  event = call_of(&host.stage, &host.self, now - T0, PNAT_CALL_SEND, 99, 100);
  event.here = TRUE;
  pnat_local_prepare(host.local, &event, FALSE);
  happen(&host.stage, &event);
  time_goes_by(&host);
  ck_assert_uint_eq(count_records(&host.stage, PNAT_RECORD_END), _i == 0);
  ck_assert_uint_eq(pnat_tracker_counts(host.stage.tracker).unattributed, _i == 0);
  host_close(&host);
}
END_TEST

/* It was gone, and its exit event was waited for. */
START_TEST(a_process_that_was_gone_is_told_when_local_tracking_is_switched_off)
{
  Host host;
  host_open(&host, 5);
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  waitpid(child, NULL, 0);
  host.self.pid = (guint32)child;
  PnatEvent event = call_of(&host.stage, &host.self, 0, PNAT_CALL_CONNECT, 3, 0);
  event.time = g_get_real_time() / 1000;
  event.here = TRUE;
  towards(&event, "192.0.2.7", 443);
  pnat_local_prepare(host.local, &event, FALSE);
  ck_assert(event.is_gone);
  happen(&host.stage, &event);
  g_clear_pointer(&host.local, pnat_local_free);
  host.stage.now += LINGER + 1;
  pnat_tracker_advance(host.stage.tracker, host.stage.now);
  ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_KILLED);
  host_close(&host);
}
END_TEST

/* The plugin was held up for minutes, or auditd was. */
START_TEST(an_old_event_whose_process_is_gone_is_this_hosts_where_it_comes_from_auditd)
{
  Host host;
  host_open(&host, 8);
  const Actor gone = { NULL, 4194305, 1, PNAT_ID_UNSET, "/usr/bin/x" }; /* more than any pid */
  PnatEvent event = call_of(&host.stage, &gone, 0, PNAT_CALL_CONNECT, 3, 0);
  event.time = g_get_real_time() / 1000 - 120000;
  event.here = TRUE;
  towards(&event, "127.0.0.1", host.port);
  pnat_local_prepare(host.local, &event, _i != 0);
  ck_assert_int_eq(event.local, _i != 0);
  ck_assert_int_eq(event.is_gone, _i != 0);
  host_close(&host);
}
END_TEST

int
main(void)
{
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (geteuid() != 0 || syscall(SYS_pidfd_getfd, pidfd, 0, 0) < 0) {
    puts("skipped: needs root and pidfd_getfd(2), Linux 5.6");
    return 77;
  }
  Suite *suite = suite_create("local");
  TCase *tcase = tcase_create("local");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, a_connection_whose_end_was_lost_ends);
  tcase_add_test(tcase, a_process_is_watched_again_when_local_tracking_is_switched_on_again);
  tcase_add_loop_test(tcase, an_event_is_not_of_one_that_had_the_number_before, 0, 2);
  tcase_add_test(tcase, a_process_that_was_gone_is_told_when_local_tracking_is_switched_off);
  tcase_add_test(tcase, a_socket_that_connects_to_another_peer_is_not_the_calls);
  tcase_add_loop_test(tcase, an_old_event_whose_process_is_gone_is_this_hosts_where_it_comes_from_auditd, 0, 2);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
