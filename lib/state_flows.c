/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See state_private.h. Here: what a flow is made of, with its sockets and their connections.
 */
#include "state_private.h"

/* Connections. */

static void
connection_fields(PnatStateContext *state, PnatSocket *socket, PnatAddress *remote, PnatConnection *connection)
{
  pnat_codec_u64(&state->codec, &socket->cookie);
  pnat_state_address(state, remote);
  pnat_state_time(&state->codec, &connection->begun);
  pnat_codec_i32(&state->codec, &connection->fd);
  connection->found = pnat_codec_small(&state->codec, connection->found) & 1;
  connection->begun_here = pnat_codec_small(&state->codec, connection->begun_here) & 1;
  connection->made = pnat_codec_small(&state->codec, connection->made) & 1;
  connection->pending = pnat_codec_small(&state->codec, connection->pending) & 1;
  connection->named = pnat_codec_small(&state->codec, connection->named) & 1;
  connection->has_number = pnat_codec_small(&state->codec, connection->has_number) & 1;
}

static void
write_connections(PnatStateContext *state, PnatFlow *flow)
{
  PnatConnection *connection;
  guint32 n = 0;

  TAILQ_FOREACH (connection, &flow->sockets->connections, of_flow)
    n++;
  pnat_state_count(state, n, PNAT_STATE_PER_PROCESS);
  TAILQ_FOREACH (connection, &flow->sockets->connections, of_flow) {
    PnatSocket socket = { .cookie = pnat_connection_cookie(connection) };
    PnatAddress remote = pnat_connection_remote(connection);
    connection_fields(state, &socket, &remote, connection);
  }
}

/* One that another took its number from must not take it back. */
static void
take_over(PnatStateContext *state, PnatConnection *connection, const PnatConnection *read)
{
  if (read->has_number)
    pnat_connections_set_number(state->tracker->connections, connection, read->fd, TRUE);
  else if (!connection->has_number)
    connection->fd = read->fd;
  connection->found = read->found;
  connection->begun_here = read->begun_here;
  connection->made = read->made;
  connection->pending = read->pending;
  connection->named = read->named;
}

static void
read_connections(PnatStateContext *state, PnatFlow *flow)
{
  guint32 n = pnat_state_count(state, 0, PNAT_STATE_PER_PROCESS);

  for (guint32 i = 0; i < n && !state->codec.failed; i++) {
    PnatSocket socket = { 0 };
    PnatAddress remote = { 0 };
    PnatConnection read = { 0 };
    connection_fields(state, &socket, &remote, &read);
    if (state->codec.failed)
      return;
    PnatConnection *connection = pnat_connections_open(state->tracker->connections, flow, &socket, &remote, read.begun);
    if (connection != NULL)
      take_over(state, connection, &read);
  }
}

static void
sockets_fields(PnatStateContext *state, PnatFlow *flow)
{
  PnatCodec *codec = &state->codec;
  gboolean some = pnat_codec_small(codec, flow->sockets != NULL) & 1;
  if (!some || codec->failed)
    return;
  PnatFlowSockets *sockets = pnat_flow_sockets(flow);

  pnat_state_time(codec, &sockets->closed);
  pnat_state_moment(state, &sockets->due);
  pnat_codec_u32(codec, &sockets->n_unwatched);
  pnat_codec_u32(codec, &sockets->n_counted);
  pnat_state_bytes(codec, &sockets->tx, 0);
  pnat_state_bytes(codec, &sockets->rx, 0);
  pnat_state_address(state, &sockets->local);
  sockets->many_local = pnat_codec_small(codec, (guint8)sockets->many_local) & 1;
  sockets->many_local_ports = pnat_codec_small(codec, (guint8)sockets->many_local_ports) & 1;
  if (pnat_state_is_reading(state))
    read_connections(state, flow);
  else
    write_connections(state, flow);
}

/* Flows. */

static void
mark_fields(PnatCodec *codec, PnatFlowMark *mark, guint16 *high)
{
  pnat_codec_u32(codec, &mark->serial);
  pnat_codec_u32(codec, &mark->time_low);
  pnat_codec_u16(codec, high);
}

static void
key_fields(PnatStateContext *state, PnatFlowKey *key)
{
  pnat_state_address(state, &key->remote);
  pnat_codec_u16(&state->codec, &key->local_port);
  pnat_codec_u8(&state->codec, &key->direction);
  pnat_codec_u8(&state->codec, &key->proto);
  pnat_codec_u32(&state->codec, &key->connection);
  if (key->direction > PNAT_DIRECTION_IN)
    state->codec.failed = TRUE;
}

static void
flow_fields(PnatStateContext *state, PnatFlow *flow)
{
  PnatCodec *codec = &state->codec;

  pnat_state_time(codec, &flow->start);
  pnat_state_time(codec, &flow->last);
  pnat_state_moment(state, &flow->due);
  pnat_state_bytes(codec, &flow->tx, -1);
  pnat_state_bytes(codec, &flow->rx, -1);
  mark_fields(codec, &flow->first, &flow->first_high);
  mark_fields(codec, &flow->latest, &flow->latest_high);
  pnat_codec_u32(codec, &flow->calls);
  pnat_codec_u32(codec, &flow->connections);
  pnat_codec_u32(codec, &flow->failed);
  pnat_codec_u32(codec, &flow->pending);
  pnat_codec_i32(codec, &flow->fd);
  pnat_codec_u16(codec, &flow->error);
  pnat_codec_u16(codec, &flow->peer_port);
  flow->confidence = pnat_codec_small(codec, flow->confidence) & 3;
  flow->ok = pnat_codec_small(codec, flow->ok) & 1;
  flow->many_ports = pnat_codec_small(codec, flow->many_ports) & 1;
  flow->started = pnat_codec_small(codec, flow->started) & 1;
  flow->fresh = pnat_codec_small(codec, flow->fresh) & 1;
  if (flow->confidence > PNAT_CONFIDENCE_SNAPSHOT)
    codec->failed = TRUE;
}

static PnatImage *
image_at(const PnatProcess *process, guint32 index)
{
  PnatImage *image = process->images;
  while (image != NULL && index-- > 0)
    image = image->next;
  return image;
}

void
pnat_state_write_flows(PnatStateContext *state, PnatProcess *process)
{
  PnatFlow *flow;
  guint32 n = 0;

  TAILQ_FOREACH (flow, &process->flows, of_process)
    n++;
  pnat_state_count(state, n, PNAT_STATE_PER_PROCESS);
  TAILQ_FOREACH (flow, &process->flows, of_process) {
    pnat_codec_u32(&state->codec, &flow->key.image->number);
    key_fields(state, &flow->key);
    flow_fields(state, flow);
    sockets_fields(state, flow);
    pnat_state_may_pause(state);
  }
}

void
pnat_state_read_flow(PnatStateContext *state, PnatProcess *process)
{
  PnatFlowKey key = { 0 };
  guint32 image = 0;

  pnat_codec_u32(&state->codec, &image);
  key_fields(state, &key);
  key.image = image_at(process, image);
  if (state->codec.failed || key.image == NULL || g_hash_table_contains(state->tracker->flows, &key)) {
    state->codec.failed = TRUE;
    return;
  }
  PnatFlow *flow = pnat_flow_new(&key);
  g_hash_table_add(state->tracker->flows, flow);
  TAILQ_INSERT_TAIL(&state->tracker->quiet, flow, by_quiet);
  g_ptr_array_add(state->flows, flow);
  flow_fields(state, flow);
  sockets_fields(state, flow);
}
