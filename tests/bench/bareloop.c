/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bareloop: what auparse itself costs. It feeds standard input to auparse and looks up, in every event, the fields that
 * pnat needs, as auparse_find_field(3) has it; nothing is filtered before and nothing is kept after.
 * It prints the number of events and a sum over all it saw, lest the compiler leave the look-ups out.
 *
 * With --walk it steps through the fields with auparse_next_field(3) instead of searching for them.
 */
#include <auparse.h>
#include <libaudit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536

typedef struct {
  int walk;
  unsigned long events;
  unsigned long sum;
} Loop;

/* Each in the order of the record, so that a search goes on where the last one ended. */
static const char *const syscall_fields[] = { "arch", "syscall", "success", "exit", "a0",  "a1",   "a2",  "ppid",
                                              "pid",  "auid",    "uid",     "euid", "ses", "comm", "exe", NULL };
static const char *const exit_fields[]
    = { "arch", "syscall", "a0", "a1", "a2", "ppid", "pid", "auid", "uid", "euid", "ses", "comm", "exe", NULL };
static const char *const sockaddr_fields[] = { "saddr", NULL };
static const char *const proctitle_fields[] = { "proctitle", NULL };

static void
take(Loop *loop, const char *value)
{
  if (value != NULL)
    loop->sum += (unsigned char)value[0] + strlen(value);
}

static void
find_fields(Loop *loop, auparse_state_t *au, const char *const *names)
{
  for (; *names != NULL; names++)
    take(loop, auparse_find_field(au, *names));
}

static void
walk_fields(Loop *loop, auparse_state_t *au, const char *const *names)
{
  if (!auparse_first_field(au))
    return;
  do {
    const char *name = auparse_get_field_name(au);
    if (name != NULL && strcmp(name, *names) == 0) {
      take(loop, auparse_get_field_str(au));
      names++;
    }
  } while (*names != NULL && auparse_next_field(au) > 0);
}

static int
is_exit(auparse_state_t *au)
{
  const char *number = auparse_find_field(au, "syscall");
  int is = number != NULL && (strcmp(number, "231") == 0 || strcmp(number, "60") == 0);
  auparse_first_field(au);
  return is;
}

static void
read_record(Loop *loop, auparse_state_t *au)
{
  const char *const *names;
  int type = auparse_get_type(au);

  loop->sum += (unsigned long)type;
  if (type == AUDIT_SYSCALL)
    names = is_exit(au) ? exit_fields : syscall_fields;
  else if (type == AUDIT_SOCKADDR)
    names = sockaddr_fields;
  else if (type == AUDIT_PROCTITLE)
    names = proctitle_fields;
  else
    return;
  if (loop->walk)
    walk_fields(loop, au, names);
  else
    find_fields(loop, au, names);
}

static void
on_event(auparse_state_t *au, auparse_cb_event_t kind, void *data)
{
  Loop *loop = data;
  const au_event_t *stamp = auparse_get_timestamp(au);

  if (kind != AUPARSE_CB_EVENT_READY || stamp == NULL || auparse_first_record(au) <= 0)
    return;
  loop->events++;
  loop->sum += (unsigned long)stamp->sec + stamp->milli + stamp->serial;
  take(loop, stamp->host);
  do
    read_record(loop, au);
  while (auparse_next_record(au) > 0);
}

int
main(int argc, char **argv)
{
  static char block[BLOCK];
  Loop loop = { .walk = argc > 1 && strcmp(argv[1], "--walk") == 0 };
  ssize_t length;

  auparse_state_t *au = auparse_init(AUSOURCE_FEED, NULL);
  if (au == NULL)
    return EXIT_FAILURE;
  auparse_add_callback(au, on_event, &loop, NULL);
  while ((length = read(STDIN_FILENO, block, sizeof block)) > 0)
    auparse_feed(au, block, (size_t)length);
  auparse_flush_feed(au);
  auparse_destroy(au);
  printf("events %lu sum %lu\n", loop.events, loop.sum);
  return length < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
