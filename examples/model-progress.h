/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a download is: on a terminal one line that is written over, with rate and time left; elsewhere a
 * line for each file that is there. */
#pragma once
#include <glib.h>

typedef struct {
  gboolean terminal, quiet;
  gboolean line;                /* a line is there that must be ended */
  guint64 total, done;          /* bytes, of all files that are still to come */
  const gchar *file;            /* that comes now */
  gint64 shown;                 /* µs; when the line was last written */
  gint64 since;                 /* from which on the rate is counted, */
  guint64 had;                  /* and what was there then */
  gdouble rate;                 /* bytes/s; 0: not known yet */
} Progress;

void progress_begin (Progress *self, guint64 total, gboolean quiet);
void progress_file (Progress *self, const gchar *file);
/* So many bytes more; below 0: they must come again. */
void progress_add (Progress *self, gint64 n);
/* The file that came is whole. */
void progress_file_done (Progress *self, guint64 size);
/* Ends the line, so that something else can be printed. */
void progress_end (Progress *self);
