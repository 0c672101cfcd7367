/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See flow.h.
 */
#include "flow.h"

#include "hash.h"

#include <string.h>

/* Keyed by way of the address: who is talked to is for others to choose. */
guint
pnat_flow_key_hash(gconstpointer data)
{
  const PnatFlowKey *key = data;
  guint64 sum = (guint64)pnat_address_hash(&key->remote) << 32 | (guint64)key->local_port << 16 | key->direction << 8 | key->proto;
  sum += GPOINTER_TO_SIZE(key->image) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  sum += key->connection * G_GUINT64_CONSTANT(0xd1342543de82ef95);
  return pnat_hash_scatter(sum);
}

gboolean
pnat_flow_key_equal(gconstpointer one, gconstpointer other)
{
  const PnatFlowKey *a = one, *b = other;
  return a->image == b->image && a->local_port == b->local_port && a->direction == b->direction &&
         a->proto == b->proto && a->connection == b->connection && pnat_address_equal(&a->remote, &b->remote);
}

PnatFlow *
pnat_flow_new(const PnatFlowKey *key)
{
  PnatFlow *flow = g_new0(PnatFlow, 1);
  flow->key = *key;
  flow->tx = flow->rx = -1;
  flow->fd = -1;
  flow->key.image->n_flows++;
  TAILQ_INSERT_TAIL(&key->image->process->flows, flow, of_process);
  return flow;
}

void
pnat_flow_free(PnatFlow *flow)
{
  TAILQ_REMOVE(&flow->key.image->process->flows, flow, of_process);
  flow->key.image->n_flows--;
  g_free(flow->sockets);
  g_free(flow);
}

PnatFlowSockets *
pnat_flow_sockets(PnatFlow *flow)
{
  if (flow->sockets == NULL) {
    flow->sockets = g_new0(PnatFlowSockets, 1);
    TAILQ_INIT(&flow->sockets->connections);
  }
  return flow->sockets;
}

static gboolean
is_unspecified(const PnatAddress *address)
{
  static const guint8 zero[sizeof address->bytes];
  return address->family == PNAT_FAMILY_NONE || memcmp(address->bytes, zero, sizeof zero) == 0;
}

void
pnat_flow_note_local(PnatFlow *flow, const PnatAddress *local)
{
  PnatFlowSockets *sockets = pnat_flow_sockets(flow);
  PnatAddress *known = &sockets->local;

  if (!sockets->many_local_ports && local->port != 0) {
    sockets->many_local_ports = known->port != 0 && known->port != local->port;
    known->port = sockets->many_local_ports ? 0 : local->port;
  }
  if (sockets->many_local || is_unspecified(local))
    return;
  sockets->many_local = known->family != PNAT_FAMILY_NONE && !pnat_address_same_host(known, local);
  known->family = sockets->many_local ? PNAT_FAMILY_NONE : local->family;
  memcpy(known->bytes, local->bytes, sizeof known->bytes);
}

/* The kernel counts serials in 32 bits (audit_serial, kernel/audit.c); 48 of time last until the year 10889. */
static void
set_mark(PnatFlowMark *mark, guint16 *high, const PnatEvent *event)
{
  mark->serial = (guint32)event->serial;
  mark->time_low = (guint32)event->time;
  *high = (guint16)(event->time >> 32);
}

static PnatEventId
event_id(const PnatFlowMark *mark, guint16 high)
{
  return (PnatEventId){ (gint64)high << 32 | mark->time_low, mark->serial };
}

static void
count_bytes(gint64 *counter, gint64 bytes)
{
  *counter = MIN(MAX(*counter, 0) + MIN(bytes, PNAT_BYTES_MAX), PNAT_BYTES_MAX);
}

void
pnat_flow_count(PnatFlow *flow, const PnatActivity *activity)
{
  const PnatEvent *event = activity->event;

  flow->start = flow->start == 0 ? activity->begin : MIN(flow->start, activity->begin);
  flow->last = MAX(flow->last, activity->done);
  flow->fd = event->call == PNAT_CALL_ACCEPT ? (gint)event->value : event->fd >= 0 ? event->fd : flow->fd;
  if (event->snapshot)
    return;
  if (flow->calls == 0)
    set_mark(&flow->first, &flow->first_high, event);
  set_mark(&flow->latest, &flow->latest_high, event);
  flow->calls += flow->calls < G_MAXUINT32;
  flow->fresh = TRUE;
  if (event->result != PNAT_RESULT_OK || event->value < 0)
    return;
  if (event->call == PNAT_CALL_SEND)
    count_bytes(&flow->tx, event->value);
  else if (event->call == PNAT_CALL_RECV)
    count_bytes(&flow->rx, event->value);
}

void
pnat_flow_note_peer_port(PnatFlow *flow, guint16 port)
{
  if (flow->many_ports || port == 0 || port == flow->peer_port)
    return;
  flow->many_ports = flow->peer_port != 0;
  flow->peer_port = flow->many_ports ? 0 : port;
}

void
pnat_flow_note_error(PnatFlow *flow, const PnatEvent *event)
{
  flow->error = event->value < 0 && event->value >= -G_MAXUINT16 ? (guint16)-event->value : 0;
}

void
pnat_flow_note_failure(PnatFlow *flow, const PnatEvent *event)
{
  flow->failed += flow->failed < G_MAXUINT32;
  pnat_flow_note_error(flow, event);
}

void
pnat_flow_ends_by(PnatFlow *flow, gint64 end)
{
  flow->start = MIN(flow->start, end);
  flow->last = MIN(flow->last, end);
}

PnatOutcome
pnat_flow_outcome(const PnatFlow *flow)
{
  if (flow->ok)
    return PNAT_OUTCOME_OK;
  if (flow->pending > 0)
    return PNAT_OUTCOME_PENDING;
  gboolean transfer_failed = flow->connections == 0 && flow->error != 0;
  return flow->failed > 0 || transfer_failed ? PNAT_OUTCOME_FAILED : PNAT_OUTCOME_UNKNOWN;
}

static void
fill_local(const PnatFlow *flow, PnatRecord *record)
{
  if (flow->sockets != NULL)
    record->local = flow->sockets->local;
  if (flow->sockets != NULL && flow->sockets->n_unasked > 0)
    record->local.port = 0;
  if (flow->key.local_port != 0)
    record->local.port = flow->key.local_port;
}

/* The kernel's counters, where it gave them for every connection: they are complete. Else those of the audited calls. */
static void
fill_bytes(const PnatFlow *flow, PnatRecord *record)
{
  const PnatFlowSockets *sockets = flow->sockets;
  gboolean counted = sockets != NULL && sockets->n_counted > 0 && sockets->n_counted + (guint64)flow->failed >= flow->connections;

  record->tx = counted ? sockets->tx : flow->tx;
  record->rx = counted ? sockets->rx : flow->rx;
}

void
pnat_flow_fill(const PnatFlow *flow, PnatRecord *record)
{
  const PnatFlowKey *key = &flow->key;
  const PnatProcess *process = key->image->process;
  const PnatImage *image = key->image;

  record->start = flow->start;
  record->last = flow->last;
  record->pid = process->pid;
  record->ppid = process->ppid;
  record->auid = process->auid;
  record->ses = process->ses;
  record->uid = image->uid;
  record->euid = image->euid;
  record->comm = image->comm;
  record->exe = image->exe;
  record->cmd = image->cmd;
  record->direction = key->direction;
  record->proto = key->proto;
  record->remote = key->remote;
  if (key->direction == PNAT_DIRECTION_IN)
    record->remote.port = flow->peer_port;
  fill_local(flow, record);
  record->outcome = pnat_flow_outcome(flow);
  record->error = flow->error;
  record->connections = flow->connections;
  record->failed = flow->failed;
  record->calls = flow->calls;
  fill_bytes(flow, record);
  record->confidence = flow->confidence;
  record->entity = process->entity;
  record->unit = process->unit;
  record->container = process->container;
  record->first = event_id(&flow->first, flow->first_high);
  record->latest = event_id(&flow->latest, flow->latest_high);
}
