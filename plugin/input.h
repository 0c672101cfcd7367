/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Live input: what auditd writes to standard input is read as it comes and goes into the feed, or is held back while stored events are
 * caught up with. It knows whether what is being read came just now, or was waiting to be read, for how long nobody knows.
 */
#pragma once

#include "lib/feed.h"

G_BEGIN_DECLS

typedef struct {
  void (*drained)(gpointer data); /* all that was there has been read */
  void (*ended)(gpointer data);   /* no more will come */
} PnatInputHandlers;

typedef struct PnatInput PnatInput;

/**
 * Reads nothing until pnat_input_watch(). Standard input must not block.
 *
 * @feed: outlives the result
 * @handlers: copied; called from the default main context
 * @returns (transfer full)
 */
PnatInput *pnat_input_new(PnatFeed *feed, const PnatInputHandlers *handlers, gpointer data);
void pnat_input_free(PnatInput *input);

/* What waits when the plugin starts has been waiting: auditd goes on while a plugin is being started. To be called before the first
 * is read. */
void pnat_input_look(PnatInput *input);

/* Reads from now on, from the default main context; also after a stop because no more could be held back. */
void pnat_input_watch(PnatInput *input);

/**
 * Waits for input, and takes in what there is: for who can not let the main context run. To be held back, that is.
 *
 * @ms: how long at most
 * @returns FALSE when no more will come
 */
gboolean pnat_input_wait(PnatInput *input, gint ms);

/* Bytes that are held back. */
gsize pnat_input_held(const PnatInput *input);

/* What comes is held back, up to a bound, until pnat_input_release(). */
void pnat_input_hold(PnatInput *input);

/* What was held back goes into the feed. @unfinished: (nullable) what comes before it */
void pnat_input_release(PnatInput *input, const GString *unfinished);

/* Reads what is left, and then no more. At a SIGTERM there may be more: auditd sends it a moment after it closed our input. */
void pnat_input_finish(PnatInput *input);

/* Whether the last read left nothing behind: what comes next is fresh. */
gboolean pnat_input_is_drained(const PnatInput *input);

/* Whether what is being read came just now. */
gboolean pnat_input_is_fresh(const PnatInput *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatInput, pnat_input_free)

G_END_DECLS
