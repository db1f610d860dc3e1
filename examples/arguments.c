/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label's command line. An input may be a file, a directory of files, a URI,
 * a camera's device or "-"; all become URIs, which source.c reads. */
#include "arguments.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Options that are properties of gptvisfilter, and go there as they are. */
static struct {
  const gchar *option, *property, *argument, *help;
  gchar *value;
} settings[] = {
  { "model", "model", "DIR|NAME", "checkpoint: a Hugging Face directory, or the name of one that "
      "gptvis-model downloaded (else the small bundled one)", NULL },
  { "backend", "backend", "B", "auto, cpu or vulkan", NULL },
  { "device", "device", "D", "which GPU, by number or name (else the best)", NULL },
  { "precision", "precision", "P", "auto, f32, f16, bf16 or int8", NULL },
  { "threads", "threads", "N", "threads that compute (else as many as the process may use)", NULL },
  { "every", "interval", "N", "analyse every Nth frame (else each)", NULL },
  { "top-k", "top-k", "K", "at most K labels a frame (else 5; 0: all)", NULL },
  { "threshold", "threshold", "T", "only labels that score at least T (else what suits the model)", NULL },
  { "caption-threshold", "caption-threshold", "T",
      "with --caption: only captions that are at least so likely (0: all; else as the checkpoint says)",
      NULL },
  { "labels-file", "labels-file", "F", "other names for the labels, one a line", NULL },
  { "regions", "regions", "R",
  "who finds where things are: none, model (the checkpoint), motion (what moves before a "
      "fixed camera) or auto (else that)", NULL },
  { "max-regions", "max-regions", "N", "look at N regions a frame at most (else 8)", NULL },
};

#define PATIENCE 20             /* s */
#define MOST_PATIENCE 86400

/* In a directory only these are taken; a file that is given by name is always tried. The last are of
 * photos that may lack a decoder: these must not be skipped in silence. */
static const gchar *const endings[] = { "3gp", "apng", "avi", "bmp", "flv", "gif", "ico", "jp2", "jpeg",
  "jpg", "m2ts", "m4v", "mjpeg", "mjpg", "mkv", "mov", "mp4", "mpeg", "mpg", "mpo", "mts", "mxf", "ogv",
  "pbm", "pgm", "png", "pnm", "ppm", "svg", "tif", "tiff", "ts", "webm", "webp", "wmv", "arw", "avif", "cr2",
  "cr3", "dng", "heic", "heif", "jxl", "nef", "orf", "raf", "rw2", NULL };

static void
input_free (gpointer data)
{
  Input *input = data;

  g_free (input->name);
  g_free (input->uri);
  g_free (input->problem);
  g_free (input);
}

/* Takes uri and problem. */
static void
add (GPtrArray *inputs, const gchar *name, gchar *uri, gchar *problem, gboolean live)
{
  Input *input = g_new0 (Input, 1);

  *input = (Input) { .name = g_strdup (name), .uri = uri, .problem = problem, .live = live };
  g_ptr_array_add (inputs, input);
}

static gint
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

static gboolean
is_media (const gchar *name)
{
  const gchar *dot = strrchr (name, '.');
  gchar *ending = dot && dot != name ? g_ascii_strdown (dot + 1, -1) : NULL;
  gboolean media = ending && g_strv_contains (endings, ending);

  g_free (ending);
  return media;
}

/* A pipe is read through a descriptor, since filesrc cannot be interrupted while it waits for one. Opening
 * it here waits for no writer, and lets the writer start before the input's turn comes. */
static void
add_pipe (GPtrArray *inputs, const gchar *path)
{
  gint descriptor = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);

  if (descriptor < 0)
    add (inputs, path, NULL, g_strdup_printf ("It cannot be opened: %s.", g_strerror (errno)), FALSE);
  else
    add (inputs, path, g_strdup_printf ("fd://%d", descriptor), NULL, FALSE);
}

/* Anything but a directory. */
static void
add_path (GPtrArray *inputs, const gchar *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0 || g_access (path, R_OK) != 0)
    add (inputs, path, NULL, g_strdup_printf ("It cannot be opened: %s.", g_strerror (errno)), FALSE);
  else if (S_ISFIFO (status.st_mode))
    add_pipe (inputs, path);
  else if (S_ISCHR (status.st_mode))
    add (inputs, path, g_strconcat ("v4l2://", path, NULL), NULL, TRUE);
  else if (S_ISSOCK (status.st_mode))
    add (inputs, path, NULL, g_strdup ("It is a socket, which cannot be read."), FALSE);
  else
    add (inputs, path, gst_filename_to_uri (path, NULL), NULL, FALSE);
}

/* Skips directories in it. */
static void
add_directory (GPtrArray *inputs, const gchar *path)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  GDir *directory = g_dir_open (path, 0, NULL);

  for (const gchar *name; directory && (name = g_dir_read_name (directory));) {
    gchar *file = g_build_filename (path, name, NULL);
    if (is_media (name) && !g_file_test (file, G_FILE_TEST_IS_DIR))
      g_ptr_array_add (files, file);
    else
      g_free (file);
  }
  g_ptr_array_sort (files, by_name);
  for (guint i = 0; i < files->len; i++)
    add_path (inputs, files->pdata[i]);
  if (!directory)
    add (inputs, path, NULL, g_strdup ("The directory cannot be read."), FALSE);
  else if (files->len == 0)
    add (inputs, path, NULL, g_strdup ("There is no photo and no video in this directory."), FALSE);
  g_clear_pointer (&directory, g_dir_close);
  g_ptr_array_unref (files);
}

static void
add_argument (GPtrArray *inputs, const gchar *argument)
{
  if (g_str_equal (argument, "-"))
    add (inputs, argument, g_strdup ("fd://0"), NULL, FALSE);
  else if (gst_uri_is_valid (argument) && strstr (argument, "://"))
    add (inputs, argument, g_strdup (argument), NULL, g_str_has_prefix (argument, "rtsp")
        || g_str_has_prefix (argument, "v4l2") || g_str_has_prefix (argument, "udp"));
  else if (g_file_test (argument, G_FILE_TEST_IS_DIR))
    add_directory (inputs, argument);
  else
    add_path (inputs, argument);
}

gboolean
arguments_parse (Arguments *self, int argc, char **argv)
{
  gchar **names = NULL;
  GOptionEntry entries[G_N_ELEMENTS (settings) + 9] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &self->json, "JSON and nothing else: no progress, no summary", NULL },
    { "caption", 0, 0, G_OPTION_ARG_NONE, &self->caption, "write captions, with a model that can", NULL },
    { "embedding", 0, 0, G_OPTION_ARG_NONE, &self->embedding,
        "give each frame's embedding, a vector of length one, as well", NULL },
    { "plan", 0, 0, G_OPTION_ARG_NONE, &self->plan, "print the model's operations and end", NULL },
    { "list-devices", 0, 0, G_OPTION_ARG_NONE, &self->devices, "print what there is to compute on and end",
        NULL },
    { "patience", 0, 0, G_OPTION_ARG_INT, &self->patience,
        "leave an input that gives no picture for S seconds (else 20; 0: never)", "S" },
    { "coco", 0, 0, G_OPTION_ARG_FILENAME, &self->coco,
    "write the regions to FILE in COCO's format, see below",
        "FILE" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &names, NULL, NULL },
  };
  GOptionContext *context = g_option_context_new ("FILE|DIRECTORY|URI|DEVICE… - say what is on pictures");
  GError *error = NULL;

  *self = (Arguments) { .inputs = g_ptr_array_new_with_free_func (input_free), .patience = PATIENCE };
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    entries[i + 8] = (GOptionEntry) { settings[i].option, 0, 0, G_OPTION_ARG_FILENAME, &settings[i].value,
      settings[i].help, settings[i].argument };
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  g_option_context_set_summary (context,
      "Prints one JSON object for each analysed frame, in the order of the arguments. DEVICE is a\n"
      "camera (/dev/video0), URI what GStreamer reads (rtsp://…, https://…), \"-\" standard input; of a\n"
      "directory all photos and videos are taken. A photo has one line, whatever else is in its file (a\n"
      "thumbnail, a gain map, the other half of a stereo pair), an animated GIF, PNG or WebP one for each\n"
      "picture. Of several videos in a file the first is taken. A cover is no picture.");
  g_option_context_set_description (context,
      "--coco writes a list of {image_id, category_id, bbox, score}, as pycocotools' loadRes reads it: one\n"
      "for each label of each region, as found in that frame (regions are not followed). bbox is left, top,\n"
      "width and height in pixels. image_id of a photo whose name is a number (000000000139.jpg) is that\n"
      "number; else it is 1,000,000 times the input's place in the arguments, from 1, plus the frame's\n"
      "number, from 0. category_id is COCO's of a label that COCO has (person: 1, … toothbrush: 90), of\n"
      "others 1000 plus the label's number in the checkpoint.\n\n"
      "Exit status: 0 all went well; 1 an input could not be read, the others were; 2 wrong use, or a\n"
      "model that does not load; 130 interrupted.\n");
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("gptvis-label: %s\n", error->message);
    g_error_free (error);
  } else if (self->patience < 0 || self->patience > MOST_PATIENCE) {
    g_printerr ("gptvis-label: --patience must be from 0 to %d seconds.\n", MOST_PATIENCE);
  } else if (!names && !self->plan && !self->devices) {
    gchar *help = g_option_context_get_help (context, TRUE, NULL);
    g_printerr ("%s", help);
    g_free (help);
  } else {
    for (guint i = 0; names && names[i]; i++)
      add_argument (self->inputs, names[i]);
  }
  g_option_context_free (context);
  g_strfreev (names);
  return self->plan || self->devices || self->inputs->len > 0;
}

void
arguments_clear (Arguments *self)
{
  g_clear_pointer (&self->inputs, g_ptr_array_unref);
  g_clear_pointer (&self->coco, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_clear_pointer (&settings[i].value, g_free);
}

const gchar *
arguments_model (void)
{
  return settings[0].value;
}

static gboolean
set (GstElement *filter, const gchar *property, const gchar *text)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (filter), property);
  GValue value = G_VALUE_INIT;
  gboolean valid = TRUE;

  g_value_init (&value, spec->value_type);
  if (G_VALUE_HOLDS_STRING (&value))
    g_value_set_string (&value, text);
  else
    valid = gst_value_deserialize (&value, text) && !g_param_value_validate (spec, &value);
  if (valid)
    g_object_set_property (G_OBJECT (filter), property, &value);
  g_value_unset (&value);
  return valid;
}

gboolean
arguments_apply (const Arguments *self, GstElement *filter)
{
  if (self->caption && !set (filter, "task", "caption")) {
    g_printerr ("gptvis-label: --caption: this version of gptvisfilter writes no captions.\n");
    return FALSE;
  }
  if (self->embedding && !set (filter, "embedding", "true")) {
    g_printerr ("gptvis-label: --embedding: this version of gptvisfilter gives no embeddings.\n");
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    if (settings[i].value && !set (filter, settings[i].property, settings[i].value)) {
      g_printerr ("gptvis-label: --%s cannot be \"%s\": %s\n", settings[i].option, settings[i].value,
          settings[i].help);
      return FALSE;
    }
  }
  return TRUE;
}
