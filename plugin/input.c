/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See input.h. What is held back is a queue of slices: it is fed from its head and grows at its tail, and as long as there is one, all that
 * is read goes to its tail.
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

/* Bytes of what was held back that are fed before input, timers and signals get their turn: some ms. So large, their memory is the system's again
 * when they are freed. And those that are read meanwhile: fewer, or what is held back would grow until it is full where input comes faster
 * than it is handled. */
#define SLICE (128 * 1024)
#define READ_PER_SLICE (SLICE / 2)

/* Bytes of live input held while stored events are caught up with; then auditd's queue has to do. */
#define MAX_HELD (64 * 1024 * 1024)

/* µs for what is left at the end. */
#define INPUT_TIMEOUT (100 * 1000)

/* ms of other work after which it is to be seen whether input has been waiting. */
#define LONG_STEP 20

/* ms after which a thread that reads sees that it is to end. */
#define READ_APART 5

#define INPUT_EVENTS (G_IO_IN | G_IO_HUP | G_IO_ERR)

struct PnatInput {
  PnatFeed *feed;
  PnatInputHandlers handlers;
  gpointer data;
  GSource *source;    /* (nullable) reads; NULL = it ended, or is not watched */
  gpointer tag;       /* of its descriptor */
  gboolean suspended; /* no more can be held back: the source waits for the end only */
  gboolean finished;
  gboolean left;      /* and some was left, for which there was no room */
  char *block;
  GQueue held;    /* of GByteArray, each a SLICE at most: what waits while it is held back */
  gsize n_held;   /* bytes in it */
  gboolean holding;
  guint release;  /* source that feeds what was held back; 0 = none */
  GThread *reader; /* (nullable) while it is read apart: all else here is its own then */
  gint rejoin;     /* atomic: it is to end */
  gint64 looked;  /* ms, monotonic: when it was last known whether any was waiting */
  gboolean drained; /* the last read left nothing behind: what comes next is fresh */
  gboolean fresh;   /* what is being read came just now */
};

typedef struct {
  GSource base;
  PnatInput *input;
} InputSource;

PnatInput *
pnat_input_new(PnatFeed *feed, const PnatInputHandlers *handlers, gpointer data)
{
  PnatInput *input = g_new0(PnatInput, 1);
  input->feed = feed;
  input->handlers = *handlers;
  input->data = data;
  input->block = g_malloc(BLOCK);
  g_queue_init(&input->held);
  return input;
}

static void
stop_reading(PnatInput *input)
{
  if (input->source == NULL)
    return;
  g_source_destroy(input->source);
  g_clear_pointer(&input->source, g_source_unref);
}

static void
slice_free(gpointer slice)
{
  g_byte_array_unref(slice);
}

void
pnat_input_free(PnatInput *input)
{
  if (input == NULL)
    return;
  stop_reading(input);
  g_clear_handle_id(&input->release, g_source_remove);
  g_queue_clear_full(&input->held, slice_free);
  g_free(input->block);
  g_free(input);
}

/* What is held back. */

static gboolean
is_full(const PnatInput *input)
{
  return input->n_held >= MAX_HELD;
}

static void
hold_back(PnatInput *input, const char *bytes, gsize length)
{
  input->n_held += length;
  while (length > 0) {
    GByteArray *last = g_queue_peek_tail(&input->held);
    if (last == NULL || last->len >= SLICE) {
      last = g_byte_array_sized_new(SLICE);
      g_queue_push_tail(&input->held, last);
    }
    gsize some = MIN(length, SLICE - last->len);
    g_byte_array_append(last, (const guint8 *)bytes, (guint)some);
    bytes += some;
    length -= some;
  }
}

/* While it is full nothing is read, but the end is seen: it is told as a hang-up, whatever is asked for. */
static void
heed_room(PnatInput *input)
{
  if (input->source == NULL || input->suspended == is_full(input))
    return;
  input->suspended = is_full(input);
  g_source_modify_unix_fd(input->source, input->tag, input->suspended ? 0 : INPUT_EVENTS);
}

static void
feed_slice(PnatInput *input)
{
  g_autoptr(GByteArray) slice = g_queue_pop_head(&input->held);

  input->n_held -= slice->len;
  input->fresh = FALSE;
  pnat_feed_push(input->feed, (const char *)slice->data, slice->len, pnat_monotonic_ms());
}

static gboolean
release_some(gpointer data)
{
  PnatInput *input = data;

  feed_slice(input);
  heed_room(input);
  if (input->n_held > 0)
    return G_SOURCE_CONTINUE;
  input->release = 0;
  pnat_input_look(input); /* so little was read at a time that it is not known */
  input->handlers.released(input->data);
  if (pnat_input_is_drained(input))
    input->handlers.drained(input->data);
  return G_SOURCE_REMOVE;
}

static void
begin_release(PnatInput *input)
{
  if (input->release == 0 && input->n_held > 0)
    input->release = g_idle_add_full(G_PRIORITY_DEFAULT, release_some, input, NULL);
}

/* Reading. */

static void
take_input(PnatInput *input, gsize length)
{
  if (input->holding || input->n_held > 0)
    hold_back(input, input->block, length);
  else
    pnat_feed_push(input->feed, input->block, length, pnat_monotonic_ms());
}

/* @size: of a block. @returns FALSE when no more will come */
static gboolean
read_blocks(PnatInput *input, guint most, gsize size)
{
  for (guint i = 0; i < most && !is_full(input); i++) {
    ssize_t length = read(STDIN_FILENO, input->block, size);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
      input->drained = TRUE;
      input->looked = pnat_monotonic_ms();
      break;
    }
    if (length < 0)
      pnat_log_warning("reading audit events: %s", g_strerror(errno));
    if (length <= 0)
      return FALSE;
    input->drained = FALSE;
    input->fresh &= i == 0;
    take_input(input, (gsize)length);
  }
  return TRUE;
}

static gboolean
is_input_waiting(void)
{
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  return poll(&input, 1, 0) > 0;
}

/* Whether something else went on so long that what is there now may have been waiting. */
static gboolean
was_away(const PnatInput *input)
{
  return pnat_monotonic_ms() - input->looked > LONG_STEP;
}

/* Before the main context waits: what is there already has come during its last round. */
static gboolean
prepare(GSource *source, gint *timeout)
{
  PnatInput *input = ((InputSource *)source)->input;

  if (input->drained && was_away(input))
    pnat_input_look(input);
  *timeout = -1;
  return FALSE;
}

/* After it has waited. */
static gboolean
check(GSource *source)
{
  PnatInput *input = ((InputSource *)source)->input;

  input->looked = pnat_monotonic_ms();
  return g_source_query_unix_fd(source, input->tag) != 0;
}

static gboolean
read_what_waits(PnatInput *input)
{
  if (input->release != 0)
    return read_blocks(input, 1, READ_PER_SLICE);
  return read_blocks(input, BLOCKS_IN_A_ROW, BLOCK);
}

static gboolean
input_ready(GSource *source, GSourceFunc func, gpointer data)
{
  PnatInput *input = ((InputSource *)source)->input;

  (void)func, (void)data;
  input->fresh = input->drained && !was_away(input);
  if (is_full(input) || !read_what_waits(input)) {
    stop_reading(input);
    input->handlers.ended(input->data);
    return G_SOURCE_REMOVE;
  }
  heed_room(input);
  if (pnat_input_is_drained(input))
    input->handlers.drained(input->data);
  return G_SOURCE_CONTINUE;
}

void
pnat_input_watch(PnatInput *input)
{
  static GSourceFuncs funcs = { .prepare = prepare, .check = check, .dispatch = input_ready };

  if (input->source != NULL)
    return;
  input->source = g_source_new(&funcs, sizeof(InputSource));
  ((InputSource *)input->source)->input = input;
  input->suspended = FALSE;
  input->tag = g_source_add_unix_fd(input->source, STDIN_FILENO, INPUT_EVENTS);
  heed_room(input);
  g_source_attach(input->source, NULL);
}

void
pnat_input_look(PnatInput *input)
{
  input->drained = !is_input_waiting();
  input->looked = pnat_monotonic_ms();
}

/* A SIGTERM is not waited for: auditd sends it a moment after it closed our input, and the hang-up tells of that. */
gboolean
pnat_input_wait(PnatInput *input, gint ms)
{
  gboolean full = is_full(input);
  struct pollfd ready = { .fd = STDIN_FILENO, .events = full ? POLLRDHUP : POLLIN };

  if (poll(&ready, 1, ms) <= 0)
    return TRUE;
  return !full && read_blocks(input, 1, BLOCK);
}

/* What was taken in although it was not to be held back. */
static void
let_go(PnatInput *input)
{
  heed_room(input);
  if (!input->holding)
    begin_release(input);
}

void
pnat_input_take_in(PnatInput *input)
{
  gboolean holding = input->holding;

  if (input->finished || !was_away(input))
    return;
  input->holding = TRUE;
  read_blocks(input, BLOCKS_IN_A_ROW, BLOCK); /* of the end the source tells */
  input->holding = holding;
  let_go(input);
}

static gpointer
read_apart(gpointer data)
{
  PnatInput *input = data;
  gboolean holding = input->holding;

  input->holding = TRUE;
  while (!g_atomic_int_get(&input->rejoin) && pnat_input_wait(input, READ_APART))
    ;
  input->holding = holding;
  return NULL;
}

/* Without a thread it waits, as where no process can be made. */
void
pnat_input_read_apart(PnatInput *input)
{
  if (input->finished || input->reader != NULL)
    return;
  g_atomic_int_set(&input->rejoin, FALSE);
  input->reader = g_thread_try_new("input", read_apart, input, NULL);
}

void
pnat_input_read_here(PnatInput *input)
{
  if (input->reader == NULL)
    return;
  g_atomic_int_set(&input->rejoin, TRUE);
  g_thread_join(g_steal_pointer(&input->reader));
  let_go(input);
}

gsize
pnat_input_held(const PnatInput *input)
{
  return input->n_held;
}

void
pnat_input_hold(PnatInput *input)
{
  input->holding = TRUE;
  g_clear_handle_id(&input->release, g_source_remove);
}

/* Puts it before what is held back. */
static void
insert_before(PnatInput *input, const GString *bytes)
{
  GQueue behind = input->held;

  g_queue_init(&input->held);
  hold_back(input, bytes->str, bytes->len);
  for (gpointer slice; (slice = g_queue_pop_head(&behind)) != NULL;)
    g_queue_push_tail(&input->held, slice);
}

void
pnat_input_release(PnatInput *input, const GString *unfinished)
{
  input->holding = FALSE;
  if (unfinished != NULL)
    insert_before(input, unfinished);
  if (input->n_held > 0)
    begin_release(input);
  else
    input->handlers.released(input->data);
}

/* The end. */

static void
read_what_is_left(PnatInput *input)
{
  gint64 deadline = g_get_monotonic_time() + INPUT_TIMEOUT;

  do {
    input->drained = FALSE;
    if (is_full(input) || !read_blocks(input, 1, BLOCK))
      return;
  } while (!input->drained && g_get_monotonic_time() < deadline);
}

void
pnat_input_finish(PnatInput *input)
{
  input->left = is_full(input);
  if (input->source != NULL)
    read_what_is_left(input);
  stop_reading(input);
  input->finished = TRUE;
}

gboolean
pnat_input_feed_rest(PnatInput *input, gint64 deadline)
{
  if (input->holding || input->n_held == 0)
    return TRUE;
  g_clear_handle_id(&input->release, g_source_remove);
  while (input->n_held > 0 && g_get_monotonic_time() < deadline)
    feed_slice(input);
  if (input->n_held > 0)
    return FALSE;
  if (input->left)
    read_what_is_left(input);
  input->handlers.released(input->data);
  return TRUE;
}

gboolean
pnat_input_is_drained(const PnatInput *input)
{
  return input->drained && input->n_held == 0;
}

gboolean
pnat_input_is_fresh(const PnatInput *input)
{
  return input->fresh;
}
