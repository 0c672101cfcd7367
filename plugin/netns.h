/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Other network namespaces of this host. The kernel tells of sockets destroyed in one only where it has an id here (netlink(7),
 * NETLINK_LISTEN_ALL_NSID), which a container's may or may not have: it is given one when its first process is seen, as
 * "ip netns set NAME auto" does. Nothing else is changed by that.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatNetns PnatNetns;

/* @returns (transfer full) (nullable) NULL and @error when there is no rtnetlink(7) */
PnatNetns *pnat_netns_new(GError **error);
void pnat_netns_free(PnatNetns *netns);

/* Sees to it that the namespace of @pid has an id here. Needs CAP_NET_ADMIN. */
void pnat_netns_introduce(PnatNetns *netns, guint32 pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatNetns, pnat_netns_free)

G_END_DECLS
