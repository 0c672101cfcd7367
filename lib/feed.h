/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The feed owns auparse's state: bytes in, decoded events out by callback, in the order in which the kernel completed them.
 * Lines may come in any pieces. What is not an audit record is skipped and counted.
 *
 * prefilter drops lines that do not matter, assembler makes whole events of the rest, auparse parses them
 * (auparse_feed(3)), decode reads them.
 */
#pragma once

#include "event.h"
#include "prefilter.h"

G_BEGIN_DECLS

typedef struct PnatFeed PnatFeed;

/* @event and its strings are valid during the call only. */
typedef void (*PnatEventFunc)(const PnatEvent *event, gpointer data);

typedef struct {
  guint64 lines;
  guint64 ignored;   /* lines that do not matter */
  guint64 malformed; /* lines that are no audit records, hold NUL bytes or are too long */
  guint64 events;    /* events delivered */
} PnatFeedCounts;

/* The longest line taken: auditd's are at most 8970 bytes and as much again of interpretations (MAX_AUDIT_MESSAGE_LENGTH, libaudit.h). */
#define PNAT_FEED_MAX_LINE (64 * 1024)

/* @returns (transfer full) (nullable) NULL when auparse has no memory */
PnatFeed *pnat_feed_new(PnatEventFunc func, gpointer data);
void pnat_feed_free(PnatFeed *feed);

/* @line: a well-formed audit record, of whatever type; text is not NUL-terminated */
typedef void (*PnatLineFunc)(const PnatLine *line, gpointer data);

/* Has @func see every audit record, before its event is complete. */
void pnat_feed_set_line_func(PnatFeed *feed, PnatLineFunc func, gpointer data);

/**
 * @bytes: any piece of the stream
 * @now: ms, any clock that does not step, by which incomplete events are given up; 0 = always, for stored logs
 */
void pnat_feed_push(PnatFeed *feed, const char *bytes, gsize length, gint64 now);

/* Delivers events whose last record has not come for five seconds. */
void pnat_feed_age(PnatFeed *feed, gint64 now);

/* Whether events wait for the rest of their records. */
gboolean pnat_feed_is_waiting(const PnatFeed *feed);

/* The end of the stream: an unfinished last line is taken as a line, and all events are delivered. */
void pnat_feed_flush(PnatFeed *feed);

/**
 * The end of the stream here, but it goes on elsewhere: takes out the lines of events whose last record is still to come, to be
 * pushed there. A line that comes there too counts once. All other events are delivered.
 *
 * @since: ms since 1970; an event of which nothing came since then is complete
 * @lines: appended to; each with its newline. An unfinished last line is not among them
 */
void pnat_feed_take_unfinished(PnatFeed *feed, gint64 since, GString *lines);

PnatFeedCounts pnat_feed_counts(const PnatFeed *feed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatFeed, pnat_feed_free)

G_END_DECLS
