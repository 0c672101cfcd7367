/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker on its own host: ends of processes as the kernel tells them, together with audit's events; bounds and losses.
 */
#include <errno.h>
#include <stdlib.h>

#include "here.h"
#include "lib/tracker_private.h"
#include "run.h"

/* Ends of processes. */

START_TEST(a_process_that_is_gone_without_an_exit_was_killed)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  ck_assert_uint_eq(stage.records->len, 0);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

/* The kernel closes a killed process's sockets just before its pidfd tells of its end. */
START_TEST(a_killed_processs_sockets_do_not_make_it_a_close)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 499, 11);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  stage_close(&stage);
}
END_TEST

START_TEST(an_exit_that_comes_after_the_process_was_found_gone_is_an_exit)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  PnatEvent exit = event_of(&stage, &curl, 495, PNAT_EVENT_EXIT);
  exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 495);
  stage_close(&stage);
}
END_TEST

START_TEST(the_exit_of_the_next_process_with_the_pid_does_not_excuse_a_kill)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  is_gone(&stage, &curl, 500);
  PnatEvent exit = event_of(&stage, &curl, 600, PNAT_EVENT_EXIT); /* it ran and ended within the settling time */
  exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_and_then_gone_was_an_exit)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  thread_exits(&stage, &curl, 300);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 300);
  stage_close(&stage);
}
END_TEST

/* Its worker ended early, and what it sent since made no event. */
START_TEST(a_lone_exit_long_before_it_was_gone_was_a_threads)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent exit = event_of(&stage, &curl, 1000, PNAT_EVENT_EXIT);
  exit.thread_only = TRUE;
  exit.local = TRUE;
  happen(&stage, &exit);
  is_gone(&stage, &curl, 3600000);
  lives_until(&stage, 3602000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 3600000);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_of_a_process_that_lives_is_not_its_end_at_shutdown)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent exit = event_of(&stage, &curl, 1000, PNAT_EVENT_EXIT);
  exit.thread_only = TRUE;
  exit.local = TRUE;
  happen(&stage, &exit);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_SHUTDOWN, T0 + 5000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_SHUTDOWN);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 5000);
  stage_close(&stage);
}
END_TEST

START_TEST(an_init_in_a_container_does_not_end_what_is_watched)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent boot = event_of(&stage, &nc, 1000, PNAT_EVENT_BOOT);
  boot.here = boot.local = TRUE;
  happen(&stage, &boot);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  pnat_tracker_booted(stage.tracker, T0 + 2000); /* another boot id */
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REBOOT);
  stage_close(&stage);
}
END_TEST

/* Local tracking was given up, by a SIGHUP or a restart: nobody would tell of its end. */
START_TEST(a_process_that_is_not_watched_any_more_ends_idle)
{
  Stage stage;
  PnatTrackerOptions options = stage_options();
  options.idle_timeout = 2000;
  stage_open_with(&stage, &options);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  lives_until(&stage, 5000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  lives_until(&stage, 8000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_IDLE);
  stage_close(&stage);
}
END_TEST

START_TEST(a_boot_ends_what_is_not_watched_any_more)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  PnatEvent boot = event_of(&stage, &nc, 1000, PNAT_EVENT_BOOT);
  boot.here = TRUE;
  happen(&stage, &boot);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REBOOT);
  stage_close(&stage);
}
END_TEST

/* A connection from a time without local tracking, before those that are watched or between them. */
START_TEST(a_flow_stays_open_with_a_connection_that_nobody_watched)
{
  Stage stage;
  stage_open(&stage);
  pnat_tracker_set_watching(stage.tracker, FALSE);
  if (_i == 0)
    connects(&stage, &curl, 0, 4, PEER, 443, 0);
  pnat_tracker_set_watching(stage.tracker, TRUE);
  connects_here(&stage, &curl, 100, 3, 0, 11);
  if (_i == 1) {
    pnat_tracker_set_watching(stage.tracker, FALSE);
    connects(&stage, &curl, 200, 4, PEER, 443, 0);
    pnat_tracker_set_watching(stage.tracker, TRUE);
  }
  socket_closes(&stage, 1000, 11);
  lives_until(&stage, 4000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  is_gone(&stage, &curl, 5000);
  lives_until(&stage, 8000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  stage_close(&stage);
}
END_TEST

START_TEST(old_events_of_this_host_are_not_of_another_with_its_name)
{
  Stage stage;
  stage_open(&stage);
  PnatEvent event = call_of(&stage, &curl, 0, PNAT_CALL_CONNECT, 3, 0);
  towards(&event, PEER, 443);
  event.node = "host";
  event.here = TRUE; /* too old to ask */
  happen(&stage, &event);
  PnatEvent exit = event_of(&stage, &curl, 100, PNAT_EVENT_EXIT);
  exit.node = "host";
  exit.here = exit.local = TRUE;
  happen(&stage, &exit);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_EXIT);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 100);
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_that_was_seen_to_live_has_not_exited_before)
{
  Stage stage;
  stage_open(&stage);
  exits(&stage, &curl, 10000);
  connects_here(&stage, &curl, 5000, 3, 0, 11); /* the clock was set back, and the pid is another's */
  lives_until(&stage, 20000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 0);
  stage_close(&stage);
}
END_TEST

START_TEST(a_lone_exit_followed_by_activity_and_then_gone_was_a_kill)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  thread_exits(&stage, &curl, 300);
  transfers_here(&stage, &curl, 400, PNAT_CALL_SEND, 3, NULL);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 2000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 500);
  stage_close(&stage);
}
END_TEST

/* A server with a thread for each connection is killed just after some of them have ended: others may have sent until then. */
START_TEST(a_lone_exit_of_one_of_many_threads_and_then_gone_was_a_kill)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  thread_exits(&stage, &curl, 1000);
  if (_i == 0)
    transfers_here(&stage, &curl, 1500, PNAT_CALL_SEND, 3, NULL);
  thread_exits(&stage, &curl, 2050);
  is_gone(&stage, &curl, 2900);
  lives_until(&stage, 5000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 2900);
  stage_close(&stage);
}
END_TEST

START_TEST(an_abend_is_a_kill_at_its_own_time)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent abend = event_of(&stage, &curl, 400, PNAT_EVENT_ABEND);
  abend.local = TRUE;
  abend.who.ppid = PNAT_ID_UNSET;
  happen(&stage, &abend);
  socket_closes(&stage, 450, 11);
  is_gone(&stage, &curl, 500);
  lives_until(&stage, 3000);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_KILLED);
  ck_assert_int_eq(the_end(&stage)->end, T0 + 400);
  stage_close(&stage);
}
END_TEST

START_TEST(the_end_of_another_process_that_had_the_pid_is_nothing)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_process_gone(stage.tracker, curl.pid, 4711, T0 + 100, T0 + 100);
  pnat_tracker_process_gone(stage.tracker, 9999, start_of(&curl), T0 + 100, T0 + 100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(stage.records->len, 0);
  stage_close(&stage);
}
END_TEST

/* It was killed while local_tracking was off, and that came to light when an event of the next one was on its way. */
START_TEST(one_that_lives_is_not_the_one_that_was_found_gone)
{
  Stage stage;
  stage_open(&stage);
  connects(&stage, &curl, 0, 3, PEER, 443, 0);
  pnat_tracker_process_gone(stage.tracker, curl.pid, 0, T0 + 500, T0 + 500);
  transfers_here(&stage, &curl, 400, PNAT_CALL_SEND, 3, NULL);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(the_end(&stage)->calls, 1);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).unattributed, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(another_start_with_the_pid_is_another_process)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  PnatEvent event = call_of(&stage, &curl, 1000, PNAT_CALL_CONNECT, 3, 0); /* the same program, parent and session */
  towards(&event, PEER, 443);
  ask(&event, NULL);
  event.start++;
  happen(&stage, &event);
  ck_assert_int_eq(the_end(&stage)->reason, PNAT_REASON_REUSE);
  exits(&stage, &curl, 1100);
  lives_until(&stage, 3000);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  ck_assert_uint_ne(record_at(&stage, 0)->record.entity, record_at(&stage, 1)->record.entity);
  stage_close(&stage);
}
END_TEST

START_TEST(the_same_start_is_the_same_process_whatever_else_is_new)
{
  static const Actor changed = { NULL, 100, 1234, 9, "/usr/bin/changed" };
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &changed, 1000, 4, 0, 12);
  ck_assert_uint_eq(stage.records->len, 0);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 1);
  stage_close(&stage);
}
END_TEST

START_TEST(known_are_processes_that_have_something_to_lose)
{
  Stage stage;
  stage_open(&stage);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100));
  connects_here(&stage, &curl, 0, 3, 0, 11);
  ck_assert(pnat_tracker_knows(stage.tracker, 100));
  exits(&stage, &curl, 100);
  lives_until(&stage, 2000);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100));
  stage_close(&stage);
}
END_TEST

START_TEST(a_process_without_a_flow_or_a_descriptor_is_not_kept)
{
  PnatTrackerOptions options = stage_options();
  g_autoptr(GPtrArray) exclude_exe = g_ptr_array_new();
  Stage stage;
  g_ptr_array_add(exclude_exe, (gpointer) "/usr/bin/curl");
  options.exclude_exe = exclude_exe;
  stage_open_with(&stage, &options);
  transfers_with(&stage, &curl, 0, PNAT_CALL_SEND, 3, PEER, 53);
  ck_assert(!pnat_tracker_knows(stage.tracker, 100)); /* else its pidfd would be held as long as it lives */
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).processes, 0);
  stage_close(&stage);
}
END_TEST

/* Bounds. */

START_TEST(evicted_flows_take_their_connections_along)
{
  PnatTrackerOptions options = stage_options();
  options.max_flows = 10;
  options.start_after = G_MAXINT64;
  options.per_connection = TRUE;
  Stage stage;
  stage_open_with(&stage, &options);
  for (guint i = 0; i < 100; i++)
    connects_here(&stage, &curl, i, (gint)(3 + i), i % 2 == 0 ? 0 : -EINPROGRESS, i % 3 == 0 ? 0 : 1000 + i);
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 90);
  ck_assert_uint_eq(pnat_tracker_counts(stage.tracker).evicted, 90);
  for (guint i = 0; i < 100; i++)
    socket_closes(&stage, 200, 1000 + i);
  lives_until(&stage, 10000);
  ck_assert_uint_le(count_records(&stage, PNAT_RECORD_END), 100);
  for (guint i = 0; i < 90; i++)
    ck_assert_int_eq(record_at(&stage, i)->record.reason, PNAT_REASON_EVICTED);
  stage_close(&stage);
}
END_TEST

START_TEST(an_evicted_flow_that_was_about_to_close_is_told_once)
{
  PnatTrackerOptions options = stage_options();
  options.max_flows = 1;
  Stage stage;
  stage_open_with(&stage, &options);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  socket_closes(&stage, 100, 11);
  connects(&stage, &curl, 200, 4, OTHER_PEER, 80, 0);
  exits(&stage, &curl, 300);
  lives_until(&stage, 5000);
  ck_assert_uint_eq(stage.records->len, 2);
  stage_close(&stage);
}
END_TEST

START_TEST(a_tracker_with_open_connections_is_freed_whole)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &curl, 0, 4, -EINPROGRESS, 0);
  connects_here(&stage, &nc, 0, 3, 0, 11);
  datagram_here(&stage, &nc, 0, PNAT_CALL_SEND, PEER, 12);
  socket_closes(&stage, 10, 77); /* waits to be matched */
  connects_here(&stage, &nc, 20, 5, 0, 13);
  socket_closes(&stage, 30, 12);
  exits(&stage, &nc, 40); /* waits to be settled */
  ck_assert_uint_gt(pnat_tracker_counts(stage.tracker).flows, 1);
  stage_close(&stage); /* the leak checker sees the rest */
}
END_TEST

START_TEST(a_finished_tracker_tells_each_open_flow_once)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  connects_here(&stage, &nc, 0, 3, 0, 12);
  socket_closes(&stage, 50, 12);
  pnat_tracker_finish(stage.tracker, PNAT_REASON_SHUTDOWN, T0 + 100);
  ck_assert_uint_eq(stage.records->len, 2);
  for (guint i = 0; i < 2; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->reason, record->pid == 100 ? PNAT_REASON_SHUTDOWN : PNAT_REASON_CLOSE);
    ck_assert_int_eq(record->end, T0 + (record->pid == 100 ? 100 : 50));
  }
  stage_close(&stage);
}
END_TEST

/* Losses. */

static const struct {
  gint64 from; /* of the loss; a flow lasts from 1000 to 2000 */
  gint64 to;
  gboolean gap;
} gaps[] = {
  { 0, 500, FALSE }, { 0, 1000, TRUE }, { 1200, 1300, TRUE }, { 0, 5000, TRUE }, { 2000, 2000, TRUE }, { 2500, 3000, FALSE },
};

START_TEST(a_loss_shows_in_the_flows_of_its_time)
{
  static const Actor there = { "web2", 300, 50, 1, "/usr/bin/curl" };
  Stage stage;
  stage_open(&stage);
  lives_until(&stage, 1000);
  connects_here(&stage, &curl, 1000, 3, 0, 11);
  connects(&stage, &there, 1000, 3, PEER, 443, 0);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 5, T0 + gaps[_i].from, T0 + gaps[_i].to);
  const PnatRecord *loss = &the_record(&stage, PNAT_RECORD_LOSS)->record;
  ck_assert_int_eq(loss->source, PNAT_LOSS_KERNEL);
  ck_assert_uint_eq(loss->lost, 5);
  ck_assert_int_eq(loss->start, T0 + gaps[_i].from);
  ck_assert_int_eq(loss->end, T0 + gaps[_i].to);
  ck_assert_str_eq(the_record(&stage, PNAT_RECORD_LOSS)->host, "here");
  exits(&stage, &curl, 2000);
  exits(&stage, &there, 2000);
  lives_until(&stage, 4000);
  for (guint i = 1; i < stage.records->len; i++) {
    const PnatRecord *record = &record_at(&stage, i)->record;
    ck_assert_int_eq(record->gap, record->pid == curl.pid && gaps[_i].gap); /* another host's events were not lost */
  }
  ck_assert_uint_eq(count_records(&stage, PNAT_RECORD_END), 2);
  stage_close(&stage);
}
END_TEST

START_TEST(of_many_losses_none_is_forgotten)
{
  Stage stage;
  stage_open(&stage);
  connects_here(&stage, &curl, 0, 3, 0, 11);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_AUDITD, 1, T0 + 10, T0 + 20);
  for (guint i = 0; i < 200; i++)
    pnat_tracker_lost(stage.tracker, PNAT_LOSS_AUDITD, 1, T0 + 1000 + i * 10, T0 + 1001 + i * 10);
  exits(&stage, &curl, 100);
  lives_until(&stage, 4000);
  ck_assert(the_end(&stage)->gap);
  stage_close(&stage);
}
END_TEST

/* The first lasts longer than those that come later; it is joined with them. */
START_TEST(a_long_loss_is_not_cut_by_many_short_ones)
{
  Stage stage;
  stage_open(&stage);
  pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 1, T0, T0 + 500000);
  for (guint i = 1; i <= 2 * PNAT_GAPS; i++)
    pnat_tracker_lost(stage.tracker, PNAT_LOSS_KERNEL, 1, T0 + i, T0 + i);
  connects_here(&stage, &curl, 400000, 3, 0, 11);
  exits(&stage, &curl, 401000);
  time_passes(&stage, 410000);
  ck_assert(the_end(&stage)->gap);
  stage_close(&stage);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("tracker_local");
  TCase *tcase = tcase_create("tracker_local");

  tcase_add_test(tcase, a_process_that_is_gone_without_an_exit_was_killed);
  tcase_add_test(tcase, a_killed_processs_sockets_do_not_make_it_a_close);
  tcase_add_test(tcase, an_exit_that_comes_after_the_process_was_found_gone_is_an_exit);
  tcase_add_test(tcase, the_exit_of_the_next_process_with_the_pid_does_not_excuse_a_kill);
  tcase_add_test(tcase, a_lone_exit_and_then_gone_was_an_exit);
  tcase_add_test(tcase, a_lone_exit_long_before_it_was_gone_was_a_threads);
  tcase_add_test(tcase, a_lone_exit_of_a_process_that_lives_is_not_its_end_at_shutdown);
  tcase_add_test(tcase, an_init_in_a_container_does_not_end_what_is_watched);
  tcase_add_test(tcase, a_process_that_is_not_watched_any_more_ends_idle);
  tcase_add_test(tcase, a_boot_ends_what_is_not_watched_any_more);
  tcase_add_loop_test(tcase, a_flow_stays_open_with_a_connection_that_nobody_watched, 0, 2);
  tcase_add_test(tcase, old_events_of_this_host_are_not_of_another_with_its_name);
  tcase_add_test(tcase, a_process_that_was_seen_to_live_has_not_exited_before);
  tcase_add_test(tcase, a_lone_exit_followed_by_activity_and_then_gone_was_a_kill);
  tcase_add_loop_test(tcase, a_lone_exit_of_one_of_many_threads_and_then_gone_was_a_kill, 0, 2);
  tcase_add_test(tcase, an_abend_is_a_kill_at_its_own_time);
  tcase_add_test(tcase, the_end_of_another_process_that_had_the_pid_is_nothing);
  tcase_add_test(tcase, one_that_lives_is_not_the_one_that_was_found_gone);
  tcase_add_test(tcase, another_start_with_the_pid_is_another_process);
  tcase_add_test(tcase, the_same_start_is_the_same_process_whatever_else_is_new);
  tcase_add_test(tcase, known_are_processes_that_have_something_to_lose);
  tcase_add_test(tcase, a_process_without_a_flow_or_a_descriptor_is_not_kept);
  tcase_add_test(tcase, evicted_flows_take_their_connections_along);
  tcase_add_test(tcase, an_evicted_flow_that_was_about_to_close_is_told_once);
  tcase_add_test(tcase, a_tracker_with_open_connections_is_freed_whole);
  tcase_add_test(tcase, a_finished_tracker_tells_each_open_flow_once);
  tcase_add_loop_test(tcase, a_loss_shows_in_the_flows_of_its_time, 0, G_N_ELEMENTS(gaps));
  tcase_add_test(tcase, of_many_losses_none_is_forgotten);
  tcase_add_test(tcase, a_long_loss_is_not_cut_by_many_short_ones);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
