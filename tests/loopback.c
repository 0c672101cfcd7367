/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One connection for install.sh to look for in the log: listens on a port of 127.0.0.1 that the kernel picks, connects to it from a
 * child process, exchanges a few bytes and ends. Prints "PID PORT" of the child that connected. Needs nothing but the C library.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
check(int result, const char *what)
{
  if (result >= 0)
    return;
  perror(what);
  exit(1);
}

static void
talk(const struct sockaddr_in *address)
{
  char answer[8];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(fd, "socket");
  check(connect(fd, (const struct sockaddr *)address, sizeof *address), "connect");
  check((int)send(fd, "hello\n", 6, 0), "send");
  check((int)recv(fd, answer, sizeof answer, 0), "recv");
  exit(0);
}

static void
answer(int listener)
{
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  char question[8];
  int fd = accept(listener, (struct sockaddr *)&peer, &length);
  check(fd, "accept");
  check((int)recv(fd, question, sizeof question, 0), "recv");
  check((int)send(fd, "hello\n", 6, 0), "send");
  close(fd);
}

int
main(void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);

  alarm(5);
  check(listener, "socket");
  check(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");

  pid_t child = fork();
  check(child, "fork");
  if (child == 0)
    talk(&address);
  answer(listener);
  check(waitpid(child, NULL, 0), "waitpid");
  printf("%d %d\n", (int)child, ntohs(address.sin_port));
  return 0;
}
