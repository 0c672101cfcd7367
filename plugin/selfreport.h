/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the plugin says of itself: the line that it begins with, which tells version, the rules that it found in force, its outputs, and what
 * is on and off and why; and its counters, at SIGUSR1.
 */
#pragma once

#include "lib/config.h"
#include "lib/feed.h"
#include "local.h"
#include "losses.h"
#include "sinks.h"

G_BEGIN_DECLS

typedef struct {
  const char *rules;           /* as of pnat_losses_rules() */
  const char *no_state;        /* (nullable) why no state is kept; NULL: it is */
  const PnatLocalCounts *local; /* (nullable) local_tracking = no */
  const char *privileges;      /* as of pnat_privilege_drop() */
  const char *cmdline;         /* (nullable) the kernel's, /proc/cmdline */
} PnatSelf;

/* @returns (transfer full) one line */
char *pnat_self_start_line(const PnatConfig *config, PnatSinks *sinks, const PnatSelf *self);

typedef struct {
  PnatFeedCounts feed;
  PnatTrackerCounts tracker;
  PnatLossCounts lost;
  PnatLocalCounts local; /* zero with local_tracking = no */
  guint64 replayed;      /* events from auditd's log */
} PnatSelfCounts;

/* @returns (transfer full) lines of key=value, without a newline behind the last */
char *pnat_self_report(const PnatSelfCounts *counts, PnatSinks *sinks);

G_END_DECLS
