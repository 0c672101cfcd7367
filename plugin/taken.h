/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What waited when the state was saved, and has been delivered since: after a crash the log tells. A sink delivers in order, so that what
 * is older than a record in the log was delivered too, or dropped, which the log says; and what was missing is told before the next record.
 */
#pragma once

#include "backlog.h"

G_BEGIN_DECLS

typedef struct {
  PnatBacklog *backlog;
  GHashTable *numbers; /* payload to its number in the backlog, from 1 */
  guint taken;         /* number of the newest that is in the log */
  gboolean told;       /* what was missing */
} PnatTaken;

/* @backlog: outlives the result. @returns what pnat_taken_settle() ends */
PnatTaken pnat_taken_begin(PnatBacklog *backlog);

/* A line of the log, without its newline; a PnatWrittenLineFunc. @taken: PnatTaken */
void pnat_taken_line(const char *line, gsize length, gpointer taken);

/* Removes from the backlog what has been delivered. */
void pnat_taken_settle(PnatTaken *taken);

G_END_DECLS
