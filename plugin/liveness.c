/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See liveness.h. All pidfds stand in one epoll set, so that the main loop polls one descriptor however many there are.
 */
#include "liveness.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "procinfo.h"

/* ms between looks into /proc for those without a pidfd. */
#define SWEEP_INTERVAL 500

/* ms by which a process may seem younger than its first event: audit stamps with the clock of the last tick, 10 ms at the most, and the two
 * clocks are not read at one moment. Start times are rounded down. */
#define CLOCK_GRAIN 12

/* The same where it runs the event's program: on a virtual machine whose processors wait for the host's, ticks come late, and 12 ms
 * are passed. No number is used again by then, unless somebody chooses it. */
#define CLOCK_LAG 100

/* Descriptors left to everything else. */
#define RESERVED_FDS 256

#define EVENTS_AT_ONCE 64

typedef struct {
  guint32 pid;
  int pidfd; /* -1: swept */
  guint64 start;
} Watch;

struct PnatLiveness {
  PnatGoneFunc func;
  gpointer data;
  GHashTable *watches; /* pid to Watch */
  int epoll;
  guint source;
  guint sweep; /* timer, 0 while every process has a pidfd */
  guint n_swept;
  guint64 boot; /* hash of the boot's id */
  gboolean no_pidfd;
  guint n_pidfds;
  guint max_pidfds;
};

static gint64
clock_ms(clockid_t clock)
{
  struct timespec time;
  clock_gettime(clock, &time);
  return (gint64)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ms since 1970; CLOCK_BOOTTIME is what the kernel counts start times on. */
static gint64
start_time(guint64 ticks)
{
  return clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) + (gint64)(ticks * 1000 / (guint64)sysconf(_SC_CLK_TCK));
}

guint64
pnat_liveness_key(const PnatLiveness *liveness, guint64 ticks)
{
  return ((liveness->boot ^ ticks) * 0x9e3779b97f4a7c15u) | 1;
}

static guint64
boot_hash(void)
{
  g_autofree char *id = NULL;
  guint64 hash = 0xcbf29ce484222325u;
  if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL))
    return hash;
  for (const char *at = id; *at != '\0'; at++)
    hash = (hash ^ (guint8)*at) * 0x100000001b3u;
  return hash;
}

static void
watch_free(gpointer data)
{
  Watch *watch = data;
  if (watch->pidfd >= 0)
    close(watch->pidfd);
  g_free(watch);
}

static void
remove_watch(PnatLiveness *liveness, Watch *watch)
{
  if (watch->pidfd >= 0) {
    /* By its close alone it would stay in the set while a thread uses it or a duplicate: asker.c. */
    epoll_ctl(liveness->epoll, EPOLL_CTL_DEL, watch->pidfd, NULL);
    liveness->n_pidfds--;
  } else
    liveness->n_swept--;
  g_hash_table_remove(liveness->watches, GUINT_TO_POINTER(watch->pid));
}

static void
tell_gone(PnatLiveness *liveness, Watch *watch)
{
  guint32 pid = watch->pid;
  guint64 start = watch->start;
  remove_watch(liveness, watch);
  liveness->func(pid, start, clock_ms(CLOCK_REALTIME), liveness->data);
}

static gboolean
some_ended(gint fd, GIOCondition condition, gpointer data)
{
  PnatLiveness *liveness = data;
  struct epoll_event events[EVENTS_AT_ONCE];

  int n = epoll_wait(fd, events, EVENTS_AT_ONCE, 0);
  for (int i = 0; i < n; i++) {
    Watch *watch = g_hash_table_lookup(liveness->watches, GUINT_TO_POINTER(events[i].data.u32));
    if (watch != NULL)
      tell_gone(liveness, watch);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
is_alive(const PnatLiveness *liveness, const Watch *watch)
{
  PnatProcStat stat;
  return pnat_procinfo_stat(watch->pid, &stat) && pnat_liveness_key(liveness, stat.start) == watch->start;
}

static gboolean
sweep(gpointer data)
{
  PnatLiveness *liveness = data;
  g_autoptr(GPtrArray) gone = g_ptr_array_new();
  GHashTableIter iter;
  gpointer watch;

  g_hash_table_iter_init(&iter, liveness->watches);
  while (g_hash_table_iter_next(&iter, NULL, &watch))
    if (((Watch *)watch)->pidfd < 0 && !is_alive(liveness, watch))
      g_ptr_array_add(gone, watch);
  for (guint i = 0; i < gone->len; i++)
    tell_gone(liveness, g_ptr_array_index(gone, i));
  if (liveness->n_swept > 0)
    return G_SOURCE_CONTINUE;
  liveness->sweep = 0;
  return G_SOURCE_REMOVE;
}

static guint
raise_fd_limit(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 0;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > RESERVED_FDS ? (guint)MIN(limit.rlim_cur - RESERVED_FDS, G_MAXINT) : 0;
}

PnatLiveness *
pnat_liveness_new(PnatGoneFunc func, gpointer data, GError **error)
{
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) {
    pnat_error_set_errno(error, errno, "epoll_create1");
    return NULL;
  }
  PnatLiveness *liveness = g_new0(PnatLiveness, 1);
  liveness->func = func;
  liveness->data = data;
  liveness->watches = g_hash_table_new_full(NULL, NULL, NULL, watch_free);
  liveness->epoll = epoll;
  liveness->source = g_unix_fd_add(epoll, G_IO_IN, some_ended, liveness);
  liveness->boot = boot_hash();
  liveness->max_pidfds = raise_fd_limit();

  int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
  liveness->no_pidfd = self < 0;
  if (self >= 0)
    close(self);
  return liveness;
}

void
pnat_liveness_free(PnatLiveness *liveness)
{
  if (liveness == NULL)
    return;
  g_source_remove(liveness->source);
  g_clear_handle_id(&liveness->sweep, g_source_remove);
  g_hash_table_unref(liveness->watches);
  close(liveness->epoll);
  g_free(liveness);
}

static int
open_pidfd(PnatLiveness *liveness, guint32 pid)
{
  if (liveness->no_pidfd || liveness->n_pidfds >= liveness->max_pidfds)
    return -1;
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = pid };
  if (pidfd >= 0 && epoll_ctl(liveness->epoll, EPOLL_CTL_ADD, pidfd, &event) != 0) {
    close(pidfd);
    return -1;
  }
  return pidfd;
}

/* Whether the process behind @pidfd has ended: then what /proc says may be of its successor. */
static gboolean
has_ended(int pidfd)
{
  struct pollfd poll_pidfd = { .fd = pidfd, .events = POLLIN };
  return pidfd >= 0 && poll(&poll_pidfd, 1, 0) > 0;
}

static gboolean
runs(guint32 pid, const char *exe)
{
  g_autofree char *path = g_strdup_printf("/proc/%u/exe", pid);
  g_autofree char *target = g_file_read_link(path, NULL);
  return exe == NULL || target == NULL || strcmp(target, exe) == 0;
}

/* Whether the process can not have made an event at @time. It may have called execve(2) since; its parent stays. */
static gboolean
is_too_young(guint32 pid, const PnatProcStat *stat, gint64 time, const PnatIdentity *who)
{
  const char *exe = who != NULL ? who->exe : NULL;
  gint64 start = start_time(stat->start);

  if (start <= time)
    return FALSE;
  if (start > time + (exe != NULL ? CLOCK_LAG : CLOCK_GRAIN))
    return TRUE;
  if (start <= time + CLOCK_GRAIN && who != NULL && stat->ppid == who->ppid)
    return FALSE;
  return !runs(pid, exe);
}

gboolean
pnat_liveness_fits(guint32 pid, gint64 time, const PnatIdentity *who)
{
  PnatProcStat stat;
  return pnat_procinfo_stat(pid, &stat) && !is_too_young(pid, &stat, time, who);
}

guint64
pnat_liveness_watch(PnatLiveness *liveness, guint32 pid, gint64 time, const PnatIdentity *who)
{
  Watch *known = g_hash_table_lookup(liveness->watches, GUINT_TO_POINTER(pid));
  if (known != NULL && (known->pidfd >= 0 ? !has_ended(known->pidfd) : is_alive(liveness, known)))
    return known->start;
  if (known != NULL)
    tell_gone(liveness, known);

  PnatProcStat stat;
  int pidfd = open_pidfd(liveness, pid);
  if (!pnat_procinfo_stat(pid, &stat) || has_ended(pidfd) || is_too_young(pid, &stat, time, who)) {
    if (pidfd >= 0)
      close(pidfd);
    return 0;
  }
  Watch *watch = g_new0(Watch, 1);
  watch->pid = pid;
  watch->pidfd = pidfd;
  watch->start = pnat_liveness_key(liveness, stat.start);
  g_hash_table_insert(liveness->watches, GUINT_TO_POINTER(pid), watch);
  if (pidfd >= 0)
    liveness->n_pidfds++;
  else if (liveness->n_swept++ == 0 && liveness->sweep == 0)
    liveness->sweep = g_timeout_add(SWEEP_INTERVAL, sweep, liveness);
  return watch->start;
}

int
pnat_liveness_pidfd(const PnatLiveness *liveness, guint32 pid)
{
  const Watch *watch = g_hash_table_lookup(liveness->watches, GUINT_TO_POINTER(pid));
  return watch != NULL ? watch->pidfd : -1;
}

void
pnat_liveness_forget(PnatLiveness *liveness, guint32 pid)
{
  Watch *watch = g_hash_table_lookup(liveness->watches, GUINT_TO_POINTER(pid));
  if (watch != NULL)
    remove_watch(liveness, watch);
}

guint
pnat_liveness_size(const PnatLiveness *liveness)
{
  return g_hash_table_size(liveness->watches);
}

gboolean
pnat_liveness_has_pidfd(const PnatLiveness *liveness)
{
  return !liveness->no_pidfd;
}
