/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sinks that a configuration asks for; and the journal's, against a journald that the test plays where GLib looks for
 * one, in a mount namespace of its own.
 */
#include "at_most.h"
#include "sink_common.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "plugin/sink_journal.h"
#include "plugin/sinks.h"

static char *directory;

static void
setup(void)
{
  directory = scratch();
}

static void
teardown(void)
{
  remove_scratch(directory);
  g_free(directory);
}

static PnatConfig *
config_new(PnatOutputs outputs, const char *file)
{
  PnatConfig *config = pnat_config_new();

  config->output = outputs;
  g_free(config->file);
  config->file = g_build_filename(directory, file, NULL);
  g_free(config->log_group);
  config->log_group = g_strdup(own_group());
  return config;
}

static void
append_name(PnatSink *sink, gpointer data)
{
  GString *names = data;

  g_string_append_printf(names, "%s ", pnat_sink_name(sink));
}

static void
assert_names(PnatSinks *sinks, const char *expected)
{
  g_autoptr(GString) names = g_string_new(NULL);

  pnat_sinks_foreach(sinks, append_name, names);
  ck_assert_str_eq(names->str, expected);
}

static void
add_waiting(PnatSink *sink, gpointer data)
{
  *(guint *)data += pnat_sink_counts(sink).waiting;
}

static guint
waiting_in(PnatSinks *sinks)
{
  guint n = 0;

  pnat_sinks_foreach(sinks, add_waiting, &n);
  return n;
}

static void
push_to_all(PnatSinks *sinks, guint from, guint to)
{
  for (guint n = from; n <= to; n++) {
    PnatRecord record = numbered(n, NULL);

    pnat_sinks_push(&record, sinks);
  }
}

static guint
threads(void)
{
  g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name(tasks) != NULL)
    n++;
  return n;
}

static char *
read_log(const char *file)
{
  g_autofree char *path = g_build_filename(directory, file, NULL);

  return contents(path);
}

START_TEST(an_output_that_is_wrong_is_an_error)
{
  g_autoptr(PnatConfig) config = config_new(PNAT_OUTPUT_FILE, "no/such/directory/pnat.log");
  g_autoptr(GError) error = NULL;

  ck_assert_ptr_null(pnat_sinks_open(config, "here", &error));
  ck_assert_ptr_nonnull(strstr(error->message, "no: No such file or directory"));
}
END_TEST

START_TEST(a_sink_whose_options_stay_keeps_what_waits)
{
  g_autoptr(PnatConfig) before = config_new(PNAT_OUTPUT_FILE, "fifo");
  g_autoptr(PnatConfig) after = config_new(PNAT_OUTPUT_FILE | PNAT_OUTPUT_SYSLOG, "fifo");
  PnatSinks *sinks;

  ck_assert_int_eq(mkfifo(before->file, 0600), 0);
  sinks = pnat_sinks_open(before, "here", NULL);
  push_to_all(sinks, 1, 5);
  ck_assert(pnat_sinks_reconfigure(sinks, after, NULL));
  assert_names(sinks, "file syslog ");
  ck_assert_uint_eq(waiting_in(sinks), 5);
  ck_assert_uint_eq(pnat_sinks_close(sinks, 50, NULL), 5);
}
END_TEST

START_TEST(records_go_to_another_file_after_it_was_configured)
{
  g_autoptr(PnatConfig) before = config_new(PNAT_OUTPUT_FILE, "a.log");
  g_autoptr(PnatConfig) after = config_new(PNAT_OUTPUT_FILE, "b.log");
  PnatSinks *sinks = pnat_sinks_open(before, "here", NULL);
  g_autofree char *a = NULL, *b = NULL;

  guint threads_before = threads();

  push_to_all(sinks, 1, 100);
  ck_assert(pnat_sinks_reconfigure(sinks, after, NULL));
  for (guint i = 0; i < 1000 && threads() != threads_before; i++)
    g_usleep(1000); /* one that was joined may be on its way out yet */
  ck_assert_uint_eq(threads(), threads_before);
  push_to_all(sinks, 101, 200);
  ck_assert_uint_eq(pnat_sinks_close(sinks, 5000, NULL), 0);
  a = read_log("a.log");
  b = read_log("b.log");
  assert_lines(a, 1, 100);
  assert_lines(b, 101, 200);
}
END_TEST

static void
add_written(PnatSink *sink, gpointer data)
{
  *(guint *)data += (guint)pnat_sink_counts(sink).written;
}

/* As on a full disk: then another file is named. */
START_TEST(what_waits_for_a_file_goes_to_the_one_that_takes_its_place)
{
  g_autoptr(PnatConfig) first = config_new(PNAT_OUTPUT_FILE, "a.log");
  g_autoptr(PnatConfig) stalled = config_new(PNAT_OUTPUT_FILE, "fifo");
  g_autoptr(PnatConfig) after = config_new(PNAT_OUTPUT_FILE, "b.log");
  PnatSinks *sinks = pnat_sinks_open(first, "here", NULL);
  g_autofree char *a = NULL, *b = NULL;
  guint written = 0;

  ck_assert_int_eq(mkfifo(stalled->file, 0600), 0);
  push_to_all(sinks, 1, 10);
  ck_assert(pnat_sinks_reconfigure(sinks, stalled, NULL));
  push_to_all(sinks, 11, 20);
  ck_assert(pnat_sinks_reconfigure(sinks, after, NULL));
  push_to_all(sinks, 21, 30);
  for (guint i = 0; i < 5000 && waiting_in(sinks) > 0; i++)
    g_usleep(1000);
  pnat_sinks_foreach(sinks, add_written, &written);
  ck_assert_uint_eq(written, 30); /* since the start */
  ck_assert_uint_eq(pnat_sinks_close(sinks, 5000, NULL), 0);
  a = read_log("a.log");
  b = read_log("b.log");
  assert_lines(a, 1, 10);
  assert_lines(b, 11, 30);
}
END_TEST

START_TEST(what_waits_and_can_not_go_there_is_told_there)
{
  g_autoptr(PnatConfig) stalled = config_new(PNAT_OUTPUT_FILE, "fifo");
  g_autoptr(PnatConfig) after = config_new(PNAT_OUTPUT_FILE, "b.log");
  PnatSinks *sinks;
  g_autofree char *text = NULL;

  g_free(stalled->format);
  stalled->format = g_strdup("json");
  ck_assert_int_eq(mkfifo(stalled->file, 0600), 0);
  sinks = pnat_sinks_open(stalled, "here", NULL);
  push_to_all(sinks, 1, 7);
  ck_assert(pnat_sinks_reconfigure(sinks, after, NULL));
  ck_assert_uint_eq(pnat_sinks_close(sinks, 5000, NULL), 0);
  text = read_log("b.log");
  ck_assert_msg(g_str_has_prefix(text, "event=loss ") && strstr(text, " reason=queue ") != NULL && strstr(text, " lost=7\n") != NULL,
                "%s", text);
}
END_TEST

/* What a state has of an earlier run: @n records for @output, in @form. */
static GPtrArray *
kept_for(const char *output, const char *form, guint n)
{
  GPtrArray *list = pnat_kept_list_new();
  PnatBacklog backlog = { 0 };

  for (guint i = 1; i <= n; i++) {
    PnatRecord record = numbered(i, NULL);
    g_autoptr(GString) payload = g_string_new(NULL);

    pnat_format_kv.write(&record, payload);
    pnat_backlog_push(&backlog, pnat_item_new(&record, g_string_append_c(payload, '\n')));
  }
  pnat_kept_list_add(list, output, form, &backlog);
  return list;
}

START_TEST(what_waited_in_another_run_comes_first)
{
  g_autoptr(PnatConfig) config = config_new(PNAT_OUTPUT_FILE, "fifo");
  g_autoptr(GPtrArray) kept = kept_for("file", "kv", 10), left = pnat_kept_list_new();
  PnatSinks *sinks;

  ck_assert_int_eq(mkfifo(config->file, 0600), 0);
  sinks = pnat_sinks_open(config, "here", NULL);
  push_to_all(sinks, 11, 12);
  pnat_sinks_put_back(sinks, kept);
  ck_assert_uint_eq(pnat_sinks_close(sinks, 50, left), 12);
  ck_assert_uint_eq(pnat_kept_list_records(left), 12);
}
END_TEST

START_TEST(what_waited_for_an_output_that_is_no_more_is_told_by_the_others)
{
  g_autoptr(PnatConfig) config = config_new(PNAT_OUTPUT_FILE, "a.log");
  g_autoptr(GPtrArray) kept = kept_for(_i == 0 ? "journal" : "file", _i == 0 ? "3" : "json", 10);
  PnatSinks *sinks = pnat_sinks_open(config, "here", NULL);
  g_autofree char *text = NULL;

  pnat_sinks_put_back(sinks, kept);
  ck_assert_uint_eq(pnat_sinks_close(sinks, 5000, NULL), 0);
  text = read_log("a.log");
  ck_assert_str_eq(text, "event=loss start=2023-11-14T22:13:21.000Z last=2023-11-14T22:13:30.200Z end=2023-11-14T22:13:30.200Z "
                         "reason=queue host=here lost=10\n");
}
END_TEST

START_TEST(a_wrong_configuration_leaves_everything_as_it_was)
{
  g_autoptr(PnatConfig) before = config_new(PNAT_OUTPUT_FILE, "a.log");
  g_autoptr(PnatConfig) after = config_new(PNAT_OUTPUT_FILE | PNAT_OUTPUT_SYSLOG, "no/such/directory/b.log");
  PnatSinks *sinks = pnat_sinks_open(before, "here", NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  ck_assert(!pnat_sinks_reconfigure(sinks, after, &error));
  assert_names(sinks, "file ");
  push_to_all(sinks, 1, 10);
  ck_assert_uint_eq(pnat_sinks_close(sinks, 5000, NULL), 0);
  text = read_log("a.log");
  assert_lines(text, 1, 10);
}
END_TEST

START_TEST(close_keeps_its_deadline_though_a_sink_is_stalled)
{
  g_autoptr(PnatConfig) config = config_new(PNAT_OUTPUT_FILE, "fifo");
  PnatSinks *sinks;
  gint64 begin;

  ck_assert_int_eq(mkfifo(config->file, 0600), 0);
  sinks = pnat_sinks_open(config, "here", NULL);
  push_to_all(sinks, 1, 10);
  begin = g_get_monotonic_time();
  ck_assert_uint_eq(pnat_sinks_close(sinks, 100, NULL), 10);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1000));
}
END_TEST

/* Root's: /run is the test's own. */

static void
own_run(void)
{
  leave_mount_namespace();
  ck_assert_int_eq(mount("tmpfs", "/run", "tmpfs", 0, "mode=755"), 0);
}

/* @returns the socket of a journald */
static int
play_journald(void)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PNAT_JOURNAL_PATH };
  struct timeval patience = { .tv_sec = 10 };
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_mkdir_with_parents("/run/systemd/journal", 0755);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  return fd;
}

START_TEST(the_journal_becomes_syslog_where_there_is_none)
{
  g_autoptr(PnatConfig) config = config_new(_i == 0 ? PNAT_OUTPUT_JOURNAL : PNAT_OUTPUT_JOURNAL | PNAT_OUTPUT_SYSLOG, "x");
  PnatSinks *sinks;

  own_run();
  sinks = pnat_sinks_open(config, "here", NULL);
  assert_names(sinks, "syslog ");
  ck_assert_uint_eq(pnat_sinks_close(sinks, 100, NULL), 0);
}
END_TEST

START_TEST(the_journal_is_used_where_there_is_one)
{
  g_autoptr(PnatConfig) config = config_new(PNAT_OUTPUT_JOURNAL, "x");
  PnatSinks *sinks;

  own_run();
  play_journald();
  sinks = pnat_sinks_open(config, "here", NULL);
  assert_names(sinks, "journal ");
  ck_assert_uint_eq(pnat_sinks_close(sinks, 100, NULL), 0);
}
END_TEST

START_TEST(the_journal_gets_every_known_value_as_a_field)
{
  static const char framed[] = "\nPNAT_CMD\n\003\0\0\0\0\0\0\0a\nb\n";
  g_autofree char *entry = g_malloc0(65536);
  PnatSink *sink;
  ssize_t length;
  int fd;

  own_run();
  fd = play_journald();
  sink = pnat_sink_new(&pnat_sink_journal, pnat_sink_journal_new(LOG_LOCAL0), 100, "here");
  push_numbered(sink, 7, 7, "a\nb");
  length = recv(fd, entry, 65535, 0);
  ck_assert(g_str_has_prefix(entry, "MESSAGE=event=end start="));
  ck_assert_ptr_nonnull(strstr(entry, "\nMESSAGE_ID=" PNAT_JOURNAL_MESSAGE_ID "\n"));
  ck_assert_ptr_nonnull(strstr(entry, "\nPRIORITY=6\nSYSLOG_IDENTIFIER=pnat\nSYSLOG_FACILITY=16\n"));
  ck_assert_ptr_nonnull(strstr(entry, "\nPNAT_EVENT=end\n"));
  ck_assert_ptr_nonnull(strstr(entry, "\nPNAT_PID=7\n"));
  ck_assert_ptr_nonnull(memmem(entry, (gsize)length, framed, sizeof framed - 1));
  ck_assert_ptr_null(memmem(entry, (gsize)length, "\nPNAT_EXE", 9));
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(a_journald_that_hangs_does_not_hold_the_exit_back)
{
  PnatSink *sink;
  gint64 begin;
  int fd;

  own_run();
  fd = play_journald();
  sink = pnat_sink_new(&pnat_sink_journal, pnat_sink_journal_new(LOG_DAEMON), 10000, "here");
  push_numbered(sink, 1, 3000, NULL);
  let_it_stall();
  begin = g_get_monotonic_time();
  ck_assert_uint_gt(pnat_sink_stop(sink, soon(100), NULL), 0);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1000));
  close(fd); /* the thread left behind comes back, and cleans up: memory checkers look */
  let_it_stall();
}
END_TEST

START_TEST(a_journald_that_comes_again_gets_what_waits)
{
  PnatSink *sink;
  char entry[65536];
  int fd;

  own_run();
  close(play_journald());
  ck_assert_int_eq(unlink(PNAT_JOURNAL_PATH), 0);
  sink = pnat_sink_new(&pnat_sink_journal, pnat_sink_journal_new(LOG_DAEMON), 10000, "here");
  push_numbered(sink, 1, 3, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 3);
  fd = play_journald();
  for (guint i = 0; i < 3; i++)
    ck_assert_int_gt(recv(fd, entry, sizeof entry, 0), 0);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

static TCase *
configuration_case(void)
{
  TCase *tcase = tcase_create("configuration");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, an_output_that_is_wrong_is_an_error);
  tcase_add_test(tcase, a_sink_whose_options_stay_keeps_what_waits);
  tcase_add_test(tcase, records_go_to_another_file_after_it_was_configured);
  tcase_add_test(tcase, what_waits_for_a_file_goes_to_the_one_that_takes_its_place);
  tcase_add_test(tcase, what_waits_and_can_not_go_there_is_told_there);
  tcase_add_test(tcase, what_waited_in_another_run_comes_first);
  tcase_add_loop_test(tcase, what_waited_for_an_output_that_is_no_more_is_told_by_the_others, 0, 2);
  tcase_add_test(tcase, a_wrong_configuration_leaves_everything_as_it_was);
  tcase_add_test(tcase, close_keeps_its_deadline_though_a_sink_is_stalled);
  return tcase;
}

static TCase *
journal_case(void)
{
  TCase *tcase = tcase_create("journal");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  if (!is_root("all tests of the journal"))
    return tcase;
  tcase_add_loop_test(tcase, the_journal_becomes_syslog_where_there_is_none, 0, 2);
  tcase_add_test(tcase, the_journal_is_used_where_there_is_one);
  tcase_add_test(tcase, the_journal_gets_every_known_value_as_a_field);
  tcase_add_test(tcase, a_journald_that_hangs_does_not_hold_the_exit_back);
  tcase_add_test(tcase, a_journald_that_comes_again_gets_what_waits);
  return tcase;
}

int
main(void)
{
  Suite *suite = suite_create("sinks");

  suite_add_tcase(suite, configuration_case());
  suite_add_tcase(suite, journal_case());
  return run_suite(suite);
}
