/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random weights for a plan, kept by name: multiples of 1/1024 from −1 to 1, which are exact in f16. */
#pragma once
#include "guard.h"
#include "backend.h"

typedef struct {
  GHashTable *tensors;          /* name → float[] */
  GHashTable *sizes;
} Weights;

static inline gconstpointer
find_weight (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n)
{
  Weights *w = user;
  *dtype = GPTVIS_F32;
  *n = GPOINTER_TO_SIZE (g_hash_table_lookup (w->sizes, part->name));
  return g_hash_table_lookup (w->tensors, part->name);
}

static inline void
make_weights (Weights *w, const GptVisPlan *plan, GRand *rand)
{
  w->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  w->sizes = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      const gsize n = (gsize) (t->parts[p].first + t->parts[p].rows) * t->width;
      const gsize have = GPOINTER_TO_SIZE (g_hash_table_lookup (w->sizes, t->parts[p].name));
      if (have >= n)
        continue;
      float *x = g_new (float, n);
      for (gsize k = 0; k < n; k++)
        x[k] = g_rand_int_range (rand, -1024, 1025) / 1024.0f;
      gchar *key = g_strdup (t->parts[p].name);
      g_hash_table_remove (w->sizes, key);
      g_hash_table_replace (w->tensors, key, x);
      g_hash_table_replace (w->sizes, key, GSIZE_TO_POINTER (n));
    }
  }
}

/* Rounds to multiples of 1/128, and makes one in each row 127/128, so that bytes scaled by their row's
 * largest value are exact. (Not so the rows of transposed weights.) */
static inline void
round_weights (Weights *w, const GptVisPlan *plan)
{
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      float *x = g_hash_table_lookup (w->tensors, t->parts[p].name);
      const gsize n = (gsize) (t->parts[p].first + t->parts[p].rows) * t->width;
      for (gsize k = 0; k < n; k++)
        x[k] = k % t->width == 0 ? 127 / 128.0f : rintf (x[k] * 127) / 128;
    }
  }
}

static inline float *
copy_magnitudes (const float *x, gsize n)
{
  float *copy = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    copy[i] = fabsf (x[i]);
  return copy;
}

/* The same weights without their signs. */
static inline void
copy_weights_magnitudes (Weights *copy, const Weights *w)
{
  GHashTableIter iter;
  gpointer name, x;
  copy->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  copy->sizes = g_hash_table_ref (w->sizes);
  g_hash_table_iter_init (&iter, w->tensors);
  while (g_hash_table_iter_next (&iter, &name, &x))
    g_hash_table_insert (copy->tensors, g_strdup (name),
        copy_magnitudes (x, GPOINTER_TO_SIZE (g_hash_table_lookup (w->sizes, name))));
}

static inline void
free_weights (Weights *w)
{
  g_hash_table_unref (w->sizes);
  g_hash_table_unref (w->tensors);
}
