/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the tracker share: tracker.c (what each event means, timers), processes.c (hosts, processes and their ends),
 * flows.c (the table of flows and their records) and calls.c (what each network call means; calls_private.h has its parts). Besides
 * these only state_private.h includes it in lib/.
 */
#pragma once

#include "connections.h"
#include "flow.h"
#include "tracker.h"

G_BEGIN_DECLS

TAILQ_HEAD(PnatQuietFlows, PnatFlow);
TAILQ_HEAD(PnatDueFlows, PnatFlow);
TAILQ_HEAD(PnatClosingFlows, PnatFlow);
TAILQ_HEAD(PnatQuietProcesses, PnatProcess);
TAILQ_HEAD(PnatEndingProcesses, PnatProcess);

/* Exits of late, by (node, pid): a call that was logged after its process's exit finds here that it is over. */
#define PNAT_RECENT_EXITS 1024

typedef struct {
  guint64 who; /* hash of node and pid, 0 = empty */
  gint64 time; /* ms, event time */
} PnatRecentExit;

/* Times of loss that are remembered; when there are more, the oldest are joined. */
#define PNAT_GAPS 64

typedef struct {
  gint64 from; /* ms, event time */
  gint64 to;
} PnatGap;

/* A descriptor whose socket was destroyed: events of calls on it may still come. */
typedef struct {
  guint32 pid;
  gint fd;
  guint16 cookie_tag;
  gint64 time; /* ms, event time: of the socket's end */
  gint64 due;  /* ms, tracker's clock */
} PnatForgetting;

struct PnatTracker {
  PnatTrackerOptions options;
  PnatRecordFunc func;
  gpointer data;
  GPtrArray *excluded_exes; /* of GPatternSpec */
  GArray *excluded;         /* of PnatPrefix */
  const PnatWritten *written; /* (nullable) */
  gboolean watching;        /* ends of this host's processes are told */
  gint64 now;               /* ms, caller's clock */
  GHashTable *nodes;        /* by name, in whatever case */
  PnatNode *local;          /* this host, whether its events have a node= or not */
  GHashTable *processes;    /* a set of PnatProcess, by node and pid */
  GHashTable *flows;        /* a set of PnatFlow, by PnatFlowKey */
  struct PnatQuietFlows quiet;         /* all flows, quietest first */
  struct PnatDueFlows awaiting_start;  /* in the order they are due */
  struct PnatDueFlows awaiting_update; /* likewise */
  struct PnatClosingFlows closing;     /* those without an open connection, in the order they are due */
  PnatConnections *connections;
  struct PnatQuietProcesses quiet_processes;
  struct PnatEndingProcesses ending;
  guint n_ending;
  PnatRecentExit recent[PNAT_RECENT_EXITS];
  PnatGap gaps[PNAT_GAPS]; /* of this host, oldest first */
  guint n_gaps;
  GArray *forgetting; /* of PnatForgetting, in the order they are due */
  gint64 found_until; /* ms, event time: of the newest connection that was found open */
  guint32 last_connection; /* where connections are kept apart: the number of the newest */
  gsize extra; /* bytes, over all processes: PnatProcess.extra */
  guint64 evicted;
  guint64 unattributed;
};

/* processes.c */

/* @name: (nullable) as in PnatNode. @returns (transfer full) one whose processes' extra bytes @tracker counts */
PnatNode *pnat_tracker_node_new(PnatTracker *tracker, const char *name);

/* The node @event is of, made if need be; one without processes goes after the event. */
PnatNode *pnat_tracker_node(PnatTracker *tracker, const PnatEvent *event);

/* Frees a node that has no process any more. */
void pnat_tracker_release_node(PnatTracker *tracker, PnatNode *node);

/* The process that made @event exited, be it known or not. */
void pnat_tracker_remember_exit(PnatTracker *tracker, const PnatNode *node, const PnatEvent *event);

PnatProcess *pnat_tracker_find_process(PnatTracker *tracker, PnatNode *node, guint32 pid);

/* The process that made @event, and it alone: whoever had the pid before is ended. */
PnatProcess *pnat_tracker_process_of(PnatTracker *tracker, PnatNode *node, const PnatEvent *event);

/* Takes @process out of all tables; its flows must be gone. */
void pnat_tracker_drop_process(PnatTracker *tracker, PnatProcess *process);

/* It ended; its flows' records wait for what may still come. @end: ms, event time */
void pnat_tracker_end_process(PnatTracker *tracker, PnatProcess *process, PnatReason reason, gint64 end);

/**
 * It ended without our being told when: @reason and @end say what is known, unless a lone exit told. Writes the end of all its flows,
 * and forgets it.
 *
 * @end: ms, event time
 */
void pnat_tracker_finish_untold(PnatTracker *tracker, PnatProcess *process, PnatReason reason, gint64 end);

/**
 * The host was booted: finishes those of @node that did nothing since.
 *
 * @time: ms, event time: of the boot
 * @watched_too: also those whose end would have been told
 */
void pnat_tracker_end_processes(PnatTracker *tracker, const PnatNode *node, gint64 time, gboolean watched_too);

/* Lets go of the quietest processes until what does not grow by flows is within its bound. */
void pnat_tracker_bound_extra(PnatTracker *tracker);

/* Finishes processes that ended a while ago. */
void pnat_tracker_settle_due(PnatTracker *tracker);

/* Finishes processes that were silent for idle_timeout. */
void pnat_tracker_end_idle(PnatTracker *tracker);

/* flows.c */

/**
 * @returns (transfer none) (nullable) the flow with @key, made if need be; NULL when the peer or the program is excluded
 */
PnatFlow *pnat_tracker_flow(PnatTracker *tracker, const PnatFlowKey *key);

/* Lets go of the flow with @key if it is written that it ended before @time (ms, event time). */
void pnat_tracker_retire_written(PnatTracker *tracker, const PnatFlowKey *key, gint64 time);

/* The flow with @key if there is one. */
PnatFlow *pnat_tracker_find_flow(PnatTracker *tracker, const PnatFlowKey *key);

/* Counts @activity and moves the flow to the end of the quiet. */
void pnat_tracker_touch_flow(PnatTracker *tracker, PnatFlow *flow, const PnatActivity *activity);

/* Writes the end record and forgets the flow. @end: ms, event time */
void pnat_tracker_end_flow(PnatTracker *tracker, PnatFlow *flow, PnatReason reason, gint64 end);

/* Has the flow reported at flow->due, behind those that are queued. */
void pnat_tracker_enqueue_flow(PnatTracker *tracker, PnatFlow *flow);

/* start_after or active_timeout may be others than before: flows that wait do so no longer than new ones will. */
void pnat_tracker_rearrange_reports(PnatTracker *tracker);

/* Connections of this host are watched from now on: flows that have some of before do not end with those that will come. */
void pnat_tracker_note_unwatched(PnatTracker *tracker);

/* Start and update records that are due. */
void pnat_tracker_report_due(PnatTracker *tracker);

/* Whether the socket of @process's @fd had been destroyed before @time (ms, event time). */
gboolean pnat_tracker_is_forgotten(const PnatTracker *tracker, const PnatProcess *process, gint fd, gint64 time);

/* Lets go of descriptors whose sockets were destroyed a while ago. */
void pnat_tracker_forget_due(PnatTracker *tracker);

/* Ends flows whose last connection was closed a while ago. */
void pnat_tracker_close_due(PnatTracker *tracker);

/* The protocol of the flow's sockets became known. */
void pnat_tracker_set_proto(PnatTracker *tracker, PnatFlow *flow, guint8 proto);

/* The flow has a connection again. */
void pnat_tracker_reopen_flow(PnatTracker *tracker, PnatFlow *flow);

/* A PnatConnectionFunc; @tracker is the PnatTracker. */
void pnat_tracker_connection_closed(PnatConnection *connection, const PnatSocketEnd *end, gpointer tracker);

/* calls.c */

/* One PNAT_EVENT_NETWORK of @process. */
void pnat_tracker_call(PnatTracker *tracker, PnatProcess *process, const PnatEvent *event);

G_END_DECLS
