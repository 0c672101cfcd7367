/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/community_id: the vectors of the specification (its baseline/README.md and baseline_deflt.json) and of its reference
 * implementation (pycommunityid, tests/communityid_test.py), seed 0.
 */
#include "lib/community_id.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

typedef struct {
  const char *ip;
  guint16 port;
} End;

static const struct {
  guint8 proto;
  End a;
  End b;
  const char *id;
} vectors[] = {
  { IPPROTO_TCP, { "1.2.3.4", 1122 }, { "5.6.7.8", 3344 }, "1:wCb3OG7yAFWelaUydu0D+125CLM=" },
  { IPPROTO_UDP, { "1.2.3.4", 1122 }, { "5.6.7.8", 3344 }, "1:0Mu9InQx6z4ZiCZM/7HXi2WMhOg=" },
  { IPPROTO_SCTP, { "1.2.3.4", 1122 }, { "5.6.7.8", 3344 }, "1:EKt4MsxuyaE6mL+hmrEkQ9csDD8=" },
  { IPPROTO_TCP,
    { "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943 },
    { "2607:f8b0:400c:c03::1a", 25 },
    "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
  { IPPROTO_SCTP, { "192.168.170.8", 7 }, { "192.168.170.56", 7 }, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=" },
  { IPPROTO_TCP, { "128.232.110.120", 34855 }, { "66.35.250.204", 80 }, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
  { IPPROTO_UDP, { "192.168.1.52", 54585 }, { "8.8.8.8", 53 }, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=" },
  { IPPROTO_SCTP, { "192.168.170.8", 7 }, { "192.168.170.56", 80 }, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=" },
  { IPPROTO_TCP, { "10.0.0.1", 10 }, { "10.0.0.2", 11569 }, "1:SXBGMX1lBOwhhoDrZynfROxnhnM=" },
};

static PnatAddress
address(const End *end)
{
  int family = strchr(end->ip, ':') != NULL ? AF_INET6 : AF_INET;
  guint8 bytes[16];
  PnatAddress result;

  ck_assert_int_eq(inet_pton(family, end->ip, bytes), 1);
  pnat_address_set(&result, family, bytes, end->port);
  return result;
}

START_TEST(id_is_that_of_the_specification_from_either_end)
{
  PnatAddress a = address(&vectors[_i].a), b = address(&vectors[_i].b);
  char text[PNAT_COMMUNITY_ID_TEXT];

  ck_assert(pnat_community_id(text, vectors[_i].proto, &a, &b));
  ck_assert_str_eq(text, vectors[_i].id);
  ck_assert(pnat_community_id(text, vectors[_i].proto, &b, &a));
  ck_assert_str_eq(text, vectors[_i].id);
}
END_TEST

START_TEST(ports_decide_the_order_where_the_addresses_are_the_same)
{
  PnatAddress a = address(&(End){ "127.0.0.1", 255 }), b = address(&(End){ "127.0.0.1", 256 });
  char one[PNAT_COMMUNITY_ID_TEXT], other[PNAT_COMMUNITY_ID_TEXT];

  ck_assert(pnat_community_id(one, IPPROTO_TCP, &a, &b));
  ck_assert(pnat_community_id(other, IPPROTO_TCP, &b, &a));
  ck_assert_str_eq(one, other);
}
END_TEST

START_TEST(mapped_address_has_the_id_of_the_ipv4_on_the_wire)
{
  PnatAddress a = address(&(End){ "::ffff:1.2.3.4", 1122 }), b = address(&(End){ "5.6.7.8", 3344 });
  char text[PNAT_COMMUNITY_ID_TEXT];

  ck_assert(pnat_community_id(text, IPPROTO_TCP, &a, &b));
  ck_assert_str_eq(text, "1:wCb3OG7yAFWelaUydu0D+125CLM=");
}
END_TEST

static const struct {
  const char *what;
  guint8 proto;
  End a;
  End b;
} incomplete[] = {
  { "no protocol", 0, { "1.2.3.4", 1122 }, { "5.6.7.8", 3344 } },
  { "a protocol that may have no ports", 46, { "1.2.3.4", 1122 }, { "5.6.7.8", 3344 } },
  { "ICMP", IPPROTO_ICMP, { "1.2.3.4", 8 }, { "5.6.7.8", 1 } },
  { "no port there", IPPROTO_TCP, { "1.2.3.4", 1122 }, { "5.6.7.8", 0 } },
  { "no port here", IPPROTO_TCP, { "1.2.3.4", 0 }, { "5.6.7.8", 3344 } },
  { "any IPv4 address", IPPROTO_UDP, { "0.0.0.0", 1122 }, { "5.6.7.8", 3344 } },
  { "any IPv6 address", IPPROTO_UDP, { "2001:db8::1", 1122 }, { "::", 3344 } },
  { "two families", IPPROTO_TCP, { "1.2.3.4", 1122 }, { "2001:db8::1", 3344 } },
};

START_TEST(what_is_not_known_for_sure_has_no_id)
{
  PnatAddress a = address(&incomplete[_i].a), b = address(&incomplete[_i].b);
  char text[PNAT_COMMUNITY_ID_TEXT] = "stale";

  ck_assert_msg(!pnat_community_id(text, incomplete[_i].proto, &a, &b), "%s", incomplete[_i].what);
  ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(no_address_has_no_id)
{
  PnatAddress a = address(&(End){ "1.2.3.4", 1122 }), none = { .port = 3344 };
  char text[PNAT_COMMUNITY_ID_TEXT];

  ck_assert(!pnat_community_id(text, IPPROTO_TCP, &a, &none));
  ck_assert(!pnat_community_id(text, IPPROTO_TCP, &none, &a));
  ck_assert(!pnat_community_id(text, IPPROTO_TCP, &none, &none));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("community_id");
  TCase *tcase = tcase_create("community_id");

  tcase_add_loop_test(tcase, id_is_that_of_the_specification_from_either_end, 0, G_N_ELEMENTS(vectors));
  tcase_add_test(tcase, ports_decide_the_order_where_the_addresses_are_the_same);
  tcase_add_test(tcase, mapped_address_has_the_id_of_the_ipv4_on_the_wire);
  tcase_add_loop_test(tcase, what_is_not_known_for_sure_has_no_id, 0, G_N_ELEMENTS(incomplete));
  tcase_add_test(tcase, no_address_has_no_id);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
