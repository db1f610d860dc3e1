/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label over a folder of hundreds of odd files: each container with each codec that this machine's
 * GStreamer can write, and files that are cut short, overwritten, empty, of another kind than their names
 * say, pipes that nobody writes to … Each gives lines, or a sentence, or for what is cut short both; the
 * whole ends, with the right exit status. Usage: odd-files GPTVIS-LABEL. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "made.h"

#define LEAST 300u              /* files, or too little was made for the test to mean anything */
#define MAKING (10 * GST_SECOND)        /* an element that does not end is not this test's matter */
#define PICTURE "videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48,framerate=25/1"

typedef enum { EITHER, LINES, SENTENCE } Expected;

typedef struct {
  gchar *name;
  Expected expected;
  guint lines, sentences;       /* that were found */
} Odd;

static const gchar *program;
static GPtrArray *odds;         /* of Odd */

static void
odd_free (gpointer data)
{
  g_free (((Odd *) data)->name);
  g_free (data);
}

static void
expect (const gchar *name, Expected expected)
{
  Odd *odd = g_new0 (Odd, 1);

  *odd = (Odd) {.name = g_strdup (name),.expected = expected };
  g_ptr_array_add (odds, odd);
}

static void
store (const gchar *name, Expected expected, gconstpointer data, gsize size)
{
  gchar *path = made_path (name);

  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
  expect (name, expected);
  g_free (path);
}

/* FALSE, and no file, where the pipeline does not work here. */
static gboolean
make (const gchar *name, Expected expected, const gchar *format, ...)
{
  gchar *path = made_path (name), *text, *whole;
  GstElement *pipeline;
  GstMessage *message;
  gboolean made;
  va_list list;
  GstBus *bus;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  whole = g_strdup_printf ("%s ! filesink location=\"%s\"", text, path);
  if ((pipeline = gst_parse_launch_full (whole, NULL, GST_PARSE_FLAG_FATAL_ERRORS, NULL))) {
    bus = gst_element_get_bus (pipeline);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (bus, MAKING, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    made = message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    gst_clear_message (&message);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (bus);
    gst_object_unref (pipeline);
  } else {
    made = FALSE;
  }
  if (made)
    expect (name, expected);
  else
    g_unlink (path);
  g_free (whole);
  g_free (text);
  g_free (path);
  return made;
}

/* --- what GStreamer can write --- */

/* Elements that encode pictures, and that put streams into containers, with the endings that fit. */
static const gchar *const encoders[]
    = { "x264enc tune=zerolatency", "x265enc", "vp8enc", "vp9enc", "theoraenc", "jpegenc", "pngenc",
        "avenc_mpeg1video", "avenc_mpeg2video", "avenc_mpeg4", "avenc_h263p", "avenc_flv", "avenc_msmpeg4",
        "avenc_wmv2", "avenc_ffv1", "avenc_huffyuv", "avenc_prores", "avenc_dvvideo", "identity" };
static const struct {
  const gchar *mux, *ending;
} muxers[] = {
  { "mp4mux", "mp4" },
  { "qtmux", "mov" },
  { "3gppmux", "3gp" },
  { "matroskamux", "mkv" },
  { "webmmux", "webm" },
  { "avimux", "avi" },
  { "oggmux", "ogv" },
  { "mpegtsmux", "ts" },
  { "mpegpsmux", "mpg" },
  { "flvmux", "flv" },
  { "asfmux", "wmv" }, /* not mxfmux, which fills the memory when it gets MPEG-4 */
};

static void
make_videos (void)
{
  for (guint m = 0; m < G_N_ELEMENTS (muxers); m++) {
    for (guint e = 0; e < G_N_ELEMENTS (encoders); e++) {
      const gint word = (gint) strcspn (encoders[e], " ");
      gchar *name = g_strdup_printf ("%s-%.*s.%s", muxers[m].mux, word, encoders[e], muxers[m].ending);
      make (name, EITHER, PICTURE " ! videoconvert ! %s ! %s", encoders[e], muxers[m].mux);
      g_free (name);
    }
  }
}

static void
make_photos (void)
{
  static const gchar *const kinds[][2]
      = { { "jpegenc", "jpg" }, { "pngenc", "png" }, { "webpenc", "webp" }, { "avenc_bmp", "bmp" },
          { "avenc_tiff", "tiff" }, { "pnmenc", "ppm" }, { "openjpegenc ! image/jp2", "jp2" } };
  static const gint sides[][2]
      = { { 1, 1 }, { 2, 1 }, { 1, 3 }, { 33, 17 }, { 320, 240 }, { 16384, 2 }, { 2, 16384 } };

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
    const gboolean narrow = g_str_equal (kinds[k][1], "webp");
    for (guint s = 0; s < G_N_ELEMENTS (sides); s++) {
      /* JPEG 2000 has sides that its coder refuses; of the smallest PPM GStreamer does not see what it is */
      const gboolean loose = g_str_equal (kinds[k][1], "jp2") || (s == 0 && g_str_equal (kinds[k][1], "ppm"));
      gchar *name = g_strdup_printf ("%dx%d.%s", sides[s][0], sides[s][1], kinds[k][1]);
      if (!(narrow && MAX (sides[s][0], sides[s][1]) >= 16384))
        make (name, loose ? EITHER : LINES,
            "videotestsrc num-buffers=1 ! video/x-raw,width=%d,height=%d ! videoconvert "
            "! %s",
            sides[s][0], sides[s][1], kinds[k][0]);
      g_free (name);
    }
  }
  make ("wide.png", SENTENCE, "videotestsrc num-buffers=1 ! video/x-raw,width=16385,height=2 ! pngenc");
  make ("high.jpg", SENTENCE, "videotestsrc num-buffers=1 ! video/x-raw,width=2,height=20000 ! jpegenc");
  make ("grey.png", LINES, "videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8 ! pngenc");
  make ("deep.png", LINES, "videotestsrc num-buffers=1 ! video/x-raw,format=GRAY16_BE ! pngenc");
  make ("alpha.png", LINES, "videotestsrc num-buffers=1 ! video/x-raw,format=RGBA ! pngenc");
  make ("alpha.webp", LINES, "videotestsrc num-buffers=1 ! video/x-raw,format=RGBA ! webpenc");
  make ("stream.mjpeg", LINES, PICTURE " ! jpegenc");
}

static void
make_special_videos (void)
{
  make ("hdr.mkv", EITHER, "videotestsrc num-buffers=2 ! video/x-raw,format=I420_10LE,width=64,height=48,"
      "colorimetry=bt2100-pq ! x265enc ! matroskamux");
  make ("ten-bits.mkv", EITHER,
      "videotestsrc num-buffers=2 ! video/x-raw,format=I420_10LE,width=64,height=48 "
      "! vp9enc ! matroskamux");
  make ("rgba.mkv", LINES,
      "videotestsrc num-buffers=2 ! video/x-raw,format=RGBA,width=64,height=48 ! matroskamux");
  make ("alpha.mov", LINES,
      "videotestsrc num-buffers=2 ! video/x-raw,format=RGBA,width=64,height=48 ! pngenc ! qtmux");
  make ("interlaced.mkv", LINES,
      "videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48,interlace-mode=interleaved,"
      "framerate=25/1 ! matroskamux");
  make ("sound-too.mkv", LINES, "matroskamux name=m audiotestsrc num-buffers=4 ! vorbisenc ! m. " PICTURE
      " ! jpegenc ! m. m.");
  make ("two.mkv", LINES, "matroskamux name=m " PICTURE " ! vp8enc ! m. " PICTURE " ! jpegenc ! m. m.");
}

/* --- what holds no picture --- */

static void
make_sounds (void)
{
  static const gchar *const kinds[][2] = { { "wavenc", "wav" }, { "vorbisenc ! oggmux", "ogg" },
    { "opusenc ! oggmux", "opus" }, { "flacenc", "flac" }, { "lamemp3enc", "mp3" },
    { "avenc_aac ! mp4mux", "mp4" }, { "vorbisenc ! matroskamux", "mkv" }, { "vorbisenc ! webmmux", "webm" },
    { "avenc_aac ! mpegtsmux", "ts" }, { "avimux", "avi" }, { "avenc_ac3", "ac3" }, { "aiffmux", "aiff" },
    { "auparse", "au" }, { "lamemp3enc ! id3v2mux", "2.mp3" } };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gchar *name = g_strconcat ("sound.", kinds[i][1], NULL);
    make (name, SENTENCE, "audiotestsrc num-buffers=20 ! audioconvert ! audioresample ! %s", kinds[i][0]);
    g_free (name);
  }
}

static void
store_other_kinds (void)
{
  static const gchar *const endings[]
      = { "3gp", "avi", "bmp", "flv", "gif", "heic", "jpeg", "jpg", "jxl", "m2ts", "m4v", "mkv", "mov", "mp4",
          "mpg", "mts", "ogv", "png", "ppm", "tiff", "ts", "webm", "webp", "wmv", "" };
  static const struct {
    const gchar *name, *head;
    gsize size;
  } heads[] = {
#define HEAD(name, head) { name, head, sizeof head - 1 }
    HEAD ("a.zip", "PK\3\4"),
    HEAD ("page.html", "<!DOCTYPE html>\n<html><body>404</body></html>\n"),
    HEAD ("page.jpg", "<!DOCTYPE html>\n<html><body>404</body></html>\n"),
    HEAD ("a.pdf", "%PDF-1.7\n"),
    HEAD ("notes.txt", "one\ntwo\n"),
    HEAD ("sub.srt", "1\n00:00:00,000 --> 00:00:02,000\nHello\n\n"),
    HEAD ("sub.vtt", "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n\n"),
    HEAD ("a.psd", "8BPS\0\1"),
    HEAD ("a.heic", "\0\0\0\x18"
                    "ftypheic\0\0\0\0mif1heic"),
    HEAD ("a.avif", "\0\0\0\x18"
                    "ftypavif\0\0\0\0mif1avif"),
    HEAD ("bare.jxl", "\xff\x0a"),
    HEAD ("boxed.jxl", "\0\0\0\x0cJXL \r\n\x87\n"),
    HEAD ("a.cr2", "II*\0\x10\0\0\0CR\2\0"),
    HEAD ("a.cr3", "\0\0\0\x18"
                   "ftypcrx \0\0\0\1crx isom"),
    HEAD ("program", "\x7f"
                     "ELF\2\1\1"),
    HEAD ("a.gz", "\x1f\x8b\x08\0"),
    HEAD ("a.sqlite", "SQLite format 3"),
    HEAD ("model.safetensors", "\x40\0\0\0\0\0\0\0{"),
    HEAD ("cut.gif", "GIF89a\x10\0\x10\0"),
    HEAD ("cut.webp", "RIFF\xff\xff\0\0WEBPVP8X"),
    HEAD ("cut.tif", "II*\0\xff\xff\xff\0"),
    HEAD ("cut.png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    HEAD ("cut.bmp", "BM\xff\xff\0\0\0\0\0\0\x36\0\0\0"),
#undef HEAD
  };
  guint8 block[3000] = { 0 };
  GRand *random = g_rand_new_with_seed (1);

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    memcpy (block, heads[i].head, heads[i].size);
    store (heads[i].name, SENTENCE, block,
        g_str_has_suffix (heads[i].name, ".txt") ? heads[i].size : sizeof block);
    memset (block, 0, sizeof block);
  }
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    gchar *empty = g_strconcat ("empty.", endings[i], NULL),
          *noise = g_strconcat ("noise.", endings[i], NULL);
    for (guint b = 0; b < sizeof block; b++)
      block[b] = (guint8) g_rand_int (random);
    store (empty, SENTENCE, "", 0);
    store (noise, EITHER, block, sizeof block);
    g_free (empty);
    g_free (noise);
  }
  g_rand_free (random);
}

static void
make_no_files (void)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX };
  gchar *pipe = made_path ("pipe.jpg"), *other = made_path ("pipe.mkv"), *link = made_path ("link.jpg");
  gchar *inner = made_path ("folder.jpg"), *name = made_path ("socket.jpg");
  gint door = socket (AF_UNIX, SOCK_STREAM, 0);

  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_cmpint (mkfifo (other, 0600), ==, 0);
  g_assert_cmpint (symlink ("nothing", link), ==, 0);
  g_assert_cmpint (g_mkdir (inner, 0700), ==, 0);
  expect ("pipe.jpg", SENTENCE);
  expect ("pipe.mkv", SENTENCE);
  expect ("link.jpg", SENTENCE);
  expect ("folder.jpg", SENTENCE);
  g_strlcpy (address.sun_path, name, sizeof address.sun_path);
  if (bind (door, (struct sockaddr *) &address, sizeof address) == 0)
    expect ("socket.jpg", SENTENCE);
  close (door);
  g_free (name);
  g_free (pipe);
  g_free (other);
  g_free (link);
  g_free (inner);
}

/* --- what is wrong with good ones --- */

/* Of each `step`th file that was made well: cut, overwritten, named wrongly. */
static void
spoil (guint step)
{
  static const gchar *const names[] = { "jpg", "mp4", "png", "mkv", "gif", "tiff", "heic", "avi" };
  const guint n = odds->len;
  gsize size;
  gchar *data;

  for (guint i = 0; i < n; i += step) {
    const gchar *name = ((const Odd *) odds->pdata[i])->name;
    gchar *path = made_path (name), *half = g_strconcat ("half-", name, NULL),
          *head = g_strconcat ("head-", name, NULL);
    gchar *hurt = g_strconcat ("hurt-", name, NULL), *other;
    if (g_file_get_contents (path, &data, &size, NULL)) {
      other = g_strdup_printf ("%s.%s", name, names[i / step % G_N_ELEMENTS (names)]);
      store (half, EITHER, data, size / 2);
      store (head, EITHER, data, MIN (size, 60));
      store (other, ((const Odd *) odds->pdata[i])->expected, data, size);
      memset (data + size / 3, 0xa5, MIN (size / 3, 64));
      store (hurt, EITHER, data, size);
      g_free (other);
      g_free (data);
    }
    g_free (half);
    g_free (head);
    g_free (hurt);
    g_free (path);
  }
}

/* --- what is said of them --- */

static Odd *
find (const gchar *name)
{
  for (guint i = 0; i < odds->len; i++) {
    if (g_str_equal (((const Odd *) odds->pdata[i])->name, name))
      return odds->pdata[i];
  }
  return NULL;
}

static void
count_lines (const gchar *output)
{
  static const gchar before[] = "\"stream\":\"";
  gchar **lines = g_strsplit (output, "\n", -1);

  for (guint i = 0; lines[i] && *lines[i]; i++) {
    gchar *name = strstr (lines[i], before);
    g_assert_nonnull (name);
    name += strlen (before);
    name[strcspn (name, "\"")] = 0;
    g_assert_nonnull (find (name));
    find (name)->lines++;
  }
  g_strfreev (lines);
}

/* Each is "gptvis-label: NAME: …". */
static void
count_sentences (const gchar *errors)
{
  static const gchar *const vague[]
      = { "GStreamer encountered", "missing a plug-in", "installation is", "debug", "gst_", "assertion" };
  static const gchar before[] = "gptvis-label: ";
  gchar **lines = g_strsplit (errors, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    if (strstr (lines[i], "CRITICAL"))
      g_error ("%s", lines[i]);
    if (!g_str_has_prefix (lines[i], before))
      continue;                 /* a library's own words */
    for (guint v = 0; v < G_N_ELEMENTS (vague); v++) {
      if (strstr (lines[i], vague[v]))
        g_error ("%s", lines[i]);
    }
    gchar *name = lines[i] + strlen (before), *end = strstr (name, ": ");
    g_assert_nonnull (end);
    *end = 0;
    g_assert_nonnull (find (name));
    if (!g_str_has_prefix (end + 2, "warning: "))
      find (name)->sentences++;
  }
  g_strfreev (lines);
}

static void
judge (gint status)
{
  guint said = 0, right = 0, lines = 0;

  for (guint i = 0; i < odds->len; i++) {
    const Odd *odd = odds->pdata[i];
    gboolean fits = odd->expected == LINES ? odd->lines > 0 && odd->sentences == 0
        : odd->expected == SENTENCE ? odd->lines == 0 && odd->sentences == 1
        : odd->sentences <= 1 && (odd->lines > 0 || odd->sentences > 0);
    if (!fits)
      g_test_message ("%s: %u lines, %u sentences, expected: %s", odd->name, odd->lines, odd->sentences,
          odd->expected == LINES ? "lines" : odd->expected == SENTENCE ? "a sentence" : "either");
    right += fits;
    said += odd->sentences;
    lines += odd->lines > 0;
  }
  g_test_message ("%u files, %u with lines, %u with a sentence", odds->len, lines, said);
  g_assert_cmpuint (right, ==, odds->len);
  g_assert_cmpint (status, ==, said > 0);
  g_assert_cmpuint (odds->len, >=, LEAST);
}

static void
test_odd_files (void)
{
  GPtrArray *arguments = g_ptr_array_new ();
  gchar *output = NULL, *errors = NULL;
  gint status;

  make_videos ();
  make_photos ();
  make_special_videos ();
  make_sounds ();
  spoil (4);
  store_other_kinds ();
  make_no_files ();
  g_ptr_array_add (arguments, "--json");
  g_ptr_array_add (arguments, "--patience=2");
  g_ptr_array_add (arguments, "--top-k=1");
  for (guint i = 0; i < odds->len; i++)
    g_ptr_array_add (arguments, ((const Odd *) odds->pdata[i])->name);
  g_ptr_array_add (arguments, NULL);
  status = made_run (program, (const gchar *const *) arguments->pdata, &output, &errors);
  g_test_message ("%s", errors);
  count_lines (output);
  count_sentences (errors);
  judge (status);
  g_free (output);
  g_free (errors);
  g_ptr_array_unref (arguments);
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  program = argv[1];
  made_open_folder ();
  odds = g_ptr_array_new_with_free_func (odd_free);
  g_test_add_func ("/odd-files", test_odd_files);
  status = g_test_run ();
  made_close_folder ();
  g_ptr_array_unref (odds);
  return status;
}
