/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Taking stock: the connections that were there before the plugin. They are found in /proc, and taken in a moment later unless
 * an event tells of them first: it may be on its way when its socket is found, and would count the connection once more.
 */
#pragma once

#include "asker.h"
#include "lib/tracker.h"
#include "liveness.h"
#include "netns.h"

G_BEGIN_DECLS

typedef struct PnatStock PnatStock;

/* All outlive the result. */
typedef struct {
  PnatTracker *tracker;
  PnatLiveness *liveness;
  PnatAsker *asker;
  PnatNetns *netns; /* (nullable) */
} PnatStockUsers;

/**
 * Begins. pnat_stock_advance() goes on with it.
 *
 * @now: ms, the tracker's clock
 * @returns (transfer full) (nullable) NULL and @error: PNAT_ERROR_IO
 */
PnatStock *pnat_stock_new(const PnatStockUsers *users, gint64 now, GError **error);

/* At any time, not only at its end. */
void pnat_stock_free(PnatStock *stock);

/* To be told of every event of this host before the tracker is: what was found of its process and descriptor is the event's own, or was
 * there before it. */
void pnat_stock_hear(PnatStock *stock, const PnatEvent *event, gint64 now);

/* A socket was destroyed. @returns TRUE when it is one that was found and waits: the tracker will be told in time */
gboolean pnat_stock_socket_ended(PnatStock *stock, const PnatSocketEnd *end);

/**
 * Does what is due.
 *
 * @drained: no audit event waits to be read
 * @returns FALSE when all is done
 */
gboolean pnat_stock_advance(PnatStock *stock, gint64 now, gboolean drained);

/* ms, tracker's clock. */
gint64 pnat_stock_next_due(const PnatStock *stock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatStock, pnat_stock_free)

G_END_DECLS
