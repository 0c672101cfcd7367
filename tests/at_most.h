/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long something may take in a test that says it does not wait. Under valgrind all is slow: memcheck.sh sets PNAT_SLOWNESS, a factor.
 */
#pragma once

#include <glib.h>

/* µs; @ms milliseconds on a machine that does little else. */
static inline gint64
at_most(gint64 ms)
{
  const char *factor = g_getenv("PNAT_SLOWNESS");
  return ms * G_TIME_SPAN_MILLISECOND * (factor != NULL ? CLAMP(g_ascii_strtoll(factor, NULL, 10), 1, 100) : 1);
}
