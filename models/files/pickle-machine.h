/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between pickle.c and pickle-machine.c: what a pickle's opcodes work with, bytes that come in, memory for
 * values, and the stack. Functions that return FALSE or NULL have set the error. One thread. */
#pragma once
#include "pickle.h"

G_BEGIN_DECLS

struct _GptVisPickle {
  GPtrArray *blocks;            /* memory of the values */
  gsize block_left, memory;     /* bytes: of the last block, of all */
  guint8 *block_at;
  const GptVisPickleValue *root;
  GPtrArray *persistents;       /* GptVisPickleValue */
};

typedef struct {
  GptVisPickle *pickle;
  const GptVisPickleGlobal *globals;
  guint n_globals;

  const GptVisFile *file;
  guint64 at;                   /* in the file, where `window` ends */
  guint8 window[GPTVIS_PICKLE_MAX_TEXT];
  gsize first, end;             /* what was not used of it yet */

  GptVisPickleValue *stack[GPTVIS_PICKLE_MAX_STACK];    /* NULL: a mark */
  guint n_stack;
  GPtrArray *memo;              /* GptVisPickleValue; NULL where there is none */
  gboolean stopped;
  GError **error;
} GptVisPickleMachine;

#define DAMAGED ": it is damaged, or was not written by PyTorch"

/* "FILE: the pickle …". Always FALSE. */
gboolean gptvis_pickle_fail (GptVisPickleMachine *self, GptVisError code, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The next n bytes, at most GPTVIS_PICKLE_MAX_TEXT, which stay until the next call. */
const guint8 *gptvis_pickle_take (GptVisPickleMachine *self, gsize n);

/* A new value; with push, on the stack. */
GptVisPickleValue *gptvis_pickle_make (GptVisPickleMachine *self, GptVisPickleKind kind);
GptVisPickleValue *gptvis_pickle_push (GptVisPickleMachine *self, GptVisPickleKind kind);
gboolean gptvis_pickle_push_number (GptVisPickleMachine *self, GptVisPickleKind kind, gint64 number);
/* The n bytes that come next. */
gboolean gptvis_pickle_push_bytes (GptVisPickleMachine *self, GptVisPickleKind kind, guint64 n);

/* Puts a value on the stack, or with NULL a mark. */
gboolean gptvis_pickle_put (GptVisPickleMachine *self, GptVisPickleValue *value);
/* The value on top of the stack, which stays there or is taken. */
GptVisPickleValue *gptvis_pickle_top (GptVisPickleMachine *self);
GptVisPickleValue *gptvis_pickle_pop (GptVisPickleMachine *self);
/* How many values are above the last mark. */
gboolean gptvis_pickle_count_marked (GptVisPickleMachine *self, guint *n);

/* Room for n items in all. */
gboolean gptvis_pickle_make_room (GptVisPickleMachine *self, GptVisPickleValue *to, gsize n);
/* A value goes into another, for which there is room. */
gboolean gptvis_pickle_put_inside (GptVisPickleMachine *self, GptVisPickleValue *to,
    GptVisPickleValue *value);
/* Moves the n values on top of the stack into one. */
gboolean gptvis_pickle_gather (GptVisPickleMachine *self, GptVisPickleValue *to, guint n);

G_END_DECLS
