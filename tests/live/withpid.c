/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * withpid PID UID PROGRAM ARGUMENT...: runs the program as the user with that process id, so that a test can have a pid used again.
 * Needs root and clone3(2)'s set_tid (Linux 5.5). Waits for it, and exits with its status, or 128 and the signal's number.
 */
#include <errno.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
die(const char *what)
{
  fprintf(stderr, "withpid: %s: %s\n", what, strerror(errno));
  _exit(errno == ENOSYS || errno == EEXIST ? 77 : 64);
}

int
main(int argc, char **argv)
{
  if (argc < 4)
    return 64;
  pid_t wanted = atoi(argv[1]);
  uid_t uid = (uid_t)atoi(argv[2]);
  struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1 };

  long child = syscall(SYS_clone3, &args, sizeof args);
  if (child < 0)
    die("clone3");
  if (child == 0) {
    if (setgroups(0, NULL) != 0 || setgid(uid) != 0 || setuid(uid) != 0)
      die("setuid");
    execv(argv[3], argv + 3);
    die(argv[3]);
  }
  int status;
  if (waitpid((pid_t)child, &status, 0) < 0)
    die("waitpid");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
