/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which processes of this host are alive, and when they end, whatever ends them.
 *
 * A pidfd holds on to one process: once its start time was seen to fit, the number can not come to mean another. Where
 * there is no pidfd (an old kernel, no descriptor left) the process is looked for in /proc twice a second.
 */
#pragma once

#include "lib/event.h"

G_BEGIN_DECLS

typedef struct PnatLiveness PnatLiveness;

/**
 * @pid, @start: the process that ended
 * @time: ms since 1970 at which that was noticed
 */
typedef void (*PnatGoneFunc)(guint32 pid, guint64 start, gint64 time, gpointer data);

/**
 * Raises the limit of open descriptors as far as allowed.
 *
 * @func: called from the default main context
 * @returns (transfer full) (nullable) NULL and @error when epoll(7) fails
 */
PnatLiveness *pnat_liveness_new(PnatGoneFunc func, gpointer data, GError **error);
void pnat_liveness_free(PnatLiveness *liveness);

/**
 * Watches @pid if it is the process that made an event at @time, and is not watched yet.
 *
 * @time: ms since 1970
 * @who: (nullable) what the event says of it: program and parent decide where the times are too close to tell
 * @returns what tells this process from others with its pid, over boots too; 0 = it is gone, or the pid is another's by now
 */
guint64 pnat_liveness_watch(PnatLiveness *liveness, guint32 pid, gint64 time, const PnatIdentity *who);

/* Whether whoever has @pid now can have made an event at @time. @who: as above */
gboolean pnat_liveness_fits(guint32 pid, gint64 time, const PnatIdentity *who);

/* What pnat_liveness_watch() returns for a process that started @ticks (PnatProcStat.start) after this boot. */
guint64 pnat_liveness_key(const PnatLiveness *liveness, guint64 ticks);

/* The pidfd of a watched process, owned by @liveness; -1 = it has none. */
int pnat_liveness_pidfd(const PnatLiveness *liveness, guint32 pid);

/* No longer watched. */
void pnat_liveness_forget(PnatLiveness *liveness, guint32 pid);

guint pnat_liveness_size(const PnatLiveness *liveness);

/* FALSE: this kernel has no pidfd_open(2), which came with 5.3; ends are looked for in /proc. */
gboolean pnat_liveness_has_pidfd(const PnatLiveness *liveness);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatLiveness, pnat_liveness_free)

G_END_DECLS
