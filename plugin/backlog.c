/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See backlog.h.
 */
#include "backlog.h"

#include <string.h>

static PnatItem *
item_alloc(gsize length)
{
  PnatItem *item = g_atomic_rc_box_alloc(sizeof *item + length + 1);

  *item = (PnatItem){ .length = length };
  item->payload[length] = '\0';
  return item;
}

PnatItem *
pnat_item_new(const PnatRecord *record, const GString *payload)
{
  PnatItem *item = item_alloc(payload->len);

  item->to = record->end != 0 ? record->end : record->last;
  item->from = record->start != 0 ? record->start : record->last != 0 ? record->last : item->to;
  memcpy(item->payload, payload->str, payload->len);
  return item;
}

void
pnat_item_unref(gpointer item)
{
  g_atomic_rc_box_release(item);
}

void
pnat_backlog_clear(PnatBacklog *backlog)
{
  g_queue_clear_full(&backlog->items, pnat_item_unref);
  backlog->bytes = 0;
  backlog->missing = (PnatLost){ 0 };
}

void
pnat_backlog_push(PnatBacklog *backlog, PnatItem *item)
{
  g_queue_push_tail(&backlog->items, item);
  backlog->bytes += item->length;
}

PnatItem *
pnat_backlog_pop(PnatBacklog *backlog)
{
  PnatItem *item = g_queue_pop_head(&backlog->items);

  if (item != NULL)
    backlog->bytes -= item->length;
  return item;
}

void
pnat_backlog_miss(PnatBacklog *backlog, const PnatItem *item)
{
  pnat_lost_add(&backlog->missing, MAX(item->lost, 1), item->from, item->to);
}

void
pnat_backlog_drop(PnatBacklog *backlog)
{
  PnatItem *item = pnat_backlog_pop(backlog);

  pnat_backlog_miss(backlog, item);
  pnat_item_unref(item);
}

void
pnat_backlog_add_missing(PnatBacklog *backlog, const PnatLost *other)
{
  if (other->lost > 0)
    pnat_lost_add(&backlog->missing, other->lost, other->from, other->to);
}

void
pnat_backlog_prepend(PnatBacklog *backlog, PnatBacklog *older)
{
  PnatItem *item;

  while ((item = g_queue_pop_tail(&older->items)) != NULL)
    g_queue_push_head(&backlog->items, item);
  backlog->bytes += older->bytes;
  pnat_backlog_add_missing(backlog, &older->missing);
  pnat_backlog_clear(older);
}

PnatBacklog
pnat_backlog_copy(const PnatBacklog *backlog)
{
  PnatBacklog copy = { .missing = backlog->missing };

  for (const GList *link = backlog->items.head; link != NULL; link = link->next)
    pnat_backlog_push(&copy, g_atomic_rc_box_acquire(link->data));
  return copy;
}

static void
time_codec(gint64 *time, PnatCodec *codec)
{
  pnat_codec_i64(codec, time);
  if (!codec->writing)
    *time = CLAMP(*time, 0, PNAT_TIME_MAX);
}

/* All but the payload itself. */
static void
head_codec(PnatItem *head, guint64 *length, PnatCodec *codec)
{
  time_codec(&head->from, codec);
  time_codec(&head->to, codec);
  pnat_codec_u64(codec, length);
}

static void
write_item(PnatItem *item, PnatCodec *codec)
{
  guint64 length = item->length;
  head_codec(item, &length, codec);
  pnat_codec_bytes(codec, item->payload, item->length);
}

/* @returns (transfer full) (nullable) NULL when there is no such item */
static PnatItem *
read_item(PnatCodec *codec)
{
  PnatItem head = { 0 };
  guint64 length = 0;

  head_codec(&head, &length, codec);
  if (codec->failed || (guint64)(codec->end - codec->at) < length) {
    codec->failed = TRUE;
    return NULL;
  }
  PnatItem *item = item_alloc((gsize)length);
  item->from = head.from;
  item->to = head.to;
  pnat_codec_bytes(codec, item->payload, (gsize)length);
  return item;
}

void
pnat_backlog_codec(PnatBacklog *backlog, PnatCodec *codec)
{
  guint32 n = backlog->items.length;

  pnat_codec_u64(codec, &backlog->missing.lost);
  time_codec(&backlog->missing.from, codec);
  time_codec(&backlog->missing.to, codec);
  pnat_codec_u32(codec, &n);
  if (codec->writing) {
    for (GList *link = backlog->items.head; link != NULL; link = link->next)
      write_item(link->data, codec);
    return;
  }
  for (guint32 i = 0; i < n; i++) {
    PnatItem *item = read_item(codec);
    if (item == NULL)
      return;
    pnat_backlog_push(backlog, item);
  }
}
