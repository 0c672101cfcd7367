/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The names by which auditd calls this host in node= fields: name_format and name of auditd.conf(5).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PnatNodeNames PnatNodeNames;

/**
 * The host's name, its part before the first dot, and what the configuration of the auditd that started us makes of them: the
 * directory of its -c option, else the system's. With name_format = fqd or numeric the host's name is resolved, as auditd does
 * when it starts: call this before privileges are given up.
 *
 * @returns (transfer full)
 */
PnatNodeNames *pnat_node_names_new(void);
void pnat_node_names_free(PnatNodeNames *names);

/**
 * auditd was told to read its configuration again. Versions that pass their SIGHUP on to plugins, 3.0.9 for one, go on under another
 * name then. Former names stay known: events that bear them may be on their way, and are in the log.
 *
 * @returns whether the configuration says something else than before
 */
gboolean pnat_node_names_reread(PnatNodeNames *names);

/* The same two with the text of an auditd.conf(5), for a host called @host. Public for the tests' sake. */
PnatNodeNames *pnat_node_names_of(const char *host, const char *text);
gboolean pnat_node_names_take(PnatNodeNames *names, const char *text);

/* The configuration file of the auditd that started us. @returns (transfer full) */
char *pnat_auditd_config(void);

/* The value of "KEY = value" in the text of auditd.conf(5). @returns (transfer full) (nullable) */
char *pnat_auditd_option(const char *text, const char *key);

/**
 * Whether @node is one of @names. With a domain more or less it is another host's: web1.dc1 and web1.dc2 send to one collector.
 *
 * @node: (nullable) NULL: an event without one is this host's
 */
gboolean pnat_node_is_here(const PnatNodeNames *names, const char *node);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatNodeNames, pnat_node_names_free)

G_END_DECLS
