/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/liveness: whose event it was, and when a process ends.
 */
#include "plugin/liveness.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugin/procinfo.h"
#include "run.h"

static guint32 last_gone;

static void
note_gone(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  (void)start, (void)time, (void)data;
  last_gone = pid;
}

static gint64
now_ms(void)
{
  return g_get_real_time() / 1000;
}

static pid_t
start_child(void)
{
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      pause();
  }
  return child;
}

static void
end_child(pid_t child)
{
  kill(child, SIGKILL);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

/* ms since 1970, as exactly as /proc tells */
static gint64
start_of(pid_t child)
{
  PnatProcStat stat;
  struct timespec boot;

  ck_assert(pnat_procinfo_stat((guint32)child, &stat));
  clock_gettime(CLOCK_BOOTTIME, &boot);
  return now_ms() - (gint64)boot.tv_sec * 1000 - boot.tv_nsec / 1000000 + (gint64)stat.start * 1000 / sysconf(_SC_CLK_TCK);
}

/* An event that is stamped some ms before the process with its pid was started. */
static const struct {
  gint64 before;  /* ms */
  gboolean own;   /* of the program that it runs */
  gboolean child; /* of its parent's */
  gboolean watched;
} events[] = {
  { -1000, TRUE, TRUE, TRUE }, { -1000, FALSE, FALSE, TRUE }, /* later: it has become another program */
  { 40, TRUE, FALSE, TRUE },                                  /* the clock of the last tick may be late */
  { 6, FALSE, TRUE, TRUE },                                   /* and it may have become another program since */
  { 40, FALSE, TRUE, FALSE },  { 20, FALSE, FALSE, FALSE },   { 1000, TRUE, TRUE, FALSE }, { 1000, FALSE, TRUE, FALSE },
};

START_TEST(an_event_from_before_its_start_is_another_processs)
{
  g_autoptr(PnatLiveness) liveness = pnat_liveness_new(note_gone, NULL, NULL);
  pid_t child = start_child();
  gint64 started = start_of(child);
  g_autofree char *link = g_strdup_printf("/proc/%d/exe", child); /* not its own: valgrind makes believe there */
  g_autofree char *exe = g_file_read_link(link, NULL);

  const PnatIdentity who = { .ppid = events[_i].child ? (guint32)getpid() : 1, .exe = events[_i].own ? exe : "/other" };
  guint64 start = pnat_liveness_watch(liveness, (guint32)child, started - events[_i].before, &who);
  ck_assert_int_eq(start != 0, events[_i].watched);
  ck_assert_uint_eq(pnat_liveness_size(liveness), events[_i].watched);
  end_child(child);
}
END_TEST

START_TEST(the_end_of_a_process_is_told)
{
  g_autoptr(PnatLiveness) liveness = pnat_liveness_new(note_gone, NULL, NULL);
  pid_t child = start_child();

  ck_assert_uint_ne(pnat_liveness_watch(liveness, (guint32)child, now_ms() + 1000, NULL), 0);
  /* Another user of its pidfd, as a thread that asks one of its sockets, does not make it end for ever. */
  int pidfd = dup(pnat_liveness_pidfd(liveness, (guint32)child));
  end_child(child);
  while (last_gone != (guint32)child)
    g_main_context_iteration(NULL, TRUE);
  ck_assert_uint_eq(pnat_liveness_size(liveness), 0);
  g_usleep(10000);
  ck_assert(!g_main_context_iteration(NULL, FALSE));
  if (pidfd >= 0)
    close(pidfd);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("liveness");
  TCase *tcase = tcase_create("liveness");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, an_event_from_before_its_start_is_another_processs, 0, G_N_ELEMENTS(events));
  tcase_add_test(tcase, the_end_of_a_process_is_told);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
