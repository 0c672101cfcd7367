/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/prefilter: which lines matter, and to which event they belong. Every line is given in a block of its own exact size, so
 * that the address sanitizer sees a read beyond it.
 */
#include "lib/prefilter.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define ID "msg=audit(1795549916.313:1658)"

/* What follows in a SYSCALL record, up to exe. */
#define WHO                                                                                                                       \
  " success=no exit=-115 a0=5 a1=55d73ca52118 a2=10 a3=7ffe38e3c7d4 items=0 ppid=9749 pid=9750 auid=995 uid=995 gid=994 euid=995" \
  " suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=29 comm=\"curl\" exe=\"/usr/bin/curl\""
#define KEY " key=\"pnat\""

typedef struct {
  PnatVerdict verdict;
  PnatLine line; /* its text is gone */
} Seen;

static Seen
look_at(PnatPrefilter *filter, const char *text, gsize length)
{
  g_autofree char *exact = g_malloc(length + (length == 0));
  memcpy(exact, text, length);
  Seen seen = { .line = { .text = exact, .length = length } };
  seen.verdict = pnat_prefilter_line(filter, &seen.line);
  seen.line.text = NULL;
  return seen;
}

static Seen
look(PnatPrefilter *filter, const char *text)
{
  return look_at(filter, text, strlen(text));
}

static PnatVerdict
verdict_of(const char *text)
{
  PnatPrefilter filter = { 0 };
  return look(&filter, text).verdict;
}

static const struct {
  const char *rest; /* of the line, behind type= */
  PnatVerdict verdict;
} lines[] = {
  { "SYSCALL " ID ": arch=c000003e syscall=42" WHO KEY, PNAT_LINE_KEEP },
  { "SYSCALL " ID ": arch=c000003e syscall=41" WHO KEY, PNAT_LINE_KEEP },  /* socket */
  { "SYSCALL " ID ": arch=c000003e syscall=426" WHO KEY, PNAT_LINE_KEEP }, /* io_uring_enter */
  { "SYSCALL " ID ": arch=40000003 syscall=102" WHO KEY, PNAT_LINE_KEEP }, /* socketcall */
  { "SYSCALL " ID ": arch=c00000b7 syscall=203" WHO KEY, PNAT_LINE_KEEP },
  { "SYSCALL " ID ": arch=c000003e syscall=231 a0=0" KEY, PNAT_LINE_KEEP_LONE }, /* exit_group */
  { "SYSCALL " ID ": arch=c000003e syscall=60 a0=0" KEY, PNAT_LINE_KEEP_LONE },  /* exit */
  { "SYSCALL " ID ": arch=c000003e syscall=1" WHO KEY, PNAT_LINE_IGNORED },      /* write */
  { "SYSCALL " ID ": arch=c000003e syscall=59" WHO KEY, PNAT_LINE_IGNORED },     /* execve */
  { "SYSCALL " ID ": arch=deadbeef syscall=42" WHO KEY, PNAT_LINE_IGNORED },
  { "SYSCALL " ID ": arch=c000003e syscall=99999999999999999999" WHO, PNAT_LINE_IGNORED },
  { "SYSCALL " ID ": arch=c000003e syscall=4294967338" WHO, PNAT_LINE_IGNORED }, /* 42 in its lower 32 bits */
  /* What can not be read here is left to auparse. */
  { "SYSCALL " ID ": syscall=42", PNAT_LINE_KEEP },
  { "SYSCALL " ID ": arch=x86_64 syscall=connect", PNAT_LINE_KEEP },
  { "SYSCALL " ID, PNAT_LINE_KEEP },
  { "SOCKADDR " ID ": saddr=02001F907F0000010000000000000000", PNAT_LINE_KEEP },
  { "SOCKETCALL " ID ": nargs=3 a0=3 a1=ffb932a0 a2=10", PNAT_LINE_KEEP },
  { "URINGOP " ID ": uring_op=16 success=no exit=-11 items=0 ppid=1 pid=2", PNAT_LINE_KEEP },
  { "URINGOP " ID ": uring_op=48 success=yes exit=0 items=0 ppid=1 pid=2", PNAT_LINE_KEEP },  /* sendmsg_zc */
  { "URINGOP " ID ": uring_op=18 success=yes exit=0 items=1 ppid=1 pid=2", PNAT_LINE_IGNORED }, /* openat */
  { "URINGOP " ID ": uring_op=99999999999999999999 success=yes", PNAT_LINE_IGNORED },
  { "URINGOP " ID ": success=yes uring_op=18", PNAT_LINE_KEEP }, /* not as the kernel writes it: left to auparse */
  { "UNKNOWN[1336] " ID ": uring_op=16 success=no exit=-11 items=0 ppid=1 pid=2", PNAT_LINE_KEEP },
  { "UNKNOWN[1337] " ID ": uring_op=16", PNAT_LINE_IGNORED },
  { "PROCTITLE " ID ": proctitle=64617465", PNAT_LINE_KEEP_LAST },
  { "EOE " ID ": ", PNAT_LINE_KEEP_LAST },
  { "EOE " ID ":", PNAT_LINE_KEEP_LAST }, /* audit 4 */
  { "ANOM_ABEND " ID ": auid=995 uid=995 gid=994 ses=37 pid=10174 comm=\"x\" exe=\"/x\" sig=11 res=1", PNAT_LINE_KEEP_LONE },
  { "SYSTEM_BOOT " ID ": pid=1 uid=0 auid=4294967295 ses=4294967295 msg=' comm=\"systemd-update-utmp\"'", PNAT_LINE_KEEP_LONE },
  { "KERNEL " ID ": state=initialized audit_enabled=1 res=1", PNAT_LINE_KEEP_LONE },
  { "EXECVE " ID ": argc=1 a0=\"ls\"", PNAT_LINE_IGNORED },
  { "CWD " ID ": cwd=\"/\"", PNAT_LINE_IGNORED },
  { "LOGIN " ID ": pid=11754 uid=0 old-auid=4294967295 auid=995", PNAT_LINE_IGNORED },
  { "DAEMON_START " ID ": op=start ver=3.0.9", PNAT_LINE_IGNORED },
  { "CONFIG_CHANGE " ID ": op=remove_rule", PNAT_LINE_IGNORED },
  { "SYSCALLS " ID ": arch=c000003e syscall=42", PNAT_LINE_IGNORED },
  { "SYSCAL " ID ": arch=c000003e syscall=42", PNAT_LINE_IGNORED },
  { " " ID ": arch=c000003e syscall=42", PNAT_LINE_IGNORED }, /* no type at all */
};

START_TEST(a_line_gets_its_verdict_with_and_without_a_node)
{
  static const char *const heads[] = { "type=", "node=web1 type=", "node=192.0.2.1 type=", "node=type=EOE type=", "node= type=" };
  for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
    g_autofree char *text = g_strconcat(heads[i], lines[_i].rest, NULL);
    ck_assert_msg(verdict_of(text) == lines[_i].verdict, "%s", text);
  }
}
END_TEST

static const char *const malformed[] = {
  "",
  " ",
  "garbage",
  "\xff\xfe\x1d",
  "node=",
  "node=web1",
  "node=web1 ",
  "node=web1 node=web2 type=EOE " ID ": ",
  " type=EOE " ID ": ",
  "TYPE=EOE " ID ": ",
  "type=EOE",
  "type=EOE ",
  "type=EOE  " ID ": ",
  "type=EOE msg=audit()",
  "type=EOE msg=audit(1795549916.313)",
  "type=EOE msg=audit(1795549916:1658): ",
  "type=EOE msg=audit(.313:1658): ",
  "type=EOE msg=audit(1795549916.:1658): ",
  "type=EOE msg=audit(1795549916.313:): ",
  "type=EOE msg=audit(-1795549916.313:1658): ",
  "type=EOE msg=audit(253402300800.000:1658): ", /* the year 10000 */
  "type=EOE msg=audit(1795552690795552690.661:1658): ",
  "type=EOE msg=audit(18446744073709551617.313:1658): ", /* 1, in 64 bits */
  "type=EOE msg=audit(1795549916.1313:1658): ",
  "type=EOE msg=audit(1795549916.313:1658",
  "type=EOE msg=audit(1795549916.313:1658 ): ",
  "type=EOE msg='audit(1795549916.313:1658): '",
};

START_TEST(what_is_no_audit_record_is_malformed)
{
  ck_assert_int_eq(verdict_of(malformed[_i]), PNAT_LINE_MALFORMED);
}
END_TEST

START_TEST(a_line_cut_within_its_head_is_malformed_and_is_not_read_beyond)
{
  static const char text[] = "node=web1 type=SYSCALL " ID ": arch=c000003e syscall=42" WHO KEY;
  PnatPrefilter filter = { 0 };
  gsize head = look(&filter, text).line.id_end;

  for (gsize length = 0; length < sizeof text; length++) {
    PnatVerdict verdict = look_at(&filter, text, length).verdict;
    if (length < head)
      ck_assert_msg(verdict == PNAT_LINE_MALFORMED, "cut to %zu bytes", length);
    else
      ck_assert_msg(verdict != PNAT_LINE_MALFORMED, "cut to %zu bytes", length);
  }
}
END_TEST

START_TEST(a_head_is_taken_apart)
{
  PnatPrefilter filter = { 0 };
  PnatLine line = look(&filter, "type=EOE msg=audit(1795549916.313:1658): ").line;
  ck_assert_uint_eq(line.type_begin, 0);
  ck_assert_uint_eq(line.id_begin, strlen("type=EOE "));
  ck_assert_uint_eq(line.id_end, strlen("type=EOE msg=audit(1795549916.313:1658)"));
  ck_assert_int_eq(line.time, G_GINT64_CONSTANT(1795549916313));
  ck_assert_uint_eq(line.serial, 1658);
  ck_assert(!line.is_daemon);

  line = look(&filter, "type=EOE msg=audit(253402300799.999:99999999999999999999): ").line;
  ck_assert_int_eq(line.time, G_GINT64_CONSTANT(253402300799999));
  ck_assert_uint_eq(line.serial, G_MAXUINT64);

  line = look(&filter, "node=web1 type=DAEMON_END msg=audit(1795549919.007:6614): op=terminate").line;
  ck_assert_uint_eq(line.type_begin, strlen("node=web1 "));
  ck_assert_uint_eq(line.id_begin, strlen("node=web1 type=DAEMON_END "));
  ck_assert_int_eq(line.time, G_GINT64_CONSTANT(1795549919007));
  ck_assert(line.is_daemon);
}
END_TEST

static guint64
id_of(const char *text)
{
  PnatPrefilter filter = { 0 };
  return look(&filter, text).line.id;
}

START_TEST(lines_of_one_event_share_an_id_and_others_do_not)
{
  guint64 id = id_of("node=web1 type=SYSCALL msg=audit(1795549916.313:1658): arch=c000003e syscall=42");
  ck_assert_uint_ne(id, 0);
  ck_assert_uint_eq(id, id_of("node=web1 type=SOCKADDR msg=audit(1795549916.313:1658): saddr=02"));
  ck_assert_uint_eq(id, id_of("node=web1 type=EOE msg=audit(1795549916.313:1658):"));
  ck_assert_uint_ne(id, id_of("node=web2 type=EOE msg=audit(1795549916.313:1658): "));
  ck_assert_uint_ne(id, id_of("type=EOE msg=audit(1795549916.313:1658): "));
  ck_assert_uint_ne(id, id_of("node=web1 type=EOE msg=audit(1795549916.313:1659): "));
  ck_assert_uint_ne(id, id_of("node=web1 type=EOE msg=audit(1795549916.314:1658): "));
  ck_assert_uint_ne(id, id_of("node=web1 type=EOE msg=audit(1795549915.313:1658): "));
}
END_TEST

START_TEST(a_hundred_thousand_events_have_as_many_ids)
{
  g_autoptr(GHashTable) ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  PnatPrefilter filter = { 0 };
  for (guint i = 0; i < 100000; i++) {
    char text[80];
    g_snprintf(text, sizeof text, "node=web%u type=EOE msg=audit(17955%05u.%03u:%u): ", i % 3, i / 97, i % 1000, i / 3);
    guint64 *id = g_new(guint64, 1);
    *id = look(&filter, text).line.id;
    ck_assert_msg(g_hash_table_add(ids, id), "%s", text);
  }
}
END_TEST

/* Copied from a capture: raw, and what log_format = ENRICHED put behind it. */
static const struct {
  const char *raw;
  const char *enriched;
  const char *end; /* where of what is kept nothing follows; NULL: nothing of the raw line is cut */
} interpretations[] = {
  { "type=SYSCALL " ID ": arch=c000003e syscall=42" WHO KEY,
    "\x1d" "ARCH=x86_64 SYSCALL=connect AUID=\"pnattest\" UID=\"pnattest\"", KEY },
  { "type=SYSCALL " ID ": arch=c000003e syscall=231 a0=0 ses=29 comm=\"curl\" exe=\"/usr/bin/curl\"" KEY,
    "\x1d" "ARCH=x86_64 SYSCALL=exit_group AUID=\"pnattest\"", KEY },
  { "type=SYSCALL " ID ": arch=c000003e syscall=42" WHO " subj=unconfined_u:unconfined_r:unconfined_t:s0" KEY,
    "\x1d" "ARCH=x86_64", " subj=" },
  { "type=SYSCALL " ID ": arch=c000003e syscall=42 ses=29 comm=\"curl\"", "\x1d" "ARCH=x86_64", NULL },
  { "type=SOCKADDR " ID ": saddr=02001F907F0000010000000000000000", "\x1d" "SADDR={ saddr_fam=inet laddr=127.0.0.1 lport=8080 }", NULL },
  { "type=PROCTITLE " ID ": proctitle=\"/tmp/captures/bin/sigsegv\"", "\x1d", NULL },
  { "type=URINGOP " ID ": uring_op=16 success=no exit=-11 items=0 ppid=12355 pid=14139 uid=995 gid=994 euid=995" KEY,
    "\x1d" "UID=\"pnattest\" GID=\"pnattest\"", NULL },
  { "type=ANOM_ABEND " ID ": auid=995 uid=995 gid=994 ses=38 pid=10227 comm=\"sigsegv\" exe=\"/tmp/x\" sig=11 res=1",
    "\x1d" "AUID=\"pnattest\" UID=\"pnattest\" GID=\"pnattest\"", NULL },
};

START_TEST(an_enriched_line_is_cut_to_what_a_raw_one_has)
{
  const char *raw = interpretations[_i].raw, *end = interpretations[_i].end;
  gsize length = end != NULL ? (gsize)(strstr(raw, end) - raw) : strlen(raw);
  g_autofree char *enriched = g_strconcat(raw, interpretations[_i].enriched, NULL);
  PnatPrefilter filter = { 0 };

  ck_assert_uint_eq(look(&filter, raw).line.length, length);
  ck_assert_uint_eq(look(&filter, enriched).line.length, length);
  ck_assert_int_eq(look(&filter, enriched).verdict, look(&filter, raw).verdict);
}
END_TEST

START_TEST(a_name_that_says_exe_does_not_move_the_cut)
{
  PnatPrefilter filter = { 0 };
  static const char text[] = "type=SYSCALL " ID ": arch=c000003e syscall=42 comm=\"exe=x\" exe=\"/usr/bin/curl\"";
  g_autofree char *line = g_strconcat(text, " key=\"pnat\"", NULL);
  ck_assert_uint_eq(look(&filter, line).line.length, sizeof text - 1);
}
END_TEST

START_TEST(the_companions_of_a_dropped_call_go_with_it)
{
  static const char *const companions[] = {
    "SOCKADDR " ID ": saddr=0100", "SOCKETCALL " ID ": nargs=3", "PROCTITLE " ID ": proctitle=64617465", "EOE " ID ": ",
  };
  for (guint i = 0; i < G_N_ELEMENTS(companions); i++) {
    g_autofree char *here = g_strconcat("type=", companions[i], NULL);
    g_autofree char *there = g_strconcat("node=web1 type=", companions[i], NULL);
    PnatPrefilter filter = { 0 };
    ck_assert_int_ne(look(&filter, here).verdict, PNAT_LINE_IGNORED); /* its call was never seen */
    ck_assert_int_eq(look(&filter, "type=SYSCALL " ID ": arch=c000003e syscall=1" WHO KEY).verdict, PNAT_LINE_IGNORED);
    ck_assert_int_eq(look(&filter, here).verdict, PNAT_LINE_IGNORED);
    ck_assert_int_ne(look(&filter, there).verdict, PNAT_LINE_IGNORED); /* another host's event of the same number */
  }
}
END_TEST

START_TEST(a_companion_of_an_ignored_record_that_is_no_call_is_kept)
{
  PnatPrefilter filter = { 0 };
  ck_assert_int_eq(look(&filter, "type=CONFIG_CHANGE " ID ": op=add_rule").verdict, PNAT_LINE_IGNORED);
  ck_assert_int_eq(look(&filter, "type=SOCKADDR " ID ": saddr=100000000000000000000000").verdict, PNAT_LINE_KEEP);
}
END_TEST

static char *
numbered(const char *type, guint serial, const char *rest)
{
  return g_strdup_printf("type=%s msg=audit(1795549916.313:%u): %s", type, serial, rest);
}

START_TEST(where_two_dropped_calls_share_a_slot_the_newer_has_it_and_nothing_good_is_lost)
{
  PnatPrefilter filter = { 0 };
  g_autofree char *first_call = numbered("SYSCALL", 1, "arch=c000003e syscall=1");
  g_autofree char *first_end = numbered("EOE", 1, "");
  guint64 slot = (id_of(first_call) >> 17) % PNAT_PREFILTER_SLOTS;
  guint other = 2;
  for (;; other++) {
    g_autofree char *text = numbered("EOE", other, "");
    if ((id_of(text) >> 17) % PNAT_PREFILTER_SLOTS == slot)
      break;
  }
  g_autofree char *other_good = numbered("SYSCALL", other, "arch=c000003e syscall=42");
  g_autofree char *other_call = numbered("SYSCALL", other, "arch=c000003e syscall=1");
  g_autofree char *other_address = numbered("SOCKADDR", other, "saddr=02");
  g_autofree char *other_end = numbered("EOE", other, "");

  look(&filter, first_call);
  ck_assert_int_eq(look(&filter, first_end).verdict, PNAT_LINE_IGNORED);
  ck_assert_int_eq(look(&filter, other_good).verdict, PNAT_LINE_KEEP);
  ck_assert_int_eq(look(&filter, other_address).verdict, PNAT_LINE_KEEP);
  ck_assert_int_eq(look(&filter, other_end).verdict, PNAT_LINE_KEEP_LAST);

  look(&filter, other_call);
  ck_assert_int_eq(look(&filter, other_address).verdict, PNAT_LINE_IGNORED);
  ck_assert_int_eq(look(&filter, first_end).verdict, PNAT_LINE_KEEP_LAST); /* forgotten: kept, which costs time only */
}
END_TEST

START_TEST(the_same_lines_give_the_same_verdicts)
{
  PnatPrefilter one = { 0 }, other = { 0 };
  for (guint round = 0; round < 2; round++)
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
      g_autofree char *text = g_strconcat("type=", lines[i].rest, NULL);
      ck_assert_int_eq(look(&one, text).verdict, look(&other, text).verdict);
    }
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("prefilter");
  TCase *tcase = tcase_create("prefilter");
  tcase_add_loop_test(tcase, a_line_gets_its_verdict_with_and_without_a_node, 0, G_N_ELEMENTS(lines));
  tcase_add_loop_test(tcase, what_is_no_audit_record_is_malformed, 0, G_N_ELEMENTS(malformed));
  tcase_add_test(tcase, a_line_cut_within_its_head_is_malformed_and_is_not_read_beyond);
  tcase_add_test(tcase, a_head_is_taken_apart);
  tcase_add_test(tcase, lines_of_one_event_share_an_id_and_others_do_not);
  tcase_add_test(tcase, a_hundred_thousand_events_have_as_many_ids);
  tcase_add_loop_test(tcase, an_enriched_line_is_cut_to_what_a_raw_one_has, 0, G_N_ELEMENTS(interpretations));
  tcase_add_test(tcase, a_name_that_says_exe_does_not_move_the_cut);
  tcase_add_test(tcase, the_companions_of_a_dropped_call_go_with_it);
  tcase_add_test(tcase, a_companion_of_an_ignored_record_that_is_no_call_is_kept);
  tcase_add_test(tcase, where_two_dropped_calls_share_a_slot_the_newer_has_it_and_nothing_good_is_lost);
  tcase_add_test(tcase, the_same_lines_give_the_same_verdicts);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
