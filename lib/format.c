/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the formats share: the list of the key=value format's keys, the text of times, ids and errors,
 * and the escaping that keeps a process from writing more than its name.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np */
#endif
#include "format.h"

#include <string.h>
#include <time.h>

static const PnatFormat *const formats[] = { &pnat_format_kv, &pnat_format_json };

const PnatFormat *
pnat_format_find(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
    if (strcmp(formats[i]->name, name) == 0)
      return formats[i];
  return NULL;
}

/* Decimal, with leading zeros to @width at least. @returns behind the last digit. printf costs a third of a record. */
static char *
put_number(char *to, guint64 value, guint width)
{
  char digits[24];
  guint n = 0;

  do {
    digits[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0 || n < width);
  while (n > 0)
    *to++ = digits[--n];
  return to;
}

static char *
put(char *to, guint64 value, guint width, char after)
{
  to = put_number(to, value, width);
  *to++ = after;
  return to;
}

const char *
pnat_time_text(gint64 time, char text[PNAT_TIME_TEXT])
{
  gint64 ms = time % 1000;
  time_t seconds = (time_t)(time / 1000);
  struct tm tm;

  if (ms < 0) {
    ms += 1000;
    seconds--;
  }
  if (time == 0 || gmtime_r(&seconds, &tm) == NULL)
    return strcpy(text, "-");

  char *at = text;
  if (tm.tm_year + 1900 < 0)
    *at++ = '-';
  at = put(at, (guint64)ABS((gint64)tm.tm_year + 1900), 4, '-');
  at = put(at, (guint64)tm.tm_mon + 1, 2, '-');
  at = put(at, (guint64)tm.tm_mday, 2, 'T');
  at = put(at, (guint64)tm.tm_hour, 2, ':');
  at = put(at, (guint64)tm.tm_min, 2, ':');
  at = put(at, (guint64)tm.tm_sec, 2, '.');
  at = put(at, (guint64)ms, 3, 'Z');
  *at = '\0';
  return text;
}

const char *
pnat_event_id_text(const PnatEventId *id, char text[PNAT_EVENT_ID_TEXT])
{
  if (id->time == 0 && id->serial == 0)
    return strcpy(text, "-");
  char *at = text;
  if (id->time < 0)
    *at++ = '-';
  at = put(at, (guint64)ABS(id->time / 1000), 1, '.');
  at = put(at, (guint64)ABS(id->time % 1000), 3, ':');
  at = put_number(at, id->serial, 1);
  *at = '\0';
  return text;
}

const char *
pnat_errno_text(gint error, char text[PNAT_ERRNO_TEXT])
{
  const char *name = NULL;

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
  name = error > 0 ? strerrorname_np(error) : NULL;
#endif
  if (error == 0)
    return strcpy(text, "-");
  if (name != NULL)
    g_strlcpy(text, name, PNAT_ERRNO_TEXT);
  else
    g_snprintf(text, PNAT_ERRNO_TEXT, "%d", error);
  return text;
}

/*
 * Characters that show as nothing though their category does not tell: those of Default_Ignorable_Code_Point that are no format characters
 * (DerivedCoreProperties.txt of Unicode 16), and the Braille pattern without dots.
 */
static const struct {
  gunichar first;
  gunichar last;
} unseen[] = {
  { 0x034f, 0x034f },   { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2065, 0x2065 },   { 0x2800, 0x2800 },
  { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 }, { 0xe0000, 0xe0fff },
};

gboolean
pnat_char_is_hidden(gunichar c)
{
  if (c < 0x80)
    return c < 0x20 || c == 0x7f;
  switch (g_unichar_type(c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT:
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
  case G_UNICODE_SPACE_SEPARATOR:
    return TRUE;
  default:
    break;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(unseen) && c >= unseen[i].first; i++)
    if (c <= unseen[i].last)
      return TRUE;
  return FALSE;
}

static void
append_hex(GString *text, const char *bytes, gsize length)
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < length; i++) {
    const char escape[4] = { '\\', 'x', digits[(guchar)bytes[i] >> 4], digits[(guchar)bytes[i] & 15] };

    g_string_append_len(text, escape, sizeof escape);
  }
}

static const char special[] = "\"\\\n\t\r";
static const char letters[] = "\"\\ntr"; /* that stand for them behind a backslash */

static void
escape_ascii(GString *text, const char *byte)
{
  const char *at = strchr(special, *byte);

  if (at != NULL) {
    g_string_append_c(text, '\\');
    g_string_append_c(text, letters[at - special]);
  } else if (pnat_char_is_hidden((guchar)*byte)) {
    append_hex(text, byte, 1);
  } else {
    g_string_append_c(text, *byte);
  }
}

/* How many bytes from @bytes on stand for themselves: most names have no others. */
static gsize
plain_run(const char *bytes)
{
  gsize n = 0;

  while (g_ascii_isprint(bytes[n]) && bytes[n] != '"' && bytes[n] != '\\' && bytes[n] != '=')
    n++;
  return n;
}

/* The length of the character at @bytes; 0 when it is not UTF-8. */
static gsize
utf8_at(const char *bytes, gunichar *c)
{
  *c = g_utf8_get_char_validated(bytes, -1);
  return *c >= (gunichar)-2 ? 0 : (gsize)(g_utf8_next_char(bytes) - bytes);
}

static gboolean
ends_in(const char *text, gsize length, const char *word)
{
  gsize word_length = strlen(word);
  return length >= word_length && memcmp(text + length - word_length, word, word_length) == 0;
}

/*
 * Whether what is written from @start on, and an equals sign behind it, would be found by who greps for a key: an address or
 * port anywhere, since these are what one greps for, any other key as an argument of its own.
 */
static gboolean
looks_like_key(const GString *text, gsize start)
{
  static const char *const peers[] = { "local_ip", "local_port", "remote_ip", "remote_port" };
  static const char *const others[] = {
    "event",  "start", "last", "end",   "reason",  "host",  "pid",   "ppid",        "uid",    "euid",  "auid", "ses", "comm",
    "exe",    "cmd",   "direction", "proto", "outcome", "errno", "connections", "failed", "calls", "tx",   "rx",
    "unit",   "container", "confidence", "gap", "first", "latest", "lost",
  };
  const char *from = text->str + start;
  gsize length = text->len - start;

  for (gsize i = 0; i < G_N_ELEMENTS(peers); i++)
    if (ends_in(from, length, peers[i]))
      return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
    gsize key = strlen(others[i]);
    if (ends_in(from, length, others[i]) && (length == key || from[length - key - 1] == ' '))
      return TRUE;
  }
  return FALSE;
}

void
pnat_escape(GString *text, const char *bytes)
{
  gsize start = text->len;

  while (*bytes != '\0') {
    gunichar c;
    gsize length;

    gsize plain = plain_run(bytes);
    g_string_append_len(text, bytes, (gssize)plain);
    bytes += plain;
    if (*bytes == '\0')
      break;
    if (*bytes == '=') {
      g_string_append(text, looks_like_key(text, start) ? "\\x3d" : "=");
      bytes++;
      continue;
    }
    if ((guchar)*bytes < 0x80) {
      escape_ascii(text, bytes++);
      continue;
    }
    length = utf8_at(bytes, &c);
    if (length == 0 || pnat_char_is_hidden(c))
      append_hex(text, bytes, MAX(length, 1));
    else
      g_string_append_len(text, bytes, (gssize)length);
    bytes += MAX(length, 1);
  }
}

/* The byte that "\xhh" at @text stands for; -1 when there stands something else. */
static gint
hex_escape(const char *text)
{
  if (text[0] != '\\' || text[1] != 'x' || !g_ascii_isxdigit(text[2]) || !g_ascii_isxdigit(text[3]))
    return -1;
  return g_ascii_xdigit_value(text[2]) << 4 | g_ascii_xdigit_value(text[3]);
}

void
pnat_unescape(char *text)
{
  char *to = text;

  while (*text != '\0') {
    const char *letter = *text == '\\' && text[1] != '\0' ? strchr(letters, text[1]) : NULL;
    gint byte = hex_escape(text);
    if (letter != NULL) {
      *to++ = special[letter - letters];
      text += 2;
    } else if (byte > 0) {
      *to++ = (char)byte;
      text += 4;
    } else {
      *to++ = *text++;
    }
  }
  *to = '\0';
}

/* The byte of "\xhh" at @text where pnat_escape_invalid() may have written it: no ASCII but the backslash. -1 else. */
static gint
invalid_escape(const char *text)
{
  gint byte = hex_escape(text);
  return byte >= 0x80 || byte == '\\' ? byte : -1;
}

void
pnat_escape_invalid(GString *text, const char *bytes)
{
  if (strchr(bytes, '\\') == NULL && g_utf8_validate(bytes, -1, NULL)) {
    g_string_append(text, bytes);
    return;
  }
  while (*bytes != '\0') {
    gunichar c;
    gsize length = utf8_at(bytes, &c);
    if (length == 0 || invalid_escape(bytes) >= 0)
      append_hex(text, bytes, 1);
    else
      g_string_append_len(text, bytes, (gssize)length);
    bytes += MAX(length, 1);
  }
}

void
pnat_unescape_invalid(char *text)
{
  char *to = text;

  while (*text != '\0') {
    gint byte = invalid_escape(text);
    *to++ = byte >= 0 ? (char)byte : *text;
    text += byte >= 0 ? 4 : 1;
  }
  *to = '\0';
}

/* Where the fields go. */
typedef struct {
  PnatFieldFunc func;
  gpointer data;
} Fields;

static void
word(const Fields *fields, const char *key, const char *value)
{
  fields->func(key, g_strcmp0(value, "-") == 0 ? NULL : value, FALSE, fields->data);
}

/* From the system, which a process does not choose: NULL is what is unknown, and "-" is a name. */
static void
name(const Fields *fields, const char *key, const char *value)
{
  fields->func(key, value, FALSE, fields->data);
}

static void
string(const Fields *fields, const char *key, const char *value)
{
  fields->func(key, value, TRUE, fields->data);
}

static void
moment(const Fields *fields, const char *key, gint64 time)
{
  char text[PNAT_TIME_TEXT];

  word(fields, key, pnat_time_text(time, text));
}

static void
number(const Fields *fields, const char *key, guint64 value, gboolean known)
{
  char text[24];

  *put_number(text, value, 1) = '\0';
  word(fields, key, known ? text : NULL);
}

static void
id(const Fields *fields, const char *key, guint32 value)
{
  number(fields, key, value, value != PNAT_ID_UNSET);
}

static void
bytes(const Fields *fields, const char *key, gint64 value)
{
  number(fields, key, (guint64)value, value >= 0);
}

static void
endpoint(const Fields *fields, const char *ip, const char *port, const PnatAddress *address)
{
  char text[PNAT_ADDRESS_TEXT];

  word(fields, ip, pnat_address_text(address, text));
  number(fields, port, address->port, address->port != 0);
}

static void
event_id(const Fields *fields, const char *key, const PnatEventId *value)
{
  char text[PNAT_EVENT_ID_TEXT];

  word(fields, key, pnat_event_id_text(value, text));
}

static void
frame_fields(const Fields *fields, const PnatRecord *record)
{
  gboolean loss = record->kind == PNAT_RECORD_LOSS;

  word(fields, "event", pnat_record_kind_name(record->kind));
  moment(fields, "start", record->start);
  moment(fields, "last", record->last);
  moment(fields, "end", record->end);
  word(fields, "reason", loss ? pnat_loss_source_name(record->source) : pnat_reason_name(record->reason));
  name(fields, "host", record->host);
}

static void
process_fields(const Fields *fields, const PnatRecord *record)
{
  number(fields, "pid", record->pid, record->pid != 0);
  id(fields, "ppid", record->ppid);
  id(fields, "uid", record->uid);
  id(fields, "euid", record->euid);
  id(fields, "auid", record->auid);
  id(fields, "ses", record->ses);
  string(fields, "comm", record->comm);
  string(fields, "exe", record->exe);
  string(fields, "cmd", record->cmd);
}

static void
peer_fields(const Fields *fields, const PnatRecord *record)
{
  char text[PNAT_ERRNO_TEXT];

  word(fields, "direction", pnat_direction_name(record->direction));
  word(fields, "proto", pnat_proto_name(record->proto));
  endpoint(fields, "local_ip", "local_port", &record->local);
  endpoint(fields, "remote_ip", "remote_port", &record->remote);
  word(fields, "outcome", pnat_outcome_name(record->outcome));
  word(fields, "errno", pnat_errno_text(record->error, text));
  number(fields, "connections", record->connections, TRUE);
  number(fields, "failed", record->failed, TRUE);
  number(fields, "calls", record->calls, TRUE);
  bytes(fields, "tx", record->tx);
  bytes(fields, "rx", record->rx);
}

static void
trust_fields(const Fields *fields, const PnatRecord *record)
{
  name(fields, "unit", record->unit);
  name(fields, "container", record->container);
  word(fields, "confidence", pnat_confidence_name(record->confidence));
  word(fields, "gap", record->gap ? "yes" : "no");
  event_id(fields, "first", &record->first);
  event_id(fields, "latest", &record->latest);
}

void
pnat_format_foreach_field(const PnatRecord *record, PnatFieldFunc func, gpointer data)
{
  const Fields fields = { func, data };

  frame_fields(&fields, record);
  if (record->kind == PNAT_RECORD_LOSS) {
    number(&fields, "lost", record->lost, record->lost != 0);
    return;
  }
  process_fields(&fields, record);
  peer_fields(&fields, record);
  trust_fields(&fields, record);
}
