/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See calls_private.h. Here: whose flow a call counts to, by its address or by the descriptor that it was made on.
 */
#include "calls_private.h"

#include <string.h>

static gint64
time_begun(const PnatCallContext *call)
{
  return pnat_event_waits(call->event) ? call->done : MIN(call->event->time, call->done);
}

/* Descriptors. */

guint8
pnat_call_proto(const PnatCallContext *call, const PnatDescriptor *descriptor)
{
  if (call->event->socket.proto != 0)
    return call->event->socket.proto;
  return descriptor != NULL ? descriptor->proto : 0;
}

/* The process's parent, its parent, and so on: as /proc told, else as far as they are tracked. 0 = not known. */
static guint32
parent_of(const PnatCallContext *call, const PnatProcess *child, guint generation)
{
  if (generation == 0)
    return call->event->who.ppid;
  guint32 told = generation <= PNAT_ANCESTORS ? call->event->ancestors[generation - 1] : 0;
  return told != 0 || child == NULL ? told : child->ppid;
}

static const PnatDescriptor *
find_inherited(const PnatCallContext *call, gint fd)
{
  const PnatProcess *process = call->process;

  for (guint generation = 0; generation <= PNAT_ANCESTORS; generation++) {
    guint32 pid = parent_of(call, process, generation);
    if (pid == 0 || pid == PNAT_ID_UNSET)
      break;
    process = pnat_tracker_find_process(call->tracker, call->process->node, pid);
    const PnatDescriptor *found = process != NULL ? pnat_process_descriptor(process, fd) : NULL;
    if (found != NULL)
      return found;
  }
  return NULL;
}

PnatDescriptor *
pnat_call_descriptor(const PnatCallContext *call, gint fd)
{
  PnatDescriptor *own = pnat_process_descriptor(call->process, fd);
  if (own != NULL || fd < 0)
    return own;
  const PnatDescriptor *inherited = find_inherited(call, fd);
  if (inherited == NULL)
    return NULL;
  PnatDescriptor copy = *inherited;
  copy.inferred = TRUE;
  copy.pending = FALSE;
  copy.closing = FALSE;
  own = pnat_process_descriptor_get(call->process, fd);
  *own = copy;
  return own;
}

/* Flows. */

PnatFlowKey
pnat_call_key_towards(const PnatCallContext *call, const PnatAddress *remote, PnatDirection direction)
{
  PnatFlowKey key = { .image = call->image, .remote = *remote, .direction = direction };
  if (direction == PNAT_DIRECTION_IN)
    key.remote.port = 0;
  return key;
}

PnatFlowKey
pnat_call_key_of_descriptor(const PnatCallContext *call, const PnatDescriptor *descriptor)
{
  PnatAddress remote = { .port = descriptor->port, .family = descriptor->family };
  memcpy(remote.bytes, descriptor->bytes, sizeof remote.bytes);
  PnatFlowKey key = pnat_call_key_towards(call, &remote, descriptor->direction);
  key.proto = descriptor->proto;
  key.local_port = descriptor->direction == PNAT_DIRECTION_IN ? descriptor->local_port : 0;
  key.connection = descriptor->connection;
  return key;
}

PnatFlowKey
pnat_call_key_of_datagram(const PnatCallContext *call, PnatDirection first)
{
  const PnatDescriptor *descriptor = pnat_process_descriptor(call->process, call->event->fd);
  guint8 proto = pnat_call_proto(call, descriptor);

  PnatFlowKey out = pnat_call_key_towards(call, &call->event->address, PNAT_DIRECTION_OUT);
  out.proto = proto;
  if (pnat_tracker_find_flow(call->tracker, &out) != NULL)
    return out;
  PnatFlowKey in = pnat_call_key_towards(call, &call->event->address, PNAT_DIRECTION_IN);
  in.proto = proto;
  in.local_port = descriptor != NULL ? descriptor->local_port : 0;
  const PnatFlow *flow = pnat_tracker_find_flow(call->tracker, &in);
  gboolean answers = flow != NULL && flow->connections == 0 &&
                     (flow->fd == call->event->fd || flow->peer_port == call->event->address.port);
  if (first == PNAT_DIRECTION_IN || answers)
    return in;
  out.direction = first;
  return out;
}

/* A socket that was asked tells the local end, and keeps the flow open. */
static PnatConnection *
note_socket(const PnatCallContext *call, PnatFlow *flow)
{
  const PnatSocket *socket = &call->event->socket;
  PnatConnection *connection =
      pnat_connections_open(call->tracker->connections, flow, socket, &call->event->address, call->event->time);

  pnat_tracker_reopen_flow(call->tracker, flow);
  if (socket->cookie != 0)
    pnat_flow_note_local(flow, &socket->local);
  if (connection == NULL)
    pnat_flow_sockets(flow)->n_unwatched++;
  else if (connection->fd < 0)
    connection->fd = call->event->fd;
  return connection;
}

void
pnat_call_pass_over(const PnatCallContext *call, const PnatAddress *peer)
{
  if (call->event->local)
    pnat_connections_pass_over(call->tracker->connections, call->event->socket.cookie, peer);
}

PnatFlow *
pnat_call_count(const PnatCallContext *call, const PnatFlowKey *key)
{
  PnatFlow *flow = pnat_tracker_flow(call->tracker, key);
  if (flow == NULL) {
    if (call->event->socket.cookie != 0)
      pnat_call_pass_over(call, &key->remote);
    return NULL;
  }
  PnatActivity activity = { call->event, time_begun(call), call->done };
  pnat_tracker_touch_flow(call->tracker, flow, &activity);
  if (call->event->snapshot && flow->calls == 0)
    flow->confidence = PNAT_CONFIDENCE_SNAPSHOT;
  call->process->newest = MAX(call->process->newest, call->done);
  if (call->event->socket.cookie != 0)
    note_socket(call, flow);
  return flow;
}

/* The flow whose connect is pending on @descriptor: another program than now may have begun it, before an execve. */
static PnatFlow *
pending_flow(const PnatCallContext *call, const PnatDescriptor *descriptor)
{
  PnatFlowKey key = pnat_call_key_of_descriptor(call, descriptor);
  for (key.image = call->process->images; key.image != NULL; key.image = key.image->next) {
    PnatFlow *flow = pnat_tracker_find_flow(call->tracker, &key);
    if (flow != NULL && flow->pending > 0)
      return flow;
  }
  return NULL;
}

/* Nor need the destroyed socket tell, then. */
static void
settle_connection(const PnatCallContext *call, const PnatFlow *flow, gboolean ok)
{
  PnatConnection *connection = pnat_connections_pending(call->tracker->connections, call->process, call->event->fd);
  if (connection == NULL || connection->flow != flow)
    return;
  connection->pending = FALSE;
  connection->made = ok;
}

void
pnat_call_settle(const PnatCallContext *call, PnatDescriptor *descriptor, gboolean ok)
{
  if (!descriptor->pending)
    return;
  descriptor->pending = FALSE;
  PnatFlow *flow = pending_flow(call, descriptor);
  if (flow == NULL)
    return;
  flow->pending--;
  settle_connection(call, flow, ok);
  if (ok)
    flow->ok = TRUE;
  else
    pnat_flow_note_failure(flow, call->event);
}

/* Of a flow that has connections that are watched: without this one it would seem to end with them. */
static void
note_unwatched(const PnatCallContext *call, PnatFlow *flow)
{
  if (flow->sockets == NULL)
    return;
  pnat_tracker_reopen_flow(call->tracker, flow);
  flow->sockets->n_unwatched++;
}

void
pnat_call_watch(const PnatCallContext *call, PnatFlow *flow, const PnatAddress *peer, gint fd, gboolean pending)
{
  if (!call->event->local) {
    note_unwatched(call, flow);
    return;
  }
  PnatConnection *connection = note_socket(call, flow);
  if (connection == NULL)
    return;
  /* Of connections made in a row on one number, several may get the answer of the last: it can be one of them only. */
  if (connection->begun_here && call->event->socket.proto == IPPROTO_TCP)
    connection = pnat_connections_open(call->tracker->connections, flow, NULL, peer, MIN(connection->begun, call->event->time));
  if (connection == NULL) {
    pnat_flow_sockets(flow)->n_unwatched++;
    return;
  }
  connection->begun_here = TRUE;
  connection->found = call->event->snapshot;
  if (connection->found)
    call->tracker->found_until = MAX(call->tracker->found_until, connection->begun);
  if (call->event->socket.proto == IPPROTO_TCP && call->event->socket.cookie != 0)
    pnat_connections_disown_earlier(call->tracker->connections, connection);
  pnat_connections_set_number(call->tracker->connections, connection, fd, pending);
}
