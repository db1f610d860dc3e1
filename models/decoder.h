/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoder: what a model writes captions with, counted and shared by all captioners (heads/captioner.h). A
 * model makes one when captions are first asked for, and another when they need more beams than it has room
 * for. Immutable but for the program: hold the lock to run it. */
#pragma once
#include "checkpoint.h"
#include "generation.h"
#include "tokenizer.h"

G_BEGIN_DECLS

typedef struct {
  gint refs;
  const gchar *path;            /* the checkpoint's */
  GptVisPlan *plan;
  GptVisPlaces *places;         /* of its weights, in the checkpoint */
  GptVisProgram *program;
  GptVisTokenizer *tokenizer;
  GptVisGeneration *generation;
  guint max_beams;              /* of one caption */
  guint rows, width;            /* of one picture's tokens */
  guint n_frames;               /* pictures of one caption */
  guint vocabulary;
  GptVisTensorId logits, log_probabilities;
  GMutex lock;
} GptVisDecoder;

/* rows: of the tower's "tokens"; n_beams: beams that there must be room for, 0: as the checkpoint says. The
 * checkpoint must outlive it. NULL with the errors of gptvis_model_open. */
GptVisDecoder *gptvis_decoder_new (const GptVisCheckpoint *checkpoint, guint rows, guint n_beams,
    const GptVisProgramOptions *options, GError **error);
GptVisDecoder *gptvis_decoder_ref (GptVisDecoder *self);
void gptvis_decoder_unref (GptVisDecoder *self);       /* NULL is fine */

G_END_DECLS
