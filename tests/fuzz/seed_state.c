/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * seed_state <LOG >STATE: the state of a plugin that has read an audit log so far, as a seed for fuzz_state. Every second connection
 * has a socket, as if this host's kernel had been asked.
 */
#include "fuzz.h"

#include "lib/feed.h"
#include "lib/state.h"
#include "lib/tracker.h"

typedef struct {
  PnatTracker *tracker;
  guint64 cookie;
} Seed;

static void
drop_record(const PnatRecord *record, gpointer data)
{
}

static void
take_event(const PnatEvent *event, gpointer data)
{
  Seed *seed = data;
  PnatEvent completed = *event;

  completed.local = event->node == NULL;
  if (completed.local)
    completed.start = event->who.pid;
  if (completed.local && event->kind == PNAT_EVENT_NETWORK && ++seed->cookie % 2 == 0)
    completed.socket = (PnatSocket){ .cookie = seed->cookie, .proto = IPPROTO_TCP, .remote = event->address, .local = event->address };
  if (event->kind != PNAT_EVENT_EXIT) /* what has ended leaves no state */
    pnat_tracker_feed(seed->tracker, &completed, 1000);
}

int
main(void)
{
  PnatTrackerOptions options = { .host = "host", .start_after = 5000, .active_timeout = 60000, .idle_timeout = 86400000, .max_flows = 100 };
  Seed seed = { .tracker = pnat_tracker_new(&options, drop_record, NULL) };
  g_autoptr(PnatFeed) feed = pnat_feed_new(take_event, &seed);
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("host"), .position = g_byte_array_new() };
  char block[4096];
  gsize length;

  while ((length = fread(block, 1, sizeof block, stdin)) > 0)
    pnat_feed_push(feed, block, length, 0);
  pnat_feed_flush(feed);
  pnat_tracker_lost(seed.tracker, PNAT_LOSS_KERNEL, 3, 1000, 2000);
  g_byte_array_append(meta.position, (const guint8 *)"where", 5);
  g_autoptr(GByteArray) bytes = pnat_state_save(seed.tracker, &meta, 2000, NULL);
  pnat_state_seal(bytes);
  fwrite(bytes->data, 1, bytes->len, stdout);
  putchar('\0'); /* the flags of fuzz_state */
  pnat_tracker_free(seed.tracker);
  return 0;
}
