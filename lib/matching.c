/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See connections_private.h. Ends and connections of one peer: which may belong together, and which must.
 */
#include "connections_private.h"

/* ms by which an end may seem older than its connect: audit stamps with the clock of the last tick, at 100 Hz in the worst case. */
#define CLOCK_GRAIN 20

/* ms by which a socket may outlive its process: it is destroyed at the end of the exit that audit stamps at its beginning. */
#define EXIT_GRAIN 40

/* ms by which an end may be read late on a host that is busy. */
#define LATE 1000

/* What of a group may belong together, from one flow's point of view. */
typedef struct {
  PnatConnection *connections[PNAT_MAX_CANDIDATES]; /* the flow's, earliest first */
  PnatEnd *ends[PNAT_MAX_CANDIDATES];               /* that may be of any of them, earliest first */
  guint n_connections;
  guint n_ends;
  PnatConnection *earliest[2]; /* of those that were not made, or not for sure, and of those that were */
} Candidates;

static gboolean
had_begun(const PnatConnection *connection, const PnatSocketEnd *end)
{
  return connection->begun <= end->time + CLOCK_GRAIN;
}

/* @grain: ms by which it may be told of after the process's exit */
static gboolean
fits_within(const PnatConnection *connection, const PnatSocketEnd *end, gint64 grain)
{
  gint64 exit = connection->flow->key.image->process->end;
  if (connection->made && end->socket.state == PNAT_SOCKET_FAILED)
    return FALSE;
  return had_begun(connection, end) && (exit == 0 || end->time <= exit + grain);
}

gboolean
pnat_matching_may_fit(const PnatConnection *connection, const PnatSocketEnd *end)
{
  return fits_within(connection, end, LATE);
}

/* Whether there are as many ends of this peer's sockets as connections to it, all @flow's: then they belong together, however late they are told. */
static gboolean
are_alone(const PnatGroup *group, const PnatFlow *flow)
{
  const PnatConnection *connection;
  const PnatEnd *end;

  if (group->n_members != group->n_ends || group->n_members > PNAT_MAX_CANDIDATES)
    return FALSE;
  TAILQ_FOREACH (connection, &group->members, of_group)
    if (connection->flow != flow)
      return FALSE;
  TAILQ_FOREACH (end, &group->ends, of_group)
    if (end->ambiguous)
      return FALSE;
  return TRUE;
}

static void
add_connection(Candidates *found, PnatConnection *connection)
{
  PnatConnection **earliest = &found->earliest[connection->made];
  guint at = found->n_connections++;

  if (*earliest == NULL || (*earliest)->begun > connection->begun)
    *earliest = connection;
  for (; at > 0 && found->connections[at - 1]->begun > connection->begun; at--)
    found->connections[at] = found->connections[at - 1];
  found->connections[at] = connection;
}

static gboolean
fits_any(const Candidates *found, const PnatSocketEnd *end, gint64 grain)
{
  for (guint i = 0; i < G_N_ELEMENTS(found->earliest); i++)
    if (found->earliest[i] != NULL && fits_within(found->earliest[i], end, grain))
      return TRUE;
  return FALSE;
}

static void
find_candidates(const PnatGroup *group, const PnatFlow *flow, gint64 grain, Candidates *found)
{
  PnatConnection *connection;
  PnatEnd *end;
  guint looked_at = 0;

  found->n_connections = found->n_ends = 0;
  found->earliest[0] = found->earliest[1] = NULL;
  TAILQ_FOREACH (connection, &group->members, of_group) {
    if (connection->flow == flow)
      add_connection(found, connection);
    if (++looked_at == PNAT_MAX_CANDIDATES)
      break;
  }
  if (found->n_connections == 0)
    return;
  TAILQ_FOREACH (end, &group->ends, of_group) {
    if (fits_any(found, &end->end, grain))
      found->ends[found->n_ends++] = end;
    if (found->n_ends == PNAT_MAX_CANDIDATES)
      break;
  }
}

/* Connections that had begun and are not paired yet, earliest first. */
typedef struct {
  PnatConnection *connections[PNAT_MAX_CANDIDATES];
  guint first;
  guint n;
} Line;

/*
 * Pairs all ends with connections of the flow. It can not where at some moment more sockets had ended than the flow had begun: some are of sockets
 * that nobody follows, and there is no telling which. An end that does not tell of a failure gets a connection that was made
 * where there is one, for the others may have failed.
 *
 * @partners: (out) of the ends
 */
static gboolean
pair_all(const Candidates *found, PnatConnection *partners[PNAT_MAX_CANDIDATES])
{
  Line lines[2] = { { .n = 0 }, { .n = 0 } }; /* not made for sure, made */
  guint begun = 0;

  for (guint i = 0; i < found->n_ends; i++) {
    const PnatSocketEnd *end = &found->ends[i]->end;
    for (; begun < found->n_connections && had_begun(found->connections[begun], end); begun++) {
      Line *line = &lines[found->connections[begun]->made];
      line->connections[line->n++] = found->connections[begun];
    }
    gboolean made = end->socket.state != PNAT_SOCKET_FAILED && lines[1].first < lines[1].n;
    Line *line = &lines[made];
    if (line->first == line->n)
      return FALSE;
    partners[i] = line->connections[line->first++];
  }
  return TRUE;
}

static gboolean
may_be_of_other(const PnatGroup *group, const PnatFlow *flow, const PnatSocketEnd *end)
{
  const PnatConnection *connection;
  guint looked_at = 0;

  TAILQ_FOREACH (connection, &group->members, of_group) {
    if (connection->flow != flow && pnat_matching_may_fit(connection, end))
      return TRUE;
    if (++looked_at == PNAT_MAX_CANDIDATES)
      return group->mixed && group->n_members > looked_at;
  }
  return FALSE;
}

/* Where all ends may be the flow's own, and nobody else's, it does not matter which was of which of its connections. */
void
pnat_matching_find(const PnatGroup *group, const PnatFlow *flow, gint64 until, PnatPairs *pairs)
{
  PnatConnection *partners[PNAT_MAX_CANDIDATES];
  Candidates found;

  pairs->n = 0;
  find_candidates(group, flow, until == G_MAXINT64 && are_alone(group, flow) ? LATE : EXIT_GRAIN, &found);
  if (!pair_all(&found, partners))
    return;
  for (guint i = 0; i < found.n_ends; i++) {
    PnatEnd *end = found.ends[i];
    if (end->ambiguous || end->heard > until || may_be_of_other(group, flow, &end->end))
      continue;
    pairs->connections[pairs->n] = partners[i];
    pairs->ends[pairs->n++] = end;
  }
}
