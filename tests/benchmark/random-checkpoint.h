/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkpoint directories with random weights, a plain ViT, one with a GPT-2 decoder that
 * writes or any network that sees: for programs that need a network of a certain cost and do not care what it
 * sees or says. */
#pragma once
#include <glib.h>

typedef struct {
  guint layers, width, heads, side, patch;      /* side, patch: pixels */
  guint labels;                 /* that the classifier tells apart; 0 is 2 */
} RandomVit;

typedef struct {
  RandomVit tower;              /* with a classifier beside it */
  guint layers, width, heads;   /* of the decoder */
  guint vocabulary, positions;  /* vocabulary: 256 bytes and more */
  guint length;                 /* tokens of every sentence, the start counted; none ends before */
} RandomCaptioner;

/* Write it, in half precision, to a fresh temporary directory; NULL with an error. */
gchar *random_checkpoint_write (const RandomVit *vit, GError **error);
gchar *random_checkpoint_write_captioner (const RandomCaptioner *captioner, GError **error);
/* Of what config.json and preprocessor_config.json say. */
gchar *random_checkpoint_write_texts (const gchar *config, const gchar *preprocessor, GError **error);
void random_checkpoint_remove (gchar *directory);      /* and frees the name */
