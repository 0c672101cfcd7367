/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which sinks there are, and how each is made of the configuration.
 */
#include "sinks.h"

#include "log.h"
#include "sink_file.h"
#include "sink_journal.h"
#include "sink_syslog.h"
#include "syslog_socket.h"

/* How long sinks that are no longer wanted may take to write what waits, ms. */
#define RECONFIGURE_TIMEOUT 200

typedef struct {
  PnatOutputs output;
  const PnatSinkKind *kind;
  /* @returns (transfer full) (nullable) what pnat_sink_new() takes; NULL and @error */
  gpointer (*open)(const PnatConfig *config, GError **error);
  /* The options open() looks at, as one string. @returns (transfer full) */
  char *(*options)(const PnatConfig *config);
  /* Those on which the bytes of a record depend. @returns (transfer full) */
  char *(*form)(const PnatConfig *config);
} Maker;

typedef struct {
  const Maker *maker;
  char *options;
  char *form;
  gpointer self;  /* as long as there is no sink */
  PnatSink *sink; /* (nullable) */
} Entry;

struct PnatSinks {
  char *host;
  GPtrArray *entries; /* of Entry, each with its sink */
};

static gpointer
open_file(const PnatConfig *config, GError **error)
{
  const PnatSinkFileOptions options = { config->file, config->log_group, pnat_format_find(config->format) };

  return pnat_sink_file_new(&options, error);
}

static char *
file_options(const PnatConfig *config)
{
  return g_strdup_printf("%u\n%s\n%s\n%s", config->max_queue, config->file, config->log_group, config->format);
}

static char *
file_form(const PnatConfig *config)
{
  return g_strdup(config->format);
}

static gpointer
open_syslog(const PnatConfig *config, GError **error)
{
  return pnat_sink_syslog_new(PNAT_SYSLOG_PATH, config->syslog_facility, pnat_format_find(config->format));
}

static char *
syslog_options(const PnatConfig *config)
{
  return g_strdup_printf("%u\n%d\n%s", config->max_queue, config->syslog_facility, config->format);
}

static char *
syslog_form(const PnatConfig *config)
{
  return g_strdup_printf("%d %s", config->syslog_facility, config->format);
}

static gpointer
open_journal(const PnatConfig *config, GError **error)
{
  return pnat_sink_journal_new(config->syslog_facility);
}

static char *
journal_options(const PnatConfig *config)
{
  return g_strdup_printf("%u\n%d", config->max_queue, config->syslog_facility);
}

static char *
journal_form(const PnatConfig *config)
{
  return g_strdup_printf("%d", config->syslog_facility);
}

static const Maker makers[] = {
  { PNAT_OUTPUT_FILE, &pnat_sink_file, open_file, file_options, file_form },
  { PNAT_OUTPUT_SYSLOG, &pnat_sink_syslog, open_syslog, syslog_options, syslog_form },
  { PNAT_OUTPUT_JOURNAL, &pnat_sink_journal, open_journal, journal_options, journal_form },
};

static void
entry_free(gpointer data)
{
  Entry *entry = data;

  if (entry->self != NULL)
    entry->maker->kind->free(entry->self);
  g_free(entry->options);
  g_free(entry->form);
  g_free(entry);
}

static PnatOutputs
effective_outputs(PnatOutputs outputs)
{
  if ((outputs & PNAT_OUTPUT_JOURNAL) == 0 || pnat_syslog_socket_is_served(PNAT_JOURNAL_PATH))
    return outputs;
  pnat_log_info("journal: nobody listens on %s; records go to syslog instead", PNAT_JOURNAL_PATH);
  return (outputs & ~PNAT_OUTPUT_JOURNAL) | PNAT_OUTPUT_SYSLOG;
}

/* @returns (transfer none) (nullable) the sink of the same kind and options */
static PnatSink *
find_alike(const GPtrArray *entries, const Maker *maker, const char *options)
{
  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = entries->pdata[i];

    if (entry->maker == maker && g_str_equal(entry->options, options))
      return entry->sink;
  }
  return NULL;
}

static gboolean
has_sink(const GPtrArray *entries, const PnatSink *sink)
{
  for (guint i = 0; i < entries->len; i++)
    if (((const Entry *)entries->pdata[i])->sink == sink)
      return TRUE;
  return FALSE;
}

/* What @config wants: with a present sink where one is alike, else opened and without one. @returns (transfer full) (nullable) */
static GPtrArray *
open_entries(const PnatConfig *config, const GPtrArray *present, GError **error)
{
  PnatOutputs outputs = effective_outputs(config->output);
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);

  for (const Maker *maker = makers; maker < makers + G_N_ELEMENTS(makers); maker++) {
    Entry *entry;

    if ((outputs & maker->output) == 0)
      continue;
    entry = g_new0(Entry, 1);
    entry->maker = maker;
    entry->options = maker->options(config);
    entry->form = maker->form(config);
    entry->sink = find_alike(present, maker, entry->options);
    g_ptr_array_add(entries, entry);
    if (entry->sink == NULL && (entry->self = maker->open(config, error)) == NULL)
      return NULL;
  }
  return g_steal_pointer(&entries);
}

/* Has the sinks of @entries that are not in @kept be done by @deadline. */
static void
stop_others_begin(const GPtrArray *entries, const GPtrArray *kept, gint64 deadline)
{
  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = entries->pdata[i];

    if (!has_sink(kept, entry->sink))
      pnat_sink_stop_begin(entry->sink, deadline);
  }
}

/* @left: (nullable) list to which what is left is added. @returns how many records are left */
static guint
stop_others(const GPtrArray *entries, const GPtrArray *kept, gint64 deadline, GPtrArray *left)
{
  guint records = 0;

  for (guint i = 0; i < entries->len; i++) {
    Entry *entry = entries->pdata[i];
    g_auto(PnatBacklog) backlog = { 0 };

    if (entry->sink == NULL || has_sink(kept, entry->sink))
      continue;
    records += pnat_sink_stop(entry->sink, deadline, &backlog);
    if (backlog.items.length > 0)
      pnat_log_warning("%s: stopped with %u records still waiting%s", entry->maker->kind->name, backlog.items.length,
                       left != NULL ? "" : "; they are lost");
    if (left != NULL)
      pnat_kept_list_add(left, entry->maker->kind->name, entry->form, &backlog);
  }
  return records;
}

/* @returns (transfer none) (nullable) the entry of the same kind, whose sink is to go */
static Entry *
find_predecessor(const GPtrArray *entries, const GPtrArray *kept, const Maker *maker)
{
  for (guint i = 0; i < entries->len; i++) {
    Entry *entry = entries->pdata[i];

    if (entry->maker == maker && entry->sink != NULL && !has_sink(kept, entry->sink))
      return entry;
  }
  return NULL;
}

/* The same output with other options: what waits for it waits for it still. */
static void
succeed(Entry *entry, Entry *before, gint64 deadline)
{
  gboolean is_alike = g_str_equal(entry->form, before->form);
  guint gone = pnat_sink_succeed(entry->sink, g_steal_pointer(&before->sink), deadline, is_alike);

  if (gone > 0)
    pnat_log_warning("%s: %u records that were still waiting are dropped, since its options have changed", entry->maker->kind->name, gone);
}

/* @returns (transfer none) (nullable) */
static const Entry *
find_output(const GPtrArray *entries, const char *output)
{
  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = entries->pdata[i];

    if (g_str_equal(entry->maker->kind->name, output))
      return entry;
  }
  return NULL;
}

static void
miss_all(PnatBacklog *backlog)
{
  while (backlog->items.length > 0)
    pnat_backlog_drop(backlog);
}

static void
put_back(PnatSinks *sinks, PnatKept *kept)
{
  const Entry *entry = find_output(sinks->entries, kept->output);
  guint records = kept->backlog.items.length;
  gboolean is_alike = entry != NULL && g_str_equal(entry->form, kept->form);

  if (!is_alike)
    miss_all(&kept->backlog);
  if (records > 0 && is_alike)
    pnat_log_notice("%s: %u records that were still waiting go on waiting", kept->output, records);
  else if (records > 0)
    pnat_log_warning("%s: %u records that were still waiting are dropped, since %s", kept->output, records,
                     entry != NULL ? "its options have changed" : "it is no longer an output");
  if (is_alike) {
    pnat_sink_put_back(entry->sink, &kept->backlog);
    return;
  }
  for (guint i = 0; i < sinks->entries->len; i++) {
    const Entry *other = sinks->entries->pdata[i];

    if (entry == NULL || other == entry)
      pnat_sink_miss(other->sink, &kept->backlog.missing);
  }
}

void
pnat_sinks_put_back(PnatSinks *sinks, GPtrArray *kept)
{
  for (guint i = 0; i < kept->len; i++)
    put_back(sinks, kept->pdata[i]);
}

gsize
pnat_sinks_waiting_bytes(const PnatSinks *sinks)
{
  gsize bytes = 0;

  for (guint i = 0; i < sinks->entries->len; i++)
    bytes += pnat_sink_counts(((const Entry *)sinks->entries->pdata[i])->sink).bytes;
  return bytes;
}

GPtrArray *
pnat_sinks_waiting(PnatSinks *sinks)
{
  GPtrArray *list = pnat_kept_list_new();

  for (guint i = 0; i < sinks->entries->len; i++) {
    const Entry *entry = sinks->entries->pdata[i];
    g_auto(PnatBacklog) backlog = pnat_sink_waiting(entry->sink);

    pnat_kept_list_add(list, entry->maker->kind->name, entry->form, &backlog);
  }
  return list;
}

gboolean
pnat_sinks_reconfigure(PnatSinks *sinks, const PnatConfig *config, GError **error)
{
  GPtrArray *entries = open_entries(config, sinks->entries, error);
  gint64 deadline = g_get_monotonic_time() + RECONFIGURE_TIMEOUT * G_TIME_SPAN_MILLISECOND;
  g_autoptr(GPtrArray) left = pnat_kept_list_new();

  if (entries == NULL)
    return FALSE;
  stop_others_begin(sinks->entries, entries, deadline);
  for (guint i = 0; i < entries->len; i++) {
    Entry *entry = entries->pdata[i];
    Entry *before = entry->sink == NULL ? find_predecessor(sinks->entries, entries, entry->maker) : NULL;

    if (entry->sink != NULL) {
      pnat_sink_reopen(entry->sink);
      continue;
    }
    entry->sink = pnat_sink_new(entry->maker->kind, g_steal_pointer(&entry->self), config->max_queue, sinks->host);
    if (before != NULL)
      succeed(entry, before, deadline);
  }
  stop_others(sinks->entries, entries, deadline, left);
  g_ptr_array_unref(sinks->entries);
  sinks->entries = entries;
  pnat_sinks_put_back(sinks, left);
  return TRUE;
}

static void
sinks_free(PnatSinks *sinks)
{
  g_ptr_array_unref(sinks->entries);
  g_free(sinks->host);
  g_free(sinks);
}

PnatSinks *
pnat_sinks_open(const PnatConfig *config, const char *host, GError **error)
{
  PnatSinks *sinks = g_new0(PnatSinks, 1);

  sinks->host = g_strdup(host);
  sinks->entries = g_ptr_array_new_with_free_func(entry_free);
  if (pnat_sinks_reconfigure(sinks, config, error))
    return sinks;
  sinks_free(sinks);
  return NULL;
}

void
pnat_sinks_push(const PnatRecord *record, gpointer data)
{
  PnatSinks *sinks = data;

  for (guint i = 0; i < sinks->entries->len; i++)
    pnat_sink_push(((Entry *)sinks->entries->pdata[i])->sink, record);
}

void
pnat_sinks_reopen(PnatSinks *sinks)
{
  for (guint i = 0; i < sinks->entries->len; i++)
    pnat_sink_reopen(((Entry *)sinks->entries->pdata[i])->sink);
}

guint
pnat_sinks_close(PnatSinks *sinks, gint64 timeout, GPtrArray *left)
{
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  guint records;

  if (sinks == NULL)
    return 0;
  gint64 deadline = g_get_monotonic_time() + timeout * G_TIME_SPAN_MILLISECOND;
  stop_others_begin(sinks->entries, none, deadline);
  records = stop_others(sinks->entries, none, deadline, left);
  sinks_free(sinks);
  return records;
}

void
pnat_sinks_foreach(PnatSinks *sinks, PnatSinkFunc func, gpointer data)
{
  for (guint i = 0; i < sinks->entries->len; i++)
    func(((Entry *)sinks->entries->pdata[i])->sink, data);
}
