/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Community ID, version 1: one name for a connection that Zeek, Suricata, Elastic and others compute alike, whichever end
 * they saw it from (https://github.com/corelight/community-id-spec).
 */
#pragma once

#include "address.h"

G_BEGIN_DECLS

/* "1:", 20 bytes in base64, and the NUL. */
#define PNAT_COMMUNITY_ID_TEXT 31

/**
 * The ID of a TCP, UDP or SCTP connection, with the seed 0 that everyone has unless told otherwise.
 *
 * @text: (out) empty when there is none
 * @proto: IPPROTO_*
 * @a, @b: the two ends, in any order
 * @returns FALSE when it is not known between which two addresses and ports the packets went: a socket that is not bound to
 *   an address (0.0.0.0, ::) does not tell; nor is there an ID for other protocols here
 */
gboolean pnat_community_id(char text[PNAT_COMMUNITY_ID_TEXT], guint8 proto, const PnatAddress *a, const PnatAddress *b);

G_END_DECLS
