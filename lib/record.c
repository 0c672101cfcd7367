/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The words of the record format.
 */
#include "record.h"

#define WORD(table, value) ((gsize)(value) < G_N_ELEMENTS(table) ? (table)[value] : "-")

const char *
pnat_record_kind_name(PnatRecordKind kind)
{
  static const char *const names[] = {
    [PNAT_RECORD_START] = "start",
    [PNAT_RECORD_UPDATE] = "update",
    [PNAT_RECORD_END] = "end",
    [PNAT_RECORD_LOSS] = "loss",
  };

  return WORD(names, kind);
}

static const struct {
  const char *name;
  guint ipfix; /* IANA: 1 idle timeout, 2 active timeout, 3 end of flow detected, 4 forced end, 5 lack of resources */
} reasons[] = {
  [PNAT_REASON_NONE] = { "-", 0 },        [PNAT_REASON_CLOSE] = { "close", 3 },     [PNAT_REASON_EXIT] = { "exit", 3 },
  [PNAT_REASON_KILLED] = { "killed", 3 }, [PNAT_REASON_REUSE] = { "reuse", 3 },     [PNAT_REASON_REBOOT] = { "reboot", 3 },
  [PNAT_REASON_IDLE] = { "idle", 1 },     [PNAT_REASON_ACTIVE] = { "active", 2 },   [PNAT_REASON_SHUTDOWN] = { "shutdown", 4 },
  [PNAT_REASON_EOF] = { "eof", 4 },       [PNAT_REASON_EVICTED] = { "evicted", 5 },
};

const char *
pnat_reason_name(PnatReason reason)
{
  return (gsize)reason < G_N_ELEMENTS(reasons) ? reasons[reason].name : "-";
}

guint
pnat_reason_ipfix(PnatReason reason)
{
  return (gsize)reason < G_N_ELEMENTS(reasons) ? reasons[reason].ipfix : 0;
}

const char *
pnat_direction_name(PnatDirection direction)
{
  static const char *const names[] = {
    [PNAT_DIRECTION_UNKNOWN] = "-",
    [PNAT_DIRECTION_OUT] = "out",
    [PNAT_DIRECTION_IN] = "in",
  };

  return WORD(names, direction);
}

const char *
pnat_outcome_name(PnatOutcome outcome)
{
  static const char *const names[] = {
    [PNAT_OUTCOME_UNKNOWN] = "-",
    [PNAT_OUTCOME_PENDING] = "pending",
    [PNAT_OUTCOME_OK] = "ok",
    [PNAT_OUTCOME_FAILED] = "failed",
  };

  return WORD(names, outcome);
}

const char *
pnat_confidence_name(PnatConfidence confidence)
{
  static const char *const names[] = {
    [PNAT_CONFIDENCE_EXACT] = "exact",
    [PNAT_CONFIDENCE_INFERRED] = "inferred",
    [PNAT_CONFIDENCE_SNAPSHOT] = "snapshot",
  };

  return WORD(names, confidence);
}

const char *
pnat_loss_source_name(PnatLossSource source)
{
  static const char *const names[] = {
    [PNAT_LOSS_KERNEL] = "kernel",
    [PNAT_LOSS_AUDITD] = "auditd",
    [PNAT_LOSS_NETLINK] = "netlink",
    [PNAT_LOSS_QUEUE] = "queue",
  };

  return WORD(names, source);
}

/* Not getprotobynumber(3): it reads a file that may differ between hosts, or asks the network. */
const char *
pnat_proto_name(guint8 proto)
{
  static const char *const names[256] = {
    [IPPROTO_ICMP] = "icmp",        [IPPROTO_IGMP] = "igmp", [IPPROTO_TCP] = "tcp",   [IPPROTO_UDP] = "udp",
    [IPPROTO_DCCP] = "dccp",        [IPPROTO_GRE] = "gre",   [IPPROTO_ESP] = "esp",   [IPPROTO_AH] = "ah",
    [IPPROTO_ICMPV6] = "ipv6-icmp", [89] = "ospf",           [IPPROTO_SCTP] = "sctp", [IPPROTO_UDPLITE] = "udplite",
    [IPPROTO_RAW] = "raw",
  };
  char text[8];

  if (proto == 0 || names[proto] != NULL)
    return names[proto];
  g_snprintf(text, sizeof text, "ip-%u", proto);
  return g_intern_string(text);
}
