/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A stored audit log: a file or standard input, packed by gzip or not, and about when its first lines were written.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatSource PnatSource;

/**
 * @name: of a file, whatever it looks like, or "-" for standard input; outlives the source
 * @returns (transfer full) (nullable) NULL and @error when it can not be opened
 */
PnatSource *pnat_source_open(const char *name, GError **error);
void pnat_source_free(PnatSource *source);

const char *pnat_source_name(const PnatSource *source);

/* Whether both are one file, by whatever names. */
gboolean pnat_source_is_same(const PnatSource *one, const PnatSource *other);

/**
 * Looks into what has not been read yet. Events are stamped when their calls begin, hours before they are logged for some that wait, and a
 * stamp may be wrong altogether: it is the stamp of one of the first events that nearly all of them are not later than.
 *
 * @returns ms since 1970 at which its first events were logged, roughly; G_MAXINT64 = there is none, or it can not be read
 */
gint64 pnat_source_time(PnatSource *source);

/**
 * Reads on, unpacked: all members, if it is of several (gzip >>, cat a.gz b.gz).
 *
 * @returns bytes read; 0 at the end; -1 and @error when no more of it can be read: what came before is as it was stored
 */
gssize pnat_source_read(PnatSource *source, char *buffer, gsize size, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSource, pnat_source_free)

G_END_DECLS
