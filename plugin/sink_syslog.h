/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sink that sends lines to the syslog daemon, as "pnat", severity info.
 */
#pragma once

#include "lib/format.h"
#include "sink.h"

G_BEGIN_DECLS

extern const PnatSinkKind pnat_sink_syslog;

/**
 * @path: the daemon's socket; it need not be there yet
 * @facility: LOG_DAEMON, ... of syslog(3)
 * @returns (transfer full) what pnat_sink_new() takes
 */
gpointer pnat_sink_syslog_new(const char *path, int facility, const PnatFormat *format);

G_END_DECLS
