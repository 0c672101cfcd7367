/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/privilege and plugin/syscall_filter: what can no longer be done once privileges are given up, and that what the
 * plugin does still can. Each body runs in a process of its own, which gives them up first.
 */
#include "sink_common.h"

#include <cap-ng.h>
#include <linux/netlink.h>
#include <linux/securebits.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "plugin/auditstatus.h"
#include "plugin/privilege.h"
#include "plugin/safe_file.h"
#include "plugin/asker.h"
#include "plugin/sockets.h"
#include "plugin/syslog_socket.h"

#ifndef PR_GET_SECCOMP
#define PR_GET_SECCOMP 21
#endif

/* In the processes that give privileges up: says what is wrong, and ends. Not check's own, which would write to check's pipe. */
#define REQUIRE(condition, ...)                                                                                                  \
  do                                                                                                                             \
    if (!(condition)) {                                                                                                          \
      fprintf(stderr, "%s:%d: " #condition ": ", __func__, __LINE__);                                                            \
      fprintf(stderr, __VA_ARGS__);                                                                                              \
      fprintf(stderr, " (%s)\n", g_strerror(errno));                                                                             \
      _exit(1);                                                                                                                  \
    }                                                                                                                            \
  while (0)

#define REQUIRE_ERRNO(call, expected) REQUIRE((call) == -1 && errno == (expected), "is not refused with %d", expected)

typedef void (*Body)(void);

static GString *report;
static GError *complaint;

static int
status_of(pid_t pid)
{
  int status;
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  return status;
}

/* Runs @before, gives privileges up, and runs @body. @returns as waitpid(2) */
static int
after_drop(Body before, Body body)
{
  fflush(NULL);
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid > 0)
    return status_of(pid);
  if (before != NULL)
    before();
  report = g_string_new(NULL);
  pnat_privilege_drop(report, &complaint);
  body();
  _exit(EX_OK);
}

static void
assert_passes(Body before, Body body)
{
  int status = after_drop(before, body);
  ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "ended with status 0x%x, see above", status);
}

/* The number behind @key of /proc/self/status; 0 when there is no such line, as for Seccomp in a kernel without. */
static guint64
status_value(const char *key, guint base)
{
  g_autofree char *text = contents("/proc/self/status");
  g_autofree char *line = g_strdup_printf("\n%s:\t", key);
  const char *at = strstr(text, line);
  return at != NULL ? g_ascii_strtoull(at + strlen(line), NULL, base) : 0;
}

static gboolean
has_capability(unsigned int capability)
{
  return (status_value("CapPrm", 16) >> capability & 1) != 0;
}

/* Builds with sanitizers have no filter, valgrind does not pass the call on, and some kernels do not have it. */
static gboolean
is_filtered(const char *what)
{
  const char *preload = g_getenv("LD_PRELOAD");
#ifdef PNAT_SANITIZERS
  const char *why = "a build with sanitizers";
#else
  const char *why = preload != NULL && strstr(preload, "valgrind") != NULL ? "valgrind"
                    : prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0                ? "the kernel has no seccomp"
                                                                           : NULL;
#endif
  (void)preload;
  if (why != NULL)
    printf("skipped, %s: %s\n", why, what);
  return why == NULL;
}

/* Containers have no audit, may have one user only, and may lack capabilities of root's. */
static gboolean
can(gboolean possible, const char *what)
{
  if (!possible)
    printf("skipped, this root may not: %s\n", what);
  return possible;
}

static void
become_nobody(void)
{
  if (geteuid() == 0)
    REQUIRE(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0, "setuid");
  prctl(PR_SET_DUMPABLE, 1); /* else its /proc/PID is root's */
}

static gboolean
can_become_nobody(void)
{
  pid_t pid = fork();
  if (pid == 0)
    _exit(geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0) ? 0 : 1);
  return status_of(pid) == 0;
}

/* Capabilities. */

static guint64 had;

static void
only_needed_ones_are_left(void)
{
  guint64 needed = 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_AUDIT_CONTROL | 1u << CAP_CHOWN | 1u << CAP_NET_ADMIN;

  REQUIRE(status_value("CapPrm", 16) == (had & needed), "%s", report->str);
  REQUIRE(status_value("CapEff", 16) == (had & needed), "%s", report->str);
  REQUIRE(status_value("CapInh", 16) == 0, "%s", report->str);
  REQUIRE(status_value("CapAmb", 16) == 0, "%s", report->str);
  REQUIRE(status_value("NoNewPrivs", 10) == 1, "%s", report->str);
  REQUIRE((had >> CAP_SETPCAP & 1) == 0 || status_value("CapBnd", 16) == 0, "%s", report->str);
}

START_TEST(only_the_needed_capabilities_are_left)
{
  had = status_value("CapPrm", 16);
  assert_passes(NULL, only_needed_ones_are_left);
}
END_TEST

static void
report_says_what_there_is(void)
{
  REQUIRE(g_str_has_prefix(report->str, "capabilities "), "%s", report->str);
  REQUIRE((strstr(report->str, "sys_ptrace") != NULL) == has_capability(CAP_SYS_PTRACE), "%s", report->str);
  REQUIRE(strstr(report->str, "net_broadcast") == NULL, "%s", report->str);
  REQUIRE(strstr(report->str, "; no_new_privs") != NULL, "%s", report->str);
  REQUIRE((strstr(report->str, "; seccomp") != NULL) == (status_value("Seccomp", 10) == 2), "%s", report->str);
}

START_TEST(the_report_says_what_there_is)
{
  assert_passes(NULL, report_says_what_there_is);
}
END_TEST

static void
is_confined_without_complaint(void)
{
  REQUIRE(status_value("CapPrm", 16) == 0, "%s", report->str);
  REQUIRE(status_value("NoNewPrivs", 10) == 1, "%s", report->str);
  REQUIRE(status_value("Seccomp", 10) == 2, "%s", report->str);
  REQUIRE(complaint == NULL, "%s", complaint->message);
}

START_TEST(who_has_no_privileges_is_confined_too)
{
  if (is_filtered("who_has_no_privileges_is_confined_too") && can(can_become_nobody(), "who_has_no_privileges_is_confined_too"))
    assert_passes(become_nobody, is_confined_without_complaint);
}
END_TEST

static void
lose_setpcap(void)
{
  capng_get_caps_process();
  capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SETPCAP);
  REQUIRE(capng_apply(CAPNG_SELECT_CAPS) == 0, "capng_apply");
}

static void
the_rest_is_given_up(void)
{
  REQUIRE(complaint != NULL && strstr(complaint->message, "bounding set") != NULL, "nothing said of it");
  REQUIRE(!has_capability(CAP_NET_RAW) && !has_capability(CAP_SYS_ADMIN), "%s", report->str);
  REQUIRE(status_value("NoNewPrivs", 10) == 1, "%s", report->str);
}

START_TEST(what_can_not_be_given_up_is_told_and_the_rest_is_given_up)
{
  assert_passes(lose_setpcap, the_rest_is_given_up);
}
END_TEST

/* As an old kernel would. */
static void
have_no_seccomp(void)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  REQUIRE(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(seccomp), 0) == 0, "seccomp_rule_add");
  REQUIRE(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) == 0,
          "seccomp_rule_add");
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
  REQUIRE(seccomp_load(filter) == 0, "seccomp_load");
  seccomp_release(filter);
}

static void
capabilities_are_given_up(void)
{
  int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED;

  REQUIRE(complaint != NULL && strstr(complaint->message, "seccomp: ") != NULL, "nothing said of it");
  REQUIRE(strstr(report->str, "seccomp") == NULL, "%s", report->str);
  REQUIRE(!has_capability(CAP_NET_RAW) && status_value("CapBnd", 16) == 0, "%s", report->str);
  REQUIRE(!has_capability(CAP_CHOWN) || (prctl(PR_GET_SECUREBITS) & bits) == bits, "programs of root would get its capabilities");
}

START_TEST(a_kernel_without_seccomp_is_told_of_and_the_rest_is_given_up)
{
  static const char name[] = "a_kernel_without_seccomp_is_told_of_and_the_rest_is_given_up";
  if (is_filtered(name) && can(has_capability(CAP_SYS_ADMIN) && has_capability(CAP_SETPCAP), name))
    assert_passes(have_no_seccomp, capabilities_are_given_up);
}
END_TEST

static gpointer
sleep_on(gpointer data)
{
  for (;;)
    g_usleep(G_USEC_PER_SEC);
  return NULL;
}

static void
start_a_thread(void)
{
  g_thread_unref(g_thread_new("before", sleep_on, NULL));
}

/* Of all threads. */
static gboolean
each_is_filtered(void)
{
  g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
  guint n = 0;

  for (const char *name; (name = g_dir_read_name(dir)) != NULL; n++) {
    g_autofree char *path = g_build_filename("/proc/self/task", name, "status", NULL);
    g_autofree char *text = contents(path);
    if (strstr(text, "\nSeccomp:\t2\n") == NULL)
      return FALSE;
  }
  return n > 1;
}

static void
it_is_told(void)
{
  REQUIRE(complaint != NULL && strstr(complaint->message, "1 threads keep") != NULL, "nothing said of it");
  REQUIRE(status_value("Seccomp", 10) != 2 || each_is_filtered(), "it may do all system calls");
}

START_TEST(a_thread_from_before_is_told_of_but_filtered)
{
  assert_passes(start_a_thread, it_is_told);
}
END_TEST

/* What is refused. */

static long
forbidden_execve(void)
{
  char *none[] = { NULL };
  return execve("/bin/true", none, none);
}

static long
forbidden_ptrace(void)
{
  return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long
forbidden_mount(void)
{
  return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long
forbidden_module(void)
{
  return syscall(SYS_init_module, NULL, 0, "");
}

static long
forbidden_write_to_memory(void)
{
  return syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0);
}

static const struct {
  const char *name;
  long (*call)(void);
} deadly[] = {
  { "execve", forbidden_execve },
  { "ptrace", forbidden_ptrace },
  { "mount", forbidden_mount },
  { "init_module", forbidden_module },
  { "process_vm_writev", forbidden_write_to_memory },
};

static int which;

static void
without_a_core(void)
{
  struct rlimit none = { 0, 0 };
  setrlimit(RLIMIT_CORE, &none);
}

static void
do_what_is_deadly(void)
{
  deadly[which].call();
}

START_TEST(what_no_part_of_the_plugin_does_ends_it)
{
  which = _i;
  if (!is_filtered(deadly[_i].name))
    return;
  int status = after_drop(without_a_core, do_what_is_deadly);
  ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: status 0x%x", deadly[_i].name, status);
}
END_TEST

static void
unknown_calls_are_refused(void)
{
  void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  REQUIRE(page != MAP_FAILED, "mmap");
  REQUIRE_ERRNO(syscall(4000), ENOSYS);
  REQUIRE_ERRNO(kill(getppid(), 0), ENOSYS);
  REQUIRE_ERRNO(fork(), ENOSYS);
  REQUIRE_ERRNO(syscall(SYS_setuid, 65534), ENOSYS);
  REQUIRE_ERRNO(prctl(PR_SET_DUMPABLE, 1), ENOSYS);
  REQUIRE_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
  REQUIRE_ERRNO(socket(AF_INET6, SOCK_DGRAM, 0), EAFNOSUPPORT);
  REQUIRE_ERRNO(socket(AF_PACKET, SOCK_RAW, 0), ENOSYS);
  REQUIRE_ERRNO(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), ENOSYS);
  REQUIRE_ERRNO(mprotect(page, 4096, PROT_READ | PROT_EXEC), EACCES);
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page == MAP_FAILED && errno == EACCES, "memory that can be written to and executed");
}

START_TEST(what_is_not_needed_is_refused)
{
  if (is_filtered("what_is_not_needed_is_refused"))
    assert_passes(NULL, unknown_calls_are_refused);
}
END_TEST

static void
do_abort(void)
{
  abort();
}

START_TEST(abort_still_aborts)
{
  int status = after_drop(without_a_core, do_abort);
  ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status 0x%x", status);
}
END_TEST

/* What goes on working. */

static char *directory;
static int listener;
static pid_t other; /* another user's process */
static int others_socket;

static void
setup(void)
{
  directory = scratch();
}

static void
teardown(void)
{
  if (other > 0)
    kill(other, SIGKILL);
  remove_scratch(directory);
  g_free(directory);
}

static gpointer
write_a_line(gpointer fd)
{
  return GINT_TO_POINTER(write(GPOINTER_TO_INT(fd), "line\n", 5) == 5);
}

static void
files_are_written(void)
{
  g_autofree char *path = g_build_filename(directory, "pnat", "pnat.log", NULL);
  g_autofree char *rotated = g_strconcat(path, ".1", NULL);
  g_autoptr(GError) error = NULL;
  struct stat stat;
  gid_t group;

  REQUIRE(pnat_safe_file_group(own_group(), &group, &error), "%s", error->message);
  int fd = pnat_safe_file_open(path, group, &stat, &error);
  REQUIRE(fd >= 0, "%s", error->message);
  REQUIRE(g_thread_join(g_thread_new("sink", write_a_line, GINT_TO_POINTER(fd))) != NULL, "write");
  REQUIRE(fsync(fd) == 0 && ftruncate(fd, 0) == 0 && rename(path, rotated) == 0 && unlink(rotated) == 0, "a file's calls");
  close(fd);
}

START_TEST(files_can_be_written_by_a_new_thread)
{
  assert_passes(NULL, files_are_written);
}
END_TEST

static void
file_is_given_to_a_group(void)
{
  g_autofree char *path = g_build_filename(directory, "pnat.log", NULL);
  g_autoptr(GError) error = NULL;
  struct stat stat;

  int fd = pnat_safe_file_open(path, 65534, &stat, &error);
  REQUIRE(fd >= 0 && stat.st_gid == 65534, "%s", error != NULL ? error->message : "another group");
  close(fd);
}

START_TEST(a_new_file_can_be_given_to_log_group)
{
  if (can(chown(directory, (uid_t)-1, 65534) == 0, "a_new_file_can_be_given_to_log_group"))
    assert_passes(NULL, file_is_given_to_a_group);
}
END_TEST

static void
daemons_are_reached(void)
{
  g_autofree char *path = g_build_filename(directory, "log", NULL);
  g_autoptr(PnatSyslogSocket) syslog = pnat_syslog_socket_new(path);
  char line[16];

  REQUIRE(pnat_syslog_socket_send(syslog, "hello", 5, 0, NULL), "send");
  REQUIRE(recv(listener, line, sizeof line, 0) == 5, "recv");
}

static void
listen_at(const char *path, int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  listener = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  ck_assert(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
}

START_TEST(syslog_can_be_reached)
{
  g_autofree char *path = g_build_filename(directory, "log", NULL);
  listen_at(path, SOCK_DGRAM);
  assert_passes(NULL, daemons_are_reached);
}
END_TEST

/* Longer than a datagram may be: it goes as the descriptor of a file in memory. */
static void
long_journal_message_is_taken(void)
{
  g_autofree char *value = g_strnfill(4 * 1024 * 1024, 'x');
  const GLogField field = { "MESSAGE", value, -1 };
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = { &byte, 1 };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };

  REQUIRE(g_log_writer_journald(G_LOG_LEVEL_MESSAGE, &field, 1, NULL) == G_LOG_WRITER_HANDLED, "not written");
  REQUIRE(recvmsg(listener, &message, 0) == 0 && CMSG_FIRSTHDR(&message) != NULL, "no descriptor came");
  struct stat info;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  REQUIRE(fstat(fd, &info) == 0 && info.st_size > 4 * 1024 * 1024, "not all of it");
}

START_TEST(a_long_message_goes_to_the_journal)
{
  if (!can(has_capability(CAP_SYS_ADMIN), "a_long_message_goes_to_the_journal"))
    return;
  leave_mount_namespace();
  ck_assert_int_eq(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
  ck_assert_int_eq(g_mkdir_with_parents("/run/systemd/journal", 0755), 0);
  listen_at("/run/systemd/journal/socket", SOCK_DGRAM);
  assert_passes(NULL, long_journal_message_is_taken);
}
END_TEST

/* On a busy machine there may be no answer in time: then it is asked once more. */
static gboolean
ask_patiently(int pidfd, int fd, PnatSocket *socket)
{
  g_autoptr(PnatAsker) asker = pnat_asker_new();
  for (guint i = 0; i < 100; i++) {
    if (pnat_asker_ask(asker, pidfd, fd, socket))
      return TRUE;
    g_usleep(10000);
  }
  return FALSE;
}

static void
process_is_looked_at(void)
{
  g_autofree char *exe = g_strdup_printf("/proc/%d/exe", other);
  g_autofree char *program = g_file_read_link(exe, NULL);
  PnatSocket answer;

  int pidfd = (int)syscall(SYS_pidfd_open, other, 0);
  REQUIRE(pidfd >= 0, "pidfd_open");
  REQUIRE(ask_patiently(pidfd, others_socket, &answer), "its socket can not be asked");
  REQUIRE(answer.proto == IPPROTO_UDP && answer.cookie != 0, "another socket");
  REQUIRE(program != NULL, "%s can not be read", exe);
  g_autofree char *descriptors = g_strdup_printf("/proc/%d/fd", other);
  g_autofree char *descriptor = g_strdup_printf("%s/%d", descriptors, others_socket);
  g_autofree char *link = g_file_read_link(descriptor, NULL);
  g_autoptr(GDir) dir = g_dir_open(descriptors, 0, NULL);
  REQUIRE(dir != NULL, "%s can not be listed", descriptors);
  REQUIRE(link != NULL && g_str_has_prefix(link, "socket:"), "%s can not be read", descriptor);
}

static void
start_another_users_process(void)
{
  others_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  other = fork();
  if (other == 0) {
    become_nobody();
    for (;;)
      pause();
  }
}

/* Of a process that is another user's by now. */
static gboolean
has_changed_user(void)
{
  g_autofree char *path = g_strdup_printf("/proc/%d", other);
  struct stat info;
  return stat(path, &info) == 0 && info.st_uid == 65534;
}

START_TEST(another_users_process_can_be_looked_at)
{
  long probe = syscall(SYS_pidfd_getfd, -1, 0, 0);
  if (probe < 0 && errno == ENOSYS) {
    printf("skipped, no pidfd_getfd here: another_users_process_can_be_looked_at\n");
    return;
  }
  if (!can(has_capability(CAP_SYS_PTRACE) && can_become_nobody(), "another_users_process_can_be_looked_at"))
    return;
  start_another_users_process();
  for (gint64 limit = g_get_monotonic_time() + PATIENCE; !has_changed_user();)
    ck_assert_int_lt(g_get_monotonic_time(), limit);
  assert_passes(NULL, process_is_looked_at);
}
END_TEST

static void
ignore_end(const PnatSocketEnd *end, gpointer data)
{
}

static void
ignore_state(const PnatAuditState *state, gpointer data)
{
}

static void
kernel_answers(void)
{
  g_autoptr(GError) error = NULL;
  PnatSockets *sockets = pnat_sockets_new(ignore_end, NULL, &error);
  REQUIRE(sockets != NULL, "%s", error->message);
  pnat_sockets_free(sockets);
  PnatAuditStatus *audit = pnat_audit_status_new(ignore_state, NULL, NULL, &error);
  REQUIRE(audit != NULL, "%s", error->message);
  pnat_audit_status_free(audit);
}

START_TEST(sock_diag_and_audit_answer)
{
  g_autoptr(GError) error = NULL;
  PnatAuditStatus *audit = pnat_audit_status_new(ignore_state, NULL, NULL, &error);
  if (audit == NULL) {
    printf("skipped, %s: sock_diag_and_audit_answer\n", error->message);
    return;
  }
  pnat_audit_status_free(audit);
  assert_passes(NULL, kernel_answers);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("privilege");
  TCase *refused = tcase_create("refused");
  TCase *working = tcase_create("working");

  tcase_add_test(refused, only_the_needed_capabilities_are_left);
  tcase_add_test(refused, the_report_says_what_there_is);
  tcase_add_test(refused, who_has_no_privileges_is_confined_too);
  tcase_add_test(refused, a_kernel_without_seccomp_is_told_of_and_the_rest_is_given_up);
  tcase_add_loop_test(refused, what_no_part_of_the_plugin_does_ends_it, 0, G_N_ELEMENTS(deadly));
  tcase_add_test(refused, what_is_not_needed_is_refused);
  tcase_add_test(refused, abort_still_aborts);
  tcase_add_checked_fixture(working, setup, teardown);
  tcase_add_test(working, files_can_be_written_by_a_new_thread);
  tcase_add_test(working, syslog_can_be_reached);
  suite_add_tcase(suite, refused);
  suite_add_tcase(suite, working);
  if (is_root("what_can_not_be_given_up_is_told_and_the_rest_is_given_up, a_thread_from_before_is_told_of_but_filtered, "
              "a_new_file_can_be_given_to_log_group, a_long_message_goes_to_the_journal, another_users_process_can_be_looked_at, "
              "sock_diag_and_audit_answer")) {
    tcase_add_test(refused, what_can_not_be_given_up_is_told_and_the_rest_is_given_up);
    tcase_add_test(refused, a_thread_from_before_is_told_of_but_filtered);
    tcase_add_test(working, a_new_file_can_be_given_to_log_group);
    tcase_add_test(working, a_long_message_goes_to_the_journal);
    tcase_add_test(working, another_users_process_can_be_looked_at);
    tcase_add_test(working, sock_diag_and_audit_answer);
  }
  return run_suite(suite);
}
