/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See connections.h. Here: the tables of what is open. ends.c has the ends that are told, matching.c says what belongs together.
 */
#include "connections_private.h"

#include <string.h>

/* Open connections kept; those beyond are not watched, and end with their process. */
#define MAX_CONNECTIONS (1024 * 1024)

static guint
address_hash(gconstpointer address)
{
  return pnat_address_hash(address);
}

static gboolean
address_equal(gconstpointer a, gconstpointer b)
{
  return pnat_address_equal(a, b);
}

static guint
number_hash(gconstpointer data)
{
  const PnatConnection *connection = data;
  return g_direct_hash(connection->flow->key.image->process) ^ (guint)connection->fd * 0x9e3779b1u;
}

static gboolean
number_equal(gconstpointer one, gconstpointer other)
{
  const PnatConnection *a = one, *b = other;
  return a->fd == b->fd && a->flow->key.image->process == b->flow->key.image->process;
}

PnatConnections *
pnat_connections_new(PnatConnectionFunc func, gpointer data)
{
  PnatConnections *connections = g_new0(PnatConnections, 1);
  connections->func = func;
  connections->data = data;
  connections->by_cookie = g_hash_table_new(g_int64_hash, g_int64_equal);
  connections->by_peer = g_hash_table_new(address_hash, address_equal);
  connections->by_number = g_hash_table_new(number_hash, number_equal);
  connections->cookies = pnat_strangers_new();
  connections->peers = pnat_strangers_new();
  TAILQ_INIT(&connections->ends);
  TAILQ_INIT(&connections->waiting);
  return connections;
}

/* Groups. */

static PnatGroup *
group_new(void)
{
  PnatGroup *group = g_new0(PnatGroup, 1);
  TAILQ_INIT(&group->members);
  TAILQ_INIT(&group->ends);
  return group;
}

static PnatGroup *
group_of_cookie(PnatConnections *connections, guint64 cookie)
{
  PnatGroup *group = g_hash_table_lookup(connections->by_cookie, &cookie);
  if (group == NULL) {
    group = group_new();
    group->cookie = cookie;
    g_hash_table_insert(connections->by_cookie, &group->cookie, group);
  }
  return group;
}

PnatGroup *
pnat_group_of_peer(PnatConnections *connections, const PnatAddress *remote)
{
  PnatGroup *group = g_hash_table_lookup(connections->by_peer, remote);
  if (group == NULL) {
    group = group_new();
    group->remote = *remote;
    g_hash_table_insert(connections->by_peer, &group->remote, group);
  }
  return group;
}

void
pnat_group_release(PnatConnections *connections, PnatGroup *group)
{
  if (group->n_members > 0 || group->n_ends > 0)
    return;
  pnat_group_stop_waiting(connections, group);
  if (group->cookie != 0)
    g_hash_table_remove(connections->by_cookie, &group->cookie);
  else
    g_hash_table_remove(connections->by_peer, &group->remote);
  g_free(group);
}

static void
add_member(PnatGroup *group, PnatConnection *connection)
{
  const PnatConnection *first = TAILQ_FIRST(&group->members);
  group->mixed = first != NULL && (group->mixed || first->flow != connection->flow);
  TAILQ_INSERT_TAIL(&group->members, connection, of_group);
  group->n_members++;
  connection->group = group;
  pnat_flow_sockets(connection->flow)->n_unasked += group->cookie == 0;
}

static void
remove_member(PnatConnection *connection)
{
  PnatGroup *group = connection->group;
  TAILQ_REMOVE(&group->members, connection, of_group);
  group->n_members--;
  connection->flow->sockets->n_unasked -= group->cookie == 0;
}

void
pnat_connections_disown(PnatConnections *connections, PnatConnection *connection)
{
  PnatGroup *group = pnat_group_of_peer(connections, &connection->flow->key.remote);
  remove_member(connection);
  add_member(group, connection);
  connection->cookie_tag = 0;
  if (group->n_ends > 0)
    pnat_group_wait(connections, group);
}

/* Takes @connection off all tables; its group is not released, and has_number tells what was. */
static void
detach(PnatConnections *connections, PnatConnection *connection)
{
  if (connection->has_number)
    g_hash_table_remove(connections->by_number, connection);
  remove_member(connection);
  TAILQ_REMOVE(&connection->flow->sockets->connections, connection, of_flow);
  connections->n_open--;
}

void
pnat_connections_close_one(PnatConnections *connections, PnatConnection *connection, const PnatSocketEnd *end)
{
  detach(connections, connection);
  connections->func(connection, end, connections->data);
  g_free(connection);
}

void
pnat_connections_close(PnatConnections *connections, PnatConnection *connection, const PnatSocketEnd *end)
{
  PnatGroup *group = connection->group;
  pnat_connections_close_one(connections, connection, end);
  pnat_group_release(connections, group);
}

void
pnat_connections_free(PnatConnections *connections)
{
  if (connections == NULL)
    return;
  pnat_ends_clear(connections);
  g_hash_table_unref(connections->by_cookie);
  g_hash_table_unref(connections->by_peer);
  g_hash_table_unref(connections->by_number);
  pnat_strangers_free(connections->cookies);
  pnat_strangers_free(connections->peers);
  g_free(connections);
}

/* Connections. */

gboolean
pnat_connections_may_be_peer(const PnatFlow *flow, const PnatAddress *remote)
{
  static const guint8 any[sizeof remote->bytes];
  const PnatAddress *peer = &flow->key.remote;

  if (flow->key.direction != PNAT_DIRECTION_OUT)
    return TRUE;
  if (remote->family != PNAT_FAMILY_NONE && memcmp(peer->bytes, any, sizeof any) == 0)
    return peer->port == remote->port;
  return pnat_address_equal(peer, remote);
}

static PnatConnection *
find_in_group(const PnatGroup *group, const PnatFlow *flow)
{
  PnatConnection *connection;
  TAILQ_FOREACH (connection, &group->members, of_group)
    if (connection->flow == flow)
      return connection;
  return NULL;
}

static guint64
peer_number(const PnatAddress *remote)
{
  return G_GUINT64_CONSTANT(1) << 32 | pnat_address_hash(remote);
}

gboolean
pnat_connections_is_passed_over(const PnatConnections *connections, const PnatAddress *remote)
{
  return pnat_strangers_has(connections->peers, peer_number(remote));
}

void
pnat_connections_pass_over(PnatConnections *connections, guint64 cookie, const PnatAddress *remote)
{
  if (cookie != 0)
    pnat_strangers_add(connections->cookies, cookie);
  else
    pnat_strangers_add(connections->peers, peer_number(remote));
}

PnatConnection *
pnat_connections_open(PnatConnections *connections, PnatFlow *flow, const PnatSocket *socket, const PnatAddress *remote, gint64 begun)
{
  gboolean asked = socket != NULL && socket->cookie != 0;
  PnatGroup *group = asked ? group_of_cookie(connections, socket->cookie) : pnat_group_of_peer(connections, remote);
  PnatConnection *known = asked ? find_in_group(group, flow) : NULL;

  if (known != NULL) {
    known->named |= pnat_connections_may_be_peer(flow, &socket->remote);
    return known;
  }
  if (connections->n_open >= MAX_CONNECTIONS) {
    pnat_connections_pass_over(connections, group->cookie, remote);
    pnat_group_release(connections, group);
    return NULL;
  }
  PnatConnection *connection = g_new0(PnatConnection, 1);
  connection->flow = flow;
  connection->begun = begun;
  connection->fd = -1;
  connection->cookie_tag = asked ? pnat_cookie_tag(socket->cookie) : 0;
  connection->named = asked && pnat_connections_may_be_peer(flow, &socket->remote);
  add_member(group, connection);
  TAILQ_INSERT_TAIL(&pnat_flow_sockets(flow)->connections, connection, of_flow);
  connections->n_open++;
  if (group->n_ends > 0)
    pnat_group_wait(connections, group); /* its end may have been told long ago, and found nobody */
  return connection;
}

void
pnat_connections_set_number(PnatConnections *connections, PnatConnection *connection, gint fd, gboolean pending)
{
  if (connection->has_number)
    g_hash_table_remove(connections->by_number, connection);
  connection->fd = fd;
  connection->pending = pending;
  connection->made = !pending;
  connection->has_number = FALSE;
  PnatConnection *before = g_hash_table_lookup(connections->by_number, connection);
  if (before != NULL) {
    g_hash_table_remove(connections->by_number, before);
    before->has_number = FALSE;
  }
  if (!pending || fd < 0)
    return;
  g_hash_table_add(connections->by_number, connection);
  connection->has_number = TRUE;
}

void
pnat_connections_disown_earlier(PnatConnections *connections, const PnatConnection *connection)
{
  const PnatGroup *group = connection->group;
  PnatConnection *other, *next;

  if (group->cookie == 0)
    return;
  for (other = TAILQ_FIRST(&group->members); other != NULL; other = next) {
    const PnatFlowKey *key = &other->flow->key;
    next = TAILQ_NEXT(other, of_group);
    if (other->begun_here && other->begun <= connection->begun && key->direction == PNAT_DIRECTION_OUT &&
        key->image->process == connection->flow->key.image->process && !pnat_address_equal(&key->remote, &connection->flow->key.remote))
      pnat_connections_disown(connections, other);
  }
}

PnatConnection *
pnat_connections_pending(PnatConnections *connections, PnatProcess *process, gint fd)
{
  PnatImage image = { .process = process };
  PnatFlow flow = { .key.image = &image };
  const PnatConnection key = { .flow = &flow, .fd = fd };
  PnatConnection *found = g_hash_table_lookup(connections->by_number, &key);
  return found != NULL && found->pending ? found : NULL;
}

PnatConnection *
pnat_connections_find_unasked(const PnatConnections *connections, const PnatProcess *process, const PnatAddress *remote)
{
  const PnatGroup *group = g_hash_table_lookup(connections->by_peer, remote);
  PnatConnection *connection;
  guint looked_at = 0;

  if (group == NULL)
    return NULL;
  TAILQ_FOREACH (connection, &group->members, of_group) {
    if (connection->flow->key.image->process == process)
      return connection;
    if (++looked_at == PNAT_MAX_CANDIDATES)
      break;
  }
  return NULL;
}

void
pnat_connections_know(PnatConnections *connections, PnatConnection *connection, guint64 cookie)
{
  PnatGroup *before = connection->group;

  TAILQ_REMOVE(&before->members, connection, of_group);
  before->n_members--;
  connection->flow->sockets->n_unasked--;
  add_member(group_of_cookie(connections, cookie), connection);
  connection->cookie_tag = pnat_cookie_tag(cookie);
  pnat_group_release(connections, before);
}

/* Its socket may live on: another process has it, or the flow went before its time. */
static void
outlive(PnatConnections *connections, const PnatConnection *connection)
{
  const PnatGroup *group = connection->group;
  if (group->cookie != 0 || connection->flow->key.image->process->end == 0)
    pnat_connections_pass_over(connections, group->cookie, &group->remote);
}

void
pnat_connections_drop(PnatConnections *connections, PnatFlow *flow)
{
  PnatConnection *connection;
  const PnatGroup *left = NULL;
  gint64 since = 0;

  if (flow->sockets == NULL)
    return;
  while ((connection = TAILQ_FIRST(&flow->sockets->connections)) != NULL) {
    PnatGroup *group = connection->group;
    outlive(connections, connection);
    if (group != left || connection->begun < since) { /* else what fits it did fit the one before */
      pnat_ends_leave(connection);
      left = group;
      since = connection->begun;
    }
    detach(connections, connection);
    g_free(connection);
    pnat_group_release(connections, group);
  }
}

void
pnat_connections_foreach(PnatConnections *connections, guint64 cookie, void (*func)(PnatConnection *, gpointer), gpointer data)
{
  PnatGroup *group = g_hash_table_lookup(connections->by_cookie, &cookie);
  PnatConnection *connection;
  if (group == NULL)
    return;
  TAILQ_FOREACH (connection, &group->members, of_group)
    func(connection, data);
}

guint
pnat_connections_size(const PnatConnections *connections)
{
  return connections->n_open;
}

guint64
pnat_connection_cookie(const PnatConnection *connection)
{
  const PnatGroup *group = connection->group;
  return group->cookie;
}

PnatAddress
pnat_connection_remote(const PnatConnection *connection)
{
  const PnatGroup *group = connection->group;
  return group->remote;
}
