/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/safe_file: which directories are taken, by who owns them and may write to them, and those above. What is refused
 * of a log file itself, check_sink_file.c tests.
 */
#include "sink_common.h"

#include <signal.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "plugin/safe_file.h"

#define NOBODY 65534

static char *directory; /* of the test's own */
static char *above;     /* in it */
static char *path;      /* in that */

static void
setup(void)
{
  directory = scratch();
  above = g_build_filename(directory, "above", NULL);
  path = g_build_filename(above, "state", NULL);
  ck_assert_int_eq(g_mkdir(above, 0755), 0);
}

static void
teardown(void)
{
  remove_scratch(directory);
  g_free(directory);
  g_free(above);
  g_free(path);
}

static void
assert_taken(const char *name)
{
  g_autoptr(GError) error = NULL;
  int fd = pnat_safe_directory_open(name, (gid_t)-1, &error);

  ck_assert_msg(fd >= 0, "%s", error != NULL ? error->message : "no error");
  close(fd);
}

static void
assert_refused(const char *name, PnatError code, const char *advice)
{
  g_autoptr(GError) error = NULL;

  ck_assert_int_eq(pnat_safe_directory_open(name, (gid_t)-1, &error), -1);
  ck_assert_int_ne(errno, 0);
  ck_assert_msg(g_error_matches(error, PNAT_ERROR, (int)code), "%s", error->message);
  ck_assert_msg(strstr(error->message, advice) != NULL, "\"%s\" is not in: %s", advice, error->message);
}

START_TEST(a_missing_directory_is_made)
{
  struct stat info;

  umask(0);
  assert_taken(path);
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert_int_eq(info.st_mode & 07777, 0750);
  ck_assert_int_eq(info.st_uid, geteuid());
}
END_TEST

START_TEST(one_that_is_there_keeps_its_mode)
{
  struct stat info;

  ck_assert_int_eq(g_mkdir(path, 0700), 0);
  assert_taken(path);
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert_int_eq(info.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_new_one_gets_the_group)
{
  g_autoptr(GError) error = NULL;
  struct stat info;
  int fd = pnat_safe_directory_open(path, NOBODY, &error);

  ck_assert_msg(fd >= 0 && fstat(fd, &info) == 0, "%s", error != NULL ? error->message : "fstat");
  ck_assert_int_eq(info.st_gid, NOBODY);
  close(fd);
}
END_TEST

static const struct {
  const char *name;
  gid_t group;       /* that it has */
  gid_t above_group; /* of the directory above, which may write to it unless it is 0 */
  gid_t becomes;
} owned[] = {
  { "pnat", 0, 0, 4 }, { "other", 0, 0, 0 }, { "pnat", 5, 0, 5 }, { "pnat", 0, 6, 0 }, { "link/pnat", 0, 0, 0 },
};

/* One that was installed before log_group was set. */
START_TEST(one_of_pnats_own_gets_the_group)
{
  g_autofree char *link = g_build_filename(directory, "link", NULL);
  g_autofree char *one = g_build_filename(_i == 4 ? directory : above, owned[_i].name, NULL);
  g_autofree char *name = g_path_get_basename(one), *real = g_build_filename(above, name, NULL);
  struct stat stat_of;

  ck_assert_int_eq(symlink(above, link), 0);
  ck_assert_int_eq(mkdir(real, 0750), 0);
  ck_assert_int_eq(chown(real, 0, owned[_i].group), 0);
  ck_assert_int_eq(chown(above, 0, owned[_i].above_group), 0);
  ck_assert_int_eq(chmod(above, owned[_i].above_group != 0 ? 0775 : 0755), 0);
  int fd = pnat_safe_directory_open(one, 4, NULL);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(fstat(fd, &stat_of), 0);
  ck_assert_uint_eq(stat_of.st_gid, owned[_i].becomes);
  ck_assert_uint_eq(stat_of.st_mode & 07777, 0750);
  close(fd);
}
END_TEST

START_TEST(the_one_above_is_not_made)
{
  g_autofree char *deep = g_build_filename(path, "deeper", NULL);
  assert_refused(deep, PNAT_ERROR_IO, "No such file");
}
END_TEST

START_TEST(what_is_missing_above_is_named)
{
  g_autofree char *deep = g_build_filename(path, "deeper", "deepest", NULL);
  g_autofree char *advice = g_strdup_printf("run: mkdir %s", path);

  assert_refused(deep, PNAT_ERROR_IO, advice);
}
END_TEST

START_TEST(a_file_is_no_directory)
{
  ck_assert(g_file_set_contents(path, "", 0, NULL));
  assert_refused(path, PNAT_ERROR_IO, "Not a directory");
}
END_TEST

static const struct {
  mode_t above;
  mode_t mode;
  const char *advice; /* NULL: it is taken */
} modes[] = {
  { 0755, 0750, NULL },
  { 0755, 0755, NULL },
  { 0755, 0770, "run: chmod go-w" },
  { 0755, 0757, "run: chmod go-w" },
  { 0755, 01777, "name a directory of pnat" },
  { 0775, 0750, NULL }, /* /var/log in Ubuntu */
  { 01777, 0750, NULL },
  { 0777, 0750, "run: chmod o-w" },
};

START_TEST(what_others_may_replace_is_refused)
{
  ck_assert_int_eq(g_mkdir(path, 0700), 0);
  ck_assert_int_eq(g_chmod(path, modes[_i].mode), 0);
  ck_assert_int_eq(g_chmod(above, modes[_i].above), 0);
  if (modes[_i].advice == NULL)
    assert_taken(path);
  else
    assert_refused(path, PNAT_ERROR_UNSAFE, modes[_i].advice);
}
END_TEST

/* Two above: it is not enough to look at the next. */
START_TEST(all_directories_above_count)
{
  g_autofree char *deep = g_build_filename(path, "deeper", NULL);

  ck_assert_int_eq(g_mkdir(path, 0755), 0);
  ck_assert_int_eq(g_chmod(above, 0777), 0);
  assert_refused(deep, PNAT_ERROR_UNSAFE, "run: chmod o-w");
  ck_assert(!g_file_test(deep, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(another_users_directory_is_refused)
{
  ck_assert_int_eq(g_mkdir(path, 0755), 0);
  ck_assert_int_eq(chown(path, NOBODY, (gid_t)-1), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "run: chown root");
  ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
  ck_assert_int_eq(chown(above, NOBODY, (gid_t)-1), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "belongs to uid 65534");
}
END_TEST

START_TEST(a_link_is_as_good_as_its_maker)
{
  g_autofree char *target = g_build_filename(directory, "target", NULL);
  g_autofree char *below = g_build_filename(path, "below", NULL);

  ck_assert_int_eq(g_mkdir(target, 0755), 0);
  ck_assert_int_eq(symlink(target, path), 0);
  assert_taken(path);
  assert_taken(below);
  ck_assert_int_eq(lchown(path, NOBODY, (gid_t)-1), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "symbolic link made by uid 65534");
  assert_refused(below, PNAT_ERROR_UNSAFE, "symbolic link made by uid 65534");
}
END_TEST

static const char *const targets[] = { "../target", "../target/", "./.././target/.", "/proc/self/cwd/target" };

START_TEST(links_lead_where_the_kernel_would_go)
{
  g_autofree char *target = g_build_filename(directory, "target", NULL);
  struct stat info, expected;
  int fd;

  ck_assert_int_eq(chdir(directory), 0);
  ck_assert_int_eq(g_mkdir(target, 0755), 0);
  ck_assert_int_eq(symlink(targets[_i], path), 0);
  fd = pnat_safe_directory_open(path, (gid_t)-1, NULL);
  ck_assert(fd >= 0 && fstat(fd, &info) == 0 && stat(target, &expected) == 0);
  ck_assert_uint_eq(info.st_ino, expected.st_ino);
  close(fd);
}
END_TEST

START_TEST(a_relative_path_starts_here)
{
  ck_assert_int_eq(chdir(above), 0);
  assert_taken("state");
  assert_taken(".");
  assert_taken("state/../state");
  ck_assert(g_file_test(path, G_FILE_TEST_IS_DIR));
}
END_TEST

START_TEST(links_in_a_ring_are_refused)
{
  ck_assert_int_eq(symlink("state", path), 0);
  assert_refused(path, PNAT_ERROR_IO, "symbolic links");
}
END_TEST

/* Where a group may write, it may put there any link of root's that it can reach. */
START_TEST(a_link_that_a_group_may_move_is_refused)
{
  g_autofree char *target = g_build_filename(directory, "target", NULL);

  ck_assert_int_eq(g_mkdir(target, 0755), 0);
  ck_assert_int_eq(symlink(target, path), 0);
  ck_assert_int_eq(g_chmod(above, 0775), 0);
  assert_refused(path, PNAT_ERROR_UNSAFE, "name the directory");
  ck_assert_int_eq(g_chmod(above, 01775), 0);
  assert_taken(path);
}
END_TEST

/* In a process of nobody's: the directory and a link to @target by turns. */
static void
swap_for_ever(const char *target)
{
  g_autofree char *aside = g_strconcat(path, ".aside", NULL);

  if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0 || symlink(target, aside) != 0)
    _exit(1);
  while (renameat2(AT_FDCWD, path, AT_FDCWD, aside, RENAME_EXCHANGE) == 0)
    ;
  _exit(2);
}

/* Whoever may write to the directory above swaps ours for a link, between check and use if that can be. */
START_TEST(a_link_swapped_in_leads_nowhere)
{
  g_autofree char *target = g_build_filename(directory, "target", NULL);
  struct stat victim, info;
  unsigned int taken = 0;
  int status;
  pid_t child;

  ck_assert_int_eq(g_chmod(directory, 0755), 0);
  ck_assert_int_eq(g_mkdir(target, 0755), 0);
  ck_assert_int_eq(stat(target, &victim), 0);
  ck_assert_int_eq(g_mkdir(path, 0755), 0);
  ck_assert(chown(above, 0, NOBODY) == 0 && g_chmod(above, 0775) == 0);
  child = fork();
  if (child == 0)
    swap_for_ever(target);
  for (gint64 limit = soon(1000); g_get_monotonic_time() < limit;) {
    int fd = pnat_safe_directory_open(path, (gid_t)-1, NULL);

    if (fd < 0)
      continue;
    taken++;
    ck_assert_int_eq(fstat(fd, &info), 0);
    close(fd);
    ck_assert_msg(info.st_ino != victim.st_ino, "it led to where the link leads, at the %uth time", taken);
  }
  kill(child, SIGKILL);
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_msg(WIFSIGNALED(status), "the process that swaps ended with %d", WEXITSTATUS(status));
  ck_assert_uint_gt(taken, 0);
}
END_TEST

/* In a container root may be the only user there is. */
static gboolean
can_give_away(void)
{
  g_autofree char *file = g_dir_make_tmp("pnat-check-XXXXXX", NULL);
  gboolean given = chown(file, NOBODY, NOBODY) == 0;

  rmdir(file);
  if (!given)
    printf("skipped, this root may not give files away\n");
  return given;
}

int
main(void)
{
  Suite *suite = suite_create("safe_file");
  TCase *tcase = tcase_create("directories");

  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, a_missing_directory_is_made);
  tcase_add_test(tcase, one_that_is_there_keeps_its_mode);
  tcase_add_test(tcase, the_one_above_is_not_made);
  tcase_add_test(tcase, what_is_missing_above_is_named);
  tcase_add_test(tcase, a_file_is_no_directory);
  tcase_add_loop_test(tcase, what_others_may_replace_is_refused, 0, G_N_ELEMENTS(modes));
  tcase_add_test(tcase, all_directories_above_count);
  tcase_add_loop_test(tcase, links_lead_where_the_kernel_would_go, 0, G_N_ELEMENTS(targets));
  tcase_add_test(tcase, a_relative_path_starts_here);
  tcase_add_test(tcase, links_in_a_ring_are_refused);
  tcase_add_test(tcase, a_link_that_a_group_may_move_is_refused);
  suite_add_tcase(suite, tcase);
  if (is_root("a_new_one_gets_the_group, one_of_pnats_own_gets_the_group, another_users_directory_is_refused, a_link_is_as_good_as_its_maker, "
              "a_link_swapped_in_leads_nowhere")
      && can_give_away()) {
    tcase_add_test(tcase, a_new_one_gets_the_group);
    tcase_add_loop_test(tcase, one_of_pnats_own_gets_the_group, 0, G_N_ELEMENTS(owned));
    tcase_add_test(tcase, another_users_directory_is_refused);
    tcase_add_test(tcase, a_link_is_as_good_as_its_maker);
    tcase_add_test(tcase, a_link_swapped_in_leads_nowhere);
  }
  return run_suite(suite);
}
