/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pnat-plugin --check: says what is wrong with the configuration, without changing anything.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Prints what is wrong with @config_file, and with the files and directories that it names where these can be looked at: what is missing
 * and would be made is in order.
 *
 * @returns exit status: 0, or EX_CONFIG
 */
int pnat_check(const char *config_file);

G_END_DECLS
