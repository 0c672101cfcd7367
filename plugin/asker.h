/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asking the socket behind another process's descriptor, without waiting for that process.
 *
 * pidfd_getfd(2) lends the descriptor for a moment; nothing is changed at the socket, and nothing read that reading changes. Each
 * step of it can take as long as the other process likes:
 * - pidfd_getfd() takes a lock that execve(2) holds while it reads the program (exec_update_lock);
 * - getsockname(2), SO_PEERNAME and TCP_INFO take the socket's lock, which send(2) holds while the kernel fetches what is to be sent from
 *   memory that its owner does not let it have (userfaultfd(2), a mapped file of a fuse(4) file system);
 * - to close it flushes a file of such a file system, and when the owner has closed a socket while it was lent, ours is the last
 *   close, which waits as he set it to (SO_LINGER, socket(7)).
 * So a thread does all of it (patience.h), and what is not answered in time is done without.
 */
#pragma once

#include <glib.h>

#include "lib/socket.h"

G_BEGIN_DECLS

typedef struct PnatAsker PnatAsker;

/* @returns (transfer full) */
PnatAsker *pnat_asker_new(void);

/* Does not wait for what is not answered yet. */
void pnat_asker_free(PnatAsker *asker);

/**
 * Needs CAP_SYS_PTRACE, and Linux 5.6. That the kernel refuses, or a process does not let its sockets be asked, is logged once.
 *
 * @pidfd: of the process; may be closed after the call
 * @fd: its descriptor
 * @socket: (out) its remote is known as soon as a connect is under way
 * @returns FALSE, with @socket zero, when there is no such descriptor, it is no internet socket, the kernel refuses, or there is
 *   no answer
 */
gboolean pnat_asker_ask(PnatAsker *asker, int pidfd, int fd, PnatSocket *socket);

/* Whether FALSE, for the last question, was an answer: the process has no such socket. Else nothing is known of it. */
gboolean pnat_asker_answered(const PnatAsker *asker);

/* How many threads wait for an answer that nobody waits for any more. While they are too many, nothing is asked. */
guint pnat_asker_stuck(const PnatAsker *asker);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatAsker, pnat_asker_free)

G_END_DECLS
