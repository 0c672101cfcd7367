/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See netns.h. Message format: linux/net_namespace.h, RTM_NEWNSID of rtnetlink(7).
 */
#include "netns.h"

#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"

/* Namespaces remembered; a host that made more of them since is asked anew. */
#define MAX_KNOWN 4096

struct PnatNetns {
  int fd;
  GHashTable *known; /* inodes of namespaces that were seen */
  ino_t own;
};

/* The namespace's inode, 0 = no such process. */
static ino_t
namespace_of(const char *process)
{
  g_autofree char *path = g_strdup_printf("/proc/%s/ns/net", process);
  struct stat found;
  return stat(path, &found) == 0 ? found.st_ino : 0;
}

PnatNetns *
pnat_netns_new(GError **error)
{
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) {
    pnat_error_set_errno(error, errno, "rtnetlink");
    return NULL;
  }
  PnatNetns *netns = g_new0(PnatNetns, 1);
  netns->fd = fd;
  netns->known = g_hash_table_new(NULL, NULL);
  netns->own = namespace_of("self");
  return netns;
}

void
pnat_netns_free(PnatNetns *netns)
{
  if (netns == NULL)
    return;
  g_hash_table_unref(netns->known);
  close(netns->fd);
  g_free(netns);
}

static void
add_attribute(struct nlmsghdr *header, guint16 type, guint32 value)
{
  struct rtattr *attribute = (struct rtattr *)((char *)header + NLMSG_ALIGN(header->nlmsg_len));
  attribute->rta_type = type;
  attribute->rta_len = RTA_LENGTH(sizeof value);
  memcpy(RTA_DATA(attribute), &value, sizeof value);
  header->nlmsg_len = NLMSG_ALIGN(header->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
}

/* Without NLM_F_ACK: that it has one already is the usual answer, and no other is of use. Errors come all the same, and are read away. */
static void
request_id(const PnatNetns *netns, guint32 pid)
{
  struct {
    struct nlmsghdr header;
    struct rtgenmsg family;
    char attributes[64];
  } message = { .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)), .nlmsg_type = RTM_NEWNSID, .nlmsg_flags = NLM_F_REQUEST },
                .family = { AF_UNSPEC } };
  char answer[512];

  add_attribute(&message.header, NETNSA_PID, pid);
  add_attribute(&message.header, NETNSA_NSID, (guint32)-1); /* any number */
  if (send(netns->fd, &message, message.header.nlmsg_len, MSG_DONTWAIT) < 0)
    return;
  while (recv(netns->fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
    ;
}

void
pnat_netns_introduce(PnatNetns *netns, guint32 pid)
{
  char text[16];
  g_snprintf(text, sizeof text, "%u", pid);
  ino_t inode = namespace_of(text);

  if (inode == 0 || inode == netns->own || g_hash_table_contains(netns->known, GSIZE_TO_POINTER(inode)))
    return;
  if (g_hash_table_size(netns->known) >= MAX_KNOWN)
    g_hash_table_remove_all(netns->known);
  g_hash_table_add(netns->known, GSIZE_TO_POINTER(inode));
  request_id(netns, pid);
}
