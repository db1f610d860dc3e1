/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label from the outside: its lines for a file depend on the file's pictures alone, as they are meant
 * to be seen (turned, put together), one line for a photo, and not on the input before. Usage: inputs
 * GPTVIS-LABEL. */
#include <gst/tag/tag.h>
#include <string.h>
#include "made.h"

#define OUT " ! appsink name=out"
#define SCENE "videotestsrc num-buffers=1 pattern=smpte ! video/x-raw,format=RGB,width=96,height=64"
#define ORIENTATIONS 8u

/* How a picture is turned when a file says 1 … 8, and how it must lie in the file to be upright then. */
static const gchar *const turns[1 + ORIENTATIONS]
    = { NULL, "identity", "horiz", "180", "vert", "ul-lr", "90r", "ur-ll", "90l" };
static const guint back[1 + ORIENTATIONS] = { 0, 1, 2, 3, 4, 5, 8, 7, 6 };

static const gchar *program;

/* --- files and lines --- */

/* Takes the file. */
static void
store (const gchar *name, GByteArray *file)
{
  GError *error = NULL;
  gchar *path = made_path (name);

  g_file_set_contents (path, (const gchar *) file->data, file->len, &error);
  g_assert_no_error (error);
  g_byte_array_unref (file);
  g_free (path);
}

/* Runs a pipeline that writes a file of that name. */
static void
make (const gchar *name, const gchar *pipeline, const GstTagList *tags)
{
  gchar *path = made_path (name),
        *text = g_strdup_printf ("%s ! filesink name=out location=\"%s\"", pipeline, path);
  GError *error = NULL;
  GstElement *made = gst_parse_launch (text, &error), *mux;
  GstBus *bus = gst_element_get_bus (made);
  GstMessage *message;

  g_assert_no_error (error);
  if (tags) {
    mux = gst_bin_get_by_interface (GST_BIN (made), GST_TYPE_TAG_SETTER);
    gst_tag_setter_merge_tags (GST_TAG_SETTER (mux), tags, GST_TAG_MERGE_REPLACE);
    gst_object_unref (mux);
  }
  gst_element_set_state (made, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (made, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (made);
  g_free (text);
  g_free (path);
}

/* The part of a line that is the same whenever a picture is analysed. */
static gchar *
essence (const gchar *line)
{
  const gchar *labels = strstr (line, "\"labels\""), *end = labels ? strstr (labels, ",\"caption\"") : NULL;

  g_assert_nonnull (end);
  return g_strndup (labels, (gsize) (end - labels));
}

/* gptvis-label's lines for files of these names, up to a NULL; its words too, where they are asked for. */
static gchar **
label (const gchar *const *names, gint status, gchar **errors)
{
  static const gchar *const options[] = { "--json", "--threshold=0", "--top-k=0" };
  GPtrArray *arguments = g_ptr_array_new (), *lines = g_ptr_array_new ();
  gchar *output = NULL, *said = NULL, **split;

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_ptr_array_add (arguments, (gpointer) options[i]);
  for (; *names; names++)
    g_ptr_array_add (arguments, (gpointer) *names);
  g_ptr_array_add (arguments, NULL);
  g_assert_cmpint (made_run (program, (const gchar *const *) arguments->pdata, &output, &said), ==, status);
  if (*said)
    g_test_message ("%s", said);
  split = g_strsplit (output, "\n", -1);
  for (guint i = 0; split[i] && *split[i]; i++)
    g_ptr_array_add (lines, essence (split[i]));
  g_ptr_array_add (lines, NULL);
  g_strfreev (split);
  g_free (output);
  if (errors)
    *errors = said;
  else
    g_free (said);
  g_ptr_array_unref (arguments);
  return (gchar **) g_ptr_array_free (lines, FALSE);
}

/* The files have so many lines together. */
static gchar **
label_all (guint n, const gchar *const *names)
{
  gchar **lines = label (names, 0, NULL);

  g_assert_cmpuint (g_strv_length (lines), ==, n);
  return lines;
}

#define LABEL(n, ...) label_all (n, (const gchar *const[]) { __VA_ARGS__, NULL })

/* JPEG loses a little: the best label must be the same, and its score to the first digit. */
static void
assert_near (const gchar *a, const gchar *b)
{
  const gchar *first = strstr (a, "\"score\":");

  g_assert_nonnull (first);
  gchar *start = g_strndup (a, (gsize) (first - a) + strlen ("\"score\":0."));
  g_assert_true (g_str_has_prefix (b, start));
  g_free (start);
}

/* --- orientation --- */

/* The scene, lying so that it is upright when turned. */
static gchar *
lying (guint orientation)
{
  return g_strdup_printf (SCENE " ! videoflip video-direction=%s ! videoconvert", turns[back[orientation]]);
}

static GByteArray *
encode (guint orientation, const gchar *encoder)
{
  gchar *scene = lying (orientation), *text = g_strconcat (scene, " ! ", encoder, OUT, NULL);
  GByteArray *bytes = made_bytes (text);

  g_free (scene);
  g_free (text);
  return bytes;
}

static GByteArray *
turned_jpeg (guint orientation)
{
  GByteArray *plain = encode (orientation, "jpegenc quality=100"), *exif = made_exif (orientation);
  GByteArray *jpeg = made_add (g_byte_array_new (), "\xff\xd8\xff\xe1", 4);

  made_add16 (jpeg, 2 + 6 + exif->len, TRUE);
  made_add (jpeg, "Exif\0\0", 6);
  made_add_all (jpeg, exif);
  made_add (jpeg, plain->data + 2, plain->len - 2);
  g_byte_array_unref (plain);
  return jpeg;
}

static GByteArray *
turned_png (guint orientation)
{
  enum { HEAD = 8 + 12 + 13 };
  GByteArray *plain = encode (orientation, "pngenc"), *exif = made_exif (orientation);
  GByteArray *png = made_add (g_byte_array_new (), plain->data, HEAD);

  made_add_png_chunk (png, "eXIf", exif->data, exif->len);
  made_add (png, plain->data + HEAD, plain->len - HEAD);
  g_byte_array_unref (exif);
  g_byte_array_unref (plain);
  return png;
}

static GByteArray *
turned_webp (guint orientation)
{
  GByteArray *plain = encode (orientation, "webpenc lossless=true"), *exif = made_exif (orientation);
  const gboolean on_its_side = orientation >= 5;
  const guint8 wide[] = { 8, 0, 0, 0, 95, 0, 0, 63, 0, 0 }, high[] = { 8, 0, 0, 0, 63, 0, 0, 95, 0, 0 };
  GByteArray *webp = made_webp_begin ();

  made_add_webp_chunk (webp, "VP8X", on_its_side ? high : wide, sizeof wide);
  made_add (webp, plain->data + 12, plain->len - 12);
  made_add_webp_chunk (webp, "EXIF", exif->data, exif->len);
  g_byte_array_unref (exif);
  g_byte_array_unref (plain);
  return made_webp_end (webp);
}

static GByteArray *
turned_tiff (guint orientation)
{
  GByteArray *raw = encode (orientation, "video/x-raw,format=RGB"), *tiff;

  tiff = orientation >= 5 ? made_tiff (raw->data, 64, 96, orientation)
                          : made_tiff (raw->data, 96, 64, orientation);
  g_byte_array_unref (raw);
  return tiff;
}

typedef struct {
  const gchar *ending;
  GByteArray *(*make) (guint orientation);
  gboolean lossy;
} Turned;

static void
test_orientation (gconstpointer data)
{
  const Turned *turned = data;
  gchar *names[2 + ORIENTATIONS] = { g_strdup ("upright.png") };
  gchar **lines;

  store ("upright.png", encode (1, "pngenc"));
  store ("wrong.png", encode (6, "pngenc"));
  for (guint i = 1; i <= ORIENTATIONS; i++) {
    names[i] = g_strdup_printf ("%u.%s", i, turned->ending);
    store (names[i], turned->make (i));
  }
  lines = label_all (1 + ORIENTATIONS, (const gchar *const *) names);
  for (guint i = 1; i <= ORIENTATIONS; i++) {
    if (turned->lossy)
      assert_near (lines[0], lines[i]);
    else
      g_assert_cmpstr (lines[i], ==, lines[0]);
  }
  gchar **wrong = LABEL (1, "wrong.png");
  g_assert_cmpstr (wrong[0], !=, lines[0]);     /* or the test could not fail */
  g_strfreev (wrong);
  g_strfreev (lines);
  for (guint i = 0; i <= ORIENTATIONS; i++)
    g_free (names[i]);
}

/* A video turned by its container, of pictures without loss. */
static void
make_turned_video (const gchar *name, guint orientation)
{
  gchar *scene = lying (orientation), *text = g_strconcat (scene, " ! pngenc ! qtmux", NULL);
  const gchar *const tags[] = { [1] = "rotate-0",[3] = "rotate-180",[6] = "rotate-90",[8] = "rotate-270" };
  GstTagList *list = gst_tag_list_new (GST_TAG_IMAGE_ORIENTATION, tags[orientation], NULL);

  gst_tag_list_set_scope (list, GST_TAG_SCOPE_GLOBAL);
  make (name, text, list);
  gst_tag_list_unref (list);
  g_free (scene);
  g_free (text);
}

static void
test_video_orientation (void)
{
  gchar **lines;

  make_turned_video ("1.mov", 1);
  make_turned_video ("3.mov", 3);
  make_turned_video ("6.mov", 6);
  make_turned_video ("8.mov", 8);
  store ("upright.png", encode (1, "pngenc"));
  lines = LABEL (5, "upright.png", "1.mov", "3.mov", "6.mov", "8.mov");
  for (guint i = 1; i < 5; i++)
    g_assert_cmpstr (lines[i], ==, lines[0]);
  g_strfreev (lines);
}

/* --- what one input leaves to the next --- */

static void
test_nothing_left (void)
{
  static const gchar *const names[] = { "turned.jpg", "plain.png", "turned.mov", "plain.mkv", "wide.mkv",
    "plain.mkv", "tiny.png", "yuv.mkv", "plain.png", "slow.mkv", "plain.jpg", "two.gif", "plain.mkv", NULL };
  static const guint8 colours[] = { 250, 10, 10, 10, 250, 10 };
  guint8 pixels[64 * 64] = { 0 };
  GByteArray *gif = made_gif_begin (64, 64, colours, 2);
  gchar **together;
  guint n = 0;

  made_add_gif_image (gif, pixels, 0, 0, 64, 64, 0);
  memset (pixels, 1, sizeof pixels / 2);
  made_add_gif_image (gif, pixels, 0, 0, 64, 64, 0);
  store ("two.gif", made_add (gif, ";", 1));
  store ("turned.jpg", turned_jpeg (8));
  store ("plain.png", encode (1, "pngenc"));
  store ("plain.jpg", encode (1, "jpegenc"));
  store ("tiny.png", made_bytes ("videotestsrc num-buffers=1 ! video/x-raw,width=1,height=1 ! pngenc" OUT));
  make_turned_video ("turned.mov", 6);
  make ("plain.mkv",
      "videotestsrc num-buffers=2 pattern=smpte ! video/x-raw,format=I420,width=96,height=64 ! matroskamux",
      NULL);
  make ("wide.mkv", "videotestsrc num-buffers=2 pattern=smpte "
      "! video/x-raw,format=I420,width=96,height=64,colorimetry=bt2020,framerate=50/1 ! matroskamux", NULL);
  make ("yuv.mkv", "videotestsrc num-buffers=2 pattern=smpte "
      "! video/x-raw,format=I420,width=96,height=64,colorimetry=1:3:5:1 ! matroskamux", NULL);
  make ("slow.mkv",
      "videotestsrc num-buffers=2 pattern=ball "
      "! video/x-raw,format=RGB,width=300,height=20,framerate=1/7,pixel-aspect-ratio=3/1 ! matroskamux",
      NULL);
  together = label (names, 0, NULL);
  for (guint i = 0; names[i]; i++) {
    gchar **alone = label ((const gchar *const[]) { names[i], NULL }, 0, NULL);
    for (guint j = 0; alone[j]; j++)
      g_assert_cmpstr (together[n++], ==, alone[j]);
    g_strfreev (alone);
  }
  g_assert_cmpuint (n, ==, g_strv_length (together));
  g_strfreev (together);
}

/* --- animations --- */

#define WIDTH 96u
#define HEIGHT 64u
#define PICTURES 4u

typedef struct {
  guint x, y, width, height, colour;
  enum { STAYS, CLEARED, RESTORED } fate;
} Step;

/* The colours are opaque, so that the ways to blend are all alike; black is what is not drawn. */
static const guint8 palette[] = { 0, 0, 0, 240, 40, 20, 20, 220, 40, 30, 60, 250, 250, 240, 30 };

static const Step steps[PICTURES] = {
  { 0, 0, WIDTH, HEIGHT, 1, STAYS },
  { 10, 4, 40, 30, 2, RESTORED },
  { 30, 20, 60, 40, 3, STAYS },
  { 2, 2, 20, 60, 4, STAYS },
};

static void
paint (guint8 *canvas, const Step *step)
{
  for (guint y = 0; y < step->height; y++)
    memset (canvas + (step->y + y) * WIDTH + step->x, (gint) step->colour, step->width);
}

/* A picture of these numbers as PNG. */
static GByteArray *
png_of (const guint8 *numbers, guint width, guint height)
{
  gchar *path = made_path ("raw"), *text;
  GByteArray *raw = g_byte_array_new (), *png;

  for (guint i = 0; i < width * height; i++)
    made_add (raw, palette + 3 * numbers[i], 3);
  store ("raw", raw);
  text = g_strdup_printf (
      "filesrc location=\"%s\" blocksize=%u ! video/x-raw,format=RGB,width=%u,height=%u,framerate=1/1 "
      "! rawvideoparse format=rgb width=%u height=%u ! pngenc" OUT,
      path, width * height * 3, width, height, width, height);
  g_free (path);
  png = made_bytes (text);
  g_free (text);
  return png;
}

/* What is to be seen, as PNG files: 0.png … */
static void
store_expected (gboolean restores)
{
  guint8 canvas[WIDTH * HEIGHT] = { 0 }, before[WIDTH * HEIGHT];

  for (guint i = 0; i < PICTURES; i++) {
    gchar *name = g_strdup_printf ("%u.png", i);
    memcpy (before, canvas, sizeof canvas);
    paint (canvas, &steps[i]);
    store (name, png_of (canvas, WIDTH, HEIGHT));
    if (restores && steps[i].fate == RESTORED)
      memcpy (canvas, before, sizeof canvas);
    g_free (name);
  }
}

static GByteArray *
animated_gif (void)
{
  GByteArray *gif = made_gif_begin (WIDTH, HEIGHT, palette, G_N_ELEMENTS (palette) / 3);

  for (guint i = 0; i < PICTURES; i++) {
    const Step *step = &steps[i];
    guint8 *pixels = g_malloc (step->width * step->height);
    memset (pixels, (gint) step->colour, step->width * step->height);
    made_add_gif_image (
        gif, pixels, step->x, step->y, step->width, step->height, step->fate == RESTORED ? 3 : 1);
    g_free (pixels);
  }
  return made_add (gif, ";", 1);
}

static GByteArray *
still_png (const Step *step)
{
  guint8 *pixels = g_malloc (step->width * step->height);
  GByteArray *png;

  memset (pixels, (gint) step->colour, step->width * step->height);
  png = png_of (pixels, step->width, step->height);
  g_free (pixels);
  return png;
}

static GByteArray *
animated_png (void)
{
  GByteArray *apng = NULL;
  guint sequence = 0;

  for (guint i = 0; i < PICTURES; i++) {
    GByteArray *still = still_png (&steps[i]), *control = g_byte_array_new (), *data = g_byte_array_new ();
    gsize size;
    const guint8 *pixels = made_find_png_chunk (still, "IDAT", &size);
    if (!apng) {
      apng = made_add (g_byte_array_new (), still->data, 8 + 12 + 13);
      made_add_png_chunk (apng, "acTL", (const guint8 *) "\0\0\0\4\0\0\0\0", 8);
    }
    made_add32 (control, sequence++, TRUE);
    made_add32 (control, steps[i].width, TRUE);
    made_add32 (control, steps[i].height, TRUE);
    made_add32 (control, steps[i].x, TRUE);
    made_add32 (control, steps[i].y, TRUE);
    made_add (control, "\0\1\0\12", 4);
    made_add (control, steps[i].fate == RESTORED ? "\2\0" : "\0\0", 2);
    made_add_png_chunk (apng, "fcTL", control->data, control->len);
    if (i > 0)
      made_add32 (data, sequence++, TRUE);
    made_add (data, pixels, size);
    made_add_png_chunk (apng, i > 0 ? "fdAT" : "IDAT", data->data, data->len);
    g_byte_array_unref (control);
    g_byte_array_unref (data);
    g_byte_array_unref (still);
  }
  return made_add_png_chunk (apng, "IEND", NULL, 0);
}

static void
add24 (GByteArray *bytes, guint value)
{
  made_add (bytes, (guint8[]) { (guint8) value, (guint8) (value >> 8), (guint8) (value >> 16) }, 3);
}

static GByteArray *
animated_webp (void)
{
  GByteArray *webp = made_webp_begin ();

  made_add_webp_chunk (webp, "VP8X", "\2\0\0\0\x5f\0\0\x3f\0\0", 10);
  made_add_webp_chunk (webp, "ANIM", "\0\0\0\0\0\0", 6);
  for (guint i = 0; i < PICTURES; i++) {
    const Step *step = &steps[i];
    GByteArray *frame = g_byte_array_new (), *still;
    gchar *path = made_path ("still.png"), *text;
    store ("still.png", still_png (step));
    text = g_strdup_printf (
        "filesrc location=\"%s\" ! pngdec ! videoconvert ! webpenc lossless=true" OUT, path);
    still = made_bytes (text);
    add24 (frame, step->x / 2);
    add24 (frame, step->y / 2);
    add24 (frame, step->width - 1);
    add24 (frame, step->height - 1);
    add24 (frame, 100);
    made_add (frame, "\2", 1);
    made_add (frame, still->data + 12, still->len - 12);
    made_add_webp_chunk (webp, "ANMF", frame->data, frame->len);
    g_byte_array_unref (frame);
    g_byte_array_unref (still);
    g_free (path);
    g_free (text);
  }
  return made_webp_end (webp);
}

typedef struct {
  const gchar *name;
  GByteArray *(*make) (void);
  gboolean restores;            /* the format can restore what a picture covered */
} Animated;

/* Each picture, as it is to be seen, and the next input. */
static void
test_animation (gconstpointer data)
{
  const Animated *animated = data;
  gchar **lines, **expected;

  store_expected (animated->restores);
  store (animated->name, animated->make ());
  expected = LABEL (PICTURES, "0.png", "1.png", "2.png", "3.png");
  lines = LABEL (PICTURES + 1, animated->name, "1.png");
  for (guint i = 0; i < PICTURES; i++)
    g_assert_cmpstr (lines[i], ==, expected[i]);
  g_assert_cmpstr (lines[PICTURES], ==, expected[1]);
  g_assert_cmpstr (expected[0], !=, expected[3]);
  g_strfreev (lines);
  g_strfreev (expected);
}

/* --- one line a photo --- */

/* A JPEG file, with a segment after its first two bytes. */
static GByteArray *
jpeg_with (guint marker, const guint8 *inside, gsize size)
{
  GByteArray *plain = encode (1, "jpegenc"), *jpeg = made_add (g_byte_array_new (), "\xff\xd8\xff", 3);

  made_add (jpeg, (guint8[]) { (guint8) marker }, 1);
  made_add16 (jpeg, (guint) size + 2, TRUE);
  made_add (jpeg, inside, size);
  made_add (jpeg, plain->data + 2, plain->len - 2);
  g_byte_array_unref (plain);
  return jpeg;
}

static GByteArray *
small_jpeg (void)
{
  return made_bytes (
      "videotestsrc num-buffers=1 pattern=ball ! video/x-raw,width=24,height=16 ! jpegenc" OUT);
}

static void
test_one_photo (void)
{
  static const gchar xmp[] = "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" "
      "xmlns:Container=\"http://ns.google.com/photos/1.0/container/\"/>";
  static const guint8 mpf[] = "MPF\0II*\0\x08\0\0\0\0\0\0\0\0";
  GByteArray *exif = made_add_all (made_add (g_byte_array_new (), "Exif\0\0", 6), made_exif (1));
  gchar **lines;

  store ("plain.jpg", encode (1, "jpegenc"));
  store ("gain-map.jpg", made_add_all (jpeg_with (0xe2, mpf, sizeof mpf - 1), small_jpeg ()));
  store ("stereo.mpo", made_add_all (jpeg_with (0xe2, mpf, sizeof mpf - 1), encode (3, "jpegenc")));
  store ("xmp.jpg", made_add_all (jpeg_with (0xe1, (const guint8 *) xmp, sizeof xmp - 1), small_jpeg ()));
  made_add_all (exif, small_jpeg ());
  store ("thumbnail.jpg", jpeg_with (0xe1, exif->data, exif->len));
  g_byte_array_unref (exif);
  store ("trailer.jpg", made_add (encode (1, "jpegenc"), "SEFT trailer\0\0\0\0", 16));
  lines = LABEL (6, "plain.jpg", "gain-map.jpg", "stereo.mpo", "xmp.jpg", "thumbnail.jpg", "trailer.jpg");
  for (guint i = 1; i < 6; i++)
    g_assert_cmpstr (lines[i], ==, lines[0]);
  g_strfreev (lines);
  store ("stream.mjpeg", made_add_all (encode (1, "jpegenc"), encode (3, "jpegenc")));
  g_strfreev (LABEL (2, "stream.mjpeg"));
}

/* Nor does one picture of a stream leave anything to the next: its size, how it is turned. */
static void
test_mixed_stream (void)
{
  gchar **together, **alone;

  store ("turned.jpg", turned_jpeg (6));
  store ("small.jpg", small_jpeg ());
  store ("plain.jpg", encode (1, "jpegenc"));
  store ("mixed.mjpeg", made_add_all (made_add_all (turned_jpeg (6), small_jpeg ()), encode (1, "jpegenc")));
  alone = LABEL (3, "turned.jpg", "small.jpg", "plain.jpg");
  together = LABEL (3, "mixed.mjpeg");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (together[i], ==, alone[i]);
  g_strfreev (alone);
  g_strfreev (together);
}

/* A cover is no picture of what is recorded. */
static void
test_covers (void)
{
  GByteArray *jpeg = small_jpeg ();
  GstSample *cover
      = gst_tag_image_data_to_image_sample (jpeg->data, jpeg->len, GST_TAG_IMAGE_TYPE_FRONT_COVER);
  GstTagList *tags = gst_tag_list_new (GST_TAG_TITLE, "song", GST_TAG_IMAGE, cover, NULL);
  const gchar *const sounds[] = { "song.mp3", "song.m4a", "song.flac", "song.mka", NULL };
  const gchar *const videos[] = { "film.mp4", "film.mkv", NULL };
  gchar **lines, *errors;

  make ("song.mp3", "audiotestsrc num-buffers=9 ! lamemp3enc ! id3v2mux", tags);
  make ("song.m4a", "audiotestsrc num-buffers=9 ! avenc_aac ! mp4mux", tags);
  make ("song.flac", "audiotestsrc num-buffers=9 ! flacenc ! flactag", tags);
  make ("song.mka", "audiotestsrc num-buffers=9 ! vorbisenc ! matroskamux", tags);
  make ("film.mp4", SCENE " ! videoconvert ! avenc_mpeg4 ! mp4mux", tags);
  make ("film.mkv", SCENE " ! videoconvert ! avenc_mpeg4 ! matroskamux", tags);
  lines = label (videos, 0, NULL);
  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  g_strfreev (lines);
  lines = label (sounds, 1, &errors);
  g_assert_cmpuint (g_strv_length (lines), ==, 0);
  for (guint i = 0; sounds[i]; i++) {
    gchar *sentence = g_strdup_printf ("gptvis-label: %s: There is no picture in it.\n", sounds[i]);
    g_assert_nonnull (strstr (errors, sentence));
    g_free (sentence);
  }
  g_strfreev (lines);
  g_free (errors);
  gst_tag_list_unref (tags);
  gst_sample_unref (cover);
  g_byte_array_unref (jpeg);
}

/* Such a file promises transparency in a second stream beside the first; whether it is there or not, it
 * plays. */
static void
test_alpha (void)
{
  GByteArray *vp8 = encode (1, "videoconvert ! vp8enc");

  store ("alpha.webm", made_webm_with_alpha (vp8, 96, 64));
  g_byte_array_unref (vp8);
  g_strfreev (LABEL (1, "alpha.webm"));
}

/* The limit is said, and what is just within it is read. */
static void
test_too_large (void)
{
  const gchar *const names[] = { "wide.png", "high.png", NULL };
  gchar *errors;

  make ("wide.png", "videotestsrc num-buffers=1 ! video/x-raw,width=16385,height=8 ! pngenc", NULL);
  make ("high.png", "videotestsrc num-buffers=1 ! video/x-raw,width=8,height=16384 ! pngenc", NULL);
  gchar **lines = label (names, 1, &errors);
  g_assert_cmpuint (g_strv_length (lines), ==, 1);
  g_assert_cmpstr (errors, ==,
      "gptvis-label: wide.png: The picture has 16385 × 8 pixels; each way at most 16384 can "
      "be analysed.\n");
  g_strfreev (lines);
  g_free (errors);
}

int
main (int argc, char **argv)
{
  static const Turned turned[] = { { "jpg", turned_jpeg, TRUE }, { "png", turned_png, FALSE },
    { "webp", turned_webp, FALSE }, { "tiff", turned_tiff, FALSE }
  };
  static const Animated animated[] = { { "a.gif", animated_gif, TRUE }, { "a.png", animated_png, TRUE },
    { "a.webp", animated_webp, FALSE }
  };
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  program = argv[1];
  made_open_folder ();
  for (guint i = 0; i < G_N_ELEMENTS (turned); i++) {
    gchar *name = g_strconcat ("/inputs/orientation/", turned[i].ending, NULL);
    g_test_add_data_func (name, &turned[i], test_orientation);
    g_free (name);
  }
  g_test_add_func ("/inputs/orientation/mov", test_video_orientation);
  g_test_add_func ("/inputs/nothing-left", test_nothing_left);
  for (guint i = 0; i < G_N_ELEMENTS (animated); i++) {
    gchar *name = g_strconcat ("/inputs/animation/", animated[i].name, NULL);
    g_test_add_data_func (name, &animated[i], test_animation);
    g_free (name);
  }
  g_test_add_func ("/inputs/one-photo", test_one_photo);
  g_test_add_func ("/inputs/mixed-stream", test_mixed_stream);
  g_test_add_func ("/inputs/covers", test_covers);
  g_test_add_func ("/inputs/alpha", test_alpha);
  g_test_add_func ("/inputs/too-large", test_too_large);
  status = g_test_run ();
  made_close_folder ();
  return status;
}
