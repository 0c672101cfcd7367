/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Record to text, behind one small table of functions: to add a format, write such a table
 * in a file of its own and name it in formats[] of format.c.
 */
#pragma once

#include "record.h"

G_BEGIN_DECLS

typedef struct {
  const char *name; /* as in the configuration: "kv", "json" */
  /**
   * Appends @record to @line as one line of text, without the newline.
   * Whatever bytes the record's strings hold, @line gains no control byte and is valid UTF-8.
   */
  void (*write)(const PnatRecord *record, GString *line);
} PnatFormat;

extern const PnatFormat pnat_format_kv;
extern const PnatFormat pnat_format_json;

/**
 * @name: "kv" or "json"
 * @returns (nullable) (transfer none) NULL when there is no such format
 */
const PnatFormat *pnat_format_find(const char *name);

/**
 * Calls @func for each key of the key=value format in its order, with the value's raw text
 * (not quoted, not escaped; NULL = not known). This is the one list of keys: the key=value line and the journal's PNAT_* fields
 * are made of it.
 *
 * A flow's record has all keys, always; one of PNAT_RECORD_LOSS has event, start, last, end, reason (the source), host and lost.
 *
 * @is_string: the value came from a process and stands in quotes always; any other value only where it holds
 *   a character other than A-Z a-z 0-9 _ . : @ / -
 */
typedef void (*PnatFieldFunc)(const char *key, const char *value, gboolean is_string, gpointer data);
void pnat_format_foreach_field(const PnatRecord *record, PnatFieldFunc func, gpointer data);

/* Room for the text of any time, and its NUL. */
#define PNAT_TIME_TEXT 40

/**
 * Writes RFC 3339 in UTC with milliseconds: "2026-11-24T16:52:10.123Z".
 *
 * @time: ms since 1970, 0 = not known: "-"
 * @returns @text
 */
const char *pnat_time_text(gint64 time, char text[PNAT_TIME_TEXT]);

/* Room for the text of any event id, and its NUL. */
#define PNAT_EVENT_ID_TEXT 48

/**
 * Writes an event id as audit does, SECONDS.mmm:SERIAL, for ausearch -a SERIAL; "-" when time and serial are 0.
 *
 * @returns @text
 */
const char *pnat_event_id_text(const PnatEventId *id, char text[PNAT_EVENT_ID_TEXT]);

/* Room for the text of any error, and its NUL. */
#define PNAT_ERRNO_TEXT 24

/**
 * Writes "ECONNREFUSED", the number where the C library has no name for it, "-" for 0.
 *
 * @returns @text
 */
const char *pnat_errno_text(gint error, char text[PNAT_ERRNO_TEXT]);

/**
 * A character that shows as nothing or as a blank, or changes how others show: Unicode's control (C0, DEL, C1), format (bidirectional
 * overrides and isolates, zero-width, tags), all that is to be ignored by default (variation selectors, fillers), line and paragraph
 * separators, and spaces other than U+0020.
 */
gboolean pnat_char_is_hidden(gunichar c);

/**
 * Appends @bytes with ", \, every hidden character (pnat_char_is_hidden) and bytes that are not UTF-8 escaped as in C:
 * \" \\ \n \t \r, all else byte by byte as \xhh: U+2028 is \xe2\x80\xa8. \x always has two digits, so that the bytes can be
 * had back. No quotes are put around it. An equals sign behind one of the record's own keys ("remote_ip=") is \x3d, so that no
 * process can put into its name what looks like a field.
 */
void pnat_escape(GString *text, const char *bytes);

/* Makes of what pnat_escape() wrote, in place, the bytes it was made of. What is no escape of its making stays. */
void pnat_unescape(char *text);

/**
 * For formats that have escapes of their own: appends @bytes with each byte that is not UTF-8 as \xhh, and a backslash that begins what
 * would be taken for that, \x80 to \xff or \x5c, as \x5c. All else stays as it is, systemd's \x2d too.
 */
void pnat_escape_invalid(GString *text, const char *bytes);

/* Makes of what pnat_escape_invalid() wrote, in place, the bytes it was made of. */
void pnat_unescape_invalid(char *text);

G_END_DECLS
