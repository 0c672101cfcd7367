/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * auditd's own log, to catch up from: where auditd.conf(5) says it is, with its rotated files.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatAuditLog PnatAuditLog;

/**
 * @config: auditd.conf's path
 * @returns (transfer full) (nullable) NULL and @error when auditd writes no log (write_logs = no), or @config can not be read
 */
char *pnat_audit_log_path(const char *config, GError **error);

/**
 * Opens the log from the file on that holds events of @since.
 *
 * @config: auditd.conf's path
 * @since: ms since 1970
 * @returns (transfer full) (nullable) NULL and @error when auditd writes no log (write_logs = no) or it can not be read
 */
PnatAuditLog *pnat_audit_log_open(const char *config, gint64 since, GError **error);
void pnat_audit_log_free(PnatAuditLog *log);

/**
 * Reads on. A file that is rotated meanwhile is read to its end, and the one after it.
 *
 * @returns bytes read; 0 at the end of what is written
 */
gsize pnat_audit_log_read(PnatAuditLog *log, char *buffer, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatAuditLog, pnat_audit_log_free)

G_END_DECLS
