/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What those parts of the tracker share that know of network calls: calls.c (what each call means), attribution.c (whose flow it
 * counts to) and found.c (what was found open, without a call). Nobody else includes it.
 */
#pragma once

#include "tracker_private.h"

G_BEGIN_DECLS

/* One call, with what is needed to count it. */
typedef struct {
  PnatTracker *tracker;
  PnatProcess *process;
  PnatImage *image;
  const PnatEvent *event;
  gint64 done; /* ms: the call had returned by then */
} PnatCallContext;

/* attribution.c */

/* The protocol: of the socket itself, where it was asked; else as socket(2) made @descriptor (nullable). 0 = not known. */
guint8 pnat_call_proto(const PnatCallContext *call, const PnatDescriptor *descriptor);

/**
 * The descriptor as the process knows it, or as it was inherited: then it is copied, since the parent may go.
 *
 * @returns (transfer none) (nullable)
 */
PnatDescriptor *pnat_call_descriptor(const PnatCallContext *call, gint fd);

/* Protocol, local port and connection are the caller's to fill in. */
PnatFlowKey pnat_call_key_towards(const PnatCallContext *call, const PnatAddress *remote, PnatDirection direction);

/* @descriptor: one whose peer is known */
PnatFlowKey pnat_call_key_of_descriptor(const PnatCallContext *call, const PnatDescriptor *descriptor);

/**
 * Who began an exchange of datagrams: a flow that is there already tells, either outbound to the same address and port, or
 * inbound from the same address on the same descriptor or port; else whoever is seen first.
 *
 * @first: who that is; may be unknown
 */
PnatFlowKey pnat_call_key_of_datagram(const PnatCallContext *call, PnatDirection first);

/* A connection of this host that is excluded: its socket's end will be told all the same. */
void pnat_call_pass_over(const PnatCallContext *call, const PnatAddress *peer);

/**
 * Counts the call to the flow with @key.
 *
 * @returns (transfer none) (nullable) the flow; NULL when the peer or the program is excluded
 */
PnatFlow *pnat_call_count(const PnatCallContext *call, const PnatFlowKey *key);

/* The connect pending on @descriptor, if there is one, went well or ill. */
void pnat_call_settle(const PnatCallContext *call, PnatDescriptor *descriptor, gboolean ok);

/**
 * A connection of this host begins: watched until its socket is destroyed.
 *
 * @fd: that it has; -1 = not known
 * @pending: the connect is under way
 */
void pnat_call_watch(const PnatCallContext *call, PnatFlow *flow, const PnatAddress *peer, gint fd, gboolean pending);

/* found.c */

/* Whether what @event found open is what the process's descriptor leads to already. */
gboolean pnat_found_is_known(const PnatProcess *process, const PnatEvent *event);

/**
 * Another descriptor of a connection that the process is known to have, as dup(2) makes them, is no other connection: where
 * @event found one, it is noted.
 */
gboolean pnat_found_is_duplicate(PnatTracker *tracker, PnatProcess *process, const PnatEvent *event);

/* The connection that @event made on @fd may have been found open while the event was on its way: then it is counted. */
gboolean pnat_found_is_counted(const PnatTracker *tracker, PnatFlow *flow, const PnatEvent *event, gint fd);

G_END_DECLS
