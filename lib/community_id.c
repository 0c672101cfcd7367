/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See community_id.h. What is hashed, in network order: seed (2 bytes), the smaller end's address, the other's, protocol,
 * a zero byte, the smaller end's port, the other's.
 */
#include "community_id.h"

#include <string.h>

#define SEED 0
#define SHA1_SIZE 20

static gsize
address_size(const PnatAddress *address)
{
  return address->family == PNAT_FAMILY_IPV4 ? 4 : 16;
}

static gboolean
is_end(const PnatAddress *address)
{
  static const guint8 unspecified[sizeof address->bytes];

  return address->family != PNAT_FAMILY_NONE && address->port != 0
         && memcmp(address->bytes, unspecified, sizeof unspecified) != 0;
}

static gboolean
has_ports(guint8 proto)
{
  return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

static gboolean
is_before(const PnatAddress *a, const PnatAddress *b)
{
  int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

  return order != 0 ? order < 0 : a->port < b->port;
}

static void
add_two_bytes(GChecksum *checksum, guint16 value)
{
  const guint8 bytes[] = { (guint8)(value >> 8), (guint8)value };

  g_checksum_update(checksum, bytes, sizeof bytes);
}

gboolean
pnat_community_id(char text[PNAT_COMMUNITY_ID_TEXT], guint8 proto, const PnatAddress *a, const PnatAddress *b)
{
  g_autoptr(GChecksum) checksum = NULL;
  g_autofree char *base64 = NULL;
  guint8 digest[SHA1_SIZE];
  gsize length = sizeof digest;

  text[0] = '\0';
  if (!has_ports(proto) || !is_end(a) || !is_end(b) || a->family != b->family)
    return FALSE;
  const PnatAddress *first = is_before(b, a) ? b : a;
  const PnatAddress *second = first == a ? b : a;

  checksum = g_checksum_new(G_CHECKSUM_SHA1);
  add_two_bytes(checksum, SEED);
  g_checksum_update(checksum, first->bytes, (gssize)address_size(first));
  g_checksum_update(checksum, second->bytes, (gssize)address_size(second));
  add_two_bytes(checksum, (guint16)(proto << 8));
  add_two_bytes(checksum, first->port);
  add_two_bytes(checksum, second->port);
  g_checksum_get_digest(checksum, digest, &length);
  base64 = g_base64_encode(digest, length);
  g_snprintf(text, PNAT_COMMUNITY_ID_TEXT, "1:%s", base64);
  return TRUE;
}
