/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See local.h.
 */
#include "local.h"

#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "clock.h"
#include "cmdlines.h"
#include "gone.h"
#include "liveness.h"
#include "log.h"
#include "netns.h"
#include "pending.h"
#include "procinfo.h"
#include "recheck.h"
#include "sockets.h"
#include "stock.h"

/* ms after messages of destroyed sockets were lost until connections are looked for, and at least between two such times. */
#define RECHECK_AFTER 3000
#define RECHECK_INTERVAL 15000

/* µs that it may go on at a time, and ms between. */
#define RECHECK_SLICE 5000
#define RECHECK_PAUSE 15

/* Events after which it is strange that none of them was this host's. */
#define MANY_EVENTS 1000

/* ms: an event older than this whose process is gone is taken for one of a stored stream, but where that can not be: none of this host's
 * sockets is its own. */
#define LIVE_AGE 60000

struct PnatLocal {
  PnatTracker *tracker;
  PnatLocalChangedFunc changed;
  gpointer data;
  PnatLiveness *liveness; /* (nullable) */
  PnatSockets *sockets;   /* (nullable) */
  PnatAsker *asker;
  PnatNetns *netns;       /* (nullable) */
  GError *no_liveness;    /* (nullable) why there is none */
  GError *no_sockets;     /* (nullable) */
  guint n_foreign; /* events of other nodes, counted until one of this host is seen */
  gboolean seen_here;
  PnatGone *gone;
  PnatPending *pending;
  PnatStock *stock; /* (nullable) while stock is taken */
  PnatRecheck *recheck; /* (nullable) while connections are looked for */
  gint64 recheck_due;   /* ms, tracker's clock: the next step, or the beginning; G_MAXINT64: there is no reason to */
  gint64 rechecked;     /* ms, tracker's clock: when the last one was done */
  guint64 overruns;     /* known of */
  PnatCmdlines *cmdlines;
  PnatProcInfo info;      /* what was read last: events borrow its strings */
  char cmd[PNAT_CMDLINE_TEXT];
};

static void
process_gone(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  PnatLocal *local = data;
  pnat_gone_add(local->gone, pid, start, time, pnat_monotonic_ms());
  local->changed(local->data);
}

static void
settle_gone(guint32 pid, guint64 start, gint64 time, gpointer data)
{
  PnatLocal *local = data;
  pnat_tracker_process_gone(local->tracker, pid, start, time, pnat_monotonic_ms());
}

static void
socket_ended(const PnatSocketEnd *end, gpointer data)
{
  PnatLocal *local = data;
  if (local->stock == NULL || !pnat_stock_socket_ended(local->stock, end))
    pnat_tracker_socket_ended(local->tracker, end, pnat_monotonic_ms());
  local->changed(local->data);
}

static gboolean
ask_pending(const PnatPendingConnect *connect, gpointer data)
{
  PnatLocal *local = data;
  PnatSocket socket;
  int pidfd = pnat_liveness_pidfd(local->liveness, connect->pid);

  gboolean found = pnat_asker_ask(local->asker, pidfd, connect->fd, &socket);
  if (!found && !pnat_asker_answered(local->asker))
    return pidfd >= 0;
  if (!found || socket.cookie != connect->cookie)
    return FALSE;
  if (socket.state == PNAT_SOCKET_CONNECTED)
    pnat_tracker_socket_connected(local->tracker, socket.cookie);
  return socket.state == PNAT_SOCKET_CONNECTING;
}

PnatLocal *
pnat_local_new(PnatTracker *tracker, PnatLocalChangedFunc changed, gpointer data)
{
  PnatLocal *local = g_new0(PnatLocal, 1);

  local->tracker = tracker;
  local->changed = changed;
  local->data = data;
  local->gone = pnat_gone_new(settle_gone, local);
  local->pending = pnat_pending_new(ask_pending, local);
  local->cmdlines = pnat_cmdlines_new();
  local->asker = pnat_asker_new();
  local->recheck_due = G_MAXINT64;
  local->rechecked = -RECHECK_INTERVAL;
  local->liveness = pnat_liveness_new(process_gone, local, &local->no_liveness);
  if (local->liveness == NULL)
    pnat_log_warning("%s: processes that are killed are seen to end only when idle_timeout is over", local->no_liveness->message);
  pnat_tracker_set_watching(tracker, local->liveness != NULL);
  local->sockets = pnat_sockets_new(socket_ended, local, &local->no_sockets);
  if (local->sockets == NULL)
    pnat_log_warning("%s: flows end with their process, not when their connections close", local->no_sockets->message);
  local->netns = local->sockets != NULL ? pnat_netns_new(NULL) : NULL;
  return local;
}

void
pnat_local_free(PnatLocal *local)
{
  if (local == NULL)
    return;
  pnat_tracker_set_watching(local->tracker, FALSE);
  pnat_gone_advance(local->gone, G_MAXINT64); /* nobody would tell of them later */
  pnat_stock_free(local->stock);
  pnat_recheck_free(local->recheck);
  pnat_asker_free(local->asker);
  pnat_cmdlines_free(local->cmdlines);
  pnat_netns_free(local->netns);
  pnat_sockets_free(local->sockets);
  pnat_liveness_free(local->liveness);
  g_clear_error(&local->no_liveness);
  g_clear_error(&local->no_sockets);
  pnat_gone_free(local->gone);
  pnat_pending_free(local->pending);
  g_free(local);
}

static const char *
text_or_null(const char *text)
{
  return text[0] != '\0' ? text : NULL;
}

/* io_uring's records name no program. */
static void
name_program(PnatLocal *local, PnatEvent *event)
{
  PnatIdentity *who = &event->who;
  if (who->exe != NULL)
    return;
  who->exe = text_or_null(local->info.exe);
  who->comm = text_or_null(local->info.comm);
  who->auid = local->info.auid;
  who->ses = local->info.ses;
}

/*
 * The whole command line, where audit's is cut, missing, or may be of another program: the kernel keeps a task's title over
 * execve. Only while the program is still the one of the event.
 */
static void
complete_title(PnatLocal *local, int directory, PnatEvent *event)
{
  PnatIdentity *who = &event->who;
  if (who->exe == NULL || strcmp(who->exe, local->info.exe) != 0)
    return;
  if (pnat_cmdlines_read(local->cmdlines, directory, local->cmd))
    who->cmd = local->cmd;
}

/* Between the look at its pidfd and the one at its directory the number may have become another's. */
static gboolean
read_info(PnatLocal *local, int directory, const PnatEvent *event)
{
  return pnat_procinfo_read_at(directory, event->who.pid, &local->info) &&
         pnat_liveness_key(local->liveness, local->info.start) == event->start;
}

/* What /proc says of a process, or program, that is seen for the first time. */
static void
look_up(PnatLocal *local, PnatEvent *event)
{
  int directory = pnat_procinfo_open(event->who.pid);
  if (directory < 0)
    return;
  if (read_info(local, directory, event)) {
    name_program(local, event);
    complete_title(local, directory, event);
    event->unit = text_or_null(local->info.unit);
    event->container = text_or_null(local->info.container);
    if (local->info.ppid == event->who.ppid) /* else its parent has ended, and the number may be another's */
      pnat_procinfo_ancestors(event->who.ppid, event->ancestors);
  }
  close(directory);
}

/* Whether the socket that answered can be the call's own: another one may have the number by now. */
static gboolean
is_socket_of(const PnatEvent *event)
{
  const PnatSocket *socket = &event->socket;
  static const guint8 any[16];

  if (event->saddr != PNAT_SADDR_INET || (event->call != PNAT_CALL_ACCEPT && event->call != PNAT_CALL_CONNECT) || event->value == -EISCONN)
    return TRUE;
  /* A connect to the unspecified address goes to this host, and the socket names it. */
  if (event->call == PNAT_CALL_CONNECT && memcmp(event->address.bytes, any, sizeof any) == 0)
    return socket->remote.port == event->address.port;
  return pnat_address_equal(&socket->remote, &event->address);
}

static void
ask_socket(PnatLocal *local, PnatEvent *event)
{
  gint fd = event->call == PNAT_CALL_ACCEPT ? (gint)event->value : event->fd;
  int pidfd = pnat_liveness_pidfd(local->liveness, event->who.pid);
  PnatSocket *socket = &event->socket;

  if (!pnat_tracker_wants_socket(local->tracker, event))
    return;
  if (pnat_asker_ask(local->asker, pidfd, fd, socket) && is_socket_of(event))
    return;
  *socket = (PnatSocket){ 0 };
  if (event->call != PNAT_CALL_ACCEPT || event->fd < 0)
    return;
  /* The connection is over, but the listening socket has the same protocol and port. */
  PnatSocket listening;
  if (!pnat_asker_ask(local->asker, pidfd, event->fd, &listening))
    return;
  socket->proto = listening.proto;
  socket->local.port = listening.local.port;
}

/* It ended before its first event was read: its exit event is on its way, or none will ever come. */
static void
note_gone_before(PnatLocal *local, PnatEvent *event)
{
  event->is_gone = event->local;
  if (event->local && !pnat_gone_has(local->gone, event->who.pid, 0) && !pnat_tracker_knows(local->tracker, event->who.pid))
    process_gone(event->who.pid, 0, pnat_real_ms(), local);
}

/* While nobody watched it, it may have been killed, and its number used again. */
static void
end_unwatched(PnatLocal *local, const PnatEvent *event)
{
  PnatProcessTrace trace;
  if (!pnat_tracker_trace(local->tracker, event->who.pid, &trace) || trace.start != 0 || pnat_recheck_may_be_there(&trace))
    return;
  pnat_tracker_process_gone(local->tracker, trace.pid, 0, event->time, pnat_monotonic_ms());
}

static void
watch_process(PnatLocal *local, PnatEvent *event, gboolean live)
{
  gint64 now = pnat_real_ms();

  event->start = pnat_liveness_watch(local->liveness, event->who.pid, event->time, &event->who);
  event->local = event->start != 0 || live || event->time > now - LIVE_AGE;
  if (event->local && pnat_event_waits(event))
    event->arrival = now;
  if (event->start == 0) {
    note_gone_before(local, event);
    return;
  }
  pnat_gone_succeeded(local->gone, event->who.pid, event->start, event->time);
  end_unwatched(local, event);
  gboolean known = pnat_tracker_knows_program(local->tracker, event->who.pid, event->who.exe);
  if (!known && local->netns != NULL)
    pnat_netns_introduce(local->netns, event->who.pid);
  if (!known)
    look_up(local, event);
  ask_socket(local, event);
}

/* auditd may call this host by a name that is not expected: then all of local tracking were off, and nobody knew. */
static void
note_whose(PnatLocal *local, const PnatEvent *event)
{
  local->seen_here |= event->here;
  if (!local->seen_here && ++local->n_foreign == MANY_EVENTS)
    pnat_log_warning("none of %d events was of this host, %s; the last came from %s. If its own should be among them, see name_format in "
                     "auditd.conf(5)",
                     MANY_EVENTS, g_get_host_name(), event->node);
}

void
pnat_local_renamed(PnatLocal *local)
{
  local->seen_here = FALSE;
  local->n_foreign = 0;
}

void
pnat_local_prepare(PnatLocal *local, PnatEvent *event, gboolean live)
{
  note_whose(local, event);
  if (!event->here)
    return;
  if (local->sockets != NULL)
    pnat_sockets_poll(local->sockets);
  if (local->stock != NULL)
    pnat_stock_hear(local->stock, event, pnat_monotonic_ms());
  if (event->kind == PNAT_EVENT_NETWORK && local->liveness != NULL)
    watch_process(local, event, live);
  else
    event->local = TRUE;
}

void
pnat_local_check_all(PnatLocal *local)
{
  if (local->liveness == NULL)
    return;
  pnat_recheck_processes(local->tracker, local->liveness, pnat_monotonic_ms());
  if (local->sockets != NULL && local->recheck == NULL)
    local->recheck_due = pnat_monotonic_ms();
}

/* Messages were lost: connections may be closed that seem open. */
static gboolean
has_new_overruns(const PnatLocal *local)
{
  return local->sockets != NULL && local->liveness != NULL && pnat_sockets_overruns(local->sockets) != local->overruns;
}

static void
note_overruns(PnatLocal *local, gint64 now)
{
  if (!has_new_overruns(local) || local->recheck != NULL)
    return;
  local->overruns = pnat_sockets_overruns(local->sockets);
  local->recheck_due = MIN(local->recheck_due, MAX(now + RECHECK_AFTER, local->rechecked + RECHECK_INTERVAL));
}

static void
step_recheck(PnatLocal *local, gint64 now)
{
  note_overruns(local, now);
  if (local->recheck_due > now)
    return;
  if (local->recheck == NULL)
    local->recheck = pnat_recheck_new(local->tracker, local->liveness, local->asker);
  local->recheck_due = now + RECHECK_PAUSE;
  if (pnat_recheck_step(local->recheck, RECHECK_SLICE, now))
    return;
  g_clear_pointer(&local->recheck, pnat_recheck_free);
  local->recheck_due = G_MAXINT64;
  local->rechecked = now;
}

static void
note_pending(PnatLocal *local, const PnatEvent *event)
{
  PnatPendingConnect connect = { event->who.pid, event->fd, event->socket.cookie };
  if (event->call == PNAT_CALL_CONNECT && event->socket.state == PNAT_SOCKET_CONNECTING)
    pnat_pending_add(local->pending, &connect, pnat_monotonic_ms());
}

void
pnat_local_settle(PnatLocal *local, const PnatEvent *event)
{
  if (!event->local || event->kind != PNAT_EVENT_NETWORK || local->liveness == NULL)
    return;
  if (!pnat_tracker_knows(local->tracker, event->who.pid))
    pnat_liveness_forget(local->liveness, event->who.pid);
  else
    note_pending(local, event);
}

void
pnat_local_take_stock(PnatLocal *local)
{
  g_autoptr(GError) error = NULL;
  const PnatStockUsers users = { local->tracker, local->liveness, local->asker, local->netns };
  if (local->liveness == NULL || local->sockets == NULL)
    return;
  local->stock = pnat_stock_new(&users, pnat_monotonic_ms(), &error);
  if (local->stock == NULL)
    pnat_log_warning("%s: connections that were there before are not known", error->message);
}

void
pnat_local_advance(PnatLocal *local, gint64 now, gboolean drained)
{
  if (local->stock != NULL && !pnat_stock_advance(local->stock, now, drained))
    g_clear_pointer(&local->stock, pnat_stock_free);
  step_recheck(local, now);
  pnat_pending_advance(local->pending, now);
  if (drained)
    pnat_gone_advance(local->gone, now);
}

gint64
pnat_local_next_due(const PnatLocal *local)
{
  gint64 due = MIN(pnat_gone_next_due(local->gone), pnat_pending_next_due(local->pending));
  due = MIN(due, local->recheck_due);
  if (has_new_overruns(local) && local->recheck == NULL)
    due = 0;
  if (local->stock != NULL)
    due = MIN(due, pnat_stock_next_due(local->stock));
  return due;
}

PnatLocalCounts
pnat_local_counts(const PnatLocal *local)
{
  return (PnatLocalCounts){
    .watched = local->liveness != NULL ? pnat_liveness_size(local->liveness) : 0,
    .overruns = local->sockets != NULL ? pnat_sockets_overruns(local->sockets) : 0,
    .has_sockets = local->sockets != NULL,
    .has_pidfd = local->liveness != NULL && pnat_liveness_has_pidfd(local->liveness),
    .no_sockets = local->no_sockets != NULL ? local->no_sockets->message : NULL,
    .no_liveness = local->no_liveness != NULL ? local->no_liveness->message : NULL,
  };
}
