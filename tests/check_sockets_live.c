/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/sockets and plugin/asker with this machine's kernel: sockets of a child are asked, and own connections told of as they are destroyed.
 * All of it is on the loopback. Skipped where the kernel does not permit it.
 */
#include "plugin/sockets.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/asker.h"
#include "run.h"

#define PATIENCE (10 * G_TIME_SPAN_SECOND)

static const int families[] = { AF_INET, AF_INET6 };

/* Own sockets. */

typedef union {
  struct sockaddr any;
  struct sockaddr_in ipv4;
  struct sockaddr_in6 ipv6;
} Address;

static Address
loopback(int family, guint16 port)
{
  Address address = { 0 };
  if (family == AF_INET)
    address.ipv4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  else
    address.ipv6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback };
  return address;
}

static guint16
port_of(int fd)
{
  Address address;
  socklen_t length = sizeof address;
  ck_assert_int_eq(getsockname(fd, &address.any, &length), 0);
  return ntohs(address.any.sa_family == AF_INET ? address.ipv4.sin_port : address.ipv6.sin6_port);
}

static guint64
cookie_of(int fd)
{
  guint64 cookie = 0;
  socklen_t length = sizeof cookie;
  ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), 0);
  return cookie;
}

/* On a port of the kernel's choice. */
static int
bound(int family, int type)
{
  Address address = loopback(family, 0);
  int fd = socket(family, type | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(bind(fd, &address.any, sizeof address), 0);
  return fd;
}

static int
listener(int family, int backlog)
{
  int fd = bound(family, SOCK_STREAM);
  ck_assert_int_eq(listen(fd, backlog), 0);
  return fd;
}

/* @type: SOCK_NONBLOCK may be in it; @port: of the loopback */
static int
connecting(int family, int type, guint16 port)
{
  Address address = loopback(family, port);
  int fd = socket(family, type | SOCK_CLOEXEC, 0);
  ck_assert_int_ge(fd, 0);
  if (connect(fd, &address.any, sizeof address) != 0)
    ck_assert_int_eq(errno, EINPROGRESS);
  return fd;
}

/* A port where nobody listens: one that was free a moment ago. */
static guint16
dead_port(int family)
{
  int fd = bound(family, SOCK_STREAM);
  guint16 port = port_of(fd);
  close(fd);
  return port;
}

/* A child with sockets, which waits until it is let go. */

enum { LISTENER, CLIENT, ACCEPTED, REFUSED, UNANSWERED, DATAGRAM, UNIX, PIPE, CLOSED, N_FDS };

typedef struct {
  int fds[N_FDS];
  guint64 cookies[N_FDS];
  guint16 ports[N_FDS];
} Sockets;

typedef struct {
  pid_t pid;
  int pidfd;
  int from; /* Sockets, and at the end an errno value: what SO_ERROR said in the child after all was asked */
  int to;
  Sockets sockets;
} Child;

static void
make_sockets(Sockets *sockets, int family)
{
  int *fds = sockets->fds, unused[2];
  fds[LISTENER] = listener(family, 5);
  fds[CLIENT] = connecting(family, SOCK_STREAM, port_of(fds[LISTENER]));
  fds[ACCEPTED] = accept(fds[LISTENER], NULL, NULL);
  fds[REFUSED] = connecting(family, SOCK_STREAM | SOCK_NONBLOCK, dead_port(family));
  int full = listener(family, 0);
  connecting(family, SOCK_STREAM, port_of(full));
  fds[UNANSWERED] = connecting(family, SOCK_STREAM | SOCK_NONBLOCK, port_of(full)); /* its SYN is dropped: the queue is full */
  fds[DATAGRAM] = bound(family, SOCK_DGRAM);
  fds[UNIX] = socket(AF_UNIX, SOCK_STREAM, 0);
  ck_assert_int_eq(pipe(unused), 0);
  fds[PIPE] = unused[0];
  fds[CLOSED] = 1000;
  for (guint i = 0; i <= DATAGRAM; i++) {
    sockets->cookies[i] = cookie_of(fds[i]);
    sockets->ports[i] = port_of(fds[i]);
  }
}

static G_GNUC_NORETURN void
run_child(int to, int from, int family)
{
  Sockets sockets;
  char byte;
  int error = -1;
  socklen_t length = sizeof error;

  make_sockets(&sockets, family);
  if (write(to, &sockets, sizeof sockets) != sizeof sockets || read(from, &byte, 1) != 1)
    _exit(1);
  getsockopt(sockets.fds[REFUSED], SOL_SOCKET, SO_ERROR, &error, &length);
  _exit(write(to, &error, sizeof error) != sizeof error);
}

static void
child_start(Child *child, int family)
{
  int there[2], back[2];
  ck_assert_int_eq(pipe(there), 0);
  ck_assert_int_eq(pipe(back), 0);
  child->pid = fork();
  if (child->pid == 0)
    run_child(back[1], there[0], family);
  close(there[0]);
  close(back[1]);
  child->to = there[1];
  child->from = back[0];
  ck_assert_int_eq(read(child->from, &child->sockets, sizeof child->sockets), sizeof child->sockets);
  child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
  ck_assert_int_ge(child->pidfd, 0);
}

/* @returns what SO_ERROR said in the child, of the connect that was refused */
static int
child_end(Child *child)
{
  int error = -1;
  ck_assert_int_eq(write(child->to, "", 1), 1);
  ck_assert_int_eq(read(child->from, &error, sizeof error), sizeof error);
  ck_assert_int_eq(waitpid(child->pid, NULL, 0), child->pid);
  close(child->to);
  close(child->from);
  close(child->pidfd);
  return error;
}

static PnatAsker *asker;

/* On a busy machine there may be no answer in time: then it is asked once more. */
static gboolean
try_to_ask(const Child *child, guint which, PnatSocket *socket)
{
  guint before;
  do {
    while ((before = pnat_asker_stuck(asker)) > 0)
      g_usleep(1000);
    if (pnat_asker_ask(asker, child->pidfd, child->sockets.fds[which], socket))
      return TRUE;
  } while (pnat_asker_stuck(asker) > before);
  return FALSE;
}

static PnatSocket
ask(const Child *child, guint which)
{
  PnatSocket socket;
  ck_assert_msg(try_to_ask(child, which, &socket), "socket %u", which);
  ck_assert_uint_eq(socket.cookie, child->sockets.cookies[which]);
  ck_assert_uint_eq(socket.proto, which == DATAGRAM ? IPPROTO_UDP : IPPROTO_TCP);
  ck_assert_uint_eq(socket.local.port, child->sockets.ports[which]);
  return socket;
}

static void
assert_loopback(const PnatAddress *address, int family, guint16 port)
{
  char text[PNAT_ADDRESS_TEXT];
  ck_assert_str_eq(pnat_address_text(address, text), family == AF_INET ? "127.0.0.1" : "::1");
  ck_assert_uint_eq(address->port, port);
}

START_TEST(a_socket_of_another_process_tells_its_ends_its_state_and_its_cookie)
{
  int family = families[_i];
  Child child;
  child_start(&child, family);
  const guint16 *ports = child.sockets.ports;

  PnatSocket socket = ask(&child, CLIENT);
  ck_assert_int_eq(socket.state, PNAT_SOCKET_CONNECTED);
  assert_loopback(&socket.local, family, ports[CLIENT]);
  assert_loopback(&socket.remote, family, ports[LISTENER]);
  socket = ask(&child, ACCEPTED);
  ck_assert_int_eq(socket.state, PNAT_SOCKET_CONNECTED);
  assert_loopback(&socket.remote, family, ports[CLIENT]);
  socket = ask(&child, LISTENER);
  ck_assert_int_eq(socket.state, PNAT_SOCKET_STATE_UNKNOWN);
  ck_assert_int_eq(socket.remote.family, PNAT_FAMILY_NONE);
  socket = ask(&child, UNANSWERED);
  ck_assert_int_eq(socket.state, PNAT_SOCKET_CONNECTING);
  ck_assert_int_ne(socket.remote.port, 0);
  assert_loopback(&socket.remote, family, socket.remote.port);
  socket = ask(&child, DATAGRAM);
  ck_assert_int_eq(socket.remote.family, PNAT_FAMILY_NONE);
  ck_assert_int_eq(socket.state, PNAT_SOCKET_STATE_UNKNOWN);
  child_end(&child);
}
END_TEST

/* ms; of a socket of this process itself */
static void
assert_established(const Child *self, gint64 began, gint64 done, gboolean is_just_then)
{
  PnatSocket socket;
  ck_assert(try_to_ask(self, ACCEPTED, &socket));
  ck_assert_int_eq(socket.is_just_then, is_just_then);
  ck_assert_int_ge(socket.established, began - 20); /* ticks, at 100 Hz in the worst case */
  if (is_just_then)
    ck_assert_int_le(socket.established, done + 20);
}

START_TEST(an_accepted_connection_tells_when_it_was_made_until_both_sides_have_sent)
{
  Child self = { .pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0) };
  char byte;
  int listening = listener(families[_i], 5);
  gint64 began = g_get_real_time() / 1000;
  int client = connecting(families[_i], SOCK_STREAM, port_of(listening));
  gint64 done = g_get_real_time() / 1000;
  int accepted = self.sockets.fds[ACCEPTED] = accept(listening, NULL, NULL);

  g_usleep(200000); /* so that now is another time */
  assert_established(&self, began, done, TRUE);
  ck_assert_int_eq(send(client, "x", 1, 0), 1);
  ck_assert_int_eq(recv(accepted, &byte, 1, 0), 1);
  assert_established(&self, began, done, TRUE);
  ck_assert_int_eq(send(accepted, "y", 1, 0), 1);
  assert_established(&self, began, done, FALSE);
  close(client);
  close(accepted);
  close(listening);
  close(self.pidfd);
}
END_TEST

START_TEST(what_is_no_internet_socket_has_no_answer)
{
  static const guint none[] = { UNIX, PIPE, CLOSED };
  PnatSocket socket, zero = { 0 };
  Child child;
  child_start(&child, AF_INET);
  for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
    memset(&socket, 0xa5, sizeof socket);
    ck_assert(!try_to_ask(&child, none[i], &socket));
    ck_assert_mem_eq(&socket, &zero, sizeof socket);
  }
  child_end(&child);
}
END_TEST

START_TEST(asking_takes_nothing_from_the_socket)
{
  Child child;
  child_start(&child, families[_i]);
  for (guint i = 0; i < 3; i++) {
    PnatSocket socket = ask(&child, REFUSED);
    ck_assert_int_ne(socket.remote.port, 0); /* where it went to, too */
  }
  ck_assert_int_eq(child_end(&child), ECONNREFUSED); /* the error is still the owner's to read */
}
END_TEST

START_TEST(asking_leaves_no_descriptor_behind)
{
  Child child;
  child_start(&child, AF_INET);
  int before = dup(0);
  close(before);
  for (guint i = 0; i < 100; i++)
    ask(&child, CLIENT);
  int after = before + 1;
  for (guint tries = 0; after != before && tries < 200; tries++) { /* a thread gives them back */
    after = dup(0);
    close(after);
    g_usleep(10000);
  }
  ck_assert_int_eq(before, after);
  child_end(&child);
}
END_TEST

START_TEST(a_process_that_is_gone_has_no_answer)
{
  Child child;
  PnatSocket socket;
  child_start(&child, AF_INET);
  ck_assert_int_eq(write(child.to, "", 1), 1);
  ck_assert_int_eq(waitpid(child.pid, NULL, 0), child.pid);
  ck_assert(!try_to_ask(&child, CLIENT, &socket));
}
END_TEST

/* Destroyed sockets. */

typedef struct {
  guint64 cookie;
  gboolean found;
  PnatSocketEnd end;
} Wanted;

static void
look_at_end(const PnatSocketEnd *end, gpointer data)
{
  for (Wanted *wanted = data; wanted->cookie != 0; wanted++)
    if (wanted->cookie == end->socket.cookie) {
      ck_assert(!wanted->found); /* each is told once */
      wanted->found = TRUE;
      wanted->end = *end;
    }
}

/* Waits until all of @wanted, which ends with cookie 0, were told of: by the main context or by polling. */
static void
wait_for(PnatSockets *sockets, const Wanted *wanted, gboolean poll)
{
  gint64 deadline = g_get_monotonic_time() + PATIENCE;
  for (; wanted->cookie != 0; wanted++)
    while (!wanted->found) {
      ck_assert_msg(g_get_monotonic_time() < deadline, "the end of socket %" G_GUINT64_FORMAT " was not told", wanted->cookie);
      if (poll)
        pnat_sockets_poll(sockets);
      else
        g_main_context_iteration(NULL, FALSE);
      g_usleep(1000);
    }
}

static void
assert_just_now(const PnatSocketEnd *end)
{
  gint64 now = g_get_real_time() / 1000;
  ck_assert_int_le(end->time, now);
  ck_assert_int_gt(end->time, now - PATIENCE / 1000);
  ck_assert(!end->foreign);
}

static void
send_bytes(int from, int to, gsize length)
{
  g_autofree char *bytes = g_malloc0(length);
  ck_assert_int_eq(send(from, bytes, length, 0), (gssize)length);
  ck_assert_int_eq(recv(to, bytes, length, MSG_WAITALL), (gssize)length);
}

START_TEST(both_ends_of_a_closed_connection_are_told_with_their_counters)
{
  int family = families[_i / 2];
  Wanted wanted[3] = { 0 };
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  ck_assert_ptr_nonnull(sockets);
  int server = listener(family, 5);
  int client = connecting(family, SOCK_STREAM, port_of(server));
  int accepted = accept(server, NULL, NULL);
  guint16 server_port = port_of(server), client_port = port_of(client);
  wanted[0].cookie = cookie_of(client);
  wanted[1].cookie = cookie_of(accepted);
  send_bytes(client, accepted, 1000);
  send_bytes(accepted, client, 300);
  close(client);
  close(accepted);
  wait_for(sockets, wanted, _i % 2 == 0);

  const PnatSocketEnd *end = &wanted[0].end;
  assert_just_now(end);
  ck_assert_uint_eq(end->socket.proto, IPPROTO_TCP);
  ck_assert_int_eq(end->socket.state, PNAT_SOCKET_CONNECTED);
  assert_loopback(&end->socket.local, family, client_port);
  assert_loopback(&end->socket.remote, family, server_port);
  ck_assert_int_eq(end->tx, 1000);
  ck_assert_int_eq(end->rx, 300);
  end = &wanted[1].end;
  assert_loopback(&end->socket.local, family, server_port);
  assert_loopback(&end->socket.remote, family, client_port);
  ck_assert_int_eq(end->tx, 300);
  ck_assert_int_eq(end->rx, 1000);
  ck_assert_uint_eq(pnat_sockets_overruns(sockets), 0);
  close(server);
}
END_TEST

START_TEST(the_end_of_a_refused_connect_says_so)
{
  int family = families[_i];
  Wanted wanted[2] = { 0 };
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  guint16 port = dead_port(family);
  int fd = connecting(family, SOCK_STREAM | SOCK_NONBLOCK, port);
  wanted[0].cookie = cookie_of(fd);
  close(fd);
  wait_for(sockets, wanted, TRUE);
  ck_assert_int_eq(wanted[0].end.socket.state, PNAT_SOCKET_FAILED);
  ck_assert_int_eq(wanted[0].end.error, ECONNREFUSED);
  assert_loopback(&wanted[0].end.socket.remote, family, port);
}
END_TEST

START_TEST(the_end_of_a_connect_that_nobody_answered_says_so)
{
  Wanted wanted[2] = { 0 };
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  int full = listener(AF_INET, 0);
  int first = connecting(AF_INET, SOCK_STREAM, port_of(full));
  int fd = connecting(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, port_of(full));
  wanted[0].cookie = cookie_of(fd);
  close(fd);
  wait_for(sockets, wanted, TRUE);
  ck_assert_int_eq(wanted[0].end.socket.state, PNAT_SOCKET_FAILED);
  ck_assert_int_eq(wanted[0].end.error, 0);
  close(first);
  close(full);
}
END_TEST

START_TEST(a_datagram_sockets_end_is_told)
{
  int family = families[_i];
  Wanted wanted[3] = { 0 };
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  int server = bound(family, SOCK_DGRAM);
  int client = connecting(family, SOCK_DGRAM, port_of(server));
  guint16 server_port = port_of(server), client_port = port_of(client);
  wanted[0].cookie = cookie_of(client);
  wanted[1].cookie = cookie_of(server);
  close(client);
  close(server);
  wait_for(sockets, wanted, TRUE);
  ck_assert_uint_eq(wanted[0].end.socket.proto, IPPROTO_UDP);
  assert_loopback(&wanted[0].end.socket.remote, family, server_port);
  ck_assert_uint_eq(wanted[0].end.socket.local.port, client_port);
  ck_assert_int_eq(wanted[1].end.socket.remote.family, PNAT_FAMILY_NONE);
  ck_assert_int_eq(wanted[1].end.tx, -1);
}
END_TEST

START_TEST(a_socket_shared_over_fork_is_told_at_its_last_close)
{
  Wanted wanted[2] = { 0 };
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  int server = listener(AF_INET, 5), stop[2];
  int client = connecting(AF_INET, SOCK_STREAM, port_of(server));
  int accepted = accept(server, NULL, NULL);
  char byte;
  wanted[0].cookie = cookie_of(client);
  ck_assert_int_eq(pipe(stop), 0);
  pid_t child = fork();
  if (child == 0) {
    close(stop[1]);
    close(accepted);
    _exit(read(stop[0], &byte, 1) != 0);
  }
  close(client);
  close(accepted);
  for (guint i = 0; i < 50; i++) {
    pnat_sockets_poll(sockets);
    g_usleep(1000);
  }
  ck_assert(!wanted[0].found);
  close(stop[1]);
  wait_for(sockets, wanted, TRUE);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  close(server);
}
END_TEST

START_TEST(many_ends_at_once_are_all_told)
{
  enum { N = 500 };
  Wanted wanted[N + 1] = { 0 };
  int fds[N];
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, wanted, NULL);
  for (guint i = 0; i < N; i++) {
    fds[i] = bound(AF_INET, SOCK_DGRAM);
    wanted[i].cookie = cookie_of(fds[i]);
  }
  for (guint i = 0; i < N; i++)
    close(fds[i]);
  wait_for(sockets, wanted, TRUE);
  ck_assert_uint_eq(pnat_sockets_overruns(sockets), 0);
}
END_TEST

static void
set_up(void)
{
  asker = pnat_asker_new();
}

static void
tear_down(void)
{
  pnat_asker_free(asker);
}

static Suite *
suite(void)
{
  Suite *suite = suite_create("sockets_live");
  TCase *tcase = tcase_create("sockets_live");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, a_socket_of_another_process_tells_its_ends_its_state_and_its_cookie, 0, 2);
  tcase_add_loop_test(tcase, an_accepted_connection_tells_when_it_was_made_until_both_sides_have_sent, 0, 2);
  tcase_add_test(tcase, what_is_no_internet_socket_has_no_answer);
  tcase_add_loop_test(tcase, asking_takes_nothing_from_the_socket, 0, 2);
  tcase_add_test(tcase, asking_leaves_no_descriptor_behind);
  tcase_add_test(tcase, a_process_that_is_gone_has_no_answer);
  tcase_add_loop_test(tcase, both_ends_of_a_closed_connection_are_told_with_their_counters, 0, 4);
  tcase_add_loop_test(tcase, the_end_of_a_refused_connect_says_so, 0, 2);
  tcase_add_test(tcase, the_end_of_a_connect_that_nobody_answered_says_so);
  tcase_add_loop_test(tcase, a_datagram_sockets_end_is_told, 0, 2);
  tcase_add_test(tcase, a_socket_shared_over_fork_is_told_at_its_last_close);
  tcase_add_test(tcase, many_ends_at_once_are_all_told);
  suite_add_tcase(suite, tcase);
  return suite;
}

/* Why these tests can not be run here, or NULL. */
static const char *
obstacle(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatSockets) sockets = pnat_sockets_new(look_at_end, NULL, &error);
  Address address = loopback(AF_INET6, 0);
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  int lent = pidfd >= 0 ? (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0) : -1;
  int ipv6 = socket(AF_INET6, SOCK_STREAM, 0);

  if (sockets == NULL)
    return "needs sock_diag(7) and CAP_NET_ADMIN";
  if (lent < 0)
    return "needs pidfd_getfd(2), Linux 5.6";
  if (geteuid() != 0)
    return "needs root: CAP_SYS_PTRACE";
  if (ipv6 < 0 || bind(ipv6, &address.any, sizeof address.ipv6) != 0)
    return "needs IPv6 on the loopback";
  close(lent);
  close(pidfd);
  close(ipv6);
  return NULL;
}

int
main(void)
{
  const char *why = obstacle();
  if (why != NULL) {
    printf("skipped: %s\n", why);
    return 77;
  }
  return run_suite(suite());
}
