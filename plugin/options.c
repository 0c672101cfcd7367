/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See options.h.
 */
#include "options.h"

static const char summary[] = "pnat tells which process talked to which address, from the events of the Linux audit daemon.\n"
                              "auditd runs it as a plugin and hands it audit events on standard input; with --read it\n"
                              "reads stored audit logs and prints the records.";

static const char description[] = "Examples:\n"
                                  "  pnat-plugin --check\n"
                                  "  pnat-plugin --read /var/log/audit/audit.log*\n"
                                  "  ausearch --raw --start today | pnat-plugin --read -\n"
                                  "\n"
                                  "Configuration: " PNAT_CONFIG_FILE ", see pnat-plugin.conf(5).\n"
                                  "Records: pnat-record(5). More: pnat-plugin(8).\n";

static GOptionContext *
context_new(PnatOptions *options)
{
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, "Read FILE, not " PNAT_CONFIG_FILE, "FILE" },
    { "check", 0, 0, G_OPTION_ARG_NONE, &options->check, "Say what is wrong with the configuration; exit 0 or 78", NULL },
    { "read", 'r', 0, G_OPTION_ARG_NONE, &options->read, "Read the audit logs named, or standard input for -, and print records", NULL },
    { "format", 'f', 0, G_OPTION_ARG_STRING, &options->format, "With --read: kv (default) or json", "FORMAT" },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL, "[FILE… | -]" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  GOptionContext *context = g_option_context_new(NULL);
  g_option_context_add_main_entries(context, entries, NULL);
  g_option_context_set_summary(context, summary);
  g_option_context_set_description(context, description);
  return context;
}

static gboolean
refuse(GError **error, const char *message)
{
  g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, message);
  return FALSE;
}

gboolean
pnat_options_parse(PnatOptions *options, int *argc, char ***argv, GError **error)
{
  g_autoptr(GOptionContext) context = context_new(options);

  if (!g_option_context_parse(context, argc, argv, error))
    return FALSE;
  if (options->read && options->files == NULL)
    return refuse(error, "--read needs the name of an audit log, or - for standard input");
  if (!options->read && options->files != NULL)
    return refuse(error, "a file is named, but not what to do with it; to read an audit log use --read FILE");
  if (!options->read && options->format != NULL)
    return refuse(error, "--format goes with --read; the plugin's own format is set in its configuration");
  if (options->format != NULL && pnat_format_find(options->format) == NULL)
    return refuse(error, "--format: there is no such format; allowed: kv, json");
  if (options->read && options->check)
    return refuse(error, "--read and --check do not go together");
  return TRUE;
}

void
pnat_options_clear(PnatOptions *options)
{
  g_clear_pointer(&options->config, g_free);
  g_clear_pointer(&options->format, g_free);
  g_clear_pointer(&options->files, g_strfreev);
}

char *
pnat_options_usage(void)
{
  g_auto(PnatOptions) options = { 0 };
  g_autoptr(GOptionContext) context = context_new(&options);
  return g_option_context_get_help(context, TRUE, NULL);
}

PnatTrackerOptions
pnat_options_for_tracker(const PnatConfig *config, const char *host)
{
  return (PnatTrackerOptions){
    .host = host,
    .start_after = config->start_after,
    .active_timeout = config->active_timeout,
    .idle_timeout = config->idle_timeout,
    .per_connection = config->aggregate_connection,
    .max_flows = config->max_flows,
    .exclude = config->exclude,
    .exclude_exe = config->exclude_exe,
  };
}
