/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Events as a plugin's standard input had them: copied from runs of auditd 3.0.9 on Linux 6.18, of real programs; bytes unchanged.
 */
#pragma once

/* clang-format off */

/* curl, without waiting */
static const char connect_v4[] =
  "node=web1 type=SYSCALL msg=audit(1795549916.313:1658): arch=c000003e syscall=42 success=no exit=-115 a0=5 "
  "a1=55d73ca52118 a2=10 a3=7ffe38e3c7d4 items=0 ppid=9749 pid=9750 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=29 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549916.313:1658): saddr=02001F907F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549916.313:1658): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549916.313:1658): \n";

/* the same of another run, log_format = ENRICHED */
static const char connect_v4_enriched[] =
  "node=web1 type=SYSCALL msg=audit(1795549917.361:1686): arch=c000003e syscall=42 success=no exit=-115 a0=5 "
  "a1=564126a28118 a2=10 a3=7fff495df6e4 items=0 ppid=9802 pid=9803 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=30 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\x1d" "ARCH=x86_64 SYSCALL=connect "
  "AUID=\"pnattest\" UID=\"pnattest\" GID=\"pnattest\" EUID=\"pnattest\" SUID=\"pnattest\" FSUID=\"pnattest\" EGID=\"pnattest\" "
  "SGID=\"pnattest\" FSGID=\"pnattest\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549917.361:1686): saddr=02001F907F0000010000000000000000\x1d" "SADDR={ saddr_fam=inet "
  "laddr=127.0.0.1 lport=8080 }\n"
  "node=web1 type=PROCTITLE msg=audit(1795549917.361:1686): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549917.361:1686): \n";

static const char connect_v6[] =
  "node=web1 type=SYSCALL msg=audit(1795549920.421:1799): arch=c000003e syscall=42 success=no exit=-115 a0=5 "
  "a1=558d649f1118 a2=1c a3=7ffc476f2774 items=0 ppid=9961 pid=9962 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=33 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549920.421:1799): saddr=0A001F90000000000000000000000000000000000000000100000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549920.421:1799): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549920.421:1799): \n";

/* an IPv4 peer by an IPv6 socket */
static const char connect_mapped[] =
  "node=web1 type=SYSCALL msg=audit(1795549849.913:891): arch=c000003e syscall=42 success=yes exit=0 a0=3 "
  "a1=7ffedb9ebdb0 a2=1c a3=7fe3b1191a08 items=0 ppid=28484 pid=29495 auid=995 uid=995 gid=994 euid=995 suid=995 "
  "fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=13 comm=\"mapped\" exe=\"/tmp/captures/bin/mapped\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549849.913:891): saddr=0A001B590000000000000000000000000000FFFF7F00000100000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549849.913:891): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C66"
  "2F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202D"
  "2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F6D6170\n"
  "node=web1 type=EOE msg=audit(1795549849.913:891): \n";

static const char connect_refused[] =
  "node=web1 type=SYSCALL msg=audit(1795549829.829:747): arch=c000003e syscall=42 success=no exit=-111 a0=3 "
  "a1=7fff86c0ccc0 a2=10 a3=7f9c8b8b5a08 items=0 ppid=28484 pid=28772 auid=995 uid=995 gid=994 euid=995 suid=995 "
  "fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=9 comm=\"refused\" exe=\"/tmp/captures/bin/refused\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549829.829:747): saddr=02001F3F7F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549829.829:747): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C66"
  "2F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202D"
  "2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F726566\n"
  "node=web1 type=EOE msg=audit(1795549829.829:747): \n";

static const char connect_interrupted[] =
  "node=web1 type=SYSCALL msg=audit(1795549833.509:756): arch=c000003e syscall=42 success=no exit=-4 a0=3 "
  "a1=7fff86c0ccc0 a2=10 a3=0 items=0 ppid=28484 pid=28772 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=9 comm=\"refused\" exe=\"/tmp/captures/bin/refused\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549833.509:756): saddr=02001B5B7F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549833.509:756): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C66"
  "2F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202D"
  "2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F726566\n"
  "node=web1 type=EOE msg=audit(1795549833.509:756): \n";

/* dissolves a datagram socket's association */
static const char connect_unspec[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.473:1103): arch=c000003e syscall=42 success=yes exit=0 a0=3 "
  "a1=7ffd61f88d40 a2=10 a3=0 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549856.473:1103): saddr=00000000000000000000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.473:1103): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.473:1103): \n";

static const char connect_unix[] =
  "node=web1 type=SYSCALL msg=audit(1795549918.397:1725): arch=c000003e syscall=42 success=no exit=-2 a0=3 "
  "a1=7ffcd1ddf3c0 a2=6e a3=f7001af0b670203f items=1 ppid=9855 pid=9860 auid=995 uid=995 gid=994 euid=995 suid=995 "
  "fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=31 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549918.397:1725): saddr=01002F7661722F72756E2F6E7363642F736F636B6574000000000000"
  "000000000000000021000000E0A28FA24F7F0000000000000000000000000000000000000000000000000000000000000000000000000000000000"
  "000000000000000000F02729A24F7F0000000000000000\n"
  "node=web1 type=CWD msg=audit(1795549918.397:1725): cwd=\"/\"\n"
  "node=web1 type=PATH msg=audit(1795549918.397:1725): item=0 name=\"/var/run/nscd/socket\" nametype=UNKNOWN cap_fp=0 "
  "cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\n"
  "node=web1 type=PROCTITLE msg=audit(1795549918.397:1725): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549918.397:1725): \n";

/* stamped a second before the connect it took */
static const char accept_v4[] =
  "node=web1 type=SYSCALL msg=audit(1795549858.517:1183): arch=c000003e syscall=43 success=yes exit=4 a0=3 "
  "a1=7ffe2c7d5450 a2=7ffe2c7d544c a3=7f117b4c6b50 items=0 ppid=28484 pid=1677 auid=4294967295 uid=995 gid=994 euid=995 "
  "suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=4294967295 comm=\"accept-server\" "
  "exe=\"/tmp/captures/bin/accept-server\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549858.517:1183): saddr=0200E5347F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549858.517:1183): proctitle=\"/tmp/captures/bin/accept-server\"\n"
  "node=web1 type=EOE msg=audit(1795549858.517:1183): \n";

static const char accept_mapped[] =
  "node=web1 type=SYSCALL msg=audit(1795549852.181:949): arch=c000003e syscall=43 success=yes exit=4 a0=3 "
  "a1=7ffedb1b0230 a2=7ffedb1b022c a3=7f3b7af5db50 items=0 ppid=28484 pid=29988 auid=995 uid=995 gid=994 euid=995 "
  "suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=15 comm=\"mapped\" exe=\"/tmp/captures/bin/mapped\" "
  "key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549852.181:949): saddr=0A00C4520000000000000000000000000000FFFF7F00000100000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549852.181:949): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C66"
  "2F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202D"
  "2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F6D6170\n"
  "node=web1 type=EOE msg=audit(1795549852.181:949): \n";

static const char accept4_v4[] =
  "node=web1 type=SYSCALL msg=audit(1795549859.821:1188): arch=c000003e syscall=288 success=yes exit=4 a0=3 "
  "a1=7ffe2c7d5450 a2=7ffe2c7d544c a3=80800 items=0 ppid=28484 pid=1677 auid=4294967295 uid=995 gid=994 euid=995 "
  "suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=4294967295 comm=\"accept-server\" "
  "exe=\"/tmp/captures/bin/accept-server\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549859.821:1188): saddr=0200E5507F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549859.821:1188): proctitle=\"/tmp/captures/bin/accept-server\"\n"
  "node=web1 type=EOE msg=audit(1795549859.821:1188): \n";

/* no address crosses the call */
static const char sendto_connected[] =
  "node=web1 type=SYSCALL msg=audit(1795549918.389:1718): arch=c000003e syscall=44 success=yes exit=78 a0=5 "
  "a1=55d2e967de40 a2=4e a3=4000 items=0 ppid=9855 pid=9856 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=31 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549918.389:1718): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549918.389:1718): \n";

static const char recvfrom_connected[] =
  "node=web1 type=SYSCALL msg=audit(1795549918.389:1719): arch=c000003e syscall=45 success=yes exit=111 a0=5 "
  "a1=55d2e96831a0 a2=19000 a3=0 items=0 ppid=9855 pid=9856 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=31 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549918.389:1719): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549918.389:1719): \n";

static const char sendto_v6[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.497:1112): arch=c000003e syscall=44 success=yes exit=2 a0=3 "
  "a1=555ff23c9294 a2=2 a3=4000 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549856.497:1112): saddr=0A001B5A000000000000000000000000000000000000000100000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.497:1112): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.497:1112): \n";

/* told by ICMP */
static const char recvfrom_refused[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.497:1110): arch=c000003e syscall=45 success=no exit=-111 a0=3 "
  "a1=7ffd61f87c70 a2=1000 a3=0 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 "
  "egid=994 sgid=994 fsgid=994 tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.497:1110): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.497:1110): \n";

static const char sendmsg_connected[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.473:1099): arch=c000003e syscall=46 success=yes exit=4 a0=3 "
  "a1=7ffd61f88b50 a2=0 a3=0 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.473:1099): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.473:1099): \n";

static const char recvmsg_connected[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.473:1102): arch=c000003e syscall=47 success=yes exit=2 a0=3 "
  "a1=7ffd61f87b50 a2=0 a3=0 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.473:1102): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.473:1102): \n";

/* three messages; the address is the last one's */
static const char sendmmsg_v4[] =
  "node=web1 type=SYSCALL msg=audit(1795549950.901:2598): arch=c000003e syscall=307 success=yes exit=3 a0=3 "
  "a1=7ffe53577fd0 a2=3 a3=0 items=0 ppid=9677 pid=11609 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=57 comm=\"mmsg\" exe=\"/tmp/captures/bin/mmsg\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549950.901:2598): saddr=02001B5A7F0000030000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549950.901:2598): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F6D6D73\n"
  "node=web1 type=EOE msg=audit(1795549950.901:2598): \n";

static const char recvmmsg_v4[] =
  "node=web1 type=SYSCALL msg=audit(1795549951.001:2599): arch=c000003e syscall=299 success=yes exit=3 a0=3 "
  "a1=7ffe53577fd0 a2=3 a3=0 items=0 ppid=9677 pid=11609 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=57 comm=\"mmsg\" exe=\"/tmp/captures/bin/mmsg\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549951.001:2599): saddr=02001B5A7F0000030000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549951.001:2599): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F6D6D73\n"
  "node=web1 type=EOE msg=audit(1795549951.001:2599): \n";

static const char socket_tcp[] =
  "node=web1 type=SYSCALL msg=audit(1795549918.389:1716): arch=c000003e syscall=41 success=yes exit=5 a0=2 a1=1 a2=6 "
  "a3=0 items=0 ppid=9855 pid=9856 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=31 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549918.389:1716): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549918.389:1716): \n";

/* type with SOCK_CLOEXEC and SOCK_NONBLOCK */
static const char socket_unix[] =
  "node=web1 type=SYSCALL msg=audit(1795549918.397:1724): arch=c000003e syscall=41 success=yes exit=3 a0=1 a1=80801 a2=0 "
  "a3=f7001af0b670203f items=0 ppid=9855 pid=9860 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=31 comm=\"curl\" exe=\"/usr/bin/curl\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549918.397:1724): proctitle=6375726C002D73002D6F002F6465762F6E756C6C002D6F002F6"
  "465762F6E756C6C002D77006375726C206C6F63616C3D257B6C6F63616C5F69707D3A257B6C6F63616C5F706F72747D20706565723D257B72656D6"
  "F74655F69707D3A257B72656D6F74655F706F72747D20636F6E6E656374733D257B6E756D5F636F6E6E6563\n"
  "node=web1 type=EOE msg=audit(1795549918.397:1724): \n";

static const char socket_udp6[] =
  "node=web1 type=SYSCALL msg=audit(1795549856.497:1111): arch=c000003e syscall=41 success=yes exit=3 a0=a a1=2 a2=0 "
  "a3=0 items=0 ppid=32638 pid=32641 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=19 comm=\"udp\" exe=\"/tmp/captures/bin/udp\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549856.497:1111): proctitle=\"/tmp/captures/bin/udp\"\n"
  "node=web1 type=EOE msg=audit(1795549856.497:1111): \n";

static const char socketcall_socket[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2782): arch=40000003 syscall=102 success=yes exit=3 a0=1 a1=ffb92fc8 "
  "a2=0 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2782): nargs=3 a0=2 a1=1 a2=0\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2782): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2782): \n";

static const char socketcall_connect[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2783): arch=40000003 syscall=102 success=yes exit=0 a0=3 a1=ffb92fc8 "
  "a2=0 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2783): nargs=3 a0=3 a1=ffb932a0 a2=10\n"
  "node=web1 type=SOCKADDR msg=audit(1795549959.257:2783): saddr=02001B597F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2783): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2783): \n";

/* its address is not a peer's */
static const char socketcall_getsockname[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2784): arch=40000003 syscall=102 success=yes exit=0 a0=6 a1=ffb92f10 "
  "a2=f7fa7ff4 a3=f7fc0534 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2784): nargs=3 a0=3 a1=ffb92f60 a2=ffb92f5c\n"
  "node=web1 type=SOCKADDR msg=audit(1795549959.257:2784): saddr=0200EB1A7F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2784): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2784): \n";

static const char socketcall_send[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2785): arch=40000003 syscall=102 success=yes exit=5 a0=9 a1=ffb92fc8 "
  "a2=0 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2785): nargs=4 a0=3 a1=5661104a a2=5 a3=0\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2785): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2785): \n";

static const char socketcall_recv[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2786): arch=40000003 syscall=102 success=yes exit=5 a0=a a1=ffb92fc8 "
  "a2=0 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2786): nargs=4 a0=3 a1=ffb93184 a2=c8 a3=0\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2786): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2786): \n";

static const char socketcall_accept[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.257:2801): arch=40000003 syscall=102 success=yes exit=4 a0=5 a1=ffb92fc8 "
  "a2=0 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.257:2801): nargs=3 a0=3 a1=ffb932a0 a2=ffb9329c\n"
  "node=web1 type=SOCKADDR msg=audit(1795549959.257:2801): saddr=0200DB147F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.257:2801): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.257:2801): \n";

/* likewise */
static const char socketcall_bind[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.357:2817): arch=40000003 syscall=102 success=yes exit=0 a0=2 a1=ffb92fc4 "
  "a2=f7fa7ff4 a3=56611039 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 "
  "sgid=994 fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.357:2817): nargs=3 a0=3 a1=ffb930e0 a2=10\n"
  "node=web1 type=SOCKADDR msg=audit(1795549959.357:2817): saddr=02001BC67F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.357:2817): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.357:2817): \n";

static const char socketcall_udp[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.357:2810): arch=40000003 syscall=102 success=yes exit=3 a0=1 a1=ffb92fd0 "
  "a2=f7fa7ff4 a3=3 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKETCALL msg=audit(1795549959.357:2810): nargs=3 a0=2 a1=2 a2=0\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.357:2810): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.357:2810): \n";

/* a call of its own since Linux 4.3 */
static const char connect_i386[] =
  "node=web1 type=SYSCALL msg=audit(1795549959.357:2804): arch=40000003 syscall=362 success=yes exit=0 a0=3 a1=ffb932a0 "
  "a2=10 a3=0 items=0 ppid=9677 pid=12013 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 "
  "fsgid=994 tty=(none) ses=63 comm=\"sc32\" exe=\"/tmp/captures/bin/sc32\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549959.357:2804): saddr=02001B597F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549959.357:2804): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F736333\n"
  "node=web1 type=EOE msg=audit(1795549959.357:2804): \n";

static const char exit_thread[] =
  "node=web1 type=SYSCALL msg=audit(1795549872.277:1394): arch=c000003e syscall=60 a0=0 a1=7fb000 a2=3c a3=8 items=0 "
  "ppid=6222 pid=6227 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 tty=(none) ses=21 "
  "comm=\"threads\" exe=\"/tmp/captures/bin/threads\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549872.277:1394): proctitle=\"/tmp/captures/bin/threads\"\n"
  "node=web1 type=EOE msg=audit(1795549872.277:1394): \n";

static const char exit_process[] =
  "node=web1 type=SYSCALL msg=audit(1795549872.629:1396): arch=c000003e syscall=231 a0=0 a1=e7 a2=3c a3=7f7bfc7c9200 "
  "items=0 ppid=6222 pid=6227 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=21 comm=\"threads\" exe=\"/tmp/captures/bin/threads\" key=\"pnat\"\n"
  "node=web1 type=PROCTITLE msg=audit(1795549872.629:1396): proctitle=\"/tmp/captures/bin/threads\"\n"
  "node=web1 type=EOE msg=audit(1795549872.629:1396): \n";

/* one record, no end of event */
static const char abend[] =
  "node=web1 type=ANOM_ABEND msg=audit(1795549924.621:1942): auid=995 uid=995 gid=994 ses=37 pid=10174 comm=\"sigsegv\" "
  "exe=\"/tmp/captures/bin/sigsegv\" sig=11 res=1\n";

static const char abend_enriched[] =
  "node=web1 type=ANOM_ABEND msg=audit(1795549926.013:1969): auid=995 uid=995 gid=994 ses=38 pid=10227 comm=\"sigsegv\" "
  "exe=\"/tmp/captures/bin/sigsegv\" sig=11 res=1\x1d" "AUID=\"pnattest\" UID=\"pnattest\" GID=\"pnattest\"\n";

/* done within io_uring_enter(2) */
static const char uring_connect[] =
  "node=web1 type=URINGOP msg=audit(1795549974.693:5605): uring_op=16 success=no exit=-11 items=0 ppid=12355 pid=13639 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=URINGOP msg=audit(1795549974.693:5605): uring_op=16 success=yes exit=0 items=0 ppid=12355 pid=13639 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SYSCALL msg=audit(1795549974.693:5605): arch=c000003e syscall=426 success=yes exit=1 a0=3 a1=1 a2=1 "
  "a3=1 items=0 ppid=12355 pid=13639 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=73 comm=\"uring\" exe=\"/tmp/captures/bin/uring\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549974.693:5605): saddr=02001B597F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549974.693:5605): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F757269\n"
  "node=web1 type=EOE msg=audit(1795549974.693:5605): \n";

static const char uring_sendmsg[] =
  "node=web1 type=URINGOP msg=audit(1795549974.693:5609): uring_op=9 success=yes exit=0 items=0 ppid=12355 pid=13639 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SYSCALL msg=audit(1795549974.693:5609): arch=c000003e syscall=426 success=yes exit=1 a0=3 a1=1 a2=1 "
  "a3=1 items=0 ppid=12355 pid=13639 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=73 comm=\"uring\" exe=\"/tmp/captures/bin/uring\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549974.693:5609): saddr=02001B5A7F0000020000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549974.693:5609): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F757269\n"
  "node=web1 type=EOE msg=audit(1795549974.693:5609): \n";

static const char uring_accept[] =
  "node=web1 type=URINGOP msg=audit(1795549974.693:5611): uring_op=13 success=no exit=-11 items=0 ppid=12355 pid=13639 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=URINGOP msg=audit(1795549974.693:5611): uring_op=13 success=yes exit=0 items=0 ppid=12355 pid=13639 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SYSCALL msg=audit(1795549974.693:5611): arch=c000003e syscall=426 success=yes exit=1 a0=3 a1=1 a2=1 "
  "a3=1 items=0 ppid=12355 pid=13639 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=73 comm=\"uring\" exe=\"/tmp/captures/bin/uring\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549974.693:5611): saddr=0200AE327F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795549974.693:5611): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F757269\n"
  "node=web1 type=EOE msg=audit(1795549974.693:5611): \n";

/* done by a worker: no address, no program */
static const char uring_async_connect_again[] =
  "node=web1 type=URINGOP msg=audit(1795549980.721:5727): uring_op=16 success=no exit=-11 items=0 ppid=12355 pid=14087 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=EOE msg=audit(1795549980.721:5727): \n";

static const char uring_async_connect[] =
  "node=web1 type=URINGOP msg=audit(1795549980.721:5728): uring_op=16 success=yes exit=0 items=0 ppid=12355 pid=14087 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=EOE msg=audit(1795549980.721:5728): \n";

static const char uring_async_recvmsg[] =
  "node=web1 type=URINGOP msg=audit(1795549980.725:5734): uring_op=10 success=yes exit=0 items=0 ppid=12355 pid=14087 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549980.725:5734): saddr=02001B5A7F0000020000000000000000\n"
  "node=web1 type=EOE msg=audit(1795549980.725:5734): \n";

static const char uring_async_accept_again[] =
  "node=web1 type=URINGOP msg=audit(1795549980.725:5735): uring_op=13 success=no exit=-11 items=0 ppid=12355 pid=14087 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=EOE msg=audit(1795549980.725:5735): \n";

static const char uring_async_accept[] =
  "node=web1 type=URINGOP msg=audit(1795549981.125:5737): uring_op=13 success=yes exit=0 items=0 ppid=12355 pid=14087 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549981.125:5737): saddr=0200AE5A7F0000010000000000000000\n"
  "node=web1 type=EOE msg=audit(1795549981.125:5737): \n";

static const char uring_async_enriched[] =
  "node=web1 type=URINGOP msg=audit(1795549982.201:5760): uring_op=16 success=no exit=-11 items=0 ppid=12355 pid=14139 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\x1d" "UID=\"pnattest\" GID=\"pnattest\" "
  "EUID=\"pnattest\" SUID=\"pnattest\" FSUID=\"pnattest\" EGID=\"pnattest\" SGID=\"pnattest\" FSGID=\"pnattest\"\n"
  "node=web1 type=EOE msg=audit(1795549982.201:5760): \n";

/* the address is with the first try only */
static const char uring_sqpoll_connect_again[] =
  "node=web1 type=URINGOP msg=audit(1795549986.605:5861): uring_op=16 success=no exit=-11 items=0 ppid=12355 pid=14295 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795549986.605:5861): saddr=02001B597F0000010000000000000000\n"
  "node=web1 type=EOE msg=audit(1795549986.605:5861): \n";

static const char uring_sqpoll_connect[] =
  "node=web1 type=URINGOP msg=audit(1795549986.605:5862): uring_op=16 success=yes exit=0 items=0 ppid=12355 pid=14295 "
  "uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 key=\"pnat\"\n"
  "node=web1 type=EOE msg=audit(1795549986.605:5862): \n";

/* rule on io_uring_enter, no URINGOP */
static const char uring_enter_address[] =
  "node=web1 type=SYSCALL msg=audit(1795550155.281:6210): arch=c000003e syscall=426 success=yes exit=1 a0=3 a1=1 a2=1 "
  "a3=1 items=0 ppid=21800 pid=22618 auid=995 uid=995 gid=994 euid=995 suid=995 fsuid=995 egid=994 sgid=994 fsgid=994 "
  "tty=(none) ses=87 comm=\"uring\" exe=\"/tmp/captures/bin/uring\" key=\"pnat\"\n"
  "node=web1 type=SOCKADDR msg=audit(1795550155.281:6210): saddr=02001B597F0000010000000000000000\n"
  "node=web1 type=PROCTITLE msg=audit(1795550155.281:6210): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368002F746D702F63617074757265732F62696E2F757269\n"
  "node=web1 type=EOE msg=audit(1795550155.281:6210): \n";

/* what PAM leaves in a stream */
static const char write_login[] =
  "node=web1 type=LOGIN msg=audit(1795549916.301:1656): pid=9749 uid=0 old-auid=4294967295 auid=995 tty=(none) "
  "old-ses=4294967295 ses=29 res=1\n"
  "node=web1 type=SYSCALL msg=audit(1795549916.301:1656): arch=c000003e syscall=1 success=yes exit=4 a0=1 "
  "a1=5586a01e2700 a2=4 a3=0 items=0 ppid=9677 pid=9749 auid=995 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 "
  "tty=(none) ses=29 comm=\"sh\" exe=\"/usr/bin/dash\" key=(null)\n"
  "node=web1 type=PROCTITLE msg=audit(1795549916.301:1656): proctitle=7368002D63006563686F20393935203E2F70726F632F73656C6"
  "62F6C6F67696E7569643B20657865632073657470726976202D2D726575696420706E617474657374202D2D726567696420706E617474657374202"
  "D2D636C6561722D67726F7570732022244022007368007368002D630065786563203E3E2224545255544822\n"
  "node=web1 type=EOE msg=audit(1795549916.301:1656): \n";

static const char netlink_send[] =
  "node=web1 type=SYSCALL msg=audit(1795549916.197:1648): arch=c000003e syscall=44 success=yes exit=60 a0=3 "
  "a1=7fffe8ddd550 a2=3c a3=0 items=0 ppid=9677 pid=9724 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 "
  "fsgid=0 tty=(none) ses=4294967295 comm=\"auditd\" exe=\"/usr/sbin/auditd\" key=(null)\n"
  "node=web1 type=PROCTITLE msg=audit(1795549916.197:1648): proctitle=2F7573722F7362696E2F617564697464002D6E002D63002F746"
  "D702F63617074757265732F2E72756E\n"
  "node=web1 type=EOE msg=audit(1795549916.197:1648): \n";

/* clang-format on */
