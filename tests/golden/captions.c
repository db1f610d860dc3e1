/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint that writes:
 *
 *     pixel_values → the tower                         against encoder.last_hidden_state, where it is there
 *     input_ids, one by one → the decoder              against logits (the last rows)
 *     pixel_values → sentences as shipped              against expected.json's "greedy", "beam4": ids, texts
 *
 * input_ids [rows, n], logits [rows, any + n, vocabulary]; a row is a picture or a moment. */
#include "golden.h"
#include <math.h>
#include <string.h>

static void
check_tower (Check *c, GptVisModel *model)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensorId id = gptvis_plan_find (plan, "tokens");
  const GptVisTensor *t = gptvis_plan_tensor (plan, id);
  const gsize n = (gsize) t->rows * t->width;
  if (!gptvis_container_find (c->expected, "encoder.last_hidden_state"))
    return;
  const float *want = expect (c, "encoder.last_hidden_state", n);
  Error e = { 0 };
  for (guint i = 0; want && i < c->n_pictures; i++)
    compare (&e, gptvis_program_output (gptvis_model_program (model), id, i), want + i * n, n);
  if (want)
    report (c, "last_hidden_state", relative (&e), c->tensors);
}

/* The words of one row, whose pictures' tokens are in the slot. */
static gboolean
compare_row (Check *c, GptVisProgram *decoder, GptVisSlot *slot, const gint64 *ids, guint n_ids,
    const float *want, Error *e)
{
  const GptVisTensorId logits = gptvis_plan_find (decoder->plan, "logits");
  const guint vocabulary = gptvis_plan_tensor (decoder->plan, logits)->width;
  GError *error = NULL;
  gboolean ok = gptvis_program_submit (decoder, &slot, 1, &error) && gptvis_program_wait (decoder, &error);
  for (guint i = 0; ok && i < n_ids; i++) {
    const GptVisSequence sequence = { .slot = slot, .token = ids[i], .position = i };
    ok = gptvis_program_step (decoder, &sequence, 1, &error) && gptvis_program_wait (decoder, &error);
    if (ok)
      compare (e, gptvis_program_output (decoder, logits, 0), want + (gsize) i * vocabulary, vocabulary);
  }
  if (error)
    miss (c, "%s", error->message);
  g_clear_error (&error);
  return ok;
}

static void
check_logits (Check *c, GptVisModel *model, const GptVisDecoder *d)
{
  GptVisProgram *decoder = d->program;
  const GptVisTensorId tokens = gptvis_plan_find (gptvis_model_plan (model), "tokens");
  const GptVisTensor *t = gptvis_plan_tensor (gptvis_model_plan (model), tokens);
  const gsize size = (gsize) t->rows * t->width;
  const GptVisStoredTensor *ids = gptvis_container_find (c->expected, "input_ids");
  const GptVisStoredTensor *logits = gptvis_container_find (c->expected, "logits");
  const guint frames = d->n_frames, rows = c->n_pictures / frames;
  if (!ids || !logits || strcmp (ids->dtype, "I64") != 0 || ids->n_dimensions != 2
      || logits->n_dimensions != 3 || ids->shape[0] != rows || logits->shape[0] != rows
      || logits->shape[1] < ids->shape[1]) {
    miss (c, "%-24s input_ids I64 [%u, n] and logits F32 [%u, n or more, vocabulary] are needed", "logits",
        rows, rows);
    return;
  }
  const guint n = ids->shape[1], vocabulary = logits->shape[2];
  GptVisSlot *slot = gptvis_program_slot_new (decoder, NULL);
  Error e = { 0 };
  for (guint r = 0; r < rows; r++) {
    for (guint f = 0; f < frames; f++)
      memcpy (gptvis_program_slot_rows (decoder, slot) + f * size,
          gptvis_program_output (gptvis_model_program (model), tokens, r * frames + f),
          size * sizeof (float));
    const float *want = (const float *) logits->data
        + ((gsize) r * logits->shape[1] + logits->shape[1] - n) * vocabulary;
    if (!compare_row (c, decoder, slot, (const gint64 *) ids->data + (gsize) r * n, n, want, &e))
      break;
  }
  gptvis_program_slot_free (decoder, slot);
  report (c, "logits", relative (&e), c->tensors);
}

/* Up to the first end, or all: padding differs. */
static gboolean
same_ids (JsonArray *want, const guint *got, guint n)
{
  const guint n_want = json_array_get_length (want);
  for (guint i = 0; i < n; i++)
    if (i >= n_want || (guint) json_array_get_int_element (want, i) != got[i])
      return FALSE;
  return n > 0;
}

/* Sentence i against what is expected of this way to search. */
static void
check_sentence (Check *c, const gchar *search, JsonObject *want, guint i, const GptVisCaptioner *captioner,
    gboolean may_differ, gdouble *largest)
{
  const GptVisCaption *caption = gptvis_captioner_caption (captioner);
  JsonArray *scores = json_object_has_member (want, "scores") ? json_object_get_array_member (want, "scores")
      : NULL;
  const gchar *text = json_array_get_string_element (json_object_get_array_member (want, "texts"), i);
  gdouble score;
  guint n;
  const guint *tokens = gptvis_captioner_tokens (captioner, &n, &score);
  const GError *error = gptvis_captioner_error (captioner);
  if (!caption || error)
    miss (c, "%s %u: %s  MISS", search, i, error ? error->message : "no caption");
  else if (may_differ)
    return;
  else if (!same_ids (json_array_get_array_element (json_object_get_array_member (want, "ids"), i), tokens,
      n))
    miss (c, "%s %u has other tokens, \"%s\" where \"%s\" is expected  MISS", search, i, caption->text, text);
  else if (!caption->final || strcmp (caption->text, text) != 0)
    miss (c, "%s %u is \"%s\", not \"%s\", though of the same tokens  MISS", search, i, caption->text, text);
  if (scores)
    *largest = MAX (*largest, fabs (score - json_array_get_double_element (scores, i)));
}

/* All pictures, or the moment, with so many beams. */
static void
check_search (Check *c, GptVisModel *model, guint frames, const gchar *search, guint beams, JsonObject *want,
    const float *pixel_values)
{
  const GptVisClientOptions asked = { .task = GPTVIS_TASK_CAPTION, .beams = beams };
  const guint rows = c->n_pictures / frames, before = c->misses;
  GptVisClient *client = gptvis_client_new (model, &asked, NULL);
  GptVisModelSlot **slots = fill_slots (c, model, pixel_values);
  GptVisCaptioner **captioners = g_new (GptVisCaptioner *, rows);
  gboolean writing = TRUE;
  gdouble largest = 0;
  for (guint r = 0; r < rows; r++) {
    captioners[r] = gptvis_client_captioner_new (client, NULL);
    for (guint f = 0; f < frames; f++) {
      GptVisRequest request = { .slot = slots[r * frames + f], .outputs = gptvis_client_outputs (client) };
      GError *error = NULL;
      if (gptvis_model_run (model, &request, 1, &error))
        gptvis_captioner_look (captioners[r], request.tokens);
      else
        miss (c, "%s", error->message);
      g_clear_error (&error);
    }
    gptvis_captioner_begin (captioners[r], r, G_MAXUINT64, G_MAXUINT64);
  }
  while (writing) {             /* together, as streams of one model are */
    gptvis_captioners_step (captioners, rows);
    writing = FALSE;
    for (guint r = 0; r < rows; r++)
      writing |= gptvis_captioner_is_writing (captioners[r]);
  }
  for (guint r = 0; r < rows; r++) {
    check_sentence (c, search, want, r, captioners[r], beams > c->beams, &largest);
    gptvis_captioner_free (captioners[r]);
  }
  if (c->misses == before)
    report (c, search, largest, 10 * c->tensors);
  g_free (captioners);
  free_slots (c, slots);
  gptvis_client_unref (client);
}

static void
check_sentences (Check *c, GptVisModel *model, guint frames, const float *pixel_values)
{
  static const struct { const gchar *name; guint beams; } searches[] = { {"greedy", 1}, {"beam4", 4} };
  gchar *path = g_build_filename (c->path, "expected.json", NULL);
  GError *error = NULL;
  JsonObject *object = gptvis_json_load (path, &error);
  g_free (path);
  if (!object) {
    miss (c, "%s", error->message);
    g_clear_error (&error);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (searches); i++)
    if (json_object_has_member (object, searches[i].name))
      check_search (c, model, frames, searches[i].name, searches[i].beams,
          json_object_get_object_member (object, searches[i].name), pixel_values);
    else
      miss (c, "%-24s is not in expected.json", searches[i].name);
  json_object_unref (object);
}

void
check_captions (Check *c, GptVisModel *model, const float *pixel_values)
{
  GError *error = NULL;
  GptVisDecoder *decoder = gptvis_model_decoder (model, 0, &error);
  if (!decoder) {
    miss (c, "%s", error->message);
    g_clear_error (&error);
    return;
  }
  GptVisModelSlot **slots = fill_slots (c, model, pixel_values);
  if (run_slots (c, model, slots)) {
    check_tower (c, model);
    check_logits (c, model, decoder);
  }
  free_slots (c, slots);
  check_sentences (c, model, decoder->n_frames, pixel_values);
  gptvis_decoder_unref (decoder);
}
