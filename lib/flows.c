/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker's table of flows: bounded by max_flows, and the records of a flow's life.
 *
 * Every flow stands in the quiet list, and in one of the two report lists while a report is due: as no flow waits longer than one that
 * begins to wait now, a list is in the order of its due times and only its head need be looked at.
 */
#include "tracker_private.h"

#include <string.h>

/* ms for which a flow without a connection waits for another: a client that fetches many things one by one is one flow. */
#define CLOSE_LINGER 1000

static gboolean
is_excluded(const PnatTracker *tracker, const PnatFlowKey *key)
{
  const char *exe = key->image->exe;

  for (guint i = 0; i < tracker->excluded->len; i++)
    if (pnat_prefix_contains(&g_array_index(tracker->excluded, PnatPrefix, i), &key->remote))
      return TRUE;
  for (guint i = 0; exe != NULL && i < tracker->excluded_exes->len; i++)
    if (g_pattern_match(g_ptr_array_index(tracker->excluded_exes, i), strlen(exe), exe, NULL))
      return TRUE;
  return FALSE;
}

static gboolean
overlaps_gap(const PnatTracker *tracker, gint64 start, gint64 end)
{
  for (guint i = 0; i < tracker->n_gaps; i++)
    if (tracker->gaps[i].from <= end && tracker->gaps[i].to >= start)
      return TRUE;
  return FALSE;
}

static void
remember_gap(PnatTracker *tracker, gint64 from, gint64 to)
{
  if (tracker->n_gaps == PNAT_GAPS) {
    tracker->gaps[1].from = MIN(tracker->gaps[0].from, tracker->gaps[1].from);
    tracker->gaps[1].to = MAX(tracker->gaps[0].to, tracker->gaps[1].to);
    memmove(tracker->gaps, tracker->gaps + 1, sizeof tracker->gaps - sizeof tracker->gaps[0]);
    tracker->n_gaps--;
  }
  tracker->gaps[tracker->n_gaps++] = (PnatGap){ from, to };
}

void
pnat_tracker_lost(PnatTracker *tracker, PnatLossSource source, guint64 lost, gint64 from, gint64 to)
{
  const PnatNode *local = tracker->local;
  PnatRecord record = { .kind = PNAT_RECORD_LOSS, .source = source, .lost = lost, .start = from, .last = to, .end = to };

  record.host = local->name != NULL ? local->name : tracker->options.host;
  remember_gap(tracker, from, to);
  tracker->func(&record, tracker->data);
}

static const char *
host_of(const PnatTracker *tracker, const PnatFlow *flow)
{
  const PnatNode *node = flow->key.image->process->node;
  return node->name != NULL ? node->name : tracker->options.host;
}

static void
emit(PnatTracker *tracker, const PnatFlow *flow, PnatRecord *record)
{
  const PnatProcess *process = flow->key.image->process;

  pnat_flow_fill(flow, record);
  record->host = host_of(tracker, flow);
  record->gap = process->node->local && overlaps_gap(tracker, flow->start, record->end != 0 ? record->end : G_MAXINT64);
  if (tracker->written == NULL || !pnat_written_has(tracker->written, record))
    tracker->func(record, tracker->data);
}

static gint64
later(gint64 now, gint64 delay)
{
  return delay == G_MAXINT64 ? G_MAXINT64 : now + delay;
}

void
pnat_tracker_enqueue_flow(PnatTracker *tracker, PnatFlow *flow)
{
  flow->queued = TRUE;
  if (flow->started)
    TAILQ_INSERT_TAIL(&tracker->awaiting_update, flow, by_report);
  else
    TAILQ_INSERT_TAIL(&tracker->awaiting_start, flow, by_report);
}

static void
enqueue(PnatTracker *tracker, PnatFlow *flow)
{
  flow->due = later(tracker->now, flow->started ? tracker->options.active_timeout : tracker->options.start_after);
  pnat_tracker_enqueue_flow(tracker, flow);
}

static void
dequeue(PnatTracker *tracker, PnatFlow *flow)
{
  if (!flow->queued)
    return;
  flow->queued = FALSE;
  if (flow->started)
    TAILQ_REMOVE(&tracker->awaiting_update, flow, by_report);
  else
    TAILQ_REMOVE(&tracker->awaiting_start, flow, by_report);
}

/* Their order stays: the same bound is put to all. */
static void
bound_waits(struct PnatDueFlows *flows, gint64 latest)
{
  PnatFlow *flow;
  TAILQ_FOREACH (flow, flows, by_report)
    flow->due = latest == G_MAXINT64 ? latest : MIN(flow->due, latest);
}

void
pnat_tracker_rearrange_reports(PnatTracker *tracker)
{
  PnatFlow *flow;

  bound_waits(&tracker->awaiting_update, later(tracker->now, tracker->options.active_timeout));
  bound_waits(&tracker->awaiting_start, later(tracker->now, tracker->options.start_after));
  while (tracker->options.start_after == G_MAXINT64 && (flow = TAILQ_FIRST(&tracker->awaiting_start)) != NULL) {
    dequeue(tracker, flow);
    flow->started = TRUE; /* as good as: updates come without a start record */
    enqueue(tracker, flow);
  }
}

void
pnat_tracker_note_unwatched(PnatTracker *tracker)
{
  PnatFlow *flow;

  TAILQ_FOREACH (flow, &tracker->quiet, by_quiet)
    if (flow->key.image->process->node->local && flow->connections > flow->failed && flow->sockets == NULL)
      pnat_flow_sockets(flow)->n_unwatched++;
}

/* Closing. */

void
pnat_tracker_set_proto(PnatTracker *tracker, PnatFlow *flow, guint8 proto)
{
  PnatFlowKey key = flow->key;

  key.proto = proto;
  if (proto == 0 || flow->key.proto != 0 || g_hash_table_contains(tracker->flows, &key))
    return;
  g_hash_table_remove(tracker->flows, flow);
  flow->key.proto = proto;
  g_hash_table_add(tracker->flows, flow);
}

void
pnat_tracker_reopen_flow(PnatTracker *tracker, PnatFlow *flow)
{
  if (flow->sockets == NULL || flow->sockets->closed == 0)
    return;
  flow->sockets->closed = 0;
  TAILQ_REMOVE(&tracker->closing, flow, sockets->by_closing);
}

/* The descriptor that leads to @connection, as far as is known. */
static PnatDescriptor *
descriptor_of(const PnatConnection *connection)
{
  PnatDescriptor *descriptor = pnat_process_descriptor(connection->flow->key.image->process, connection->fd);
  return descriptor != NULL && descriptor->cookie_tag == connection->cookie_tag ? descriptor : NULL;
}

/* What the kernel said of a connect that nothing had settled. */
static void
settle_pending(PnatFlow *flow, const PnatConnection *connection, const PnatSocketEnd *end)
{
  if (!connection->pending || flow->pending == 0 || end->socket.state == PNAT_SOCKET_STATE_UNKNOWN)
    return;
  flow->pending--;
  if (end->socket.state == PNAT_SOCKET_CONNECTED) {
    flow->ok = TRUE;
    return;
  }
  flow->failed++;
  if (end->error != 0)
    flow->error = (guint16)end->error;
}

/* The number will lead nowhere any more, whatever it comes to mean next. */
static void
forget_descriptor(PnatTracker *tracker, const PnatConnection *connection, gint64 time)
{
  PnatDescriptor *descriptor = descriptor_of(connection);
  if (descriptor == NULL)
    return;
  if (connection->cookie_tag != 0 || connection->has_number)
    descriptor->pending = FALSE;
  if (connection->cookie_tag == 0)
    return;
  PnatForgetting forgetting = { connection->flow->key.image->process->pid, connection->fd, connection->cookie_tag, time,
                                tracker->now + CLOSE_LINGER };
  g_array_append_val(tracker->forgetting, forgetting);
  descriptor->closing = TRUE;
}

gboolean
pnat_tracker_is_forgotten(const PnatTracker *tracker, const PnatProcess *process, gint fd, gint64 time)
{
  const PnatDescriptor *descriptor = pnat_process_descriptor(process, fd);
  if (descriptor == NULL || !descriptor->closing || !process->node->local)
    return FALSE;
  for (guint i = 0; i < tracker->forgetting->len; i++) {
    const PnatForgetting *at = &g_array_index(tracker->forgetting, PnatForgetting, i);
    if (at->pid == process->pid && at->fd == fd && at->cookie_tag == descriptor->cookie_tag)
      return time > at->time;
  }
  return FALSE;
}

void
pnat_tracker_forget_due(PnatTracker *tracker)
{
  guint done = 0;

  for (; done < tracker->forgetting->len; done++) {
    const PnatForgetting *at = &g_array_index(tracker->forgetting, PnatForgetting, done);
    if (at->due > tracker->now)
      break;
    const PnatProcess *process = pnat_tracker_find_process(tracker, tracker->local, at->pid);
    PnatDescriptor *descriptor = process != NULL ? pnat_process_descriptor(process, at->fd) : NULL;
    if (descriptor != NULL && descriptor->cookie_tag == at->cookie_tag)
      *descriptor = (PnatDescriptor){ .state = PNAT_DESCRIPTOR_NO_PEER };
  }
  if (done > 0)
    g_array_remove_range(tracker->forgetting, 0, done);
}

void
pnat_tracker_connection_closed(PnatConnection *connection, const PnatSocketEnd *end, gpointer data)
{
  PnatTracker *tracker = data;
  PnatFlow *flow = connection->flow;
  PnatFlowSockets *sockets = pnat_flow_sockets(flow);

  settle_pending(flow, connection, end);
  forget_descriptor(tracker, connection, end->time);
  pnat_flow_note_local(flow, &end->socket.local);
  if (end->tx >= 0 && end->rx >= 0) {
    sockets->tx += end->tx;
    sockets->rx += end->rx;
    sockets->n_counted++;
  }
  pnat_tracker_set_proto(tracker, flow, end->socket.proto);
  sockets->newest_end = MAX(sockets->newest_end, end->time);
  if (!TAILQ_EMPTY(&sockets->connections) || sockets->n_unwatched > 0 || sockets->closed != 0)
    return;
  sockets->closed = MAX(sockets->newest_end, flow->last);
  sockets->due = tracker->now + CLOSE_LINGER;
  TAILQ_INSERT_TAIL(&tracker->closing, flow, sockets->by_closing);
}

void
pnat_tracker_close_due(PnatTracker *tracker)
{
  PnatFlow *flow;
  while ((flow = TAILQ_FIRST(&tracker->closing)) != NULL && flow->sockets->due <= tracker->now)
    pnat_tracker_end_flow(tracker, flow, PNAT_REASON_CLOSE, flow->sockets->closed);
}

/* Processes of which nothing but descriptors is known, and of which nothing was heard for longer than of any that has a flow. */
static void
drop_quiet_processes(PnatTracker *tracker, const PnatProcess *newcomer)
{
  PnatProcess *process;
  while ((process = TAILQ_FIRST(&tracker->quiet_processes)) != NULL && process != newcomer && TAILQ_EMPTY(&process->flows))
    pnat_tracker_drop_process(tracker, process);
}

/* The quietest goes, whoever's it is; a process without flows left goes too, so that processes are bounded as flows are. */
static void
make_room(PnatTracker *tracker, const PnatProcess *newcomer)
{
  while (g_hash_table_size(tracker->flows) >= tracker->options.max_flows && !TAILQ_EMPTY(&tracker->quiet)) {
    PnatFlow *flow = TAILQ_FIRST(&tracker->quiet);
    PnatProcess *process = flow->key.image->process;
    /* An exit was about to be told. That a process was killed is not sure before then: its exit may be on its way. */
    gboolean exited = process->end != 0 && process->reason == PNAT_REASON_EXIT;
    if (exited)
      pnat_tracker_end_flow(tracker, flow, PNAT_REASON_EXIT, process->end);
    else
      pnat_tracker_end_flow(tracker, flow, PNAT_REASON_EVICTED, process->node->newest);
    tracker->evicted += !exited;
    if (TAILQ_EMPTY(&process->flows) && process != newcomer)
      pnat_tracker_drop_process(tracker, process);
    drop_quiet_processes(tracker, newcomer);
  }
}

static void
evict_image(PnatTracker *tracker, PnatImage *image)
{
  const PnatProcess *process = image->process;
  PnatFlow *before;

  /* From the newest on: so a flow is passed over by the images that were there before it only. */
  for (PnatFlow *flow = TAILQ_LAST(&process->flows, PnatFlowList); flow != NULL && image->n_flows > 0; flow = before) {
    before = TAILQ_PREV(flow, PnatFlowList, of_process);
    if (flow->key.image != image)
      continue;
    pnat_tracker_end_flow(tracker, flow, PNAT_REASON_EVICTED, process->node->newest);
    tracker->evicted++;
  }
}

static void
make_room_for_image(PnatTracker *tracker, const PnatImage *newcomer)
{
  PnatImage *surplus;
  while (newcomer->n_flows == 0 && (surplus = pnat_process_surplus_image(newcomer->process)) != NULL)
    evict_image(tracker, surplus);
}

static PnatFlow *
find_with_proto(PnatTracker *tracker, const PnatFlowKey *key, guint8 proto)
{
  PnatFlowKey other = *key;
  other.proto = proto;
  return g_hash_table_lookup(tracker->flows, &other);
}

/* A call of which the protocol is not known joins the one flow towards that peer, and the other way round. */
PnatFlow *
pnat_tracker_find_flow(PnatTracker *tracker, const PnatFlowKey *key)
{
  PnatFlow *flow = g_hash_table_lookup(tracker->flows, key);
  if (flow != NULL)
    return flow;
  if (key->proto != 0)
    return find_with_proto(tracker, key, 0);
  PnatFlow *tcp = find_with_proto(tracker, key, IPPROTO_TCP), *udp = find_with_proto(tracker, key, IPPROTO_UDP);
  return tcp == NULL || udp == NULL ? (tcp != NULL ? tcp : udp) : NULL;
}

PnatFlow *
pnat_tracker_flow(PnatTracker *tracker, const PnatFlowKey *key)
{
  PnatFlow *flow = pnat_tracker_find_flow(tracker, key);
  if (flow != NULL) {
    pnat_tracker_set_proto(tracker, flow, key->proto);
    return flow;
  }
  if (is_excluded(tracker, key))
    return NULL;
  make_room(tracker, key->image->process);
  make_room_for_image(tracker, key->image);
  flow = pnat_flow_new(key);
  g_hash_table_add(tracker->flows, flow);
  TAILQ_INSERT_TAIL(&tracker->quiet, flow, by_quiet);
  if (tracker->options.start_after == G_MAXINT64)
    flow->started = TRUE; /* as good as: updates come without a start record */
  enqueue(tracker, flow);
  return flow;
}

void
pnat_tracker_touch_flow(PnatTracker *tracker, PnatFlow *flow, const PnatActivity *activity)
{
  pnat_flow_count(flow, activity);
  TAILQ_REMOVE(&tracker->quiet, flow, by_quiet);
  TAILQ_INSERT_TAIL(&tracker->quiet, flow, by_quiet);
}

static void
forget(PnatTracker *tracker, PnatFlow *flow)
{
  dequeue(tracker, flow);
  pnat_tracker_reopen_flow(tracker, flow);
  pnat_connections_drop(tracker->connections, flow);
  TAILQ_REMOVE(&tracker->quiet, flow, by_quiet);
  g_hash_table_remove(tracker->flows, flow);
  pnat_flow_free(flow);
}

void
pnat_tracker_end_flow(PnatTracker *tracker, PnatFlow *flow, PnatReason reason, gint64 end)
{
  PnatRecord record = { .kind = PNAT_RECORD_END, .reason = reason, .end = MAX(end, flow->last) };

  emit(tracker, flow, &record);
  forget(tracker, flow);
}

/* ms since 1970, 0 = it is not written that it ended. */
static gint64
written_end(const PnatTracker *tracker, const PnatFlow *flow)
{
  PnatRecord record = { .kind = PNAT_RECORD_END };
  pnat_flow_fill(flow, &record);
  record.host = host_of(tracker, flow);
  return pnat_written_end(tracker->written, &record);
}

void
pnat_tracker_retire_written(PnatTracker *tracker, const PnatFlowKey *key, gint64 time)
{
  PnatFlow *flow = tracker->written != NULL ? pnat_tracker_find_flow(tracker, key) : NULL;
  gint64 end = flow != NULL ? written_end(tracker, flow) : 0;
  if (end != 0 && end < time)
    forget(tracker, flow);
}

static gboolean
is_start_written(const PnatTracker *tracker, const PnatFlow *flow)
{
  PnatRecord record = { .kind = PNAT_RECORD_START };
  pnat_flow_fill(flow, &record);
  record.host = host_of(tracker, flow);
  return pnat_written_has(tracker->written, &record);
}

void
pnat_tracker_drop_written(PnatTracker *tracker)
{
  PnatFlow *flow, *next;

  for (flow = TAILQ_FIRST(&tracker->quiet); flow != NULL && tracker->written != NULL; flow = next) {
    next = TAILQ_NEXT(flow, by_quiet);
    if (written_end(tracker, flow) != 0) {
      forget(tracker, flow);
    } else if (!flow->started && is_start_written(tracker, flow)) {
      dequeue(tracker, flow);
      flow->started = TRUE;
      enqueue(tracker, flow);
    }
  }
  tracker->written = NULL;
}

void
pnat_tracker_report_due(PnatTracker *tracker)
{
  PnatFlow *flow;

  while ((flow = TAILQ_FIRST(&tracker->awaiting_start)) != NULL && flow->due <= tracker->now) {
    PnatRecord record = { .kind = PNAT_RECORD_START };
    emit(tracker, flow, &record);
    dequeue(tracker, flow);
    flow->started = TRUE;
    flow->fresh = FALSE;
    enqueue(tracker, flow);
  }
  while ((flow = TAILQ_FIRST(&tracker->awaiting_update)) != NULL && flow->due <= tracker->now) {
    PnatRecord record = { .kind = PNAT_RECORD_UPDATE, .reason = PNAT_REASON_ACTIVE };
    if (flow->fresh)
      emit(tracker, flow, &record);
    dequeue(tracker, flow);
    flow->fresh = FALSE;
    enqueue(tracker, flow);
  }
}
