/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/address: what a saddr= field means, one spelling for a peer, and what a prefix holds.
 */
#include "lib/address.h"

#include "lib/error.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static const struct {
  const char *what;
  const char *hex;
  PnatSaddr result;
  const char *ip;
  guint16 port;
} saddrs[] = {
  { "no field", NULL, PNAT_SADDR_NONE, "-", 0 },
  { "IPv4", "020001BBCB0071090000000000000000", PNAT_SADDR_INET, "203.0.113.9", 443 },
  { "IPv4, lower case", "020001bbcb0071090000000000000000", PNAT_SADDR_INET, "203.0.113.9", 443 },
  { "IPv4 cut to 8 bytes", "020001BBCB007109", PNAT_SADDR_INET, "203.0.113.9", 443 },
  { "IPv4 of a big-endian node", "000201BBCB0071090000000000000000", PNAT_SADDR_INET, "203.0.113.9", 443 },
  { "IPv4 with a longer buffer than it needs", "02000035080808080000000000000000FFFFFFFFFFFFFFFFFFFFFFFFFFFF", PNAT_SADDR_INET,
    "8.8.8.8", 53 },
  { "IPv4 without a port", "02000000CB0071090000000000000000", PNAT_SADDR_INET, "203.0.113.9", 0 },
  { "IPv6", "0A0001BB0000000020010DB800000000000000000000000100000000", PNAT_SADDR_INET, "2001:db8::1", 443 },
  { "IPv6 of a big-endian node", "000A01BB0000000020010DB800000000000000000000000100000000", PNAT_SADDR_INET, "2001:db8::1",
    443 },
  { "IPv6 cut to 24 bytes", "0A0001BB0000000020010DB8000000000000000000000001", PNAT_SADDR_INET, "2001:db8::1", 443 },
  { "IPv6 with flow label and scope", "0A00005012345678FE80000000000000000000000000000102000000", PNAT_SADDR_INET, "fe80::1",
    80 },
  { "IPv4-mapped IPv6", "0A0001BB0000000000000000000000000000FFFFCB00710900000000", PNAT_SADDR_INET, "203.0.113.9", 443 },
  { "IPv4-compatible IPv6 is IPv6", "0A0001BB00000000000000000000000000000000CB00710900000000", PNAT_SADDR_INET, "::203.0.113.9",
    443 },
  { "AF_UNSPEC", "00000000000000000000000000000000", PNAT_SADDR_UNSPEC, "-", 0 },
  { "AF_UNSPEC, the family alone", "0000", PNAT_SADDR_UNSPEC, "-", 0 },
  { "AF_UNIX", "01002F72756E2F6E7363642F736F636B657400", PNAT_SADDR_OTHER, "-", 0 },
  { "AF_NETLINK", "100000000000000000000000", PNAT_SADDR_OTHER, "-", 0 },
  { "no family has two bytes", "0202000035080808", PNAT_SADDR_OTHER, "-", 0 },
  { "IPv4 cut to 7 bytes", "020001BBCB0071", PNAT_SADDR_BAD, "-", 0 },
  { "IPv6 cut to 23 bytes", "0A0001BB0000000020010DB80000000000000000000000", PNAT_SADDR_BAD, "-", 0 },
  { "the family alone", "0200", PNAT_SADDR_BAD, "-", 0 },
  { "one byte", "02", PNAT_SADDR_BAD, "-", 0 },
  { "one byte of zero", "00", PNAT_SADDR_BAD, "-", 0 },
  { "nothing", "", PNAT_SADDR_BAD, "-", 0 },
  { "odd digits", "020001BBCB0071090", PNAT_SADDR_BAD, "-", 0 },
  { "a digit that is none", "020001BBCB00710G", PNAT_SADDR_BAD, "-", 0 },
  { "a digit that is none beyond the address", "020001BBCB007109000000000000000000000000000000000000000000zz", PNAT_SADDR_BAD,
    "-", 0 },
  { "a sign", "02-101BBCB007109", PNAT_SADDR_BAD, "-", 0 },
  { "text", "(null)", PNAT_SADDR_BAD, "-", 0 },
};

START_TEST(saddr_field_is_understood)
{
  PnatAddress address;
  char text[PNAT_ADDRESS_TEXT];

  memset(&address, 0xff, sizeof address);
  ck_assert_msg(pnat_address_from_saddr(&address, saddrs[_i].hex) == saddrs[_i].result, "%s", saddrs[_i].what);
  ck_assert_str_eq(pnat_address_text(&address, text), saddrs[_i].ip);
  ck_assert_msg(address.port == saddrs[_i].port, "%s: port %u", saddrs[_i].what, address.port);
}
END_TEST

static PnatAddress
address_of(const char *text, guint16 port)
{
  PnatAddress address = { 0 };
  guint8 bytes[16];
  int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

  ck_assert_int_eq(inet_pton(family, text, bytes), 1);
  pnat_address_set(&address, family, bytes, port);
  return address;
}

START_TEST(sockaddr_of_the_kernel_is_taken_over)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
  PnatAddress address, expected = address_of("203.0.113.9", 443);

  inet_pton(AF_INET, "203.0.113.9", &in.sin_addr);
  ck_assert(pnat_address_from_sockaddr(&address, (struct sockaddr *)&in));
  ck_assert(pnat_address_equal(&address, &expected));
  inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr);
  ck_assert(pnat_address_from_sockaddr(&address, (struct sockaddr *)&in6));
  expected = address_of("2001:db8::1", 53);
  ck_assert(pnat_address_equal(&address, &expected));
}
END_TEST

START_TEST(sockaddr_of_another_family_is_none)
{
  struct sockaddr other = { .sa_family = AF_UNIX };
  PnatAddress address = address_of("203.0.113.9", 443);

  ck_assert(!pnat_address_from_sockaddr(&address, &other));
  ck_assert_int_eq(address.family, PNAT_FAMILY_NONE);
  ck_assert_int_eq(address.port, 0);
}
END_TEST

START_TEST(mapped_address_equals_its_ipv4)
{
  PnatAddress plain = address_of("203.0.113.9", 443), mapped = address_of("::ffff:203.0.113.9", 443);

  ck_assert(pnat_address_equal(&plain, &mapped));
  ck_assert_uint_eq(pnat_address_hash(&plain), pnat_address_hash(&mapped));
}
END_TEST

START_TEST(same_host_ignores_the_port_and_equal_does_not)
{
  PnatAddress a = address_of("203.0.113.9", 443), b = address_of("203.0.113.9", 80), c = address_of("203.0.113.8", 443);

  ck_assert(pnat_address_same_host(&a, &b));
  ck_assert(!pnat_address_equal(&a, &b));
  ck_assert(!pnat_address_same_host(&a, &c));
  ck_assert(!pnat_address_equal(&a, &c));
}
END_TEST

START_TEST(ipv4_and_ipv6_of_the_same_bytes_differ)
{
  PnatAddress v4 = address_of("32.1.13.184", 0), v6 = address_of("2001:db8::", 0);

  ck_assert_mem_eq(v4.bytes, v6.bytes, sizeof v4.bytes);
  ck_assert(!pnat_address_same_host(&v4, &v6));
  ck_assert_uint_ne(pnat_address_hash(&v4), pnat_address_hash(&v6));
}
END_TEST

/* Sixteen bits of hash for 65536 neighbours: a good hash leaves about 63 % of the places taken, a bad one far less. */
START_TEST(hash_spreads_neighbours)
{
  static gboolean taken[65536];
  guint places = 0;

  for (guint i = 0; i < 65536; i++) {
    guint8 bytes[4] = { 10, 0, (guint8)(i >> 8), (guint8)i };
    PnatAddress address;
    guint place;

    pnat_address_set(&address, AF_INET, bytes, 443);
    place = pnat_address_hash(&address) & 65535;
    places += !taken[place];
    taken[place] = TRUE;
  }
  ck_assert_uint_gt(places, 40000);
}
END_TEST

static const struct {
  const char *prefix;
  const char *ip;
  gboolean contains;
} prefixes[] = {
  { "203.0.113.0/24", "203.0.113.0", TRUE },
  { "203.0.113.0/24", "203.0.113.255", TRUE },
  { "203.0.113.0/24", "203.0.114.0", FALSE },
  { "203.0.112.0/23", "203.0.113.1", TRUE },
  { "203.0.112.0/23", "203.0.114.1", FALSE },
  { "203.0.113.128/25", "203.0.113.128", TRUE },
  { "203.0.113.128/25", "203.0.113.127", FALSE },
  { "203.0.113.9", "203.0.113.9", TRUE },
  { "203.0.113.9", "203.0.113.8", FALSE },
  { "203.0.113.9/32", "203.0.113.9", TRUE },
  { "0.0.0.0/0", "203.0.113.9", TRUE },
  { "0.0.0.0/0", "2001:db8::1", FALSE },
  { "::/0", "2001:db8::1", TRUE },
  { "::/0", "::ffff:203.0.113.9", FALSE }, /* it is an IPv4 address */
  { "::1/128", "::1", TRUE },
  { "::1", "::2", FALSE },
  { "2001:DB8::/32", "2001:db8:ffff::1", TRUE },
  { "2001:db8::/33", "2001:db8:8000::1", FALSE },
  { "::ffff:10.0.0.0/104", "10.1.2.3", TRUE },
  { "::ffff:10.0.0.0/104", "11.1.2.3", FALSE },
  { "::ffff:10.0.0.1", "10.0.0.1", TRUE },
  { "::ffff:0.0.0.0/96", "203.0.113.9", TRUE },
};

START_TEST(prefix_holds_what_begins_with_it)
{
  PnatAddress address = address_of(prefixes[_i].ip, 443);
  g_autoptr(GError) error = NULL;
  PnatPrefix prefix;

  ck_assert(pnat_prefix_parse(&prefix, prefixes[_i].prefix, &error));
  ck_assert_msg(pnat_prefix_contains(&prefix, &address) == prefixes[_i].contains, "%s %s", prefixes[_i].prefix, prefixes[_i].ip);
}
END_TEST

START_TEST(prefix_holds_no_unknown_address)
{
  PnatAddress none = { 0 };
  PnatPrefix prefix;

  ck_assert(pnat_prefix_parse(&prefix, "0.0.0.0/0", NULL));
  ck_assert(!pnat_prefix_contains(&prefix, &none));
}
END_TEST

static const char *const bad_prefixes[] = {
  "",
  "x",
  "example.org",
  "203.0.113.9/33",
  "203.0.113.0/",
  "203.0.113.0/-1",
  "203.0.113.0/+8",
  "203.0.113.0/ 8",
  "203.0.113.0/8x",
  "203.0.113.9/24",
  "203.0.113",
  "203.0.113.256",
  "::1/129",
  "fe80::1%lo",
  "/8",
  "203.0.113.0//24",
  "203.0.113.0/24/24",
  "203.0.113.0/99999999999999999999",
  "203.0.113.0/4294967304",
  "[::1]",
};

START_TEST(what_is_no_prefix_is_refused)
{
  g_autoptr(GError) error = NULL;
  PnatPrefix prefix;

  ck_assert_msg(!pnat_prefix_parse(&prefix, bad_prefixes[_i], &error), "%s", bad_prefixes[_i]);
  ck_assert(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_CONFIG));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("address");
  TCase *tcase = tcase_create("address");

  tcase_add_loop_test(tcase, saddr_field_is_understood, 0, G_N_ELEMENTS(saddrs));
  tcase_add_test(tcase, sockaddr_of_the_kernel_is_taken_over);
  tcase_add_test(tcase, sockaddr_of_another_family_is_none);
  tcase_add_test(tcase, mapped_address_equals_its_ipv4);
  tcase_add_test(tcase, same_host_ignores_the_port_and_equal_does_not);
  tcase_add_test(tcase, ipv4_and_ipv6_of_the_same_bytes_differ);
  tcase_add_test(tcase, hash_spreads_neighbours);
  tcase_add_loop_test(tcase, prefix_holds_what_begins_with_it, 0, G_N_ELEMENTS(prefixes));
  tcase_add_test(tcase, prefix_holds_no_unknown_address);
  tcase_add_loop_test(tcase, what_is_no_prefix_is_refused, 0, G_N_ELEMENTS(bad_prefixes));
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
