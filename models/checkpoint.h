/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint: a Hugging Face directory as downloaded, its files open and
 * read-only. It holds
 *
 *     config.json                       what network (configuration.h)
 *     preprocessor_config.json          how pictures are made ready (recipe.h), or
 *     processor_config.json             the same, in its image_processor
 *     model.safetensors                 the tensors, or
 *     model.safetensors.index.json      {"weight_map": {"tensor": "file", …}} and those files
 *     generation_config.json            how a network that writes does it (generation.h), and the
 *                                       vocabulary's files (tokenizer.h)
 *
 * Opening finds every defect of the files; gptvis_checkpoint_plan then holds the
 * tensors against what the network needs. Immutable, so any thread may read. */
#pragma once
#include "architectures.h"
#include "backend.h"
#include "safetensors.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_SHARDS 1000u

typedef struct _GptVisCheckpoint GptVisCheckpoint;

/* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT. */
GptVisCheckpoint *gptvis_checkpoint_open (const gchar * path, GError ** error);
void gptvis_checkpoint_free (GptVisCheckpoint * self);  /* NULL is fine */

const gchar *gptvis_checkpoint_path (const GptVisCheckpoint * self);
const GptVisConfiguration *gptvis_checkpoint_configuration (const GptVisCheckpoint * self);
const GptVisRecipe *gptvis_checkpoint_recipe (const GptVisCheckpoint * self);

/* The tensor of that name, or as other files spell it: without the backbone's
 * prefix ("vit."), a norm's weight and bias as gamma and beta, with what training put
 * around the network ("_orig_mod.", "module.", "model."). NULL: none. */
const GptVisSafetensor *gptvis_checkpoint_find (const GptVisCheckpoint * self, const gchar * name);

/* The plan of its network, cut to these outputs, after every tensor it needs was found with the right
 * shape and a type of floats. The sentence names up to five that were not. Tensors
 * that the network does not ask for are no error. */
GptVisPlan *gptvis_checkpoint_plan (const GptVisCheckpoint * self, guint max_batch, GptVisOutputs outputs,
    GError ** error);

/* The decoder's, of a checkpoint that writes, likewise; rows: of the above's "tokens". */
GptVisPlan *gptvis_checkpoint_decoder_plan (const GptVisCheckpoint * self, guint rows, guint max_batch,
    const GptVisDecoderSize * size, GError ** error);

/* The program of a plan from the above, both of which must outlive it. Errors are
 * gptvis_program_new's, and name the checkpoint where a weight is wrong. */
GptVisProgram *gptvis_checkpoint_program (const GptVisCheckpoint * self, const GptVisPlan * plan,
    const GptVisProgramOptions * options, GError ** error);
/* Its tensors, for gptvis_program_new; `self` must outlive that program. */
GptVisWeights gptvis_checkpoint_weights (const GptVisCheckpoint * self);

/* An index's text as tensor → file name, for the fuzzer; NULL with FORMAT or LIMIT. */
GHashTable *gptvis_checkpoint_parse_index (const gchar * file, const gchar * text, gsize size,
    GError ** error);

G_END_DECLS
