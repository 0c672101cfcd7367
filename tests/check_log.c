/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the plugin says about itself: a line each, to standard error and syslog, and never waiting for either.
 */
#include "sink_common.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "plugin/log.h"

static int reading; /* the pipe that standard error leads to */

static void
setup(void)
{
  int ends[2];

  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
  close(ends[1]);
  reading = ends[0];
  ck_assert_int_eq(fcntl(reading, F_SETFL, O_NONBLOCK), 0);
}

/* @returns (transfer full) what was said since the last call */
static char *
said(void)
{
  char block[4096];
  GString *text = g_string_new(NULL);
  ssize_t n;

  while ((n = read(reading, block, sizeof block)) > 0)
    g_string_append_len(text, block, n);
  return g_string_free(text, FALSE);
}

static void
assert_said(const char *expected)
{
  g_autofree char *text = said();

  ck_assert_str_eq(text, expected);
}

START_TEST(a_message_is_a_line)
{
  pnat_log_info("%d flows", 3);
  pnat_log_warning("file: %s", "no space");
  pnat_log_error("bad");
  assert_said("pnat-plugin: 3 flows\npnat-plugin: warning: file: no space\npnat-plugin: error: bad\n");
}
END_TEST

START_TEST(a_message_of_lines_is_as_many_messages)
{
  pnat_log_error("a.conf:1: no\n\na.conf:2: neither\n");
  assert_said("pnat-plugin: error: a.conf:1: no\npnat-plugin: error: a.conf:2: neither\n");
}
END_TEST

START_TEST(a_message_has_no_control_bytes_and_an_end)
{
  g_autofree char *text = g_strnfill(100000, 'x');
  g_autofree char *line = NULL;

  pnat_log_info("a\033[2Jb\rc\177");
  assert_said("pnat-plugin: a?[2Jb?c?\n");
  pnat_log_info("%s", text);
  line = said();
  ck_assert_uint_lt(strlen(line), 4096);
  ck_assert(g_str_has_suffix(line, "xx\n"));
}
END_TEST

START_TEST(nobody_waits_for_a_full_pipe_and_what_was_lost_is_told)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  for (guint i = 0; i < 5000; i++)
    pnat_log_info("number %u of many, each of some length", i);
  before = said();
  ck_assert(g_str_has_suffix(before, "of some length\n"));
  pnat_log_info("after");
  after = said();
  ck_assert_ptr_nonnull(strstr(after, " messages before this were lost\npnat-plugin: after\n"));
}
END_TEST

START_TEST(nothing_is_said_where_standard_error_is_closed)
{
  close(STDERR_FILENO);
  pnat_log_info("into the void");
}
END_TEST

START_TEST(what_comes_up_often_is_said_seldom)
{
  static PnatLogSeldom seldom;

  for (guint i = 0; i < 1000; i++)
    pnat_log_seldom(&seldom, PNAT_LOG_WARNING, "no more descriptors (%u)", i);
  assert_said("pnat-plugin: warning: no more descriptors (0)\n");
  seldom.next = 1; /* an hour later */
  pnat_log_seldom(&seldom, PNAT_LOG_WARNING, "no more descriptors");
  assert_said("pnat-plugin: warning: no more descriptors (and 999 times since this was last said)\n");
}
END_TEST

START_TEST(the_newest_messages_but_for_information_are_kept)
{
  g_autofree char *none = pnat_log_recent();
  ck_assert_str_eq(none, "");
  for (guint i = 0; i < 20; i++) {
    pnat_log_warning("warning %u", i);
    pnat_log_info("of no interest");
  }
  pnat_log_error("the last but one");
  pnat_log_notice("the last");
  g_autofree char *text = pnat_log_recent();
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  ck_assert_uint_eq(g_strv_length(lines), 16);
  ck_assert_msg(g_str_has_suffix(lines[0], "Z warning: warning 6"), "%s", lines[0]);
  ck_assert_msg(g_str_has_suffix(lines[14], "Z error: the last but one"), "%s", lines[14]);
  ck_assert_msg(g_str_has_suffix(lines[15], "Z the last"), "%s", lines[15]);
}
END_TEST

START_TEST(a_message_goes_to_syslog_too)
{
  g_autofree char *directory = scratch();
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  g_autofree char *header = g_strdup_printf(" pnat-plugin[%d]: file: no space", (int)getpid());
  char message[4096] = "";

  g_snprintf(address.sun_path, sizeof address.sun_path, "%s/log", directory);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  pnat_log_to_syslog(address.sun_path);
  pnat_log_warning("file: no space");
  ck_assert_int_gt(recv(fd, message, sizeof message - 1, MSG_DONTWAIT), 0);
  ck_assert(g_str_has_prefix(message, "<28>"));
  ck_assert(g_str_has_suffix(message, header));

  for (guint i = 0; i < 5000; i++)
    pnat_log_info("%u", i); /* more than the daemon's queue holds: this returns all the same */
  pnat_log_to_syslog(NULL);
  remove_scratch(directory);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("log");
  TCase *tcase = tcase_create("log");

  tcase_add_checked_fixture(tcase, setup, NULL);
  tcase_add_test(tcase, a_message_is_a_line);
  tcase_add_test(tcase, a_message_of_lines_is_as_many_messages);
  tcase_add_test(tcase, a_message_has_no_control_bytes_and_an_end);
  tcase_add_test(tcase, nobody_waits_for_a_full_pipe_and_what_was_lost_is_told);
  tcase_add_test(tcase, nothing_is_said_where_standard_error_is_closed);
  tcase_add_test(tcase, what_comes_up_often_is_said_seldom);
  tcase_add_test(tcase, the_newest_messages_but_for_information_are_kept);
  tcase_add_test(tcase, a_message_goes_to_syslog_too);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
