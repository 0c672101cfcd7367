/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See feed.h. auparse gets each event whole, so that its own guess at when an event is complete never matters.
 */
#include "feed.h"

#include <auparse.h>
#include <string.h>

#include "assembler.h"
#include "decode.h"

/* ms that an event waits for its last record. io_uring_enter(2) may wait between the records of one event. */
#define EVENT_TIMEOUT 5000

struct PnatFeed {
  auparse_state_t *au;
  PnatDecoder *decoder;
  PnatEventFunc func;
  gpointer data;
  PnatLineFunc line_func; /* (nullable) */
  gpointer line_data;
  PnatPrefilter prefilter;
  PnatAssembler *assembler;
  gint64 now;
  PnatFeedCounts counts;
  GString *partial; /* the line that has no newline yet */
  gboolean overlong; /* the rest of the line is skipped */
};

static void
event_ready(auparse_state_t *au, auparse_cb_event_t type, void *user_data)
{
  PnatFeed *feed = user_data;
  PnatEvent event;

  if (type != AUPARSE_CB_EVENT_READY || !pnat_decoder_read(feed->decoder, au, &event))
    return;
  feed->counts.events++;
  feed->func(&event, feed->data);
}

/*
 * auparse gets one event at a time: of several it delivers the one with the oldest stamp first, and a call that waited for hours
 * would come before what the kernel logged before it. It delivers a complete event at the next call only: to age it is to make that call.
 */
static void
event_assembled(const GString *lines, gpointer data)
{
  PnatFeed *feed = data;
  auparse_feed(feed->au, lines->str, lines->len);
  auparse_feed_age_events(feed->au);
}

PnatFeed *
pnat_feed_new(PnatEventFunc func, gpointer data)
{
  auparse_state_t *au = auparse_init(AUSOURCE_FEED, NULL);
  if (au == NULL)
    return NULL;

  PnatFeed *feed = g_new0(PnatFeed, 1);
  feed->au = au;
  feed->decoder = pnat_decoder_new();
  feed->func = func;
  feed->data = data;
  feed->partial = g_string_new(NULL);
  feed->assembler = pnat_assembler_new(event_assembled, feed);
  auparse_add_callback(au, event_ready, feed, NULL);
  return feed;
}

void
pnat_feed_free(PnatFeed *feed)
{
  if (feed == NULL)
    return;
  pnat_assembler_free(feed->assembler);
  auparse_destroy(feed->au);
  pnat_decoder_free(feed->decoder);
  g_string_free(feed->partial, TRUE);
  g_free(feed);
}

static void
take_line(PnatFeed *feed, const char *text, gsize length)
{
  if (length > 0 && text[length - 1] == '\r') /* it came over another kind of system */
    length--;
  if (length == 0)
    return;
  feed->counts.lines++;
  PnatLine line = { .text = text, .length = length };
  PnatVerdict verdict = PNAT_LINE_MALFORMED;
  if (length <= PNAT_FEED_MAX_LINE && memchr(text, '\0', length) == NULL)
    verdict = pnat_prefilter_line(&feed->prefilter, &line);

  if (verdict != PNAT_LINE_MALFORMED && feed->line_func != NULL)
    feed->line_func(&line, feed->line_data);
  if (verdict == PNAT_LINE_IGNORED)
    feed->counts.ignored++;
  else if (verdict == PNAT_LINE_MALFORMED)
    feed->counts.malformed++;
  else
    pnat_assembler_add(feed->assembler, &line, verdict, feed->now);
}

void
pnat_feed_set_line_func(PnatFeed *feed, PnatLineFunc func, gpointer data)
{
  feed->line_func = func;
  feed->line_data = data;
}

/* Keeps the start of a line whose end has not come; a line that grows too long is counted at once and skipped to its end. */
static void
keep_partial(PnatFeed *feed, const char *bytes, gsize length)
{
  if (feed->overlong)
    return;
  if (feed->partial->len + length > PNAT_FEED_MAX_LINE) {
    feed->overlong = TRUE;
    feed->counts.lines++;
    feed->counts.malformed++;
    g_string_truncate(feed->partial, 0);
    return;
  }
  g_string_append_len(feed->partial, bytes, (gssize)length);
}

void
pnat_feed_push(PnatFeed *feed, const char *bytes, gsize length, gint64 now)
{
  const char *end = bytes + length;
  feed->now = now;

  while (bytes < end) {
    const char *newline = memchr(bytes, '\n', (gsize)(end - bytes));
    if (newline == NULL) {
      keep_partial(feed, bytes, (gsize)(end - bytes));
      break;
    }
    if (feed->partial->len > 0 && !feed->overlong) {
      g_string_append_len(feed->partial, bytes, newline - bytes);
      take_line(feed, feed->partial->str, feed->partial->len);
    } else if (!feed->overlong) {
      take_line(feed, bytes, (gsize)(newline - bytes));
    }
    feed->overlong = FALSE;
    g_string_truncate(feed->partial, 0);
    bytes = newline + 1;
  }
}

void
pnat_feed_age(PnatFeed *feed, gint64 now)
{
  pnat_assembler_age(feed->assembler, now, EVENT_TIMEOUT);
}

gboolean
pnat_feed_is_waiting(const PnatFeed *feed)
{
  return pnat_assembler_size(feed->assembler) > 0;
}

void
pnat_feed_flush(PnatFeed *feed)
{
  if (!feed->overlong)
    take_line(feed, feed->partial->str, feed->partial->len);
  feed->overlong = FALSE;
  g_string_truncate(feed->partial, 0);
  pnat_assembler_age(feed->assembler, G_MAXINT64, 0);
  auparse_flush_feed(feed->au);
}

void
pnat_feed_take_unfinished(PnatFeed *feed, gint64 since, GString *lines)
{
  feed->overlong = FALSE;
  g_string_truncate(feed->partial, 0);
  pnat_assembler_take(feed->assembler, since, lines);
}

PnatFeedCounts
pnat_feed_counts(const PnatFeed *feed)
{
  return feed->counts;
}
