/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What outputs had not delivered when the state was saved: a list that is part of it, so that records that wait survive the
 * plugin.
 */
#pragma once

#include "backlog.h"

G_BEGIN_DECLS

/* Of one output. */
typedef struct {
  char *output; /* name of the kind of sink */
  char *form;   /* what else the records' bytes depend on, such as the format */
  PnatBacklog backlog;
} PnatKept;

/* @returns (transfer full) an empty list of PnatKept, which frees them */
GPtrArray *pnat_kept_list_new(void);

/* Adds what waits for an output, if anything does, and is missing. @backlog: left empty */
void pnat_kept_list_add(GPtrArray *list, const char *output, const char *form, PnatBacklog *backlog);

/* @returns (transfer none) (nullable) what is kept for the output of that name */
PnatKept *pnat_kept_list_find(const GPtrArray *list, const char *output);

/* Records in the list. */
guint pnat_kept_list_records(const GPtrArray *list);

/* Bytes of their payloads. */
gsize pnat_kept_list_bytes(const GPtrArray *list);

/* Drops records, of the output that has the most bytes and oldest first, until there are no more than @most bytes. */
void pnat_kept_list_bound(GPtrArray *list, gsize most);

/* Writes the list, or reads it into one that is empty. */
void pnat_kept_list_codec(GPtrArray *list, PnatCodec *codec);

G_END_DECLS
