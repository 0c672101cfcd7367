/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the kernel says of a socket of this host: asked while it is open, or told as it is destroyed. Plain values.
 */
#pragma once

#include "address.h"

G_BEGIN_DECLS

typedef enum {
  PNAT_SOCKET_STATE_UNKNOWN,
  PNAT_SOCKET_CONNECTING, /* TCP: SYN sent */
  PNAT_SOCKET_CONNECTED,  /* the peer answered, now or once */
  PNAT_SOCKET_FAILED,     /* destroyed, and the peer never answered */
} PnatSocketState;

typedef struct {
  guint64 cookie; /* SO_COOKIE of socket(7), the same as in sock_diag(7); 0 = the socket was not asked */
  guint8 proto;   /* IPPROTO_* */
  guint8 state;   /* PnatSocketState */
  PnatAddress local;
  PnatAddress remote; /* none: not connected */
  gint64 established; /* ms since 1970 by which a TCP connection stood; 0 = not known */
  gboolean is_just_then; /* it was made at that time: not both sides have sent since */
} PnatSocket;

/* A socket's end. */
typedef struct {
  PnatSocket socket;
  gint64 time;     /* ms since 1970 at which it was told */
  gint error;      /* errno value of a connect that failed, 0 = not known */
  gint64 tx;       /* bytes of payload, without retransmissions; -1 = not known */
  gint64 rx;       /* bytes of payload; -1 = not known */
  gboolean foreign; /* of another network namespace: its addresses may be another host's here, only the cookie tells */
} PnatSocketEnd;

G_END_DECLS
