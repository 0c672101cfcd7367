/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How the plugin starts: with the state of the last run, what was stored since, and what this host's processes hold already.
 */
#include "daemon_private.h"

#include "clock.h"
#include "log.h"
#include "selfreport.h"

/* µs for what is left of stored events at the end, and then of live ones that were held back; with both, the end takes a second still. */
#define REPLAY_TIMEOUT (200 * 1000)
#define HELD_TIMEOUT (200 * 1000)

/* ms between looks whether outputs that are behind have taken some. */
#define REPLAY_PAUSE 20

/* Records that may wait or be about to come, however small max_queue is: with fewer it would take too long. */
#define LEAST_COMING 1000

/* Bytes of live input at which they are not waited for any more: half of what can be held. */
#define MOST_HELD (32 * 1024 * 1024)

/* ms between looks whether the plugin that was here before has stopped. */
#define TAKE_PAUSE 10

/* ms that it may still take when no more input will come: auditd waits for us. */
#define TAKE_AT_END 300

gboolean
pnat_startup_is_replaying(const PnatDaemon *daemon)
{
  return daemon->resume != NULL && pnat_resume_is_replaying(daemon->resume);
}

static void
replayed(PnatDaemon *daemon)
{
  pnat_log_notice("caught up with %" G_GUINT64_FORMAT " events from auditd's log", pnat_resume_replayed(daemon->resume));
  daemon->replay = 0;
  pnat_input_release(daemon->input, pnat_resume_unfinished(daemon->resume));
}

void
pnat_startup_check(PnatDaemon *daemon)
{
  daemon->check_due = TRUE;
  if (!pnat_startup_is_replaying(daemon) && pnat_input_held(daemon->input) == 0)
    pnat_startup_released(daemon);
}

/* What another program hands us is no reason to look at this host's connections. */
static gboolean
takes_stock(const PnatDaemon *daemon)
{
  return daemon->local != NULL && pnat_signals_parent_is_auditd(daemon->signals);
}

/*
 * What events tell comes first: of a process that is gone its exit may be among those held back, and of a connection that is there its
 * connect. Asked before, the one would have been killed, and the other be taken in without its beginning.
 */
void
pnat_startup_released(PnatDaemon *daemon)
{
  if (daemon->check_due && daemon->local != NULL) {
    pnat_input_read_apart(daemon->input); /* a thousand processes take tens of ms */
    pnat_local_check_all(daemon->local);
    pnat_input_read_here(daemon->input);
  }
  if (daemon->stock_due && takes_stock(daemon))
    pnat_local_take_stock(daemon->local);
  daemon->check_due = daemon->stock_due = FALSE;
}

static void
add_filled(PnatSink *sink, gpointer data)
{
  guint *filled = data;
  *filled = MAX(*filled, pnat_sink_counts(sink).filled);
}

/*
 * The log can be read as slowly as an output takes what comes of it; live input cannot, and waits meanwhile. An output is not waited for
 * that takes nothing.
 */
static gboolean
is_to_pause(const PnatDaemon *daemon)
{
  guint max_queue = daemon->config->max_queue, filled = 0;
  guint64 coming = pnat_tracker_counts(daemon->tracker).ending;
  pnat_sinks_foreach(daemon->sinks, add_filled, &filled);
  coming += (guint64)filled * max_queue / 100;
  return coming > MAX(max_queue / 2, LEAST_COMING) && pnat_input_held(daemon->input) < MOST_HELD;
}

static gboolean replay_some(gpointer data);

static gboolean
replay_on(gpointer data)
{
  PnatDaemon *daemon = data;
  daemon->replay = g_idle_add_full(G_PRIORITY_DEFAULT, replay_some, daemon, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
replay_some(gpointer data)
{
  PnatDaemon *daemon = data;

  pnat_tracker_advance(daemon->tracker, pnat_monotonic_ms());
  if (is_to_pause(daemon)) {
    daemon->replay = g_timeout_add(REPLAY_PAUSE, replay_on, daemon);
    return G_SOURCE_REMOVE;
  }
  if (pnat_resume_step(daemon->resume))
    return G_SOURCE_CONTINUE;
  replayed(daemon);
  pnat_daemon_catch_up(daemon);
  return G_SOURCE_REMOVE;
}

static void
say_not_handled(const PnatDaemon *daemon, const char *when)
{
  pnat_log_error("stopped before %s: %" G_GSIZE_FORMAT " bytes of events are not handled; the next start catches up with what this host's audit "
                 "log has of them", when, pnat_input_held(daemon->input));
}

/* What nobody would catch up with is handled however long that takes: a plugin that is started meanwhile waits for us, as auditd does not. */
static void
feed_rest(PnatDaemon *daemon)
{
  if (pnat_input_held(daemon->input) == 0)
    return;
  gboolean later = daemon->resume != NULL && pnat_resume_will_replay(daemon->resume);

  if (!pnat_input_feed_rest(daemon->input, later ? g_get_monotonic_time() + HELD_TIMEOUT : G_MAXINT64))
    say_not_handled(daemon, "what was held back was handled");
}

void
pnat_startup_finish(PnatDaemon *daemon)
{
  gint64 deadline = g_get_monotonic_time() + REPLAY_TIMEOUT;

  daemon->stock_due = FALSE;
  while (pnat_startup_is_replaying(daemon) && g_get_monotonic_time() < deadline)
    if (!pnat_resume_step(daemon->resume))
      replayed(daemon);
  if (!pnat_startup_is_replaying(daemon))
    feed_rest(daemon);
}

/* Without auditd as its parent the plugin reads what somebody hands it, a test or a stored stream: that is no part of this host's story. */
static gboolean
keeps_state(const PnatDaemon *daemon)
{
  return daemon->config->state_dir_is_set || pnat_signals_parent_is_auditd(daemon->signals);
}

static const char *
why_no_state(const PnatDaemon *daemon)
{
  if (daemon->resume == NULL)
    return "auditd did not start this, and state_dir is not set";
  return pnat_resume_can_save(daemon->resume) ? NULL : "state_dir cannot be used";
}

char *
pnat_startup_line(const PnatDaemon *daemon)
{
  g_autofree char *cmdline = NULL;
  g_file_get_contents("/proc/cmdline", &cmdline, NULL, NULL);
  PnatLocalCounts local = daemon->local != NULL ? pnat_local_counts(daemon->local) : (PnatLocalCounts){ 0 };
  PnatSelf self = { .rules = pnat_losses_rules(daemon->losses), .no_state = why_no_state(daemon), .privileges = daemon->privileges->str,
                    .local = daemon->local != NULL ? &local : NULL, .cmdline = cmdline };
  return pnat_self_start_line(daemon->config, daemon->sinks, &self);
}

static void
say_started(PnatDaemon *daemon)
{
  g_autofree char *line = pnat_startup_line(daemon);
  daemon->started = TRUE;
  pnat_log_info("%s", line);
}

/* What comes while a state is saved waits in here, not in the socket: it is handled when that is done. */
static void
read_meanwhile(gpointer data)
{
  PnatDaemon *daemon = data;
  pnat_input_take_in(daemon->input);
}

static void
set_resume(PnatDaemon *daemon)
{
  const PnatStatePause pause = { read_meanwhile, daemon };

  if (!keeps_state(daemon))
    return;
  daemon->resume = pnat_resume_new(daemon->config, daemon->tracker, daemon->losses);
  pnat_resume_set_pause(daemon->resume, &pause);
}

/* Live input is held back until the state is restored, which takes seconds where it is large, and caught up with. */
static void
load_state(PnatDaemon *daemon)
{
  pnat_input_hold(daemon->input);
  pnat_input_read_apart(daemon->input);
  daemon->check_due = pnat_resume_load(daemon->resume, pnat_daemon_take, daemon);
  pnat_input_read_here(daemon->input);
  if (daemon->check_due && pnat_resume_kept(daemon->resume) != NULL)
    pnat_sinks_put_back(daemon->sinks, pnat_resume_kept(daemon->resume));
  if (pnat_startup_is_replaying(daemon))
    replay_on(daemon);
}

/*
 * auditd may start a plugin before the last has ended. Until then nothing but input is read: what the kernel tells of sockets and processes
 * that are in the state waits where it is.
 *
 * @returns FALSE when no more input will come, and the state is not to be had
 */
static gboolean
take_state(PnatDaemon *daemon)
{
  gint64 deadline = G_MAXINT64;

  while (!pnat_resume_take(daemon->resume)) {
    pnat_input_hold(daemon->input);
    if (pnat_monotonic_ms() > deadline)
      return FALSE;
    if (deadline != G_MAXINT64)
      g_usleep(TAKE_PAUSE * 1000);
    else if (!pnat_input_wait(daemon->input, TAKE_PAUSE))
      deadline = pnat_monotonic_ms() + TAKE_AT_END;
  }
  return TRUE;
}

gboolean
pnat_startup_begin(PnatDaemon *daemon)
{
  set_resume(daemon);
  if (daemon->resume != NULL && !take_state(daemon)) {
    say_not_handled(daemon, "the plugin that was here before");
    return FALSE;
  }
  if (daemon->resume != NULL)
    load_state(daemon);
  daemon->stock_due = TRUE;
  if (!pnat_startup_is_replaying(daemon))
    pnat_input_release(daemon->input, NULL);
  say_started(daemon);
  return TRUE;
}
