/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See fuzz.h.
 */
#include "fuzz.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "lib/format.h"
#include "lib/written.h"

/* The last ms that RFC 3339 can say. */
#define YEAR_9999 G_GINT64_CONSTANT(253402300799999)

/* What GLib complains of is a mistake of ours. */
__attribute__((constructor)) static void
complaints_are_fatal(void)
{
  g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
}

guint64
fuzz_take(FuzzInput *input, guint n)
{
  guint64 value = 0;
  for (; n > 0 && input->size > 0; n--)
    value = value << 8 | input->data[--input->size];
  return value;
}

guint64
fuzz_next(FuzzInput *input, guint n)
{
  guint64 value = 0;
  for (; n > 0 && input->size > 0; n--, input->size--)
    value = value << 8 | *input->data++;
  return value;
}

/* xorshift64, G. Marsaglia, Xorshift RNGs, 2003. */
guint32
fuzz_random(guint64 *random)
{
  *random ^= *random << 13;
  *random ^= *random >> 7;
  *random ^= *random << 17;
  return (guint32)(*random >> 32);
}

char *
fuzz_copy(const FuzzInput *input, gboolean nul)
{
  char *copy = g_malloc(MAX(input->size + (nul ? 1 : 0), 1));
  if (input->size > 0)
    memcpy(copy, input->data, input->size);
  if (nul)
    copy[input->size] = '\0';
  return copy;
}

void
fuzz_check_text(const char *text, gsize length, const char *what)
{
  const char *end;

  FUZZ_CHECK(g_utf8_validate(text, (gssize)length, &end), "%s: byte %d is not UTF-8", what, (int)(end - text));
  for (const char *at = text; at < text + length; at = g_utf8_next_char(at))
    FUZZ_CHECK(!pnat_char_is_hidden(g_utf8_get_char(at)), "%s: U+%04X at %d", what, g_utf8_get_char(at), (int)(at - text));
}

/* key=value, read by other rules than it was written by: strictly from left to right. */

typedef struct {
  const char *at;
  const PnatRecord *record;
} Reader;

static char
unescape(const char **at)
{
  static const char letters[] = "ntr\"\\", bytes[] = "\n\t\r\"\\";
  const char *letter = strchr(letters, (*at)[1]);

  FUZZ_CHECK((*at)[1] != '\0', "a backslash at the end");
  if (letter != NULL) {
    *at += 2;
    return bytes[letter - letters];
  }
  FUZZ_CHECK((*at)[1] == 'x' && g_ascii_isxdigit((*at)[2]) && g_ascii_isxdigit((*at)[3]), "a bad escape: %.4s", *at);
  char byte = (char)(g_ascii_xdigit_value((*at)[2]) * 16 + g_ascii_xdigit_value((*at)[3]));
  *at += 4;
  return byte;
}

/* @returns (transfer full) the value's bytes */
static char *
read_value(Reader *reader, gboolean *quoted)
{
  GString *value = g_string_new(NULL);

  *quoted = *reader->at == '"';
  if (!*quoted) {
    while (*reader->at != '\0' && *reader->at != ' ')
      g_string_append_c(value, *reader->at++);
    return g_string_free(value, FALSE);
  }
  for (reader->at++; *reader->at != '"';) {
    FUZZ_CHECK(*reader->at != '\0', "a quote that does not end");
    g_string_append_c(value, *reader->at == '\\' ? unescape(&reader->at) : *reader->at++);
  }
  reader->at++;
  return g_string_free(value, FALSE);
}

static void
check_field(const char *key, const char *value, gboolean is_string, gpointer data)
{
  Reader *reader = data;
  gsize length = strlen(key);
  gboolean quoted;

  FUZZ_CHECK(strncmp(reader->at, key, length) == 0 && reader->at[length] == '=', "%s= was to come at: %s", key, reader->at);
  reader->at += length + 1;
  g_autofree char *read = read_value(reader, &quoted);
  FUZZ_CHECK(value == NULL || quoted || !is_string, "%s stands without quotes: %s", key, read);
  FUZZ_CHECK(value != NULL || !quoted, "%s is not known, and quoted", key);
  FUZZ_CHECK(strcmp(read, value != NULL ? value : "-") == 0, "%s is %s, and reads %s", key, value, read);
  FUZZ_CHECK(*reader->at == ' ' || *reader->at == '\0', "behind %s follows: %s", key, reader->at);
  if (*reader->at == ' ')
    reader->at++;
}

static void
check_kv(const PnatRecord *record, const GString *line)
{
  Reader reader = { line->str, record };
  pnat_format_foreach_field(record, check_field, &reader);
  FUZZ_CHECK(*reader.at == '\0', "more keys: %s", reader.at);
}

static void
check_json(const GString *line)
{
  g_autoptr(JsonParser) parser = json_parser_new();
  g_autoptr(GError) error = NULL;
  FUZZ_CHECK(json_parser_load_from_data(parser, line->str, (gssize)line->len, &error), "%s in %s", error->message, line->str);
  FUZZ_CHECK(JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)), "no object: %s", line->str);
}

/* What a crash depends on: the line in the log tells that the record was written. */
static void
check_written(const PnatRecord *record, const GString *line)
{
  g_autoptr(PnatWritten) written = pnat_written_new();

  pnat_written_add_line(written, line->str, line->len);
  gboolean counts = record->kind == PNAT_RECORD_START || record->kind == PNAT_RECORD_END;
  FUZZ_CHECK(pnat_written_has(written, record) == counts, "the record is not known again: %s", line->str);
  if (record->kind == PNAT_RECORD_END && record->end <= YEAR_9999)
    FUZZ_CHECK(pnat_written_end(written, record) == record->end, "%" G_GINT64_FORMAT " is not the end of: %s", pnat_written_end(written, record),
               line->str);
}

static void
check_values(const PnatRecord *record)
{
  FUZZ_CHECK(record->host != NULL, "no host");
  FUZZ_CHECK(record->start <= record->last, "%" G_GINT64_FORMAT " > %" G_GINT64_FORMAT, record->start, record->last);
  FUZZ_CHECK((record->end != 0) == (record->kind == PNAT_RECORD_END || record->kind == PNAT_RECORD_LOSS), "end=%" G_GINT64_FORMAT, record->end);
  FUZZ_CHECK(record->end == 0 || record->last <= record->end, "%" G_GINT64_FORMAT " > %" G_GINT64_FORMAT, record->last, record->end);
  if (record->kind == PNAT_RECORD_LOSS)
    return;
  FUZZ_CHECK(record->failed <= record->connections + record->calls, "%u of %u", record->failed, record->connections); /* sendto(2) fails too */
  FUZZ_CHECK(record->tx >= -1 && record->rx >= -1, "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, record->tx, record->rx);
  FUZZ_CHECK((record->kind == PNAT_RECORD_START) == (record->reason == PNAT_REASON_NONE), "reason %d", (int)record->reason);
  FUZZ_CHECK((record->kind == PNAT_RECORD_UPDATE) == (record->reason == PNAT_REASON_ACTIVE), "reason %d", (int)record->reason);
}

void
fuzz_check_record(const PnatRecord *record, gpointer data)
{
  g_autoptr(GString) kv = g_string_new(NULL);
  g_autoptr(GString) json = g_string_new(NULL);

  check_values(record);
  pnat_format_kv.write(record, kv);
  pnat_format_json.write(record, json);
  fuzz_check_text(kv->str, kv->len, "kv");
  fuzz_check_text(json->str, json->len, "json");
  check_kv(record, kv);
  check_json(json);
  check_written(record, kv);
  check_written(record, json);
}
