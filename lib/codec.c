/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See codec.h.
 */
#include "codec.h"

#include <string.h>

#define MAX_STRING (64 * 1024)
#define NO_STRING G_MAXUINT32

PnatCodec
pnat_codec_writer(gsize room)
{
  return (PnatCodec){ .writing = TRUE, .out = g_malloc(room), .room = room };
}

PnatCodec
pnat_codec_reader(const guint8 *bytes, gsize length)
{
  return (PnatCodec){ .at = bytes, .end = bytes + length };
}

GByteArray *
pnat_codec_finish(PnatCodec *codec)
{
  return g_byte_array_new_take(g_steal_pointer(&codec->out), codec->length);
}

/* Called for every field of every flow: GByteArray's own append takes three times as long. */
static void
append(PnatCodec *codec, const void *bytes, gsize length)
{
  if (codec->room - codec->length < length) {
    codec->room = MAX(codec->room * 2, codec->length + length + 4096);
    codec->out = g_realloc(codec->out, codec->room);
  }
  memcpy(codec->out + codec->length, bytes, length);
  codec->length += length;
}

void
pnat_codec_bytes(PnatCodec *codec, void *bytes, gsize length)
{
  if (codec->writing) {
    append(codec, bytes, length);
    return;
  }
  if (codec->failed || (gsize)(codec->end - codec->at) < length) {
    codec->failed = TRUE;
    memset(bytes, 0, length);
    return;
  }
  memcpy(bytes, codec->at, length);
  codec->at += length;
}

void
pnat_codec_u8(PnatCodec *codec, guint8 *value)
{
  pnat_codec_bytes(codec, value, sizeof *value);
}

void
pnat_codec_u16(PnatCodec *codec, guint16 *value)
{
  guint16 little = GUINT16_TO_LE(*value);
  pnat_codec_bytes(codec, &little, sizeof little);
  *value = GUINT16_FROM_LE(little);
}

void
pnat_codec_u32(PnatCodec *codec, guint32 *value)
{
  guint32 little = GUINT32_TO_LE(*value);
  pnat_codec_bytes(codec, &little, sizeof little);
  *value = GUINT32_FROM_LE(little);
}

void
pnat_codec_u64(PnatCodec *codec, guint64 *value)
{
  guint64 little = GUINT64_TO_LE(*value);
  pnat_codec_bytes(codec, &little, sizeof little);
  *value = GUINT64_FROM_LE(little);
}

void
pnat_codec_i32(PnatCodec *codec, gint32 *value)
{
  guint32 bits = (guint32)*value;
  pnat_codec_u32(codec, &bits);
  *value = (gint32)bits;
}

void
pnat_codec_i64(PnatCodec *codec, gint64 *value)
{
  guint64 bits = (guint64)*value;
  pnat_codec_u64(codec, &bits);
  *value = (gint64)bits;
}

guint8
pnat_codec_small(PnatCodec *codec, guint8 value)
{
  pnat_codec_u8(codec, &value);
  return value;
}

static void
write_string(PnatCodec *codec, const char *string)
{
  guint32 length = string != NULL ? (guint32)MIN(strlen(string), MAX_STRING) : NO_STRING;
  pnat_codec_u32(codec, &length);
  if (string != NULL)
    append(codec, string, length);
}

void
pnat_codec_string(PnatCodec *codec, char **string)
{
  guint32 length = 0;

  if (codec->writing) {
    write_string(codec, *string);
    return;
  }
  *string = NULL;
  pnat_codec_u32(codec, &length);
  if (codec->failed || length == NO_STRING)
    return;
  if (length > MAX_STRING || (gsize)(codec->end - codec->at) < length || memchr(codec->at, '\0', length) != NULL) {
    codec->failed = TRUE;
    return;
  }
  *string = g_strndup((const char *)codec->at, length);
  codec->at += length;
}
