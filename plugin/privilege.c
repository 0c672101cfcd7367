/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See privilege.h. Everything is tried, whatever failed before: a container may allow one and not the other.
 */
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

#include "lib/error.h"
#include "syscall_filter.h"

static const unsigned int kept[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_AUDIT_CONTROL, CAP_CHOWN, CAP_NET_ADMIN };

static void
append(GString *list, const char *separator, const char *word)
{
  if (list->len > 0)
    g_string_append(list, separator);
  g_string_append(list, word);
}

static void complain(GString *complaints, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
complain(GString *complaints, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *complaint = g_strdup_vprintf(format, args);
  va_end(args);
  append(complaints, "; ", complaint);
}

static guint
count_threads(void)
{
  g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name(dir) != NULL)
    n++;
  return n;
}

/* A program that root executes gets no capabilities by being root's. Takes CAP_SETPCAP, as the bounding set does. */
static void
lock_bits(GString *complaints)
{
  if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) && capng_lock() != 0)
    complain(complaints, "securebits could not be set");
}

static void
apply(GString *complaints)
{
  gboolean bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
  gboolean had[G_N_ELEMENTS(kept)] = { FALSE };

  for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
    had[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]);
  capng_clear(CAPNG_SELECT_BOTH);
  for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
    if (had[i])
      capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]);
  int status = capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
  if (status != 0)
    complain(complaints, "capabilities could not be given up (capng_apply: %d)", status);
  else if (!bounds)
    complain(complaints, "the bounding set stays as it is, for want of CAP_SETPCAP");
}

/* The names of those that may be used. @returns (transfer full) */
static GString *
permitted(void)
{
  GString *names = g_string_new(NULL);
  for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
    if (capng_have_capability(CAPNG_PERMITTED, capability))
      append(names, ", ", capng_capability_to_name(capability));
  return names;
}

static void
drop_capabilities(GString *complaints)
{
  if (capng_get_caps_process() != 0) {
    complain(complaints, "capabilities could not be read");
    return;
  }
  g_autoptr(GString) names = permitted();
  if (names->len == 0)
    return; /* and without any, the bounding set can not be narrowed */
  guint threads = count_threads();
  if (threads > 1)
    complain(complaints, "%u threads keep their capabilities", threads - 1);
  lock_bits(complaints);
  apply(complaints);
}

/* Read anew: the kernel's word, not what was asked of it. */
static void
report_capabilities(GString *report)
{
  capng_get_caps_process();
  g_autoptr(GString) names = permitted();
  g_string_append_printf(report, "capabilities %s", names->len > 0 ? names->str : "none");
}

gboolean
pnat_privilege_drop(GString *report, GError **error)
{
  g_autoptr(GString) complaints = g_string_new(NULL);
  g_autoptr(GError) no_filter = NULL;

  drop_capabilities(complaints);
  report_capabilities(report);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    g_string_append(report, "; no_new_privs");
  else
    complain(complaints, "no_new_privs: %s", g_strerror(errno));
  if (pnat_syscall_filter_install(&no_filter))
    g_string_append(report, "; seccomp");
  else
    complain(complaints, "%s", no_filter->message);
  if (complaints->len == 0)
    return TRUE;
  g_set_error(error, PNAT_ERROR, PNAT_ERROR_IO, "privileges: %s", complaints->str);
  return FALSE;
}
