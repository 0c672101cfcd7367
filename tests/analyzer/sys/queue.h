/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For clang's analyzer alone, see check_analyzer.sh: it does not know that what points to an element may be the head of its list, and
 * would find an element that was removed and freed there again.
 */
#include_next <sys/queue.h>

const void *pnat_analyzer_first(const void *head);

#undef TAILQ_FIRST
#define TAILQ_FIRST(head) ((__typeof__((head)->tqh_first))pnat_analyzer_first(head))
