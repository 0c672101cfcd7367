/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See asker.h.
 */
#include "asker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "patience.h"
#include "tcp_states.h"

typedef struct {
  int pidfd; /* a duplicate: the number may mean another process's by the time that it is used */
  int fd;
  int lent; /* -1: not yet, or not to be had */
} Question;

typedef struct {
  PnatSocket socket;
  int error; /* errno value of pidfd_getfd() */
} Answer;

struct PnatAsker {
  PnatPatience *patience;
  gboolean answered;   /* the last question was */
  gboolean told_stuck; /* in the log */
  gboolean told_refused;
};

/* In the thread. */

static int
int_option(int fd, int name)
{
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : 0;
}

static PnatSocketState
tcp_state(const struct tcp_info *info)
{
  switch (info->tcpi_state) {
  case PNAT_TCP_SYN_SENT:
    return PNAT_SOCKET_CONNECTING;
  case PNAT_TCP_CLOSE:
    return info->tcpi_bytes_acked > 0 ? PNAT_SOCKET_CONNECTED : PNAT_SOCKET_STATE_UNKNOWN;
  case PNAT_TCP_LISTEN:
    return PNAT_SOCKET_STATE_UNKNOWN;
  default:
    return PNAT_SOCKET_CONNECTED;
  }
}

/*
 * The socket of an accepted connection counts the time since data went either way from when it was made, as if some had gone then:
 * tcp_create_openreq_child(), net/ipv4/tcp_minisocks.c.
 */
static void
ask_tcp(int fd, PnatSocket *socket)
{
  struct tcp_info info = { 0 };
  socklen_t length = sizeof info;

  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
    return;
  socket->state = tcp_state(&info);
  if (socket->state != PNAT_SOCKET_CONNECTED)
    return;
  socket->established = pnat_real_ms() - MAX(info.tcpi_last_data_sent, info.tcpi_last_data_recv);
  socket->is_just_then = info.tcpi_data_segs_out == 0 || info.tcpi_data_segs_in == 0;
}

/*
 * SO_PEERNAME is getpeername(2), but tells where to a connect under way goes too, which is "not connected" to the other:
 * inet_getname(), net/ipv4/af_inet.c. It takes no more room than the address needs.
 */
static void
read_peer(int fd, int domain, PnatAddress *remote)
{
  union {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  } address;
  socklen_t length = domain == AF_INET ? sizeof address.ipv4 : sizeof address.ipv6;

  if (getsockopt(fd, SOL_SOCKET, SO_PEERNAME, &address, &length) == 0)
    pnat_address_from_sockaddr(remote, &address.any);
}

static void
ask_socket(int fd, PnatSocket *socket)
{
  union {
    struct sockaddr any;
    struct sockaddr_storage storage;
  } address;
  socklen_t length = sizeof address;
  socklen_t cookie_length = sizeof socket->cookie;
  int domain = int_option(fd, SO_DOMAIN);

  if (domain != AF_INET && domain != AF_INET6)
    return;
  int protocol = int_option(fd, SO_PROTOCOL);
  socket->proto = protocol == IPPROTO_MPTCP ? IPPROTO_TCP : (guint8)protocol;
  if (getsockname(fd, &address.any, &length) == 0)
    pnat_address_from_sockaddr(&socket->local, &address.any);
  read_peer(fd, domain, &socket->remote);
  if (socket->proto == IPPROTO_TCP)
    ask_tcp(fd, socket);
  if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &socket->cookie, &cookie_length) != 0)
    socket->cookie = 0;
}

static void
answer(gpointer data, gpointer result)
{
  Question *question = data;
  Answer *found = result;

  memset(found, 0, sizeof *found);
  question->lent = (int)syscall(SYS_pidfd_getfd, question->pidfd, question->fd, 0);
  if (question->lent < 0)
    found->error = errno;
  else
    ask_socket(question->lent, &found->socket);
}

static void
finish(gpointer data)
{
  const Question *question = data;
  close(question->pidfd);
  if (question->lent >= 0)
    close(question->lent);
}

/* Who asks. */

PnatAsker *
pnat_asker_new(void)
{
  static const PnatPatienceKind kind = { "sockets", sizeof(Question), sizeof(Answer), answer, finish };
  PnatAsker *asker = g_new0(PnatAsker, 1);
  asker->patience = pnat_patience_new(&kind);
  return asker;
}

void
pnat_asker_free(PnatAsker *asker)
{
  if (asker == NULL)
    return;
  pnat_patience_free(asker->patience);
  g_free(asker);
}

static void
tell_stuck(PnatAsker *asker)
{
  if (!asker->told_stuck)
    pnat_log_warning("a process does not let its sockets be asked, or this host is too busy: such connections are known by what audit "
                     "says alone");
  asker->told_stuck = TRUE;
}

/* @error: errno value */
static void
tell_refused(PnatAsker *asker, int error)
{
  if (!asker->told_refused)
    pnat_log_warning("pidfd_getfd: %s: sockets that can not be asked are known by what audit says alone%s", g_strerror(error),
                     error == EPERM ? "; kernel.yama.ptrace_scope = 3 or a security module may be the reason" : "");
  asker->told_refused = TRUE;
}

/* Whether the process has no such socket; else why it can not be asked is told. */
static gboolean
is_answer(PnatAsker *asker, PnatPatienceResult result, int error)
{
  if (result != PNAT_PATIENCE_ANSWERED)
    tell_stuck(asker);
  else if (error != 0 && error != EBADF && error != ESRCH)
    tell_refused(asker, error);
  else
    return TRUE;
  return FALSE;
}

gboolean
pnat_asker_ask(PnatAsker *asker, int pidfd, int fd, PnatSocket *socket)
{
  Question question = { .fd = fd, .lent = -1 };
  Answer found = { 0 };

  memset(socket, 0, sizeof *socket);
  asker->answered = FALSE;
  if (pidfd < 0 || fd < 0)
    return FALSE;
  question.pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
  if (question.pidfd < 0) {
    tell_refused(asker, errno);
    return FALSE;
  }
  PnatPatienceResult result = pnat_patience_ask(asker->patience, &question, &found);
  if (result == PNAT_PATIENCE_UNASKED)
    close(question.pidfd);
  asker->answered = is_answer(asker, result, found.error);
  if (found.socket.cookie == 0)
    return FALSE;
  *socket = found.socket;
  return TRUE;
}

gboolean
pnat_asker_answered(const PnatAsker *asker)
{
  return asker->answered;
}

guint
pnat_asker_stuck(const PnatAsker *asker)
{
  return pnat_patience_stuck(asker->patience);
}
