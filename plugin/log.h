/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the plugin says about itself (not its records: those go to sinks). Each message is one line; a line break in it begins
 * another.
 *
 * Messages go to standard error and, once pnat_log_to_syslog() was called, to the syslog daemon as "pnat-plugin", facility
 * daemon: auditd's plugins inherit auditd's standard error, which often leads nowhere. Neither is ever waited for: a message that
 * a full pipe or a stalled daemon does not take is left out, counted, and the count told with the next one. Any thread may log.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Values are severities of syslog(3). */
typedef enum {
  PNAT_LOG_ERROR = 3,
  PNAT_LOG_WARNING = 4,
  PNAT_LOG_NOTICE = 5, /* that what was warned of is over, and what changed */
  PNAT_LOG_INFO = 6,
} PnatLogLevel;

/* @path: the daemon's socket, PNAT_SYSLOG_PATH; NULL = no longer to syslog */
void pnat_log_to_syslog(const char *path);

void pnat_log(PnatLogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define pnat_log_info(...) pnat_log(PNAT_LOG_INFO, __VA_ARGS__)
#define pnat_log_notice(...) pnat_log(PNAT_LOG_NOTICE, __VA_ARGS__)
#define pnat_log_warning(...) pnat_log(PNAT_LOG_WARNING, __VA_ARGS__)
#define pnat_log_error(...) pnat_log(PNAT_LOG_ERROR, __VA_ARGS__)

/* The newest errors, warnings and notices, oldest first, a line each with the time at which it was said. @returns (transfer full) may be empty */
char *pnat_log_recent(void);

/* When a message was said last; static and zero at first. One for each thing to say, used by one thread. */
typedef struct {
  gint64 next; /* monotonic µs: when it may be said again */
  guint64 held_back;
} PnatLogSeldom;

/**
 * Logs what may come up often at most once an hour; how many alike were held back is told with the next.
 */
void pnat_log_seldom(PnatLogSeldom *seldom, PnatLogLevel level, const char *format, ...) G_GNUC_PRINTF(3, 4);

G_END_DECLS
