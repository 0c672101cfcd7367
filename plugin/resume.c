/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See resume.h. The position kept with the state is the numbers of the events handled, and the end of our own log.
 */
#include "resume.h"

#include <string.h>

#include "auditlog.h"
#include "clock.h"
#include "lib/error.h"
#include "lib/seen.h"
#include "log.h"
#include "logtail.h"
#include "nodename.h"
#include "sink_file.h"
#include "store.h"
#include "taken.h"

#define BLOCK (256 * 1024)

/* ms between the start and the first snapshot: without one a crash would find nothing to go on from. */
#define FIRST_SAVE 200

/* ms that the plugin that was here before may take to stop; a million flows take it five seconds. */
#define LOCK_TIMEOUT 15000

/* ms by which a snapshot waits for records to be delivered, at most. */
#define WAIT_FOR_SINKS 10000

/* ms by which a moment of one clock, told by another, may be wrong. */
#define CLOCK_GRAIN 100

/* Bytes of records in the state that no output has taken yet: at the end; and now and then, when input waits meanwhile, 50 ms perhaps. */
#define MOST_KEPT (64 * 1024 * 1024)
#define MOST_SAVED (8 * 1024 * 1024)

/* ms that an event's records may take to be written, at most, but for a host that stands still. */
#define UNDER_WAY 2000

struct PnatResume {
  PnatTracker *tracker;
  PnatLosses *losses;
  char *boot_id;
  gint64 boot;           /* ms since 1970: when this boot was */
  gboolean in_last_boot; /* events of the boot before are caught up with */
  char *state_dir;
  gint64 locked_by; /* ms, tracker's clock: when it is given up to wait for state_dir */
  char *log_file;
  gint64 interval; /* ms */
  gboolean replay;
  PnatStore *store;       /* (nullable) */
  PnatWritten *written;   /* (nullable) */
  PnatSeen seen;
  PnatMoment since;       /* nothing before this is to be read again */
  PnatMoment saved;       /* when the state that was restored was */
  PnatAuditLog *stored;   /* (nullable) while catching up */
  PnatFeed *feed;         /* (nullable) likewise */
  GString *unfinished;    /* lines */
  GPtrArray *kept;        /* (nullable) of PnatKept, from the state */
  PnatLogPlace place;     /* where our own log ended when it was marked */
  gint64 due;             /* ms, tracker's clock */
  PnatStatePause pause;
  guint64 replayed;
};

static char *
read_boot_id(void)
{
  char *id = NULL;
  if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL))
    return g_strdup("unknown");
  return g_strchomp(id);
}

PnatResume *
pnat_resume_new(const PnatConfig *config, PnatTracker *tracker, PnatLosses *losses)
{
  PnatResume *resume = g_new0(PnatResume, 1);

  resume->tracker = tracker;
  resume->losses = losses;
  resume->boot = pnat_real_ms() - pnat_uptime_ms();
  resume->boot_id = read_boot_id();
  pnat_resume_set_log(resume, config);
  resume->interval = config->state_interval;
  resume->replay = config->replay;
  resume->since = pnat_moment_now();
  resume->due = G_MAXINT64;
  resume->unfinished = g_string_new(NULL);
  resume->state_dir = g_strdup(config->state_dir);
  resume->locked_by = pnat_monotonic_ms() + LOCK_TIMEOUT;
  return resume;
}

gboolean
pnat_resume_take(PnatResume *resume)
{
  g_autoptr(GError) error = NULL;

  resume->store = pnat_store_new(resume->state_dir, &error);
  if (resume->store == NULL && g_error_matches(error, PNAT_ERROR, PNAT_ERROR_BUSY) && pnat_monotonic_ms() < resume->locked_by)
    return FALSE;
  if (resume->store == NULL)
    pnat_log_error("%s: no state is kept, flows end when the plugin does", error->message);
  else
    resume->due = pnat_monotonic_ms() + FIRST_SAVE;
  return TRUE;
}

void
pnat_resume_set_pause(PnatResume *resume, const PnatStatePause *pause)
{
  resume->pause = *pause;
}

void
pnat_resume_set_log(PnatResume *resume, const PnatConfig *config)
{
  g_free(resume->log_file);
  resume->log_file = (config->output & PNAT_OUTPUT_FILE) != 0 ? g_strdup(config->file) : NULL;
}

/* What is handled from now on happened after the last run. */
static void
stop_replay(PnatResume *resume)
{
  g_clear_pointer(&resume->feed, pnat_feed_free);
  g_clear_pointer(&resume->stored, pnat_audit_log_free);
  pnat_tracker_drop_written(resume->tracker);
  g_clear_pointer(&resume->written, pnat_written_free);
}

void
pnat_resume_free(PnatResume *resume, gint64 deadline)
{
  if (resume == NULL)
    return;
  stop_replay(resume);
  pnat_store_free(resume->store, deadline);
  g_string_free(resume->unfinished, TRUE);
  g_clear_pointer(&resume->kept, g_ptr_array_unref);
  g_free(resume->boot_id);
  g_free(resume->state_dir);
  g_free(resume->log_file);
  g_free(resume);
}

/* Position. */

static void
moment_codec(PnatMoment *moment, PnatCodec *codec)
{
  pnat_codec_i64(codec, &moment->real);
  pnat_codec_i64(codec, &moment->uptime);
}

static GByteArray *
position(PnatResume *resume, GPtrArray *kept)
{
  PnatCodec codec = pnat_codec_writer(65536 + pnat_kept_list_bytes(kept) + (gsize)pnat_kept_list_records(kept) * 24);
  PnatMoment now = pnat_moment_now();

  resume->seen.time = MIN(resume->seen.time, now.real); /* a stamp that is ahead would hide what follows */
  pnat_log_place_codec(&resume->place, &codec);
  moment_codec(&resume->since, &codec);
  moment_codec(&now, &codec);
  pnat_seen_codec(&resume->seen, &codec);
  pnat_losses_codec(resume->losses, &codec);
  pnat_kept_list_codec(kept, &codec);
  return pnat_codec_finish(&codec);
}

static gboolean
take_position(PnatResume *resume, const GByteArray *bytes, PnatLogPlace *place)
{
  PnatCodec codec = pnat_codec_reader(bytes->data, bytes->len);
  pnat_log_place_codec(place, &codec);
  moment_codec(&resume->since, &codec);
  moment_codec(&resume->saved, &codec);
  pnat_seen_codec(&resume->seen, &codec);
  pnat_losses_codec(resume->losses, &codec);
  resume->kept = pnat_kept_list_new();
  if (codec.at < codec.end) /* else it was saved before there was such a list */
    pnat_kept_list_codec(resume->kept, &codec);
  return !codec.failed;
}

/* Saving. */

gboolean
pnat_resume_can_save(const PnatResume *resume)
{
  return resume->store != NULL;
}

gboolean
pnat_resume_will_save(const PnatResume *resume)
{
  g_autoptr(GError) error = NULL;

  if (resume->store == NULL)
    return FALSE;
  if (pnat_store_can_write(resume->store, &error))
    return TRUE;
  pnat_log_error("%s: no state can be written, flows end with the plugin", error->message);
  return FALSE;
}

void
pnat_resume_mark(PnatResume *resume)
{
  resume->place = resume->log_file != NULL ? pnat_log_place(resume->log_file) : (PnatLogPlace){ 0 };
}

gboolean
pnat_resume_save(PnatResume *resume, gint64 now, GPtrArray *kept)
{
  if (resume->store == NULL)
    return FALSE;
  pnat_kept_list_bound(kept, MOST_KEPT);
  g_auto(PnatStateMeta) meta = { .boot_id = g_strdup(resume->boot_id), .host = g_strdup(g_get_host_name()),
                                 .saved = pnat_real_ms(), .position = position(resume, kept) };
  pnat_store_save(resume->store, pnat_state_save(resume->tracker, &meta, now, resume->pause.func != NULL ? &resume->pause : NULL));
  resume->due = now + resume->interval;
  return TRUE;
}

void
pnat_resume_advance(PnatResume *resume, gint64 now, PnatSinks *sinks)
{
  if (now < resume->due || pnat_resume_is_replaying(resume))
    return;
  gsize bytes = pnat_sinks_waiting_bytes(sinks);
  if (bytes > 0 && now < resume->due + WAIT_FOR_SINKS)
    return;
  if (bytes > MOST_SAVED) {
    resume->due = now;
    return;
  }
  pnat_resume_mark(resume);
  g_autoptr(GPtrArray) kept = pnat_sinks_waiting(sinks);
  if (!pnat_resume_save(resume, now, kept))
    resume->due = G_MAXINT64;
}

gint64
pnat_resume_next_due(const PnatResume *resume)
{
  gint64 now = pnat_monotonic_ms();
  if (pnat_resume_is_replaying(resume))
    return G_MAXINT64;
  return resume->due > now ? resume->due : now + 100; /* records are being delivered */
}

/* Restoring. */

static gboolean
restore(PnatResume *resume, GBytes *bytes, PnatStateMeta *meta, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data(bytes, &length);

  return pnat_state_check(data, length, meta, error) && pnat_state_restore(resume->tracker, data, length, pnat_monotonic_ms(), error);
}

/* The log may reach back to earlier boots, with numbers of their own. */
static void
hear_line(const PnatLine *line, gpointer data)
{
  PnatResume *resume = data;
  if ((line->time >= resume->boot) != resume->in_last_boot && line->serial > pnat_losses_told(resume->losses))
    pnat_losses_line(line, resume->losses);
}

/* The clock may have been set meanwhile. Since the boot before nobody knows by how much. */
static void
correct_times(PnatResume *resume)
{
  gint64 saved = resume->in_last_boot ? pnat_real_ms() : pnat_moment_real(&resume->saved);

  if (!resume->in_last_boot)
    resume->since.real = pnat_moment_real(&resume->since) - CLOCK_GRAIN;
  resume->since.real = MIN(resume->since.real, saved);
  resume->seen.time = MIN(resume->seen.time, saved);
}

static void
begin_replay(PnatResume *resume, PnatEventFunc func, gpointer data)
{
  g_autofree char *config = pnat_auditd_config();
  g_autoptr(GError) error = NULL;
  gint64 from = resume->seen.time != 0 ? resume->seen.time : resume->since.real;

  if (resume->replay)
    resume->stored = pnat_audit_log_open(config, from, &error);
  if (resume->stored == NULL) {
    pnat_log_warning("%s: what happened while the plugin was not there is lost", error != NULL ? error->message : "replay = no");
    pnat_tracker_lost(resume->tracker, PNAT_LOSS_AUDITD, 0, from, pnat_real_ms());
    pnat_losses_start_over(resume->losses);
    stop_replay(resume);
    return;
  }
  resume->feed = pnat_feed_new(func, data);
  pnat_feed_set_line_func(resume->feed, hear_line, resume);
}

/* What ran before this boot has ended by it; other hosts' processes have not. The kernel counts events anew. */
static void
end_last_boot(PnatResume *resume)
{
  pnat_log_notice("the host was booted since: what was open ends with it");
  pnat_tracker_booted(resume->tracker, resume->boot);
  memset(&resume->seen, 0, sizeof resume->seen);
  pnat_losses_start_over(resume->losses);
  resume->since = (PnatMoment){ resume->boot, 0 };
  resume->in_last_boot = FALSE;
}

/* What was open when it was written, and what happened since, is not known any more. */
static void
refuse_state(PnatResume *resume, const char *why)
{
  gint64 now = pnat_real_ms(), saved = pnat_store_time(resume->store);

  pnat_store_set_aside(resume->store, why);
  pnat_tracker_clear(resume->tracker);
  pnat_losses_start_over(resume->losses);
  pnat_tracker_lost(resume->tracker, PNAT_LOSS_AUDITD, 0, saved != 0 ? MIN(saved, now) : now, now);
}

/* What is in it needs not be written again, be it that it waited, or that its events come again. */
static void
read_own_log(PnatResume *resume, const PnatLogPlace *place, gint64 saved)
{
  PnatBacklog nothing = { 0 };
  PnatKept *kept = pnat_kept_list_find(resume->kept, pnat_sink_file.name);
  PnatTaken taken = pnat_taken_begin(kept != NULL ? &kept->backlog : &nothing);

  pnat_written_set_line_func(resume->written, pnat_taken_line, &taken);
  pnat_log_read_since(resume->log_file, place, saved, resume->written);
  pnat_written_set_line_func(resume->written, NULL, NULL);
  pnat_taken_settle(&taken);
}

gboolean
pnat_resume_load(PnatResume *resume, PnatEventFunc func, gpointer data)
{
  g_autoptr(GError) error = NULL;
  g_auto(PnatStateMeta) meta = { 0 };
  PnatLogPlace place = { 0 };
  g_autoptr(GBytes) bytes = resume->store != NULL ? pnat_store_load(resume->store, &error) : NULL;

  if (bytes == NULL && error == NULL)
    return FALSE;
  if (bytes == NULL || !restore(resume, bytes, &meta, &error)) {
    refuse_state(resume, error->message);
    return FALSE;
  }
  if (strcmp(meta.host, g_get_host_name()) != 0) {
    pnat_tracker_clear(resume->tracker);
    pnat_store_set_aside(resume->store, "it is another host's");
    return FALSE;
  }
  if (!take_position(resume, meta.position, &place)) {
    g_clear_pointer(&resume->kept, g_ptr_array_unref);
    refuse_state(resume, "it does not hold together");
    return FALSE;
  }
  if (resume->log_file != NULL) {
    resume->written = pnat_written_new();
    read_own_log(resume, &place, meta.saved);
    pnat_tracker_set_written(resume->tracker, resume->written);
  }
  /* What its last seconds left in auditd's log comes first. */
  resume->in_last_boot = strcmp(meta.boot_id, resume->boot_id) != 0;
  correct_times(resume);
  begin_replay(resume, func, data);
  if (resume->in_last_boot && !pnat_resume_is_replaying(resume))
    end_last_boot(resume);
  return TRUE;
}

GPtrArray *
pnat_resume_kept(const PnatResume *resume)
{
  return resume->kept;
}

gboolean
pnat_resume_is_replaying(const PnatResume *resume)
{
  return resume->feed != NULL;
}

gboolean
pnat_resume_step(PnatResume *resume)
{
  if (resume->feed == NULL)
    return FALSE;
  g_autofree char *block = g_malloc(BLOCK);
  gsize length = pnat_audit_log_read(resume->stored, block, BLOCK);
  if (length > 0) {
    pnat_feed_push(resume->feed, block, length, 0);
    return TRUE;
  }
  pnat_feed_take_unfinished(resume->feed, pnat_real_ms() - UNDER_WAY, resume->unfinished);
  if (resume->in_last_boot)
    end_last_boot(resume);
  stop_replay(resume);
  resume->due = pnat_monotonic_ms();
  return FALSE;
}

gboolean
pnat_resume_is_new(PnatResume *resume, const PnatEvent *event)
{
  gboolean replaying = pnat_resume_is_replaying(resume);

  if (!event->here)
    return !replaying; /* other hosts' numbers are not kept */
  /* Handled then, or of an earlier boot, which had its own numbers. */
  if (replaying && event->time < resume->since.real)
    return FALSE;
  if (resume->in_last_boot && event->time >= resume->boot)
    end_last_boot(resume);
  if (!pnat_seen_add(&resume->seen, event->serial, event->time))
    return FALSE;
  resume->replayed += replaying;
  return TRUE;
}

const GString *
pnat_resume_unfinished(const PnatResume *resume)
{
  return resume->unfinished;
}

gboolean
pnat_resume_will_replay(const PnatResume *resume)
{
  if (resume->store == NULL || !resume->replay)
    return FALSE;
  g_autofree char *config = pnat_auditd_config();
  g_autoptr(PnatAuditLog) log = pnat_audit_log_open(config, resume->seen.time, NULL);
  return log != NULL;
}

guint64
pnat_resume_replayed(const PnatResume *resume)
{
  return resume->replayed;
}
