/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Live input: what auditd writes to standard input is read as it comes and goes into the feed, or is held back while stored events are
 * caught up with, or while the plugin is in the middle of something long. What was held back goes into the feed in slices, and what comes
 * meanwhile behind it: standard input is read all the time. It knows whether what is being read came just now, or was waiting to be read,
 * for how long nobody knows.
 */
#pragma once

#include "lib/feed.h"

G_BEGIN_DECLS

typedef struct {
  void (*drained)(gpointer data);  /* all that was there has been read, and nothing is held back */
  void (*ended)(gpointer data);    /* no more will come; what is held back may still wait */
  void (*released)(gpointer data); /* nothing is held back any more; from pnat_input_release() or later */
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

/* Reads from now on, from the default main context; while no more can be held back only the end is waited for. */
void pnat_input_watch(PnatInput *input);

/**
 * Waits for input, and takes in what there is: for who can not let the main context run. To be held back, that is.
 *
 * @ms: how long at most
 * @returns FALSE when no more will come, or the other end is closed and no more can be held back
 */
gboolean pnat_input_wait(PnatInput *input, gint ms);

/* Takes in what there is, without waiting, to be handled later: for who is in the middle of something long. Called more often than every
 * 20 ms it does nothing. */
void pnat_input_take_in(PnatInput *input);

/**
 * Takes in what comes by a thread of its own, to be handled later: for something long that can not be interrupted. Nothing else of this may
 * be called until pnat_input_read_here().
 */
void pnat_input_read_apart(PnatInput *input);
void pnat_input_read_here(PnatInput *input);

/* Bytes that are held back. */
gsize pnat_input_held(const PnatInput *input);

/* What comes is held back, up to a bound, until pnat_input_release(). */
void pnat_input_hold(PnatInput *input);

/* What was held back goes into the feed, a slice at a time, from the default main context. @unfinished: (nullable) what comes before it */
void pnat_input_release(PnatInput *input, const GString *unfinished);

/* Reads what is left, and then no more. At a SIGTERM there may be more: auditd sends it a moment after it closed our input. */
void pnat_input_finish(PnatInput *input);

/**
 * What was released goes into the feed at once: for the end.
 *
 * @deadline: g_get_monotonic_time() clock, µs
 * @returns FALSE when there was no time for all of it
 */
gboolean pnat_input_feed_rest(PnatInput *input, gint64 deadline);

/* Whether no event waits: the last read left nothing behind, and nothing is held back. */
gboolean pnat_input_is_drained(const PnatInput *input);

/* Whether what is being read came just now. */
gboolean pnat_input_is_fresh(const PnatInput *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatInput, pnat_input_free)

G_END_DECLS
