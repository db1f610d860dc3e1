/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captions on buffers, from a gptvisfilter on a hand-made checkpoint that writes: when a sentence begins,
 * which frames carry it, and what a flush, a stop, the end or a failing decoder does to it. words.c tests how
 * a sentence grows. Where something must not wait for a sentence, a gate holds the sentence before its next
 * word (gate.h). */
#include "gate.h"
#include "rig.h"
#include "engine.h"
#include <string.h>

#define FRAME (40 * GST_MSECOND)

/* What a buffer carried when it came out. */
typedef struct {
  gboolean own;
  guint64 frame;                /* whose labels they are */
  gchar label[16];              /* the first, or "" */
  gchar text[64];               /* the caption's, or "" */
  guint64 captioned;            /* the caption's frame */
  gboolean final;
} Left;

static Left
push (Rig *rig, guint8 grey, GstClockTime pts)
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, grey, pts));
  GptVisMeta *meta = gptvis_buffer_get_meta (out);
  Left left = { .captioned = G_MAXUINT64 };

  if (meta) {
    const GptVisCaption *caption = meta->result->caption;
    left.own = meta->own;
    left.frame = meta->result->frame;
    if (meta->result->n_labels)
      g_strlcpy (left.label, meta->result->labels[0].text, sizeof left.label);
    if (caption) {
      g_strlcpy (left.text, caption->text, sizeof left.text);
      left.captioned = caption->frame;
      left.final = caption->final;
      g_assert_cmpfloat (caption->score, <=, 1);
    }
  }
  gst_buffer_unref (out);
  return left;
}

/* All counters at one moment, since the worker may be changing them. */
static void
assert_accounts (Rig *rig, guint64 frames)
{
  static const gchar *const parts[] = { "analysed", "skipped", "errors", "unmappable" };
  GstStructure *stats = NULL;
  guint64 all, part, sum = 0;
  guint under_way;

  g_object_get (rig->element, "stats", &stats, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_assert_true (gst_structure_get_uint64 (stats, parts[i], &part));
    sum += part;
  }
  g_assert_true (gst_structure_get (stats, "frames", G_TYPE_UINT64, &all, "under-way", G_TYPE_UINT,
          &under_way, NULL));
  g_assert_cmpuint (all, ==, frames);
  g_assert_cmpuint (sum + under_way, ==, frames);
  gst_structure_free (stats);
}

static void
expect (Rig *rig, guint8 grey, GstClockTime pts, const gchar *text, guint64 captioned)
{
  const Left left = push (rig, grey, pts);

  g_assert_cmpstr (left.text, ==, text);
  g_assert_cmpuint (left.captioned, ==, captioned);
  g_assert_cmpint (left.final, ==, text[0] != '\0');
  g_assert_cmpstr (left.label, ==, grey ? "bright" : "dark");
}

/* --- every --- */

static void
test_first_frame (void)
{
  Rig *rig = rig_new_writing (WRITES, NULL);
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, FRAME));
  const GptVisResult *result = gptvis_buffer_get_meta (out)->result;

  g_assert_true (gptvis_buffer_get_meta (out)->own);
  g_assert_cmpstr (result->caption->text, ==, "a white picture");
  g_assert_true (result->caption->final);
  g_assert_cmpuint (result->caption->frame, ==, 0);
  g_assert_cmpuint (result->caption->pts, ==, FRAME);
  g_assert_cmpuint (result->caption->running_time, ==, FRAME);
  g_assert_cmpfloat (result->caption->score, <=, 1);
  g_assert_cmpfloat (result->caption->score, >, 0.99);
  gst_buffer_unref (out);
  for (guint i = 1; i < 10; i++) {
    const Left left = push (rig, 255, (1 + i) * FRAME);
    g_assert_true (left.own);
    g_assert_cmpuint (left.frame, ==, i);
    g_assert_cmpstr (left.text, ==, "a white picture");
    g_assert_cmpuint (left.captioned, ==, 0);
  }
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "caption-errors"), ==, 0);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 11);     /* of frames and a caption */
  assert_accounts (rig, 10);
  rig_free (rig);
}

/* A frame that is not analysed carries the last caption and labels. */
static void
test_carried (void)
{
  Rig *rig = rig_new_writing (WRITES, "interval=3");

  for (guint i = 0; i < 7; i++) {
    const Left left = push (rig, 255, i * FRAME);
    g_assert_cmpint (left.own, ==, i % 3 == 0);
    g_assert_cmpstr (left.text, ==, "a white picture");
    g_assert_cmpuint (left.captioned, ==, 0);
  }
  rig_free (rig);
}

static void
test_cut_scene (void)
{
  Rig *rig = rig_new_writing (WRITES, NULL);

  expect (rig, 255, 0, "a white picture", 0);
  expect (rig, 0, 500 * GST_MSECOND, "a white picture", 0);     /* too soon for another */
  expect (rig, 0, GST_SECOND - 1, "a white picture", 0);
  expect (rig, 0, GST_SECOND, "a black picture", 3);
  expect (rig, 0, 3 * GST_SECOND, "a black picture", 3);        /* nothing has changed */
  expect (rig, 255, 3 * GST_SECOND + FRAME, "a white picture", 5);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 3);
  rig_free (rig);
}

static void
test_interval (void)
{
  Rig *rig = rig_new_writing (WRITES, "caption-interval=2000000000");

  for (guint i = 0; i < 7; i++)
    expect (rig, 255, i * GST_SECOND, "a white picture", i / 2 * 2);
  g_object_set (rig->element, "caption-interval", (guint64) 0, NULL);   /* at once, but a second apart */
  for (guint i = 7; i < 10; i++)
    expect (rig, 255, i * GST_SECOND, "a white picture", i);
  expect (rig, 255, 9 * GST_SECOND + FRAME, "a white picture", 9);
  g_object_set (rig->element, "caption-interval", G_MAXUINT64, NULL);
  for (guint i = 11; i < 14; i++)
    expect (rig, 255, i * 100 * GST_SECOND, "a white picture", 9);
  rig_free (rig);
}

/* Black differs from white as much as anything can, and still by less than 2. */
static void
test_change (void)
{
  Rig *rig = rig_new_writing (WRITES, "caption-change=2 caption-interval=18446744073709551615");

  expect (rig, 255, 0, "a white picture", 0);
  expect (rig, 0, 10 * GST_SECOND, "a white picture", 0);
  g_object_set (rig->element, "caption-change", 1.9, NULL);
  expect (rig, 0, 20 * GST_SECOND, "a black picture", 2);
  expect (rig, 0, 30 * GST_SECOND, "a black picture", 2);
  g_object_set (rig->element, "caption-change", 0.0, NULL);     /* no change at all is enough */
  expect (rig, 0, 40 * GST_SECOND, "a black picture", 4);
  rig_free (rig);
}

/* Time that runs back, and frames without a time. */
static void
test_odd_times (void)
{
  Rig *rig = rig_new_writing (WRITES, "hold-time=18446744073709551615");

  expect (rig, 255, 100 * GST_SECOND, "a white picture", 0);
  expect (rig, 0, GST_SECOND, "a black picture", 1);
  expect (rig, 0, GST_SECOND, "a black picture", 1);
  push (rig, 255, GST_CLOCK_TIME_NONE);
  push (rig, 0, G_MAXINT64);
  push (rig, 255, 0);
  assert_accounts (rig, 6);
  rig_free (rig);
}

/* No sentence has a probability of 1. One that is not likely enough is not reported, nor any word of it, and
 * the sentence before is not about this picture. */
static void
test_threshold (void)
{
  Rig *rig = rig_new_writing (WRITES, "partial-captions=true");
  GstMessage *message;

  expect (rig, 255, 0, "a white picture", 0);
  while ((message = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ELEMENT)))
    gst_message_unref (message);
  g_object_set (rig->element, "caption-threshold", 1.0, NULL);
  expect (rig, 0, 2 * GST_SECOND, "", G_MAXUINT64);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 1);      /* the labels */
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 1);
  g_object_set (rig->element, "caption-threshold", 0.9, NULL);
  expect (rig, 255, 4 * GST_SECOND, "a white picture", 2);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 2);      /* and the sentence */
  rig_free (rig);
  /* as the checkpoint says, unless the application does */
  rig = rig_new_writing (WRITES | IS_CAREFUL, NULL);
  expect (rig, 255, 0, "", G_MAXUINT64);
  g_object_set (rig->element, "caption-threshold", 0.0, NULL);
  expect (rig, 0, 2 * GST_SECOND, "a black picture", 1);
  rig_free (rig);
}

static void
test_beams (void)
{
  Rig *rig = rig_new_writing (WRITES, "beams=16");
  Left left = push (rig, 0, 0);
  guint beams = 0;
  gchar *sentence;

  g_assert_cmpstr (left.text, ==, "a black picture");
  g_object_set (rig->element, "beams", 2, NULL);        /* keeps its value while it runs */
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_assert_nonnull (strstr (sentence, "\"beams\""));
  g_free (sentence);
  g_object_get (rig->element, "beams", &beams, NULL);
  g_assert_cmpuint (beams, ==, 16);
  rig_free (rig);
}

static void
test_no_end (void)
{
  Rig *rig = rig_new_writing (WRITES_FOREVER, NULL);
  GstBuffer *out = rig_push (rig, rig_frame (rig, 0, 0));
  const GptVisCaption *caption = gptvis_buffer_get_meta (out)->result->caption;
  gchar **words = g_strsplit (caption->text, " ", -1);

  g_assert_true (caption->final);
  g_assert_cmpuint (g_strv_length (words), ==, WRITER_LENGTH - 1);
  g_assert_cmpstr (words[1], ==, "black");
  g_assert_cmpstr (words[WRITER_LENGTH - 2], ==, "picture");
  g_strfreev (words);
  gst_buffer_unref (out);
  rig_free (rig);
}

static void
test_new_stream (void)
{
  Rig *rig = rig_new_writing (WRITES, NULL);
  GstSegment segment;

  expect (rig, 255, 0, "a white picture", 0);
  gst_harness_push_event (rig->harness, gst_event_new_flush_start ());
  gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  expect (rig, 0, FRAME, "a black picture", 1); /* at once: the scene before is not the scene now */
  segment.base = 5;
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  expect (rig, 255, 2 * FRAME, "a white picture", 2);
  gst_harness_push_event (rig->harness, gst_event_new_stream_start ("other"));
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  expect (rig, 255, 3 * FRAME, "a white picture", 3);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 4);
  rig_free (rig);
}

/* --- latest --- */

/* Pushes white frames until one leaves with a caption. */
static Left
await_caption (Rig *rig, guint *frames)
{
  for (;;) {
    const Left left = push (rig, 255, *frames * FRAME);
    ++*frames;
    if (left.text[0])
      return left;
    g_usleep (2000);
  }
}

static void
test_latest (void)
{
  gate_close (GATE_WORD);
  Rig *rig = rig_new_writing (WRITES_FOREVER, "policy=latest hold-time=18446744073709551615");
  guint frames = 1;
  Left left = push (rig, 255, 0);

  g_assert_cmpstr (left.text, ==, "");
  g_assert_cmpuint (rig_await_result (rig), ==, 0);
  do {                          /* the scene changes while it is written, and so do the labels */
    gate_await (GATE_WORD);
    g_assert_cmpuint (gate_visits (GATE_WORD), <, WRITER_LENGTH - 2);
    gate_pass (GATE_WORD);
    left = push (rig, 0, frames++ * FRAME / 100);
    g_assert_cmpstr (left.text, ==, "");
  } while (left.frame == 0 || strcmp (left.label, "dark") != 0);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 0);
  gate_open (GATE_WORD);
  left = await_caption (rig, &frames);
  g_assert_true (left.final);
  g_assert_cmpuint (left.captioned, ==, 0);     /* the frame it describes, whatever came since */
  g_assert_true (g_str_has_prefix (left.text, "a white picture picture"));
  assert_accounts (rig, frames);
  rig_free (rig);
}

/* The end waits for the caption that is being written. */
static void
test_end (void)
{
  gate_close (GATE_WORD);
  Rig *rig = rig_new_writing (WRITES, "policy=latest");

  push (rig, 255, 0);
  gate_hold_end (GATE_WORD, rig->harness);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "under-way"), ==, 0);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_ELEMENT), ==, 2);      /* the labels; the caption */
  rig_free (rig);
}

/* --- what must not wait for a sentence --- */

static gpointer
push_one (gpointer data)
{
  Rig *rig = data;

  return GINT_TO_POINTER (gst_harness_push (rig->harness, rig_frame (rig, 255, 0)));
}

static void
test_flush_lets_go (void)
{
  gate_close (GATE_WORD);
  Rig *rig = rig_new_writing (WRITES, NULL);
  GThread *thread = g_thread_new ("stream", push_one, rig);
  GstSegment segment;
  GstBuffer *out;

  gate_await (GATE_WORD);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_start ()));
  g_thread_join (thread);
  g_assert_true (gst_harness_push_event (rig->harness, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (rig->harness, gst_event_new_segment (&segment));
  while ((out = gst_harness_try_pull (rig->harness)))   /* it may have got through before the flush did */
    gst_buffer_unref (out);
  gate_open (GATE_WORD);
  g_assert_cmpuint (push (rig, 0, 0).captioned, ==, 1);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "caption-errors"), ==, 0);
  assert_accounts (rig, 2);
  rig_free (rig);
}

/* Stopping waits for no word; closing the model waits for the word that is being written, and for no
 * other. */
static void
stop_while_writing (const gchar *properties)
{
  gate_close (GATE_WORD);
  Rig *rig = rig_new_writing (WRITES_FOREVER, properties);
  GThread *thread = g_thread_new ("stream", push_one, rig);

  gate_await (GATE_WORD);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_thread_join (thread);
  g_assert_cmpuint (gate_visits (GATE_WORD), ==, 1);
  gate_open (GATE_WORD);
  g_assert_cmpint (gst_element_set_state (rig->element, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (gate_visits (GATE_WORD), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 0);
  rig_free (rig);
}

static void
test_stop_lets_go (void)
{
  stop_while_writing (NULL);
  stop_while_writing ("policy=latest");
}

/* --- what fails --- */

static void
test_nan (void)
{
  Rig *rig = rig_new_writing (WRITES_NAN, "caption-interval=0");
  gchar *sentence;

  expect (rig, 0, 0, "a black picture", 0);
  for (guint i = 1; i < 5; i++) {
    const Left left = push (rig, 255, i * GST_SECOND);
    g_assert_true (left.own);
    g_assert_cmpstr (left.label, ==, "bright");
    g_assert_cmpuint (left.captioned, ==, 0);   /* the last caption there is */
  }
  g_assert_cmpuint (rig_stat (rig, "caption-errors"), ==, 4);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 1);
  g_assert_cmpuint (rig_stat (rig, "errors"), ==, 0);
  sentence = rig_sentence (rig, GST_MESSAGE_WARNING);
  g_assert_nonnull (sentence);
  g_assert_nonnull (strstr (sentence, "the decoder's output for token 1 holds a NaN or an infinity"));
  g_assert_nonnull (strstr (sentence, rig->checkpoint));
  g_free (sentence);
  g_assert_cmpuint (rig_count_messages (rig, GST_MESSAGE_WARNING), ==, 0);      /* once */
  expect (rig, 0, 5 * GST_SECOND, "a black picture", 5);        /* and it recovers */
  assert_accounts (rig, 6);
  rig_free (rig);
}

/* --- tasks --- */

static void
test_task_label (void)
{
  Rig *rig = rig_new_writing (WRITES, "task=label");

  expect (rig, 255, 0, "", G_MAXUINT64);
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, 0);
  rig_free (rig);
}

/* Captions are written where they are asked for, or where the checkpoint has nothing else. */
static void
test_task_auto (void)
{
  Rig *rig = rig_new_writing (WRITES, "task=auto");

  expect (rig, 255, 0, "", G_MAXUINT64);
  rig_free (rig);
  rig = rig_new_writing (WRITES | NAMES_NOTHING, "task=auto");
  g_assert_cmpstr (push (rig, 255, 0).text, ==, "a white picture");
  rig_free (rig);
}

static void
test_task_caption (void)
{
  const gchar *const properties[] = { "task=caption", NULL };

  for (guint i = 0; i < 2; i++) {       /* asked for, or all there is */
    Rig *rig = rig_new_writing (i ? NAMES_NOTHING : WRITES, properties[i]);
    Left left = push (rig, 255, 0);

    g_assert_true (left.own);
    g_assert_cmpstr (left.label, ==, "");
    g_assert_cmpstr (left.text, ==, "a white picture");
    rig_free (rig);
  }
}

static void
test_task_both (void)
{
  Rig *rig = rig_new_writing (WRITES, "task=both");

  expect (rig, 255, 0, "a white picture", 0);
  rig_free (rig);
}

static void
expect_refused (gchar *checkpoint, const gchar *task, const gchar *part)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));
  GstBus *bus = gst_bus_new ();
  GError *error = NULL;
  GstMessage *message;

  gst_element_set_bus (element, bus);
  g_object_set (element, "model", checkpoint, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "task", task);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED);
  g_assert_nonnull (strstr (error->message, part));
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
  checkpoint_remove (checkpoint);
}

static void
test_tasks_refused (void)
{
  expect_refused (checkpoint_write (CHECKPOINT_SOUND), "caption",
      "the task asks for captions, but this checkpoint has no decoder (its model_type is vit)");
  expect_refused (checkpoint_write (CHECKPOINT_SOUND), "both", "no decoder");
  expect_refused (writer_write (NAMES_NOTHING), "label",
      "the task asks for labels, but this checkpoint has no classifier (its model_type is "
      "vision-encoder-decoder)");
  expect_refused (writer_write (NAMES_NOTHING), "both", "no classifier");
}

/* --- properties --- */

static void
test_properties (void)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));
  const struct { const gchar *name, *before, *value; } properties[] = {
    { "beams", "0", "16" }, { "caption-change", "0.10000000149011612", "2" }, { "caption-interval",
        "10000000000", "7" },
    { "caption-threshold", "-1", "0.5" }, { "partial-captions", "FALSE", "TRUE" },
    { "task", "auto", "caption" } };

  for (guint i = 0; i < G_N_ELEMENTS (properties); i++) {
    GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), properties[i].name);
    GValue value = G_VALUE_INIT, before = G_VALUE_INIT;

    g_assert_nonnull (spec);
    g_value_init (&value, spec->value_type);
    g_value_init (&before, spec->value_type);
    g_object_get_property (G_OBJECT (element), spec->name, &value);
    g_param_value_set_default (spec, &before);
    g_assert_cmpint (g_param_values_cmp (spec, &value, &before), ==, 0);
    g_assert_true (gst_value_deserialize (&before, properties[i].before));
    g_assert_cmpint (g_param_values_cmp (spec, &value, &before), ==, 0);
    gst_util_set_object_arg (G_OBJECT (element), spec->name, properties[i].value);
    g_object_get_property (G_OBJECT (element), spec->name, &value);
    g_assert_true (gst_value_deserialize (&before, properties[i].value));
    g_assert_cmpint (g_param_values_cmp (spec, &value, &before), ==, 0);
    g_value_unset (&value);
    g_value_unset (&before);
  }
  gst_object_unref (element);
}

static void
test_ranges (void)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));
  GObjectClass *klass = G_OBJECT_GET_CLASS (element);
  GParamSpecUInt *beams = G_PARAM_SPEC_UINT (g_object_class_find_property (klass, "beams"));
  GParamSpecFloat *change = G_PARAM_SPEC_FLOAT (g_object_class_find_property (klass, "caption-change"));

  g_assert_cmpuint (beams->minimum, ==, 0);
  g_assert_cmpuint (beams->maximum, ==, 16);
  g_assert_cmpfloat (change->minimum, ==, 0);
  g_assert_cmpfloat (change->maximum, ==, 2);
  gst_object_unref (element);
}

/* --- together --- */

/* Two runs of the same frames say the same. */
static void
test_same_again (void)
{
  GString *runs[2];

  for (guint i = 0; i < 2; i++) {
    Rig *rig = rig_new_writing (WRITES, "beams=4 caption-interval=3000000000");
    runs[i] = g_string_new (NULL);
    for (guint k = 0; k < 50; k++) {
      const Left left = push (rig, k * k % 7 > 3 ? 255 : 0, k * 9 * FRAME);
      g_string_append_printf (runs[i], "%s %s %u\n", left.label, left.text, (guint) left.captioned);
    }
    rig_free (rig);
  }
  g_assert_cmpstr (runs[0]->str, ==, runs[1]->str);
  g_string_free (runs[0], TRUE);
  g_string_free (runs[1], TRUE);
}

typedef struct {
  const gchar *checkpoint;
  guint8 grey;
  guint sentences;
} Stream;

static gpointer
one_stream (gpointer data)
{
  const Stream *stream = data;
  Rig *rig = rig_new_at (stream->checkpoint, "task=both caption-interval=0");

  for (guint i = 0; i < stream->sentences; i++) {
    Left left = push (rig, stream->grey, i * GST_SECOND);
    left.text[strlen ("a white picture")] = '\0';
    g_assert_cmpstr (left.text, ==, stream->grey ? "a white picture" : "a black picture");
    g_assert_cmpuint (left.captioned, ==, i);
    g_assert_true (left.final);
  }
  g_assert_cmpuint (rig_stat (rig, "captions"), ==, stream->sentences);
  rig_free (rig);
  return NULL;
}

/* Streams that share a model write at the same time, some longer than others. */
static void
test_together (void)
{
  gchar *checkpoint = writer_write (WRITES_FOREVER);
  const Stream streams[] = { { checkpoint, 255, 40 }, { checkpoint, 0, 40 }, { checkpoint, 255, 7 },
      { checkpoint, 0, 3 },
    { checkpoint, 0, 1 }, { checkpoint, 255, 20 } };
  GThread *threads[G_N_ELEMENTS (streams)];

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    threads[i] = g_thread_new ("stream", one_stream, (gpointer) & streams[i]);
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    g_thread_join (threads[i]);
  checkpoint_remove (checkpoint);
}

/* One stream leaves while both write; the other's sentence is unaffected. */
static void
test_one_goes (void)
{
  gate_close (GATE_WORD);
  gchar *checkpoint = writer_write (WRITES_FOREVER);
  Rig *stays = rig_new_at (checkpoint, "task=both policy=latest hold-time=18446744073709551615");
  Rig *goes = rig_new_at (checkpoint, "task=both policy=latest");
  guint frames = 1;
  Left left;

  push (stays, 255, 0);
  push (goes, 0, 0);
  while (rig_stat (stays, "analysed") == 0 || rig_stat (goes, "analysed") == 0) {
    gate_await (GATE_WORD);     /* the first to be analysed begins to write before the other is analysed */
    gate_pass (GATE_WORD);
  }
  gate_await (GATE_WORD);
  rig_free (goes);
  g_assert_cmpuint (rig_stat (stays, "captions"), ==, 0);
  gate_open (GATE_WORD);
  left = await_caption (stays, &frames);
  g_assert_true (g_str_has_prefix (left.text, "a white picture picture"));
  g_assert_cmpuint (left.captioned, ==, 0);
  rig_free (stays);
  checkpoint_remove (checkpoint);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_test_add_func ("/captions/first-frame", test_first_frame);
  g_test_add_func ("/captions/carried", test_carried);
  g_test_add_func ("/captions/cut-scene", test_cut_scene);
  g_test_add_func ("/captions/interval", test_interval);
  g_test_add_func ("/captions/change", test_change);
  g_test_add_func ("/captions/odd-times", test_odd_times);
  g_test_add_func ("/captions/threshold", test_threshold);
  g_test_add_func ("/captions/beams", test_beams);
  g_test_add_func ("/captions/no-end", test_no_end);
  g_test_add_func ("/captions/new-stream", test_new_stream);
  g_test_add_func ("/captions/latest", test_latest);
  g_test_add_func ("/captions/end", test_end);
  g_test_add_func ("/captions/flush-lets-go", test_flush_lets_go);
  g_test_add_func ("/captions/stop-lets-go", test_stop_lets_go);
  g_test_add_func ("/captions/nan", test_nan);
  g_test_add_func ("/captions/task-label", test_task_label);
  g_test_add_func ("/captions/task-auto", test_task_auto);
  g_test_add_func ("/captions/task-caption", test_task_caption);
  g_test_add_func ("/captions/task-both", test_task_both);
  g_test_add_func ("/captions/tasks-refused", test_tasks_refused);
  g_test_add_func ("/captions/properties", test_properties);
  g_test_add_func ("/captions/ranges", test_ranges);
  g_test_add_func ("/captions/same-again", test_same_again);
  g_test_add_func ("/captions/together", test_together);
  g_test_add_func ("/captions/one-goes", test_one_goes);
  return g_test_run ();
}
