/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Losses of this host's events, from all who may lose some: the kernel (its lost counter), auditd (numbers left out of
 * the stream), netlink (sock_diag messages that came too fast). Each is told to the tracker once a second at most.
 */
#pragma once

#include "lib/codec.h"
#include "lib/prefilter.h"
#include "lib/tracker.h"
#include "nodename.h"

G_BEGIN_DECLS

typedef struct PnatLosses PnatLosses;

/**
 * @tracker: outlives the result
 * @names: of this host in node= fields; outlives the result, and may change
 * @returns (transfer full)
 */
PnatLosses *pnat_losses_new(PnatTracker *tracker, const PnatNodeNames *names);
void pnat_losses_free(PnatLosses *losses);

/* A PnatLineFunc; @losses is a PnatLosses. */
void pnat_losses_line(const PnatLine *line, gpointer losses);

/* Writes or reads what has been told, so that the next run counts on from there. */
void pnat_losses_codec(PnatLosses *losses, PnatCodec *codec);

/* Counts from what comes next. */
void pnat_losses_start_over(PnatLosses *losses);

/* The number of the newest event of this host up to which all losses have been told; 0 = none. */
guint64 pnat_losses_told(const PnatLosses *losses);

/* @overruns: of sock_diag's socket so far */
void pnat_losses_overruns(PnatLosses *losses, guint64 overruns);

/**
 * Tells what was lost since the last time, and asks the kernel again when it is time to.
 *
 * @now: ms, CLOCK_MONOTONIC
 */
void pnat_losses_advance(PnatLosses *losses, gint64 now);

/* When pnat_losses_advance() has something to do. */
gint64 pnat_losses_next_due(const PnatLosses *losses);

typedef struct {
  guint64 kernel;
  guint64 auditd;
  guint64 netlink;
  gboolean has_kernel_counter;
} PnatLossCounts;

/* The profile of rules in force when it was looked last, or why that is not known; valid until the next call of any of these. */
const char *pnat_losses_rules(const PnatLosses *losses);

PnatLossCounts pnat_losses_counts(const PnatLosses *losses);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatLosses, pnat_losses_free)

G_END_DECLS
