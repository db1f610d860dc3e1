/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin as an application meets it: found by the registry, and until its
 * state rises it has opened no checkpoint and started no thread. This test alone
 * loads the plugin; the others have the elements linked in. */
#include <gst/gst.h>
#include <string.h>

static guint
count_threads (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  g_assert_nonnull (tasks);
  while (g_dir_read_name (tasks))
    n++;
  g_dir_close (tasks);
  return n;
}

static gboolean
has_a_checkpoint (void)
{
  GDir *descriptors = g_dir_open ("/proc/self/fd", 0, NULL);
  gboolean found = FALSE;

  g_assert_nonnull (descriptors);
  for (const gchar *name; !found && (name = g_dir_read_name (descriptors));) {
    gchar *link = g_build_filename ("/proc/self/fd", name, NULL), *file = g_file_read_link (link, NULL);
    found = file && g_str_has_suffix (file, ".safetensors");
    g_free (file);
    g_free (link);
  }
  g_dir_close (descriptors);
  return found;
}

static void
test_registration (void)
{
  guint threads = count_threads ();
  GstElementFactory *factory = gst_element_factory_find ("gptvisfilter");
  GstElement *element;

  g_assert_nonnull (factory);
  g_assert_cmpstr (gst_element_factory_get_metadata (factory, GST_ELEMENT_METADATA_KLASS), ==,
      "Filter/Analyzer/Video");
  element = gst_object_ref_sink (gst_element_factory_create (factory, NULL));
  g_assert_nonnull (element);
  g_assert_false (has_a_checkpoint ());
  g_assert_cmpuint (count_threads (), ==, threads);
  g_assert_true (g_str_has_prefix (GST_OBJECT_NAME (element), "gptvisfilter"));

  /* And the other way round: with no property set it opens the bundled one. */
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_true (has_a_checkpoint ());
  gst_element_set_state (element, GST_STATE_NULL);
  g_assert_false (has_a_checkpoint ());
  gst_object_unref (element);
  gst_object_unref (factory);
}

/* What gst-inspect-1.0 prints is documentation: every property says what it is. */
static void
test_documented (void)
{
  GstElement *element = gst_object_ref_sink (gst_element_factory_make ("gptvisfilter", NULL));
  guint n;
  GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

  for (guint i = 0; i < n; i++) {
    const gchar *blurb = g_param_spec_get_blurb (specs[i]);
    g_test_message ("%s: %s", specs[i]->name, blurb);
    g_assert_cmpuint (strlen (blurb), >, strlen (specs[i]->name));
  }
  g_free (specs);
  gst_object_unref (element);
}

/* So are the enums that its properties have. */
static void
test_enums (void)
{
  static const gchar *const elements[] = { "gptvisfilter", "gptvisjson", "gptvisoverlay" };
  guint n_enums = 0;

  for (guint e = 0; e < G_N_ELEMENTS (elements); e++) {
    GstElement *element = gst_object_ref_sink (gst_element_factory_make (elements[e], NULL));
    guint n;
    GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);

    for (guint i = 0; i < n; i++) {
      if (!G_IS_PARAM_SPEC_ENUM (specs[i])
          || !g_str_has_prefix (g_type_name (specs[i]->value_type), "GptVis"))
        continue;
      g_test_message ("%s", g_type_name (specs[i]->value_type));
      g_assert_true (gst_type_is_plugin_api (specs[i]->value_type, NULL));
      n_enums++;
    }
    g_free (specs);
    gst_object_unref (element);
  }
  g_assert_cmpuint (n_enums, ==, 8);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registration/loads-nothing", test_registration);
  g_test_add_func ("/registration/documented", test_documented);
  g_test_add_func ("/registration/enums", test_enums);
  return g_test_run ();
}
