/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Diagnostics to standard error and syslog. The state is the process's, as standard error is.
 */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "syslog_socket.h"

#define IDENT "pnat-plugin"

/* Below PIPE_BUF: poll(2) says of a pipe that so much can be written without waiting. */
#define MAX_LINE 2048

#define SELDOM G_TIME_SPAN_HOUR

/* Messages kept for who asks. */
#define RECENT 16

static GMutex lock;
static PnatSyslogSocket *syslog_socket; /* (nullable) */
static guint64 missed_stderr;
static guint64 missed_syslog;
static char *recent[RECENT]; /* a ring */
static guint n_recent;       /* ever */

void
pnat_log_to_syslog(const char *path)
{
  g_mutex_lock(&lock);
  g_clear_pointer(&syslog_socket, pnat_syslog_socket_free);
  if (path != NULL)
    syslog_socket = pnat_syslog_socket_new(path);
  g_mutex_unlock(&lock);
}

static const char *const levels[] = { [PNAT_LOG_ERROR] = "error: ", [PNAT_LOG_WARNING] = "warning: ", [PNAT_LOG_NOTICE] = "", [PNAT_LOG_INFO] = "" };

static gboolean
write_stderr(PnatLogLevel level, const char *line)
{
  g_autofree char *text = g_strdup_printf(IDENT ": %s%s\n", levels[level], line);
  struct pollfd writable = { .fd = STDERR_FILENO, .events = POLLOUT };
  gsize length = strlen(text);

  return poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0 && write(STDERR_FILENO, text, length) == (ssize_t)length;
}

static gboolean
write_syslog(PnatLogLevel level, const char *line)
{
  g_autoptr(GString) text = g_string_new(NULL);

  pnat_syslog_header(text, LOG_DAEMON | (int)level, IDENT);
  g_string_append(text, line);
  if (pnat_syslog_socket_send(syslog_socket, text->str, text->len, 0, NULL))
    return TRUE;
  pnat_syslog_socket_close(syslog_socket); /* half a message in a stream must not be continued by another */
  return FALSE;
}

typedef gboolean (*Writer)(PnatLogLevel level, const char *line);

/* Lock held. */
static void
write_line(Writer write_to, guint64 *missed, PnatLogLevel level, const char *line)
{
  if (*missed > 0) {
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT " messages before this were lost", *missed);

    if (write_to(PNAT_LOG_WARNING, text))
      *missed = 0;
  }
  if (!write_to(level, line))
    (*missed)++;
}

/* Names of files and processes may be part of a message. */
static void
make_printable(char *line)
{
  if (strlen(line) > MAX_LINE)
    line[MAX_LINE] = '\0';
  for (; *line != '\0'; line++)
    if (g_ascii_iscntrl(*line))
      *line = '?';
}

/* Lock held. */
static void
keep_line(PnatLogLevel level, const char *line)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  g_autofree char *time = g_date_time_format(now, "%FT%TZ");
  char **place = &recent[n_recent++ % RECENT];

  g_free(*place);
  *place = g_strconcat(time, " ", levels[level], line, NULL);
}

char *
pnat_log_recent(void)
{
  g_autoptr(GString) text = g_string_new(NULL);

  g_mutex_lock(&lock);
  for (guint i = n_recent > RECENT ? n_recent - RECENT : 0; i < n_recent; i++)
    g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", recent[i % RECENT]);
  g_mutex_unlock(&lock);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
log_lines(PnatLogLevel level, const char *text)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

  g_mutex_lock(&lock);
  for (char **line = lines; *line != NULL; line++) {
    if (**line == '\0')
      continue;
    make_printable(*line);
    if (level != PNAT_LOG_INFO)
      keep_line(level, *line);
    write_line(write_stderr, &missed_stderr, level, *line);
    if (syslog_socket != NULL)
      write_line(write_syslog, &missed_syslog, level, *line);
  }
  g_mutex_unlock(&lock);
}

void
pnat_log(PnatLogLevel level, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  log_lines(level, text);
}

void
pnat_log_seldom(PnatLogSeldom *seldom, PnatLogLevel level, const char *format, ...)
{
  gint64 now = g_get_monotonic_time();

  if (seldom->next != 0 && now < seldom->next) {
    seldom->held_back++;
    return;
  }
  va_list args;
  va_start(args, format);
  g_autofree char *text = g_strdup_vprintf(format, args);
  va_end(args);
  if (seldom->held_back > 0)
    pnat_log(level, "%s (and %" G_GUINT64_FORMAT " times since this was last said)", text, seldom->held_back);
  else
    log_lines(level, text);
  *seldom = (PnatLogSeldom){ .next = now + SELDOM };
}
