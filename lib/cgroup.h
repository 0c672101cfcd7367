/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which systemd unit and which container a process belongs to, read from the text of /proc/PID/cgroup (cgroups(7)): the unified
 * hierarchy, the old ones, and both at once.
 *
 * Whoever owns a cgroup names those in it, so names are taken from the outside in: systemd's own are outermost, and what
 * users, services and containers make within theirs comes after. A unit is the one of the system's manager; a user's own unit
 * stands behind that user's manager, never alone. Of containers in containers, the outermost is taken, which is the one that this
 * host's runtime knows. One that an ordinary user could have made up is told by the owner of @keeper.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PNAT_UNIT_TEXT 512      /* "user@1000.service/" and a unit's name of at most 255 bytes, systemd.unit(5) */
#define PNAT_CONTAINER_TEXT 160 /* 64 hexadecimal digits, or a machine's name */
#define PNAT_KEEPER_TEXT 1024   /* a container deeper than that is not taken for one */
#define PNAT_HIERARCHY_TEXT 64

/* Texts are of printable ASCII without blanks and quotes; empty: none, or not known. */
typedef struct {
  /* A service or scope as systemctl(1) names it, escapes (\x2d) and all: "nginx.service". Of a user's manager, both:
   * "user@1000.service/foo.service". */
  char unit[PNAT_UNIT_TEXT];

  /*
   * The id, of 64 hexadecimal digits, of docker, podman, containerd, CRI-O, Kubernetes with any of them; the name of a container
   * of LXC, LXD, Incus, systemd-nspawn, libvirt-lxc, its escapes decoded. Virtual machines and the monitor processes of
   * containers are none.
   */
  char container[PNAT_CONTAINER_TEXT];

  /* The cgroup in which the container's own was made, from the root of @hierarchy. Its owner is who says that there is such a
   * container. */
  char keeper[PNAT_KEEPER_TEXT];

  /* Second field of the line that told of the container: "" is the unified hierarchy, else "name=systemd", or controllers. */
  char hierarchy[PNAT_HIERARCHY_TEXT];
} PnatCgroup;

/* @text: lines of /proc/PID/cgroup; the last may be cut */
void pnat_cgroup_parse(PnatCgroup *cgroup, const char *text);

G_END_DECLS
