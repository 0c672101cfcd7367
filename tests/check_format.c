/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/format: the two formats to the letter, and that no name a process can choose makes more of a line than its value.
 */
#include "lib/format.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static const char keys[] = "event start last end reason host pid ppid uid euid auid ses comm exe cmd direction proto local_ip "
                           "local_port remote_ip remote_port outcome errno connections failed calls tx rx unit container "
                           "confidence gap first latest";

/* The example of DESIGN: 2026-11-24T16:52:10.123Z and two seconds more. */
static PnatRecord
a_record(void)
{
  PnatRecord record = {
    .kind = PNAT_RECORD_END,
    .start = 1795539130123,
    .last = 1795539131000,
    .end = 1795539132123,
    .reason = PNAT_REASON_EXIT,
    .host = "web1",
    .pid = 4242,
    .ppid = 1,
    .uid = 1000,
    .euid = 1001,
    .auid = 1002,
    .ses = 3,
    .comm = "curl",
    .exe = "/usr/bin/curl",
    .cmd = "curl https://example.org",
    .entity = 0x123456789abcdef0,
    .direction = PNAT_DIRECTION_OUT,
    .proto = IPPROTO_TCP,
    .outcome = PNAT_OUTCOME_OK,
    .connections = 1,
    .calls = 3,
    .tx = -1,
    .rx = -1,
    .first = { 1700000000123, 45 },
    .latest = { 1700000000223, 49 },
  };

  pnat_address_set(&record.remote, AF_INET, "\xcb\x00\x71\x09", 443);
  return record;
}

static PnatRecord
a_full_record(void)
{
  PnatRecord record = a_record();

  pnat_address_set(&record.local, AF_INET, "\x0a\x00\x00\x05", 40000);
  record.unit = "nginx.service";
  record.container = "3f2a9c";
  record.tx = 100;
  record.rx = 5000;
  record.error = ECONNREFUSED;
  record.failed = 2;
  record.confidence = PNAT_CONFIDENCE_INFERRED;
  record.gap = TRUE;
  return record;
}

static PnatRecord
an_unknown_record(void)
{
  return (PnatRecord){
    .ppid = PNAT_ID_UNSET,
    .uid = PNAT_ID_UNSET,
    .euid = PNAT_ID_UNSET,
    .auid = PNAT_ID_UNSET,
    .ses = PNAT_ID_UNSET,
    .tx = -1,
    .rx = -1,
  };
}

static char *
written(const char *format, const PnatRecord *record)
{
  GString *line = g_string_new(NULL);

  pnat_format_find(format)->write(record, line);
  return g_string_free(line, FALSE);
}

START_TEST(formats_are_found_by_their_names)
{
  ck_assert_ptr_eq(pnat_format_find("kv"), &pnat_format_kv);
  ck_assert_ptr_eq(pnat_format_find("json"), &pnat_format_json);
  ck_assert_ptr_null(pnat_format_find("xml"));
  ck_assert_ptr_null(pnat_format_find(""));
}
END_TEST

START_TEST(kv_is_the_line_of_the_design)
{
  PnatRecord record = a_record();
  g_autofree char *line = written("kv", &record);

  ck_assert_str_eq(line, "event=end start=2026-11-24T16:52:10.123Z last=2026-11-24T16:52:11.000Z end=2026-11-24T16:52:12.123Z "
                         "reason=exit host=web1 pid=4242 ppid=1 uid=1000 euid=1001 auid=1002 ses=3 comm=\"curl\" "
                         "exe=\"/usr/bin/curl\" cmd=\"curl https://example.org\" direction=out proto=tcp local_ip=- local_port=- "
                         "remote_ip=203.0.113.9 remote_port=443 outcome=ok errno=- connections=1 failed=0 calls=3 tx=- rx=- "
                         "unit=- container=- confidence=exact gap=no first=1700000000.123:45 latest=1700000000.223:49");
}
END_TEST

START_TEST(kv_shows_all_that_is_known)
{
  PnatRecord record = a_full_record();
  g_autofree char *line = written("kv", &record);

  ck_assert_ptr_nonnull(strstr(line, " local_ip=10.0.0.5 local_port=40000 remote_ip=203.0.113.9 remote_port=443 outcome=ok "
                                     "errno=ECONNREFUSED connections=1 failed=2 calls=3 tx=100 rx=5000 unit=nginx.service "
                                     "container=3f2a9c confidence=inferred gap=yes first="));
}
END_TEST

START_TEST(kv_leaves_no_key_out_and_has_dashes_for_the_unknown)
{
  PnatRecord record = an_unknown_record();
  g_autofree char *line = written("kv", &record);

  ck_assert_str_eq(line,
                   "event=start start=- last=- end=- reason=- host=- pid=- ppid=- uid=- euid=- auid=- ses=- comm=- exe=- cmd=- "
                   "direction=- proto=- local_ip=- local_port=- remote_ip=- remote_port=- outcome=- errno=- connections=0 "
                   "failed=0 calls=0 tx=- rx=- unit=- container=- confidence=exact gap=no first=- latest=-");
}
END_TEST

START_TEST(zero_is_an_id_and_a_byte_count)
{
  PnatRecord record = a_record();
  g_autofree char *line = NULL;

  record.ppid = record.uid = record.euid = record.auid = record.ses = 0;
  record.tx = record.rx = 0;
  line = written("kv", &record);
  ck_assert_ptr_nonnull(strstr(line, " ppid=0 uid=0 euid=0 auid=0 ses=0 "));
  ck_assert_ptr_nonnull(strstr(line, " tx=0 rx=0 "));
}
END_TEST

START_TEST(line_is_appended_to_what_is_there)
{
  static const char *const formats[] = { "kv", "json" };
  PnatRecord record = a_record();
  g_autofree char *line = written(formats[_i], &record);
  GString *twice = g_string_new(NULL);

  pnat_format_find(formats[_i])->write(&record, twice);
  g_string_append_c(twice, '\n');
  pnat_format_find(formats[_i])->write(&record, twice);
  ck_assert_uint_eq(twice->len, 2 * strlen(line) + 1);
  ck_assert_str_eq(twice->str + strlen(line) + 1, line);
  g_string_free(twice, TRUE);
}
END_TEST

static const struct {
  const char *bytes;
  const char *kv;   /* within the quotes */
  const char *json; /* within the quotes; valid UTF-8 comes back as it was */
} hostile[] = {
  { "", "", "" },
  { "-", "-", "-" },
  { "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xa7", "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xa7",
    "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xa7" },
  { "a\" event=end pid=1 comm=\"b", "a\\\" event\\x3dend pid\\x3d1 comm\\x3d\\\"b", "a\\\" event=end pid=1 comm=\\\"b" },
  { "x remote_ip=6.6.6.6 http://h/?xremote_port=1", "x remote_ip\\x3d6.6.6.6 http://h/?xremote_port\\x3d1",
    "x remote_ip=6.6.6.6 http://h/?xremote_port=1" },
  { "psql --host=db1 x=1", "psql --host=db1 x=1", "psql --host=db1 x=1" },
  { "a\nevent=end", "a\\nevent=end", "a\\nevent=end" },
  { "\t\r", "\\t\\r", "\\t\\r" },
  { "back\\slash\\", "back\\\\slash\\\\", "back\\\\slash\\\\" },
  { "\\x41", "\\\\x41", "\\\\x41" },
  { "\x1b[31mred", "\\x1b[31mred", "\\u001b[31mred" },
  { "\x01\x1e\x1f\x7f", "\\x01\\x1e\\x1f\\x7f", "\\u0001\\u001e\\u001f\\u007f" },
  { "\033A", "\\x1bA", "\\u001bA" },
  { "C1 \xc2\x80\xc2\x85\xc2\x9b\xc2\x9f", "C1 \\xc2\\x80\\xc2\\x85\\xc2\\x9b\\xc2\\x9f", "C1 \\u0080\\u0085\\u009b\\u009f" },
  { "blank\xc2\xa0\xe2\x80\x83\xe3\x80\x80\xe2\xa0\x80", "blank\\xc2\\xa0\\xe2\\x80\\x83\\xe3\\x80\\x80\\xe2\\xa0\\x80",
    "blank\\u00a0\\u2003\\u3000\\u2800" },
  { "filler\xe3\x85\xa4\xcd\x8f\xef\xb8\x8f", "filler\\xe3\\x85\\xa4\\xcd\\x8f\\xef\\xb8\\x8f", "filler\\u3164\\u034f\\ufe0f" },
  { "accent e\xcc\x81 \xe2\xa0\x81", "accent e\xcc\x81 \xe2\xa0\x81", "accent e\xcc\x81 \xe2\xa0\x81" }, /* these are seen */
  { "\xe2\x80\xa8|\xe2\x80\xa9", "\\xe2\\x80\\xa8|\\xe2\\x80\\xa9", "\\u2028|\\u2029" },
  { "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "\\xe2\\x80\\xaa\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x81\\xa9",
    "\\u202a\\u202e\\u2066\\u2069" },
  { "zero\xe2\x80\x8bwidth\xef\xbb\xbf", "zero\\xe2\\x80\\x8bwidth\\xef\\xbb\\xbf", "zero\\u200bwidth\\ufeff" },
  { "tag\xf3\xa0\x81\x81", "tag\\xf3\\xa0\\x81\\x81", "tag\\udb40\\udc41" },
  { "\\xff \\x5c \\x7f", "\\\\xff \\\\x5c \\\\x7f", "\\\\x5cxff \\\\x5cx5c \\\\x7f" }, /* no bytes, but what stands for them */
  { "dev-disk\\x2dby", "dev-disk\\\\x2dby", "dev-disk\\\\x2dby" },
  { "\xff\xfe", "\\xff\\xfe", "\\\\xff\\\\xfe" },
  { "raw C1 \23331m", "raw C1 \\x9b31m", "raw C1 \\\\x9b31m" },
  { "overlong \xc0\xaf", "overlong \\xc0\\xaf", "overlong \\\\xc0\\\\xaf" },
  { "surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80", "surrogate \\\\xed\\\\xa0\\\\x80" },
  { "too high \xf4\x90\x80\x80", "too high \\xf4\\x90\\x80\\x80", "too high \\\\xf4\\\\x90\\\\x80\\\\x80" },
  { "cut \xe6\xbc", "cut \\xe6\\xbc", "cut \\\\xe6\\\\xbc" },
  { "cut \xe6\xbc\"", "cut \\xe6\\xbc\\\"", "cut \\\\xe6\\\\xbc\\\"" },
};

START_TEST(kv_escapes_what_a_process_chose)
{
  PnatRecord record = a_record();
  g_autofree char *expected
      = g_strdup_printf(" comm=\"%s\" exe=\"%s\" cmd=\"%s\" direction=", hostile[_i].kv, hostile[_i].kv, hostile[_i].kv);
  g_autofree char *line = NULL;

  record.comm = record.exe = record.cmd = hostile[_i].bytes;
  line = written("kv", &record);
  ck_assert_msg(strstr(line, expected) != NULL, "%s not in %s", expected, line);
}
END_TEST

START_TEST(json_escapes_what_a_process_chose)
{
  PnatRecord record = a_record();
  g_autofree char *expected = g_strdup_printf("\"name\":\"%s\",\"executable\":\"%s\",\"command_line\":\"%s\",", hostile[_i].json,
                                              hostile[_i].json, hostile[_i].json);
  g_autofree char *line = NULL;

  record.comm = record.exe = record.cmd = hostile[_i].bytes;
  line = written("json", &record);
  ck_assert_msg(strstr(line, expected) != NULL, "%s not in %s", expected, line);
}
END_TEST

static const struct {
  const char *value;
  const char *kv;
} system_names[] = {
  { NULL, "-" },
  { "-", "\"-\"" },
  { "", "\"\"" },
  { "web1", "web1" },
  { "web-1.example.org", "web-1.example.org" },
  { "getty@tty1.service", "getty@tty1.service" },
  { "/a_b:c/", "/a_b:c/" },
  { "web1 pid=1", "\"web1 pid\\x3d1\"" },
  { "a=b", "\"a=b\"" },
  { "a\"b", "\"a\\\"b\"" },
  { "a\nb", "\"a\\nb\"" },
  { "dev-disk-by\\x2duuid.swap", "\"dev-disk-by\\\\x2duuid.swap\"" },
  { "caf\xc3\xa9", "\"caf\xc3\xa9\"" },
};

START_TEST(kv_quotes_names_of_the_system_where_they_are_odd)
{
  PnatRecord record = a_record();
  const char *kv = system_names[_i].kv;
  g_autofree char *host = g_strdup_printf(" host=%s pid=", kv);
  g_autofree char *units = g_strdup_printf(" unit=%s container=%s confidence=", kv, kv);
  g_autofree char *line = NULL;

  record.host = record.unit = record.container = system_names[_i].value;
  line = written("kv", &record);
  ck_assert_msg(strstr(line, host) != NULL, "%s not in %s", host, line);
  ck_assert_msg(strstr(line, units) != NULL, "%s not in %s", units, line);
}
END_TEST

/* The keys of a line, as a reader sees them who knows of quotes and backslashes and of nothing else. */
static char *
keys_of(const char *line)
{
  GString *found = g_string_new(NULL);

  for (const char *at = line; *at != '\0';) {
    const char *equals = strchr(at, '=');

    if (equals == NULL)
      ck_abort_msg("no key at %s", at);
    g_string_append_printf(found, "%s%.*s", found->len > 0 ? " " : "", (int)(equals - at), at);
    at = equals + 1;
    if (*at == '"') {
      for (at++; *at != '"'; at++) {
        if (*at == '\0')
          ck_abort_msg("an open quote in %s", line);
        if (*at == '\\')
          at++;
      }
      at++;
    } else {
      at += strcspn(at, " ");
    }
    if (*at == ' ')
      at++;
  }
  return g_string_free(found, FALSE);
}

static void
random_name(GRand *rand, char *name, gsize room)
{
  /* Mostly what bites: quotes, escapes, blanks, the starts of UTF-8. */
  static const char biting[] = "\"\\\n\r\t =-x\x1b\x1f\x7f\xc2\x80\x9b\xe2\x80\xa8\xae\xf0\xff";
  gsize length = (gsize)g_rand_int_range(rand, 0, (gint32)room);

  for (gsize i = 0; i < length; i++)
    name[i] = g_rand_boolean(rand) ? biting[g_rand_int_range(rand, 0, sizeof biting - 1)] : (char)g_rand_int_range(rand, 1, 256);
  name[length] = '\0';
}

/* Undoes pnat_escape. */
static char *
unescaped(const char *text)
{
  GString *bytes = g_string_new(NULL);

  for (; *text != '\0'; text++) {
    if (*text != '\\') {
      g_string_append_c(bytes, *text);
      continue;
    }
    switch (*++text) {
    case 'n':
      g_string_append_c(bytes, '\n');
      break;
    case 't':
      g_string_append_c(bytes, '\t');
      break;
    case 'r':
      g_string_append_c(bytes, '\r');
      break;
    case 'x':
      g_string_append_c(bytes, (char)(g_ascii_xdigit_value(text[1]) << 4 | g_ascii_xdigit_value(text[2])));
      text += 2;
      break;
    default:
      g_string_append_c(bytes, *text);
    }
  }
  return g_string_free(bytes, FALSE);
}

static void
assert_harmless(const char *line)
{
  const char *at = line;

  ck_assert(g_utf8_validate(line, -1, NULL));
  while (*at != '\0' && !pnat_char_is_hidden(g_utf8_get_char(at)))
    at = g_utf8_next_char(at);
  ck_assert_msg(*at == '\0', "U+%04X in %s", g_utf8_get_char(at), line);
}

START_TEST(no_name_makes_more_of_a_line_than_its_value)
{
  GRand *rand = g_rand_new_with_seed(4242);
  PnatRecord record = a_record();
  char name[24];

  record.comm = record.exe = record.cmd = record.host = record.unit = record.container = name;
  for (guint i = 0; i < 5000; i++) {
    g_autofree char *line = NULL, *found = NULL, *json = NULL;
    g_autoptr(JsonNode) node = NULL;

    random_name(rand, name, sizeof name);
    line = written("kv", &record);
    assert_harmless(line);
    found = keys_of(line);
    ck_assert_str_eq(found, keys);
    json = written("json", &record);
    assert_harmless(json);
    node = json_from_string(json, NULL);
    ck_assert(node != NULL && json_object_get_size(json_node_get_object(node)) == 12);
  }
  g_rand_free(rand);
}
END_TEST

START_TEST(escaped_bytes_can_be_had_back)
{
  GRand *rand = g_rand_new_with_seed(4242);
  char name[24];

  for (guint i = 0; i < 5000; i++) {
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *back = NULL;

    random_name(rand, name, sizeof name);
    pnat_escape(text, name);
    back = unescaped(text->str);
    ck_assert_str_eq(back, name);
  }
  g_rand_free(rand);
}
END_TEST

/* The formats' own reading. JSON strings have escapes besides. */
START_TEST(escapes_are_undone)
{
  static const char alphabet[] = "\\\\\\xx5cf8e2d9n\" \n\xff\x80\xc3\xa9";
  GRand *rand = g_rand_new_with_seed(4242);

  for (guint i = 0; i < 100000; i++) {
    g_autoptr(GString) kv = g_string_new(NULL), json = g_string_new(NULL);
    char name[8] = "";
    for (gint n = g_rand_int_range(rand, 0, sizeof name); n > 0; n--)
      name[strlen(name)] = alphabet[g_rand_int_range(rand, 0, sizeof alphabet - 1)];
    pnat_escape(kv, name);
    pnat_unescape(kv->str);
    ck_assert_str_eq(kv->str, name);
    pnat_escape_invalid(json, name);
    ck_assert(g_utf8_validate(json->str, -1, NULL));
    pnat_unescape_invalid(json->str);
    ck_assert_str_eq(json->str, name);
  }
  g_rand_free(rand);
}
END_TEST

static void
note_field(const char *key, const char *value, gboolean is_string, gpointer data)
{
  GHashTable *fields = data;

  ck_assert(g_hash_table_insert(fields, g_strdup(key), g_strdup(value)));
  ck_assert_int_eq(is_string, strcmp(key, "comm") == 0 || strcmp(key, "exe") == 0 || strcmp(key, "cmd") == 0);
}

START_TEST(fields_are_raw_and_null_where_unknown)
{
  g_autoptr(GHashTable) fields = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  PnatRecord record = a_record();

  record.comm = "-";
  record.cmd = "a\n\"\xff";
  record.unit = "-";
  pnat_format_foreach_field(&record, note_field, fields);
  ck_assert_uint_eq(g_hash_table_size(fields), 34);
  ck_assert_str_eq(g_hash_table_lookup(fields, "comm"), "-");
  ck_assert_str_eq(g_hash_table_lookup(fields, "cmd"), "a\n\"\xff");
  ck_assert_str_eq(g_hash_table_lookup(fields, "unit"), "-");
  ck_assert_str_eq(g_hash_table_lookup(fields, "remote_ip"), "203.0.113.9");
  ck_assert_ptr_null(g_hash_table_lookup(fields, "local_ip"));
  ck_assert_ptr_null(g_hash_table_lookup(fields, "errno"));
}
END_TEST

static const struct {
  gint64 time;
  const char *text;
} times[] = {
  { 0, "-" },
  { 1, "1970-01-01T00:00:00.001Z" },
  { -1, "1969-12-31T23:59:59.999Z" },
  { -1000, "1969-12-31T23:59:59.000Z" },
  { 951782400000, "2000-02-29T00:00:00.000Z" },
  { 1795539130123, "2026-11-24T16:52:10.123Z" },
  { 4102444799999, "2099-12-31T23:59:59.999Z" },
  { G_MAXINT64, "292278994-08-17T07:12:55.807Z" },
  { G_MININT64, "-292275055-05-16T16:47:04.192Z" },
};

START_TEST(time_is_rfc_3339_in_utc)
{
  char text[PNAT_TIME_TEXT];

  g_setenv("TZ", "Asia/Kolkata", TRUE);
  ck_assert_str_eq(pnat_time_text(times[_i].time, text), times[_i].text);
}
END_TEST

static const struct {
  PnatEventId id;
  const char *text;
} ids[] = {
  { { 0, 0 }, "-" },
  { { 1700000000003, 45 }, "1700000000.003:45" },
  { { 1700000000000, 0 }, "1700000000.000:0" },
  { { 0, 7 }, "0.000:7" },
  { { G_MAXINT64, G_MAXUINT64 }, "9223372036854775.807:18446744073709551615" },
};

START_TEST(event_id_is_as_audit_prints_it)
{
  char text[PNAT_EVENT_ID_TEXT];

  ck_assert_str_eq(pnat_event_id_text(&ids[_i].id, text), ids[_i].text);
}
END_TEST

static const struct {
  gint error;
  const char *text;
} errors[] = {
  { 0, "-" }, { ECONNREFUSED, "ECONNREFUSED" }, { EINPROGRESS, "EINPROGRESS" }, { 512, "512" }, { -1, "-1" },
};

START_TEST(error_has_its_symbol_or_number)
{
  char text[PNAT_ERRNO_TEXT];

  ck_assert_str_eq(pnat_errno_text(errors[_i].error, text), errors[_i].text);
}
END_TEST

START_TEST(json_has_the_names_of_ecs)
{
  PnatRecord record = a_full_record();
  g_autofree char *line = written("json", &record);

  ck_assert_str_eq(line,
                   "{\"@timestamp\":\"2026-11-24T16:52:12.123Z\",\"ecs\":{\"version\":\"8.11.0\"},"
                   "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"type\":[\"connection\",\"end\"],"
                   "\"action\":\"network_flow\",\"dataset\":\"pnat.flow\",\"module\":\"pnat\",\"outcome\":\"success\","
                   "\"start\":\"2026-11-24T16:52:10.123Z\",\"end\":\"2026-11-24T16:52:12.123Z\",\"duration\":2000000000,"
                   "\"reason\":\"exit\"},\"host\":{\"name\":\"web1\"},"
                   "\"process\":{\"pid\":4242,\"name\":\"curl\",\"executable\":\"/usr/bin/curl\","
                   "\"command_line\":\"curl https://example.org\",\"entity_id\":\"123456789abcdef0\",\"parent\":{\"pid\":1}},"
                   "\"user\":{\"id\":\"1000\",\"effective\":{\"id\":\"1001\"},\"audit\":{\"id\":\"1002\"}},"
                   "\"network\":{\"direction\":\"egress\",\"transport\":\"tcp\",\"type\":\"ipv4\",\"bytes\":5100,"
                   "\"community_id\":\"1:zW9BWmB5Y4VcUsL3w+ip5c0bPy8=\"},"
                   "\"source\":{\"ip\":\"10.0.0.5\",\"port\":40000,\"bytes\":100},"
                   "\"destination\":{\"ip\":\"203.0.113.9\",\"port\":443,\"bytes\":5000},"
                   "\"related\":{\"ip\":[\"10.0.0.5\",\"203.0.113.9\"]},\"container\":{\"id\":\"3f2a9c\"},"
                   "\"service\":{\"name\":\"nginx.service\"},"
                   "\"pnat\":{\"session\":3,\"connections\":1,\"failed\":2,\"calls\":3,\"last\":\"2026-11-24T16:52:11.000Z\","
                   "\"errno\":\"ECONNREFUSED\",\"confidence\":\"inferred\",\"gap\":true,\"first_event\":\"1700000000.123:45\","
                   "\"last_event\":\"1700000000.223:49\",\"ipfix_reason\":3}}");
}
END_TEST

START_TEST(json_leaves_out_what_is_not_known)
{
  PnatRecord record = an_unknown_record();
  g_autofree char *line = written("json", &record);

  ck_assert_str_eq(line, "{\"ecs\":{\"version\":\"8.11.0\"},\"event\":{\"kind\":\"event\",\"category\":[\"network\"],"
                         "\"type\":[\"connection\",\"start\"],\"action\":\"network_flow\",\"dataset\":\"pnat.flow\","
                         "\"module\":\"pnat\",\"outcome\":\"unknown\"},\"network\":{\"direction\":\"unknown\"},"
                         "\"pnat\":{\"connections\":0,\"failed\":0,\"calls\":0,\"confidence\":\"exact\",\"gap\":false}}");
}
END_TEST

static void
assert_json_has(const PnatRecord *record, const char *part)
{
  g_autofree char *line = written("json", record);

  ck_assert_msg(strstr(line, part) != NULL, "%s not in %s", part, line);
}

static void
assert_json_lacks(const PnatRecord *record, const char *part)
{
  g_autofree char *line = written("json", record);

  ck_assert_msg(strstr(line, part) == NULL, "%s in %s", part, line);
}

START_TEST(json_source_is_the_peer_when_inbound)
{
  PnatRecord record = a_full_record();

  record.direction = PNAT_DIRECTION_IN;
  assert_json_has(&record, "\"network\":{\"direction\":\"ingress\",");
  assert_json_has(&record, "\"source\":{\"ip\":\"203.0.113.9\",\"port\":443,\"bytes\":5000}");
  assert_json_has(&record, "\"destination\":{\"ip\":\"10.0.0.5\",\"port\":40000,\"bytes\":100}");
}
END_TEST

START_TEST(json_source_is_this_host_when_direction_is_unknown)
{
  PnatRecord record = a_full_record();

  record.direction = PNAT_DIRECTION_UNKNOWN;
  assert_json_has(&record, "\"network\":{\"direction\":\"unknown\",");
  assert_json_has(&record, "\"source\":{\"ip\":\"10.0.0.5\",");
}
END_TEST

START_TEST(json_end_is_in_end_records_only)
{
  PnatRecord record = a_record();

  record.kind = PNAT_RECORD_UPDATE;
  record.reason = PNAT_REASON_ACTIVE;
  assert_json_lacks(&record, "\"end\":");
  record.end = 0;
  assert_json_has(&record, "{\"@timestamp\":\"2026-11-24T16:52:11.000Z\",");
  assert_json_has(&record, "\"type\":[\"connection\",\"info\"],");
  assert_json_has(&record, "\"ipfix_reason\":2}");
  assert_json_lacks(&record, "\"end\":");
  assert_json_lacks(&record, "\"duration\":");
}
END_TEST

static const struct {
  gint64 start, end;
} odd_frames[] = { { 0, 1000 }, { 2000, 1000 }, { G_MININT64, G_MAXINT64 }, { 1, G_MAXINT64 } };

START_TEST(json_leaves_out_a_duration_that_is_none)
{
  PnatRecord record = a_record();

  record.start = odd_frames[_i].start;
  record.end = odd_frames[_i].end;
  assert_json_lacks(&record, "\"duration\":");
}
END_TEST

START_TEST(json_bytes_need_both_ways)
{
  PnatRecord record = a_full_record();

  assert_json_has(&record, "\"type\":\"ipv4\",\"bytes\":5100,");
  record.rx = -1;
  assert_json_has(&record, "\"type\":\"ipv4\",\"community_id\"");
  assert_json_has(&record, "\"port\":40000,\"bytes\":100}");
  assert_json_has(&record, "\"port\":443}");
  record.rx = 5000;
  record.tx = -1;
  assert_json_has(&record, "\"type\":\"ipv4\",\"community_id\"");
}
END_TEST

START_TEST(json_names_the_connection_once_both_ends_are_known)
{
  PnatRecord record = a_full_record();

  assert_json_has(&record, "\"community_id\":\"1:zW9BWmB5Y4VcUsL3w+ip5c0bPy8=\"}");
  record.local.port = 0;
  assert_json_lacks(&record, "community_id");
}
END_TEST

START_TEST(json_names_a_related_address_once)
{
  PnatRecord record = a_record();

  pnat_address_set(&record.local, AF_INET6, &in6addr_loopback, 5000);
  pnat_address_set(&record.remote, AF_INET6, &in6addr_loopback, 5001);
  assert_json_has(&record, "\"related\":{\"ip\":[\"::1\"]}");
  assert_json_has(&record, "\"type\":\"ipv6\"");
}
END_TEST

static const struct {
  PnatOutcome outcome;
  const char *json;
} outcomes[] = {
  { PNAT_OUTCOME_UNKNOWN, "\"outcome\":\"unknown\"" },
  { PNAT_OUTCOME_PENDING, "\"outcome\":\"unknown\"" },
  { PNAT_OUTCOME_OK, "\"outcome\":\"success\"" },
  { PNAT_OUTCOME_FAILED, "\"outcome\":\"failure\"" },
};

START_TEST(json_outcome_is_one_of_ecs)
{
  PnatRecord record = a_record();

  record.outcome = outcomes[_i].outcome;
  assert_json_has(&record, outcomes[_i].json);
}
END_TEST

static PnatRecord
a_loss(void)
{
  return (PnatRecord){
    .kind = PNAT_RECORD_LOSS,
    .start = 1795539130123,
    .last = 1795539131000,
    .end = 1795539132123,
    .host = "web1",
    .source = PNAT_LOSS_QUEUE,
    .lost = 7,
  };
}

START_TEST(kv_loss_is_a_short_line)
{
  PnatRecord record = a_loss();
  g_autofree char *counted = written("kv", &record);
  g_autofree char *uncounted = NULL;

  ck_assert_str_eq(counted, "event=loss start=2026-11-24T16:52:10.123Z last=2026-11-24T16:52:11.000Z "
                            "end=2026-11-24T16:52:12.123Z reason=queue host=web1 lost=7");
  record.lost = 0;
  record.source = PNAT_LOSS_AUDITD;
  uncounted = written("kv", &record);
  ck_assert_ptr_nonnull(strstr(uncounted, " reason=auditd host=web1 lost=-"));
}
END_TEST

START_TEST(json_loss_tells_of_the_sensor)
{
  PnatRecord record = a_loss();
  g_autofree char *line = written("json", &record);

  ck_assert_str_eq(line, "{\"@timestamp\":\"2026-11-24T16:52:12.123Z\",\"ecs\":{\"version\":\"8.11.0\"},"
                         "\"event\":{\"kind\":\"event\",\"category\":[\"host\"],\"type\":[\"info\"],\"action\":\"loss\","
                         "\"dataset\":\"pnat.loss\",\"module\":\"pnat\",\"start\":\"2026-11-24T16:52:10.123Z\","
                         "\"end\":\"2026-11-24T16:52:12.123Z\",\"duration\":2000000000,\"reason\":\"queue\"},"
                         "\"host\":{\"name\":\"web1\"},"
                         "\"pnat\":{\"last\":\"2026-11-24T16:52:11.000Z\",\"lost\":7,\"loss_source\":\"queue\"}}");
  record.lost = 0;
  assert_json_lacks(&record, "\"lost\":");
}
END_TEST

static TCase *
kv_case(void)
{
  TCase *tcase = tcase_create("kv");

  tcase_add_test(tcase, kv_is_the_line_of_the_design);
  tcase_add_test(tcase, kv_shows_all_that_is_known);
  tcase_add_test(tcase, kv_leaves_no_key_out_and_has_dashes_for_the_unknown);
  tcase_add_test(tcase, zero_is_an_id_and_a_byte_count);
  tcase_add_loop_test(tcase, kv_escapes_what_a_process_chose, 0, G_N_ELEMENTS(hostile));
  tcase_add_loop_test(tcase, kv_quotes_names_of_the_system_where_they_are_odd, 0, G_N_ELEMENTS(system_names));
  tcase_add_test(tcase, kv_loss_is_a_short_line);
  return tcase;
}

static TCase *
json_case(void)
{
  TCase *tcase = tcase_create("json");

  tcase_add_test(tcase, json_has_the_names_of_ecs);
  tcase_add_test(tcase, json_leaves_out_what_is_not_known);
  tcase_add_loop_test(tcase, json_escapes_what_a_process_chose, 0, G_N_ELEMENTS(hostile));
  tcase_add_test(tcase, json_source_is_the_peer_when_inbound);
  tcase_add_test(tcase, json_source_is_this_host_when_direction_is_unknown);
  tcase_add_test(tcase, json_end_is_in_end_records_only);
  tcase_add_loop_test(tcase, json_leaves_out_a_duration_that_is_none, 0, G_N_ELEMENTS(odd_frames));
  tcase_add_test(tcase, json_bytes_need_both_ways);
  tcase_add_test(tcase, json_names_the_connection_once_both_ends_are_known);
  tcase_add_test(tcase, json_names_a_related_address_once);
  tcase_add_loop_test(tcase, json_outcome_is_one_of_ecs, 0, G_N_ELEMENTS(outcomes));
  tcase_add_test(tcase, json_loss_tells_of_the_sensor);
  return tcase;
}

static TCase *
shared_case(void)
{
  TCase *tcase = tcase_create("shared");

  tcase_add_test(tcase, formats_are_found_by_their_names);
  tcase_add_loop_test(tcase, line_is_appended_to_what_is_there, 0, 2);
  tcase_add_test(tcase, no_name_makes_more_of_a_line_than_its_value);
  tcase_add_test(tcase, escapes_are_undone);
  tcase_add_test(tcase, escaped_bytes_can_be_had_back);
  tcase_add_test(tcase, fields_are_raw_and_null_where_unknown);
  tcase_add_loop_test(tcase, time_is_rfc_3339_in_utc, 0, G_N_ELEMENTS(times));
  tcase_add_loop_test(tcase, event_id_is_as_audit_prints_it, 0, G_N_ELEMENTS(ids));
  tcase_add_loop_test(tcase, error_has_its_symbol_or_number, 0, G_N_ELEMENTS(errors));
  return tcase;
}

int
main(void)
{
  Suite *suite = suite_create("format");

  suite_add_tcase(suite, kv_case());
  suite_add_tcase(suite, json_case());
  suite_add_tcase(suite, shared_case());
  return run_suite(suite);
}
