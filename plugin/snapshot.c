/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See snapshot.h. A visit is to one process; a step may end in the middle of it, at any descriptor.
 */
#include "snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmdlines.h"
#include "lib/error.h"
#include "sockdump.h"

#define MAX_PROCESSES 131072
#define MAX_HELD 262144

/* Sockets of one process that have to be asked, and are told when all of it is known. */
#define MAX_ASKED 4096

typedef struct {
  gint fd;
  PnatSocket socket;
} Asked;

typedef struct {
  guint32 pid;
  int directory; /* /proc/PID */
  DIR *descriptors;
  int pidfd;        /* -1 = not to be had */
  gboolean tried;   /* to have a pidfd */
  gboolean is_here; /* in our network namespace */
  gboolean has_info;
  PnatProcInfo info;
  char cmd[PNAT_CMDLINE_TEXT];
  GArray *asked; /* of Asked */
  guint told;    /* of them */
} Visit;

struct PnatSnapshot {
  PnatAsker *asker;
  PnatHeldFunc func;
  gpointer data;
  PnatSockdump *dump;
  gboolean dumped;
  PnatCmdlines *cmdlines;
  DIR *processes;
  dev_t namespace_device;
  ino_t namespace; /* of the network, ours */
  Visit visit;
  gboolean visiting;
  PnatSnapshotCounts counts;
};

PnatSnapshot *
pnat_snapshot_new(PnatAsker *asker, PnatHeldFunc func, gpointer data, GError **error)
{
  struct stat namespace = { 0 };
  PnatSockdump *dump = pnat_sockdump_new(error);
  if (dump == NULL)
    return NULL;
  DIR *processes = opendir("/proc");
  if (processes == NULL) {
    pnat_error_set_errno(error, errno, "/proc");
    pnat_sockdump_free(dump);
    return NULL;
  }
  PnatSnapshot *snapshot = g_new0(PnatSnapshot, 1);
  snapshot->asker = asker;
  snapshot->func = func;
  snapshot->data = data;
  snapshot->dump = dump;
  snapshot->processes = processes;
  snapshot->cmdlines = pnat_cmdlines_new();
  snapshot->visit.asked = g_array_new(FALSE, FALSE, sizeof(Asked));
  if (stat("/proc/self/ns/net", &namespace) == 0) {
    snapshot->namespace_device = namespace.st_dev;
    snapshot->namespace = namespace.st_ino;
  }
  return snapshot;
}

static void
end_visit(PnatSnapshot *snapshot)
{
  Visit *visit = &snapshot->visit;
  if (!snapshot->visiting)
    return;
  closedir(visit->descriptors);
  close(visit->directory);
  if (visit->pidfd >= 0)
    close(visit->pidfd);
  snapshot->visiting = FALSE;
}

void
pnat_snapshot_free(PnatSnapshot *snapshot)
{
  if (snapshot == NULL)
    return;
  end_visit(snapshot);
  g_array_unref(snapshot->visit.asked);
  closedir(snapshot->processes);
  pnat_cmdlines_free(snapshot->cmdlines);
  pnat_sockdump_free(snapshot->dump);
  g_free(snapshot);
}

/* A process. */

static gboolean
parse_number(const char *text, guint32 *number)
{
  guint64 value;
  if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &value, NULL))
    return FALSE;
  *number = (guint32)value;
  return TRUE;
}

static void
begin_visit(PnatSnapshot *snapshot, guint32 pid)
{
  Visit *visit = &snapshot->visit;
  int directory = pnat_procinfo_open(pid);
  int fd = directory >= 0 ? openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  DIR *descriptors = fd >= 0 ? fdopendir(fd) : NULL;

  if (descriptors == NULL) { /* it has ended, or does not let us */
    if (fd >= 0)
      close(fd);
    if (directory >= 0)
      close(directory);
    return;
  }
  visit->pid = pid;
  visit->directory = directory;
  visit->descriptors = descriptors;
  visit->pidfd = -1;
  visit->tried = visit->has_info = FALSE;
  g_array_set_size(visit->asked, 0);
  visit->told = 0;
  snapshot->visiting = TRUE;
  snapshot->counts.processes++;
}

/* All that is told of a process is read when its first socket is found: most have none. */
static gboolean
know_process(PnatSnapshot *snapshot)
{
  Visit *visit = &snapshot->visit;

  if (visit->has_info)
    return TRUE;
  if (!pnat_procinfo_read_at(visit->directory, visit->pid, &visit->info))
    return FALSE;
  pnat_cmdlines_read(snapshot->cmdlines, visit->directory, visit->cmd);
  visit->has_info = TRUE;
  return TRUE;
}

static void
tell(PnatSnapshot *snapshot, gint fd, const PnatSocket *socket, PnatDirection direction)
{
  Visit *visit = &snapshot->visit;

  if (snapshot->counts.held >= MAX_HELD) {
    snapshot->counts.missing++;
    return;
  }
  if (!know_process(snapshot))
    return;
  PnatHeld held = { &visit->info, visit->cmd, fd, socket, direction };
  snapshot->counts.held++;
  snapshot->func(&held, snapshot->data);
}

/* Sockets that the kernel did not tell of. */

/* Its process is the one of the directory: that can be read still, so the number was not free for another. */
static gboolean
has_pidfd(PnatSnapshot *snapshot)
{
  Visit *visit = &snapshot->visit;
  struct stat namespace;

  if (visit->tried)
    return visit->pidfd >= 0;
  visit->tried = TRUE;
  int pidfd = (int)syscall(SYS_pidfd_open, visit->pid, 0);
  if (pidfd < 0)
    return FALSE;
  if (fstatat(visit->directory, "ns/net", &namespace, 0) != 0) {
    close(pidfd);
    return FALSE;
  }
  visit->is_here = namespace.st_dev == snapshot->namespace_device && namespace.st_ino == snapshot->namespace;
  visit->pidfd = pidfd;
  return TRUE;
}

static void
ask(PnatSnapshot *snapshot, gint fd)
{
  Visit *visit = &snapshot->visit;
  Asked asked = { .fd = fd };

  if (!has_pidfd(snapshot) || !pnat_asker_ask(snapshot->asker, visit->pidfd, fd, &asked.socket))
    return;
  if (asked.socket.proto != IPPROTO_TCP && asked.socket.proto != IPPROTO_UDP)
    return;
  if (visit->asked->len < MAX_ASKED)
    g_array_append_val(visit->asked, asked);
  else
    snapshot->counts.missing++;
}

/* Something without a peer on the same port. */
static gboolean
listens_in_process(const Visit *visit, const PnatSocket *socket)
{
  for (guint i = 0; i < visit->asked->len; i++) {
    const PnatSocket *other = &g_array_index(visit->asked, Asked, i).socket;
    if (other->remote.family == PNAT_FAMILY_NONE && other->proto == socket->proto && other->local.port == socket->local.port)
      return TRUE;
  }
  return FALSE;
}

static void
tell_asked(PnatSnapshot *snapshot, const Asked *asked)
{
  const Visit *visit = &snapshot->visit;
  const PnatSocket *socket = &asked->socket;

  if (socket->remote.family == PNAT_FAMILY_NONE)
    return;
  PnatDirection direction = visit->is_here
                                ? pnat_sockdump_direction(snapshot->dump, socket)
                                : pnat_sockdump_direction_elsewhere(snapshot->dump, socket, listens_in_process(visit, socket));
  tell(snapshot, asked->fd, socket, direction);
}

/* A descriptor. */

/* The link is "socket:[N]" for sockets of all kinds. */
static gboolean
socket_inode(const Visit *visit, const char *name, guint32 *inode)
{
  static const char prefix[] = "socket:[";
  char link[sizeof prefix + 12];

  ssize_t length = readlinkat(visit->directory, name, link, sizeof link - 1);
  if (length < (ssize_t)sizeof prefix || memcmp(link, prefix, sizeof prefix - 1) != 0 || link[length - 1] != ']')
    return FALSE;
  link[length - 1] = '\0';
  guint64 value;
  if (!g_ascii_string_to_unsigned(link + sizeof prefix - 1, 10, 1, G_MAXUINT32, &value, NULL))
    return FALSE;
  *inode = (guint32)value;
  return TRUE;
}

static void
look_at(PnatSnapshot *snapshot, const char *number)
{
  char path[32];
  guint32 fd, inode;

  g_snprintf(path, sizeof path, "fd/%s", number);
  if (!parse_number(number, &fd) || !socket_inode(&snapshot->visit, path, &inode))
    return;
  const PnatSocket *socket = pnat_sockdump_find(snapshot->dump, inode);
  if (socket != NULL)
    tell(snapshot, (gint)fd, socket, pnat_sockdump_direction(snapshot->dump, socket));
  else
    ask(snapshot, (gint)fd);
}

/* Steps. */

static void
go_on_visit(PnatSnapshot *snapshot)
{
  Visit *visit = &snapshot->visit;
  const struct dirent *entry = visit->told == 0 ? readdir(visit->descriptors) : NULL;

  if (entry != NULL)
    look_at(snapshot, entry->d_name);
  else if (visit->told < visit->asked->len)
    tell_asked(snapshot, &g_array_index(visit->asked, Asked, visit->told++));
  else
    end_visit(snapshot);
}

/* FALSE when there is none left. */
static gboolean
next_process(PnatSnapshot *snapshot)
{
  const struct dirent *entry = readdir(snapshot->processes);
  guint32 pid;

  if (entry == NULL)
    return FALSE;
  if (!parse_number(entry->d_name, &pid) || pid == (guint32)getpid())
    return TRUE;
  if (snapshot->counts.processes < MAX_PROCESSES)
    begin_visit(snapshot, pid);
  else
    snapshot->counts.missing = G_MAXUINT;
  return TRUE;
}

static gboolean
go_on(PnatSnapshot *snapshot)
{
  if (!snapshot->dumped) {
    snapshot->dumped = !pnat_sockdump_step(snapshot->dump);
    return TRUE;
  }
  if (!snapshot->visiting)
    return next_process(snapshot);
  go_on_visit(snapshot);
  return TRUE;
}

gboolean
pnat_snapshot_step(PnatSnapshot *snapshot, gint64 budget)
{
  gint64 end = g_get_monotonic_time() + budget;

  do {
    if (!go_on(snapshot))
      return FALSE;
  } while (g_get_monotonic_time() < end);
  return TRUE;
}

PnatSnapshotCounts
pnat_snapshot_counts(const PnatSnapshot *snapshot)
{
  PnatSnapshotCounts counts = snapshot->counts;
  guint missing = pnat_sockdump_missing(snapshot->dump);

  counts.sockets = pnat_sockdump_size(snapshot->dump);
  if (__builtin_add_overflow(counts.missing, missing, &counts.missing))
    counts.missing = G_MAXUINT;
  return counts;
}
