/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a process's descriptors lead to: descriptor number to peer, as the connect or accept that made it said.
 *
 * close(2) is not audited, so an entry stays until the descriptor is made anew; only a call that
 * succeeded as a network call on it ever asks. Entries stand in small pages, since descriptors are small and dense numbers
 * and there may be millions of them.
 */
#pragma once

#include "address.h"
#include "record.h" /* PnatDirection */
#include "socket.h"

G_BEGIN_DECLS

typedef enum {
  PNAT_DESCRIPTOR_UNKNOWN = 0, /* nothing was seen of it */
  PNAT_DESCRIPTOR_NO_PEER,     /* it was seen, and leads to no internet address */
  PNAT_DESCRIPTOR_PEER,
} PnatDescriptorState;

typedef struct {
  guint8 bytes[16]; /* the remote address, as in PnatAddress */
  guint16 port;
  guint16 local_port; /* 0 = not known */
  guint32 connection; /* number of the connection where connections are kept apart, else 0 */
  guint8 family;
  guint8 proto; /* IPPROTO_*, 0 = not known */
  guint16 cookie_tag; /* of the socket's cookie, where it was asked; else 0 */
  guint8 state : 2; /* PnatDescriptorState */
  guint8 direction : 2; /* PnatDirection */
  guint8 pending : 1;   /* a connect is under way */
  guint8 inferred : 1;  /* copied from a parent */
  guint8 asked : 1;     /* its socket was asked */
  guint8 closing : 1;   /* its socket was destroyed; events of calls before that may still come */
  guint8 unasked : 1;   /* a connect that did not wait was not asked about by another */
} PnatDescriptor;

/* 16 bits of @cookie that tell a descriptor's socket from the one it had before; 0 for cookie 0. */
guint16 pnat_cookie_tag(guint64 cookie);

/* Whether it leads to @address. */
gboolean pnat_descriptor_has_peer(const PnatDescriptor *descriptor, const PnatAddress *address);

/* It leads to @address from now on; what was known of its protocol and its connection stays. */
void pnat_descriptor_set_peer(PnatDescriptor *descriptor, const PnatAddress *address, PnatDirection direction);

/* Notes which socket it has, and whether that was asked. */
void pnat_descriptor_note_cookie(PnatDescriptor *descriptor, const PnatSocket *socket);

/* Whether it can be that @socket is the one whose peer is known here. */
gboolean pnat_descriptor_has_socket(const PnatDescriptor *descriptor, const PnatSocket *socket);

/**
 * Whether @socket can have been here at the time of the call that it was asked for. A descriptor whose peer is known from its
 * connect, and whose socket has another one when it is asked for the first time, was closed and used anew since the call.
 *
 * @descriptor: (nullable) NULL: nothing is known that speaks against it
 */
gboolean pnat_descriptor_may_have_socket(const PnatDescriptor *descriptor, const PnatSocket *socket);

/* What a descriptor's socket said. One that nobody saw being made leads to its peer; who began, it does not tell. */
void pnat_descriptor_note_answer(PnatDescriptor *descriptor, const PnatSocket *socket);

typedef struct PnatDescriptors PnatDescriptors;

/* @returns (transfer full) */
PnatDescriptors *pnat_descriptors_new(void);
void pnat_descriptors_free(PnatDescriptors *descriptors);

/* @returns (transfer none) (nullable) valid until the next call of any of these */
PnatDescriptor *pnat_descriptors_find(PnatDescriptors *descriptors, gint fd);

/**
 * Finds or makes the entry of @fd.
 *
 * @returns (transfer none) (nullable) NULL when @fd is negative
 */
PnatDescriptor *pnat_descriptors_get(PnatDescriptors *descriptors, gint fd);

/* How many entries there is room for. */
guint pnat_descriptors_size(const PnatDescriptors *descriptors);

/* How many are known. */
guint pnat_descriptors_count(const PnatDescriptors *descriptors);

/* Calls @func for each that is known, lowest number first. */
typedef void (*PnatDescriptorFunc)(gint fd, PnatDescriptor *descriptor, gpointer data);
void pnat_descriptors_foreach(PnatDescriptors *descriptors, PnatDescriptorFunc func, gpointer data);

G_END_DECLS
