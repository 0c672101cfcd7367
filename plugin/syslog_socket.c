/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One connection to a syslog daemon, never blocking for longer than asked.
 */
#include "syslog_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"

#define CUT_MARK " [cut]"

/* A shorter piece than this says nothing: then it is not the length that is wrong. */
#define CUT_SHORTEST 256

struct PnatSyslogSocket {
  char *path;
  int fd;       /* -1 = not connected */
  int type;     /* SOCK_DGRAM or SOCK_STREAM */
  gsize offset; /* bytes of the message that a stream has taken already */
};

PnatSyslogSocket *
pnat_syslog_socket_new(const char *path)
{
  PnatSyslogSocket *self = g_new0(PnatSyslogSocket, 1);

  self->path = g_strdup(path);
  self->fd = -1;
  return self;
}

void
pnat_syslog_socket_close(PnatSyslogSocket *self)
{
  if (self->fd >= 0)
    close(self->fd);
  self->fd = -1;
  self->offset = 0;
}

void
pnat_syslog_socket_free(PnatSyslogSocket *self)
{
  if (self == NULL)
    return;
  pnat_syslog_socket_close(self);
  g_free(self->path);
  g_free(self);
}

/* @returns a connected descriptor, or -1 and errno */
static int
connect_as(const char *path, int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    int saved_errno = errno;

    close(fd);
    errno = saved_errno;
    return -1;
  }
  return fd;
}

static gboolean
ensure_connected(PnatSyslogSocket *self)
{
  if (self->fd >= 0)
    return TRUE;
  self->type = SOCK_DGRAM;
  self->fd = connect_as(self->path, SOCK_DGRAM);
  if (self->fd < 0 && errno == EPROTOTYPE) {
    self->type = SOCK_STREAM;
    self->fd = connect_as(self->path, SOCK_STREAM);
  }
  return self->fd >= 0;
}

/* One send; on a stream, of what is left. @returns TRUE when the message is complete, else FALSE and errno */
static gboolean
send_rest(PnatSyslogSocket *self, const char *message, gsize length)
{
  /* A stream's messages end in a NUL, as syslog(3) ends them. */
  gsize whole = self->type == SOCK_STREAM ? length + 1 : length;
  ssize_t sent;

  while (self->offset < whole) {
    sent = send(self->fd, message + self->offset, whole - self->offset, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
      return FALSE;
    self->offset += (gsize)sent;
  }
  self->offset = 0;
  return TRUE;
}

static gboolean
send_waiting(PnatSyslogSocket *self, const char *message, gsize length, int timeout)
{
  struct pollfd writable = { .fd = self->fd, .events = POLLOUT };

  if (send_rest(self, message, length))
    return TRUE;
  if (errno != EAGAIN || timeout == 0)
    return FALSE;
  if (poll(&writable, 1, timeout) <= 0) {
    errno = EAGAIN;
    return FALSE;
  }
  return send_rest(self, message, length);
}

/* The daemon this was connected to is gone. */
static gboolean
is_hangup(int error)
{
  return error == ECONNREFUSED || error == ENOTCONN || error == EDESTADDRREQ || error == ENOENT || error == EPIPE
         || error == ECONNRESET;
}

static gboolean
send_connecting(PnatSyslogSocket *self, const char *message, gsize length, int timeout)
{
  gboolean was_connected = self->fd >= 0;

  if (!ensure_connected(self))
    return FALSE;
  if (send_waiting(self, message, length, timeout))
    return TRUE;
  if (!is_hangup(errno))
    return FALSE;
  pnat_syslog_socket_close(self);
  return was_connected && ensure_connected(self) && send_waiting(self, message, length, timeout);
}

/* The beginning of @message, of about @length bytes with the mark. */
static GString *
cut(const char *message, gsize length)
{
  GString *piece = g_string_new_len(message, (gssize)(length - strlen(CUT_MARK)));
  const char *end;

  if (!g_utf8_validate(piece->str, (gssize)piece->len, &end) && piece->len - (gsize)(end - piece->str) < 4)
    g_string_truncate(piece, (gsize)(end - piece->str));
  return g_string_append(piece, CUT_MARK);
}

/* @returns TRUE when a beginning of @message was sent, else FALSE and errno */
static gboolean
send_cut(PnatSyslogSocket *self, const char *message, gsize length, int timeout)
{
  for (gsize shorter = length * 3 / 4; shorter >= CUT_SHORTEST; shorter = shorter * 3 / 4) {
    g_autoptr(GString) piece = cut(message, shorter);

    if (send_connecting(self, piece->str, piece->len, timeout))
      return TRUE;
    if (errno != EMSGSIZE)
      return FALSE;
  }
  errno = EMSGSIZE;
  return FALSE;
}

gboolean
pnat_syslog_socket_send(PnatSyslogSocket *self, const char *message, gsize length, int timeout, GError **error)
{
  if (send_connecting(self, message, length, timeout))
    return TRUE;
  if (errno == EMSGSIZE && send_cut(self, message, length, timeout))
    return TRUE;
  pnat_error_set_errno(error, errno, "%s", self->path);
  return FALSE;
}

void
pnat_syslog_header(GString *text, int priority, const char *ident)
{
  static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  time_t now = time(NULL);
  struct tm tm;

  localtime_r(&now, &tm);
  g_string_append_printf(text, "<%d>%s %2d %02d:%02d:%02d %s[%d]: ", priority, months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
                         tm.tm_min, tm.tm_sec, ident, (int)getpid());
}

gboolean
pnat_syslog_socket_is_served(const char *path)
{
  g_autoptr(PnatSyslogSocket) probe = pnat_syslog_socket_new(path);

  return ensure_connected(probe);
}
