/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/config: what each key takes, and that whatever is wrong is said with file, line, key and what is allowed.
 */
#include "lib/config.h"

#include "lib/address.h"
#include "lib/error.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "run.h"

static PnatConfig *
parsed(const char *text)
{
  g_autoptr(GError) error = NULL;
  PnatConfig *config = pnat_config_parse(text, strlen(text), "x.conf", &error);

  ck_assert_msg(config != NULL, "%s", error != NULL ? error->message : "no error");
  return config;
}

/* The complaints about a text of any bytes; (transfer full). */
static char *
refused(const char *text, gsize length)
{
  g_autoptr(GError) error = NULL;

  ck_assert_ptr_null(pnat_config_parse(text, length, "x.conf", &error));
  ck_assert(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_CONFIG));
  return g_strdup(error->message);
}

static void
assert_equal(const PnatConfig *a, const PnatConfig *b)
{
  ck_assert_int_eq(a->output, b->output);
  ck_assert_str_eq(a->file, b->file);
  ck_assert_str_eq(a->log_group, b->log_group);
  ck_assert_str_eq(a->format, b->format);
  ck_assert_int_eq(a->syslog_facility, b->syslog_facility);
  ck_assert_int_eq(a->start_after, b->start_after);
  ck_assert_int_eq(a->active_timeout, b->active_timeout);
  ck_assert_int_eq(a->idle_timeout, b->idle_timeout);
  ck_assert_int_eq(a->aggregate_connection, b->aggregate_connection);
  ck_assert_uint_eq(a->exclude->len, b->exclude->len);
  ck_assert_uint_eq(a->exclude_exe->len, b->exclude_exe->len);
  ck_assert_uint_eq(a->max_flows, b->max_flows);
  ck_assert_uint_eq(a->max_queue, b->max_queue);
  ck_assert_str_eq(a->state_dir, b->state_dir);
  ck_assert_int_eq(a->state_interval, b->state_interval);
  ck_assert_str_eq(a->control_socket, b->control_socket);
  ck_assert_int_eq(a->local_tracking, b->local_tracking);
  ck_assert_int_eq(a->replay, b->replay);
}

START_TEST(defaults_are_those_of_the_design)
{
  g_autoptr(PnatConfig) config = pnat_config_new();

  ck_assert_int_eq(config->output, PNAT_OUTPUT_FILE | PNAT_OUTPUT_JOURNAL);
  ck_assert_str_eq(config->file, "/var/log/pnat/pnat.log");
  ck_assert_str_eq(config->log_group, "root");
  ck_assert_str_eq(config->format, "kv");
  ck_assert_int_eq(config->syslog_facility, LOG_DAEMON);
  ck_assert_int_eq(config->start_after, 5000);
  ck_assert_int_eq(config->active_timeout, 300000);
  ck_assert_int_eq(config->idle_timeout, 86400000);
  ck_assert(!config->aggregate_connection);
  ck_assert_uint_eq(config->exclude->len, 0);
  ck_assert_uint_eq(config->exclude_exe->len, 0);
  ck_assert_uint_eq(config->max_flows, 262144);
  ck_assert_uint_eq(config->max_queue, 65536);
  ck_assert_str_eq(config->state_dir, "/var/lib/pnat");
  ck_assert_int_eq(config->state_interval, 30000);
  ck_assert_str_eq(config->control_socket, "/run/pnat/pnat.sock");
  ck_assert(config->local_tracking);
  ck_assert(config->replay);
}
END_TEST

START_TEST(free_takes_null)
{
  pnat_config_free(NULL);
}
END_TEST

static const char *const empty[] = { "", "\n", "# comment", "  \t# output = nonsense\n\n", "\r\n", "\xef\xbb\xbf# a byte order mark\n", "#\n#\n" };

START_TEST(text_without_settings_is_the_defaults)
{
  g_autoptr(PnatConfig) config = parsed(empty[_i]), defaults = pnat_config_new();

  assert_equal(config, defaults);
}
END_TEST

START_TEST(every_key_is_set)
{
  g_autoptr(PnatConfig) config = parsed("output = syslog\n"
                                        "file=/a/b.log\n"
                                        "  log_group   =   adm  \n"
                                        "format = json\r\n"
                                        "\tsyslog_facility\t=\tlocal3\t\n"
                                        "start_after = 7\n"
                                        "active_timeout = 60\n"
                                        "idle_timeout = 1\n"
                                        "aggregate = connection\n"
                                        "exclude = 127.0.0.0/8 ,::1/128,203.0.113.9\n"
                                        "exclude_exe = /usr/sbin/ntpd, */chrony?\n"
                                        "max_flows = 64\n"
                                        "max_queue = 16\n"
                                        "state_dir = /c/d\n"
                                        "state_interval = 86400\n"
                                        "control_socket = /e.sock\n"
                                        "local_tracking = no\n"
                                        "replay = no"); /* and no newline */
  const PnatPrefix *last = &g_array_index(config->exclude, PnatPrefix, 2);

  ck_assert_int_eq(config->output, PNAT_OUTPUT_SYSLOG);
  ck_assert_str_eq(config->file, "/a/b.log");
  ck_assert_str_eq(config->log_group, "adm");
  ck_assert_str_eq(config->format, "json");
  ck_assert_int_eq(config->syslog_facility, LOG_LOCAL3);
  ck_assert_int_eq(config->start_after, 7000);
  ck_assert_int_eq(config->active_timeout, 60000);
  ck_assert_int_eq(config->idle_timeout, 1000);
  ck_assert(config->aggregate_connection);
  ck_assert_uint_eq(config->exclude->len, 3);
  ck_assert_int_eq(last->family, PNAT_FAMILY_IPV4);
  ck_assert_int_eq(last->length, 32);
  ck_assert_uint_eq(config->exclude_exe->len, 2);
  ck_assert_str_eq(g_ptr_array_index(config->exclude_exe, 0), "/usr/sbin/ntpd");
  ck_assert_str_eq(g_ptr_array_index(config->exclude_exe, 1), "*/chrony?");
  ck_assert_uint_eq(config->max_flows, 64);
  ck_assert_uint_eq(config->max_queue, 16);
  ck_assert_str_eq(config->state_dir, "/c/d");
  ck_assert_int_eq(config->state_interval, 86400000);
  ck_assert_str_eq(config->control_socket, "/e.sock");
  ck_assert(!config->local_tracking);
  ck_assert(!config->replay);
}
END_TEST

START_TEST(words_may_be_in_upper_case)
{
  g_autoptr(PnatConfig) config = parsed("output = FILE, Syslog,journal\nformat = JSON\nstart_after = NEVER\n"
                                        "control_socket = None\nlocal_tracking = No\nsyslog_facility = LOCAL7\n");

  ck_assert_int_eq(config->output, PNAT_OUTPUT_FILE | PNAT_OUTPUT_SYSLOG | PNAT_OUTPUT_JOURNAL);
  ck_assert_str_eq(config->format, "json");
  ck_assert_int_eq(config->start_after, PNAT_NEVER);
  ck_assert_ptr_null(config->control_socket);
  ck_assert(!config->local_tracking);
  ck_assert_int_eq(config->syslog_facility, LOG_LOCAL7);
}
END_TEST

START_TEST(zero_starts_at_once_and_updates_never)
{
  g_autoptr(PnatConfig) config = parsed("start_after = 0\nactive_timeout = 0\n");

  ck_assert_int_eq(config->start_after, 0);
  ck_assert_int_eq(config->active_timeout, PNAT_NEVER);
}
END_TEST

START_TEST(lists_may_be_empty)
{
  g_autoptr(PnatConfig) config = parsed("exclude =\nexclude_exe = \n");

  ck_assert_uint_eq(config->exclude->len, 0);
  ck_assert_uint_eq(config->exclude_exe->len, 0);
}
END_TEST

START_TEST(value_may_hold_an_equals_sign_a_blank_and_a_hash)
{
  g_autoptr(PnatConfig) config = parsed("file = /var/log/a=b c#1.log\n");

  ck_assert_str_eq(config->file, "/var/log/a=b c#1.log");
}
END_TEST

static const struct {
  const char *line;
  const char *complaint; /* all of it */
} bad_lines[] = {
  { "output = files", "x.conf:1: output: \"files\" is not known; allowed: file, syslog, journal, comma-separated" },
  { "output = file, file", "x.conf:1: output: \"file\" is named twice; allowed: file, syslog, journal, comma-separated" },
  { "output = file,", "x.conf:1: output: \"\" is not known; allowed: file, syslog, journal, comma-separated" },
  { "output =", "x.conf:1: output: the value is missing; allowed: file, syslog, journal, comma-separated" },
  { "file = pnat.log", "x.conf:1: file: \"pnat.log\" is not an absolute path; allowed: the absolute path of a file" },
  { "file = /var/log/", "x.conf:1: file: \"/var/log/\" names a directory; allowed: the absolute path of a file" },
  { "file = /a\tb", "x.conf:1: file: \"/a\\tb\" holds a control character; allowed: the absolute path of a file" },
  { "file = /a\xc2\x85", "x.conf:1: file: \"/a\\xc2\\x85\" holds a control character; allowed: the absolute path of a file" },
  { "file = /a # there",
    "x.conf:1: file: \"/a # there\" holds a comment, which needs a line of its own; allowed: the absolute path of a file" },
  { "exclude = # none", "x.conf:1: exclude: \"# none\" holds a comment, which needs a line of its own; allowed: "
                        "addresses and ADDRESS/BITS, comma-separated: 127.0.0.0/8, ::1" },
  { "log_group = a b", "x.conf:1: log_group: \"a b\" is not a group's name; allowed: the name of a group" },
  { "log_group = -x", "x.conf:1: log_group: \"-x\" is not a group's name; allowed: the name of a group" },
  { "format = xml", "x.conf:1: format: \"xml\" is not known; allowed: kv, json" },
  { "syslog_facility = kern", "x.conf:1: syslog_facility: \"kern\" is not known; allowed: auth, authpriv, cron, daemon, ftp, "
                              "lpr, mail, news, syslog, user, uucp, "
                              "local0, local1, local2, local3, local4, local5, local6, local7" },
  { "start_after = soon", "x.conf:1: start_after: \"soon\" is not a whole number; allowed: never, or 0 to 31536000 seconds" },
  { "start_after = -1", "x.conf:1: start_after: \"-1\" is out of range; allowed: never, or 0 to 31536000 seconds" },
  { "start_after = 1.5", "x.conf:1: start_after: \"1.5\" is not a whole number; allowed: never, or 0 to 31536000 seconds" },
  { "start_after = 5s", "x.conf:1: start_after: \"5s\" is not a whole number; allowed: never, or 0 to 31536000 seconds" },
  { "active_timeout = never", "x.conf:1: active_timeout: \"never\" is not a whole number; allowed: 0, or 1 to 31536000 seconds" },
  { "active_timeout = 31536001", "x.conf:1: active_timeout: \"31536001\" is out of range; allowed: 0, or 1 to 31536000 seconds" },
  { "idle_timeout = 0", "x.conf:1: idle_timeout: \"0\" is out of range; allowed: 1 to 31536000 seconds" },
  { "aggregate = host", "x.conf:1: aggregate: \"host\" is not known; allowed: peer, connection" },
  { "exclude = 10.0.0.0/33",
    "x.conf:1: exclude: \"10.0.0.0/33\" is not an address, nor ADDRESS/BITS with no bit set beyond BITS; allowed: "
    "addresses and ADDRESS/BITS, comma-separated: 127.0.0.0/8, ::1" },
  { "exclude = ::1,,::2", "x.conf:1: exclude: \"\" is not an address, nor ADDRESS/BITS with no bit set beyond BITS; allowed: "
                          "addresses and ADDRESS/BITS, comma-separated: 127.0.0.0/8, ::1" },
  { "exclude_exe = ntpd", "x.conf:1: exclude_exe: \"ntpd\" begins with neither / nor *; allowed: "
                          "globs of absolute paths, comma-separated: /usr/sbin/ntpd, */chronyd" },
  { "max_flows = 0", "x.conf:1: max_flows: \"0\" is out of range; allowed: 1 to 16777216" },
  { "max_flows = 16777217", "x.conf:1: max_flows: \"16777217\" is out of range; allowed: 1 to 16777216" },
  { "max_flows = 99999999999999999999",
    "x.conf:1: max_flows: \"99999999999999999999\" is out of range; allowed: 1 to 16777216" },
  { "max_flows = 0x100", "x.conf:1: max_flows: \"0x100\" is not a whole number; allowed: 1 to 16777216" },
  { "max_queue = 0", "x.conf:1: max_queue: \"0\" is out of range; allowed: 1 to 1048576" },
  { "max_queue = 1048577", "x.conf:1: max_queue: \"1048577\" is out of range; allowed: 1 to 1048576" },
  { "state_dir = ~/x", "x.conf:1: state_dir: \"~/x\" is not an absolute path; allowed: the absolute path of a directory" },
  { "state_interval = 86401", "x.conf:1: state_interval: \"86401\" is out of range; allowed: 1 to 86400 seconds" },
  { "control_socket = off",
    "x.conf:1: control_socket: \"off\" is not an absolute path; allowed: none, or an absolute path of at most 107 bytes" },
  { "local_tracking = true", "x.conf:1: local_tracking: \"true\" is not known; allowed: yes, no" },
  { "replay = 1", "x.conf:1: replay: \"1\" is not known; allowed: yes, no" },
  { "replay", "x.conf:1: \"replay\" has no =; allowed: key = value, # comment" },
  { "= yes", "x.conf:1: \"= yes\" has no key; allowed: key = value, # comment" },
  { "replay = yes\n\nreplay = no", "x.conf:3: replay: already set in line 1; allowed: one line a key" },
  { "re\"\x1bplay", "x.conf:1: \"re\\\"\\x1bplay\" has no =; allowed: key = value, # comment" },
};

START_TEST(bad_line_is_named_with_what_is_allowed)
{
  g_autofree char *complaint = refused(bad_lines[_i].line, strlen(bad_lines[_i].line));

  ck_assert_str_eq(complaint, bad_lines[_i].complaint);
}
END_TEST

static const struct {
  const char *line;
  const char *start; /* of the complaint */
} unknown_keys[] = {
  { "ouptut = file", "x.conf:1: \"ouptut\": unknown key, did you mean output?; allowed: output, file, log_group, " },
  { "Format = kv", "x.conf:1: \"Format\": unknown key, did you mean format?; allowed: " },
  { "max-flows = 64", "x.conf:1: \"max-flows\": unknown key, did you mean max_flows?; allowed: " },
  { "idletimeout = 64", "x.conf:1: \"idletimeout\": unknown key, did you mean idle_timeout?; allowed: " },
  { "FORMAT = kv", "x.conf:1: \"FORMAT\": unknown key, did you mean format?; allowed: " },
  { "fi = 1", "x.conf:1: \"fi\": unknown key; allowed: " },
  { "x = 1", "x.conf:1: \"x\": unknown key; allowed: " },
  { "nothing_alike = 1", "x.conf:1: \"nothing_alike\": unknown key; allowed: " },
  { "a b = 1", "x.conf:1: \"a b\": unknown key; allowed: " },
  { "a\x1b = 1", "x.conf:1: \"a\\x1b\": unknown key; allowed: " },
};

START_TEST(unknown_key_is_named_with_the_nearest)
{
  g_autofree char *complaint = refused(unknown_keys[_i].line, strlen(unknown_keys[_i].line));

  ck_assert_msg(g_str_has_prefix(complaint, unknown_keys[_i].start), "%s", complaint);
  ck_assert(g_str_has_suffix(complaint, ", local_tracking, replay"));
}
END_TEST

START_TEST(all_complaints_come_at_once)
{
  static const char text[] = "# a comment\nreplay = maybe\nmax_flows = 100\n\nmax_queue = 0\nnonsense\n";
  g_autofree char *complaint = refused(text, strlen(text));

  ck_assert_str_eq(complaint, "x.conf:2: replay: \"maybe\" is not known; allowed: yes, no\n"
                              "x.conf:5: max_queue: \"0\" is out of range; allowed: 1 to 1048576\n"
                              "x.conf:6: \"nonsense\" has no =; allowed: key = value, # comment");
}
END_TEST

START_TEST(complaints_are_bounded_and_counted)
{
  g_autoptr(GString) text = g_string_new(NULL);
  g_autofree char *complaint = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append(text, "x\n");
  complaint = refused(text->str, text->len);
  ck_assert_ptr_nonnull(strstr(complaint, "x.conf:100: "));
  ck_assert_ptr_null(strstr(complaint, "x.conf:101: "));
  ck_assert(g_str_has_suffix(complaint, "\nx.conf: and 4900 more"));
}
END_TEST

static const struct {
  const char *text;
  gsize length;
  const char *complaint;
} bad_bytes[] = {
  { "replay = yes\0no", 15, "x.conf:1: a NUL byte in the line; allowed: text" },
  { "# \0", 3, "x.conf:1: a NUL byte in the line; allowed: text" },
  { "\nfile = /\xff", 10, "x.conf:2: the line is not UTF-8; allowed: UTF-8" },
};

START_TEST(bytes_that_are_no_text_are_refused)
{
  g_autofree char *complaint = refused(bad_bytes[_i].text, bad_bytes[_i].length);

  ck_assert_str_eq(complaint, bad_bytes[_i].complaint);
}
END_TEST

/* "KEY = /aaa..." of so many bytes after the blank; (transfer full). */
static char *
long_path(const char *key, gsize length)
{
  g_autofree char *path = g_strnfill(length - 1, 'a');

  return g_strdup_printf("%s = /%s", key, path);
}

START_TEST(long_line_is_refused)
{
  g_autofree char *text = long_path("# file", 5000);
  g_autofree char *complaint = refused(text, strlen(text));

  ck_assert_str_eq(complaint, "x.conf:1: the line is too long; allowed: at most 4096 bytes");
}
END_TEST

START_TEST(control_socket_fits_a_socket_address)
{
  g_autofree char *fits = long_path("control_socket", 107), *too_long = long_path("control_socket", 108);
  g_autoptr(PnatConfig) config = parsed(fits);
  g_autofree char *complaint = refused(too_long, strlen(too_long));

  ck_assert_uint_eq(strlen(config->control_socket), 107);
  ck_assert_ptr_nonnull(strstr(complaint, "aaa\"... is too long; allowed: none, or an absolute path of at most 107 bytes"));
}
END_TEST

START_TEST(no_bytes_do_harm)
{
  static const char biting[] = "=,#\n\"\\ /*0-9:._\t\r\x1b\xc2\x85\xff";
  GRand *rand = g_rand_new_with_seed(4242);

  for (guint i = 0; i < 20000; i++) {
    const char *const *keys = pnat_config_keys();
    g_autoptr(GString) text = g_string_new(keys[g_rand_int_range(rand, 0, (gint32)g_strv_length((GStrv)keys))]);
    g_autoptr(PnatConfig) config = NULL;
    g_autoptr(GError) error = NULL;

    g_string_append(text, " = ");
    for (gint32 n = g_rand_int_range(rand, 0, 40); n > 0; n--)
      g_string_append_c(text,
                        g_rand_boolean(rand) ? biting[g_rand_int_range(rand, 0, sizeof biting - 1)] : (char)g_rand_int(rand));
    config = pnat_config_parse(text->str, text->len, "x.conf", &error);
    if ((config == NULL) != (error != NULL) || (error != NULL && !g_utf8_validate(error->message, -1, NULL)))
      ck_abort_msg("%s", text->str);
  }
  g_rand_free(rand);
}
END_TEST

START_TEST(keys_are_listed_in_order)
{
  g_autofree char *keys = g_strjoinv(" ", (GStrv)pnat_config_keys());

  ck_assert_str_eq(keys, "output file log_group format syslog_facility start_after active_timeout idle_timeout aggregate exclude "
                         "exclude_exe max_flows max_queue state_dir state_interval control_socket local_tracking replay");
}
END_TEST

/* make check says where the sources are; else it is run at their top. */
static char *
sample_text(void)
{
  const char *srcdir = g_getenv("srcdir");
  g_autofree char *file = g_build_filename(srcdir != NULL ? srcdir : ".", srcdir != NULL ? ".." : ".", "pnat-plugin.conf", NULL);
  char *text = NULL;

  ck_assert_msg(g_file_get_contents(file, &text, NULL, NULL), "%s", file);
  return text;
}

START_TEST(sample_changes_nothing)
{
  g_autofree char *text = sample_text();
  g_autoptr(PnatConfig) config = parsed(text), defaults = pnat_config_new();

  assert_equal(config, defaults);
}
END_TEST

/* "#key = value" is a setting, "# text" is prose. */
START_TEST(sample_shows_every_key_with_its_default)
{
  g_autofree char *text = sample_text();
  g_autoptr(GRegex) setting = g_regex_new("^#([a-z_]+ =)", G_REGEX_MULTILINE, 0, NULL);
  g_autofree char *uncommented = g_regex_replace(setting, text, -1, 0, "\\1", 0, NULL);
  g_autoptr(PnatConfig) config = parsed(uncommented), defaults = pnat_config_new();

  assert_equal(config, defaults);
  for (const char *const *key = pnat_config_keys(); *key != NULL; key++) {
    g_autofree char *line = g_strdup_printf("\n%s =", *key);

    ck_assert_msg(strstr(uncommented, line) != NULL, "%s", *key);
  }
}
END_TEST

/* A file in a directory of its own; (transfer full). */
static char *
a_file(const char *text, gssize length)
{
  g_autofree char *dir = g_dir_make_tmp("check_config-XXXXXX", NULL);
  char *file = g_build_filename(dir, "x.conf", NULL);

  ck_assert(g_file_set_contents(file, text, length, NULL));
  return file;
}

static void
remove_file(const char *file)
{
  g_autofree char *dir = g_path_get_dirname(file);

  remove(file);
  rmdir(dir);
}

START_TEST(file_is_loaded)
{
  g_autofree char *file = a_file("replay = no\n", -1);
  g_autoptr(PnatConfig) config = pnat_config_load(file, NULL);

  remove_file(file);
  ck_assert_ptr_nonnull(config);
  ck_assert(!config->replay);
}
END_TEST

static void
assert_load_fails(const char *file, PnatError code, const char *part)
{
  g_autoptr(GError) error = NULL;

  ck_assert_ptr_null(pnat_config_load(file, &error));
  ck_assert_msg(g_error_matches(error, PNAT_ERROR, (gint)code), "%s", error->message);
  ck_assert_msg(strstr(error->message, file) != NULL && strstr(error->message, part) != NULL, "%s", error->message);
}

START_TEST(complaint_names_the_file)
{
  g_autofree char *file = a_file("\nreplay = maybe\n", -1);

  assert_load_fails(file, PNAT_ERROR_CONFIG, "/x.conf:2: replay: \"maybe\" is not known; allowed: yes, no");
  remove_file(file);
}
END_TEST

START_TEST(missing_file_is_an_error)
{
  assert_load_fails("/nonexistent/x.conf", PNAT_ERROR_IO, "No such file");
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
  assert_load_fails("/tmp", PNAT_ERROR_CONFIG, "not a regular file");
  assert_load_fails("/dev/null", PNAT_ERROR_CONFIG, "not a regular file");
}
END_TEST

START_TEST(long_file_is_refused)
{
  g_autofree char *text = g_strnfill(1024 * 1024 + 1, '\n');
  g_autofree char *file = a_file(text, 1024 * 1024);
  g_autoptr(PnatConfig) config = pnat_config_load(file, NULL);

  ck_assert_ptr_nonnull(config);
  ck_assert(g_file_set_contents(file, text, -1, NULL));
  assert_load_fails(file, PNAT_ERROR_CONFIG, "the file is too long; allowed: at most 1048576 bytes");
  remove_file(file);
}
END_TEST

START_TEST(file_that_anyone_can_write_is_refused)
{
  g_autofree char *file = a_file("", 0);

  ck_assert_int_eq(chmod(file, 0666), 0);
  assert_load_fails(file, PNAT_ERROR_UNSAFE, "writable by anyone");
  remove_file(file);
}
END_TEST

START_TEST(file_that_a_group_can_write_is_refused)
{
  g_autofree char *file = a_file("", 0);

  ck_assert_int_eq(chmod(file, 0660), 0);
  if (geteuid() == 0 && chown(file, 0, 65534) == 0)
    assert_load_fails(file, PNAT_ERROR_UNSAFE, "writable by a group");
  remove_file(file);
}
END_TEST

START_TEST(file_that_ones_own_group_can_write_is_taken)
{
  g_autofree char *file = a_file("", 0);

  ck_assert_int_eq(chmod(file, 0660), 0);
  ck_assert_int_eq(chown(file, (uid_t)-1, getegid()), 0);
  g_autoptr(PnatConfig) config = pnat_config_load(file, NULL);
  ck_assert_ptr_nonnull(config);
  remove_file(file);
}
END_TEST

/* Only root can give a file away. */
START_TEST(file_of_another_user_is_refused)
{
  g_autofree char *file = a_file("", 0);

  if (geteuid() == 0 && chown(file, 65534, 65534) == 0)
    assert_load_fails(file, PNAT_ERROR_UNSAFE, "owned by another user than root");
  remove_file(file);
}
END_TEST

static TCase *
values_case(void)
{
  TCase *tcase = tcase_create("values");

  tcase_add_test(tcase, defaults_are_those_of_the_design);
  tcase_add_test(tcase, free_takes_null);
  tcase_add_loop_test(tcase, text_without_settings_is_the_defaults, 0, G_N_ELEMENTS(empty));
  tcase_add_test(tcase, every_key_is_set);
  tcase_add_test(tcase, words_may_be_in_upper_case);
  tcase_add_test(tcase, zero_starts_at_once_and_updates_never);
  tcase_add_test(tcase, lists_may_be_empty);
  tcase_add_test(tcase, value_may_hold_an_equals_sign_a_blank_and_a_hash);
  tcase_add_test(tcase, keys_are_listed_in_order);
  tcase_add_test(tcase, sample_changes_nothing);
  tcase_add_test(tcase, sample_shows_every_key_with_its_default);
  return tcase;
}

static TCase *
complaints_case(void)
{
  TCase *tcase = tcase_create("complaints");

  tcase_add_loop_test(tcase, bad_line_is_named_with_what_is_allowed, 0, G_N_ELEMENTS(bad_lines));
  tcase_add_loop_test(tcase, unknown_key_is_named_with_the_nearest, 0, G_N_ELEMENTS(unknown_keys));
  tcase_add_test(tcase, all_complaints_come_at_once);
  tcase_add_test(tcase, complaints_are_bounded_and_counted);
  tcase_add_loop_test(tcase, bytes_that_are_no_text_are_refused, 0, G_N_ELEMENTS(bad_bytes));
  tcase_add_test(tcase, long_line_is_refused);
  tcase_add_test(tcase, control_socket_fits_a_socket_address);
  tcase_add_test(tcase, no_bytes_do_harm);
  return tcase;
}

static TCase *
files_case(void)
{
  TCase *tcase = tcase_create("files");

  tcase_add_test(tcase, file_is_loaded);
  tcase_add_test(tcase, complaint_names_the_file);
  tcase_add_test(tcase, missing_file_is_an_error);
  tcase_add_test(tcase, what_is_no_file_is_refused);
  tcase_add_test(tcase, long_file_is_refused);
  tcase_add_test(tcase, file_that_anyone_can_write_is_refused);
  tcase_add_test(tcase, file_that_a_group_can_write_is_refused);
  tcase_add_test(tcase, file_that_ones_own_group_can_write_is_taken);
  tcase_add_test(tcase, file_of_another_user_is_refused);
  return tcase;
}

int
main(void)
{
  Suite *suite = suite_create("config");

  suite_add_tcase(suite, values_case());
  suite_add_tcase(suite, complaints_case());
  suite_add_tcase(suite, files_case());
  return run_suite(suite);
}
