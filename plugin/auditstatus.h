/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel's audit says of itself: whether it is on, how many events it lost (audit_request_status(3), auditctl -s), and
 * which of pnat's profiles of rules is in force (audit_request_rules_list_data(3), auditctl -l).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatAuditStatus PnatAuditStatus;

typedef struct {
  guint enabled; /* 0 off, 1 on, 2 on and locked */
  guint32 lost;  /* events since boot */
  guint32 backlog_limit;
} PnatAuditState;

typedef enum {
  PNAT_PROFILE_NONE, /* no rule with key pnat */
  PNAT_PROFILE_LITE, /* connect and accept */
  PNAT_PROFILE_DEFAULT,
  PNAT_PROFILE_FULL, /* socket(2) too */
} PnatProfile;

/* "none", "lite", ...; static. */
const char *pnat_profile_name(PnatProfile profile);

typedef void (*PnatAuditStateFunc)(const PnatAuditState *state, gpointer data);
typedef void (*PnatProfileFunc)(PnatProfile profile, gpointer data);

/**
 * Asks for both at once.
 *
 * @func: called with each answer, from the default main context or pnat_audit_status_wait()
 * @profile_func: likewise, when the rules have been listed
 * @returns (transfer full) (nullable) NULL and @error without CAP_AUDIT_CONTROL or audit in the kernel
 */
PnatAuditStatus *pnat_audit_status_new(PnatAuditStateFunc func, PnatProfileFunc profile_func, gpointer data, GError **error);
void pnat_audit_status_free(PnatAuditStatus *status);

/* Asks; the answers come by the functions. @rules: for the rules too */
void pnat_audit_status_request(PnatAuditStatus *status, gboolean rules);

/* Waits for the rules that were asked for, for @timeout ms at most. */
void pnat_audit_status_wait(PnatAuditStatus *status, gint timeout);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatAuditStatus, pnat_audit_status_free)

G_END_DECLS
