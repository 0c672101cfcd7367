/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See operations.h.
 */
#include "operations.h"

#include <errno.h>

#include "syscalls.h"

void
pnat_operations_note(PnatOperations *operations, guint64 op, gint64 result)
{
  gboolean again = result == -EAGAIN;

  switch (pnat_uring_op(op)) {
  case PNAT_CALL_CONNECT:
    operations->connect = TRUE;
    operations->bind = FALSE;
    break;
  case PNAT_CALL_SEND:
    operations->send |= !again;
    operations->send_again |= again;
    operations->bind = FALSE;
    break;
  case PNAT_CALL_ACCEPT:
    operations->accept |= !again;
    operations->accept_again |= again;
    break;
  case PNAT_CALL_RECV:
    operations->recv |= !again;
    break;
  case PNAT_CALL_BIND:
    operations->bind = TRUE;
    break;
  default:
    break;
  }
}

/* Nothing told of has an address. One that goes on to accept may have accepted: it never succeeds where it is to accept many. */
static PnatCall
call_untold(const PnatOperations *operations)
{
  return operations->accept_again ? PNAT_CALL_EITHER : PNAT_CALL_SEND;
}

PnatCall
pnat_operations_call(const PnatOperations *operations, PnatSaddr saddr)
{
  gboolean has_address = saddr == PNAT_SADDR_INET;
  gboolean sends = operations->send || (operations->send_again && has_address);

  if (operations->bind && has_address)
    return PNAT_CALL_NONE;
  if ((operations->connect || sends) && (operations->accept || operations->recv))
    return PNAT_CALL_EITHER;
  if (sends)
    return PNAT_CALL_SEND;
  if (operations->connect)
    return PNAT_CALL_CONNECT;
  if (operations->recv)
    return PNAT_CALL_RECV;
  if (operations->accept)
    return PNAT_CALL_ACCEPT;
  return has_address ? call_untold(operations) : PNAT_CALL_NONE;
}
