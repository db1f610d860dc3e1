/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files from outside. Their bytes are read and never mapped: touching the mapping of a file that was
 * truncated, or that its file system has lost, kills the program, where a read only fails. A read also fails
 * once the file was written, so that old and new bytes are never mixed. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

typedef struct {
  gchar *path;                  /* for messages */
  gint fd;                      /* stays this file when the name is removed or given to another; -1: memory */
  GBytes *bytes;                /* memory in place of a file; NULL: none */
  guint64 size;
  gint64 seconds, nanoseconds;  /* time of the last write before it was opened */
} GptVisFile;

/* FALSE with NOT_FOUND or FORMAT; then there is nothing to close. */
gboolean gptvis_file_open (GptVisFile *self, const gchar *path, GError **error);
/* The same of bytes in memory, which are kept; `name` stands for the path. */
void gptvis_file_wrap (GptVisFile *self, const gchar *name, GBytes *bytes);
void gptvis_file_close (GptVisFile *self);      /* also of one that is all zeros, or closed */

/* Reads n bytes from byte `from`; FALSE with FORMAT when it does not have them, or was written since it was
 * opened. Any thread. */
gboolean gptvis_file_read (const GptVisFile *self, guint64 from, gsize n, gpointer to, GError **error);

/* At most n of its first bytes; returns how many, 0 when it cannot be read. */
gsize gptvis_file_head (const gchar *path, gchar *to, gsize n);

/* A whole file of at most `max` bytes, followed by a 0; `what` is what it should be, for messages ("a JSON
 * file"). A known mistake (mistakes.h) is refused. g_free it. */
gchar *gptvis_file_load (const gchar *path, const gchar *what, gsize max, gsize *size, GError **error);

G_END_DECLS
