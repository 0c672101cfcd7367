/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See assembler.h. Few events are under way at a time: a list, looked through from its newest, serves.
 */
#include "assembler.h"

#include <string.h>

/* Lines after which an event of a stored log is taken as complete, where no clock tells: far more than lie within one event. */
#define MAX_DISTANCE 2048

/* What stands for a process where an event is of none, or of all of its node. */
#define NOT_ASKED 0
#define NOBODY G_MAXUINT64
#define EVERYBODY (G_MAXUINT64 - 1)

typedef struct {
  guint64 id;
  GString *lines;
  guint n_records;
  guint n_operations; /* of them */
  gint64 begun;      /* ms */
  gint64 heard;      /* ms, event time: the newest of any when its newest line came */
  guint64 begun_line; /* number of its first line */
  gsize head; /* bytes of its first line before "type=" */
  gsize id_begin;
  gsize id_end;
  guint64 process; /* see process_of() */
  gboolean lone;     /* it has one record */
  gboolean complete; /* and waits for older ones */
} Event;

struct PnatAssembler {
  PnatAssembledFunc func;
  gpointer data;
  Event *events[PNAT_ASSEMBLER_EVENTS]; /* oldest first */
  guint n_events;
  guint n_complete; /* of them, those that wait for older ones */
  GPtrArray *spare; /* of Event: their buffers are used again */
  guint64 n_lines;
  gint64 newest;      /* ms, event time: of any line */
  gboolean has_lasts; /* there are records that end events: without PROCTITLE, auditd's log has none */
};

static void
event_free(gpointer data)
{
  Event *event = data;
  g_string_free(event->lines, TRUE);
  g_free(event);
}

PnatAssembler *
pnat_assembler_new(PnatAssembledFunc func, gpointer data)
{
  PnatAssembler *assembler = g_new0(PnatAssembler, 1);
  assembler->func = func;
  assembler->data = data;
  assembler->spare = g_ptr_array_new_with_free_func(event_free);
  return assembler;
}

void
pnat_assembler_free(PnatAssembler *assembler)
{
  if (assembler == NULL)
    return;
  for (guint i = 0; i < assembler->n_events; i++)
    event_free(assembler->events[i]);
  g_ptr_array_unref(assembler->spare);
  g_free(assembler);
}

static gint
find(const PnatAssembler *assembler, guint64 id)
{
  for (gint i = (gint)assembler->n_events - 1; i >= 0; i--)
    if (assembler->events[i]->id == id)
      return i;
  return -1;
}

static Event *
event_new(PnatAssembler *assembler, const PnatLine *line, gint64 now)
{
  Event *event;
  if (assembler->spare->len > 0) {
    event = g_ptr_array_steal_index_fast(assembler->spare, assembler->spare->len - 1);
  } else {
    event = g_new0(Event, 1);
    event->lines = g_string_sized_new(1024);
  }
  event->id = line->id;
  event->n_records = 0;
  event->n_operations = 0;
  event->process = NOT_ASKED;
  event->lone = event->complete = FALSE;
  event->begun = now;
  event->begun_line = assembler->n_lines;
  event->head = line->type_begin;
  event->id_begin = line->id_begin;
  event->id_end = line->id_end;
  return event;
}

/* Where a stored log and live input meet, a record may come both ways. */
static gboolean
has_line(const Event *event, const PnatLine *line)
{
  const char *at = event->lines->str, *end = at + event->lines->len, *newline;

  for (; (newline = memchr(at, '\n', (gsize)(end - at))) != NULL; at = newline + 1)
    if ((gsize)(newline - at) == line->length && memcmp(at, line->text, line->length) == 0)
      return TRUE;
  return FALSE;
}

/* @returns whether the event has it now */
static gboolean
add_line(Event *event, const PnatLine *line)
{
  if (has_line(event, line))
    return TRUE;
  gsize length = event->lines->len + line->length;
  if (event->n_records == PNAT_ASSEMBLER_RECORDS || (event->n_records > 0 && length > PNAT_ASSEMBLER_BYTES) ||
      (line->is_operation && event->n_operations == PNAT_ASSEMBLER_OPERATIONS))
    return FALSE;
  event->n_records++;
  event->n_operations += line->is_operation;
  g_string_append_len(event->lines, line->text, (gssize)line->length);
  g_string_append_c(event->lines, '\n');
  return TRUE;
}

/* "[node=NAME ]type=EOE msg=audit(ID): ", made of the first line's parts. */
static void
add_end_of_event(Event *event)
{
  GString *lines = event->lines;
  gsize length = event->id_end - event->id_begin;

  /* Room first: what is appended lies in the same buffer. */
  g_string_set_size(lines, lines->len + event->head + length + 32);
  g_string_set_size(lines, lines->len - event->head - length - 32);
  g_string_append_len(lines, lines->str, (gssize)event->head);
  g_string_append(lines, "type=EOE ");
  g_string_append_len(lines, lines->str + event->id_begin, (gssize)length);
  g_string_append(lines, ": \n");
}

static Event *
take_out(PnatAssembler *assembler, guint at)
{
  Event *event = assembler->events[at];
  for (guint i = at + 1; i < assembler->n_events; i++)
    assembler->events[i - 1] = assembler->events[i];
  assembler->n_events--;
  return event;
}

/*
 * The order of a process's events. An exit needs no other record; in a stored log, which may have none that come last (audit.log holds no
 * EOE, and rules may exclude PROCTITLE), what the process did before could wait for hundreds of events more. So an event of one record
 * waits for older ones of its process, and others for it. A boot is everybody's.
 */

/* Its first record's pid=, and one more; strings that hold a blank are in hex. */
static guint64
process_of(Event *event)
{
  const char *line = event->lines->str + event->head;

  if (event->process != NOT_ASKED)
    return event->process;
  event->process = NOBODY;
  if (g_str_has_prefix(line, "type=SYSTEM_BOOT ") || g_str_has_prefix(line, "type=KERNEL ")) {
    event->process = EVERYBODY;
  } else {
    gsize length = (gsize)(strchrnul(line, '\n') - line);
    const char *pid = memmem(line, length, " pid=", 5);
    if (pid != NULL && g_ascii_isdigit(pid[5]))
      event->process = (guint32)g_ascii_strtoull(pid + 5, NULL, 10) + G_GUINT64_CONSTANT(1);
  }
  return event->process;
}

static gboolean
concerns(Event *one, Event *other)
{
  guint64 a = process_of(one), b = process_of(other);

  if (a == NOBODY || b == NOBODY || (a != b && a != EVERYBODY && b != EVERYBODY))
    return FALSE;
  return one->head == other->head && memcmp(one->lines->str, other->lines->str, one->head) == 0;
}

/* Whether one of the @n oldest must be handed on before @event. Most likely it is the newest of them. */
static gboolean
must_wait(const PnatAssembler *assembler, guint n, Event *event)
{
  for (guint i = n; i-- > 0;)
    if ((event->lone || assembler->events[i]->complete) && concerns(assembler->events[i], event))
      return TRUE;
  return FALSE;
}

/* Hands on @event, and what waited for it alone. */
static void
hand_on(PnatAssembler *assembler, Event *event)
{
  assembler->func(event->lines, assembler->data);
  for (guint i = 0; assembler->n_complete > 0 && i < assembler->n_events;) {
    Event *next = assembler->events[i];
    if (!next->complete || !concerns(event, next) || must_wait(assembler, i, next)) {
      i++;
      continue;
    }
    assembler->n_complete--;
    hand_on(assembler, take_out(assembler, i));
  }
  g_string_truncate(event->lines, 0);
  g_ptr_array_add(assembler->spare, event);
}

/* Its last record did not come. */
static void
give_up(PnatAssembler *assembler, guint at)
{
  Event *event = take_out(assembler, at);
  add_end_of_event(event);
  hand_on(assembler, event);
}

static void
make_room(PnatAssembler *assembler)
{
  if (assembler->n_events == PNAT_ASSEMBLER_EVENTS)
    give_up(assembler, 0);
}

static Event *
open_event(PnatAssembler *assembler, const PnatLine *line, gint64 now)
{
  make_room(assembler);
  Event *event = event_new(assembler, line, now);
  assembler->events[assembler->n_events++] = event;
  return event;
}

static void
add_lone(PnatAssembler *assembler, const PnatLine *line, gint64 now)
{
  Event *event = event_new(assembler, line, now);
  event->lone = TRUE;
  add_line(event, line);
  add_end_of_event(event);
  if (now == 0)
    make_room(assembler);
  if (now != 0 || !must_wait(assembler, assembler->n_events, event)) {
    hand_on(assembler, event);
    return;
  }
  event->complete = TRUE;
  assembler->n_complete++;
  assembler->events[assembler->n_events++] = event;
}

static void
add_last(PnatAssembler *assembler, guint at, const PnatLine *line)
{
  Event *event = assembler->events[at];
  if (event->complete)
    return; /* an exit's title */
  if (!add_line(event, line))
    add_end_of_event(event);
  if (assembler->n_complete == 0 || !must_wait(assembler, at, event)) {
    hand_on(assembler, take_out(assembler, at));
    return;
  }
  event->complete = TRUE;
  assembler->n_complete++;
}

void
pnat_assembler_add(PnatAssembler *assembler, const PnatLine *line, PnatVerdict verdict, gint64 now)
{
  assembler->n_lines++;
  while (assembler->n_events > 0 && assembler->n_lines - assembler->events[0]->begun_line > MAX_DISTANCE)
    give_up(assembler, 0);
  assembler->newest = MAX(assembler->newest, line->time);
  if (verdict == PNAT_LINE_KEEP_LONE) {
    add_lone(assembler, line, now);
    return;
  }

  gint at = find(assembler, line->id);
  if (verdict == PNAT_LINE_KEEP_LAST) {
    assembler->has_lasts = TRUE;
    if (at >= 0) /* else EOE after PROCTITLE, or a title without the record it belongs to */
      add_last(assembler, (guint)at, line);
    return;
  }
  Event *event = at >= 0 ? assembler->events[at] : open_event(assembler, line, now);
  if (event->complete)
    return;
  event->heard = assembler->newest;
  add_line(event, line);
}

void
pnat_assembler_age(PnatAssembler *assembler, gint64 now, gint64 timeout)
{
  while (assembler->n_events > 0 && now - assembler->events[0]->begun >= timeout)
    give_up(assembler, 0);
}

void
pnat_assembler_take(PnatAssembler *assembler, gint64 since, GString *lines)
{
  while (assembler->n_events > 0) {
    if (!assembler->events[0]->complete && (!assembler->has_lasts || assembler->events[0]->heard < since)) {
      give_up(assembler, 0);
      continue;
    }
    Event *event = take_out(assembler, 0);
    if (event->complete) { /* it waited for one that was taken out */
      assembler->n_complete--;
      hand_on(assembler, event);
      continue;
    }
    g_string_append_len(lines, event->lines->str, (gssize)event->lines->len);
    g_string_truncate(event->lines, 0);
    g_ptr_array_add(assembler->spare, event);
  }
}

guint
pnat_assembler_size(const PnatAssembler *assembler)
{
  return assembler->n_events;
}
