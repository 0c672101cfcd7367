/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pnat-plugin --check: says what is wrong with the configuration, without changing anything.
 */
#pragma once

#include "lib/config.h"

G_BEGIN_DECLS

/**
 * Prints what is wrong with @config_file, and with the files and directories that it names where these can be looked at: what is missing
 * and would be made is in order.
 *
 * @returns exit status: 0, or EX_CONFIG
 */
int pnat_check(const char *config_file);

/**
 * Whether the files and directories that @config names can be used. Nothing is made or written. Asked by root: for others much can not be
 * looked at, and counts as right.
 *
 * @returns FALSE and @error, PNAT_ERROR_CONFIG: a line for each that can not
 */
gboolean pnat_check_places(const char *config_file, const PnatConfig *config, GError **error);

G_END_DECLS
