/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See input.h.
 */
#include "input.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

/* Read at once. auditd writes a record at a time; the socket's buffer holds some hundred. */
#define BLOCK (256 * 1024)

/* Blocks read before timers and signals get their turn. */
#define BLOCKS_IN_A_ROW 16

/* Bytes of live input held while stored events are caught up with; then auditd's queue has to do. */
#define MAX_HELD (64 * 1024 * 1024)

/* µs for what is left at the end. */
#define INPUT_TIMEOUT (100 * 1000)

struct PnatInput {
  PnatFeed *feed;
  PnatInputHandlers handlers;
  gpointer data;
  guint source; /* 0 = stopped */
  char *block;
  GByteArray *held; /* what waits while it is held back */
  gboolean holding;
  gboolean drained; /* the last read left nothing behind: what comes next is fresh */
  gboolean fresh;   /* what is being read came just now */
};

PnatInput *
pnat_input_new(PnatFeed *feed, const PnatInputHandlers *handlers, gpointer data)
{
  PnatInput *input = g_new0(PnatInput, 1);
  input->feed = feed;
  input->handlers = *handlers;
  input->data = data;
  input->block = g_malloc(BLOCK);
  input->held = g_byte_array_new();
  return input;
}

void
pnat_input_free(PnatInput *input)
{
  if (input == NULL)
    return;
  g_clear_handle_id(&input->source, g_source_remove);
  g_byte_array_unref(input->held);
  g_free(input->block);
  g_free(input);
}

/* @returns FALSE when no more can be taken in for now */
static gboolean
take_input(PnatInput *input, gsize length)
{
  if (!input->holding) {
    pnat_feed_push(input->feed, input->block, length, pnat_monotonic_ms());
    return TRUE;
  }
  g_byte_array_append(input->held, (const guint8 *)input->block, (guint)length);
  return input->held->len < MAX_HELD;
}

static gboolean
input_ready(gint fd, GIOCondition condition, gpointer data)
{
  PnatInput *input = data;

  input->fresh = input->drained;
  for (guint i = 0; i < BLOCKS_IN_A_ROW; i++) {
    ssize_t length = read(fd, input->block, BLOCK);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
      input->drained = TRUE;
      break;
    }
    if (length <= 0) {
      if (length < 0)
        pnat_log_warning("reading audit events: %s", g_strerror(errno));
      input->handlers.ended(input->data);
      input->source = 0;
      return G_SOURCE_REMOVE;
    }
    input->drained = FALSE;
    input->fresh &= i == 0;
    if (!take_input(input, (gsize)length)) {
      input->source = 0;
      return G_SOURCE_REMOVE;
    }
  }
  if (input->drained)
    input->handlers.drained(input->data);
  return G_SOURCE_CONTINUE;
}

gboolean
pnat_input_wait(PnatInput *input, gint ms)
{
  gboolean full = input->held->len >= MAX_HELD;
  struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };

  if (poll(&ready, full ? 0 : 1, ms) <= 0)
    return TRUE;
  ssize_t length = read(STDIN_FILENO, input->block, BLOCK);
  if (length > 0)
    take_input(input, (gsize)length);
  return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR));
}

gsize
pnat_input_held(const PnatInput *input)
{
  return input->held->len;
}

static gboolean
is_input_waiting(void)
{
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  return poll(&input, 1, 0) > 0;
}

void
pnat_input_look(PnatInput *input)
{
  input->drained = !is_input_waiting();
}

void
pnat_input_watch(PnatInput *input)
{
  if (input->source == 0)
    input->source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, input_ready, input);
}

void
pnat_input_hold(PnatInput *input)
{
  input->holding = TRUE;
}

void
pnat_input_release(PnatInput *input, const GString *unfinished)
{
  if (!input->holding)
    return;
  input->holding = FALSE;
  input->fresh = FALSE;
  if (unfinished != NULL)
    pnat_feed_push(input->feed, unfinished->str, unfinished->len, pnat_monotonic_ms());
  pnat_feed_push(input->feed, (const char *)input->held->data, input->held->len, pnat_monotonic_ms());
  g_byte_array_unref(input->held); /* much memory, perhaps, and none is needed from now on */
  input->held = g_byte_array_new();
}

static void
read_what_is_left(PnatInput *input)
{
  gint64 deadline = g_get_monotonic_time() + INPUT_TIMEOUT;
  ssize_t length;

  while (g_get_monotonic_time() < deadline && ((length = read(STDIN_FILENO, input->block, BLOCK)) > 0 || (length < 0 && errno == EINTR)))
    if (length > 0 && !take_input(input, (gsize)length))
      break;
}

void
pnat_input_finish(PnatInput *input)
{
  if (input->source != 0)
    read_what_is_left(input);
  g_clear_handle_id(&input->source, g_source_remove);
}

gboolean
pnat_input_is_drained(const PnatInput *input)
{
  return input->drained;
}

gboolean
pnat_input_is_fresh(const PnatInput *input)
{
  return input->fresh;
}
