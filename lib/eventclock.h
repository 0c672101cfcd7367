/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The clock of events, of a node's and of a stored log's: the newest event's time, but for a stamp that is far ahead of it, which is
 * believed when what follows is as late. One that is wrong would end all that is open as idle, and stop the clock for good.
 */
#pragma once

#include "event.h"

G_BEGIN_DECLS

/* ms by which a stamp may be ahead without others that bear it out: half of what idle_timeout is by default. */
#define PNAT_EVENT_CLOCK_LEAP (12 * 3600 * 1000)

/* Zero-initialised: nothing was heard. */
typedef struct {
  gint64 now;    /* ms since 1970 */
  gint64 ahead;  /* the earliest stamp since the clock last stood still for one */
  guint n_ahead; /* so many there were; 0 = it does not stand still */
} PnatEventClock;

/* @returns ms since 1970: the time, with @event */
gint64 pnat_event_clock_hear(PnatEventClock *clock, const PnatEvent *event);

G_END_DECLS
