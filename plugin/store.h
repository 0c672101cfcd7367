/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state file: one snapshot in state_dir, replaced as a whole (temporary file, fsync, rename), so that it is always an old
 * one or a new one. It is written by a thread, since a disk may take its time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatStore PnatStore;

/**
 * Makes @dir if it is missing (0750), and starts the thread.
 *
 * @returns (transfer full) (nullable) NULL and @error: PNAT_ERROR_IO, PNAT_ERROR_UNSAFE when others can write to the directory, or PNAT_ERROR_BUSY
 * while another plugin has it: auditd may start one before the last has ended
 */
PnatStore *pnat_store_new(const char *dir, GError **error);

/* Ends the thread, which finishes what it writes, but waits for it only until @deadline (g_get_monotonic_time() clock, µs). */
void pnat_store_free(PnatStore *store, gint64 deadline);

/* Has @bytes (transfer full), of pnat_state_save(), sealed and written; of several that wait the newest only. Returns at once. A failure is logged by the thread, once an hour. */
void pnat_store_save(PnatStore *store, GByteArray *bytes);

/**
 * Tries whether a snapshot of about the last one's size can be written now.
 *
 * @returns FALSE and @error, PNAT_ERROR_IO: no, as where the disk is full or the directory was removed
 */
gboolean pnat_store_can_write(const PnatStore *store, GError **error);

/**
 * Reads the snapshot.
 *
 * @returns (transfer full) (nullable) NULL without @error: there is none
 */
GBytes *pnat_store_load(PnatStore *store, GError **error);

/* When the snapshot was written, ms since 1970; 0 = there is none. */
gint64 pnat_store_time(const PnatStore *store);

/* The snapshot is not to be used: renames it to "state.refused", and says why in the log. */
void pnat_store_set_aside(PnatStore *store, const char *why);

G_END_DECLS
