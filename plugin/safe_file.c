/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is checked is what was opened: descriptors, never names.
 */
#include "safe_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"

#define FILE_MODE 0640
#define DIRECTORY_MODE 0750
#define MAX_LINKS 40 /* as in the kernel, path_resolution(7) */

/* O_NONBLOCK is for FIFOs; regular files do not know it. */
#define FILE_FLAGS (O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Sets @error from errno, and leaves errno as it was. @returns FALSE */
static gboolean
fail(const char *path, GError **error)
{
  int saved_errno = errno;

  pnat_error_set_errno(error, saved_errno, "%s", path);
  errno = saved_errno;
  return FALSE;
}

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *message = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_UNSAFE, message);
  errno = EPERM;
  return FALSE;
}

static gboolean
is_trusted(uid_t owner)
{
  return owner == 0 || owner == geteuid();
}

static gboolean
check_writers(const char *path, const struct stat *stat, GError **error)
{
  if (!is_trusted(stat->st_uid))
    return refuse(error, "%s: belongs to uid %u, who could forge records; run: chown root %s", path, stat->st_uid, path);
  if ((stat->st_mode & S_ISVTX) != 0 && (stat->st_mode & S_IWOTH) != 0)
    return refuse(error, "%s: everybody may write to it, as is meant; name a directory of pnat's own, such as %s/pnat", path, path);
  if ((stat->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse(error, "%s: its mode %04o lets %s write to it, who could forge records; run: chmod go-w %s", path,
                  stat->st_mode & 07777, (stat->st_mode & S_IWOTH) != 0 ? "everybody" : "its group", path);
  return TRUE;
}

static gboolean
give_to_group(int fd, const char *path, gid_t group, GError **error)
{
  int saved_errno;

  if (fchown(fd, (uid_t)-1, group) == 0)
    return TRUE;
  saved_errno = errno;
  pnat_error_set_errno(error, saved_errno, "%s: giving it to log_group", path);
  errno = saved_errno;
  return FALSE;
}

/* A new file or directory: the mode is set anew because of umask(2). */
static gboolean
own(int fd, const char *path, mode_t mode, gid_t group, GError **error)
{
  return give_to_group(fd, path, group, error) && (fchmod(fd, mode) == 0 || fail(path, error));
}

static void
close_quietly(int fd)
{
  int saved_errno = errno;

  if (fd >= 0)
    close(fd);
  errno = saved_errno;
}

/*
 * The way to a directory, one name after the other, each looked up in the directory that was checked before. Links are read and
 * walked here and not by the kernel, so that there is no moment between check and use in which another could be put in place.
 */
typedef struct {
  const char *path; /* that was asked for */
  char *names;      /* what is left of it, and of links on the way, from here on: */
  const char *left;
  char *reached;      /* the name of the directory that was reached, for messages */
  int fd;             /* and its descriptor, O_PATH */
  struct stat stat;   /* of it */
  unsigned int links; /* that were followed */
  gboolean shared;    /* whether others than root may rename what is in one above */
  gboolean created;   /* whether the directory that was reached was made here */
} Walk;

static void
walk_clear(Walk *walk)
{
  close_quietly(walk->fd);
  g_free(walk->names);
  g_free(walk->reached);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Walk, walk_clear)

/* Takes @fd. */
static gboolean
reach(Walk *walk, int fd, const char *name, GError **error)
{
  close_quietly(walk->fd);
  walk->fd = fd;
  g_free(walk->reached);
  walk->reached = g_strdup(name);
  if (fd < 0 || fstat(fd, &walk->stat) != 0)
    return fail(name, error);
  errno = ENOTDIR;
  return S_ISDIR(walk->stat.st_mode) || fail(name, error);
}

/* Where @path, or the target of a link, is absolute. */
static gboolean
start(Walk *walk, const char *path, GError **error)
{
  const char *from = g_path_is_absolute(path) ? "/" : ".";

  return reach(walk, open(from, O_PATH | O_DIRECTORY | O_CLOEXEC), from, error);
}

/* Takes the next name off what is left. @returns (transfer full) NULL at the end */
static char *
next_name(Walk *walk)
{
  for (;;) {
    const char *name = walk->left + strspn(walk->left, "/");
    gsize length = strcspn(name, "/");

    walk->left = name + length;
    if (length == 0)
      return NULL;
    if (length > 1 || *name != '.')
      return g_strndup(name, length);
  }
}

static gboolean
is_last(const Walk *walk)
{
  return walk->left[strspn(walk->left, "/")] == '\0';
}

/*
 * Whoever may write to a directory above can put another in the place of ours. A group may: /var/log is root:syslog 0775 in
 * Ubuntu. What such a group puts there is its own, and refused for that, or it is a directory of root's that was there before.
 */
static gboolean
check_above(const Walk *walk, GError **error)
{
  const struct stat *stat = &walk->stat;

  if (!is_trusted(stat->st_uid))
    return refuse(error, "%s: belongs to uid %u, who could put another directory in the place of %s", walk->reached, stat->st_uid,
                  walk->path);
  if ((stat->st_mode & S_IWOTH) != 0 && (stat->st_mode & S_ISVTX) == 0)
    return refuse(error, "%s: its mode %04o lets everybody put another directory in the place of %s; run: chmod o-w %s",
                  walk->reached, stat->st_mode & 07777, walk->path, walk->reached);
  return TRUE;
}

/* Not with the sticky bit: and to another directory no one can move a directory that he may not write to, rename(2). */
static gboolean
is_shared(const struct stat *stat)
{
  return (stat->st_mode & S_ISVTX) == 0 && (stat->st_mode & S_IWGRP) != 0 && stat->st_gid != 0;
}

/* A link is as good as whoever made it, or may have moved it here: it leads out of the directory. */
static gboolean
check_link(const Walk *walk, const char *name, uid_t owner, GError **error)
{
  mode_t mode = walk->stat.st_mode;

  if (!is_trusted(owner))
    return refuse(error, "%s: is a symbolic link made by uid %u, who could lead it anywhere", name, owner);
  if ((mode & (S_IWGRP | S_IWOTH)) != 0 && (mode & S_ISVTX) == 0)
    return refuse(error,
                  "%s: is a symbolic link, which the group of %s could replace by another of root's; name the directory that it "
                  "leads to, or run: chmod g-w %s",
                  name, walk->reached, walk->reached);
  return TRUE;
}

/* @fd: of the link, O_PATH */
static gboolean
follow(Walk *walk, int fd, const char *name, GError **error)
{
  char target[PATH_MAX];
  ssize_t length = readlinkat(fd, "", target, sizeof target - 1);
  char *names;

  if (length < 0)
    return fail(name, error);
  errno = ELOOP;
  if (++walk->links > MAX_LINKS)
    return fail(name, error);
  target[length] = '\0';
  names = g_strconcat(target, walk->left, NULL);
  g_free(walk->names);
  walk->left = walk->names = names;
  walk->created = FALSE;
  return target[0] != '/' || start(walk, target, error);
}

/* @returns a descriptor (O_PATH), or -1 and errno; the last of all names is made where it is missing */
static int
open_name(Walk *walk, const char *name)
{
  int fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

  if (fd >= 0 || errno != ENOENT || !is_last(walk))
    return fd;
  walk->created = mkdirat(walk->fd, name, DIRECTORY_MODE) == 0;
  if (!walk->created && errno != EEXIST)
    return -1;
  return openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static gboolean
step(Walk *walk, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename(walk->reached, name, NULL);
  int fd = open_name(walk, name);
  struct stat stat;
  gboolean followed;

  if (fd < 0 && errno == ENOENT) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_IO, "%s: %s; run: mkdir %s", path, g_strerror(ENOENT), path);
    errno = ENOENT;
    return FALSE;
  }
  if (fd < 0 || fstat(fd, &stat) != 0 || !S_ISLNK(stat.st_mode))
    return reach(walk, fd, path, error);
  followed = check_link(walk, path, stat.st_uid, error) && follow(walk, fd, path, error);
  close_quietly(fd);
  return followed;
}

static gboolean
walk_there(Walk *walk, GError **error)
{
  for (;;) {
    g_autofree char *name = next_name(walk);

    if (name == NULL)
      return TRUE;
    if (!check_above(walk, error))
      return FALSE;
    walk->shared |= is_shared(&walk->stat);
    if (!step(walk, name, error))
      return FALSE;
  }
}

/* As "make install" makes them: root's, and nobody else's. Where others may rename it may be another by that name. */
static gboolean
is_pnats_own(const Walk *walk)
{
  g_autofree char *name = g_path_get_basename(walk->path);
  return strcmp(name, "pnat") == 0 && walk->stat.st_gid == 0 && walk->links == 0 && !walk->shared;
}

/* @returns a descriptor to read from, or -1, errno and @error */
static int
open_reached(const Walk *walk, gid_t group, GError **error)
{
  int fd;

  if (!check_writers(walk->path, &walk->stat, error))
    return -1;
  fd = openat(walk->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    fail(walk->path, error);
    return -1;
  }
  if (!walk->created && group != (gid_t)-1 && walk->stat.st_gid != group && is_pnats_own(walk))
    give_to_group(fd, walk->path, group, NULL); /* else it stays as it is */
  if (!walk->created || own(fd, walk->path, DIRECTORY_MODE, group, error))
    return fd;
  close_quietly(fd);
  return -1;
}

int
pnat_safe_directory_open(const char *path, gid_t group, GError **error)
{
  g_auto(Walk) walk = { .path = path, .names = g_strdup(path), .fd = -1 };

  walk.left = walk.names;
  if (!start(&walk, path, error) || !walk_there(&walk, error))
    return -1;
  return open_reached(&walk, group, error);
}

/* @returns a descriptor, or -1 and errno */
static int
open_or_create(int directory, const char *name, gboolean *created)
{
  int fd = openat(directory, name, FILE_FLAGS | O_NOFOLLOW);

  *created = fd < 0 && errno == ENOENT;
  if (*created)
    fd = openat(directory, name, FILE_FLAGS | O_NOFOLLOW | O_CREAT | O_EXCL, FILE_MODE);
  return fd;
}

static gboolean
check_file(int fd, const char *path, gid_t group, struct stat *stat, GError **error)
{
  if (fstat(fd, stat) != 0)
    return fail(path, error);
  if (!S_ISREG(stat->st_mode) && !S_ISFIFO(stat->st_mode))
    return refuse(error, "%s: is neither a regular file nor a FIFO", path);
  if (!check_writers(path, stat, error))
    return FALSE;
  return !S_ISREG(stat->st_mode) || group == (gid_t)-1 || stat->st_gid == group || give_to_group(fd, path, group, error);
}

/* open(2) says the same of a FIFO that nobody reads and of a socket. What is wrong with either need not wait for a reader. @returns FALSE and
 * @error; TRUE with errno as it was */
static gboolean
check_unread(int directory, const char *name, const char *path, GError **error)
{
  struct stat stat;

  if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
    if (S_ISSOCK(stat.st_mode))
      return refuse(error, "%s: is a socket; name a file or a FIFO", path);
    if (!check_writers(path, &stat, error))
      return FALSE;
  }
  errno = ENXIO;
  return TRUE;
}

static int
open_in(int directory, const char *path, gid_t group, struct stat *stat, GError **error)
{
  g_autofree char *name = g_path_get_basename(path);
  gboolean created;
  int fd = open_or_create(directory, name, &created);

  if (fd < 0 && errno == ELOOP) {
    refuse(error, "%s: is a symbolic link; name the file that it leads to", path);
    return -1;
  }
  if (fd < 0 && errno == ENXIO && !check_unread(directory, name, path, error))
    return -1;
  if (fd < 0) {
    fail(path, error);
    return -1;
  }
  if ((!created || own(fd, path, FILE_MODE, group, error)) && check_file(fd, path, group, stat, error))
    return fd;
  close_quietly(fd);
  return -1;
}

static int
open_device(const char *path, struct stat *stat, GError **error)
{
  int fd = open(path, FILE_FLAGS);

  if (fd < 0 || fstat(fd, stat) != 0)
    fail(path, error);
  return fd;
}

gboolean
pnat_safe_file_is_device(const char *path)
{
  g_autofree char *directory = g_path_get_dirname(path);

  return g_str_equal(directory, "/dev") || g_str_equal(directory, "/dev/fd");
}

int
pnat_safe_file_open(const char *path, gid_t group, struct stat *stat, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(path);
  int directory_fd, fd;

  if (pnat_safe_file_is_device(path))
    return open_device(path, stat, error);
  directory_fd = pnat_safe_directory_open(directory, group, error);
  if (directory_fd < 0)
    return -1;
  fd = open_in(directory_fd, path, group, stat, error);
  close_quietly(directory_fd);
  return fd;
}

gboolean
pnat_safe_file_check(const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(path), *name = g_path_get_basename(path);
  int directory_fd = pnat_safe_directory_open(directory, (gid_t)-1, error);
  struct stat stat;

  if (directory_fd < 0)
    return FALSE;
  int fd = openat(directory_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  gboolean taken = fd >= 0 ? check_file(fd, path, (gid_t)-1, &stat, error) : fail(path, error);
  close_quietly(fd);
  close_quietly(directory_fd);
  return taken;
}

gboolean
pnat_safe_file_group(const char *name, gid_t *group, GError **error)
{
  struct group entry, *found = NULL;
  g_autofree char *buffer = g_malloc(64 * 1024);
  int failure = getgrnam_r(name, &entry, buffer, 64 * 1024, &found);

  if (found == NULL) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_CONFIG, "log_group: %s: %s", name,
                failure != 0 ? g_strerror(failure) : "there is no such group");
    return FALSE;
  }
  *group = found->gr_gid;
  return TRUE;
}
