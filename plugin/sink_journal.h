/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sink that sends records to systemd's journal: the key=value line as MESSAGE, and every known value as a field of its own,
 * PNAT_<KEY> (systemd.journal-fields(7); protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
 */
#pragma once

#include "sink.h"

G_BEGIN_DECLS

/* Names the kind of message: journalctl MESSAGE_ID=... finds records of any version of pnat. Never to be changed. */
#define PNAT_JOURNAL_MESSAGE_ID "82b47e3725794b3cb4d50c0cad494d95"

/* Where journald listens. */
#define PNAT_JOURNAL_PATH "/run/systemd/journal/socket"

extern const PnatSinkKind pnat_sink_journal;

/**
 * @facility: LOG_DAEMON, ... of syslog(3), for SYSLOG_FACILITY
 * @returns (transfer full) what pnat_sink_new() takes
 */
gpointer pnat_sink_journal_new(int facility);

G_END_DECLS
