/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sinks a configuration asks for, as one: what is pushed goes to each of them.
 */
#pragma once

#include "lib/config.h"
#include "sink.h"

G_BEGIN_DECLS

typedef struct PnatSinks PnatSinks;

/**
 * Opens every output of @config. `journal` becomes syslog where no journald listens; that is logged.
 *
 * @config: not kept
 * @host: this host's name, for loss records; copied
 * @returns (transfer full) (nullable) NULL and @error when one can not be opened for good (unsafe directory, no such group)
 */
PnatSinks *pnat_sinks_open(const PnatConfig *config, const char *host, GError **error);

/**
 * Takes over another configuration, as at SIGHUP. A sink whose options did not change goes on with what waits in it, and reopens;
 * others are stopped, within a fraction of a second altogether.
 *
 * @returns FALSE and @error, with everything as it was, when an output can not be opened for good
 */
gboolean pnat_sinks_reconfigure(PnatSinks *sinks, const PnatConfig *config, GError **error);

/* A PnatRecordFunc: @sinks is a PnatSinks. */
void pnat_sinks_push(const PnatRecord *record, gpointer sinks);

void pnat_sinks_reopen(PnatSinks *sinks);

/* Stops all sinks within @timeout (ms) altogether and frees them; logs what was lost. @sinks may be NULL. @returns records lost
 */
guint pnat_sinks_close(PnatSinks *sinks, gint64 timeout);

/* Calls @func for each sink, for self-reports. */
typedef void (*PnatSinkFunc)(PnatSink *sink, gpointer data);
void pnat_sinks_foreach(PnatSinks *sinks, PnatSinkFunc func, gpointer data);

G_END_DECLS
