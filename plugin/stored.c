/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See stored.h.
 */
#include "stored.h"

#include <errno.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/feed.h"
#include "lib/tracker.h"
#include "options.h"

/* Read at once; also how far into a file its first event is looked for. */
#define BLOCK (256 * 1024)

typedef struct {
  const char *name;
  GBufferedInputStream *stream;
  gint64 first; /* ms; of the first event in the first block, G_MAXINT64 = none */
} Source;

typedef struct {
  PnatFeed *feed;
  PnatTracker *tracker;
  const PnatFormat *format;
  GString *line;
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
  reader->now = MAX(reader->now, event->time);
  pnat_tracker_feed(reader->tracker, event, reader->now);
}

static void
source_free(gpointer data)
{
  Source *source = data;
  g_clear_object(&source->stream);
  g_free(source);
}

/* "msg=audit(1700000000.123:45)" to 1700000000123. */
static gint64
first_event(const char *bytes, gsize length)
{
  const char *at = g_strstr_len(bytes, (gssize)length, "msg=audit(");
  if (at == NULL || length - (gsize)(at - bytes) < 32)
    return G_MAXINT64;
  char *end;
  gint64 seconds = g_ascii_strtoll(at + strlen("msg=audit("), &end, 10);
  return *end == '.' && seconds < G_MAXINT64 / 1000 - 1 ? seconds * 1000 + g_ascii_strtoll(end + 1, NULL, 10) : G_MAXINT64;
}

static gboolean
open_stream(const char *name, GInputStream **stream, GError **error)
{
  if (strcmp(name, "-") == 0) {
    *stream = g_unix_input_stream_new(STDIN_FILENO, FALSE);
    return TRUE;
  }
  g_autoptr(GFile) file = g_file_new_for_commandline_arg(name);
  *stream = G_INPUT_STREAM(g_file_read(file, NULL, error));
  return *stream != NULL;
}

static GBufferedInputStream *
buffered(GInputStream *stream)
{
  return G_BUFFERED_INPUT_STREAM(g_buffered_input_stream_new_sized(stream, BLOCK));
}

/* Unpacks what begins with gzip's magic number, RFC 1952. */
static GBufferedInputStream *
unpacked(GBufferedInputStream *stream)
{
  gsize length;
  const guint8 *bytes = g_buffered_input_stream_peek_buffer(stream, &length);
  if (length < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b)
    return g_object_ref(stream);
  g_autoptr(GZlibDecompressor) decompressor = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  g_autoptr(GInputStream) plain = g_converter_input_stream_new(G_INPUT_STREAM(stream), G_CONVERTER(decompressor));
  return buffered(plain);
}

static Source *
source_open(const char *name, GError **error)
{
  g_autoptr(GInputStream) raw = NULL;
  if (!open_stream(name, &raw, error))
    return NULL;
  g_autoptr(GBufferedInputStream) packed = buffered(raw);
  if (g_buffered_input_stream_fill(packed, -1, NULL, error) < 0)
    return NULL;
  g_autoptr(GBufferedInputStream) stream = unpacked(packed);
  if (stream != packed && g_buffered_input_stream_fill(stream, -1, NULL, error) < 0)
    return NULL;

  gsize length;
  const char *bytes = g_buffered_input_stream_peek_buffer(stream, &length);
  Source *source = g_new0(Source, 1);
  source->name = name;
  source->first = first_event(bytes, length);
  source->stream = g_steal_pointer(&stream);
  return source;
}

static int
by_first_event(gconstpointer one, gconstpointer other)
{
  const Source *a = *(Source *const *)one, *b = *(Source *const *)other;
  return a->first < b->first ? -1 : a->first > b->first;
}

/* All sources, opened before the first is read: a wrong name is told before any record comes. */
static GPtrArray *
open_sources(char *const *files)
{
  g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(source_free);
  gboolean in_order = FALSE;

  for (; *files != NULL; files++) {
    g_autoptr(GError) error = NULL;
    Source *source = source_open(*files, &error);
    if (source == NULL) {
      g_printerr("pnat-plugin: %s: %s\n", *files, error->message);
      if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        g_printerr("pnat-plugin: audit logs are root's: try again with sudo, or as a member of auditd's log_group\n");
      return NULL;
    }
    g_ptr_array_add(sources, source);
    in_order |= strcmp(*files, "-") == 0;
  }
  if (!in_order)
    g_ptr_array_sort(sources, by_first_event);
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
read_source(Reader *reader, const Source *source)
{
  g_autofree char *block = g_malloc(BLOCK);
  g_autoptr(GError) error = NULL;
  gssize length;

  while ((length = g_input_stream_read(G_INPUT_STREAM(source->stream), block, BLOCK, NULL, &error)) > 0) {
    pnat_feed_push(reader->feed, block, (gsize)length, 0);
    if (reader->write_errno != 0)
      return TRUE; /* told at the end */
  }
  if (length < 0)
    g_printerr("pnat-plugin: %s: %s\n", source->name, reason(error));
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
  g_autoptr(PnatTracker) tracker = pnat_tracker_new(&options, print_record, &reader);
  reader.feed = feed;
  reader.tracker = tracker;

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
