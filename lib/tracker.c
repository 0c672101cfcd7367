/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tracker.h. Here: what events say, what was asked of this host, and the clock.
 */
#include "tracker_private.h"

#include <errno.h>
#include <string.h>

/* ms by which an event may be older than the node's newest before the node's clock must have been set back. */
#define CLOCK_STEP 10000

/* ms after an exit(2) at which its process may be seen to be gone: longer, and it was a thread's. */
#define EXIT_TAKES 1000

static void
compile_exclusions(PnatTracker *tracker)
{
  const PnatTrackerOptions *options = &tracker->options;

  g_ptr_array_set_size(tracker->excluded_exes, 0);
  g_array_set_size(tracker->excluded, 0);
  for (guint i = 0; options->exclude_exe != NULL && i < options->exclude_exe->len; i++)
    g_ptr_array_add(tracker->excluded_exes, g_pattern_spec_new(g_ptr_array_index(options->exclude_exe, i)));
  if (options->exclude != NULL)
    g_array_append_vals(tracker->excluded, options->exclude->data, options->exclude->len);
}

PnatTracker *
pnat_tracker_new(const PnatTrackerOptions *options, PnatRecordFunc func, gpointer data)
{
  PnatTracker *tracker = g_new0(PnatTracker, 1);
  tracker->func = func;
  tracker->data = data;
  tracker->now = G_MININT64;
  tracker->excluded_exes = g_ptr_array_new_with_free_func((GDestroyNotify)g_pattern_spec_free);
  tracker->excluded = g_array_new(FALSE, FALSE, sizeof(PnatPrefix));
  tracker->forgetting = g_array_new(FALSE, FALSE, sizeof(PnatForgetting));
  tracker->nodes = g_hash_table_new(pnat_node_name_hash, pnat_node_name_equal);
  tracker->local = pnat_tracker_node_new(tracker, NULL);
  tracker->local->local = TRUE;
  tracker->connections = pnat_connections_new(pnat_tracker_connection_closed, tracker);
  tracker->processes = g_hash_table_new(pnat_process_hash, pnat_process_equal);
  tracker->flows = g_hash_table_new(pnat_flow_key_hash, pnat_flow_key_equal);
  TAILQ_INIT(&tracker->quiet);
  TAILQ_INIT(&tracker->awaiting_start);
  TAILQ_INIT(&tracker->awaiting_update);
  TAILQ_INIT(&tracker->closing);
  TAILQ_INIT(&tracker->quiet_processes);
  TAILQ_INIT(&tracker->ending);
  pnat_tracker_set_options(tracker, options);
  return tracker;
}

void
pnat_tracker_set_options(PnatTracker *tracker, const PnatTrackerOptions *options)
{
  tracker->options = *options;
  compile_exclusions(tracker);
  tracker->options.exclude = NULL;
  tracker->options.exclude_exe = NULL;
  pnat_tracker_rearrange_reports(tracker);
}

static void
forget_flow(PnatTracker *tracker, PnatFlow *flow)
{
  pnat_tracker_reopen_flow(tracker, flow);
  pnat_connections_drop(tracker->connections, flow);
  g_hash_table_remove(tracker->flows, flow);
  pnat_flow_free(flow);
}

void
pnat_tracker_clear(PnatTracker *tracker)
{
  PnatFlow *flow;
  PnatProcess *process;

  while ((flow = TAILQ_FIRST(&tracker->quiet)) != NULL) {
    TAILQ_REMOVE(&tracker->quiet, flow, by_quiet);
    forget_flow(tracker, flow);
  }
  while ((process = TAILQ_FIRST(&tracker->quiet_processes)) != NULL)
    pnat_tracker_drop_process(tracker, process);
  TAILQ_INIT(&tracker->awaiting_start);
  TAILQ_INIT(&tracker->awaiting_update);
  pnat_node_rename(tracker->local, NULL);
  tracker->local->newest = 0;
  memset(tracker->recent, 0, sizeof tracker->recent);
  tracker->n_gaps = 0;
  tracker->found_until = 0;
  tracker->evicted = 0;
  tracker->unattributed = 0;
}

void
pnat_tracker_free(PnatTracker *tracker)
{
  if (tracker == NULL)
    return;
  pnat_tracker_clear(tracker);
  pnat_connections_free(tracker->connections);
  g_hash_table_unref(tracker->flows);
  g_hash_table_unref(tracker->processes);
  g_hash_table_unref(tracker->nodes);
  pnat_node_free(tracker->local);
  g_ptr_array_unref(tracker->excluded_exes);
  g_array_unref(tracker->excluded);
  g_array_unref(tracker->forgetting);
  g_free(tracker);
}

/* Events. */

/* An event's time is when its call began. A call that does not wait and yet is much older than the newest tells of a clock set back. */
static void
node_hear(PnatNode *node, const PnatEvent *event)
{
  gboolean waits = event->kind == PNAT_EVENT_NETWORK && event->value != -EINPROGRESS;
  if (event->snapshot)
    return; /* it is of now, and audit events of earlier calls are on their way still */
  if (event->time > node->newest || (!waits && event->time < node->newest - CLOCK_STEP))
    node->newest = event->time;
}

/* What the newest event says of who it is; the login session may have come since. */
static void
process_hear(PnatProcess *process, const PnatEvent *event)
{
  if (event->who.ppid != PNAT_ID_UNSET)
    process->ppid = event->who.ppid;
  if (process->start == 0)
    process->start = event->start;
  if (event->who.ses != PNAT_ID_UNSET) {
    process->ses = event->who.ses;
    process->auid = event->who.auid;
  }
  /* A call that waits has the time at which it began, but the number of when it returned. */
  if (process->maybe_end != 0 && (event->time > process->maybe_end || event->serial > process->maybe_serial)) {
    process->maybe_end = 0;
    process->has_threads = TRUE;
  }
}

static void
hear_network(PnatTracker *tracker, PnatNode *node, const PnatEvent *event)
{
  PnatProcess *process = pnat_tracker_process_of(tracker, node, event);
  process_hear(process, event);
  pnat_tracker_call(tracker, process, event);
  if (TAILQ_EMPTY(&process->flows) && process->descriptors == NULL)
    pnat_tracker_drop_process(tracker, process);
  pnat_tracker_bound_extra(tracker);
}

/* Found dead before its exit was heard of. */
static void
exit_told(PnatProcess *process, const PnatEvent *event)
{
  process->reason = PNAT_REASON_EXIT;
  process->end = MIN(process->end, event->time);
}

static void
hear_exit(PnatTracker *tracker, PnatNode *node, const PnatEvent *event)
{
  PnatProcess *process = pnat_tracker_find_process(tracker, node, event->who.pid);

  if (!event->thread_only)
    pnat_tracker_remember_exit(tracker, node, event);
  if (process == NULL)
    return;
  if (process->end == 0 && pnat_process_is_other(process, event)) {
    pnat_tracker_finish_untold(tracker, process, PNAT_REASON_REUSE, event->time);
    return;
  }
  if (event->thread_only) {
    process->has_threads |= process->maybe_end != 0; /* nothing exits twice */
    process->maybe_end = event->time;
    process->maybe_serial = event->serial;
    return;
  }
  if (process->end != 0 && process->reason == PNAT_REASON_KILLED && event->time <= process->end)
    exit_told(process, event);
  else
    pnat_tracker_end_process(tracker, process, PNAT_REASON_EXIT, event->time);
}

static void
hear_abend(PnatTracker *tracker, PnatNode *node, const PnatEvent *event)
{
  PnatProcess *process = pnat_tracker_find_process(tracker, node, event->who.pid);

  pnat_tracker_remember_exit(tracker, node, event);
  if (process != NULL)
    pnat_tracker_end_process(tracker, process, PNAT_REASON_KILLED, event->time);
}

/* The node started anew: whatever ran on it does no more. But an init in a container says so too, and what is watched lives. */
static void
hear_boot(PnatTracker *tracker, const PnatNode *node, const PnatEvent *event)
{
  pnat_tracker_end_processes(tracker, node, event->time, FALSE);
}

void
pnat_tracker_process_lives(PnatTracker *tracker, guint32 pid, guint64 start)
{
  PnatProcess *process = pnat_tracker_find_process(tracker, tracker->local, pid);
  if (process != NULL && process->start == 0)
    process->start = start;
}

void
pnat_tracker_heed_clock(PnatTracker *tracker, gint64 time)
{
  if (tracker->local->newest <= time + CLOCK_STEP)
    return;
  tracker->local->newest = time;
  for (guint i = 0; i < G_N_ELEMENTS(tracker->recent); i++)
    if (tracker->recent[i].time > time)
      tracker->recent[i] = (PnatRecentExit){ 0 };
}

void
pnat_tracker_booted(PnatTracker *tracker, gint64 time)
{
  pnat_tracker_end_processes(tracker, tracker->local, time, TRUE);
}

void
pnat_tracker_set_written(PnatTracker *tracker, const PnatWritten *written)
{
  tracker->written = written;
}

static PnatProcessTrace
trace_of(const PnatProcess *process)
{
  return (PnatProcessTrace){
    .pid = process->pid,
    .ppid = process->ppid,
    .exe = process->images != NULL ? process->images->exe : NULL,
    .start = process->start,
    .newest = process->newest,
  };
}

gboolean
pnat_tracker_trace(const PnatTracker *tracker, guint32 pid, PnatProcessTrace *trace)
{
  PnatProcess key = { .node = tracker->local, .pid = pid };
  const PnatProcess *process = g_hash_table_lookup(tracker->processes, &key);

  if (process == NULL || process->end != 0)
    return FALSE;
  *trace = trace_of(process);
  return TRUE;
}

void
pnat_tracker_foreach_process(const PnatTracker *tracker, PnatProcessFunc func, gpointer data)
{
  const PnatProcess *process;
  TAILQ_FOREACH (process, &tracker->quiet_processes, by_quiet) {
    PnatProcessTrace trace = trace_of(process);
    if (process->node == tracker->local && process->end == 0)
      func(&trace, data);
  }
}

void
pnat_tracker_foreach_connection(const PnatTracker *tracker, PnatConnectionPlaceFunc func, gpointer data)
{
  const PnatFlow *flow;
  const PnatConnection *connection;

  TAILQ_FOREACH (flow, &tracker->quiet, by_quiet) {
    const PnatProcess *process = flow->key.image->process;
    if (flow->sockets == NULL || process->node != tracker->local || process->end != 0)
      continue;
    TAILQ_FOREACH (connection, &flow->sockets->connections, of_flow) {
      PnatConnectionPlace place = { process->pid, connection->fd, pnat_connection_cookie(connection), pnat_connection_remote(connection) };
      func(&place, data);
    }
  }
}

static void
close_unasked(PnatTracker *tracker, PnatFlow *flow, const PnatAddress *remote, const PnatSocketEnd *end)
{
  PnatConnection *connection, *next;

  if (flow->sockets == NULL)
    return;
  for (connection = TAILQ_FIRST(&flow->sockets->connections); connection != NULL; connection = next) {
    PnatAddress peer = pnat_connection_remote(connection);
    next = TAILQ_NEXT(connection, of_flow);
    if (pnat_connection_cookie(connection) == 0 && pnat_address_equal(&peer, remote))
      pnat_connections_close(tracker->connections, connection, end);
  }
}

void
pnat_tracker_unasked_ended(PnatTracker *tracker, guint32 pid, const PnatAddress *remote, gint64 time, gint64 now)
{
  const PnatSocketEnd end = { .time = time, .tx = -1, .rx = -1 };
  PnatFlow *flow;

  pnat_tracker_advance(tracker, now);
  PnatProcess *process = pnat_tracker_find_process(tracker, tracker->local, pid);
  if (process == NULL)
    return;
  TAILQ_FOREACH (flow, &process->flows, of_process)
    close_unasked(tracker, flow, remote, &end);
}

void
pnat_tracker_feed(PnatTracker *tracker, const PnatEvent *event, gint64 now)
{
  pnat_tracker_advance(tracker, now);

  PnatNode *node = pnat_tracker_node(tracker, event);
  node->n_processes++; /* keeps the node while its processes go */
  node_hear(node, event);
  switch (event->kind) {
  case PNAT_EVENT_NETWORK:
    hear_network(tracker, node, event);
    break;
  case PNAT_EVENT_EXIT:
    hear_exit(tracker, node, event);
    break;
  case PNAT_EVENT_ABEND:
    hear_abend(tracker, node, event);
    break;
  case PNAT_EVENT_BOOT:
    hear_boot(tracker, node, event);
    break;
  case PNAT_EVENT_NONE:
    break;
  }
  node->n_processes--;
  pnat_tracker_release_node(tracker, node);
}

/* What was asked of this host. */

void
pnat_tracker_socket_ended(PnatTracker *tracker, const PnatSocketEnd *end, gint64 now)
{
  pnat_tracker_advance(tracker, now);
  pnat_connections_ended(tracker->connections, end, tracker->now);
}

static void
note_connected(PnatConnection *connection, gpointer data)
{
  PnatFlow *flow = connection->flow;
  if (!connection->pending || flow->pending == 0)
    return;
  connection->pending = FALSE;
  flow->pending--;
  flow->ok = TRUE;
  PnatDescriptor *descriptor = pnat_process_descriptor(flow->key.image->process, connection->fd);
  if (descriptor != NULL && descriptor->cookie_tag == connection->cookie_tag)
    descriptor->pending = FALSE;
}

void
pnat_tracker_socket_connected(PnatTracker *tracker, guint64 cookie)
{
  pnat_connections_foreach(tracker->connections, cookie, note_connected, NULL);
}

/* Whether its exit(2) was that of its only thread, for all that is known. */
static gboolean
has_exited(const PnatProcess *process, gint64 time)
{
  return process->maybe_end != 0 && !process->has_threads && time - process->maybe_end < EXIT_TAKES;
}

void
pnat_tracker_process_gone(PnatTracker *tracker, guint32 pid, guint64 start, gint64 time, gint64 now)
{
  pnat_tracker_advance(tracker, now);
  PnatProcess *process = pnat_tracker_find_process(tracker, tracker->local, pid);

  if (process == NULL || (process->start != 0 && process->start != start))
    return;
  process->start = start;
  process->was_gone |= start == 0;
  if (has_exited(process, time))
    pnat_tracker_end_process(tracker, process, PNAT_REASON_EXIT, process->maybe_end);
  else
    pnat_tracker_end_process(tracker, process, PNAT_REASON_KILLED, time);
}

void
pnat_tracker_set_watching(PnatTracker *tracker, gboolean watching)
{
  if (watching && !tracker->watching)
    pnat_tracker_note_unwatched(tracker);
  tracker->watching = watching;
}

gboolean
pnat_tracker_knows(const PnatTracker *tracker, guint32 pid)
{
  PnatProcess key = { .node = tracker->local, .pid = pid };
  return g_hash_table_contains(tracker->processes, &key);
}

gboolean
pnat_tracker_knows_program(const PnatTracker *tracker, guint32 pid, const char *exe)
{
  PnatProcess key = { .node = tracker->local, .pid = pid };
  const PnatProcess *process = g_hash_table_lookup(tracker->processes, &key);

  if (process == NULL || process->end != 0)
    return FALSE;
  return exe == NULL || (process->images != NULL && g_strcmp0(process->images->exe, exe) == 0);
}

/* Time. */

void
pnat_tracker_advance(PnatTracker *tracker, gint64 now)
{
  tracker->now = MAX(tracker->now, now);
  pnat_connections_match_due(tracker->connections, tracker->now);
  pnat_tracker_forget_due(tracker);
  pnat_tracker_settle_due(tracker);
  pnat_tracker_close_due(tracker);
  pnat_tracker_report_due(tracker);
  pnat_tracker_end_idle(tracker);
}

gint64
pnat_tracker_next_due(const PnatTracker *tracker)
{
  const PnatProcess *ending = TAILQ_FIRST(&tracker->ending);
  const PnatProcess *quiet = TAILQ_FIRST(&tracker->quiet_processes);
  const PnatFlow *start = TAILQ_FIRST(&tracker->awaiting_start);
  const PnatFlow *update = TAILQ_FIRST(&tracker->awaiting_update);
  const PnatFlow *closing = TAILQ_FIRST(&tracker->closing);
  gint64 due = pnat_connections_next_due(tracker->connections);

  if (closing != NULL)
    due = MIN(due, closing->sockets->due);

  if (ending != NULL)
    due = MIN(due, ending->due);
  if (quiet != NULL)
    due = MIN(due, quiet->heard + tracker->options.idle_timeout);
  if (start != NULL)
    due = MIN(due, start->due);
  if (update != NULL)
    due = MIN(due, update->due);
  return due;
}

void
pnat_tracker_finish(PnatTracker *tracker, PnatReason reason, gint64 time)
{
  PnatProcess *process;

  pnat_tracker_settle(tracker);
  while ((process = TAILQ_FIRST(&tracker->quiet_processes)) != NULL)
    pnat_tracker_finish_untold(tracker, process, reason, time != 0 ? time : process->node->newest);
}

PnatTrackerCounts
pnat_tracker_counts(const PnatTracker *tracker)
{
  return (PnatTrackerCounts){
    .flows = g_hash_table_size(tracker->flows),
    .processes = g_hash_table_size(tracker->processes),
    .nodes = g_hash_table_size(tracker->nodes),
    .ending = tracker->n_ending,
    .evicted = tracker->evicted,
    .unattributed = tracker->unattributed,
  };
}
