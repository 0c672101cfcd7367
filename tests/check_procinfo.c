/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/procinfo: what is read of real processes, here children of the test's.
 */
#include "plugin/procinfo.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

#define ID "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"

/* A child that runs @func and then sleeps until it is killed. */
static pid_t
child_that(void (*func)(const char *), const char *argument)
{
  int ready[2];
  char byte;

  ck_assert_int_eq(pipe(ready), 0);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (func != NULL)
      func(argument);
    if (write(ready[1], "", 1) != 1)
      _exit(1);
    pause();
    _exit(0);
  }
  close(ready[1]);
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  return pid;
}

static void
end(pid_t pid)
{
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* The text. */

static const struct {
  const char *what;
  const char *text;
  gboolean alive;
  guint32 ppid;
  guint64 start;
} stats[] = {
  { "a process", "42 (sleep) S 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 8 9\n", TRUE, 7, 5555 },
  { "a name with blanks and parentheses", "42 (a) R 1 2 (b) S 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 8 9\n", TRUE,
    7, 5555 },
  { "a name with a line", "42 (a\nb) S 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 8 9\n", TRUE, 7, 5555 },
  { "the first process", "1 (init) S 0 1 1 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 1 8 9\n", TRUE, 0, 1 },
  { "a zombie", "42 (sleep) Z 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 8 9\n", FALSE, 0, 0 },
  { "one just being reaped", "42 (sleep) X 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0 5555 8 9\n", FALSE, 0, 0 },
  { "a process whose first thread has ended", "42 (x) Z 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 3 0 5555 8 9\n", TRUE, 7,
    5555 },
  { "a cut one", "42 (sleep) S 7 42 1 34816 42 4194304 1 2 3 4 5 6 7 8 20 0 1 0", FALSE, 0, 0 },
  { "a name without an end", "42 (sleep S 7 42 1", FALSE, 0, 0 },
  { "a name at the end", "42 (sleep)", FALSE, 0, 0 },
  { "nothing", "", FALSE, 0, 0 },
};

START_TEST(stat_is_read_behind_the_name)
{
  PnatProcStat stat;

  ck_assert_msg(pnat_procinfo_parse_stat(stats[_i].text, &stat) == stats[_i].alive, "%s", stats[_i].what);
  if (!stats[_i].alive)
    return;
  ck_assert_uint_eq(stat.ppid, stats[_i].ppid);
  ck_assert_uint_eq(stat.start, stats[_i].start);
}
END_TEST

/* Processes. */

static guint32
id_in_file(const char *path)
{
  g_autofree char *text = NULL;
  return g_file_get_contents(path, &text, NULL, NULL) ? (guint32)strtoul(text, NULL, 10) : PNAT_ID_UNSET;
}

START_TEST(process_is_as_it_knows_itself)
{
  g_autofree char *exe = g_file_read_link("/proc/thread-self/exe", NULL); /* valgrind tells another name of /proc/self/exe */
  g_autofree char *comm = NULL;
  struct timespec now;
  PnatProcInfo info;

  ck_assert(g_file_get_contents("/proc/self/comm", &comm, NULL, NULL));
  ck_assert(pnat_procinfo_read((guint32)getpid(), &info));
  ck_assert_uint_eq(info.pid, getpid());
  ck_assert_uint_eq(info.ppid, getppid());
  ck_assert_uint_eq(info.uid, getuid());
  ck_assert_uint_eq(info.euid, geteuid());
  ck_assert_uint_eq(info.auid, id_in_file("/proc/self/loginuid"));
  ck_assert_uint_eq(info.ses, id_in_file("/proc/self/sessionid"));
  ck_assert_str_eq(info.exe, exe);
  ck_assert_str_eq(info.comm, g_strchomp(comm));
  clock_gettime(CLOCK_BOOTTIME, &now);
  gint64 age = now.tv_sec - (gint64)info.start / sysconf(_SC_CLK_TCK);
  ck_assert_int_ge(age, 0);
  ck_assert_int_lt(age, 100);
}
END_TEST

static void
take_name(const char *name)
{
  prctl(PR_SET_NAME, name);
}

START_TEST(name_is_what_the_process_chose)
{
  static const char *const names[] = { "a b", "x) Z 1 2 3", "a\nUid:\t7\t7", "\n", "", "\xff\"\\" };
  pid_t pid = child_that(take_name, names[_i]);
  PnatProcInfo info;

  ck_assert(pnat_procinfo_read((guint32)pid, &info));
  ck_assert_str_eq(info.comm, names[_i]);
  ck_assert_uint_eq(info.ppid, getpid());
  ck_assert_uint_eq(info.uid, getuid());
  end(pid);
}
END_TEST

static void
become(const char *user)
{
  uid_t uid = (uid_t)atoi(user);
  if (setresuid(uid, uid + 1, uid + 2) != 0)
    _exit(1);
}

START_TEST(users_are_the_real_and_the_effective_one)
{
  PnatProcInfo info;

  if (geteuid() != 0)
    return;
  pid_t pid = child_that(become, "7000");
  ck_assert(pnat_procinfo_read((guint32)pid, &info));
  ck_assert_uint_eq(info.uid, 7000);
  ck_assert_uint_eq(info.euid, 7001);
  end(pid);
}
END_TEST

START_TEST(zombie_is_no_process)
{
  PnatProcInfo info;
  PnatProcStat stat;
  siginfo_t what;
  pid_t pid = child_that(NULL, NULL);

  kill(pid, SIGKILL);
  ck_assert_int_eq(waitid(P_PID, (id_t)pid, &what, WEXITED | WNOWAIT), 0);
  ck_assert(!pnat_procinfo_read((guint32)pid, &info));
  ck_assert(!pnat_procinfo_stat((guint32)pid, &stat));
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  ck_assert(!pnat_procinfo_read((guint32)pid, &info));
  ck_assert_int_eq(pnat_procinfo_open((guint32)pid), -1);
}
END_TEST

/* The next process with the number: the kernel gives out the one after ns_last_pid. */
static pid_t
child_with_pid(pid_t wanted)
{
  int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  for (guint attempt = 0; attempt < 100; attempt++) {
    g_autofree char *last = g_strdup_printf("%d", wanted - 1);

    ck_assert_int_eq(pwrite(fd, last, strlen(last), 0), (ssize_t)strlen(last));
    pid_t pid = child_that(NULL, NULL);
    if (pid == wanted) {
      close(fd);
      return pid;
    }
    end(pid);
  }
  close(fd);
  return -1;
}

START_TEST(open_directory_never_shows_the_next_process)
{
  PnatProcInfo info;
  pid_t first = child_that(NULL, NULL);
  int directory = pnat_procinfo_open((guint32)first);

  ck_assert(pnat_procinfo_read_at(directory, (guint32)first, &info));
  end(first);
  ck_assert(!pnat_procinfo_read_at(directory, (guint32)first, &info));
  pid_t next = geteuid() == 0 ? child_with_pid(first) : -1;
  if (next > 0) {
    ck_assert(!pnat_procinfo_read_at(directory, (guint32)first, &info));
    ck_assert(pnat_procinfo_read((guint32)next, &info));
    end(next);
  }
  close(directory);
}
END_TEST

static void
run_copy(const char *path)
{
  g_autofree char *command = g_strdup_printf("cp /bin/sleep %s", path);
  if (system(command) != 0)
    _exit(1);
}

START_TEST(program_whose_file_is_gone_is_said_to_be_deleted)
{
  g_autofree char *path = g_strdup_printf("/tmp/pnat-procinfo-%d", getpid());
  g_autofree char *expected = g_strconcat(path, " (deleted)", NULL);
  PnatProcInfo info = { 0 };

  run_copy(path);
  pid_t pid = fork();
  if (pid == 0) {
    execl(path, path, "100", NULL);
    _exit(1);
  }
  for (guint i = 0; i < 1000 && strcmp(info.exe, path) != 0; i++) {
    g_usleep(1000);
    ck_assert(pnat_procinfo_read((guint32)pid, &info));
  }
  unlink(path);
  ck_assert(pnat_procinfo_read((guint32)pid, &info));
  ck_assert_str_eq(info.exe, expected);
  end(pid);
}
END_TEST

START_TEST(kernel_thread_has_no_program)
{
  PnatProcInfo info;

  if (!pnat_procinfo_read(2, &info) || strcmp(info.comm, "kthreadd") != 0)
    return;
  ck_assert_str_eq(info.exe, "");
  ck_assert_str_eq(info.container, "");
  ck_assert_uint_eq(info.ppid, 0);
  ck_assert_uint_eq(info.auid, PNAT_ID_UNSET);
}
END_TEST

/* Ancestors. */

/* A grandchild @generations deep writes its ancestors to @out. */
static void
descend(guint generations, int out)
{
  for (; generations > 0; generations--) {
    pid_t pid = fork();
    if (pid != 0) {
      waitpid(pid, NULL, 0);
      _exit(0);
    }
  }
  guint32 ancestors[PNAT_ANCESTORS + 1];
  ancestors[PNAT_ANCESTORS] = pnat_procinfo_ancestors((guint32)getpid(), ancestors);
  if (write(out, ancestors, sizeof ancestors) != sizeof ancestors)
    _exit(1);
  _exit(0);
}

START_TEST(ancestors_lead_up_to_the_first_process)
{
  guint32 ancestors[PNAT_ANCESTORS + 1];
  int ends[2];

  ck_assert_int_eq(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0)
    descend(2, ends[1]);
  ck_assert_int_eq(read(ends[0], ancestors, sizeof ancestors), sizeof ancestors);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  guint count = ancestors[PNAT_ANCESTORS];
  ck_assert_uint_ge(count, 3);
  ck_assert_uint_eq(ancestors[1], pid);
  ck_assert_uint_eq(ancestors[2], getpid());
  if (count < PNAT_ANCESTORS)
    ck_assert_uint_eq(ancestors[count - 1], 1);
}
END_TEST

START_TEST(ancestors_are_as_many_as_fit)
{
  guint32 ancestors[PNAT_ANCESTORS + 1];
  int ends[2];

  ck_assert_int_eq(pipe(ends), 0);
  pid_t pid = fork();
  if (pid == 0)
    descend(PNAT_ANCESTORS + 2, ends[1]);
  ck_assert_int_eq(read(ends[0], ancestors, sizeof ancestors), sizeof ancestors);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  ck_assert_uint_eq(ancestors[PNAT_ANCESTORS], PNAT_ANCESTORS);
  ck_assert_uint_ne(ancestors[PNAT_ANCESTORS - 1], 0);
}
END_TEST

START_TEST(nobody_has_no_ancestors)
{
  guint32 ancestors[PNAT_ANCESTORS];
  pid_t pid = child_that(NULL, NULL);

  end(pid);
  ck_assert_uint_eq(pnat_procinfo_ancestors((guint32)pid, ancestors), 0);
  ck_assert_uint_eq(ancestors[0], 0);
  ck_assert_uint_eq(pnat_procinfo_ancestors(1, ancestors), 0);
}
END_TEST

/* Containers. */

/* Where this host has its unified hierarchy, if this test may make groups in it; else NULL. */
static const char *
unified(void)
{
  static const char *const paths[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

  for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
    g_autofree char *file = g_build_filename(paths[i], "cgroup.controllers", NULL);
    g_autofree char *probe = g_strdup_printf("%s/pnat-%d", paths[i], getpid());

    if (access(file, F_OK) == 0 && mkdir(probe, 0755) == 0) {
      rmdir(probe);
      return paths[i];
    }
  }
  return NULL;
}

static void
move(pid_t pid, const char *group)
{
  g_autofree char *file = g_build_filename(group, "cgroup.procs", NULL);
  g_autofree char *text = g_strdup_printf("%d", pid);
  int fd = open(file, O_WRONLY | O_CLOEXEC);

  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
}

START_TEST(container_that_a_user_could_have_made_up_has_the_users_id)
{
  static const struct {
    uid_t owner;
    const char *container;
  } keepers[] = { { 0, ID }, { 1000, "1000:" ID } };
  const char *root = unified();
  PnatProcInfo info;

  if (root == NULL)
    return;
  g_autofree char *keeper = g_strdup_printf("%s/pnat-%d", root, getpid());
  g_autofree char *group = g_build_filename(keeper, ID, NULL);
  pid_t pid = child_that(NULL, NULL);

  ck_assert_int_eq(mkdir(keeper, 0755), 0);
  ck_assert_int_eq(mkdir(group, 0755), 0);
  ck_assert_int_eq(chown(keeper, keepers[_i].owner, 0), 0);
  move(pid, group);
  gboolean alive = pnat_procinfo_read((guint32)pid, &info);
  end(pid);
  rmdir(group);
  rmdir(keeper);
  ck_assert(alive);
  ck_assert_str_eq(info.container, keepers[_i].container);
  ck_assert_str_eq(info.unit, "");
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("procinfo");
  TCase *tcase = tcase_create("procinfo");

  tcase_add_loop_test(tcase, stat_is_read_behind_the_name, 0, G_N_ELEMENTS(stats));
  tcase_add_test(tcase, process_is_as_it_knows_itself);
  tcase_add_loop_test(tcase, name_is_what_the_process_chose, 0, 6);
  tcase_add_test(tcase, users_are_the_real_and_the_effective_one);
  tcase_add_test(tcase, zombie_is_no_process);
  tcase_add_test(tcase, open_directory_never_shows_the_next_process);
  tcase_add_test(tcase, program_whose_file_is_gone_is_said_to_be_deleted);
  tcase_add_test(tcase, kernel_thread_has_no_program);
  tcase_add_test(tcase, ancestors_lead_up_to_the_first_process);
  tcase_add_test(tcase, ancestors_are_as_many_as_fit);
  tcase_add_test(tcase, nobody_has_no_ancestors);
  tcase_add_loop_test(tcase, container_that_a_user_could_have_made_up_has_the_users_id, 0, 2);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
