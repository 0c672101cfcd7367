/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See recheck.h. Connections are looked at one after the other, by process; a step may end between any two descriptors.
 */
#include "recheck.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "procinfo.h"
#include "sockdump.h"

/* Descriptors of one process that are looked at; if it has more, its connections are left open. */
#define MAX_DESCRIPTORS 65536

/* ms by which the clock may have been set forward since a process was heard of: no number is used again by then, unless it is chosen. */
#define CLOCK_STEP 10000

typedef struct {
  PnatConnectionPlace place;
  gboolean is_held;
  gint64 lost; /* ms since 1970 at which it was not found; 0: it is open, for all that is known */
} Known;

/* The sockets of the process that is looked at. */
typedef struct {
  guint32 pid;     /* 0: of none yet */
  DIR *dir;        /* (nullable) while they are read */
  guint n;         /* descriptors */
  gboolean whole;  /* all were read, and answered */
  GArray *sockets; /* of PnatSocket */
} Holder;

struct PnatRecheck {
  PnatTracker *tracker;
  PnatLiveness *liveness;
  PnatAsker *asker;
  PnatSockdump *dump; /* (nullable) without INET_DIAG */
  gboolean dumped;
  GArray *known; /* of Known, by process */
  guint next;    /* to be looked at */
  Holder holder;
};

/* Processes. */

static void
collect_process(const PnatProcessTrace *trace, gpointer data)
{
  GArray *known = data;
  g_array_append_vals(known, trace, 1);
  g_array_index(known, PnatProcessTrace, known->len - 1).exe = g_strdup(trace->exe);
}

static void
trace_clear(gpointer trace)
{
  g_free((char *)((PnatProcessTrace *)trace)->exe);
}

static gboolean
runs_the_same(const PnatProcessTrace *known)
{
  PnatProcInfo info;
  return known->exe != NULL && pnat_procinfo_read(known->pid, &info) && info.ppid == known->ppid && strcmp(info.exe, known->exe) == 0;
}

gboolean
pnat_recheck_may_be_there(const PnatProcessTrace *trace)
{
  const PnatIdentity who = { .exe = trace->exe, .ppid = trace->ppid };
  return pnat_liveness_fits(trace->pid, trace->newest, &who) ||
         (runs_the_same(trace) && pnat_liveness_fits(trace->pid, trace->newest + CLOCK_STEP, &who));
}

/* Watches the process if it is the one that is known. @returns as pnat_liveness_watch() */
static guint64
watch(PnatLiveness *liveness, const PnatProcessTrace *known)
{
  guint64 start = pnat_liveness_watch(liveness, known->pid, G_MAXINT64 / 2, NULL);
  if (known->start != 0 ? known->start == start : start != 0 && pnat_recheck_may_be_there(known))
    return start;
  if (start != 0)
    pnat_liveness_forget(liveness, known->pid);
  return 0;
}

void
pnat_recheck_processes(PnatTracker *tracker, PnatLiveness *liveness, gint64 now)
{
  g_autoptr(GArray) known = g_array_new(FALSE, FALSE, sizeof(PnatProcessTrace));

  g_array_set_clear_func(known, trace_clear);
  pnat_tracker_foreach_process(tracker, collect_process, known);
  for (guint i = 0; i < known->len; i++) {
    const PnatProcessTrace *process = &g_array_index(known, PnatProcessTrace, i);
    guint64 start = watch(liveness, process);
    if (start != 0)
      pnat_tracker_process_lives(tracker, process->pid, start);
    else
      pnat_tracker_process_gone(tracker, process->pid, process->start, pnat_real_ms(), now);
  }
}

/* Connections. */

static void
collect_connection(const PnatConnectionPlace *place, gpointer data)
{
  Known known = { .place = *place };
  g_array_append_val(data, known);
}

static gint
compare_known(gconstpointer a, gconstpointer b)
{
  const Known *one = a, *other = b;
  return (one->place.pid > other->place.pid) - (one->place.pid < other->place.pid);
}

PnatRecheck *
pnat_recheck_new(PnatTracker *tracker, PnatLiveness *liveness, PnatAsker *asker)
{
  PnatRecheck *recheck = g_new0(PnatRecheck, 1);

  recheck->tracker = tracker;
  recheck->liveness = liveness;
  recheck->asker = asker;
  recheck->dump = pnat_sockdump_new(NULL);
  recheck->dumped = recheck->dump == NULL;
  recheck->known = g_array_new(FALSE, FALSE, sizeof(Known));
  recheck->holder.sockets = g_array_new(FALSE, FALSE, sizeof(PnatSocket));
  pnat_tracker_foreach_connection(tracker, collect_connection, recheck->known);
  g_array_sort(recheck->known, compare_known);
  return recheck;
}

static void
stop_reading(Holder *holder)
{
  if (holder->dir != NULL)
    closedir(holder->dir);
  holder->dir = NULL;
}

void
pnat_recheck_free(PnatRecheck *recheck)
{
  if (recheck == NULL)
    return;
  stop_reading(&recheck->holder);
  g_array_unref(recheck->holder.sockets);
  g_array_unref(recheck->known);
  pnat_sockdump_free(recheck->dump);
  g_free(recheck);
}

/* A process's sockets. */

static void
begin_reading(Holder *holder, guint32 pid)
{
  int directory = pnat_procinfo_open(pid);
  int fd = directory >= 0 ? openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

  holder->pid = pid;
  holder->n = 0;
  holder->whole = FALSE;
  g_array_set_size(holder->sockets, 0);
  holder->dir = fd >= 0 ? fdopendir(fd) : NULL;
  if (holder->dir == NULL && fd >= 0)
    close(fd);
  if (directory >= 0)
    close(directory);
}

static gboolean
is_socket(int directory, const char *name)
{
  char link[8];
  return readlinkat(directory, name, link, sizeof link) == sizeof link && memcmp(link, "socket:[", sizeof link) == 0;
}

/* One descriptor. */
static void
read_on(PnatRecheck *recheck)
{
  Holder *holder = &recheck->holder;
  const struct dirent *entry = readdir(holder->dir);
  PnatSocket socket;

  if (entry == NULL || ++holder->n > MAX_DESCRIPTORS) {
    holder->whole = entry == NULL;
    stop_reading(holder);
    return;
  }
  if (!is_socket(dirfd(holder->dir), entry->d_name))
    return;
  if (pnat_asker_ask(recheck->asker, pnat_liveness_pidfd(recheck->liveness, holder->pid), atoi(entry->d_name), &socket))
    g_array_append_val(holder->sockets, socket);
  else if (!pnat_asker_answered(recheck->asker))
    stop_reading(holder);
}

/* A connection. */

static gboolean
is_of(const PnatConnectionPlace *place, const PnatSocket *socket)
{
  return place->cookie != 0 ? socket->cookie == place->cookie : pnat_address_equal(&socket->remote, &place->remote);
}

static gboolean
has(const Holder *holder, const PnatConnectionPlace *place)
{
  for (guint i = 0; i < holder->sockets->len; i++)
    if (is_of(place, &g_array_index(holder->sockets, PnatSocket, i)))
      return TRUE;
  return FALSE;
}

/* Whether that was all that can be found out. */
static gboolean
look_at(PnatRecheck *recheck, Known *known)
{
  const PnatConnectionPlace *place = &known->place;
  int pidfd = pnat_liveness_pidfd(recheck->liveness, place->pid);
  PnatSocket socket;

  if (pidfd < 0)
    return TRUE;
  if (place->cookie != 0 && recheck->dump != NULL && pnat_sockdump_has(recheck->dump, place->cookie))
    return TRUE;
  if (place->fd >= 0 && pnat_asker_ask(recheck->asker, pidfd, place->fd, &socket) && is_of(place, &socket)) {
    known->is_held = TRUE;
    return TRUE;
  }
  if (recheck->holder.pid != place->pid) {
    begin_reading(&recheck->holder, place->pid);
    return FALSE;
  }
  known->is_held = has(&recheck->holder, place);
  if (!known->is_held && recheck->holder.whole)
    known->lost = pnat_real_ms();
  return TRUE;
}

static gboolean
go_on(PnatRecheck *recheck)
{
  if (!recheck->dumped)
    recheck->dumped = !pnat_sockdump_step(recheck->dump);
  else if (recheck->holder.dir != NULL)
    read_on(recheck);
  else if (recheck->next == recheck->known->len)
    return FALSE;
  else if (look_at(recheck, &g_array_index(recheck->known, Known, recheck->next)))
    recheck->next++;
  return TRUE;
}

/* Nobody heard when it was closed: when it was not found at the latest. */
static void
tell_lost(PnatRecheck *recheck, const Known *known, gint64 now)
{
  const PnatConnectionPlace *place = &known->place;
  PnatSocketEnd end = { .socket = { .cookie = place->cookie }, .time = known->lost, .tx = -1, .rx = -1 };

  if (place->cookie != 0)
    pnat_tracker_socket_ended(recheck->tracker, &end, now);
  else
    pnat_tracker_unasked_ended(recheck->tracker, place->pid, &place->remote, end.time, now);
}

/* A socket may be lost in one process, and held by another: a forked server's. */
static void
conclude(PnatRecheck *recheck, gint64 now)
{
  g_autoptr(GHashTable) held = g_hash_table_new(g_int64_hash, g_int64_equal);

  for (guint i = 0; i < recheck->known->len; i++) {
    Known *known = &g_array_index(recheck->known, Known, i);
    if (known->is_held && known->place.cookie != 0)
      g_hash_table_add(held, &known->place.cookie);
  }
  for (guint i = 0; i < recheck->known->len; i++) {
    const Known *known = &g_array_index(recheck->known, Known, i);
    if (known->lost != 0 && (known->place.cookie == 0 || !g_hash_table_contains(held, &known->place.cookie)))
      tell_lost(recheck, known, now);
  }
  g_array_set_size(recheck->known, 0);
  recheck->next = 0;
}

gboolean
pnat_recheck_step(PnatRecheck *recheck, gint64 budget, gint64 now)
{
  gint64 end = g_get_monotonic_time() + budget;

  do {
    if (go_on(recheck))
      continue;
    conclude(recheck, now);
    return FALSE;
  } while (g_get_monotonic_time() < end);
  return TRUE;
}
