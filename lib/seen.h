/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which events of this host were handled: by number, for the newest 65,536, so that an event that comes twice, from the stored
 * log and live, counts once.
 */
#pragma once

#include "codec.h"

G_BEGIN_DECLS

#define PNAT_SEEN_WINDOW 65536

/* Zero-initialised: none was. */
typedef struct {
  guint64 newest; /* highest number; 0 = none */
  gint64 time;    /* ms since 1970: the newest time of any */
  guint64 bits[PNAT_SEEN_WINDOW / 64];
} PnatSeen;

/**
 * @serial: the event's number
 * @time: ms since 1970
 * @returns TRUE when it was not seen before; a number below the window counts as seen, one far below as a new count
 */
gboolean pnat_seen_add(PnatSeen *seen, guint64 serial, gint64 time);

/* Writes or reads it. */
void pnat_seen_codec(PnatSeen *seen, PnatCodec *codec);

G_END_DECLS
