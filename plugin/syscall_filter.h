/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which system calls the plugin may make once it is set up: seccomp(2), through libseccomp.
 *
 * Three answers. What the plugin and its libraries use is allowed, some calls with certain arguments only. What no part of them
 * would ever do (run a program, trace, load a module, mount, ...) ends the process: something else is at work then. All the rest
 * fails with ENOSYS, as on a kernel that does not have it, so that a C library which tries a new call does as it does on an old
 * kernel.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Puts the filter in force for all threads of the process, for good; sets no_new_privs.
 *
 * @returns FALSE and @error where there can be none: a kernel without seccomp, a build with sanitizers (they trace at exit)
 */
gboolean pnat_syscall_filter_install(GError **error);

G_END_DECLS
