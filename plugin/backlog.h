/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What waits for an output: rendered records, oldest first, and how many are missing before them. A sink's queue is one, and a
 * state keeps one for each output that was stalled when the plugin stopped.
 *
 * Items are counted and do not change, so that a copy of a backlog costs no more than its links.
 */
#pragma once

#include "lib/codec.h"
#include "lib/record.h"
#include "lib/tally.h"

G_BEGIN_DECLS

/* A rendered record. */
typedef struct {
  gint64 from; /* ms since 1970, as in the record */
  gint64 to;
  guint64 lost; /* 0 = it is a record; else the sink's own word of so many that are missing */
  gsize length;
  char payload[]; /* and a NUL that does not count */
} PnatItem;

/* @payload: copied. @returns (transfer full) */
PnatItem *pnat_item_new(const PnatRecord *record, const GString *payload);
void pnat_item_unref(gpointer item);

/* Zero-initialised: nothing waits. */
typedef struct {
  GQueue items; /* of PnatItem, none of them a sink's own word */
  gsize bytes;  /* of their payloads */
  PnatLost missing;
} PnatBacklog;

void pnat_backlog_clear(PnatBacklog *backlog);

/* @item: (transfer full) */
void pnat_backlog_push(PnatBacklog *backlog, PnatItem *item);

/* @returns (transfer full) (nullable) the oldest */
PnatItem *pnat_backlog_pop(PnatBacklog *backlog);

/* @item, which was the oldest, is missing from now on; of a sink's own word, what it tells of. */
void pnat_backlog_miss(PnatBacklog *backlog, const PnatItem *item);

/* The oldest is missing from now on. */
void pnat_backlog_drop(PnatBacklog *backlog);

/* What is missing in @other is missing in @backlog. */
void pnat_backlog_add_missing(PnatBacklog *backlog, const PnatLost *other);

/* Puts @older before @backlog and leaves it empty. */
void pnat_backlog_prepend(PnatBacklog *backlog, PnatBacklog *older);

/* @returns one with the same items and count; to be cleared */
PnatBacklog pnat_backlog_copy(const PnatBacklog *backlog);

/* Writes it, or reads it into one that is empty; what is read is bounded by the bytes that are there. */
void pnat_backlog_codec(PnatBacklog *backlog, PnatCodec *codec);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PnatBacklog, pnat_backlog_clear)

G_END_DECLS
