/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The running plugin, as daemon.c and startup.c share it: what reads, parses and tracks, and what it is wired to.
 */
#pragma once

#include "control.h"
#include "daemon.h"
#include "input.h"
#include "lib/feed.h"
#include "lib/tracker.h"
#include "local.h"
#include "losses.h"
#include "nodename.h"
#include "resume.h"
#include "signals.h"
#include "sinks.h"

G_BEGIN_DECLS

typedef struct PnatDaemon PnatDaemon;

struct PnatDaemon {
  const char *config_file;
  PnatConfig *config;
  PnatSignals *signals;
  PnatSinks *sinks;
  PnatFeed *feed;
  PnatTracker *tracker;
  PnatLocal *local; /* (nullable) local_tracking = no */
  PnatLosses *losses;
  PnatResume *resume; /* (nullable) no state is kept */
  PnatControl *control; /* (nullable) nobody can ask */
  GString *privileges; /* what is left of them */
  gboolean started; /* and that was told */
  guint replay;       /* source of stored events that are caught up with */
  gboolean check_due; /* once nothing is held back: what the tracker knows is looked for, */
  gboolean stock_due; /* and stock taken */
  PnatInput *input;
  PnatNodeNames *names; /* of this host in node= fields */
  GMainLoop *loop;
  guint timer;
  guint rearm; /* source that sets it anew */
};

/* An event, live or stored. @data: PnatDaemon */
void pnat_daemon_take(const PnatEvent *event, gpointer data);

/* Everything that is due although no input came. */
void pnat_daemon_catch_up(PnatDaemon *daemon);

/**
 * Takes the state, restores it and catches up with what is stored; live input is held back meanwhile. Says that the plugin has started.
 *
 * @returns FALSE when it is to stop already
 */
gboolean pnat_startup_begin(PnatDaemon *daemon);

/* The line that a start is told with, as it would be told now. @returns (transfer full) */
char *pnat_startup_line(const PnatDaemon *daemon);

/* Whether stored events are being handled. */
gboolean pnat_startup_is_replaying(const PnatDaemon *daemon);

/* What the tracker knows of this host is to be looked for: now, or when all that waits has been handled. */
void pnat_startup_check(PnatDaemon *daemon);

/* Nothing is held back any more: does what was put off until then. */
void pnat_startup_released(PnatDaemon *daemon);

/* The last of it, when the plugin is to stop already. What there is no time for is caught up with at the next start. */
void pnat_startup_finish(PnatDaemon *daemon);

G_END_DECLS
