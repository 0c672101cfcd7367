/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The syslog sink and its socket, against a daemon that the test plays.
 */
#include "at_most.h"
#include "sink_common.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "plugin/sink_syslog.h"
#include "plugin/syslog_socket.h"

/* More than any message. */
#define MAX_MESSAGE (1024 * 1024)

static char *directory;
static char *path;

static void
setup(void)
{
  directory = scratch();
  path = g_build_filename(directory, "log", NULL);
}

static void
teardown(void)
{
  remove_scratch(directory);
  g_free(directory);
  g_free(path);
}

/* What the daemon listens on. */
static int
listen_as(int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  struct timeval patience = { .tv_sec = 10 };
  int fd = socket(AF_UNIX, type, 0);

  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  unlink(path);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  if (type == SOCK_STREAM)
    ck_assert_int_eq(listen(fd, 4), 0);
  return fd;
}

static PnatSink *
sink_new(int facility)
{
  return pnat_sink_new(&pnat_sink_syslog, pnat_sink_syslog_new(path, facility, &pnat_format_kv), 10000, "here");
}

/* @returns (transfer full) the next datagram */
static char *
receive(int fd)
{
  char *message = g_malloc0(MAX_MESSAGE + 1);

  ck_assert_msg(recv(fd, message, MAX_MESSAGE, 0) > 0, "no message: %s", g_strerror(errno));
  return message;
}

/* The line in @message, after its header. */
static const char *
line_in(const char *message)
{
  const char *end = strstr(message, "]: ");

  ck_assert_msg(end != NULL, "no header: %.100s", message);
  return end + strlen("]: ");
}

static void
assert_received(int fd, guint from, guint to)
{
  for (guint n = from; n <= to; n++) {
    g_autofree char *message = receive(fd);

    ck_assert_uint_eq(number_of(line_in(message)), n);
  }
}

START_TEST(a_message_has_the_header_of_syslog)
{
  int fd = listen_as(SOCK_DGRAM);
  PnatSink *sink = sink_new(LOG_LOCAL3);
  g_autofree char *message = NULL;
  g_autofree char *pattern
      = g_strdup_printf("^<%d>[A-Z][a-z]{2} [ 1-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] pnat\\[%d\\]: event=end [^\n]*$",
                        LOG_LOCAL3 | LOG_INFO, (int)getpid());

  push_numbered(sink, 1, 1, NULL);
  message = receive(fd);
  ck_assert_msg(g_regex_match_simple(pattern, message, G_REGEX_DOLLAR_ENDONLY, 0), "%s", message);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(a_daemon_that_does_not_read_gets_all_in_order_once_it_does)
{
  int fd = listen_as(SOCK_DGRAM);
  PnatSink *sink = sink_new(LOG_DAEMON);

  push_numbered(sink, 1, 2000, NULL);
  let_it_stall();
  ck_assert_uint_gt(pnat_sink_counts(sink).waiting, 0);
  assert_received(fd, 1, 2000);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(stop_keeps_its_deadline_though_the_daemon_does_not_read)
{
  int fd = listen_as(SOCK_DGRAM);
  PnatSink *sink = sink_new(LOG_DAEMON);
  gint64 begin;

  push_numbered(sink, 1, 2000, NULL);
  let_it_stall();
  begin = g_get_monotonic_time();
  ck_assert_uint_gt(pnat_sink_stop(sink, soon(100), NULL), 0);
  ck_assert_int_lt(g_get_monotonic_time() - begin, at_most(1000));
  close(fd);
}
END_TEST

START_TEST(a_daemon_that_comes_late_or_again_gets_what_waits)
{
  PnatSink *sink = sink_new(LOG_DAEMON);
  int fd;

  push_numbered(sink, 1, 20, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 20);
  fd = listen_as(SOCK_DGRAM);
  assert_received(fd, 1, 20);
  close(fd);

  push_numbered(sink, 21, 40, NULL);
  let_it_stall();
  ck_assert_uint_eq(pnat_sink_counts(sink).waiting, 20);
  fd = listen_as(SOCK_DGRAM);
  assert_received(fd, 21, 40);
  close(fd);

  fd = listen_as(SOCK_STREAM); /* another daemon, of another kind */
  push_numbered(sink, 41, 41, NULL);
  ck_assert_int_ge(accept(fd, NULL, NULL), 0);
  wait_for_written(sink, 41);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(a_message_that_is_too_long_is_cut_and_says_so)
{
  int fd = listen_as(SOCK_DGRAM);
  PnatSink *sink = sink_new(LOG_DAEMON);
  g_autofree char *ascii = g_strnfill(500000, 'x');
  g_auto(GStrv) pieces = g_strsplit(ascii, "x", -1);
  g_autofree char *cmd = g_strjoinv("\303\244", pieces);
  g_autofree char *message = NULL;

  push_numbered(sink, 1, 1, cmd);
  message = receive(fd);
  ck_assert_uint_gt(strlen(message), 50000);
  ck_assert(g_str_has_suffix(message, "\303\244 [cut]"));
  ck_assert(g_utf8_validate(message, -1, NULL));
  push_numbered(sink, 2, 2, NULL);
  assert_received(fd, 2, 2);
  wait_for_written(sink, 2);
  ck_assert_uint_eq(pnat_sink_counts(sink).written, 2);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

/* Reads messages, each with its NUL, until @messages came. @returns (transfer full) all of them */
static GString *
receive_stream(int fd, guint messages)
{
  GString *text = g_string_new(NULL);
  char block[4096];

  while (messages > 0) {
    ssize_t n = recv(fd, block, sizeof block, 0);

    ck_assert_msg(n > 0, "no message: %s", g_strerror(errno));
    g_string_append_len(text, block, n);
    for (ssize_t i = 0; i < n; i++)
      messages -= block[i] == '\0';
  }
  return text;
}

START_TEST(a_stream_has_whole_messages_in_order_after_a_stall)
{
  int listening = listen_as(SOCK_STREAM);
  g_autofree char *cmd = g_strnfill(5000, 'x');
  PnatSink *sink = sink_new(LOG_DAEMON);
  g_autoptr(GString) text = NULL;
  const char *message;

  push_numbered(sink, 1, 300, cmd);
  let_it_stall();
  let_it_stall();
  ck_assert_uint_gt(pnat_sink_counts(sink).waiting, 0);
  text = receive_stream(accept(listening, NULL, NULL), 300);
  message = text->str;
  for (guint n = 1; n <= 300; n++, message += strlen(message) + 1)
    ck_assert_uint_eq(number_of(line_in(message)), n);
  ck_assert_ptr_eq(message, text->str + text->len);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(a_stream_that_breaks_begins_its_message_again_on_the_next)
{
  int listening = listen_as(SOCK_STREAM);
  g_autofree char *cmd = g_strnfill(1000000, 'x'); /* more than the socket holds */
  PnatSink *sink = sink_new(LOG_DAEMON);
  g_autoptr(GString) text = NULL;

  push_numbered(sink, 1, 1, cmd);
  let_it_stall();
  close(accept(listening, NULL, NULL));
  text = receive_stream(accept(listening, NULL, NULL), 1);
  ck_assert_int_eq(text->str[0], '<');
  ck_assert_uint_eq(number_of(line_in(text->str)), 1);
  ck_assert_uint_eq(pnat_sink_stop(sink, soon(5000), NULL), 0);
}
END_TEST

START_TEST(a_socket_is_served_while_someone_listens)
{
  int fd;

  ck_assert(!pnat_syslog_socket_is_served(path));
  fd = listen_as(SOCK_DGRAM);
  ck_assert(pnat_syslog_socket_is_served(path));
  close(fd);
  ck_assert(!pnat_syslog_socket_is_served(path));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("sink_syslog");
  TCase *tcase = tcase_create("syslog");

  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, a_message_has_the_header_of_syslog);
  tcase_add_test(tcase, a_daemon_that_does_not_read_gets_all_in_order_once_it_does);
  tcase_add_test(tcase, stop_keeps_its_deadline_though_the_daemon_does_not_read);
  tcase_add_test(tcase, a_daemon_that_comes_late_or_again_gets_what_waits);
  tcase_add_test(tcase, a_message_that_is_too_long_is_cut_and_says_so);
  tcase_add_test(tcase, a_stream_has_whole_messages_in_order_after_a_stall);
  tcase_add_test(tcase, a_stream_that_breaks_begins_its_message_again_on_the_next);
  tcase_add_test(tcase, a_socket_is_served_while_someone_listens);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
