/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See pending.h. Those that were asked the same number of times stand in one queue, in the order they are due.
 */
#include "pending.h"

#include <sys/queue.h>

/* ms after a connect at which its socket is asked again while it is pending. TCP gives up after some 130 s, tcp(7)
 * tcp_syn_retries. */
static const gint64 ask_again[] = { 200, 1000, 4500, 15000, 60000, 140000 };

#define MAX_PENDING 4096

/* Asked in a row before others get their turn. */
#define ASKED_IN_A_ROW 128

typedef struct Entry {
  TAILQ_ENTRY(Entry) of_queue;
  PnatPendingConnect connect;
  gint64 begun; /* ms, monotonic */
} Entry;

TAILQ_HEAD(Queue, Entry);

struct PnatPending {
  PnatPendingFunc func;
  gpointer data;
  struct Queue queues[G_N_ELEMENTS(ask_again)]; /* by how often they were asked */
  guint size;
};

PnatPending *
pnat_pending_new(PnatPendingFunc func, gpointer data)
{
  PnatPending *pending = g_new0(PnatPending, 1);
  pending->func = func;
  pending->data = data;
  for (guint i = 0; i < G_N_ELEMENTS(ask_again); i++)
    TAILQ_INIT(&pending->queues[i]);
  return pending;
}

void
pnat_pending_free(PnatPending *pending)
{
  Entry *entry;
  if (pending == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS(ask_again); i++)
    while ((entry = TAILQ_FIRST(&pending->queues[i])) != NULL) {
      TAILQ_REMOVE(&pending->queues[i], entry, of_queue);
      g_free(entry);
    }
  g_free(pending);
}

void
pnat_pending_add(PnatPending *pending, const PnatPendingConnect *connect, gint64 now)
{
  if (pending->size >= MAX_PENDING)
    return;
  Entry *entry = g_new0(Entry, 1);
  entry->connect = *connect;
  entry->begun = now;
  TAILQ_INSERT_TAIL(&pending->queues[0], entry, of_queue);
  pending->size++;
}

static void
ask(PnatPending *pending, guint times)
{
  Entry *entry = TAILQ_FIRST(&pending->queues[times]);

  TAILQ_REMOVE(&pending->queues[times], entry, of_queue);
  if (pending->func(&entry->connect, pending->data) && times + 1 < G_N_ELEMENTS(ask_again)) {
    TAILQ_INSERT_TAIL(&pending->queues[times + 1], entry, of_queue);
    return;
  }
  pending->size--;
  g_free(entry);
}

static gint64
due_of(const PnatPending *pending, guint times)
{
  const Entry *first = TAILQ_FIRST(&pending->queues[times]);
  return first != NULL ? first->begun + ask_again[times] : G_MAXINT64;
}

void
pnat_pending_advance(PnatPending *pending, gint64 now)
{
  guint asked = 0;
  for (guint i = G_N_ELEMENTS(ask_again); i-- > 0;)
    for (; asked < ASKED_IN_A_ROW && due_of(pending, i) <= now; asked++)
      ask(pending, i);
}

gint64
pnat_pending_next_due(const PnatPending *pending)
{
  gint64 due = G_MAXINT64;
  for (guint i = 0; i < G_N_ELEMENTS(ask_again); i++)
    due = MIN(due, due_of(pending, i));
  return due;
}

guint
pnat_pending_size(const PnatPending *pending)
{
  return pending->size;
}
