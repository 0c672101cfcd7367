/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/input: what comes on standard input goes into the feed, or waits; and what is known of when it came.
 */
#include <check.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/input.h"
#include "run.h"

#define EXIT_LINE \
  "type=SYSCALL msg=audit(1700000000.000:%u): arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid=%u auid=0 uid=0 gid=0 euid=0 " \
  "suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm=\"x\" exe=\"/x\" key=\"pnat\"\ntype=EOE msg=audit(1700000000.000:%u):\n"

static PnatFeed *feed;
static PnatInput *input;
static int writer; /* to standard input */
static guint last; /* the pid of the newest event */
static guint events, drained, ended;
static gboolean fresh; /* the newest event */

static void
take(const PnatEvent *event, gpointer data)
{
  (void)data;
  events++;
  last = event->who.pid;
  fresh = pnat_input_is_fresh(input);
}

static void
note_drained(gpointer data)
{
  (void)data;
  drained++;
}

static void
note_ended(gpointer data)
{
  (void)data;
  ended++;
}

static void
setup(void)
{
  static const PnatInputHandlers handlers = { note_drained, note_ended };
  int ends[2];

  ck_assert(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
  ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  writer = ends[1];
  ck_assert(g_unix_set_fd_nonblocking(STDIN_FILENO, TRUE, NULL));
  events = drained = ended = 0;
  feed = pnat_feed_new(take, NULL);
  input = pnat_input_new(feed, &handlers, NULL);
}

static void
teardown(void)
{
  pnat_input_free(input);
  pnat_feed_free(feed);
  if (writer >= 0)
    close(writer);
}

/* The exit of process @number. */
static void
comes(guint number)
{
  g_autofree char *text = g_strdup_printf(EXIT_LINE, number, number, number);
  ck_assert_int_eq(write(writer, text, strlen(text)), (ssize_t)strlen(text));
}

static void
loop(void)
{
  while (g_main_context_iteration(NULL, FALSE))
    ;
}

static void
begin(void)
{
  pnat_input_look(input);
  pnat_input_watch(input);
}

START_TEST(what_comes_while_it_is_waited_for_is_fresh)
{
  begin();
  comes(1);
  loop();
  ck_assert_uint_eq(last, 1);
  ck_assert(fresh);
  ck_assert_uint_eq(drained, 1);
  ck_assert(pnat_input_is_drained(input));
}
END_TEST

START_TEST(what_waited_at_the_start_is_not_and_what_comes_then_is)
{
  comes(1);
  begin();
  loop();
  ck_assert_uint_eq(events, 1);
  ck_assert(!fresh);
  comes(2);
  loop();
  ck_assert_uint_eq(last, 2);
  ck_assert(fresh);
}
END_TEST

START_TEST(what_is_held_back_comes_in_order_and_is_not_fresh)
{
  static const char text[] = EXIT_LINE;
  g_autofree char *first = g_strdup_printf(text, 1u, 1u, 1u);
  g_autoptr(GString) unfinished = g_string_new(first);

  pnat_input_hold(input);
  begin();
  comes(2);
  loop();
  ck_assert_uint_eq(events, 0);
  pnat_input_release(input, unfinished);
  ck_assert_uint_eq(events, 2);
  ck_assert_uint_eq(last, 2);
  ck_assert(!fresh);
  comes(3);
  loop();
  ck_assert_uint_eq(last, 3);
}
END_TEST

START_TEST(no_more_is_held_back_than_fits)
{
  enum { SOME = 64 * 1024 };
  g_autofree char *noise = g_malloc(SOME);
  g_autoptr(GString) unfinished = g_string_new(NULL);
  gsize taken = 0, before;

  memset(noise, 'x', SOME);
  ck_assert(g_unix_set_fd_nonblocking(writer, TRUE, NULL));
  pnat_input_hold(input);
  begin();
  do {
    before = taken;
    ssize_t n = write(writer, noise, SOME);
    taken += n > 0 ? (gsize)n : 0;
    loop();
  } while (taken > before);
  ck_assert_uint_ge(taken, 64 * 1024 * 1024);
  ck_assert_uint_lt(taken, 66 * 1024 * 1024);

  pnat_input_release(input, unfinished);
  pnat_input_watch(input); /* and goes on */
  loop();
  ck_assert_int_eq(write(writer, "\n", 1), 1);
  comes(7);
  loop();
  ck_assert_uint_eq(last, 7);
}
END_TEST

START_TEST(its_end_is_told_once)
{
  begin();
  comes(1);
  close(writer);
  writer = -1;
  loop();
  ck_assert_uint_eq(events, 1);
  ck_assert_uint_eq(ended, 1);
}
END_TEST

START_TEST(what_is_left_at_an_order_to_stop_is_read)
{
  begin();
  loop();
  comes(1);
  comes(2);
  pnat_input_finish(input);
  ck_assert_uint_eq(events, 2);
  comes(3);
  loop();
  ck_assert_uint_eq(events, 2);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("input");
  TCase *tcase = tcase_create("input");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, what_comes_while_it_is_waited_for_is_fresh);
  tcase_add_test(tcase, what_waited_at_the_start_is_not_and_what_comes_then_is);
  tcase_add_test(tcase, what_is_held_back_comes_in_order_and_is_not_fresh);
  tcase_add_test(tcase, no_more_is_held_back_than_fits);
  tcase_add_test(tcase, its_end_is_told_once);
  tcase_add_test(tcase, what_is_left_at_an_order_to_stop_is_read);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
