/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What ended while nobody heard of it: while the plugin did not run, or when the kernel's messages came faster than they were read.
 *
 * A connection is open while the kernel has its socket, whoever holds it and under whatever number. Sockets that it does not tell
 * of (other network namespaces, sockets whose connection is over) are looked for in the process that had them, and asked.
 */
#pragma once

#include "asker.h"
#include "lib/tracker.h"
#include "liveness.h"

G_BEGIN_DECLS

/**
 * Ends the tracker's processes of this host that are gone. Those that are there are watched. One whose start is not known is gone where
 * whoever has its number started after it was heard of last.
 *
 * @now: ms, the tracker's clock
 */
void pnat_recheck_processes(PnatTracker *tracker, PnatLiveness *liveness, gint64 now);

/* Whether it can be that the process of @trace, whose start is not known, is the one that has its number now. */
gboolean pnat_recheck_may_be_there(const PnatProcessTrace *trace);

typedef struct PnatRecheck PnatRecheck;

/**
 * Begins to look for the connections that the tracker knows now. All parameters outlive the result.
 *
 * @returns (transfer full)
 */
PnatRecheck *pnat_recheck_new(PnatTracker *tracker, PnatLiveness *liveness, PnatAsker *asker);

/* At any time, not only at its end. */
void pnat_recheck_free(PnatRecheck *recheck);

/**
 * Goes on for about @budget microseconds, and at its end ends those that are closed. It may take some milliseconds more: for the
 * kernel's tables once, and some 20 for a process that does not let its sockets be asked.
 *
 * @now: ms, the tracker's clock
 * @returns FALSE when all is done
 */
gboolean pnat_recheck_step(PnatRecheck *recheck, gint64 budget, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatRecheck, pnat_recheck_free)

G_END_DECLS
