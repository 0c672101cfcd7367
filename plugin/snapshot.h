/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was there before: the connections that processes of this host hold already when the plugin starts.
 *
 * The kernel is asked once for its sockets (sockdump), and then each process's descriptors are looked at, in slices that the
 * caller measures out. A socket is told once for each descriptor that leads to it, whichever process has it: a forked server's
 * connection is told of parent and child. It is held at the moment of the call.
 *
 * The kernel tells of the sockets of one network namespace. Those of others, and MPTCP's, are asked one by one through the
 * processes that have them (asker.h), and may have no direction. Not seen: sockets that only threads with descriptors of
 * their own have, sockets on their way through a UNIX socket or accepted by nobody yet, and UDP sockets without a peer.
 */
#pragma once

#include "asker.h"
#include "lib/record.h"
#include "lib/socket.h"
#include "procinfo.h"

G_BEGIN_DECLS

typedef struct PnatSnapshot PnatSnapshot;

typedef struct {
  const PnatProcInfo *info; /* who */
  const char *cmd;          /* "" = not known */
  gint fd;
  const PnatSocket *socket; /* with a peer; its state is of when the kernel was asked, up to seconds ago */
  PnatDirection direction;
} PnatHeld;

/* @held: and what it points to, valid during the call */
typedef void (*PnatHeldFunc)(const PnatHeld *held, gpointer data);

typedef struct {
  guint processes; /* looked at */
  guint sockets;   /* with a peer, that the kernel told of */
  guint held;      /* told */
  guint missing;   /* left out, for there were too many; G_MAXUINT: not known how many */
} PnatSnapshotCounts;

/**
 * @asker: (transfer none) outlives the result
 * @returns (transfer full) (nullable) NULL and @error without /proc, or on a kernel without INET_DIAG
 */
PnatSnapshot *pnat_snapshot_new(PnatAsker *asker, PnatHeldFunc func, gpointer data, GError **error);

/* At any time, not only at its end. */
void pnat_snapshot_free(PnatSnapshot *snapshot);

/**
 * Goes on for about @budget microseconds. It may take some milliseconds more: for the kernel's tables once, and some 20 for
 * a process that does not let its command line be read or its sockets be asked.
 *
 * @returns FALSE when all is told
 */
gboolean pnat_snapshot_step(PnatSnapshot *snapshot, gint64 budget);

PnatSnapshotCounts pnat_snapshot_counts(const PnatSnapshot *snapshot);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSnapshot, pnat_snapshot_free)

G_END_DECLS
