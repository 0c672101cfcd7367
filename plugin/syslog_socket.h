/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Messages to the syslog daemon's own socket, in the form syslog(3) sends them (RFC 3164, section 4.1, without the host),
 * but without its habits: syslog(3) waits for as long as a stalled daemon likes, and loses silently what it cannot send.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PNAT_SYSLOG_PATH "/dev/log"

typedef struct PnatSyslogSocket PnatSyslogSocket;

/* Connects at the first message. @returns (transfer full) */
PnatSyslogSocket *pnat_syslog_socket_new(const char *path);
void pnat_syslog_socket_free(PnatSyslogSocket *socket);

/* Hangs up: the next message begins on a new connection. */
void pnat_syslog_socket_close(PnatSyslogSocket *socket);

/**
 * Sends one message whole or not at all, connecting anew where the daemon came back. On a stream socket it may
 * have sent a part when it returns FALSE: the next call must then bring the same message, or follow pnat_syslog_socket_close().
 * A message that is longer than the socket takes is cut, and ends in "[cut]".
 *
 * @message: text with its header, NUL-terminated
 * @timeout: ms to wait for a daemon that does not read, 0 = not at all
 * @returns FALSE and @error (PNAT_ERROR_IO) when it could not be sent now
 */
gboolean pnat_syslog_socket_send(PnatSyslogSocket *socket, const char *message, gsize length, int timeout, GError **error);

/**
 * Appends "<PRI>Mmm dd hh:mm:ss IDENT[PID]: ", in local time, as daemons expect it.
 *
 * @priority: facility | severity, as LOG_DAEMON | LOG_INFO
 */
void pnat_syslog_header(GString *text, int priority, const char *ident);

/* Whether someone listens on the datagram or stream socket at @path now. */
gboolean pnat_syslog_socket_is_served(const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatSyslogSocket, pnat_syslog_socket_free)

G_END_DECLS
