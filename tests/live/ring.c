/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See ring.h.
 */
#include "ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct {
  int fd;
  int async, sqpoll;
  unsigned *sq_tail, *sq_mask, *sq_array, *sq_flags;
  unsigned *cq_head, *cq_tail, *cq_mask;
  struct io_uring_sqe *sqes;
  struct io_uring_cqe *cqes;
} ring;

static void *
map(size_t length, off_t offset)
{
  return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, offset);
}

int
ring_open(const char *mode)
{
  struct io_uring_params params = { 0 };

  ring.async = strcmp(mode, "async") == 0;
  ring.sqpoll = strcmp(mode, "sqpoll") == 0;
  if (ring.sqpoll)
    params = (struct io_uring_params){ .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 2000 };
  ring.fd = (int)syscall(SYS_io_uring_setup, 8, &params);
  if (ring.fd < 0)
    return -1;
  char *sq = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
  char *cq = map(params.cq_off.cqes + params.cq_entries * sizeof *ring.cqes, IORING_OFF_CQ_RING);
  ring.sqes = map(params.sq_entries * sizeof *ring.sqes, IORING_OFF_SQES);
  if (sq == MAP_FAILED || cq == MAP_FAILED || ring.sqes == MAP_FAILED)
    return -1;
  ring.sq_tail = (unsigned *)(sq + params.sq_off.tail);
  ring.sq_mask = (unsigned *)(sq + params.sq_off.ring_mask);
  ring.sq_array = (unsigned *)(sq + params.sq_off.array);
  ring.sq_flags = (unsigned *)(sq + params.sq_off.flags);
  ring.cq_head = (unsigned *)(cq + params.cq_off.head);
  ring.cq_tail = (unsigned *)(cq + params.cq_off.tail);
  ring.cq_mask = (unsigned *)(cq + params.cq_off.ring_mask);
  ring.cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
  return 0;
}

static void
submit(void)
{
  __atomic_store_n(ring.sq_tail, *ring.sq_tail + 1, __ATOMIC_RELEASE);
  if (!ring.sqpoll)
    syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
  else if (__atomic_load_n(ring.sq_flags, __ATOMIC_ACQUIRE) & IORING_SQ_NEED_WAKEUP)
    syscall(SYS_io_uring_enter, ring.fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0);
}

long
ring_do(int opcode, int fd, unsigned long address, unsigned long offset)
{
  unsigned at = *ring.sq_tail & *ring.sq_mask;

  memset(&ring.sqes[at], 0, sizeof ring.sqes[at]);
  ring.sqes[at].opcode = (unsigned char)opcode;
  ring.sqes[at].flags = ring.async ? IOSQE_ASYNC : 0;
  ring.sqes[at].fd = fd;
  ring.sqes[at].addr = address;
  ring.sqes[at].off = offset;
  ring.sq_array[at] = at;
  submit();
  while (__atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE) == *ring.cq_head)
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
  int result = ring.cqes[*ring.cq_head & *ring.cq_mask].res;
  __atomic_store_n(ring.cq_head, *ring.cq_head + 1, __ATOMIC_RELEASE);
  if (result >= 0)
    return result;
  errno = -result;
  return -1;
}
