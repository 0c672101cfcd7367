/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading back our own log: lines of any making, and records made of the input, which must be known again.
 */
#include "fuzz.h"

#include <string.h>

#include "lib/format.h"
#include "lib/written.h"

/* A string that ends at the next NUL. */
static const char *
text(FuzzInput *input, GPtrArray *strings)
{
  gsize length = strnlen((const char *)input->data, input->size);
  char *string = g_strndup((const char *)input->data, length);

  input->data += length + (length < input->size);
  input->size -= length + (length < input->size);
  g_ptr_array_add(strings, string);
  return string;
}

static void
address(FuzzInput *input, PnatAddress *address)
{
  guint8 bytes[16];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8)fuzz_next(input, 1);
  guint8 family = (guint8)fuzz_next(input, 1) % 3;
  if (family != 0)
    pnat_address_set(address, family == 1 ? AF_INET : AF_INET6, bytes, (guint16)fuzz_next(input, 2));
}

static gint64
a_time(FuzzInput *input)
{
  return (gint64)fuzz_next(input, 6) % G_GINT64_CONSTANT(253402300799999); /* the year 9999 */
}

static PnatRecord
record_of(FuzzInput *input, GPtrArray *strings)
{
  PnatRecord record = { .kind = fuzz_next(input, 1) % 4 };

  record.start = a_time(input);
  record.last = record.start + (gint64)fuzz_next(input, 4);
  record.reason = record.kind == PNAT_RECORD_UPDATE ? PNAT_REASON_ACTIVE : PNAT_REASON_NONE;
  if (record.kind == PNAT_RECORD_END || record.kind == PNAT_RECORD_LOSS)
    record.end = record.last + 1 + (gint64)fuzz_next(input, 4);
  if (record.kind == PNAT_RECORD_END)
    record.reason = PNAT_REASON_CLOSE + fuzz_next(input, 1) % 4;
  record.pid = (guint32)fuzz_next(input, 4);
  record.uid = record.euid = (guint32)fuzz_next(input, 4);
  record.ses = record.auid = PNAT_ID_UNSET;
  record.direction = fuzz_next(input, 1) % 3;
  record.proto = (guint8)fuzz_next(input, 1);
  record.outcome = fuzz_next(input, 1) % 4;
  record.error = (gint)fuzz_next(input, 1);
  record.connections = (guint32)fuzz_next(input, 1);
  record.tx = (gint64)fuzz_next(input, 2) - 1;
  record.rx = (gint64)fuzz_next(input, 7);
  address(input, &record.local);
  address(input, &record.remote);
  record.first = record.latest = (PnatEventId){ a_time(input), fuzz_next(input, 4) };
  record.gap = fuzz_next(input, 1) % 2;
  record.source = fuzz_next(input, 1) % 4;
  record.lost = fuzz_next(input, 2);
  record.host = "web1.example.org";
  record.comm = text(input, strings);
  record.exe = text(input, strings);
  record.cmd = text(input, strings);
  record.unit = text(input, strings);
  return record;
}

static void
read_lines(const FuzzInput *input)
{
  g_autoptr(PnatWritten) written = pnat_written_new();
  const guint8 *at = input->data, *end = input->data + input->size, *newline;
  guint lines = 0;

  for (; at < end; at = newline + 1, lines++) {
    newline = memchr(at, '\n', (gsize)(end - at));
    newline = newline != NULL ? newline : end;
    FuzzInput line = { at, (gsize)(newline - at) };
    g_autofree char *copy = fuzz_copy(&line, FALSE);
    pnat_written_add_line(written, copy, line.size);
  }
  FUZZ_CHECK(pnat_written_size(written) <= lines, "%u of %u", pnat_written_size(written), lines);
  const PnatRecord record = { .kind = PNAT_RECORD_END, .host = "host" };
  pnat_written_has(written, &record);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);

  read_lines(&input);
  const PnatRecord record = record_of(&input, strings);
  fuzz_check_record(&record, NULL);
  return 0;
}
