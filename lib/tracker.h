/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker ties events to processes and flows, and says what became of them: events in, records
 * out by callback. It is a GHashTable (node, pid) to process, and one of flows; an exit costs only its own process's flows.
 *
 * It reads no clock. Frames are in the events' time. Timeouts run on a clock that the caller passes as @now: any count
 * of milliseconds that does not step with the system's clock; for stored logs, the newest event time.
 */
#pragma once

#include "event.h"
#include "record.h"
#include "socket.h"
#include "written.h"

G_BEGIN_DECLS

typedef struct PnatTracker PnatTracker;

typedef struct {
  const char *host;      /* (transfer none) this host's name, for events without a node; outlives the tracker */
  gint64 start_after;    /* ms, G_MAXINT64 = never */
  gint64 active_timeout; /* ms, G_MAXINT64 = never */
  gint64 idle_timeout;   /* ms */
  gboolean per_connection; /* aggregate = connection */
  guint max_flows;
  const GArray *exclude;        /* (nullable) of PnatPrefix; outlives the options' use */
  const GPtrArray *exclude_exe; /* (nullable) of char *: globs; likewise */
} PnatTrackerOptions;

typedef struct {
  guint flows;     /* open now */
  guint processes; /* known now */
  guint nodes;
  guint ending; /* processes that have ended, whose flows' ends are written in a moment */
  guint64 evicted;
  guint64 unattributed; /* transfers on a descriptor whose peer is not known: counted to no one */
} PnatTrackerCounts;

/**
 * @options: copied; what it points to is not
 * @func: gets each record; the record and its strings are valid during the call only
 * @returns (transfer full)
 */
PnatTracker *pnat_tracker_new(const PnatTrackerOptions *options, PnatRecordFunc func, gpointer data);

/* Open flows vanish without a record: call pnat_tracker_finish() first. */
void pnat_tracker_free(PnatTracker *tracker);

/* Forgets everything, without a record. */
void pnat_tracker_clear(PnatTracker *tracker);

/* Writes the ends of processes that are known to have ended, without waiting for what may still come. */
void pnat_tracker_settle(PnatTracker *tracker);

/* New options for what comes; open flows stay as they are, but none waits longer for its next record than a new one would. */
void pnat_tracker_set_options(PnatTracker *tracker, const PnatTrackerOptions *options);

/* @now: ms, see above; an older one than before counts as the same moment */
void pnat_tracker_feed(PnatTracker *tracker, const PnatEvent *event, gint64 now);

/**
 * A socket of this host was destroyed: the connection that it was is closed, and a flow whose last one it was ends.
 */
void pnat_tracker_socket_ended(PnatTracker *tracker, const PnatSocketEnd *end, gint64 now);

/* The socket with @cookie, whose connect was pending, turned out to be connected. */
void pnat_tracker_socket_connected(PnatTracker *tracker, guint64 cookie);

/**
 * A process of this host is no more, whatever ended it.
 *
 * @start: as in PnatEvent: which of those that had the pid
 * @time: ms since 1970 at which it was found to be gone
 */
void pnat_tracker_process_gone(PnatTracker *tracker, guint32 pid, guint64 start, gint64 time, gint64 now);

/**
 * Whether pnat_tracker_process_gone() will be called for processes of this host whose start is known. Where it is not, as at first, they
 * end by what events say, or when they are silent, as other hosts' do.
 */
void pnat_tracker_set_watching(PnatTracker *tracker, gboolean watching);

/* When the latest process of this host with this pid exited, ms since 1970; 0 = that is not known, or long ago. */
gint64 pnat_tracker_exit_of(const PnatTracker *tracker, guint32 pid);

/* Whether a process of this host with this pid has flows or descriptors here. */
gboolean pnat_tracker_knows(const PnatTracker *tracker, guint32 pid);

/**
 * Whether it runs a program that has flows here. @exe: (nullable) any
 */
gboolean pnat_tracker_knows_program(const PnatTracker *tracker, guint32 pid, const char *exe);

/* Whether the descriptor's socket should be asked before @event, of this host, is fed: its answer is not known yet. */
gboolean pnat_tracker_wants_socket(PnatTracker *tracker, const PnatEvent *event);

/**
 * Events or messages of this host are missing: one loss record says so, and flows open in that time have gap=yes from then on.
 *
 * @lost: how many, 0 = not known
 * @from, @to: ms since 1970
 */
void pnat_tracker_lost(PnatTracker *tracker, PnatLossSource source, guint64 lost, gint64 from, gint64 to);

/**
 * While events are handled a second time: records that @written has are not written again, and a flow that has ended by them is
 * not the one that a later connection belongs to.
 *
 * @written: (transfer none) (nullable) outlives the tracker, or is set to NULL before it goes
 */
void pnat_tracker_set_written(PnatTracker *tracker, const PnatWritten *written);

/* The second time is over: flows that have ended by what is written are forgotten, and nothing is compared any more. */
void pnat_tracker_drop_written(PnatTracker *tracker);

/* A process of this host was found alive. @start: as in PnatEvent, which may not have been known */
void pnat_tracker_process_lives(PnatTracker *tracker, guint32 pid, guint64 start);

/**
 * What the time of day is. No event of this host is later: where one was, the clock has been set back since, and what happens from now on is
 * not to be dated by it.
 *
 * @time: ms since 1970
 */
void pnat_tracker_heed_clock(PnatTracker *tracker, gint64 time);

/* Ends what ran on this host before it was booted. @time: ms since 1970, of the boot */
void pnat_tracker_booted(PnatTracker *tracker, gint64 time);

typedef struct {
  guint32 pid;
  guint32 ppid;
  const char *exe; /* (nullable) (transfer none) that it ran last */
  guint64 start;   /* as in PnatEvent; 0 = not known */
  gint64 newest;   /* ms since 1970, of its newest activity: it had started by then */
} PnatProcessTrace;

/* @trace: (out) of the process of this host with this pid. @returns FALSE when there is none that has not ended */
gboolean pnat_tracker_trace(const PnatTracker *tracker, guint32 pid, PnatProcessTrace *trace);

/* Calls @func for each process of this host that has not ended. @trace is valid during the call. @func must not call the tracker. */
typedef void (*PnatProcessFunc)(const PnatProcessTrace *trace, gpointer data);
void pnat_tracker_foreach_process(const PnatTracker *tracker, PnatProcessFunc func, gpointer data);

typedef struct {
  guint32 pid;
  gint fd;            /* -1 = not known */
  guint64 cookie;     /* 0: its socket could not be asked */
  PnatAddress remote; /* where there is no cookie */
} PnatConnectionPlace;

/* Calls @func for each open connection of this host. @func must not call the tracker. */
typedef void (*PnatConnectionPlaceFunc)(const PnatConnectionPlace *place, gpointer data);
void pnat_tracker_foreach_connection(const PnatTracker *tracker, PnatConnectionPlaceFunc func, gpointer data);

/**
 * Connections of a process of this host that have no cookie are closed: it holds no socket with their peer.
 *
 * @time: ms since 1970, when that was found
 */
void pnat_tracker_unasked_ended(PnatTracker *tracker, guint32 pid, const PnatAddress *remote, gint64 time, gint64 now);

/* Does what is due by @now: start and update records, ends that have settled, idle processes. */
void pnat_tracker_advance(PnatTracker *tracker, gint64 now);

/* The moment on the caller's clock at which pnat_tracker_advance() has something to do; G_MAXINT64 = never. */
gint64 pnat_tracker_next_due(const PnatTracker *tracker);

/**
 * Ends every flow: those of processes that ended, with their own reason.
 *
 * @reason: PNAT_REASON_EOF or PNAT_REASON_SHUTDOWN
 * @time: ms since 1970, the end of the open flows; 0 = the newest event time of their node
 */
void pnat_tracker_finish(PnatTracker *tracker, PnatReason reason, gint64 time);

PnatTrackerCounts pnat_tracker_counts(const PnatTracker *tracker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatTracker, pnat_tracker_free)

G_END_DECLS
