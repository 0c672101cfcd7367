/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sinks a configuration asks for, as one: what is pushed goes to each of them.
 */
#pragma once

#include "kept.h"
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
 * others are stopped, within a fraction of a second altogether. What then still waits goes to the output that takes their place, or
 * is told as dropped, as in pnat_sinks_put_back().
 *
 * @returns FALSE and @error, with everything as it was, when an output can not be opened for good
 */
gboolean pnat_sinks_reconfigure(PnatSinks *sinks, const PnatConfig *config, GError **error);

/* A PnatRecordFunc: @sinks is a PnatSinks. */
void pnat_sinks_push(const PnatRecord *record, gpointer sinks);

void pnat_sinks_reopen(PnatSinks *sinks);

/* Bytes of the records that wait; 0 = none do. */
gsize pnat_sinks_waiting_bytes(const PnatSinks *sinks);

/* What waits now, and what is missing and was not told yet. @returns (transfer full) list of PnatKept */
GPtrArray *pnat_sinks_waiting(PnatSinks *sinks);

/**
 * Puts what waited in another run in front of what waits. Where its records would look different now, they are told as dropped; where
 * there is no such output any more, all others tell it.
 *
 * @kept: list of PnatKept, whose backlogs are left empty
 */
void pnat_sinks_put_back(PnatSinks *sinks, GPtrArray *kept);

/**
 * Stops all sinks within @timeout (ms) altogether and frees them; logs what is left.
 *
 * @sinks: may be NULL
 * @left: (nullable) list of PnatKept, to which what is left is added; where it is NULL, that is lost
 * @returns how many records are left
 */
guint pnat_sinks_close(PnatSinks *sinks, gint64 timeout, GPtrArray *left);

/* Calls @func for each sink, for self-reports. */
typedef void (*PnatSinkFunc)(PnatSink *sink, gpointer data);
void pnat_sinks_foreach(PnatSinks *sinks, PnatSinkFunc func, gpointer data);

G_END_DECLS
