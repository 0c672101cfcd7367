/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sink that writes lines to a file: the complete record.
 *
 * It holds to this: a line is in the file whole or not at all, and once; nobody but root (or whoever runs the plugin) can have
 * written to the file or put another in its place; a file that is moved or deleted under it is made anew.
 */
#pragma once

#include "lib/format.h"
#include "sink.h"

G_BEGIN_DECLS

extern const PnatSinkKind pnat_sink_file;

typedef struct {
  const char *path;
  const char *group; /* name of the group that may read */
  const PnatFormat *format;
} PnatSinkFileOptions;

/**
 * Opens the file, creating it with mode 0640, and its directory with 0750, where they are missing. A FIFO is taken too, and
 * what stands in /dev (/dev/stdout). A full disk, or a FIFO that nobody reads yet, is no error: it is tried again later.
 *
 * @options: copied
 * @returns (transfer full) (nullable) what pnat_sink_new() takes; NULL and @error: PNAT_ERROR_UNSAFE, when others may write to
 * the file or its directory, or it is a symbolic link, or PNAT_ERROR_IO
 */
gpointer pnat_sink_file_new(const PnatSinkFileOptions *options, GError **error);

G_END_DECLS
