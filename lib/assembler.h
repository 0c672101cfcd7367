/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lines to whole events. The kernel writes the records of an event one after the other, but those of events
 * on other CPUs come in between, and an event is stamped with the time at which its call was entered, which may be hours
 * before its records are written.
 *
 * auparse completes events by their time stamps, and splits a call that waited longer than two seconds when its records
 * interleave with others'. Here lines are gathered by event id, and an event is handed on in one piece when its last
 * record came. An event whose last record is missing is handed on after a while. In a stored log, an exit is handed on after what its
 * process did before, even so.
 */
#pragma once

#include "prefilter.h"

G_BEGIN_DECLS

/* Events that wait at most; then the oldest is taken as complete. More than any host has CPUs that log at the same moment. */
#define PNAT_ASSEMBLER_EVENTS 256

/* Records that an event may have; those beyond are left out. What pnat reads of an event has four, but for operations of io_uring. */
#define PNAT_ASSEMBLER_RECORDS 16

/* Of these, operations of io_uring: a process chooses how many there are. Behind them come SYSCALL, SOCKETCALL, SOCKADDR and PROCTITLE. */
#define PNAT_ASSEMBLER_OPERATIONS (PNAT_ASSEMBLER_RECORDS - 4)

/* Bytes that they may have together, likewise; the first is always taken. Records of the kernel are no longer than 8970. */
#define PNAT_ASSEMBLER_BYTES (64 * 1024)

typedef struct PnatAssembler PnatAssembler;

/* @event: the lines of one event, each with its newline, the last one an end-of-event or PROCTITLE record */
typedef void (*PnatAssembledFunc)(const GString *event, gpointer data);

/* @returns (transfer full) */
PnatAssembler *pnat_assembler_new(PnatAssembledFunc func, gpointer data);
void pnat_assembler_free(PnatAssembler *assembler);

/**
 * Takes a line; one that its event has already counts once.
 *
 * @line: as the prefilter left it
 * @verdict: the prefilter's, one of those to keep
 * @now: ms, any clock that does not step, only differences count; 0 = always, for stored logs
 */
void pnat_assembler_add(PnatAssembler *assembler, const PnatLine *line, PnatVerdict verdict, gint64 now);

/* Hands on events that have been waiting for @timeout ms. */
void pnat_assembler_age(PnatAssembler *assembler, gint64 now, gint64 timeout);

/**
 * Empties it: of an event that may still be under way the lines are taken out, any other is handed on.
 *
 * @since: ms since 1970; an event of which nothing came since then is not under way, nor is any where none ever has a last record
 * @lines: appended to; each with its newline
 */
void pnat_assembler_take(PnatAssembler *assembler, gint64 since, GString *lines);

/* How many events wait. */
guint pnat_assembler_size(const PnatAssembler *assembler);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatAssembler, pnat_assembler_free)

G_END_DECLS
