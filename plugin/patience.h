/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Questions whose answer another process can hold up for as long as it likes: a thread asks them, and who wants to know waits for
 * some milliseconds and then goes on without.
 *
 * A thread that got no answer is given up: it ends when the kernel lets it go, and another takes its place. While too many are
 * stuck, nothing is asked. When the process ends meanwhile, it stays in the table of processes until they are let go.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatPatience PnatPatience;

/* A kind of questions. All of it is called in the thread, without a lock. */
typedef struct {
  const char *name; /* of the threads */
  gsize question_size;
  gsize answer_size;
  void (*answer)(gpointer question, gpointer answer);
  /* (nullable) Gives back what @question holds, whether it was answered or not. Nobody waits for it. */
  void (*finish)(gpointer question);
} PnatPatienceKind;

/**
 * No thread is started before the first question: threads keep the capabilities that they start with.
 *
 * @kind: outlives all threads: static
 * @returns (transfer full)
 */
PnatPatience *pnat_patience_new(const PnatPatienceKind *kind);

/* Does not wait for threads that are stuck. */
void pnat_patience_free(PnatPatience *patience);

typedef enum {
  PNAT_PATIENCE_ANSWERED,
  PNAT_PATIENCE_UNASKED, /* too many are stuck, too long was waited for others lately, or there is no thread to be had */
  PNAT_PATIENCE_GAVE_UP,
} PnatPatienceResult;

/**
 * @question: copied; what it holds is the thread's from then on, unless it was not asked
 * @answer: (out) written to when there is one
 */
PnatPatienceResult pnat_patience_ask(PnatPatience *patience, gconstpointer question, gpointer answer);

/* How many threads were given up and have not come back yet. */
guint pnat_patience_stuck(const PnatPatience *patience);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatPatience, pnat_patience_free)

G_END_DECLS
