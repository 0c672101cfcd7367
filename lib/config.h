/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The options of pnat-plugin.conf(5): a flat "key = value" file as auditd.conf(5) is one.
 * An unknown key, a bad value or a duplicate is an error that names file, line, key and what is allowed.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PNAT_CONFIG_FILE AUDIT_DIR "/pnat-plugin.conf"

/* A timeout that never comes. */
#define PNAT_NEVER G_MAXINT64

typedef enum {
  PNAT_OUTPUT_FILE = 1 << 0,
  PNAT_OUTPUT_SYSLOG = 1 << 1,
  PNAT_OUTPUT_JOURNAL = 1 << 2,
} PnatOutputs;

typedef struct {
  PnatOutputs output;
  char *file;
  char *log_group;       /* a group name; resolved by whoever opens the file */
  char *format;          /* "kv" or "json" */
  int syslog_facility;   /* LOG_DAEMON, ... of syslog(3) */
  gint64 start_after;    /* ms; PNAT_NEVER = none */
  gint64 active_timeout; /* ms; PNAT_NEVER = none (0 in the file) */
  gint64 idle_timeout;   /* ms */
  gboolean aggregate_connection;
  GArray *exclude;        /* of PnatPrefix */
  GPtrArray *exclude_exe; /* of char *: globs as GPatternSpec reads them */
  guint max_flows;
  guint max_queue;
  char *state_dir;
  gboolean state_dir_is_set; /* the file names it, it is not just the default */
  gint64 state_interval; /* ms */
  char *control_socket;  /* NULL = off */
  gboolean control_socket_is_set; /* as state_dir_is_set */
  gboolean local_tracking;
  gboolean replay;
} PnatConfig;

/* The defaults of pnat-plugin.conf(5). @returns (transfer full) */
PnatConfig *pnat_config_new(void);

/**
 * Reads @file over the defaults.
 *
 * @returns (transfer full) (nullable) NULL and @error: PNAT_ERROR_CONFIG, all complaints in one message (past 100 they are
 *   counted only), a line each as "FILE:LINE: KEY: what is wrong; allowed: what is", without KEY where the line has none;
 *   PNAT_ERROR_UNSAFE, when others than root and the caller could have written @file; or PNAT_ERROR_IO
 */
PnatConfig *pnat_config_load(const char *file, GError **error);

/* The same of text already in memory; @name stands for the file in messages. */
PnatConfig *pnat_config_parse(const char *text, gsize length, const char *name, GError **error);

void pnat_config_free(PnatConfig *config);

/* The keys there are, NULL-terminated, in the order of the man page. Static. */
const char *const *pnat_config_keys(void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PnatConfig, pnat_config_free)

G_END_DECLS
