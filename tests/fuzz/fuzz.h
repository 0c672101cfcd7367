/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput() in it: libFuzzer calls that with inputs
 * of its making, replay.c with those of corpus/. Whatever the bytes are, the target must come back, and what the headers promise must hold:
 * FUZZ_CHECK() says what.
 *
 * Choices of the target's own (how a stream is cut into pieces, which options are set) are taken off the input's end, so that
 * a seed may be a plain file of what is read.
 */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/record.h"

G_BEGIN_DECLS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition, ...)                                        \
  do {                                                                    \
    if (!(condition)) {                                                   \
      fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition); \
      fprintf(stderr, __VA_ARGS__);                                       \
      fputc('\n', stderr);                                                \
      abort();                                                            \
    }                                                                     \
  } while (0)

typedef struct {
  const guint8 *data;
  gsize size;
} FuzzInput;

/* The last @n bytes as a number, which are no longer part of the input then; of missing bytes, zeros. */
guint64 fuzz_take(FuzzInput *input, guint n);

/* The same off the front, for targets whose whole input is a list of choices. */
guint64 fuzz_next(FuzzInput *input, guint n);

/* Sets @random going: the next number of a sequence. Not zero to begin with. */
guint32 fuzz_random(guint64 *random);

/* A copy that ends where it ends, so that a byte read behind it is found. @nul: whether a NUL follows. @returns (transfer full) */
char *fuzz_copy(const FuzzInput *input, gboolean nul);

/* No control byte but what @allowed names, and UTF-8. */
void fuzz_check_text(const char *text, gsize length, const char *what);

/**
 * A PnatRecordFunc, without data: what every record promises, and its text in both formats: no control or hidden characters, UTF-8, the
 * keys in their order, strings that can be had back, JSON that parses; read back from the log, the record is known again.
 */
void fuzz_check_record(const PnatRecord *record, gpointer data);

G_END_DECLS
