/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records that are in the log already: after a crash events are handled again, and what came of them the first time must
 * not be written twice.
 *
 * A record is known again by its kind, host, process, direction, peer and first event; one without an event, of a connection that was there
 * before the plugin, by its start.
 */
#pragma once

#include "record.h"

G_BEGIN_DECLS

typedef struct PnatWritten PnatWritten;

/* @returns (transfer full) */
PnatWritten *pnat_written_new(void);
void pnat_written_free(PnatWritten *written);

/**
 * Takes in a line of the log, in either format; one that is no start or end record is passed over.
 *
 * @line: without its newline; need not be NUL-terminated
 */
void pnat_written_add_line(PnatWritten *written, const char *line, gsize length);

/* Also has @func called for each line that is taken in, whatever it is; it need not be NUL-terminated. */
typedef void (*PnatWrittenLineFunc)(const char *line, gsize length, gpointer data);
void pnat_written_set_line_func(PnatWritten *written, PnatWrittenLineFunc func, gpointer data);

/* Whether a record like @record was written. */
gboolean pnat_written_has(const PnatWritten *written, const PnatRecord *record);

/* The end of the flow that @record is of, ms since 1970, if its end was written; else 0. */
gint64 pnat_written_end(const PnatWritten *written, const PnatRecord *record);

guint pnat_written_size(const PnatWritten *written);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatWritten, pnat_written_free)

G_END_DECLS
