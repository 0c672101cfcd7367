/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a unit test's main() ends.
 */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Runs and frees @suite, as the environment of check says. @returns exit status */
static inline int
run_suite(Suite *suite)
{
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
