/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A tracker's state as bytes, so that a plugin that is started again goes on where the last one was.
 *
 * The bytes are a header with version and checksum, and the state: what is torn, foreign or of another version is refused as a
 * whole. Nothing in them is trusted: they are read with bounds, into a tracker that is thrown away if they end too early.
 */
#pragma once

#include "tracker.h"

G_BEGIN_DECLS

/* Of the format: one more with every change to what is saved, or how. */
#define PNAT_STATE_VERSION 2

/* What the tracker does not know, but is kept with it. */
typedef struct {
  char *boot_id;   /* of the boot in which it was saved; /proc/sys/kernel/random/boot_id */
  char *host;
  gint64 saved;    /* ms since 1970 */
  GByteArray *position; /* the caller's: where it was in its input and output */
} PnatStateMeta;

void pnat_state_meta_clear(PnatStateMeta *meta);

/* For what can not wait as long as a whole state takes: half a second, with a quarter of a million flows. */
typedef struct {
  void (*func)(gpointer data); /* called every few hundred flows or processes; must leave the tracker as it is */
  gpointer data;
} PnatStatePause;

/**
 * @now: ms, the tracker's clock
 * @pause: (nullable)
 * @returns (transfer full) the bytes, but for their checksum
 */
GByteArray *pnat_state_save(PnatTracker *tracker, PnatStateMeta *meta, gint64 now, const PnatStatePause *pause);

/* Puts the checksum in. It takes longer than saving, and any thread can do it. */
void pnat_state_seal(GByteArray *bytes);

/**
 * Looks at the header, without taking anything over.
 *
 * @meta: (out)
 * @returns FALSE and @error (PNAT_ERROR_INPUT, which says in what way) when the bytes are not a state of this version
 */
gboolean pnat_state_check(const guint8 *bytes, gsize length, PnatStateMeta *meta, GError **error);

/**
 * Fills an empty tracker. Timeouts that were running go on at @now.
 *
 * @bytes: as pnat_state_check() accepted them
 * @now: ms, the tracker's clock
 * @returns FALSE and @error when something does not fit; the tracker is of no use then
 */
gboolean pnat_state_restore(PnatTracker *tracker, const guint8 *bytes, gsize length, gint64 now, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PnatStateMeta, pnat_state_meta_clear)

G_END_DECLS
