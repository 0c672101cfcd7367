/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * JSON with the names of the Elastic Common Schema 8.11 (https://www.elastic.co/guide/en/ecs/8.11/), nested,
 * and pnat.* for what ECS has no name for. What is not known is left out.
 */
#include "format.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "community_id.h"

#define ECS_VERSION "8.11.0"

/* The root object, and the objects in it, made when their first member is set. */
static JsonObject *
child(JsonObject *parent, const char *name)
{
  JsonObject *object;

  if (json_object_has_member(parent, name))
    return json_object_get_object_member(parent, name);
  object = json_object_new();
  json_object_set_object_member(parent, name, object);
  return object;
}

/* Words of ours: ASCII, "-" for what is not known. */
static void
set_word(JsonObject *object, const char *name, const char *value)
{
  if (value != NULL && strcmp(value, "-") != 0)
    json_object_set_string_member(object, name, value);
}

/* Bytes of anyone's. */
static void
set_string(JsonObject *parent, const char *object, const char *name, const char *bytes)
{
  g_autoptr(GString) text = NULL;

  if (bytes == NULL)
    return;
  text = g_string_new(NULL);
  pnat_escape_invalid(text, bytes);
  json_object_set_string_member(child(parent, object), name, text->str);
}

static void
set_number(JsonObject *object, const char *name, guint64 value)
{
  json_object_set_int_member(object, name, (gint64)MIN(value, G_MAXINT64));
}

static void
set_time(JsonObject *object, const char *name, gint64 time)
{
  char text[PNAT_TIME_TEXT];

  set_word(object, name, pnat_time_text(time, text));
}

/* ECS has user ids as keywords: Windows has SIDs. */
static void
set_id(JsonObject *parent, const char *object, guint32 value)
{
  char text[16];

  if (value == PNAT_ID_UNSET)
    return;
  g_snprintf(text, sizeof text, "%u", value);
  json_object_set_string_member(object != NULL ? child(parent, object) : parent, "id", text);
}

static void
set_words(JsonObject *object, const char *name, const char *first, const char *second)
{
  JsonArray *array = json_array_new();

  json_array_add_string_element(array, first);
  if (second != NULL)
    json_array_add_string_element(array, second);
  json_object_set_array_member(object, name, array);
}

static void
set_entity_id(JsonObject *root, guint64 entity)
{
  char text[17];

  if (entity == 0)
    return;
  g_snprintf(text, sizeof text, "%016" G_GINT64_MODIFIER "x", entity);
  json_object_set_string_member(child(root, "process"), "entity_id", text);
}

/* In ns, as ECS wants it. */
static void
set_duration(JsonObject *event, const PnatRecord *record)
{
  gint64 duration;

  if (record->start == 0 || record->end == 0 || __builtin_sub_overflow(record->end, record->start, &duration) || duration < 0
      || __builtin_mul_overflow(duration, G_GINT64_CONSTANT(1000000), &duration))
    return;
  json_object_set_int_member(event, "duration", duration);
}

static const char *
outcome(const PnatRecord *record)
{
  switch (record->outcome) {
  case PNAT_OUTCOME_OK:
    return "success";
  case PNAT_OUTCOME_FAILED:
    return "failure";
  default:
    return "unknown";
  }
}

static void
add_event(JsonObject *root, const PnatRecord *record)
{
  JsonObject *event = child(root, "event");

  json_object_set_string_member(event, "kind", "event");
  set_words(event, "category", "network", NULL);
  set_words(event, "type", "connection", record->kind == PNAT_RECORD_UPDATE ? "info" : pnat_record_kind_name(record->kind));
  json_object_set_string_member(event, "action", "network_flow");
  json_object_set_string_member(event, "dataset", "pnat.flow");
  json_object_set_string_member(event, "module", "pnat");
  json_object_set_string_member(event, "outcome", outcome(record));
  set_time(event, "start", record->start);
  if (record->kind == PNAT_RECORD_END) {
    set_time(event, "end", record->end);
    set_duration(event, record);
  }
  set_word(event, "reason", pnat_reason_name(record->reason));
}

static void
add_process(JsonObject *root, const PnatRecord *record)
{
  if (record->pid != 0)
    set_number(child(root, "process"), "pid", record->pid);
  set_string(root, "process", "name", record->comm);
  set_string(root, "process", "executable", record->exe);
  set_string(root, "process", "command_line", record->cmd);
  set_entity_id(root, record->entity);
  if (record->ppid != PNAT_ID_UNSET)
    set_number(child(child(root, "process"), "parent"), "pid", record->ppid);
}

static void
add_user(JsonObject *root, const PnatRecord *record)
{
  if (record->uid == PNAT_ID_UNSET && record->euid == PNAT_ID_UNSET && record->auid == PNAT_ID_UNSET)
    return;
  set_id(child(root, "user"), NULL, record->uid);
  set_id(child(root, "user"), "effective", record->euid);
  set_id(child(root, "user"), "audit", record->auid);
}

static void
add_network(JsonObject *root, const PnatRecord *record)
{
  static const char *const directions[] = {
    [PNAT_DIRECTION_UNKNOWN] = "unknown",
    [PNAT_DIRECTION_OUT] = "egress",
    [PNAT_DIRECTION_IN] = "ingress",
  };
  JsonObject *network = child(root, "network");
  guint8 family = record->remote.family != PNAT_FAMILY_NONE ? record->remote.family : record->local.family;
  char id[PNAT_COMMUNITY_ID_TEXT];

  json_object_set_string_member(network, "direction", directions[record->direction]);
  set_word(network, "transport", pnat_proto_name(record->proto));
  if (family != PNAT_FAMILY_NONE)
    json_object_set_string_member(network, "type", family == PNAT_FAMILY_IPV4 ? "ipv4" : "ipv6");
  if (record->tx >= 0 && record->rx >= 0)
    set_number(network, "bytes", (guint64)record->tx + (guint64)record->rx);
  if (pnat_community_id(id, record->proto, &record->local, &record->remote))
    json_object_set_string_member(network, "community_id", id);
}

/* @bytes: that this side sent */
static void
add_side(JsonObject *root, const char *name, const PnatAddress *address, gint64 bytes)
{
  char text[PNAT_ADDRESS_TEXT];

  if (address->family != PNAT_FAMILY_NONE)
    json_object_set_string_member(child(root, name), "ip", pnat_address_text(address, text));
  if (address->port != 0)
    set_number(child(root, name), "port", address->port);
  if (bytes >= 0)
    set_number(child(root, name), "bytes", (guint64)bytes);
}

static void
add_related(JsonObject *root, const PnatRecord *record)
{
  const PnatAddress *addresses[] = { &record->local, &record->remote };
  gsize count = pnat_address_same_host(&record->local, &record->remote) ? 1 : G_N_ELEMENTS(addresses);
  JsonArray *ips = json_array_new();
  char text[PNAT_ADDRESS_TEXT];

  for (gsize i = 0; i < count; i++)
    if (addresses[i]->family != PNAT_FAMILY_NONE)
      json_array_add_string_element(ips, pnat_address_text(addresses[i], text));
  if (json_array_get_length(ips) > 0)
    json_object_set_array_member(child(root, "related"), "ip", g_steal_pointer(&ips));
  g_clear_pointer(&ips, json_array_unref);
}

/* The source is who opened: the peer when inbound, else this host. */
static void
add_sides(JsonObject *root, const PnatRecord *record)
{
  gboolean inbound = record->direction == PNAT_DIRECTION_IN;

  add_side(root, inbound ? "destination" : "source", &record->local, record->tx);
  add_side(root, inbound ? "source" : "destination", &record->remote, record->rx);
  add_related(root, record);
}

static void
set_event_id(JsonObject *object, const char *name, const PnatEventId *id)
{
  char text[PNAT_EVENT_ID_TEXT];

  set_word(object, name, pnat_event_id_text(id, text));
}

static void
add_own(JsonObject *root, const PnatRecord *record)
{
  JsonObject *own = child(root, "pnat");
  char text[PNAT_ERRNO_TEXT];

  if (record->ses != PNAT_ID_UNSET)
    set_number(own, "session", record->ses);
  set_number(own, "connections", record->connections);
  set_number(own, "failed", record->failed);
  set_number(own, "calls", record->calls);
  set_time(own, "last", record->last);
  set_word(own, "errno", pnat_errno_text(record->error, text));
  set_word(own, "confidence", pnat_confidence_name(record->confidence));
  json_object_set_boolean_member(own, "gap", record->gap);
  set_event_id(own, "first_event", &record->first);
  set_event_id(own, "last_event", &record->latest);
  if (pnat_reason_ipfix(record->reason) != 0)
    set_number(own, "ipfix_reason", pnat_reason_ipfix(record->reason));
}

static void
add_flow(JsonObject *root, const PnatRecord *record)
{
  add_event(root, record);
  set_string(root, "host", "name", record->host);
  add_process(root, record);
  add_user(root, record);
  add_network(root, record);
  add_sides(root, record);
  set_string(root, "container", "id", record->container);
  set_string(root, "service", "name", record->unit);
  add_own(root, record);
}

/* Category host, not network: it tells of the sensor, and a search for traffic must not find it. */
static void
add_loss(JsonObject *root, const PnatRecord *record)
{
  JsonObject *event = child(root, "event");
  JsonObject *own;

  json_object_set_string_member(event, "kind", "event");
  set_words(event, "category", "host", NULL);
  set_words(event, "type", "info", NULL);
  json_object_set_string_member(event, "action", "loss");
  json_object_set_string_member(event, "dataset", "pnat.loss");
  json_object_set_string_member(event, "module", "pnat");
  set_time(event, "start", record->start);
  set_time(event, "end", record->end);
  set_duration(event, record);
  json_object_set_string_member(event, "reason", pnat_loss_source_name(record->source));
  set_string(root, "host", "name", record->host);
  own = child(root, "pnat");
  set_time(own, "last", record->last);
  if (record->lost != 0)
    set_number(own, "lost", record->lost);
  json_object_set_string_member(own, "loss_source", pnat_loss_source_name(record->source));
}

static void
append_escape(GString *line, gunichar c)
{
  if (c > 0xffff) {
    c -= 0x10000;
    g_string_append_printf(line, "\\u%04x", 0xd800 | c >> 10);
    c = 0xdc00 | (c & 0x3ff);
  }
  g_string_append_printf(line, "\\u%04x", c);
}

/* JsonGenerator lets U+001F (json-glib 1.6), C1 and the separators and overrides of Unicode through. They can stand in strings
   only, so that an escape means the same. */
static void
append_visible(GString *line, const char *json)
{
  const char *done = json;

  for (const char *at = json; *at != '\0';) {
    const char *next = g_utf8_next_char(at);
    gunichar c = (guchar)*at < 0x80 ? (guchar)*at : g_utf8_get_char(at);

    if (pnat_char_is_hidden(c)) {
      g_string_append_len(line, done, at - done);
      append_escape(line, c);
      done = next;
    }
    at = next;
  }
  g_string_append(line, done);
}

static void
write_json(const PnatRecord *record, GString *line)
{
  g_autoptr(JsonGenerator) generator = json_generator_new();
  g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
  g_autofree char *json = NULL;
  JsonObject *root = json_object_new();

  json_node_take_object(node, root);
  set_time(root, "@timestamp", record->end != 0 ? record->end : record->last);
  json_object_set_string_member(child(root, "ecs"), "version", ECS_VERSION);
  if (record->kind == PNAT_RECORD_LOSS)
    add_loss(root, record);
  else
    add_flow(root, record);
  json_generator_set_root(generator, node);
  json = json_generator_to_data(generator, NULL);
  append_visible(line, json);
}

const PnatFormat pnat_format_json = { "json", write_json };
