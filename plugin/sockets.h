/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel tells of this host's sockets as they are destroyed: sock_diag(7) sends one message for each internet socket, on
 * four multicast groups. What it says of those that are there is asked by asker.h and sockdump.h.
 */
#pragma once

#include <glib.h>

#include "lib/socket.h"

G_BEGIN_DECLS

typedef struct PnatSockets PnatSockets;

/* @end: valid during the call */
typedef void (*PnatSocketEndFunc)(const PnatSocketEnd *end, gpointer data);

/**
 * Listens for destroyed sockets of all network namespaces that the kernel reports here: this one, and those that have an id
 * in it (NETLINK_LISTEN_ALL_NSID, netlink(7)).
 *
 * @func: called from the default main context
 * @returns (transfer full) (nullable) NULL and @error without CAP_NET_ADMIN or on a kernel without INET_DIAG
 */
PnatSockets *pnat_sockets_new(PnatSocketEndFunc func, gpointer data, GError **error);
void pnat_sockets_free(PnatSockets *sockets);

/* Takes in what was told until now. Call it before events that are younger. */
void pnat_sockets_poll(PnatSockets *sockets);

/* How often messages were lost because they came faster than they were read (ENOBUFS). */
guint64 pnat_sockets_overruns(const PnatSockets *sockets);

/* One message of sock_diag, as netlink delivers it. Public for the tests' sake. @returns FALSE when it is none of a destroyed internet socket */
gboolean pnat_sockets_parse(const void *message, gsize length, PnatSocketEnd *end);

/* A socket of which sock_diag was asked. */
typedef struct {
  PnatSocket socket;
  guint32 inode;    /* N of the link socket:[N] in /proc/PID/fd; 0 = no process has it */
  gboolean listens; /* waits for peers: TCP that listens, UDP that is bound and not connected */
  gboolean dual;    /* an IPv6 socket that takes IPv4 too, ipv6(7) IPV6_V6ONLY */
} PnatDumpedSocket;

/**
 * One message of the answer to a sock_diag dump.
 *
 * @proto: IPPROTO_TCP or IPPROTO_UDP, which was asked for; the message does not tell
 * @returns FALSE when it is none of an internet socket, or of one in TIME_WAIT, which is no socket any more
 */
gboolean pnat_sockets_parse_dumped(const void *message, gsize length, guint8 proto, PnatDumpedSocket *dumped);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSockets, pnat_sockets_free)

G_END_DECLS
