/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See decode.h. Each record's fields are walked once, in the order the kernel wrote them: to search
 * a field by name would walk on into the next record when it is absent (auparse_find_field(3)).
 */
#include "decode.h"

#include <errno.h>
#include <libaudit.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"
#include "syscalls.h"

/* libaudit.h of audit 3.0.9 does not name it; linux/audit.h does since 5.16. */
#ifndef AUDIT_URINGOP
#define AUDIT_URINGOP 1336
#endif

/* Bytes kept of a string. The longest that the kernel writes is a path (PATH_MAX) with " (deleted)" behind it. */
#define MAX_STRING 4200

struct PnatDecoder {
  GString *comm;
  GString *exe;
  GString *cmd;
};

/* What the records of one event say, before it is known what it means. */
typedef struct {
  PnatDecoder *decoder;
  PnatEvent *event;
  guint32 arch;
  guint number;
  const char *args[3];   /* (nullable) a0 to a2 of SYSCALL, hexadecimal */
  const char *nested[3]; /* (nullable) those of SOCKETCALL */
  guint64 uring_op; /* of the URINGOP record that is read */
  gint64 uring_exit;
  PnatOperations operations;
  gboolean syscall;
  gboolean socketcall;
  gboolean uring;
} Draft;

typedef void (*FieldFunc)(Draft *draft, const char *name, const char *value);

PnatDecoder *
pnat_decoder_new(void)
{
  PnatDecoder *decoder = g_new0(PnatDecoder, 1);
  decoder->comm = g_string_new(NULL);
  decoder->exe = g_string_new(NULL);
  decoder->cmd = g_string_new(NULL);
  return decoder;
}

void
pnat_decoder_free(PnatDecoder *decoder)
{
  if (decoder == NULL)
    return;
  g_string_free(decoder->comm, TRUE);
  g_string_free(decoder->exe, TRUE);
  g_string_free(decoder->cmd, TRUE);
  g_free(decoder);
}

/* Called for every byte of every title. */
static inline int
hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * A string as audit_log_untrustedstring writes it: in quotes, or in hex when it holds a blank, a quote or a byte
 * outside ASCII's graphic characters; "(null)" and the like when there is none.
 * NUL bytes become blanks, trailing ones go: they part the arguments of PROCTITLE.
 */
static const char *
untrusted(GString *text, const char *value)
{
  gsize length = strlen(value);

  g_string_truncate(text, 0);
  if (length >= 2 && value[0] == '"') {
    length -= value[length - 1] == '"' ? 2 : 1;
    g_string_append_len(text, value + 1, (gssize)MIN(length, MAX_STRING));
    return text->str;
  }
  if (length == 0 || length % 2 != 0)
    return NULL;
  length = MIN(length, 2 * MAX_STRING);
  g_string_set_size(text, length / 2);
  for (gsize i = 0; i < length / 2; i++) {
    int high = hex_digit(value[2 * i]), low = hex_digit(value[2 * i + 1]);
    if (high < 0 || low < 0)
      return NULL;
    text->str[i] = (char)(high << 4 | low);
  }
  while (text->len > 0 && text->str[text->len - 1] == '\0')
    g_string_truncate(text, text->len - 1);
  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] == '\0')
      text->str[i] = ' ';
  return text->str;
}

/* An id; what is no number is not set. */
static guint32
id(const char *value)
{
  guint64 number = 0;
  const char *at = value;

  for (; *at >= '0' && *at <= '9' && number <= G_MAXUINT32; at++)
    number = number * 10 + (guint64)(*at - '0');
  return at == value || number > G_MAXUINT32 ? PNAT_ID_UNSET : (guint32)number;
}

/* strcmp() for two dozen short names a record, without the calls. */
static inline gboolean
is(const char *name, const char *wanted)
{
  while (*name != '\0' && *name == *wanted) {
    name++;
    wanted++;
  }
  return *name == *wanted;
}

/* The fields that SYSCALL, URINGOP and ANOM_ABEND have in common: who it was. */
static void
identity_field(Draft *draft, const char *name, const char *value)
{
  PnatIdentity *who = &draft->event->who;

  switch (name[0]) {
  case 'p':
    if (is(name, "pid"))
      who->pid = id(value);
    else if (is(name, "ppid"))
      who->ppid = id(value);
    break;
  case 'u':
    if (is(name, "uid"))
      who->uid = id(value);
    break;
  case 'a':
    if (is(name, "auid"))
      who->auid = id(value);
    break;
  case 'e':
    if (is(name, "euid"))
      who->euid = id(value);
    else if (is(name, "exe"))
      who->exe = untrusted(draft->decoder->exe, value);
    break;
  case 's':
    if (is(name, "ses"))
      who->ses = id(value);
    break;
  case 'c':
    if (is(name, "comm"))
      who->comm = untrusted(draft->decoder->comm, value);
    break;
  default:
    break;
  }
}

static void
syscall_field(Draft *draft, const char *name, const char *value)
{
  PnatEvent *event = draft->event;

  switch (name[0]) {
  case 'a':
    if (name[1] >= '0' && name[1] <= '2' && name[2] == '\0') {
      draft->args[name[1] - '0'] = value;
      return;
    }
    if (is(name, "arch")) {
      draft->arch = (guint32)strtoull(value, NULL, 16);
      return;
    }
    break;
  case 's':
    if (is(name, "syscall")) {
      draft->number = (guint)strtoull(value, NULL, 10);
      return;
    }
    if (is(name, "success")) {
      event->result = is(value, "yes") ? PNAT_RESULT_OK : PNAT_RESULT_FAILED;
      return;
    }
    break;
  case 'e':
    if (is(name, "exit")) {
      event->value = strtoll(value, NULL, 10);
      return;
    }
    break;
  default:
    break;
  }
  identity_field(draft, name, value);
}

static void
uringop_field(Draft *draft, const char *name, const char *value)
{
  if (is(name, "uring_op"))
    draft->uring_op = strtoull(value, NULL, 10);
  else if (is(name, "exit"))
    draft->uring_exit = strtoll(value, NULL, 10);
  else
    identity_field(draft, name, value);
}

static void
socketcall_field(Draft *draft, const char *name, const char *value)
{
  if (name[0] == 'a' && name[1] >= '0' && name[1] <= '2' && name[2] == '\0')
    draft->nested[name[1] - '0'] = value;
}

static void
sockaddr_field(Draft *draft, const char *name, const char *value)
{
  if (is(name, "saddr"))
    draft->event->saddr = pnat_address_from_saddr(&draft->event->address, value);
}

static void
proctitle_field(Draft *draft, const char *name, const char *value)
{
  /* The kernel's word for a task without one. */
  if (is(name, "proctitle") && strcmp(value, "\"(null)\"") != 0)
    draft->event->who.cmd = untrusted(draft->decoder->cmd, value);
}

static void
abend_field(Draft *draft, const char *name, const char *value)
{
  if (is(name, "sig"))
    draft->event->signal = (gint)strtoll(value, NULL, 10);
  else
    identity_field(draft, name, value);
}

/* "type=KERNEL ... state=initialized": the first record of a boot with audit=1 on the command line. */
static void
kernel_field(Draft *draft, const char *name, const char *value)
{
  if (is(name, "state") && is(value, "initialized"))
    draft->event->kind = PNAT_EVENT_BOOT;
}

static void
walk_fields(auparse_state_t *au, Draft *draft, FieldFunc func)
{
  if (!auparse_first_field(au))
    return;
  do {
    const char *name = auparse_get_field_name(au);
    const char *value = auparse_get_field_str(au);
    if (name != NULL && value != NULL)
      func(draft, name, value);
  } while (auparse_next_field(au) > 0);
}

static void
read_operation(auparse_state_t *au, Draft *draft)
{
  draft->uring = TRUE;
  draft->uring_op = G_MAXUINT64;
  draft->uring_exit = 0;
  walk_fields(au, draft, uringop_field);
  pnat_operations_note(&draft->operations, draft->uring_op, draft->uring_exit);
}

static void
read_record(auparse_state_t *au, Draft *draft)
{
  switch (auparse_get_type(au)) {
  case AUDIT_SYSCALL:
    draft->syscall = TRUE;
    walk_fields(au, draft, syscall_field);
    break;
  case AUDIT_URINGOP:
    read_operation(au, draft);
    break;
  case AUDIT_SOCKETCALL:
    draft->socketcall = TRUE;
    walk_fields(au, draft, socketcall_field);
    break;
  case AUDIT_SOCKADDR:
    walk_fields(au, draft, sockaddr_field);
    break;
  case AUDIT_PROCTITLE:
    walk_fields(au, draft, proctitle_field);
    break;
  case AUDIT_ANOM_ABEND:
    draft->event->kind = PNAT_EVENT_ABEND;
    walk_fields(au, draft, abend_field);
    break;
  case AUDIT_SYSTEM_BOOT:
    draft->event->kind = PNAT_EVENT_BOOT;
    break;
  case AUDIT_KERNEL:
    walk_fields(au, draft, kernel_field);
    break;
  default:
    break;
  }
}

/* The protocol a new socket speaks, socket(2); 0 when it is not of the internet's families or not plain. */
static guint8
protocol(guint64 family, guint64 type, guint64 proto)
{
  if (family != AF_INET && family != AF_INET6)
    return 0;
  if (proto == IPPROTO_MPTCP) /* TCP on the wire, RFC 8684 */
    return IPPROTO_TCP;
  if (proto != 0)
    return proto <= G_MAXUINT8 ? (guint8)proto : 0;
  switch (type & 0xf) { /* SOCK_NONBLOCK and SOCK_CLOEXEC are above */
  case SOCK_STREAM:
    return IPPROTO_TCP;
  case SOCK_DGRAM:
    return IPPROTO_UDP;
  default:
    return 0;
  }
}

static guint64
argument(const char *value)
{
  return value != NULL ? strtoull(value, NULL, 16) : 0;
}

static void
network(PnatEvent *event, const char *const args[3])
{
  event->kind = PNAT_EVENT_NETWORK;
  event->fd = args[0] != NULL ? (gint)argument(args[0]) : -1;
  if (event->call != PNAT_CALL_SOCKET)
    return;
  event->fd = -1;
  event->proto = protocol(argument(args[0]), argument(args[1]), argument(args[2]));
}

/* io_uring's records, if there are any, say whether io_uring took the operation, not how it went. They hold no descriptor. */
static void
settle_uring(Draft *draft)
{
  PnatEvent *event = draft->event;

  event->call = pnat_operations_call(&draft->operations, event->saddr);
  if (event->call == PNAT_CALL_NONE)
    return;
  event->kind = PNAT_EVENT_NETWORK;
  event->is_own_time = !draft->syscall;
  event->result = PNAT_RESULT_NONE;
  event->value = 0;
  event->fd = -1;
}

/* What the SYSCALL record, with its SOCKETCALL record, meant. */
static void
settle_syscall(Draft *draft)
{
  PnatEvent *event = draft->event;
  const char *const *args = draft->args;

  event->call = pnat_syscall(draft->arch, draft->number);
  if (event->call == PNAT_CALL_SOCKETCALL) {
    event->call = pnat_socketcall(argument(draft->args[0]));
    args = draft->nested;
    if (!draft->socketcall)
      event->call = PNAT_CALL_NONE;
  }
  switch (event->call) {
  case PNAT_CALL_NONE:
  case PNAT_CALL_SOCKETCALL:
    break;
  case PNAT_CALL_URING_ENTER:
    settle_uring(draft);
    break;
  case PNAT_CALL_EXIT:
  case PNAT_CALL_EXIT_GROUP:
    event->kind = PNAT_EVENT_EXIT;
    event->thread_only = event->call == PNAT_CALL_EXIT;
    break;
  default:
    network(event, args);
    break;
  }
}

gboolean
pnat_decoder_read(PnatDecoder *decoder, auparse_state_t *au, PnatEvent *event)
{
  const au_event_t *stamp = auparse_get_timestamp(au);
  if (stamp == NULL || (guint64)stamp->sec > PNAT_TIME_MAX / 1000 || stamp->milli > 999 || auparse_first_record(au) <= 0)
    return FALSE;

  memset(event, 0, sizeof *event);
  event->node = stamp->host;
  event->time = (gint64)stamp->sec * 1000 + stamp->milli;
  event->serial = stamp->serial;
  event->who.pid = event->who.ppid = PNAT_ID_UNSET;
  event->who.uid = event->who.euid = event->who.auid = event->who.ses = PNAT_ID_UNSET;

  Draft draft = { .decoder = decoder, .event = event };
  do {
    read_record(au, &draft);
  } while (auparse_next_record(au) > 0);

  if (event->kind == PNAT_EVENT_NONE && draft.uring)
    settle_uring(&draft);
  else if (event->kind == PNAT_EVENT_NONE && draft.syscall)
    settle_syscall(&draft);
  if (event->kind == PNAT_EVENT_BOOT)
    return TRUE;
  return event->kind != PNAT_EVENT_NONE && event->who.pid != PNAT_ID_UNSET;
}
