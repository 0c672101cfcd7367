/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See programs.h.
 */
#include "programs.h"

#define IDS(uid, gid, euid)                                                                                                      \
  " uid=" uid " gid=" gid " euid=" euid " suid=" euid " fsuid=" euid " egid=" gid " sgid=" gid " fsgid=" gid
#define NAMES(uid, gid, euid)                                                                                                    \
  " UID=\"" uid "\" GID=\"" gid "\" EUID=\"" euid "\" SUID=\"" euid "\" FSUID=\"" euid "\" EGID=\"" gid "\" SGID=\"" gid         \
  "\" FSGID=\"" gid "\""
#define SERVICE(id, name)                                                                                                        \
  {                                                                                                                              \
    " auid=4294967295", IDS(id, id, id), " AUID=\"unset\"", NAMES(name, name, name), FALSE                                       \
  }
#define PERSON(id, name, euid, ename)                                                                                            \
  {                                                                                                                              \
    " auid=" id, IDS(id, id, euid), " AUID=\"" name "\"", NAMES(name, name, ename), TRUE                                         \
  }

static const User root = SERVICE("0", "root");
static const User www_data = SERVICE("33", "www-data");
static const User resolve = SERVICE("101", "systemd-resolve");
static const User postgres = SERVICE("113", "postgres");
static const User alice = PERSON("1000", "alice", "1000", "alice");
static const User bob = PERSON("1001", "bob", "1001", "bob");
static const User alice_as_root = PERSON("1000", "alice", "0", "root"); /* a set-user-ID program */

#define PROGRAM(comm, exe, title, user)                                                                                          \
  {                                                                                                                              \
    comm, exe, title, sizeof(title) - 1, user                                                                                    \
  }

const Program programs[] = {
  PROGRAM("curl", "/usr/bin/curl", "curl\0-sS\0--max-time=20\0https://api.example.org/v1/items/", &alice),
  PROGRAM("python3", "/usr/bin/python3.11", "/usr/bin/python3\0-m\0worker\0--queue\0mail-", &bob),
  PROGRAM("nginx", "/usr/sbin/nginx", "nginx: worker process ", &www_data),
  PROGRAM("sshd", "/usr/sbin/sshd", "sshd: alice [priv] ", &root),
  PROGRAM("ssh", "/usr/bin/ssh", "ssh\0-o\0BatchMode=yes\0host-", &alice),
  PROGRAM("systemd-resolve", "/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved\0", &resolve),
  PROGRAM("postgres", "/usr/lib/postgresql/15/bin/postgres", "postgres: 15/main: app app 10.0.0.", &postgres),
  PROGRAM("node", "/usr/bin/node", "node\0/srv/app/server.js\0--port=8", &www_data),
  PROGRAM("java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "java\0-Xmx2g\0-jar\0/opt/collector/collector.jar\0--shard\0",
          &bob),
  PROGRAM("DNS Res~ver #12", "/usr/lib/firefox-esr/firefox-esr", "firefox-esr\0-P\0profile-", &alice),
  PROGRAM("apt-get", "/usr/bin/apt-get", "apt-get\0-qq\0update\0", &root),
  PROGRAM("ping", "/usr/bin/ping", "ping\0-c1\0gw-", &alice_as_root),
  PROGRAM("git-remote-http", "/usr/lib/git-core/git-remote-http",
          "/usr/lib/git-core/git-remote-https\0origin\0https://git.example.org/team/project-", &bob),
  PROGRAM("chronyd", "/usr/sbin/chronyd", "/usr/sbin/chronyd\0-F\0", &root),
};

const guint n_programs = G_N_ELEMENTS(programs);
