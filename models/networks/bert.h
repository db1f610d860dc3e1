/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BERT's layers as decoders have them: what git and blip share. Post-norm, with the
 * names of Transformers' modeling_bert.py; `layer` is a layer's prefix. */
#pragma once
#include "record.h"

G_BEGIN_DECLS

/* The product of layer.WHERE.self.{query, key, value}: [rows, 3 · hidden_size]. */
GptVisTensorId gptvis_bert_record_qkv (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x,
    const gchar *layer);

/* What follows an attention a in layer.WHERE: dense, residual x, norm. */
GptVisTensorId gptvis_bert_record_attended (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId a,
    GptVisTensorId x, const gchar *layer, const gchar *where);

/* The MLP of a layer, with residual and norm. */
GptVisTensorId gptvis_bert_record_mlp (GptVisPlan *plan, const GptVisDecoderNumbers *d, GptVisTensorId x,
    const gchar *layer);

/* In the step: PREFIX.{word_embeddings, position_embeddings}, normed. */
GptVisTensorId gptvis_bert_record_embeddings (GptVisPlan *plan, const GptVisDecoderNumbers *d,
    const gchar *prefix);

/* In the step: self-attention of a layer over `memory` (GPTVIS_NO_TENSOR: none) and `own`, the key/value
 * cache of the words before. */
GptVisTensorId gptvis_bert_record_self_attention (GptVisPlan *plan, const GptVisDecoderNumbers *d,
    GptVisTensorId x, const gchar *layer, GptVisTensorId memory, GptVisTensorId own);

G_END_DECLS
