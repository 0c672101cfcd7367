/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Giving up what auditd's root could do and the plugin need not.
 *
 * User and group stay root's: then log, state and socket are root's too, which no other account can forge, and any file that the
 * configuration names can be written. The price is that whoever takes the plugin over may write root's files; AppArmor or SELinux
 * (security/) are against that.
 *
 * Kept are, where they were there:
 * - CAP_SYS_PTRACE: to borrow the sockets of other users' processes (pidfd_getfd(2)), and to read the links in their /proc/PID
 * - CAP_DAC_READ_SEARCH: to list their /proc/PID/fd, for connections that were there before the plugin
 * - CAP_AUDIT_CONTROL: to ask the kernel how many events it lost, and for its rules; it looks at who asks, not at who opened the
 *   socket
 * - CAP_CHOWN: to give a new log file to log_group
 * - CAP_NET_ADMIN: to give a network namespace an id (netns.h), and sock_diag(7)'s socket a large buffer (SO_RCVBUFFORCE)
 *
 * Needed before only: CAP_NET_BROADCAST (NETLINK_LISTEN_ALL_NSID), for the same socket: one that a reload opens is told of this
 * network namespace alone.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Gives up all capabilities but those above, the bounding and the ambient set, and the privileges that a program executed could
 * gain; installs the filter of system calls. Can not be undone.
 *
 * The kernel keeps capabilities by thread: call this before any thread is started.
 *
 * @report: (out caller-allocates) gets what is in force, as "capabilities sys_ptrace, chown; no_new_privs; seccomp" appended
 * @returns FALSE and @error when something could not be given up: all of it in one message, to be told and lived with
 */
gboolean pnat_privilege_drop(GString *report, GError **error);

G_END_DECLS
