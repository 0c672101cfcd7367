/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * --read: the plugin's engine over stored audit logs. The newest event time is the clock, records go
 * to standard output, and nothing live is asked.
 */
#pragma once

#include <glib.h>

#include "lib/config.h"
#include "lib/format.h"

G_BEGIN_DECLS

/**
 * Reads @files and prints records. Files are read in the order of pnat_source_time(), whatever order they are named in, so that
 * "audit.log*" works; "-" is standard input, and then the order is as given. gzip is unpacked, see source.h.
 * What several of them have counts once, see lib/doubles.h.
 *
 * @files: NULL-terminated, at least one
 * @returns exit status: 0, EX_NOINPUT when a file can not be read, EX_DATAERR when there is no audit record in them, EX_IOERR when
 *   standard output can not be written
 */
int pnat_stored_read(char *const *files, const PnatConfig *config, const PnatFormat *format);

G_END_DECLS
