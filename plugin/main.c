/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pnat-plugin(8): parse, set up, run.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"
#include "lib/config.h"
#include "options.h"
#include "signals.h"
#include "stored.h"

static int
explain_terminal(void)
{
  g_autofree char *usage = pnat_options_usage();
  g_printerr("pnat-plugin: standard input is a terminal, where audit events are expected.\n"
             "auditd starts this program by itself once its plugins.d/pnat.conf says \"active = yes\" and auditd was\n"
             "reloaded; to look at stored events use --read.\n\n%s",
             usage);
  return EX_USAGE;
}

/* The configuration that was asked for. --read works without the system's, which only root may read. */
static PnatConfig *
load_config(const PnatOptions *options, GError **error)
{
  if (options->read && options->config == NULL)
    return pnat_config_new();
  return pnat_config_load(options->config != NULL ? options->config : PNAT_CONFIG_FILE, error);
}

/* ausearch --raw | pnat-plugin, where --read - was meant: the events would go to the log as if they were of this moment. */
static gboolean
is_handed_a_stream(const PnatOptions *options)
{
  struct stat input;

  return options->config == NULL && !pnat_signals_is_started_by_auditd() && fstat(STDIN_FILENO, &input) == 0 &&
         (S_ISFIFO(input.st_mode) || S_ISREG(input.st_mode));
}

static int
explain_stream(void)
{
  g_printerr("pnat-plugin: standard input is not auditd's.\n"
             "To look at stored events: pnat-plugin --read -\n"
             "To have them go to this host's log all the same: pnat-plugin --config=" PNAT_CONFIG_FILE "\n");
  return EX_USAGE;
}

/* As it is, in UTF-8: auditd gives us no locale, and g_print() would put question marks. */
static void
print_error(const char *text)
{
  fputs(text, stderr);
}

static void
print(const char *text)
{
  fputs(text, stdout);
}

/*
 * A descriptor that was closed would go to the next file that is opened, and that would get our messages. Records that nobody gets are an error:
 * standard output is one that can not be written to.
 */
static void
open_standard_descriptors(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0)
      open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR); /* the lowest number that is free: this one */
}

/*
 * A large buffer, as that of a snapshot of the state, is to go back to the kernel with its end. glibc would keep the like of it in the heap from
 * the first time on, mallopt(3), where it leaves holes: memory would grow for hours.
 */
static void
give_back_large_buffers(void)
{
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

int
main(int argc, char **argv)
{
  g_auto(PnatOptions) options = { 0 };
  g_autoptr(GError) error = NULL;

  give_back_large_buffers();
  open_standard_descriptors();
  g_set_print_handler(print);
  g_set_printerr_handler(print_error);
  if (!pnat_options_parse(&options, &argc, &argv, &error)) {
    g_printerr("pnat-plugin: %s\nSee pnat-plugin --help.\n", error->message);
    return EX_USAGE;
  }
  if (options.version) {
    g_print("%s\n", PACKAGE_STRING);
    return EX_OK;
  }
  if (options.check)
    return pnat_check(options.config != NULL ? options.config : PNAT_CONFIG_FILE);
  if (!options.read && isatty(STDIN_FILENO))
    return explain_terminal();
  if (!options.read && is_handed_a_stream(&options))
    return explain_stream();

  g_autoptr(PnatConfig) config = load_config(&options, &error);
  if (options.read) {
    if (config == NULL) {
      g_printerr("%s\n", error->message);
      return EX_CONFIG;
    }
    return pnat_stored_read(options.files, config, pnat_format_find(options.format != NULL ? options.format : "kv"));
  }
  return pnat_daemon_run(options.config != NULL ? options.config : PNAT_CONFIG_FILE);
}
