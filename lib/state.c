/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See state.h. Here: the header, what the tracker itself keeps, and its lists, which are made anew. state_processes.c and state_flows.c
 * have the rest.
 */
#include "state.h"

#include <string.h>

#include "error.h"
#include "state_private.h"

#define CHECKSUM_BYTES 32

static const char magic[] = "pnat-state\n";

/* A count that no state has; more than this is no state. */
#define MAX_PROCESSES (32 * 1024 * 1024)

void
pnat_state_meta_clear(PnatStateMeta *meta)
{
  g_clear_pointer(&meta->boot_id, g_free);
  g_clear_pointer(&meta->host, g_free);
  g_clear_pointer(&meta->position, g_byte_array_unref);
}

static void
meta_fields(PnatCodec *codec, PnatStateMeta *meta)
{
  guint32 length = meta->position != NULL ? meta->position->len : 0;

  pnat_codec_string(codec, &meta->boot_id);
  pnat_codec_string(codec, &meta->host);
  pnat_state_time(codec, &meta->saved);
  pnat_codec_u32(codec, &length);
  if (!codec->writing) {
    if (codec->failed || (gsize)(codec->end - codec->at) < length) {
      codec->failed = TRUE;
      return;
    }
    meta->position = g_byte_array_sized_new(length);
    g_byte_array_set_size(meta->position, length);
  }
  if (length > 0)
    pnat_codec_bytes(codec, meta->position->data, length);
}

/* The tracker. */

static void
recent_exit_fields(PnatCodec *codec, PnatRecentExit *recent)
{
  pnat_codec_u64(codec, &recent->who);
  pnat_state_time(codec, &recent->time);
}

/* Calls that were logged before these exits may still come. */
static void
recent_exits(PnatStateContext *state)
{
  PnatRecentExit *recent = state->tracker->recent;
  guint32 n = 0;

  for (guint i = 0; i < PNAT_RECENT_EXITS; i++)
    n += recent[i].who != 0;
  n = pnat_state_count(state, n, PNAT_RECENT_EXITS);
  for (guint i = 0; i < PNAT_RECENT_EXITS && !pnat_state_is_reading(state); i++)
    if (recent[i].who != 0)
      recent_exit_fields(&state->codec, &recent[i]);
  for (guint i = 0; i < n && pnat_state_is_reading(state); i++) {
    PnatRecentExit read = { 0 };
    recent_exit_fields(&state->codec, &read);
    recent[read.who % PNAT_RECENT_EXITS] = read;
  }
}

static void
tracker_fields(PnatStateContext *state)
{
  PnatTracker *tracker = state->tracker;
  PnatCodec *codec = &state->codec;

  pnat_codec_string(codec, &tracker->local->name);
  pnat_state_time(codec, &tracker->local->newest);
  pnat_state_time(codec, &tracker->found_until);
  pnat_codec_u32(codec, &tracker->last_connection);
  pnat_codec_u64(codec, &tracker->evicted);
  pnat_codec_u64(codec, &tracker->unattributed);
  tracker->n_gaps = pnat_state_count(state, tracker->n_gaps, PNAT_GAPS);
  for (guint i = 0; i < tracker->n_gaps; i++) {
    pnat_state_time(codec, &tracker->gaps[i].from);
    pnat_state_time(codec, &tracker->gaps[i].to);
  }
  recent_exits(state);
}

static gint
by_last(gconstpointer one, gconstpointer other)
{
  const PnatFlow *a = *(PnatFlow *const *)one, *b = *(PnatFlow *const *)other;
  return a->last < b->last ? -1 : a->last > b->last;
}

static gint
by_due(gconstpointer one, gconstpointer other)
{
  const PnatFlow *a = *(PnatFlow *const *)one, *b = *(PnatFlow *const *)other;
  return a->due < b->due ? -1 : a->due > b->due;
}

static gint
by_closing(gconstpointer one, gconstpointer other)
{
  const PnatFlow *a = *(PnatFlow *const *)one, *b = *(PnatFlow *const *)other;
  return a->sockets->due < b->sockets->due ? -1 : a->sockets->due > b->sockets->due;
}

/* The lists are in the order of their times; flows were read process by process. */
static void
enlist_flows(PnatStateContext *state)
{
  PnatTracker *tracker = state->tracker;
  g_autoptr(GPtrArray) closing = g_ptr_array_new();

  TAILQ_INIT(&tracker->quiet);
  g_ptr_array_sort(state->flows, by_last);
  for (guint i = 0; i < state->flows->len; i++) {
    PnatFlow *flow = g_ptr_array_index(state->flows, i);
    TAILQ_INSERT_TAIL(&tracker->quiet, flow, by_quiet);
    if (flow->sockets != NULL && flow->sockets->closed != 0)
      g_ptr_array_add(closing, flow);
  }
  g_ptr_array_sort(closing, by_closing);
  for (guint i = 0; i < closing->len; i++)
    TAILQ_INSERT_TAIL(&tracker->closing, (PnatFlow *)g_ptr_array_index(closing, i), sockets->by_closing);
  g_ptr_array_sort(state->flows, by_due);
  for (guint i = 0; i < state->flows->len; i++)
    pnat_tracker_enqueue_flow(tracker, g_ptr_array_index(state->flows, i));
  if (tracker->watching)
    pnat_tracker_note_unwatched(tracker);
  pnat_tracker_rearrange_reports(tracker); /* it was saved with other options, perhaps */
}

static void
write_header(PnatCodec *codec)
{
  guint8 checksum[CHECKSUM_BYTES] = { 0 };
  guint32 version = PNAT_STATE_VERSION;

  pnat_codec_bytes(codec, (void *)magic, sizeof magic - 1);
  pnat_codec_u32(codec, &version);
  pnat_codec_bytes(codec, checksum, sizeof checksum);
}

#define HEADER_BYTES (sizeof magic - 1 + sizeof(guint32) + CHECKSUM_BYTES)

static void
checksum(const guint8 *bytes, gsize length, guint8 digest[CHECKSUM_BYTES])
{
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  gsize digest_length = CHECKSUM_BYTES;
  g_checksum_update(sum, bytes, (gssize)length);
  g_checksum_get_digest(sum, digest, &digest_length);
}

/* More than most have: what is not written to costs nothing, and to grow costs as much as to write. */
static gsize
expected_bytes(const PnatTracker *tracker, const PnatStateMeta *meta)
{
  gsize position = meta->position != NULL ? meta->position->len : 0;

  return 65536 + position + (gsize)g_hash_table_size(tracker->processes) * 512 + (gsize)g_hash_table_size(tracker->flows) * 320;
}

GByteArray *
pnat_state_save(PnatTracker *tracker, PnatStateMeta *meta, gint64 now, const PnatStatePause *pause)
{
  PnatStateContext state = { .codec = pnat_codec_writer(expected_bytes(tracker, meta)), .tracker = tracker, .now = now, .pause = pause };
  PnatProcess *process;

  write_header(&state.codec);
  meta_fields(&state.codec, meta);
  tracker_fields(&state);
  pnat_state_count(&state, g_hash_table_size(tracker->processes), MAX_PROCESSES);
  TAILQ_FOREACH (process, &tracker->quiet_processes, by_quiet) {
    pnat_state_write_process(&state, process);
    pnat_state_may_pause(&state);
  }
  return pnat_codec_finish(&state.codec);
}

void
pnat_state_seal(GByteArray *bytes)
{
  checksum(bytes->data + HEADER_BYTES, bytes->len - HEADER_BYTES, bytes->data + HEADER_BYTES - CHECKSUM_BYTES);
}

static gboolean
refuse(GError **error, const char *why)
{
  g_set_error_literal(error, PNAT_ERROR, PNAT_ERROR_INPUT, why);
  return FALSE;
}

gboolean
pnat_state_check(const guint8 *bytes, gsize length, PnatStateMeta *meta, GError **error)
{
  guint8 digest[CHECKSUM_BYTES];
  guint32 version = 0;

  memset(meta, 0, sizeof *meta);
  if (length < HEADER_BYTES || memcmp(bytes, magic, sizeof magic - 1) != 0)
    return refuse(error, "it is no state of pnat");
  PnatCodec codec = pnat_codec_reader(bytes + sizeof magic - 1, length - (sizeof magic - 1));
  pnat_codec_u32(&codec, &version);
  if (version != PNAT_STATE_VERSION)
    return refuse(error, version > PNAT_STATE_VERSION ? "it was written by a later version" : "it was written by an earlier version");
  checksum(bytes + HEADER_BYTES, length - HEADER_BYTES, digest);
  if (memcmp(digest, codec.at, CHECKSUM_BYTES) != 0)
    return refuse(error, "it is torn: its checksum does not fit");
  codec.at += CHECKSUM_BYTES;
  meta_fields(&codec, meta);
  if (!codec.failed)
    return TRUE;
  pnat_state_meta_clear(meta);
  return refuse(error, "it is torn: it ends too early");
}

gboolean
pnat_state_restore(PnatTracker *tracker, const guint8 *bytes, gsize length, gint64 now, GError **error)
{
  g_auto(PnatStateMeta) meta = { 0 };
  g_autoptr(GPtrArray) flows = g_ptr_array_new();
  PnatStateContext state = {
    .codec = pnat_codec_reader(bytes + HEADER_BYTES, length - HEADER_BYTES), .tracker = tracker, .now = now, .flows = flows
  };

  tracker->now = now;
  meta_fields(&state.codec, &meta);
  tracker_fields(&state);
  guint32 n = pnat_state_count(&state, 0, MAX_PROCESSES);
  for (guint32 i = 0; i < n && !state.codec.failed; i++)
    pnat_state_read_process(&state);
  enlist_flows(&state);
  if (state.codec.failed || state.codec.at != state.codec.end)
    return refuse(error, "it does not hold together");
  return TRUE;
}
