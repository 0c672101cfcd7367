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

#include "log.h"

/* Pauses between tries: doubled from the first to the last; at the end there is no time for long ones. */
#define PAUSE_FIRST (10 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_LAST (1 * G_TIME_SPAN_SECOND)
#define PAUSE_STOPPING (20 * G_TIME_SPAN_MILLISECOND)

/* How long a stall lasts before it is worth a word. */
#define STALL_TOLD (2 * G_TIME_SPAN_SECOND)

/* How long it is thought to be only slow when it takes nothing. */
#define SLOW (10 * G_TIME_SPAN_SECOND)

/* Bytes that may wait for each of max_queue, and for the lot at least: a record has some 600, twice that in the journal's form. */
#define BYTES_PER_RECORD 2048
#define BYTES_LEAST (1024 * 1024)

/* How long after the deadline a thread that is not hanging may take to end. */
#define GRACE (20 * G_TIME_SPAN_MILLISECOND)

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
  PnatBacklog queue;
  PnatItem *current; /* (nullable) what is being delivered */
  guint max_queue;
  guint64 written;
  guint64 dropped;
  gint64 pause;     /* until the next try, µs; 0 = the last one went well */
  gint64 retry_at;  /* monotonic µs */
  gint64 taken_at;  /* monotonic µs: when it was made or took a record last */
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
  pnat_backlog_clear(&sink->queue);
  g_clear_pointer(&sink->current, pnat_item_unref);
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

static guint
waiting(const PnatSink *sink)
{
  return sink->queue.items.length + (sink->current != NULL && sink->current->lost == 0);
}

static void
drop_oldest(PnatSink *sink)
{
  pnat_backlog_drop(&sink->queue);
  sink->dropped++;
}

static PnatItem *
loss_item(PnatSink *sink)
{
  PnatLost *missing = &sink->queue.missing;
  const PnatRecord record = { .kind = PNAT_RECORD_LOSS,
                              .start = missing->from,
                              .last = missing->to,
                              .end = missing->to,
                              .host = sink->host,
                              .source = PNAT_LOSS_QUEUE,
                              .lost = missing->lost };
  g_autoptr(GString) payload = g_string_new(NULL);
  PnatItem *item;

  sink->kind->render(sink->self, &record, payload);
  item = pnat_item_new(&record, payload);
  item->lost = missing->lost;
  missing->lost = 0;
  return item;
}

/* What is next: what was dropped is older than what remained. */
static void
take(PnatSink *sink)
{
  if (sink->current == NULL)
    sink->current = sink->queue.missing.lost > 0 ? loss_item(sink) : pnat_backlog_pop(&sink->queue);
}

static gsize
most_bytes(const PnatSink *sink)
{
  return MAX((gsize)sink->max_queue * BYTES_PER_RECORD, BYTES_LEAST);
}

/* Whether @records more, of @length bytes, are too many. */
static gboolean
is_too_much(const PnatSink *sink, guint records, gsize length)
{
  return waiting(sink) + records > sink->max_queue || sink->queue.bytes + length > most_bytes(sink);
}

static guint
filled(const PnatSink *sink)
{
  guint64 by_number = (guint64)waiting(sink) * 100 / sink->max_queue, by_bytes = (guint64)sink->queue.bytes * 100 / most_bytes(sink);
  return g_get_monotonic_time() < sink->taken_at + SLOW ? (guint)MAX(by_number, by_bytes) : 0;
}

static gboolean
has_work(const PnatSink *sink)
{
  return sink->current != NULL || sink->queue.missing.lost > 0 || sink->queue.items.length > 0;
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
  if (sink->current->lost == 0)
    sink->written++;
  g_clear_pointer(&sink->current, pnat_item_unref);
  sink->pause = sink->retry_at = 0;
  sink->taken_at = g_get_monotonic_time();
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
  sink->taken_at = g_get_monotonic_time();
  sink->scratch = g_string_sized_new(1024);
  g_mutex_init(&sink->lock);
  g_cond_init(&sink->wake);
  g_cond_init(&sink->ended);
  start_thread(sink);
  return sink;
}

void
pnat_sink_push(PnatSink *sink, const PnatRecord *record)
{
  PnatItem *item;

  g_string_truncate(sink->scratch, 0);
  sink->kind->render(sink->self, record, sink->scratch);
  item = pnat_item_new(record, sink->scratch);
  g_mutex_lock(&sink->lock);
  while (sink->queue.items.length > 0 && is_too_much(sink, 1, item->length))
    drop_oldest(sink);
  pnat_backlog_push(&sink->queue, item);
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
  counts = (PnatSinkCounts){
    .written = sink->written, .dropped = sink->dropped, .waiting = waiting(sink), .filled = filled(sink)
  };
  counts.bytes = sink->queue.bytes + (sink->current != NULL && sink->current->lost == 0 ? sink->current->length : 0);
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

/* What is being delivered is part of it: of a thread that hangs nobody knows whether it will be. Lock held. */
static void
add_current(const PnatSink *sink, PnatBacklog *backlog)
{
  PnatBacklog first = { 0 };

  if (sink->current == NULL)
    return;
  if (sink->current->lost > 0)
    pnat_backlog_miss(backlog, sink->current);
  else
    pnat_backlog_push(&first, g_atomic_rc_box_acquire(sink->current));
  pnat_backlog_prepend(backlog, &first);
}

PnatBacklog
pnat_sink_waiting(PnatSink *sink)
{
  PnatBacklog backlog;

  g_mutex_lock(&sink->lock);
  backlog = pnat_backlog_copy(&sink->queue);
  add_current(sink, &backlog);
  g_mutex_unlock(&sink->lock);
  return backlog;
}

/* Lock held. */
static void
put_back(PnatSink *sink, PnatBacklog *before)
{
  pnat_backlog_prepend(&sink->queue, before);
  while (sink->queue.items.length > 0 && is_too_much(sink, 0, 0))
    drop_oldest(sink);
  g_cond_signal(&sink->wake);
}

void
pnat_sink_put_back(PnatSink *sink, PnatBacklog *before)
{
  g_mutex_lock(&sink->lock);
  put_back(sink, before);
  g_mutex_unlock(&sink->lock);
}

void
pnat_sink_miss(PnatSink *sink, const PnatLost *missing)
{
  g_mutex_lock(&sink->lock);
  pnat_backlog_add_missing(&sink->queue, missing);
  sink->dropped += missing->lost;
  g_cond_signal(&sink->wake);
  g_mutex_unlock(&sink->lock);
}

/* @left: (out). @returns the counts at the end */
static PnatSinkCounts
stop(PnatSink *sink, gint64 deadline, PnatBacklog *left)
{
  gboolean ended = TRUE;
  PnatSinkCounts counts;

  pnat_sink_stop_begin(sink, deadline);
  g_mutex_lock(&sink->lock);
  while (!sink->has_ended && ended)
    ended = g_cond_wait_until(&sink->ended, &sink->lock, deadline + GRACE);
  ended = sink->has_ended;
  *left = sink->queue;
  sink->queue = (PnatBacklog){ 0 };
  add_current(sink, left);
  counts = (PnatSinkCounts){ .written = sink->written, .dropped = sink->dropped, .waiting = left->items.length };
  g_mutex_unlock(&sink->lock);

  if (ended)
    g_thread_join(sink->thread);
  else
    g_thread_unref(sink->thread);
  sink_unref(sink);
  return counts;
}

guint
pnat_sink_stop(PnatSink *sink, gint64 deadline, PnatBacklog *left)
{
  g_auto(PnatBacklog) rest = { 0 };
  PnatSinkCounts counts = stop(sink, deadline, &rest);

  if (left != NULL) {
    *left = rest;
    rest = (PnatBacklog){ 0 };
  }
  return counts.waiting;
}

guint
pnat_sink_succeed(PnatSink *sink, PnatSink *before, gint64 deadline, gboolean is_alike)
{
  g_auto(PnatBacklog) rest = { 0 };
  PnatSinkCounts counts = stop(before, deadline, &rest);
  guint gone = is_alike ? 0 : counts.waiting;

  while (!is_alike && rest.items.length > 0)
    pnat_backlog_drop(&rest);
  g_mutex_lock(&sink->lock);
  sink->written = counts.written;
  sink->dropped = counts.dropped + gone;
  put_back(sink, &rest);
  g_mutex_unlock(&sink->lock);
  return gone;
}
