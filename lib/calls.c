/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What each network call means for a process's descriptors and flows. An address in the call wins; else the
 * descriptor's peer; else the call is counted to no one: never a guess.
 *
 * A connect that does not wait leaves its descriptor pending, until a later call on it tells how it went.
 */
#include "calls_private.h"

#include <errno.h>

/* Times. */

/* The time at which the call returned, at the latest, as far as that is known; else 0. */
static gint64
returned_by(const PnatEvent *event)
{
  gint64 established = event->call == PNAT_CALL_ACCEPT ? event->socket.established : 0;
  if (established == 0)
    return event->arrival;
  if (event->arrival == 0)
    return event->socket.is_just_then ? established : 0;
  return MIN(established, event->arrival);
}

/*
 * An event's time is when the call was entered. It returned after all that the kernel had logged before it, and about when it reached
 * us, if that is known; an accept also when the connection stood, if it was waited for: then it does not matter how long the event took.
 */
static gint64
time_done(const PnatProcess *process, const PnatEvent *event)
{
  gint64 done = MAX(event->time, MAX(process->node->newest, returned_by(event)));
  if (event->is_own_time)
    done = event->time;
  return process->end != 0 ? MIN(done, process->end) : done;
}

/* Results. */

/* The call never came to the network. */
static gboolean
is_no_socket(gint64 value)
{
  return value == -EFAULT || value == -EBADF || value == -ENOTSOCK;
}

/* Nothing happened yet, and the caller will come again. */
static gboolean
is_try_again(gint64 value)
{
  return value == -EAGAIN || value == -EINTR || value == -ENOTCONN || value == -EINPROGRESS || value == -EALREADY ||
         is_no_socket(value);
}

static PnatOutcome
connect_outcome(const PnatEvent *event)
{
  if (event->result == PNAT_RESULT_OK)
    return PNAT_OUTCOME_OK;
  if (event->result == PNAT_RESULT_NONE || event->value == -EINPROGRESS || event->value == -EALREADY || event->value == -EINTR)
    return PNAT_OUTCOME_PENDING;
  return PNAT_OUTCOME_FAILED;
}

/* Descriptors. */

static void
forget_peer(const PnatCallContext *call, gint fd, guint8 proto)
{
  PnatDescriptor *descriptor = pnat_process_descriptor_get(call->process, fd);
  if (descriptor == NULL)
    return;
  *descriptor = (PnatDescriptor){ .state = PNAT_DESCRIPTOR_NO_PEER, .proto = proto };
}

static guint32
next_connection(PnatTracker *tracker)
{
  return tracker->options.per_connection ? ++tracker->last_connection : 0;
}

/* Calls. */

static void
on_socket(const PnatCallContext *call)
{
  if (call->event->result != PNAT_RESULT_OK)
    return;
  /* Of another family: only what is known of the number is out of date. */
  if (call->event->proto != 0 || pnat_process_descriptor(call->process, (gint)call->event->value) != NULL)
    forget_peer(call, (gint)call->event->value, call->event->proto);
}

/* A connect to where one that did not wait goes already asks how that went, and is no new one; whatever was learnt meanwhile. */
static gboolean
is_same_attempt(const PnatDescriptor *descriptor, const PnatEvent *event)
{
  if (descriptor == NULL || !descriptor->unasked || event->value == -EINPROGRESS || !pnat_descriptor_has_peer(descriptor, &event->address))
    return FALSE;
  return descriptor->cookie_tag == 0 || event->socket.cookie == 0 || descriptor->cookie_tag == pnat_cookie_tag(event->socket.cookie);
}

/* The call returned while the connect went on: connect(2), EINPROGRESS and EINTR. */
static gboolean
goes_on(const PnatEvent *event)
{
  return connect_outcome(event) == PNAT_OUTCOME_PENDING;
}

/* A datagram socket whose connect fails keeps the peer that it had: __ip4_datagram_connect(), net/ipv4/datagram.c. */
static gboolean
keeps_peer(const PnatDescriptor *descriptor, PnatOutcome outcome)
{
  return outcome == PNAT_OUTCOME_FAILED && descriptor->state == PNAT_DESCRIPTOR_PEER && descriptor->proto == IPPROTO_UDP;
}

static void
begin_connection(const PnatCallContext *call, PnatDescriptor *descriptor, PnatOutcome outcome)
{
  PnatFlowKey key = pnat_call_key_towards(call, &call->event->address, PNAT_DIRECTION_OUT);
  key.proto = pnat_call_proto(call, descriptor);
  key.connection = next_connection(call->tracker);

  if (descriptor != NULL && !keeps_peer(descriptor, outcome)) {
    pnat_descriptor_set_peer(descriptor, &call->event->address, PNAT_DIRECTION_OUT);
    pnat_descriptor_note_cookie(descriptor, &call->event->socket);
    descriptor->proto = key.proto;
    descriptor->connection = key.connection;
    descriptor->pending = outcome == PNAT_OUTCOME_PENDING;
    descriptor->unasked = goes_on(call->event);
    if (outcome == PNAT_OUTCOME_FAILED)
      descriptor->state = PNAT_DESCRIPTOR_NO_PEER;
  }
  pnat_tracker_retire_written(call->tracker, &key, call->event->time);
  PnatFlow *flow = pnat_call_count(call, &key);
  if (flow == NULL) {
    if (outcome != PNAT_OUTCOME_FAILED)
      pnat_call_pass_over(call, &call->event->address);
    return;
  }
  if (outcome == PNAT_OUTCOME_OK)
    flow->ok = TRUE;
  if (outcome != PNAT_OUTCOME_FAILED && pnat_found_is_counted(call->tracker, flow, call->event, call->event->fd))
    return;
  flow->connections += flow->connections < G_MAXUINT32;
  if (outcome == PNAT_OUTCOME_PENDING)
    flow->pending++;
  else if (outcome == PNAT_OUTCOME_FAILED)
    pnat_flow_note_failure(flow, call->event);
  if (outcome != PNAT_OUTCOME_FAILED)
    pnat_call_watch(call, flow, &call->event->address, call->event->fd, outcome == PNAT_OUTCOME_PENDING);
}

/* The socket is connected already, not by this call, and to wherever: an address that was given says nothing. */
static void
on_connected_before(const PnatCallContext *call)
{
  PnatDescriptor *descriptor = pnat_call_descriptor(call, call->event->fd);
  if (call->event->socket.remote.family != PNAT_FAMILY_NONE) {
    descriptor = pnat_process_descriptor_get(call->process, call->event->fd);
    pnat_descriptor_note_answer(descriptor, &call->event->socket);
  }
  if (descriptor == NULL || descriptor->state != PNAT_DESCRIPTOR_PEER) {
    call->tracker->unattributed++;
    return;
  }
  PnatFlowKey key = pnat_call_key_of_descriptor(call, descriptor);
  pnat_call_count(call, &key);
  pnat_call_settle(call, descriptor, TRUE);
  descriptor->unasked = FALSE;
}

static void
on_connect(const PnatCallContext *call)
{
  const PnatEvent *event = call->event;
  PnatDescriptor *descriptor = pnat_process_descriptor(call->process, event->fd);
  if (event->saddr == PNAT_SADDR_UNSPEC)
    forget_peer(call, event->fd, descriptor != NULL ? descriptor->proto : 0);
  if (event->saddr == PNAT_SADDR_OTHER)
    forget_peer(call, event->fd, 0);
  if (event->saddr != PNAT_SADDR_INET || is_no_socket(event->value))
    return;

  if (event->value == -EISCONN) {
    on_connected_before(call);
    return;
  }
  PnatOutcome outcome = connect_outcome(event);
  if (outcome == PNAT_OUTCOME_PENDING && event->socket.state == PNAT_SOCKET_CONNECTED)
    outcome = PNAT_OUTCOME_OK;
  if (!is_same_attempt(descriptor, event)) {
    begin_connection(call, pnat_process_descriptor_get(call->process, event->fd), outcome);
    return;
  }
  PnatFlowKey key = pnat_call_key_of_descriptor(call, descriptor);
  pnat_call_count(call, &key);
  if (outcome == PNAT_OUTCOME_PENDING)
    return;
  pnat_call_settle(call, descriptor, outcome == PNAT_OUTCOME_OK);
  descriptor->unasked = FALSE;
  if (outcome == PNAT_OUTCOME_FAILED)
    descriptor->state = PNAT_DESCRIPTOR_NO_PEER;
}

static void
on_accept(const PnatCallContext *call)
{
  const PnatEvent *event = call->event;
  gint fd = event->fd >= 0 ? (gint)event->value : -1; /* io_uring may answer with an index of its own */

  if (event->result == PNAT_RESULT_FAILED)
    return;
  guint8 proto = pnat_call_proto(call, pnat_call_descriptor(call, event->fd));
  const PnatAddress *peer = event->saddr == PNAT_SADDR_INET ? &event->address : &event->socket.remote;
  if (peer->family == PNAT_FAMILY_NONE) {
    forget_peer(call, fd, proto);
    return;
  }

  PnatFlowKey key = pnat_call_key_towards(call, peer, PNAT_DIRECTION_IN);
  key.proto = proto;
  key.local_port = event->socket.local.port;
  key.connection = next_connection(call->tracker);
  PnatDescriptor *descriptor = pnat_process_descriptor_get(call->process, fd);
  if (descriptor != NULL) {
    pnat_descriptor_set_peer(descriptor, peer, PNAT_DIRECTION_IN);
    pnat_descriptor_note_cookie(descriptor, &event->socket);
    descriptor->proto = proto;
    descriptor->local_port = key.local_port;
    descriptor->connection = key.connection;
  }
  pnat_tracker_retire_written(call->tracker, &key, call->done);
  PnatFlow *flow = pnat_call_count(call, &key);
  if (flow == NULL) {
    pnat_call_pass_over(call, peer);
    return;
  }
  flow->ok = TRUE;
  pnat_flow_note_peer_port(flow, peer->port);
  if (pnat_found_is_counted(call->tracker, flow, event, fd))
    return;
  flow->connections += flow->connections < G_MAXUINT32;
  pnat_call_watch(call, flow, peer, fd, FALSE);
}

static void
count_transfer(const PnatCallContext *call, const PnatFlowKey *key, const PnatDescriptor *descriptor)
{
  PnatFlow *flow = pnat_call_count(call, key);
  if (flow == NULL)
    return;
  if (call->event->snapshot)
    flow->connections += flow->connections < G_MAXUINT32;
  if (call->event->result == PNAT_RESULT_OK)
    flow->ok = TRUE;
  else if (call->event->result == PNAT_RESULT_NONE)
    return;
  else
    pnat_flow_note_error(flow, call->event); /* a datagram; or the connection had been made, or pnat_call_settle() counted it */
  if (descriptor == NULL && key->direction == PNAT_DIRECTION_IN)
    pnat_flow_note_peer_port(flow, call->event->address.port);
  if (descriptor != NULL && descriptor->direction == PNAT_DIRECTION_IN)
    pnat_flow_note_peer_port(flow, descriptor->port);
  if (descriptor != NULL && descriptor->inferred)
    flow->confidence = PNAT_CONFIDENCE_INFERRED;
}

/* TCP Fast Open, tcp(7): a send with an address connects. Nothing else that is sent can be in progress. */
static gboolean
opens_fast(const PnatEvent *event, const PnatDescriptor *descriptor)
{
  if (event->call != PNAT_CALL_SEND || event->saddr != PNAT_SADDR_INET)
    return FALSE;
  if (event->value == -EINPROGRESS)
    return TRUE;
  return event->result == PNAT_RESULT_OK && event->socket.proto == IPPROTO_TCP &&
         pnat_address_equal(&event->socket.remote, &event->address) &&
         (descriptor == NULL || descriptor->state != PNAT_DESCRIPTOR_PEER ||
          (descriptor->cookie_tag != 0 && descriptor->cookie_tag != pnat_cookie_tag(event->socket.cookie)));
}

static void
attribute_transfer(const PnatCallContext *call, PnatDirection direction)
{
  const PnatEvent *event = call->event;
  PnatDescriptor *descriptor = pnat_call_descriptor(call, event->fd);

  if (event->socket.cookie != 0) {
    descriptor = pnat_process_descriptor_get(call->process, event->fd);
    pnat_descriptor_note_answer(descriptor, &event->socket);
  }
  /* On a connected stream the kernel takes no notice of an address: it must not name a peer that nobody talked to. But where that stream is
   * closed by now, the number was most likely another socket's at the call. */
  gboolean has_peer = descriptor != NULL && descriptor->state == PNAT_DESCRIPTOR_PEER;
  gboolean is_stream = pnat_call_proto(call, descriptor) == IPPROTO_TCP && !(descriptor != NULL && descriptor->closing);
  if (has_peer && (event->saddr == PNAT_SADDR_NONE || is_stream || pnat_descriptor_has_peer(descriptor, &event->address))) {
    if (event->result != PNAT_RESULT_NONE)
      pnat_call_settle(call, descriptor, event->result == PNAT_RESULT_OK);
    PnatFlowKey key = pnat_call_key_of_descriptor(call, descriptor);
    count_transfer(call, &key, descriptor);
  } else if (event->saddr == PNAT_SADDR_INET) {
    PnatFlowKey key = pnat_call_key_of_datagram(call, direction);
    count_transfer(call, &key, NULL);
  } else if (event->saddr == PNAT_SADDR_NONE || event->saddr == PNAT_SADDR_UNSPEC) {
    call->tracker->unattributed++;
  }
}

static void
on_transfer(const PnatCallContext *call, PnatDirection direction)
{
  const PnatEvent *event = call->event;

  if (opens_fast(event, pnat_process_descriptor(call->process, event->fd))) {
    gboolean pending = event->result == PNAT_RESULT_FAILED && event->socket.state != PNAT_SOCKET_CONNECTED;
    begin_connection(call, pnat_process_descriptor_get(call->process, event->fd), pending ? PNAT_OUTCOME_PENDING : PNAT_OUTCOME_OK);
    return;
  }
  if (event->result == PNAT_RESULT_FAILED && is_try_again(event->value))
    return;
  if (pnat_tracker_is_forgotten(call->tracker, call->process, event->fd, event->time))
    forget_peer(call, event->fd, 0);
  if (event->socket.cookie == 0 || pnat_descriptor_may_have_socket(pnat_call_descriptor(call, event->fd), &event->socket)) {
    attribute_transfer(call, direction);
    return;
  }
  /* What the number leads to now, or did when it was called: if that takes datagrams, an address that was given names the peer. */
  PnatEvent unasked = *event;
  unasked.socket = (PnatSocket){ .proto = event->socket.proto };
  PnatCallContext alone = *call;
  alone.event = &unasked;
  attribute_transfer(&alone, direction);
}

void
pnat_tracker_call(PnatTracker *tracker, PnatProcess *process, const PnatEvent *event)
{
  if (event->snapshot && (pnat_found_is_known(process, event) || pnat_found_is_duplicate(tracker, process, event)))
    return;
  PnatCallContext call = { tracker, process, pnat_process_image(process, &event->who), event, time_done(process, event) };

  switch (event->call) {
  case PNAT_CALL_SOCKET:
    on_socket(&call);
    break;
  case PNAT_CALL_CONNECT:
    on_connect(&call);
    break;
  case PNAT_CALL_ACCEPT:
    on_accept(&call);
    break;
  case PNAT_CALL_SEND:
  case PNAT_CALL_SENDMM:
    on_transfer(&call, PNAT_DIRECTION_OUT);
    break;
  case PNAT_CALL_RECV:
  case PNAT_CALL_RECVMM:
    on_transfer(&call, PNAT_DIRECTION_IN);
    break;
  case PNAT_CALL_EITHER:
    on_transfer(&call, PNAT_DIRECTION_UNKNOWN);
    break;
  default:
    break;
  }
}

/* The first datagram to or from another peer: the socket keeps that flow open too. */
static gboolean
is_new_peer(PnatTracker *tracker, PnatProcess *process, const PnatEvent *event)
{
  if (event->saddr != PNAT_SADDR_INET || process->images == NULL)
    return FALSE;
  PnatCallContext call = { .tracker = tracker, .process = process, .image = process->images, .event = event };
  PnatFlowKey key = pnat_call_key_of_datagram(&call, PNAT_DIRECTION_OUT);
  if (pnat_tracker_find_flow(tracker, &key) != NULL)
    return FALSE;
  key = pnat_call_key_of_datagram(&call, PNAT_DIRECTION_IN);
  return pnat_tracker_find_flow(tracker, &key) == NULL;
}

gboolean
pnat_tracker_wants_socket(PnatTracker *tracker, const PnatEvent *event)
{
  if (event->kind != PNAT_EVENT_NETWORK || event->fd < 0)
    return FALSE;
  if (event->call == PNAT_CALL_CONNECT)
    return event->saddr == PNAT_SADDR_INET && (event->value == -EISCONN || connect_outcome(event) != PNAT_OUTCOME_FAILED);
  if (event->call == PNAT_CALL_ACCEPT)
    return event->result == PNAT_RESULT_OK;
  if (event->call == PNAT_CALL_SOCKET ||
      (event->result == PNAT_RESULT_FAILED && is_try_again(event->value) && !opens_fast(event, NULL)))
    return FALSE;

  PnatProcess *process = pnat_tracker_find_process(tracker, tracker->local, event->who.pid);
  const PnatDescriptor *descriptor = process != NULL ? pnat_process_descriptor(process, event->fd) : NULL;
  if (descriptor == NULL || !descriptor->asked || is_new_peer(tracker, process, event))
    return TRUE;
  /* Another program on the same descriptor is another flow, and the socket keeps that one open too. */
  return process->images != NULL && g_strcmp0(process->images->exe, event->who.exe) != 0;
}
