/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See tally.h.
 */
#include "tally.h"

void
pnat_lost_add(PnatLost *what, guint64 lost, gint64 from, gint64 to)
{
  what->from = what->lost == 0 ? from : MIN(what->from, from);
  what->to = what->lost == 0 ? to : MAX(what->to, to);
  what->lost += lost;
}

void
pnat_tally_kernel(PnatTally *tally, guint64 lost, gint64 from, gint64 to)
{
  guint64 shared = tally->auditd.lost > 0 && tally->auditd.to >= from ? MIN(lost, tally->auditd.lost) : 0;

  if (lost == 0)
    return;
  /* The numbers may tell of a part only: the whole time counts, unless they tell of all. */
  if (shared == lost)
    pnat_lost_add(&tally->kernel, lost, tally->auditd.from, tally->auditd.to);
  else
    pnat_lost_add(&tally->kernel, lost, shared > 0 ? MIN(from, tally->auditd.from) : from, to);
  tally->auditd.lost -= shared;
  tally->expected = (PnatLost){ lost - shared, from, to };
}

gboolean
pnat_tally_left_out(PnatTally *tally, const PnatSerialLoss *loss)
{
  PnatLost *expected = &tally->expected;
  guint64 shared = 0;

  if (loss->from > expected->to)
    expected->lost = 0; /* what is left out from now on is later */
  if (loss->to >= expected->from)
    shared = MIN(loss->lost, expected->lost);
  expected->lost -= shared;
  if (loss->lost == shared)
    return FALSE;
  pnat_lost_add(&tally->auditd, loss->lost - shared, loss->from, loss->to);
  return TRUE;
}
