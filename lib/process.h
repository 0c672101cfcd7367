/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hosts, processes and the programs they run: who a flow belongs to.
 *
 * A node owns nothing; it lives as long as a process of it does. A process owns its images and its
 * descriptors, and heads the list of its flows. An image is one program (exe) run with one effective user: a process
 * that calls execve or changes its user has several, and each has flows of its own.
 */
#pragma once

#include <sys/queue.h>

#include "descriptors.h"
#include "event.h"
#include "record.h"

G_BEGIN_DECLS

/* Images of a process that may have flows: one that copies itself and runs the copy, again and again, must not cost ever more. */
#define PNAT_PROCESS_IMAGES 64

typedef struct PnatFlow PnatFlow;
typedef struct PnatImage PnatImage;
typedef struct PnatProcess PnatProcess;

typedef struct {
  char *name;       /* (nullable) NULL: this host, whose events have no node= */
  gboolean local;   /* this host */
  guint n_processes;
  gint64 newest;    /* ms: the newest event time seen; every event that comes later returned later */
  gsize *extra;     /* (nullable) sum over processes, as in PnatProcess; whoever set it owns it */
} PnatNode;

struct PnatImage {
  PnatImage *next;
  PnatProcess *process;
  char *exe;  /* (nullable) interned */
  char *comm; /* (nullable) interned; at the image's first event */
  char *cmd;  /* (nullable) likewise at its first */
  guint32 uid;
  guint32 euid;
  guint n_flows;
  guint32 number; /* among its process's images, while the state is saved */
};

struct PnatProcess {
  PnatNode *node;
  guint32 pid;
  guint32 ppid;
  guint32 auid;
  guint32 ses;
  guint64 start;  /* as in PnatEvent; 0 = not known */
  gboolean was_gone; /* it has ended, and its start was never known: one that is alive is another */
  guint64 entity; /* a number for node, pid and start, or where that is not known the first event */
  char *unit;      /* (nullable) interned: systemd's, as in PnatEvent */
  char *container; /* (nullable) interned */
  PnatImage *images; /* the one seen last is first */
  PnatDescriptors *descriptors; /* (nullable) */
  TAILQ_HEAD(PnatFlowList, PnatFlow) flows; /* oldest first */
  TAILQ_ENTRY(PnatProcess) by_quiet;  /* in the tracker's list, quietest first */
  TAILQ_ENTRY(PnatProcess) by_ending; /* in the tracker's list of processes that have ended */
  gsize extra;  /* bytes of what may grow without a flow more: names, command lines, descriptors */
  gint64 heard; /* ms, tracker's clock: when an event of it came last */
  gint64 newest; /* ms, event time: its newest activity */
  gint64 maybe_end; /* ms, event time: of an exit(2) that may have been a thread's; 0 = none */
  guint64 maybe_serial; /* of that event */
  gboolean has_threads; /* such an exit(2) was a thread's: the next one proves nothing */
  gint64 end;       /* ms, event time: when it ended; 0 = it has not */
  gint64 due;       /* ms, tracker's clock: when its end is taken as settled */
  PnatReason reason; /* of its end */
};

/* For tables by a node's name, which is a host's: upper and lower case are the same (RFC 4343). */
guint pnat_node_name_hash(gconstpointer name);
gboolean pnat_node_name_equal(gconstpointer a, gconstpointer b);

/* @name: (nullable) @returns (transfer full) */
PnatNode *pnat_node_new(const char *name);
void pnat_node_rename(PnatNode *node, const char *name);
void pnat_node_free(PnatNode *node);

/* Of a PnatProcess, by node and pid. */
guint pnat_process_hash(gconstpointer process);
gboolean pnat_process_equal(gconstpointer a, gconstpointer b);

/**
 * @returns (transfer full) a process without flows, that has made @event; @node counts it
 */
PnatProcess *pnat_process_new(PnatNode *node, const PnatEvent *event);

/* Its flows must be gone. The node is not freed, but counts one less. */
void pnat_process_free(PnatProcess *process);

/* An image of @process that stands in its list nowhere yet. @returns (transfer full) */
PnatImage *pnat_image_new(PnatProcess *process, const PnatIdentity *who);

/* Where it runs. Either may be NULL. */
void pnat_process_set_place(PnatProcess *process, const char *unit, const char *container);

/**
 * Finds the image that made @event, or makes it, and puts it first.
 *
 * @returns (transfer none) an image with n_flows 0 may go at the next call
 */
PnatImage *pnat_process_image(PnatProcess *process, const PnatIdentity *who);

/**
 * For an image about to get its first flow: the image that must let go of its flows, the one unseen for longest.
 *
 * @returns (transfer none) (nullable) NULL while there is room
 */
PnatImage *pnat_process_surplus_image(const PnatProcess *process);

/**
 * Whether @event can not be of the process that had its pid until now. Start times tell; where they are not known, another login session
 * does, or another parent and another program, but not for an exit that follows within seconds. A parent that died (ppid 1) and a first
 * login (ses set) are ordinary.
 */
gboolean pnat_process_is_other(const PnatProcess *process, const PnatEvent *event);

/* Whether start times alone tell that. */
gboolean pnat_process_started_apart(const PnatProcess *process, const PnatEvent *event);

/* The descriptor as this process knows it, or NULL. */
PnatDescriptor *pnat_process_descriptor(const PnatProcess *process, gint fd);

/* The entry of @fd, made if need be; NULL for a negative @fd. */
PnatDescriptor *pnat_process_descriptor_get(PnatProcess *process, gint fd);

G_END_DECLS
