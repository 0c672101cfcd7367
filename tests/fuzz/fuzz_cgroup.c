/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text of /proc: a process's cgroups, whose names users make up, and its stat, with the name that it gave itself.
 */
#include "fuzz.h"

#include <string.h>

#include "lib/cgroup.h"
#include "plugin/procinfo.h"

/* As cgroup.h promises. */
static void
check_name(const char *text, gsize room, const char *what)
{
  FUZZ_CHECK(memchr(text, '\0', room) != NULL, "%s does not end", what);
  for (; *text != '\0'; text++)
    FUZZ_CHECK(g_ascii_isgraph(*text) && *text != '"', "%s: byte %d", what, *text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  FuzzInput input = { data, size };
  g_autofree char *text = fuzz_copy(&input, TRUE);
  PnatCgroup cgroup;
  PnatProcStat stat;

  memset(&cgroup, 0xff, sizeof cgroup);
  pnat_cgroup_parse(&cgroup, text);
  check_name(cgroup.unit, sizeof cgroup.unit, "unit");
  check_name(cgroup.container, sizeof cgroup.container, "container");
  FUZZ_CHECK(memchr(cgroup.keeper, '\0', sizeof cgroup.keeper) != NULL, "keeper does not end");
  FUZZ_CHECK(memchr(cgroup.hierarchy, '\0', sizeof cgroup.hierarchy) != NULL, "hierarchy does not end");
  FUZZ_CHECK(*cgroup.container == '\0' || *cgroup.keeper == '/', "container %s, kept by %s", cgroup.container, cgroup.keeper);
  pnat_procinfo_parse_stat(text, &stat);
  return 0;
}
