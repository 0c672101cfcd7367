/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events for tracker tests, in the order a test tells its story, and the records that come of them.
 * Times are ms after T0; the tracker's clock is the same.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "lib/tracker.h"

#define T0 G_GINT64_CONSTANT(1700000000000)

typedef struct {
  PnatRecord record;
  char *exe;
  char *host;
} Kept;

typedef struct {
  PnatTracker *tracker;
  GArray *records; /* of Kept */
  guint64 serial;
  gint64 now;
} Stage;

typedef struct {
  const char *node;
  guint32 pid;
  guint32 ppid;
  guint32 ses;
  const char *exe;
} Actor;

static inline void
keep_record(const PnatRecord *record, gpointer data)
{
  Stage *stage = data;
  Kept kept = { *record, g_strdup(record->exe), g_strdup(record->host) };
  g_array_append_val(stage->records, kept);
}

static inline PnatTrackerOptions
stage_options(void)
{
  return (PnatTrackerOptions){ .host = "here", .start_after = 5000, .active_timeout = 300000, .idle_timeout = 86400000, .max_flows = 1000 };
}

static inline void
stage_open_with(Stage *stage, const PnatTrackerOptions *options)
{
  memset(stage, 0, sizeof *stage);
  stage->records = g_array_new(FALSE, TRUE, sizeof(Kept));
  stage->tracker = pnat_tracker_new(options, keep_record, stage);
  pnat_tracker_set_watching(stage->tracker, TRUE);
  stage->now = T0;
}

static inline void
stage_open(Stage *stage)
{
  PnatTrackerOptions options = stage_options();
  stage_open_with(stage, &options);
}

static inline void
stage_close(Stage *stage)
{
  pnat_tracker_free(stage->tracker);
  for (guint i = 0; i < stage->records->len; i++) {
    Kept *kept = &g_array_index(stage->records, Kept, i);
    g_free(kept->exe);
    g_free(kept->host);
  }
  g_array_unref(stage->records);
}

/* The record numbered @at, counted from the first. */
static inline const Kept *
record_at(const Stage *stage, guint at)
{
  ck_assert_uint_lt(at, stage->records->len);
  return &g_array_index(stage->records, Kept, at);
}

static inline guint
count_records(const Stage *stage, PnatRecordKind kind)
{
  guint n = 0;
  for (guint i = 0; i < stage->records->len; i++)
    n += g_array_index(stage->records, Kept, i).record.kind == kind;
  return n;
}

/* The only record of @kind. */
static inline const Kept *
the_record(const Stage *stage, PnatRecordKind kind)
{
  const Kept *found = NULL;
  ck_assert_uint_eq(count_records(stage, kind), 1);
  for (guint i = 0; i < stage->records->len; i++)
    if (record_at(stage, i)->record.kind == kind)
      found = record_at(stage, i);
  return found;
}

static inline PnatAddress
address(const char *text, guint16 port)
{
  PnatAddress address = { 0 };
  struct in6_addr bytes;
  int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
  ck_assert_int_eq(inet_pton(family, text, &bytes), 1);
  pnat_address_set(&address, family, &bytes, port);
  return address;
}

static inline PnatEvent
event_of(Stage *stage, const Actor *actor, gint64 at, PnatEventKind kind)
{
  return (PnatEvent){
    .kind = kind,
    .node = actor->node,
    .time = T0 + at,
    .serial = ++stage->serial,
    .fd = -1,
    .who = { .pid = actor->pid, .ppid = actor->ppid, .uid = 1000, .euid = 1000, .auid = 1000, .ses = actor->ses,
             .comm = "prog", .exe = actor->exe, .cmd = "prog -x" },
  };
}

/* A network call with its raw result: negative is -errno. */
static inline PnatEvent
call_of(Stage *stage, const Actor *actor, gint64 at, PnatCall call, gint fd, gint64 value)
{
  PnatEvent event = event_of(stage, actor, at, PNAT_EVENT_NETWORK);
  event.call = call;
  event.fd = fd;
  event.value = value;
  event.result = value < 0 ? PNAT_RESULT_FAILED : PNAT_RESULT_OK;
  return event;
}

static inline void
towards(PnatEvent *event, const char *ip, guint16 port)
{
  event->saddr = PNAT_SADDR_INET;
  event->address = address(ip, port);
}

static inline void
happen(Stage *stage, const PnatEvent *event)
{
  stage->now = MAX(stage->now, event->time);
  pnat_tracker_feed(stage->tracker, event, stage->now);
}

static inline void
connects(Stage *stage, const Actor *actor, gint64 at, gint fd, const char *ip, guint16 port, gint64 value)
{
  PnatEvent event = call_of(stage, actor, at, PNAT_CALL_CONNECT, fd, value);
  towards(&event, ip, port);
  happen(stage, &event);
}

static inline void
accepts(Stage *stage, const Actor *actor, gint64 at, gint fd, const char *ip, guint16 port)
{
  PnatEvent event = call_of(stage, actor, at, PNAT_CALL_ACCEPT, 3, fd);
  towards(&event, ip, port);
  happen(stage, &event);
}

/* A send or receive without an address. */
static inline void
transfers(Stage *stage, const Actor *actor, gint64 at, PnatCall call, gint fd, gint64 value)
{
  PnatEvent event = call_of(stage, actor, at, call, fd, value);
  happen(stage, &event);
}

static inline void
transfers_with(Stage *stage, const Actor *actor, gint64 at, PnatCall call, gint fd, const char *ip, guint16 port)
{
  PnatEvent event = call_of(stage, actor, at, call, fd, 100);
  towards(&event, ip, port);
  happen(stage, &event);
}

static inline void
exits(Stage *stage, const Actor *actor, gint64 at)
{
  PnatEvent event = event_of(stage, actor, at, PNAT_EVENT_EXIT);
  happen(stage, &event);
}

static inline void
thread_exits(Stage *stage, const Actor *actor, gint64 at)
{
  PnatEvent event = event_of(stage, actor, at, PNAT_EVENT_EXIT);
  event.thread_only = TRUE;
  happen(stage, &event);
}

static inline void
time_passes(Stage *stage, gint64 until)
{
  stage->now = MAX(stage->now, T0 + until);
  pnat_tracker_advance(stage->tracker, stage->now);
}
