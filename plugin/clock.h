/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The two clocks, in ms: events have the time of day; what is waited for is waited for on one that never steps.
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

G_END_DECLS
