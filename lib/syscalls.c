/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See syscalls.h. libaudit answers by name and machine; what it says is kept in one byte table per
 * architecture, since it is asked for every line of input.
 */
#include "syscalls.h"

#include <libaudit.h>
#include <linux/net.h>

#define MAX_ARCHES 32
#define MAX_NUMBER 512

/* asm-generic numbers: what aarch64 has, younger architectures have too. */
#define ARCH_AARCH64 0xc00000b7u
#define ARCH_RISCV64 0xc00000f3u
#define ARCH_LOONGARCH64 0xc0000102u

typedef struct {
  guint32 arch;
  guint8 calls[MAX_NUMBER];
} Table;

static const struct {
  const char *name;
  PnatCall call;
} names[] = {
  { "socket", PNAT_CALL_SOCKET },     { "connect", PNAT_CALL_CONNECT },       { "accept", PNAT_CALL_ACCEPT },
  { "accept4", PNAT_CALL_ACCEPT },    { "send", PNAT_CALL_SEND },             { "sendto", PNAT_CALL_SEND },
  { "sendmsg", PNAT_CALL_SEND },      { "sendmmsg", PNAT_CALL_SENDMM },       { "recv", PNAT_CALL_RECV },
  { "recvfrom", PNAT_CALL_RECV },     { "recvmsg", PNAT_CALL_RECV },          { "recvmmsg", PNAT_CALL_RECVMM },
  { "recvmmsg_time64", PNAT_CALL_RECVMM }, { "exit", PNAT_CALL_EXIT },        { "exit_group", PNAT_CALL_EXIT_GROUP },
  { "socketcall", PNAT_CALL_SOCKETCALL }, { "io_uring_enter", PNAT_CALL_URING_ENTER },
};

static int
machine_of(guint32 arch)
{
  int machine = audit_elf_to_machine(arch);
  if (machine < 0 && (arch == ARCH_RISCV64 || arch == ARCH_LOONGARCH64))
    machine = audit_elf_to_machine(ARCH_AARCH64);
  return machine;
}

static void
fill(Table *table, guint32 arch, int machine)
{
  table->arch = arch;
  for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
    int number = audit_name_to_syscall(names[i].name, machine);
    if (number >= 0 && number < MAX_NUMBER)
      table->calls[number] = names[i].call;
  }
}

PnatCall
pnat_syscall(guint32 arch, guint number)
{
  static Table tables[MAX_ARCHES];
  static guint n_tables;

  if (number >= MAX_NUMBER)
    return PNAT_CALL_NONE;
  for (guint i = 0; i < n_tables; i++)
    if (tables[i].arch == arch)
      return tables[i].calls[number];
  int machine = machine_of(arch);
  if (machine < 0 || n_tables == MAX_ARCHES)
    return PNAT_CALL_NONE;
  fill(&tables[n_tables], arch, machine);
  return tables[n_tables++].calls[number];
}

PnatCall
pnat_socketcall(guint64 number)
{
  switch (number) {
  case SYS_SOCKET:
    return PNAT_CALL_SOCKET;
  case SYS_CONNECT:
    return PNAT_CALL_CONNECT;
  case SYS_ACCEPT:
  case SYS_ACCEPT4:
    return PNAT_CALL_ACCEPT;
  case SYS_SEND:
  case SYS_SENDTO:
  case SYS_SENDMSG:
    return PNAT_CALL_SEND;
  case SYS_SENDMMSG:
    return PNAT_CALL_SENDMM;
  case SYS_RECV:
  case SYS_RECVFROM:
  case SYS_RECVMSG:
    return PNAT_CALL_RECV;
  case SYS_RECVMMSG:
    return PNAT_CALL_RECVMM;
  default:
    return PNAT_CALL_NONE;
  }
}

PnatCall
pnat_uring_op(guint64 op)
{
  switch (op) {
  case 9: /* IORING_OP_SENDMSG */
  case 26: /* IORING_OP_SEND */
  case 47: /* IORING_OP_SEND_ZC */
  case 48: /* IORING_OP_SENDMSG_ZC */
    return PNAT_CALL_SEND;
  case 10: /* IORING_OP_RECVMSG; IORING_OP_RECV and _RECV_ZC have no address */
    return PNAT_CALL_RECV;
  case 13: /* IORING_OP_ACCEPT */
    return PNAT_CALL_ACCEPT;
  case 16: /* IORING_OP_CONNECT */
    return PNAT_CALL_CONNECT;
  case 56: /* IORING_OP_BIND */
    return PNAT_CALL_BIND;
  default:
    return PNAT_CALL_NONE;
  }
}
