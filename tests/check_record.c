/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/record: the words that analysts search for, and their numbers in IPFIX.
 */
#include "lib/record.h"

#include <check.h>
#include <stdlib.h>

#include "run.h"

static const struct {
  PnatReason reason;
  const char *name;
  guint ipfix;
} reasons[] = {
  { PNAT_REASON_NONE, "-", 0 },        { PNAT_REASON_CLOSE, "close", 3 },     { PNAT_REASON_EXIT, "exit", 3 },
  { PNAT_REASON_KILLED, "killed", 3 }, { PNAT_REASON_REUSE, "reuse", 3 },     { PNAT_REASON_REBOOT, "reboot", 3 },
  { PNAT_REASON_IDLE, "idle", 1 },     { PNAT_REASON_ACTIVE, "active", 2 },   { PNAT_REASON_SHUTDOWN, "shutdown", 4 },
  { PNAT_REASON_EOF, "eof", 4 },       { PNAT_REASON_EVICTED, "evicted", 5 }, { (PnatReason)99, "-", 0 },
};

START_TEST(reason_has_its_word_and_ipfix_number)
{
  ck_assert_str_eq(pnat_reason_name(reasons[_i].reason), reasons[_i].name);
  ck_assert_uint_eq(pnat_reason_ipfix(reasons[_i].reason), reasons[_i].ipfix);
}
END_TEST

START_TEST(words_are_those_of_the_record_format)
{
  ck_assert_str_eq(pnat_record_kind_name(PNAT_RECORD_START), "start");
  ck_assert_str_eq(pnat_record_kind_name(PNAT_RECORD_UPDATE), "update");
  ck_assert_str_eq(pnat_record_kind_name(PNAT_RECORD_END), "end");
  ck_assert_str_eq(pnat_record_kind_name(PNAT_RECORD_LOSS), "loss");
  ck_assert_str_eq(pnat_direction_name(PNAT_DIRECTION_UNKNOWN), "-");
  ck_assert_str_eq(pnat_direction_name(PNAT_DIRECTION_OUT), "out");
  ck_assert_str_eq(pnat_direction_name(PNAT_DIRECTION_IN), "in");
  ck_assert_str_eq(pnat_outcome_name(PNAT_OUTCOME_UNKNOWN), "-");
  ck_assert_str_eq(pnat_outcome_name(PNAT_OUTCOME_PENDING), "pending");
  ck_assert_str_eq(pnat_outcome_name(PNAT_OUTCOME_OK), "ok");
  ck_assert_str_eq(pnat_outcome_name(PNAT_OUTCOME_FAILED), "failed");
  ck_assert_str_eq(pnat_confidence_name(PNAT_CONFIDENCE_EXACT), "exact");
  ck_assert_str_eq(pnat_confidence_name(PNAT_CONFIDENCE_INFERRED), "inferred");
  ck_assert_str_eq(pnat_confidence_name(PNAT_CONFIDENCE_SNAPSHOT), "snapshot");
  ck_assert_str_eq(pnat_loss_source_name(PNAT_LOSS_KERNEL), "kernel");
  ck_assert_str_eq(pnat_loss_source_name(PNAT_LOSS_AUDITD), "auditd");
  ck_assert_str_eq(pnat_loss_source_name(PNAT_LOSS_NETLINK), "netlink");
  ck_assert_str_eq(pnat_loss_source_name(PNAT_LOSS_QUEUE), "queue");
}
END_TEST

START_TEST(protocol_without_a_name_shows_its_number)
{
  ck_assert_ptr_null(pnat_proto_name(0));
  ck_assert_str_eq(pnat_proto_name(IPPROTO_TCP), "tcp");
  ck_assert_str_eq(pnat_proto_name(IPPROTO_UDP), "udp");
  ck_assert_str_eq(pnat_proto_name(IPPROTO_ICMPV6), "ipv6-icmp");
  ck_assert_str_eq(pnat_proto_name(IPPROTO_SCTP), "sctp");
  ck_assert_str_eq(pnat_proto_name(253), "ip-253");
  ck_assert_ptr_eq(pnat_proto_name(253), pnat_proto_name(253));
}
END_TEST

int
main(void)
{
  Suite *suite = suite_create("record");
  TCase *tcase = tcase_create("record");

  tcase_add_loop_test(tcase, reason_has_its_word_and_ipfix_number, 0, G_N_ELEMENTS(reasons));
  tcase_add_test(tcase, words_are_those_of_the_record_format);
  tcase_add_test(tcase, protocol_without_a_name_shows_its_number);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
