/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/decode: what real records mean, and what broken ones do not.
 */
#include "lib/decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "decoded.h"
#include "records.h"
#include "run.h"

#define CURL_CMD                                                                                                                    \
  "curl -s -o /dev/null -o /dev/null -w curl local=%{local_ip}:%{local_port} peer=%{remote_ip}:%{remote_port} connects=%{num_connec"
/* The kernel keeps the title of a task's first event over execve, and cuts it at 128 bytes. */
#define SH_CMD(name)                                                                                                                \
  "sh -c echo 995 >/proc/self/loginuid; exec setpriv --reuid pnattest --regid pnattest --clear-groups \"$@\" sh /tmp/captures/bin/" name
#define IDS 995, 995

#define CURL(pid, parent, session) { pid, parent, IDS, 995, session, "curl", "/usr/bin/curl", CURL_CMD }
#define REFUSED { 28772, 28484, IDS, 995, 9, "refused", "/tmp/captures/bin/refused", SH_CMD("ref") }
#define UDP { 32641, 32638, IDS, 995, 19, "udp", "/tmp/captures/bin/udp", "/tmp/captures/bin/udp" }
#define MMSG { 11609, 9677, IDS, 995, 57, "mmsg", "/tmp/captures/bin/mmsg", SH_CMD("mms") }
#define SC32 { 12013, 9677, IDS, 995, 63, "sc32", "/tmp/captures/bin/sc32", SH_CMD("sc3") }
#define SERVER                                                                                                                      \
  { 1677, 28484, IDS, PNAT_ID_UNSET, PNAT_ID_UNSET, "accept-server", "/tmp/captures/bin/accept-server", "/tmp/captures/bin/accept-server" }
#define URING { 13639, 12355, IDS, 995, 73, "uring", "/tmp/captures/bin/uring", SH_CMD("uri") }
#define WORKER(pid) { pid, 12355, IDS, PNAT_ID_UNSET, PNAT_ID_UNSET, NULL, NULL, NULL }
#define CRASHED(pid, session) { pid, PNAT_ID_UNSET, 995, PNAT_ID_UNSET, 995, session, "sigsegv", "/tmp/captures/bin/sigsegv", NULL }
#define THREADS { 6227, 6222, IDS, 995, 21, "threads", "/tmp/captures/bin/threads", NULL }

#define NETWORK(which, how, what, on) .kind = PNAT_EVENT_NETWORK, .call = PNAT_CALL_##which, .result = PNAT_RESULT_##how, .value = what, .fd = on
#define INET .saddr = PNAT_SADDR_INET

/* What a text is to decode to; ip and port stand for event.address. */
static const struct {
  const char *text;
  PnatEvent event;
  const char *ip;
  guint16 port;
} cases[] = {
  { connect_v4, { NETWORK(CONNECT, FAILED, -EINPROGRESS, 5), INET, .who = CURL(9750, 9749, 29) }, "127.0.0.1", 8080 },
  { connect_v4_enriched, { NETWORK(CONNECT, FAILED, -EINPROGRESS, 5), INET, .who = CURL(9803, 9802, 30) }, "127.0.0.1", 8080 },
  { connect_v6, { NETWORK(CONNECT, FAILED, -EINPROGRESS, 5), INET, .who = CURL(9962, 9961, 33) }, "::1", 8080 },
  { connect_mapped,
    { NETWORK(CONNECT, OK, 0, 3), INET, .who = { 29495, 28484, IDS, 995, 13, "mapped", "/tmp/captures/bin/mapped", SH_CMD("map") } },
    "127.0.0.1", 7001 },
  { connect_refused, { NETWORK(CONNECT, FAILED, -ECONNREFUSED, 3), INET, .who = REFUSED }, "127.0.0.1", 7999 },
  { connect_interrupted, { NETWORK(CONNECT, FAILED, -EINTR, 3), INET, .who = REFUSED }, "127.0.0.1", 7003 },
  { connect_unspec, { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_UNSPEC, .who = UDP }, NULL, 0 },
  { connect_unix, { NETWORK(CONNECT, FAILED, -ENOENT, 3), .saddr = PNAT_SADDR_OTHER, .who = CURL(9860, 9855, 31) }, NULL, 0 },
  { connect_i386, { NETWORK(CONNECT, OK, 0, 3), INET, .who = SC32 }, "127.0.0.1", 7001 },
  { accept_v4, { NETWORK(ACCEPT, OK, 4, 3), INET, .who = SERVER }, "127.0.0.1", 58676 },
  { accept4_v4, { NETWORK(ACCEPT, OK, 4, 3), INET, .who = SERVER }, "127.0.0.1", 58704 },
  { accept_mapped,
    { NETWORK(ACCEPT, OK, 4, 3), INET, .who = { 29988, 28484, IDS, 995, 15, "mapped", "/tmp/captures/bin/mapped", SH_CMD("map") } },
    "127.0.0.1", 50258 },
  { sendto_connected, { NETWORK(SEND, OK, 78, 5), .who = CURL(9856, 9855, 31) }, NULL, 0 },
  { recvfrom_connected, { NETWORK(RECV, OK, 111, 5), .who = CURL(9856, 9855, 31) }, NULL, 0 },
  { sendto_v6, { NETWORK(SEND, OK, 2, 3), INET, .who = UDP }, "::1", 7002 },
  { recvfrom_refused, { NETWORK(RECV, FAILED, -ECONNREFUSED, 3), .who = UDP }, NULL, 0 },
  { sendmsg_connected, { NETWORK(SEND, OK, 4, 3), .who = UDP }, NULL, 0 },
  { recvmsg_connected, { NETWORK(RECV, OK, 2, 3), .who = UDP }, NULL, 0 },
  { sendmmsg_v4, { NETWORK(SENDMM, OK, 3, 3), INET, .who = MMSG }, "127.0.0.3", 7002 },
  { recvmmsg_v4, { NETWORK(RECVMM, OK, 3, 3), INET, .who = MMSG }, "127.0.0.3", 7002 },
  { socket_tcp, { NETWORK(SOCKET, OK, 5, -1), .proto = IPPROTO_TCP, .who = CURL(9856, 9855, 31) }, NULL, 0 },
  { socket_unix, { NETWORK(SOCKET, OK, 3, -1), .who = CURL(9860, 9855, 31) }, NULL, 0 },
  { socket_udp6, { NETWORK(SOCKET, OK, 3, -1), .proto = IPPROTO_UDP, .who = UDP }, NULL, 0 },
  { socketcall_socket, { NETWORK(SOCKET, OK, 3, -1), .proto = IPPROTO_TCP, .who = SC32 }, NULL, 0 },
  { socketcall_udp, { NETWORK(SOCKET, OK, 3, -1), .proto = IPPROTO_UDP, .who = SC32 }, NULL, 0 },
  { socketcall_connect, { NETWORK(CONNECT, OK, 0, 3), INET, .who = SC32 }, "127.0.0.1", 7001 },
  { socketcall_accept, { NETWORK(ACCEPT, OK, 4, 3), INET, .who = SC32 }, "127.0.0.1", 56084 },
  { socketcall_send, { NETWORK(SEND, OK, 5, 3), .who = SC32 }, NULL, 0 },
  { socketcall_recv, { NETWORK(RECV, OK, 5, 3), .who = SC32 }, NULL, 0 },
  { exit_process, { .kind = PNAT_EVENT_EXIT, .call = PNAT_CALL_EXIT_GROUP, .who = THREADS }, NULL, 0 },
  { exit_thread, { .kind = PNAT_EVENT_EXIT, .call = PNAT_CALL_EXIT, .thread_only = TRUE, .who = THREADS }, NULL, 0 },
  { abend, { .kind = PNAT_EVENT_ABEND, .signal = 11, .who = CRASHED(10174, 37) }, NULL, 0 },
  { abend_enriched, { .kind = PNAT_EVENT_ABEND, .signal = 11, .who = CRASHED(10227, 38) }, NULL, 0 },
  { uring_connect, { NETWORK(CONNECT, NONE, 0, -1), INET, .who = URING }, "127.0.0.1", 7001 },
  { uring_sendmsg, { NETWORK(SEND, NONE, 0, -1), INET, .who = URING }, "127.0.0.2", 7002 },
  { uring_accept, { NETWORK(ACCEPT, NONE, 0, -1), INET, .who = URING }, "127.0.0.1", 44594 },
  { uring_async_connect_again, { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = WORKER(14087) }, NULL, 0 },
  { uring_async_connect, { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = WORKER(14087) }, NULL, 0 },
  { uring_async_enriched, { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = WORKER(14139) }, NULL, 0 },
  { uring_async_recvmsg, { NETWORK(RECV, NONE, 0, -1), INET, .is_own_time = TRUE, .who = WORKER(14087) }, "127.0.0.2", 7002 },
  { uring_async_accept, { NETWORK(ACCEPT, NONE, 0, -1), INET, .is_own_time = TRUE, .who = WORKER(14087) }, "127.0.0.1", 44634 },
  { uring_sqpoll_connect_again, { NETWORK(CONNECT, NONE, 0, -1), INET, .is_own_time = TRUE, .who = WORKER(14295) }, "127.0.0.1", 7001 },
  { uring_sqpoll_connect, { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = WORKER(14295) }, NULL, 0 },
  { uring_enter_address,
    { NETWORK(SEND, NONE, 0, -1), INET, .who = { 22618, 21800, IDS, 995, 87, "uring", "/tmp/captures/bin/uring", SH_CMD("uri") } },
    "127.0.0.1", 7001 },
};

static void
set_address(PnatEvent *event, const char *ip, guint16 port)
{
  struct in6_addr bytes;
  int family = strchr(ip, ':') != NULL ? AF_INET6 : AF_INET;
  ck_assert_int_eq(inet_pton(family, ip, &bytes), 1);
  pnat_address_set(&event->address, family, &bytes, port);
}

START_TEST(records_of_a_real_run_decode_to_what_the_program_did)
{
  g_autoptr(GPtrArray) events = decode(cases[_i].text);
  PnatEvent expected = cases[_i].event;
  if (cases[_i].ip != NULL)
    set_address(&expected, cases[_i].ip, cases[_i].port);
  ck_assert_uint_eq(events->len, 1);
  assert_same_content(decoded_at(events, 0), &expected);
  ck_assert_str_eq(decoded_at(events, 0)->node, "web1");
}
END_TEST

static const char *const nothing[] = { socketcall_getsockname, socketcall_bind, write_login, uring_async_accept_again };

START_TEST(an_event_that_is_no_network_call_is_none)
{
  g_autoptr(GPtrArray) events = decode(nothing[_i]);
  ck_assert_uint_eq(events->len, 0);
}
END_TEST

START_TEST(an_event_has_the_id_that_ausearch_finds)
{
  g_autoptr(GPtrArray) events = decode(connect_v4);
  ck_assert_int_eq(decoded_at(events, 0)->time, G_GINT64_CONSTANT(1795549916313));
  ck_assert_uint_eq(decoded_at(events, 0)->serial, 1658);
  ck_assert(!decoded_at(events, 0)->local);
  ck_assert_uint_eq(decoded_at(events, 0)->socket.cookie, 0);
}
END_TEST

START_TEST(a_line_without_a_node_is_of_this_host)
{
  g_autoptr(GPtrArray) events = decode("type=ANOM_ABEND msg=audit(1795549924.621:1942): auid=995 uid=995 gid=994 ses=37 pid=10174 "
                                       "comm=\"sigsegv\" exe=\"/tmp/x\" sig=6 res=1\n");
  ck_assert_ptr_null(decoded_at(events, 0)->node);
  ck_assert_int_eq(decoded_at(events, 0)->signal, 6);
}
END_TEST

/* Boots. */

#define BOOT_ID "msg=audit(1795549000.100:5): "

static const struct {
  const char *text;
  gboolean boot;
} boots[] = {
  { "type=SYSTEM_BOOT " BOOT_ID "pid=431 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg=' comm=\"systemd-update-utmp\" "
    "exe=\"/lib/systemd/systemd-update-utmp\" hostname=? addr=? terminal=? res=success'\n", TRUE },
  { "type=SYSTEM_BOOT " BOOT_ID "pid=431 uid=0 auid=4294967295 ses=4294967295 msg=' comm=\"systemd-update-utmp\"'"
    "\x1dUID=\"root\" AUID=\"unset\"\n", TRUE },
  { "type=KERNEL " BOOT_ID "state=initialized audit_enabled=1 res=1\n", TRUE },
  { "type=KERNEL " BOOT_ID "state=else audit_enabled=1 res=1\n", FALSE },
  { "type=KERNEL " BOOT_ID "audit_enabled=1 res=1\n", FALSE },
  { "type=SYSTEM_SHUTDOWN " BOOT_ID "pid=431 uid=0 msg='res=success'\n", FALSE },
  { "type=SERVICE_START " BOOT_ID "pid=1 uid=0 msg='unit=x res=success'\n", FALSE },
};

START_TEST(a_boot_is_told_by_its_records)
{
  g_autofree char *text = g_strconcat("node=web2 ", boots[_i].text, NULL);
  g_autoptr(GPtrArray) events = decode(text);
  ck_assert_uint_eq(events->len, boots[_i].boot);
  if (!boots[_i].boot)
    return;
  ck_assert_int_eq(decoded_at(events, 0)->kind, PNAT_EVENT_BOOT);
  ck_assert_str_eq(decoded_at(events, 0)->node, "web2");
  ck_assert_int_eq(decoded_at(events, 0)->time, G_GINT64_CONSTANT(1795549000100));
}
END_TEST

/* Names, from hostile-names/ of the captures: a field's value in the record, and what it stands for. */

static const struct {
  const char *field;
  const char *value; /* NULL: none */
} names[] = {
  { "\"curl\"", "curl" },
  { "706C61696E206E616D65", "plain name" },
  { "6E65770A6C696E65", "new\nline" },
  { "71756F227465", "quo\"te" },
  { "\"apo'strophe\"", "apo'strophe" },
  { "\"back\\slash\"", "back\\slash" }, /* not an escape */
  { "6573631B5B33316D726564", "esc\x1b[31mred" },
  { "626164FFFE75746638", "bad\xff\xfeutf8" },
  { "C3BC6D6CC3A475742DE697A5E69CAC", "ümläut-日本" },
  { "7822207069643D31206578653D22", "x\" pid=1 exe=\"" },
  { "610A62", "a\nb" },
  { "\"(null)\"", "(null)" }, /* a name */
  { "(null)", NULL },         /* no name */
  { "\"DEADBEEF\"", "DEADBEEF" },
  { "\"4142\"", "4142" },
  { "4142", "AB" },
  { "6a6B", "jk" },
  { "\"\"", "" },
  { "77697468202864656C6574656429", "with (deleted)" },
  { "\"x=y\"", "x=y" },
  { "\"type=SYSCALL\"", "type=SYSCALL" },
  /* No name as the kernel writes it. */
  { "414", NULL },
  { "41G2", NULL },
  { "?", NULL },
};

START_TEST(a_name_is_what_the_process_chose_byte_for_byte)
{
  g_autofree char *text = g_strdup_printf(
    "type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=42 success=no exit=-111 a0=3 a1=7ffd94053460 a2=10 a3=0 "
    "items=0 ppid=12109 pid=12110 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) "
    "ses=65 comm=%s exe=%s key=\"pnat\"\n"
    "type=SOCKADDR msg=audit(1795549961.645:2898): saddr=02001EDD7F0000010000000000000000\n"
    "type=PROCTITLE msg=audit(1795549961.645:2898): proctitle=%s\n",
    names[_i].field, names[_i].field, names[_i].field);
  g_autoptr(GPtrArray) events = decode(text);
  const PnatIdentity *who = &decoded_at(events, 0)->who;
  assert_same_string(who->comm, names[_i].value);
  assert_same_string(who->exe, names[_i].value);
  /* As a title it is the kernel's word for a task that has none: audit_log_proctitle, kernel/auditsc.c. */
  assert_same_string(who->cmd, strcmp(names[_i].field, "\"(null)\"") == 0 ? NULL : names[_i].value);
  ck_assert_uint_eq(who->pid, 12110);
  ck_assert_uint_eq(events->len, 1);
}
END_TEST

static const struct {
  const char *field;
  const char *value;
} titles[] = {
  { "61002D2D636F6E6E6563740037393031", "a --connect 7901" },
  { "6100620000", "a b" },      /* trailing NULs part nothing */
  { "0061", " a" },             /* an empty argv[0] */
  { "610000620000630000", "a  b  c" },
  { "000000", "" },
  { "610A6E6F64653D7765623220747970653D454F45206D73673D617564697428312E3030303A31293A20", "a\nnode=web2 type=EOE msg=audit(1.000:1): " },
  { "611D5549443D22726F6F7422", "a\x1dUID=\"root\"" },
};

START_TEST(a_title_has_blanks_between_its_arguments)
{
  g_autofree char *text = g_strdup_printf("type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=42 success=yes exit=0 "
                                          "a0=3 pid=12110\n"
                                          "type=PROCTITLE msg=audit(1795549961.645:2898): proctitle=%s\n",
                                          titles[_i].field);
  g_autoptr(GPtrArray) events = decode(text);
  assert_same_string(decoded_at(events, 0)->who.cmd, titles[_i].value);
}
END_TEST

/* Single records with fields that are absent, odd or out of range; all have "pid=7" unless they say so. */

#define CALL(fields) "type=SYSCALL msg=audit(1795549961.645:2898): arch=c000003e syscall=" fields "\n"
#define ADDRESS(hex) "type=SOCKADDR msg=audit(1795549961.645:2898): saddr=" hex "\n"
#define END "type=EOE msg=audit(1795549961.645:2898): \n"
#define UNSET { 7, PNAT_ID_UNSET, PNAT_ID_UNSET, PNAT_ID_UNSET, PNAT_ID_UNSET, PNAT_ID_UNSET, NULL, NULL, NULL }

static const struct {
  const char *text;
  PnatEvent event;
} oddities[] = {
  { CALL("42 a0=3 pid=7") ADDRESS("02001EDD7F000001") END, { NETWORK(CONNECT, NONE, 0, 3), INET, .who = UNSET } },
  { CALL("42 success=yes pid=7") END, { NETWORK(CONNECT, OK, 0, -1), .who = UNSET } },
  { CALL("42 success=no exit=-111 a0=3 pid=7") END, { NETWORK(CONNECT, FAILED, -ECONNREFUSED, 3), .who = UNSET } },
  { CALL("44 success=yes exit=99999999999999999999999 a0=3 pid=7") END, { NETWORK(SEND, OK, G_MAXINT64, 3), .who = UNSET } },
  { CALL("44 success=yes exit=x a0=3 pid=7") END, { NETWORK(SEND, OK, 0, 3), .who = UNSET } },
  { CALL("44 success=yes exit=4 a0=10 pid=7") END, { NETWORK(SEND, OK, 4, 16), .who = UNSET } }, /* arguments are in hex */
  { CALL("44 success=yes exit=4 a0=ffffffff pid=7") END, { NETWORK(SEND, OK, 4, -1), .who = UNSET } },
  { CALL("231 a0=0 pid=7"), { .kind = PNAT_EVENT_EXIT, .call = PNAT_CALL_EXIT_GROUP, .who = UNSET } },
  { CALL("41 success=yes exit=3 a0=2 a1=80801 a2=106 pid=7") END, { NETWORK(SOCKET, OK, 3, -1), .proto = IPPROTO_TCP, .who = UNSET } }, /* MPTCP */
  { CALL("41 success=yes exit=3 a0=2 a1=1 a2=84 pid=7") END, { NETWORK(SOCKET, OK, 3, -1), .proto = 132, .who = UNSET } }, /* SCTP */
  { CALL("41 success=yes exit=3 a0=2 a1=3 a2=ff pid=7") END, { NETWORK(SOCKET, OK, 3, -1), .proto = IPPROTO_RAW, .who = UNSET } },
  { CALL("41 success=yes exit=3 a0=2 a1=1 a2=fff pid=7") END, { NETWORK(SOCKET, OK, 3, -1), .who = UNSET } },
  { CALL("41 success=yes exit=3 a0=10 a1=3 a2=0 pid=7") END, { NETWORK(SOCKET, OK, 3, -1), .who = UNSET } }, /* netlink */
  { CALL("41 success=no exit=-24 a0=2 a1=2 a2=0 pid=7") END, { NETWORK(SOCKET, FAILED, -EMFILE, -1), .proto = IPPROTO_UDP, .who = UNSET } },
  /* The address's length is what the caller said it was; auditd 4.2.0 cuts the tail. */
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("02001EDD7F00000") END, { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_BAD, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("02001EDD7F0000") END, { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_BAD, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("02001EDD7F000001") END, { NETWORK(CONNECT, OK, 0, 3), INET, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("02001EDD7F00000100000000000000000000000000000000000000000000") END,
    { NETWORK(CONNECT, OK, 0, 3), INET, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("0A001EDD0000000000000000000000000000FFFF7F0000") END,
    { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_BAD, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("0A001EDD0000000000000000000000000000FFFF7F000001") END,
    { NETWORK(CONNECT, OK, 0, 3), INET, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("02") END, { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_BAD, .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("") END, { NETWORK(CONNECT, OK, 0, 3), .who = UNSET } },
  { CALL("42 success=yes exit=0 a0=3 pid=7") ADDRESS("zz001EDD7F000001") END,
    { NETWORK(CONNECT, OK, 0, 3), .saddr = PNAT_SADDR_BAD, .who = UNSET } },
  { "type=URINGOP msg=audit(1795549961.645:2898): uring_op=16 success=yes exit=0 items=0 pid=7\n" END,
    { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = UNSET } },
  { "type=UNKNOWN[1336] msg=audit(1795549961.645:2898): uring_op=16 success=yes exit=0 items=0 pid=7\n" END,
    { NETWORK(CONNECT, NONE, 0, -1), .is_own_time = TRUE, .who = UNSET } },
  { "type=URINGOP msg=audit(1795549961.645:2898): uring_op=26 success=yes exit=0 pid=7\n" END, { NETWORK(SEND, NONE, 0, -1), .is_own_time = TRUE, .who = UNSET } },
};

START_TEST(an_odd_record_is_read_as_far_as_it_goes)
{
  g_autoptr(GPtrArray) events = decode(oddities[_i].text);
  PnatEvent expected = oddities[_i].event;
  if (expected.saddr == PNAT_SADDR_INET)
    set_address(&expected, "127.0.0.1", 7901);
  ck_assert_uint_eq(events->len, 1);
  assert_same_content(decoded_at(events, 0), &expected);
}
END_TEST

static const char *const useless[] = {
  CALL("42 success=yes exit=0 a0=3") END,                          /* no pid */
  CALL("42 success=yes exit=0 a0=3 pid=x") END,                    /* no number */
  CALL("42 success=yes exit=0 a0=3 pid=4294967295") END,           /* none */
  CALL("42 success=yes exit=0 a0=3 pid=99999999999999999999") END, /* too large */
  CALL("42 success=yes exit=0 a0=3 pid=-7") END,
  CALL("426 success=yes exit=1 a0=3 pid=7") END, /* io_uring_enter: without an address it says nothing */
  CALL("426 success=yes exit=1 a0=3 pid=7") ADDRESS("0100") END,
  "type=SYSCALL msg=audit(1795549961.645:2898): arch=40000003 syscall=102 success=yes exit=0 a0=3 pid=7\n" END, /* no SOCKETCALL record */
  "type=SYSCALL msg=audit(1795549961.645:2898): syscall=42 success=yes exit=0 a0=3 pid=7\n" END,                /* no arch */
  "type=SYSCALL msg=audit(1795549961.645:2898): \n" END,
  "type=ANOM_ABEND msg=audit(1795552690795552690.661:2898): auid=995 uid=995 pid=7 sig=11 res=1\n", /* beyond the year 9999 */
  "type=URINGOP msg=audit(1795549961.645:2898): uring_op=10 success=no exit=-11 pid=7\n" END, /* another record will follow */
  "type=URINGOP msg=audit(1795549961.645:2898): uring_op=99 success=yes exit=0 pid=7\n" END,
  "type=URINGOP msg=audit(1795549961.645:2898): success=yes exit=0 pid=7\n" END,
  "type=SOCKADDR msg=audit(1795549961.645:2898): saddr=02001EDD7F000001\n" END,
  "type=ANOM_ABEND msg=audit(1795549961.645:2898): auid=995 uid=995 sig=11 res=1\n", /* no pid */
};

START_TEST(a_record_that_does_not_say_who_or_what_is_none)
{
  g_autoptr(GPtrArray) events = decode(useless[_i]);
  ck_assert_uint_eq(events->len, 0);
}
END_TEST

/* Events of io_uring_enter(2): a record for each operation, then one address for all. */

#define OP(op, fields) "type=URINGOP msg=audit(1795549961.645:2898): uring_op=" op " " fields " items=0 pid=7\n"
#define TOOK "success=yes exit=0"
#define AGAIN "success=no exit=-11"
#define ENTER CALL("426 success=yes exit=2 a0=3 a1=2 pid=7")
#define TO ADDRESS("02001EDD7F000001") END

static const struct {
  const char *text;
  PnatCall call; /* NONE: no event */
} batches[] = {
  { OP("9", TOOK) ENTER TO, PNAT_CALL_SEND },
  { OP("9", TOOK) OP("10", AGAIN) ENTER TO, PNAT_CALL_SEND },
  { OP("16", AGAIN) OP("13", AGAIN) ENTER TO, PNAT_CALL_CONNECT },
  { OP("16", AGAIN) OP("18", TOOK) ENTER TO, PNAT_CALL_CONNECT },
  { OP("48", TOOK) ENTER TO, PNAT_CALL_SEND },
  { OP("16", TOOK) OP("10", TOOK) ENTER TO, PNAT_CALL_EITHER },
  { OP("16", TOOK) OP("13", TOOK) ENTER TO, PNAT_CALL_EITHER },
  { OP("13", TOOK) OP("10", AGAIN) ENTER TO, PNAT_CALL_ACCEPT },
  { OP("18", TOOK) ENTER TO, PNAT_CALL_SEND },
  { OP("10", AGAIN) ENTER TO, PNAT_CALL_SEND },
  { OP("56", TOOK) ENTER TO, PNAT_CALL_NONE },
  { OP("18", TOOK) ENTER END, PNAT_CALL_NONE },
  { OP("10", AGAIN) ENTER END, PNAT_CALL_NONE },
};

START_TEST(all_operations_of_an_event_count_and_not_the_last_alone)
{
  g_autoptr(GPtrArray) events = decode(batches[_i].text);
  ck_assert_uint_eq(events->len, batches[_i].call != PNAT_CALL_NONE);
  if (batches[_i].call == PNAT_CALL_NONE)
    return;
  PnatEvent expected = { .kind = PNAT_EVENT_NETWORK, .call = batches[_i].call, .fd = -1, INET, .who = UNSET };
  set_address(&expected, "127.0.0.1", 7901);
  assert_same_content(decoded_at(events, 0), &expected);
}
END_TEST

START_TEST(strings_of_one_event_do_not_show_in_the_next)
{
  static const char bare[] = CALL("42 success=yes exit=0 a0=3 pid=7") END;
  g_autofree char *text = g_strconcat(connect_v4, bare, NULL);
  g_autoptr(GPtrArray) events = decode(text);
  ck_assert_uint_eq(events->len, 2);
  ck_assert_str_eq(decoded_at(events, 0)->who.comm, "curl");
  ck_assert_ptr_null(decoded_at(events, 1)->who.comm);
  ck_assert_ptr_null(decoded_at(events, 1)->who.exe);
  ck_assert_ptr_null(decoded_at(events, 1)->who.cmd);
  ck_assert_int_eq(decoded_at(events, 1)->saddr, PNAT_SADDR_NONE);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("decode");
  TCase *tcase = tcase_create("decode");
  tcase_add_loop_test(tcase, records_of_a_real_run_decode_to_what_the_program_did, 0, G_N_ELEMENTS(cases));
  tcase_add_loop_test(tcase, an_event_that_is_no_network_call_is_none, 0, G_N_ELEMENTS(nothing));
  tcase_add_test(tcase, an_event_has_the_id_that_ausearch_finds);
  tcase_add_test(tcase, a_line_without_a_node_is_of_this_host);
  tcase_add_loop_test(tcase, a_boot_is_told_by_its_records, 0, G_N_ELEMENTS(boots));
  tcase_add_loop_test(tcase, a_name_is_what_the_process_chose_byte_for_byte, 0, G_N_ELEMENTS(names));
  tcase_add_loop_test(tcase, a_title_has_blanks_between_its_arguments, 0, G_N_ELEMENTS(titles));
  tcase_add_loop_test(tcase, an_odd_record_is_read_as_far_as_it_goes, 0, G_N_ELEMENTS(oddities));
  tcase_add_loop_test(tcase, a_record_that_does_not_say_who_or_what_is_none, 0, G_N_ELEMENTS(useless));
  tcase_add_loop_test(tcase, all_operations_of_an_event_count_and_not_the_last_alone, 0, G_N_ELEMENTS(batches));
  tcase_add_test(tcase, strings_of_one_event_do_not_show_in_the_next);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
