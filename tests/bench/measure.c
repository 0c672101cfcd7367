/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * measure RESULT COMMAND [ARGUMENT]...: runs a command and writes what it used into the file RESULT, in one line:
 * user and system CPU seconds, wall seconds, peak resident KiB, exit status.
 *
 * Small on purpose: a process's peak counts from before its execve(2), getrusage(2), so that a large parent would hide a small
 * child.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(struct timeval time)
{
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double
now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
  struct rusage usage;
  int status;

  if (argc < 3) {
    fprintf(stderr, "usage: measure RESULT COMMAND [ARGUMENT]...\n");
    return 64;
  }
  double start = now();
  pid_t pid = fork();
  if (pid == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
    perror("measure");
    return EXIT_FAILURE;
  }
  double wall = now() - start;
  FILE *result = fopen(argv[1], "w");
  if (result == NULL) {
    perror(argv[1]);
    return EXIT_FAILURE;
  }
  status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  fprintf(result, "%.6f %.6f %.6f %ld %d\n", seconds(usage.ru_utime), seconds(usage.ru_stime), wall, usage.ru_maxrss, status);
  fclose(result);
  return status;
}
