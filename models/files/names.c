/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known is in a table, with a row for each habit of naming. */
#include "names.h"
#include "container.h"
#include <string.h>

/* How a row changes a name. */
typedef enum {
  WHOLE,                        /* `ours` is called `theirs` */
  BEGINNING,                    /* begins with `theirs` instead of `ours` */
  END,                          /* ends with `theirs` instead of `ours` */
  PART,                         /* has the extra part `theirs`, anywhere between dots */
} Kind;

/* Rows are tried in this order. Those of END and PART combine with any other. */
static const struct {
  Kind kind;
  const gchar *ours, *theirs;
} spellings[] = {
  /* a norm's weight and bias, as TensorFlow called them */
  {END, ".weight", ".gamma"},
  {END, ".bias", ".beta"},
  /* one tensor with two names, of which a file has one */
  {WHOLE, "decoder.transformer.wte.weight", "decoder.lm_head.weight"},
  {WHOLE, "text_decoder.bert.embeddings.word_embeddings.weight",
    "text_decoder.cls.predictions.decoder.weight"},
  {WHOLE, "text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias"},
  /* the backbone was saved by itself, and its classifier beside it */
  {BEGINNING, "vit.", ""},
  {BEGINNING, "deit.", ""},
  {BEGINNING, "dinov2.", ""},
  {BEGINNING, "beit.", ""},
  {BEGINNING, "data2vec_vision.", ""},
  {BEGINNING, "swin.", ""},
  {BEGINNING, "dinov2_with_registers.", ""},
  /* the whole network is a member of the one that was trained: PyTorch Lightning's way */
  {BEGINNING, "", "model."},
  /* a network of timm that Transformers has saved */
  {BEGINNING, "", "timm_model."},
  /* torch.compile; DataParallel and its like; FSDP; its checkpoints of activations */
  {PART, "", "_orig_mod"},
  {PART, "", "module"},
  {PART, "", "_fsdp_wrapped_module"},
  {PART, "", "_checkpoint_wrapped_module"},
};

static gboolean
is_wrapper (const gchar *part)
{
  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    if (spellings[i].kind == PART && strcmp (part, spellings[i].theirs) == 0)
      return TRUE;
  return FALSE;
}

gchar *
gptvis_names_unwrap (const gchar *name)
{
  gchar **parts = g_strsplit (name, ".", -1);
  guint n = 0;
  for (guint i = 0; parts[i]; i++)
    if (is_wrapper (parts[i]))
      g_free (parts[i]);
    else
      parts[n++] = parts[i];
  parts[n] = NULL;
  gchar *own = g_strjoinv (".", parts);
  g_strfreev (parts);
  return own;
}

/* Room for the longest name in a file, and what a row adds to it. */
typedef gchar Name[GPTVIS_STORED_MAX_NAME + 64];

/* By this name, or by one that differs at its end. */
static gpointer
find_ended (GHashTable *named, const gchar *name)
{
  gpointer found = g_hash_table_lookup (named, name);
  for (guint i = 0; !found && i < G_N_ELEMENTS (spellings); i++)
    if (spellings[i].kind == END && g_str_has_suffix (name, spellings[i].ours)) {
      Name other;
      g_snprintf (other, sizeof other, "%.*s%s", (int) (strlen (name) - strlen (spellings[i].ours)), name,
          spellings[i].theirs);
      found = g_hash_table_lookup (named, other);
    }
  return found;
}

gpointer
gptvis_names_find (GHashTable *named, const gchar *name)
{
  gpointer found = find_ended (named, name);
  for (guint i = 0; !found && i < G_N_ELEMENTS (spellings); i++) {
    const gchar *ours = spellings[i].ours;
    if (spellings[i].kind == WHOLE && strcmp (name, ours) == 0) {
      found = gptvis_names_find (named, spellings[i].theirs);
    } else if (spellings[i].kind == BEGINNING && g_str_has_prefix (name, ours)) {
      Name other;
      g_snprintf (other, sizeof other, "%s%s", spellings[i].theirs, name + strlen (ours));
      found = find_ended (named, other);
    }
  }
  return found;
}

gboolean
gptvis_names_is_quantised (const gchar *name)
{
  static const gchar *const ends[] = { ".qweight", ".qzeros", ".g_idx", ".SCB", ".absmax", ".quant_map",
    ".weight_packed", ".weight_scale", ".weight_scale_inv", ".input_scale" };
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    if (g_str_has_suffix (name, ends[i]))
      return TRUE;
  return FALSE;
}
