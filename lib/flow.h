/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A flow: the activity of one image of a process towards one peer, with its frame and counters.
 *
 * It keeps the frame's promise: start is not after, and last not before, any activity that was counted.
 * There may be a million of them, so it is kept small.
 */
#pragma once

#include "process.h"

G_BEGIN_DECLS

typedef struct PnatConnection PnatConnection; /* connections.h */

/* What is kept of the sockets of a flow, for flows of this host only. */
typedef struct {
  TAILQ_HEAD(PnatFlowConnections, PnatConnection) connections; /* open ones */
  TAILQ_ENTRY(PnatFlow) by_closing; /* in the tracker's list of flows that have no connection left */
  gint64 closed; /* ms, event time: when the last was closed; 0 = some is open */
  gint64 newest_end; /* ms, event time: of those that were closed, in whatever order that was known; not kept: after a restart later ones are told */
  gint64 due;    /* ms, tracker's clock: when the flow ends unless a new one comes */
  guint32 n_unasked;   /* of the open ones, those that are known by their peer: their local port is not known */
  guint32 n_unwatched; /* connections that could not be kept: the flow ends with its process */
  guint32 n_counted;   /* closed ones whose bytes are in tx and rx */
  gint64 tx; /* the kernel's counters, of closed connections */
  gint64 rx;
  PnatAddress local;
  gboolean many_local; /* not all have the local address */
  gboolean many_local_ports;
} PnatFlowSockets;

/* What tells flows apart. For an inbound flow remote.port is 0, and local_port counts; outbound, the other way round. */
typedef struct {
  PnatImage *image; /* and by it the process */
  PnatAddress remote;
  guint16 local_port;
  guint8 direction; /* PnatDirection */
  guint8 proto;     /* IPPROTO_*, 0 = not known */
  guint32 connection; /* where connections are kept apart, else 0 */
} PnatFlowKey;

/* An event's id, small; the upper bits of its time stand apart. */
typedef struct {
  guint32 serial;
  guint32 time_low; /* ms since 1970 */
} PnatFlowMark;

struct PnatFlow {
  PnatFlowKey key;
  TAILQ_ENTRY(PnatFlow) of_process;
  TAILQ_ENTRY(PnatFlow) by_quiet;  /* tracker's list, quietest first */
  TAILQ_ENTRY(PnatFlow) by_report; /* tracker's list of those to report; in the order they are due */
  PnatFlowSockets *sockets;        /* (nullable) */
  gint64 start; /* ms, event time */
  gint64 last;
  gint64 due; /* ms, tracker's clock: the next report */
  gint64 tx; /* bytes of the audited calls, -1 = not known */
  gint64 rx;
  PnatFlowMark first;
  PnatFlowMark latest;
  guint32 calls; /* stops counting at G_MAXUINT32, as the next two */
  guint32 connections;
  guint32 failed;   /* of the connections */
  guint32 pending;  /* connects under way */
  gint fd;          /* that the newest call was made on */
  guint16 first_high;
  guint16 latest_high;
  guint16 error;    /* errno value of the newest failure */
  guint16 peer_port; /* inbound: the peer's port, 0 = not known or several */
  guint8 confidence : 2; /* PnatConfidence */
  guint8 ok : 1;         /* some connection or transfer succeeded */
  guint8 many_ports : 1; /* inbound: connections came from several ports */
  guint8 started : 1;    /* a start record was written */
  guint8 queued : 1;     /* stands in by_report */
  guint8 fresh : 1;      /* activity since the last report */
};

guint pnat_flow_key_hash(gconstpointer key);
gboolean pnat_flow_key_equal(gconstpointer a, gconstpointer b);

/* @returns (transfer full) a flow without activity, in its process's list, counted by its image */
PnatFlow *pnat_flow_new(const PnatFlowKey *key);

/* Takes it out of its process's list; it must stand in no other, and have no connections. */
void pnat_flow_free(PnatFlow *flow);

/* One call's share of a flow. */
typedef struct {
  const PnatEvent *event;
  gint64 begin; /* ms: the activity was not earlier */
  gint64 done;  /* ms: it was over by then */
} PnatActivity;

/* Widens the frame, counts the call and the bytes that it moved. */
void pnat_flow_count(PnatFlow *flow, const PnatActivity *activity);

/* Notes the port that an inbound connection or datagram came from. */
void pnat_flow_note_peer_port(PnatFlow *flow, guint16 port);

/* Notes the error that @event failed with; 0 if it did not. */
void pnat_flow_note_error(PnatFlow *flow, const PnatEvent *event);

/* Counts @event as how one of the connections failed, and notes its error. */
void pnat_flow_note_failure(PnatFlow *flow, const PnatEvent *event);

/* Its process exited at @end, ms, event time: what is known by when it was heard of was no later than that. */
void pnat_flow_ends_by(PnatFlow *flow, gint64 end);

/* Made at the first call. */
PnatFlowSockets *pnat_flow_sockets(PnatFlow *flow);

/* Notes the local end of one of the flow's sockets. */
void pnat_flow_note_local(PnatFlow *flow, const PnatAddress *local);

PnatOutcome pnat_flow_outcome(const PnatFlow *flow);

/**
 * Writes what is known of @flow into @record; kind, end, reason and host are the caller's.
 */
void pnat_flow_fill(const PnatFlow *flow, PnatRecord *record);

G_END_DECLS
