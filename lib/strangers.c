/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See strangers.h.
 */
#include "strangers.h"

/* No allocation for each number: those would lie between flows, outlive them, and keep the heap as large as it ever was. */
struct PnatStrangers {
  GHashTable *places;              /* of numbers, in the ring, by what stands there */
  guint64 numbers[PNAT_STRANGERS]; /* a ring; 0: none */
  guint next;                      /* the place of the oldest, once the ring is full */
};

PnatStrangers *
pnat_strangers_new(void)
{
  PnatStrangers *strangers = g_new0(PnatStrangers, 1);
  strangers->places = g_hash_table_new(g_int64_hash, g_int64_equal);
  return strangers;
}

void
pnat_strangers_free(PnatStrangers *strangers)
{
  if (strangers == NULL)
    return;
  g_hash_table_unref(strangers->places);
  g_free(strangers);
}

gboolean
pnat_strangers_take(PnatStrangers *strangers, guint64 number)
{
  guint64 *place = g_hash_table_lookup(strangers->places, &number);
  if (place == NULL)
    return FALSE;
  g_hash_table_remove(strangers->places, place);
  *place = 0;
  return TRUE;
}

/* @returns whether @number came with the last half of all */
static gboolean
is_young(const PnatStrangers *strangers, guint64 number)
{
  const guint64 *place = g_hash_table_lookup(strangers->places, &number);
  return place != NULL && (strangers->next - 1 - (guint)(place - strangers->numbers)) % PNAT_STRANGERS < PNAT_STRANGERS / 2;
}

void
pnat_strangers_add(PnatStrangers *strangers, guint64 number)
{
  if (number == 0 || is_young(strangers, number)) /* one that is added again and again is not to drive out the rest */
    return;
  guint64 *place = &strangers->numbers[strangers->next];
  pnat_strangers_take(strangers, number);
  pnat_strangers_take(strangers, *place);
  *place = number;
  g_hash_table_add(strangers->places, place);
  strangers->next = (strangers->next + 1) % PNAT_STRANGERS;
}

gboolean
pnat_strangers_has(const PnatStrangers *strangers, guint64 number)
{
  return g_hash_table_contains(strangers->places, &number);
}
