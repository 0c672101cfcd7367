/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See sockdump.h. One request for each protocol and family; the kernel makes the next part of an answer when the last is read.
 */
#include "sockdump.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "sockets.h"

/* Connected sockets, and listening ones, that are kept: 100 bytes each. */
#define MAX_SOCKETS 262144

/* And cookies, of all sockets: 8 bytes each. */
#define MAX_COOKIES (4 * MAX_SOCKETS)

/* Bits of idiag_states, include/net/tcp_states.h: all that can have a peer, LISTEN, and of UDP those without a peer (CLOSE). */
#define TCP_STATES (1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11)
#define UDP_STATES (1u << 1 | 1u << 7)

typedef struct {
  guint8 family;
  guint8 proto;
  guint32 states;
} Question;

static const Question questions[] = {
  { AF_INET, IPPROTO_TCP, TCP_STATES },
  { AF_INET6, IPPROTO_TCP, TCP_STATES },
  { AF_INET, IPPROTO_UDP, UDP_STATES },
  { AF_INET6, IPPROTO_UDP, UDP_STATES },
};

/* Where something listens; of an any-address only family and port count. */
typedef struct {
  PnatAddress local;
  guint8 proto;
} Listener;

struct PnatSockdump {
  int fd;
  guint asked; /* questions that were sent; the last is being answered */
  gboolean answering;
  GHashTable *sockets;   /* inode to PnatSocket */
  GHashTable *listeners; /* a set of Listener */
  GArray *cookies;       /* of all */
  gboolean sorted;       /* they are */
  guint missing;
  guint16 lowest; /* of the ports that the kernel gives out */
  guint16 highest;
};

static guint
listener_hash(gconstpointer key)
{
  const Listener *listener = key;
  return pnat_address_hash(&listener->local) ^ listener->proto;
}

static gboolean
listener_equal(gconstpointer a, gconstpointer b)
{
  const Listener *one = a, *other = b;
  return one->proto == other->proto && pnat_address_equal(&one->local, &other->local);
}

static void
read_port_range(PnatSockdump *dump)
{
  g_autofree char *text = NULL;
  char *end;

  dump->lowest = 32768; /* the kernel's default */
  dump->highest = 60999;
  if (!g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &text, NULL, NULL))
    return;
  dump->lowest = (guint16)g_ascii_strtoull(text, &end, 10);
  dump->highest = (guint16)g_ascii_strtoull(end, NULL, 10);
}

PnatSockdump *
pnat_sockdump_new(GError **error)
{
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  if (fd < 0) {
    pnat_error_set_errno(error, errno, "sock_diag");
    return NULL;
  }
  PnatSockdump *dump = g_new0(PnatSockdump, 1);
  dump->fd = fd;
  dump->sockets = g_hash_table_new_full(NULL, NULL, NULL, g_free);
  dump->listeners = g_hash_table_new_full(listener_hash, listener_equal, g_free, NULL);
  dump->cookies = g_array_new(FALSE, FALSE, sizeof(guint64));
  read_port_range(dump);
  return dump;
}

void
pnat_sockdump_free(PnatSockdump *dump)
{
  if (dump == NULL)
    return;
  close(dump->fd);
  g_hash_table_unref(dump->sockets);
  g_hash_table_unref(dump->listeners);
  g_array_unref(dump->cookies);
  g_free(dump);
}

/* Taking in. */

static void
add_listener(PnatSockdump *dump, const PnatAddress *local, guint8 proto)
{
  Listener *listener = g_new0(Listener, 1);
  listener->local = *local;
  listener->proto = proto;
  g_hash_table_add(dump->listeners, listener);
  // cppcheck-suppress memleak // it is the table's: gtk.cfg does not say so
}

static void
take(PnatSockdump *dump, const PnatDumpedSocket *dumped)
{
  static const guint8 any[sizeof dumped->socket.local.bytes];
  const PnatSocket *socket = &dumped->socket;

  if (dump->cookies->len < MAX_COOKIES) {
    g_array_append_val(dump->cookies, socket->cookie);
    dump->sorted = FALSE;
  }
  if (g_hash_table_size(dump->sockets) + g_hash_table_size(dump->listeners) >= MAX_SOCKETS) {
    dump->missing += dump->missing < G_MAXUINT;
    return;
  }
  if (dumped->listens) {
    PnatAddress local = socket->local;
    add_listener(dump, &local, socket->proto);
    local.family = PNAT_FAMILY_IPV4;
    if (dumped->dual && memcmp(local.bytes, any, sizeof any) == 0)
      add_listener(dump, &local, socket->proto);
  } else if (dumped->inode != 0 && socket->remote.family != PNAT_FAMILY_NONE) {
    g_hash_table_insert(dump->sockets, GUINT_TO_POINTER(dumped->inode), g_memdup(socket, sizeof *socket));
  }
}

/* The kernel gives up on a question: what it knows until then is better than nothing. */
static void
give_up(PnatSockdump *dump)
{
  dump->missing = G_MAXUINT;
  dump->answering = FALSE;
}

static void
take_messages(PnatSockdump *dump, const char *bytes, gsize length)
{
  guint8 proto = questions[dump->asked - 1].proto;
  PnatDumpedSocket dumped;

  while (length >= sizeof(struct nlmsghdr)) {
    const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
    gsize used = NLMSG_ALIGN(header->nlmsg_len);
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > length)
      break;
    if (header->nlmsg_type == NLMSG_DONE)
      dump->answering = FALSE;
    else if (header->nlmsg_type == NLMSG_ERROR)
      give_up(dump);
    else if (pnat_sockets_parse_dumped(bytes, length, proto, &dumped))
      take(dump, &dumped);
    bytes += MIN(used, length);
    length -= MIN(used, length);
  }
}

static void
receive(PnatSockdump *dump)
{
  /* As much as the kernel puts into a message: netlink_dump, net/netlink/af_netlink.c. */
  static char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));

  ssize_t length = recv(dump->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (length > 0)
    take_messages(dump, buffer, (gsize)length);
  else if (length == 0 || errno != EINTR) /* an answer is there at once or not at all */
    give_up(dump);
}

static void
ask(PnatSockdump *dump, const Question *question)
{
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } message = {
    .header = { .nlmsg_len = sizeof message, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
    .request = { .sdiag_family = question->family, .sdiag_protocol = question->proto, .idiag_states = question->states },
  };

  dump->answering = TRUE;
  if (send(dump->fd, &message, sizeof message, 0) != sizeof message)
    give_up(dump);
}

gboolean
pnat_sockdump_step(PnatSockdump *dump)
{
  if (dump->answering)
    receive(dump);
  else if (dump->asked < G_N_ELEMENTS(questions))
    ask(dump, &questions[dump->asked++]);
  return dump->answering || dump->asked < G_N_ELEMENTS(questions);
}

/* Questions about it. */

const PnatSocket *
pnat_sockdump_find(const PnatSockdump *dump, guint32 inode)
{
  return g_hash_table_lookup(dump->sockets, GUINT_TO_POINTER(inode));
}

static gint
compare_cookies(gconstpointer a, gconstpointer b)
{
  const guint64 *one = a, *other = b;
  return (*one > *other) - (*one < *other);
}

gboolean
pnat_sockdump_has(PnatSockdump *dump, guint64 cookie)
{
  if (!dump->sorted)
    g_array_sort(dump->cookies, compare_cookies);
  dump->sorted = TRUE;
  return g_array_binary_search(dump->cookies, &cookie, compare_cookies, NULL);
}

static gboolean
someone_listens(const PnatSockdump *dump, const PnatSocket *socket)
{
  Listener here = { .local = socket->local, .proto = socket->proto };
  Listener anywhere = here;

  memset(anywhere.local.bytes, 0, sizeof anywhere.local.bytes);
  return g_hash_table_contains(dump->listeners, &here) || g_hash_table_contains(dump->listeners, &anywhere);
}

PnatDirection
pnat_sockdump_direction_elsewhere(const PnatSockdump *dump, const PnatSocket *socket, gboolean listens)
{
  if (socket->state == PNAT_SOCKET_CONNECTING)
    return PNAT_DIRECTION_OUT;
  if (listens)
    return PNAT_DIRECTION_IN;
  gboolean given = socket->local.port >= dump->lowest && socket->local.port <= dump->highest;
  return given ? PNAT_DIRECTION_OUT : PNAT_DIRECTION_UNKNOWN;
}

PnatDirection
pnat_sockdump_direction(const PnatSockdump *dump, const PnatSocket *socket)
{
  return pnat_sockdump_direction_elsewhere(dump, socket, someone_listens(dump, socket));
}

guint
pnat_sockdump_size(const PnatSockdump *dump)
{
  return g_hash_table_size(dump->sockets);
}

guint
pnat_sockdump_missing(const PnatSockdump *dump)
{
  return dump->missing;
}
