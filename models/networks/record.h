/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of plans that several architectures record, with the names that tensors have in
 * Transformers' checkpoints: `where` is a name's prefix, to which ".weight" and ".bias" are
 * added. Not for what only one architecture does. */
#pragma once
#include "architectures.h"

G_BEGIN_DECLS

/* where.weight [width, width_in] and where.bias [1, width]. */
GptVisTensorId gptvis_record_linear (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width_in,
    guint width, const GptVisLinear *linear);

/* The same of rows first … first + width − 1 of a larger weight, and of its bias, if there is one. */
GptVisTensorId gptvis_record_linear_rows (GptVisPlan *plan, GptVisTensorId x, const gchar *where,
    guint width_in, guint first, guint width, gboolean bias);

/* The same of a weight that is stored [width_in, width]. */
GptVisTensorId gptvis_record_transposed (GptVisPlan *plan, GptVisTensorId x, const gchar *where,
    guint width_in, guint width, const GptVisLinear *linear);

GptVisTensorId gptvis_record_norm (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width,
    gfloat epsilon);

/* The embedded patches of the recipe's pictures: rows of hidden_size. */
GptVisTensorId gptvis_record_patches (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, const gchar *embeddings);

/* n_heads heads of `width` together, scaled by 1/√(width of a head); q, k and v side by side. */
GptVisAttention gptvis_record_heads (guint width, guint n_heads);

/* Self-attention without its residual and without the dense layer after it;
 * where.attention.{query, key, value} are one product. With `queries` above 0 only that
 * many first rows are queries, over the keys of all, and the result has that many rows. With `windows` above
 * 1 the rows are in that many equal parts, each of which sees itself alone; queries is then 0. */
GptVisTensorId gptvis_record_attention (GptVisPlan *plan, const GptVisConfiguration *config,
    GptVisTensorId x, guint queries, guint windows, const gchar *where);

/* The same of checkpoints whose keys have no bias, which makes them a product of their own. bias: of the
 * scores, or GPTVIS_NO_TENSOR. */
GptVisTensorId gptvis_record_keyless_attention (GptVisPlan *plan, const GptVisConfiguration *config,
    GptVisTensorId x, guint windows, GptVisTensorId bias, const gchar *where);

/* The rows and columns of patches in a picture of that recipe. */
GptVisGrid gptvis_record_grid (const GptVisConfiguration *config, const GptVisRecipe *recipe);

/* where.first, where.second … where.nth, each [width, width_in] with its bias, as one
 * product [n · width, width_in]. */
GptVisTensorId gptvis_record_stack (GptVisPlan *plan, GptVisTensorId x, const gchar *where,
    const gchar *const *parts, guint n, guint width_in, guint width, gboolean bias);

/* The first n rows of x. */
GptVisTensorId gptvis_record_first_rows (GptVisPlan *plan, GptVisTensorId x, guint n);

/* x as the output "hidden_states.<i>". */
void gptvis_record_hidden (GptVisPlan *plan, GptVisTensorId x, guint i);

/* The outputs "logits" and "scores". */
void gptvis_record_scores (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId logits);

/* The output "embedding": of the normed class token, through the checkpoint's pooler where it has one. */
void gptvis_record_embedding (GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId token);

/* What is asked for of one pooled and normed row: "logits" and "scores" of a linear "classifier", and
 * "embedding". */
void gptvis_record_pooled (
    GptVisPlan *plan, const GptVisConfiguration *config, GptVisTensorId row, GptVisOutputs outputs);

/* A detector's small network: where.layers.0 … n − 1, all but the last from width to width and through a
 * ReLU. */
GptVisTensorId gptvis_record_mlp (GptVisPlan *plan, GptVisTensorId x, const gchar *where, guint width,
    guint width_out, guint n);

/* A detector's outputs "logits", "scores" and "pred_boxes". */
void gptvis_record_detections (
    GptVisPlan *plan, GptVisTensorId logits, GptVisScore score, GptVisTensorId boxes);

/* The output "tokens". */
void gptvis_record_tokens (GptVisPlan *plan, GptVisTensorId tokens);

/* The decoder's outputs. */
void gptvis_record_next_token (GptVisPlan *plan, GptVisTensorId logits);

/* `format` with its arguments, in `name`, which it returns. */
#define GPTVIS_NAME_SIZE 192
const gchar *gptvis_record_name (gchar name[GPTVIS_NAME_SIZE], const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);

G_END_DECLS
