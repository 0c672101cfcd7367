/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sockets, or peers, of connections that nobody follows (any more): what is told of them is nobody's.
 *
 * A bounded set of numbers: the one added longest ago is forgotten first. 0 stands for no number, and is never in it.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers that are kept. */
#define PNAT_STRANGERS 32768

typedef struct PnatStrangers PnatStrangers;

/* @returns (transfer full) */
PnatStrangers *pnat_strangers_new(void);
void pnat_strangers_free(PnatStrangers *strangers);

/* Again, too: but it counts as added anew only if PNAT_STRANGERS / 2 others were added since. */
void pnat_strangers_add(PnatStrangers *strangers, guint64 number);

gboolean pnat_strangers_has(const PnatStrangers *strangers, guint64 number);

/* Takes it out. @returns whether it was in */
gboolean pnat_strangers_take(PnatStrangers *strangers, guint64 number);

G_END_DECLS
