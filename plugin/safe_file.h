/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Opening files and directories as root without being led astray: into a file of someone else's choice, or one that others can
 * forge.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/**
 * Opens the directory @path to read it and to name files in it. Where it is missing it is made, with mode 0750 and in @group;
 * those above must exist. One that is there keeps its mode. It keeps its group, too, unless it is as "make install" leaves it, called "pnat" and
 * of group root, and nobody but root could have put it there.
 *
 * Taken is one that belongs to root or to this process and that nobody else may write to. Those above must belong to root or to
 * this process too, and not everybody may write to them, unless they have the sticky bit. A symbolic link in @path must be made
 * by root or this process, and be where nobody else may move one. So the name goes on meaning this directory, and others than its
 * owner put nothing into it. All that is checked of what was opened: nothing can be swapped in between.
 *
 * @group: (gid_t)-1 = as it comes
 * @returns a descriptor (transfer full), or -1, errno and @error: PNAT_ERROR_UNSAFE with what to do about it (errno is EPERM), or
 * PNAT_ERROR_IO
 */
int pnat_safe_directory_open(const char *path, gid_t group, GError **error);

/**
 * Opens @path to append to it, without ever waiting. A missing file is created with mode 0640 and in @group, in a directory that
 * pnat_safe_directory_open() takes or makes. An existing regular file gets @group, and keeps its mode.
 *
 * Regular files and FIFOs are taken, when they belong to root or to this process and nobody else may write to them. What stands
 * in /dev is taken as it is, so that /dev/stdout works.
 *
 * @stat: (out) of the open file
 * @returns a descriptor (transfer full), or -1, errno and @error: PNAT_ERROR_UNSAFE with what to do about it (errno is EPERM), or
 * PNAT_ERROR_IO
 */
int pnat_safe_file_open(const char *path, gid_t group, struct stat *stat, GError **error);

/* Whether pnat_safe_file_open() takes @path by its owners and modes. It is not opened: who reads a FIFO takes its close for the end. */
gboolean pnat_safe_file_check(const char *path, GError **error);

/* Whether @path is in /dev, where nothing is created or checked. */
gboolean pnat_safe_file_is_device(const char *path);

/* @returns FALSE and @error (PNAT_ERROR_CONFIG) when there is no group @name */
gboolean pnat_safe_file_group(const char *name, gid_t *group, GError **error);

G_END_DECLS
