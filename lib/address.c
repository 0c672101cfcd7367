/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses: from the kernel's struct sockaddr and audit's hex dump of one, to text, and into prefixes.
 */
#include "address.h"

#include "error.h"
#include "hash.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <string.h>

/* The kernel's own least lengths: IPv4 without its padding; SIN6_LEN_RFC2133, IPv6 without its scope id. */
#define INET_LEAST 8
#define INET6_LEAST 24

static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void
pnat_address_set(PnatAddress *address, int family, const void *bytes, guint16 port)
{
  const guint8 *from = bytes;
  gboolean is_mapped = family == AF_INET6 && memcmp(from, mapped, sizeof mapped) == 0;

  memset(address, 0, sizeof *address);
  address->port = port;
  if (family == AF_INET || is_mapped) {
    address->family = PNAT_FAMILY_IPV4;
    memcpy(address->bytes, is_mapped ? from + sizeof mapped : from, 4);
  } else {
    address->family = PNAT_FAMILY_IPV6;
    memcpy(address->bytes, from, 16);
  }
}

static int
hex_digits(guint8 *bytes, gsize room, const char *hex)
{
  gsize length = 0;

  for (; hex[0] != '\0'; hex += 2, length++) {
    int high = g_ascii_xdigit_value(hex[0]);
    int low = high < 0 ? -1 : g_ascii_xdigit_value(hex[1]);

    if (low < 0 || length == G_MAXINT)
      return -1;
    if (length < room)
      bytes[length] = (guint8)(high << 4 | low);
  }
  return (int)length;
}

/* sa_family is in the byte order of the node that wrote it, which need not be ours; no family is above 255. */
static int
family_of(const guint8 *bytes)
{
  return bytes[0] == 0 ? bytes[1] : bytes[1] == 0 ? bytes[0] : -1;
}

PnatSaddr
pnat_address_from_saddr(PnatAddress *address, const char *hex)
{
  guint8 bytes[INET6_LEAST];
  int length, family;
  guint16 port;

  memset(address, 0, sizeof *address);
  if (hex == NULL)
    return PNAT_SADDR_NONE;
  length = hex_digits(bytes, sizeof bytes, hex);
  if (length < 2)
    return PNAT_SADDR_BAD;
  family = family_of(bytes);
  if (family == AF_UNSPEC)
    return PNAT_SADDR_UNSPEC;
  if (family != AF_INET && family != AF_INET6)
    return PNAT_SADDR_OTHER;
  if (length < (family == AF_INET ? INET_LEAST : INET6_LEAST))
    return PNAT_SADDR_BAD;
  /* Both structures have the port at 2; the address is at 4, and behind sin6_flowinfo at 8. */
  port = (guint16)(bytes[2] << 8 | bytes[3]);
  pnat_address_set(address, family, family == AF_INET ? bytes + 4 : bytes + 8, port);
  return PNAT_SADDR_INET;
}

gboolean
pnat_address_from_sockaddr(PnatAddress *address, const struct sockaddr *sockaddr)
{
  /* Copied, because a struct sockaddr need not be aligned as the longer ones are. */
  if (sockaddr->sa_family == AF_INET) {
    struct sockaddr_in in;

    memcpy(&in, sockaddr, sizeof in);
    pnat_address_set(address, AF_INET, &in.sin_addr, ntohs(in.sin_port));
    return TRUE;
  }
  if (sockaddr->sa_family == AF_INET6) {
    struct sockaddr_in6 in6;

    memcpy(&in6, sockaddr, sizeof in6);
    pnat_address_set(address, AF_INET6, &in6.sin6_addr, ntohs(in6.sin6_port));
    return TRUE;
  }
  memset(address, 0, sizeof *address);
  return FALSE;
}

const char *
pnat_address_text(const PnatAddress *address, char text[PNAT_ADDRESS_TEXT])
{
  if (address->family == PNAT_FAMILY_NONE
      || inet_ntop(address->family == PNAT_FAMILY_IPV4 ? AF_INET : AF_INET6, address->bytes, text, PNAT_ADDRESS_TEXT) == NULL)
    strcpy(text, "-");
  return text;
}

gboolean
pnat_address_same_host(const PnatAddress *a, const PnatAddress *b)
{
  return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

gboolean
pnat_address_equal(const PnatAddress *a, const PnatAddress *b)
{
  return a->port == b->port && pnat_address_same_host(a, b);
}

/* Multilinear hashing with secret keys (Lemire and Kaser, "Strongly universal string hashing is fast", 2013): whoever is
   watched chooses the addresses, and must not be able to choose them so that they collide. */
guint
pnat_address_hash(const PnatAddress *address)
{
  static guint64 keys[6];
  guint32 words[5];
  guint64 sum;

  if (keys[0] == 0)
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
      keys[i] = ((guint64)g_random_int() << 32 | g_random_int()) | 1;
  memcpy(words, address->bytes, sizeof address->bytes);
  words[4] = (guint32)address->port << 8 | address->family;
  sum = keys[5];
  for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
    sum += keys[i] * words[i];
  return pnat_hash_scatter(sum);
}

/* Not g_inet_address_mask_new_from_string(): it takes signs and blanks, and warns on stderr of /129. */
static GInetAddressMask *
parse_mask(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "/", 2);
  /* No scope: GInetAddress would resolve it, and a mask has none. */
  g_autoptr(GInetAddress) base = text[strspn(text, "0123456789abcdefABCDEF.:/")] == '\0' && parts[0] != NULL
                                     ? g_inet_address_new_from_string(parts[0])
                                     : NULL;
  guint64 bits, length;

  if (base == NULL)
    return NULL;
  bits = length = 8 * g_inet_address_get_native_size(base);
  if (parts[1] != NULL && !g_ascii_string_to_unsigned(parts[1], 10, 0, bits, &length, NULL))
    return NULL;
  return g_inet_address_mask_new(base, (guint)length, NULL);
}

gboolean
pnat_prefix_parse(PnatPrefix *prefix, const char *text, GError **error)
{
  g_autoptr(GInetAddressMask) mask = parse_mask(text);
  GInetAddress *base;
  gboolean is_ipv4;
  PnatAddress address;
  guint length;

  if (mask == NULL) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_CONFIG, "not an address, nor ADDRESS/BITS with no bit set beyond BITS");
    return FALSE;
  }
  base = g_inet_address_mask_get_address(mask);
  length = g_inet_address_mask_get_length(mask);
  is_ipv4 = g_inet_address_get_family(base) == G_SOCKET_FAMILY_IPV4;
  pnat_address_set(&address, is_ipv4 ? AF_INET : AF_INET6, g_inet_address_to_bytes(base), 0);
  if (address.family == PNAT_FAMILY_IPV4 && !is_ipv4) {
    /* A base that is mapped has ffff set, and no bit beyond the length: it is at least 96. */
    length -= 8 * sizeof mapped;
  }
  memcpy(prefix->bytes, address.bytes, sizeof prefix->bytes);
  prefix->family = address.family;
  prefix->length = (guint8)length;
  return TRUE;
}

gboolean
pnat_prefix_contains(const PnatPrefix *prefix, const PnatAddress *address)
{
  guint whole = prefix->length / 8;
  guint rest = prefix->length % 8;

  if (prefix->family != address->family || memcmp(prefix->bytes, address->bytes, whole) != 0)
    return FALSE;
  return rest == 0 || (prefix->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
