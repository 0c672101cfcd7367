/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See check.h.
 */
#include "check.h"

#include <errno.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
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

/* A log that is there is opened as it will be, but for a FIFO; no other is made. */
static gboolean
check_log(const char *path, GError **error)
{
  struct stat stat;

  if (lstat(path, &stat) != 0)
    return pnat_safe_file_is_device(path) || check_directory_of(path, error);
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

static gboolean
complain(const char *config_file, const char *key, const GError *error)
{
  g_printerr("%s: %s: %s\n", config_file, key, error->message);
  return FALSE;
}

static gboolean
check_places(const char *config_file, const PnatConfig *config)
{
  g_autoptr(GError) file = NULL, state = NULL, control = NULL;
  gboolean right = TRUE;

  if ((config->output & PNAT_OUTPUT_FILE) != 0 && !check_log(config->file, &file))
    right = complain(config_file, "file", file);
  if (!check_directory(config->state_dir, &state))
    right = complain(config_file, "state_dir", state);
  if (config->control_socket != NULL && !check_socket(config->control_socket, &control))
    right = complain(config_file, "control_socket", control);
  return right;
}

int
pnat_check(const char *config_file)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatConfig) config = pnat_config_load(config_file, &error);
  gid_t group;

  if (config == NULL) {
    g_printerr("%s\n", error->message);
    return EX_CONFIG;
  }
  gboolean right = pnat_safe_file_group(config->log_group, &group, &error);
  if (!right)
    g_printerr("%s: %s\n", config_file, error->message);
  if (geteuid() == 0) /* else much can not be looked at */
    right &= check_places(config_file, config);
  if (!right)
    return EX_CONFIG;
  g_print("%s: no errors\n", config_file);
  return EX_OK;
}
