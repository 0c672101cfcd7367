/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The configuration: its defaults, and the file that is read over them. Every complaint is collected, so that
 * one --check shows all there is to mend. What the keys are is config_keys.c's.
 */
#include "config.h"

#include "address.h"
#include "config_keys.h"
#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define FILE_LIMIT (1024 * 1024)
#define LINE_LIMIT 4096
#define COMPLAINTS_LIMIT 100

/* What some editors put before UTF-8. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

PnatConfig *
pnat_config_new(void)
{
  PnatConfig *config = g_new0(PnatConfig, 1);

  config->output = PNAT_OUTPUT_FILE | PNAT_OUTPUT_JOURNAL;
  config->file = g_strdup("/var/log/pnat/pnat.log");
  config->log_group = g_strdup("root");
  config->format = g_strdup("kv");
  config->syslog_facility = LOG_DAEMON;
  config->start_after = 5 * 1000;
  config->active_timeout = 300 * 1000;
  config->idle_timeout = 86400 * 1000;
  config->exclude = g_array_new(FALSE, FALSE, sizeof(PnatPrefix));
  config->exclude_exe = g_ptr_array_new_with_free_func(g_free);
  config->max_flows = 262144;
  config->max_queue = 65536;
  config->state_dir = g_strdup("/var/lib/pnat");
  config->state_interval = 30 * 1000;
  config->control_socket = g_strdup("/run/pnat/pnat.sock");
  config->local_tracking = TRUE;
  config->replay = TRUE;
  return config;
}

void
pnat_config_free(PnatConfig *config)
{
  if (config == NULL)
    return;
  g_free(config->file);
  g_free(config->log_group);
  g_free(config->format);
  g_array_unref(config->exclude);
  g_ptr_array_unref(config->exclude_exe);
  g_free(config->state_dir);
  g_free(config->control_socket);
  g_free(config);
}

/* A file being read. */
typedef struct {
  PnatConfig *config;
  const char *name; /* of the file, for messages */
  guint line;
  guint *set_at; /* for each key the line that set it, 0 = none */
  GString *complaints;
  guint n_complaints;
} Reader;

/* Past the limit they are counted only: a file of another kind would make one of each line. */
static void
complain(Reader *reader, const char *key, const char *what, const char *allowed)
{
  if (++reader->n_complaints > COMPLAINTS_LIMIT)
    return;
  if (reader->complaints->len > 0)
    g_string_append_c(reader->complaints, '\n');
  g_string_append_printf(reader->complaints, "%s:%u: ", reader->name, reader->line);
  if (key != NULL)
    g_string_append_printf(reader->complaints, "%s: ", key);
  g_string_append_printf(reader->complaints, "%s; allowed: %s", what, allowed);
}

static void
complain_of_key(Reader *reader, const char *name)
{
  const char *nearest = pnat_config_key_nearest(name);
  g_autofree char *text = pnat_config_quote(name);
  g_autofree char *what = nearest != NULL ? g_strdup_printf("unknown key, did you mean %s?", nearest) : g_strdup("unknown key");
  g_autofree char *allowed = g_strjoinv(", ", (GStrv)pnat_config_keys());

  complain(reader, text, what, allowed);
}

static void
set_key(Reader *reader, int key, const char *value)
{
  const char *name = pnat_config_keys()[key];
  g_autofree char *allowed = pnat_config_key_allowed(key);
  g_autofree char *wrong = NULL;

  if (reader->set_at[key] != 0) {
    wrong = g_strdup_printf("already set in line %u", reader->set_at[key]);
    complain(reader, name, wrong, "one line a key");
    return;
  }
  reader->set_at[key] = reader->line;
  wrong = pnat_config_key_set(key, value, reader->config);
  if (wrong != NULL)
    complain(reader, name, wrong, allowed);
}

/* @line: "key = value", stripped, UTF-8; is written to */
static void
read_assignment(Reader *reader, char *line)
{
  char *equals = strchr(line, '=');
  int key;

  if (equals == NULL || equals == line) {
    g_autofree char *text = pnat_config_quote(line);
    g_autofree char *what = g_strdup_printf("%s %s", text, equals == NULL ? "has no =" : "has no key");

    complain(reader, NULL, what, "key = value, # comment");
    return;
  }
  *equals = '\0';
  key = pnat_config_key_find(g_strchomp(line));
  if (key >= 0)
    set_key(reader, key, g_strchug(equals + 1));
  else
    complain_of_key(reader, line);
}

static void
read_line(Reader *reader, const char *bytes, gsize length)
{
  g_autofree char *line = NULL;

  reader->line++;
  if (length > LINE_LIMIT) {
    complain(reader, NULL, "the line is too long", "at most " G_STRINGIFY(LINE_LIMIT) " bytes");
  } else if (memchr(bytes, '\0', length) != NULL) {
    complain(reader, NULL, "a NUL byte in the line", "text");
  } else if (!g_utf8_validate(bytes, (gssize)length, NULL)) {
    complain(reader, NULL, "the line is not UTF-8", "UTF-8");
  } else {
    line = g_strstrip(g_strndup(bytes, length));
    if (*line != '\0' && *line != '#')
      read_assignment(reader, line);
  }
}

static void
read_lines(Reader *reader, const char *text, gsize length)
{
  const char *end = text + length;

  while (text < end) {
    const char *newline = memchr(text, '\n', (gsize)(end - text));
    const char *stop = newline != NULL ? newline : end;

    read_line(reader, text, (gsize)(stop - text));
    text = stop + 1;
  }
}

/* The line that set @key, 0 = none. */
static guint
line_of(const Reader *reader, const char *key)
{
  for (guint i = 0; pnat_config_keys()[i] != NULL; i++)
    if (strcmp(pnat_config_keys()[i], key) == 0)
      return reader->set_at[i];
  return 0;
}

/* As the kernel goes along them, where no ".." follows a symbolic link. */
static gboolean
are_same(const char *one, const char *other)
{
  g_autofree char *one_path = g_canonicalize_filename(one, NULL), *other_path = g_canonicalize_filename(other, NULL);
  return strcmp(one_path, other_path) == 0;
}

/* One would take the other's place. @path: (nullable); @place: that of what @other names; @other: of a key */
static void
look_for_collision(Reader *reader, const char *key, const char *path, const char *other, const char *place)
{
  if (path == NULL || !are_same(path, place))
    return;
  g_autofree char *text = pnat_config_quote(path);
  g_autofree char *allowed = g_strdup_printf("another path than that of %s", other);
  reader->line = MAX(line_of(reader, key), line_of(reader, other));
  complain(reader, key, text, allowed);
}

static void
look_for_collisions(Reader *reader)
{
  const PnatConfig *config = reader->config;
  const char *file = (config->output & PNAT_OUTPUT_FILE) != 0 ? config->file : NULL;
  static const char *const kept[] = { "state", "state.new", "state.try", "state.refused", "install.state" };

  for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
    g_autofree char *path = g_build_filename(config->state_dir, kept[i], NULL);
    look_for_collision(reader, "file", file, "state_dir", path);
    look_for_collision(reader, "control_socket", config->control_socket, "state_dir", path);
  }
  if (file != NULL)
    look_for_collision(reader, "control_socket", config->control_socket, "file", file);
}

PnatConfig *
pnat_config_parse(const char *text, gsize length, const char *name, GError **error)
{
  g_autoptr(PnatConfig) config = pnat_config_new();
  g_autoptr(GString) complaints = g_string_new(NULL);
  g_autofree guint *set_at = g_new0(guint, g_strv_length((GStrv)pnat_config_keys()));
  Reader reader = { .config = config, .name = name, .set_at = set_at, .complaints = complaints };

  if (length >= strlen(BYTE_ORDER_MARK) && memcmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
    text += strlen(BYTE_ORDER_MARK);
    length -= strlen(BYTE_ORDER_MARK);
  }
  read_lines(&reader, text, length);
  look_for_collisions(&reader);
  if (reader.n_complaints > COMPLAINTS_LIMIT)
    g_string_append_printf(complaints, "\n%s: and %u more", name, reader.n_complaints - COMPLAINTS_LIMIT);
  config->state_dir_is_set = line_of(&reader, "state_dir") != 0;
  config->control_socket_is_set = line_of(&reader, "control_socket") != 0;
  if (reader.n_complaints == 0)
    return g_steal_pointer(&config);
  g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_CONFIG, complaints->str);
  return NULL;
}

/*
 * Whoever can write it could have root write any file. Some hosts give each user a group of their own and a umask of 002: for the
 * caller's own group that is no harm, as for root's it is none.
 */
static const char *
unsafe_because(const struct stat *status)
{
  if ((status->st_mode & S_IWOTH) != 0)
    return "writable by anyone";
  if ((status->st_mode & S_IWGRP) != 0 && status->st_gid != 0 && status->st_gid != getegid())
    return "writable by a group that is not root's";
  if (status->st_uid != 0 && status->st_uid != geteuid())
    return "owned by another user than root";
  return NULL;
}

static gboolean
check_file(int fd, const char *file, GError **error)
{
  const char *unsafe;
  struct stat status;

  if (fstat(fd, &status) != 0) {
    pnat_error_set_errno(error, errno, "%s", file);
    return FALSE;
  }
  if (!S_ISREG(status.st_mode)) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_CONFIG, "%s: not a regular file; name the configuration file with --config=FILE", file);
    return FALSE;
  }
  unsafe = unsafe_because(&status);
  if (unsafe != NULL) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_UNSAFE, "%s: %s, who could have root write any file; run: chown root %s && chmod go-w %s", file,
                unsafe, file, file);
    return FALSE;
  }
  if (status.st_size > FILE_LIMIT) {
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_CONFIG, "%s: the file is too long; allowed: at most %d bytes", file, FILE_LIMIT);
    return FALSE;
  }
  return TRUE;
}

/* Not beyond the limit, though the file may grow meanwhile. */
static char *
read_all(int fd, const char *file, gsize *length, GError **error)
{
  g_autofree char *text = g_malloc(FILE_LIMIT);
  gssize got;

  *length = 0;
  do {
    got = read(fd, text + *length, FILE_LIMIT - *length);
    *length += (gsize)MAX(got, 0);
  } while (got > 0 || (got < 0 && errno == EINTR));
  if (got == 0)
    return g_steal_pointer(&text);
  pnat_error_set_errno(error, errno, "%s", file);
  return NULL;
}

PnatConfig *
pnat_config_load(const char *file, GError **error)
{
  /* Without waiting: a FIFO would hold the daemon up. */
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  g_autofree char *text = NULL;
  gsize length;

  if (fd < 0) {
    const char *advice = errno == EACCES ? " (only root may read it: try sudo)" : errno == ENOENT ? " (another is named with --config=FILE)" : "";
    pnat_error_set_errno(error, errno, "%s%s", file, advice);
    return NULL;
  }
  if (check_file(fd, file, error))
    text = read_all(fd, file, &length, error);
  close(fd);
  return text != NULL ? pnat_config_parse(text, length, file, error) : NULL;
}
