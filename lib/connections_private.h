/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of connections.h share: connections.c (the tables of what is open), ends.c (ends as they are told) and matching.c
 * (which connection an end was of, where only the peer tells). Nobody else includes it.
 *
 * A group is the connections with one cookie (a socket shared by several flows: datagrams to many peers, descriptors
 * inherited or kept over execve), or those without a cookie that go to one peer.
 */
#pragma once

#include "connections.h"
#include "strangers.h"

G_BEGIN_DECLS

/* Of what may belong together no more is looked at: a load generator's thousands are ambiguous, or all one flow's, by then. */
#define PNAT_MAX_CANDIDATES 256

TAILQ_HEAD(PnatEnds, PnatEnd);
TAILQ_HEAD(PnatMembers, PnatConnection);

typedef struct PnatGroup {
  guint64 cookie;     /* 0: by peer */
  PnatAddress remote; /* by peer */
  struct PnatMembers members;
  guint n_members;
  gboolean mixed; /* there were members of several flows, since it was empty */
  struct PnatEnds ends; /* by peer: those that nobody claimed yet, oldest first */
  guint n_ends;
  TAILQ_ENTRY(PnatGroup) of_waiting; /* by peer: while due is set */
  gint64 due; /* ms, tracker's clock: when its ends are matched next; 0 = nothing to match */
} PnatGroup;

typedef struct PnatEnd {
  TAILQ_ENTRY(PnatEnd) of_group;
  TAILQ_ENTRY(PnatEnd) by_age;
  PnatGroup *group;
  PnatSocketEnd end;
  gint64 heard; /* ms, tracker's clock */
  gboolean ambiguous; /* it may have been of a connection that is not here any more: it is matched with none */
} PnatEnd;

TAILQ_HEAD(PnatWaiting, PnatGroup);

struct PnatConnections {
  PnatConnectionFunc func;
  gpointer data;
  GHashTable *by_cookie;      /* cookie to PnatGroup */
  GHashTable *by_peer;        /* PnatAddress to PnatGroup */
  GHashTable *by_number;      /* a set of those that have_number, by process and fd */
  PnatStrangers *cookies;     /* of sockets that nobody follows, or nobody any more */
  PnatStrangers *peers;       /* likewise of sockets that were not asked: hashes */
  struct PnatEnds ends;       /* all, oldest first */
  struct PnatWaiting waiting; /* groups that have something to match, in the order they are due */
  gint64 now;                 /* ms, tracker's clock, as last told */
  guint n_ends;
  guint n_open;
};

/* connections.c */

/* @returns (transfer none) the group of those that go to @remote and have no cookie, made if need be */
PnatGroup *pnat_group_of_peer(PnatConnections *connections, const PnatAddress *remote);

/* Frees @group if it has no members and no ends. */
void pnat_group_release(PnatConnections *connections, PnatGroup *group);

/* Tells that @connection has ended, and frees it; its group is not released. */
void pnat_connections_close_one(PnatConnections *connections, PnatConnection *connection, const PnatSocketEnd *end);

/* @connection is known by its peer from now on, no matter what its cookie was; the group that it leaves is not released. */
void pnat_connections_disown(PnatConnections *connections, PnatConnection *connection);

/* Whether a socket with @remote can be @flow's. A connect to the unspecified address goes to this host, whose address the socket has. */
gboolean pnat_connections_may_be_peer(const PnatFlow *flow, const PnatAddress *remote);

/* Whether there are connections to @remote that nobody follows. */
gboolean pnat_connections_is_passed_over(const PnatConnections *connections, const PnatAddress *remote);

/* ends.c */

/* Connects and ends of @group that belong together have time to come. */
void pnat_group_wait(PnatConnections *connections, PnatGroup *group);
void pnat_group_stop_waiting(PnatConnections *connections, PnatGroup *group);

/* @connection goes: what may have been its end is not another's for that. */
void pnat_ends_leave(const PnatConnection *connection);

/* Forgets all ends. */
void pnat_ends_clear(PnatConnections *connections);

/* matching.c */

/* Whether @end may be @connection's: after the connect, not long after the process had ended, and no failure of one that was made. It may have been
 * told late, as on a host that is busy. */
gboolean pnat_matching_may_fit(const PnatConnection *connection, const PnatSocketEnd *end);

/* What belongs together, pair by pair. */
typedef struct {
  PnatConnection *connections[PNAT_MAX_CANDIDATES];
  PnatEnd *ends[PNAT_MAX_CANDIDATES];
  guint n;
} PnatPairs;

/**
 * Which ends of @group were of @flow's connections: where all that may be its own can be, and nobody else's.
 *
 * @until: ms, tracker's clock: ends heard of later are left waiting. G_MAXINT64 where the flow is over: nothing waits any more, and ends
 * that were told late are taken, too, where there is no doubt whose they are
 */
void pnat_matching_find(const PnatGroup *group, const PnatFlow *flow, gint64 until, PnatPairs *pairs);

G_END_DECLS
