/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See cgroup.h. A line is HIERARCHY-ID:CONTROLLERS:PATH, cgroups(7); a name in a path has no newline (cgroup_mkdir,
 * kernel/cgroup/cgroup.c).
 */
#include "cgroup.h"

#include <string.h>

/* Digits of a container's id: SHA-256 in all runtimes of OCI. */
#define ID_LENGTH 64

/* What systemd allows in a unit's name. */
#define UNIT_CHARS "-_.:\\@"

#define MAX_UNIT 255

/* Bytes that are not one's own. */
typedef struct {
  const char *at;
  gsize length;
} Span;

typedef struct {
  Span controllers;
  Span path; /* begins with '/' */
} Line;

/* Spans. */

static gboolean
begins(Span span, const char *prefix)
{
  gsize length = strlen(prefix);
  return span.length >= length && memcmp(span.at, prefix, length) == 0;
}

static gboolean
ends(Span span, const char *suffix)
{
  gsize length = strlen(suffix);
  return span.length >= length && memcmp(span.at + span.length - length, suffix, length) == 0;
}

static gboolean
is(Span span, const char *text)
{
  return span.length == strlen(text) && begins(span, text);
}

static Span
without_prefix(Span span, const char *prefix)
{
  gsize length = strlen(prefix);
  return (Span){ span.at + length, span.length - length };
}

static Span
without_suffix(Span span, const char *suffix)
{
  return (Span){ span.at, span.length - strlen(suffix) };
}

/* Takes what is before @separator, or all, off @rest. */
static Span
next_part(Span *rest, char separator)
{
  const char *end = rest->length > 0 ? memchr(rest->at, separator, rest->length) : NULL;
  Span part = { rest->at, end != NULL ? (gsize)(end - rest->at) : rest->length };
  gsize used = part.length + (end != NULL ? 1 : 0);

  *rest = (Span){ rest->at + used, rest->length - used };
  return part;
}

static gboolean
has_only(Span span, const char *others)
{
  for (gsize i = 0; i < span.length; i++)
    if (!g_ascii_isalnum(span.at[i]) && (span.at[i] == '\0' || strchr(others, span.at[i]) == NULL))
      return FALSE;
  return span.length > 0;
}

static gboolean
copy(char *text, gsize size, Span span)
{
  text[0] = '\0';
  if (span.length >= size)
    return FALSE;
  memcpy(text, span.at, span.length);
  text[span.length] = '\0';
  return TRUE;
}

/* Lines. */

static gboolean
next_line(Span *rest, Line *line)
{
  while (rest->length > 0) {
    Span text = next_part(rest, '\n');
    next_part(&text, ':');
    line->controllers = next_part(&text, ':');
    if (ends(text, " (deleted)")) /* cgroup_path_ns: the cgroup was removed, its last process is ending */
      text = without_suffix(text, " (deleted)");
    line->path = text;
    if (begins(text, "/"))
      return TRUE;
  }
  return FALSE;
}

static gboolean
find_line(const char *text, const char *controllers, Line *line)
{
  Span rest = { text, strlen(text) };

  while (next_line(&rest, line))
    if (is(line->controllers, controllers))
      return TRUE;
  return FALSE;
}

/* The name of the next cgroup on the way; empty at the end. */
static Span
next_name(Span *path)
{
  Span name = { path->at, 0 };

  while (path->length > 0 && name.length == 0)
    name = next_part(path, '/');
  return name;
}

/* Units. */

static gboolean
is_unit(Span name)
{
  gsize suffix = ends(name, ".service") ? strlen(".service") : ends(name, ".scope") ? strlen(".scope") : 0;

  return suffix > 0 && name.length > suffix && name.length <= MAX_UNIT && has_only(name, UNIT_CHARS);
}

/*
 * A manager puts its units into slices, and slices into slices; what else comes is not its own, nor what is in that. It writes
 * a '_' before names that could be mistaken for the kernel's (cg_escape, systemd).
 */
static Span
next_unit(Span *path)
{
  for (Span name = next_name(path); name.length > 0; name = next_name(path)) {
    name = begins(name, "_") ? without_prefix(name, "_") : name;
    if (is_unit(name))
      return name;
    if (!ends(name, ".slice"))
      break;
  }
  return (Span){ path->at, 0 };
}

static void
find_unit(PnatCgroup *cgroup, Span path)
{
  Span unit = next_unit(&path);
  char text[MAX_UNIT + 1];

  copy(cgroup->unit, sizeof cgroup->unit, unit);
  if (!begins(unit, "user@"))
    return;
  Span users = next_unit(&path);
  if (users.length == 0 || !copy(text, sizeof text, users))
    return;
  g_strlcat(cgroup->unit, "/", sizeof cgroup->unit);
  g_strlcat(cgroup->unit, text, sizeof cgroup->unit);
}

/* Containers. */

static gboolean
is_id(Span span)
{
  if (span.length != ID_LENGTH)
    return FALSE;
  for (gsize i = 0; i < span.length; i++)
    if (!g_ascii_isdigit(span.at[i]) && (span.at[i] < 'a' || span.at[i] > 'f'))
      return FALSE;
  return TRUE;
}

/*
 * ID (docker, kubepods, libpod_parent, all with cgroupfs), RUNTIME-ID.scope (docker, libpod, cri-containerd, crio, nerdctl, with
 * systemd), RUNTIME-ID (libpod-payload, crio), SLICE:RUNTIME:ID (a slice given to runc as a path). RUNTIME-conmon-ID is the
 * container's monitor.
 */
static Span
id_in(Span name)
{
  if (ends(name, ".scope"))
    name = without_suffix(name, ".scope");
  if (name.length < ID_LENGTH)
    return (Span){ name.at, 0 };
  Span before = { name.at, name.length - ID_LENGTH };
  Span id = { name.at + before.length, ID_LENGTH };
  gboolean apart = before.length == 0 || ends(before, "-") || ends(before, ":");
  return is_id(id) && apart && !ends(before, "conmon-") ? id : (Span){ name.at, 0 };
}

/* machine-NAME.scope is registered with systemd-machined, for virtual machines too; the unit's other cgroup holds systemd-nspawn
 * itself. */
static Span
machine_in(Span name, Span inner)
{
  if (is(inner, "supervisor"))
    return (Span){ name.at, 0 };
  if (begins(name, "machine-") && ends(name, ".scope") && !begins(name, "machine-qemu\\x2d"))
    return without_prefix(without_suffix(name, ".scope"), "machine-");
  /* NixOS's containers are of systemd-nspawn too. */
  const char *prefix = begins(name, "systemd-nspawn@") ? "systemd-nspawn@" : "container@";
  if (is(inner, "payload") && begins(name, prefix) && ends(name, ".service"))
    return without_prefix(without_suffix(name, ".service"), prefix);
  return (Span){ name.at, 0 };
}

/* lxc.payload.NAME since LXC 4.0; lxc.payload/NAME and lxc/NAME before, and with Proxmox. */
static Span
lxc_in(Span name, Span outer, gboolean outer_is_first)
{
  if (is(outer, "lxc.payload") || (outer_is_first && is(outer, "lxc")))
    return name;
  return begins(name, "lxc.payload.") ? without_prefix(name, "lxc.payload.") : (Span){ name.at, 0 };
}

/* systemd.unit(5): \xNN is a byte. FALSE when the name is not one of a container. */
static gboolean
copy_machine(char *text, gsize size, Span name)
{
  gsize length = 0;

  for (gsize i = 0; i < name.length && length + 1 < size; i++) {
    gboolean escaped = name.length - i >= 4 && name.at[i] == '\\' && name.at[i + 1] == 'x' && g_ascii_isxdigit(name.at[i + 2])
                       && g_ascii_isxdigit(name.at[i + 3]);
    text[length++]
        = escaped ? (char)(g_ascii_xdigit_value(name.at[i + 2]) << 4 | g_ascii_xdigit_value(name.at[i + 3])) : name.at[i];
    i += escaped ? 3 : 0;
  }
  gboolean fits = has_only((Span){ text, length }, "-_.:");
  text[fits && name.length < size ? length : 0] = '\0';
  return text[0] != '\0';
}

static gboolean
find_container(PnatCgroup *cgroup, const Line *line)
{
  Span path = line->path, outer = { path.at, 0 };
  gboolean podman = begins(path, "/libpod_parent/");
  guint depth = 0;

  for (Span name = next_name(&path); name.length > 0; name = next_name(&path), depth++) {
    Span rest = path, inner = next_name(&rest);
    Span id = id_in(name), machine = machine_in(name, inner);
    gboolean pod = podman && depth == 1 && is_id(name) && begins(inner, "libpod-"); /* podman's pods have ids too */

    if (machine.length == 0)
      machine = lxc_in(name, outer, depth == 1);
    outer = name;
    if (pod || (id.length == 0 && machine.length == 0))
      continue;
    Span keeper = { line->path.at, (gsize)(name.at - line->path.at) };
    return (id.length > 0 ? copy(cgroup->container, sizeof cgroup->container, id)
                          : copy_machine(cgroup->container, sizeof cgroup->container, machine))
           && copy(cgroup->hierarchy, sizeof cgroup->hierarchy, line->controllers)
           && copy(cgroup->keeper, sizeof cgroup->keeper, keeper);
  }
  return FALSE;
}

/* Where systemd is, its hierarchy has all runtimes' containers; else any has. */
static gboolean
find_in_any(PnatCgroup *cgroup, const char *text)
{
  static const char *const first[] = { "name=systemd", "" };
  Span rest = { text, strlen(text) };
  Line line;

  for (guint i = 0; i < G_N_ELEMENTS(first); i++)
    if (find_line(text, first[i], &line) && find_container(cgroup, &line))
      return TRUE;
  while (next_line(&rest, &line))
    if (find_container(cgroup, &line))
      return TRUE;
  return FALSE;
}

void
pnat_cgroup_parse(PnatCgroup *cgroup, const char *text)
{
  Line line;

  memset(cgroup, 0, sizeof *cgroup);
  if (!find_in_any(cgroup, text))
    cgroup->container[0] = cgroup->keeper[0] = cgroup->hierarchy[0] = '\0';
  if (find_line(text, "name=systemd", &line) || find_line(text, "", &line))
    find_unit(cgroup, line.path);
}
