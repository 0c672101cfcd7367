/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See life.h.
 */
#include "life.h"

#include <errno.h>

/* The kernel stamps events with a clock that moves once a tick: 4 ms at 250 Hz. */
#define TICK 4

#define PID_FIRST 2000
#define PID_MAX 4194304 /* of 64-bit kernels, proc_sys_kernel(5) */

struct Process {
  guint32 pid;
  guint32 ppid;
  guint32 ses;
  guint32 peer;
  guint16 connections; /* to be made */
  guint16 transfers;   /* to be made on the newest connection */
  guint16 fd;
  guint32 node;
  guint8 program;
  gboolean datagram : 1; /* the newest connection */
  gboolean long_lived : 1;
  gboolean busy : 1;
};

typedef struct {
  char *name; /* (nullable) */
  guint64 serial;
  guint32 next_pid;
  guint32 lowest_pid; /* those below are taken for good */
} Node;

struct Life {
  LifeOptions options;
  guint64 random;
  guint64 events;
  guint64 opened; /* of the long-lived processes' first connections */
  Node *nodes;
  Process *processes; /* the long-lived ones first */
  guint n_processes;
};

/* splitmix64, public domain, S. Vigna. */
static inline guint64
draw(Life *life)
{
  guint64 z = (life->random += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* 0 to @limit - 1. */
static inline guint
below(Life *life, guint limit)
{
  return (guint)(((draw(life) >> 32) * limit) >> 32);
}

static inline gboolean
chance(Life *life, guint percent)
{
  return below(life, 100) < percent;
}

static guint32
new_pid(Node *node)
{
  if (node->next_pid >= PID_MAX)
    node->next_pid = node->lowest_pid;
  return node->next_pid++;
}

static void
birth(Life *life, Process *process, guint node)
{
  /* One draw a statement, here and below: the order within an expression is the compiler's choice. */
  *process = (Process){ .pid = new_pid(&life->nodes[node]), .node = node, .fd = 3 };
  process->ppid = 1 + below(life, 900);
  process->ses = 1 + below(life, 200);
  process->peer = below(life, life->options.peers);
  process->program = (guint8)below(life, n_programs);
  process->connections = (guint16)below(life, 2 * life->options.connections + 1);
}

Life *
life_new(const LifeOptions *options)
{
  Life *life = g_new0(Life, 1);

  life->options = *options;
  life->random = options->seed;
  life->nodes = g_new0(Node, options->nodes);
  for (guint i = 0; i < options->nodes; i++) {
    Node *node = &life->nodes[i];
    guint drawn = below(life, 1000);
    node->serial = options->serial != 0 ? options->serial : 100 + drawn;
    node->next_pid = node->lowest_pid = PID_FIRST;
    if (options->node != NULL)
      node->name = options->nodes == 1 ? g_strdup(options->node) : g_strdup_printf("%s%u", options->node, i + 1);
  }
  life->n_processes = options->long_lived + options->processes;
  life->processes = g_new0(Process, life->n_processes);
  for (guint i = 0; i < life->n_processes; i++) {
    birth(life, &life->processes[i], i % options->nodes);
    if (i < options->long_lived) {
      life->processes[i].long_lived = TRUE;
      life->nodes[i % options->nodes].lowest_pid = life->processes[i].pid + 1;
    }
  }
  return life;
}

void
life_free(Life *life)
{
  for (guint i = 0; i < life->options.nodes; i++)
    g_free(life->nodes[i].name);
  g_free(life->nodes);
  g_free(life->processes);
  g_free(life);
}

static Peer
peer_of(const Life *life, guint32 number)
{
  static const guint16 ports[] = { 443, 443, 80, 53, 443, 5432, 22, 123, 8080, 53, 443, 25, 6379, 53, 443, 389 };
  guint32 scattered = number * 2654435761u;
  return (Peer){
    .number = number,
    .port = ports[scattered >> 28],
    .ipv6 = (scattered >> 8) % 100 < life->options.ipv6,
  };
}

static gboolean
is_datagram(const Peer *peer)
{
  return peer->port == 53 || peer->port == 123;
}

static Stamp
stamp_of(Life *life, guint node)
{
  gint64 time = life->options.start + (gint64)((gdouble)life->events * 1000 / life->options.rate);
  return (Stamp){
    .node = life->nodes[node].name,
    .time = time - time % TICK,
    .serial = life->nodes[node].serial++,
    .enriched = life->options.enriched,
  };
}

/* An event of @process under way. */
typedef struct {
  Life *life;
  Process *process;
  Text *text;
  Stamp stamp;
  Actor actor;
} Scene;

static void
scene_begin(Scene *scene, Life *life, Process *process, Text *text)
{
  const Program *program = &programs[process->program];
  *scene = (Scene){
    .life = life,
    .process = process,
    .text = text,
    .stamp = stamp_of(life, process->node),
    .actor = { program, process->pid, process->ppid, process->ses },
  };
}

static void
scene_end(Scene *scene)
{
  record_proctitle(scene->text, &scene->stamp, scene->actor.program, scene->process->pid);
  if (scene->life->options.dispatched)
    record_eoe(scene->text, &scene->stamp);
}

/* Some address of the stack, or of the heap. */
static guint64
pointer(Life *life)
{
  return 0x7ffc00000000u + (draw(life) & 0x3fffffff0u);
}

static void
network_call(Scene *scene, const Call *call, const Peer *peer)
{
  record_syscall(scene->text, &scene->stamp, &scene->actor, call);
  if (peer != NULL)
    record_sockaddr(scene->text, &scene->stamp, peer);
  scene_end(scene);
}

static void
do_connect(Scene *scene, const Peer *peer)
{
  Life *life = scene->life;
  Call call = {
    .name = "connect",
    .number = 42,
    .has_result = TRUE,
    .args = { scene->process->fd, pointer(life), peer->ipv6 ? 0x1c : 0x10, 0 },
    .key = "pnat",
  };
  guint dice = below(life, 100);

  if (dice < life->options.failed) {
    call.result = -ECONNREFUSED;
    scene->process->transfers = 0;
  } else if (dice < life->options.failed + life->options.non_blocking)
    call.result = -EINPROGRESS;
  network_call(scene, &call, peer);
}

static void
do_accept(Scene *scene, Peer *peer)
{
  Life *life = scene->life;
  guint64 somewhere = pointer(life);
  const Call call = {
    .name = "accept4",
    .number = 288,
    .has_result = TRUE,
    .result = scene->process->fd,
    .args = { 3, somewhere, somewhere + 0x14, 0x80000 },
    .key = "pnat",
  };
  peer->port = (guint16)(32768 + below(life, 28232));
  network_call(scene, &call, peer);
}

static void
do_transfer(Scene *scene)
{
  Life *life = scene->life;
  Process *process = scene->process;
  Peer peer = peer_of(life, process->peer);
  guint length = 40 + below(life, 1400);
  gboolean receives = process->transfers % 2 != 0;
  const Call call = {
    .name = receives ? "recvfrom" : "sendto",
    .number = receives ? 45 : 44,
    .has_result = TRUE,
    .result = length,
    .args = { process->fd, pointer(life), receives ? 0x10000 : length, receives ? 0 : 0x4000 },
    .key = "pnat",
  };

  if (process->transfers > 0)
    process->transfers--;
  network_call(scene, &call, process->datagram ? &peer : NULL);
}

/* A new connection on @fd to @number; a datagram socket's begins with what it sends. */
static void
do_open(Scene *scene, guint fd, guint32 number)
{
  Life *life = scene->life;
  Process *process = scene->process;
  Peer peer = peer_of(life, number);

  process->peer = number;
  process->fd = (guint16)fd;
  process->datagram = is_datagram(&peer);
  process->transfers = 0;
  if (process->datagram || life->options.full)
    process->transfers = (guint16)(2 * below(life, life->options.transfers + 1));
  if (process->datagram) {
    process->transfers = MAX(process->transfers, 2);
    do_transfer(scene);
  } else if (chance(life, life->options.accept))
    do_accept(scene, &peer);
  else
    do_connect(scene, &peer);
}

static void
do_exit(Scene *scene)
{
  const Call call = { .name = "exit_group", .number = 231, .args = { 0, 0xe7, 0x3c, pointer(scene->life) }, .key = "pnat" };
  network_call(scene, &call, NULL);
  birth(scene->life, scene->process, scene->process->node);
}

/* A long-lived process always has the same peers, each on its own descriptor, so that the count of flows is known. */
static void
do_open_own(Scene *scene, guint which)
{
  const Life *life = scene->life;
  guint64 index = (guint64)(scene->process - life->processes) * life->options.connections + which;
  do_open(scene, 4 + which, (guint32)(index % life->options.peers));
}

/* Every other time the connection before has been closed, and its descriptor is the lowest that is free, socket(2). */
static void
do_open_next(Scene *scene)
{
  Life *life = scene->life;
  Process *process = scene->process;
  guint32 peer = chance(life, life->options.same_peer) ? process->peer : below(life, life->options.peers);
  guint fd = process->fd > 3 && chance(life, 50) ? process->fd : MIN(process->fd + 1u, 1023);
  do_open(scene, fd, peer);
}

static void
live(Scene *scene)
{
  Life *life = scene->life;
  Process *process = scene->process;

  if (process->transfers > 0)
    do_transfer(scene);
  else if (process->long_lived)
    do_open_own(scene, below(life, life->options.connections));
  else if (process->connections > 0) {
    process->connections--;
    do_open_next(scene);
  } else
    do_exit(scene);
}

static Process *
pick_process(Life *life)
{
  guint n_long = life->options.long_lived, i, from, to;
  gboolean is_long = n_long > 0 && (life->options.processes == 0 || chance(life, life->options.long_lived_share));

  from = is_long ? 0 : n_long;
  to = is_long ? n_long : life->n_processes;
  for (i = from + below(life, to - from); life->processes[i].busy;)
    i = i + 1 < to ? i + 1 : from;
  return &life->processes[i];
}

static void
call_on_path(Scene *scene, const Call *call, const char *name)
{
  record_syscall(scene->text, &scene->stamp, &scene->actor, call);
  if (call->number == 42)
    record_sockaddr_unix(scene->text, &scene->stamp, name);
  if (call->number == 59)
    record_execve(scene->text, &scene->stamp, scene->actor.program);
  record_cwd(scene->text, &scene->stamp);
  record_path(scene->text, &scene->stamp, 0, name);
  if (call->number == 59)
    record_path(scene->text, &scene->stamp, 1, "/lib64/ld-linux-x86-64.so.2");
  scene_end(scene);
}

/* What other rules than pnat's bring: files opened, programs run, sockets of the host itself. */
static Process *
irrelevant_call(Life *life, Text *text)
{
  Call open = { .name = "openat", .number = 257, .has_result = TRUE, .result = 3, .items = 1, .key = "etc" };
  Call exec = { .name = "execve", .number = 59, .has_result = TRUE, .items = 2, .key = "exec" };
  Call local = { .name = "connect", .number = 42, .has_result = TRUE, .items = 1, .key = "pnat" };
  Process *process = pick_process(life);
  guint dice = below(life, 75);
  Scene scene;

  scene_begin(&scene, life, process, text);
  guint64 somewhere = pointer(life);
  if (dice < 40) {
    open.args[0] = 0xffffff9c, open.args[1] = somewhere, open.args[2] = 0x80000;
    call_on_path(&scene, &open, "/etc/ld.so.cache");
  } else if (dice < 60) {
    exec.args[0] = somewhere, exec.args[1] = somewhere + 0x30, exec.args[2] = somewhere + 0x60, exec.args[3] = 8;
    call_on_path(&scene, &exec, scene.actor.program->exe);
  } else {
    local.args[0] = 1000, local.args[1] = somewhere, local.args[2] = 0x6e;
    call_on_path(&scene, &local, "/run/systemd/journal/dev-log");
  }
  return process;
}

static Process *
irrelevant_event(Life *life, Text *text)
{
  if (!chance(life, 25))
    return irrelevant_call(life, text);
  guint node = below(life, life->options.nodes);
  Stamp stamp = stamp_of(life, node);
  guint which = below(life, 1000);
  record_user(text, &stamp, which, PID_FIRST + below(life, 30000));
  return NULL;
}

/* The connections of the long-lived processes, one after the other. NULL: they are all open. */
static Process *
open_long_lived(Life *life, Scene *scene, Text *text)
{
  guint64 n_long = life->options.long_lived;

  if (life->opened >= n_long * life->options.connections)
    return NULL;
  Process *process = &life->processes[life->opened % n_long];
  if (process->busy)
    return NULL;
  scene_begin(scene, life, process, text);
  do_open_own(scene, (guint)(life->opened++ / n_long));
  process->transfers = 0;
  return process;
}

Process *
life_next(Life *life, Text *text)
{
  Process *process;
  Scene scene;

  text_clear(text);
  if (life->events < life->options.nodes) {
    Stamp stamp = stamp_of(life, (guint)life->events++);
    stamp.serial += 6000; /* auditd has its own count */
    record_daemon_start(text, &stamp);
    return NULL;
  }
  if (chance(life, life->options.irrelevant))
    process = irrelevant_event(life, text);
  else if ((process = open_long_lived(life, &scene, text)) == NULL) {
    process = pick_process(life);
    scene_begin(&scene, life, process, text);
    live(&scene);
  }
  life->events++;
  if (process != NULL)
    process->busy = TRUE;
  return process;
}

void
life_done(Process *process)
{
  if (process != NULL)
    process->busy = FALSE;
}
