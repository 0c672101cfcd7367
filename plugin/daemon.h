/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The plugin as auditd runs it: standard input to feed to tracker to sinks, wired in one place and run until the input ends.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Runs until end of input or an order to stop, and flushes then: within a second, as auditd does not wait long.
 *
 * @config_file: read now, and again at SIGHUP
 * @returns exit status: 0; EX_CONFIG when the configuration is wrong; EX_CANTCREAT when an output can not be opened;
 *   EX_OSERR when the system refuses what the plugin needs
 */
int pnat_daemon_run(const char *config_file);

G_END_DECLS
