/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Local tracking: what audit does not tell of this host's processes is asked of its kernel, and told to the tracker.
 *
 * Before an event is fed, its process is held on to (liveness) and its socket asked (sockets). Ends of processes and of
 * sockets go to the tracker as they come. All of it is absent without harm where the kernel or the configuration does not allow it.
 */
#pragma once

#include "lib/tracker.h"

G_BEGIN_DECLS

typedef struct PnatLocal PnatLocal;

typedef void (*PnatLocalChangedFunc)(gpointer data);

/**
 * What can not be had is logged, and done without. While the result lives @tracker relies on being told of ends.
 *
 * @tracker: outlives the result
 * @changed: called when a process or a socket was told to have ended, so that there may be something due earlier than before
 * @returns (transfer full)
 */
PnatLocal *pnat_local_new(PnatTracker *tracker, PnatLocalChangedFunc changed, gpointer data);
void pnat_local_free(PnatLocal *local);

/**
 * Completes @event, if event->here, with what its kernel says. Strings that are added live until the next call.
 *
 * @live: it comes from auditd as it happens, however late; else one that is old may be of a stored stream
 */
void pnat_local_prepare(PnatLocal *local, PnatEvent *event, gboolean live);

/* This host may be called by another name from now on: whether that is an expected one is to be seen. */
void pnat_local_renamed(PnatLocal *local);

/**
 * After a time without local tracking, as after a restart: which of the tracker's processes are gone, and in the next moments, as pnat_local_advance() goes on with it, which
 * of its connections closed; those that are there are watched.
 */
void pnat_local_check_all(PnatLocal *local);

/**
 * Begins to take in the connections that processes of this host hold already. pnat_local_advance() goes on with it.
 */
void pnat_local_take_stock(PnatLocal *local);

/* @event was fed: lets go of a process that the tracker does not keep. */
void pnat_local_settle(PnatLocal *local, const PnatEvent *event);

/**
 * Does what is due.
 *
 * @now: ms, the tracker's clock
 * @drained: no audit event waits to be read; only then is a process that is gone without an exit event taken as killed
 */
void pnat_local_advance(PnatLocal *local, gint64 now, gboolean drained);

/* When pnat_local_advance() has something to do; G_MAXINT64 = never. */
gint64 pnat_local_next_due(const PnatLocal *local);

typedef struct {
  guint watched;     /* processes */
  guint64 overruns;  /* of sock_diag messages */
  gboolean has_sockets;
  gboolean has_pidfd;
  const char *no_sockets;  /* (nullable) why there is no sock_diag; the PnatLocal's */
  const char *no_liveness; /* (nullable) why processes are not watched at all */
} PnatLocalCounts;

PnatLocalCounts pnat_local_counts(const PnatLocal *local);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatLocal, pnat_local_free)

G_END_DECLS
