/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The end of a hash function.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Neighbours make steps of even width: the end of SplitMix64 (Steele, Lea and Flood, 2014) scatters them. No two sums give the same. */
static inline guint64
pnat_hash_mix(guint64 sum)
{
  sum = (sum ^ sum >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
  sum = (sum ^ sum >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
  return sum ^ sum >> 31;
}

static inline guint
pnat_hash_scatter(guint64 sum)
{
  return (guint)(pnat_hash_mix(sum) >> 32);
}

G_END_DECLS
