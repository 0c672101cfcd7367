/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See control.h. The directory is held open: whoever may move what is above it must not have another file changed.
 */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "log.h"
#include "safe_file.h"

#define MODE 0660

/* Seconds until it is tried again to accept, when there was no descriptor or memory for it. */
#define PAUSE 1

struct PnatControl {
  PnatControlOptions options;
  char *path; /* for messages */
  char *name; /* in the directory */
  int directory;
  PnatControlFunc func;
  gpointer data;
  GSocket *socket;
  GSource *source;  /* (nullable) while it pauses */
  guint pause;      /* source that ends it */
  struct stat made; /* the socket in the file system, as it was made */
};

/* Who asks. */

static gboolean
is_member(const PnatControl *control, int fd)
{
  socklen_t length = 0;

  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 || errno != ERANGE)
    return FALSE;
  g_autofree gid_t *groups = g_malloc(length);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0)
    return FALSE;
  for (gsize i = 0; i < length / sizeof *groups; i++)
    if (groups[i] == control->options.group)
      return TRUE;
  return FALSE;
}

static gboolean
may_ask(const PnatControl *control, int fd)
{
  struct ucred who;
  socklen_t length = sizeof who;

  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) != 0)
    return FALSE;
  if (who.uid == 0)
    return TRUE;
  return control->options.group != (gid_t)-1 && (who.gid == control->options.group || is_member(control, fd));
}

static void listen_from_now_on(PnatControl *control);

static gboolean
resume(gpointer data)
{
  PnatControl *control = data;
  control->pause = 0;
  listen_from_now_on(control);
  return G_SOURCE_REMOVE;
}

/* One at a time. The text is far shorter than what a socket takes at once, so nobody is waited for. */
static gboolean
answer(GSocket *socket, GIOCondition condition, gpointer data)
{
  PnatControl *control = data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocket) caller = g_socket_accept(socket, NULL, &error);

  if (caller == NULL && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    g_clear_pointer(&control->source, g_source_unref);
    control->pause = g_timeout_add_seconds(PAUSE, resume, control);
    return G_SOURCE_REMOVE;
  }
  if (caller == NULL || !may_ask(control, g_socket_get_fd(caller)))
    return G_SOURCE_CONTINUE;
  g_socket_set_blocking(caller, FALSE);
  g_autofree char *text = control->func(control->data);
  g_autofree char *lines = g_strconcat(text, "\n", NULL);
  g_socket_send(caller, lines, strlen(lines), NULL, NULL);
  return G_SOURCE_CONTINUE;
}

static void
listen_from_now_on(PnatControl *control)
{
  control->source = g_socket_create_source(control->socket, G_IO_IN, NULL);
  g_source_set_priority(control->source, G_PRIORITY_LOW);
  g_source_set_callback(control->source, G_SOURCE_FUNC(answer), control, NULL);
  g_source_attach(control->source, NULL);
}

/* The socket in the file system. */

/* By way of the open directory, proc(5). */
static GSocketAddress *
address(const PnatControl *control)
{
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", control->directory, control->name);
  return g_unix_socket_address_new(path);
}

static gboolean
somebody_listens(const PnatControl *control)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GSocketAddress) there = address(control);
  g_autoptr(GSocket) caller = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);

  if (caller == NULL)
    return FALSE;
  g_socket_set_blocking(caller, FALSE);
  return g_socket_connect(caller, there, NULL, &error) || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* Removes what another plugin left. */
static gboolean
make_way(const PnatControl *control, GError **error)
{
  struct stat there;

  if (fstatat(control->directory, control->name, &there, AT_SYMLINK_NOFOLLOW) != 0)
    return TRUE;
  if (!S_ISSOCK(there.st_mode)) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_UNSAFE, "%s: is something else than a socket; move it away, or set control_socket",
                control->path);
    return FALSE;
  }
  if (!control->options.takes_over && somebody_listens(control)) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_IO, "%s: another plugin listens there; set control_socket to another path, or to none",
                control->path);
    return FALSE;
  }
  if (unlinkat(control->directory, control->name, 0) == 0 || errno == ENOENT)
    return TRUE;
  pnat_error_set_errno(error, errno, "%s", control->path);
  return FALSE;
}

/* @fd: of the socket in the file system itself, O_PATH */
static gboolean
give_to_group(PnatControl *control, int fd)
{
  g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
  gid_t group = control->options.group != (gid_t)-1 ? control->options.group : getegid();

  return fstat(fd, &control->made) == 0 && S_ISSOCK(control->made.st_mode) && chown(path, (uid_t)-1, group) == 0 &&
         chmod(path, MODE) == 0;
}

/* Nobody can connect between: a socket is made with the mode that its descriptor had, and not listened to yet. */
static gboolean
bind_in_directory(PnatControl *control, GError **error)
{
  g_autoptr(GSocketAddress) there = address(control);

  if (fchmod(g_socket_get_fd(control->socket), 0600) != 0) {
    pnat_error_set_errno(error, errno, "%s", control->path);
    return FALSE;
  }
  if (!make_way(control, error) || !g_socket_bind(control->socket, there, FALSE, error))
    return FALSE;
  int fd = openat(control->directory, control->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  gboolean given = fd >= 0 && give_to_group(control, fd);
  if (!given)
    pnat_error_set_errno(error, errno, "%s", control->path);
  if (fd >= 0)
    close(fd);
  return given;
}

/* One that is there keeps its group: it may hold other things. */
static void
look_at_directory(const PnatControl *control)
{
  gid_t group = control->options.group;
  g_autofree char *directory = g_path_get_dirname(control->path);
  struct stat status;

  if (group != (gid_t)-1 && fstat(control->directory, &status) == 0 && status.st_gid != group && (status.st_mode & S_IXOTH) == 0)
    pnat_log_warning("%s: members of log_group cannot enter its directory; run: chgrp %u %s", control->path, (guint)group, directory);
}

static gboolean
open_socket(PnatControl *control, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(control->path);

  control->directory = pnat_safe_directory_open(directory, control->options.group, error);
  if (control->directory < 0)
    return FALSE;
  look_at_directory(control);
  control->socket = g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (control->socket == NULL)
    return FALSE;
  g_socket_set_blocking(control->socket, FALSE);
  return bind_in_directory(control, error) && g_socket_listen(control->socket, error);
}

PnatControl *
pnat_control_new(const PnatControlOptions *options, PnatControlFunc func, gpointer data, GError **error)
{
  PnatControl *control = g_new0(PnatControl, 1);

  control->options = *options;
  control->path = g_strdup(options->path);
  control->options.path = control->path;
  control->name = g_path_get_basename(options->path);
  control->directory = -1;
  control->func = func;
  control->data = data;
  if (!open_socket(control, error)) {
    pnat_control_free(control);
    return NULL;
  }
  listen_from_now_on(control);
  return control;
}

static void
remove_socket(const PnatControl *control)
{
  struct stat there;
  if (fstatat(control->directory, control->name, &there, AT_SYMLINK_NOFOLLOW) == 0 && there.st_ino == control->made.st_ino &&
      there.st_dev == control->made.st_dev)
    unlinkat(control->directory, control->name, 0);
}

void
pnat_control_free(PnatControl *control)
{
  if (control == NULL)
    return;
  if (control->source != NULL) {
    g_source_destroy(control->source);
    g_source_unref(control->source);
  }
  g_clear_handle_id(&control->pause, g_source_remove);
  if (control->made.st_ino != 0)
    remove_socket(control);
  g_clear_object(&control->socket);
  if (control->directory >= 0)
    close(control->directory);
  g_free(control->path);
  g_free(control->name);
  g_free(control);
}
