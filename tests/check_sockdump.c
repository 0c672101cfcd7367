/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/sockdump, and the messages it reads (plugin/sockets): the kernel's sockets by inode, and who opened them.
 */
#include "plugin/sockdump.h"

#include <arpa/inet.h>
#include <check.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/sockets.h"
#include "run.h"

/* Messages. */

typedef struct {
  struct nlmsghdr header;
  struct inet_diag_msg diag;
  struct rtattr head;
  guint8 v6only;
  guint8 rest[3];
} Message;

/* Of an IPv6 socket 2001:db8::1 port 443, towards 2001:db8::2 port 5000 or nobody. */
static Message
a_message(guint8 state, gboolean peer, guint8 v6only)
{
  Message message = { .header = { .nlmsg_len = sizeof message, .nlmsg_type = SOCK_DIAG_BY_FAMILY },
                      .diag = { .idiag_family = AF_INET6, .idiag_state = state, .idiag_inode = 4711 },
                      .head = { .rta_len = RTA_LENGTH(1), .rta_type = INET_DIAG_SKV6ONLY },
                      .v6only = v6only };

  message.diag.id.idiag_cookie[0] = 7;
  message.diag.id.idiag_cookie[1] = 1;
  message.diag.id.idiag_sport = htons(443);
  inet_pton(AF_INET6, "2001:db8::1", message.diag.id.idiag_src);
  message.diag.id.idiag_dport = peer ? htons(5000) : 0;
  inet_pton(AF_INET6, peer ? "2001:db8::2" : "::", message.diag.id.idiag_dst);
  return message;
}

static const struct {
  const char *what;
  guint8 proto;
  guint8 state; /* include/net/tcp_states.h */
  gboolean peer;
  guint8 v6only;
  PnatSocketState expected;
  gboolean listens;
  gboolean dual;
} dumped_sockets[] = {
  { "an established connection", IPPROTO_TCP, 1, TRUE, 0, PNAT_SOCKET_CONNECTED, FALSE, TRUE },
  { "a connect under way", IPPROTO_TCP, 2, TRUE, 0, PNAT_SOCKET_CONNECTING, FALSE, TRUE },
  { "one that the peer has closed", IPPROTO_TCP, 8, TRUE, 0, PNAT_SOCKET_CONNECTED, FALSE, TRUE },
  { "a listening socket", IPPROTO_TCP, 10, FALSE, 0, PNAT_SOCKET_STATE_UNKNOWN, TRUE, TRUE },
  { "a listening socket for IPv6 only", IPPROTO_TCP, 10, FALSE, 1, PNAT_SOCKET_STATE_UNKNOWN, TRUE, FALSE },
  { "connected UDP", IPPROTO_UDP, 1, TRUE, 0, PNAT_SOCKET_STATE_UNKNOWN, FALSE, TRUE },
  { "UDP that waits", IPPROTO_UDP, 7, FALSE, 0, PNAT_SOCKET_STATE_UNKNOWN, TRUE, TRUE },
  { "closed TCP", IPPROTO_TCP, 7, FALSE, 0, PNAT_SOCKET_STATE_UNKNOWN, FALSE, TRUE },
};

START_TEST(dumped_socket_is_understood)
{
  Message message = a_message(dumped_sockets[_i].state, dumped_sockets[_i].peer, dumped_sockets[_i].v6only);
  const char *what = dumped_sockets[_i].what;
  PnatDumpedSocket dumped;
  char text[PNAT_ADDRESS_TEXT];

  ck_assert_msg(pnat_sockets_parse_dumped(&message, sizeof message, dumped_sockets[_i].proto, &dumped), "%s", what);
  ck_assert_uint_eq(dumped.inode, 4711);
  ck_assert_uint_eq(dumped.socket.cookie, G_GUINT64_CONSTANT(0x100000007));
  ck_assert_uint_eq(dumped.socket.proto, dumped_sockets[_i].proto);
  ck_assert_str_eq(pnat_address_text(&dumped.socket.local, text), "2001:db8::1");
  ck_assert_uint_eq(dumped.socket.local.port, 443);
  ck_assert_str_eq(pnat_address_text(&dumped.socket.remote, text), dumped_sockets[_i].peer ? "2001:db8::2" : "-");
  ck_assert_msg(dumped.socket.state == dumped_sockets[_i].expected, "%s: state %d", what, dumped.socket.state);
  ck_assert_msg(dumped.listens == dumped_sockets[_i].listens, "%s: listens", what);
  ck_assert_msg(dumped.dual == dumped_sockets[_i].dual, "%s: dual", what);
}
END_TEST

START_TEST(what_is_no_socket_is_refused)
{
  Message good = a_message(1, TRUE, 0);
  PnatDumpedSocket dumped;
  Message message = good;

  message.header.nlmsg_type = NLMSG_DONE;
  ck_assert(!pnat_sockets_parse_dumped(&message, sizeof message, IPPROTO_TCP, &dumped));
  message = good;
  message.diag.idiag_family = AF_UNIX;
  ck_assert(!pnat_sockets_parse_dumped(&message, sizeof message, IPPROTO_TCP, &dumped));
  message = a_message(6, TRUE, 0); /* TIME_WAIT */
  ck_assert(!pnat_sockets_parse_dumped(&message, sizeof message, IPPROTO_TCP, &dumped));
  message = good;
  message.header.nlmsg_len++;
  ck_assert(!pnat_sockets_parse_dumped(&message, sizeof message, IPPROTO_TCP, &dumped));
}
END_TEST

/* The sanitizers see a read beyond a cut. */
START_TEST(cut_message_is_not_read_beyond)
{
  PnatDumpedSocket dumped;

  for (gsize length = 0; length <= sizeof(Message); length++) {
    Message message = a_message(10, FALSE, 1);
    message.header.nlmsg_len = (guint32)length;
    g_autofree void *cut = g_memdup(&message, (guint)length);
    gboolean whole = length >= NLMSG_LENGTH(sizeof message.diag);
    if (length >= sizeof message.header)
      ck_assert(pnat_sockets_parse_dumped(cut, length, IPPROTO_TCP, &dumped) == whole);
  }
}
END_TEST

/* The kernel's. */

static int
bound(int family, int type)
{
  struct sockaddr_in6 address = { .sin6_family = (sa_family_t)family, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  int fd = socket(family, type, 0);

  if (family == AF_INET)
    ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, family == AF_INET ? sizeof(struct sockaddr_in) : sizeof address), 0);
  if (type == SOCK_STREAM)
    ck_assert_int_eq(listen(fd, 5), 0);
  return fd;
}

static int
connected_to(int server, int type)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof address;

  ck_assert_int_eq(getsockname(server, (struct sockaddr *)&address, &length), 0);
  int fd = socket(address.ss_family, type, 0);
  ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, length), 0);
  return fd;
}

static guint32
inode_of(int fd)
{
  struct stat info;
  ck_assert_int_eq(fstat(fd, &info), 0);
  return (guint32)info.st_ino;
}

static PnatSockdump *
whole_dump(void)
{
  g_autoptr(GError) error = NULL;
  PnatSockdump *dump = pnat_sockdump_new(&error);

  ck_assert_msg(dump != NULL, "%s", error != NULL ? error->message : "");
  while (pnat_sockdump_step(dump))
    ;
  ck_assert_uint_eq(pnat_sockdump_missing(dump), 0);
  return dump;
}

static const struct {
  int family;
  int type;
  guint8 proto;
} kinds[] = {
  { AF_INET, SOCK_STREAM, IPPROTO_TCP },
  { AF_INET6, SOCK_STREAM, IPPROTO_TCP },
  { AF_INET, SOCK_DGRAM, IPPROTO_UDP },
  { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
};

START_TEST(connected_socket_is_found_by_its_inode)
{
  int server = bound(kinds[_i].family, kinds[_i].type);
  int fd = connected_to(server, kinds[_i].type);
  g_autoptr(PnatSockdump) dump = whole_dump();
  const PnatSocket *found = pnat_sockdump_find(dump, inode_of(fd));

  ck_assert_ptr_nonnull(found);
  ck_assert_uint_eq(found->proto, kinds[_i].proto);
  ck_assert_ptr_null(pnat_sockdump_find(dump, inode_of(server)));
  ck_assert_int_eq(pnat_sockdump_direction(dump, found), PNAT_DIRECTION_OUT);

  PnatSocket other_end = { .proto = found->proto, .local = found->remote, .remote = found->local };
  ck_assert_int_eq(pnat_sockdump_direction(dump, &other_end), PNAT_DIRECTION_IN);
  other_end.proto = found->proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP; /* its port is another */
  ck_assert_int_eq(pnat_sockdump_direction(dump, &other_end), PNAT_DIRECTION_OUT);
  close(fd);
  close(server);
}
END_TEST

/* The kernel goes on with a connection that was closed; nobody holds it. */
START_TEST(orphan_is_nobodys)
{
  int server = bound(AF_INET, SOCK_STREAM);
  int fd = connected_to(server, SOCK_STREAM);
  int accepted = accept(server, NULL, NULL);

  close(fd);
  g_autoptr(PnatSockdump) dump = whole_dump();
  ck_assert_ptr_nonnull(pnat_sockdump_find(dump, inode_of(accepted)));
  ck_assert_ptr_null(pnat_sockdump_find(dump, 0));
  close(accepted);
  close(server);
}
END_TEST

START_TEST(many_sockets_come_in_several_steps)
{
  int server = bound(AF_INET, SOCK_DGRAM);
  int fds[900];
  guint steps = 1;

  for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
    fds[i] = connected_to(server, SOCK_DGRAM);
  g_autoptr(PnatSockdump) dump = pnat_sockdump_new(NULL);
  while (pnat_sockdump_step(dump))
    steps++;
  ck_assert_uint_gt(steps, 10);
  ck_assert_uint_ge(pnat_sockdump_size(dump), G_N_ELEMENTS(fds));
  for (guint i = 0; i < G_N_ELEMENTS(fds); i++) {
    ck_assert_ptr_nonnull(pnat_sockdump_find(dump, inode_of(fds[i])));
    close(fds[i]);
  }
  close(server);
}
END_TEST

static const struct {
  guint16 port;
  gboolean listens;
  PnatSocketState state;
  PnatDirection direction;
} elsewhere[] = {
  { 443, TRUE, PNAT_SOCKET_CONNECTED, PNAT_DIRECTION_IN },
  { 443, FALSE, PNAT_SOCKET_CONNECTED, PNAT_DIRECTION_UNKNOWN },
  { 50000, FALSE, PNAT_SOCKET_CONNECTED, PNAT_DIRECTION_OUT },
  { 50000, TRUE, PNAT_SOCKET_CONNECTED, PNAT_DIRECTION_IN },
  { 443, FALSE, PNAT_SOCKET_CONNECTING, PNAT_DIRECTION_OUT },
  { 65535, FALSE, PNAT_SOCKET_CONNECTED, PNAT_DIRECTION_UNKNOWN },
};

START_TEST(port_tells_who_opened)
{
  g_autoptr(PnatSockdump) dump = pnat_sockdump_new(NULL);
  PnatSocket socket = { .proto = IPPROTO_TCP, .state = (guint8)elsewhere[_i].state, .local = { .port = elsewhere[_i].port } };
  g_autofree char *range = NULL;

  /* The defaults of the kernel; where an administrator has changed them, the table is not of this host. */
  ck_assert(g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &range, NULL, NULL));
  if (strcmp(range, "32768\t60999\n") == 0)
    ck_assert_int_eq(pnat_sockdump_direction_elsewhere(dump, &socket, elsewhere[_i].listens), elsewhere[_i].direction);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("sockdump");
  TCase *tcase = tcase_create("sockdump");

  tcase_add_loop_test(tcase, dumped_socket_is_understood, 0, G_N_ELEMENTS(dumped_sockets));
  tcase_add_test(tcase, what_is_no_socket_is_refused);
  tcase_add_test(tcase, cut_message_is_not_read_beyond);
  tcase_add_loop_test(tcase, connected_socket_is_found_by_its_inode, 0, G_N_ELEMENTS(kinds));
  tcase_add_test(tcase, orphan_is_nobodys);
  tcase_add_test(tcase, many_sockets_come_in_several_steps);
  tcase_add_loop_test(tcase, port_tells_who_opened, 0, G_N_ELEMENTS(elsewhere));
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
