/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See process.h. Names of programs are interned: a thousand shells have one "/bin/sh". Command lines differ.
 */
#include "process.h"

#include <string.h>

/* ms in which process ids do not go round: the kernel gives out all others first (idr_alloc_cyclic(), kernel/pid.c), some 32,000 at least. */
#define PIDS_LAST 10000

PnatNode *
pnat_node_new(const char *name)
{
  PnatNode *node = g_new0(PnatNode, 1);
  node->name = g_strdup(name);
  return node;
}

void
pnat_node_free(PnatNode *node)
{
  if (node == NULL)
    return;
  g_free(node->name);
  g_free(node);
}

static char *
intern(const char *string)
{
  return string != NULL ? g_ref_string_new_intern(string) : NULL;
}

static void
release(char *string)
{
  if (string != NULL)
    g_ref_string_release(string);
}

/* What @process takes beyond its own size changed. */
static void
account(PnatProcess *process, gssize bytes)
{
  process->extra += (gsize)bytes;
  if (process->node->extra != NULL)
    *process->node->extra += (gsize)bytes;
}

static gssize
text_size(const char *string)
{
  return string != NULL ? (gssize)strlen(string) : 0;
}

static void
set_cmd(PnatImage *image, const char *cmd)
{
  account(image->process, text_size(cmd) - text_size(image->cmd));
  g_free(image->cmd);
  image->cmd = g_strdup(cmd);
}

static void
image_free(PnatImage *image)
{
  account(image->process, -(text_size(image->exe) + text_size(image->comm) + text_size(image->cmd)));
  release(image->exe);
  release(image->comm);
  g_free(image->cmd);
  g_free(image);
}

guint
pnat_node_name_hash(gconstpointer name)
{
  guint32 hash = 0x811c9dc5u;
  for (const char *at = name; *at != '\0'; at++)
    hash = (hash ^ (guint8)g_ascii_tolower(*at)) * 0x01000193u; /* FNV-1a */
  return hash;
}

gboolean
pnat_node_name_equal(gconstpointer a, gconstpointer b)
{
  return g_ascii_strcasecmp(a, b) == 0;
}

void
pnat_node_rename(PnatNode *node, const char *name)
{
  if (g_strcmp0(node->name, name) == 0)
    return;
  g_free(node->name);
  node->name = g_strdup(name);
}

static guint64
mix(guint64 hash, const void *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    hash = (hash ^ ((const guint8 *)bytes)[i]) * 0x100000001b3u; /* FNV-1a */
  return hash;
}

static guint64
entity(const PnatNode *node, const PnatEvent *event)
{
  const char *name = node->name != NULL ? node->name : "";
  guint64 hash = mix(0xcbf29ce484222325u, &event->who.pid, sizeof event->who.pid);
  if (event->start != 0)
    return mix(hash, &event->start, sizeof event->start);
  hash = mix(hash, name, strlen(name));
  hash = mix(hash, &event->time, sizeof event->time);
  return mix(hash, &event->serial, sizeof event->serial);
}

guint
pnat_process_hash(gconstpointer data)
{
  const PnatProcess *process = data;
  return g_direct_hash(process->node) ^ process->pid * 0x9e3779b1u;
}

gboolean
pnat_process_equal(gconstpointer one, gconstpointer other)
{
  const PnatProcess *a = one, *b = other;
  return a->node == b->node && a->pid == b->pid;
}

PnatProcess *
pnat_process_new(PnatNode *node, const PnatEvent *event)
{
  PnatProcess *process = g_new0(PnatProcess, 1);
  process->node = node;
  process->pid = event->who.pid;
  process->ppid = event->who.ppid;
  process->auid = event->who.auid;
  process->ses = event->who.ses;
  process->start = event->start;
  process->was_gone = event->is_gone;
  process->entity = entity(node, event);
  process->newest = event->time;
  TAILQ_INIT(&process->flows);
  pnat_process_set_place(process, event->unit, event->container);
  node->n_processes++;
  return process;
}

void
pnat_process_free(PnatProcess *process)
{
  if (process == NULL)
    return;
  for (PnatImage *image = process->images, *next; image != NULL; image = next) {
    next = image->next;
    image_free(image);
  }
  pnat_descriptors_free(process->descriptors);
  release(process->unit);
  release(process->container);
  account(process, -(gssize)process->extra);
  process->node->n_processes--;
  g_free(process);
}

PnatImage *
pnat_image_new(PnatProcess *process, const PnatIdentity *who)
{
  PnatImage *image = g_new0(PnatImage, 1);
  image->process = process;
  image->exe = intern(who->exe);
  image->comm = intern(who->comm);
  account(process, text_size(image->exe) + text_size(image->comm));
  set_cmd(image, who->cmd);
  image->uid = who->uid;
  image->euid = who->euid;
  return image;
}

void
pnat_process_set_place(PnatProcess *process, const char *unit, const char *container)
{
  release(process->unit);
  release(process->container);
  process->unit = intern(unit);
  process->container = intern(container);
}

/* Drops images without flows, so that a process that calls execve for ever does not grow. */
static void
drop_unused_images(PnatProcess *process)
{
  for (PnatImage **link = &process->images; *link != NULL;) {
    PnatImage *image = *link;
    if (image->n_flows > 0) {
      link = &image->next;
      continue;
    }
    *link = image->next;
    image_free(image);
  }
}

/* io_uring's records name no program: the newest of the user is meant. */
static gboolean
is_image_of(const PnatImage *image, const PnatIdentity *who)
{
  return image->euid == who->euid && (who->exe == NULL || g_strcmp0(image->exe, who->exe) == 0);
}

/* Bytes of a title that audit shows, MAX_PROCTITLE_AUDIT_LEN in the kernel's audit.h, but for NULs at its end. */
#define TITLE_CUT 126

/* @known: whole, perhaps, where @title is cut */
static gboolean
is_title(const char *known, const char *title)
{
  return g_strcmp0(known, title) == 0 || (known != NULL && strlen(title) >= TITLE_CUT && g_str_has_prefix(known, title));
}

/* The kernel keeps a task's title over execve (audit_log_proctitle, kernel/auditsc.c): one that another program had before is not the new one's. */
static gboolean
has_title(const PnatProcess *process, const char *cmd)
{
  for (const PnatImage *image = process->images; image != NULL && cmd != NULL; image = image->next)
    if (is_title(image->cmd, cmd))
      return TRUE;
  return FALSE;
}

PnatImage *
pnat_process_image(PnatProcess *process, const PnatIdentity *who)
{
  for (PnatImage **link = &process->images; *link != NULL; link = &(*link)->next) {
    PnatImage *image = *link;
    if (!is_image_of(image, who))
      continue;
    *link = image->next;
    image->next = process->images;
    process->images = image;
    if (image->cmd == NULL && !has_title(process, who->cmd))
      set_cmd(image, who->cmd);
    return image;
  }
  gboolean stale = has_title(process, who->cmd);
  drop_unused_images(process);
  PnatImage *image = pnat_image_new(process, who);
  if (stale)
    set_cmd(image, NULL);
  image->next = process->images;
  process->images = image;
  return image;
}

PnatImage *
pnat_process_surplus_image(const PnatProcess *process)
{
  PnatImage *oldest = NULL;
  guint n = 0;

  for (PnatImage *image = process->images; image != NULL; image = image->next)
    if (image->n_flows > 0) {
      oldest = image;
      n++;
    }
  return n >= PNAT_PROCESS_IMAGES ? oldest : NULL;
}

gboolean
pnat_process_started_apart(const PnatProcess *process, const PnatEvent *event)
{
  return event->start != 0 && (process->was_gone || (process->start != 0 && process->start != event->start));
}

gboolean
pnat_process_is_other(const PnatProcess *process, const PnatEvent *event)
{
  if (process->start != 0 && event->start != 0)
    return process->start != event->start;
  if (pnat_process_started_apart(process, event))
    return TRUE;

  const PnatIdentity *who = &event->who;
  const PnatImage *image = process->images;
  gboolean other_exe = image != NULL && image->exe != NULL && who->exe != NULL && strcmp(image->exe, who->exe) != 0;
  /* To be init's is what happens to a process whose parent died; after an exit(2) that may have been its last call, it tells. */
  gboolean other_parent = process->ppid != who->ppid && (who->ppid != 1 || process->maybe_end != 0);
  /* io_uring's records hold neither program nor session. */
  gboolean other_session = who->exe != NULL && process->ses != PNAT_ID_UNSET && who->ses != process->ses;
  /* It called execve, was adopted by a subreaper, and exited: more likely than that an exit was lost and the number used again by then. */
  gboolean exits_soon = event->kind == PNAT_EVENT_EXIT && event->time < process->newest + PIDS_LAST;
  return other_session || (other_parent && other_exe && !exits_soon);
}

PnatDescriptor *
pnat_process_descriptor(const PnatProcess *process, gint fd)
{
  return process->descriptors != NULL ? pnat_descriptors_find(process->descriptors, fd) : NULL;
}

PnatDescriptor *
pnat_process_descriptor_get(PnatProcess *process, gint fd)
{
  if (process->descriptors == NULL)
    process->descriptors = pnat_descriptors_new();
  guint before = pnat_descriptors_size(process->descriptors);
  PnatDescriptor *descriptor = pnat_descriptors_get(process->descriptors, fd);
  account(process, (gssize)((pnat_descriptors_size(process->descriptors) - before) * sizeof *descriptor));
  return descriptor;
}
