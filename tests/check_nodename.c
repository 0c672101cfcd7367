/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/nodename: which node= fields are this host's.
 */
#include "plugin/nodename.h"

#include <check.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "run.h"

static const struct {
  const char *host;
  const char *text; /* of auditd.conf */
  const char *node;
  gboolean here;
} cases[] = {
  { "web1", "", "web1", TRUE },
  { "web1", "", "WEB1", TRUE },
  { "web1", "", "web10", FALSE },
  { "web1", "", "web", FALSE },
  { "web1", "", "", FALSE },
  { "web1.dc1", "", "web1.dc1", TRUE },
  { "web1.dc1", "", "web1", TRUE },
  { "web1.dc1", "", "web1.dc2", FALSE },
  { "web1.dc1", "", "web1.dc1.example", FALSE },
  { "web1", "", "web1.dc2", FALSE },
  { "our host", "name_format = HOSTNAME\n", "our_host", TRUE },
  /* a name of the administrator's choice */
  { "web1", "name_format = USER\nname = front\n", "front", TRUE },
  { "web1", "name=front\nNAME_FORMAT=user\n", "front", TRUE },
  { "web1", "name_format = USER\nname = front\n", "front.dc2", FALSE },
  { "web1", "name_format = HOSTNAME\nname = front\n", "front", FALSE }, /* auditd takes no notice of it */
  { "web1", "name_format = NONE\n##name = front\n", "front", FALSE },
  { "web1", "name_format = USER\n", "web1", TRUE },
  { "web1", "name_format = USER\nname =\n", "", FALSE },
};

START_TEST(a_node_is_here_by_its_exact_name)
{
  g_autoptr(PnatNodeNames) names = pnat_node_names_of(cases[_i].host, cases[_i].text);
  ck_assert_int_eq(pnat_node_is_here(names, cases[_i].node), cases[_i].here);
}
END_TEST

static char *
address_text(const struct sockaddr *address)
{
  char text[NI_MAXHOST];
  socklen_t length = address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
  ck_assert_int_eq(getnameinfo(address, length, text, sizeof text, NULL, 0, NI_NUMERICHOST), 0);
  return g_strndup(text, strcspn(text, "%"));
}

START_TEST(with_numeric_names_the_addresses_of_interfaces_are_here)
{
  g_autoptr(PnatNodeNames) names = pnat_node_names_of("localhost", "name_format = numeric\n");
  g_autoptr(PnatNodeNames) others = pnat_node_names_of("localhost", "name_format = hostname\n");
  struct ifaddrs *found;

  ck_assert_int_eq(getifaddrs(&found), 0);
  for (const struct ifaddrs *at = found; at != NULL; at = at->ifa_next) {
    if (at->ifa_addr == NULL || (at->ifa_addr->sa_family != AF_INET && at->ifa_addr->sa_family != AF_INET6))
      continue;
    if ((at->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    g_autofree char *text = address_text(at->ifa_addr);
    ck_assert_msg(pnat_node_is_here(names, text), "%s", text);
    ck_assert_msg(!pnat_node_is_here(others, text), "%s", text);
  }
  freeifaddrs(found);
  ck_assert(!pnat_node_is_here(names, "192.0.2.1"));
}
END_TEST

/* auditd resolves its host's name once, when it starts. */
START_TEST(what_the_hosts_name_resolves_to_is_here)
{
  g_autoptr(PnatNodeNames) numeric = pnat_node_names_of("localhost", "name_format = numeric\n");
  g_autoptr(PnatNodeNames) full = pnat_node_names_of("localhost", "name_format = fqd\n");
  struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG | AI_CANONNAME, .ai_socktype = SOCK_STREAM }, *found;

  if (getaddrinfo("localhost", NULL, &hints, &found) != 0)
    return;
  g_autofree char *text = address_text(found->ai_addr);
  ck_assert(pnat_node_is_here(numeric, text));
  ck_assert(pnat_node_is_here(full, found->ai_canonname));
  freeaddrinfo(found);
}
END_TEST

START_TEST(a_name_that_does_not_resolve_is_no_harm)
{
  g_autoptr(PnatNodeNames) names = pnat_node_names_of("no-such-host.invalid", "name_format = fqd\n");
  ck_assert(pnat_node_is_here(names, "no-such-host.invalid"));
  ck_assert(pnat_node_is_here(names, "no-such-host"));
}
END_TEST

/* At its SIGHUP, on which auditd reads its own. */
START_TEST(a_name_that_was_changed_is_here_and_so_is_the_former_one)
{
  g_autoptr(PnatNodeNames) names = pnat_node_names_of("web1", "name_format = hostname\n");
  ck_assert(!pnat_node_is_here(names, "front"));
  ck_assert(!pnat_node_names_take(names, "name_format = HOSTNAME\nname = front\n"));
  ck_assert(!pnat_node_is_here(names, "front"));
  ck_assert(pnat_node_names_take(names, "name_format = user\nname = front\n"));
  ck_assert(pnat_node_is_here(names, "front"));
  ck_assert(pnat_node_is_here(names, "web1"));
  ck_assert(pnat_node_names_take(names, "name_format = user\nname = rear\n"));
  ck_assert(pnat_node_is_here(names, "rear"));
  ck_assert(pnat_node_is_here(names, "front"));
  ck_assert(!pnat_node_is_here(names, "side"));
  ck_assert(pnat_node_is_here(names, NULL));
}
END_TEST

START_TEST(not_all_former_names_are_kept)
{
  g_autoptr(PnatNodeNames) names = pnat_node_names_of("web1", "");
  for (guint i = 0; i <= 1000; i++) {
    g_autofree char *text = g_strdup_printf("name_format = user\nname = name%u\n", i);
    ck_assert(pnat_node_names_take(names, text));
  }
  ck_assert(pnat_node_is_here(names, "name1000"));
  ck_assert(pnat_node_is_here(names, "name999"));
  ck_assert(!pnat_node_is_here(names, "name0"));
  ck_assert(pnat_node_is_here(names, "web1"));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("nodename");
  TCase *tcase = tcase_create("nodename");

  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, a_node_is_here_by_its_exact_name, 0, G_N_ELEMENTS(cases));
  tcase_add_test(tcase, with_numeric_names_the_addresses_of_interfaces_are_here);
  tcase_add_test(tcase, what_the_hosts_name_resolves_to_is_here);
  tcase_add_test(tcase, a_name_that_does_not_resolve_is_no_harm);
  tcase_add_test(tcase, a_name_that_was_changed_is_here_and_so_is_the_former_one);
  tcase_add_test(tcase, not_all_former_names_are_kept);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
