/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of audit records, exactly as Linux 6.x writes them (audit_log_exit, kernel/auditsc.c) and as auditd 3.0.9
 * stores or dispatches them: with log_format = ENRICHED the interpretations follow a 0x1d byte, auditd.conf(5).
 *
 * A Text holds the records of one event, each with its newline, so that events can be interleaved record by record.
 */
#pragma once

#include "programs.h"

G_BEGIN_DECLS

#define TEXT_SIZE 8192
#define TEXT_RECORDS 12

typedef struct {
  char bytes[TEXT_SIZE];
  gsize length;
  guint n_records;
  gsize ends[TEXT_RECORDS]; /* where each record ends, past its newline */
} Text;

/* What all records of an event have in common. */
typedef struct {
  const char *node; /* (nullable) no node= field */
  gint64 time;      /* ms since 1970 */
  guint64 serial;
  gboolean enriched;
} Stamp;

typedef struct {
  const Program *program;
  guint32 pid;
  guint32 ppid;
  guint32 ses; /* where user->login */
} Actor;

/* A system call and its result. */
typedef struct {
  const char *name;
  guint number;        /* of x86_64 */
  gboolean has_result; /* exit and exit_group have none */
  gint64 result;
  guint64 args[4];
  guint items; /* PATH records */
  const char *key;
} Call;

typedef struct {
  guint32 number;
  guint16 port;
  gboolean ipv6;
} Peer;

/* Empties @text. */
void text_clear(Text *text);

/* Each of these appends one record. */
void record_syscall(Text *text, const Stamp *stamp, const Actor *actor, const Call *call);
void record_sockaddr(Text *text, const Stamp *stamp, const Peer *peer);
void record_sockaddr_unix(Text *text, const Stamp *stamp, const char *path);
void record_execve(Text *text, const Stamp *stamp, const Program *program);
void record_cwd(Text *text, const Stamp *stamp);
void record_path(Text *text, const Stamp *stamp, guint item, const char *name);
/* @number: three digits of it are appended to the title, so that titles differ */
void record_proctitle(Text *text, const Stamp *stamp, const Program *program, guint number);
void record_eoe(Text *text, const Stamp *stamp);

/* DAEMON_START, auditd's own first record. */
void record_daemon_start(Text *text, const Stamp *stamp);

/* A record that user space sent: one of USER_LOGIN, USER_ACCT, CRED_ACQ, CRED_DISP, SERVICE_START, ...; @which is any number. */
void record_user(Text *text, const Stamp *stamp, guint which, guint32 pid);

G_END_DECLS
