/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state file: what is no state is refused; what a state says, whatever it is, can be gone on from. The checksum keeps out
 * what is torn, not what is forged, so most inputs get one that fits.
 */
#include "fuzz.h"

#include <string.h>

#include "lib/error.h"
#include "lib/state.h"

enum { AS_IT_IS = 1, AT_ONCE = 2, WITH_WRITTEN = 4 };

#define MAGIC "pnat-state\n"
#define HEADER (sizeof MAGIC - 1 + 4 + 32)
#define NOW G_GINT64_CONSTANT(5000000)
#define TIME G_GINT64_CONSTANT(1700000000000)
#define MAX_FLOWS 1000

typedef struct {
  PnatTracker *tracker;
  GArray *processes; /* of guint32 */
  GArray *cookies;   /* of guint64 */
} Restored;

static GByteArray *
sealed(const guint8 *body, gsize size)
{
  GByteArray *bytes = g_byte_array_new();
  static const guint8 rest[4 + 32] = { PNAT_STATE_VERSION }; /* and a checksum */

  g_byte_array_append(bytes, (const guint8 *)MAGIC, sizeof MAGIC - 1);
  g_byte_array_append(bytes, rest, sizeof rest);
  if (size > HEADER)
    g_byte_array_append(bytes, body + HEADER, (guint)(size - HEADER));
  pnat_state_seal(bytes);
  return bytes;
}

static void
keep_process(const PnatProcessTrace *trace, gpointer data)
{
  g_array_append_val(((Restored *)data)->processes, trace->pid);
}

static void
keep_cookie(const PnatConnectionPlace *place, gpointer data)
{
  if (place->cookie != 0)
    g_array_append_val(((Restored *)data)->cookies, place->cookie);
}

static void
happen(PnatTracker *tracker, guint32 pid, PnatCall call, gint64 value)
{
  PnatEvent event = { .kind = call == PNAT_CALL_EXIT_GROUP ? PNAT_EVENT_EXIT : PNAT_EVENT_NETWORK, .local = TRUE, .time = TIME + 1000,
                      .serial = 9000, .call = call, .value = value, .fd = 3, .who = { .pid = pid, .ppid = 1, .exe = "/usr/bin/curl" } };

  event.result = value < 0 ? PNAT_RESULT_FAILED : PNAT_RESULT_OK;
  if (call == PNAT_CALL_CONNECT) {
    event.saddr = PNAT_SADDR_INET;
    pnat_address_set(&event.address, AF_INET, "\313\0\161\11", 443);
  }
  pnat_tracker_feed(tracker, &event, NOW + 100);
}

/* All that may come to a process that was restored. */
static void
go_on(Restored *restored)
{
  pnat_tracker_foreach_process(restored->tracker, keep_process, restored);
  pnat_tracker_foreach_connection(restored->tracker, keep_cookie, restored);
  for (guint i = 0; i < MIN(restored->processes->len, 50); i++) {
    guint32 pid = g_array_index(restored->processes, guint32, i);
    happen(restored->tracker, pid, PNAT_CALL_SEND, 100);
    happen(restored->tracker, pid, PNAT_CALL_CONNECT, -115);
    happen(restored->tracker, pid, PNAT_CALL_CONNECT, 0);
    happen(restored->tracker, pid, PNAT_CALL_RECV, 7);
    if (i % 2 == 0)
      happen(restored->tracker, pid, PNAT_CALL_EXIT_GROUP, 0);
  }
  for (guint i = 0; i < MIN(restored->cookies->len, 50); i++) {
    PnatSocketEnd end = { .time = TIME + 2000, .tx = 10, .rx = 20, .socket = { .cookie = g_array_index(restored->cookies, guint64, i) } };
    pnat_tracker_socket_connected(restored->tracker, end.socket.cookie);
    pnat_tracker_socket_ended(restored->tracker, &end, NOW + 200);
  }
  pnat_tracker_advance(restored->tracker, NOW + 2000);
  pnat_tracker_advance(restored->tracker, NOW + 400000);
  pnat_tracker_booted(restored->tracker, TIME + 3000);
}

static GByteArray *
save(PnatTracker *tracker)
{
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("host") };
  GByteArray *bytes = pnat_state_save(tracker, &meta, NOW, NULL);
  pnat_state_seal(bytes);
  return bytes;
}

/* What was restored is a state as good as any: saved, it can be restored again. */
static void
check_again(PnatTracker *tracker, const PnatTrackerOptions *options)
{
  g_autoptr(GByteArray) bytes = save(tracker);
  g_autoptr(PnatTracker) other = pnat_tracker_new(options, fuzz_check_record, NULL);
  g_auto(PnatStateMeta) meta = { 0 };
  g_autoptr(GError) error = NULL;

  FUZZ_CHECK(pnat_state_check(bytes->data, bytes->len, &meta, &error), "%s", error->message);
  FUZZ_CHECK(pnat_state_restore(other, bytes->data, bytes->len, NOW, &error), "%s", error->message);
  FUZZ_CHECK(pnat_tracker_counts(other).flows == pnat_tracker_counts(tracker).flows, "%u flows, not %u", pnat_tracker_counts(other).flows,
             pnat_tracker_counts(tracker).flows);
}

/* Records of forged times or counts need not make sense, but their text must. */
static void
take_record(const PnatRecord *record, gpointer data)
{
  PnatRecord sane = *record;

  gboolean ended = record->kind == PNAT_RECORD_END || record->kind == PNAT_RECORD_LOSS;
  if (record->start < 0 || record->start > record->last || record->last > TIME * 2 || (ended && (record->end < record->last || record->end > TIME * 2))) {
    sane.start = sane.last = TIME;
    sane.end = ended ? TIME : 0;
  }
  sane.failed = 0;
  sane.tx = MAX(record->tx, -1);
  sane.rx = MAX(record->rx, -1);
  if (record->kind == PNAT_RECORD_END && (record->reason == PNAT_REASON_NONE || record->reason == PNAT_REASON_ACTIVE))
    sane.reason = PNAT_REASON_EXIT;
  fuzz_check_record(&sane, NULL);
}

static void
restore(const GByteArray *bytes, guint8 flags)
{
  PnatTrackerOptions options = { .host = "host", .start_after = 5000, .active_timeout = 60000, .idle_timeout = 86400000, .max_flows = MAX_FLOWS };
  g_autoptr(PnatTracker) tracker = pnat_tracker_new(&options, take_record, NULL);
  g_autoptr(PnatWritten) written = pnat_written_new();
  g_autoptr(GError) error = NULL;

  if (!pnat_state_restore(tracker, bytes->data, bytes->len, NOW, &error)) {
    FUZZ_CHECK(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_INPUT), "%s", error->message);
    pnat_tracker_clear(tracker); /* it is used on, empty */
    happen(tracker, 7, PNAT_CALL_CONNECT, 0);
    pnat_tracker_finish(tracker, PNAT_REASON_SHUTDOWN, TIME + 5000);
    return;
  }
  check_again(tracker, &options);
  Restored restored = { tracker, g_array_new(FALSE, FALSE, sizeof(guint32)), g_array_new(FALSE, FALSE, sizeof(guint64)) };
  if ((flags & WITH_WRITTEN) != 0)
    pnat_tracker_set_written(tracker, written);
  if ((flags & AT_ONCE) == 0)
    go_on(&restored);
  pnat_tracker_drop_written(tracker);
  pnat_tracker_finish(tracker, PNAT_REASON_SHUTDOWN, TIME + 5000);
  FUZZ_CHECK(pnat_tracker_counts(tracker).flows == 0, "flows are left");
  g_array_unref(restored.processes);
  g_array_unref(restored.cookies);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  guint8 flags = (guint8)fuzz_take(&input, 1);
  g_auto(PnatStateMeta) meta = { 0 };
  g_autoptr(GError) error = NULL;
  g_autoptr(GByteArray) bytes = (flags & AS_IT_IS) != 0 ? g_byte_array_new_take((guint8 *)fuzz_copy(&input, FALSE), input.size)
                                                         : sealed(input.data, input.size);

  if (pnat_state_check(bytes->data, bytes->len, &meta, &error))
    restore(bytes, flags);
  else
    FUZZ_CHECK(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_INPUT), "%s", error->message);
  return 0;
}
