/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The key=value format: one line, fixed key order, no key ever left out, "-" for what is not known.
 */
#include "format.h"

#include <string.h>

/* What a value may hold and still stand without quotes. A "-" alone would read as "not known". */
static gboolean
is_plain(const char *value)
{
  const char *at = value;

  while (g_ascii_isalnum(*at) || (*at != '\0' && strchr("_.:@/-", *at) != NULL))
    at++;
  return *at == '\0' && at > value && strcmp(value, "-") != 0;
}

typedef struct {
  GString *text;
  gsize start; /* where the record begins in it */
} Line;

/* "key=value" in one step: a record has near forty. */
static void
append_pair(GString *line, const char *key, const char *value)
{
  gsize key_length = strlen(key), value_length = strlen(value), at = line->len;

  g_string_set_size(line, at + key_length + 1 + value_length);
  memcpy(line->str + at, key, key_length);
  line->str[at + key_length] = '=';
  memcpy(line->str + at + key_length + 1, value, value_length);
}

static void
append_field(const char *key, const char *value, gboolean is_string, gpointer data)
{
  const Line *to = data;
  GString *line = to->text;

  if (line->len > to->start)
    g_string_append_c(line, ' ');
  if (value == NULL) {
    append_pair(line, key, "-");
  } else if (!is_string && is_plain(value)) {
    append_pair(line, key, value);
  } else {
    append_pair(line, key, "");
    g_string_append_c(line, '"');
    pnat_escape(line, value);
    g_string_append_c(line, '"');
  }
}

static void
write_kv(const PnatRecord *record, GString *line)
{
  Line to = { line, line->len };

  pnat_format_foreach_field(record, append_field, &to);
}

const PnatFormat pnat_format_kv = { "kv", write_kv };
