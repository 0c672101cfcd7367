/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See procinfo.h.
 */
#include "procinfo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

/* A line for each of up to 13 hierarchies. */
#define CGROUP_TEXT 16384

/* Reading. */

/* @returns the length of @text, which ends with a NUL; -1 when it can not be read */
static ssize_t
read_text(int directory, const char *name, char *text, gsize size)
{
  int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
  text[0] = '\0';
  if (fd < 0)
    return -1;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[MAX(length, 0)] = '\0';
  return length;
}

int
pnat_procinfo_open(guint32 pid)
{
  char path[32];
  g_snprintf(path, sizeof path, "/proc/%u", pid);
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Fields of proc_pid_stat(5). */
enum { FIELD_STATE = 3, FIELD_PPID = 4, FIELD_NUM_THREADS = 20, FIELD_STARTTIME = 22 };

static const char *
next_field(const char *at, guint count)
{
  for (; count > 0 && at != NULL; count--) {
    at = strchr(at, ' ');
    at = at != NULL ? at + 1 : NULL;
  }
  return at;
}

/* The name, field 2, may hold anything; its closing parenthesis is the last one. */
gboolean
pnat_procinfo_parse_stat(const char *text, PnatProcStat *stat)
{
  const char *name_end = strrchr(text, ')');
  if (name_end == NULL || name_end[1] != ' ')
    return FALSE;
  const char *state = name_end + 2;
  const char *ppid = next_field(state, FIELD_PPID - FIELD_STATE);
  const char *threads = next_field(ppid, FIELD_NUM_THREADS - FIELD_PPID);
  const char *start = next_field(threads, FIELD_STARTTIME - FIELD_NUM_THREADS);
  if (start == NULL)
    return FALSE;
  /* A process is a zombie too whose first thread has ended; while others run it is alive. */
  if ((*state == 'Z' || *state == 'X') && g_ascii_strtoull(threads, NULL, 10) <= 1)
    return FALSE;
  stat->ppid = (guint32)g_ascii_strtoull(ppid, NULL, 10);
  stat->start = g_ascii_strtoull(start, NULL, 10);
  return stat->start != 0;
}

static gboolean
read_stat(int directory, const char *name, PnatProcStat *stat)
{
  char text[1024];
  return read_text(directory, name, text, sizeof text) > 0 && pnat_procinfo_parse_stat(text, stat);
}

gboolean
pnat_procinfo_stat(guint32 pid, PnatProcStat *stat)
{
  char path[32];
  g_snprintf(path, sizeof path, "/proc/%u/stat", pid);
  return read_stat(AT_FDCWD, path, stat);
}

/* Users. */

/* Of the name, status shows control characters and backslashes escaped, so that it has no lines of its own. */
static gboolean
read_users(int directory, PnatProcInfo *info)
{
  char text[4096];
  char *end;

  if (read_text(directory, "status", text, sizeof text) <= 0)
    return FALSE;
  const char *line = strstr(text, "\nUid:\t");
  if (line == NULL)
    return FALSE;
  info->uid = (guint32)g_ascii_strtoull(line + strlen("\nUid:\t"), &end, 10);
  info->euid = (guint32)g_ascii_strtoull(end, NULL, 10);
  return TRUE;
}

/* Kernels without audit do not have the file. */
static guint32
read_id(int directory, const char *name)
{
  char text[16];
  return read_text(directory, name, text, sizeof text) > 0 ? (guint32)g_ascii_strtoull(text, NULL, 10) : PNAT_ID_UNSET;
}

/* Programs. */

static void
read_comm(int directory, PnatProcInfo *info)
{
  ssize_t length = read_text(directory, "comm", info->comm, sizeof info->comm);
  if (length > 0 && info->comm[length - 1] == '\n')
    info->comm[length - 1] = '\0';
}

static void
read_exe(int directory, PnatProcInfo *info)
{
  ssize_t length = readlinkat(directory, "exe", info->exe, sizeof info->exe - 1);
  info->exe[MAX(length, 0)] = '\0';
}

/* Unit and container. */

/* Where distributions mount the hierarchies, file-hierarchy(7). */
static void
hierarchy_path(const PnatCgroup *cgroup, char *path, gsize size)
{
  const char *name = cgroup->hierarchy;

  if (name[0] == '\0')
    name = access(CGROUPS "/cgroup.controllers", F_OK) == 0 ? "." : "unified";
  else if (g_str_has_prefix(name, "name="))
    name += strlen("name=");
  /* Of "cpu,cpuacct" there is a link for each. */
  g_snprintf(path, size, "%s/%.*s%s", CGROUPS, (int)strcspn(name, ","), name, cgroup->keeper);
}

/* FALSE when it is not to be known: a path from outside of our own cgroup namespace does not lead there. */
static gboolean
keeper_owner(const PnatCgroup *cgroup, uid_t *owner)
{
  char path[sizeof CGROUPS + PNAT_HIERARCHY_TEXT + PNAT_KEEPER_TEXT];
  struct stat info;

  hierarchy_path(cgroup, path, sizeof path);
  if (strstr(cgroup->keeper, "/../") != NULL || stat(path, &info) != 0)
    return FALSE;
  *owner = info.st_uid;
  return TRUE;
}

static void
read_cgroup(int directory, PnatProcInfo *info)
{
  char text[CGROUP_TEXT];
  PnatCgroup cgroup;
  uid_t owner;

  ssize_t length = read_text(directory, "cgroup", text, sizeof text);
  char *end = strrchr(text, '\n');
  if (length == sizeof text - 1 && end != NULL) /* the rest of the last line is missing */
    *end = '\0';
  pnat_cgroup_parse(&cgroup, text);
  g_strlcpy(info->unit, cgroup.unit, sizeof info->unit);
  info->container[0] = '\0';
  if (cgroup.container[0] == '\0' || !keeper_owner(&cgroup, &owner))
    return;
  if (owner == 0)
    g_strlcpy(info->container, cgroup.container, sizeof info->container);
  else
    g_snprintf(info->container, sizeof info->container, "%u:%s", owner, cgroup.container);
}

/* All of it. */

gboolean
pnat_procinfo_read_at(int directory, guint32 pid, PnatProcInfo *info)
{
  PnatProcStat stat;

  memset(info, 0, sizeof *info);
  if (!read_stat(directory, "stat", &stat) || !read_users(directory, info))
    return FALSE;
  info->pid = pid;
  info->ppid = stat.ppid;
  info->start = stat.start;
  info->auid = read_id(directory, "loginuid");
  info->ses = read_id(directory, "sessionid");
  read_comm(directory, info);
  read_exe(directory, info);
  read_cgroup(directory, info);
  /* What was read of a process that ended in between is not all there. */
  return read_stat(directory, "stat", &stat);
}

gboolean
pnat_procinfo_read(guint32 pid, PnatProcInfo *info)
{
  int directory = pnat_procinfo_open(pid);
  if (directory < 0)
    return FALSE;
  gboolean alive = pnat_procinfo_read_at(directory, pid, info);
  close(directory);
  return alive;
}

guint
pnat_procinfo_ancestors(guint32 pid, guint32 ancestors[PNAT_ANCESTORS])
{
  PnatProcStat child, parent;
  guint count = 0;

  memset(ancestors, 0, PNAT_ANCESTORS * sizeof ancestors[0]);
  if (!pnat_procinfo_stat(pid, &child))
    return 0;
  for (; count < PNAT_ANCESTORS && child.ppid != 0 && pnat_procinfo_stat(child.ppid, &parent); child = parent) {
    if (parent.start > child.start)
      break;
    ancestors[count++] = child.ppid;
  }
  return count;
}
