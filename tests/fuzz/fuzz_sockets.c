/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sock_diag's messages: of destroyed sockets, and of those dumped. What they say ends a connection that the tracker holds.
 */
#include "fuzz.h"

#include <string.h>

#include "lib/tracker.h"
#include "plugin/sockets.h"

#define TIME G_GINT64_CONSTANT(1700000000000)

static void
check_address(const PnatAddress *address)
{
  static const guint8 zero[16];

  FUZZ_CHECK(address->family == PNAT_FAMILY_NONE || address->family == PNAT_FAMILY_IPV4 || address->family == PNAT_FAMILY_IPV6, "family %d",
             address->family);
  FUZZ_CHECK(address->family != PNAT_FAMILY_IPV4 || memcmp(address->bytes + 4, zero, 12) == 0, "bytes behind an IPv4 address");
}

/* A connection whose socket was asked, or was too short to be. */
static void
end_connection(PnatSocketEnd *end, gboolean asked)
{
  PnatTrackerOptions options = { .host = "host", .start_after = 5000, .active_timeout = 60000, .idle_timeout = 86400000, .max_flows = 10 };
  g_autoptr(PnatTracker) tracker = pnat_tracker_new(&options, fuzz_check_record, NULL);
  PnatEvent event = { .kind = PNAT_EVENT_NETWORK, .local = TRUE, .time = TIME, .serial = 1, .call = PNAT_CALL_CONNECT, .result = PNAT_RESULT_FAILED,
                      .value = -115, .fd = 3, .saddr = PNAT_SADDR_INET, .address = end->socket.remote, .start = 5, .who = { .pid = 7 } };

  if (asked)
    event.socket = end->socket;
  pnat_tracker_feed(tracker, &event, 1000);
  pnat_tracker_socket_ended(tracker, end, 1100);
  pnat_tracker_advance(tracker, 10000);
  FUZZ_CHECK(!asked || end->socket.cookie == 0 || end->foreign || pnat_tracker_counts(tracker).flows == 0, "the flow is open");
  pnat_tracker_finish(tracker, PNAT_REASON_SHUTDOWN, TIME + 10000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  guint8 flags = (guint8)fuzz_take(&input, 1);
  g_autofree char *message = fuzz_copy(&input, FALSE);
  PnatSocketEnd end;
  PnatDumpedSocket dumped;

  if (pnat_sockets_parse_dumped(message, input.size, (flags & 4) != 0 ? IPPROTO_UDP : IPPROTO_TCP, &dumped)) {
    check_address(&dumped.socket.local);
    check_address(&dumped.socket.remote);
  }
  if (!pnat_sockets_parse(message, input.size, &end))
    return 0;
  check_address(&end.socket.local);
  check_address(&end.socket.remote);
  end.time = TIME + 50;
  end.foreign = (flags & 2) != 0;
  end.tx = CLAMP(end.tx, -1, G_MAXINT64 / 2); /* the kernel's counters, as they are */
  end.rx = CLAMP(end.rx, -1, G_MAXINT64 / 2);
  end_connection(&end, (flags & 1) != 0);
  return 0;
}
