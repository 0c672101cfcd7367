/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See patience.h. A helper is shared by its thread and who asks; the one that leaves last frees it.
 */
#include "patience.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for an answer: less than the main loop may stand still. */
#define PATIENCE (15 * G_TIME_SPAN_MILLISECOND)

/* And for the thread to be done with the question before. */
#define PATIENCE_BETWEEN (5 * G_TIME_SPAN_MILLISECOND)

/* µs for which to look before one sleeps: an answer mostly comes in less, and to be woken takes as long again. */
#define LOOK_FIRST 20

#define MAX_STUCK 8

/*
 * Who answers just in time, over and over, must not take all of the time either: when an answer takes longer than this, and the
 * thread is not merely waiting for a processor, it is paid from a credit in µs, which grows by a fifth of the time.
 */
#define MAY_TAKE G_TIME_SPAN_MILLISECOND
#define MAX_CREDIT (200 * G_TIME_SPAN_MILLISECOND)
#define CREDIT_SHARE 5

typedef enum {
  IDLE,
  ASKED,
  ANSWERING,
  FINISHING, /* there is an answer */
} State;

typedef struct {
  const PnatPatienceKind *kind;
  GMutex lock;
  GCond asked;
  GCond changed;
  pid_t thread;
  gint state;        /* State; changed with the lock */
  gboolean over;     /* the thread is to end */
  gboolean awaited;  /* somebody waits for the next state */
  gint *stuck;       /* (nullable) the thread was given up: counted there until it ends; shared too */
  gpointer question; /* while it is asked or answered, the thread's */
  gpointer answer;   /* until there is one, likewise */
} Helper;

struct PnatPatience {
  const PnatPatienceKind *kind;
  gint64 credit;
  gint64 credited;      /* µs, monotonic: up to then */
  gboolean looks_first; /* the thread can run meanwhile */
  Helper *helper;       /* (nullable) */
  gint *stuck;          /* shared with those that are */
};

static void
clear_helper(gpointer data)
{
  Helper *helper = data;
  g_mutex_clear(&helper->lock);
  g_cond_clear(&helper->asked);
  g_cond_clear(&helper->changed);
  g_free(helper->question);
  g_free(helper->answer);
}

static void
release(Helper *helper)
{
  g_atomic_rc_box_release_full(helper, clear_helper);
}

/* With the lock. */
static void
set_state(Helper *helper, State state)
{
  g_atomic_int_set(&helper->state, (gint)state);
  if (helper->awaited)
    g_cond_signal(&helper->changed);
}

static void
finish(const Helper *helper)
{
  if (helper->kind->finish != NULL)
    helper->kind->finish(helper->question);
}

static gpointer
run(gpointer data)
{
  Helper *helper = data;

  g_mutex_lock(&helper->lock);
  helper->thread = gettid();
  for (;;) {
    while (helper->state != ASKED && !helper->over)
      g_cond_wait(&helper->asked, &helper->lock);
    if (helper->over)
      break;
    set_state(helper, ANSWERING);
    g_mutex_unlock(&helper->lock);
    helper->kind->answer(helper->question, helper->answer);
    g_mutex_lock(&helper->lock);
    set_state(helper, FINISHING);
    g_mutex_unlock(&helper->lock);
    finish(helper);
    g_mutex_lock(&helper->lock);
    set_state(helper, IDLE);
  }
  gint *stuck = helper->stuck;
  gboolean asked = helper->state == ASKED; /* given up before the thread got to run */
  g_mutex_unlock(&helper->lock);
  if (asked)
    finish(helper);
  if (stuck != NULL) {
    g_atomic_int_add(stuck, -1);
    g_atomic_rc_box_release(stuck);
  }
  release(helper);
  return NULL;
}

static Helper *
start_helper(const PnatPatienceKind *kind)
{
  Helper *helper = g_atomic_rc_box_new0(Helper);
  helper->kind = kind;
  g_mutex_init(&helper->lock);
  g_cond_init(&helper->asked);
  g_cond_init(&helper->changed);
  helper->question = g_malloc0(kind->question_size);
  helper->answer = g_malloc0(kind->answer_size);
  GThread *thread = g_thread_try_new(kind->name, run, g_atomic_rc_box_acquire(helper), NULL);
  if (thread != NULL) {
    g_thread_unref(thread);
    return helper;
  }
  release(helper);
  release(helper);
  return NULL;
}

PnatPatience *
pnat_patience_new(const PnatPatienceKind *kind)
{
  PnatPatience *patience = g_new0(PnatPatience, 1);
  patience->kind = kind;
  patience->credit = MAX_CREDIT;
  patience->credited = g_get_monotonic_time();
  patience->looks_first = g_get_num_processors() > 1;
  patience->stuck = g_atomic_rc_box_new0(gint);
  return patience;
}

/* @stuck: (nullable) where it is to be counted until it ends */
static void
leave_helper(PnatPatience *patience, gint *stuck)
{
  Helper *helper = g_steal_pointer(&patience->helper);
  if (helper == NULL)
    return;
  g_mutex_lock(&helper->lock);
  helper->over = TRUE;
  if (stuck != NULL) {
    g_atomic_int_inc(stuck);
    helper->stuck = g_atomic_rc_box_acquire(stuck);
  }
  g_cond_signal(&helper->asked);
  g_mutex_unlock(&helper->lock);
  release(helper);
}

void
pnat_patience_free(PnatPatience *patience)
{
  if (patience == NULL)
    return;
  leave_helper(patience, NULL);
  g_atomic_rc_box_release(patience->stuck);
  g_free(patience);
}

/* With the lock. FALSE when time is over and none of @states (bits) has come. */
static gboolean
wait_for(Helper *helper, guint states, gint64 patience)
{
  gint64 end = g_get_monotonic_time() + patience;
  gboolean in_time = TRUE;

  helper->awaited = TRUE;
  while ((states & 1u << helper->state) == 0 && in_time)
    in_time = g_cond_wait_until(&helper->changed, &helper->lock, end);
  helper->awaited = FALSE;
  return (states & 1u << helper->state) != 0;
}

/* With the lock. */
static void
look_for_answer(Helper *helper)
{
  gint64 end = g_get_monotonic_time() + LOOK_FIRST;

  g_mutex_unlock(&helper->lock);
  for (gint state = ASKED; (state == ASKED || state == ANSWERING) && g_get_monotonic_time() < end;)
    state = g_atomic_int_get(&helper->state);
  g_mutex_lock(&helper->lock);
}

/* Whether the kernel has put the thread to sleep: proc_pid_stat(5). */
static gboolean
sleeps(pid_t thread)
{
  char path[48], text[256];

  g_snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
  if (fd >= 0)
    close(fd);
  text[MAX(length, 0)] = '\0';
  const char *name_end = strrchr(text, ')');
  return name_end != NULL && (g_str_has_prefix(name_end, ") S") || g_str_has_prefix(name_end, ") D"));
}

/* With the lock, and on the other process's account. */
static gboolean
wait_on_credit(PnatPatience *patience, Helper *helper, guint states, gint64 longest)
{
  if (wait_for(helper, states, MAY_TAKE))
    return TRUE;
  pid_t thread = helper->thread;
  gint64 begun = g_get_monotonic_time();
  g_mutex_unlock(&helper->lock);
  gboolean held = thread != 0 && sleeps(thread);
  g_mutex_lock(&helper->lock);
  gboolean done = wait_for(helper, states, longest - MAY_TAKE);
  if (held)
    patience->credit -= MAY_TAKE + g_get_monotonic_time() - begun;
  return done;
}

/* With its lock when it is ready to be asked. */
static Helper *
lock_idle_helper(PnatPatience *patience)
{
  while (pnat_patience_stuck(patience) < MAX_STUCK) {
    if (patience->helper == NULL)
      patience->helper = start_helper(patience->kind);
    Helper *helper = patience->helper;
    if (helper == NULL)
      return NULL;
    g_mutex_lock(&helper->lock);
    if (wait_on_credit(patience, helper, 1u << IDLE, PATIENCE_BETWEEN))
      return helper;
    g_mutex_unlock(&helper->lock);
    leave_helper(patience, patience->stuck);
  }
  return NULL;
}

static gboolean
has_credit(PnatPatience *patience)
{
  gint64 now = g_get_monotonic_time();

  patience->credit = MIN(patience->credit + (now - patience->credited) / CREDIT_SHARE, MAX_CREDIT);
  patience->credited = now;
  return patience->credit > 0;
}

/* @helper: with its lock, which is given back */
static gboolean
ask(PnatPatience *patience, Helper *helper, gconstpointer question, gpointer answer)
{
  memcpy(helper->question, question, helper->kind->question_size);
  set_state(helper, ASKED);
  g_cond_signal(&helper->asked);
  if (patience->looks_first)
    look_for_answer(helper);
  gboolean answered = wait_on_credit(patience, helper, 1u << FINISHING | 1u << IDLE, PATIENCE);
  if (answered)
    memcpy(answer, helper->answer, helper->kind->answer_size);
  g_mutex_unlock(&helper->lock);
  if (!answered)
    leave_helper(patience, patience->stuck);
  return answered;
}

PnatPatienceResult
pnat_patience_ask(PnatPatience *patience, gconstpointer question, gpointer answer)
{
  Helper *helper = has_credit(patience) ? lock_idle_helper(patience) : NULL;

  if (helper == NULL)
    return PNAT_PATIENCE_UNASKED;
  return ask(patience, helper, question, answer) ? PNAT_PATIENCE_ANSWERED : PNAT_PATIENCE_GAVE_UP;
}

guint
pnat_patience_stuck(const PnatPatience *patience)
{
  return (guint)g_atomic_int_get(patience->stuck);
}
