/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * State: each story is told twice, once with a restart in its middle, and must end in the same way.
 */
#include <errno.h>
#include <stdlib.h>

#include "here.h"
#include "lib/state.h"
#include "run.h"

static const Actor server = { "web1", 200, 50, 1, "/usr/sbin/server" };

typedef void (*Pause)(Stage *stage);

static void
goes_on(Stage *stage)
{
  (void)stage;
}

static void
is_restarted(Stage *stage)
{
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("here"), .saved = T0, .position = g_byte_array_new() };
  g_autoptr(GByteArray) bytes = pnat_state_save(stage->tracker, &meta, stage->now, NULL);
  PnatTrackerOptions options = stage_options();

  pnat_tracker_free(stage->tracker);
  stage->tracker = pnat_tracker_new(&options, keep_record, stage);
  pnat_tracker_set_watching(stage->tracker, TRUE);
  ck_assert(pnat_state_restore(stage->tracker, bytes->data, bytes->len, stage->now, NULL));
}

/* Processes. */

static void
a_thread_exits_and_then_another(Stage *stage, Pause pause)
{
  accepts(stage, &server, 0, 5, PEER, 50000);
  thread_exits(stage, &server, 1000);
  transfers(stage, &server, 2000, PNAT_CALL_SEND, 5, 10);
  pause(stage);
  thread_exits(stage, &server, 3000);
}

static void
a_call_is_logged_before_the_last_exit_and_heard_after_it(Stage *stage, Pause pause)
{
  connects(stage, &server, 0, 5, PEER, 443, 0);
  stage->serial = 100;
  thread_exits(stage, &server, 3000);
  pause(stage);
  stage->serial = 98;
  transfers(stage, &server, 2999, PNAT_CALL_SEND, 5, 10);
}

static void
who_has_ended_is_followed_by_one_that_lives(Stage *stage, Pause pause)
{
  PnatEvent event = call_of(stage, &curl, 0, PNAT_CALL_CONNECT, 3, 0);
  towards(&event, PEER, 443);
  event.local = TRUE;
  event.is_gone = TRUE;
  happen(stage, &event);
  pause(stage);
  connects_here(stage, &curl, 100, 3, 0, 11);
}

static void
a_call_is_logged_before_the_exit_and_heard_after_it(Stage *stage, Pause pause)
{
  exits(stage, &server, 3000);
  pause(stage);
  connects(stage, &server, 2999, 5, PEER, 443, 0);
}

/* Descriptors. */

static void
a_connect_is_asked_about_by_another(Stage *stage, Pause pause)
{
  connects(stage, &server, 0, 5, PEER, 443, -EINPROGRESS);
  pause(stage);
  connects(stage, &server, 100, 5, PEER, 443, 0);
  exits(stage, &server, 200);
}

/* Connections. */

static void
what_was_found_open_is_told_of_by_its_connect(Stage *stage, Pause pause)
{
  PnatEvent event = call_of(stage, &curl, 100, PNAT_CALL_CONNECT, 3, 0);
  Answer answer = { 11, IPPROTO_TCP, PNAT_SOCKET_CONNECTED, 11, PEER, 443 };
  towards(&event, PEER, 443);
  ask(&event, &answer);
  event.snapshot = TRUE;
  happen(stage, &event);
  pause(stage);
  connects_here(stage, &curl, 50, 3, 0, 11);
}

/* The second was made on the same number, and the first gave the answer of its socket. */
static void
two_connects_in_a_row_have_one_socket(Stage *stage, Pause pause)
{
  connects_here(stage, &curl, 0, 3, 0, 11);
  pause(stage);
  connects_here(stage, &curl, 10, 3, 0, 11);
  socket_closes(stage, 100, 11);
}

static void
a_refused_connect_is_no_connection(Stage *stage, Pause pause)
{
  PnatSocketEnd end = socket_end(11, 200);
  connects_here(stage, &curl, 0, 3, -EINPROGRESS, 0);
  PnatEvent event = call_of(stage, &curl, 100, PNAT_CALL_SEND, 3, -ECONNREFUSED);
  ask(&event, NULL);
  happen(stage, &event);
  pause(stage);
  end.socket.state = PNAT_SOCKET_FAILED;
  told_end(stage, &end);
}

static void
a_socket_ends_with_another_peer(Stage *stage, Pause pause)
{
  PnatSocketEnd end = socket_end(11, 200);
  connects_here(stage, &curl, 0, 3, 0, 11);
  pause(stage);
  end.socket.remote = address(OTHER_PEER, 8443);
  told_end(stage, &end);
}

/* A flow's second connection took the number of another flow's. */
static void
a_number_is_used_again_while_its_connect_is_under_way(Stage *stage, Pause pause)
{
  PnatSocketEnd end = socket_end(12, 300);
  connects_here(stage, &curl, 0, 4, -EINPROGRESS, 11);
  PnatEvent event = call_of(stage, &curl, 10, PNAT_CALL_CONNECT, 3, -EINPROGRESS);
  towards(&event, OTHER_PEER, 80);
  ask(&event, NULL);
  happen(stage, &event);
  connects_here(stage, &curl, 20, 3, -EINPROGRESS, 12);
  pause(stage);
  event = call_of(stage, &curl, 100, PNAT_CALL_SEND, 3, -ECONNREFUSED);
  ask(&event, NULL);
  happen(stage, &event);
  end.socket.state = PNAT_SOCKET_FAILED;
  told_end(stage, &end);
}

static void (*const stories[])(Stage *, Pause) = {
  a_thread_exits_and_then_another,
  a_call_is_logged_before_the_last_exit_and_heard_after_it,
  who_has_ended_is_followed_by_one_that_lives,
  a_call_is_logged_before_the_exit_and_heard_after_it,
  a_connect_is_asked_about_by_another,
  what_was_found_open_is_told_of_by_its_connect,
  two_connects_in_a_row_have_one_socket,
  a_refused_connect_is_no_connection,
  a_socket_ends_with_another_peer,
  a_number_is_used_again_while_its_connect_is_under_way,
};

/* All records of it. */
static char *
told(guint number, Pause pause)
{
  GString *text = g_string_new(NULL);
  Stage stage;

  stage_open(&stage);
  stories[number](&stage, pause);
  lives_until(&stage, 8000);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_EOF, T0 + 9000);
  for (guint i = 0; i < stage.records->len; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    g_string_append_printf(text, "kind=%d reason=%d end=%" G_GINT64_FORMAT " port=%d outcome=%d connections=%u failed=%u confidence=%d\n",
                           record->kind, record->reason, record->end - T0, record->remote.port, record->outcome, record->connections,
                           record->failed, record->confidence);
  }
  stage_close(&stage);
  return g_string_free(text, FALSE);
}

START_TEST(a_restart_changes_nothing)
{
  g_autofree char *expected = told((guint)_i, goes_on);
  g_autofree char *restarted = told((guint)_i, is_restarted);
  ck_assert_str_eq(restarted, expected);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("restart");
  TCase *tcase = tcase_create("restart");

  tcase_add_loop_test(tcase, a_restart_changes_nothing, 0, G_N_ELEMENTS(stories));
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
