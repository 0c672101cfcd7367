/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The socket through which the running plugin is asked what it is doing: whoever connects is sent a text, and hung up on.
 * Nothing is read, so nobody can make it wait. Root and the members of one group are answered (SO_PEERCRED and SO_PEERGROUPS,
 * unix(7)), whatever the modes of the socket and its directory have become.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatControl PnatControl;

typedef struct {
  const char *path;    /* absolute */
  gid_t group;         /* whose members are answered; (gid_t)-1: root alone is */
  gboolean takes_over; /* from a plugin that listens there; else it is let be */
} PnatControlOptions;

/* @returns (transfer full) the text for one who asks */
typedef char *(*PnatControlFunc)(gpointer data);

/**
 * Listens at options->path, with mode 0660 and in options->group, in a directory that pnat_safe_directory_open() takes or makes. A socket
 * that a plugin left there is replaced; nothing else is.
 *
 * @func: called in the default main context, behind all else that it has to do
 * @returns (transfer full) (nullable) NULL and @error: PNAT_ERROR_UNSAFE, PNAT_ERROR_IO or of G_IO_ERROR
 */
PnatControl *pnat_control_new(const PnatControlOptions *options, PnatControlFunc func, gpointer data, GError **error);

/* Removes the socket, unless another took its place. */
void pnat_control_free(PnatControl *control);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatControl, pnat_control_free)

G_END_DECLS
