/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See state_private.h. Here: values that are more than a number, and the bounds that what is read must keep.
 */
#include "state_private.h"

/* Flows and processes: they take less than a ms. */
#define BETWEEN_PAUSES 256

gboolean
pnat_state_is_reading(const PnatStateContext *state)
{
  return !state->codec.writing;
}

void
pnat_state_may_pause(PnatStateContext *state)
{
  if (state->pause == NULL || ++state->unpaused < BETWEEN_PAUSES)
    return;
  state->unpaused = 0;
  state->pause->func(state->pause->data);
}

/* What is read and must lie within bounds, so that what is reckoned with it does not overflow. */
static void
bounded(PnatCodec *codec, gint64 *value, gint64 least, gint64 most)
{
  pnat_codec_i64(codec, value);
  if (codec->writing || (*value >= least && *value <= most))
    return;
  codec->failed = TRUE;
  *value = 0;
}

void
pnat_state_time(PnatCodec *codec, gint64 *time)
{
  bounded(codec, time, 0, PNAT_TIME_MAX);
}

void
pnat_state_bytes(PnatCodec *codec, gint64 *count, gint64 least)
{
  bounded(codec, count, least, PNAT_BYTES_MAX);
}

void
pnat_state_moment(PnatStateContext *state, gint64 *time)
{
  gint64 distance = *time == G_MAXINT64 ? G_MAXINT64 : *time - state->now;
  pnat_codec_i64(&state->codec, &distance);
  if (!pnat_state_is_reading(state))
    return;
  if (distance != G_MAXINT64 && (distance < -PNAT_TIME_MAX || distance > PNAT_TIME_MAX))
    state->codec.failed = TRUE;
  *time = distance == G_MAXINT64 || state->codec.failed ? G_MAXINT64 : state->now + distance;
}

void
pnat_state_address(PnatStateContext *state, PnatAddress *value)
{
  pnat_codec_bytes(&state->codec, value->bytes, sizeof value->bytes);
  pnat_codec_u16(&state->codec, &value->port);
  pnat_codec_u8(&state->codec, &value->family);
  if (value->family != PNAT_FAMILY_NONE && value->family != PNAT_FAMILY_IPV4 && value->family != PNAT_FAMILY_IPV6)
    state->codec.failed = TRUE;
}

guint32
pnat_state_count(PnatStateContext *state, guint32 value, guint32 most)
{
  pnat_codec_u32(&state->codec, &value);
  if (value > most)
    state->codec.failed = TRUE;
  return state->codec.failed ? 0 : value;
}
