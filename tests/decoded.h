/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text of audit records to decoded events that outlive the feed, and a comparison of them.
 */
#pragma once

#include <check.h>
#include <string.h>

#include "lib/feed.h"

/* An event with strings of its own. */
typedef struct {
  PnatEvent event;
  char *strings[4];
} Decoded;

static inline const char *
own(Decoded *decoded, guint at, const char *string)
{
  decoded->strings[at] = g_strdup(string);
  return decoded->strings[at];
}

static inline void
keep_decoded(const PnatEvent *event, gpointer events)
{
  Decoded *decoded = g_new0(Decoded, 1);
  decoded->event = *event;
  decoded->event.node = own(decoded, 0, event->node);
  decoded->event.who.comm = own(decoded, 1, event->who.comm);
  decoded->event.who.exe = own(decoded, 2, event->who.exe);
  decoded->event.who.cmd = own(decoded, 3, event->who.cmd);
  g_ptr_array_add(events, decoded);
}

static inline void
decoded_free(gpointer data)
{
  Decoded *decoded = data;
  for (guint i = 0; i < G_N_ELEMENTS(decoded->strings); i++)
    g_free(decoded->strings[i]);
  g_free(decoded);
}

/* @returns (transfer full) an empty array for keep_decoded() */
static inline GPtrArray *
decoded_new(void)
{
  return g_ptr_array_new_with_free_func(decoded_free);
}

static inline const PnatEvent *
decoded_at(const GPtrArray *events, guint at)
{
  ck_assert_uint_lt(at, events->len);
  return &((const Decoded *)g_ptr_array_index(events, at))->event;
}

/* @returns (transfer full) what all of @text makes */
static inline GPtrArray *
decode_bytes(const char *text, gsize length)
{
  GPtrArray *events = decoded_new();
  g_autoptr(PnatFeed) feed = pnat_feed_new(keep_decoded, events);
  pnat_feed_push(feed, text, length, 0);
  pnat_feed_flush(feed);
  ck_assert_uint_eq(pnat_feed_counts(feed).events, events->len);
  return events;
}

static inline GPtrArray *
decode(const char *text)
{
  return decode_bytes(text, strlen(text));
}

static inline void
assert_same_string(const char *a, const char *b)
{
  ck_assert_msg(g_strcmp0(a, b) == 0, "\"%s\" is not \"%s\"", a != NULL ? a : "(none)", b != NULL ? b : "(none)");
}

static inline void
assert_same_identity(const PnatIdentity *a, const PnatIdentity *b)
{
  ck_assert_uint_eq(a->pid, b->pid);
  ck_assert_uint_eq(a->ppid, b->ppid);
  ck_assert_uint_eq(a->uid, b->uid);
  ck_assert_uint_eq(a->euid, b->euid);
  ck_assert_uint_eq(a->auid, b->auid);
  ck_assert_uint_eq(a->ses, b->ses);
  assert_same_string(a->comm, b->comm);
  assert_same_string(a->exe, b->exe);
  assert_same_string(a->cmd, b->cmd);
}

/* All but the id, which may differ. */
static inline void
assert_same_content(const PnatEvent *a, const PnatEvent *b)
{
  ck_assert_int_eq(a->kind, b->kind);
  assert_same_identity(&a->who, &b->who);
  ck_assert_int_eq(a->is_own_time, b->is_own_time);
  ck_assert_int_eq(a->call, b->call);
  ck_assert_int_eq(a->result, b->result);
  ck_assert_int_eq(a->value, b->value);
  ck_assert_int_eq(a->fd, b->fd);
  ck_assert_int_eq(a->saddr, b->saddr);
  ck_assert(pnat_address_equal(&a->address, &b->address));
  ck_assert_uint_eq(a->proto, b->proto);
  ck_assert_int_eq(a->thread_only, b->thread_only);
  ck_assert_int_eq(a->signal, b->signal);
}

static inline void
assert_same_event(const PnatEvent *a, const PnatEvent *b)
{
  assert_same_string(a->node, b->node);
  ck_assert_int_eq(a->time, b->time);
  ck_assert_uint_eq(a->serial, b->serial);
  assert_same_content(a, b);
}

static inline void
assert_same_events(const GPtrArray *a, const GPtrArray *b)
{
  ck_assert_uint_eq(a->len, b->len);
  for (guint i = 0; i < a->len; i++)
    assert_same_event(decoded_at(a, i), decoded_at(b, i));
}
