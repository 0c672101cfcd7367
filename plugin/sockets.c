/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sockets.h. Message formats: linux/inet_diag.h, linux/sock_diag.h, linux/tcp.h.
 */
#include "sockets.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "lib/error.h"
#include "tcp_states.h"

/* Bytes of destroyed sockets that may wait, some 400 each: two seconds of a host that closes 10,000 a second. */
#define RECEIVE_BUFFER (8 * 1024 * 1024)

/* Messages in a row before others get their turn. */
#define MESSAGES_IN_A_ROW 4096

struct PnatSockets {
  PnatSocketEndFunc func;
  gpointer data;
  int fd;
  guint source;
  guint64 overruns;
};

/* Reading messages. */

/* The attribute of @type in @header's tail; @length gets its payload's. */
static const void *
attribute(const struct nlmsghdr *header, gsize offset, guint16 type, gsize *length)
{
  const guint8 *at = (const guint8 *)header + NLMSG_ALIGN(offset);
  const guint8 *end = (const guint8 *)header + header->nlmsg_len;

  while ((gsize)(end - at) >= sizeof(struct rtattr)) {
    struct rtattr head;
    memcpy(&head, at, sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > (gsize)(end - at))
      return NULL;
    if (head.rta_type == type) {
      *length = head.rta_len - sizeof head;
      return at + sizeof head;
    }
    if (RTA_ALIGN(head.rta_len) > (gsize)(end - at))
      return NULL;
    at += RTA_ALIGN(head.rta_len);
  }
  return NULL;
}

/* An answer to a SYN that does not acknowledge it is a reset, which is what refuses a connection: tcp_reset, net/ipv4/tcp_input.c. */
static void
fail(PnatSocketEnd *end, const struct tcp_info *info)
{
  end->socket.state = PNAT_SOCKET_FAILED;
  end->error = info->tcpi_segs_in > 0 ? ECONNREFUSED : 0;
}

/*
 * bytes_sent counts payload, retransmissions included; bytes_received counts the peer's FIN as a byte, which an orderly
 * end has. A socket that was reset by its owner has its counters cleared: that it never spoke is not known then.
 */
static void
read_tcp_info(PnatSocketEnd *end, const void *bytes, gsize length)
{
  struct tcp_info info = { 0 };
  memcpy(&info, bytes, MIN(length, sizeof info));
  if (length < G_STRUCT_OFFSET(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
    return;

  gboolean spoke = info.tcpi_bytes_acked > 0 || info.tcpi_bytes_received > 0 || info.tcpi_data_segs_in > 0;
  if (spoke)
    end->socket.state = PNAT_SOCKET_CONNECTED;
  else if (info.tcpi_segs_out > 0 && end->socket.remote.port != 0)
    fail(end, &info);
  if (!spoke)
    return;
  end->rx = info.tcpi_bytes_received > 0 ? (gint64)(info.tcpi_bytes_received - 1) : 0;
  if (length >= G_STRUCT_OFFSET(struct tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans)
    end->tx = (gint64)(info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
}

static gboolean
read_diag(const struct nlmsghdr *header, gsize length, struct inet_diag_msg *diag)
{
  if (length < NLMSG_LENGTH(sizeof *diag) || header->nlmsg_len > length || header->nlmsg_len < NLMSG_LENGTH(sizeof *diag) ||
      header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return FALSE;
  memcpy(diag, (const guint8 *)header + NLMSG_HDRLEN, sizeof *diag);
  return diag->idiag_family == AF_INET || diag->idiag_family == AF_INET6;
}

static void
take_ends(PnatSocket *socket, const struct inet_diag_msg *diag)
{
  socket->cookie = (guint64)diag->id.idiag_cookie[1] << 32 | diag->id.idiag_cookie[0];
  pnat_address_set(&socket->local, diag->idiag_family, diag->id.idiag_src, g_ntohs(diag->id.idiag_sport));
  if (diag->id.idiag_dport != 0)
    pnat_address_set(&socket->remote, diag->idiag_family, diag->id.idiag_dst, g_ntohs(diag->id.idiag_dport));
}

gboolean
pnat_sockets_parse(const void *message, gsize length, PnatSocketEnd *end)
{
  const struct nlmsghdr *header = message;
  struct inet_diag_msg diag;
  gsize payload;

  memset(end, 0, sizeof *end);
  end->tx = end->rx = -1;
  if (!read_diag(header, length, &diag))
    return FALSE;
  PnatSocket *socket = &end->socket;
  take_ends(socket, &diag);
  const void *found = attribute(header, NLMSG_LENGTH(sizeof diag), INET_DIAG_PROTOCOL, &payload);
  if (found != NULL && payload >= 1)
    socket->proto = *(const guint8 *)found;
  found = attribute(header, NLMSG_LENGTH(sizeof diag), INET_DIAG_INFO, &payload);
  if (found != NULL && socket->proto == IPPROTO_TCP)
    read_tcp_info(end, found, payload);
  return socket->cookie != 0;
}

/* Closed by its owner: what waits for the peer's FIN in its place is no socket any more either: tcp_time_wait(), net/ipv4. */
static gboolean
is_left_over(const struct inet_diag_msg *diag)
{
  return diag->idiag_state == PNAT_TCP_TIME_WAIT || (diag->idiag_state == PNAT_TCP_FIN_WAIT2 && diag->idiag_inode == 0);
}

gboolean
pnat_sockets_parse_dumped(const void *message, gsize length, guint8 proto, PnatDumpedSocket *dumped)
{
  struct inet_diag_msg diag;
  gsize payload;

  memset(dumped, 0, sizeof *dumped);
  if (!read_diag(message, length, &diag) || is_left_over(&diag))
    return FALSE;
  PnatSocket *socket = &dumped->socket;
  take_ends(socket, &diag);
  socket->proto = proto;
  if (proto == IPPROTO_TCP && socket->remote.family != PNAT_FAMILY_NONE)
    socket->state = diag.idiag_state == PNAT_TCP_SYN_SENT ? PNAT_SOCKET_CONNECTING : PNAT_SOCKET_CONNECTED;
  dumped->inode = diag.idiag_inode;
  dumped->listens = diag.idiag_state == (proto == IPPROTO_TCP ? PNAT_TCP_LISTEN : PNAT_TCP_CLOSE) && socket->local.port != 0;
  const guint8 *v6only = attribute(message, NLMSG_LENGTH(sizeof diag), INET_DIAG_SKV6ONLY, &payload);
  dumped->dual = diag.idiag_family == AF_INET6 && (v6only == NULL || payload < 1 || *v6only == 0);
  return socket->cookie != 0;
}

/* Receiving. */

/* The message came from a network namespace that is not ours: netlink(7), NETLINK_LISTEN_ALL_NSID. */
static gboolean
is_foreign(struct msghdr *message)
{
  for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL; control = CMSG_NXTHDR(message, control))
    if (control->cmsg_level == SOL_NETLINK && control->cmsg_type == NETLINK_LISTEN_ALL_NSID)
      return TRUE;
  return FALSE;
}

/* FALSE when there is nothing more to read. */
static gboolean
receive(PnatSockets *sockets)
{
  static char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
  char control[CMSG_SPACE(sizeof(int))];
  struct sockaddr_nl sender = { 0 };
  struct iovec part = { buffer, sizeof buffer };
  struct msghdr message = { .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &part, .msg_iovlen = 1,
                            .msg_control = control, .msg_controllen = sizeof control };

  ssize_t length = recvmsg(sockets->fd, &message, MSG_DONTWAIT);
  if (length < 0 && errno == ENOBUFS) {
    sockets->overruns++;
    return TRUE;
  }
  if (length <= 0)
    return length < 0 && errno == EINTR;
  PnatSocketEnd end;
  if (sender.nl_pid != 0 || !pnat_sockets_parse(buffer, (gsize)length, &end))
    return TRUE;
  end.time = pnat_real_ms();
  end.foreign = is_foreign(&message);
  sockets->func(&end, sockets->data);
  return TRUE;
}

void
pnat_sockets_poll(PnatSockets *sockets)
{
  for (guint i = 0; i < MESSAGES_IN_A_ROW && receive(sockets); i++)
    ;
}

static gboolean
readable(gint fd, GIOCondition condition, gpointer data)
{
  pnat_sockets_poll(data);
  return G_SOURCE_CONTINUE;
}

static gboolean
join_groups(int fd)
{
  static const int groups[] = { SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET_UDP_DESTROY, SKNLGRP_INET6_TCP_DESTROY,
                                SKNLGRP_INET6_UDP_DESTROY };
  for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i]) != 0)
      return FALSE;
  return TRUE;
}

PnatSockets *
pnat_sockets_new(PnatSocketEndFunc func, gpointer data, GError **error)
{
  const int yes = 1, size = RECEIVE_BUFFER;
  struct sockaddr_nl address = { .nl_family = AF_NETLINK };
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || !join_groups(fd)) {
    pnat_error_set_errno(error, errno, "sock_diag");
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &yes, sizeof yes); /* without it, this namespace's alone */

  PnatSockets *sockets = g_new0(PnatSockets, 1);
  sockets->func = func;
  sockets->data = data;
  sockets->fd = fd;
  sockets->source = g_unix_fd_add(fd, G_IO_IN, readable, sockets);
  return sockets;
}

void
pnat_sockets_free(PnatSockets *sockets)
{
  if (sockets == NULL)
    return;
  g_source_remove(sockets->source);
  close(sockets->fd);
  g_free(sockets);
}

guint64
pnat_sockets_overruns(const PnatSockets *sockets)
{
  return sockets->overruns;
}
