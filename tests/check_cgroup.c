/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/cgroup: unit and container from what /proc/PID/cgroup says under the common runtimes. The paths are those that their bug
 * trackers and manuals show; the ids are made up.
 */
#include "lib/cgroup.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define ID "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869"
#define OTHER "e8c29da1a2f6c4bb032304f7dfbc5a767e026092c4a2fcbc830e58565f972f54"
#define POD "kubepods-burstable-pod55c6c714_b240_4dec_9a45_57b61696ab6e"
#define USER "/user.slice/user-1000.slice/user@1000.service"

typedef struct {
  const char *what;
  const char *text;
  const char *unit;
  const char *container;
  const char *keeper;
} Case;

static const Case units[] = {
  { "a service", "0::/system.slice/nginx.service\n", "nginx.service", "", "" },
  { "a service's own sub-group", "0::/system.slice/foo.service/worker\n", "foo.service", "", "" },
  { "a service in a slice of slices", "0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service", "", "" },
  { "a name with escapes stays what systemctl knows",
    "0::/system.slice/system-systemd\\x2dfsck.slice/systemd-fsck@dev-sda1\\x2da.service\n", "systemd-fsck@dev-sda1\\x2da.service",
    "", "" },
  { "a name that was escaped for the kernel", "0::/system.slice/_cgroup.service\n", "cgroup.service", "", "" },
  { "a login session", "0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope", "", "" },
  { "the manager itself", "0::/init.scope\n", "init.scope", "", "" },
  { "a service that was stopped", "0::/system.slice/nginx.service (deleted)\n", "nginx.service", "", "" },
  { "a user's service", "0::" USER "/app.slice/foo.service\n", "user@1000.service/foo.service", "", "" },
  { "a user's scope", "0::" USER "/app.slice/app-org.gnome.Terminal.slice/vte-spawn-f22f14d2-3d44-4304-9879-3fdd0df7b08e.scope\n",
    "user@1000.service/vte-spawn-f22f14d2-3d44-4304-9879-3fdd0df7b08e.scope", "", "" },
  { "a user's manager", "0::" USER "/init.scope\n", "user@1000.service/init.scope", "", "" },
  { "a user's manager before systemd 226", "0::" USER "\n", "user@1000.service", "", "" },
  { "version 1",
    "11:cpuset:/\n10:cpu,cpuacct:/system.slice/sshd.service\n2:devices:/system.slice/sshd.service\n"
    "1:name=systemd:/system.slice/sshd.service\n",
    "sshd.service", "", "" },
  { "both versions",
    "12:pids:/user.slice/user-0.slice/session-1.scope\n1:name=systemd:/user.slice/user-0.slice/session-1.scope\n"
    "0::/user.slice/user-0.slice/session-1.scope\n",
    "session-1.scope", "", "" },
  { "no systemd", "9:name=systemd:/\n8:pids:/\n4:memory:/process_api/c9110de81f1e4a49d3a3a549c6d0bc65\n0::/\n", "", "", "" },
  { "OpenRC", "1:name=openrc:/sshd\n0::/openrc.sshd\n", "", "", "" },
  { "a slice", "0::/system.slice\n", "", "", "" },
  { "the root", "0::/\n", "", "", "" },
};

static const Case containers[] = {
  { "docker, systemd", "0::/system.slice/docker-" ID ".scope\n", "docker-" ID ".scope", ID, "/system.slice/" },
  { "docker, cgroupfs", "0::/docker/" ID "\n", "", ID, "/docker/" },
  { "docker, version 1",
    "12:blkio:/docker/" ID "\n2:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/system.slice/containerd.service\n",
    "", ID, "/docker/" },
  { "docker in a controller only", "3:devices:/docker/" ID "\n2:cpu:/\n1:name=systemd:/\n", "", ID, "/docker/" },
  { "docker, an old one", "10:net_prio:/" ID "\n9:perf_event:/" ID "\n", "", ID, "/" },
  { "podman, systemd", "0::/machine.slice/libpod-" ID ".scope/container\n", "libpod-" ID ".scope", ID, "/machine.slice/" },
  { "podman, a pod, systemd", "0::/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope\n", "libpod-" ID ".scope",
    ID, "/machine.slice/machine-libpod_pod_" OTHER ".slice/" },
  { "podman, cgroupfs", "0::/libpod_parent/libpod-" ID "\n", "", ID, "/libpod_parent/" },
  { "podman, a pod, cgroupfs", "0::/libpod_parent/" OTHER "/libpod-" ID "\n", "", ID, "/libpod_parent/" OTHER "/" },
  { "podman, cgroups split", "0::/system.slice/web.service/libpod-payload-" ID "\n", "web.service", ID,
    "/system.slice/web.service/" },
  { "podman's monitor, split", "0::/system.slice/web.service/runtime\n", "web.service", "", "" },
  { "podman's monitor, systemd", "0::/machine.slice/libpod-conmon-" ID ".scope\n", "libpod-conmon-" ID ".scope", "", "" },
  { "podman's health check", "0::/system.slice/" ID ".service\n", ID ".service", "", "" },
  { "podman of a user", "0::" USER "/user.slice/libpod-" ID ".scope/container\n", "user@1000.service/libpod-" ID ".scope", ID,
    USER "/user.slice/" },
  { "podman of a user, split", "0::" USER "/app.slice/redis.service/libpod-payload-" ID "\n", "user@1000.service/redis.service",
    ID, USER "/app.slice/redis.service/" },
  { "docker of a user", "0::" USER "/user.slice/docker-" ID ".scope\n", "user@1000.service/docker-" ID ".scope", ID,
    USER "/user.slice/" },
  { "containerd, systemd", "0::/kubepods.slice/kubepods-burstable.slice/" POD ".slice/cri-containerd-" ID ".scope\n",
    "cri-containerd-" ID ".scope", ID, "/kubepods.slice/kubepods-burstable.slice/" POD ".slice/" },
  { "containerd, nerdctl", "0::/system.slice/nerdctl-" ID ".scope\n", "nerdctl-" ID ".scope", ID, "/system.slice/" },
  { "containerd, a slice as a path",
    "11:perf_event:/" POD ".slice:cri-containerd:" ID "\n"
    "1:name=systemd:/system.slice/containerd.service/" POD ".slice:cri-containerd:" ID "\n",
    "containerd.service", ID, "/system.slice/containerd.service/" },
  { "CRI-O, systemd", "0::/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/crio-" ID ".scope/container\n",
    "crio-" ID ".scope", ID, "/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/" },
  { "CRI-O, cgroupfs", "0::/kubepods/burstable/pod2c48913c-b29f-11e7-9350-020968147796/crio-" ID "\n", "", ID,
    "/kubepods/burstable/pod2c48913c-b29f-11e7-9350-020968147796/" },
  { "CRI-O's monitor", "0::/kubepods.slice/" POD ".slice/crio-conmon-" ID ".scope\n", "crio-conmon-" ID ".scope", "", "" },
  { "kubernetes, cgroupfs", "0::/kubepods/burstable/pod3d6beaa3004913efb68ce073d73494b0/" ID "\n", "", ID,
    "/kubepods/burstable/pod3d6beaa3004913efb68ce073d73494b0/" },
  { "kubernetes, docker", "1:name=systemd:/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/docker-" ID ".scope\n",
    "docker-" ID ".scope", ID, "/kubepods.slice/kubepods-besteffort.slice/" POD ".slice/" },
  { "ECS", "0::/ecs/55091c13-b8cf-4801-b527-f4601742204d/" ID "\n", "", ID, "/ecs/55091c13-b8cf-4801-b527-f4601742204d/" },
  { "LXC", "0::/lxc.payload.web1\n", "", "web1", "/" },
  { "LXD, of a project, with systemd in it", "0::/lxc.payload.build_web1/system.slice/nginx.service\n", "", "build_web1", "/" },
  { "LXC 3.1", "1:name=systemd:/lxc.payload/web1/init.scope\n", "", "web1", "/lxc.payload/" },
  { "LXC before, and Proxmox", "0::/lxc/101/ns/system.slice/nginx.service\n", "", "101", "/lxc/" },
  { "LXC's monitor", "0::/lxc.monitor.web1\n", "", "", "" },
  { "systemd-nspawn", "0::/machine.slice/machine-web\\x2d1.scope/payload/system.slice/nginx.service\n", "machine-web\\x2d1.scope",
    "web-1", "/machine.slice/" },
  { "systemd-nspawn, its service", "0::/machine.slice/systemd-nspawn@web1.service/payload/init.scope\n",
    "systemd-nspawn@web1.service", "web1", "/machine.slice/" },
  { "systemd-nspawn itself", "0::/machine.slice/systemd-nspawn@web1.service/supervisor\n", "systemd-nspawn@web1.service", "",
    "" },
  { "systemd-nspawn itself, in a scope", "0::/machine.slice/machine-web1.scope/supervisor\n", "machine-web1.scope", "", "" },
  { "systemd-nspawn, starting", "0::/machine.slice/systemd-nspawn@web1.service\n", "systemd-nspawn@web1.service", "", "" },
  { "systemd-nspawn of NixOS", "0::/machine.slice/container@web1.service/payload\n", "container@web1.service", "web1",
    "/machine.slice/" },
  { "libvirt's LXC", "0::/machine.slice/machine-lxc\\x2d4321\\x2dweb.scope/libvirt\n", "machine-lxc\\x2d4321\\x2dweb.scope",
    "lxc-4321-web", "/machine.slice/" },
  { "a virtual machine", "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator\n",
    "machine-qemu\\x2d1\\x2dvm.scope", "", "" },
  { "seen from within a cgroup namespace", "0::/../../pod2c48913c/" ID "\n", "", ID, "/../../pod2c48913c/" },
  { "a container that ended", "0::/docker/" ID " (deleted)\n", "", ID, "/docker/" },
};

/* The outermost names are those that an attacker within can not choose. */
static const Case hostile[] = {
  { "a container in a container", "0::/docker/" ID "/docker/" OTHER "\n", "", ID, "/docker/" },
  { "a container that calls a group as podman does", "0::/docker/" ID "/libpod-" OTHER "\n", "", ID, "/docker/" },
  { "kind: kubernetes in docker", "0::/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" OTHER ".scope\n", "",
    ID, "/docker/" },
  { "a container with systemd has no unit of the host", "0::/docker/" ID "/system.slice/sshd.service\n", "", ID, "/docker/" },
  { "a container of systemd's has its own", "0::/system.slice/docker-" ID ".scope/system.slice/sshd.service\n",
    "docker-" ID ".scope", ID, "/system.slice/" },
  { "a user's unit that is called as the system's", "0::" USER "/app.slice/sshd.service\n", "user@1000.service/sshd.service", "",
    "" },
  { "a user's group that is laid out as the system's", "0::" USER "/x/system.slice/sshd.service\n", "user@1000.service", "", "" },
  { "a user's group that is laid out as docker's: the keeper tells", "0::" USER "/docker/" ID "\n", "user@1000.service", ID,
    USER "/docker/" },
  { "lxc is only at the root", "0::" USER "/lxc/web1\n", "user@1000.service", "", "" },
  { "libpod_parent is only at the root", "0::" USER "/libpod_parent/" OTHER "/libpod-" ID "\n", "user@1000.service", OTHER,
    USER "/libpod_parent/" },
  { "a group of another owner that is laid out as systemd's", "0::/students/system.slice/sshd.service\n", "", "", "" },
  { "bytes that are not of a unit's name", "0::/system.slice/a\" b.service\n", "", "", "" },
  { "a line in a name", "0::/system.slice/a\rb.service\n", "", "", "" },
  { "a machine's escape to a blank", "0::/machine.slice/machine-a\\x20b.scope/payload\n", "machine-a\\x20b.scope", "", "" },
  { "a machine's escape to nothing", "0::/machine.slice/machine-a\\x00b.scope/payload\n", "machine-a\\x00b.scope", "", "" },
  { "a machine's escape that is none", "0::/machine.slice/machine-a\\x2.scope/payload\n", "machine-a\\x2.scope", "", "" },
  { "an LXC name with a blank", "0::/lxc.payload.a b\n", "", "", "" },
  { "an id in upper case", "0::/docker/9687BAC58D5C4D1606AA46AF33D1A21C1D1652E0AC9FB3FC0FC86E3495F42869\n", "", "", "" },
  { "an id with another letter", "0::/docker/g687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869\n", "", "", "" },
  { "an id that is too short", "0::/docker/9687bac58d5c\n", "", "", "" },
  { "an id that is too long", "0::/docker/0" ID "\n", "", "", "" },
  { "a colon in a path", "0::/a:b:/docker/" ID "\n", "", ID, "/a:b:/docker/" },
  { "a user's group that ends as a removed one", "0::" USER "/a (deleted)\n", "user@1000.service", "", "" },
  { "names without a body", "0::/.service/.scope/machine-.scope/lxc.payload./_\n", "", "", "" },
  { "no end of line", "0::/docker/" ID, "", ID, "/docker/" },
  { "nothing", "", "", "", "" },
  { "no lines of the kind", "0\n0:\n0::\n::\n:\n\n0::docker/" ID "\n", "", "", "" },
};

static void
assert_parsed(const Case *expected)
{
  PnatCgroup cgroup;

  pnat_cgroup_parse(&cgroup, expected->text);
  ck_assert_msg(strcmp(cgroup.unit, expected->unit) == 0, "%s: unit %s", expected->what, cgroup.unit);
  ck_assert_msg(strcmp(cgroup.container, expected->container) == 0, "%s: container %s", expected->what, cgroup.container);
  ck_assert_msg(strcmp(cgroup.keeper, expected->keeper) == 0, "%s: keeper %s", expected->what, cgroup.keeper);
}

START_TEST(unit_is_the_system_managers)
{
  assert_parsed(&units[_i]);
}
END_TEST

START_TEST(container_is_found_under_every_runtime)
{
  assert_parsed(&containers[_i]);
}
END_TEST

START_TEST(names_from_within_do_not_pass_for_others)
{
  assert_parsed(&hostile[_i]);
}
END_TEST

static const struct {
  const char *text;
  const char *hierarchy;
} hierarchies[] = {
  { "0::/docker/" ID "\n", "" },
  { "2:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/docker/" ID "\n", "name=systemd" },
  { "2:cpu,cpuacct:/docker/" ID "\n1:name=systemd:/\n0::/docker/" ID "\n", "" },
  { "3:cpu,cpuacct:/docker/" ID "\n2:devices:/docker/" OTHER "\n0::/\n", "cpu,cpuacct" },
};

START_TEST(hierarchy_is_that_of_the_line)
{
  PnatCgroup cgroup;

  pnat_cgroup_parse(&cgroup, hierarchies[_i].text);
  ck_assert_str_eq(cgroup.container, ID);
  ck_assert_str_eq(cgroup.hierarchy, hierarchies[_i].hierarchy);
}
END_TEST

START_TEST(long_names_are_none)
{
  g_autofree char *name = g_strnfill(10000, 'a');
  g_autofree char *unit = g_strdup_printf("0::/system.slice/%s.service\n", name);
  g_autofree char *machine = g_strdup_printf("0::/machine.slice/machine-%.200s.scope/payload\n", name);
  g_autofree char *deep = g_strdup_printf("0::/%.1100s/%s\n", name, ID);
  g_autofree char *fits = g_strdup_printf("0::" USER "/%.247s.service\n", name);
  g_autofree char *over = g_strdup_printf("0::" USER "/%.248s.service\n", name);
  g_autofree char *above = g_strdup_printf("0::/system.slice/%.248s.service\n", name);
  const char *const texts[] = { unit, above, machine, deep };
  PnatCgroup cgroup;

  for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
    pnat_cgroup_parse(&cgroup, texts[i]);
    ck_assert_str_eq(cgroup.container, "");
    ck_assert_str_eq(cgroup.keeper, "");
  }
  pnat_cgroup_parse(&cgroup, above);
  ck_assert_str_eq(cgroup.unit, "");
  pnat_cgroup_parse(&cgroup, unit);
  ck_assert_str_eq(cgroup.unit, "");
  pnat_cgroup_parse(&cgroup, fits);
  ck_assert_uint_eq(strlen(cgroup.unit), strlen("user@1000.service/") + 255);
  pnat_cgroup_parse(&cgroup, over);
  ck_assert_str_eq(cgroup.unit, "user@1000.service");
}
END_TEST

/* Every cut of every text, and bytes turned over in it: no read beyond, and only harmless text comes out. */
START_TEST(no_text_does_harm)
{
  static const Case *const tables[] = { units, containers, hostile };
  static const gsize lengths[] = { G_N_ELEMENTS(units), G_N_ELEMENTS(containers), G_N_ELEMENTS(hostile) };
  g_autoptr(GRand) random = g_rand_new_with_seed(1);

  for (gsize i = 0; i < lengths[_i]; i++) {
    const char *text = tables[_i][i].text;
    gsize length = strlen(text);

    for (gsize cut = 0; cut <= length; cut++) {
      g_autofree char *part = g_strndup(text, cut);
      PnatCgroup cgroup;

      if (cut > 0)
        part[g_rand_int_range(random, 0, (gint32)cut)] ^= (char)g_rand_int_range(random, 0, 256);
      pnat_cgroup_parse(&cgroup, part);
      for (const char *at = cgroup.unit; *at != '\0'; at++)
        ck_assert(g_ascii_isgraph(*at) && *at != '"');
      for (const char *at = cgroup.container; *at != '\0'; at++)
        ck_assert(g_ascii_isgraph(*at) && *at != '"' && *at != '/');
    }
  }
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("cgroup");
  TCase *tcase = tcase_create("cgroup");

  tcase_add_loop_test(tcase, unit_is_the_system_managers, 0, G_N_ELEMENTS(units));
  tcase_add_loop_test(tcase, container_is_found_under_every_runtime, 0, G_N_ELEMENTS(containers));
  tcase_add_loop_test(tcase, names_from_within_do_not_pass_for_others, 0, G_N_ELEMENTS(hostile));
  tcase_add_loop_test(tcase, hierarchy_is_that_of_the_line, 0, G_N_ELEMENTS(hierarchies));
  tcase_add_test(tcase, long_names_are_none);
  tcase_add_loop_test(tcase, no_text_does_harm, 0, 3);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
