/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lines to a file. All state is the sink's thread's; a descriptor of -1 means that the file is to be opened before the next line,
 * whatever the reason was.
 */
#include "sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "lib/error.h"
#include "safe_file.h"

/* How long to wait for the reader of a FIFO, ms. */
#define FIFO_WAIT 200

/* How often to look whether the path still leads to the open file. */
#define LOOK_INTERVAL G_TIME_SPAN_SECOND

typedef struct {
  char *path;
  gid_t group;
  const PnatFormat *format;
  gboolean is_device;
  int fd;           /* -1 = not open */
  struct stat stat; /* of fd, when it was opened */
  gsize offset;     /* bytes of the payload under way that were written and cannot be taken back */
  gint64 next_look; /* monotonic µs */
} Output;

static void
close_file(Output *self)
{
  if (self->fd >= 0)
    close(self->fd);
  self->fd = -1;
  self->offset = 0;
}

/* The file was left in the middle of a line: by a crash, or whoever wrote to it before. */
static gboolean
ends_in_half_line(const Output *self)
{
  int fd = S_ISREG(self->stat.st_mode) && self->stat.st_size > 0 ? open(self->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
  char last = '\n';

  if (fd < 0)
    return FALSE;
  if (pread(fd, &last, 1, self->stat.st_size - 1) != 1)
    last = '\n';
  close(fd);
  return last != '\n';
}

/* @returns FALSE, errno and @error */
static gboolean
ensure_open(Output *self, GError **error)
{
  if (self->fd >= 0)
    return TRUE;
  self->fd = pnat_safe_file_open(self->path, self->group, &self->stat, error);
  if (self->fd < 0)
    return FALSE;
  self->next_look = g_get_monotonic_time() + LOOK_INTERVAL;
  if (ends_in_half_line(self) && write(self->fd, "\n", 1) != 1) {
    int saved_errno = errno;

    close_file(self);
    pnat_error_set_errno(error, saved_errno, "%s", self->path);
    errno = saved_errno;
    return FALSE;
  }
  return TRUE;
}

/* Deleted, or the path leads elsewhere: nobody would find what is written now. */
static gboolean
is_lost(Output *self)
{
  gint64 now = g_get_monotonic_time();
  struct stat stat;

  if (self->fd < 0 || self->is_device)
    return FALSE;
  if (fstat(self->fd, &stat) == 0 && stat.st_nlink == 0)
    return TRUE;
  if (now < self->next_look)
    return FALSE;
  self->next_look = now + LOOK_INTERVAL;
  if (lstat(self->path, &stat) != 0)
    return errno == ENOENT || errno == ENOTDIR;
  return stat.st_ino != self->stat.st_ino || stat.st_dev != self->stat.st_dev;
}

/* Half a line is in the file. Where that cannot be undone (a FIFO, a file with chattr +a) the rest is to follow. */
static void
take_back(Output *self)
{
  struct stat stat;

  if (self->offset > 0 && fstat(self->fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size >= (off_t)self->offset
      && ftruncate(self->fd, stat.st_size - (off_t)self->offset) == 0)
    self->offset = 0;
}

/* @returns FALSE and errno */
static gboolean
write_rest(Output *self, const char *payload, gsize length)
{
  while (self->offset < length) {
    ssize_t written = write(self->fd, payload + self->offset, length - self->offset);

    if (written >= 0)
      self->offset += (gsize)written;
    else if (errno != EINTR)
      return FALSE;
  }
  self->offset = 0;
  return TRUE;
}

static gboolean
write_waiting(Output *self, const char *payload, gsize length)
{
  struct pollfd writable = { .fd = self->fd, .events = POLLOUT };

  if (write_rest(self, payload, length))
    return TRUE;
  if (errno != EAGAIN)
    return FALSE;
  if (poll(&writable, 1, FIFO_WAIT) > 0)
    return write_rest(self, payload, length);
  errno = EAGAIN;
  return FALSE;
}

/* The open file is of no use any more: the reader of a FIFO went away, or the file system. */
static gboolean
is_broken(int error)
{
  return error != EAGAIN && error != ENOSPC && error != EDQUOT && error != EFBIG;
}

static gboolean
deliver(gpointer data, const char *payload, gsize length, GError **error)
{
  Output *self = data;
  int saved_errno;

  if (is_lost(self))
    close_file(self);
  if (!ensure_open(self, error))
    return FALSE;
  if (write_waiting(self, payload, length))
    return TRUE;
  saved_errno = errno;
  take_back(self);
  if (is_broken(saved_errno))
    close_file(self);
  pnat_error_set_errno(error, saved_errno, "%s", self->path);
  return FALSE;
}

static void
reopen(gpointer data)
{
  Output *self = data;

  /* A line that was begun is finished where it was begun. */
  if (self->offset == 0)
    close_file(self);
  /* At once and not with the next line, so that who rotates logs finds it; what is wrong is said when that line comes. */
  ensure_open(self, NULL);
}

static void
render(gconstpointer data, const PnatRecord *record, GString *payload)
{
  const Output *self = data;

  self->format->write(record, payload);
  g_string_append_c(payload, '\n');
}

static void
output_free(gpointer data)
{
  Output *self = data;

  close_file(self);
  g_free(self->path);
  g_free(self);
}

const PnatSinkKind pnat_sink_file
    = { .name = "file", .render = render, .deliver = deliver, .reopen = reopen, .free = output_free };

/* Failures that may pass by themselves; the others are for whoever wrote the configuration. */
static gboolean
may_pass(int error)
{
  return error == ENXIO || error == ENOSPC || error == EDQUOT || error == EIO || error == ENFILE || error == EMFILE
         || error == ENOMEM;
}

gpointer
pnat_sink_file_new(const PnatSinkFileOptions *options, GError **error)
{
  Output *self = g_new0(Output, 1);
  g_autoptr(GError) failure = NULL;

  self->fd = -1;
  self->path = g_strdup(options->path);
  self->format = options->format;
  self->is_device = pnat_safe_file_is_device(options->path);
  if (pnat_safe_file_group(options->group, &self->group, &failure) && (ensure_open(self, &failure) || may_pass(errno)))
    return self;
  g_propagate_error(error, g_steal_pointer(&failure));
  output_free(self);
  return NULL;
}
