/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every numeric property at its minimum and its maximum while frames pass through all three elements: each
 * frame comes out. Other tests say what the values do. */
#include "rig.h"
#include "gptvisjson.h"
#include "gptvisoverlay.h"

#define FRAME (40 * GST_MSECOND)

typedef struct {
  gchar *checkpoint;
  GstHarness *harness;
  GstClockTime pts;
} Chain;

static void
chain_open (Chain *self)
{
  *self = (Chain) {.checkpoint = writer_write (WRITES) };
  gchar *line =
      g_strdup_printf ("gptvisfilter name=gptvisfilter model=\"%s\" task=both policy=every threshold=0 ! "
      "gptvisjson "
      "name=gptvisjson location=/dev/null ! gptvisoverlay name=gptvisoverlay", self->checkpoint);
  self->harness = gst_harness_new_parse (line);
  gst_harness_set_src_caps_str (self->harness, "video/x-raw,format=RGB,width=160,height=120,framerate=25/1");
  g_free (line);
}

static void
chain_close (Chain *self)
{
  gst_harness_teardown (self->harness);
  checkpoint_remove (self->checkpoint);
}

static void
push_frames (Chain *self)
{
  for (guint i = 0; i < 3; i++, self->pts += FRAME) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, 160 * 120 * 3, NULL);
    gst_buffer_memset (buffer, 0, i % 2 ? 0 : 255, -1);
    GST_BUFFER_PTS (buffer) = self->pts;
    g_assert_cmpint (gst_harness_push (self->harness, buffer), ==, GST_FLOW_OK);
    buffer = gst_harness_try_pull (self->harness);
    g_assert_nonnull (buffer);
    gst_buffer_unref (buffer);
  }
}

/* FALSE for a property without limits. */
static gboolean
set_end (GstElement *element, GParamSpec *spec, gboolean most)
{
  GValue value = G_VALUE_INIT;
  gboolean set = TRUE;

  g_value_init (&value, spec->value_type);
  if (G_IS_PARAM_SPEC_UINT (spec))
    g_value_set_uint (&value, most ? G_PARAM_SPEC_UINT (spec)->maximum : G_PARAM_SPEC_UINT (spec)->minimum);
  else if (G_IS_PARAM_SPEC_UINT64 (spec))
    g_value_set_uint64 (&value, most ? G_PARAM_SPEC_UINT64 (spec)->maximum
    : G_PARAM_SPEC_UINT64 (spec)->minimum);
  else if (G_IS_PARAM_SPEC_FLOAT (spec))
    g_value_set_float (&value, most ? G_PARAM_SPEC_FLOAT (spec)->maximum
    : G_PARAM_SPEC_FLOAT (spec)->minimum);
  else if (G_IS_PARAM_SPEC_DOUBLE (spec))
    g_value_set_double (&value, most ? G_PARAM_SPEC_DOUBLE (spec)->maximum
    : G_PARAM_SPEC_DOUBLE (spec)->minimum);
  else if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    g_value_set_boolean (&value, most);
  else if (G_IS_PARAM_SPEC_ENUM (spec))
    g_value_set_enum (&value, most ? G_PARAM_SPEC_ENUM (spec)->enum_class->maximum
        : G_PARAM_SPEC_ENUM (spec)->enum_class->minimum);
  else
    set = FALSE;
  if (set)
    g_object_set_property (G_OBJECT (element), spec->name, &value);
  g_value_unset (&value);
  return set;
}

/* Sets one property after the other to that limit, and back before the next, or all `together`. Returns how
 * many there were. */
static guint
set_ends (Chain *chain, const gchar *name, gboolean together, gboolean most)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (chain->harness->element), name);
  guint n, tried = 0;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++) {
    if (specs[i]->owner_type != G_OBJECT_TYPE (element) || !(specs[i]->flags & GST_PARAM_MUTABLE_PLAYING)
        || !set_end (element, specs[i], most))
      continue;
    push_frames (chain);
    tried++;
    if (!together)
      g_object_set_property (G_OBJECT (element), specs[i]->name, g_param_spec_get_default_value (specs[i]));
  }
  g_free (specs);
  gst_object_unref (element);
  return tried;
}

static void
test_playing (void)
{
  guint tried = 0;
  Chain chain;

  chain_open (&chain);
  for (guint i = 0; i < 4; i++) {
    tried += set_ends (&chain, "gptvisfilter", i / 2, i % 2);
    tried += set_ends (&chain, "gptvisjson", i / 2, i % 2);
    tried += set_ends (&chain, "gptvisoverlay", i / 2, i % 2);
  }
  g_assert_cmpuint (tried, >=, 4 * 18);
  chain_close (&chain);
}

/* Properties that decide how a model is opened: it opens, or an error says why not. */
static void
test_opening (void)
{
  static const gchar *const names[] = { "threads", "beams", "precision", "task" };
  gchar *checkpoint = writer_write (WRITES);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (names); i++) {
    Rig *rig = rig_new_at (checkpoint, NULL);
    gst_element_set_state (rig->element, GST_STATE_READY);
    g_test_message ("%s", names[i / 2]);
    g_assert_true (set_end (rig->element, g_object_class_find_property (G_OBJECT_GET_CLASS (rig->element),
                names[i / 2]), i % 2));
    if (gst_element_set_state (rig->element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE) {
      gchar *sentence = rig_sentence (rig, GST_MESSAGE_ERROR);
      g_assert_nonnull (sentence);
      g_test_message ("%s", sentence);
      g_free (sentence);
    }
    rig_free (rig);
  }
  checkpoint_remove (checkpoint);
}

int
main (int argc, char **argv)
{
  rig_init (&argc, &argv);
  g_assert_true (GST_ELEMENT_REGISTER (gptvisjson, NULL));
  g_assert_true (GST_ELEMENT_REGISTER (gptvisoverlay, NULL));
  g_test_add_func ("/extremes/playing", test_playing);
  g_test_add_func ("/extremes/opening", test_opening);
  return g_test_run ();
}
