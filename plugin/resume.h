/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Going on where the last run was. The tracker's state is saved now and then, and at every orderly stop; at start it is restored, and
 * what happened since is read from auditd's own log, while live input is held back. An event that comes both ways counts once, a record
 * that is in the log already is not written again, where that is a regular file.
 */
#pragma once

#include "lib/config.h"
#include "lib/feed.h"
#include "lib/state.h"
#include "lib/tracker.h"
#include "losses.h"
#include "sinks.h"

G_BEGIN_DECLS

typedef struct PnatResume PnatResume;

/**
 * @config: not kept
 * @tracker: empty, and outlives the result
 * @losses: outlives the result
 * @returns (transfer full) never NULL: what can not be had is logged, and done without
 */
PnatResume *pnat_resume_new(const PnatConfig *config, PnatTracker *tracker, PnatLosses *losses);

/**
 * Takes the state directory, if nobody else has it.
 *
 * @returns FALSE while the plugin that was here before has not stopped yet: to be called again, in some ms. TRUE: it is taken, or given up,
 * which is logged
 */
gboolean pnat_resume_take(PnatResume *resume);

/* Has @pause, which is copied, called while the state is saved. */
void pnat_resume_set_pause(PnatResume *resume, const PnatStatePause *pause);

/* Our own log is another from now on. */
void pnat_resume_set_log(PnatResume *resume, const PnatConfig *config);

/* @deadline: g_get_monotonic_time() clock, µs; what is being written is waited for until then */
void pnat_resume_free(PnatResume *resume, gint64 deadline);

/**
 * Restores the state.
 *
 * @func: gets the events of the time since, from pnat_resume_step()
 * @returns whether there is anything to catch up with
 */
gboolean pnat_resume_load(PnatResume *resume, PnatEventFunc func, gpointer data);

/* What the outputs had not delivered when the restored state was saved. @returns (transfer none) (nullable) list of PnatKept */
GPtrArray *pnat_resume_kept(const PnatResume *resume);

/* Catches up a piece. @returns FALSE when all is done */
gboolean pnat_resume_step(PnatResume *resume);

/* Lines at the log's end of events that were still being written: to be handled before live input, which has the rest of them. */
const GString *pnat_resume_unfinished(const PnatResume *resume);

/* Whether what has not been handled at the end will be at the next start. */
gboolean pnat_resume_will_replay(const PnatResume *resume);

/* Whether stored events are being handled, not live ones. */
gboolean pnat_resume_is_replaying(const PnatResume *resume);

/* Whether @event, live or stored, comes for the first time; event->here says whose it is. To be asked once for each. */
gboolean pnat_resume_is_new(PnatResume *resume, const PnatEvent *event);

/**
 * Saves the state if it is time to. While records wait that no sink has delivered yet a better moment is waited for; then they are saved
 * with it. Of more than 8 MiB of them, that is not done: input would wait, and the last state and auditd's log have it all.
 *
 * @now: ms, the tracker's clock
 */
void pnat_resume_advance(PnatResume *resume, gint64 now, PnatSinks *sinks);

gint64 pnat_resume_next_due(const PnatResume *resume);

/* Whether there is a place to save to. */
gboolean pnat_resume_can_save(const PnatResume *resume);

/* Tries whether a state could be written now, and logs why not. */
gboolean pnat_resume_will_save(const PnatResume *resume);

/* Notes where the log ends, for the next pnat_resume_save(): before it is looked at what the outputs have not delivered. */
void pnat_resume_mark(PnatResume *resume);

/**
 * Saves now.
 *
 * @kept: list of PnatKept: what the outputs have not delivered; the oldest of more than 64 MiB is dropped
 * @returns FALSE when no state is kept
 */
gboolean pnat_resume_save(PnatResume *resume, gint64 now, GPtrArray *kept);

/* Events handled from the stored log. */
guint64 pnat_resume_replayed(const PnatResume *resume);

G_END_DECLS
