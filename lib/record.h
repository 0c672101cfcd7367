/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One output fact: a plain value that formats turn into text. Terms as in NetFlow and IPFIX.
 * All strings are borrowed and live as long as the callback that hands the record over.
 */
#pragma once

#include "address.h"
#include "event.h" /* PNAT_ID_UNSET */

G_BEGIN_DECLS

typedef enum {
  PNAT_RECORD_START,  /* a flow has been open for start_after */
  PNAT_RECORD_UPDATE, /* a long flow had new activity (active timeout) */
  PNAT_RECORD_END,    /* a flow ended */
  PNAT_RECORD_LOSS,   /* events or records are missing */
} PnatRecordKind;

/* Why a flow ended. */
typedef enum {
  PNAT_REASON_NONE, /* it has not: start records */
  PNAT_REASON_CLOSE,
  PNAT_REASON_EXIT,
  PNAT_REASON_KILLED,
  PNAT_REASON_REUSE,
  PNAT_REASON_REBOOT,
  PNAT_REASON_IDLE,
  PNAT_REASON_ACTIVE, /* not an end: update records */
  PNAT_REASON_SHUTDOWN,
  PNAT_REASON_EOF,
  PNAT_REASON_EVICTED,
} PnatReason;

typedef enum {
  PNAT_DIRECTION_UNKNOWN,
  PNAT_DIRECTION_OUT,
  PNAT_DIRECTION_IN,
} PnatDirection;

typedef enum {
  PNAT_OUTCOME_UNKNOWN, /* calls were seen, none with a result */
  PNAT_OUTCOME_PENDING, /* a connect is under way and nothing has settled it */
  PNAT_OUTCOME_OK,
  PNAT_OUTCOME_FAILED,
} PnatOutcome;

typedef enum {
  PNAT_CONFIDENCE_EXACT,    /* every call named its peer, or its descriptor's was known in the process */
  PNAT_CONFIDENCE_INFERRED, /* the peer is that of a descriptor inherited from a parent */
  PNAT_CONFIDENCE_SNAPSHOT, /* the connection was there before the plugin; start is the latest it can have been */
} PnatConfidence;

/* Who lost something, for PNAT_RECORD_LOSS. */
typedef enum {
  PNAT_LOSS_KERNEL,  /* the kernel's lost counter rose */
  PNAT_LOSS_AUDITD,  /* auditd dropped events for a slow plugin */
  PNAT_LOSS_NETLINK, /* sock_diag messages were lost */
  PNAT_LOSS_QUEUE,   /* a sink was stalled and records were dropped */
} PnatLossSource;

typedef struct {
  gint64 time; /* ms since 1970 */
  guint64 serial;
} PnatEventId;

/* Bytes stop counting here: no sum of two overflows. A host that lies can log any number. */
#define PNAT_BYTES_MAX (G_MAXINT64 / 2)

typedef struct {
  PnatRecordKind kind;
  gint64 start; /* ms since 1970; 0 = not known */
  gint64 last;
  gint64 end; /* 0 while the flow is open */
  PnatReason reason;
  const char *host;
  guint32 pid;  /* 0 = not known */
  guint32 ppid; /* PNAT_ID_UNSET: not known, as in the next two; 0 is the kernel */
  guint32 uid;
  guint32 euid;
  guint32 auid;          /* PNAT_ID_UNSET: none */
  guint32 ses;           /* PNAT_ID_UNSET: none */
  const char *comm;      /* (nullable) raw bytes */
  const char *exe;       /* (nullable) raw bytes */
  const char *cmd;       /* (nullable) raw bytes */
  const char *unit;      /* (nullable) systemd unit */
  const char *container; /* (nullable) container id */
  guint64 entity;        /* names this process among all that ever had its pid; 0 = not known */
  PnatDirection direction;
  guint8 proto; /* IPPROTO_*, 0 = not known */
  PnatAddress local;
  PnatAddress remote;
  PnatOutcome outcome;
  gint error;          /* errno value of the newest failure, 0 = none */
  guint32 connections; /* attempts made or connections accepted */
  guint32 failed;      /* those of them that failed */
  guint64 calls;
  gint64 tx; /* bytes sent, -1 = not known */
  gint64 rx; /* bytes received, -1 = not known */
  PnatConfidence confidence;
  gboolean gap;
  PnatEventId first; /* time and serial 0 = no event */
  PnatEventId latest;

  /* PNAT_RECORD_LOSS only: kind, start, last, end, host and these count */
  PnatLossSource source;
  guint64 lost; /* how many, 0 = not known */
} PnatRecord;

typedef void (*PnatRecordFunc)(const PnatRecord *record, gpointer data);

/* The words of the record format, static; never NULL: "-" for none and unknown. */
const char *pnat_record_kind_name(PnatRecordKind kind);
const char *pnat_reason_name(PnatReason reason);
const char *pnat_direction_name(PnatDirection direction);
const char *pnat_outcome_name(PnatOutcome outcome);
const char *pnat_confidence_name(PnatConfidence confidence);
const char *pnat_loss_source_name(PnatLossSource source);

/* flowEndReason of IPFIX (IANA, information element 136); 0 = none. */
guint pnat_reason_ipfix(PnatReason reason);

/* "tcp", "udp", ...; NULL when not known, "ip-N" for a protocol without a name. Static or interned. */
const char *pnat_proto_name(guint8 proto);

G_END_DECLS
