/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/snapshot: connections that are there already are found, with whom they belong to and who opened them.
 * Real sockets of children of the test's, which needs root to look into them.
 */
#include "plugin/snapshot.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define SKIP 77
#define ACCEPTED 900 /* a descriptor far above those that the test was started with */

/* Children. */

typedef struct {
  gint fd;
  guint16 local;
  guint16 remote;
} Said;

/* A child that does what @func does with @number, says what came of it, and then stays as it is. @ear: (out) where it says it */
static pid_t
start_child(Said (*func)(int), int number, int *ear)
{
  int ends[2];

  ck_assert_int_eq(pipe(ends), 0);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Said answer = func(number);
    if (write(ends[1], &answer, sizeof answer) != sizeof answer)
      _exit(1);
    for (;;)
      pause();
  }
  close(ends[1]);
  *ear = ends[0];
  return pid;
}

static Said
hear(int ear)
{
  Said said;

  ck_assert_int_eq(read(ear, &said, sizeof said), sizeof said);
  close(ear);
  return said;
}

static pid_t
child_that(Said (*func)(int), int number, Said *said)
{
  int ear;
  pid_t pid = start_child(func, number, &ear);

  *said = hear(ear);
  return pid;
}

static void
end(pid_t pid)
{
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* In a child a failure is an exit: the parent's read says so. */
static int
sure(int result)
{
  if (result < 0) {
    perror("child");
    _exit(1);
  }
  return result;
}

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

static Address
address_of(const char *ip, guint16 port)
{
  Address address = { 0 };

  if (inet_pton(AF_INET, ip, &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
  } else {
    inet_pton(AF_INET6, ip, &address.v6.sin6_addr);
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
  }
  return address;
}

static guint16
local_port(int fd)
{
  Address address;
  socklen_t length = sizeof address;

  sure(getsockname(fd, &address.any, &length));
  return ntohs(address.v4.sin_port); /* at the same place in both */
}

static int
bound(const char *ip, int type, guint16 port)
{
  Address address = address_of(ip, port);
  int on = 1;
  int fd = sure(socket(address.any.sa_family, type, 0));

  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sure(bind(fd, &address.any, sizeof address));
  return fd;
}

static int
listening(const char *ip)
{
  int fd = bound(ip, SOCK_STREAM, 0);

  sure(listen(fd, 5));
  return fd;
}

static int
connected(const char *ip, int type, guint16 port)
{
  Address address = address_of(ip, port);
  int fd = sure(socket(address.any.sa_family, type, 0));

  sure(connect(fd, &address.any, sizeof address));
  return fd;
}

/* The snapshot. */

typedef struct {
  guint32 pid;
  GArray *found; /* of Found */
} Finder;

typedef struct {
  gint fd;
  PnatSocket socket;
  PnatDirection direction;
  char *exe;
  char *cmd;
} Found;

static void
clear_found(gpointer data)
{
  Found *found = data;
  g_free(found->exe);
  g_free(found->cmd);
}

static void
note_held(const PnatHeld *held, gpointer data)
{
  Finder *finder = data;
  Found found = { held->fd, *held->socket, held->direction, NULL, NULL };

  if (held->info->pid != finder->pid)
    return;
  found.exe = g_strdup(held->info->exe);
  found.cmd = g_strdup(held->cmd);
  g_array_append_val(finder->found, found);
}

/* @returns (transfer full) of Found: what @pid holds */
static GArray *
held_by(pid_t pid)
{
  Finder finder = { (guint32)pid, g_array_new(FALSE, FALSE, sizeof(Found)) };
  g_autoptr(GError) error = NULL;

  g_array_set_clear_func(finder.found, clear_found);
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  g_autoptr(PnatSnapshot) snapshot = pnat_snapshot_new(asker, note_held, &finder, &error);
  ck_assert_msg(snapshot != NULL, "%s", error != NULL ? error->message : "");
  while (pnat_snapshot_step(snapshot, 1000))
    ;
  ck_assert_uint_eq(pnat_snapshot_counts(snapshot).missing, 0);
  ck_assert_uint_ge(pnat_snapshot_counts(snapshot).held, finder.found->len);
  return finder.found;
}

static const Found *
found_on(const GArray *found, gint fd)
{
  for (guint i = 0; i < found->len; i++)
    if (g_array_index(found, Found, i).fd == fd)
      return &g_array_index(found, Found, i);
  ck_abort_msg("descriptor %d was not found among %u", fd, found->len);
  return NULL;
}

static void
assert_address(const PnatAddress *address, const char *ip, guint16 port)
{
  char text[PNAT_ADDRESS_TEXT];

  ck_assert_str_eq(pnat_address_text(address, text), ip);
  ck_assert_uint_eq(address->port, port);
}

/* TCP. */

static const struct {
  const char *listen;
  const char *connect;
  const char *shown;
} ways[] = {
  { "127.0.0.1", "127.0.0.1", "127.0.0.1" },
  { "0.0.0.0", "127.0.0.1", "127.0.0.1" },
  { "::1", "::1", "::1" },
  { "::", "::1", "::1" },
  { "::", "127.0.0.1", "127.0.0.1" },
};

static int server_listens; /* where the parent's listening socket is, for a child that accepts from it */

static Said
accepts(int way)
{
  int fd = sure(accept(server_listens, NULL, NULL));

  return (Said){ fd, local_port(fd), 0 };
}

static Said
connects(int way)
{
  guint16 port = local_port(server_listens);

  close(server_listens);
  int fd = connected(ways[way].connect, SOCK_STREAM, port);
  return (Said){ fd, local_port(fd), port };
}

START_TEST(connection_is_found_at_both_ends)
{
  Said client, server;

  server_listens = listening(ways[_i].listen);
  pid_t connecting = child_that(connects, _i, &client);
  pid_t accepting = child_that(accepts, _i, &server);
  g_autofree char *exe = g_file_read_link("/proc/thread-self/exe", NULL);

  g_autoptr(GArray) found = held_by(connecting);
  ck_assert_uint_eq(found->len, 1);
  const Found *one = found_on(found, client.fd);
  assert_address(&one->socket.local, ways[_i].shown, client.local);
  assert_address(&one->socket.remote, ways[_i].shown, client.remote);
  ck_assert_uint_eq(one->socket.proto, IPPROTO_TCP);
  ck_assert_uint_eq(one->socket.state, PNAT_SOCKET_CONNECTED);
  ck_assert_int_eq(one->direction, PNAT_DIRECTION_OUT);
  ck_assert_str_eq(one->exe, exe);
  for (guint i = 0; i < 20 && one->cmd[0] == '\0'; i++) { /* a busy machine may not get to read it in time */
    g_array_unref(found);
    found = held_by(connecting);
    one = found_on(found, client.fd);
  }
  ck_assert_ptr_nonnull(strstr(one->cmd, "check_snapshot"));

  g_autoptr(GArray) accepted = held_by(accepting);
  ck_assert_uint_eq(accepted->len, 1); /* not the listening one that it has too */
  one = found_on(accepted, server.fd);
  assert_address(&one->socket.local, ways[_i].shown, client.remote);
  assert_address(&one->socket.remote, ways[_i].shown, client.local);
  ck_assert_int_eq(one->direction, PNAT_DIRECTION_IN);
  end(connecting);
  end(accepting);
  close(server_listens);
}
END_TEST

/* Cookies are what a destroyed socket is told by. */
START_TEST(cookie_is_the_sockets_own)
{
  guint64 cookie = 0;
  socklen_t length = sizeof cookie;

  server_listens = listening("127.0.0.1");
  int fd = connected("127.0.0.1", SOCK_STREAM, local_port(server_listens));
  ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length), 0);
  Said said;
  pid_t pid = child_that(accepts, 0, &said); /* has ours too */
  g_autoptr(GArray) found = held_by(pid);
  ck_assert_uint_eq(found->len, 2);
  ck_assert_uint_eq(found_on(found, fd)->socket.cookie, cookie);
  ck_assert_uint_ne(found_on(found, said.fd)->socket.cookie, cookie);
  ck_assert_int_eq(found_on(found, fd)->direction, PNAT_DIRECTION_OUT);
  ck_assert_int_eq(found_on(found, said.fd)->direction, PNAT_DIRECTION_IN);
  end(pid);
  close(fd);
  close(server_listens);
}
END_TEST

/* Of a port that the kernel does not give out by itself. */
static int
bound_to_odd_port(int type)
{
  for (guint16 port = 700; port < 1000; port++) {
    Address address = address_of("127.0.0.1", port);
    int fd = sure(socket(AF_INET, type, 0));
    if (bind(fd, &address.any, sizeof address) == 0)
      return fd;
    close(fd);
  }
  _exit(1);
}

/* The queue of the listening socket is full, so nobody answers. */
static Said
waits_for_an_answer(int number)
{
  int full = bound("127.0.0.1", SOCK_STREAM, 0);
  Address address = address_of("127.0.0.1", local_port(full));

  sure(listen(full, 0));
  connected("127.0.0.1", SOCK_STREAM, local_port(full));
  int fd = bound_to_odd_port(SOCK_STREAM | SOCK_NONBLOCK);
  if (connect(fd, &address.any, sizeof address) == 0 || errno != EINPROGRESS)
    _exit(1);
  return (Said){ fd, local_port(fd), local_port(full) };
}

START_TEST(connect_under_way_is_found_as_that)
{
  Said said;
  pid_t pid = child_that(waits_for_an_answer, 0, &said);
  g_autoptr(GArray) found = held_by(pid);
  const Found *one = found_on(found, said.fd);

  ck_assert_uint_eq(one->socket.state, PNAT_SOCKET_CONNECTING);
  ck_assert_int_eq(one->direction, PNAT_DIRECTION_OUT);
  assert_address(&one->socket.remote, "127.0.0.1", said.remote);
  end(pid);
}
END_TEST

/* From a port that the kernel does not give out: a daemon that binds, or one that has closed its listening socket. */
static Said
has_an_odd_port(int number)
{
  int listener = listening("127.0.0.1");
  Address address = address_of("127.0.0.1", local_port(listener));
  int fd = bound_to_odd_port(SOCK_STREAM);

  sure(connect(fd, &address.any, sizeof address));
  return (Said){ fd, local_port(fd), local_port(listener) };
}

START_TEST(who_opened_is_not_guessed)
{
  Said said;
  pid_t pid = child_that(has_an_odd_port, 0, &said);
  g_autoptr(GArray) found = held_by(pid);

  assert_address(&found_on(found, said.fd)->socket.local, "127.0.0.1", said.local);
  ck_assert_int_eq(found_on(found, said.fd)->direction, PNAT_DIRECTION_UNKNOWN);
  end(pid);
}
END_TEST

static Said
has_many_descriptors(int number)
{
  int listener = listening("127.0.0.1");
  int fd = connected("127.0.0.1", SOCK_STREAM, local_port(listener));

  return (Said){ sure(fcntl(fd, F_DUPFD, 900)), local_port(fd), (guint16)fd };
}

START_TEST(every_descriptor_of_a_socket_is_told)
{
  Said said;
  pid_t pid = child_that(has_many_descriptors, 0, &said);
  g_autoptr(GArray) found = held_by(pid);

  ck_assert_uint_eq(found->len, 2);
  ck_assert_uint_eq(found_on(found, said.fd)->socket.cookie, found_on(found, said.remote)->socket.cookie);
  end(pid);
}
END_TEST

START_TEST(own_sockets_are_not_told)
{
  int listener = listening("127.0.0.1");
  int fd = connected("127.0.0.1", SOCK_STREAM, local_port(listener));
  g_autoptr(GArray) found = held_by(getpid());

  ck_assert_uint_eq(found->len, 0);
  close(fd);
  close(listener);
}
END_TEST

static Said
accepts_the_last(int number)
{
  int fd = sure(accept(server_listens, NULL, NULL));

  close(server_listens);
  return (Said){ fd, local_port(fd), 0 };
}

/* Before Linux 5.6, and under valgrind, there is no pidfd_getfd(2). */
static gboolean
can_ask(const char *what)
{
  long fd = syscall(SYS_pidfd_getfd, -1, 0, 0);
  if (fd < 0 && errno == ENOSYS)
    printf("skipped, no pidfd_getfd here: %s\n", what);
  return fd >= 0 || errno != ENOSYS;
}

/* The kernel was asked before it was there, but who listens on its port is known. */
START_TEST(connection_that_came_meanwhile_is_found)
{
  Said client, server;
  int ear;

  if (!can_ask("connection_that_came_meanwhile_is_found"))
    return;
  server_listens = listening("127.0.0.1");
  pid_t accepting = start_child(accepts_the_last, 0, &ear);
  Finder finder = { (guint32)accepting, g_array_new(FALSE, FALSE, sizeof(Found)) };
  g_array_set_clear_func(finder.found, clear_found);
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  g_autoptr(PnatSnapshot) snapshot = pnat_snapshot_new(asker, note_held, &finder, NULL);
  while (pnat_snapshot_counts(snapshot).processes == 0)
    ck_assert(pnat_snapshot_step(snapshot, 0));
  pid_t connecting = child_that(connects, 0, &client);
  server = hear(ear);
  while (pnat_snapshot_step(snapshot, 1000))
    ;
  ck_assert_uint_eq(finder.found->len, 1);
  ck_assert_int_eq(found_on(finder.found, server.fd)->direction, PNAT_DIRECTION_IN);
  assert_address(&found_on(finder.found, server.fd)->socket.remote, "127.0.0.1", client.local);
  g_array_unref(finder.found);
  end(connecting);
  end(accepting);
  close(server_listens);
}
END_TEST

/* UDP. */

static Said
talks_udp(int number)
{
  int server = bound("127.0.0.1", SOCK_DGRAM, 0); /* has no peer: not told */
  int fd = connected("127.0.0.1", SOCK_DGRAM, local_port(server));

  return (Said){ fd, local_port(fd), local_port(server) };
}

START_TEST(connected_udp_is_found)
{
  Said said;
  pid_t pid = child_that(talks_udp, 0, &said);
  g_autoptr(GArray) found = held_by(pid);

  ck_assert_uint_eq(found->len, 1);
  const Found *one = found_on(found, said.fd);
  ck_assert_uint_eq(one->socket.proto, IPPROTO_UDP);
  assert_address(&one->socket.local, "127.0.0.1", said.local);
  assert_address(&one->socket.remote, "127.0.0.1", said.remote);
  ck_assert_int_eq(one->direction, PNAT_DIRECTION_OUT);
  end(pid);
}
END_TEST

/* Other network namespaces. */

static Said
lives_elsewhere(int number)
{
  struct ifreq interface = { .ifr_name = "lo", .ifr_flags = IFF_UP };

  if (unshare(CLONE_NEWNET) != 0)
    return (Said){ -1, 0, 0 };
  int control = sure(socket(AF_INET, SOCK_DGRAM, 0));
  sure(ioctl(control, SIOCSIFFLAGS, &interface));
  close(control);
  int listener = listening("0.0.0.0");
  int fd = connected("127.0.0.1", SOCK_STREAM, local_port(listener));
  sure(dup2(sure(accept(listener, NULL, NULL)), ACCEPTED));
  return (Said){ fd, local_port(fd), local_port(listener) };
}

START_TEST(socket_of_another_network_namespace_is_asked)
{
  Said said;

  if (!can_ask("socket_of_another_network_namespace_is_asked"))
    return;
  pid_t pid = child_that(lives_elsewhere, 0, &said);
  if (said.fd < 0) {
    end(pid);
    return;
  }
  g_autoptr(GArray) found = held_by(pid);
  assert_address(&found_on(found, said.fd)->socket.remote, "127.0.0.1", said.remote);
  ck_assert_uint_eq(found_on(found, said.fd)->socket.state, PNAT_SOCKET_CONNECTED);
  ck_assert_int_eq(found_on(found, said.fd)->direction, PNAT_DIRECTION_OUT);
  assert_address(&found_on(found, ACCEPTED)->socket.remote, "127.0.0.1", said.local);
  ck_assert_int_eq(found_on(found, ACCEPTED)->direction, PNAT_DIRECTION_IN);
  end(pid);
}
END_TEST

/* Steps. */

static void
count_held(const PnatHeld *held, gpointer data)
{
  ++*(guint *)data;
}

START_TEST(step_does_no_more_than_it_is_given_time_for)
{
  guint held = 0, steps = 1;
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  g_autoptr(PnatSnapshot) snapshot = pnat_snapshot_new(asker, count_held, &held, NULL);

  ck_assert(pnat_snapshot_step(snapshot, 0));
  ck_assert_uint_eq(pnat_snapshot_counts(snapshot).processes, 0);
  while (pnat_snapshot_step(snapshot, 0))
    steps++;
  ck_assert_uint_gt(steps, pnat_snapshot_counts(snapshot).processes);
  ck_assert_uint_eq(pnat_snapshot_counts(snapshot).held, held);
  ck_assert(!pnat_snapshot_step(snapshot, 0));
}
END_TEST

START_TEST(snapshot_can_be_left_at_any_step)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  guint held = 0;

  for (guint steps = 0; steps < 300; steps++) {
    g_autoptr(PnatSnapshot) snapshot = pnat_snapshot_new(asker, count_held, &held, NULL);
    for (guint i = 0; i < steps; i++)
      pnat_snapshot_step(snapshot, 0);
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("snapshot");
  TCase *tcase = tcase_create("snapshot");
  tcase_set_timeout(tcase, 60);

  if (geteuid() != 0) {
    puts("not root: the descriptors of other processes can not be looked at");
    return SKIP;
  }
  tcase_add_loop_test(tcase, connection_is_found_at_both_ends, 0, G_N_ELEMENTS(ways));
  tcase_add_test(tcase, cookie_is_the_sockets_own);
  tcase_add_test(tcase, connect_under_way_is_found_as_that);
  tcase_add_test(tcase, who_opened_is_not_guessed);
  tcase_add_test(tcase, every_descriptor_of_a_socket_is_told);
  tcase_add_test(tcase, own_sockets_are_not_told);
  tcase_add_test(tcase, connection_that_came_meanwhile_is_found);
  tcase_add_test(tcase, connected_udp_is_found);
  tcase_add_test(tcase, socket_of_another_network_namespace_is_asked);
  tcase_add_test(tcase, step_does_no_more_than_it_is_given_time_for);
  tcase_add_test(tcase, snapshot_can_be_left_at_any_step);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
