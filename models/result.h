/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A result: what one analysis found. Immutable once it is handed out, counted,
 * shared by metadata, messages and JSON. This header is public (gptvis.h
 * includes it): an application reads the fields, and holds the buffer or message
 * it found the result on for as long as it reads. */
#pragma once
#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint id;                     /* class index in the checkpoint */
  const gchar *text;            /* UTF-8, from the checkpoint's id2label */
  gfloat score;                 /* 0 … 1: softmax, or a sigmoid a label for multi-label checkpoints */
} GptVisLabel;

/* A sentence about a frame, which may be an earlier one than the labels': writing
 * takes longer than labelling, and a new sentence only comes when the scene changes. */
typedef struct {
  const gchar *text;            /* UTF-8, without line ends */
  gfloat log_probability;       /* natural, of a token: the mean over the sentence's, the end counted; 0 at most */
  gboolean final;               /* FALSE: more words will come */
  guint64 frame;                /* the frame it describes */
  guint64 pts, running_time;    /* of that frame, ns; G_MAXUINT64 when unknown */
} GptVisCaption;

typedef struct _GptVisResult {
  gint refs;                    /* private */

  /* Which frame, filled by the stream that staged it. */
  const gchar *stream;          /* the element's name */
  guint64 frame;                /* number of the analysed frame, from 0 */
  guint64 pts, running_time;    /* ns; G_MAXUINT64 when unknown */
  gint64 time;                  /* wall clock, µs since 1970 UTC; 0 when unknown */

  const gchar *model;           /* name of the checkpoint (its directory's) */
  gint64 analysis;              /* µs that its batch took on the backend */

  guint n_labels;               /* best first; equal scores by id */
  const GptVisLabel *labels;

  const GptVisCaption *caption; /* NULL: none yet, or the model writes none */
} GptVisResult;

G_END_DECLS
