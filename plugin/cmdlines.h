/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Command lines of other processes, without waiting for them.
 *
 * The text is in the process's own memory. To read it, the kernel takes the lock of that memory, which a process can
 * hold for as long as it likes (a file system of its own, fuse(4), that does not answer). So a thread reads; who asks waits for
 * some milliseconds, and goes on without. A thread that is stuck is given up.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of a command line that are read, and a NUL. */
#define PNAT_CMDLINE_TEXT 4097

typedef struct PnatCmdlines PnatCmdlines;

/* @returns (transfer full) */
PnatCmdlines *pnat_cmdlines_new(void);

/* Does not wait for threads that are stuck; they end when their read does. */
void pnat_cmdlines_free(PnatCmdlines *cmdlines);

/**
 * @directory: of the process, from pnat_procinfo_open()
 * @text: (out) arguments with a blank between each two; bytes as the process has them
 * @returns FALSE, with @text empty, when it has none (a kernel thread), or does not let itself be read
 */
gboolean pnat_cmdlines_read(PnatCmdlines *cmdlines, int directory, char text[PNAT_CMDLINE_TEXT]);

/* How many threads were given up and have not come back yet. While they are too many, no command line is read. */
guint pnat_cmdlines_stuck(const PnatCmdlines *cmdlines);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatCmdlines, pnat_cmdlines_free)

G_END_DECLS
