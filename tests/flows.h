/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A host, a process and flows of it, for tests of what the tracker is made of.
 */
#pragma once

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "lib/flow.h"

#define FLOWS_T0 G_GINT64_CONSTANT(1700000000000)

/* A program's event. @exe: (nullable) */
static inline PnatEvent
event_by(guint32 pid, const char *exe)
{
  return (PnatEvent){
    .kind = PNAT_EVENT_NETWORK,
    .time = FLOWS_T0,
    .serial = 1,
    .fd = 3,
    .who = { .pid = pid, .ppid = 50, .uid = 1000, .euid = 1000, .auid = 1000, .ses = 1, .comm = "prog", .exe = exe, .cmd = "prog -x" },
  };
}

static inline PnatAddress
ip(const char *text, guint16 port)
{
  PnatAddress address = { 0 };
  struct in6_addr bytes;
  int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
  ck_assert_int_eq(inet_pton(family, text, &bytes), 1);
  pnat_address_set(&address, family, &bytes, port);
  return address;
}

typedef struct {
  PnatNode *node;
  PnatProcess *process;
  PnatImage *image;
} Household;

static inline void
household_open(Household *household)
{
  PnatEvent event = event_by(100, "/usr/bin/prog");
  household->node = pnat_node_new("web1");
  household->process = pnat_process_new(household->node, &event);
  household->image = pnat_process_image(household->process, &event.who);
}

static inline void
household_close(Household *household)
{
  pnat_process_free(household->process);
  pnat_node_free(household->node);
}

/* A flow of the household's process, outbound. */
static inline PnatFlow *
flow_to(const Household *household, const char *text, guint16 port)
{
  PnatFlowKey key = { .image = household->image, .remote = ip(text, port), .direction = PNAT_DIRECTION_OUT, .proto = IPPROTO_TCP };
  return pnat_flow_new(&key);
}
