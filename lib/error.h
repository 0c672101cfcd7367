/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one GError domain of pnat, and a helper that turns errno into it.
 * A GError is for what an operator must know; what is ordinary is a return value.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PNAT_ERROR (pnat_error_quark())

typedef enum {
  PNAT_ERROR_CONFIG, /* the configuration is wrong; the message names file, line and key */
  PNAT_ERROR_IO,     /* a file, socket or directory could not be used */
  PNAT_ERROR_UNSAFE, /* a file or directory is writable by others and is refused */
  PNAT_ERROR_INPUT,  /* stored data could not be understood */
  PNAT_ERROR_BUSY,   /* another process has it */
} PnatError;

GQuark pnat_error_quark(void);

/**
 * Sets @error to PNAT_ERROR_IO with "WHAT: strerror(saved_errno)".
 *
 * @error: (out) (nullable)
 * @saved_errno: the errno value to describe
 * @format: printf format of WHAT
 */
void pnat_error_set_errno(GError **error, int saved_errno, const char *format, ...) G_GNUC_PRINTF(3, 4);

G_END_DECLS
