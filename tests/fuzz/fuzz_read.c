/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way of the data: bytes of an audit log in any pieces, through prefilter, feed, decode and tracker, to records in both formats.
 */
#include "fuzz.h"

#include "lib/feed.h"
#include "lib/state.h"
#include "lib/tracker.h"

enum { PER_CONNECTION = 1, START_AT_ONCE = 2, NEVER_START = 4, LIVE = 8, SMALL_PIECES = 16, RESTART = 32, LOCAL = 64 };

typedef struct {
  PnatTracker *tracker;
  PnatTrackerOptions options;
  guint64 random;
  guint8 flags;
  gint64 now; /* ms */
} Reader;

/* What the plugin adds to events of its own host, or something like it. */
static void
complete(Reader *reader, PnatEvent *event)
{
  event->local = event->node == NULL;
  if (!event->local || (reader->flags & LOCAL) == 0 || event->kind != PNAT_EVENT_NETWORK)
    return;
  event->start = event->who.pid;
  event->arrival = fuzz_random(&reader->random) % 2 != 0 ? event->time + 5 : 0;
  if (fuzz_random(&reader->random) % 2 == 0)
    return;
  event->socket = (PnatSocket){ .cookie = 1 + fuzz_random(&reader->random) % 8, .proto = IPPROTO_TCP, .remote = event->address };
  event->socket.state = fuzz_random(&reader->random) % 4;
}

static void
take_event(const PnatEvent *event, gpointer data)
{
  Reader *reader = data;
  PnatEvent completed = *event;

  complete(reader, &completed);
  reader->now = (reader->flags & LIVE) != 0 ? reader->now : MAX(reader->now, event->time);
  pnat_tracker_feed(reader->tracker, &completed, reader->now);
  PnatTrackerCounts counts = pnat_tracker_counts(reader->tracker);
  FUZZ_CHECK(counts.flows <= reader->options.max_flows, "%u flows", counts.flows);
  FUZZ_CHECK(counts.processes <= 2 * reader->options.max_flows, "%u processes", counts.processes);
}

/* As when the plugin is stopped and started: no piece of the tracker's state may be lost in it. */
static void
restart(Reader *reader)
{
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("host") }, read = { 0 };
  g_autoptr(GByteArray) bytes = pnat_state_save(reader->tracker, &meta, reader->now, NULL);
  g_autoptr(GError) error = NULL;

  pnat_state_seal(bytes);
  FUZZ_CHECK(pnat_state_check(bytes->data, bytes->len, &read, &error), "%s", error->message);
  PnatTracker *next = pnat_tracker_new(&reader->options, fuzz_check_record, NULL);
  pnat_tracker_set_watching(next, (reader->flags & LOCAL) != 0);
  FUZZ_CHECK(pnat_state_restore(next, bytes->data, bytes->len, reader->now, &error), "%s", error->message);
  FUZZ_CHECK(pnat_tracker_counts(next).flows == pnat_tracker_counts(reader->tracker).flows, "%u flows, not %u", pnat_tracker_counts(next).flows,
             pnat_tracker_counts(reader->tracker).flows);
  pnat_tracker_free(reader->tracker);
  reader->tracker = next;
}

static gsize
piece(Reader *reader, gsize left)
{
  gsize length = 1 + fuzz_random(&reader->random) % ((reader->flags & SMALL_PIECES) != 0 ? 16 : 4096);
  return MIN(left, length);
}

static void
between_pieces(Reader *reader, PnatFeed *feed)
{
  reader->now += fuzz_random(&reader->random) % 3000;
  pnat_feed_age(feed, reader->now);
  pnat_tracker_advance(reader->tracker, reader->now);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  Reader reader = { .flags = (guint8)fuzz_take(&input, 1) };
  guint8 max_flows = (guint8)fuzz_take(&input, 1);
  reader.random = fuzz_take(&input, 4) + 1;
  reader.options = (PnatTrackerOptions){ .host = "host", .start_after = (reader.flags & START_AT_ONCE) != 0 ? 0 : 5000, .active_timeout = 60000,
                                         .idle_timeout = 86400000, .max_flows = 1 + max_flows % 16,
                                         .per_connection = (reader.flags & PER_CONNECTION) != 0 };
  if ((reader.flags & NEVER_START) != 0)
    reader.options.start_after = G_MAXINT64;
  reader.tracker = pnat_tracker_new(&reader.options, fuzz_check_record, NULL);
  pnat_tracker_set_watching(reader.tracker, (reader.flags & LOCAL) != 0);
  g_autoptr(PnatFeed) feed = pnat_feed_new(take_event, &reader);
  gsize half = input.size / 2;

  for (gsize at = 0, length; at < input.size; at += length) {
    length = piece(&reader, input.size - at);
    g_autofree char *copy = fuzz_copy(&(FuzzInput){ input.data + at, length }, FALSE);
    pnat_feed_push(feed, copy, length, (reader.flags & LIVE) != 0 ? reader.now : 0);
    if ((reader.flags & LIVE) != 0)
      between_pieces(&reader, feed);
    if ((reader.flags & RESTART) != 0 && at <= half && at + length > half)
      restart(&reader);
  }
  pnat_feed_flush(feed);
  pnat_tracker_finish(reader.tracker, PNAT_REASON_EOF, 0);
  FUZZ_CHECK(pnat_tracker_counts(reader.tracker).flows == 0, "%u flows are left", pnat_tracker_counts(reader.tracker).flows);
  pnat_tracker_free(reader.tracker);
  return 0;
}
