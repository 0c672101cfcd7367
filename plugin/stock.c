/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stock.h. What was found waits in the order in which it is due, and is found again by its process and descriptor: an event costs the
 * same however many wait.
 */
#include "stock.h"

#include <errno.h>
#include <sys/queue.h>

#include "clock.h"
#include "log.h"
#include "snapshot.h"

/* µs that looking may go on at a time, and ms between. */
#define SLICE 5000
#define PAUSE 15

/* ms for which the event of a connection that was found may be on its way; longer while others wait to be read, but not for ever. */
#define EVENT_MAY_COME 300
#define EVENTS_MAY_WAIT 5000

/* Connections that wait at most; then the oldest is taken in. */
#define MAX_WAITING 16384

typedef struct Holder Holder;
typedef struct Found Found;

struct Found {
  PnatEvent event; /* its strings are its own */
  gint64 due;      /* ms, tracker's clock */
  gboolean ended;  /* meanwhile */
  PnatSocketEnd end;
  GList *place;    /* among those that wait */
  Holder *holder;
  TAILQ_ENTRY(Found) of_holder;
};

/* A process of which some wait. */
struct Holder {
  guint32 pid;
  TAILQ_HEAD(HolderFound, Found) found;
  GHashTable *by_fd;
};

struct PnatStock {
  PnatStockUsers users;
  PnatSnapshot *snapshot; /* (nullable) when all were looked at */
  gint64 now;             /* ms, tracker's clock */
  gint64 due;             /* ms, tracker's clock: the next look */
  GQueue waiting;         /* of Found, in the order they are due */
  GHashTable *holders;    /* by pid */
};

static void
found_free(gpointer data)
{
  Found *found = data;
  PnatEvent *event = &found->event;

  g_free((char *)event->who.comm);
  g_free((char *)event->who.exe);
  g_free((char *)event->who.cmd);
  g_free((char *)event->unit);
  g_free((char *)event->container);
  g_free(found);
}

static char *
copy_or_null(const char *text)
{
  return text[0] != '\0' ? g_strdup(text) : NULL;
}

static PnatEvent
event_of_held(const PnatHeld *held)
{
  const PnatProcInfo *info = held->info;
  gboolean pending = held->socket->state == PNAT_SOCKET_CONNECTING;
  PnatEvent event = {
    .kind = PNAT_EVENT_NETWORK, .snapshot = TRUE, .here = TRUE, .local = TRUE, .time = pnat_real_ms(), .fd = held->fd,
    .who = { info->pid, info->ppid, info->uid, info->euid, info->auid, info->ses, copy_or_null(info->comm), copy_or_null(info->exe),
             copy_or_null(held->cmd) },
    .result = PNAT_RESULT_OK, .saddr = PNAT_SADDR_INET, .address = held->socket->remote, .socket = *held->socket,
    .unit = copy_or_null(info->unit), .container = copy_or_null(info->container),
  };

  event.call = held->direction == PNAT_DIRECTION_IN ? PNAT_CALL_ACCEPT : PNAT_CALL_CONNECT;
  event.value = held->direction == PNAT_DIRECTION_IN ? held->fd : pending ? -EINPROGRESS : 0;
  if (pending)
    event.result = PNAT_RESULT_FAILED;
  if (held->direction == PNAT_DIRECTION_UNKNOWN) {
    event.call = PNAT_CALL_SEND;
    event.saddr = PNAT_SADDR_NONE;
    event.result = PNAT_RESULT_NONE;
  }
  return event;
}

/* Waiting. */

static void
holder_free(gpointer data)
{
  Holder *holder = data;
  g_hash_table_unref(holder->by_fd);
  g_free(holder);
}

static Holder *
find_holder(const PnatStock *stock, guint32 pid)
{
  return g_hash_table_lookup(stock->holders, GUINT_TO_POINTER(pid));
}

static Holder *
holder_get(PnatStock *stock, guint32 pid)
{
  Holder *holder = find_holder(stock, pid);

  if (holder != NULL)
    return holder;
  holder = g_new0(Holder, 1);
  holder->pid = pid;
  TAILQ_INIT(&holder->found);
  holder->by_fd = g_hash_table_new(NULL, NULL);
  g_hash_table_insert(stock->holders, GUINT_TO_POINTER(pid), holder);
  return holder;
}

static void
put_in(PnatStock *stock, Found *found)
{
  Holder *holder = found->holder = holder_get(stock, found->event.who.pid);

  g_queue_push_tail(&stock->waiting, found);
  found->place = stock->waiting.tail;
  TAILQ_INSERT_TAIL(&holder->found, found, of_holder);
  g_hash_table_insert(holder->by_fd, GINT_TO_POINTER(found->event.fd), found);
}

/* The last of its holder's takes that along. */
static Found *
take_out(PnatStock *stock, Found *found)
{
  Holder *holder = found->holder;
  gpointer fd = GINT_TO_POINTER(found->event.fd);

  g_queue_delete_link(&stock->waiting, found->place);
  TAILQ_REMOVE(&holder->found, found, of_holder);
  if (g_hash_table_lookup(holder->by_fd, fd) == found)
    g_hash_table_remove(holder->by_fd, fd);
  if (TAILQ_EMPTY(&holder->found))
    g_hash_table_remove(stock->holders, GUINT_TO_POINTER(holder->pid));
  return found;
}

/* Taking in. */

static void
feed_living(PnatStock *stock, const PnatEvent *event)
{
  const PnatStockUsers *users = &stock->users;

  if (users->netns != NULL)
    pnat_netns_introduce(users->netns, event->who.pid);
  pnat_tracker_feed(users->tracker, event, stock->now);
}

/* It ended since. If it had exited when it was found, its sockets were about to be closed, and its flows have ended with it. */
static void
feed_dead(PnatStock *stock, const PnatEvent *event)
{
  PnatTracker *tracker = stock->users.tracker;
  gint64 exit = pnat_tracker_exit_of(tracker, event->who.pid);

  if (exit != 0 && exit < event->time)
    return;
  pnat_tracker_feed(tracker, event, stock->now);
  if (exit == 0)
    pnat_tracker_process_gone(tracker, event->who.pid, event->start, pnat_real_ms(), stock->now);
}

static void
take_in(PnatStock *stock, Found *found)
{
  const PnatStockUsers *users = &stock->users;
  const PnatEvent *event = &found->event;
  guint64 start = pnat_liveness_watch(users->liveness, event->who.pid, event->time, NULL);

  if (start == event->start)
    feed_living(stock, event);
  else if (start == 0)
    feed_dead(stock, event);
  /* else the number is another process's by now */
  if (!pnat_tracker_knows(users->tracker, event->who.pid))
    pnat_liveness_forget(users->liveness, event->who.pid);
  if (found->ended)
    pnat_tracker_socket_ended(users->tracker, &found->end, stock->now);
  found_free(found);
}

static void
take_held(const PnatHeld *held, gpointer data)
{
  PnatStock *stock = data;

  if (held->info->exe[0] == '\0')
    return; /* it is at its end */
  Found *found = g_new0(Found, 1);
  found->event = event_of_held(held);
  found->event.start = pnat_liveness_key(stock->users.liveness, held->info->start);
  found->due = stock->now + EVENT_MAY_COME;
  put_in(stock, found);
  if (stock->waiting.length > MAX_WAITING)
    take_in(stock, take_out(stock, g_queue_peek_head(&stock->waiting)));
}

PnatStock *
pnat_stock_new(const PnatStockUsers *users, gint64 now, GError **error)
{
  PnatStock *stock = g_new0(PnatStock, 1);

  stock->users = *users;
  stock->now = stock->due = now;
  g_queue_init(&stock->waiting);
  stock->holders = g_hash_table_new_full(NULL, NULL, NULL, holder_free);
  stock->snapshot = pnat_snapshot_new(users->asker, take_held, stock, error);
  if (stock->snapshot == NULL)
    g_clear_pointer(&stock, pnat_stock_free);
  return stock;
}

void
pnat_stock_free(PnatStock *stock)
{
  if (stock == NULL)
    return;
  pnat_snapshot_free(stock->snapshot);
  g_queue_clear_full(&stock->waiting, found_free);
  g_hash_table_unref(stock->holders);
  g_free(stock);
}

/* Meanwhile. */

static gint
fd_of(const PnatEvent *event)
{
  return event->call == PNAT_CALL_ACCEPT ? (gint)event->value : event->fd;
}

/* Whether the socket that was found is the one that @event made. A connect to the unspecified address goes to this host. */
static gboolean
made(const PnatEvent *event, const Found *found)
{
  if (event->kind != PNAT_EVENT_NETWORK || (event->call != PNAT_CALL_CONNECT && event->call != PNAT_CALL_ACCEPT))
    return FALSE;
  return event->time <= found->event.time &&
         (event->saddr != PNAT_SADDR_INET || event->address.port == found->event.socket.remote.port);
}

static void
hear_of(PnatStock *stock, const PnatEvent *event, Found *found)
{
  take_out(stock, found);
  if (!made(event, found)) {
    take_in(stock, found);
    return;
  }
  if (found->ended)
    pnat_tracker_socket_ended(stock->users.tracker, &found->end, stock->now); /* it is kept there for the event */
  found_free(found);
}

/* A network call concerns its descriptor, any other event all of its process. */
void
pnat_stock_hear(PnatStock *stock, const PnatEvent *event, gint64 now)
{
  Holder *holder = find_holder(stock, event->who.pid);
  Found *found, *next;

  stock->now = now;
  if (holder == NULL)
    return;
  if (event->kind == PNAT_EVENT_NETWORK) {
    found = g_hash_table_lookup(holder->by_fd, GINT_TO_POINTER(fd_of(event)));
    if (found != NULL)
      hear_of(stock, event, found);
    return;
  }
  for (found = TAILQ_FIRST(&holder->found); found != NULL; found = next) {
    next = TAILQ_NEXT(found, of_holder);
    hear_of(stock, event, found);
  }
}

gboolean
pnat_stock_socket_ended(PnatStock *stock, const PnatSocketEnd *end)
{
  gboolean is_one = FALSE;

  for (GList *at = stock->waiting.head; at != NULL; at = at->next) {
    Found *found = at->data;
    if (found->ended || found->event.socket.cookie == 0 || found->event.socket.cookie != end->socket.cookie)
      continue;
    found->end = *end;
    is_one = found->ended = TRUE;
  }
  return is_one;
}

static void
step(PnatStock *stock)
{
  stock->due = stock->now + PAUSE;
  if (pnat_snapshot_step(stock->snapshot, SLICE))
    return;
  PnatSnapshotCounts counts = pnat_snapshot_counts(stock->snapshot);
  pnat_log_info("connections that were there before: %u of %u processes", counts.held, counts.processes);
  if (counts.missing > 0)
    pnat_log_warning("more of them were left out, for there were too many");
  g_clear_pointer(&stock->snapshot, pnat_snapshot_free);
}

gboolean
pnat_stock_advance(PnatStock *stock, gint64 now, gboolean drained)
{
  gint64 due = drained ? now : now - EVENTS_MAY_WAIT;
  Found *found;

  stock->now = now;
  if (stock->snapshot != NULL && stock->due <= now)
    step(stock);
  while ((found = g_queue_peek_head(&stock->waiting)) != NULL && found->due <= due)
    take_in(stock, take_out(stock, found));
  return stock->snapshot != NULL || stock->waiting.length > 0;
}

gint64
pnat_stock_next_due(const PnatStock *stock)
{
  const Found *found = g_queue_peek_head((GQueue *)&stock->waiting);
  gint64 due = stock->snapshot != NULL ? stock->due : G_MAXINT64;
  return found != NULL ? MIN(due, found->due) : due;
}
