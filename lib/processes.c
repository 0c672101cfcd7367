/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker's table of processes, and their hosts: bounded by max_flows, and the life of a process.
 *
 * A process that ended stays for SETTLE ms, since calls its other threads made before the end may be logged after it.
 */
#include "tracker_private.h"

/* ms on the caller's clock. The kernel logs a killed thread's call within its own exit, moments later; destroyed sockets are matched
 * with their connects by then (connections.c). */
#define SETTLE 400

/* ms by which the end of a killed process may be noticed after its sockets were. */
#define DEATH_GRAIN 150

/* Bytes for each of max_flows, or of so many flows, for what does not grow by flows: long names, and descriptors without a flow of their own. */
#define EXTRA_PER_FLOW 512
#define EXTRA_FLOWS_LEAST 4096

/* Nodes. */

PnatNode *
pnat_tracker_node_new(PnatTracker *tracker, const char *name)
{
  PnatNode *node = pnat_node_new(name);
  node->extra = &tracker->extra;
  return node;
}

PnatNode *
pnat_tracker_node(PnatTracker *tracker, const PnatEvent *event)
{
  const char *name = event->node;
  gboolean here = event->here || event->local;
  if (here && name != NULL)
    pnat_node_rename(tracker->local, name);
  if (here || name == NULL)
    return tracker->local;
  PnatNode *node = g_hash_table_lookup(tracker->nodes, name);
  if (node == NULL) {
    node = pnat_tracker_node_new(tracker, name);
    g_hash_table_insert(tracker->nodes, node->name, node);
  }
  return node;
}

void
pnat_tracker_release_node(PnatTracker *tracker, PnatNode *node)
{
  if (node->n_processes > 0 || node == tracker->local)
    return;
  g_hash_table_remove(tracker->nodes, node->name);
  pnat_node_free(node);
}

/* Recent exits. */

static guint64
exit_key(const PnatNode *node, guint32 pid)
{
  return ((guint64)(node->local ? 0 : pnat_node_name_hash(node->name)) << 32 | pid) + 1;
}

void
pnat_tracker_remember_exit(PnatTracker *tracker, const PnatNode *node, const PnatEvent *event)
{
  guint64 who = exit_key(node, event->who.pid);
  tracker->recent[who % PNAT_RECENT_EXITS] = (PnatRecentExit){ who, event->time };
}

/* The time at which the process of @event is known to have ended, 0 if it is not. */
static gint64
ended_before_heard(const PnatTracker *tracker, const PnatNode *node, const PnatEvent *event)
{
  guint64 who = exit_key(node, event->who.pid);
  const PnatRecentExit *recent = &tracker->recent[who % PNAT_RECENT_EXITS];
  return recent->who == who && event->time <= recent->time ? recent->time : 0;
}

gint64
pnat_tracker_exit_of(const PnatTracker *tracker, guint32 pid)
{
  guint64 who = exit_key(tracker->local, pid);
  const PnatRecentExit *recent = &tracker->recent[who % PNAT_RECENT_EXITS];
  return recent->who == who ? recent->time : 0;
}

/* Processes. */

PnatProcess *
pnat_tracker_find_process(PnatTracker *tracker, PnatNode *node, guint32 pid)
{
  PnatProcess key = { .node = node, .pid = pid };
  return g_hash_table_lookup(tracker->processes, &key);
}

void
pnat_tracker_drop_process(PnatTracker *tracker, PnatProcess *process)
{
  PnatNode *node = process->node;

  TAILQ_REMOVE(&tracker->quiet_processes, process, by_quiet);
  if (process->end != 0) {
    TAILQ_REMOVE(&tracker->ending, process, by_ending);
    tracker->n_ending--;
  }
  g_hash_table_remove(tracker->processes, process);
  pnat_process_free(process);
  pnat_tracker_release_node(tracker, node);
}

/* A flow whose last connection was closed before the process ended had ended by then; but a killed process's sockets are closed by its
 * death, which is noticed a moment later. */
static void
finish_flow(PnatTracker *tracker, PnatFlow *flow, PnatReason reason, gint64 end)
{
  if (reason == PNAT_REASON_EXIT)
    pnat_flow_ends_by(flow, end);
  pnat_connections_match_flow(tracker->connections, flow);
  gint64 closed = flow->sockets != NULL ? flow->sockets->closed : 0;
  if (closed != 0 && closed <= end - (reason == PNAT_REASON_KILLED ? DEATH_GRAIN : 0))
    pnat_tracker_end_flow(tracker, flow, PNAT_REASON_CLOSE, closed);
  else
    pnat_tracker_end_flow(tracker, flow, reason, end);
}

/* Writes the end of all its flows, and forgets it. */
static void
finish_process(PnatTracker *tracker, PnatProcess *process, PnatReason reason, gint64 end)
{
  PnatFlow *flow;
  while ((flow = TAILQ_FIRST(&process->flows)) != NULL)
    finish_flow(tracker, flow, reason, end);
  pnat_tracker_drop_process(tracker, process);
}

void
pnat_tracker_end_process(PnatTracker *tracker, PnatProcess *process, PnatReason reason, gint64 end)
{
  if (process->end != 0)
    return;
  process->end = end;
  process->reason = reason;
  process->due = tracker->now + SETTLE;
  TAILQ_INSERT_TAIL(&tracker->ending, process, by_ending);
  tracker->n_ending++;
}

/* Whose end would have been told. */
static gboolean
is_watched(const PnatTracker *tracker, const PnatProcess *process)
{
  return tracker->watching && process->node->local && process->start != 0;
}

void
pnat_tracker_finish_untold(PnatTracker *tracker, PnatProcess *process, PnatReason reason, gint64 end)
{
  if (process->end != 0)
    finish_process(tracker, process, process->reason, process->end);
  else if (process->maybe_end != 0 && !process->has_threads && !is_watched(tracker, process))
    finish_process(tracker, process, PNAT_REASON_EXIT, process->maybe_end);
  else
    finish_process(tracker, process, reason, end);
}

/* Whether the process known by this pid can not be the one that made @event. */
static gboolean
is_over(const PnatProcess *process, const PnatEvent *event)
{
  if (process->end != 0 && !pnat_process_started_apart(process, event))
    return event->time > process->end;
  return pnat_process_is_other(process, event);
}

static void
evict_quietest_process(PnatTracker *tracker)
{
  PnatProcess *quietest = TAILQ_FIRST(&tracker->quiet_processes);
  for (PnatFlow *flow = TAILQ_FIRST(&quietest->flows); flow != NULL; flow = TAILQ_NEXT(flow, of_process))
    tracker->evicted++;
  pnat_tracker_finish_untold(tracker, quietest, PNAT_REASON_EVICTED, quietest->node->newest);
}

static void
bound_processes(PnatTracker *tracker)
{
  while (g_hash_table_size(tracker->processes) >= tracker->options.max_flows)
    evict_quietest_process(tracker);
}

void
pnat_tracker_bound_extra(PnatTracker *tracker)
{
  gsize most = (gsize)MAX(tracker->options.max_flows, EXTRA_FLOWS_LEAST) * EXTRA_PER_FLOW;
  while (tracker->extra > most && !TAILQ_EMPTY(&tracker->quiet_processes))
    evict_quietest_process(tracker);
}

static PnatProcess *
process_new(PnatTracker *tracker, PnatNode *node, const PnatEvent *event)
{
  node->n_processes++; /* keeps the node while others go */
  bound_processes(tracker);
  node->n_processes--;

  PnatProcess *process = pnat_process_new(node, event);
  g_hash_table_add(tracker->processes, process);
  TAILQ_INSERT_TAIL(&tracker->quiet_processes, process, by_quiet);
  gint64 ended = event->start == 0 ? ended_before_heard(tracker, node, event) : 0; /* else it was seen to live */
  if (ended != 0)
    pnat_tracker_end_process(tracker, process, PNAT_REASON_EXIT, ended);
  return process;
}

static void
make_newest(PnatTracker *tracker, PnatProcess *process)
{
  process->heard = tracker->now;
  TAILQ_REMOVE(&tracker->quiet_processes, process, by_quiet);
  TAILQ_INSERT_TAIL(&tracker->quiet_processes, process, by_quiet);
}

PnatProcess *
pnat_tracker_process_of(PnatTracker *tracker, PnatNode *node, const PnatEvent *event)
{
  PnatProcess *process = pnat_tracker_find_process(tracker, node, event->who.pid);

  if (process != NULL && is_over(process, event)) {
    node->n_processes++;
    pnat_tracker_finish_untold(tracker, process, PNAT_REASON_REUSE, event->time);
    node->n_processes--;
    process = NULL;
  }
  if (process == NULL)
    process = process_new(tracker, node, event);
  make_newest(tracker, process);
  return process;
}

void
pnat_tracker_end_processes(PnatTracker *tracker, const PnatNode *node, gint64 time, gboolean watched_too)
{
  PnatProcess *process, *next;

  for (process = TAILQ_FIRST(&tracker->quiet_processes); process != NULL; process = next) {
    next = TAILQ_NEXT(process, by_quiet);
    if (process->node == node && process->newest < time && (watched_too || !is_watched(tracker, process)))
      pnat_tracker_finish_untold(tracker, process, PNAT_REASON_REBOOT, time);
  }
}

/* Time. */

void
pnat_tracker_settle_due(PnatTracker *tracker)
{
  PnatProcess *process;
  while ((process = TAILQ_FIRST(&tracker->ending)) != NULL && process->due <= tracker->now)
    finish_process(tracker, process, process->reason, process->end);
}

/* A process of this host whose start is known is watched, and silence says nothing: it waits another time. */
void
pnat_tracker_end_idle(PnatTracker *tracker)
{
  gint64 timeout = tracker->options.idle_timeout;
  PnatProcess *process;

  while ((process = TAILQ_FIRST(&tracker->quiet_processes)) != NULL && process->heard + timeout <= tracker->now) {
    if (is_watched(tracker, process))
      make_newest(tracker, process);
    else
      pnat_tracker_finish_untold(tracker, process, PNAT_REASON_IDLE, process->newest + timeout);
  }
}

void
pnat_tracker_settle(PnatTracker *tracker)
{
  PnatProcess *process;
  while ((process = TAILQ_FIRST(&tracker->ending)) != NULL)
    finish_process(tracker, process, process->reason, process->end);
}
