/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See records.h. No printf here: ten million events are to be written in seconds.
 */
#include "records.h"

#include <arpa/inet.h>
#include <string.h>

#define INTERPRETATION "\x1d"

#define PUT(text, literal) put((text), (literal), sizeof(literal) - 1)

static inline void
put(Text *text, const char *bytes, gsize length)
{
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
}

static inline void
put_string(Text *text, const char *string)
{
  put(text, string, strlen(string));
}

static void
put_decimal(Text *text, guint64 value)
{
  char digits[20];
  gsize at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  put(text, digits + at, sizeof digits - at);
}

static void
put_signed(Text *text, gint64 value)
{
  if (value < 0)
    PUT(text, "-");
  put_decimal(text, (guint64)(value < 0 ? -value : value));
}

static void
put_hex(Text *text, guint64 value)
{
  char digits[16];
  gsize at = sizeof digits;
  do {
    digits[--at] = "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value > 0);
  put(text, digits + at, sizeof digits - at);
}

/* A hex dump as audit_log_n_hex writes it: in capitals. */
static void
put_dump(Text *text, const void *bytes, gsize length)
{
  const guint8 *from = bytes;
  for (gsize i = 0; i < length; i++) {
    text->bytes[text->length++] = "0123456789ABCDEF"[from[i] >> 4];
    text->bytes[text->length++] = "0123456789ABCDEF"[from[i] & 15];
  }
}

/* As audit_log_untrustedstring: in hex when it holds a blank, a quote or what is no graphic character of ASCII. */
static void
put_untrusted(Text *text, const char *string)
{
  gsize length = strlen(string);
  gboolean plain = TRUE;

  for (gsize i = 0; i < length && plain; i++)
    plain = g_ascii_isgraph(string[i]) && string[i] != '"';
  if (!plain) {
    put_dump(text, string, length);
    return;
  }
  PUT(text, "\"");
  put(text, string, length);
  PUT(text, "\"");
}

#define BEGIN(text, stamp, type) begin((text), (stamp), (type " msg=audit("), sizeof(type " msg=audit(") - 1)

static void
begin(Text *text, const Stamp *stamp, const char *type, gsize length)
{
  guint milli = (guint)(stamp->time % 1000);
  char digits[] = { '.', (char)('0' + milli / 100), (char)('0' + milli / 10 % 10), (char)('0' + milli % 10), ':' };

  g_assert(text->length < TEXT_SIZE / 2 && text->n_records < TEXT_RECORDS);
  if (stamp->node != NULL) {
    PUT(text, "node=");
    put_string(text, stamp->node);
    PUT(text, " ");
  }
  PUT(text, "type=");
  put(text, type, length);
  put_decimal(text, (guint64)stamp->time / 1000);
  put(text, digits, sizeof digits);
  put_decimal(text, stamp->serial);
  PUT(text, "):");
}

static void
end(Text *text)
{
  PUT(text, "\n");
  text->ends[text->n_records++] = text->length;
}

void
text_clear(Text *text)
{
  text->length = 0;
  text->n_records = 0;
}

static void
put_arguments(Text *text, const guint64 args[4])
{
  PUT(text, " a0=");
  put_hex(text, args[0]);
  PUT(text, " a1=");
  put_hex(text, args[1]);
  PUT(text, " a2=");
  put_hex(text, args[2]);
  PUT(text, " a3=");
  put_hex(text, args[3]);
}

static void
put_actor(Text *text, const Actor *actor)
{
  PUT(text, " ppid=");
  put_decimal(text, actor->ppid);
  PUT(text, " pid=");
  put_decimal(text, actor->pid);
  put_string(text, actor->program->user->auid);
  put_string(text, actor->program->user->ids);
  if (actor->program->user->login) {
    PUT(text, " tty=pts0 ses=");
    put_decimal(text, actor->ses);
  } else
    PUT(text, " tty=(none) ses=4294967295");
  PUT(text, " comm=");
  put_untrusted(text, actor->program->comm);
  PUT(text, " exe=");
  put_untrusted(text, actor->program->exe);
}

void
record_syscall(Text *text, const Stamp *stamp, const Actor *actor, const Call *call)
{
  BEGIN(text, stamp, "SYSCALL");
  PUT(text, " arch=c000003e syscall=");
  put_decimal(text, call->number);
  if (call->has_result) {
    if (call->result < 0)
      PUT(text, " success=no exit=");
    else
      PUT(text, " success=yes exit=");
    put_signed(text, call->result);
  }
  put_arguments(text, call->args);
  PUT(text, " items=");
  put_decimal(text, call->items);
  put_actor(text, actor);
  PUT(text, " key=\"");
  put_string(text, call->key);
  PUT(text, "\"");
  if (stamp->enriched) {
    PUT(text, INTERPRETATION "ARCH=x86_64 SYSCALL=");
    put_string(text, call->name);
    put_string(text, actor->program->user->auid_name);
    put_string(text, actor->program->user->names);
  }
  end(text);
}

/* 100.64.0.0/10 (RFC 6598) has room for four million peers; an odd factor scatters neighbours and keeps them distinct. */
static guint32
ipv4_of(guint32 number)
{
  return htonl(0x64400000u | (number * 2654435761u & 0x3fffffu));
}

/* 2001:db8::/32 (RFC 3849). */
static void
ipv6_of(guint32 number, guint8 bytes[16])
{
  static const guint8 prefix[16] = { 0x20, 0x01, 0x0d, 0xb8 };
  guint32 host = htonl(number);
  memcpy(bytes, prefix, sizeof prefix);
  memcpy(bytes + 6, &host, 2);
  memcpy(bytes + 12, &host, 4);
}

static void
put_interpreted_address(Text *text, int family, const void *bytes, guint16 port)
{
  char address[INET6_ADDRSTRLEN];
  inet_ntop(family, bytes, address, sizeof address);
  if (family == AF_INET)
    PUT(text, INTERPRETATION "SADDR={ saddr_fam=inet laddr=");
  else
    PUT(text, INTERPRETATION "SADDR={ saddr_fam=inet6 laddr=");
  put_string(text, address);
  PUT(text, " lport=");
  put_decimal(text, port);
  PUT(text, " }");
}

void
record_sockaddr(Text *text, const Stamp *stamp, const Peer *peer)
{
  BEGIN(text, stamp, "SOCKADDR");
  PUT(text, " saddr=");
  if (peer->ipv6) {
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(peer->port) };
    ipv6_of(peer->number, address.sin6_addr.s6_addr);
    put_dump(text, &address, sizeof address);
    if (stamp->enriched)
      put_interpreted_address(text, AF_INET6, &address.sin6_addr, peer->port);
  } else {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(peer->port), .sin_addr = { ipv4_of(peer->number) } };
    put_dump(text, &address, sizeof address);
    if (stamp->enriched)
      put_interpreted_address(text, AF_INET, &address.sin_addr, peer->port);
  }
  end(text);
}

void
record_sockaddr_unix(Text *text, const Stamp *stamp, const char *path)
{
  BEGIN(text, stamp, "SOCKADDR");
  PUT(text, " saddr=0100");
  put_dump(text, path, strlen(path) + 1);
  if (stamp->enriched) {
    PUT(text, INTERPRETATION "SADDR={ saddr_fam=local path=");
    put_string(text, path);
    PUT(text, " }");
  }
  end(text);
}

void
record_execve(Text *text, const Stamp *stamp, const Program *program)
{
  const char *argument = program->title, *past = program->title + program->title_length;
  guint n = 0;

  for (const char *at = argument; at < past; at += strlen(at) + 1)
    n++;
  BEGIN(text, stamp, "EXECVE");
  PUT(text, " argc=");
  put_decimal(text, n);
  for (guint i = 0; i < n; i++, argument += strlen(argument) + 1) {
    PUT(text, " a");
    put_decimal(text, i);
    PUT(text, "=");
    put_untrusted(text, argument);
  }
  end(text);
}

void
record_cwd(Text *text, const Stamp *stamp)
{
  BEGIN(text, stamp, "CWD");
  PUT(text, " cwd=\"/\"");
  end(text);
}

void
record_path(Text *text, const Stamp *stamp, guint item, const char *name)
{
  BEGIN(text, stamp, "PATH");
  PUT(text, " item=");
  put_decimal(text, item);
  PUT(text, " name=\"");
  put_string(text, name);
  PUT(text, "\" inode=247312 dev=fe:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0"
            " cap_fver=0 cap_frootid=0");
  if (stamp->enriched)
    PUT(text, INTERPRETATION "OUID=\"root\" OGID=\"root\"");
  end(text);
}

void
record_proctitle(Text *text, const Stamp *stamp, const Program *program, guint number)
{
  char digits[] = { (char)('0' + number / 100 % 10), (char)('0' + number / 10 % 10), (char)('0' + number % 10) };

  BEGIN(text, stamp, "PROCTITLE");
  PUT(text, " proctitle=");
  put_dump(text, program->title, program->title_length);
  put_dump(text, digits, sizeof digits);
  end(text);
}

void
record_eoe(Text *text, const Stamp *stamp)
{
  BEGIN(text, stamp, "EOE");
  end(text);
}

void
record_daemon_start(Text *text, const Stamp *stamp)
{
  BEGIN(text, stamp, "DAEMON_START");
  PUT(text, " op=start ver=3.0.9 format=");
  if (stamp->enriched)
    PUT(text, "enriched");
  else
    PUT(text, "raw");
  PUT(text, " kernel=6.18.44 auid=4294967295 pid=702 uid=0 ses=4294967295 res=success");
  if (stamp->enriched)
    PUT(text, INTERPRETATION "AUID=\"unset\" UID=\"root\"");
  end(text);
}

#define SSHD "exe=\"/usr/sbin/sshd\" hostname=198.51.100.7 addr=198.51.100.7 terminal=ssh res=success'"
#define SYSTEMD "comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'"
#define TYPE(type) type " msg=audit(", sizeof(type " msg=audit(") - 1

void
record_user(Text *text, const Stamp *stamp, guint which, guint32 pid)
{
  static const struct {
    const char *type;
    gsize length;
    gboolean systemd;
    const char *message;
  } kinds[] = {
    { TYPE("USER_ACCT"), FALSE, "op=PAM:accounting grantors=pam_permit acct=\"alice\" " SSHD },
    { TYPE("CRED_ACQ"), FALSE, "op=PAM:setcred grantors=pam_permit acct=\"alice\" " SSHD },
    { TYPE("USER_LOGIN"), FALSE, "op=login id=1000 " SSHD },
    { TYPE("USER_START"), FALSE,
      "op=PAM:session_open grantors=pam_loginuid,pam_keyinit,pam_limits,pam_systemd acct=\"alice\" " SSHD },
    { TYPE("CRED_DISP"), FALSE, "op=PAM:setcred grantors=pam_permit acct=\"alice\" " SSHD },
    { TYPE("SERVICE_START"), TRUE, "unit=apt-daily " SYSTEMD },
    { TYPE("SERVICE_STOP"), TRUE, "unit=apt-daily " SYSTEMD },
  };
  which %= G_N_ELEMENTS(kinds);
  begin(text, stamp, kinds[which].type, kinds[which].length);
  PUT(text, " pid=");
  put_decimal(text, kinds[which].systemd ? 1 : pid);
  if (kinds[which].systemd)
    PUT(text, " uid=0 auid=4294967295 ses=4294967295 msg='");
  else
    PUT(text, " uid=0 auid=1000 ses=3 msg='");
  put_string(text, kinds[which].message);
  if (stamp->enriched)
    put_string(text, kinds[which].systemd ? INTERPRETATION "UID=\"root\" AUID=\"unset\""
                                          : INTERPRETATION "UID=\"root\" AUID=\"alice\"");
  end(text);
}
