/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Processes of this host that are gone, and whose exit event may still be on its way: they wait a moment before it is told that they
 * were killed. How many may wait is bounded, and nothing here takes longer when there are many.
 */
#pragma once

#include "liveness.h"

G_BEGIN_DECLS

typedef struct PnatGone PnatGone;

/* @func: told of each when it is over with waiting: it may call nothing of this. @returns (transfer full) */
PnatGone *pnat_gone_new(PnatGoneFunc func, gpointer data);

/* Those that wait are not told. */
void pnat_gone_free(PnatGone *gone);

/**
 * @start: what tells it from others with this pid; 0 = not known
 * @time: ms since 1970 at which it was found to be gone
 * @now: ms, monotonic: not less than before
 */
void pnat_gone_add(PnatGone *gone, guint32 pid, guint64 start, gint64 time, gint64 now);

/* Whether it waits. */
gboolean pnat_gone_has(const PnatGone *gone, guint32 pid, guint64 start);

/**
 * An event at @time, ms since 1970, is of the process with @pid and @start: who had the number before is told, the oldest if there are
 * several, for an exit event of his would have come before.
 */
void pnat_gone_succeeded(PnatGone *gone, guint32 pid, guint64 start, gint64 time);

/* Tells those that have waited long enough. */
void pnat_gone_advance(PnatGone *gone, gint64 now);

/* When there will be some; G_MAXINT64 = none waits. */
gint64 pnat_gone_next_due(const PnatGone *gone);

guint pnat_gone_size(const PnatGone *gone);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatGone, pnat_gone_free)

G_END_DECLS
