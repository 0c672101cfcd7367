/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See taken.h.
 */
#include "taken.h"

#include <string.h>

/* A payload is a line with its newline, a line of the log is not. */
static gsize
line_length(const char *line)
{
  return strcspn(line, "\n");
}

static guint
line_hash(gconstpointer data)
{
  guint hash = 5381;

  for (const char *at = data; *at != '\0' && *at != '\n'; at++)
    hash = hash * 33 + (guchar)*at;
  return hash;
}

static gboolean
line_equal(gconstpointer one, gconstpointer other)
{
  gsize length = line_length(one);
  return length == line_length(other) && memcmp(one, other, length) == 0;
}

PnatTaken
pnat_taken_begin(PnatBacklog *backlog)
{
  PnatTaken taken = { .backlog = backlog, .numbers = g_hash_table_new(line_hash, line_equal) };
  guint n = 0;

  for (const GList *link = backlog->items.head; link != NULL; link = link->next)
    g_hash_table_insert(taken.numbers, ((PnatItem *)link->data)->payload, GUINT_TO_POINTER(++n));
  return taken;
}

/* Of a sink's own; no process can choose a text that looks like it, since its quotes are escaped. */
static gboolean
is_loss(const char *line)
{
  if (line[0] == '{')
    return strstr(line, "\"loss_source\":\"queue\"") != NULL;
  return g_str_has_prefix(line, "event=loss ") && strstr(line, " reason=queue ") != NULL;
}

void
pnat_taken_line(const char *line, gsize length, gpointer data)
{
  PnatTaken *taken = data;

  if (taken->taken == taken->backlog->items.length && taken->backlog->missing.lost == 0)
    return;
  g_autofree char *copy = g_strndup(line, length);
  taken->taken = MAX(taken->taken, GPOINTER_TO_UINT(g_hash_table_lookup(taken->numbers, copy)));
  taken->told = taken->told || is_loss(copy);
}

void
pnat_taken_settle(PnatTaken *taken)
{
  g_hash_table_unref(taken->numbers);
  if (taken->told)
    taken->backlog->missing.lost = 0;
  for (; taken->taken > 0; taken->taken--)
    pnat_item_unref(pnat_backlog_pop(taken->backlog));
}
