/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See written.h.
 */
#include "written.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "format.h"

struct PnatWritten {
  GHashTable *ends; /* identity (char *) to end (gint64 *) */
  PnatWrittenLineFunc func; /* (nullable) */
  gpointer data;
};

PnatWritten *
pnat_written_new(void)
{
  PnatWritten *written = g_new0(PnatWritten, 1);
  written->ends = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return written;
}

void
pnat_written_free(PnatWritten *written)
{
  if (written == NULL)
    return;
  g_hash_table_unref(written->ends);
  g_free(written);
}

/* What a record is known by, as its line has it. */
typedef struct {
  const char *kind;
  const char *host;
  guint64 pid;
  const char *direction;
  const char *ip;
  guint64 port;
  const char *first; /* event id; "-" for a connection that was there before, which its start tells from others */
  const char *start;
} Name;

/*
 * The port of an inbound peer is left out when there are several, so it does not tell flows apart. The host comes last: it is the
 * one word that may hold a blank.
 */
static char *
identity(const Name *name)
{
  return g_strdup_printf("%s %" G_GUINT64_FORMAT " %s %s %" G_GUINT64_FORMAT " %s %s", name->kind, name->pid, name->direction, name->ip,
                         strcmp(name->direction, "in") == 0 ? 0 : name->port,
                         strcmp(name->first, "-") == 0 ? name->start : name->first, name->host);
}

static char *
identity_of(const PnatRecord *record, PnatRecordKind kind)
{
  char ip[PNAT_ADDRESS_TEXT], first[PNAT_EVENT_ID_TEXT], start[PNAT_TIME_TEXT];
  const Name name = {
    .kind = pnat_record_kind_name(kind),
    .host = record->host,
    .pid = record->pid,
    .direction = pnat_direction_name(record->direction),
    .ip = pnat_address_text(&record->remote, ip),
    .port = record->remote.port,
    .first = pnat_event_id_text(&record->first, first),
    .start = pnat_time_text(record->start, start),
  };
  return identity(&name);
}

static gint64
parse_time(const char *text)
{
  g_autoptr(GDateTime) time = text != NULL ? g_date_time_new_from_iso8601(text, NULL) : NULL;
  return time != NULL ? g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000 : 0;
}

static void
add(PnatWritten *written, char *known, const char *end)
{
  gint64 *time = g_new(gint64, 1);
  *time = parse_time(end);
  g_hash_table_replace(written->ends, known, time);
}

/* key=value. The keys that are needed stand before, or with, nothing that a process chose but in quotes. */

/* @value: without its quotes, if it had any, and as it was before it was escaped */
static gboolean
next_pair(char **at, char **key, char **value)
{
  while (**at == ' ')
    (*at)++;
  char *equals = strchr(*at, '=');
  if (equals == NULL)
    return FALSE;
  *key = *at;
  *equals = '\0';
  *value = equals + 1;
  char *end = *value;
  gboolean quoted = *end == '"';
  if (quoted)
    for (end = ++*value; *end != '\0' && *end != '"'; end++)
      if (*end == '\\' && end[1] != '\0')
        end++;
  char *behind = end;
  while (*behind != '\0' && *behind != ' ')
    behind++;
  *at = *behind == '\0' ? behind : behind + 1;
  *(quoted ? end : behind) = '\0';
  if (quoted)
    pnat_unescape(*value);
  return TRUE;
}

static void
add_kv(PnatWritten *written, char *line)
{
  enum { EVENT, START, END, HOST, PID, DIRECTION, REMOTE_IP, REMOTE_PORT, FIRST, N_KEYS };
  static const char *const keys[] = { "event", "start", "end", "host", "pid", "direction", "remote_ip", "remote_port", "first" };
  const char *values[N_KEYS] = { NULL };
  char *key, *value;

  while (next_pair(&line, &key, &value))
    for (gsize i = 0; i < N_KEYS; i++)
      if (strcmp(keys[i], key) == 0)
        values[i] = value;
  for (gsize i = 0; i < N_KEYS; i++)
    if (values[i] == NULL)
      return;
  if (strcmp(values[EVENT], "end") != 0 && strcmp(values[EVENT], "start") != 0)
    return;
  const Name name = {
    .kind = values[EVENT],
    .host = values[HOST],
    .pid = g_ascii_strtoull(values[PID], NULL, 10),
    .direction = values[DIRECTION],
    .ip = values[REMOTE_IP],
    .port = g_ascii_strtoull(values[REMOTE_PORT], NULL, 10),
    .first = values[FIRST],
    .start = values[START],
  };
  add(written, identity(&name), values[END]);
}

/* JSON. */

static JsonNode *
member(JsonObject *object, const char *parent, const char *name)
{
  JsonNode *node = json_object_get_member(object, parent);
  return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_object_get_member(json_node_get_object(node), name) : NULL;
}

static const char *
text(JsonObject *object, const char *parent, const char *name)
{
  JsonNode *node = member(object, parent, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

/* What is not known is left out of JSON. */
static const char *
word(JsonObject *object, const char *parent, const char *name)
{
  const char *known = text(object, parent, name);
  return known != NULL ? known : "-";
}

static guint64
number(JsonObject *object, const char *parent, const char *name)
{
  JsonNode *node = member(object, parent, name);
  return node != NULL && JSON_NODE_HOLDS_VALUE(node) ? (guint64)json_node_get_int(node) : 0;
}

static const char *
kind_of(JsonObject *object)
{
  JsonNode *node = member(object, "event", "type");
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node) || json_array_get_length(json_node_get_array(node)) < 2)
    return NULL;
  return json_array_get_string_element(json_node_get_array(node), 1);
}

static void
add_json(PnatWritten *written, const char *line, gsize length)
{
  g_autoptr(JsonParser) parser = json_parser_new();
  if (!json_parser_load_from_data(parser, line, (gssize)length, NULL) || !JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)))
    return;
  JsonObject *object = json_node_get_object(json_parser_get_root(parser));
  const char *kind = kind_of(object), *ecs = text(object, "network", "direction");
  g_autofree char *host = g_strdup(text(object, "host", "name"));
  if (kind == NULL || ecs == NULL || host == NULL || (strcmp(kind, "end") != 0 && strcmp(kind, "start") != 0))
    return;

  pnat_unescape_invalid(host);
  const char *direction = strcmp(ecs, "ingress") == 0 ? "in" : strcmp(ecs, "egress") == 0 ? "out" : "-";
  const char *peer = strcmp(direction, "in") == 0 ? "source" : "destination";
  const Name name = {
    .kind = kind,
    .host = host,
    .pid = number(object, "process", "pid"),
    .direction = direction,
    .ip = word(object, peer, "ip"),
    .port = number(object, peer, "port"),
    .first = word(object, "pnat", "first_event"),
    .start = word(object, "event", "start"),
  };
  add(written, identity(&name), text(object, "event", "end"));
}

void
pnat_written_set_line_func(PnatWritten *written, PnatWrittenLineFunc func, gpointer data)
{
  written->func = func;
  written->data = data;
}

void
pnat_written_add_line(PnatWritten *written, const char *line, gsize length)
{
  if (written->func != NULL)
    written->func(line, length, written->data);
  if (length > 0 && *line == '{') {
    add_json(written, line, length);
    return;
  }
  g_autofree char *copy = g_strndup(line, length);
  add_kv(written, copy);
}

gboolean
pnat_written_has(const PnatWritten *written, const PnatRecord *record)
{
  if (record->kind != PNAT_RECORD_START && record->kind != PNAT_RECORD_END)
    return FALSE;
  g_autofree char *known = identity_of(record, record->kind);
  return g_hash_table_contains(written->ends, known);
}

gint64
pnat_written_end(const PnatWritten *written, const PnatRecord *record)
{
  g_autofree char *known = identity_of(record, PNAT_RECORD_END);
  const gint64 *end = g_hash_table_lookup(written->ends, known);
  return end != NULL ? *end : 0;
}

guint
pnat_written_size(const PnatWritten *written)
{
  return g_hash_table_size(written->ends);
}
