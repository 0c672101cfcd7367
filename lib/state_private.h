/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of state.h share: state.c (the header and the tracker), state_processes.c, state_flows.c and state_values.c (what these
 * are made of). Nobody else includes it.
 *
 * Each function that takes a codec, or a context with one, describes one struct, for writing and reading alike. Times on the
 * tracker's clock are kept as distances from the moment of saving, since that clock starts anew.
 */
#pragma once

#include "codec.h"
#include "state.h"
#include "tracker_private.h"

G_BEGIN_DECLS

/* A count that no state has; more than this is no state. */
#define PNAT_STATE_PER_PROCESS (16 * 1024 * 1024)

typedef struct {
  PnatCodec codec;
  PnatTracker *tracker;
  gint64 now;        /* ms, tracker's clock */
  GPtrArray *flows;  /* those read */
  const PnatProcess *process; /* whose descriptors are being written */
  const PnatStatePause *pause; /* (nullable) */
  guint unpaused; /* flows and processes since the last */
} PnatStateContext;

/* state_values.c */

gboolean pnat_state_is_reading(const PnatStateContext *state);

/* ms since 1970, 0 = none. */
void pnat_state_time(PnatCodec *codec, gint64 *time);

/* @least: 0, or -1 where that is not known */
void pnat_state_bytes(PnatCodec *codec, gint64 *count, gint64 least);

/* A time on the tracker's clock, G_MAXINT64 = never. */
void pnat_state_moment(PnatStateContext *state, gint64 *time);

void pnat_state_address(PnatStateContext *state, PnatAddress *value);

/**
 * A count of things that follow.
 *
 * @value: when writing
 * @most: more is no state
 * @returns @value, or what was read; 0 when that can not be
 */
guint32 pnat_state_count(PnatStateContext *state, guint32 value, guint32 most);

/* To be called for each flow and process: there is a pause now and then. */
void pnat_state_may_pause(PnatStateContext *state);

/* state_flows.c */

/* How many flows @process has, and each of them. */
void pnat_state_write_flows(PnatStateContext *state, PnatProcess *process);

/* One flow, which then stands in state->flows, but in none of the tracker's lists that have an order. */
void pnat_state_read_flow(PnatStateContext *state, PnatProcess *process);

/* state_processes.c */

/* A process, with all that it has. */
void pnat_state_write_process(PnatStateContext *state, PnatProcess *process);
void pnat_state_read_process(PnatStateContext *state);

G_END_DECLS
