/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/patience: questions are answered, and what is not answered, or not done with, holds nobody up.
 */
#include "at_most.h"
#include "plugin/patience.h"
#include "run.h"

#include <check.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
  gint number;
  gulong takes;          /* µs */
  gboolean hangs_before; /* the answer waits until the gate is open */
  gboolean hangs_after;  /* what is to be done behind it does */
} Question;

static GMutex lock;
static GCond opened;
static gboolean is_open;
static guint finished;

static void
set_gate(gboolean open)
{
  g_mutex_lock(&lock);
  is_open = open;
  g_cond_broadcast(&opened);
  g_mutex_unlock(&lock);
}

static void
wait_at_gate(void)
{
  g_mutex_lock(&lock);
  while (!is_open)
    g_cond_wait(&opened, &lock);
  g_mutex_unlock(&lock);
}

static guint
n_finished(void)
{
  g_mutex_lock(&lock);
  guint n = finished;
  g_mutex_unlock(&lock);
  return n;
}

static void
twice(gpointer question, gpointer answer)
{
  const Question *asked = question;
  gint *result = answer;
  g_usleep(asked->takes);
  if (asked->hangs_before)
    wait_at_gate();
  *result = 2 * asked->number;
}

static void
finish(gpointer question)
{
  const Question *asked = question;
  if (asked->hangs_after)
    wait_at_gate();
  g_mutex_lock(&lock);
  finished++;
  g_mutex_unlock(&lock);
}

static const PnatPatienceKind kind = { "test", sizeof(Question), sizeof(gint), twice, finish };

/* On a busy machine the thread may not get to run in time: then it is asked once more. */
static gint
ask_patiently(PnatPatience *patience, gint number)
{
  Question question = { .number = number };
  gint answer = -1;
  for (guint i = 0; i < 1000; i++) {
    if (pnat_patience_ask(patience, &question, &answer) == PNAT_PATIENCE_ANSWERED)
      return answer;
    g_usleep(10000);
  }
  return -1;
}

static void
wait_for_stuck(PnatPatience *patience)
{
  for (guint i = 0; i < 1000 && pnat_patience_stuck(patience) > 0; i++)
    g_usleep(10000);
  ck_assert_uint_eq(pnat_patience_stuck(patience), 0);
}

START_TEST(each_question_has_its_answer)
{
  g_autoptr(PnatPatience) patience = pnat_patience_new(&kind);
  for (gint i = 0; i < 10000; i++)
    ck_assert_int_eq(ask_patiently(patience, i), 2 * i);
}
END_TEST

START_TEST(every_question_that_was_asked_is_finished)
{
  PnatPatience *patience = pnat_patience_new(&kind);
  Question question = { .number = 1 };
  guint asked = 0;
  gint answer;

  for (guint i = 0; i < 1000; i++)
    asked += pnat_patience_ask(patience, &question, &answer) != PNAT_PATIENCE_UNASKED;
  pnat_patience_free(patience);
  for (guint i = 0; i < 1000 && n_finished() < asked; i++)
    g_usleep(10000);
  ck_assert_uint_eq(n_finished(), asked);
}
END_TEST

START_TEST(a_question_without_an_answer_holds_nobody_up)
{
  g_autoptr(PnatPatience) patience = pnat_patience_new(&kind);
  Question hanging = { .number = 1, .hangs_before = TRUE };
  guint refused = 0;
  gint answer = 7;

  gint64 begun = g_get_monotonic_time();
  ck_assert_int_eq(pnat_patience_ask(patience, &hanging, &answer), PNAT_PATIENCE_GAVE_UP);
  ck_assert_int_eq(answer, 7);
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));
  ck_assert_uint_ge(pnat_patience_stuck(patience), 1);
  ck_assert_int_eq(ask_patiently(patience, 21), 42);

  /* Many of the kind do not cost a thread each, nor time. */
  for (guint i = 0; i < 100; i++)
    refused += pnat_patience_ask(patience, &hanging, &answer) == PNAT_PATIENCE_UNASKED;
  ck_assert_uint_gt(refused, 80);
  ck_assert_uint_lt(pnat_patience_stuck(patience), 20);
  begun = g_get_monotonic_time();
  for (guint i = 0; i < 100; i++)
    ck_assert_int_eq(pnat_patience_ask(patience, &hanging, &answer), PNAT_PATIENCE_UNASKED);
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));

  /* When they are let go, all is well again. */
  set_gate(TRUE);
  wait_for_stuck(patience);
  ck_assert_int_eq(ask_patiently(patience, 21), 42);
}
END_TEST

START_TEST(an_answer_does_not_wait_for_what_is_done_behind_it)
{
  g_autoptr(PnatPatience) patience = pnat_patience_new(&kind);
  Question lingering = { .number = 3, .hangs_after = TRUE };
  guint answered = 0;
  gint answer = 0;

  for (guint i = 0; i < 4; i++) {
    answered += pnat_patience_ask(patience, &lingering, &answer) == PNAT_PATIENCE_ANSWERED;
    ck_assert_int_eq(ask_patiently(patience, 21), 42); /* nor does who comes next */
  }
  ck_assert_uint_ge(answered, 1);
  for (guint i = 0; i < 100; i++)
    pnat_patience_ask(patience, &lingering, &answer);
  ck_assert_uint_gt(pnat_patience_stuck(patience), 1);
  ck_assert_uint_lt(pnat_patience_stuck(patience), 20);
  set_gate(TRUE);
  wait_for_stuck(patience);
  ck_assert_int_eq(ask_patiently(patience, 21), 42);
}
END_TEST

START_TEST(slow_answers_take_no_more_than_their_share_of_time)
{
  g_autoptr(PnatPatience) patience = pnat_patience_new(&kind);
  Question slow = { .number = 1, .takes = 8000 };
  guint refused = 0;
  gint answer;

  gint64 begun = g_get_monotonic_time();
  for (guint i = 0; i < 500; i++)
    refused += pnat_patience_ask(patience, &slow, &answer) == PNAT_PATIENCE_UNASKED;
  ck_assert_int_lt(g_get_monotonic_time() - begun, 2 * G_TIME_SPAN_SECOND);
  ck_assert_uint_gt(refused, 300);
  g_usleep(G_USEC_PER_SEC / 5);
  ck_assert_int_eq(ask_patiently(patience, 21), 42);
}
END_TEST

START_TEST(threads_that_are_stuck_outlive_who_asked)
{
  PnatPatience *patience = pnat_patience_new(&kind);
  Question hanging = { .hangs_before = TRUE };
  gint answer;

  for (guint i = 0; i < 3; i++)
    ck_assert_int_ne(pnat_patience_ask(patience, &hanging, &answer), PNAT_PATIENCE_ANSWERED);
  pnat_patience_free(patience);
  set_gate(TRUE);
  for (guint i = 0; i < 1000 && n_finished() < 3; i++)
    g_usleep(10000);
  ck_assert_uint_eq(n_finished(), 3);
  g_usleep(100000); /* for them to end */
  pnat_patience_free(NULL);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("patience");
  TCase *tcase = tcase_create("patience");

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, each_question_has_its_answer);
  tcase_add_test(tcase, every_question_that_was_asked_is_finished);
  tcase_add_test(tcase, a_question_without_an_answer_holds_nobody_up);
  tcase_add_test(tcase, an_answer_does_not_wait_for_what_is_done_behind_it);
  tcase_add_test(tcase, slow_answers_take_no_more_than_their_share_of_time);
  tcase_add_test(tcase, threads_that_are_stuck_outlive_who_asked);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
