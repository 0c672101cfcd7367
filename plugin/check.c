/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See check.h.
 */
#include "check.h"

#include <errno.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "auditlog.h"
#include "lib/error.h"
#include "nodename.h"
#include "safe_file.h"

/* A directory that is missing is made, but not those above it. */
static gboolean
check_directory(const char *path, GError **error)
{
  g_autofree char *above = g_path_get_dirname(path);

  if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
    if (g_file_test(above, G_FILE_TEST_IS_DIR))
      return TRUE;
    pnat_error_set_errno(error, ENOENT, "%s", above);
    return FALSE;
  }
  int fd = pnat_safe_directory_open(path, (gid_t)-1, error);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

static gboolean
check_directory_of(const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname(path);
  return check_directory(directory, error);
}

static gboolean
is_same(const struct stat *file, const char *path)
{
  struct stat other;
  return path != NULL && stat(path, &other) == 0 && other.st_dev == file->st_dev && other.st_ino == file->st_ino;
}

/* Whether @file is not one that the plugin reads. */
static gboolean
check_is_another(const struct stat *file, const char *path, const char *config_file, GError **error)
{
  g_autofree char *auditd_config = pnat_auditd_config(), *audit_log = pnat_audit_log_path(auditd_config, NULL);
  const char *what = is_same(file, config_file) ? "this configuration" : is_same(file, audit_log) ? "auditd's own log" : NULL;

  if (what != NULL)
    g_set_error(error, PNAT_ERROR, PNAT_ERROR_UNSAFE, "%s: it is %s; name a file of pnat's own", path, what);
  return what == NULL;
}

/* A log that is there is opened as it will be, but for a FIFO; no other is made. */
static gboolean
check_log(const char *path, const char *config_file, GError **error)
{
  struct stat stat;

  if (lstat(path, &stat) != 0)
    return pnat_safe_file_is_device(path) || check_directory_of(path, error);
  if (!check_is_another(&stat, path, config_file, error))
    return FALSE;
  if (S_ISFIFO(stat.st_mode))
    return pnat_safe_file_check(path, error);
  int fd = pnat_safe_file_open(path, (gid_t)-1, &stat, error);
  if (fd >= 0)
    close(fd);
  return fd >= 0;
}

static gboolean
check_socket(const char *path, GError **error)
{
  struct stat stat;

  if (lstat(path, &stat) == 0 && !S_ISSOCK(stat.st_mode)) {
    pnat_error_set_errno(error, ENOTSOCK, "%s", path);
    return FALSE;
  }
  return check_directory_of(path, error);
}

static void
complain(GString *complaints, const char *config_file, const char *key, const GError *error)
{
  g_string_append_printf(complaints, "%s%s: %s: %s", complaints->len > 0 ? "\n" : "", config_file, key, error->message);
}

gboolean
pnat_check_places(const char *config_file, const PnatConfig *config, GError **error)
{
  g_autoptr(GError) file = NULL, state = NULL, control = NULL;
  g_autoptr(GString) complaints = g_string_new(NULL);

  if (geteuid() != 0)
    return TRUE;
  if ((config->output & PNAT_OUTPUT_FILE) != 0 && !check_log(config->file, config_file, &file))
    complain(complaints, config_file, "file", file);
  if (!check_directory(config->state_dir, &state))
    complain(complaints, config_file, "state_dir", state);
  if (config->control_socket != NULL && !check_socket(config->control_socket, &control))
    complain(complaints, config_file, "control_socket", control);
  if (complaints->len == 0)
    return TRUE;
  g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_CONFIG, complaints->str);
  return FALSE;
}

int
pnat_check(const char *config_file)
{
  g_autoptr(GError) error = NULL, places = NULL;
  g_autoptr(PnatConfig) config = pnat_config_load(config_file, &error);
  gid_t group;

  if (config == NULL) {
    g_printerr("%s\n", error->message);
    return EX_CONFIG;
  }
  gboolean right = pnat_safe_file_group(config->log_group, &group, &error);
  if (!right)
    g_printerr("%s: %s\n", config_file, error->message);
  if (!pnat_check_places(config_file, config, &places)) {
    g_printerr("%s\n", places->message);
    right = FALSE;
  }
  if (!right)
    return EX_CONFIG;
  g_print("%s: no errors\n", config_file);
  return EX_OK;
}
