/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What tcpi_state and idiag_state mean: include/net/tcp_states.h. linux/tcp.h has no names for them, and netinet/tcp.h, which has,
 * can not be included beside it.
 */
#pragma once

enum {
  PNAT_TCP_SYN_SENT = 2,
  PNAT_TCP_FIN_WAIT2 = 5,
  PNAT_TCP_TIME_WAIT = 6,
  PNAT_TCP_CLOSE = 7,
  PNAT_TCP_LISTEN = 10,
};
