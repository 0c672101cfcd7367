/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See doubles.h. A table of small sets, a cache line each; the oldest of a set goes when it is full.
 */
#include "doubles.h"

#include <string.h>

#include "hash.h"
#include "process.h"

#define SETS (1u << 19)
#define WAYS 8

struct PnatDoubles {
  guint64 (*sets)[WAYS]; /* newest first; 0 = empty */
};

PnatDoubles *
pnat_doubles_new(void)
{
  PnatDoubles *doubles = g_new0(PnatDoubles, 1);
  doubles->sets = g_malloc0(SETS * sizeof *doubles->sets); /* the kernel gives a page when it is written to */
  return doubles;
}

void
pnat_doubles_free(PnatDoubles *doubles)
{
  if (doubles == NULL)
    return;
  g_free(doubles->sets);
  g_free(doubles);
}

/* A number for the event: unequal for any two, but by bad luck of one in 10^19. Records of one id may make two events, an end by a
 * signal and the call in which it came; and an event that a file's end cuts off, before its address, is not the same as the whole. */
static guint64
name_of(const PnatEvent *event)
{
  guint64 name = event->node != NULL ? pnat_node_name_hash(event->node) : 0;
  name = pnat_hash_mix(name << 16 | (guint64)event->saddr << 8 | event->kind);
  name = pnat_hash_mix(name ^ (guint64)event->time);
  return pnat_hash_mix(name ^ event->serial) | 1;
}

gboolean
pnat_doubles_is_double(PnatDoubles *doubles, const PnatEvent *event)
{
  guint64 name = name_of(event);
  guint64 *set = doubles->sets[name >> 32 & (SETS - 1)];

  for (guint i = 0; i < WAYS; i++)
    if (set[i] == name)
      return TRUE;
  memmove(set + 1, set, (WAYS - 1) * sizeof *set);
  set[0] = name;
  return FALSE;
}
