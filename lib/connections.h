/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The open connections of this host's flows, and which of them a destroyed socket was.
 *
 * A connection whose socket was asked is known by its cookie. One that was too short to be asked is known by its
 * peer only, and so may a destroyed socket be that was told before its connect came: they are matched when both have had time
 * to come, and only where there is one way to match them. What stays ambiguous stays unknown.
 */
#pragma once

#include "flow.h"
#include "socket.h"

G_BEGIN_DECLS

typedef struct PnatConnections PnatConnections;

struct PnatConnection {
  PnatFlow *flow;
  TAILQ_ENTRY(PnatConnection) of_flow;
  TAILQ_ENTRY(PnatConnection) of_group; /* those with the same cookie, or without one and with the same peer */
  gpointer group;
  gint fd; /* -1 = not known */
  guint16 cookie_tag;
  guint8 found : 1;      /* open, and no call was seen that made it */
  guint8 begun_here : 1; /* a connect or accept was seen that made it */
  guint8 made : 1;       /* it did not fail, for sure */
  guint8 pending : 1;    /* the connect is under way; flow->pending counts it */
  guint8 named : 1;      /* its socket named the peer when it was asked */
  guint8 has_number : 1; /* it was under way, and none was begun on its process's fd since */
  gint64 begun;     /* ms, event time */
};

/* @connection is off all tables and goes after the call; the function must not open, drop or match any. */
typedef void (*PnatConnectionFunc)(PnatConnection *connection, const PnatSocketEnd *end, gpointer data);

/**
 * @func: told of every connection whose socket ended
 * @returns (transfer full)
 */
PnatConnections *pnat_connections_new(PnatConnectionFunc func, gpointer data);

/* The flows must be gone. */
void pnat_connections_free(PnatConnections *connections);

/**
 * Notes a connection of @flow. One with the same cookie in the same flow is the same one.
 *
 * @socket: (nullable) NULL or with cookie 0: it could not be asked
 * @remote: the peer, with its port
 * @begun: ms, event time
 * @returns (transfer none) (nullable) NULL when there are too many to keep
 */
PnatConnection *pnat_connections_open(PnatConnections *connections, PnatFlow *flow, const PnatSocket *socket, const PnatAddress *remote,
                                      gint64 begun);

/* @connection began on @fd (-1 = not known) of its process, and is under way if @pending. One that was on it before is so no more. */
void pnat_connections_set_number(PnatConnections *connections, PnatConnection *connection, gint fd, gboolean pending);

/**
 * @connection, of TCP, has just begun with a socket that was asked: earlier ones to other peers in its process that are known by the same
 * cookie got its answer, since they were asked late, when it had their number. They are known by their peer from now on.
 */
void pnat_connections_disown_earlier(PnatConnections *connections, const PnatConnection *connection);

/* @returns (transfer none) (nullable) the connection under way that was begun last on @fd of @process */
PnatConnection *pnat_connections_pending(PnatConnections *connections, PnatProcess *process, gint fd);

/**
 * There is a connection that nobody follows: an end that may be its own is nobody else's.
 *
 * @cookie: 0 = the socket was not asked
 * @remote: the peer, with its port; where the cookie is known it is not looked at
 */
void pnat_connections_pass_over(PnatConnections *connections, guint64 cookie, const PnatAddress *remote);

/**
 * A socket was destroyed.
 *
 * @now: ms, tracker's clock
 */
void pnat_connections_ended(PnatConnections *connections, const PnatSocketEnd *end, gint64 now);

/* Matches by peer what has waited long enough, and forgets ends that nobody claimed. */
void pnat_connections_match_due(PnatConnections *connections, gint64 now);

/* Matches now what concerns @flow: its process is over. */
void pnat_connections_match_flow(PnatConnections *connections, PnatFlow *flow);

/* When pnat_connections_match_due() has something to do, on the tracker's clock; G_MAXINT64 = never. */
gint64 pnat_connections_next_due(const PnatConnections *connections);

/* Calls @func for each connection with @cookie; @func must not open or close any. */
void pnat_connections_foreach(PnatConnections *connections, guint64 cookie, void (*func)(PnatConnection *, gpointer), gpointer data);

/* The cookie it is known by; 0 = it is known by its peer. */
guint64 pnat_connection_cookie(const PnatConnection *connection);

/* The peer it is known by; none where it has a cookie. */
PnatAddress pnat_connection_remote(const PnatConnection *connection);

/* A connection of @process with this peer of which the socket could not be asked; (transfer none) (nullable). */
PnatConnection *pnat_connections_find_unasked(const PnatConnections *connections, const PnatProcess *process, const PnatAddress *remote);

/* The socket of @connection, which could not be asked when it was opened, is known now: by this cookie, which is not 0. */
void pnat_connections_know(PnatConnections *connections, PnatConnection *connection, guint64 cookie);

/* The socket of @connection has ended: tells that of it, and frees it. */
void pnat_connections_close(PnatConnections *connections, PnatConnection *connection, const PnatSocketEnd *end);

/* @flow goes: its connections are no longer watched, and passed over where they may still be open. */
void pnat_connections_drop(PnatConnections *connections, PnatFlow *flow);

guint pnat_connections_size(const PnatConnections *connections);

G_END_DECLS
