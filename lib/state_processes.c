/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See state_private.h. Here: what a process is made of, with its node, its images, its descriptors and its flows.
 */
#include "state_private.h"

#define MAX_IMAGES (PNAT_PROCESS_IMAGES + 1) /* the newest may have no flow */

/* Descriptors. */

static void
descriptor_fields(PnatCodec *codec, PnatDescriptor *descriptor)
{
  pnat_codec_bytes(codec, descriptor->bytes, sizeof descriptor->bytes);
  pnat_codec_u16(codec, &descriptor->port);
  pnat_codec_u16(codec, &descriptor->local_port);
  pnat_codec_u32(codec, &descriptor->connection);
  pnat_codec_u8(codec, &descriptor->family);
  pnat_codec_u8(codec, &descriptor->proto);
  pnat_codec_u16(codec, &descriptor->cookie_tag);
  descriptor->state = pnat_codec_small(codec, descriptor->state) & 3;
  descriptor->direction = pnat_codec_small(codec, descriptor->direction) & 3;
  descriptor->pending = pnat_codec_small(codec, descriptor->pending) & 1;
  descriptor->inferred = pnat_codec_small(codec, descriptor->inferred) & 1;
  descriptor->asked = pnat_codec_small(codec, descriptor->asked) & 1;
  descriptor->unasked = pnat_codec_small(codec, descriptor->unasked) & 1;
}

static void
write_descriptor(gint fd, PnatDescriptor *descriptor, gpointer data)
{
  PnatStateContext *state = data;
  PnatDescriptor written = *descriptor;

  /* Its socket is gone, and nobody will say so again. */
  if (pnat_tracker_is_forgotten(state->tracker, state->process, fd, G_MAXINT64))
    written = (PnatDescriptor){ .state = PNAT_DESCRIPTOR_NO_PEER };
  pnat_codec_i32(&state->codec, &fd);
  descriptor_fields(&state->codec, &written);
}

static void
descriptors(PnatStateContext *state, PnatProcess *process)
{
  guint32 n = process->descriptors != NULL ? pnat_descriptors_count(process->descriptors) : 0;

  n = pnat_state_count(state, n, PNAT_STATE_PER_PROCESS);
  if (!pnat_state_is_reading(state)) {
    state->process = process;
    if (n > 0)
      pnat_descriptors_foreach(process->descriptors, write_descriptor, state);
    return;
  }
  for (guint32 i = 0; i < n && !state->codec.failed; i++) {
    PnatDescriptor read = { 0 };
    gint fd = -1;
    pnat_codec_i32(&state->codec, &fd);
    descriptor_fields(&state->codec, &read);
    PnatDescriptor *descriptor = state->codec.failed ? NULL : pnat_process_descriptor_get(process, fd);
    if (descriptor != NULL)
      *descriptor = read;
  }
}

/* Processes. */

static void
image_fields(PnatStateContext *state, PnatIdentity *who)
{
  pnat_codec_string(&state->codec, (char **)&who->exe);
  pnat_codec_string(&state->codec, (char **)&who->comm);
  pnat_codec_string(&state->codec, (char **)&who->cmd);
  pnat_codec_u32(&state->codec, &who->uid);
  pnat_codec_u32(&state->codec, &who->euid);
}

static void
write_images(PnatStateContext *state, PnatProcess *process)
{
  guint32 n = 0;
  for (PnatImage *image = process->images; image != NULL; image = image->next)
    image->number = n++;
  pnat_state_count(state, n, MAX_IMAGES);
  for (const PnatImage *image = process->images; image != NULL; image = image->next) {
    PnatIdentity who = { .exe = image->exe, .comm = image->comm, .cmd = image->cmd, .uid = image->uid, .euid = image->euid };
    image_fields(state, &who);
  }
}

static void
read_images(PnatStateContext *state, PnatProcess *process)
{
  PnatImage **last = &process->images;
  guint32 n = pnat_state_count(state, 0, MAX_IMAGES);

  for (guint32 i = 0; i < n && !state->codec.failed; i++) {
    PnatIdentity who = { 0 };
    image_fields(state, &who);
    if (!state->codec.failed) {
      *last = pnat_image_new(process, &who);
      last = &(*last)->next;
    }
    g_free((char *)who.exe);
    g_free((char *)who.comm);
    g_free((char *)who.cmd);
  }
}

static void
place_fields(PnatStateContext *state, PnatProcess *process)
{
  char *unit = process->unit, *container = process->container;

  pnat_codec_string(&state->codec, &unit);
  pnat_codec_string(&state->codec, &container);
  if (!pnat_state_is_reading(state))
    return;
  pnat_process_set_place(process, unit, container);
  g_free(unit);
  g_free(container);
}

static void
process_fields(PnatStateContext *state, PnatProcess *process)
{
  PnatCodec *codec = &state->codec;
  guint8 reason = (guint8)process->reason;

  pnat_codec_u32(codec, &process->pid);
  pnat_codec_u32(codec, &process->ppid);
  pnat_codec_u32(codec, &process->auid);
  pnat_codec_u32(codec, &process->ses);
  pnat_codec_u64(codec, &process->start);
  process->was_gone = pnat_codec_small(codec, (guint8)process->was_gone) & 1;
  pnat_codec_u64(codec, &process->entity);
  place_fields(state, process);
  pnat_state_moment(state, &process->heard);
  if (pnat_state_is_reading(state))
    process->heard = MIN(process->heard, state->now);
  pnat_state_time(codec, &process->newest);
  pnat_state_time(codec, &process->maybe_end);
  pnat_codec_u64(codec, &process->maybe_serial);
  process->has_threads = pnat_codec_small(codec, (guint8)process->has_threads) & 1;
  pnat_state_time(codec, &process->end);
  pnat_state_moment(state, &process->due);
  pnat_codec_u8(codec, &reason);
  process->reason = reason;
  if (reason > PNAT_REASON_EVICTED)
    codec->failed = TRUE;
}

void
pnat_state_write_process(PnatStateContext *state, PnatProcess *process)
{
  PnatNode *node = process->node;
  char *name = node->local ? NULL : node->name;

  pnat_codec_string(&state->codec, &name);
  pnat_state_time(&state->codec, &node->newest);
  process_fields(state, process);
  write_images(state, process);
  descriptors(state, process);
  pnat_state_write_flows(state, process);
}

static void
enlist_process(PnatTracker *tracker, PnatProcess *process)
{
  g_hash_table_add(tracker->processes, process);
  TAILQ_INSERT_TAIL(&tracker->quiet_processes, process, by_quiet);
  if (process->end == 0)
    return;
  TAILQ_INSERT_TAIL(&tracker->ending, process, by_ending);
  tracker->n_ending++;
}

void
pnat_state_read_process(PnatStateContext *state)
{
  char *name = NULL;
  gint64 newest = 0;

  pnat_codec_string(&state->codec, &name);
  pnat_state_time(&state->codec, &newest);
  if (state->codec.failed) {
    g_free(name);
    return;
  }
  const PnatEvent event = { .node = name };
  PnatNode *node = pnat_tracker_node(state->tracker, &event);
  g_free(name);
  node->newest = MAX(node->newest, newest);
  PnatProcess *process = pnat_process_new(node, &event);
  process_fields(state, process);
  if (pnat_tracker_find_process(state->tracker, node, process->pid) != NULL)
    state->codec.failed = TRUE;
  if (state->codec.failed) {
    pnat_process_free(process);
    pnat_tracker_release_node(state->tracker, node);
    return;
  }
  enlist_process(state->tracker, process);
  read_images(state, process);
  descriptors(state, process);
  guint32 n = pnat_state_count(state, 0, PNAT_STATE_PER_PROCESS);
  for (guint32 i = 0; i < n && !state->codec.failed; i++)
    pnat_state_read_flow(state, process);
}
