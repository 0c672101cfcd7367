/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lines to syslog. A message is stamped when its record is made: a stalled daemon does not shift it.
 */
#include "sink_syslog.h"

#include <syslog.h>

#include "syslog_socket.h"

#define IDENT "pnat"

/* How long to wait for a daemon that does not read, ms. */
#define DAEMON_WAIT 200

typedef struct {
  PnatSyslogSocket *socket;
  int facility;
  const PnatFormat *format;
} Output;

static void
render(gconstpointer data, const PnatRecord *record, GString *payload)
{
  const Output *self = data;
  g_autoptr(GString) line = g_string_new(NULL);

  /* A format may look at what stands in its line: it gets one of its own. */
  self->format->write(record, line);
  pnat_syslog_header(payload, self->facility | LOG_INFO, IDENT);
  g_string_append_len(payload, line->str, (gssize)line->len);
}

static gboolean
deliver(gpointer data, const char *payload, gsize length, GError **error)
{
  const Output *self = data;

  return pnat_syslog_socket_send(self->socket, payload, length, DAEMON_WAIT, error);
}

static void
output_free(gpointer data)
{
  Output *self = data;

  pnat_syslog_socket_free(self->socket);
  g_free(self);
}

const PnatSinkKind pnat_sink_syslog = { .name = "syslog", .render = render, .deliver = deliver, .free = output_free };

gpointer
pnat_sink_syslog_new(const char *path, int facility, const PnatFormat *format)
{
  Output *self = g_new0(Output, 1);

  self->socket = pnat_syslog_socket_new(path);
  self->facility = facility;
  self->format = format;
  return self;
}
