/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See prefilter.h. The head of a record is "[node=NAME ]type=TYPE msg=audit(SECONDS.MILLI:SERIAL): ";
 * a SYSCALL record goes on with "arch=HEX syscall=NUMBER " (audit_log_exit, kernel/auditsc.c).
 */
#include "prefilter.h"

#include <string.h>

#include "syscalls.h"

#define INTERPRETATION 0x1d

/* Bytes of the name of a node: the DNS has 253, auditd.conf(5) takes no more than 255. */
#define MAX_NODE 255
/* That a guint64 surely holds. */
#define MAX_DIGITS 19

typedef enum {
  TYPE_OTHER,
  TYPE_SYSCALL,
  TYPE_COMPANION, /* belongs to a SYSCALL or URINGOP record */
  TYPE_LAST,      /* the same, and comes last */
  TYPE_URINGOP,   /* comes before SYSCALL, or without one */
  TYPE_LONE,
} Type;

/* What is read from, with its end; reading past it fails. */
typedef struct {
  const char *at;
  const char *end;
} Cursor;

#define SKIP(cursor, literal) skip((cursor), (literal), sizeof(literal) - 1)

static gboolean
skip(Cursor *cursor, const char *literal, gsize length)
{
  if ((gsize)(cursor->end - cursor->at) < length || memcmp(cursor->at, literal, length) != 0)
    return FALSE;
  cursor->at += length;
  return TRUE;
}

/* One too large for any number in a record is G_MAXUINT64. */
static gboolean
decimal(Cursor *cursor, guint64 *value)
{
  const char *start = cursor->at;
  *value = 0;
  for (; cursor->at < cursor->end && g_ascii_isdigit(*cursor->at); cursor->at++)
    *value = *value * 10 + (guint64)(*cursor->at - '0');
  if (cursor->at - start > MAX_DIGITS)
    *value = G_MAXUINT64;
  return cursor->at > start;
}

static gboolean
hexadecimal(Cursor *cursor, guint32 *value)
{
  const char *start = cursor->at;
  *value = 0;
  for (; cursor->at < cursor->end && g_ascii_isxdigit(*cursor->at); cursor->at++)
    *value = (*value << 4) | (guint32)g_ascii_xdigit_value(*cursor->at);
  return cursor->at > start;
}

static Type
type_of(const char *name, gsize length)
{
  static const struct {
    const char *name;
    guint8 length;
    Type type;
  } types[] = {
#define TYPE(name, type) { name, sizeof(name) - 1, type }
    TYPE("SYSCALL", TYPE_SYSCALL),      TYPE("PROCTITLE", TYPE_LAST),      TYPE("EOE", TYPE_LAST),
    TYPE("SOCKADDR", TYPE_COMPANION),   TYPE("SOCKETCALL", TYPE_COMPANION), TYPE("URINGOP", TYPE_URINGOP),
    TYPE("UNKNOWN[1336]", TYPE_URINGOP), TYPE("SYSTEM_BOOT", TYPE_LONE),    TYPE("KERNEL", TYPE_LONE),
    TYPE("ANOM_ABEND", TYPE_LONE),
#undef TYPE
  };
  for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
    if (types[i].length == length && memcmp(types[i].name, name, length) == 0)
      return types[i].type;
  return TYPE_OTHER;
}

/* FNV-1a, to tell nodes apart; audit ids repeat over nodes. */
static guint64
hash(const char *bytes, gsize length)
{
  guint64 h = 0xcbf29ce484222325u;
  for (gsize i = 0; i < length; i++)
    h = (h ^ (guint8)bytes[i]) * 0x100000001b3u;
  return h;
}

/* "[node=NAME ]type=TYPE msg=audit(S.MMM:N)" */
static gboolean
parse_head(Cursor *cursor, PnatLine *line, Type *type)
{
  guint64 node = 0, seconds, milli, serial;

  if (SKIP(cursor, "node=")) {
    const char *blank = memchr(cursor->at, ' ', (gsize)(cursor->end - cursor->at));
    if (blank == NULL || blank - cursor->at > MAX_NODE || *cursor->at == INTERPRETATION) /* no name; auparse would leak memory over the last */
      return FALSE;
    node = hash(cursor->at, (gsize)(blank - cursor->at));
    cursor->at = blank + 1;
  }
  line->type_begin = (gsize)(cursor->at - line->text);
  if (!SKIP(cursor, "type="))
    return FALSE;
  const char *blank = memchr(cursor->at, ' ', (gsize)(cursor->end - cursor->at));
  if (blank == NULL)
    return FALSE;
  line->is_daemon = blank - cursor->at > 7 && memcmp(cursor->at, "DAEMON_", 7) == 0;
  *type = type_of(cursor->at, (gsize)(blank - cursor->at));
  cursor->at = blank + 1;
  line->id_begin = (gsize)(cursor->at - line->text);
  if (!SKIP(cursor, "msg=audit(") || !decimal(cursor, &seconds) || !SKIP(cursor, ".") || !decimal(cursor, &milli) ||
      !SKIP(cursor, ":") || !decimal(cursor, &serial) || !SKIP(cursor, ")") || seconds > PNAT_TIME_MAX / 1000 || milli > 999)
    return FALSE;
  line->id_end = (gsize)(cursor->at - line->text);
  line->time = (gint64)(seconds * 1000 + milli);
  line->serial = serial;
  line->id = (node ^ (seconds * 1000 + milli) * 0x9e3779b97f4a7c15u ^ serial * 0xff51afd7ed558ccdu) | 1;
  return TRUE;
}

/* The end of what is of use in a SYSCALL record: nothing is, behind "exe=". A name has no blank in it, it is in hex then. */
static const char *
end_of_exe(const Cursor *cursor)
{
  const char *exe = memmem(cursor->at, (gsize)(cursor->end - cursor->at), " exe=", 5);
  const char *blank = exe != NULL ? memchr(exe + 1, ' ', (gsize)(cursor->end - exe - 1)) : NULL;
  return blank;
}

/* What a SYSCALL record's call makes of it. One that can not be read is left to auparse; an exit needs no other record. */
static PnatVerdict
verdict_of_call(Cursor *cursor)
{
  guint32 arch;
  guint64 number;
  if (!SKIP(cursor, ": arch=") || !hexadecimal(cursor, &arch) || !SKIP(cursor, " syscall=") || !decimal(cursor, &number))
    return PNAT_LINE_KEEP;
  if (number > G_MAXUINT)
    return PNAT_LINE_IGNORED;
  switch (pnat_syscall(arch, (guint)number)) {
  case PNAT_CALL_NONE:
    return PNAT_LINE_IGNORED;
  case PNAT_CALL_EXIT:
  case PNAT_CALL_EXIT_GROUP:
    return PNAT_LINE_KEEP_LONE;
  default:
    return PNAT_LINE_KEEP;
  }
}

/* Another administrator's rule may want any operation, and the kernel tells of more than rules want: see operations.h. */
static PnatVerdict
verdict_of_operation(Cursor *cursor)
{
  guint64 op;
  if (!SKIP(cursor, ": uring_op=") || !decimal(cursor, &op))
    return PNAT_LINE_KEEP;
  return pnat_uring_op(op) != PNAT_CALL_NONE ? PNAT_LINE_KEEP : PNAT_LINE_IGNORED;
}

static PnatVerdict
verdict_of(Type type, Cursor *cursor)
{
  switch (type) {
  case TYPE_LONE:
    return PNAT_LINE_KEEP_LONE;
  case TYPE_LAST:
    return PNAT_LINE_KEEP_LAST;
  case TYPE_SYSCALL:
    return verdict_of_call(cursor);
  case TYPE_URINGOP:
    return verdict_of_operation(cursor);
  case TYPE_COMPANION:
    return PNAT_LINE_KEEP;
  case TYPE_OTHER:
    break;
  }
  return PNAT_LINE_IGNORED;
}

PnatVerdict
pnat_prefilter_line(PnatPrefilter *filter, PnatLine *line)
{
  Cursor cursor = { line->text, line->text + line->length };
  Type type;

  if (!parse_head(&cursor, line, &type))
    return PNAT_LINE_MALFORMED;

  guint64 *slot = &filter->dropped[(line->id >> 17) % PNAT_PREFILTER_SLOTS];
  PnatVerdict verdict = verdict_of(type, &cursor);
  line->is_operation = type == TYPE_URINGOP;
  if (type == TYPE_SYSCALL && verdict == PNAT_LINE_IGNORED)
    *slot = line->id;
  if (verdict == PNAT_LINE_IGNORED)
    return verdict;
  if ((type == TYPE_COMPANION || type == TYPE_LAST) && *slot == line->id)
    return PNAT_LINE_IGNORED;

  const char *cut = type == TYPE_SYSCALL ? end_of_exe(&cursor) : NULL;
  if (cut == NULL)
    cut = memchr(cursor.at, INTERPRETATION, (gsize)(cursor.end - cursor.at));
  if (cut != NULL)
    line->length = (gsize)(cut - line->text);
  return verdict;
}
