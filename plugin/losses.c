/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See losses.h.
 */
#include "losses.h"

#include <string.h>

#include "auditstatus.h"
#include "clock.h"
#include "lib/serials.h"
#include "lib/tally.h"
#include "log.h"

/* ms that a number may be late. */
#define SETTLE 1000

/* ms that the start waits for the kernel to list its rules. It does so at once. */
#define WAIT_FOR_RULES 50

/* ms between questions to the kernel. */
#define ASK_INTERVAL 5000

/* Up to where it was told, for the next run. */
typedef struct {
  guint64 serial;
  gint64 serial_time; /* ms since 1970 */
  guint32 kernel_lost;
  guint8 kernel_known;
  gint64 kernel_time;
} Told;

struct PnatLosses {
  PnatTracker *tracker;
  const PnatNodeNames *names;
  PnatAuditStatus *status; /* (nullable) */
  PnatSerials serials;
  PnatTally tally;
  PnatLost netlink;
  PnatLossCounts counts; /* told */
  char *no_profile;        /* (nullable) what is said instead of one, and why it is not known */
  const char *profile;     /* (nullable) its name; NULL: not known yet */
  gboolean is_settled;     /* need not be looked for again */
  guint32 kernel_lost; /* its counter */
  gboolean kernel_known;
  gint64 kernel_time; /* ms since 1970: when it was read last */
  gint64 asked;       /* ms, monotonic */
  gint64 answered;    /* likewise */
  gint64 advanced;    /* likewise */
  gint64 left_out;    /* likewise: when numbers were found to be left out */
  gboolean waited;    /* for an answer, before that is told */
  guint64 overruns;
  gint64 told; /* ms since 1970 */
  Told position;
};

/* @count: of all that was told */
static void
tell(PnatLosses *losses, PnatLost *what, PnatLossSource source, guint64 *count)
{
  if (what->lost == 0)
    return;
  pnat_tracker_lost(losses->tracker, source, what->lost, what->from, what->to);
  *count += what->lost;
  what->lost = 0;
}

static void
ask(PnatLosses *losses, gint64 now)
{
  if (losses->status == NULL)
    return;
  losses->asked = now;
  pnat_audit_status_request(losses->status, !losses->is_settled);
}

/* The kernel is asked at once how much of it is its doing. */
static void
add_left_out(PnatLosses *losses, const PnatSerialLoss *loss, gint64 now)
{
  gboolean is_first = losses->tally.auditd.lost == 0;

  if (!pnat_tally_left_out(&losses->tally, loss))
    return;
  losses->left_out = now;
  if (is_first)
    ask(losses, now);
}

/* The counter is 32 bits and anyone with CAP_AUDIT_CONTROL may set it back to 0 (auditctl --reset-lost). */
static void
kernel_answered(const PnatAuditState *state, gpointer data)
{
  PnatLosses *losses = data;
  gint64 now = pnat_real_ms();

  if (losses->kernel_known && state->lost > losses->kernel_lost)
    pnat_tally_kernel(&losses->tally, state->lost - losses->kernel_lost, losses->kernel_time, now);
  losses->answered = pnat_monotonic_ms();
  losses->kernel_lost = state->lost;
  losses->kernel_known = TRUE;
  losses->kernel_time = now;
}

/* Rules are loaded when auditd has started, that is after its plugins: where there are none at first they are looked for once more. */
static void
rules_listed(PnatProfile profile, gpointer data)
{
  PnatLosses *losses = data;
  gboolean is_first = losses->profile == NULL;

  losses->profile = pnat_profile_name(profile);
  losses->is_settled = profile != PNAT_PROFILE_NONE || !is_first;
  if (profile == PNAT_PROFILE_NONE && !is_first)
    pnat_log_warning("no audit rule has the key pnat: nothing will be recorded; see RULES in pnat-plugin(8)");
  else if (!is_first)
    pnat_log_notice("rules=%s: they were loaded since", losses->profile);
}

PnatLosses *
pnat_losses_new(PnatTracker *tracker, const PnatNodeNames *names)
{
  g_autoptr(GError) error = NULL;
  PnatLosses *losses = g_new0(PnatLosses, 1);

  losses->tracker = tracker;
  losses->names = names;
  losses->told = pnat_real_ms();
  losses->asked = pnat_monotonic_ms();
  losses->status = pnat_audit_status_new(kernel_answered, rules_listed, losses, &error);
  if (losses->status == NULL)
    pnat_log_warning("%s: events that the kernel loses will not be told", error->message);
  else
    pnat_audit_status_wait(losses->status, WAIT_FOR_RULES);
  losses->no_profile = g_strdup_printf("unknown (%s)", error != NULL ? error->message : "the kernel did not answer yet");
  return losses;
}

void
pnat_losses_free(PnatLosses *losses)
{
  if (losses == NULL)
    return;
  pnat_audit_status_free(losses->status);
  g_free(losses->no_profile);
  g_free(losses);
}

static gboolean
is_here(const PnatLosses *losses, const PnatLine *line)
{
  if (line->type_begin == 0)
    return TRUE;
  g_autofree char *node = g_strndup(line->text + strlen("node="), line->type_begin - strlen("node= "));
  return pnat_node_is_here(losses->names, node);
}

void
pnat_losses_line(const PnatLine *line, gpointer data)
{
  PnatLosses *losses = data;
  PnatSerialLoss loss;

  if (line->is_daemon || line->serial == losses->serials.newest || !is_here(losses, line))
    return;
  if (pnat_serials_seen(&losses->serials, line->serial, line->time, pnat_monotonic_ms(), &loss))
    add_left_out(losses, &loss, pnat_monotonic_ms());
}

void
pnat_losses_codec(PnatLosses *losses, PnatCodec *codec)
{
  Told *told = &losses->position;

  pnat_codec_u64(codec, &told->serial);
  pnat_codec_i64(codec, &told->serial_time);
  pnat_codec_u32(codec, &told->kernel_lost);
  told->kernel_known = pnat_codec_small(codec, told->kernel_known) & 1;
  pnat_codec_i64(codec, &told->kernel_time);
  if (codec->writing || codec->failed)
    return;
  if (told->serial != 0)
    pnat_serials_go_on(&losses->serials, told->serial, told->serial_time);
  losses->kernel_lost = told->kernel_lost;
  losses->kernel_known = told->kernel_known;
  losses->kernel_time = told->kernel_time;
}

void
pnat_losses_start_over(PnatLosses *losses)
{
  losses->serials = (PnatSerials){ 0 };
  losses->position = (Told){ 0 };
  losses->kernel_known = FALSE;
}

guint64
pnat_losses_told(const PnatLosses *losses)
{
  return losses->position.serial;
}

void
pnat_losses_overruns(PnatLosses *losses, guint64 overruns)
{
  if (overruns > losses->overruns)
    pnat_lost_add(&losses->netlink, overruns - losses->overruns, losses->told, pnat_real_ms());
  losses->overruns = overruns;
}

/* Whether it is known what of the numbers left out is the kernel's doing; it is waited for once. */
static gboolean
is_cause_known(PnatLosses *losses, gint64 now)
{
  if (losses->tally.auditd.lost == 0 || losses->status == NULL || losses->answered >= losses->left_out || losses->waited) {
    losses->waited = FALSE;
    return TRUE;
  }
  losses->waited = TRUE;
  if (losses->asked < losses->left_out)
    ask(losses, now);
  return FALSE;
}

void
pnat_losses_advance(PnatLosses *losses, gint64 now)
{
  PnatSerialLoss loss;

  if (now < pnat_losses_next_due(losses))
    return;
  losses->advanced = now;
  if (pnat_serials_age(&losses->serials, now, SETTLE, &loss))
    add_left_out(losses, &loss, now);
  if (!is_cause_known(losses, now))
    return;
  tell(losses, &losses->tally.kernel, PNAT_LOSS_KERNEL, &losses->counts.kernel);
  tell(losses, &losses->tally.auditd, PNAT_LOSS_AUDITD, &losses->counts.auditd);
  tell(losses, &losses->netlink, PNAT_LOSS_NETLINK, &losses->counts.netlink);
  losses->told = pnat_real_ms();
  losses->position = (Told){ losses->serials.settled, pnat_serials_settled_time(&losses->serials), losses->kernel_lost,
                             (guint8)losses->kernel_known, losses->kernel_time };
  if (now - losses->asked >= ASK_INTERVAL)
    ask(losses, now);
}

gint64
pnat_losses_next_due(const PnatLosses *losses)
{
  gboolean something = losses->tally.kernel.lost > 0 || losses->tally.auditd.lost > 0 || losses->netlink.lost > 0 ||
                       losses->serials.settled < losses->serials.newest;
  gint64 due = losses->status != NULL ? losses->asked + ASK_INTERVAL : G_MAXINT64;
  return something ? MIN(due, losses->advanced + SETTLE) : due;
}

const char *
pnat_losses_rules(const PnatLosses *losses)
{
  return losses->profile != NULL ? losses->profile : losses->no_profile;
}

PnatLossCounts
pnat_losses_counts(const PnatLosses *losses)
{
  PnatLossCounts counts = losses->counts;
  counts.has_kernel_counter = losses->kernel_known;
  return counts;
}
