/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The names by which auditd calls this host in node= fields: name_format and name of auditd.conf(5).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * The host's name, its part before the first dot, and what the configuration of the auditd that started us makes of them: the
 * directory of its -c option, else the system's. With name_format = fqd or numeric the host's name is resolved, as auditd does
 * when it starts: call this before privileges are given up.
 *
 * @returns (transfer full) NULL-terminated
 */
char **pnat_node_names(void);

/* The same with the text of an auditd.conf(5), for a host called @host. Public for the tests' sake. */
char **pnat_node_names_of(const char *host, const char *text);

/* The configuration file of the auditd that started us. @returns (transfer full) */
char *pnat_auditd_config(void);

/* The value of "KEY = value" in the text of auditd.conf(5). @returns (transfer full) (nullable) */
char *pnat_auditd_option(const char *text, const char *key);

/* Whether @node is one of @names. With a domain more or less it is another host's: web1.dc1 and web1.dc2 send to one collector. */
gboolean pnat_node_is_here(char *const *names, const char *node);

G_END_DECLS
