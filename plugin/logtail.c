/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See logtail.h.
 */
#include "logtail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define BLOCK (256 * 1024)

/* Bytes at the end of a file that are read, some 75,000 records: what is known of them takes memory. */
#define MOST_BYTES (32 * 1024 * 1024)

/* ms by which a record's times may be before it was written: its process's end was waited for. */
#define MARGIN 60000

PnatLogPlace
pnat_log_place(const char *path)
{
  struct stat stat;
  if (lstat(path, &stat) != 0 || !S_ISREG(stat.st_mode))
    return (PnatLogPlace){ 0 };
  return (PnatLogPlace){ stat.st_dev, stat.st_ino, (guint64)stat.st_size };
}

void
pnat_log_place_codec(PnatLogPlace *place, PnatCodec *codec)
{
  pnat_codec_u64(codec, &place->device);
  pnat_codec_u64(codec, &place->inode);
  pnat_codec_u64(codec, &place->offset);
}

static void
take_lines(GString *text, PnatWritten *written)
{
  char *at = text->str, *end = text->str + text->len, *newline;

  while ((newline = memchr(at, '\n', (gsize)(end - at))) != NULL) {
    pnat_written_add_line(written, at, (gsize)(newline - at));
    at = newline + 1;
  }
  g_string_erase(text, 0, at - text->str);
}

/* Where reading begins. Records before that may be written twice. */
static guint64
within(int fd, guint64 offset)
{
  struct stat stat;
  guint64 size = fstat(fd, &stat) == 0 ? (guint64)stat.st_size : 0;

  if (size <= offset + MOST_BYTES)
    return offset;
  pnat_log_warning("the log grew by %" G_GUINT64_FORMAT " MiB since the last state: records among these, but for the newest %d MiB, may be written "
                   "again", (size - offset) >> 20, MOST_BYTES >> 20);
  return size - MOST_BYTES;
}

/* A line that @offset cuts through is no record, and passed over. */
static void
read_from(int fd, guint64 offset, PnatWritten *written)
{
  g_autofree char *block = g_malloc(BLOCK);
  g_autoptr(GString) text = g_string_new(NULL);
  ssize_t length;

  if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
    return;
  while ((length = read(fd, block, BLOCK)) > 0 || (length < 0 && errno == EINTR)) {
    g_string_append_len(text, block, MAX(length, 0));
    take_lines(text, written);
  }
}

/* A time of RFC 3339 that stands behind @key, ms since 1970; 0 = none does. */
static gint64
time_after(const char *line, const char *key)
{
  const char *at = strstr(line, key);
  g_autofree char *text = at != NULL ? g_strndup(at + strlen(key), strlen("2026-11-24T16:52:10.123Z")) : NULL;
  g_autoptr(GDateTime) time = text != NULL ? g_date_time_new_from_iso8601(text, NULL) : NULL;
  return time != NULL ? g_date_time_to_unix(time) * 1000 : 0;
}

/* About when the first whole line behind @offset was written, ms since 1970; 0 = not known. Times stand before all that a process chose. */
static gint64
line_time(int fd, guint64 offset)
{
  char text[16 * 1024];
  ssize_t length = pread(fd, text, sizeof text - 1, (off_t)offset);
  if (length <= 0)
    return 0;
  text[length] = '\0';
  const char *line = strchr(text, '\n');
  if (line == NULL)
    return 0;
  gint64 time = time_after(line, line[1] == '{' ? "\"@timestamp\":\"" : " end=");
  return time != 0 ? time : time_after(line, " last=");
}

/* From the end of the file back to what was written by @since. */
static guint64
offset_of(int fd, gint64 since)
{
  struct stat stat;
  guint64 offset = fstat(fd, &stat) == 0 ? (guint64)stat.st_size : 0;
  guint64 least = offset > MOST_BYTES ? offset - MOST_BYTES : 0;

  while (offset > least) {
    offset = offset > least + BLOCK ? offset - BLOCK : least;
    gint64 time = line_time(fd, offset);
    if (time != 0 && time < since - MARGIN)
      break;
  }
  return offset;
}

/* Opens the file that has this inode, whatever its name is now; -1 = there is none. A directory's files are on one device, whose number
 * may be another after a reboot. */
static int
open_inode(const char *path, guint64 inode)
{
  g_autofree char *directory = g_path_get_dirname(path);
  g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
    g_autofree char *candidate = g_build_filename(directory, name, NULL);
    struct stat stat;
    if (lstat(candidate, &stat) == 0 && stat.st_ino == inode)
      return open(candidate, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  }
  return -1;
}

void
pnat_log_read_since(const char *path, const PnatLogPlace *place, gint64 since, PnatWritten *written)
{
  PnatLogPlace now = pnat_log_place(path);
  struct stat stat;

  int fd = place->inode != 0 ? open_inode(path, place->inode) : -1;
  if (fd >= 0 && fstat(fd, &stat) == 0)
    read_from(fd, (guint64)stat.st_size >= place->offset ? within(fd, place->offset) : offset_of(fd, since), written);
  if (fd >= 0)
    close(fd);
  if (now.inode == 0 || now.inode == place->inode)
    return;
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return;
  read_from(fd, offset_of(fd, since), written);
  close(fd);
}
