/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint: a Hugging Face directory as downloaded, its files open and
 * read-only. It has
 *
 *     config.json                       what network (configuration.h)
 *     preprocessor_config.json          how pictures are prepared (recipe.h), or
 *     processor_config.json             the same, in its image_processor
 *     model.safetensors                 the tensors, whole or in parts (shards.h); or pytorch_model.bin
 *     generation_config.json            how a decoder writes (generation.h), and the tokenizer's files
 *                                       (tokenizer.h)
 *
 * Opening finds every defect of the files; gptvis_checkpoint_plan then compares the
 * tensors with what the network needs. Immutable, so any thread may read. */
#pragma once
#include "architectures.h"
#include "backend.h"
#include "places.h"

G_BEGIN_DECLS

typedef struct _GptVisCheckpoint GptVisCheckpoint;

/* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT. */
GptVisCheckpoint *gptvis_checkpoint_open (const gchar *path, GError **error);
void gptvis_checkpoint_free (GptVisCheckpoint *self);  /* NULL is fine */

const gchar *gptvis_checkpoint_path (const GptVisCheckpoint *self);
const GptVisConfiguration *gptvis_checkpoint_configuration (const GptVisCheckpoint *self);
const GptVisRecipe *gptvis_checkpoint_recipe (const GptVisCheckpoint *self);

/* The plan of its network for pictures of the recipe (its own, or gptvis_recipe_for_size's of that), cut to
 * these outputs, and where its weights are: every tensor that it needs was found, with the right shape and as
 * floats. The caller frees both, `places` before the checkpoint. */
GptVisPlan *gptvis_checkpoint_plan (const GptVisCheckpoint *self, const GptVisRecipe *recipe, guint max_batch,
    GptVisOutputs outputs, GptVisPlaces **places, GError **error);

/* The same for the decoder of a checkpoint that writes; rows: of the tower's "tokens". */
GptVisPlan *gptvis_checkpoint_decoder_plan (const GptVisCheckpoint *self, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GptVisPlaces **places, GError **error);

/* The program of such a plan and its places, which must outlive it, as must the checkpoint. The errors of
 * gptvis_program_new, which here name the checkpoint where a weight is wrong. */
GptVisProgram *gptvis_checkpoint_program (const GptVisCheckpoint *self, const GptVisPlan *plan,
    const GptVisPlaces *places, const GptVisProgramOptions *options, GError **error);

G_END_DECLS
