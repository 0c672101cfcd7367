/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/codec: what is written is read back; what is cut or forged is noticed, and nothing is read behind the end.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec.h"
#include "run.h"

typedef struct {
  guint8 u8;
  guint16 u16;
  guint32 u32;
  guint64 u64;
  gint32 i32;
  gint64 i64;
  char *text;
  char *none;
  char *empty;
  guint8 small;
} Values;

static void
values_codec(Values *values, PnatCodec *codec)
{
  pnat_codec_u8(codec, &values->u8);
  pnat_codec_u16(codec, &values->u16);
  pnat_codec_u32(codec, &values->u32);
  pnat_codec_u64(codec, &values->u64);
  pnat_codec_i32(codec, &values->i32);
  pnat_codec_i64(codec, &values->i64);
  pnat_codec_string(codec, &values->text);
  pnat_codec_string(codec, &values->none);
  pnat_codec_string(codec, &values->empty);
  values->small = pnat_codec_small(codec, values->small);
}

static void
values_clear(Values *values)
{
  g_free(values->text);
  g_free(values->none);
  g_free(values->empty);
}

/* @room: that is made at first */
static GByteArray *
written(gsize room)
{
  Values values = { 0xf1, 0xf2f3, 0xf4f5f6f7, G_GUINT64_CONSTANT(0xf8f9fafbfcfdfeff), -2, G_MININT64, (char *)"a \"b\"\n\xff", NULL, (char *)"", 3 };
  PnatCodec codec = pnat_codec_writer(room);
  values_codec(&values, &codec);
  return pnat_codec_finish(&codec);
}

static const gsize rooms[] = { 0, 1, 40, 1 << 20 };

START_TEST(what_is_written_is_read_back)
{
  g_autoptr(GByteArray) bytes = written(rooms[_i]);
  PnatCodec codec = pnat_codec_reader(bytes->data, bytes->len);
  Values values = { 0 };

  values_codec(&values, &codec);
  ck_assert(!codec.failed);
  ck_assert_ptr_eq(codec.at, codec.end);
  ck_assert_uint_eq(values.u8, 0xf1);
  ck_assert_uint_eq(values.u16, 0xf2f3);
  ck_assert_uint_eq(values.u32, 0xf4f5f6f7);
  ck_assert_uint_eq(values.u64, G_GUINT64_CONSTANT(0xf8f9fafbfcfdfeff));
  ck_assert_int_eq(values.i32, -2);
  ck_assert_int_eq(values.i64, G_MININT64);
  ck_assert_str_eq(values.text, "a \"b\"\n\xff");
  ck_assert_ptr_null(values.none);
  ck_assert_str_eq(values.empty, "");
  ck_assert_uint_eq(values.small, 3);
  values_clear(&values);
}
END_TEST

START_TEST(numbers_are_little_endian)
{
  guint32 value = 0x01020304;
  PnatCodec codec = pnat_codec_writer(0);
  pnat_codec_u32(&codec, &value);
  g_autoptr(GByteArray) bytes = pnat_codec_finish(&codec);
  ck_assert_uint_eq(bytes->len, 4);
  ck_assert_mem_eq(bytes->data, "\x04\x03\x02\x01", 4);
  ck_assert_uint_eq(value, 0x01020304);
}
END_TEST

/* Copied, so that a sanitizer sees what is read behind the end. */
START_TEST(what_is_cut_off_anywhere_fails_and_reads_as_zero)
{
  g_autoptr(GByteArray) bytes = written(0);

  for (guint length = 0; length < bytes->len; length++) {
    g_autofree guint8 *cut = g_malloc(MAX(length, 1));
    memcpy(cut, bytes->data, length);
    PnatCodec codec = pnat_codec_reader(cut, length);
    Values values = { .small = 0xff };
    guint64 after = 1;

    values_codec(&values, &codec);
    ck_assert(codec.failed);
    pnat_codec_u64(&codec, &after);
    ck_assert_uint_eq(after, 0);
    values_clear(&values);
  }
}
END_TEST

static const struct {
  const char *bytes;
  gsize length;
} forged[] = {
  { "\x05\x00\x00\x00" "abcd", 8 },         /* longer than what is there */
  { "\xfe\xff\xff\xff" "abcd", 8 },
  { "\x04\x00\x00\x00" "a\0cd", 8 },        /* a NUL within */
  { "\x01\x00\x01\x00" "abcd", 8 },         /* over 64 KiB */
};

START_TEST(a_forged_string_fails)
{
  PnatCodec codec = pnat_codec_reader((const guint8 *)forged[_i].bytes, forged[_i].length);
  char *text = (char *)"unset";
  pnat_codec_string(&codec, &text);
  ck_assert(codec.failed);
  ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_string_too_long_is_cut)
{
  g_autofree char *text = g_strnfill(100 * 1000, 'x'), *given = text;
  PnatCodec codec = pnat_codec_writer(0);
  pnat_codec_string(&codec, &given);
  g_autoptr(GByteArray) bytes = pnat_codec_finish(&codec);
  given = NULL;
  codec = pnat_codec_reader(bytes->data, bytes->len);
  g_autofree char *read = NULL;
  pnat_codec_string(&codec, &read);
  ck_assert_uint_eq(strlen(read), 64 * 1024);
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("codec");
  TCase *tcase = tcase_create("codec");

  tcase_add_loop_test(tcase, what_is_written_is_read_back, 0, G_N_ELEMENTS(rooms));
  tcase_add_test(tcase, numbers_are_little_endian);
  tcase_add_test(tcase, what_is_cut_off_anywhere_fails_and_reads_as_zero);
  tcase_add_loop_test(tcase, a_forged_string_fails, 0, G_N_ELEMENTS(forged));
  tcase_add_test(tcase, a_string_too_long_is_cut);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
