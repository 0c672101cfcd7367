/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See serials.h.
 */
#include "serials.h"

#include <string.h>

/* Numbers: one this far ahead or behind is of another count, not of a loss: the node was booted anew. */
#define OTHER_COUNT (1u << 24)

static gint64 *
slot(PnatSerials *serials, guint64 serial)
{
  return &serials->times[serial % PNAT_SERIALS_WINDOW];
}

static void
start_over(PnatSerials *serials, guint64 serial, gint64 time)
{
  memset(serials->times, 0, sizeof serials->times);
  serials->newest = serials->settled = serial;
  *slot(serials, serial) = time;
}

static void
add_loss(PnatSerialLoss *loss, guint64 lost, gint64 from, gint64 to)
{
  if (loss->lost == 0) {
    loss->from = MIN(from, to);
    loss->to = MAX(from, to);
  }
  loss->lost += lost;
  loss->from = MIN(loss->from, from);
  loss->to = MAX(loss->to, to);
}

/* The time of the first number from @serial on that was seen. */
static gint64
time_after(PnatSerials *serials, guint64 serial)
{
  while (serial < serials->newest && *slot(serials, serial) == 0)
    serial++;
  return *slot(serials, serial);
}

/* Counts the holes up to and with @serial. */
static void
settle(PnatSerials *serials, guint64 serial, PnatSerialLoss *loss)
{
  while (serials->settled < serial) {
    gint64 before = *slot(serials, serials->settled);
    guint64 next = serials->settled + 1;
    if (*slot(serials, next) == 0) {
      add_loss(loss, 1, before, time_after(serials, next));
      *slot(serials, next) = before; /* stands for the time before the next hole */
    }
    serials->settled = next;
  }
}

static void
advance(PnatSerials *serials, guint64 serial, gint64 time, PnatSerialLoss *loss)
{
  gint64 before = *slot(serials, serials->newest);

  if (serial - serials->newest >= PNAT_SERIALS_WINDOW) {
    settle(serials, serials->newest, loss);
    add_loss(loss, serial - serials->newest - 1, before, time);
    start_over(serials, serial, time);
    return;
  }
  if (serial - serials->settled >= PNAT_SERIALS_WINDOW)
    settle(serials, MIN(serial - PNAT_SERIALS_WINDOW + 1, serials->newest), loss);
  for (guint64 hole = serials->newest + 1; hole < serial; hole++)
    *slot(serials, hole) = 0;
  *slot(serials, serial) = time;
  serials->newest = serial;
}

gboolean
pnat_serials_seen(PnatSerials *serials, guint64 serial, gint64 time, gint64 now, PnatSerialLoss *loss)
{
  memset(loss, 0, sizeof *loss);
  if (serial == serials->newest || serial == 0)
    return FALSE;
  gint64 stamp = MAX(time, 1);
  guint64 distance = serial > serials->newest ? serial - serials->newest : serials->newest - serial;

  serials->heard = now;
  if (serials->newest == 0 || distance >= OTHER_COUNT || (serial < serials->newest && distance >= PNAT_SERIALS_WINDOW && serial < 1000))
    start_over(serials, serial, stamp);
  else if (serial > serials->newest)
    advance(serials, serial, stamp, loss);
  else if (serial > serials->settled)
    *slot(serials, serial) = stamp;
  return loss->lost > 0;
}

gboolean
pnat_serials_age(PnatSerials *serials, gint64 now, gint64 timeout, PnatSerialLoss *loss)
{
  memset(loss, 0, sizeof *loss);
  if (serials->settled < serials->newest && now - serials->heard >= timeout)
    settle(serials, serials->newest, loss);
  return loss->lost > 0;
}

void
pnat_serials_go_on(PnatSerials *serials, guint64 serial, gint64 time)
{
  start_over(serials, serial, MAX(time, 1));
}

gint64
pnat_serials_settled_time(const PnatSerials *serials)
{
  return serials->times[serials->settled % PNAT_SERIALS_WINDOW];
}
