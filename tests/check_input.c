/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/input: what comes on standard input goes into the feed, or waits; and what is known of when it came.
 */
#include <check.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "at_most.h"
#include "plugin/input.h"
#include "run.h"

#define EXIT_LINE \
  "type=SYSCALL msg=audit(1700000000.000:%u): arch=c000003e syscall=231 a0=0 a1=0 a2=0 a3=0 items=0 ppid=1 pid=%u auid=0 uid=0 gid=0 euid=0 " \
  "suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=1 comm=\"x\" exe=\"/x\" key=\"pnat\"\ntype=EOE msg=audit(1700000000.000:%u):\n"

static PnatFeed *feed;
static PnatInput *input;
static int writer; /* to standard input */
static guint last; /* the pid of the newest event */
static guint events, drained, ended, released;
static gboolean in_order; /* the pids of all events are 1, 2, 3... */
static gboolean fresh; /* the newest event */

static void
take(const PnatEvent *event, gpointer data)
{
  (void)data;
  events++;
  in_order &= event->who.pid == events;
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
note_released(gpointer data)
{
  (void)data;
  released++;
}

static void
setup(void)
{
  static const PnatInputHandlers handlers = { note_drained, note_ended, note_released };
  int ends[2];

  ck_assert(g_unix_open_pipe(ends, FD_CLOEXEC, NULL));
  ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
  close(ends[0]);
  writer = ends[1];
  ck_assert(g_unix_set_fd_nonblocking(STDIN_FILENO, TRUE, NULL));
  events = drained = ended = released = 0;
  in_order = TRUE;
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

static gint
unread(void)
{
  gint waiting = 0;
  ck_assert_int_eq(ioctl(STDIN_FILENO, FIONREAD, &waiting), 0);
  return waiting;
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

/* Under valgrind the first time takes so long that what came would have been waiting. */
static void
warm_up(void)
{
  setup();
  begin();
  for (guint number = 1; number <= 3; number++) {
    comes(number);
    loop();
  }
  teardown();
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

static gboolean
take_long(gpointer data)
{
  (void)data;
  comes(2);
  g_usleep(30 * 1000);
  return G_SOURCE_REMOVE;
}

START_TEST(what_came_while_something_else_took_long_is_not_and_what_comes_then_is)
{
  begin();
  comes(1);
  loop();
  ck_assert(fresh);
  g_idle_add(take_long, NULL);
  loop();
  ck_assert_uint_eq(last, 2);
  ck_assert(!fresh);
  comes(3);
  loop();
  ck_assert_uint_eq(last, 3);
  ck_assert(fresh);
}
END_TEST

static void
comes_meanwhile(guint number)
{
  comes(number);
  g_usleep(30 * 1000);
  pnat_input_take_in(input);
}

START_TEST(what_was_taken_in_by_the_way_comes_later_and_in_order)
{
  begin();
  comes_meanwhile(1);
  comes_meanwhile(2);
  ck_assert_int_eq(unread(), 0);
  ck_assert_uint_eq(events, 0);
  comes(3);
  loop();
  ck_assert_uint_eq(events, 3);
  ck_assert(in_order && !fresh);
  comes(4);
  loop();
  ck_assert(in_order && fresh);
  pnat_input_finish(input);
  comes_meanwhile(5);
  ck_assert_int_gt(unread(), 0);
}
END_TEST

START_TEST(what_was_read_apart_comes_later_and_in_order)
{
  begin();
  pnat_input_read_apart(input);
  for (guint number = 1; number <= 3; number++) {
    comes(number);
    g_usleep(at_most(30));
    ck_assert_int_eq(unread(), 0);
  }
  ck_assert_uint_eq(events, 0);
  pnat_input_read_here(input);
  comes(4);
  loop();
  ck_assert_uint_eq(events, 4);
  ck_assert(in_order && !fresh);
  comes(5);
  loop();
  ck_assert(in_order && fresh);
}
END_TEST

START_TEST(what_was_read_apart_is_held_back_if_all_is)
{
  begin();
  pnat_input_read_apart(input);
  comes(1);
  g_usleep(at_most(30));
  pnat_input_read_here(input);
  pnat_input_hold(input);
  loop();
  ck_assert_uint_eq(events, 0);
  pnat_input_release(input, NULL);
  loop();
  ck_assert_uint_eq(events, 1);
}
END_TEST

START_TEST(its_end_is_told_after_it_was_read_apart)
{
  begin();
  pnat_input_read_apart(input);
  comes(1);
  close(writer);
  writer = -1;
  g_usleep(at_most(30));
  pnat_input_read_here(input);
  ck_assert_uint_eq(ended, 0);
  loop();
  ck_assert_uint_eq(events, 1);
  ck_assert_uint_eq(ended, 1);
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
  ck_assert_uint_eq(drained, 0);
  pnat_input_release(input, unfinished);
  loop();
  ck_assert_uint_eq(events, 2);
  ck_assert_uint_eq(last, 2);
  ck_assert(!fresh);
  ck_assert_uint_eq(released, 1);
  comes(3);
  loop();
  ck_assert_uint_eq(last, 3);
}
END_TEST

/* Enough for many slices: events 1 to MANY. */
#define MANY 5000

static void
hold_many(void)
{
  pnat_input_hold(input);
  begin();
  for (guint number = 1; number <= MANY; number++) {
    comes(number);
    loop();
  }
  ck_assert_uint_eq(events, 0);
}

START_TEST(what_comes_while_much_is_released_is_read_and_comes_behind_it)
{
  guint number = MANY, rounds = 0;

  hold_many();
  pnat_input_release(input, NULL);
  for (; pnat_input_held(input) > 0; rounds++) {
    comes(++number);
    g_main_context_iteration(NULL, FALSE);
    ck_assert_int_eq(unread(), 0);
    ck_assert_uint_lt(events, MANY / 5 * (rounds + 1));
    ck_assert(!fresh);
  }
  ck_assert_uint_gt(rounds, 5);
  ck_assert_uint_eq(events, number);
  ck_assert(in_order);
  ck_assert_uint_eq(released, 1);
  ck_assert_uint_eq(drained, 1);
  comes(++number);
  loop();
  ck_assert(fresh && in_order);
}
END_TEST

/* Else it would grow until it is full, and stay so. */
START_TEST(what_was_held_back_shrinks_although_input_comes_as_fast_as_it_is_read)
{
  g_autofree char *noise = g_strnfill(1024 * 1024, '\n');

  hold_many();
  ck_assert_int_gt(fcntl(writer, F_SETPIPE_SZ, 1024 * 1024), 0);
  ck_assert(g_unix_set_fd_nonblocking(writer, TRUE, NULL));
  pnat_input_release(input, NULL);
  for (gsize held = pnat_input_held(input); held > 0; held = pnat_input_held(input)) {
    (void)!write(writer, noise, 1024 * 1024);
    g_main_context_iteration(NULL, FALSE);
    ck_assert_uint_lt(pnat_input_held(input), held);
  }
  ck_assert_uint_eq(events, MANY);
}
END_TEST

START_TEST(no_event_waits_only_when_all_was_released)
{
  hold_many();
  ck_assert(!pnat_input_is_drained(input));
  pnat_input_release(input, NULL);
  g_main_context_iteration(NULL, FALSE);
  ck_assert(!pnat_input_is_drained(input));
  loop();
  ck_assert(pnat_input_is_drained(input));
}
END_TEST

START_TEST(its_end_is_told_while_much_is_released_and_the_rest_is_fed)
{
  hold_many();
  pnat_input_release(input, NULL);
  close(writer);
  writer = -1;
  g_main_context_iteration(NULL, FALSE);
  ck_assert_uint_eq(ended, 1);
  ck_assert_uint_lt(events, MANY);
  pnat_input_finish(input);
  ck_assert(pnat_input_feed_rest(input, G_MAXINT64));
  ck_assert_uint_eq(events, MANY);
  ck_assert_uint_eq(released, 1);
  loop();
  ck_assert_uint_eq(ended, 1);
}
END_TEST

START_TEST(what_there_is_no_time_for_at_the_end_is_not_fed)
{
  hold_many();
  pnat_input_release(input, NULL);
  pnat_input_finish(input);
  ck_assert(!pnat_input_feed_rest(input, 0));
  ck_assert_uint_eq(events, 0);
  ck_assert_uint_gt(pnat_input_held(input), 0);
}
END_TEST

START_TEST(what_is_still_held_back_at_the_end_is_not_fed)
{
  hold_many();
  pnat_input_finish(input);
  ck_assert(pnat_input_feed_rest(input, G_MAXINT64));
  ck_assert_uint_eq(events, 0);
}
END_TEST

/* All that fits, and what fits into the pipe. @returns bytes */
static gsize
hold_all_that_fits(void)
{
  enum { SOME = 64 * 1024 };
  g_autofree char *noise = g_malloc(SOME);
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
  return taken;
}

START_TEST(no_more_is_held_back_than_fits)
{
  g_autoptr(GString) unfinished = g_string_new(NULL);
  gsize taken = hold_all_that_fits();

  ck_assert_uint_ge(taken, 64 * 1024 * 1024);
  ck_assert_uint_lt(taken, 66 * 1024 * 1024);
  pnat_input_release(input, unfinished);
  loop(); /* and goes on */
  ck_assert_int_eq(write(writer, "\n", 1), 1);
  comes(7);
  loop();
  ck_assert_uint_eq(last, 7);
}
END_TEST

START_TEST(its_end_is_told_although_no_more_can_be_held_back)
{
  hold_all_that_fits();
  ck_assert(pnat_input_wait(input, 0));
  ck_assert_uint_eq(ended, 0);
  close(writer);
  writer = -1;
  gint64 before = g_get_monotonic_time();
  ck_assert(!pnat_input_wait(input, 5000));
  ck_assert_int_lt(g_get_monotonic_time() - before, 1000000);
  loop();
  ck_assert_uint_eq(ended, 1);

  pnat_input_release(input, NULL);
  pnat_input_finish(input);
  ck_assert(pnat_input_feed_rest(input, G_MAXINT64));
  ck_assert_int_eq(unread(), 0);
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

  tcase_add_unchecked_fixture(tcase, warm_up, NULL);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, what_comes_while_it_is_waited_for_is_fresh);
  tcase_add_test(tcase, what_waited_at_the_start_is_not_and_what_comes_then_is);
  tcase_add_test(tcase, what_came_while_something_else_took_long_is_not_and_what_comes_then_is);
  tcase_add_test(tcase, what_was_taken_in_by_the_way_comes_later_and_in_order);
  tcase_add_test(tcase, what_was_read_apart_comes_later_and_in_order);
  tcase_add_test(tcase, what_was_read_apart_is_held_back_if_all_is);
  tcase_add_test(tcase, its_end_is_told_after_it_was_read_apart);
  tcase_add_test(tcase, what_is_held_back_comes_in_order_and_is_not_fresh);
  tcase_add_test(tcase, what_comes_while_much_is_released_is_read_and_comes_behind_it);
  tcase_add_test(tcase, what_was_held_back_shrinks_although_input_comes_as_fast_as_it_is_read);
  tcase_add_test(tcase, no_event_waits_only_when_all_was_released);
  tcase_add_test(tcase, its_end_is_told_while_much_is_released_and_the_rest_is_fed);
  tcase_add_test(tcase, what_there_is_no_time_for_at_the_end_is_not_fed);
  tcase_add_test(tcase, what_is_still_held_back_at_the_end_is_not_fed);
  tcase_add_test(tcase, no_more_is_held_back_than_fits);
  tcase_add_test(tcase, its_end_is_told_although_no_more_can_be_held_back);
  tcase_add_test(tcase, its_end_is_told_once);
  tcase_add_test(tcase, what_is_left_at_an_order_to_stop_is_read);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
