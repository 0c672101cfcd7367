/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events of this host, for tracker tests: with what the kernel says of sockets and processes.
 */
#pragma once

#include "events.h"

static const Actor curl = { NULL, 100, 50, 1, "/usr/bin/curl" };
static const Actor nc = { NULL, 200, 50, 1, "/usr/bin/nc" };

#define PEER "203.0.113.9"
#define OTHER_PEER "198.51.100.7"
#define HERE "192.0.2.1"

/* ms, as in flows.c and connections.c: how long a flow waits for another connection, and an end for its connect. */
#define LINGER 1000
#define MATCH_AFTER 300

/* Time passes as the daemon lets it: whatever is due is done when it is. */
static inline void
lives_until(Stage *stage, gint64 until)
{
  gint64 due;
  while ((due = pnat_tracker_next_due(stage->tracker)) <= T0 + until) {
    ck_assert_int_gt(due, 0);
    stage->now = MAX(stage->now, due);
    pnat_tracker_advance(stage->tracker, stage->now);
  }
  time_passes(stage, until);
}

/* What the kernel said of the event's descriptor. */
typedef struct {
  guint64 cookie; /* 0: the socket could not be asked */
  guint8 proto;
  PnatSocketState state;
  guint16 local_port;
  const char *peer; /* NULL: not connected */
  guint16 port;
} Answer;

static inline guint64
start_of(const Actor *actor)
{
  return 7000 + actor->pid;
}

static inline void
ask(PnatEvent *event, const Answer *answer)
{
  event->local = TRUE;
  event->start = 7000 + event->who.pid;
  if (answer == NULL || (answer->cookie == 0 && answer->proto == 0))
    return;
  event->socket = (PnatSocket){ .cookie = answer->cookie, .proto = answer->proto, .state = answer->state };
  if (answer->local_port != 0)
    event->socket.local = address(HERE, answer->local_port);
  if (answer->peer != NULL)
    event->socket.remote = address(answer->peer, answer->port);
}

/* A connect to PEER, port 443, by TCP from @cookie as local port. */
static inline void
connects_here(Stage *stage, const Actor *actor, gint64 at, gint fd, gint64 value, guint64 cookie)
{
  PnatEvent event = call_of(stage, actor, at, PNAT_CALL_CONNECT, fd, value);
  PnatSocketState state = value == 0 ? PNAT_SOCKET_CONNECTED : PNAT_SOCKET_CONNECTING;
  Answer answer = { cookie, IPPROTO_TCP, state, (guint16)cookie, PEER, 443 };
  towards(&event, PEER, 443);
  ask(&event, cookie != 0 ? &answer : NULL);
  happen(stage, &event);
}

static inline void
transfers_here(Stage *stage, const Actor *actor, gint64 at, PnatCall call, gint fd, const Answer *answer)
{
  PnatEvent event = call_of(stage, actor, at, call, fd, 100);
  ask(&event, answer);
  happen(stage, &event);
}

/* A datagram to or from a peer, on a socket that has none. */
static inline void
datagram_here(Stage *stage, const Actor *actor, gint64 at, PnatCall call, const char *ip, guint64 cookie)
{
  PnatEvent event = call_of(stage, actor, at, call, 3, 100);
  Answer answer = { cookie, IPPROTO_UDP, PNAT_SOCKET_STATE_UNKNOWN, 5353, NULL, 0 };
  towards(&event, ip, 53);
  ask(&event, cookie != 0 ? &answer : NULL);
  happen(stage, &event);
}

static inline PnatSocketEnd
socket_end(guint64 cookie, gint64 at)
{
  return (PnatSocketEnd){
    .socket = { .cookie = cookie,
                .proto = IPPROTO_TCP,
                .state = PNAT_SOCKET_CONNECTED,
                .local = address(HERE, (guint16)cookie),
                .remote = address(PEER, 443) },
    .time = T0 + at,
    .tx = 10,
    .rx = 20,
  };
}

static inline void
told_end(Stage *stage, const PnatSocketEnd *end)
{
  stage->now = MAX(stage->now, end->time);
  pnat_tracker_socket_ended(stage->tracker, end, stage->now);
}

/* The socket is destroyed, after an exchange of 10 bytes there and 20 back. */
static inline void
socket_closes(Stage *stage, gint64 at, guint64 cookie)
{
  PnatSocketEnd end = socket_end(cookie, at);
  told_end(stage, &end);
}

static inline void
is_gone(Stage *stage, const Actor *actor, gint64 at)
{
  stage->now = MAX(stage->now, T0 + at);
  pnat_tracker_process_gone(stage->tracker, actor->pid, start_of(actor), T0 + at, stage->now);
}

static inline const PnatRecord *
the_end(const Stage *stage)
{
  return &the_record(stage, PNAT_RECORD_END)->record;
}
