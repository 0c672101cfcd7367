/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See error.h.
 */
#include "error.h"

G_DEFINE_QUARK(pnat-error-quark, pnat_error)

void
pnat_error_set_errno(GError **error, int saved_errno, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  g_autofree char *what = g_strdup_vprintf(format, args);
  va_end(args);
  g_set_error(error, PNAT_ERROR, PNAT_ERROR_IO, "%s: %s", what, g_strerror(saved_errno));
}
