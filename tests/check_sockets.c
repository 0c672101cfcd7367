/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/sockets: messages of destroyed sockets, good ones and broken ones. Each is given in a block of its own exact size, so
 * that the address sanitizer sees a read beyond it. What the kernel really says is in check_sockets_live.
 */
#include "plugin/sockets.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "run.h"

#define COOKIE G_GUINT64_CONSTANT(0x100000002)
#define HEAD NLMSG_LENGTH(sizeof(struct inet_diag_msg))

/* A message that grows by its attributes. */
static GByteArray *
message_new(guint8 family, const char *local, guint16 local_port, const char *peer, guint16 peer_port)
{
  GByteArray *message = g_byte_array_new();
  struct nlmsghdr header = { .nlmsg_len = HEAD, .nlmsg_type = SOCK_DIAG_BY_FAMILY };
  struct inet_diag_msg diag = { .idiag_family = family, .idiag_state = 7 };

  ck_assert_int_eq(inet_pton(family, local, diag.id.idiag_src), 1);
  ck_assert_int_eq(inet_pton(family, peer, diag.id.idiag_dst), 1);
  diag.id.idiag_sport = g_htons(local_port);
  diag.id.idiag_dport = g_htons(peer_port);
  diag.id.idiag_cookie[0] = (guint32)COOKIE;
  diag.id.idiag_cookie[1] = (guint32)(COOKIE >> 32);
  g_byte_array_append(message, (const guint8 *)&header, sizeof header);
  g_byte_array_append(message, (const guint8 *)&diag, sizeof diag);
  return message;
}

static struct nlmsghdr *
header_of(GByteArray *message)
{
  return (struct nlmsghdr *)(gpointer)message->data;
}

static void
add_attribute(GByteArray *message, guint16 type, const void *payload, gsize length)
{
  static const guint8 padding[RTA_ALIGNTO];
  struct rtattr head = { .rta_len = (guint16)RTA_LENGTH(length), .rta_type = type };
  g_byte_array_append(message, (const guint8 *)&head, sizeof head);
  g_byte_array_append(message, payload, (guint)length);
  g_byte_array_append(message, padding, (guint)(RTA_ALIGN(length) - length));
  header_of(message)->nlmsg_len = message->len;
}

static void
add_proto(GByteArray *message, guint8 proto)
{
  add_attribute(message, INET_DIAG_PROTOCOL, &proto, 1);
}

static GByteArray *
tcp_message(const struct tcp_info *info)
{
  GByteArray *message = message_new(AF_INET, "192.0.2.1", 40000, "203.0.113.9", 443);
  guint8 shutdown = 3;
  add_attribute(message, INET_DIAG_SHUTDOWN, &shutdown, 1); /* something to skip */
  add_proto(message, IPPROTO_TCP);
  add_attribute(message, INET_DIAG_INFO, info, sizeof *info);
  return message;
}

static gboolean
parse_bytes(const guint8 *bytes, gsize length, PnatSocketEnd *end)
{
  g_autofree guint8 *exact = g_malloc(MAX(length, 1));
  memcpy(exact, bytes, length);
  memset(end, 0xa5, sizeof *end);
  return pnat_sockets_parse(exact, length, end);
}

static gboolean
parse(const GByteArray *message, PnatSocketEnd *end)
{
  return parse_bytes(message->data, message->len, end);
}

static void
assert_address(const PnatAddress *address, const char *text, guint16 port)
{
  char found[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(address, found), text);
  ck_assert_uint_eq(address->port, port);
}

START_TEST(a_tcp_socket_of_ipv4_is_read_whole)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102, .tcpi_bytes_received = 201, .tcpi_bytes_sent = 100, .tcpi_segs_out = 5, .tcpi_segs_in = 5 };
  g_autoptr(GByteArray) message = tcp_message(&info);
  PnatSocketEnd end;
  ck_assert(parse(message, &end));
  ck_assert_uint_eq(end.socket.cookie, COOKIE);
  ck_assert_uint_eq(end.socket.proto, IPPROTO_TCP);
  ck_assert_int_eq(end.socket.state, PNAT_SOCKET_CONNECTED);
  assert_address(&end.socket.local, "192.0.2.1", 40000);
  assert_address(&end.socket.remote, "203.0.113.9", 443);
  ck_assert_int_eq(end.tx, 100);
  ck_assert_int_eq(end.rx, 200); /* without the FIN */
  ck_assert_int_eq(end.error, 0);
  ck_assert(!end.foreign);
}
END_TEST

static const struct {
  const char *local;
  const char *peer;
  const char *shown_local;
  const char *shown_peer;
} ipv6[] = {
  { "2001:db8::1", "2001:db8::2", "2001:db8::1", "2001:db8::2" },
  { "::ffff:192.0.2.1", "::ffff:203.0.113.9", "192.0.2.1", "203.0.113.9" }, /* an IPv4 peer by an IPv6 socket */
};

START_TEST(a_socket_of_ipv6_is_read_and_a_mapped_address_is_ipv4)
{
  g_autoptr(GByteArray) message = message_new(AF_INET6, ipv6[_i].local, 40000, ipv6[_i].peer, 443);
  PnatSocketEnd end;
  add_proto(message, IPPROTO_TCP);
  ck_assert(parse(message, &end));
  assert_address(&end.socket.local, ipv6[_i].shown_local, 40000);
  assert_address(&end.socket.remote, ipv6[_i].shown_peer, 443);
}
END_TEST

START_TEST(a_datagram_socket_has_no_counters_and_without_a_port_there_no_peer)
{
  g_autoptr(GByteArray) message = message_new(AF_INET, "0.0.0.0", 53, "0.0.0.0", 0);
  PnatSocketEnd end;
  add_proto(message, IPPROTO_UDP);
  ck_assert(parse(message, &end));
  ck_assert_uint_eq(end.socket.proto, IPPROTO_UDP);
  ck_assert_int_eq(end.socket.remote.family, PNAT_FAMILY_NONE);
  ck_assert_uint_eq(end.socket.remote.port, 0);
  ck_assert_uint_eq(end.socket.local.port, 53);
  ck_assert_int_eq(end.tx, -1);
  ck_assert_int_eq(end.rx, -1);
  ck_assert_int_eq(end.socket.state, PNAT_SOCKET_STATE_UNKNOWN);
}
END_TEST

/* What became of a connection, by its counters. */
static const struct {
  struct tcp_info info;
  PnatSocketState state;
  gint error;
  gint64 tx;
  gint64 rx;
} counters[] = {
  /* nothing was ever sent: a listener, or counters cleared by a reset of its owner's */
  { { 0 }, PNAT_SOCKET_STATE_UNKNOWN, 0, -1, -1 },
  { { .tcpi_segs_out = 7 }, PNAT_SOCKET_FAILED, 0, -1, -1 },                      /* nobody answered */
  { { .tcpi_segs_out = 1, .tcpi_segs_in = 1 }, PNAT_SOCKET_FAILED, ECONNREFUSED, -1, -1 },
  { { .tcpi_segs_out = 3, .tcpi_segs_in = 2, .tcpi_bytes_acked = 1 }, PNAT_SOCKET_CONNECTED, 0, 0, 0 },
  { { .tcpi_segs_out = 3, .tcpi_segs_in = 2, .tcpi_bytes_acked = 2, .tcpi_bytes_received = 1 }, PNAT_SOCKET_CONNECTED, 0, 0, 0 },
  { { .tcpi_bytes_acked = 11, .tcpi_bytes_sent = 30, .tcpi_bytes_retrans = 20 }, PNAT_SOCKET_CONNECTED, 0, 10, 0 },
  { { .tcpi_bytes_received = 5 }, PNAT_SOCKET_CONNECTED, 0, 0, 4 },
  { { .tcpi_bytes_received = G_GUINT64_CONSTANT(1) << 40, .tcpi_bytes_sent = G_GUINT64_CONSTANT(1) << 41 }, PNAT_SOCKET_CONNECTED, 0,
    G_GINT64_CONSTANT(1) << 41, (G_GINT64_CONSTANT(1) << 40) - 1 },
};

START_TEST(counters_tell_what_became_of_a_connection)
{
  g_autoptr(GByteArray) message = tcp_message(&counters[_i].info);
  PnatSocketEnd end;
  ck_assert(parse(message, &end));
  ck_assert_int_eq(end.socket.state, counters[_i].state);
  ck_assert_int_eq(end.error, counters[_i].error);
  ck_assert_int_eq(end.tx, counters[_i].tx);
  ck_assert_int_eq(end.rx, counters[_i].rx);
}
END_TEST

START_TEST(a_socket_that_never_had_a_peer_did_not_fail)
{
  struct tcp_info info = { .tcpi_segs_out = 1, .tcpi_segs_in = 1 };
  g_autoptr(GByteArray) message = message_new(AF_INET, "192.0.2.1", 22, "0.0.0.0", 0);
  PnatSocketEnd end;
  add_proto(message, IPPROTO_TCP);
  add_attribute(message, INET_DIAG_INFO, &info, sizeof info);
  ck_assert(parse(message, &end));
  ck_assert_int_eq(end.socket.state, PNAT_SOCKET_STATE_UNKNOWN);
}
END_TEST

/* struct tcp_info has grown over the years: an older kernel's is shorter. */
START_TEST(a_shorter_tcp_info_tells_what_it_has)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102, .tcpi_bytes_received = 201, .tcpi_bytes_sent = 100, .tcpi_segs_out = 5 };
  gsize up_to_received = G_STRUCT_OFFSET(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
  gsize up_to_retrans = G_STRUCT_OFFSET(struct tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans;

  for (gsize length = 0; length <= sizeof info; length += 4) {
    g_autoptr(GByteArray) message = message_new(AF_INET, "192.0.2.1", 40000, "203.0.113.9", 443);
    PnatSocketEnd end;
    add_proto(message, IPPROTO_TCP);
    add_attribute(message, INET_DIAG_INFO, &info, length);
    ck_assert(parse(message, &end));
    ck_assert_int_eq(end.rx, length >= up_to_received ? 200 : -1);
    ck_assert_int_eq(end.tx, length >= up_to_retrans ? 100 : -1);
    ck_assert_int_eq(end.socket.state, length >= up_to_received ? PNAT_SOCKET_CONNECTED : PNAT_SOCKET_STATE_UNKNOWN);
  }
}
END_TEST

START_TEST(a_longer_tcp_info_and_unknown_attributes_are_no_harm)
{
  struct {
    struct tcp_info info;
    guint8 more[100];
  } longer = { .info = { .tcpi_bytes_acked = 102, .tcpi_bytes_received = 201, .tcpi_bytes_sent = 100 } };
  g_autoptr(GByteArray) message = message_new(AF_INET, "192.0.2.1", 40000, "203.0.113.9", 443);
  PnatSocketEnd end;
  add_attribute(message, 200, "whatever", 9);
  add_attribute(message, 201, "", 0);
  add_proto(message, IPPROTO_TCP);
  add_attribute(message, INET_DIAG_INFO, &longer, sizeof longer);
  ck_assert(parse(message, &end));
  ck_assert_int_eq(end.tx, 100);
}
END_TEST

/* What is none. */

static void
spoil_type(GByteArray *message)
{
  header_of(message)->nlmsg_type = NLMSG_DONE;
}

static void
spoil_error(GByteArray *message)
{
  header_of(message)->nlmsg_type = NLMSG_ERROR;
}

static void
spoil_too_long(GByteArray *message)
{
  header_of(message)->nlmsg_len++;
}

static void
spoil_far_too_long(GByteArray *message)
{
  header_of(message)->nlmsg_len = G_MAXUINT32;
}

static void
spoil_too_short(GByteArray *message)
{
  header_of(message)->nlmsg_len = HEAD - 1;
}

static void
spoil_zero(GByteArray *message)
{
  header_of(message)->nlmsg_len = 0;
}

static void
spoil_family(GByteArray *message)
{
  message->data[NLMSG_HDRLEN] = AF_UNIX;
}

static void
spoil_cookie(GByteArray *message)
{
  memset(message->data + NLMSG_HDRLEN + G_STRUCT_OFFSET(struct inet_diag_msg, id.idiag_cookie), 0, 8);
}

static void (*const spoilers[])(GByteArray *) = {
  spoil_type, spoil_error, spoil_too_long, spoil_far_too_long, spoil_too_short, spoil_zero, spoil_family, spoil_cookie,
};

START_TEST(what_is_no_message_of_an_internet_socket_is_refused)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102 };
  g_autoptr(GByteArray) message = tcp_message(&info);
  PnatSocketEnd end;
  ck_assert(parse(message, &end));
  spoilers[_i](message);
  ck_assert(!parse(message, &end));
}
END_TEST

START_TEST(a_message_cut_anywhere_is_refused_and_is_not_read_beyond)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102 };
  g_autoptr(GByteArray) message = tcp_message(&info);
  PnatSocketEnd end;
  for (gsize length = 0; length < message->len; length++)
    ck_assert(!parse_bytes(message->data, length, &end));
}
END_TEST

/* The same, but the header says so. */
START_TEST(a_message_that_is_shorter_tells_what_it_has)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102, .tcpi_bytes_sent = 100 };
  g_autoptr(GByteArray) message = tcp_message(&info);
  gsize whole = message->len;
  for (gsize length = 0; length < whole; length++) {
    PnatSocketEnd end;
    header_of(message)->nlmsg_len = (guint32)length;
    gboolean good = parse_bytes(message->data, length, &end);
    ck_assert_int_eq(good, length >= HEAD);
    ck_assert_int_eq(end.tx, -1); /* its last attribute was never whole */
    if (good)
      assert_address(&end.socket.remote, "203.0.113.9", 443);
  }
}
END_TEST

static const guint16 lengths[] = { 0, 1, 3, 4, 5, 7, 300, 1000, G_MAXUINT16 };

START_TEST(an_attribute_of_any_length_is_not_read_beyond_the_message)
{
  struct tcp_info info = { .tcpi_bytes_acked = 102, .tcpi_bytes_sent = 100 };
  g_autoptr(GByteArray) whole = tcp_message(&info);
  /* Each attribute in turn lies about its length. */
  for (gsize at = HEAD; at < whole->len;) {
    struct rtattr head;
    memcpy(&head, whole->data + at, sizeof head);
    gsize next = at + RTA_ALIGN(head.rta_len);
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
      g_autoptr(GByteArray) message = g_byte_array_new();
      PnatSocketEnd end;
      g_byte_array_append(message, whole->data, whole->len);
      memcpy(message->data + at + G_STRUCT_OFFSET(struct rtattr, rta_len), &lengths[i], sizeof lengths[i]);
      ck_assert(parse(message, &end)); /* what stands in the head holds */
      ck_assert_uint_eq(end.socket.cookie, COOKIE);
    }
    at = next;
  }
}
END_TEST

START_TEST(random_bytes_behind_the_head_do_no_harm)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(7);
  for (guint round = 0; round < 20000; round++) {
    g_autoptr(GByteArray) message = message_new(AF_INET, "192.0.2.1", 40000, "203.0.113.9", 443);
    guint n = (guint)g_rand_int_range(random, 0, 64);
    for (guint i = 0; i < n; i++) {
      guint8 byte = (guint8)(g_rand_boolean(random) ? g_rand_int_range(random, 0, 16) : g_rand_int_range(random, 0, 256));
      g_byte_array_append(message, &byte, 1);
    }
    header_of(message)->nlmsg_len = message->len;
    PnatSocketEnd end;
    ck_assert(parse(message, &end));
  }
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("sockets");
  TCase *tcase = tcase_create("sockets");
  tcase_add_test(tcase, a_tcp_socket_of_ipv4_is_read_whole);
  tcase_add_loop_test(tcase, a_socket_of_ipv6_is_read_and_a_mapped_address_is_ipv4, 0, G_N_ELEMENTS(ipv6));
  tcase_add_test(tcase, a_datagram_socket_has_no_counters_and_without_a_port_there_no_peer);
  tcase_add_loop_test(tcase, counters_tell_what_became_of_a_connection, 0, G_N_ELEMENTS(counters));
  tcase_add_test(tcase, a_socket_that_never_had_a_peer_did_not_fail);
  tcase_add_test(tcase, a_shorter_tcp_info_tells_what_it_has);
  tcase_add_test(tcase, a_longer_tcp_info_and_unknown_attributes_are_no_harm);
  tcase_add_loop_test(tcase, what_is_no_message_of_an_internet_socket_is_refused, 0, G_N_ELEMENTS(spoilers));
  tcase_add_test(tcase, a_message_cut_anywhere_is_refused_and_is_not_read_beyond);
  tcase_add_test(tcase, a_message_that_is_shorter_tells_what_it_has);
  tcase_add_test(tcase, an_attribute_of_any_length_is_not_read_beyond_the_message);
  tcase_add_test(tcase, random_bytes_behind_the_head_do_no_harm);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
