/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The keys of the configuration: for each how its value is read, where it goes and what is allowed.
 * For config.c, which knows of files and lines and not of any key.
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* @returns the key's place in pnat_config_keys(), or -1 */
int pnat_config_key_find(const char *name);

/**
 * Reads @value into @config.
 *
 * @key: a place in pnat_config_keys()
 * @value: UTF-8, without blanks around it
 * @returns (transfer full) (nullable) what is wrong with the value, which then is not taken
 */
char *pnat_config_key_set(int key, const char *value, PnatConfig *config);

/* What is allowed, in words. @returns (transfer full) */
char *pnat_config_key_allowed(int key);

/* The key that @name may be a slip of. @returns (nullable) (transfer none) */
const char *pnat_config_key_nearest(const char *name);

/* @bytes in quotes, escaped and cut to what a message bears. @returns (transfer full) */
char *pnat_config_quote(const char *bytes);

G_END_DECLS
