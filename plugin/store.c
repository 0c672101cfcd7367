/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See store.h.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/state.h"
#include "log.h"
#include "safe_file.h"

/* Far more than any state: 16 M flows. */
#define MAX_BYTES (4ull * 1024 * 1024 * 1024)

/* Bytes that a snapshot may take where there is none yet. */
#define LEAST_ROOM (64 * 1024)

struct PnatStore {
  char *dir;
  int dir_fd; /* locked: one plugin at a time */
  char *path;
  GMutex mutex;
  GCond changed;
  GByteArray *waiting; /* (nullable) */
  gboolean stop;
  gboolean done; /* the thread has nothing more to do */
  GThread *thread;
};

static gboolean
write_all(int fd, const guint8 *bytes, gsize length)
{
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    bytes += n;
    length -= (gsize)n;
  }
  return TRUE;
}

static gboolean
replace(const PnatStore *store, const GByteArray *bytes)
{
  g_autofree char *temporary = g_strconcat(store->path, ".new", NULL);
  unlink(temporary);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  gboolean written = write_all(fd, bytes->data, bytes->len) && fsync(fd) == 0;
  int saved_errno = errno;
  close(fd);
  if (written && rename(temporary, store->path) == 0) {
    fsync(store->dir_fd);
    return TRUE;
  }
  saved_errno = written ? errno : saved_errno;
  unlink(temporary);
  errno = saved_errno;
  return FALSE;
}

/* The next snapshot, or NULL when it is time to stop. */
static GByteArray *
next(PnatStore *store)
{
  g_mutex_lock(&store->mutex);
  while (store->waiting == NULL && !store->stop)
    g_cond_wait(&store->changed, &store->mutex);
  GByteArray *bytes = g_steal_pointer(&store->waiting);
  if (bytes == NULL) {
    store->done = TRUE;
    g_cond_broadcast(&store->changed);
  }
  g_mutex_unlock(&store->mutex);
  return bytes;
}

static gpointer
run(gpointer data)
{
  static PnatLogSeldom seldom;
  PnatStore *store = data;
  GByteArray *bytes;

  while ((bytes = next(store)) != NULL) {
    pnat_state_seal(bytes);
    if (!replace(store, bytes))
      pnat_log_seldom(&seldom, PNAT_LOG_ERROR, "%s: %s: after a crash now, flows open at that moment would be lost", store->path,
                      g_strerror(errno));
    g_byte_array_unref(bytes);
  }
  return NULL;
}

/* The lock goes with the descriptor, whatever ends the process. */
static gboolean
lock(int fd, const char *dir, GError **error)
{
  if (flock(fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno == EWOULDBLOCK)
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_BUSY, "%s: another plugin keeps its state here", dir);
  else
    pnat_error_set_errno(error, errno, "%s: flock", dir);
  return FALSE;
}

PnatStore *
pnat_store_new(const char *dir, GError **error)
{
  int fd = pnat_safe_directory_open(dir, (gid_t)-1, error);
  if (fd < 0)
    return NULL;
  if (!lock(fd, dir, error)) {
    close(fd);
    return NULL;
  }
  PnatStore *store = g_new0(PnatStore, 1);
  store->dir = g_strdup(dir);
  store->dir_fd = fd;
  store->path = g_build_filename(dir, "state", NULL);
  g_mutex_init(&store->mutex);
  g_cond_init(&store->changed);
  store->thread = g_thread_new("store", run, store);
  return store;
}

void
pnat_store_free(PnatStore *store, gint64 deadline)
{
  if (store == NULL)
    return;
  g_mutex_lock(&store->mutex);
  store->stop = TRUE;
  g_cond_broadcast(&store->changed);
  while (!store->done && g_cond_wait_until(&store->changed, &store->mutex, deadline))
    ;
  gboolean done = store->done;
  g_mutex_unlock(&store->mutex);
  if (!done) {
    pnat_log_error("%s: the state could not be written in time", store->path);
    return; /* the thread hangs in the kernel; exit(3) ends it */
  }
  g_thread_join(store->thread);
  g_mutex_clear(&store->mutex);
  g_cond_clear(&store->changed);
  close(store->dir_fd);
  g_free(store->dir);
  g_free(store->path);
  g_free(store);
}

void
pnat_store_save(PnatStore *store, GByteArray *bytes)
{
  g_mutex_lock(&store->mutex);
  g_clear_pointer(&store->waiting, g_byte_array_unref);
  store->waiting = bytes;
  g_cond_broadcast(&store->changed);
  g_mutex_unlock(&store->mutex);
}

/* As much as the last snapshot was, and half as much again. */
static gboolean
has_room(const PnatStore *store, int fd)
{
  struct stat stat;
  off_t last = lstat(store->path, &stat) == 0 ? stat.st_size : 0;

  return fallocate(fd, 0, 0, last + last / 2 + LEAST_ROOM) == 0 || errno == EOPNOTSUPP || errno == ENOSYS;
}

gboolean
pnat_store_can_write(const PnatStore *store, GError **error)
{
  g_autofree char *trial = g_strconcat(store->path, ".try", NULL);
  unlink(trial);
  int fd = open(trial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  gboolean can_write = fd >= 0 && has_room(store, fd);

  if (!can_write)
    pnat_error_set_errno(error, errno, "%s", store->path);
  if (fd >= 0) {
    close(fd);
    unlink(trial);
  }
  return can_write;
}

static gboolean
is_safe(int fd, const char *path, gsize *length, GError **error)
{
  struct stat stat;
  if (fstat(fd, &stat) != 0) {
    pnat_error_set_errno(error, errno, "%s", path);
    return FALSE;
  }
  *length = (gsize)stat.st_size;
  if (S_ISREG(stat.st_mode) && (stat.st_mode & 022) == 0 && (stat.st_uid == 0 || stat.st_uid == geteuid()) &&
      (guint64)stat.st_size <= MAX_BYTES)
    return TRUE;
  g_set_error(error, PNAT_ERROR, PNAT_ERROR_UNSAFE, "others than root may have written it");
  return FALSE;
}

static GBytes *
read_all(int fd, gsize length)
{
  char *bytes = g_malloc(MAX(length, 1));
  gsize have = 0;
  ssize_t n;
  while (have < length && ((n = read(fd, bytes + have, length - have)) > 0 || (n < 0 && errno == EINTR)))
    have += (gsize)MAX(n, 0);
  return g_bytes_new_take(bytes, have);
}

GBytes *
pnat_store_load(PnatStore *store, GError **error)
{
  gsize length;
  int fd = open(store->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    if (errno != ENOENT)
      pnat_error_set_errno(error, errno, "%s", store->path);
    return NULL;
  }
  GBytes *bytes = is_safe(fd, store->path, &length, error) ? read_all(fd, length) : NULL;
  close(fd);
  return bytes;
}

gint64
pnat_store_time(const PnatStore *store)
{
  struct stat stat;
  return lstat(store->path, &stat) == 0 ? (gint64)stat.st_mtim.tv_sec * 1000 + stat.st_mtim.tv_nsec / 1000000 : 0;
}

void
pnat_store_set_aside(PnatStore *store, const char *why)
{
  g_autofree char *aside = g_strconcat(store->path, ".refused", NULL);
  pnat_log_warning("%s: %s; it is set aside as %s", store->path, why, aside);
  rename(store->path, aside);
}
