/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events that several stored logs have: a rotated log and its packed copy, exports of times that overlap. PnatSeen goes by numbers alone
 * and tells what comes late from what comes twice by a window; logs that are read one after the other may be of any hosts and boots, and
 * so events are known here by all of their id, node, time and number, and by their kind and whether they have an address: one that a file's
 * end cuts off is not the whole one. What is taken for a double is one.
 *
 * Of the newest two million events or so each is remembered, in 32 MiB; past that more and more are forgotten, and count twice.
 */
#pragma once

#include "event.h"

G_BEGIN_DECLS

typedef struct PnatDoubles PnatDoubles;

/* @returns (transfer full) */
PnatDoubles *pnat_doubles_new(void);
void pnat_doubles_free(PnatDoubles *doubles);

/* @returns TRUE for an event that came before; else it is remembered */
gboolean pnat_doubles_is_double(PnatDoubles *doubles, const PnatEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatDoubles, pnat_doubles_free)

G_END_DECLS
