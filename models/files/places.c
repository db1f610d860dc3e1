/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares a plan's parts with a checkpoint's tensors, name by name, and keeps what was found under the
 * name's number. */
#include "places.h"
#include "quote.h"
#include <string.h>

#define NAMED_DEFECTS 5u        /* in one sentence; the others are counted */

typedef struct {
  const GptVisStoredTensor *tensor;
  GptVisDtype dtype;
} Place;

struct _GptVisPlaces {
  guint n;
  Place places[];               /* by the number of the name */
};

/* What all the parts of one name need of its tensor together. */
typedef struct {
  const gchar *name;
  guint rows, width;
  gboolean transposed;
} Need;

static Need *
list_needs (const GptVisPlan *plan)
{
  Need *needs = g_new0 (Need, gptvis_plan_n_names (plan));
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    for (guint p = 0; p < t->n_parts; p++) {
      const GptVisWeightPart *part = &t->parts[p];
      Need *need = &needs[part->number];
      const guint rows = MAX (need->rows, part->first + part->rows);
      if (need->name)
        need->rows = rows;
      else
        *need = (Need) { part->name, rows, t->width, part->transposed };
    }
  }
  return needs;
}

static gboolean
read_dtype (const GptVisStoredTensor *t, GptVisDtype *dtype)
{
  static const gchar *const names[] = { "F32", "F16", "BF16" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (t->dtype, names[i]) == 0) {
      *dtype = (GptVisDtype) i;
      return TRUE;
    }
  return FALSE;
}

/* Is the shape [rows, width], with sides of 1 before it and either side split up?
 * So [48, 3, 8, 8] is [48, 192], [1, 65, 48] is [65, 48] and [48] is [1, 48]. */
static gboolean
shape_is (const GptVisStoredTensor *t, guint rows, guint width)
{
  gsize before = 1, after = t->n_elements;
  if (t->n_elements != (gsize) rows * width)
    return FALSE;
  for (guint i = 0; before < rows && i < t->n_dimensions; i++) {
    before *= t->shape[i];
    after /= t->shape[i];
  }
  return before == rows && after == width;
}

/* Finds the tensor; returns "NAME is missing" or what else is wrong, NULL: nothing. */
static gchar *
find_place (const GptVisShards *shards, const Need *need, Place *to)
{
  const GptVisStoredTensor *t = to->tensor = gptvis_shards_find (shards, need->name);
  if (!t)
    return g_strdup_printf ("%s is missing", need->name);
  if (!read_dtype (t, &to->dtype))
    return g_strdup_printf ("%s has dtype %s, not F32, F16 or BF16", need->name, t->dtype);
  const guint first = need->transposed ? need->width : need->rows;
  const guint second = need->transposed ? need->rows : need->width;
  if (shape_is (t, first, second))
    return NULL;
  gchar *shape = gptvis_stored_tensor_shape (t);
  gchar *text = need->rows == 1 || need->width == 1
      ? g_strdup_printf ("%s has shape %s, not [%u]", need->name, shape, need->rows * need->width)
      : g_strdup_printf ("%s has shape %s, not [%u, %u]", need->name, shape, first, second);
  g_free (shape);
  return text;
}

/* How many are wrong; `text` describes the first of them. */
static guint
find_places (GptVisPlaces *self, const GptVisShards *shards, const Need *needs, GString *text)
{
  guint n = 0;
  for (guint i = 0; i < self->n; i++) {
    gchar *defect = find_place (shards, &needs[i], &self->places[i]);
    if (defect && n++ < NAMED_DEFECTS)
      g_string_append_printf (text, "%s%s", n > 1 ? "; " : "", defect);
    g_free (defect);
  }
  if (n > NAMED_DEFECTS)
    g_string_append_printf (text, "; and %u more", n - NAMED_DEFECTS);
  return n;
}

GptVisPlaces *
gptvis_places_new (const GptVisPlan *plan, const GptVisShards *shards, const gchar *network, GError **error)
{
  const guint n = gptvis_plan_n_names (plan);
  GptVisPlaces *self = g_malloc0 (sizeof (GptVisPlaces) + n * sizeof (Place));
  Need *needs = list_needs (plan);
  GString *text = g_string_new (NULL);
  self->n = n;
  const guint bad = find_places (self, shards, needs, text);
  if (bad > 0) {
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT, "%u of the %u tensors that %s needs %s: %s", bad, n,
        network, bad == 1 ? "is wrong" : "are wrong", text->str);
    g_clear_pointer (&self, gptvis_places_free);
  }
  g_string_free (text, TRUE);
  g_free (needs);
  return self;
}

void
gptvis_places_free (GptVisPlaces *self)
{
  g_free (self);
}

const GptVisStoredTensor *
gptvis_places_tensor (const GptVisPlaces *self, guint number)
{
  return self->places[number].tensor;
}

/* ---- what backends ask ---- */

static gconstpointer
find (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n_elements)
{
  const Place *place = &((const GptVisPlaces *) user)->places[part->number];
  *dtype = place->dtype;
  *n_elements = place->tensor->n_elements;
  return place->tensor->data;
}

static gboolean
read_part (gpointer user, const GptVisWeightPart *part, gsize first, gsize n, gpointer to, GError **error)
{
  return gptvis_stored_tensor_read (gptvis_places_tensor (user, part->number), first, n, to, error);
}

GptVisWeights
gptvis_places_weights (const GptVisPlaces *self)
{
  return (GptVisWeights) { .find = find, .user = (gpointer) self, .read = read_part };
}
