/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See auditlog.h. All files that are needed are opened at once, oldest first: rotation renames them, and an open one
 * stays what it is.
 */
#include "auditlog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "nodename.h"

/* num_logs of auditd.conf(5) is at most this. */
#define MAX_FILES 999

/* Bytes of a file in which some events stand. */
#define HEAD (32 * 1024)

/* Bytes that are read rather than searched. */
#define NEAR (1024 * 1024)

/* ms by which events in a file may be older than those before them: calls are stamped when they begin. */
#define MARGIN 60000

struct PnatAuditLog {
  GArray *fds; /* of int; oldest file first */
  guint at;
};

/* The newest time among the events in a file's HEAD bytes from @offset on, ms since 1970; 0 = there is none. One event alone may be of a
 * call that began long before it was logged. */
static gint64
newest_around(int fd, off_t offset)
{
  g_autofree char *head = g_malloc(HEAD + 1);
  gint64 newest = 0;
  ssize_t length = pread(fd, head, HEAD, offset);

  if (length <= 0)
    return 0;
  head[length] = '\0';
  for (const char *at = head; (at = strstr(at, "msg=audit(")) != NULL;) {
    at += strlen("msg=audit(");
    newest = MAX(newest, g_ascii_strtoll(at, NULL, 10) * 1000);
  }
  return newest;
}

/* Goes to a line of the file before which all is older than @since. */
static void
seek(int fd, gint64 since)
{
  struct stat stat;
  off_t from = 0, to = fstat(fd, &stat) == 0 ? stat.st_size : 0;

  while (to - from > NEAR) {
    off_t middle = from + (to - from) / 2;
    gint64 time = newest_around(fd, middle);
    if (time != 0 && time < since - MARGIN)
      from = middle;
    else
      to = middle;
  }
  lseek(fd, from, SEEK_SET); /* a line that this cuts through is of no use, and passed over */
}

static int
open_nth(const char *path, guint n)
{
  g_autofree char *name = n == 0 ? g_strdup(path) : g_strdup_printf("%s.%u", path, n);
  return open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* From the newest file back to the one that begins before @since. */
static void
open_files(PnatAuditLog *log, const char *path, gint64 since)
{
  for (guint n = 0; n <= MAX_FILES; n++) {
    int fd = open_nth(path, n);
    if (fd < 0)
      break;
    g_array_prepend_val(log->fds, fd);
    gint64 first = newest_around(fd, 0);
    if (first != 0 && first < since - MARGIN)
      break;
  }
  if (log->fds->len > 0)
    seek(g_array_index(log->fds, int, 0), since);
}

char *
pnat_audit_log_path(const char *config, GError **error)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents(config, &text, NULL, error))
    return NULL;
  g_autofree char *writes = pnat_auditd_option(text, "write_logs");
  if (writes != NULL && g_ascii_strcasecmp(writes, "no") == 0) {
    g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_INPUT, "auditd writes no log (write_logs = no)");
    return NULL;
  }
  char *path = pnat_auditd_option(text, "log_file");
  return path != NULL ? path : g_strdup("/var/log/audit/audit.log");
}

PnatAuditLog *
pnat_audit_log_open(const char *config, gint64 since, GError **error)
{
  g_autofree char *path = pnat_audit_log_path(config, error);
  if (path == NULL)
    return NULL;

  g_autoptr(PnatAuditLog) log = g_new0(PnatAuditLog, 1);
  log->fds = g_array_new(FALSE, FALSE, sizeof(int));
  open_files(log, path, since);
  if (log->fds->len == 0) {
    pnat_error_set_errno(error, errno, "%s", path);
    return NULL;
  }
  return g_steal_pointer(&log);
}

void
pnat_audit_log_free(PnatAuditLog *log)
{
  if (log == NULL)
    return;
  for (guint i = 0; i < log->fds->len; i++)
    close(g_array_index(log->fds, int, i));
  g_array_unref(log->fds);
  g_free(log);
}

gsize
pnat_audit_log_read(PnatAuditLog *log, char *buffer, gsize size)
{
  while (log->at < log->fds->len) {
    ssize_t length = read(g_array_index(log->fds, int, log->at), buffer, size);
    if (length > 0)
      return (gsize)length;
    if (length < 0 && errno == EINTR)
      continue;
    if (log->at + 1 == log->fds->len)
      return 0;
    log->at++;
  }
  return 0;
}
