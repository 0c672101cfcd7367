/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/cmdlines: command lines are read, and who does not let himself be read holds nobody up.
 */
#include "at_most.h"
#include "plugin/cmdlines.h"
#include "run.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/procinfo.h"

/* A directory with a file of the name, in place of /proc/PID. */
static char *
directory_with(const char *content, gsize length)
{
  char *path = g_strdup("/tmp/pnat-cmdlines-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(path));
  g_autofree char *file = g_build_filename(path, "cmdline", NULL);
  if (content != NULL)
    ck_assert(g_file_set_contents(file, content, (gssize)length, NULL));
  else
    ck_assert_int_eq(mkfifo(file, 0600), 0); /* to open it waits for a writer */
  return path;
}

static void
remove_directory(const char *path)
{
  g_autofree char *file = g_build_filename(path, "cmdline", NULL);
  unlink(file);
  rmdir(path);
}

static int
open_directory(const char *path)
{
  int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  ck_assert_int_ge(directory, 0);
  return directory;
}

/* On a busy machine the thread may not get to run in time: then it is asked once more. */
static gboolean
read_patiently(PnatCmdlines *cmdlines, int directory, char text[PNAT_CMDLINE_TEXT])
{
  for (guint i = 0; i < 1000; i++) {
    guint before = pnat_cmdlines_stuck(cmdlines);
    if (pnat_cmdlines_read(cmdlines, directory, text))
      return TRUE;
    if (before == 0 && pnat_cmdlines_stuck(cmdlines) == 0)
      return FALSE; /* it was read, and is none */
    g_usleep(10000);
  }
  return FALSE;
}

START_TEST(arguments_have_blanks_between_them)
{
  static const struct {
    const char *content;
    gsize length;
    const char *text;
  } cases[] = {
    { "curl\0https://example.org\0", 25, "curl https://example.org" },
    { "title of one's own\0\0\0\0", 22, "title of one's own" },
    { "a\0\0b\0", 5, "a  b" },
    { "no end", 6, "no end" },
    { "", 0, "" },
    { "\0\0", 2, "" },
  };
  g_autofree char *path = directory_with(cases[_i].content, cases[_i].length);
  g_autoptr(PnatCmdlines) cmdlines = pnat_cmdlines_new();
  int directory = open_directory(path);
  char text[PNAT_CMDLINE_TEXT];

  ck_assert_int_eq(read_patiently(cmdlines, directory, text), cases[_i].text[0] != '\0');
  ck_assert_str_eq(text, cases[_i].text);
  close(directory);
  remove_directory(path);
}
END_TEST

START_TEST(long_command_line_is_cut)
{
  g_autofree char *content = g_strnfill(100000, 'x');
  g_autofree char *path = directory_with(content, strlen(content));
  g_autoptr(PnatCmdlines) cmdlines = pnat_cmdlines_new();
  int directory = open_directory(path);
  char text[PNAT_CMDLINE_TEXT];

  ck_assert(read_patiently(cmdlines, directory, text));
  ck_assert_uint_eq(strlen(text), PNAT_CMDLINE_TEXT - 1);
  close(directory);
  remove_directory(path);
}
END_TEST

START_TEST(process_tells_its_arguments)
{
  g_autoptr(PnatCmdlines) cmdlines = pnat_cmdlines_new();
  char text[PNAT_CMDLINE_TEXT] = "";

  pid_t pid = fork();
  if (pid == 0) {
    execlp("sleep", "sleep", "1000", NULL);
    _exit(1);
  }
  int directory = pnat_procinfo_open((guint32)pid);
  for (guint i = 0; i < 1000 && strcmp(text, "sleep 1000") != 0; i++) {
    g_usleep(1000);
    pnat_cmdlines_read(cmdlines, directory, text);
  }
  ck_assert_str_eq(text, "sleep 1000");
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  ck_assert(!pnat_cmdlines_read(cmdlines, directory, text));
  close(directory);
}
END_TEST

START_TEST(who_does_not_answer_holds_nobody_up)
{
  g_autofree char *hanging = directory_with(NULL, 0);
  g_autofree char *path = directory_with("curl\0", 5);
  g_autoptr(PnatCmdlines) cmdlines = pnat_cmdlines_new();
  int stuck = open_directory(hanging), directory = open_directory(path);
  char text[PNAT_CMDLINE_TEXT];

  gint64 begun = g_get_monotonic_time();
  ck_assert(!pnat_cmdlines_read(cmdlines, stuck, text));
  ck_assert_str_eq(text, "");
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));
  ck_assert_uint_ge(pnat_cmdlines_stuck(cmdlines), 1);
  ck_assert(read_patiently(cmdlines, directory, text));
  ck_assert_str_eq(text, "curl");

  /* Many of the kind do not cost a thread each, nor time. */
  for (guint i = 0; i < 100; i++)
    pnat_cmdlines_read(cmdlines, stuck, text);
  ck_assert_uint_gt(pnat_cmdlines_stuck(cmdlines), 1);
  ck_assert_uint_lt(pnat_cmdlines_stuck(cmdlines), 20);
  begun = g_get_monotonic_time();
  for (guint i = 0; i < 100; i++)
    ck_assert(!pnat_cmdlines_read(cmdlines, directory, text));
  ck_assert_int_lt(g_get_monotonic_time() - begun, at_most(500));

  /* When they are let go, all is well again. */
  g_autofree char *file = g_build_filename(hanging, "cmdline", NULL);
  for (guint i = 0; i < 1000 && pnat_cmdlines_stuck(cmdlines) > 0; i++) {
    int writer = open(file, O_RDWR | O_CLOEXEC);
    g_usleep(5000);
    close(writer);
    g_usleep(5000);
  }
  ck_assert_uint_eq(pnat_cmdlines_stuck(cmdlines), 0);
  ck_assert(read_patiently(cmdlines, directory, text));
  ck_assert_str_eq(text, "curl");
  close(stuck);
  close(directory);
  remove_directory(hanging);
  remove_directory(path);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("cmdlines");
  TCase *tcase = tcase_create("cmdlines");

  tcase_add_loop_test(tcase, arguments_have_blanks_between_them, 0, 6);
  tcase_add_test(tcase, long_command_line_is_cut);
  tcase_add_test(tcase, process_tells_its_arguments);
  tcase_add_test(tcase, who_does_not_answer_holds_nobody_up);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
