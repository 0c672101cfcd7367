/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/recheck: after a restart, which processes and connections are there still.
 * Real sockets of a child of the test's, which needs root to look into it.
 */
#include "plugin/recheck.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "plugin/asker.h"
#include "plugin/clock.h"
#include "plugin/procinfo.h"
#include "run.h"

#define SKIP 77
#define LINGER 1000 /* ms, as in flows.c */
#define HELD 100    /* the child's connection */
#define MOVED 101   /* and a copy of it */

typedef struct {
  Stage stage;
  PnatLiveness *liveness;
  PnatAsker *asker;
  int listener;
  guint16 port;
  pid_t child;
  int talk; /* to the child, and from it */
} Host;

static void
gone(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  (void)pid, (void)start, (void)time, (void)data;
}

/* A copy of @fd, which is closed, above the numbers that the child uses for its connection: whoever started the test may have left
 * it any descriptors. */
static int
out_of_the_way(int fd)
{
  int copy = fcntl(fd, F_DUPFD, MOVED + 1);
  close(fd);
  return copy;
}

/* Connects its descriptor HELD, and then does with it as it is told: 'c' closes it, 'm' moves it to MOVED, 'l' leaves it to a child
 * of its own. */
static void
be_child(int parent, guint16 port)
{
  struct sockaddr_in there = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port) };
  int talk = out_of_the_way(parent);
  int fd = out_of_the_way(socket(AF_INET, SOCK_STREAM, 0));
  char order = 'd';

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0 || dup2(fd, HELD) != HELD)
    _exit(1);
  close(fd);
  do {
    if (order == 'm')
      dup2(HELD, MOVED);
    if (order == 'l' && fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;)
        pause();
    }
    if (order != 'd' && order != 'n')
      close(HELD);
  } while (write(talk, &order, 1) == 1 && read(talk, &order, 1) == 1);
  _exit(0);
}

static void
hear(const Host *host)
{
  char answer;
  ck_assert_int_eq(read(host->talk, &answer, 1), 1);
}

static void
order(const Host *host, char what)
{
  ck_assert_int_eq(write(host->talk, &what, 1), 1);
  hear(host);
}

static void
host_open(Host *host)
{
  struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t length = sizeof here;
  int ends[2];

  stage_open(&host->stage);
  host->liveness = pnat_liveness_new(gone, NULL, NULL);
  host->asker = pnat_asker_new();
  host->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(host->listener, (struct sockaddr *)&here, sizeof here), 0);
  ck_assert_int_eq(listen(host->listener, 5), 0);
  ck_assert_int_eq(getsockname(host->listener, (struct sockaddr *)&here, &length), 0);
  host->port = ntohs(here.sin_port);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  host->child = fork();
  if (host->child == 0)
    be_child(ends[1], host->port);
  close(ends[1]);
  host->talk = ends[0];
  hear(host);
}

static void
host_close(Host *host)
{
  kill(host->child, SIGKILL);
  waitpid(host->child, NULL, 0);
  close(host->talk);
  close(host->listener);
  pnat_asker_free(host->asker);
  pnat_liveness_free(host->liveness);
  stage_close(&host->stage);
}

/* On a busy machine a question may not be answered in time. */
static gboolean
ask(const Host *host, PnatSocket *socket)
{
  int pidfd = pnat_liveness_pidfd(host->liveness, (guint32)host->child);
  gboolean found = FALSE;
  for (guint i = 0; i < 200 && !found; i++)
    found = pnat_asker_ask(host->asker, pidfd, HELD, socket);
  return found;
}

/* As the last run knew it. @asked: whether the socket could be asked */
static void
has_connected(Host *host, gboolean asked)
{
  const Actor child = { NULL, (guint32)host->child, (guint32)getpid(), PNAT_ID_UNSET, "/child" };
  PnatEvent event = call_of(&host->stage, &child, 0, PNAT_CALL_CONNECT, HELD, 0);

  towards(&event, "127.0.0.1", host->port);
  event.local = TRUE;
  event.start = pnat_liveness_watch(host->liveness, (guint32)host->child, G_MAXINT64 / 2, NULL);
  ck_assert_uint_ne(event.start, 0);
  if (asked)
    ck_assert(ask(host, &event.socket));
  happen(&host->stage, &event);
}

static void
recheck_now(Host *host)
{
  g_autoptr(PnatRecheck) recheck = NULL;

  pnat_recheck_processes(host->stage.tracker, host->liveness, host->stage.now);
  recheck = pnat_recheck_new(host->stage.tracker, host->liveness, host->asker);
  while (pnat_recheck_step(recheck, 0, host->stage.now))
    ;
  ck_assert(!pnat_recheck_step(recheck, 0, host->stage.now));
}

/* A socket that was closed may be there for a moment, until its peer has confirmed that. @wanted: so many are waited for */
static guint
ends_after_recheck(Host *host, guint wanted)
{
  guint ends = 0;
  for (guint i = 0; i < (wanted > 0 ? 200 : 3) && ends == 0; i++) {
    recheck_now(host);
    time_passes(&host->stage, (i + 1) * (LINGER + 1));
    ends = count_records(&host->stage, PNAT_RECORD_END);
    g_usleep(20000);
  }
  return ends;
}

static const struct {
  char order; /* 'n' = nothing */
  gboolean asked;
  guint ends;
} cases[] = {
  { 'n', TRUE, 0 }, { 'm', TRUE, 0 }, { 'c', TRUE, 1 }, { 'l', TRUE, 0 }, { 'n', FALSE, 0 }, { 'm', FALSE, 0 }, { 'c', FALSE, 1 },
};

START_TEST(a_connection_is_open_while_its_process_holds_it)
{
  Host host;
  host_open(&host);
  has_connected(&host, cases[_i].asked);
  order(&host, cases[_i].order);
  ck_assert_uint_eq(ends_after_recheck(&host, cases[_i].ends), cases[_i].ends);
  if (cases[_i].ends > 0)
    ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_CLOSE);
  host_close(&host);
}
END_TEST

START_TEST(a_process_that_is_gone_ends)
{
  Host host;
  host_open(&host);
  has_connected(&host, TRUE);
  pnat_liveness_forget(host.liveness, (guint32)host.child);
  kill(host.child, SIGKILL);
  waitpid(host.child, NULL, 0);
  ck_assert_uint_eq(ends_after_recheck(&host, 1), 1);
  ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_KILLED);
  host_close(&host);
}
END_TEST

/* Of a process whose start is not known, as while local_tracking was off, with the number that the child has now. */
static const struct {
  gint64 before; /* ms before now that it was heard of last; the child has just been started */
  gboolean same_program;
  gboolean same_parent;
  gboolean lives;
} traces[] = {
  { -1000, FALSE, FALSE, TRUE }, /* it may have called execve(2), and its parent may have ended */
  { 5000, FALSE, TRUE, FALSE },
  { 5000, TRUE, FALSE, FALSE },
  { 5000, TRUE, TRUE, TRUE }, /* the clock was set forward */
  { 3600000, TRUE, TRUE, FALSE },
};

static void
was_heard_of(Host *host, guint trace)
{
  g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
  const Actor actor = { NULL, (guint32)host->child, traces[trace].same_parent ? (guint32)getpid() : 1, PNAT_ID_UNSET,
                        traces[trace].same_program ? exe : "/other" };
  connects(&host->stage, &actor, pnat_real_ms() - traces[trace].before - T0, HELD, "203.0.113.9", 443, 0);
}

START_TEST(who_started_after_it_was_heard_of_is_another)
{
  Host host;
  guint ends = traces[_i].lives ? 0 : 1;

  host_open(&host);
  was_heard_of(&host, (guint)_i);
  pnat_recheck_processes(host.stage.tracker, host.liveness, host.stage.now);
  time_passes(&host.stage, host.stage.now - T0 + LINGER);
  ck_assert_uint_eq(count_records(&host.stage, PNAT_RECORD_END), ends);
  ck_assert_uint_eq(pnat_liveness_size(host.liveness), 1 - ends);
  if (ends > 0)
    ck_assert_int_eq(the_record(&host.stage, PNAT_RECORD_END)->record.reason, PNAT_REASON_KILLED);
  host_close(&host);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("recheck");
  TCase *tcase = tcase_create("recheck");
  tcase_add_loop_test(tcase, a_connection_is_open_while_its_process_holds_it, 0, G_N_ELEMENTS(cases));
  tcase_add_test(tcase, a_process_that_is_gone_ends);
  tcase_add_loop_test(tcase, who_started_after_it_was_heard_of_is_another, 0, G_N_ELEMENTS(traces));
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  if (geteuid() != 0 || syscall(SYS_pidfd_getfd, (int)syscall(SYS_pidfd_open, getpid(), 0), 0, 0) < 0) {
    puts("skipped: needs root and pidfd_getfd(2), Linux 5.6");
    return SKIP;
  }
  return run_suite(suite());
}
