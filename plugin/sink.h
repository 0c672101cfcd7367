/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sink takes records to where they are read: a file, syslog, the journal.
 *
 * The thread that reads stdin only renders a record into bytes and puts them into the sink's bounded queue;
 * a thread of the sink's own delivers them, so that a full disk or a stalled daemon
 * never delays the reading of audit events. What the queue cannot hold is dropped, oldest first, counted,
 * and told by one loss record once the sink takes records again.
 */
#pragma once

#include "backlog.h"
#include "lib/record.h"

G_BEGIN_DECLS

/* What a kind of sink is. A new sink is one such table in a file of its own, and a line in sinks.c. */
typedef struct {
  const char *name; /* as in the configuration */
  /* Turns a record into the bytes that deliver gets. Called from both threads, so it touches nothing but @payload. */
  void (*render)(gconstpointer self, const PnatRecord *record, GString *payload);
  /**
   * Sink's thread: delivers one payload whole or not at all; waits at most about 200 ms.
   *
   * @payload: what render made, and a NUL that does not count
   * @returns FALSE, and @error why, when it could not be done now: the next call brings the very same bytes
   */
  gboolean (*deliver)(gpointer self, const char *payload, gsize length, GError **error);
  /* Sink's thread: SIGHUP came; close and open again what is a file. (nullable) */
  void (*reopen)(gpointer self);
  void (*free)(gpointer self);
} PnatSinkKind;

typedef struct PnatSink PnatSink;

typedef struct {
  guint64 written;
  guint64 dropped;
  guint waiting;
  gsize bytes;  /* of these */
  guint filled; /* how much of what may wait does, by number or bytes, in percent; 0 where it takes nothing any more */
} PnatSinkCounts;

/**
 * Starts the sink's thread, which has all signals blocked.
 *
 * @self: (transfer full) of @kind's making
 * @max_queue: records that may wait, at least 1
 * @host: this host's name, for loss records
 * @returns (transfer full)
 */
PnatSink *pnat_sink_new(const PnatSinkKind *kind, gpointer self, guint max_queue, const char *host);

/* Queues @record; never waits for the sink. Always to be called from the same thread. */
void pnat_sink_push(PnatSink *sink, const PnatRecord *record);

/* Asks the sink's thread to reopen, and to try again now what waits. Returns at once. */
void pnat_sink_reopen(PnatSink *sink);

PnatSinkCounts pnat_sink_counts(PnatSink *sink);

const char *pnat_sink_name(const PnatSink *sink);

/**
 * Tells the sink to be done by @deadline (g_get_monotonic_time() clock, µs). Returns at once: so that several sinks
 * use the same time, begin with all of them before the first pnat_sink_stop().
 */
void pnat_sink_stop_begin(PnatSink *sink, gint64 deadline);

/**
 * Delivers what waits, but only until @deadline (as above), ends the thread and frees the sink.
 *
 * A thread that hangs in a delivery at the deadline is left behind, on purpose: nothing can get it out of the kernel, and exit(3)
 * ends it. It frees the sink itself should it ever come back.
 *
 * @left: (out) (nullable) what was still waiting, and was not told yet; to be cleared. Where it is NULL, that is gone
 * @returns how many records were still waiting
 */
guint pnat_sink_stop(PnatSink *sink, gint64 deadline, PnatBacklog *left);

/* What waits now, what is being delivered included, and what is missing and was not told yet. @returns what is to be cleared */
PnatBacklog pnat_sink_waiting(PnatSink *sink);

/* Puts @before in front of what waits, and leaves it empty. What does not fit then is dropped, oldest first. */
void pnat_sink_put_back(PnatSink *sink, PnatBacklog *before);

/* Has the sink tell that so many records are missing. */
void pnat_sink_miss(PnatSink *sink, const PnatLost *missing);

/**
 * Stops @before as pnat_sink_stop() does, and has @sink go on where it was: with its counts and, if they are rendered in the same way
 * (@is_alike), with the records that were still waiting. Else those are told as dropped. @sink is new.
 *
 * @returns how many records are gone
 */
guint pnat_sink_succeed(PnatSink *sink, PnatSink *before, gint64 deadline, gboolean is_alike);

G_END_DECLS
