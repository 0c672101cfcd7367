/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The configuration: any text is taken or refused, and what is taken can be used.
 */
#include "fuzz.h"

#include <string.h>

#include "lib/address.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/format.h"
#include "lib/tracker.h"
#include "plugin/options.h"

#define NAME "pnat-plugin.conf"

static void
check_complaints(const GError *error)
{
  g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

  FUZZ_CHECK(error->domain == PNAT_ERROR && error->code == PNAT_ERROR_CONFIG, "%s", error->message);
  FUZZ_CHECK(g_strv_length(lines) <= 101, "%u lines", g_strv_length(lines));
  for (char **line = lines; *line != NULL; line++) {
    fuzz_check_text(*line, strlen(*line), "a complaint");
    FUZZ_CHECK(g_str_has_prefix(*line, NAME ":"), "%s", *line);
  }
}

static void
check_config(const PnatConfig *config)
{
  FUZZ_CHECK(config->output != 0 && (config->output & ~7u) == 0, "output %u", config->output);
  FUZZ_CHECK(g_path_is_absolute(config->file), "file %s", config->file);
  FUZZ_CHECK(g_path_is_absolute(config->state_dir), "state_dir %s", config->state_dir);
  FUZZ_CHECK(config->control_socket == NULL || g_path_is_absolute(config->control_socket), "control_socket %s", config->control_socket);
  FUZZ_CHECK(pnat_format_find(config->format) != NULL, "format %s", config->format);
  FUZZ_CHECK(*config->log_group != '\0', "log_group");
  FUZZ_CHECK(config->start_after >= 0 && config->active_timeout > 0 && config->idle_timeout > 0 && config->state_interval > 0, "a time");
  FUZZ_CHECK(config->max_flows >= 1 && config->max_queue >= 1, "a bound");
}

/* A call with an address that some prefix or glob may exclude. */
static void
use(const PnatConfig *config)
{
  PnatTrackerOptions options = pnat_options_for_tracker(config, "host");
  g_autoptr(PnatTracker) tracker = pnat_tracker_new(&options, fuzz_check_record, NULL);
  PnatEvent event = { .kind = PNAT_EVENT_NETWORK, .time = G_GINT64_CONSTANT(1700000000000), .serial = 1, .call = PNAT_CALL_CONNECT,
                      .result = PNAT_RESULT_OK, .fd = 3, .saddr = PNAT_SADDR_INET, .who = { .pid = 7, .exe = "/usr/bin/curl" } };

  pnat_address_set(&event.address, AF_INET, "\177\0\0\1", 443);
  pnat_tracker_feed(tracker, &event, 1);
  FUZZ_CHECK(pnat_tracker_next_due(tracker) >= 1, "%" G_GINT64_FORMAT, pnat_tracker_next_due(tracker));
  pnat_tracker_advance(tracker, G_GINT64_CONSTANT(1) << 40);
  pnat_tracker_finish(tracker, PNAT_REASON_EOF, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  g_autofree char *text = fuzz_copy(&input, FALSE);
  g_autoptr(GError) error = NULL;
  g_autoptr(PnatConfig) config = pnat_config_parse(text, size, NAME, &error);

  FUZZ_CHECK((config == NULL) == (error != NULL), "neither a configuration nor a reason");
  if (config == NULL) {
    check_complaints(error);
    return 0;
  }
  check_config(config);
  use(config);
  return 0;
}
