/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See signals.h.
 */
#include "signals.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/error.h"
#include "log.h"

struct PnatSignals {
  PnatSignalHandlers handlers;
  gpointer data;
  int fd;
  guint source;
  gboolean parent_is_auditd;
};

/* By the name the kernel gives: a parent that is not auditd (a shell, a test) may be anyone's to stop. */
static gboolean
is_auditd(pid_t pid)
{
  g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
  g_autofree char *comm = NULL;
  return g_file_get_contents(path, &comm, NULL, NULL) && strcmp(g_strchomp(comm), "auditd") == 0;
}

static gboolean
may_stop(const PnatSignals *signals, const struct signalfd_siginfo *info)
{
  if (!signals->parent_is_auditd || (pid_t)info->ssi_pid == getppid())
    return TRUE;
  pnat_log_warning("ignored a %s from pid %u, uid %u: only auditd may stop its plugin", strsignal((int)info->ssi_signo),
                   info->ssi_pid, info->ssi_uid);
  return FALSE;
}

static void
dispatch(const PnatSignals *signals, const struct signalfd_siginfo *info)
{
  switch (info->ssi_signo) {
  case SIGHUP:
    signals->handlers.reload(signals->data);
    break;
  case SIGUSR1:
    signals->handlers.report(signals->data);
    break;
  default:
    if (may_stop(signals, info))
      signals->handlers.stop(signals->data);
    break;
  }
}

static gboolean
readable(gint fd, GIOCondition condition, gpointer data)
{
  struct signalfd_siginfo info;
  while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
    dispatch(data, &info);
  return G_SOURCE_CONTINUE;
}

static void
reset_dispositions(void)
{
  struct sigaction action = { .sa_handler = SIG_DFL };
  for (int signal = 1; signal < NSIG; signal++)
    sigaction(signal, &action, NULL); /* fails for SIGKILL, SIGSTOP and those of the C library, as it should */
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}

PnatSignals *
pnat_signals_new(const PnatSignalHandlers *handlers, gpointer data, GError **error)
{
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);

  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    pnat_error_set_errno(error, errno, "signalfd");
    return NULL;
  }
  sigprocmask(SIG_SETMASK, &set, NULL); /* blocked first: what comes during set-up waits in the descriptor */
  reset_dispositions();

  PnatSignals *signals = g_new0(PnatSignals, 1);
  signals->handlers = *handlers;
  signals->data = data;
  signals->fd = fd;
  signals->parent_is_auditd = pnat_signals_is_started_by_auditd();
  signals->source = g_unix_fd_add(fd, G_IO_IN, readable, signals);
  return signals;
}

void
pnat_signals_free(PnatSignals *signals)
{
  if (signals == NULL)
    return;
  g_source_remove(signals->source);
  close(signals->fd);
  g_free(signals);
}

gboolean
pnat_signals_is_started_by_auditd(void)
{
  return is_auditd(getppid());
}

gboolean
pnat_signals_parent_is_auditd(const PnatSignals *signals)
{
  return signals->parent_is_auditd;
}
