/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that never came: the kernel numbers events without a gap (audit_serial, kernel/audit.c), so a number that was left out
 * was lost on the way, for instance when auditd's queue to its plugins overflowed, which auditd tells to syslog only.
 *
 * Numbers come a little out of order, since each CPU writes its own; a hole counts when it is still one some numbers, or
 * some time, later.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers that a late one may be behind the newest. */
#define PNAT_SERIALS_WINDOW 512

/* Zero-initialised: no number was seen. */
typedef struct {
  guint64 newest; /* the highest number seen; 0 = none */
  guint64 settled; /* all up to this one have been seen or counted */
  gint64 times[PNAT_SERIALS_WINDOW]; /* ms since 1970 of each seen number, 0 = a hole; by number modulo the window */
  gint64 heard; /* ms, caller's clock: when newest came */
} PnatSerials;

typedef struct {
  guint64 lost; /* numbers left out */
  gint64 from;  /* ms since 1970, event time: they are not older than this */
  gint64 to;    /* nor younger than this */
} PnatSerialLoss;

/**
 * An event came.
 *
 * @serial: its number; much lower than the newest means that the node was booted anew, and starts over
 * @time: ms since 1970, its time
 * @now: ms, caller's clock
 * @loss: (out) what is known to be lost now
 * @returns whether anything is
 */
gboolean pnat_serials_seen(PnatSerials *serials, guint64 serial, gint64 time, gint64 now, PnatSerialLoss *loss);

/* The same, where nothing came for @timeout ms: all holes are settled. */
gboolean pnat_serials_age(PnatSerials *serials, gint64 now, gint64 timeout, PnatSerialLoss *loss);

/* Goes on from where another count had settled. @time: ms since 1970, of @serial */
void pnat_serials_go_on(PnatSerials *serials, guint64 serial, gint64 time);

/* The time of the number up to which all is settled, ms since 1970; 0 = none was seen. */
gint64 pnat_serials_settled_time(const PnatSerials *serials);

G_END_DECLS
