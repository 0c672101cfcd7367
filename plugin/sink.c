/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The queue between the thread that reads audit events and a sink's own thread.
 *
 * In PnatSink, what stands below the lock belongs to the lock; scratch is the pushing thread's, the stall fields and what self
 * points to are the sink's thread's (render only reads it), the rest does not change. The sink is counted: one reference is the
 * owner's, one the thread's, so that a thread left behind at the deadline finds everything in place.
 */
#include "sink.h"

#include <signal.h>
#include <string.h>

#include "log.h"

/* Pauses between tries: doubled from the first to the last; at the end there is no time for long ones. */
#define PAUSE_FIRST (10 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_LAST (1 * G_TIME_SPAN_SECOND)
#define PAUSE_STOPPING (20 * G_TIME_SPAN_MILLISECOND)

/* How long a stall lasts before it is worth a word. */
#define STALL_TOLD (2 * G_TIME_SPAN_SECOND)

/* Bytes that may wait for each of max_queue, and for the lot at least: a record has some 600, twice that in the journal's form. */
#define BYTES_PER_RECORD 2048
#define BYTES_LEAST (1024 * 1024)

/* How long after the deadline a thread that is not hanging may take to end. */
#define GRACE (20 * G_TIME_SPAN_MILLISECOND)

/* A rendered record. */
typedef struct {
  gint64 start; /* ms since 1970, as in the record */
  gint64 end;
  gboolean is_loss; /* the sink's own word, no record of its owner's */
  gsize length;
  char payload[];
} Item;

/* What was dropped since the last loss record. */
typedef struct {
  gint64 start;
  gint64 end;
  guint64 count;
} Loss;

struct PnatSink {
  const PnatSinkKind *kind;
  gpointer self;
  char *host;
  GThread *thread;
  GString *scratch;

  gint64 stalled_since; /* monotonic µs; 0 = it is not */
  gboolean stall_told;

  GMutex lock;
  GCond wake;    /* the thread has something to do */
  GCond ended;   /* has_ended became true */
  GQueue queue;  /* of Item */
  gsize bytes;   /* of payloads in it */
  Item *current; /* (nullable) what is being delivered */
  guint max_queue;
  Loss loss;
  guint64 written;
  guint64 dropped;
  gint64 pause;     /* until the next try, µs; 0 = the last one went well */
  gint64 retry_at;  /* monotonic µs */
  gint64 deadline;  /* monotonic µs; 0 = not stopping */
  gboolean is_idle; /* the thread waits for something to do: a push must wake it */
  gboolean wants_reopen;
  gboolean has_ended;
};

static void
free_members(gpointer data)
{
  PnatSink *sink = data;

  sink->kind->free(sink->self);
  g_queue_clear_full(&sink->queue, g_free);
  g_free(sink->current);
  g_free(sink->host);
  g_string_free(sink->scratch, TRUE);
  g_mutex_clear(&sink->lock);
  g_cond_clear(&sink->wake);
  g_cond_clear(&sink->ended);
}

static void
sink_unref(PnatSink *sink)
{
  g_atomic_rc_box_release_full(sink, free_members);
}

static Item *
item_new(const PnatRecord *record, const GString *payload)
{
  Item *item = g_malloc(sizeof *item + payload->len + 1);

  *item = (Item){ .start = record->start != 0 ? record->start : record->last,
                  .end = record->end != 0 ? record->end : record->last,
                  .length = payload->len };
  memcpy(item->payload, payload->str, payload->len + 1);
  return item;
}

static guint
waiting(const PnatSink *sink)
{
  return sink->queue.length + (sink->current != NULL && !sink->current->is_loss);
}

/* One that was waiting is gone. */
static void
note_dropped(PnatSink *sink, const Item *item)
{
  Loss *loss = &sink->loss;

  if (item->start != 0 && (loss->start == 0 || item->start < loss->start))
    loss->start = item->start;
  loss->end = MAX(loss->end, item->end);
  loss->count++;
  sink->dropped++;
}

static void
drop_oldest(PnatSink *sink)
{
  g_autofree Item *item = g_queue_pop_head(&sink->queue);

  sink->bytes -= item->length;
  note_dropped(sink, item);
}

static Item *
loss_item(PnatSink *sink)
{
  const PnatRecord record = { .kind = PNAT_RECORD_LOSS,
                              .start = sink->loss.start,
                              .last = sink->loss.end,
                              .end = sink->loss.end,
                              .host = sink->host,
                              .source = PNAT_LOSS_QUEUE,
                              .lost = sink->loss.count };
  g_autoptr(GString) payload = g_string_new(NULL);
  Item *item;

  sink->kind->render(sink->self, &record, payload);
  item = item_new(&record, payload);
  item->is_loss = TRUE;
  sink->loss = (Loss){ 0 };
  return item;
}

static Item *
next_item(PnatSink *sink)
{
  Item *item = g_queue_pop_head(&sink->queue);

  if (item != NULL)
    sink->bytes -= item->length;
  return item;
}

/* What is next: what was dropped is older than what remained. */
static void
take(PnatSink *sink)
{
  if (sink->current == NULL)
    sink->current = sink->loss.count > 0 ? loss_item(sink) : next_item(sink);
}

/* Whether there is no room for @item. */
static gboolean
is_full(const PnatSink *sink, const Item *item)
{
  gsize most = MAX((gsize)sink->max_queue * BYTES_PER_RECORD, BYTES_LEAST);
  return waiting(sink) >= sink->max_queue || sink->bytes + item->length > most;
}

static gboolean
has_work(const PnatSink *sink)
{
  return sink->current != NULL || sink->loss.count > 0 || sink->queue.length > 0;
}

static void
wait_for_work(PnatSink *sink)
{
  gint64 until = sink->retry_at;

  if (sink->deadline != 0)
    until = MIN(until, sink->deadline);
  sink->is_idle = !has_work(sink);
  if (sink->is_idle)
    g_cond_wait(&sink->wake, &sink->lock);
  else
    g_cond_wait_until(&sink->wake, &sink->lock, until);
  sink->is_idle = FALSE;
}

/* Waits until there is something to do. @returns FALSE when the thread is to end */
static gboolean
await_work(PnatSink *sink)
{
  for (;;) {
    gint64 now = g_get_monotonic_time();

    if (sink->deadline != 0 && (!has_work(sink) || now >= sink->deadline))
      return FALSE;
    if (sink->wants_reopen || (has_work(sink) && now >= sink->retry_at))
      return TRUE;
    wait_for_work(sink);
  }
}

/* Lock not held: a log message may take a moment. */
static void
tell_stall(PnatSink *sink, const GError *error)
{
  gint64 now = g_get_monotonic_time();

  if (sink->stalled_since == 0)
    sink->stalled_since = now;
  if (sink->stall_told || now - sink->stalled_since < STALL_TOLD)
    return;
  pnat_log_warning("%s: %s; records wait", sink->kind->name, error->message);
  sink->stall_told = TRUE;
}

/* Lock not held. */
static void
tell_recovery(PnatSink *sink)
{
  PnatSinkCounts counts;

  sink->stalled_since = 0;
  if (!sink->stall_told)
    return;
  counts = pnat_sink_counts(sink);
  pnat_log_notice("%s: takes records again; %u wait, %" G_GUINT64_FORMAT " were dropped since the start", sink->kind->name,
                  counts.waiting, counts.dropped);
  sink->stall_told = FALSE;
}

static void
settle(PnatSink *sink, gboolean delivered)
{
  gint64 longest = sink->deadline != 0 ? PAUSE_STOPPING : PAUSE_LAST;

  if (!delivered) {
    sink->pause = CLAMP(sink->pause * 2, PAUSE_FIRST, longest);
    sink->retry_at = g_get_monotonic_time() + sink->pause;
    return;
  }
  if (!sink->current->is_loss)
    sink->written++;
  g_clear_pointer(&sink->current, g_free);
  sink->pause = sink->retry_at = 0;
}

/* Lock held, but not while the sink is at work. */
static void
deliver_one(PnatSink *sink)
{
  g_autoptr(GError) error = NULL;
  gboolean delivered;

  take(sink);
  g_mutex_unlock(&sink->lock);
  delivered = sink->kind->deliver(sink->self, sink->current->payload, sink->current->length, &error);
  if (delivered)
    tell_recovery(sink);
  else
    tell_stall(sink, error);
  g_mutex_lock(&sink->lock);
  settle(sink, delivered);
}

static void
do_reopen(PnatSink *sink)
{
  sink->wants_reopen = FALSE;
  sink->pause = sink->retry_at = 0;
  if (sink->kind->reopen == NULL)
    return;
  g_mutex_unlock(&sink->lock);
  sink->kind->reopen(sink->self);
  g_mutex_lock(&sink->lock);
}

static gpointer
run(gpointer data)
{
  PnatSink *sink = data;

  g_mutex_lock(&sink->lock);
  while (await_work(sink)) {
    if (sink->wants_reopen)
      do_reopen(sink);
    else
      deliver_one(sink);
  }
  sink->has_ended = TRUE;
  g_cond_signal(&sink->ended);
  g_mutex_unlock(&sink->lock);
  sink_unref(sink);
  return NULL;
}

/* A signal is for the main thread, and one that a write causes (SIGPIPE, SIGXFSZ) is an errno here. */
static void
start_thread(PnatSink *sink)
{
  g_autofree char *name = g_strdup_printf("pnat-%s", sink->kind->name);
  sigset_t all, before;

  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  sink->thread = g_thread_new(name, run, g_atomic_rc_box_acquire(sink));
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

PnatSink *
pnat_sink_new(const PnatSinkKind *kind, gpointer self, guint max_queue, const char *host)
{
  PnatSink *sink = g_atomic_rc_box_new0(PnatSink);

  sink->kind = kind;
  sink->self = self;
  sink->max_queue = MAX(max_queue, 1);
  sink->host = g_strdup(host);
  sink->scratch = g_string_sized_new(1024);
  g_queue_init(&sink->queue);
  g_mutex_init(&sink->lock);
  g_cond_init(&sink->wake);
  g_cond_init(&sink->ended);
  start_thread(sink);
  return sink;
}

void
pnat_sink_push(PnatSink *sink, const PnatRecord *record)
{
  Item *item;

  g_string_truncate(sink->scratch, 0);
  sink->kind->render(sink->self, record, sink->scratch);
  item = item_new(record, sink->scratch);
  g_mutex_lock(&sink->lock);
  while (sink->queue.length > 0 && is_full(sink, item))
    drop_oldest(sink);
  sink->bytes += item->length;
  g_queue_push_tail(&sink->queue, item);
  if (sink->is_idle)
    g_cond_signal(&sink->wake);
  g_mutex_unlock(&sink->lock);
}

void
pnat_sink_reopen(PnatSink *sink)
{
  g_mutex_lock(&sink->lock);
  sink->wants_reopen = TRUE;
  g_cond_signal(&sink->wake);
  g_mutex_unlock(&sink->lock);
}

PnatSinkCounts
pnat_sink_counts(PnatSink *sink)
{
  PnatSinkCounts counts;

  g_mutex_lock(&sink->lock);
  counts = (PnatSinkCounts){ .written = sink->written, .dropped = sink->dropped, .waiting = waiting(sink) };
  g_mutex_unlock(&sink->lock);
  return counts;
}

const char *
pnat_sink_name(const PnatSink *sink)
{
  return sink->kind->name;
}

void
pnat_sink_stop_begin(PnatSink *sink, gint64 deadline)
{
  g_mutex_lock(&sink->lock);
  sink->deadline = MAX(deadline, 1);
  sink->retry_at = 0;
  g_cond_signal(&sink->wake);
  g_mutex_unlock(&sink->lock);
}

/* What a sink that is stopped leaves. */
typedef struct {
  GQueue queue; /* of Item, none of them a loss */
  Loss loss;
  guint64 written;
  guint64 dropped;
} Rest;

/* A thread that hangs keeps what it is delivering: a copy goes on. Lock held. */
static void
take_rest(PnatSink *sink, Rest *rest)
{
  *rest = (Rest){ .queue = sink->queue, .loss = sink->loss, .written = sink->written, .dropped = sink->dropped };
  g_queue_init(&sink->queue);
  sink->bytes = 0;
  if (sink->current == NULL || sink->current->is_loss)
    return;
  gsize size = sizeof *sink->current + sink->current->length + 1;
  Item *copy = g_malloc(size);
  memcpy(copy, sink->current, size);
  g_queue_push_head(&rest->queue, copy);
}

static void
stop(PnatSink *sink, gint64 deadline, Rest *rest)
{
  gboolean ended = TRUE;

  pnat_sink_stop_begin(sink, deadline);
  g_mutex_lock(&sink->lock);
  while (!sink->has_ended && ended)
    ended = g_cond_wait_until(&sink->ended, &sink->lock, deadline + GRACE);
  ended = sink->has_ended;
  take_rest(sink, rest);
  g_mutex_unlock(&sink->lock);

  if (ended)
    g_thread_join(sink->thread);
  else
    g_thread_unref(sink->thread);
  sink_unref(sink);
}

guint
pnat_sink_stop(PnatSink *sink, gint64 deadline)
{
  Rest rest;
  stop(sink, deadline, &rest);
  guint left = rest.queue.length;
  g_queue_clear_full(&rest.queue, g_free);
  return left;
}

guint
pnat_sink_succeed(PnatSink *sink, PnatSink *before, gint64 deadline, gboolean is_alike)
{
  Rest rest;
  guint gone = 0;
  Item *item;

  stop(before, deadline, &rest);
  g_mutex_lock(&sink->lock);
  sink->loss = rest.loss;
  sink->written = rest.written;
  sink->dropped = rest.dropped;
  for (; (item = g_queue_pop_head(&rest.queue)) != NULL; gone += !is_alike) {
    if (is_alike) {
      sink->bytes += item->length;
      g_queue_push_tail(&sink->queue, item);
      continue;
    }
    note_dropped(sink, item);
    g_free(item);
  }
  g_cond_signal(&sink->wake);
  g_mutex_unlock(&sink->lock);
  return gone;
}
