/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See source.h. The decompressor is driven by hand: GConverterInputStream ends with the first member, and keeps what it read behind it.
 */
#include "source.h"

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read at once. */
#define BLOCK (256 * 1024)

/* Where first events are looked for: so many bytes, so many events. */
#define HEAD (64 * 1024)
#define FIRST_EVENTS 128

struct PnatSource {
  const char *name;
  GBufferedInputStream *stream;
  guint64 device;
  guint64 inode; /* 0 = not known */
  GZlibDecompressor *unpacker; /* (nullable) it is not packed */
  gboolean in_member;          /* of a packed one: its end has not come */
  GByteArray *head; /* what was looked at ahead of reading */
  gsize head_read;
  gboolean looked;
  gint64 time;        /* ms; of what was looked at */
  GError *head_error; /* (nullable) that looking met with, for who reads so far */
};

static gboolean
open_stream(PnatSource *source, GError **error)
{
  g_autoptr(GInputStream) raw = NULL;
  struct stat stat;

  if (strcmp(source->name, "-") == 0) {
    raw = g_unix_input_stream_new(STDIN_FILENO, FALSE);
    if (fstat(STDIN_FILENO, &stat) == 0) {
      source->device = stat.st_dev;
      source->inode = stat.st_ino;
    }
  } else {
    g_autoptr(GFile) file = g_file_new_for_path(source->name);
    raw = G_INPUT_STREAM(g_file_read(file, NULL, error));
    if (raw == NULL)
      return FALSE;
    g_autoptr(GFileInfo) info = g_file_input_stream_query_info(G_FILE_INPUT_STREAM(raw), "unix::device,unix::inode", NULL, NULL);
    if (info != NULL) {
      source->device = g_file_info_get_attribute_uint32(info, G_FILE_ATTRIBUTE_UNIX_DEVICE);
      source->inode = g_file_info_get_attribute_uint64(info, G_FILE_ATTRIBUTE_UNIX_INODE);
    }
  }
  source->stream = G_BUFFERED_INPUT_STREAM(g_buffered_input_stream_new_sized(raw, BLOCK));
  return TRUE;
}

/* The next bytes, @wanted or more, fewer only at the end; NULL and @error when reading fails. */
static const guint8 *
peek(PnatSource *source, gsize wanted, gsize *length, GError **error)
{
  while (g_buffered_input_stream_get_available(source->stream) < wanted) {
    gssize filled = g_buffered_input_stream_fill(source->stream, -1, NULL, error);
    if (filled < 0)
      return NULL;
    if (filled == 0)
      break;
  }
  return g_buffered_input_stream_peek_buffer(source->stream, length);
}

static void
skip(PnatSource *source, gsize length)
{
  g_input_stream_skip(G_INPUT_STREAM(source->stream), length, NULL, NULL); /* it is in the buffer */
}

/* Begins with gzip's magic number, RFC 1952. */
static gboolean
is_packed(const guint8 *bytes, gsize length)
{
  return length >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* By the magic numbers of their formats' descriptions: xz-file-format.txt, RFC 8878, bzip2(1)'s manual. */
static gboolean
check_readable(const guint8 *bytes, gsize length, GError **error)
{
  static const struct {
    const char *magic;
    const char *unpack;
  } others[] = { { "\xfd" "7zXZ", "xz -dc" }, { "\x28\xb5\x2f\xfd", "zstd -dc" }, { "BZh", "bzip2 -dc" } };

  for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
    if (length < strlen(others[i].magic) || memcmp(bytes, others[i].magic, strlen(others[i].magic)) != 0)
      continue;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "it is packed, and not by gzip; unpack it first: %s FILE | pnat-plugin --read -",
                others[i].unpack);
    return FALSE;
  }
  return TRUE;
}

PnatSource *
pnat_source_open(const char *name, GError **error)
{
  g_autoptr(PnatSource) source = g_new0(PnatSource, 1);
  gsize length;

  source->name = name;
  if (!open_stream(source, error))
    return NULL;
  const guint8 *bytes = peek(source, 6, &length, error);
  if (bytes == NULL || !check_readable(bytes, length, error))
    return NULL;
  if (is_packed(bytes, length)) {
    source->unpacker = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    source->in_member = TRUE;
  }
  return g_steal_pointer(&source);
}

void
pnat_source_free(PnatSource *source)
{
  if (source == NULL)
    return;
  g_clear_object(&source->stream);
  g_clear_object(&source->unpacker);
  g_clear_pointer(&source->head, g_byte_array_unref);
  g_clear_error(&source->head_error);
  g_free(source);
}

const char *
pnat_source_name(const PnatSource *source)
{
  return source->name;
}

gboolean
pnat_source_is_same(const PnatSource *one, const PnatSource *other)
{
  return one->inode != 0 && one->inode == other->inode && one->device == other->device;
}

/* Between members: zeros, which a tape or a disk may have put there, are passed over as zcat(1) does. @returns 1; 0 = there is
 * no other; -1 and @error. */
static gint
next_member(PnatSource *source, GError **error)
{
  const guint8 *bytes;
  gsize length, zeros;

  do {
    bytes = peek(source, 2, &length, error);
    if (bytes == NULL)
      return -1;
    for (zeros = 0; zeros < length && bytes[zeros] == 0; zeros++)
      ;
    skip(source, zeros);
  } while (zeros > 0);
  if (length == 0)
    return 0;
  if (!is_packed(bytes, length)) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                        "what follows its packed data was not packed by gzip: what was before that is read");
    return -1;
  }
  g_converter_reset(G_CONVERTER(source->unpacker));
  source->in_member = TRUE;
  return 1;
}

static gssize
unpack(PnatSource *source, char *buffer, gsize size, GError **error)
{
  gsize length, consumed, written = 0;

  while (written == 0) {
    if (!source->in_member) {
      gint more = next_member(source, error);
      if (more <= 0)
        return more;
    }
    const guint8 *bytes = peek(source, 1, &length, error);
    if (bytes == NULL)
      return -1;
    GConverterFlags flags = length == 0 ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS;
    GConverterResult result =
        g_converter_convert(G_CONVERTER(source->unpacker), bytes, length, buffer, size, flags, &consumed, &written, error);
    if (result == G_CONVERTER_ERROR)
      return -1;
    skip(source, consumed);
    source->in_member = result != G_CONVERTER_FINISHED;
  }
  return (gssize)written;
}

static gssize
read_on(PnatSource *source, char *buffer, gsize size, GError **error)
{
  if (source->unpacker != NULL)
    return unpack(source, buffer, size, error);
  return g_input_stream_read(G_INPUT_STREAM(source->stream), buffer, size, NULL, error);
}

gssize
pnat_source_read(PnatSource *source, char *buffer, gsize size, GError **error)
{
  if (source->head != NULL && source->head_read < source->head->len) {
    gsize length = MIN(size, source->head->len - source->head_read);
    memcpy(buffer, source->head->data + source->head_read, length);
    source->head_read += length;
    return (gssize)length;
  }
  g_clear_pointer(&source->head, g_byte_array_unref);
  if (source->head_error != NULL) {
    g_propagate_error(error, g_steal_pointer(&source->head_error));
    return -1;
  }
  return read_on(source, buffer, size, error);
}

static void
look_ahead(PnatSource *source)
{
  GByteArray *head = source->head = g_byte_array_sized_new(HEAD + 1);

  while (head->len < HEAD) {
    gssize length = read_on(source, (char *)head->data + head->len, HEAD - head->len, &source->head_error);
    if (length <= 0)
      break;
    g_byte_array_set_size(head, head->len + (guint)length);
  }
}

static int
by_time(gconstpointer one, gconstpointer other)
{
  gint64 a = *(const gint64 *)one, b = *(const gint64 *)other;
  return a < b ? -1 : a > b;
}

/* The stamps of the first events, "msg=audit(1700000000.123:45)", ms; those of an event's lines that follow each other count once. */
static GArray *
first_stamps(const char *text, const char *end)
{
  GArray *stamps = g_array_new(FALSE, FALSE, sizeof(gint64));
  const char *newest = NULL;

  while (stamps->len < FIRST_EVENTS && (text = g_strstr_len(text, end - text, "msg=audit(")) != NULL) {
    text += strlen("msg=audit(");
    const char *close = memchr(text, ')', (gsize)(end - text));
    if (close == NULL)
      break;
    gsize length = (gsize)(close + 1 - text);
    gboolean again = newest != NULL && strncmp(newest, text, length) == 0;
    newest = text;
    char *behind;
    gint64 seconds = g_ascii_strtoll(text, &behind, 10);
    if (again || *behind != '.' || seconds < 0 || seconds > G_MAXINT64 / 1000 - 1)
      continue;
    gint64 stamp = seconds * 1000 + g_ascii_strtoll(behind + 1, NULL, 10) % 1000;
    g_array_append_val(stamps, stamp);
  }
  return stamps;
}

/* ms; G_MAXINT64 = there is none */
static gint64
head_time(GByteArray *head)
{
  char *text = (char *)head->data, *end = text + head->len;
  *end = '\0'; /* for what reads numbers; there is room for it */
  g_autoptr(GArray) stamps = first_stamps(text, end);
  if (stamps->len == 0)
    return G_MAXINT64;
  g_array_sort(stamps, by_time);
  return g_array_index(stamps, gint64, stamps->len * 9 / 10);
}

gint64
pnat_source_time(PnatSource *source)
{
  if (!source->looked) {
    source->looked = TRUE;
    look_ahead(source);
    source->time = head_time(source->head);
  }
  return source->time;
}
