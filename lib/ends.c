/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See connections_private.h. Ends of sockets as they are told: those whose cookie is known close at once, others wait to be matched.
 */
#include "connections_private.h"

/* ms that an end waits for the events of connects that may have been its own: they pass through the kernel's queue and auditd. */
#define MATCH_AFTER 300

/* ms after which nobody will claim it. */
#define FORGET_AFTER 5000

/* Ends that may wait. A host that destroys more than these in FORGET_AFTER loses the matching by peer, not by cookie. */
#define MAX_ENDS 16384

/* Likewise of one peer. */
#define MAX_ENDS_OF_PEER 1024

void
pnat_group_wait(PnatConnections *connections, PnatGroup *group)
{
  if (group->due != 0)
    return;
  group->due = connections->now + MATCH_AFTER;
  TAILQ_INSERT_TAIL(&connections->waiting, group, of_waiting);
}

void
pnat_group_stop_waiting(PnatConnections *connections, PnatGroup *group)
{
  if (group->due == 0)
    return;
  group->due = 0;
  TAILQ_REMOVE(&connections->waiting, group, of_waiting);
}

static void
end_free(PnatConnections *connections, PnatEnd *end)
{
  TAILQ_REMOVE(&end->group->ends, end, of_group);
  end->group->n_ends--;
  TAILQ_REMOVE(&connections->ends, end, by_age);
  connections->n_ends--;
  g_free(end);
}

void
pnat_ends_leave(const PnatConnection *connection)
{
  const PnatGroup *group = connection->group;
  PnatEnd *end;
  TAILQ_FOREACH (end, &group->ends, of_group)
    if (!end->ambiguous)
      end->ambiguous = pnat_matching_may_fit(connection, &end->end);
}

/* @is_over: @flow's process is, and its record is about to be written; else ends that were heard of just now wait */
static void
match_flow(PnatConnections *connections, PnatGroup *group, const PnatFlow *flow, gboolean is_over)
{
  PnatPairs pairs;

  if (pnat_connections_is_passed_over(connections, &group->remote))
    return;
  pnat_matching_find(group, flow, is_over ? G_MAXINT64 : connections->now - MATCH_AFTER, &pairs);
  for (guint i = 0; i < pairs.n; i++) {
    PnatSocketEnd told = pairs.ends[i]->end;
    end_free(connections, pairs.ends[i]);
    pnat_connections_close_one(connections, pairs.connections[i], &told);
  }
}

/* Matches what has waited, and lets the rest go on waiting. */
static void
match_group(PnatConnections *connections, PnatGroup *group)
{
  const PnatFlow *flows[PNAT_MAX_CANDIDATES];
  const PnatConnection *connection;
  guint n_flows = 0, looked_at = 0;

  TAILQ_FOREACH (connection, &group->members, of_group) {
    guint known = 0;
    while (known < n_flows && flows[known] != connection->flow)
      known++;
    flows[known] = connection->flow;
    n_flows = MAX(n_flows, known + 1);
    if (++looked_at == PNAT_MAX_CANDIDATES)
      break;
  }
  for (guint i = 0; i < n_flows; i++)
    match_flow(connections, group, flows[i], FALSE);

  const PnatEnd *newest = TAILQ_LAST(&group->ends, PnatEnds);
  pnat_group_stop_waiting(connections, group);
  if (newest != NULL && newest->heard > connections->now - MATCH_AFTER)
    pnat_group_wait(connections, group);
  pnat_group_release(connections, group);
}

/* Asked while it was on its way, a TCP socket names no peer, and it may have been the next one on the number. */
static gboolean
is_socket_of(const PnatConnection *connection, const PnatSocketEnd *end)
{
  return connection->named || end->socket.proto != IPPROTO_TCP || end->socket.remote.family == PNAT_FAMILY_NONE ||
         pnat_connections_may_be_peer(connection->flow, &end->socket.remote);
}

static void
close_group(PnatConnections *connections, PnatGroup *group, const PnatSocketEnd *end)
{
  PnatConnection *connection;
  while ((connection = TAILQ_FIRST(&group->members)) != NULL) {
    if (is_socket_of(connection, end))
      pnat_connections_close_one(connections, connection, end);
    else
      pnat_connections_disown(connections, connection);
  }
  pnat_group_release(connections, group);
}

static void
forget_oldest(PnatConnections *connections)
{
  PnatEnd *end = TAILQ_FIRST(&connections->ends);
  PnatGroup *group = end->group;
  end_free(connections, end);
  pnat_group_release(connections, group);
}

void
pnat_ends_clear(PnatConnections *connections)
{
  while (!TAILQ_EMPTY(&connections->ends))
    forget_oldest(connections);
}

void
pnat_connections_ended(PnatConnections *connections, const PnatSocketEnd *told, gint64 now)
{
  PnatGroup *known = g_hash_table_lookup(connections->by_cookie, &told->socket.cookie);
  gboolean stranger = pnat_strangers_take(connections->cookies, told->socket.cookie);
  connections->now = now;
  if (known != NULL) {
    if (told->socket.remote.family == PNAT_FAMILY_NONE)
      pnat_strangers_add(connections->cookies, told->socket.cookie); /* found closed, perhaps, and destroyed later */
    close_group(connections, known, told);
    return;
  }
  if (stranger || told->foreign || told->socket.remote.family == PNAT_FAMILY_NONE || told->socket.remote.port == 0)
    return;
  if (connections->n_ends == MAX_ENDS)
    forget_oldest(connections);
  PnatGroup *group = pnat_group_of_peer(connections, &told->socket.remote);
  if (group->n_ends == MAX_ENDS_OF_PEER)
    end_free(connections, TAILQ_FIRST(&group->ends));
  PnatEnd *end = g_new0(PnatEnd, 1);
  end->group = group;
  end->end = *told;
  end->heard = now;
  TAILQ_INSERT_TAIL(&end->group->ends, end, of_group);
  TAILQ_INSERT_TAIL(&connections->ends, end, by_age);
  end->group->n_ends++;
  connections->n_ends++;
  pnat_group_wait(connections, group);
}

void
pnat_connections_match_due(PnatConnections *connections, gint64 now)
{
  const PnatEnd *end;
  PnatGroup *group;

  connections->now = now;
  while ((end = TAILQ_FIRST(&connections->ends)) != NULL && end->heard + FORGET_AFTER <= now)
    forget_oldest(connections);
  while ((group = TAILQ_FIRST(&connections->waiting)) != NULL && group->due <= now)
    match_group(connections, group);
}

void
pnat_connections_match_flow(PnatConnections *connections, PnatFlow *flow)
{
  g_autoptr(GHashTable) groups = NULL;
  const PnatConnection *connection;
  GHashTableIter iter;
  gpointer group;

  if (flow->sockets == NULL || connections->n_ends == 0)
    return;
  groups = g_hash_table_new(NULL, NULL);
  TAILQ_FOREACH (connection, &flow->sockets->connections, of_flow)
    if (((const PnatGroup *)connection->group)->n_ends > 0)
      g_hash_table_add(groups, connection->group);
  g_hash_table_iter_init(&iter, groups);
  while (g_hash_table_iter_next(&iter, &group, NULL)) {
    match_flow(connections, group, flow, TRUE);
    pnat_group_release(connections, group);
  }
}

gint64
pnat_connections_next_due(const PnatConnections *connections)
{
  const PnatGroup *group = TAILQ_FIRST(&connections->waiting);
  const PnatEnd *oldest = TAILQ_FIRST(&connections->ends);
  gint64 due = group != NULL ? group->due : G_MAXINT64;
  return oldest != NULL ? MIN(due, oldest->heard + FORGET_AFTER) : due;
}

