/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rig: one gptvisfilter between a harness's two pads, with a bus of its own,
 * and the few questions that every test asks of it. */
#include "rig.h"
#include "gptvisfilter.h"
#include <string.h>

/* GLib's table of quarks grows while GStreamer starts, and the old one is leaked on purpose, with a stack
 * trace too short to recognise. The leaks tracer (states.c) and valgrind look for leaks instead; they know
 * that one. */
const char *__asan_default_options (void);
__attribute__ ((visibility ("default"))) const char *
__asan_default_options (void)
{
  return "detect_leaks=0";
}

void
rig_init (int *argc, char ***argv)
{
  gst_init (argc, argv);
  g_test_init (argc, argv, NULL);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisfilter, NULL));
}

Rig *
rig_new (const gchar *properties)
{
  return rig_new_on (CHECKPOINT_SOUND, properties);
}

Rig *
rig_new_on (CheckpointKind kind, const gchar *properties)
{
  gchar *checkpoint = checkpoint_write (kind);
  Rig *rig = rig_new_at (checkpoint, properties);

  rig->checkpoint = checkpoint;
  return rig;
}

Rig *
rig_new_writing (WriterKind kind, const gchar *properties)
{
  gchar *checkpoint = writer_write (kind);
  gchar *all = g_strdup_printf ("task=%s %s", kind & NAMES_NOTHING ? "auto" : "both", properties ? properties
      : "");
  Rig *rig = rig_new_at (checkpoint, all);

  rig->checkpoint = checkpoint;
  g_free (all);
  return rig;
}

Rig *
rig_new_at (const gchar *checkpoint, const gchar *properties)
{
  Rig *rig = g_new0 (Rig, 1);
  GError *error = NULL;
  gchar *line;

  line = g_strdup_printf ("gptvisfilter name=rig policy=every model=\"%s\" %s", checkpoint,
      properties ? properties : "");
  rig->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (rig->element);
  g_free (line);
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->element, rig->bus);
  rig->harness = gst_harness_new_with_element (rig->element, "sink", "src");
  rig_caps (rig, "video/x-raw,format=RGB,width=16,height=16,framerate=25/1");
  return rig;
}

void
rig_free (Rig *rig)
{
  gst_harness_teardown (rig->harness);
  gst_element_set_bus (rig->element, NULL);
  gst_object_unref (rig->element);
  gst_bus_set_flushing (rig->bus, TRUE);
  gst_object_unref (rig->bus);
  if (rig->checkpoint)
    checkpoint_remove (rig->checkpoint);
  g_free (rig);
}

void
rig_caps (Rig *rig, const gchar *text)
{
  GstCaps *caps = gst_caps_from_string (text);

  g_assert_true (gst_video_info_from_caps (&rig->info, caps));
  gst_harness_set_src_caps (rig->harness, caps);
}

GstBuffer *
rig_frame (Rig *rig, guint8 grey, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&rig->info), NULL);
  gsize chroma = GST_VIDEO_INFO_N_PLANES (&rig->info) > 1 ? GST_VIDEO_INFO_PLANE_OFFSET (&rig->info, 1) : 0;

  gst_buffer_memset (buffer, 0, grey, GST_VIDEO_INFO_SIZE (&rig->info));
  if (chroma)
    gst_buffer_memset (buffer, chroma, 128, GST_VIDEO_INFO_SIZE (&rig->info) - chroma);
  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

GstBuffer *
rig_push (Rig *rig, GstBuffer *buffer)
{
  g_assert_cmpint (gst_harness_push (rig->harness, buffer), ==, GST_FLOW_OK);
  buffer = gst_harness_try_pull (rig->harness);
  g_assert_nonnull (buffer);
  return buffer;
}

Outcome
rig_step (Rig *rig, GstClockTime pts)
{
  GstBuffer *out = rig_push (rig, rig_frame (rig, 255, pts));
  GptVisMeta *meta = gptvis_buffer_get_meta (out);
  Outcome outcome = !meta ? NOTHING : meta->own ? OWN : HELD;

  gst_buffer_unref (out);
  return outcome;
}

guint64
rig_stat (Rig *rig, const gchar *field)
{
  GstStructure *stats = NULL;
  guint64 value;

  guint small;

  g_object_get (rig->element, "stats", &stats, NULL);
  if (gst_structure_get_uint (stats, field, &small))
    value = small;
  else
    g_assert_true (gst_structure_get_uint64 (stats, field, &value));
  gst_structure_free (stats);
  return value;
}

guint64
rig_await_result (Rig *rig)
{
  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (rig->bus, 60 * GST_SECOND, GST_MESSAGE_ELEMENT);
    guint64 frame;

    g_assert_nonnull (message);
    const GstStructure *fields = gst_message_get_structure (message);
    gboolean found = gst_structure_has_name (fields, "gptvis-result")
        && gst_structure_get_uint64 (fields, "frame", &frame);
    gst_message_unref (message);
    if (found)
      return frame;
  }
}

GstMessage *
rig_message (Rig *rig, GstMessageType type)
{
  return gst_bus_pop_filtered (rig->bus, type);
}

gchar *
rig_sentence (Rig *rig, GstMessageType type)
{
  GstMessage *message = rig_message (rig, type);
  GError *error = NULL;
  gchar *sentence;

  if (!message)
    return NULL;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  sentence = g_strdup (error->message);
  g_error_free (error);
  gst_message_unref (message);
  return sentence;
}

guint
rig_count_messages (Rig *rig, GstMessageType type)
{
  guint n = 0;

  for (GstMessage *message; (message = gst_bus_pop (rig->bus)); gst_message_unref (message))
    n += GST_MESSAGE_TYPE (message) == type;
  return n;
}
