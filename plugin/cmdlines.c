/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See cmdlines.h. A reader is shared by its thread and who asks; the one that leaves last frees it.
 */
#include "cmdlines.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How long to wait: less than the main loop may stand still. */
#define PATIENCE (15 * G_TIME_SPAN_MILLISECOND)

#define MAX_STUCK 8

typedef struct {
  GMutex lock;
  GCond changed;
  int directory; /* to read from; -1: nothing to do */
  gboolean over; /* the thread is to end */
  gint *stuck;   /* (nullable) the thread was given up: counted there until it ends; shared too */
  gsize length;  /* of what was read */
  char text[PNAT_CMDLINE_TEXT];
} Reader;

struct PnatCmdlines {
  Reader *reader; /* (nullable) */
  gint *stuck;    /* shared with those that are */
};

static void
clear_reader(gpointer data)
{
  Reader *reader = data;
  g_mutex_clear(&reader->lock);
  g_cond_clear(&reader->changed);
}

static void
release(Reader *reader)
{
  g_atomic_rc_box_release_full(reader, clear_reader);
}

static gsize
read_arguments(int directory, char text[PNAT_CMDLINE_TEXT])
{
  int fd = openat(directory, "cmdline", O_RDONLY | O_CLOEXEC);
  close(directory);
  if (fd < 0)
    return 0;
  ssize_t length = read(fd, text, PNAT_CMDLINE_TEXT - 1);
  close(fd);
  while (length > 0 && text[length - 1] == '\0')
    length--;
  for (ssize_t i = 0; i < length; i++)
    if (text[i] == '\0')
      text[i] = ' ';
  return (gsize)MAX(length, 0);
}

static gpointer
run(gpointer data)
{
  Reader *reader = data;
  char text[PNAT_CMDLINE_TEXT];

  g_mutex_lock(&reader->lock);
  while (!reader->over) {
    if (reader->directory < 0) {
      g_cond_wait(&reader->changed, &reader->lock);
      continue;
    }
    int directory = reader->directory;
    g_mutex_unlock(&reader->lock);
    gsize length = read_arguments(directory, text);
    g_mutex_lock(&reader->lock);
    memcpy(reader->text, text, length);
    reader->length = length;
    reader->directory = -1;
    g_cond_signal(&reader->changed);
  }
  if (reader->directory >= 0) /* given up before the thread got to run */
    close(reader->directory);
  gint *stuck = reader->stuck;
  g_mutex_unlock(&reader->lock);
  if (stuck != NULL) {
    g_atomic_int_add(stuck, -1);
    g_atomic_rc_box_release(stuck);
  }
  release(reader);
  return NULL;
}

static Reader *
start_reader(void)
{
  Reader *reader = g_atomic_rc_box_new0(Reader);
  g_mutex_init(&reader->lock);
  g_cond_init(&reader->changed);
  reader->directory = -1;
  GThread *thread = g_thread_try_new("cmdlines", run, g_atomic_rc_box_acquire(reader), NULL);
  if (thread != NULL) {
    g_thread_unref(thread);
    return reader;
  }
  release(reader);
  release(reader);
  return NULL;
}

PnatCmdlines *
pnat_cmdlines_new(void)
{
  PnatCmdlines *cmdlines = g_new0(PnatCmdlines, 1);
  cmdlines->stuck = g_atomic_rc_box_new0(gint);
  return cmdlines;
}

/* @stuck: (nullable) where it is to be counted until it ends */
static void
leave_reader(PnatCmdlines *cmdlines, gint *stuck)
{
  Reader *reader = g_steal_pointer(&cmdlines->reader);
  if (reader == NULL)
    return;
  g_mutex_lock(&reader->lock);
  reader->over = TRUE;
  if (stuck != NULL) {
    g_atomic_int_inc(stuck);
    reader->stuck = g_atomic_rc_box_acquire(stuck);
  }
  g_cond_signal(&reader->changed);
  g_mutex_unlock(&reader->lock);
  release(reader);
}

void
pnat_cmdlines_free(PnatCmdlines *cmdlines)
{
  if (cmdlines == NULL)
    return;
  leave_reader(cmdlines, NULL);
  g_atomic_rc_box_release(cmdlines->stuck);
  g_free(cmdlines);
}

/* FALSE when time is over. */
static gboolean
ask(Reader *reader, int directory, char text[PNAT_CMDLINE_TEXT])
{
  gint64 end = g_get_monotonic_time() + PATIENCE;

  g_mutex_lock(&reader->lock);
  reader->directory = directory;
  g_cond_signal(&reader->changed);
  gboolean in_time = TRUE;
  while (reader->directory >= 0 && in_time)
    in_time = g_cond_wait_until(&reader->changed, &reader->lock, end);
  gboolean done = reader->directory < 0;
  gsize length = done ? reader->length : 0;
  memcpy(text, reader->text, length);
  text[length] = '\0';
  g_mutex_unlock(&reader->lock);
  return done;
}

gboolean
pnat_cmdlines_read(PnatCmdlines *cmdlines, int directory, char text[PNAT_CMDLINE_TEXT])
{
  text[0] = '\0';
  if (pnat_cmdlines_stuck(cmdlines) >= MAX_STUCK)
    return FALSE;
  if (cmdlines->reader == NULL)
    cmdlines->reader = start_reader();
  int lent = cmdlines->reader != NULL ? fcntl(directory, F_DUPFD_CLOEXEC, 0) : -1;
  if (lent < 0)
    return FALSE;
  if (!ask(cmdlines->reader, lent, text))
    leave_reader(cmdlines, cmdlines->stuck);
  return text[0] != '\0';
}

guint
pnat_cmdlines_stuck(const PnatCmdlines *cmdlines)
{
  return (guint)g_atomic_int_get(cmdlines->stuck);
}
