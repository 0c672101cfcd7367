/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the tests of sinks share: numbered records, scratch directories, waiting for what a thread does, a private mount
 * namespace.
 */
#pragma once

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/format.h"
#include "plugin/sink.h"
#include "run.h"

#define SINK_T0 G_GINT64_CONSTANT(1700000000000)

/* How long something that is sure to come may take on a busy machine. */
#define PATIENCE (10 * G_TIME_SPAN_SECOND)

/* A record that can be told by its pid: number @n, one second after number @n - 1. @cmd: (nullable) */
static inline PnatRecord
numbered(guint n, const char *cmd)
{
  return (PnatRecord){ .kind = PNAT_RECORD_END,
                       .start = SINK_T0 + n * 1000,
                       .last = SINK_T0 + n * 1000 + 100,
                       .end = SINK_T0 + n * 1000 + 200,
                       .reason = PNAT_REASON_EXIT,
                       .host = "here",
                       .pid = n,
                       .cmd = cmd,
                       .tx = -1,
                       .rx = -1 };
}

static inline void
push_numbered(PnatSink *sink, guint from, guint to, const char *cmd)
{
  for (guint n = from; n <= to; n++) {
    PnatRecord record = numbered(n, cmd);

    pnat_sink_push(sink, &record);
  }
}

/* The number of the record in @line; 0 for a loss record; fails the test when it is no whole line of the key=value format. */
static inline guint
number_of(const char *line)
{
  const char *pid = strstr(line, " pid=");

  ck_assert_msg(strstr(line, "event=") != NULL, "no record: %.200s", line);
  if (strstr(line, "event=loss ") != NULL)
    return 0;
  ck_assert_msg(pid != NULL && g_str_has_suffix(line, " first=- latest=-"), "not whole: %.200s", line);
  return (guint)strtoul(pid + strlen(" pid="), NULL, 10);
}

/* Fails the test unless @text is the lines of the records @from to @to, each once, in order. */
static inline void
assert_lines(const char *text, guint from, guint to)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  guint n = g_strv_length(lines);

  ck_assert_uint_eq(n, to - from + 2);
  ck_assert_str_eq(lines[n - 1], "");
  for (guint i = 0; i < n - 1; i++)
    ck_assert_uint_eq(number_of(lines[i]), from + i);
}

static inline char *
contents(const char *path)
{
  char *text = NULL;

  if (!g_file_get_contents(path, &text, NULL, NULL))
    return g_strdup("");
  return text;
}

static inline void
wait_for_written(PnatSink *sink, guint64 records)
{
  gint64 limit = g_get_monotonic_time() + PATIENCE;

  while (pnat_sink_counts(sink).written < records) {
    ck_assert_msg(g_get_monotonic_time() < limit, "only %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " records were written",
                  pnat_sink_counts(sink).written, records);
    g_usleep(1000);
  }
}

/* Waits until the first record is under way and the sink does not take it. */
static inline void
let_it_stall(void)
{
  g_usleep(300 * G_TIME_SPAN_MILLISECOND);
}

static inline gint64
soon(gint64 ms)
{
  return g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
}

/* A group that files may be given to by whoever runs the test. */
static inline const char *
own_group(void)
{
  return getgrgid(getegid())->gr_name;
}

/* @returns (transfer full) a new directory, mode 0700 */
static inline char *
scratch(void)
{
  char *path = g_dir_make_tmp("pnat-check-XXXXXX", NULL);

  ck_assert_ptr_nonnull(path);
  return path;
}

/* Removes a scratch directory and what the test left in it. */
static inline void
remove_scratch(const char *path)
{
  const char *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

/* From here on mounts are seen by this process only; check(3) runs each test in a process of its own. */
static inline void
leave_mount_namespace(void)
{
  ck_assert_msg(unshare(CLONE_NEWNS) == 0, "unshare: %s", g_strerror(errno));
  ck_assert_int_eq(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
}

/* Whether a test that mounts, or gives files away, can run; says so when it cannot. */
static inline gboolean
is_root(const char *what)
{
  if (geteuid() == 0)
    return TRUE;
  printf("skipped, needs root: %s\n", what);
  return FALSE;
}
