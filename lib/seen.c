/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See seen.h.
 */
#include "seen.h"

#include <string.h>

/* Further below than this is no late event: the host counts anew. */
#define OTHER_COUNT (1u << 24)

static void
start_over(PnatSeen *seen, guint64 serial)
{
  memset(seen->bits, 0, sizeof seen->bits);
  seen->newest = serial;
}

static void
forget_between(PnatSeen *seen, guint64 serial)
{
  if (serial - seen->newest >= PNAT_SEEN_WINDOW) {
    memset(seen->bits, 0, sizeof seen->bits);
    return;
  }
  for (guint64 at = seen->newest + 1; at <= serial; at++)
    seen->bits[at % PNAT_SEEN_WINDOW / 64] &= ~(1ull << (at % 64));
}

gboolean
pnat_seen_add(PnatSeen *seen, guint64 serial, gint64 time)
{
  if (seen->newest == 0 || serial + OTHER_COUNT < seen->newest) {
    start_over(seen, serial);
  } else if (serial > seen->newest) {
    forget_between(seen, serial);
    seen->newest = serial;
  } else if (seen->newest - serial >= PNAT_SEEN_WINDOW) {
    return FALSE;
  }
  guint64 *word = &seen->bits[serial % PNAT_SEEN_WINDOW / 64];
  guint64 bit = 1ull << (serial % 64);
  if ((*word & bit) != 0)
    return FALSE;
  *word |= bit;
  seen->time = MAX(seen->time, time);
  return TRUE;
}

void
pnat_seen_codec(PnatSeen *seen, PnatCodec *codec)
{
  pnat_codec_u64(codec, &seen->newest);
  pnat_codec_i64(codec, &seen->time);
  for (guint i = 0; i < G_N_ELEMENTS(seen->bits); i++)
    pnat_codec_u64(codec, &seen->bits[i]);
}
