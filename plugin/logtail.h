/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The end of our own log: where it is now, and what was written since then, also when it was rotated in between.
 */
#pragma once

#include "lib/codec.h"
#include "lib/written.h"

G_BEGIN_DECLS

/* A place in a log file. Zero: none. */
typedef struct {
  guint64 device; /* not compared: it may have another number after a reboot */
  guint64 inode;
  guint64 offset; /* bytes */
} PnatLogPlace;

/* The end of @path now; zero when there is no such regular file. */
PnatLogPlace pnat_log_place(const char *path);

void pnat_log_place_codec(PnatLogPlace *place, PnatCodec *codec);

/**
 * Takes the lines written since @place into @written: of the file that was @path then, wherever rotation has moved it in its
 * directory, and of the one that is now. Where the place is not found, the end of the log back to @since is read. Of either not more than the
 * newest 32 MiB.
 *
 * @since: ms since 1970, when @place was the end
 */
void pnat_log_read_since(const char *path, const PnatLogPlace *place, gint64 since, PnatWritten *written);

G_END_DECLS
