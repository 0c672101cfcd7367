/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See calls_private.h. Here: how what was found open and what calls tell of are brought together.
 */
#include "calls_private.h"

gboolean
pnat_found_is_known(const PnatProcess *process, const PnatEvent *event)
{
  const PnatDescriptor *descriptor = pnat_process_descriptor(process, event->fd);
  return descriptor != NULL && descriptor->cookie_tag != 0 && descriptor->cookie_tag == pnat_cookie_tag(event->socket.cookie);
}

typedef struct {
  const PnatProcess *process;
  PnatFlow *flow;
} Holder;

static void
note_holder(PnatConnection *connection, gpointer data)
{
  Holder *holder = data;
  if (connection->flow->key.image->process == holder->process)
    holder->flow = connection->flow;
}

/* What is found open is the connection that is known, where one is and its socket had not answered: it had another number by then. */
static PnatFlow *
know_unasked(PnatTracker *tracker, const PnatProcess *process, const PnatEvent *event)
{
  const PnatSocket *socket = &event->socket;
  PnatConnection *connection = pnat_connections_find_unasked(tracker->connections, process, &socket->remote);

  if (connection == NULL || socket->cookie == 0)
    return NULL;
  pnat_connections_know(tracker->connections, connection, socket->cookie);
  pnat_connections_set_number(tracker->connections, connection, event->fd, connection->pending);
  pnat_flow_note_local(connection->flow, &socket->local);
  pnat_tracker_set_proto(tracker, connection->flow, socket->proto);
  return connection->flow;
}

gboolean
pnat_found_is_duplicate(PnatTracker *tracker, PnatProcess *process, const PnatEvent *event)
{
  Holder holder = { process, NULL };

  pnat_connections_foreach(tracker->connections, event->socket.cookie, note_holder, &holder);
  if (holder.flow == NULL)
    holder.flow = know_unasked(tracker, process, event);
  PnatDescriptor *descriptor = holder.flow != NULL ? pnat_process_descriptor_get(process, event->fd) : NULL;
  if (descriptor == NULL)
    return FALSE;
  pnat_descriptor_set_peer(descriptor, &event->socket.remote, holder.flow->key.direction);
  pnat_descriptor_note_cookie(descriptor, &event->socket);
  descriptor->proto = event->socket.proto;
  descriptor->local_port = event->socket.local.port;
  descriptor->connection = holder.flow->key.connection;
  return TRUE;
}

gboolean
pnat_found_is_counted(const PnatTracker *tracker, PnatFlow *flow, const PnatEvent *event, gint fd)
{
  PnatConnection *connection;

  if (event->snapshot || event->time > tracker->found_until || flow->sockets == NULL)
    return FALSE;
  TAILQ_FOREACH (connection, &flow->sockets->connections, of_flow) {
    if (!connection->found || connection->fd != fd || event->time > connection->begun)
      continue;
    connection->found = FALSE;
    connection->begun = event->time;
    if (flow->connections == 1)
      flow->confidence = PNAT_CONFIDENCE_EXACT;
    return TRUE;
  }
  return FALSE;
}
