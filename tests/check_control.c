/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/control: who is answered, and what becomes of the socket in the file system.
 */
#include "run.h"
#include "sink_common.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "plugin/control.h"

#define NOBODY 65534
#define STRANGER 64301
#define GROUP 64302

static char *directory; /* of the test's own */
static char *path;

static void
setup(void)
{
  directory = scratch();
  path = g_build_filename(directory, "run", "control", NULL);
}

static void
teardown(void)
{
  remove_scratch(directory);
  g_free(directory);
  g_free(path);
}

static char *
counters(gpointer data)
{
  guint *asked = data;
  return g_strdup_printf("asked=%u", ++*asked);
}

static PnatControl *
open_control(gid_t group, guint *asked)
{
  const PnatControlOptions options = { path, group, TRUE };
  g_autoptr(GError) error = NULL;
  PnatControl *control = pnat_control_new(&options, counters, asked, &error);
  ck_assert_msg(control != NULL, "%s", error != NULL ? error->message : "no error");
  return control;
}

/* What one who connects gets: in a child, as that user and with those groups. */
static int
ask(uid_t uid, gid_t gid, gid_t further)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  char text[64] = "";
  gsize have = 0;
  ssize_t n;

  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  if (uid != 0 && (setgroups(1, &further) != 0 || setgid(gid) != 0 || setuid(uid) != 0))
    return 2;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
    return 3;
  while ((n = read(fd, text + have, sizeof text - 1 - have)) > 0)
    have += (gsize)n;
  return strcmp(text, "asked=1\n") == 0 ? 0 : have == 0 ? 1 : 4;
}

static int
answer_to(uid_t uid, gid_t gid, gid_t further)
{
  int status = 0;
  pid_t child = fork();

  if (child == 0)
    _exit(ask(uid, gid, further));
  while (waitpid(child, &status, WNOHANG) == 0)
    g_main_context_iteration(NULL, FALSE);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whatever the modes say: the kernel tells who asks. */
static void
open_to_all(void)
{
  g_autofree char *run = g_path_get_dirname(path);
  ck_assert_int_eq(g_chmod(directory, 0755), 0);
  ck_assert_int_eq(g_chmod(run, 0755), 0);
  ck_assert_int_eq(g_chmod(path, 0666), 0);
}

static const struct {
  uid_t uid;
  gid_t gid, further, group;
  int wanted;
} callers[] = {
  { 0, 0, 0, GROUP, 0 },
  { NOBODY, GROUP, NOBODY, GROUP, 0 },
  { NOBODY, NOBODY, GROUP, GROUP, 0 },
  { NOBODY, NOBODY, NOBODY, GROUP, 1 },
  { STRANGER, STRANGER, NOBODY, (gid_t)-1, 1 },
  { STRANGER, STRANGER, STRANGER, 0, 1 },
};

START_TEST(root_and_the_group_are_answered)
{
  guint asked = 0;

  if (geteuid() != 0)
    return; /* needs other users */
  g_autoptr(PnatControl) control = open_control(callers[_i].group, &asked);
  open_to_all();
  ck_assert_int_eq(answer_to(callers[_i].uid, callers[_i].gid, callers[_i].further), callers[_i].wanted);
  ck_assert_uint_eq(asked, callers[_i].wanted == 0);
}
END_TEST

START_TEST(the_socket_is_the_groups)
{
  struct stat status;
  guint asked = 0;
  gid_t group = geteuid() == 0 ? GROUP : getegid();
  g_autoptr(PnatControl) control = open_control(group, &asked);

  ck_assert_int_eq(g_lstat(path, &status), 0);
  ck_assert(S_ISSOCK(status.st_mode));
  ck_assert_int_eq(status.st_mode & 07777, 0660);
  ck_assert_int_eq(status.st_gid, group);
}
END_TEST

START_TEST(one_that_hangs_up_at_once_is_no_harm)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  guint asked = 0;
  g_autoptr(PnatControl) control = open_control((gid_t)-1, &asked);

  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  for (guint i = 0; i < 3; i++) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
  }
  while (g_main_context_iteration(NULL, FALSE))
    ;
}
END_TEST

START_TEST(it_goes_with_the_plugin)
{
  guint asked = 0;
  pnat_control_free(open_control((gid_t)-1, &asked));
  ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(one_that_was_left_is_replaced_and_the_next_ones_is_kept)
{
  guint asked = 0;
  PnatControl *before = open_control((gid_t)-1, &asked);
  g_autoptr(PnatControl) next = open_control((gid_t)-1, &asked);

  pnat_control_free(before);
  ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
  if (geteuid() == 0)
    ck_assert_int_eq(answer_to(0, 0, 0), 0);
}
END_TEST

START_TEST(one_run_by_hand_lets_be_what_is_listened_to_and_replaces_what_was_left)
{
  const PnatControlOptions options = { path, (gid_t)-1, FALSE };
  g_autoptr(GError) error = NULL;
  guint asked = 0;
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  PnatControl *running = open_control((gid_t)-1, &asked);

  ck_assert_ptr_null(pnat_control_new(&options, counters, &asked, &error));
  ck_assert_msg(strstr(error->message, "listens") != NULL, "%s", error->message);
  while (g_main_context_iteration(NULL, FALSE)) /* that it looked */
    ;
  asked = 0;
  if (geteuid() == 0)
    ck_assert_int_eq(answer_to(0, 0, 0), 0);
  pnat_control_free(running);

  int left = socket(AF_UNIX, SOCK_STREAM, 0);
  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  ck_assert_int_eq(bind(left, (const struct sockaddr *)&address, sizeof address), 0);
  close(left);
  asked = 0;
  g_clear_error(&error);
  g_autoptr(PnatControl) control = pnat_control_new(&options, counters, &asked, &error);
  ck_assert_msg(control != NULL, "%s", error != NULL ? error->message : "no error");
}
END_TEST

/* Whoever may move what is above the directory must not have another file's mode changed by that. */
START_TEST(a_directory_that_is_moved_away_takes_its_socket_along)
{
  g_autofree char *run = g_path_get_dirname(path), *moved = g_strconcat(run, ".moved", NULL), *there = g_build_filename(moved, "control", NULL);
  guint asked = 0;
  PnatControl *control = open_control((gid_t)-1, &asked);

  ck_assert_int_eq(g_rename(run, moved), 0);
  ck_assert_int_eq(g_mkdir(run, 0750), 0);
  ck_assert(g_file_set_contents(path, "mine", -1, NULL));
  pnat_control_free(control);
  ck_assert(!g_file_test(there, G_FILE_TEST_EXISTS));
  ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(something_else_in_its_place_is_kept)
{
  const PnatControlOptions options = { path, (gid_t)-1, TRUE };
  g_autoptr(GError) error = NULL;
  g_autofree char *run = g_path_get_dirname(path);

  ck_assert_int_eq(g_mkdir(run, 0750), 0);
  ck_assert(g_file_set_contents(path, "mine", -1, NULL));
  ck_assert_ptr_null(pnat_control_new(&options, counters, NULL, &error));
  ck_assert_msg(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_UNSAFE) && strstr(error->message, path) != NULL, "%s", error->message);
  ck_assert(g_file_test(path, G_FILE_TEST_IS_REGULAR));
}
END_TEST

START_TEST(a_directory_of_anybodys_is_refused)
{
  const PnatControlOptions options = { path, (gid_t)-1, TRUE };
  g_autoptr(GError) error = NULL;
  g_autofree char *run = g_path_get_dirname(path);

  ck_assert_int_eq(g_mkdir(run, 0750), 0);
  ck_assert_int_eq(g_chmod(run, 0777), 0);
  ck_assert_ptr_null(pnat_control_new(&options, counters, NULL, &error));
  ck_assert_msg(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_UNSAFE), "%s", error->message);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("control");
  TCase *tcase = tcase_create("control");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, root_and_the_group_are_answered, 0, G_N_ELEMENTS(callers));
  tcase_add_test(tcase, the_socket_is_the_groups);
  tcase_add_test(tcase, one_that_hangs_up_at_once_is_no_harm);
  tcase_add_test(tcase, it_goes_with_the_plugin);
  tcase_add_test(tcase, one_that_was_left_is_replaced_and_the_next_ones_is_kept);
  tcase_add_test(tcase, one_run_by_hand_lets_be_what_is_listened_to_and_replaces_what_was_left);
  tcase_add_test(tcase, a_directory_that_is_moved_away_takes_its_socket_along);
  tcase_add_test(tcase, something_else_in_its_place_is_kept);
  tcase_add_test(tcase, a_directory_of_anybodys_is_refused);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
