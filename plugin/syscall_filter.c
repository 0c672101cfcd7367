/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tables, and what hands them to libseccomp. Names are looked up when the program runs: those that this machine does not have, or
 * the library does not know, are left out.
 */
#include "syscall_filter.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "lib/error.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* linux/prctl.h, since 5.17 */
#endif

/* They map and trace as they like. */
#ifdef PNAT_SANITIZERS
#define SANITIZED TRUE
#else
#define SANITIZED FALSE
#endif

/* The kernel looks at the lower half of an int's register, seccomp at all of it. */
#define INT 0xffffffff

/* clone(2) */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define CLONE_NEW_NAMESPACE                                                                                                      \
  (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const char *const allowed[] = {
  /* memory */
  "brk madvise membarrier mremap munmap",
#ifdef __s390__
  "mmap", /* its arguments are behind a pointer */
#endif
  /* threads; clone3(2) is not among them: its flags cannot be seen, and the C library falls back to clone(2) */
  "exit exit_group futex futex_time64 get_robust_list getcpu getpid getppid gettid rseq sched_getaffinity sched_yield "
  "set_robust_list set_thread_area set_tid_address set_tls",
  /* signals */
  "restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack signalfd4 sigreturn",
  /* time */
  "clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 gettimeofday "
  "nanosleep time timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64",
  /* about oneself and the system */
  "getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getrandom getrlimit getrusage getuid "
  "getuid32 setrlimit sysinfo ugetrlimit umask uname",
  /* files: configuration, log, state, /proc, audit logs to catch up from */
  "_llseek access close close_range dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64 fallocate fcntl fcntl64 "
  "fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 getcwd getdents getdents64 lseek "
  "lstat lstat64 newfstatat open openat pipe pipe2 pread64 preadv pwrite64 pwritev read readlink readlinkat readv stat "
  "stat64 statfs statfs64 statx write writev fchmod fchown fchown32 mkdir mkdirat rename renameat renameat2 rmdir unlink "
  "unlinkat",
  /* a socket in the file system has these by its name only */
  "chmod chown chown32 fchmodat fchmodat2 fchownat lchown lchown32",
  /* waiting */
  "_newselect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll "
  "ppoll_time64 pselect6 pselect6_time64 select",
  /* sockets: syslog, journald (a long message as a file in memory), netlink, control; a process's own, lent */
  "accept accept4 bind connect getpeername getsockname getsockopt listen memfd_create recv recvfrom recvmmsg "
  "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketpair pidfd_getfd pidfd_open",
};

static const char *const deadly[] = {
  "acct bpf chroot clock_settime clock_settime64 delete_module execve execveat finit_module fsmount fsopen init_module "
  "ioperm iopl kexec_file_load kexec_load mount mount_setattr move_mount open_by_handle_at open_tree perf_event_open "
  "pivot_root process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot setdomainname sethostname setns "
  "settimeofday stime swapoff swapon umount umount2 unshare",
};

typedef struct {
  const char *name;
  unsigned int argument;
  guint64 mask; /* bits of the argument that are looked at */
  guint64 value;
  guint32 action;
} Checked;

static const Checked checked[] = {
  { "clone", CLONE_FLAGS, CLONE_VM | CLONE_THREAD | CLONE_NEW_NAMESPACE, CLONE_VM | CLONE_THREAD, SCMP_ACT_ALLOW },
  { "prctl", 0, INT, PR_SET_NAME, SCMP_ACT_ALLOW },
  { "prctl", 0, INT, PR_SET_VMA, SCMP_ACT_ALLOW },
  { "prlimit64", 0, INT, 0, SCMP_ACT_ALLOW },
  /* isatty(3) */
  { "ioctl", 1, INT, TCGETS, SCMP_ACT_ALLOW },
  /* The plugin opens no network connection; what the C library loads to look up a group's name might try. */
  { "socket", 0, INT, AF_UNIX, SCMP_ACT_ALLOW },
  { "socket", 0, INT, AF_INET, SCMP_ACT_ERRNO(EAFNOSUPPORT) },
  { "socket", 0, INT, AF_INET6, SCMP_ACT_ERRNO(EAFNOSUPPORT) },
  /* Such a library is mapped executable, but what can be written to never is. */
  { "mprotect", 2, PROT_EXEC, 0, SCMP_ACT_ALLOW },
  { "mprotect", 2, PROT_EXEC, PROT_EXEC, SCMP_ACT_ERRNO(EACCES) },
#ifndef __s390__
  { "mmap", 2, PROT_EXEC, 0, SCMP_ACT_ALLOW },
  { "mmap", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC, SCMP_ACT_ALLOW },
  { "mmap", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE, SCMP_ACT_ERRNO(EACCES) },
#endif
  { "mmap2", 2, PROT_EXEC, 0, SCMP_ACT_ALLOW },
  { "mmap2", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC, SCMP_ACT_ALLOW },
  { "mmap2", 2, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE, SCMP_ACT_ERRNO(EACCES) },
};

/* Not netfilter's nor another of those with which CAP_NET_ADMIN would go far. */
static const int netlink_protocols[] = { NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_AUDIT };

static int
add_names(scmp_filter_ctx filter, guint32 action, const char *list)
{
  g_auto(GStrv) names = g_strsplit(list, " ", -1);

  for (char **name = names; *name != NULL; name++) {
    int number = seccomp_syscall_resolve_name(*name);
    int status = number >= 0 ? seccomp_rule_add(filter, action, number, 0) : 0;
    if (status != 0)
      return status;
  }
  return 0;
}

static int
add_lists(scmp_filter_ctx filter, guint32 action, const char *const *lists, gsize n)
{
  int status = 0;
  for (gsize i = 0; i < n && status == 0; i++)
    status = add_names(filter, action, lists[i]);
  return status;
}

static int
add_checked(scmp_filter_ctx filter, const Checked *rules, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const Checked *rule = &rules[i];
    int number = seccomp_syscall_resolve_name(rule->name);
    int status = number >= 0 ? seccomp_rule_add(filter, rule->action, number, 1,
                                                SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value))
                             : 0;
    /* Where all calls of sockets are one (socketcall(2)) a socket's family cannot be seen; it is allowed there. */
    if (status != 0 && status != -EEXIST)
      return status;
  }
  return 0;
}

static int
add_netlink(scmp_filter_ctx filter)
{
  int status = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(netlink_protocols) && (status == 0 || status == -EEXIST); i++)
    status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_CMP(0, SCMP_CMP_MASKED_EQ, INT, AF_NETLINK),
                              SCMP_CMP(2, SCMP_CMP_MASKED_EQ, INT, (guint64)netlink_protocols[i]));
  return status == -EEXIST ? 0 : status;
}

static int
add_rules(scmp_filter_ctx filter)
{
  /* abort(3) */
  const Checked own = { "tgkill", 0, INT, (guint64)getpid(), SCMP_ACT_ALLOW };
  int status = add_lists(filter, SCMP_ACT_ALLOW, allowed, G_N_ELEMENTS(allowed));

  if (status == 0)
    status = add_lists(filter, SCMP_ACT_KILL_PROCESS, deadly, G_N_ELEMENTS(deadly));
  if (status == 0)
    status = add_checked(filter, checked, G_N_ELEMENTS(checked));
  if (status == 0)
    status = add_netlink(filter);
  return status == 0 ? add_checked(filter, &own, 1) : status;
}

/*
 * CTL_LOG stays off: a refused call would be an audit event, which the plugin gets to read, which may be by the next such call.
 * CTL_SSB: before Linux 5.16 a filter switches on a mitigation that slows the process down, meant for those that run others'
 * code.
 */
static void
set_attributes(scmp_filter_ctx filter)
{
  seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
}

gboolean
pnat_syscall_filter_install(GError **error)
{
  if (SANITIZED) {
    g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_IO, "seccomp: not in a build with sanitizers");
    return FALSE;
  }
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  if (filter == NULL) {
    pnat_error_set_errno(error, ENOMEM, "seccomp");
    return FALSE;
  }
  set_attributes(filter);
  int status = add_rules(filter);
  if (status == 0)
    status = seccomp_load(filter);
  seccomp_release(filter);
  if (status != 0)
    pnat_error_set_errno(error, -status, "seccomp");
  return status == 0;
}
