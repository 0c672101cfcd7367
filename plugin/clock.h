/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two clocks, in ms: events have the time of day; what is waited for is waited for on one that never steps. And moments by both, of
 * which the time of day may be asked when that clock was set since.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* ms since 1970. */
static inline gint64
pnat_real_ms(void)
{
  return g_get_real_time() / 1000;
}

/* ms since some moment of this boot: the clock of the tracker. */
static inline gint64
pnat_monotonic_ms(void)
{
  return g_get_monotonic_time() / 1000;
}

/* ms since this boot, time asleep included, to 10 ms: proc_uptime(5). */
static inline gint64
pnat_uptime_ms(void)
{
  g_autofree char *uptime = NULL;
  return g_file_get_contents("/proc/uptime", &uptime, NULL, NULL) ? (gint64)(g_ascii_strtod(uptime, NULL) * 1000) : 0;
}

typedef struct {
  gint64 real;   /* ms since 1970, as the clock was then */
  gint64 uptime; /* ms since that boot */
} PnatMoment;

static inline PnatMoment
pnat_moment_now(void)
{
  return (PnatMoment){ pnat_real_ms(), pnat_uptime_ms() };
}

/* @returns ms since 1970 by the clock as it is now, of a moment of this boot */
static inline gint64
pnat_moment_real(const PnatMoment *moment)
{
  return pnat_real_ms() - (pnat_uptime_ms() - moment->uptime);
}

G_END_DECLS
