/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See selfreport.h.
 */
#include "selfreport.h"

#include <string.h>

/* " KEY=yes", or " KEY=no (WHY)". @why: (nullable) */
static void
append_switch(GString *line, const char *key, gboolean on, const char *why)
{
  g_string_append_printf(line, " %s=%s", key, on ? "yes" : "no");
  if (!on && why != NULL)
    g_string_append_printf(line, " (%s)", why);
}

static void
append_local(GString *line, const PnatLocalCounts *local)
{
  append_switch(line, "local_tracking", local != NULL, "configured");
  if (local == NULL)
    return;
  append_switch(line, "pidfd", local->has_pidfd, local->no_liveness != NULL ? local->no_liveness : "the kernel is older than 5.3");
  append_switch(line, "sock_diag", local->has_sockets, local->no_sockets);
}

/* audit=1 on the kernel's command line, kernel/audit.c audit_enable(): what was started before has no audit context else. */
static gboolean
is_audited_from_boot(const char *cmdline)
{
  g_auto(GStrv) words = g_strsplit_set(cmdline, " \n", -1);
  return g_strv_contains((const char *const *)words, "audit=1") || g_strv_contains((const char *const *)words, "audit=on");
}

static void
append_output(PnatSink *sink, gpointer data)
{
  GString *line = data;
  g_string_append_printf(line, "%s%s", g_str_has_suffix(line->str, "=") ? "" : ",", pnat_sink_name(sink));
}

char *
pnat_self_start_line(const PnatConfig *config, PnatSinks *sinks, const PnatSelf *self)
{
  GString *line = g_string_new(PACKAGE_STRING " started:");

  g_string_append_printf(line, " rules=%s outputs=", self->rules);
  pnat_sinks_foreach(sinks, append_output, line);
  append_switch(line, "state", self->no_state == NULL, self->no_state);
  append_switch(line, "replay", self->no_state == NULL && config->replay, self->no_state != NULL ? "without state" : "configured");
  append_local(line, self->local);
  g_string_append_printf(line, "; %s", self->privileges);
  if (self->cmdline != NULL && !is_audited_from_boot(self->cmdline))
    g_string_append(line, "; the kernel was booted without audit=1: processes that were started before auditing was first enabled "
                          "leave no events");
  return g_string_free(line, FALSE);
}

static void
append_sink(PnatSink *sink, gpointer data)
{
  PnatSinkCounts counts = pnat_sink_counts(sink);
  g_string_append_printf(data, "\n%s: written=%" G_GUINT64_FORMAT " waiting=%u dropped=%" G_GUINT64_FORMAT, pnat_sink_name(sink),
                         counts.written, counts.waiting, counts.dropped);
}

char *
pnat_self_report(const PnatSelfCounts *counts, PnatSinks *sinks)
{
  GString *text = g_string_new(NULL);
  const PnatFeedCounts *feed = &counts->feed;
  const PnatTrackerCounts *tracker = &counts->tracker;

  g_string_append_printf(text, "lines=%" G_GUINT64_FORMAT " ignored=%" G_GUINT64_FORMAT " malformed=%" G_GUINT64_FORMAT
                         " events=%" G_GUINT64_FORMAT " replayed=%" G_GUINT64_FORMAT,
                         feed->lines, feed->ignored, feed->malformed, feed->events, counts->replayed);
  g_string_append_printf(text, " flows=%u processes=%u nodes=%u watched=%u evicted=%" G_GUINT64_FORMAT " unattributed=%" G_GUINT64_FORMAT,
                         tracker->flows, tracker->processes, tracker->nodes, counts->local.watched, tracker->evicted, tracker->unattributed);
  g_string_append_printf(text, "\nlost: kernel=%" G_GUINT64_FORMAT " auditd=%" G_GUINT64_FORMAT " netlink=%" G_GUINT64_FORMAT,
                         counts->lost.kernel, counts->lost.auditd, counts->lost.netlink);
  pnat_sinks_foreach(sinks, append_sink, text);
  return g_string_free(text, FALSE);
}
