/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See eventclock.h.
 */
#include "eventclock.h"

/* Stamps, all of them far ahead, that are believed. */
#define ENOUGH 3

/* Of a call that may have begun long before it was logged: it is no evidence against a clock that goes ahead. */
static gboolean
may_be_old(const PnatEvent *event)
{
  return event->kind == PNAT_EVENT_NETWORK && pnat_event_waits(event);
}

/* @returns whether there were enough of them. */
static gboolean
hear_ahead(PnatEventClock *clock, gint64 time)
{
  clock->ahead = clock->n_ahead == 0 ? time : MIN(clock->ahead, time);
  if (++clock->n_ahead < ENOUGH)
    return FALSE;
  clock->now = clock->ahead;
  return TRUE;
}

static gboolean
is_ahead(const PnatEventClock *clock, const PnatEvent *event)
{
  return clock->now != 0 && event->time - clock->now > PNAT_EVENT_CLOCK_LEAP;
}

gint64
pnat_event_clock_hear(PnatEventClock *clock, const PnatEvent *event)
{
  if (is_ahead(clock, event) && !hear_ahead(clock, event->time))
    return clock->now;
  if (is_ahead(clock, event)) { /* even of those that were believed */
    clock->ahead = event->time;
    clock->n_ahead = 1;
    return clock->now;
  }
  clock->now = MAX(clock->now, event->time);
  if (event->time >= clock->now || !may_be_old(event))
    clock->n_ahead = 0;
  return clock->now;
}
