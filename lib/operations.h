/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the operations that an event of io_uring tells of make of it. There may be many, of any kind, and one address between them: each
 * replaces the one before (__audit_sockaddr, kernel/auditsc.c).
 *
 * Who connects, sends or binds hands its address over when it is prepared, and not again when it is tried again; who accepts or receives
 * writes one down when it succeeds (io_uring/net.c). The kernel does not tell of all: it audits no IORING_OP_SEND (io_uring/opdef.c), a
 * worker's operation has an event of its own, which lacks the address, and of a call's operations it tells from the first that a rule wants
 * on, whether rules want the others or not (__audit_uring_exit, kernel/auditsc.c).
 */
#pragma once

#include "event.h"

G_BEGIN_DECLS

/* The kinds, as far as the address may be theirs. Zero-initialised: none was told of. */
typedef struct {
  gboolean connect;
  gboolean send;
  gboolean send_again; /* another record will tell of it, without the address */
  gboolean accept;
  gboolean accept_again;
  gboolean recv;
  gboolean bind; /* after all that connects or sends */
} PnatOperations;

/**
 * One more, in the order of the records.
 *
 * @op: the uring_op= field
 * @result: the exit= field
 */
void pnat_operations_note(PnatOperations *operations, guint64 op, gint64 result);

/**
 * What holds whichever of them the address belongs to: a connect claims more than a send, an accept more than a receive.
 *
 * @saddr: what the event's address is
 * @returns PNAT_CALL_NONE where nothing is known to have been sent or received, or the address is the process's own
 */
PnatCall pnat_operations_call(const PnatOperations *operations, PnatSaddr saddr);

G_END_DECLS
