/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An IPv4 or IPv6 transport address as a small value, and prefixes of addresses.
 *
 * The invariant: an IPv4-mapped IPv6 address (::ffff:a.b.c.d, RFC 4291 2.5.5.2) is
 * stored as IPv4, so that one peer has one spelling whatever socket was used.
 */
#pragma once

#include <glib.h>
#include <netinet/in.h>

G_BEGIN_DECLS

typedef enum {
  PNAT_FAMILY_NONE = 0, /* no address is known */
  PNAT_FAMILY_IPV4 = 4,
  PNAT_FAMILY_IPV6 = 6,
} PnatFamily;

typedef struct {
  guint8 bytes[16]; /* network order; IPv4 in the first four, the rest zero */
  guint16 port;     /* host order; 0 = not known */
  guint8 family;    /* PnatFamily */
} PnatAddress;

/* What a hexadecimal saddr= field turned out to hold. */
typedef enum {
  PNAT_SADDR_NONE,   /* no address in the record */
  PNAT_SADDR_INET,   /* IPv4 or IPv6 */
  PNAT_SADDR_UNSPEC, /* AF_UNSPEC: a connect with it dissolves a datagram socket's association, connect(2) */
  PNAT_SADDR_OTHER,  /* another family: AF_UNIX, AF_NETLINK, ... */
  PNAT_SADDR_BAD,    /* not a struct sockaddr: odd or non-hex digits, or too short for its family */
} PnatSaddr;

/* Room for the text of any address, and its NUL. */
#define PNAT_ADDRESS_TEXT INET6_ADDRSTRLEN

/**
 * Decodes the saddr= field of a SOCKADDR record: the hex dump of the struct sockaddr
 * the caller passed, as long as the caller said it was (audit_log_n_hex, kernel/auditsc.c).
 * An IPv4 address is taken from 8 bytes on, an IPv6 address from 24 on: auditd 4.2.0 cuts the tail.
 *
 * @hex: the digits, NUL-terminated
 * @address: (out) the address for PNAT_SADDR_INET, else set to "none"
 */
PnatSaddr pnat_address_from_saddr(PnatAddress *address, const char *hex);

/**
 * Takes over a socket address from the kernel.
 *
 * @returns FALSE, with @address set to "none", when it is neither AF_INET nor AF_INET6
 */
gboolean pnat_address_from_sockaddr(PnatAddress *address, const struct sockaddr *sockaddr);

/**
 * Sets family and bytes from raw network-order bytes (4 or 16 of them), unmapping IPv4-mapped IPv6.
 *
 * @family: AF_INET or AF_INET6
 * @port: host order
 */
void pnat_address_set(PnatAddress *address, int family, const void *bytes, guint16 port);

/**
 * Writes the address without its port, as inet_ntop(3) does; "-" for none.
 *
 * @returns @text
 */
const char *pnat_address_text(const PnatAddress *address, char text[PNAT_ADDRESS_TEXT]);

/* The same host: family and bytes; the port does not count. */
gboolean pnat_address_same_host(const PnatAddress *a, const PnatAddress *b);

gboolean pnat_address_equal(const PnatAddress *a, const PnatAddress *b);

guint pnat_address_hash(const PnatAddress *address);

/* A CIDR prefix; its bytes beyond length are zero. */
typedef struct {
  guint8 bytes[16];
  guint8 family; /* PnatFamily */
  guint8 length; /* bits */
} PnatPrefix;

/**
 * Parses "203.0.113.0/24", "::1/128" or a lone address (GInetAddressMask does it).
 *
 * @returns FALSE and @error (PNAT_ERROR_CONFIG) when it is none
 */
gboolean pnat_prefix_parse(PnatPrefix *prefix, const char *text, GError **error);

gboolean pnat_prefix_contains(const PnatPrefix *prefix, const PnatAddress *address);

G_END_DECLS
