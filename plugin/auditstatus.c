/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See auditstatus.h.
 */
#include "auditstatus.h"

#include <errno.h>
#include <glib-unix.h>
#include <libaudit.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/error.h"

struct PnatAuditStatus {
  PnatAuditStateFunc func;
  PnatProfileFunc profile_func;
  gpointer data;
  PnatProfile profile; /* of the rules listed so far */
  gboolean is_listing;
  int fd;
  guint source;
};

const char *
pnat_profile_name(PnatProfile profile)
{
  static const char *const names[] = { "none", "lite", "default", "full" };
  return names[profile];
}

static gboolean
has_call(const struct audit_rule_data *rule, unsigned number)
{
  return (rule->mask[AUDIT_WORD(number)] & AUDIT_BIT(number)) != 0;
}

/* Strings of a rule's fields stand in its buffer one after the other; the key's is the last. */
static gboolean
has_our_key(const struct audit_rule_data *rule)
{
  gsize offset = 0;
  for (guint i = 0; i < rule->field_count && i < AUDIT_MAX_FIELDS; i++) {
    guint field = rule->fields[i] & ~(guint)AUDIT_OPERATORS;
    if (field == AUDIT_FILTERKEY)
      return rule->values[i] == 4 && offset + 4 <= rule->buflen && memcmp(rule->buf + offset, "pnat", 4) == 0;
    if (field == AUDIT_EXE || field == AUDIT_WATCH || field == AUDIT_DIR || (field >= AUDIT_SUBJ_USER && field <= AUDIT_OBJ_LEV_HIGH))
      offset += rule->values[i];
  }
  return FALSE;
}

/* By the calls of this machine's own numbering; 32-bit rules and those that leave something out tell no more. */
static void
note_rule(PnatAuditStatus *status, const struct audit_rule_data *rule)
{
  if (rule->action != AUDIT_ALWAYS || !has_our_key(rule))
    return;
  if (has_call(rule, SYS_socket))
    status->profile = PNAT_PROFILE_FULL;
  else if (has_call(rule, SYS_sendto))
    status->profile = MAX(status->profile, PNAT_PROFILE_DEFAULT);
  else if (has_call(rule, SYS_connect))
    status->profile = MAX(status->profile, PNAT_PROFILE_LITE);
}

static void
take_reply(PnatAuditStatus *status, const struct audit_reply *reply)
{
  if (reply->type == AUDIT_LIST_RULES) {
    note_rule(status, reply->ruledata);
  } else if (reply->type == NLMSG_DONE && status->is_listing) {
    status->is_listing = FALSE;
    status->profile_func(status->profile, status->data);
  } else if (reply->type == AUDIT_GET) {
    PnatAuditState state = { reply->status->enabled, reply->status->lost, reply->status->backlog_limit };
    status->func(&state, status->data);
  }
}

static gboolean
readable(gint fd, GIOCondition condition, gpointer data)
{
  PnatAuditStatus *status = data;
  struct audit_reply reply;

  while (audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0) > 0)
    take_reply(status, &reply);
  return G_SOURCE_CONTINUE;
}

PnatAuditStatus *
pnat_audit_status_new(PnatAuditStateFunc func, PnatProfileFunc profile_func, gpointer data, GError **error)
{
  int fd = audit_open();
  if (fd < 0 || audit_request_status(fd) <= 0) { /* the kernel answers, or refuses, at once */
    pnat_error_set_errno(error, errno, "audit status");
    audit_close(fd);
    return NULL;
  }
  PnatAuditStatus *status = g_new0(PnatAuditStatus, 1);
  status->func = func;
  status->profile_func = profile_func;
  status->data = data;
  status->fd = fd;
  status->source = g_unix_fd_add(fd, G_IO_IN, readable, status);
  pnat_audit_status_request(status, TRUE);
  return status;
}

void
pnat_audit_status_free(PnatAuditStatus *status)
{
  if (status == NULL)
    return;
  g_source_remove(status->source);
  audit_close(status->fd);
  g_free(status);
}

void
pnat_audit_status_request(PnatAuditStatus *status, gboolean rules)
{
  audit_request_status(status->fd);
  if (!rules)
    return;
  status->profile = PNAT_PROFILE_NONE;
  status->is_listing = audit_request_rules_list_data(status->fd) > 0;
}

void
pnat_audit_status_wait(PnatAuditStatus *status, gint timeout)
{
  struct pollfd answered = { .fd = status->fd, .events = POLLIN };

  while (status->is_listing && poll(&answered, 1, timeout) > 0)
    readable(status->fd, G_IO_IN, status);
}
