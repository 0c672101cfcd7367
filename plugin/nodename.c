/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See nodename.h.
 */
#include "nodename.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/address.h"
#include "log.h"

/* Names from before auditd's configuration changed that are still known: addresses, where they are many. */
#define MAX_FORMER 256

struct PnatNodeNames {
  GPtrArray *names; /* of char *; those of now, and behind them former ones, the latest first */
  char *host;
  char *said; /* what the configuration says of them, to tell when that changes */
};

/* The value of "-c DIR" on our parent's command line, (transfer full) (nullable). */
static char *
parent_config_dir(void)
{
  g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)getppid());
  g_autofree char *cmdline = NULL;
  gsize length;

  if (!g_file_get_contents(path, &cmdline, &length, NULL))
    return NULL;
  for (const char *at = cmdline, *end = cmdline + length; at < end; at += strlen(at) + 1)
    if (strcmp(at, "-c") == 0 && at + 3 < end)
      return g_strdup(at + 3);
  return NULL;
}

char *
pnat_auditd_config(void)
{
  g_autofree char *dir = parent_config_dir();
  return g_build_filename(dir != NULL ? dir : "/etc/audit", "auditd.conf", NULL);
}

char *
pnat_auditd_option(const char *text, const char *key)
{
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

  for (char **line = lines; *line != NULL; line++) {
    g_auto(GStrv) parts = g_strsplit(*line, "=", 2);
    if (parts[0] != NULL && parts[1] != NULL && g_ascii_strcasecmp(g_strstrip(parts[0]), key) == 0)
      return g_strdup(g_strstrip(parts[1]));
  }
  return NULL;
}

static void
add_name(GPtrArray *names, const char *name)
{
  if (name != NULL && name[0] != '\0' && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
    g_ptr_array_add(names, g_strdup(name));
}

static void
add_address(GPtrArray *names, const struct sockaddr *address)
{
  PnatAddress parsed = { 0 };
  char text[PNAT_ADDRESS_TEXT];

  if (pnat_address_from_sockaddr(&parsed, address))
    add_name(names, pnat_address_text(&parsed, text));
}

/* What resolve_node() of audit's auditd-config.c takes, and all else that the name leads to. */
static void
add_resolved(GPtrArray *names, const char *host)
{
  struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG | AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *found;

  int status = getaddrinfo(host, NULL, &hints, &found);
  if (status != 0) {
    pnat_log_warning("%s: %s: its events are not known to be this host's", host, gai_strerror(status));
    return;
  }
  add_name(names, found->ai_canonname);
  for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
    add_address(names, at->ai_addr);
  freeaddrinfo(found);
}

/* Not the loopback's, which every host has. */
static void
add_interfaces(GPtrArray *names)
{
  struct ifaddrs *found;

  if (getifaddrs(&found) != 0)
    return;
  for (const struct ifaddrs *at = found; at != NULL; at = at->ifa_next)
    if (at->ifa_addr != NULL && (at->ifa_flags & IFF_LOOPBACK) == 0)
      add_address(names, at->ifa_addr);
  freeifaddrs(found);
}

static char *
said_by(const char *format, const char *name)
{
  gboolean is_named = format != NULL && g_ascii_strcasecmp(format, "user") == 0;
  g_autofree char *lower = g_ascii_strdown(format != NULL ? format : "none", -1);
  return g_strconcat(lower, " ", is_named ? name : NULL, NULL);
}

/* @name: (nullable) what stands in the configuration */
static GPtrArray *
names_of(const char *host, const char *format, const char *name)
{
  GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *short_name = g_strndup(host, strcspn(host, "."));
  g_autofree char *without_blanks = g_strdelimit(g_strdup(host), " ", '_'); /* auditd's */

  add_name(names, host);
  add_name(names, short_name);
  add_name(names, without_blanks);
  if (format != NULL && g_ascii_strcasecmp(format, "user") == 0)
    add_name(names, name);
  else if (format != NULL && g_ascii_strcasecmp(format, "fqd") == 0)
    add_resolved(names, host);
  else if (format != NULL && g_ascii_strcasecmp(format, "numeric") == 0) {
    add_resolved(names, host);
    add_interfaces(names);
  }
  return names;
}

gboolean
pnat_node_names_take(PnatNodeNames *names, const char *text)
{
  g_autofree char *format = pnat_auditd_option(text, "name_format");
  g_autofree char *name = pnat_auditd_option(text, "name");
  g_autofree char *said = said_by(format, name);

  if (g_strcmp0(said, names->said) == 0)
    return FALSE;
  g_autoptr(GPtrArray) former = g_steal_pointer(&names->names);
  g_free(names->said);
  names->said = g_steal_pointer(&said);
  names->names = names_of(names->host, format, name);
  for (guint i = 0; former != NULL && i < MIN(former->len, MAX_FORMER); i++)
    add_name(names->names, g_ptr_array_index(former, i));
  return TRUE;
}

PnatNodeNames *
pnat_node_names_of(const char *host, const char *text)
{
  PnatNodeNames *names = g_new0(PnatNodeNames, 1);
  names->host = g_strdup(host);
  pnat_node_names_take(names, text);
  return names;
}

void
pnat_node_names_free(PnatNodeNames *names)
{
  if (names == NULL)
    return;
  g_ptr_array_unref(names->names);
  g_free(names->host);
  g_free(names->said);
  g_free(names);
}

static char *
read_config(void)
{
  g_autofree char *path = pnat_auditd_config();
  char *text = NULL;
  return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

PnatNodeNames *
pnat_node_names_new(void)
{
  g_autofree char *text = read_config();
  return pnat_node_names_of(g_get_host_name(), text != NULL ? text : "");
}

gboolean
pnat_node_names_reread(PnatNodeNames *names)
{
  g_autofree char *text = read_config();
  return text != NULL && pnat_node_names_take(names, text);
}

gboolean
pnat_node_is_here(const PnatNodeNames *names, const char *node)
{
  for (guint i = 0; node != NULL && i < names->names->len; i++)
    if (g_ascii_strcasecmp(g_ptr_array_index(names->names, i), node) == 0)
      return TRUE;
  return node == NULL;
}
