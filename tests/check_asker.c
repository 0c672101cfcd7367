/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/asker: who does not let his sockets be asked holds nobody up. What others answer is in check_sockets_live.
 */
#include "at_most.h"
#include "plugin/asker.h"
#include "run.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

START_TEST(nothing_is_asked_of_no_process_or_descriptor)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  PnatSocket socket, zero = { 0 };
  memset(&socket, 0xa5, sizeof socket);
  ck_assert(!pnat_asker_ask(asker, -1, 3, &socket));
  ck_assert_mem_eq(&socket, &zero, sizeof socket);
  ck_assert(!pnat_asker_ask(asker, 0, -1, &socket));
  ck_assert(!pnat_asker_ask(asker, 0, 3, &socket)); /* standard input is no pidfd */
}
END_TEST

START_TEST(a_descriptor_that_is_no_socket_is_an_answer)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0), none = dup(0);
  PnatSocket socket;

  close(none);
  for (guint i = 0; i < 2; i++) {
    do
      ck_assert(!pnat_asker_ask(asker, pidfd, i == 0 ? none : 0, &socket));
    while (!pnat_asker_answered(asker) && pnat_asker_stuck(asker) > 0); /* the machine is busy */
    ck_assert(pnat_asker_answered(asker));
  }
  ck_assert(!pnat_asker_ask(asker, pidfd, -1, &socket));
  ck_assert(!pnat_asker_answered(asker));
}
END_TEST

/* Lines of the log that @what is in. */
static guint
count_lines(int fd, const char *what)
{
  char text[8192];
  guint n = 0;
  ssize_t length = pread(fd, text, sizeof text - 1, 0);
  ck_assert_int_ge(length, 0);
  text[length] = '\0';
  for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
    n++;
  return n;
}

START_TEST(that_the_kernel_refuses_is_told_once)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  int log = memfd_create("log", 0), pidfd = (int)syscall(SYS_pidfd_open, getppid(), 0);
  PnatSocket socket;

  ck_assert_int_eq(dup2(log, STDERR_FILENO), STDERR_FILENO);
  ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
  for (guint i = 0; i < 5; i++) {
    ck_assert(!pnat_asker_ask(asker, pidfd, 0, &socket));
    ck_assert(!pnat_asker_answered(asker)); /* there may be a socket */
    g_usleep(20000);
  }
  ck_assert_uint_eq(count_lines(log, "pidfd_getfd: "), 1);
}
END_TEST

/* A process that sends from memory of which it does not let the kernel have any: the sockets stay locked until it is killed. */

typedef struct {
  int fd;
  char *page;
} Send;

static gpointer
send_page(gpointer data)
{
  const Send *what = data;
  send(what->fd, what->page, PAGE, 0);
  return NULL;
}

/* Memory that nobody ever fills. @returns NULL where that is not allowed */
static char *
withheld_memory(gsize length)
{
  int fault = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
  struct uffdio_api api = { .api = UFFD_API };
  char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = { .range = { (guintptr)memory, length }, .mode = UFFDIO_REGISTER_MODE_MISSING };

  if (fault < 0 || memory == MAP_FAILED || ioctl(fault, UFFDIO_API, &api) != 0 || ioctl(fault, UFFDIO_REGISTER, &range) != 0)
    return NULL;
  return memory;
}

static int
connected(int listener)
{
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (getsockname(listener, (struct sockaddr *)&address, &length) != 0 || connect(fd, (struct sockaddr *)&address, length) != 0)
    _exit(1);
  return fd;
}

enum { N_SOCKETS = 20 };

static G_GNUC_NORETURN void
run_victim(int to)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  char *memory = withheld_memory(N_SOCKETS * PAGE);
  int listener = socket(AF_INET, SOCK_STREAM, 0), fds[N_SOCKETS + 1];
  Send sends[N_SOCKETS];

  if (memory == NULL || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 2 * N_SOCKETS) != 0)
    _exit(1);
  for (guint i = 0; i <= N_SOCKETS; i++)
    fds[i] = connected(listener);
  for (guint i = 0; i < N_SOCKETS; i++) {
    sends[i] = (Send){ fds[i], memory + i * PAGE };
    g_thread_unref(g_thread_new("send", send_page, &sends[i]));
  }
  g_usleep(200 * 1000);
  if (write(to, fds, sizeof fds) != sizeof fds)
    _exit(1);
  for (;;)
    pause();
}

/* On a busy machine the thread may not get to run in time: then it is asked once more. */
static gboolean
ask_patiently(PnatAsker *asker, int pidfd, int fd)
{
  PnatSocket socket;
  for (guint i = 0; i < 500; i++) {
    if (pnat_asker_ask(asker, pidfd, fd, &socket))
      return TRUE;
    g_usleep(10000);
  }
  return FALSE;
}

START_TEST(a_socket_that_its_owner_keeps_locked_holds_nobody_up)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  PnatSocket found, zero = { 0 };
  int ends[2], fds[N_SOCKETS + 1];

  ck_assert_int_eq(pipe(ends), 0);
  pid_t victim = fork();
  if (victim == 0)
    run_victim(ends[1]);
  close(ends[1]);
  ck_assert_int_eq(read(ends[0], fds, sizeof fds), sizeof fds);
  int pidfd = (int)syscall(SYS_pidfd_open, victim, 0);

  gint64 begun = g_get_monotonic_time();
  ck_assert(!pnat_asker_ask(asker, pidfd, fds[0], &found));
  ck_assert_mem_eq(&found, &zero, sizeof found);
  ck_assert(!pnat_asker_answered(asker));
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));
  ck_assert_uint_ge(pnat_asker_stuck(asker), 1);
  ck_assert(ask_patiently(asker, pidfd, fds[N_SOCKETS])); /* of the same process, not locked */

  /* Many of the kind do not cost a thread each, nor time for ever. */
  for (guint i = 0; i < N_SOCKETS; i++)
    ck_assert(!pnat_asker_ask(asker, pidfd, fds[i], &found));
  ck_assert_uint_lt(pnat_asker_stuck(asker), N_SOCKETS);
  begun = g_get_monotonic_time();
  for (guint i = 0; i < 100; i++)
    ck_assert(!pnat_asker_ask(asker, pidfd, fds[i % N_SOCKETS], &found) && !pnat_asker_answered(asker));
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));

  /* When it is gone, they are let go. */
  kill(victim, SIGKILL);
  ck_assert_int_eq(waitpid(victim, NULL, 0), victim);
  for (guint i = 0; i < 1000 && pnat_asker_stuck(asker) > 0; i++)
    g_usleep(10000);
  ck_assert_uint_eq(pnat_asker_stuck(asker), 0);
  close(pidfd);
  pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  int own = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert(ask_patiently(asker, pidfd, own));
}
END_TEST

/* Why it can not be tried here, or NULL. */
static const char *
obstacle(void)
{
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  int lent = pidfd >= 0 ? (int)syscall(SYS_pidfd_getfd, pidfd, 0, 0) : -1;
  char *memory = withheld_memory(PAGE);

  if (lent < 0)
    return "needs pidfd_getfd(2), Linux 5.6";
  if (geteuid() != 0)
    return "needs root: CAP_SYS_PTRACE";
  if (memory == NULL)
    return "needs userfaultfd(2)";
  munmap(memory, PAGE);
  close(lent);
  close(pidfd);
  return NULL;
}

int
main(void)
{
  Suite *suite = suite_create("asker");
  TCase *tcase = tcase_create("asker");
  const char *why = obstacle();

  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, nothing_is_asked_of_no_process_or_descriptor);
  if (geteuid() == 0 && syscall(SYS_pidfd_getfd, (int)syscall(SYS_pidfd_open, getpid(), 0), 0, 0) >= 0) {
    tcase_add_test(tcase, a_descriptor_that_is_no_socket_is_an_answer);
    tcase_add_test(tcase, that_the_kernel_refuses_is_told_once);
  }
  if (why == NULL)
    tcase_add_test(tcase, a_socket_that_its_owner_keeps_locked_holds_nobody_up);
  suite_add_tcase(suite, tcase);
  int status = run_suite(suite);
  if (status == EXIT_SUCCESS && why != NULL) {
    printf("skipped: a socket that its owner keeps locked: %s\n", why);
    return 77;
  }
  return status;
}
