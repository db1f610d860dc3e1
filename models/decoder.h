/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoder: what a model writes its sentences with, shared by all captioners (heads/captioner.h) and
 * counted. A model has one once somebody wants a sentence, and makes another when one is to be searched
 * with more beams than it has room for. Immutable but for the program, whose runs the lock serialises. */
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
  guint max_beams;              /* of one sentence */
  guint rows, width;            /* of one picture's tokens */
  guint n_frames;               /* pictures that a sentence is about */
  guint vocabulary;
  GptVisTensorId logits, log_probabilities;
  GMutex lock;
} GptVisDecoder;

/* rows: of the tower's "tokens"; n_beams: of the widest search, 0 is as the checkpoint says. The checkpoint
 * must outlive it. Errors as gptvis_model_open's. */
GptVisDecoder *gptvis_decoder_new (const GptVisCheckpoint *checkpoint, guint rows, guint n_beams,
    const GptVisProgramOptions *options, GError **error);
GptVisDecoder *gptvis_decoder_ref (GptVisDecoder *self);
void gptvis_decoder_unref (GptVisDecoder *self);       /* NULL is fine */

G_END_DECLS
