/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The TCP and connected UDP sockets that this network namespace has at one time, asked of sock_diag(7) in small steps.
 */
#pragma once

#include <glib.h>

#include "lib/record.h"
#include "lib/socket.h"

G_BEGIN_DECLS

typedef struct PnatSockdump PnatSockdump;

/**
 * Needs no privilege.
 *
 * @returns (transfer full) (nullable) NULL and @error on a kernel without INET_DIAG
 */
PnatSockdump *pnat_sockdump_new(GError **error);
void pnat_sockdump_free(PnatSockdump *dump);

/**
 * Takes in some hundred sockets. The first call for a protocol takes the kernel some milliseconds where its tables are large.
 *
 * @returns FALSE when that was all
 */
gboolean pnat_sockdump_step(PnatSockdump *dump);

/**
 * @inode: N of the link socket:[N] in /proc/PID/fd
 * @returns (transfer none) (nullable) the connected socket
 */
const PnatSocket *pnat_sockdump_find(const PnatSockdump *dump, guint32 inode);

/* Whether there was a socket with @cookie, connected or not, held by a process or not. */
gboolean pnat_sockdump_has(PnatSockdump *dump, guint64 cookie);

/**
 * Who opened the connection of @socket, which is of this network namespace: the peer where something listens on its local port;
 * this host where the port is of those that the kernel gives to who asks for none (ip_local_port_range, ip(7)); else it is not
 * known.
 */
PnatDirection pnat_sockdump_direction(const PnatSockdump *dump, const PnatSocket *socket);

/* The same for a socket of another network namespace, of which only is known whether something @listens on its port. */
PnatDirection pnat_sockdump_direction_elsewhere(const PnatSockdump *dump, const PnatSocket *socket, gboolean listens);

guint pnat_sockdump_size(const PnatSockdump *dump);

/* Sockets beyond the bound; G_MAXUINT when the kernel gave up on the way. */
guint pnat_sockdump_missing(const PnatSockdump *dump);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSockdump, pnat_sockdump_free)

G_END_DECLS
