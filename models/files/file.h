/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files from outside. Their bytes are read and never mapped: what reads a mapping of a file
 * that someone cuts meanwhile, or that its file system loses, is killed; a read fails. Nor is
 * what was read from a file that was written meanwhile taken for the file. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

typedef struct {
  gchar *path;                  /* for messages */
  gint fd;                      /* goes on to be that file when the name becomes another's or nobody's */
  guint64 size;
  gint64 seconds, nanoseconds;  /* when it was last written, as it was opened */
} GptVisFile;

/* FALSE with NOT_FOUND or FORMAT; then there is nothing to close. */
gboolean gptvis_file_open (GptVisFile *self, const gchar *path, GError **error);
void gptvis_file_close (GptVisFile *self);

/* Its n bytes from `from`; FALSE with FORMAT when it does not give them, or has been written since
 * it was opened. Any thread. */
gboolean gptvis_file_read (const GptVisFile *self, guint64 from, gsize n, gpointer to, GError **error);

/* At most n of its first bytes; returns how many, 0 when it cannot be read. */
gsize gptvis_file_head (const gchar *path, gchar *to, gsize n);

/* All of a text, of at most `max` bytes, and a 0 behind it; `what` says what it is in messages ("a
 * JSON file"). What is no text of anybody's but a known mistake (mistakes.h) is refused. g_free it. */
gchar *gptvis_file_load (const gchar *path, const gchar *what, gsize max, gsize *size, GError **error);

G_END_DECLS
