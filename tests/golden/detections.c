/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detectors: pictures may have sizes of their own, and what is found has boxes. Judged are
 *
 *     pictures/i.png → staging                    against pixel_values, or pixel_values.i where sizes differ
 *     pixel_values → the traced plan              of a detector in two stages, against what the first makes
 *     pixel_values → the plan and regions         against logits and pred_boxes, or those with .i, and
 *                                                 expected.json's "boxes"
 *
 * All pictures run as one batch, also those of different sizes.
 *
 * A random network in two stages may have boxes a million pictures wide. The sines of these, which its second
 * stage begins with, depend on digits that f32 does not have: rounding a pixel changes the outputs by more
 * than any tolerance (Transformers in f32 differs from itself in double as much). Whether that is so, the
 * reference is asked, which computes in double: then the second stage is not judged, which is said, and the
 * first must be right. */
#include "golden.h"
#include <math.h>


/* The tensor of picture i, n values. */
static const float *
expect_of (Check *c, const gchar *name, guint i, gsize n)
{
  gchar *own = g_strdup_printf ("%s.%u", name, i);
  const gboolean apart = gptvis_container_find (c->expected, own) != NULL;
  const guint n_pictures = c->n_pictures;
  if (apart)
    c->n_pictures = 1;
  const float *values = expect (c, apart ? own : name, n);
  c->n_pictures = n_pictures;
  g_free (own);
  return values && !apart ? values + n * i : values;
}

/* Stages each picture, which makes programs of its size, holds the rows against pixel_values, and takes those
 * instead. */
static gboolean
fill (Check *c, GptVisModel *model, GptVisModelSlot *const *slots)
{
  Pixels pixels = { 0 };
  for (guint i = 0; i < c->n_pictures; i++) {
    if (!stage_png (c, model, slots[i], i))
      return FALSE;
    const GptVisRecipe *r = slot_recipe (slots[i]);
    const gsize plane = (gsize) r->width * r->height;
    const float *want = expect_of (c, "pixel_values", i, 3 * plane);
    if (!want)
      return FALSE;
    compare_staged (model, slots[i], want, &pixels);
    copy_rows (model, slots[i], (float *) want, TRUE);
  }
  if (pixels.above > 0 || !c->told_pixels)
    report (c, "pixel_values", pixels.largest, pixel_tolerance (c, &pixels));
  c->told_pixels = TRUE;
  return TRUE;
}

/* The largest difference of n values in parts of each, or of the picture's side if that is more. */
static void
compare_boxes (gdouble *largest, const float *got, const float *want, gsize n)
{
  for (gsize k = 0; k < n; k++) {
    const gdouble d = fabs ((gdouble) got[k] - want[k]) / MAX (1, fabs (want[k]));
    if (!(d <= *largest))
      *largest = d;
  }
}

static void
check_outputs (Check *c, const GptVisRequest *requests)
{
  Error logits = { 0 };
  gdouble boxes = 0;
  for (guint i = 0; i < c->n_pictures; i++) {
    const gsize n = requests[i].n_boxes;
    const float *want_logits = expect_of (c, "logits", i, n * requests[i].n_scores);
    const float *want_boxes = expect_of (c, "pred_boxes", i, n * 4);
    if (!want_logits || !want_boxes)
      return;
    compare (&logits, requests[i].logits, want_logits, n * requests[i].n_scores);
    compare_boxes (&boxes, requests[i].boxes, want_boxes, 4 * n);
  }
  report (c, "logits", relative (&logits), c->tensors);
  report (c, "pred_boxes", boxes, c->boxes);
}

/* Corners in pixels → left, top, width and height of what lies in the picture, in fractions. FALSE: nothing
 * does, or it is no box. */
static gboolean
read_box (JsonArray *corners, const GptVisPicture *picture, gdouble box[4])
{
  gdouble v[4];
  if (!corners || json_array_get_length (corners) != 4)
    return FALSE;
  for (guint k = 0; k < 4; k++)
    v[k] = CLAMP (
        json_array_get_double_element (corners, k) / (k % 2 ? picture->height : picture->width), 0, 1);
  for (guint axis = 0; axis < 2; axis++) {
    box[axis] = v[axis];
    box[2 + axis] = v[2 + axis] - v[axis];
  }
  return box[2] > 0 && box[3] > 0;
}

/* How far the region with that label is, in its score and in its box, from what is nearest to both. */
typedef struct {
  gdouble score, box;
} Distance;

static Distance
find_region (const GptVisResult *result, guint id, const gchar *label, gdouble score, const gdouble box[4])
{
  Distance nearest = { G_MAXDOUBLE, G_MAXDOUBLE };
  for (guint r = 0; r < result->n_regions; r++) {
    const GptVisRegion *region = &result->regions[r];
    Distance d = { G_MAXDOUBLE, 0 };
    for (guint l = 0; l < region->n_labels; l++)
      if (region->labels[l].id == id && g_str_equal (region->labels[l].text, label))
        d.score = fabs (region->labels[l].score - score);
    for (guint k = 0; k < 4; k++)
      d.box = MAX (d.box, fabs (region->box[k] - box[k]));
    if (d.score + d.box < nearest.score + nearest.box)
      nearest = d;
  }
  return nearest;
}

/* Each of the expected boxes of a picture; how many there were. */
static guint
check_boxes (GptVisClient *client, const GptVisPicture *picture, const GptVisResult *result, JsonArray *boxes,
    Distance *largest)
{
  guint n = 0;
  for (guint i = 0; i < json_array_get_length (boxes); i++) {
    JsonObject *want = json_array_get_object_element (boxes, i);
    const guint id = json_object_get_int_member (want, "id");
    const gchar *label = gptvis_client_label (client, id);
    gdouble box[4];
    if (!label || !read_box (json_object_get_array_member (want, "box"), picture, box))
      continue;
    const Distance d = find_region (result, id, label, json_object_get_double_member (want, "score"), box);
    largest->score = MAX (largest->score, d.score);
    largest->box = MAX (largest->box, d.box);
    n++;
  }
  return n;
}

static gboolean
is_in_order (const GptVisResult *result)
{
  for (guint r = 1; r < result->n_regions; r++)
    if (result->regions[r].labels[0].score > result->regions[r - 1].labels[0].score)
      return FALSE;
  return TRUE;
}

static void
check_regions (Check *c, GptVisClient *client, const GptVisRequest *requests)
{
  gchar *path = g_build_filename (c->path, "expected.json", NULL);
  GError *error = NULL;
  JsonObject *object = gptvis_json_load (path, &error);
  JsonArray *all = object && json_object_has_member (object, "boxes")
      ? json_object_get_array_member (object, "boxes") : NULL;
  Distance largest = { 0, 0 };
  guint n = 0;
  for (guint i = 0; all && i < MIN (c->n_pictures, json_array_get_length (all)); i++) {
    GptVisPicture picture;
    guint8 *pixels = read_png (c, i, &picture);
    if (!pixels)
      break;
    GptVisResult *result = gptvis_client_read (client, &requests[i], 0, 0);
    n += check_boxes (client, &picture, result, json_array_get_array_element (all, i), &largest);
    if (!is_in_order (result))
      miss (c, "%-24s of picture %u are not in the order of their scores  MISS", "regions", i);
    gptvis_result_unref (result);
    g_free (pixels);
  }
  if (n == 0)
    miss (c, "%-24s %s  MISS", "regions",
        error ? error->message : "expected.json has no boxes of the pictures");
  report (c, "regions, scores", largest.score, c->scores);
  report (c, "regions, boxes", largest.box, c->boxes);
  g_clear_error (&error);
  g_clear_pointer (&object, json_object_unref);
  g_free (path);
}

guint
count_pictures_apart (const GptVisContainer *expected)
{
  for (guint i = 0;; i++) {
    gchar *name = g_strdup_printf ("pixel_values.%u", i);
    const gboolean there = gptvis_container_find (expected, name) != NULL;
    g_free (name);
    if (!there)
      return i;
  }
}

/* Fills a slot for each picture, and a request of it. */
static gboolean
open_requests (Check *c, GptVisModel *model, GptVisModelSlot **slots, GptVisRequest *requests)
{
  for (guint i = 0; i < c->n_pictures; i++) {
    slots[i] = gptvis_model_slot_new (model, NULL);
    requests[i] = (GptVisRequest) { .slot = slots[i], .outputs = GPTVIS_OUTPUT_BOXES };
  }
  return fill (c, model, slots);
}

static gboolean
run_requests (Check *c, GptVisModel *model, GptVisRequest *requests)
{
  GError *error = NULL;
  const gboolean ok = gptvis_model_run (model, requests, c->n_pictures, &error);
  if (!ok)
    miss (c, "%s", error->message);
  g_clear_error (&error);
  return ok;
}

/* ---- the first stage ---- */

static void
check_stage (Check *c, GptVisModel *model, const gchar *name)
{
  const GptVisPlan *plan = gptvis_model_plan (model);
  const GptVisTensorId id = gptvis_plan_find (plan, name);
  if (id == GPTVIS_NO_TENSOR || !gptvis_container_find (c->expected, name))
    return;
  const GptVisTensor *t = gptvis_plan_tensor (plan, id);
  const gsize n = (gsize) t->rows * t->width;
  const float *want = expect (c, name, n);
  gdouble largest = 0;
  for (guint i = 0; want && i < c->n_pictures; i++)
    compare_boxes (&largest, gptvis_program_output (gptvis_model_program (model), id, i), want + i * n, n);
  if (want)
    report (c, name, largest, c->tensors);
}

static void
check_stages (Check *c, GptVisModel *model)
{
  static const gchar *const names[] = { "encoder.scores", "encoder.boxes", "init_reference_points" };
  GptVisModelSlot **slots = g_new (GptVisModelSlot *, c->n_pictures);
  GptVisRequest *requests = g_new0 (GptVisRequest, c->n_pictures);
  if (open_requests (c, model, slots, requests) && run_requests (c, model, requests)) {
    for (guint l = 0;; l++) {
      gchar *name = g_strdup_printf ("backbone.hidden_states.%u", l);
      const gboolean there = gptvis_plan_find (gptvis_model_plan (model), name) != GPTVIS_NO_TENSOR;
      check_stage (c, model, name);
      g_free (name);
      if (!there)
        break;
    }
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      check_stage (c, model, names[i]);
  }
  free_slots (c, slots);
  g_free (requests);
}

/* ---- what can be judged ---- */

/* All rows of the slots, each value the next one or the one before that f32 has, by turns. */
static void
round_rows (Check *c, GptVisModel *model, GptVisModelSlot *const *slots)
{
  for (guint i = 0; i < c->n_pictures; i++) {
    const GptVisPlan *plan = gptvis_model_slot_plan (slots[i]);
    const GptVisTensor *t = gptvis_plan_tensor (plan, gptvis_plan_input_id (plan));
    float *rows = gptvis_model_slot_rows (model, slots[i]);
    for (gsize k = 0; k < (gsize) t->rows * t->width; k++)
      rows[k] = nextafterf (rows[k], k % 2 ? INFINITY : -INFINITY);
  }
}

/* How much the reference's logits and boxes move when its input is rounded; G_MAXDOUBLE after a miss. */
static gdouble
find_movement (Check *c)
{
  Check reference = *c;
  reference.program = (GptVisProgramOptions) { .backend = "reference", .precision = GPTVIS_PRECISION_AUTO };
  reference.told_pixels = TRUE;
  GptVisModel *model = open_model (&reference, FALSE);
  GptVisModelSlot **slots = g_new0 (GptVisModelSlot *, c->n_pictures);
  GptVisRequest *requests = g_new0 (GptVisRequest, c->n_pictures);
  gdouble movement = G_MAXDOUBLE;
  if (model && open_requests (&reference, model, slots, requests)
      && run_requests (&reference, model, requests)) {
    float **before = g_new (float *, c->n_pictures);
    for (guint i = 0; i < c->n_pictures; i++)
      before[i] = g_memdup2 (requests[i].boxes, 4 * requests[i].n_boxes * sizeof (float));
    round_rows (&reference, model, slots);
    movement = run_requests (&reference, model, requests) ? 0 : G_MAXDOUBLE;
    for (guint i = 0; i < c->n_pictures; i++) {
      if (movement < G_MAXDOUBLE)
        compare_boxes (&movement, requests[i].boxes, before[i], 4 * requests[i].n_boxes);
      g_free (before[i]);
    }
    g_free (before);
  }
  if (slots[0])
    free_slots (&reference, slots);
  else
    g_free (slots);
  g_free (requests);
  gptvis_model_free (model);
  c->misses = reference.misses;
  return movement;
}

static void
check_second_stage (Check *c, GptVisModel *model)
{
  GptVisModelSlot **slots = g_new (GptVisModelSlot *, c->n_pictures);
  GptVisRequest *requests = g_new0 (GptVisRequest, c->n_pictures);
  GError *error = NULL;
  GptVisClient *client = gptvis_client_new (model, &(GptVisClientOptions) { }, &error);
  g_assert_no_error (error);
  if (open_requests (c, model, slots, requests) && run_requests (c, model, requests)) {
    check_outputs (c, requests);
    check_regions (c, client, requests);
  }
  gptvis_client_unref (client);
  free_slots (c, slots);
  g_free (requests);
}

void
check_detections (Check *c, GptVisModel *traced, GptVisModel *shipped)
{
  const gdouble movement = find_movement (c);
  if (gptvis_plan_find (gptvis_model_plan (traced), "init_reference_points") != GPTVIS_NO_TENSOR)
    check_stages (c, traced);
  if (movement <= c->boxes)
    check_second_stage (c, shipped);
  else
    g_print ("%-20s %-24s are not judged: rounding the pixels moves them by %.1e\n", c->name,
        "logits, pred_boxes", movement);
}
