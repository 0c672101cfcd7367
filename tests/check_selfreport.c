/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the plugin says of itself.
 */
#include "sink_common.h"

#include "plugin/selfreport.h"

static char *directory;
static PnatConfig *config;
static PnatSinks *sinks;

static void
setup(void)
{
  directory = scratch();
  config = pnat_config_new();
  config->output = PNAT_OUTPUT_FILE | PNAT_OUTPUT_SYSLOG;
  g_free(config->file);
  config->file = g_build_filename(directory, "pnat.log", NULL);
  g_free(config->log_group);
  config->log_group = g_strdup(own_group());
  sinks = pnat_sinks_open(config, "here", NULL);
  ck_assert_ptr_nonnull(sinks);
}

static void
teardown(void)
{
  pnat_sinks_close(sinks, 1000, NULL);
  pnat_config_free(config);
  remove_scratch(directory);
  g_free(directory);
}

START_TEST(a_healthy_start_is_one_line)
{
  const PnatLocalCounts local = { .has_sockets = TRUE, .has_pidfd = TRUE };
  const PnatSelf self = { .rules = "default", .local = &local, .privileges = "kept: capabilities chown; seccomp", .cmdline = "root=/dev/sda audit=1\n" };
  g_autofree char *line = pnat_self_start_line(config, sinks, &self);

  ck_assert_str_eq(line, PACKAGE_STRING " started: rules=default outputs=file,syslog state=yes replay=yes local_tracking=yes pidfd=yes "
                                        "sock_diag=yes; kept: capabilities chown; seccomp");
}
END_TEST

START_TEST(what_is_off_is_said_with_the_reason)
{
  const PnatLocalCounts local = { .no_sockets = "no netlink" };
  PnatSelf self = { .rules = "unknown (no audit)", .no_state = "no place", .local = &local, .privileges = "kept: nothing", .cmdline = "audit=10 quiet" };
  g_autofree char *line = pnat_self_start_line(config, sinks, &self);

  ck_assert_ptr_nonnull(strstr(line, " rules=unknown (no audit) "));
  ck_assert_ptr_nonnull(strstr(line, " state=no (no place) replay=no (without state) "));
  ck_assert_ptr_nonnull(strstr(line, " pidfd=no (the kernel is older than 5.3) sock_diag=no (no netlink);"));
  ck_assert_ptr_nonnull(strstr(line, "; the kernel was booted without audit=1"));

  self.local = NULL;
  self.no_state = NULL;
  config->replay = FALSE;
  g_autofree char *other = pnat_self_start_line(config, sinks, &self);
  ck_assert_ptr_nonnull(strstr(other, " state=yes replay=no (configured) local_tracking=no (configured);"));
  ck_assert_ptr_null(strstr(other, "pidfd"));
}
END_TEST

START_TEST(the_report_has_every_counter)
{
  const PnatSelfCounts counts = {
    .feed = { .lines = 1, .ignored = 2, .malformed = 3, .events = 4 },
    .tracker = { .flows = 6, .processes = 7, .nodes = 8, .evicted = 10, .unattributed = 11 },
    .lost = { 12, 13, 14, TRUE },
    .local = { .watched = 9 },
    .replayed = 5,
  };
  g_autofree char *text = pnat_self_report(&counts, sinks);

  ck_assert_str_eq(text, "lines=1 ignored=2 malformed=3 events=4 replayed=5 flows=6 processes=7 nodes=8 watched=9 evicted=10 unattributed=11\n"
                         "lost: kernel=12 auditd=13 netlink=14\n"
                         "file: written=0 waiting=0 dropped=0\n"
                         "syslog: written=0 waiting=0 dropped=0");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("selfreport");
  TCase *tcase = tcase_create("selfreport");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, a_healthy_start_is_one_line);
  tcase_add_test(tcase, what_is_off_is_said_with_the_reason);
  tcase_add_test(tcase, the_report_has_every_counter);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
