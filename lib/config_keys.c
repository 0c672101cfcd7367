/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One table of keys, and the readers of values that it names.
 */
#include "config_keys.h"

#include "address.h"
#include "format.h"

#include <limits.h>
#include <string.h>
#include <sys/un.h>
#include <syslog.h>

#define QUOTE_LIMIT 80 /* bytes */
#define YEAR 31536000

/* A word that a value may be, and what it stands for; case does not matter. */
typedef struct {
  const char *name;
  gint64 value;
} Word;

typedef struct Key Key;

struct Key {
  const char *name;
  /* Reads @value into @target; returns NULL, or what is wrong (transfer full). */
  char *(*parse)(const Key *key, const char *value, gpointer target);
  gsize offset; /* of the target in PnatConfig */
  const Word *words;
  gint64 least, most;  /* of numbers */
  const char *allowed; /* words and numbers say it themselves */
  gboolean may_be_empty;
};

char *
pnat_config_quote(const char *bytes)
{
  g_autofree char *start = g_strndup(bytes, QUOTE_LIMIT);
  GString *text = g_string_new("\"");

  pnat_escape(text, start);
  g_string_append(text, strlen(bytes) > QUOTE_LIMIT ? "\"..." : "\"");
  return g_string_free(text, FALSE);
}

static char *
complaint(const char *value, const char *what)
{
  g_autofree char *text = pnat_config_quote(value);

  return g_strdup_printf("%s %s", text, what);
}

/* The parts between commas, without their blanks; (transfer full). */
static GStrv
split(const char *value)
{
  GStrv parts = g_strsplit(value, ",", -1); /* of an empty value, an empty one */

  for (GStrv part = parts; *part != NULL; part++)
    g_strstrip(*part);
  return parts;
}

static const Word *
find_word(const Word *words, const char *name)
{
  for (; words != NULL && words->name != NULL; words++)
    if (g_ascii_strcasecmp(words->name, name) == 0)
      return words;
  return NULL;
}

static char *
parse_flags(const Key *key, const char *value, gpointer target)
{
  g_auto(GStrv) parts = split(value);
  gint64 flags = 0;

  for (GStrv part = parts; *part != NULL; part++) {
    const Word *word = find_word(key->words, *part);

    if (word == NULL)
      return complaint(*part, "is not known");
    if (flags & word->value)
      return complaint(*part, "is named twice");
    flags |= word->value;
  }
  *(PnatOutputs *)target = (PnatOutputs)flags;
  return NULL;
}

static char *
parse_word(const Key *key, const char *value, gpointer target)
{
  const Word *word = find_word(key->words, value);

  if (word == NULL)
    return complaint(value, "is not known");
  *(int *)target = (int)word->value;
  return NULL;
}

static char *
parse_format(const Key *key, const char *value, gpointer target)
{
  const Word *word = find_word(key->words, value);

  if (word == NULL)
    return complaint(value, "is not known");
  g_free(*(char **)target);
  *(char **)target = g_strdup(word->name);
  return NULL;
}

static char *
read_number(const Key *key, const char *value, gint64 *number)
{
  g_autoptr(GError) error = NULL;

  if (g_ascii_string_to_signed(value, 10, key->least, key->most, number, &error))
    return NULL;
  return complaint(value, g_error_matches(error, G_NUMBER_PARSER_ERROR, G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS)
                              ? "is out of range"
                              : "is not a whole number");
}

static char *
parse_count(const Key *key, const char *value, gpointer target)
{
  gint64 number;
  char *wrong = read_number(key, value, &number);

  if (wrong == NULL)
    *(guint *)target = (guint)number;
  return wrong;
}

/* Words stand for what they are, numbers for seconds. */
static char *
parse_seconds(const Key *key, const char *value, gpointer target)
{
  const Word *word = find_word(key->words, value);
  gint64 number;
  char *wrong;

  if (word != NULL) {
    *(gint64 *)target = word->value;
    return NULL;
  }
  wrong = read_number(key, value, &number);
  if (wrong == NULL)
    *(gint64 *)target = number * 1000;
  return wrong;
}

static char *
parse_path(const Key *key, const char *value, gpointer target)
{
  if (!g_path_is_absolute(value))
    return complaint(value, "is not an absolute path");
  if (strlen(value) >= (gsize)key->most)
    return complaint(value, "is too long");
  g_free(*(char **)target);
  *(char **)target = g_strdup(value);
  return NULL;
}

static char *
parse_file(const Key *key, const char *value, gpointer target)
{
  if (g_str_has_suffix(value, "/") || g_str_has_suffix(value, "/.") || g_str_has_suffix(value, "/.."))
    return complaint(value, "names a directory");
  return parse_path(key, value, target);
}

static char *
parse_socket(const Key *key, const char *value, gpointer target)
{
  if (g_ascii_strcasecmp(value, "none") != 0)
    return parse_file(key, value, target);
  g_clear_pointer((char **)target, g_free);
  return NULL;
}

/* What groupadd(8) takes, and the upper case, dots and domains of directories' groups. */
static char *
parse_group(const Key *key, const char *value, gpointer target)
{
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@\\-";
  gsize length = strspn(value, allowed);

  if (length == 0 || *value == '-' || (value[length] != '\0' && strcmp(value + length, "$") != 0))
    return complaint(value, "is not a group's name");
  g_free(*(char **)target);
  *(char **)target = g_strdup(value);
  return NULL;
}

static char *
parse_prefixes(const Key *key, const char *value, gpointer target)
{
  g_auto(GStrv) parts = split(value);
  g_autoptr(GArray) prefixes = g_array_new(FALSE, FALSE, sizeof(PnatPrefix));

  for (GStrv part = parts; *part != NULL; part++) {
    g_autoptr(GError) error = NULL;
    g_autofree char *what = NULL;
    PnatPrefix prefix;

    if (pnat_prefix_parse(&prefix, *part, &error)) {
      g_array_append_val(prefixes, prefix);
      continue;
    }
    what = g_strdup_printf("is %s", error->message);
    return complaint(*part, what);
  }
  g_array_unref(*(GArray **)target);
  *(GArray **)target = g_steal_pointer(&prefixes);
  return NULL;
}

static char *
parse_globs(const Key *key, const char *value, gpointer target)
{
  g_auto(GStrv) parts = split(value);
  g_autoptr(GPtrArray) globs = g_ptr_array_new_with_free_func(g_free);

  for (GStrv part = parts; *part != NULL; part++) {
    if (**part != '/' && **part != '*')
      return complaint(*part, "begins with neither / nor *");
    g_ptr_array_add(globs, g_strdup(*part));
  }
  g_ptr_array_unref(*(GPtrArray **)target);
  *(GPtrArray **)target = g_steal_pointer(&globs);
  return NULL;
}

static const Word outputs[]
    = { { "file", PNAT_OUTPUT_FILE }, { "syslog", PNAT_OUTPUT_SYSLOG }, { "journal", PNAT_OUTPUT_JOURNAL }, { NULL, 0 } };
static const Word formats[] = { { "kv", 0 }, { "json", 0 }, { NULL, 0 } };
/* Those of syslog(3) but for kern, which only the kernel can be. */
static const Word facilities[] = {
  { "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },     { "daemon", LOG_DAEMON },
  { "ftp", LOG_FTP },       { "lpr", LOG_LPR },           { "mail", LOG_MAIL },     { "news", LOG_NEWS },
  { "syslog", LOG_SYSLOG }, { "user", LOG_USER },         { "uucp", LOG_UUCP },     { "local0", LOG_LOCAL0 },
  { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },     { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
  { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },     { "local7", LOG_LOCAL7 }, { NULL, 0 },
};
static const Word never[] = { { "never", PNAT_NEVER }, { NULL, 0 } };
static const Word zero_is_never[] = { { "0", PNAT_NEVER }, { NULL, 0 } };
static const Word aggregates[] = { { "peer", FALSE }, { "connection", TRUE }, { NULL, 0 } };
static const Word booleans[] = { { "yes", TRUE }, { "no", FALSE }, { NULL, 0 } };

G_STATIC_ASSERT(sizeof((struct sockaddr_un *)NULL)->sun_path == 108); /* unix(7); said below */

#define AT(member) .offset = offsetof(PnatConfig, member)

/* In the order of the man page. */
static const Key keys[] = {
  { "output", parse_flags, AT(output), .words = outputs },
  { "file", parse_file, AT(file), .most = PATH_MAX, .allowed = "the absolute path of a file" },
  { "log_group", parse_group, AT(log_group), .allowed = "the name of a group" },
  { "format", parse_format, AT(format), .words = formats },
  { "syslog_facility", parse_word, AT(syslog_facility), .words = facilities },
  { "start_after", parse_seconds, AT(start_after), .words = never, .least = 0, .most = YEAR },
  { "active_timeout", parse_seconds, AT(active_timeout), .words = zero_is_never, .least = 1, .most = YEAR },
  { "idle_timeout", parse_seconds, AT(idle_timeout), .least = 1, .most = YEAR },
  { "aggregate", parse_word, AT(aggregate_connection), .words = aggregates },
  { "exclude", parse_prefixes, AT(exclude), .may_be_empty = TRUE,
    .allowed = "addresses and ADDRESS/BITS, comma-separated: 127.0.0.0/8, ::1" },
  { "exclude_exe", parse_globs, AT(exclude_exe), .may_be_empty = TRUE,
    .allowed = "globs of absolute paths, comma-separated: /usr/sbin/ntpd, */chronyd" },
  { "max_flows", parse_count, AT(max_flows), .least = 1, .most = 16777216 },
  { "max_queue", parse_count, AT(max_queue), .least = 1, .most = 1048576 },
  { "state_dir", parse_path, AT(state_dir), .most = PATH_MAX, .allowed = "the absolute path of a directory" },
  { "state_interval", parse_seconds, AT(state_interval), .least = 1, .most = 86400 },
  { "control_socket", parse_socket, AT(control_socket), .most = sizeof((struct sockaddr_un *)NULL)->sun_path,
    .allowed = "none, or an absolute path of at most 107 bytes" },
  { "local_tracking", parse_word, AT(local_tracking), .words = booleans },
  { "replay", parse_word, AT(replay), .words = booleans },
};

const char *const *
pnat_config_keys(void)
{
  static const char *names[G_N_ELEMENTS(keys) + 1];

  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    names[i] = keys[i].name;
  return names;
}

int
pnat_config_key_find(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
    if (strcmp(keys[i].name, name) == 0)
      return (int)i;
  return -1;
}

static gboolean
has_control(const char *value)
{
  for (; *value != '\0'; value = g_utf8_next_char(value))
    if (g_unichar_iscntrl(g_utf8_get_char(value)))
      return TRUE;
  return FALSE;
}

/* What is wrong whatever the key; NULL for nothing (transfer full). */
static char *
check_value(const Key *key, const char *value)
{
  const char *hash = strchr(value, '#');

  if (*value == '\0')
    return key->may_be_empty ? NULL : g_strdup("the value is missing");
  if (has_control(value))
    return complaint(value, "holds a control character");
  if (hash != NULL && (hash == value || g_ascii_isspace(hash[-1])))
    return complaint(value, "holds a comment, which needs a line of its own");
  return NULL;
}

char *
pnat_config_key_set(int key, const char *value, PnatConfig *config)
{
  char *wrong = check_value(&keys[key], value);

  return wrong != NULL ? wrong : keys[key].parse(&keys[key], value, G_STRUCT_MEMBER_P(config, keys[key].offset));
}

char *
pnat_config_key_allowed(int index)
{
  const Key *key = &keys[index];
  GString *text = g_string_new(key->allowed);

  for (const Word *word = key->words; word != NULL && word->name != NULL; word++)
    g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", word->name);
  if (key->parse == parse_flags)
    g_string_append(text, ", comma-separated");
  if (key->parse == parse_count || key->parse == parse_seconds)
    g_string_append_printf(text, "%s%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s", text->len > 0 ? ", or " : "", key->least,
                           key->most, key->parse == parse_seconds ? " seconds" : "");
  return g_string_free(text, FALSE);
}

/* Levenshtein's distance; case does not count, so that a key in upper case finds its own. */
static guint
distance(const char *a, const char *b)
{
  gsize length = strlen(b);
  g_autofree guint *row = g_new(guint, length + 1);

  for (guint j = 0; j <= length; j++)
    row[j] = j;
  for (guint i = 0; a[i] != '\0'; i++) {
    guint diagonal = row[0];

    row[0] = i + 1;
    for (gsize j = 1; j <= length; j++) {
      guint change = diagonal + (g_ascii_tolower(a[i]) != b[j - 1]);

      diagonal = row[j];
      row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
    }
  }
  return row[length];
}

const char *
pnat_config_key_nearest(const char *name)
{
  const char *nearest = NULL;
  guint least = (guint)MIN(strlen(name) / 2 + 1, 5); /* further off it is no slip of the keyboard */

  for (gsize i = 0; i < G_N_ELEMENTS(keys) && strlen(name) < QUOTE_LIMIT; i++) {
    guint far = distance(name, keys[i].name);

    if (far < least) {
      least = far;
      nearest = keys[i].name;
    }
  }
  return nearest;
}
