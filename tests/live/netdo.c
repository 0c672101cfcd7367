/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * netdo STEP...: does network calls in the order of its arguments, and prints a line for each: when it began and was done
 * (CLOCK_REALTIME, seconds), what came of it. The live tests hold records against these lines.
 *
 * A step is words between commas. S is a slot, 0 to 15: netdo's own number for a socket. Only the calls named are made, so that their
 * audit events are these alone; lines are written by write(2), which no rule asks for.
 *
 *   tcp,S  tcp6,S  udp,S  udp6,S            socket(2)
 *   nonblock,S  linger0,S                   fcntl(O_NONBLOCK); close(2) will reset the connection
 *   listen,S,IP,PORT                        bind(2), and listen(2) for TCP; port 0: the kernel's choice
 *   connect,S,IP,PORT  dissolve,S           connect(2); to AF_UNSPEC
 *   accept,S,NEW  accept4,S,NEW  acceptnull,S,NEW    with the peer's address asked for, or not
 *   send,S,TEXT  recv,S  sendmsg,S,TEXT  recvmsg,S   without an address
 *   sendto,S,IP,PORT,TEXT  recvfrom,S                with one
 *   sendmmsg,S,TEXT[,IP,PORT]...  recvmmsg,S,N       as many messages as addresses; two without
 *   poll,S,in|out  close,S  dup,S,NEW
 *   sleep,MS  wait  say,TEXT                wait: for a byte on standard input
 *   fork ... end  reap                      a child does what is between, and ends; wait for all children
 *   thread ... end  join                    a thread does; wait for all threads
 *   ring,MODE  ringconnect,S,IP,PORT  ringaccept,S,NEW    through io_uring, see ring.h for MODE
 *   exec,PATH                               execve(2) of PATH with the steps that are left
 *   exit,N  rawexit,N  raise,SIGNAL  segv   exit_group(2); exit(2), the calling thread's own end
 *   hog                                     takes memory until it is killed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

enum { SLOTS = 16, WORDS = 24, THREADS = 8, MESSAGES = 8 };

typedef struct {
  char *word[WORDS];
  int n;
} Step;

typedef union {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} Address;

typedef struct {
  char **from, **to;
} Steps;

static int slots[SLOTS];
static pthread_t threads[THREADS];
static int n_threads;
static volatile int *volatile nowhere;

static void run(char **from, char **to);

static double
now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
die(const char *what)
{
  fprintf(stderr, "netdo: %s: %s\n", what, strerror(errno));
  _exit(64);
}

/* Steps and their words. */

static Step
step_of(const char *argument)
{
  Step step = { .n = 0 };
  char *rest = strdup(argument);
  while (rest != NULL && step.n < WORDS)
    step.word[step.n++] = strsep(&rest, ",");
  return step;
}

static int
number(const Step *step, int at)
{
  if (at >= step->n)
    die(step->word[0]);
  return atoi(step->word[at]);
}

static int *
slot(const Step *step, int at)
{
  int i = number(step, at);
  if (i < 0 || i >= SLOTS)
    die("no such slot");
  return &slots[i];
}

static const char *
text(const Step *step, int at)
{
  return at < step->n ? step->word[at] : "";
}

/* The address in two words from @at on. */
static socklen_t
address(const Step *step, int at, Address *out)
{
  int port = number(step, at + 1);

  memset(out, 0, sizeof *out);
  if (strchr(step->word[at], ':') != NULL) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET6, step->word[at], &out->v6.sin6_addr) != 1)
      die(step->word[at]);
    return sizeof out->v6;
  }
  out->v4.sin_family = AF_INET;
  out->v4.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, step->word[at], &out->v4.sin_addr) != 1)
    die(step->word[at]);
  return sizeof out->v4;
}

/* Lines. */

static int
print_address(char *to, size_t size, const char *side, const Address *shown)
{
  char ip[INET6_ADDRSTRLEN] = "-";
  unsigned port = 0;

  if (shown->any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &shown->v4.sin_addr, ip, sizeof ip);
    port = ntohs(shown->v4.sin_port);
  } else if (shown->any.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &shown->v6.sin6_addr, ip, sizeof ip);
    port = ntohs(shown->v6.sin6_port);
  }
  return snprintf(to, size, " %s_ip=%s %s_port=%u", side, ip, side, port);
}

/* @fd: of which the addresses are told; -1 = none */
static void
tell(const Step *step, double began, int fd, long result)
{
  int error = result < 0 ? errno : 0;
  double done = now();
  Address local = { .any.sa_family = AF_UNSPEC }, peer = { .any.sa_family = AF_UNSPEC };
  socklen_t length = sizeof local;
  char line[1024];

  if (fd >= 0 && getsockname(fd, &local.any, &length) != 0)
    local.any.sa_family = AF_UNSPEC;
  length = sizeof peer;
  if (fd >= 0 && getpeername(fd, &peer.any, &length) != 0)
    peer.any.sa_family = AF_UNSPEC;
  int n = snprintf(line, sizeof line, "began=%.6f done=%.6f pid=%d step=%s fd=%d result=%ld errno=%d", began, done, (int)getpid(),
                   step->word[0], fd, result, error);
  n += print_address(line + n, sizeof line - (size_t)n, "local", &local);
  n += print_address(line + n, sizeof line - (size_t)n, "peer", &peer);
  line[n++] = '\n';
  if (write(STDOUT_FILENO, line, (size_t)n) != n)
    _exit(65);
}

/* Calls. */

static int
listen_at(const Step *step)
{
  Address where;
  socklen_t length = address(step, 2, &where);
  int fd = *slot(step, 1), yes = 1, type = 0;
  socklen_t type_length = sizeof type;

  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_length);
  if (bind(fd, &where.any, length) != 0)
    return -1;
  return type == SOCK_STREAM ? listen(fd, 128) : 0;
}

static long
receive_from(int fd)
{
  char buffer[4096];
  Address peer;
  socklen_t length = sizeof peer;
  return recvfrom(fd, buffer, sizeof buffer, 0, &peer.any, &length);
}

static long
message(const Step *step, int fd)
{
  char buffer[4096];
  struct iovec part = { buffer, sizeof buffer };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

  if (strcmp(step->word[0], "recvmsg") == 0)
    return recvmsg(fd, &header, 0);
  part.iov_base = (void *)text(step, 2);
  part.iov_len = strlen(text(step, 2));
  return sendmsg(fd, &header, MSG_NOSIGNAL);
}

static long
send_messages(const Step *step, int fd)
{
  Address to[MESSAGES];
  struct iovec part = { (void *)text(step, 2), strlen(text(step, 2)) };
  struct mmsghdr messages[MESSAGES] = { 0 };
  int n = (step->n - 3) / 2;

  for (int i = 0; i < (n > 0 ? n : 2); i++) {
    messages[i].msg_hdr.msg_iov = &part;
    messages[i].msg_hdr.msg_iovlen = 1;
    if (n > 0) {
      messages[i].msg_hdr.msg_name = &to[i];
      messages[i].msg_hdr.msg_namelen = address(step, 3 + 2 * i, &to[i]);
    }
  }
  return sendmmsg(fd, messages, (unsigned)(n > 0 ? n : 2), MSG_NOSIGNAL);
}

static long
receive_messages(const Step *step, int fd)
{
  static char buffers[MESSAGES][2048];
  Address from[MESSAGES];
  struct iovec parts[MESSAGES];
  struct mmsghdr messages[MESSAGES] = { 0 };

  for (int i = 0; i < MESSAGES; i++) {
    parts[i] = (struct iovec){ buffers[i], sizeof buffers[i] };
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &from[i];
    messages[i].msg_hdr.msg_namelen = sizeof from[i];
  }
  return recvmmsg(fd, messages, (unsigned)number(step, 2), MSG_WAITFORONE, NULL);
}

/* FALSE: not a call on a socket that is there. */
static int
do_call(const Step *step)
{
  const char *what = step->word[0];
  Address to;
  double began = now();
  int fd = step->n > 1 ? slots[atoi(step->word[1]) & (SLOTS - 1)] : -1;
  long result;

  if (strcmp(what, "listen") == 0)
    result = listen_at(step);
  else if (strcmp(what, "connect") == 0)
    result = connect(fd, &to.any, address(step, 2, &to));
  else if (strcmp(what, "dissolve") == 0)
    result = connect(fd, &(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr));
  else if (strcmp(what, "send") == 0)
    result = send(fd, text(step, 2), strlen(text(step, 2)), MSG_NOSIGNAL);
  else if (strcmp(what, "recv") == 0)
    result = recv(fd, (char[4096]){ 0 }, 4096, 0);
  else if (strcmp(what, "sendmsg") == 0 || strcmp(what, "recvmsg") == 0)
    result = message(step, fd);
  else if (strcmp(what, "sendto") == 0)
    result = sendto(fd, text(step, 4), strlen(text(step, 4)), MSG_NOSIGNAL, &to.any, address(step, 2, &to));
  else if (strcmp(what, "recvfrom") == 0)
    result = receive_from(fd);
  else if (strcmp(what, "sendmmsg") == 0)
    result = send_messages(step, fd);
  else if (strcmp(what, "recvmmsg") == 0)
    result = receive_messages(step, fd);
  else
    return 0;
  tell(step, began, fd, result);
  return 1;
}

/* A ring is where one program makes its calls without calling. */
static int
do_ring(const Step *step)
{
  const char *what = step->word[0];
  Address peer;
  socklen_t length = sizeof peer;
  double began = now();

  if (strcmp(what, "ring") == 0) {
    tell(step, began, -1, ring_open(text(step, 1)));
  } else if (strcmp(what, "ringconnect") == 0) {
    length = address(step, 2, &peer);
    tell(step, began, *slot(step, 1), ring_do(IORING_OP_CONNECT, *slot(step, 1), (unsigned long)&peer, length));
  } else if (strcmp(what, "ringaccept") == 0) {
    *slot(step, 2) = (int)ring_do(IORING_OP_ACCEPT, *slot(step, 1), (unsigned long)&peer, (unsigned long)&length);
    tell(step, began, *slot(step, 2), *slot(step, 2));
  } else {
    return 0;
  }
  return 1;
}

static int
do_accept(const Step *step)
{
  const char *what = step->word[0];
  Address peer;
  socklen_t length = sizeof peer;
  double began = now();
  int fd;

  if (strcmp(what, "accept") == 0)
    fd = accept(*slot(step, 1), &peer.any, &length);
  else if (strcmp(what, "accept4") == 0)
    fd = accept4(*slot(step, 1), &peer.any, &length, SOCK_CLOEXEC);
  else if (strcmp(what, "acceptnull") == 0)
    fd = accept(*slot(step, 1), NULL, NULL);
  else
    return 0;
  tell(step, began, fd, fd);
  *slot(step, 2) = fd;
  return 1;
}

static int
do_descriptor(const Step *step)
{
  const char *what = step->word[0];
  double began = now();
  int *at = step->n > 1 ? &slots[atoi(step->word[1]) & (SLOTS - 1)] : NULL;

  if (strncmp(what, "tcp", 3) == 0 || strncmp(what, "udp", 3) == 0)
    *at = socket(what[3] == '6' ? AF_INET6 : AF_INET, what[0] == 't' ? SOCK_STREAM : SOCK_DGRAM, 0);
  else if (strcmp(what, "nonblock") == 0)
    fcntl(*at, F_SETFL, O_NONBLOCK);
  else if (strcmp(what, "linger0") == 0)
    setsockopt(*at, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
  else if (strcmp(what, "poll") == 0)
    poll(&(struct pollfd){ *at, strcmp(text(step, 2), "out") == 0 ? POLLOUT : POLLIN, 0 }, 1, 10000);
  else if (strcmp(what, "dup") == 0)
    *slot(step, 2) = dup(*at);
  else if (strcmp(what, "close") == 0)
    close(*at);
  else
    return 0;
  tell(step, began, -1, 0);
  return 1;
}

static int
do_other(const Step *step)
{
  const char *what = step->word[0];
  double began = now();
  char byte;

  if (strcmp(what, "sleep") == 0)
    nanosleep(&(struct timespec){ number(step, 1) / 1000, number(step, 1) % 1000 * 1000000L }, NULL);
  else if (strcmp(what, "wait") == 0)
    (void)!read(STDIN_FILENO, &byte, 1);
  else if (strcmp(what, "reap") == 0)
    while (wait(NULL) > 0)
      ;
  else if (strcmp(what, "join") == 0)
    while (n_threads > 0)
      pthread_join(threads[--n_threads], NULL);
  else if (strcmp(what, "say") != 0)
    return 0;
  tell(step, began, -1, 0);
  return 1;
}

/* Ends. */

static int
do_end(const Step *step)
{
  const char *what = step->word[0];

  if (strcmp(what, "exit") != 0 && strcmp(what, "rawexit") != 0 && strcmp(what, "raise") != 0 && strcmp(what, "segv") != 0 &&
      strcmp(what, "hog") != 0)
    return 0;
  tell(step, now(), -1, 0);
  setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
  if (strcmp(what, "exit") == 0)
    _exit(number(step, 1));
  if (strcmp(what, "rawexit") == 0)
    syscall(SYS_exit, number(step, 1));
  if (strcmp(what, "raise") == 0)
    raise(number(step, 1));
  while (strcmp(what, "hog") == 0)
    memset(malloc(1 << 20), 1, 1 << 20);
  *nowhere = 1;
  return 1;
}

/* Blocks and other programs. */

static void
do_exec(const Step *step, char **left)
{
  char fds[SLOTS * 12] = "";
  char *argv[256] = { step->word[1] };

  for (int i = 0; i < SLOTS; i++)
    snprintf(fds + strlen(fds), sizeof fds - strlen(fds), "%d,", slots[i]);
  setenv("NETDO_SLOTS", fds, 1);
  for (int i = 1; *left != NULL && i < 255; i++)
    argv[i] = *left++;
  tell(step, now(), -1, 0);
  execv(step->word[1], argv);
  die(step->word[1]);
}

static void
take_slots(void)
{
  char *from = getenv("NETDO_SLOTS");
  for (int i = 0; i < SLOTS; i++) {
    char *word = from != NULL ? strsep(&from, ",") : NULL;
    slots[i] = word != NULL ? atoi(word) : -1;
  }
}

static char **
end_of_block(char **from)
{
  for (int depth = 0; *from != NULL; from++) {
    if (strcmp(*from, "fork") == 0 || strcmp(*from, "thread") == 0)
      depth++;
    if (strcmp(*from, "end") == 0 && depth-- == 0)
      return from;
  }
  die("a block has no end");
  return from;
}

static void *
run_thread(void *data)
{
  Steps *steps = data;
  run(steps->from, steps->to);
  return NULL;
}

static void
do_block(const Step *step, char **from, char **to)
{
  if (strcmp(step->word[0], "thread") == 0) {
    Steps *steps = malloc(sizeof *steps);
    *steps = (Steps){ from, to };
    if (n_threads == THREADS || pthread_create(&threads[n_threads++], NULL, run_thread, steps) != 0)
      die("thread");
    return;
  }
  double began = now();
  pid_t child = fork();
  if (child < 0)
    die("fork");
  if (child == 0) {
    run(from, to);
    _exit(0);
  }
  tell(step, began, -1, child);
}

static void
run(char **from, char **to)
{
  for (; from != to && *from != NULL; from++) {
    Step step = step_of(*from);
    if (strcmp(step.word[0], "fork") == 0 || strcmp(step.word[0], "thread") == 0) {
      char **end = end_of_block(from + 1);
      do_block(&step, from + 1, end);
      from = end;
    } else if (strcmp(step.word[0], "exec") == 0) {
      do_exec(&step, from + 1);
    } else if (!do_descriptor(&step) && !do_accept(&step) && !do_call(&step) && !do_ring(&step) && !do_other(&step) &&
               !do_end(&step)) {
      errno = EINVAL;
      die(*from);
    }
  }
}

int
main(int argc, char **argv)
{
  alarm(60);
  take_slots();
  run(argv + 1, argv + argc);
  _exit(0);
}
