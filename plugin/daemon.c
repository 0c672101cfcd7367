/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See daemon.h. One thread reads, parses and tracks; only the sinks and the state's file have threads of their own, and input at start.
 */
#include "daemon_private.h"

#include <glib-unix.h>
#include <sysexits.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "log.h"
#include "options.h"
#include "privilege.h"
#include "safe_file.h"
#include "selfreport.h"
#include "syslog_socket.h"

/* ms between looks at events that wait for the rest of their records. */
#define AGE_INTERVAL 250

/* ms for the sinks to write what waits at the end; µs for the whole end from when events have been handled, by which the state is to be
 * written, and for each flow and each record that is in it, of which a second writes half a million, and a hundred thousand. */
#define CLOSE_TIMEOUT 500
#define END_TIMEOUT (900 * 1000)
#define END_PER_FLOW 4
#define END_PER_RECORD 10

static void
push_record(const PnatRecord *record, gpointer data)
{
  PnatDaemon *daemon = data;
  pnat_sinks_push(record, daemon->sinks);
}

void
pnat_daemon_take(const PnatEvent *event, gpointer data)
{
  PnatDaemon *daemon = data;
  PnatEvent completed = *event;

  completed.here = pnat_node_is_here(daemon->names, event->node);
  if (daemon->resume != NULL && !pnat_resume_is_new(daemon->resume, &completed))
    return;
  if (daemon->local != NULL)
    pnat_local_prepare(daemon->local, &completed, !pnat_startup_is_replaying(daemon) && pnat_signals_parent_is_auditd(daemon->signals));
  /* It was waiting to be read, for how long nobody knows; but where its process is over its exit tells: none is later than that. */
  if (pnat_startup_is_replaying(daemon) || (!pnat_input_is_fresh(daemon->input) && !completed.is_gone))
    completed.arrival = 0;
  if (!pnat_startup_is_replaying(daemon))
    pnat_tracker_heed_clock(daemon->tracker, pnat_real_ms());
  pnat_tracker_feed(daemon->tracker, &completed, pnat_monotonic_ms());
  if (daemon->local != NULL)
    pnat_local_settle(daemon->local, &completed);
}

/* Timers. */

static gboolean tick(gpointer data);

/* One timer, set for whatever comes next; none while there is nothing to wait for, so an idle host is not woken. */
static void
set_timer(PnatDaemon *daemon)
{
  gint64 due = MIN(pnat_tracker_next_due(daemon->tracker), pnat_losses_next_due(daemon->losses));
  if (daemon->local != NULL)
    due = MIN(due, pnat_local_next_due(daemon->local));
  if (daemon->resume != NULL)
    due = MIN(due, pnat_resume_next_due(daemon->resume));
  gint64 delay = due == G_MAXINT64 ? G_MAXINT : CLAMP(due - pnat_monotonic_ms(), 1, G_MAXINT);

  if (pnat_feed_is_waiting(daemon->feed))
    delay = MIN(delay, AGE_INTERVAL);
  g_clear_handle_id(&daemon->timer, g_source_remove);
  daemon->timer = g_timeout_add((guint)delay, tick, daemon);
}

static gboolean
rearm(gpointer data)
{
  PnatDaemon *daemon = data;
  daemon->rearm = 0;
  set_timer(daemon);
  return G_SOURCE_REMOVE;
}

/* Ends come without input, and in crowds. */
static void
local_changed(gpointer data)
{
  PnatDaemon *daemon = data;
  if (daemon->rearm == 0)
    daemon->rearm = g_idle_add_full(G_PRIORITY_DEFAULT, rearm, daemon, NULL);
}

void
pnat_daemon_catch_up(PnatDaemon *daemon)
{
  pnat_feed_age(daemon->feed, pnat_monotonic_ms());
  if (daemon->local != NULL) {
    pnat_local_advance(daemon->local, pnat_monotonic_ms(), pnat_input_is_drained(daemon->input) && !pnat_startup_is_replaying(daemon));
    pnat_losses_overruns(daemon->losses, pnat_local_counts(daemon->local).overruns);
  }
  pnat_losses_advance(daemon->losses, pnat_monotonic_ms());
  pnat_tracker_advance(daemon->tracker, pnat_monotonic_ms());
  if (daemon->resume != NULL)
    pnat_resume_advance(daemon->resume, pnat_monotonic_ms(), daemon->sinks);
  set_timer(daemon);
}

static gboolean
tick(gpointer data)
{
  PnatDaemon *daemon = data;
  daemon->timer = 0;
  pnat_daemon_catch_up(daemon);
  return G_SOURCE_REMOVE;
}

static void
input_drained(gpointer data)
{
  pnat_daemon_catch_up(data);
}

static void
input_released(gpointer data)
{
  pnat_startup_released(data);
  local_changed(data);
}

/* Signals. */

static void
stop(gpointer data)
{
  PnatDaemon *daemon = data;
  g_main_loop_quit(daemon->loop);
}

/* @returns whether it is on, and was not before */
static gboolean
set_local_tracking(PnatDaemon *daemon)
{
  gboolean is_new = daemon->config->local_tracking && daemon->local == NULL;

  if (is_new)
    daemon->local = pnat_local_new(daemon->tracker, local_changed, daemon);
  else if (!daemon->config->local_tracking)
    g_clear_pointer(&daemon->local, pnat_local_free);
  return is_new;
}

/* State is kept where it was when the plugin started, since what it is about goes on. */
static void
note_what_waits(const PnatConfig *old, const PnatConfig *new)
{
  if (g_strcmp0(old->state_dir, new->state_dir) != 0 || old->state_interval != new->state_interval || old->replay != new->replay)
    pnat_log_notice("state_dir, state_interval and replay take effect when the plugin is started anew: restart auditd");
}

static char *
counts_text(gpointer data)
{
  const PnatDaemon *daemon = data;
  PnatSelfCounts counts = { .feed = pnat_feed_counts(daemon->feed),
                            .tracker = pnat_tracker_counts(daemon->tracker),
                            .lost = pnat_losses_counts(daemon->losses) };

  if (daemon->local != NULL)
    counts.local = pnat_local_counts(daemon->local);
  if (daemon->resume != NULL)
    counts.replayed = pnat_resume_replayed(daemon->resume);
  return pnat_self_report(&counts, daemon->sinks);
}

/* For who asks: messages may have gone nowhere, where no syslog daemon runs. */
static char *
answer_text(gpointer data)
{
  const PnatDaemon *daemon = data;
  g_autofree char *counts = counts_text(data), *recent = pnat_log_recent();
  g_autofree char *line = daemon->started ? pnat_startup_line(daemon) : g_strdup("starting");
  return g_strconcat(line, "\n", counts, recent[0] != '\0' ? "\n" : "", recent, NULL);
}

/* As for the state: what somebody runs by hand must not take the place of the plugin that auditd runs. */
static void
set_control(PnatDaemon *daemon)
{
  const PnatConfig *config = daemon->config;
  g_autoptr(GError) error = NULL;
  PnatControlOptions options = { .path = config->control_socket, .takes_over = pnat_signals_parent_is_auditd(daemon->signals) };

  g_clear_pointer(&daemon->control, pnat_control_free);
  if (config->control_socket == NULL || (!config->control_socket_is_set && !options.takes_over))
    return;
  if (pnat_safe_file_group(config->log_group, &options.group, &error))
    daemon->control = pnat_control_new(&options, answer_text, daemon, &error);
  if (daemon->control == NULL)
    pnat_log_warning("%s: the plugin tells its counters at SIGUSR1 only", error->message);
}

/* auditd, of which the signal comes, may have read that it is to call this host by another name. */
static void
reread_names(PnatDaemon *daemon)
{
  if (pnat_node_names_reread(daemon->names) && daemon->local != NULL)
    pnat_local_renamed(daemon->local);
}

/* SIGHUP: new options where the file is right, else the old; the log is reopened in any case. */
static void
reload(gpointer data)
{
  PnatDaemon *daemon = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatConfig) config = pnat_config_load(daemon->config_file, &error);

  reread_names(daemon);
  if (config == NULL || !pnat_check_places(daemon->config_file, config, &error) || !pnat_sinks_reconfigure(daemon->sinks, config, &error)) {
    pnat_log_error("%s", error->message);
    pnat_log_error("the configuration stays as it was");
    pnat_sinks_reopen(daemon->sinks);
    return;
  }
  PnatTrackerOptions options = pnat_options_for_tracker(config, g_get_host_name());
  pnat_tracker_advance(daemon->tracker, pnat_monotonic_ms());
  pnat_tracker_set_options(daemon->tracker, &options);
  note_what_waits(daemon->config, config);
  pnat_config_free(daemon->config);
  daemon->config = g_steal_pointer(&config);
  if (daemon->resume != NULL)
    pnat_resume_set_log(daemon->resume, daemon->config);
  if (set_local_tracking(daemon))
    pnat_startup_check(daemon);
  set_control(daemon);
  set_timer(daemon);
  pnat_log_notice("configuration reloaded");
}

static void
report(gpointer data)
{
  g_autofree char *text = counts_text(data);
  pnat_log_info("%s", text);
}

/* Set up and run. */

static int
fail(const GError *error, int status)
{
  pnat_log_error("%s", error->message);
  return status;
}

/* What the sinks could not deliver goes into the state, where one is kept. @returns records in it */
static guint
save_state(PnatDaemon *daemon, gboolean will_save)
{
  g_autoptr(GPtrArray) kept = pnat_kept_list_new();

  if (will_save)
    pnat_resume_mark(daemon->resume);
  pnat_sinks_close(daemon->sinks, CLOSE_TIMEOUT, will_save ? kept : NULL);
  if (will_save && !pnat_startup_is_replaying(daemon)) /* else the last state serves still */
    pnat_resume_save(daemon->resume, pnat_monotonic_ms(), kept);
  return pnat_kept_list_records(kept);
}

/* Whether there will be a state for the next start. */
static gboolean
will_save(const PnatDaemon *daemon)
{
  return daemon->resume != NULL && (pnat_startup_is_replaying(daemon) ? pnat_resume_can_save(daemon->resume) : pnat_resume_will_save(daemon->resume));
}

/* Open flows go into the state, where one is kept. */
static void
finish(PnatDaemon *daemon)
{
  g_clear_pointer(&daemon->control, pnat_control_free);
  g_clear_handle_id(&daemon->timer, g_source_remove);
  g_clear_handle_id(&daemon->rearm, g_source_remove);
  g_clear_handle_id(&daemon->replay, g_source_remove);
  pnat_input_finish(daemon->input);
  pnat_startup_finish(daemon);
  gint64 deadline = g_get_monotonic_time() + END_TIMEOUT + (gint64)pnat_tracker_counts(daemon->tracker).flows * END_PER_FLOW;
  /* An event that is cut off by the end is in the log as a whole. */
  if (daemon->resume == NULL || (!pnat_startup_is_replaying(daemon) && !pnat_resume_will_replay(daemon->resume)))
    pnat_feed_flush(daemon->feed);
  pnat_tracker_settle(daemon->tracker);
  gboolean saves = will_save(daemon);
  if (!saves)
    pnat_tracker_finish(daemon->tracker, PNAT_REASON_SHUTDOWN, pnat_real_ms());
  deadline += (gint64)save_state(daemon, saves) * END_PER_RECORD;
  pnat_resume_free(daemon->resume, deadline);
  /* The rest is memory, which the end of the process frees sooner than we could: auditd waits. */
}

static void
set_up_tracking(PnatDaemon *daemon)
{
  static const PnatInputHandlers handlers = { input_drained, stop, input_released };
  PnatTrackerOptions options = pnat_options_for_tracker(daemon->config, g_get_host_name());

  daemon->names = pnat_node_names_new();
  daemon->feed = pnat_feed_new(pnat_daemon_take, daemon);
  daemon->tracker = pnat_tracker_new(&options, push_record, daemon);
  daemon->losses = pnat_losses_new(daemon->tracker, daemon->names);
  daemon->input = pnat_input_new(daemon->feed, &handlers, daemon);
  pnat_feed_set_line_func(daemon->feed, pnat_losses_line, daemon->losses);
  set_local_tracking(daemon);
}

/* What can not be given up is lived with. */
static void
drop_privileges(GString *kept)
{
  g_autoptr(GError) error = NULL;

  if (!pnat_privilege_drop(kept, &error))
    pnat_log_warning("%s", error->message);
}

static int
run(PnatDaemon *daemon)
{
  static const PnatSignalHandlers handlers = { stop, reload, report };
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatSignals) signals = pnat_signals_new(&handlers, daemon, &error);
  if (signals == NULL || !g_unix_set_fd_nonblocking(STDIN_FILENO, TRUE, &error))
    return fail(error, EX_OSERR);

  daemon->signals = signals;
  daemon->privileges = g_string_new("kept: ");
  set_up_tracking(daemon);
  drop_privileges(daemon->privileges); /* before the first thread; what needs them is open */
  daemon->sinks = pnat_sinks_open(daemon->config, g_get_host_name(), &error);
  if (daemon->sinks == NULL) {
    finish(daemon);
    return fail(error, EX_CANTCREAT);
  }
  set_control(daemon);
  pnat_input_look(daemon->input);
  if (!pnat_startup_begin(daemon)) {
    finish(daemon);
    return EX_OK;
  }
  pnat_input_watch(daemon->input);
  set_timer(daemon);
  g_main_loop_run(daemon->loop);
  finish(daemon);
  return EX_OK;
}

int
pnat_daemon_run(const char *config_file)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
  static PnatDaemon daemon; /* what it holds at the end is not lost */

  daemon = (PnatDaemon){ .config_file = config_file, .loop = loop };
  pnat_log_to_syslog(PNAT_SYSLOG_PATH);
  daemon.config = pnat_config_load(config_file, &error);
  if (daemon.config == NULL)
    return fail(error, EX_CONFIG);
  int status = run(&daemon);
  pnat_input_free(daemon.input);
  return status;
}
