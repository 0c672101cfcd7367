/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command line of pnat-plugin(8).
 */
#pragma once

#include <glib.h>

#include "lib/config.h"
#include "lib/format.h"
#include "lib/tracker.h"

G_BEGIN_DECLS

typedef struct {
  char *config; /* (nullable) as given; NULL: PNAT_CONFIG_FILE */
  char *format; /* (nullable) as given */
  char **files; /* (nullable) NULL-terminated */
  gboolean check;
  gboolean read;
  gboolean version;
} PnatOptions;

/**
 * Parses and checks the command line; --help is answered and exits here, as GOptionContext does.
 *
 * @returns FALSE and @error when the options do not fit together
 */
gboolean pnat_options_parse(PnatOptions *options, int *argc, char ***argv, GError **error);
void pnat_options_clear(PnatOptions *options);

/* What --help prints. @returns (transfer full) */
char *pnat_options_usage(void);

/* What of @config concerns the tracker. @host and @config outlive the result. */
PnatTrackerOptions pnat_options_for_tracker(const PnatConfig *config, const char *host);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PnatOptions, pnat_options_clear)

G_END_DECLS
