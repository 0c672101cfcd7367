/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * io_uring by its system calls, one operation at a time: what netdo needs of it, see io_uring(7).
 */
#pragma once

/* @mode: "plain", "async" (the kernel's workers do it), "sqpoll" (its thread takes it); returns -1 and errno on failure */
int ring_open(const char *mode);

/* Submits an operation and waits for it; returns its result, or -1 and errno. The arguments are the fields of struct io_uring_sqe. */
long ring_do(int opcode, int fd, unsigned long address, unsigned long offset);
