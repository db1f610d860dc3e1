/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint: a Hugging Face directory as downloaded, its files open and
 * read-only. It holds
 *
 *     config.json                       what network (configuration.h)
 *     preprocessor_config.json          how pictures are made ready (recipe.h), or
 *     processor_config.json             the same, in its image_processor
 *     model.safetensors                 the tensors, whole or in parts (shards.h)
 *     generation_config.json            how a network that writes does it (generation.h), and the
 *                                       vocabulary's files (tokenizer.h)
 *
 * Opening finds every defect of the files; gptvis_checkpoint_plan then holds the
 * tensors against what the network needs. Immutable, so any thread may read. */
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

/* The plan of its network, cut to these outputs, and where its weights are, after every tensor it needs was
 * found with the right shape and a type of floats. Both are the caller's; `places` go before the checkpoint.
 * Tensors that the network does not ask for are no error. */
GptVisPlan *gptvis_checkpoint_plan (const GptVisCheckpoint *self, guint max_batch, GptVisOutputs outputs,
    GptVisPlaces **places, GError **error);

/* The decoder's, of a checkpoint that writes, likewise; rows: of the above's "tokens". */
GptVisPlan *gptvis_checkpoint_decoder_plan (const GptVisCheckpoint *self, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GptVisPlaces **places, GError **error);

/* The program of a plan and its places from the above, all of which must outlive it. Errors are
 * gptvis_program_new's, and name the checkpoint where a weight is wrong. */
GptVisProgram *gptvis_checkpoint_program (const GptVisCheckpoint *self, const GptVisPlan *plan,
    const GptVisPlaces *places, const GptVisProgramOptions *options, GError **error);

G_END_DECLS
