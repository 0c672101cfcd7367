/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See strangers.h.
 */
#include "strangers.h"

#include <sys/queue.h>

typedef struct Stranger {
  guint64 number; /* first: it is the key */
  TAILQ_ENTRY(Stranger) by_age;
} Stranger;

struct PnatStrangers {
  GHashTable *numbers;               /* number to Stranger */
  TAILQ_HEAD(Strangers, Stranger) all; /* oldest first */
};

PnatStrangers *
pnat_strangers_new(void)
{
  PnatStrangers *strangers = g_new0(PnatStrangers, 1);
  strangers->numbers = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
  TAILQ_INIT(&strangers->all);
  return strangers;
}

void
pnat_strangers_free(PnatStrangers *strangers)
{
  if (strangers == NULL)
    return;
  g_hash_table_unref(strangers->numbers);
  g_free(strangers);
}

gboolean
pnat_strangers_take(PnatStrangers *strangers, guint64 number)
{
  Stranger *stranger = g_hash_table_lookup(strangers->numbers, &number);
  if (stranger == NULL)
    return FALSE;
  TAILQ_REMOVE(&strangers->all, stranger, by_age);
  g_hash_table_remove(strangers->numbers, &number);
  return TRUE;
}

void
pnat_strangers_add(PnatStrangers *strangers, guint64 number)
{
  if (number == 0)
    return;
  pnat_strangers_take(strangers, number);
  if (g_hash_table_size(strangers->numbers) == PNAT_STRANGERS)
    pnat_strangers_take(strangers, TAILQ_FIRST(&strangers->all)->number);
  Stranger *stranger = g_new0(Stranger, 1);
  stranger->number = number;
  TAILQ_INSERT_TAIL(&strangers->all, stranger, by_age);
  g_hash_table_insert(strangers->numbers, &stranger->number, stranger);
}

gboolean
pnat_strangers_has(const PnatStrangers *strangers, guint64 number)
{
  return g_hash_table_contains(strangers->numbers, &number);
}
