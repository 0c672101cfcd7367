/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values to bytes and back, by one description for both ways: a function that names a struct's fields in order
 * writes them or reads them, as the codec was made.
 *
 * Numbers are little-endian. Reading never passes the end: once something does not fit, the codec has failed, and all that is
 * read from then on is zero.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gboolean writing;
  gboolean failed;
  guint8 *out; /* what was written; grows */
  gsize length;
  gsize room;
  const guint8 *at; /* what to read */
  const guint8 *end;
} PnatCodec;

/* @returns a codec that writes; pnat_codec_finish() ends it. @room: bytes that are expected; it grows where they do not do */
PnatCodec pnat_codec_writer(gsize room);

/* @returns one that reads @bytes, which outlive it */
PnatCodec pnat_codec_reader(const guint8 *bytes, gsize length);

/* @returns (transfer full) what was written */
GByteArray *pnat_codec_finish(PnatCodec *codec);

void pnat_codec_u8(PnatCodec *codec, guint8 *value);
void pnat_codec_u16(PnatCodec *codec, guint16 *value);
void pnat_codec_u32(PnatCodec *codec, guint32 *value);
void pnat_codec_u64(PnatCodec *codec, guint64 *value);
void pnat_codec_i32(PnatCodec *codec, gint32 *value);
void pnat_codec_i64(PnatCodec *codec, gint64 *value);

/* @length bytes as they are. */
void pnat_codec_bytes(PnatCodec *codec, void *bytes, gsize length);

/* A string, or NULL. What is read is (transfer full), holds no NUL byte and at most 64 KiB. */
void pnat_codec_string(PnatCodec *codec, char **string);

/* A boolean or a small bit field: writes @value, returns what is written or read. */
guint8 pnat_codec_small(PnatCodec *codec, guint8 value);

G_END_DECLS
