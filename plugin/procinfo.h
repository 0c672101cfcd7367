/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What /proc says of a process of this host, proc(5).
 *
 * An open directory /proc/PID stays with its process: once that is gone, nothing in it can be read, and never does it show the
 * next one with the number. All that is read through one directory is of one process, though not of one moment: between two reads
 * it may have called execve(2) or changed its user. Nothing here waits for the process: see cmdlines.h for its command line.
 */
#pragma once

#include <glib.h>
#include <limits.h>

#include "lib/cgroup.h"
#include "lib/event.h"

G_BEGIN_DECLS

#define PNAT_COMM_TEXT 64 /* a kernel thread's may be that long, else 16 */

/* An owner's "1000:" stands before an id that an ordinary user vouches for. */
#define PNAT_OWNED_CONTAINER_TEXT (PNAT_CONTAINER_TEXT + 11)

typedef struct {
  guint32 ppid;  /* 0 = none */
  guint64 start; /* clock ticks after boot, _SC_CLK_TCK of them a second */
} PnatProcStat;

/* Texts are empty where they are not known. */
typedef struct {
  guint32 pid;
  guint32 ppid;
  guint32 uid;
  guint32 euid;
  guint32 auid; /* PNAT_ID_UNSET: no login, as the next */
  guint32 ses;
  guint64 start;             /* as in PnatProcStat */
  char comm[PNAT_COMM_TEXT]; /* bytes as the process chose them */
  char exe[PATH_MAX];        /* as audit shows it too, with " (deleted)" behind a file that is gone; empty for a kernel thread */
  char unit[PNAT_UNIT_TEXT]; /* as in PnatCgroup */
  /*
   * As in PnatCgroup, where root owns the cgroup that it was made in; with "UID:" before it where another does, who could have
   * called it anything: "1000:9687ba…". Empty where the owner is not to be known: the container is just ending, or this is not
   * the root of cgroups.
   */
  char container[PNAT_OWNED_CONTAINER_TEXT];
} PnatProcInfo;

/**
 * Opens /proc/PID.
 *
 * @returns an O_PATH descriptor, owned by the caller; -1 when there is no such process
 */
int pnat_procinfo_open(guint32 pid);

/**
 * Reads all but the command line.
 *
 * @directory: from pnat_procinfo_open()
 * @returns FALSE when the process has ended, or is only a zombie
 */
gboolean pnat_procinfo_read_at(int directory, guint32 pid, PnatProcInfo *info);

/* Opens, reads and closes. */
gboolean pnat_procinfo_read(guint32 pid, PnatProcInfo *info);

/* The part of it in /proc/PID/stat, which is cheap. */
gboolean pnat_procinfo_stat(guint32 pid, PnatProcStat *stat);

/**
 * The processes that @pid descends from: its parent, the parent's parent, and so on. None of them started after its child, so
 * that a number that was used again in the meantime ends the list.
 *
 * @ancestors: (out) up to PNAT_ANCESTORS of them, 0 behind the last
 * @returns how many
 */
guint pnat_procinfo_ancestors(guint32 pid, guint32 ancestors[PNAT_ANCESTORS]);

/* The text of /proc/PID/stat. Public for the tests' sake. @returns FALSE when it is none, or a zombie's */
gboolean pnat_procinfo_parse_stat(const char *text, PnatProcStat *stat);

G_END_DECLS
