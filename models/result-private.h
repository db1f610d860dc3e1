/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making results, sharing them, and their JSON. */
#pragma once
#include "result.h"

G_BEGIN_DECLS

/* One block of memory with everything in it but the stream's name, which comes
 * later; texts, model and caption (which may be NULL) are copied. ids are indices into
 * texts and scores. */
GptVisResult *gptvis_result_new (const gchar * model, gint64 analysis, const gchar * const *texts,
    const float *scores, const guint * ids, guint n, const GptVisCaption * caption);

/* `stream` is copied. For the one who staged, before the result is shared. */
void gptvis_result_set_frame (GptVisResult * result, const gchar * stream, guint64 frame, guint64 pts,
    guint64 running_time, gint64 time);
GptVisResult *gptvis_result_ref (GptVisResult * result);
/* The same result with that caption, frame fields included. */
GptVisResult *gptvis_result_with_caption (const GptVisResult * result, const GptVisCaption * caption);
void gptvis_result_unref (GptVisResult * result);       /* NULL is fine */
/* One line of JSON without a newline, fields and order as in result.schema.json;
 * age: µs between the analysed frame and the one that carries the result. g_free it. */
gchar *gptvis_result_to_json (const GptVisResult * result, gint64 age);

G_END_DECLS
