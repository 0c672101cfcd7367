/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Simulated hosts: processes that are born, connect, accept, send, receive and end, and the audit events that come of it.
 * The same options and seed give the same events.
 *
 * A process takes one call at a time: between life_next() and life_done() of its event it is left alone, so that the
 * records of several events may be interleaved as those of several processors are.
 */
#pragma once

#include "records.h"

G_BEGIN_DECLS

typedef struct {
  guint64 seed;
  gint64 start;           /* ms since 1970 */
  guint64 serial;         /* of the first event of each node; 0 = drawn */
  gdouble rate;           /* events per second of event time */
  guint processes;        /* alive at any time, each replaced when it ends */
  guint long_lived;       /* besides those; they open all their connections first and never end */
  guint long_lived_share; /* percent of the later events that are theirs */
  guint connections;      /* per process: long-lived ones make so many, others on average */
  guint transfers;        /* sendto and recvfrom per connection that has them, on average */
  guint peers;
  guint same_peer;    /* percent of connections: with the peer of the one before */
  guint ipv6;         /* percent of peers */
  guint failed;       /* percent of connects: ECONNREFUSED */
  guint non_blocking; /* percent of connects: EINPROGRESS */
  guint accept;       /* percent of connections: inbound */
  guint irrelevant;   /* percent of events */
  gboolean full;      /* transfers on connected sockets are audited, too: 71-pnat-full.rules */
  gboolean enriched;
  gboolean dispatched; /* end-of-event records */
  guint nodes;
  char *node; /* (nullable) name, or stem of the names; NULL: no node= field */
} LifeOptions;

typedef struct Life Life;
typedef struct Process Process;

/* @options: copied; node outlives the Life */
Life *life_new(const LifeOptions *options);
void life_free(Life *life);

/**
 * Writes the records of the next event into @text.
 *
 * @returns (nullable) the process that is busy with it until life_done(); NULL: no process is
 */
Process *life_next(Life *life, Text *text);

/* @process: (nullable) */
void life_done(Process *process);

G_END_DECLS
