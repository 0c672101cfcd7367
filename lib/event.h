/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A decoded audit event: a plain value, tagged by its kind. It is what decode makes of
 * the records auparse assembled, and all that the tracker ever sees of audit.
 *
 * Strings and the event itself are borrowed: they live as long as the callback that hands them over.
 */
#pragma once

#include "address.h"
#include "socket.h"

G_BEGIN_DECLS

/* An id that is not set: (uid_t) -1, as the kernel prints an unset auid or ses. */
#define PNAT_ID_UNSET G_MAXUINT32

/* ms since 1970: the last that RFC 3339 can say, in the year 9999. No event has a later time. */
#define PNAT_TIME_MAX G_GINT64_CONSTANT(253402300799999)

typedef enum {
  PNAT_EVENT_NONE,    /* does not matter */
  PNAT_EVENT_NETWORK, /* one of the calls of PnatCall */
  PNAT_EVENT_EXIT,    /* exit_group, or a thread's exit */
  PNAT_EVENT_ABEND,   /* ANOM_ABEND: ended by a signal that dumps core */
  PNAT_EVENT_BOOT,    /* SYSTEM_BOOT: the node started anew */
} PnatEventKind;

/* System calls and io_uring operations, folded to what they mean for a flow. */
typedef enum {
  PNAT_CALL_NONE,
  PNAT_CALL_SOCKET,
  PNAT_CALL_CONNECT,
  PNAT_CALL_ACCEPT, /* accept, accept4 */
  PNAT_CALL_SEND,   /* send, sendto, sendmsg */
  PNAT_CALL_SENDMM, /* sendmmsg: the result counts messages, not bytes */
  PNAT_CALL_RECV,   /* recv, recvfrom, recvmsg */
  PNAT_CALL_RECVMM, /* recvmmsg: the result counts messages, not bytes */
  PNAT_CALL_EITHER, /* of io_uring: one that sends or connects, or one that receives or accepts; the address does not tell which */
  PNAT_CALL_EXIT,
  PNAT_CALL_EXIT_GROUP,
  PNAT_CALL_URING_ENTER, /* io_uring_enter(2): what it did is in URINGOP records, if there are any; decode resolves it */
  PNAT_CALL_BIND,       /* of io_uring: its address is the process's own; decode resolves it */
  PNAT_CALL_SOCKETCALL, /* 32-bit multiplexer, see socketcall(2); decode resolves it to one of the above */
} PnatCall;

/* How far up a descriptor that was inherited is looked for. */
#define PNAT_ANCESTORS 16

/* Who made the call, as the SYSCALL record says. */
typedef struct {
  guint32 pid; /* the thread group's */
  guint32 ppid;
  guint32 uid;
  guint32 euid;
  guint32 auid; /* PNAT_ID_UNSET: no login */
  guint32 ses;  /* PNAT_ID_UNSET: no session */
  const char *comm; /* (nullable) bytes as the process chose them, not necessarily UTF-8 */
  const char *exe;  /* (nullable) */
  const char *cmd;  /* (nullable) PROCTITLE with its NULs made blanks; at most 128 bytes, cut by the kernel */
} PnatIdentity;

/* What a call ended with. */
typedef enum {
  PNAT_RESULT_NONE, /* not said: io_uring's records do not hold the operation's result */
  PNAT_RESULT_OK,
  PNAT_RESULT_FAILED, /* value is -errno */
} PnatResult;

typedef struct {
  PnatEventKind kind;
  const char *node; /* (nullable) the node= field; NULL is this host */
  gboolean snapshot; /* no call was seen: the connection was there before. CONNECT, ACCEPT, or SEND where who began it is not known */
  gboolean here;    /* it is of this host, whatever its node= says */
  gboolean local;   /* and of a time at which its kernel may be asked: arrival, start, socket */
  gint64 time;      /* ms since 1970: the moment the call was entered (audit_syscall_entry, kernel/auditsc.c) */
  gboolean is_own_time; /* time is when it happened, not when a call that led to it was entered: io_uring's workers stamp so */
  guint64 serial;   /* with time, the event's id: msg=audit(TIME:SERIAL) */
  gint64 arrival;   /* ms since 1970 at which the event reached us, set where that is known to be about when the call returned; else 0 */

  gboolean is_gone; /* a process of this host that had ended when the event came */
  guint64 start;    /* stands for the boot and the moment at which the process started: tells it from others with its pid; 0 = not known */

  PnatIdentity who; /* NETWORK, EXIT, ABEND */

  /* NETWORK */
  PnatCall call;
  PnatResult result;
  gint64 value;        /* exit=: descriptor, bytes, messages, 0 or -errno */
  gint fd;             /* the descriptor called on, -1 = not known (io_uring) */
  PnatSaddr saddr;     /* what the SOCKADDR record held */
  PnatAddress address; /* for PNAT_SADDR_INET: the peer */
  guint8 proto;        /* IPPROTO_*, 0 = not known; of PNAT_CALL_SOCKET */
  const char *unit;      /* (nullable) of a process of this host: its systemd unit */
  const char *container; /* (nullable) and the id of the container it runs in */
  guint32 ancestors[PNAT_ANCESTORS]; /* of a process of this host: the parent's parent, and so on up; 0 behind the last known */
  PnatSocket socket;   /* the descriptor's socket, for PNAT_CALL_ACCEPT the new one's */

  /* EXIT */
  gboolean thread_only; /* exit(2), not exit_group(2): maybe only a thread */

  /* ABEND */
  gint signal;
} PnatEvent;

/* Accepting and receiving wait for the peer, perhaps for hours: what happened, happened when they returned. */
static inline gboolean
pnat_event_waits(const PnatEvent *event)
{
  return event->call == PNAT_CALL_ACCEPT || event->call == PNAT_CALL_RECV || event->call == PNAT_CALL_RECVMM;
}

G_END_DECLS
