/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making results, which only the model does. */
#pragma once
#include "result.h"

G_BEGIN_DECLS

/* One block of memory with everything in it but the stream's name, which comes
 * later; texts, model and caption (which may be NULL) are copied. ids are indices into
 * texts and scores. */
GptVisResult *gptvis_result_new (const gchar * model, gint64 analysis, const gchar * const *texts,
    const float *scores, const guint * ids, guint n, const GptVisCaption * caption);

G_END_DECLS
