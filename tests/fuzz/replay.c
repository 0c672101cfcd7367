/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs a fuzz target over files, each in a process of its own, where there is no libFuzzer, as in make check.
 *
 * fuzz_X [FILE | DIRECTORY]...: without arguments, corpus/X of the source directory. Exit status 1: an input crashed, hung or leaked.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

/* Seconds that one input may take, under valgrind on a slow machine too. */
#define TIME_LIMIT 120

typedef struct {
  guint run;
  guint failed;
} Counts;

static void
run_here(const char *path)
{
  g_autoptr(GError) error = NULL;
  char *bytes;
  gsize length;

  if (!g_file_get_contents(path, &bytes, &length, &error)) {
    fprintf(stderr, "%s\n", error->message);
    exit(1);
  }
  alarm(TIME_LIMIT);
  LLVMFuzzerTestOneInput((const guint8 *)bytes, length);
  g_free(bytes);
  exit(0); /* and thereby look for leaks */
}

static void
run_file(const char *path, Counts *counts)
{
  int status = 0;
  pid_t child = fork();

  if (child == 0)
    run_here(path);
  counts->run++;
  if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return;
  counts->failed++;
  if (WIFSIGNALED(status))
    printf("FAIL: %s: %s\n", path, strsignal(WTERMSIG(status)));
  else
    printf("FAIL: %s: exit status %d\n", path, WEXITSTATUS(status));
}

static void
run_path(const char *path, Counts *counts)
{
  g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
  const char *name;

  if (dir == NULL)
    run_file(path, counts);
  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *file = g_build_filename(path, name, NULL);
    run_file(file, counts);
  }
}

static char *
corpus(const char *program)
{
  g_autofree char *name = g_path_get_basename(program);
  const char *source = g_getenv("srcdir");
  return g_build_filename(source != NULL ? source : ".", "corpus", g_str_has_prefix(name, "fuzz_") ? name + strlen("fuzz_") : name, NULL);
}

int
main(int argc, char **argv)
{
  g_autofree char *usual = corpus(argv[0]);
  Counts counts = { 0 };

  setvbuf(stdout, NULL, _IOLBF, 0); /* nothing is left in it that a child would print again */
  if (argc < 2)
    run_path(usual, &counts);
  for (int i = 1; i < argc; i++)
    run_path(argv[i], &counts);
  printf("%u inputs, %u failed\n", counts.run, counts.failed);
  return counts.failed > 0 || counts.run == 0;
}
