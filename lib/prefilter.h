/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Does this line of audit text matter, and which event is it of? Most lines do not, and auparse need not see them: parsing a
 * line costs it far more than looking at its first hundred bytes does.
 *
 * A SYSCALL record decides for its event: when its call is not one that pnat follows, the event's id
 * is remembered in a small fixed table, and the SOCKADDR, PROCTITLE and EOE records
 * that follow are dropped too. A record whose SYSCALL was never seen is kept. No allocation, no clock:
 * the same lines give the same verdicts.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  PNAT_LINE_IGNORED,   /* well-formed, does not matter */
  PNAT_LINE_MALFORMED, /* not an audit record */
  PNAT_LINE_KEEP,      /* part of an event that matters */
  PNAT_LINE_KEEP_LAST, /* the same, and nothing of the event comes after it but EOE */
  PNAT_LINE_KEEP_LONE, /* an event of this one record, or one of which no other is of use */
} PnatVerdict;

#define PNAT_PREFILTER_SLOTS 1024

/* Zero-initialised is empty. Its size is all the memory there is. */
typedef struct {
  guint64 dropped[PNAT_PREFILTER_SLOTS];
} PnatPrefilter;

typedef struct {
  const char *text; /* without its newline; not NUL-terminated */
  gsize length;     /* bytes; cut, for a line to keep, at what is of no use in it: the interpretations that auditd puts behind a 0x1d
                       byte when log_format = ENRICHED (auditd.conf(5)), and in a SYSCALL record all behind exe= */
  gsize id_begin;   /* where "msg=audit(TIME:SERIAL)" begins */
  gsize id_end;     /* and where it ends */
  gsize type_begin; /* where "type=" begins: behind "node=NAME " if there is one */
  gint64 time;      /* ms since 1970 */
  guint64 serial;
  gboolean is_operation; /* one of io_uring, of which an event may have many */
  gboolean is_daemon; /* auditd's own record, DAEMON_*: numbered apart */
  guint64 id;       /* a number for node, time and serial, never 0: equal for the lines of one event; unequal for any two, but by bad luck */
} PnatLine;

/**
 * @line: (inout) text and length are the caller's; the rest is set unless the verdict is PNAT_LINE_MALFORMED
 */
PnatVerdict pnat_prefilter_line(PnatPrefilter *filter, PnatLine *line);

G_END_DECLS
