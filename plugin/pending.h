/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connects that were under way when their event was read: their sockets are asked again after a while, and again, until it is known
 * what became of them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatPending PnatPending;

typedef struct {
  guint32 pid;
  gint fd;
  guint64 cookie;
} PnatPendingConnect;

/* @returns whether there is reason to ask once more; may call nothing of this */
typedef gboolean (*PnatPendingFunc)(const PnatPendingConnect *connect, gpointer data);

/* @func: asks. @returns (transfer full) */
PnatPending *pnat_pending_new(PnatPendingFunc func, gpointer data);
void pnat_pending_free(PnatPending *pending);

/* Those beyond the bound are not asked again; what follows on them settles them. @now: ms, monotonic: not less than before */
void pnat_pending_add(PnatPending *pending, const PnatPendingConnect *connect, gint64 now);

/* Asks those that are due, some of them if there are many. */
void pnat_pending_advance(PnatPending *pending, gint64 now);

/* When there will be some; G_MAXINT64 = there are none. */
gint64 pnat_pending_next_due(const PnatPending *pending);

guint pnat_pending_size(const PnatPending *pending);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatPending, pnat_pending_free)

G_END_DECLS
