/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which system call is meant: (architecture, number) to PnatCall, for every architecture libaudit knows,
 * so that one collector reads the events of many kinds of hosts.
 */
#pragma once

#include "event.h"

G_BEGIN_DECLS

/**
 * @arch: the arch= field, AUDIT_ARCH_* of linux/audit.h
 * @number: the syscall= field
 * @returns PNAT_CALL_NONE for a call that pnat does not follow, or an unknown architecture
 *
 * The tables are made at the first use of an architecture; use it from one thread.
 */
PnatCall pnat_syscall(guint32 arch, guint number);

/* The first argument of socketcall(2), SYS_* of linux/net.h. */
PnatCall pnat_socketcall(guint64 number);

/* The uring_op= field, IORING_OP_* of linux/io_uring.h; PNAT_CALL_NONE for one that has no peer's address. */
PnatCall pnat_uring_op(guint64 op);

G_END_DECLS
