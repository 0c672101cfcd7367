/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An audit event under auparse's cursor to a PnatEvent. Ids stay numeric: to interpret them would ask NSS,
 * which can block (see auparse_interpret_field(3)).
 */
#pragma once

#include <auparse.h>

#include "event.h"

G_BEGIN_DECLS

/* Holds the strings of the event decoded last. */
typedef struct PnatDecoder PnatDecoder;

/* @returns (transfer full) */
PnatDecoder *pnat_decoder_new(void);
void pnat_decoder_free(PnatDecoder *decoder);

/**
 * Reads the whole event that @au stands on.
 *
 * @event: (out) its strings are @decoder's and @au's: they live until the next call or auparse's next event
 * @returns FALSE when the event is none that matters; @event is undefined then
 */
gboolean pnat_decoder_read(PnatDecoder *decoder, auparse_state_t *au, PnatEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatDecoder, pnat_decoder_free)

G_END_DECLS
