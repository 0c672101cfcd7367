/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records to the journal through GLib's writer, which speaks the native protocol and waits for as long as journald does not
 * read: it is the sink's thread that waits, and pnat_sink_stop() may leave it behind.
 *
 * The payload is "name NUL value NUL" for each field: no value of a record holds a NUL.
 */
#include "sink_journal.h"

#include <errno.h>
#include <string.h>

#include "lib/error.h"
#include "lib/format.h"

#define FIELD_PREFIX "PNAT_"

/* More than the key=value format has keys. */
#define MAX_FIELDS 64

typedef struct {
  char *facility; /* the number without its shift, as SYSLOG_FACILITY has it */
} Output;

static void
append_field(GString *payload, const char *name, const char *value)
{
  g_string_append(payload, name);
  g_string_append_c(payload, '\0');
  g_string_append(payload, value);
  g_string_append_c(payload, '\0');
}

static void
append_key(const char *key, const char *value, gboolean is_string, gpointer data)
{
  GString *payload = data;

  (void)is_string;
  if (value == NULL)
    return;
  g_string_append(payload, FIELD_PREFIX);
  for (; *key != '\0'; key++)
    g_string_append_c(payload, g_ascii_toupper(*key));
  append_field(payload, "", value);
}

static void
render(gconstpointer data, const PnatRecord *record, GString *payload)
{
  const Output *self = data;
  g_autoptr(GString) line = g_string_new(NULL);

  pnat_format_kv.write(record, line);
  append_field(payload, "MESSAGE", line->str);
  append_field(payload, "MESSAGE_ID", PNAT_JOURNAL_MESSAGE_ID);
  append_field(payload, "PRIORITY", "6");
  append_field(payload, "SYSLOG_IDENTIFIER", "pnat");
  append_field(payload, "SYSLOG_FACILITY", self->facility);
  pnat_format_foreach_field(record, append_key, payload);
}

static gboolean
deliver(gpointer data, const char *payload, gsize length, GError **error)
{
  const char *end = payload + length;
  GLogField fields[MAX_FIELDS];
  gsize n = 0;

  (void)data;
  while (payload < end && n < MAX_FIELDS) {
    const char *value = payload + strlen(payload) + 1;

    fields[n++] = (GLogField){ .key = payload, .value = value, .length = -1 };
    payload = value + strlen(value) + 1;
  }
  errno = 0;
  if (g_log_writer_journald(G_LOG_LEVEL_MESSAGE, fields, n, NULL) == G_LOG_WRITER_HANDLED)
    return TRUE;
  pnat_error_set_errno(error, errno != 0 ? errno : ENOTCONN, "%s", PNAT_JOURNAL_PATH);
  return FALSE;
}

static void
output_free(gpointer data)
{
  Output *self = data;

  g_free(self->facility);
  g_free(self);
}

const PnatSinkKind pnat_sink_journal = { .name = "journal", .render = render, .deliver = deliver, .free = output_free };

gpointer
pnat_sink_journal_new(int facility)
{
  Output *self = g_new0(Output, 1);

  self->facility = g_strdup_printf("%d", facility >> 3);
  return self;
}
