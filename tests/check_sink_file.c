/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The file sink: who may write to the file, lines whole and once whatever happens to disk, FIFO and path.
 */
#include "sink_common.h"

#include <pwd.h>

#include "lib/error.h"
#include "plugin/sink_file.h"

#define FULL_DISK "64k" /* of the tmpfs that is filled */

static char *directory; /* of the test's own; the file's is a new one in it */
static char *log_directory;
static char *path;

static void
setup(void)
{
  directory = scratch();
  log_directory = g_build_filename(directory, "pnat", NULL);
  path = g_build_filename(log_directory, "pnat.log", NULL);
}

static void
teardown(void)
{
  umount2(log_directory, MNT_DETACH); /* where the test mounted something */
  remove_scratch(directory);
  g_free(directory);
  g_free(log_directory);
  g_free(path);
}

static gpointer
output_new(const char *file, GError **error)
{
  const PnatSinkFileOptions options = { .path = file, .group = own_group(), .format = &pnat_format_kv };

  return pnat_sink_file_new(&options, error);
}

static PnatSink *
sink_on(const char *file)
{
  g_autoptr(GError) error = NULL;
  gpointer output = output_new(file, &error);

  ck_assert_msg(output != NULL, "%s", error != NULL ? error->message : "no error");
  return pnat_sink_new(&pnat_sink_file, output, 10000, "here");
}

/* Fails the test unless @file is refused with a message that has @advice in it. */
static void
assert_refused(const char *file, PnatError code, const char *advice)
{
  g_autoptr(GError) error = NULL;

  ck_assert_ptr_null(output_new(file, &error));
  ck_assert_msg(g_error_matches(error, PNAT_ERROR, code), "%s", error->message);
  ck_assert_msg(strstr(error->message, advice) != NULL, "%s", error->message);
}

static void
make_log(mode_t directory_mode, mode_t file_mode)
{
  ck_assert_int_eq(g_mkdir(log_directory, 0755), 0);
  ck_assert(g_file_set_contents(path, "", 0, NULL));
  ck_assert_int_eq(g_chmod(path, file_mode), 0);
  ck_assert_int_eq(g_chmod(log_directory, directory_mode), 0);
}

static void
assert_mode(const char *file, mode_t mode, gid_t group)
{
  struct stat stat;

  ck_assert_int_eq(lstat(file, &stat), 0);
  ck_assert_uint_eq(stat.st_mode & 07777, mode);
  ck_assert_uint_eq(stat.st_gid, group);
}

/* All that comes out of a FIFO until @size bytes were read. */
static char *
read_fifo(int fd, gsize size)
{
  char *text = g_malloc0(size + 1);

  for (gsize length = 0; length < size;) {
    ssize_t n = read(fd, text + length, size - length);

    ck_assert_msg(n > 0, "the writer went away after %zu bytes", length);
    length += (gsize)n;
  }
  return text;
}

static gsize
line_length(guint n, const char *cmd)
{
  g_autoptr(GString) line = g_string_new(NULL);
  PnatRecord record = numbered(n, cmd);

  pnat_format_kv.write(&record, line);
  return line->len + 1;
}

START_TEST(missing_file_and_directory_are_made_whatever_the_umask)
{
  PnatSink *sink;

  umask(077);
  sink = sink_on(path);
  umask(022);
  assert_mode(log_directory, 0750, getegid());
  assert_mode(path, 0640, getegid());
  push_numbered(sink, 1, 3, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  g_autofree char *text = contents(path);
  assert_lines(text, 1, 3);
}
END_TEST

START_TEST(an_existing_file_is_continued)
{
  for (guint i = 0; i < 2; i++) {
    PnatSink *sink = sink_on(path);

    push_numbered(sink, i * 10 + 1, i * 10 + 10, NULL);
    ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  }
  g_autofree char *text = contents(path);
  assert_lines(text, 1, 20);
}
END_TEST

START_TEST(a_line_that_a_crash_cut_is_ended_before_the_next)
{
  PnatSink *sink;
  g_autofree char *text = NULL;

  make_log(0755, 0640);
  ck_assert(g_file_set_contents(path, "event=end start=2023", -1, NULL));
  sink = sink_on(path);
  push_numbered(sink, 1, 2, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  text = contents(path);
  ck_assert(g_str_has_prefix(text, "event=end start=2023\n"));
  assert_lines(strchr(text, '\n') + 1, 1, 2);
}
END_TEST

static const struct {
  mode_t directory_mode;
  mode_t file_mode;
  const char *advice;
} unsafe[] = {
  { 0777, 0640, "run: chmod go-w /" }, { 01777, 0640, "name a directory of pnat" }, { 0770, 0640, "run: chmod go-w /" },
  { 0755, 0646, "/pnat.log" },         { 0755, 0660, "/pnat.log" },
};

START_TEST(what_others_may_write_to_is_refused)
{
  make_log(unsafe[_i].directory_mode, unsafe[_i].file_mode);
  assert_refused(path, PNAT_ERROR_UNSAFE, unsafe[_i].advice);
}
END_TEST

START_TEST(a_symbolic_link_is_refused)
{
  g_autofree char *target = g_build_filename(directory, "target", NULL);

  ck_assert_int_eq(g_mkdir(log_directory, 0755), 0);
  ck_assert_int_eq(symlink(target, path), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "symbolic link");
  ck_assert(g_file_set_contents(target, "", 0, NULL));
  assert_refused(path, PNAT_ERROR_UNSAFE, "symbolic link");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
  assert_refused(directory, PNAT_ERROR_UNSAFE, "/tmp"); /* its directory is /tmp */
  ck_assert_int_eq(g_mkdir(log_directory, 0755), 0);
  ck_assert_int_eq(g_mkdir(path, 0755), 0);
  assert_refused(path, PNAT_ERROR_IO, "Is a directory");
}
END_TEST

START_TEST(a_missing_parent_is_an_error)
{
  g_autofree char *deep = g_build_filename(log_directory, "deeper", "pnat.log", NULL);

  assert_refused(deep, PNAT_ERROR_IO, "No such file");
}
END_TEST

START_TEST(an_unknown_group_is_an_error)
{
  const PnatSinkFileOptions options = { .path = path, .group = "no-such-group", .format = &pnat_format_kv };
  g_autoptr(GError) error = NULL;

  ck_assert_ptr_null(pnat_sink_file_new(&options, &error));
  ck_assert_ptr_nonnull(strstr(error->message, "no-such-group"));
}
END_TEST

START_TEST(the_file_moves_on_after_a_rename_and_reopen)
{
  PnatSink *sink = sink_on(path);
  g_autofree char *old = g_strconcat(path, ".1", NULL);
  g_autofree char *before = NULL, *after = NULL;

  push_numbered(sink, 1, 5, NULL);
  wait_for_written(sink, 5);
  ck_assert_int_eq(g_rename(path, old), 0);
  pnat_sink_reopen(sink);
  push_numbered(sink, 6, 9, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  before = contents(old);
  after = contents(path);
  assert_lines(before, 1, 5);
  assert_lines(after, 6, 9);
  assert_mode(path, 0640, getegid());
}
END_TEST

START_TEST(a_rename_without_a_reopen_is_noticed_after_a_second)
{
  PnatSink *sink = sink_on(path);
  g_autofree char *old = g_strconcat(path, ".1", NULL);
  g_autofree char *after = NULL;

  ck_assert_int_eq(g_rename(path, old), 0);
  if (_i == 1)
    ck_assert(g_file_set_contents_full(path, "", 0, G_FILE_SET_CONTENTS_NONE, 0640, NULL));
  g_usleep(1100 * G_TIME_SPAN_MILLISECOND);
  push_numbered(sink, 1, 3, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  after = contents(path);
  assert_lines(after, 1, 3);
}
END_TEST

START_TEST(a_deleted_file_is_made_anew_at_once)
{
  PnatSink *sink = sink_on(path);
  g_autofree char *text = NULL;

  push_numbered(sink, 1, 5, NULL);
  wait_for_written(sink, 5);
  ck_assert_int_eq(g_unlink(path), 0);
  push_numbered(sink, 6, 9, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  text = contents(path);
  assert_lines(text, 6, 9);
}
END_TEST

START_TEST(a_deleted_directory_is_made_anew)
{
  PnatSink *sink = sink_on(path);
  g_autofree char *text = NULL;

  push_numbered(sink, 1, 5, NULL);
  wait_for_written(sink, 5);
  ck_assert_int_eq(g_unlink(path), 0);
  ck_assert_int_eq(g_rmdir(log_directory), 0);
  push_numbered(sink, 6, 9, NULL);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  text = contents(path);
  assert_lines(text, 6, 9);
  assert_mode(log_directory, 0750, getegid());
  assert_mode(path, 0640, getegid());
}
END_TEST

START_TEST(what_becomes_unsafe_gets_no_more_records_until_it_is_mended)
{
  PnatSink *sink = sink_on(path);
  g_autofree char *text = NULL;

  ck_assert_int_eq(g_chmod(log_directory, 0777), 0);
  pnat_sink_reopen(sink);
  push_numbered(sink, 1, 5, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).written, 0);
  ck_assert_int_eq(g_chmod(log_directory, 0750), 0);
  wait_for_written(sink, 5);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  text = contents(path);
  assert_lines(text, 1, 5);
}
END_TEST

START_TEST(a_fifo_that_nobody_reads_gets_its_lines_when_a_reader_comes)
{
  PnatSink *sink;
  g_autofree char *text = NULL;
  gsize size = 20 * line_length(10, NULL);
  int fd;

  make_log(0755, 0640);
  ck_assert_int_eq(g_unlink(path), 0);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  sink = sink_on(path);
  push_numbered(sink, 10, 29, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 20);
  fd = open(path, O_RDONLY);
  text = read_fifo(fd, size);
  assert_lines(text, 10, 29);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  close(fd);
}
END_TEST

START_TEST(a_full_fifo_halves_and_doubles_no_line)
{
  /* Above PIPE_BUF a FIFO takes a line in parts. */
  g_autofree char *cmd = g_strnfill(9000, 'x');
  gsize size = 90 * line_length(10, cmd);
  PnatSink *sink;
  g_autofree char *text = NULL;
  int fd;

  make_log(0755, 0640);
  ck_assert_int_eq(g_unlink(path), 0);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  fd = open(path, O_RDONLY | O_NONBLOCK);
  ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
  sink = sink_on(path);
  push_numbered(sink, 10, 99, cmd);
  let_it_stall();
  let_it_stall();
  ck_assert_uint_gt(pnat_sink_counts(sink).waiting, 70);
  pnat_sink_reopen(sink);
  let_it_stall();
  text = read_fifo(fd, size);
  assert_lines(text, 10, 99);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  close(fd);
}
END_TEST

START_TEST(the_next_reader_of_a_fifo_gets_what_comes_next)
{
  PnatSink *sink;
  g_autofree char *text = NULL;
  int fd;

  make_log(0755, 0640);
  ck_assert_int_eq(g_unlink(path), 0);
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  fd = open(path, O_RDONLY | O_NONBLOCK);
  sink = sink_on(path);
  push_numbered(sink, 10, 19, NULL);
  wait_for_written(sink, 10);
  close(fd);
  push_numbered(sink, 20, 29, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 10);
  fd = open(path, O_RDONLY);
  text = read_fifo(fd, 10 * line_length(20, NULL));
  assert_lines(text, 20, 29);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  close(fd);
}
END_TEST

START_TEST(standard_output_can_be_the_file)
{
  int ends[2];
  PnatSink *sink;
  g_autofree char *text = NULL;

  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
  sink = sink_on("/dev/stdout");
  push_numbered(sink, 10, 19, NULL);
  text = read_fifo(ends[0], 10 * line_length(10, NULL));
  assert_lines(text, 10, 19);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

/* Root's. */

START_TEST(the_group_may_read)
{
  const PnatSinkFileOptions options = { .path = path, .group = "adm", .format = &pnat_format_kv };
  gpointer output = pnat_sink_file_new(&options, NULL);
  gid_t group = getgrnam("adm")->gr_gid;

  ck_assert_ptr_nonnull(output);
  assert_mode(log_directory, 0750, group);
  assert_mode(path, 0640, group);
  pnat_sink_file.free(output);
}
END_TEST

START_TEST(an_existing_file_gets_the_group_and_keeps_its_mode)
{
  const PnatSinkFileOptions options = { .path = path, .group = "adm", .format = &pnat_format_kv };
  gpointer output;

  make_log(0755, 0600);
  output = pnat_sink_file_new(&options, NULL);
  ck_assert_ptr_nonnull(output);
  assert_mode(log_directory, 0755, getgrnam("adm")->gr_gid);
  assert_mode(path, 0600, getgrnam("adm")->gr_gid);
  pnat_sink_file.free(output);
}
END_TEST

START_TEST(what_belongs_to_another_user_is_refused)
{
  uid_t nobody = getpwnam("nobody")->pw_uid;

  make_log(0755, 0640);
  ck_assert_int_eq(chown(path, nobody, (gid_t)-1), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "run: chown root");
  ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
  ck_assert_int_eq(chown(log_directory, nobody, (gid_t)-1), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "run: chown root");
}
END_TEST

/* Makes the file's directory a small file system with @left bytes free beside an empty log. @returns the file that takes the room
 */
static char *
mount_full_disk(gsize left)
{
  char *ballast = g_build_filename(log_directory, "ballast", NULL);
  g_autofree char *bytes = g_malloc0(64 * 1024 - left);

  leave_mount_namespace();
  ck_assert_int_eq(g_mkdir(log_directory, 0755), 0);
  ck_assert_int_eq(mount("tmpfs", log_directory, "tmpfs", 0, "size=" FULL_DISK ",mode=755"), 0);
  ck_assert(g_file_set_contents(ballast, bytes, (gssize)(64 * 1024 - left), NULL));
  return ballast;
}

START_TEST(a_full_disk_delays_and_neither_halves_nor_doubles_a_line)
{
  g_autofree char *ballast = mount_full_disk(8192);
  g_autofree char *cmd = g_strnfill(700, 'x'); /* so that a line crosses the last page's end */
  g_autofree char *during = NULL, *after = NULL;
  PnatSink *sink = sink_on(path);

  push_numbered(sink, 1, 40, cmd);
  let_it_stall();
  during = contents(path);
  ck_assert_uint_gt(pnat_sink_counts(sink).waiting, 25);
  assert_lines(during, 1, 40 - pnat_sink_counts(sink).waiting);
  ck_assert_int_eq(g_unlink(ballast), 0);
  push_numbered(sink, 41, 45, cmd);
  wait_for_written(sink, 45);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  after = contents(path);
  assert_lines(after, 1, 45);
}
END_TEST

START_TEST(a_disk_that_is_full_at_the_start_is_waited_for)
{
  g_autofree char *ballast = mount_full_disk(0);
  g_autofree char *text = NULL;
  PnatSink *sink = sink_on(path);

  push_numbered(sink, 1, 10, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 10);
  ck_assert_int_eq(g_unlink(ballast), 0);
  wait_for_written(sink, 10);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
  text = contents(path);
  assert_lines(text, 1, 10);
}
END_TEST

static TCase *
case_new(const char *name)
{
  TCase *tcase = tcase_create(name);

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  return tcase;
}

static TCase *
safety_case(void)
{
  TCase *tcase = case_new("safety");

  tcase_add_test(tcase, missing_file_and_directory_are_made_whatever_the_umask);
  tcase_add_loop_test(tcase, what_others_may_write_to_is_refused, 0, G_N_ELEMENTS(unsafe));
  tcase_add_test(tcase, a_symbolic_link_is_refused);
  tcase_add_test(tcase, what_is_no_file_is_refused);
  tcase_add_test(tcase, a_missing_parent_is_an_error);
  tcase_add_test(tcase, an_unknown_group_is_an_error);
  tcase_add_test(tcase, what_becomes_unsafe_gets_no_more_records_until_it_is_mended);
  if (is_root(
          "the_group_may_read, an_existing_file_gets_the_group_and_keeps_its_mode, what_belongs_to_another_user_is_refused")) {
    tcase_add_test(tcase, the_group_may_read);
    tcase_add_test(tcase, an_existing_file_gets_the_group_and_keeps_its_mode);
    tcase_add_test(tcase, what_belongs_to_another_user_is_refused);
  }
  return tcase;
}

static TCase *
lines_case(void)
{
  TCase *tcase = case_new("lines");

  tcase_add_test(tcase, an_existing_file_is_continued);
  tcase_add_test(tcase, a_line_that_a_crash_cut_is_ended_before_the_next);
  tcase_add_test(tcase, the_file_moves_on_after_a_rename_and_reopen);
  tcase_add_loop_test(tcase, a_rename_without_a_reopen_is_noticed_after_a_second, 0, 2); /* without and with a new file */
  tcase_add_test(tcase, a_deleted_file_is_made_anew_at_once);
  tcase_add_test(tcase, a_deleted_directory_is_made_anew);
  if (is_root("a_full_disk_delays_and_neither_halves_nor_doubles_a_line, a_disk_that_is_full_at_the_start_is_waited_for")) {
    tcase_add_test(tcase, a_full_disk_delays_and_neither_halves_nor_doubles_a_line);
    tcase_add_test(tcase, a_disk_that_is_full_at_the_start_is_waited_for);
  }
  return tcase;
}

static TCase *
pipes_case(void)
{
  TCase *tcase = case_new("pipes");

  tcase_add_test(tcase, a_fifo_that_nobody_reads_gets_its_lines_when_a_reader_comes);
  tcase_add_test(tcase, a_full_fifo_halves_and_doubles_no_line);
  tcase_add_test(tcase, the_next_reader_of_a_fifo_gets_what_comes_next);
  tcase_add_test(tcase, standard_output_can_be_the_file);
  return tcase;
}

int
main(void)
{
  Suite *suite = suite_create("sink_file");

  suite_add_tcase(suite, safety_case());
  suite_add_tcase(suite, lines_case());
  suite_add_tcase(suite, pipes_case());
  return run_suite(suite);
}
