/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A decoder: what a model writes its sentences with, shared by all captioners. Between
 * model.c, which has one or none, and captioner.c, which uses it. Immutable but for the
 * program, whose runs the lock serialises. */
#pragma once
#include "checkpoint.h"
#include "generation.h"
#include "tokenizer.h"

G_BEGIN_DECLS

typedef struct {
  GptVisPlan *plan;
  GptVisProgram *program;
  GptVisTokenizer *tokenizer;
  GptVisGeneration *generation;
  guint n_beams;
  guint rows, width;            /* of one picture's tokens */
  guint n_frames;               /* pictures that a sentence is about */
  guint vocabulary;
  GptVisTensorId logits, log_probabilities;
  GMutex lock;
} GptVisDecoder;

/* rows: of the tower's "tokens"; n_beams: 0 is as the checkpoint says. Errors as
 * gptvis_model_open's. */
GptVisDecoder *gptvis_decoder_new (const GptVisCheckpoint * checkpoint, guint rows, guint n_beams,
    const GptVisProgramOptions * options, GError ** error);
void gptvis_decoder_free (GptVisDecoder * self);        /* NULL is fine */

G_END_DECLS
