/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Signals as events of the main loop.
 *
 * auditd hands a plugin a process in which signals are ignored, and after a restart blocked too; so the
 * set-up here is complete: whatever was inherited does not matter.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  void (*stop)(gpointer data);   /* SIGTERM or SIGINT from one who may */
  void (*reload)(gpointer data); /* SIGHUP */
  void (*report)(gpointer data); /* SIGUSR1 */
} PnatSignalHandlers;

typedef struct PnatSignals PnatSignals;

/**
 * Resets all dispositions and the mask, and delivers from the default main context from now on. Call it before any thread is started.
 *
 * While auditd is the parent only auditd may stop us: a SIGTERM from anyone else is told and ignored, since whoever wants
 * to hide would send it.
 *
 * @returns (transfer full) (nullable) NULL and @error when signalfd(2) fails
 */
PnatSignals *pnat_signals_new(const PnatSignalHandlers *handlers, gpointer data, GError **error);
gboolean pnat_signals_parent_is_auditd(const PnatSignals *signals);

/* The same, without any signals set up. */
gboolean pnat_signals_is_started_by_auditd(void);
void pnat_signals_free(PnatSignals *signals);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSignals, pnat_signals_free)

G_END_DECLS
