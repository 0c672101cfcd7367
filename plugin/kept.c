/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See kept.h.
 */
#include "kept.h"

static void
kept_free(gpointer data)
{
  PnatKept *kept = data;

  g_free(kept->output);
  g_free(kept->form);
  pnat_backlog_clear(&kept->backlog);
  g_free(kept);
}

GPtrArray *
pnat_kept_list_new(void)
{
  return g_ptr_array_new_with_free_func(kept_free);
}

void
pnat_kept_list_add(GPtrArray *list, const char *output, const char *form, PnatBacklog *backlog)
{
  PnatKept *kept;

  if (backlog->items.length == 0 && backlog->missing.lost == 0)
    return;
  kept = g_new0(PnatKept, 1);
  kept->output = g_strdup(output);
  kept->form = g_strdup(form);
  pnat_backlog_prepend(&kept->backlog, backlog);
  g_ptr_array_add(list, kept);
}

PnatKept *
pnat_kept_list_find(const GPtrArray *list, const char *output)
{
  for (guint i = 0; i < list->len; i++) {
    PnatKept *kept = list->pdata[i];

    if (g_strcmp0(kept->output, output) == 0)
      return kept;
  }
  return NULL;
}

guint
pnat_kept_list_records(const GPtrArray *list)
{
  guint records = 0;

  for (guint i = 0; i < list->len; i++)
    records += ((const PnatKept *)list->pdata[i])->backlog.items.length;
  return records;
}

gsize
pnat_kept_list_bytes(const GPtrArray *list)
{
  gsize bytes = 0;

  for (guint i = 0; i < list->len; i++)
    bytes += ((const PnatKept *)list->pdata[i])->backlog.bytes;
  return bytes;
}

static PnatBacklog *
longest(const GPtrArray *list)
{
  PnatBacklog *longest = NULL;

  for (guint i = 0; i < list->len; i++) {
    PnatBacklog *backlog = &((PnatKept *)list->pdata[i])->backlog;

    if (longest == NULL || backlog->bytes > longest->bytes)
      longest = backlog;
  }
  return longest;
}

void
pnat_kept_list_bound(GPtrArray *list, gsize most)
{
  while (pnat_kept_list_bytes(list) > most)
    pnat_backlog_drop(longest(list));
}

static void
kept_codec(PnatKept *kept, PnatCodec *codec)
{
  pnat_codec_string(codec, &kept->output);
  pnat_codec_string(codec, &kept->form);
  codec->failed = codec->failed || kept->output == NULL || kept->form == NULL;
  pnat_backlog_codec(&kept->backlog, codec);
}

void
pnat_kept_list_codec(GPtrArray *list, PnatCodec *codec)
{
  guint8 n = pnat_codec_small(codec, (guint8)list->len);

  for (guint i = 0; i < n && !codec->failed; i++) {
    if (!codec->writing)
      g_ptr_array_add(list, g_new0(PnatKept, 1));
    kept_codec(list->pdata[i], codec);
  }
}
