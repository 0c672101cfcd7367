/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stored.h.
 */
#include "stored.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "lib/doubles.h"
#include "lib/feed.h"
#include "lib/tracker.h"
#include "options.h"
#include "source.h"

/* Read and written at once. */
#define BLOCK (256 * 1024)

typedef struct {
  PnatFeed *feed;
  PnatTracker *tracker;
  const PnatFormat *format;
  GString *line;
  PnatDoubles *doubles; /* (nullable) of several files */
  guint64 n_doubles;
  gint64 now;
  int write_errno;
} Reader;

static void
print_record(const PnatRecord *record, gpointer data)
{
  Reader *reader = data;

  g_string_truncate(reader->line, 0);
  reader->format->write(record, reader->line);
  g_string_append_c(reader->line, '\n');
  if (fwrite(reader->line->str, 1, reader->line->len, stdout) != reader->line->len)
    reader->write_errno = errno;
}

static void
take_event(const PnatEvent *event, gpointer data)
{
  Reader *reader = data;

  if (reader->doubles != NULL && pnat_doubles_is_double(reader->doubles, event)) {
    reader->n_doubles++;
    return;
  }
  reader->now = MAX(reader->now, event->time);
  pnat_tracker_feed(reader->tracker, event, reader->now);
}

static int
by_time(gconstpointer one, gconstpointer other)
{
  PnatSource *const *a = one, *const *b = other;
  gint64 first = pnat_source_time(*a), second = pnat_source_time(*b);
  return first < second ? -1 : first > second;
}

/* The one among @sources that is the same file. */
static PnatSource *
find_same(const GPtrArray *sources, const PnatSource *source)
{
  for (guint i = 0; i < sources->len; i++)
    if (pnat_source_is_same(g_ptr_array_index(sources, i), source))
      return g_ptr_array_index(sources, i);
  return NULL;
}

/* Takes @source; one that is there already only to say so. */
static void
add_source(GPtrArray *sources, PnatSource *source)
{
  const PnatSource *same = find_same(sources, source);

  if (same == NULL) {
    g_ptr_array_add(sources, source);
    return;
  }
  g_printerr("pnat-plugin: %s: it is the same file as %s, and read once\n", pnat_source_name(source), pnat_source_name(same));
  pnat_source_free(source);
}

/* All sources, opened before the first is read: a wrong name is told before any record comes. */
static GPtrArray *
open_sources(char *const *files)
{
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func((GDestroyNotify)pnat_source_free);
  gboolean in_order = FALSE;

  for (; *files != NULL; files++) {
    g_autoptr(GError) error = NULL;
    PnatSource *source = pnat_source_open(*files, &error);
    if (source == NULL) {
      g_printerr("pnat-plugin: %s: %s\n", *files, error->message);
      if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        g_printerr("pnat-plugin: audit logs are root's: try again with sudo, or as a member of auditd's log_group\n");
      return NULL;
    }
    add_source(sources, source);
    in_order |= strcmp(*files, "-") == 0;
  }
  if (!in_order && sources->len > 1)
    g_ptr_array_sort(sources, by_time);
  return g_steal_pointer(&sources);
}

static const char *
reason(const GError *error)
{
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    return "it is cut off: what was before that is read"; /* zlib just says that it needs more input */
  return error->message;
}

static gboolean
read_source(Reader *reader, PnatSource *source)
{
  g_autofree char *block = g_malloc(BLOCK);
  g_autoptr(GError) error = NULL;
  gssize length;

  while ((length = pnat_source_read(source, block, BLOCK, &error)) > 0) {
    pnat_feed_push(reader->feed, block, (gsize)length, 0);
    if (reader->write_errno != 0)
      return TRUE; /* told at the end */
  }
  if (length < 0)
    g_printerr("pnat-plugin: %s: %s\n", pnat_source_name(source), reason(error));
  pnat_feed_push(reader->feed, "\n", 1, 0); /* what the last line of a file lacks is not at the beginning of the next */
  return length == 0;
}

/* Anything to say about how it went that is not in the records. */
static int
judge(const Reader *reader, gboolean complete)
{
  PnatFeedCounts counts = pnat_feed_counts(reader->feed);

  if (reader->write_errno != 0) {
    g_printerr("pnat-plugin: standard output: %s\n", g_strerror(reader->write_errno));
    return EX_IOERR;
  }
  if (reader->n_doubles > 0)
    g_printerr("pnat-plugin: counted %" G_GUINT64_FORMAT " events once that came more than once\n", reader->n_doubles);
  if (!complete)
    return EX_NOINPUT;
  if (counts.lines > 0 && counts.malformed == counts.lines) {
    g_printerr("pnat-plugin: none of %" G_GUINT64_FORMAT " lines is an audit record; --read takes audit.log files and what ausearch --raw prints\n",
               counts.lines);
    return EX_DATAERR;
  }
  if (counts.malformed > 0)
    g_printerr("pnat-plugin: skipped %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " lines that are no audit records\n", counts.malformed,
               counts.lines);
  return EX_OK;
}

int
pnat_stored_read(char *const *files, const PnatConfig *config, const PnatFormat *format)
{
  g_autoptr(GPtrArray) sources = open_sources(files);
  if (sources == NULL)
    return EX_NOINPUT;

  PnatTrackerOptions options = pnat_options_for_tracker(config, g_get_host_name());
  g_autoptr(GString) line = g_string_new(NULL);
  Reader reader = { .format = format, .line = line };
  g_autoptr(PnatFeed) feed = pnat_feed_new(take_event, &reader);
  g_autoptr(PnatDoubles) doubles = sources->len > 1 ? pnat_doubles_new() : NULL;
  g_autoptr(PnatTracker) tracker = pnat_tracker_new(&options, print_record, &reader);
  reader.feed = feed;
  reader.tracker = tracker;
  reader.doubles = doubles;

  setvbuf(stdout, NULL, _IOFBF, BLOCK);
  gboolean complete = TRUE;
  for (guint i = 0; i < sources->len && reader.write_errno == 0; i++)
    complete &= read_source(&reader, g_ptr_array_index(sources, i));
  pnat_feed_flush(feed);
  pnat_tracker_finish(tracker, PNAT_REASON_EOF, 0);
  if (fflush(stdout) != 0)
    reader.write_errno = errno;
  return judge(&reader, complete);
}
