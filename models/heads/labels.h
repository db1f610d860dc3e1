/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Label files, and the best of a row of scores. The plan decides whether
 * these are a softmax or sigmoids. */
#pragma once
#include "configuration.h"
#include "error.h"

G_BEGIN_DECLS

#define GPTVIS_LABELS_MAX_BYTES (10u << 20)

/* A UTF-8 file with a label a line, one for each of n classes in their order;
 * spaces around a label, a byte order mark and empty lines at the end do not count.
 * n texts and then NULL, for g_strfreev; or NULL with NOT_FOUND, FORMAT or LIMIT. */
gchar **gptvis_labels_load (const gchar *path, guint n, GError **error);
gchar **gptvis_labels_parse (const gchar *file, const gchar *text, gsize size, guint n, GError **error);

/* The texts of a checkpoint's labels, for one client. */
typedef struct {
  gchar **own;                  /* from its labels file; NULL: the checkpoint's */
  const gchar *const *texts;    /* [n] */
  guint n;
} GptVisLabelTexts;

/* labels_file: NULL for the checkpoint's, which must outlive them. FALSE with gptvis_labels_load's errors. */
gboolean gptvis_label_texts_open (GptVisLabelTexts *self, const GptVisConfiguration *config,
    const gchar *labels_file, GError **error);
void gptvis_label_texts_clear (GptVisLabelTexts *self);

/* The best k (0: all) of n scores that reach the threshold, best first, equal ones
 * by id. ids has room for n; returns how many of them are filled. */
guint gptvis_labels_top (const float *scores, guint n, guint k, float threshold, guint *ids);

G_END_DECLS
