/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that are missing, and whose doing it is. Two things tell: the kernel's own counter of what it dropped, and numbers that were left
 * out (serials.h). A loss shows in either or both: where no memory or room was left the kernel drops before it gives a number, else after.
 * It is told once; numbers left out that the kernel does not account for are auditd's doing.
 *
 * The counter counts records, of which an event has several: so it accounts for no fewer numbers than it should.
 */
#pragma once

#include "serials.h"

G_BEGIN_DECLS

typedef struct {
  guint64 lost; /* 0 = nothing; then the times mean nothing */
  gint64 from;  /* ms since 1970 */
  gint64 to;
} PnatLost;

/* Zero-initialised: nothing is missing. Whoever tells of kernel or auditd sets its lost to 0. */
typedef struct {
  PnatLost kernel;
  PnatLost auditd;
  PnatLost expected; /* what the kernel accounts for: numbers that may be found to be left out later */
} PnatTally;

/* Adds to what is missing: @lost of them between @from and @to. */
void pnat_lost_add(PnatLost *what, guint64 lost, gint64 from, gint64 to);

/* The kernel's counter rose by @lost between @from and @to. */
void pnat_tally_kernel(PnatTally *tally, guint64 lost, gint64 from, gint64 to);

/* @returns whether that adds to what is auditd's doing, as far as is known */
gboolean pnat_tally_left_out(PnatTally *tally, const PnatSerialLoss *loss);

G_END_DECLS
