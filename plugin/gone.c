/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See gone.h. A queue in the order in which they are due, and a table by pid; several with one pid are chained, oldest first.
 */
#include "gone.h"

#include <sys/queue.h>

/* ms for which the exit event may be on its way. */
#define EXIT_MAY_COME 300

/* While events wait to be read nobody is told: beyond these the oldest is. */
#define MAX_WAITING 65536

typedef struct Entry {
  TAILQ_ENTRY(Entry) of_queue;
  struct Entry *next; /* (nullable) with the same pid */
  guint32 pid;
  guint64 start;
  gint64 time; /* ms since 1970 */
  gint64 due;  /* ms, monotonic */
} Entry;

struct PnatGone {
  PnatGoneFunc func;
  gpointer data;
  TAILQ_HEAD(Queue, Entry) queue;
  GHashTable *by_pid; /* pid to the oldest Entry */
  guint size;
};

PnatGone *
pnat_gone_new(PnatGoneFunc func, gpointer data)
{
  PnatGone *gone = g_new0(PnatGone, 1);
  gone->func = func;
  gone->data = data;
  TAILQ_INIT(&gone->queue);
  gone->by_pid = g_hash_table_new(NULL, NULL);
  return gone;
}

static Entry *
oldest_of(const PnatGone *gone, guint32 pid)
{
  return g_hash_table_lookup(gone->by_pid, GUINT_TO_POINTER(pid));
}

static void
unchain(PnatGone *gone, const Entry *entry)
{
  Entry *before = oldest_of(gone, entry->pid);

  if (before != entry) {
    while (before->next != entry)
      before = before->next;
    before->next = entry->next;
  } else if (entry->next != NULL) {
    g_hash_table_insert(gone->by_pid, GUINT_TO_POINTER(entry->pid), entry->next);
  } else {
    g_hash_table_remove(gone->by_pid, GUINT_TO_POINTER(entry->pid));
  }
}

static void
discard(PnatGone *gone, Entry *entry)
{
  unchain(gone, entry);
  TAILQ_REMOVE(&gone->queue, entry, of_queue);
  gone->size--;
  g_free(entry);
}

static void
tell(PnatGone *gone, Entry *entry, gint64 time)
{
  guint32 pid = entry->pid;
  guint64 start = entry->start;
  discard(gone, entry);
  gone->func(pid, start, time, gone->data);
}

void
pnat_gone_free(PnatGone *gone)
{
  Entry *entry;
  if (gone == NULL)
    return;
  while ((entry = TAILQ_FIRST(&gone->queue)) != NULL)
    discard(gone, entry);
  g_hash_table_unref(gone->by_pid);
  g_free(gone);
}

void
pnat_gone_add(PnatGone *gone, guint32 pid, guint64 start, gint64 time, gint64 now)
{
  Entry *entry = g_new0(Entry, 1), *last = oldest_of(gone, pid);

  entry->pid = pid;
  entry->start = start;
  entry->time = time;
  entry->due = now + EXIT_MAY_COME;
  TAILQ_INSERT_TAIL(&gone->queue, entry, of_queue);
  while (last != NULL && last->next != NULL)
    last = last->next;
  if (last != NULL)
    last->next = entry;
  else
    g_hash_table_insert(gone->by_pid, GUINT_TO_POINTER(pid), entry);
  if (++gone->size > MAX_WAITING) {
    Entry *oldest = TAILQ_FIRST(&gone->queue);
    tell(gone, oldest, oldest->time);
  }
}

gboolean
pnat_gone_has(const PnatGone *gone, guint32 pid, guint64 start)
{
  const Entry *entry = oldest_of(gone, pid);
  while (entry != NULL && entry->start != start)
    entry = entry->next;
  return entry != NULL;
}

void
pnat_gone_succeeded(PnatGone *gone, guint32 pid, guint64 start, gint64 time)
{
  Entry *entry = oldest_of(gone, pid);
  while (entry != NULL && entry->start == start)
    entry = entry->next;
  if (entry != NULL)
    tell(gone, entry, MIN(entry->time, time));
}

void
pnat_gone_advance(PnatGone *gone, gint64 now)
{
  Entry *entry;
  while ((entry = TAILQ_FIRST(&gone->queue)) != NULL && entry->due <= now)
    tell(gone, entry, entry->time);
}

gint64
pnat_gone_next_due(const PnatGone *gone)
{
  const Entry *entry = TAILQ_FIRST(&gone->queue);
  return entry != NULL ? entry->due : G_MAXINT64;
}

guint
pnat_gone_size(const PnatGone *gone)
{
  return gone->size;
}
