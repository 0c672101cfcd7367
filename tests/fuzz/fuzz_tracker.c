/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tracker itself: the input is a list of things that happen to a few processes, descriptors, peers and sockets of two hosts, in any
 * order and at any time, with the plugin stopped and started in between.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/format.h"
#include "lib/state.h"
#include "lib/tracker.h"

#define TIME G_GINT64_CONSTANT(1700000000000)

/* Things that happen in one input, at most: more only take time. */
#define MOST 400

typedef struct {
  PnatTracker *tracker;
  PnatTrackerOptions options;
  PnatWritten *log; /* all that was written; only compared with while replaying */
  gboolean replaying;
  gboolean watching;
  gint64 now; /* ms, tracker's clock */
  gint64 time; /* ms since 1970 */
  guint64 serial;
} World;

static void
take_record(const PnatRecord *record, gpointer data)
{
  World *world = data;
  g_autoptr(GString) line = g_string_new(NULL);

  fuzz_check_record(record, NULL);
  FUZZ_CHECK(!world->replaying || !pnat_written_has(world->log, record), "it is written already");
  (record->pid % 2 != 0 ? pnat_format_kv : pnat_format_json).write(record, line);
  pnat_written_add_line(world->log, line->str, line->len);
}

static PnatAddress
some_peer(FuzzInput *input)
{
  static const guint8 bytes[16 + 1] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
  PnatAddress address = { 0 };
  guint8 choice = (guint8)fuzz_next(input, 1);

  if (choice % 8 == 7)
    return address;
  pnat_address_set(&address, choice % 2 != 0 ? AF_INET : AF_INET6, bytes + choice % 4 / 2, (guint16)(choice >> 4));
  return address;
}

static PnatSocket
some_socket(FuzzInput *input)
{
  static const guint8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, 0, IPPROTO_TCP };
  guint8 choice = (guint8)fuzz_next(input, 1);
  PnatSocket socket = { .cookie = choice % 4, .proto = protos[choice / 4 % 4], .state = choice / 16 % 4 };

  socket.remote = some_peer(input);
  socket.local = some_peer(input);
  return socket;
}

static gint64
some_value(FuzzInput *input)
{
  static const gint values[] = { 0, 3, 4, 100, -EINPROGRESS, -ECONNREFUSED, -EAGAIN, -EISCONN, -EALREADY, -EBADF, -EINTR, -ENOTCONN, -ETIMEDOUT, 1, -1, -512 };
  return values[fuzz_next(input, 1) % G_N_ELEMENTS(values)];
}

static PnatEvent
some_event(World *world, FuzzInput *input)
{
  static const char *const exes[] = { "/usr/bin/curl", "/usr/bin/nc", NULL, "\377\n\"" };
  guint8 who = (guint8)fuzz_next(input, 1), what = (guint8)fuzz_next(input, 1);
  PnatEvent event = { .serial = ++world->serial, .fd = -1 };

  world->time += (gint64)fuzz_next(input, 1) * 10 - 300;
  event.time = world->time;
  event.who = (PnatIdentity){ .pid = 1 + who % 4, .ppid = who / 4 % 4 == 3 ? PNAT_ID_UNSET : 1u + who / 4 % 4, .ses = who / 64 == 3 ? PNAT_ID_UNSET : who / 64,
                              .auid = 1000, .comm = "c", .exe = exes[what % 4], .cmd = "c d", .euid = what / 4 % 2 };
  event.node = who / 16 % 4 == 0 ? "other" : who / 16 % 4 == 1 ? "host" : NULL;
  event.local = who / 16 % 4 == 3;
  if (event.local && what / 8 % 2 != 0)
    event.start = 1 + what / 16 % 4;
  if (event.local && what / 64 % 2 != 0)
    event.arrival = event.time + 100;
  event.is_own_time = what / 128 != 0;
  return event;
}

static void
network(World *world, FuzzInput *input)
{
  static const PnatCall calls[] = { PNAT_CALL_SOCKET, PNAT_CALL_CONNECT, PNAT_CALL_ACCEPT, PNAT_CALL_SEND, PNAT_CALL_RECV, PNAT_CALL_SENDMM,
                                    PNAT_CALL_RECVMM, PNAT_CALL_CONNECT };
  PnatEvent event = some_event(world, input);
  guint8 choice = (guint8)fuzz_next(input, 1);

  event.kind = PNAT_EVENT_NETWORK;
  event.call = calls[choice % 8];
  event.fd = (gint)(choice / 8 % 8) - 1;
  event.value = some_value(input);
  event.result = event.value < 0 ? PNAT_RESULT_FAILED : choice / 64 == 3 ? PNAT_RESULT_NONE : PNAT_RESULT_OK;
  if (event.result == PNAT_RESULT_NONE)
    event.value = 0;
  event.address = some_peer(input);
  event.saddr = event.address.family != PNAT_FAMILY_NONE ? PNAT_SADDR_INET : fuzz_next(input, 1) % 5;
  if (event.saddr == PNAT_SADDR_INET && event.address.family == PNAT_FAMILY_NONE)
    event.saddr = PNAT_SADDR_NONE;
  if (event.call == PNAT_CALL_SOCKET)
    event.proto = IPPROTO_TCP;
  if (event.local && choice / 128 != 0 && pnat_tracker_wants_socket(world->tracker, &event))
    event.socket = some_socket(input);
  pnat_tracker_feed(world->tracker, &event, world->now);
}

static void
other_event(World *world, FuzzInput *input)
{
  PnatEvent event = some_event(world, input);
  guint8 choice = (guint8)fuzz_next(input, 1);

  event.kind = choice % 8 == 0 ? PNAT_EVENT_BOOT : choice % 4 == 1 ? PNAT_EVENT_ABEND : choice % 8 == 2 ? PNAT_EVENT_NONE : PNAT_EVENT_EXIT;
  event.thread_only = choice / 16 % 4 == 0;
  pnat_tracker_feed(world->tracker, &event, world->now);
}

static void
socket_end(World *world, FuzzInput *input)
{
  PnatSocketEnd end = { .socket = some_socket(input), .time = world->time, .tx = (gint64)fuzz_next(input, 1) - 1, .rx = -1 };

  if (end.tx >= 0)
    end.rx = 17;
  end.foreign = end.socket.state == 1;
  end.error = end.socket.state == PNAT_SOCKET_FAILED ? ECONNREFUSED : 0;
  pnat_tracker_socket_ended(world->tracker, &end, world->now);
}

static void
restart(World *world)
{
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup("boot"), .host = g_strdup("host") }, read = { 0 };
  g_autoptr(GByteArray) bytes = pnat_state_save(world->tracker, &meta, world->now, NULL);
  PnatTracker *next = pnat_tracker_new(&world->options, take_record, world);
  g_autoptr(GError) error = NULL;

  pnat_tracker_set_watching(next, world->watching);
  pnat_state_seal(bytes);
  FUZZ_CHECK(pnat_state_check(bytes->data, bytes->len, &read, &error), "%s", error->message);
  FUZZ_CHECK(pnat_state_restore(next, bytes->data, bytes->len, world->now, &error), "%s", error->message);
  FUZZ_CHECK(pnat_tracker_counts(next).processes == pnat_tracker_counts(world->tracker).processes, "%u processes",
             pnat_tracker_counts(next).processes);
  FUZZ_CHECK(pnat_tracker_counts(next).flows == pnat_tracker_counts(world->tracker).flows, "%u flows", pnat_tracker_counts(next).flows);
  pnat_tracker_free(world->tracker);
  world->tracker = next;
  if (world->replaying)
    pnat_tracker_set_written(next, world->log);
}

static void
set_replaying(World *world, gboolean replaying)
{
  if (replaying)
    pnat_tracker_set_written(world->tracker, world->log);
  else
    pnat_tracker_drop_written(world->tracker);
  world->replaying = replaying;
}

static void
reload(World *world, guint how)
{
  static const gint64 waits[] = { 0, 500, 3000, G_MAXINT64 };

  world->watching = !world->watching;
  pnat_tracker_set_watching(world->tracker, world->watching);
  world->options.start_after = waits[how];
  world->options.active_timeout = waits[3 - how] != 0 ? waits[3 - how] : 1;
  pnat_tracker_set_options(world->tracker, &world->options);
}

static void
something(World *world, FuzzInput *input)
{
  guint8 what = (guint8)fuzz_next(input, 1);

  switch (what % 16) {
  case 0:
    world->now += what / 16 * 100;
    break;
  case 1:
    world->now += G_GINT64_CONSTANT(1) << what / 16 * 2;
    pnat_tracker_advance(world->tracker, world->now);
    break;
  case 2:
    pnat_tracker_process_gone(world->tracker, 1 + what / 16 % 4, what / 64 % 4, world->time, world->now);
    break;
  case 3:
    socket_end(world, input);
    break;
  case 4:
    if (what / 64 == 3)
      reload(world, what / 16 % 4);
    else
      pnat_tracker_socket_connected(world->tracker, what / 16 % 4);
    break;
  case 5:
    other_event(world, input);
    break;
  case 6:
    pnat_tracker_lost(world->tracker, what / 16 % 4, what / 64, world->time - 1000, world->time);
    break;
  case 7:
    restart(world);
    break;
  case 8:
    set_replaying(world, !world->replaying);
    break;
  case 9:
    if (what / 16 == 0)
      pnat_tracker_booted(world->tracker, world->time);
    else
      pnat_tracker_settle(world->tracker);
    break;
  default:
    network(world, input);
  }
  PnatTrackerCounts counts = pnat_tracker_counts(world->tracker);
  FUZZ_CHECK(counts.flows <= world->options.max_flows, "%u flows", counts.flows);
  FUZZ_CHECK(counts.processes <= 2 * world->options.max_flows, "%u processes", counts.processes);
  FUZZ_CHECK(counts.flows == 0 || pnat_tracker_next_due(world->tracker) < G_MAXINT64, "nothing is due");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  guint8 flags = (guint8)fuzz_next(&input, 1);
  World world = { .now = 1000, .time = TIME, .log = pnat_written_new() };

  world.options = (PnatTrackerOptions){ .host = "host", .start_after = flags % 2 != 0 ? 0 : 500, .active_timeout = 3000, .idle_timeout = 60000,
                                        .max_flows = flags / 16 + 1u, .per_connection = flags / 2 % 2 != 0 };
  if (flags / 4 % 4 == 0)
    world.options.start_after = G_MAXINT64;
  world.tracker = pnat_tracker_new(&world.options, take_record, &world);
  world.watching = flags / 8 % 2 != 0;
  pnat_tracker_set_watching(world.tracker, world.watching);
  for (guint n = 0; input.size > 0 && n < MOST; n++)
    something(&world, &input);
  pnat_tracker_finish(world.tracker, PNAT_REASON_SHUTDOWN, 0);
  FUZZ_CHECK(pnat_tracker_counts(world.tracker).flows == 0, "flows are left");
  pnat_tracker_free(world.tracker);
  pnat_written_free(world.log);
  return 0;
}
