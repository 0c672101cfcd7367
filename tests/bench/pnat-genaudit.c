/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pnat-genaudit: a deterministic, realistic audit stream on standard output, for benchmarks and tests.
 * Its defaults are a busy host's stream of about 82,000 events, 300,000 lines, 60 MB.
 *
 * With --interleave=DEPTH, DEPTH events are under way at any time and a random one of them writes its next record.
 */
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_SIZE (1 << 20)

typedef struct {
  LifeOptions life;
  guint64 events; /* 0: no limit */
  guint64 size;   /* bytes; 0: no limit */
  guint interleave;
} Options;

/* What GOptionContext fills in: it knows signed numbers only. */
typedef struct {
  gint64 events, seed, start, serial;
  gint processes, long_lived, long_lived_share, connections, transfers, peers, same_peer, ipv6, failed, non_blocking, accept,
      irrelevant, nodes, interleave;
  gdouble rate;
  gboolean log, dispatch, full;
  char *size, *format, *node;
} Arguments;

/* An event under way. */
typedef struct {
  Text text;
  Process *process; /* (nullable) */
  guint next;       /* record to be written */
} Slot;

static const Arguments defaults = {
  .seed = 1,
  .start = 1700000000,
  .rate = 1000,
  .processes = 200,
  .long_lived_share = 20,
  .connections = 3,
  .transfers = 2,
  .peers = 2000,
  .same_peer = 40,
  .ipv6 = 15,
  .failed = 4,
  .non_blocking = 35,
  .accept = 15,
  .irrelevant = 18,
  .nodes = 1,
  .interleave = 1,
};

static gboolean
fail(GError **error, const char *option, const char *allowed)
{
  g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s: %s", option, allowed);
  return FALSE;
}

/* "60M": bytes, or a power of 1024. */
static gboolean
parse_size(const char *text, guint64 *size)
{
  static const char units[] = "KMG";
  char *rest;

  *size = g_ascii_strtoull(text, &rest, 10);
  if (rest == text)
    return FALSE;
  const char *unit = *rest != '\0' ? strchr(units, g_ascii_toupper(*rest)) : NULL;
  if (unit != NULL) {
    *size <<= 10 * (unit - units + 1);
    rest++;
  }
  return *rest == '\0';
}

static gboolean
check_percents(const Arguments *arguments, GError **error)
{
  const struct {
    const char *option;
    gint value;
  } percents[] = {
    { "long-lived-share", arguments->long_lived_share },
    { "same-peer", arguments->same_peer },
    { "ipv6", arguments->ipv6 },
    { "failed", arguments->failed },
    { "non-blocking", arguments->non_blocking },
    { "accept", arguments->accept },
    { "irrelevant", arguments->irrelevant },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(percents); i++)
    if (percents[i].value < 0 || percents[i].value > 100)
      return fail(error, percents[i].option, "0 to 100 percent");
  return TRUE;
}

static gboolean
check_numbers(const Arguments *arguments, GError **error)
{
  const struct {
    const char *option;
    gint64 value, least, most;
  } numbers[] = {
    { "events", arguments->events, 0, G_MAXINT64 },
    { "start", arguments->start, 0, G_MAXINT32 },
    { "serial", arguments->serial, 0, G_MAXUINT32 },
    { "processes", arguments->processes, 0, 2000000 },
    { "long-lived", arguments->long_lived, 0, 2000000 },
    { "connections-per-process", arguments->connections, 0, 10000 },
    { "transfers", arguments->transfers, 0, 10000 },
    { "peers", arguments->peers, 1, 1 << 22 },
    { "nodes", arguments->nodes, 1, 1000000 },
    { "interleave", arguments->interleave, 1, 1000 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
    if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most) {
      g_autofree char *allowed = g_strdup_printf("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, numbers[i].least, numbers[i].most);
      return fail(error, numbers[i].option, allowed);
    }
  if (arguments->processes + arguments->long_lived == 0)
    return fail(error, "processes", "at least one, or --long-lived");
  if (arguments->long_lived > 0 && arguments->connections == 0)
    return fail(error, "connections-per-process", "at least 1 with --long-lived");
  if (!(arguments->rate > 0))
    return fail(error, "rate", "more than 0");
  return TRUE;
}

/* A process makes one call at a time: with fewer processes there is not so much to interleave. */
static gboolean
check_interleave(const Arguments *arguments, GError **error)
{
  gint least = arguments->processes + arguments->long_lived;
  if (arguments->processes > 0)
    least = MIN(least, arguments->processes);
  if (arguments->long_lived > 0)
    least = MIN(least, arguments->long_lived);
  return arguments->interleave <= least || fail(error, "interleave", "not more than there are processes of a kind");
}

static gboolean
settle(Options *options, const Arguments *arguments, GError **error)
{
  gboolean raw = g_strcmp0(arguments->format, "raw") == 0;

  if (!check_percents(arguments, error) || !check_numbers(arguments, error) || !check_interleave(arguments, error))
    return FALSE;
  if (arguments->format != NULL && !raw && strcmp(arguments->format, "enriched") != 0)
    return fail(error, "format", "raw or enriched");
  if (arguments->log && arguments->dispatch)
    return fail(error, "log", "not together with --dispatch");
  *options = (Options){ .events = (guint64)arguments->events, .interleave = (guint)arguments->interleave };
  if (arguments->size != NULL && !parse_size(arguments->size, &options->size))
    return fail(error, "size", "bytes, or a number with K, M or G");
  if (options->events == 0 && options->size == 0)
    options->events = 82000;
  options->life = (LifeOptions){
    .seed = (guint64)arguments->seed,
    .start = arguments->start * 1000,
    .serial = (guint64)arguments->serial,
    .rate = arguments->rate,
    .processes = (guint)arguments->processes,
    .long_lived = (guint)arguments->long_lived,
    .long_lived_share = (guint)arguments->long_lived_share,
    .connections = (guint)arguments->connections,
    .transfers = (guint)arguments->transfers,
    .peers = (guint)arguments->peers,
    .same_peer = (guint)arguments->same_peer,
    .ipv6 = (guint)arguments->ipv6,
    .failed = (guint)arguments->failed,
    .non_blocking = (guint)arguments->non_blocking,
    .accept = (guint)arguments->accept,
    .irrelevant = (guint)arguments->irrelevant,
    .full = arguments->full,
    .enriched = !raw,
    .dispatched = !arguments->log,
    .nodes = (guint)arguments->nodes,
    .node = g_strdup(arguments->node == NULL && arguments->nodes > 1 ? "web" : arguments->node),
  };
  return TRUE;
}

static gboolean
parse(Options *options, int *argc, char ***argv, GError **error)
{
  Arguments a = defaults;
  const GOptionEntry entries[] = {
    { "events", 0, 0, G_OPTION_ARG_INT64, &a.events, "Stop after so many events (82000)", "N" },
    { "size", 0, 0, G_OPTION_ARG_STRING, &a.size, "Stop after so many bytes; K, M, G", "BYTES" },
    { "processes", 0, 0, G_OPTION_ARG_INT, &a.processes, "Processes alive at a time (200)", "N" },
    { "long-lived", 0, 0, G_OPTION_ARG_INT, &a.long_lived,
      "Besides those, processes that open all their connections first, and never exit (0)", "N" },
    { "long-lived-share", 0, 0, G_OPTION_ARG_INT, &a.long_lived_share,
      "Share of the later events that is theirs (20; all without --processes)", "PERCENT" },
    { "connections-per-process", 0, 0, G_OPTION_ARG_INT, &a.connections,
      "Connections of a process: on average, of a long-lived one exactly (3)", "N" },
    { "transfers", 0, 0, G_OPTION_ARG_INT, &a.transfers, "sendto and recvfrom of a connection that has them, on average (2)",
      "N" },
    { "full", 0, 0, G_OPTION_ARG_NONE, &a.full, "As 71-pnat-full.rules: transfers on connected sockets, too", NULL },
    { "peers", 0, 0, G_OPTION_ARG_INT, &a.peers, "Distinct remote peers (2000)", "N" },
    { "same-peer", 0, 0, G_OPTION_ARG_INT, &a.same_peer, "Share of connections with the peer of the one before (40)", "PERCENT" },
    { "ipv6", 0, 0, G_OPTION_ARG_INT, &a.ipv6, "Share of peers (15)", "PERCENT" },
    { "failed", 0, 0, G_OPTION_ARG_INT, &a.failed, "Share of connects refused (4)", "PERCENT" },
    { "non-blocking", 0, 0, G_OPTION_ARG_INT, &a.non_blocking, "Share of connects that return EINPROGRESS (35)", "PERCENT" },
    { "accept", 0, 0, G_OPTION_ARG_INT, &a.accept, "Share of connections that are inbound (15)", "PERCENT" },
    { "irrelevant", 0, 0, G_OPTION_ARG_INT, &a.irrelevant, "Share of events that are no business of pnat's (18)", "PERCENT" },
    { "format", 0, 0, G_OPTION_ARG_STRING, &a.format, "raw or enriched (enriched)", "FORMAT" },
    { "dispatch", 0, 0, G_OPTION_ARG_NONE, &a.dispatch, "As plugins get it, with end-of-event records (default)", NULL },
    { "log", 0, 0, G_OPTION_ARG_NONE, &a.log, "As audit.log has it, without them", NULL },
    { "node", 0, 0, G_OPTION_ARG_STRING, &a.node, "Write node=NAME; with --nodes, the stem of their names (web)", "NAME" },
    { "nodes", 0, 0, G_OPTION_ARG_INT, &a.nodes, "Hosts (1)", "N" },
    { "interleave", 0, 0, G_OPTION_ARG_INT, &a.interleave, "Events under way at a time (1)", "DEPTH" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &a.seed, "Another seed, another stream (1)", "N" },
    { "start", 0, 0, G_OPTION_ARG_INT64, &a.start, "Time of the first event, seconds since 1970 (1700000000)", "EPOCH" },
    { "serial", 0, 0, G_OPTION_ARG_INT64, &a.serial, "Number of the first event (drawn)", "N" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &a.rate, "Events per second of event time (1000)", "N" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr(GOptionContext) context = g_option_context_new("- write an audit stream");
  g_option_context_add_main_entries(context, entries, NULL);
  gboolean ok = g_option_context_parse(context, argc, argv, error) && settle(options, &a, error);
  g_free(a.size);
  g_free(a.format);
  g_free(a.node);
  return ok;
}

static void
emit(Slot *slot, guint64 *bytes)
{
  gsize from = slot->next > 0 ? slot->text.ends[slot->next - 1] : 0;
  gsize to = slot->text.ends[slot->next++];
  fwrite_unlocked(slot->text.bytes + from, 1, to - from, stdout);
  *bytes += to - from;
}

static gboolean
is_written(const Slot *slot)
{
  return slot->next == slot->text.n_records;
}

/* Whose turn it is. */
static guint
turn(guint64 *state, guint n)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (guint)((*state >> 33) % n);
}

static void
generate(const Options *options, Life *life)
{
  guint n = options->interleave;
  g_autofree Slot *slots = g_new0(Slot, n);
  guint64 events = 0, bytes = 0, state = options->life.seed;

  while (n > 0 && !ferror(stdout)) {
    Slot *slot = &slots[n > 1 ? turn(&state, n) : 0];
    if (is_written(slot)) {
      life_done(slot->process);
      if ((options->events > 0 && events >= options->events) || (options->size > 0 && bytes >= options->size)) {
        *slot = slots[--n];
        continue;
      }
      slot->process = life_next(life, &slot->text);
      slot->next = 0;
      events++;
    }
    do
      emit(slot, &bytes);
    while (n == 1 && !is_written(slot));
  }
}

int
main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  Options options;

  if (!parse(&options, &argc, &argv, &error)) {
    g_printerr("%s: %s\n", g_get_prgname(), error->message);
    return 64;
  }
  setvbuf(stdout, NULL, _IOFBF, OUTPUT_SIZE);
  Life *life = life_new(&options.life);
  generate(&options, life);
  life_free(life);
  g_free(options.life.node);
  return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
