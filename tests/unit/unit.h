/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the unit tests share: sentences held against what they must say, scratch
 * directories, safetensors files and a tiny ViT checkpoint to spoil. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

/* The error is of ours, with that code, one line of text that holds each of the
 * "|"-separated parts. Frees it. `which` names the case when it is not so. */
void unit_expect_error (const gchar *which, GError *error, GptVisError code, const gchar *parts);

/* A fresh directory, and its end with all that is in it. */
gchar *unit_directory (void);
void unit_remove (gchar *directory);   /* frees the name, too */
void unit_write (const gchar *directory, const gchar *name, gconstpointer data, gssize size);

/* A safetensors file: header's length, header, n_data bytes (1, 2, 3 …). */
GByteArray *unit_safetensors (const gchar *header, gsize n_data);

/* A ViT: 8×8 pictures in patches of 4×4, width 8, one layer, three labels. */
#define UNIT_CONFIG \
  "{\"model_type\":\"vit\",\"architectures\":[\"ViTForImageClassification\"],\"hidden_size\":8," \
  "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"intermediate_size\":12,\"image_size\":8," \
  "\"patch_size\":4,\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"}}"
#define UNIT_PREPROCESSOR \
  "{\"image_processor_type\":\"ViTImageProcessor\",\"size\":{\"height\":8,\"width\":8}}"

/* How a tensor's name and shape come into the file; return FALSE to leave it out. */
typedef struct {
  gchar name[128];
  gchar dtype[8];               /* F32 unless changed */
  guint n_dimensions, shape[4];
  gfloat value;                 /* of its first element; the others are small */
} UnitTensor;
typedef gboolean (*UnitSpoil) (UnitTensor *tensor);

/* The tensors of that ViT as they come through `spoil` (NULL: as they are), of
 * the names that hold `only` (NULL: all). */
GByteArray *unit_vit (UnitSpoil spoil, const gchar *only);

/* A directory with all of it. */
gchar *unit_checkpoint (UnitSpoil spoil);

/* That ViT, classifier and all, before a GPT-2 of one layer, width 12 and ten words. */
#define UNIT_WRITER_CONFIG \
  "{\"model_type\":\"vision-encoder-decoder\",\"encoder\":" UNIT_CONFIG "," \
  "\"decoder\":{\"model_type\":\"gpt2\"," \
  "\"vocab_size\":10,\"n_positions\":16,\"n_embd\":12,\"n_layer\":1,\"n_head\":3,\"n_inner\":20}}"
#define UNIT_GENERATION "{\"decoder_start_token_id\":0,\"eos_token_id\":0,\"max_length\":8}"
gchar *unit_writer (UnitSpoil spoil);

G_END_DECLS
