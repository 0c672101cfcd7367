/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The programs that appear in the streams, and the users that run them.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A user as the records of his processes show him. */
typedef struct {
  const char *auid; /* " auid=..." */
  const char *ids;  /* " uid=... gid=... euid=... suid=... fsuid=... egid=... sgid=... fsgid=..." */
  const char *auid_name;
  const char *names; /* the interpretation of ids */
  gboolean login;    /* has a session */
} User;

typedef struct {
  const char *comm;
  const char *exe;
  const char *title; /* proctitle, and the arguments of execve: with a NUL after each but the last */
  gsize title_length;
  const User *user;
} Program;

extern const Program programs[];
extern const guint n_programs;

G_END_DECLS
