/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known is in tables, whose rows are {what it looks like, what it is}. */
#include "mistakes.h"
#include "quote.h"
#include <string.h>

#define AGAIN "download the file again"
#define PICKLE "this is a Python pickle: PyTorch's weights are read as pytorch_model.bin, beside config.json"
#define ORIGINAL "the original checkpoint is needed, with config.json and model.safetensors"

/* ---- by the first bytes ---- */

static const struct {
  const gchar *bytes;
  guint n, offset;
  GptVisError code;
  const gchar *sentence;
} contents[] = {
#define BYTES(text) text, sizeof text - 1, 0
  {BYTES ("version https://git-lfs.github.com/spec/"), GPTVIS_ERROR_FORMAT,
      "this is a git-lfs pointer, not the file itself: run \"git lfs pull\" in its directory, or "
      "download the file itself"},
  {BYTES ("Entry not found"), GPTVIS_ERROR_FORMAT,
      "this is a server's answer that there is no such file: " AGAIN},
  {BYTES ("Repository not found"), GPTVIS_ERROR_FORMAT,
      "this is a server's answer that there is no such checkpoint: " AGAIN},
  {BYTES ("Invalid username or password"), GPTVIS_ERROR_FORMAT,
      "this is a server's answer that one must be signed in: sign in, and " AGAIN},
  {BYTES ("Access to model "), GPTVIS_ERROR_FORMAT,
      "this is a server's answer that its terms must be agreed to: agree, sign in, and " AGAIN},
  {BYTES ("GGUF"), GPTVIS_ERROR_UNSUPPORTED, "this is a GGUF file, llama.cpp's format of weights: " ORIGINAL},
  {BYTES ("PK\3\4"), GPTVIS_ERROR_UNSUPPORTED,
      "this is a zip archive: PyTorch's weights are read as pytorch_model.bin, beside config.json; another "
      "archive must be unpacked"},
  {BYTES ("\x80\2\x8a"), GPTVIS_ERROR_UNSUPPORTED, PICKLE},
  {BYTES ("\x80\2}"), GPTVIS_ERROR_UNSUPPORTED, PICKLE},
  {BYTES ("\x89HDF\r\n\x1a\n"), GPTVIS_ERROR_UNSUPPORTED,
      "this is an HDF5 file, as TensorFlow and Keras write weights (.h5): " ORIGINAL},
  {BYTES ("\x1f\x8b"), GPTVIS_ERROR_UNSUPPORTED, "this is compressed with gzip: decompress it"},
  {BYTES ("BZh"), GPTVIS_ERROR_UNSUPPORTED, "this is compressed with bzip2: decompress it"},
  {BYTES ("\xfd""7zXZ"), GPTVIS_ERROR_UNSUPPORTED, "this is compressed with xz: decompress it"},
  {BYTES ("\x28\xb5\x2f\xfd"), GPTVIS_ERROR_UNSUPPORTED, "this is compressed with zstd: decompress it"},
  {BYTES ("7z\xbc\xaf\x27\x1c"), GPTVIS_ERROR_UNSUPPORTED, "this is a 7z archive: unpack it"},
#undef BYTES
  {"ustar", 5, 257, GPTVIS_ERROR_UNSUPPORTED, "this is a tar archive: unpack it"},
};

/* Of HTML and XML: a page to sign in at, or a server's "404". Not any "<", since a vocabulary may begin
 * with "<s>". */
static gboolean
is_page (const gchar *bytes, gsize n)
{
  static const gchar *const begins[] = { "<!doctype", "<html", "<head", "<?xml " };
  const gchar *end = bytes + n;
  if (n >= 3 && memcmp (bytes, "\xef\xbb\xbf", 3) == 0)
    bytes += 3;
  while (bytes < end && g_ascii_isspace (*bytes))
    bytes++;
  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    if ((gsize) (end - bytes) >= strlen (begins[i])
        && g_ascii_strncasecmp (bytes, begins[i], strlen (begins[i])) == 0)
      return TRUE;
  return FALSE;
}

static const gchar *
name_content (const gchar *bytes, gsize n, GptVisError *code)
{
  *code = GPTVIS_ERROR_FORMAT;
  if (is_page (bytes, n))
    return "this is a web page in place of the file, as servers send when one must sign in or there is no "
        "such file: " AGAIN;
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    if (n >= contents[i].offset + contents[i].n
        && memcmp (bytes + contents[i].offset, contents[i].bytes, contents[i].n) == 0) {
      *code = contents[i].code;
      return contents[i].sentence;
    }
  return NULL;
}

gboolean
gptvis_mistake_content (const gchar *path, const gchar *bytes, gsize n, GError **error)
{
  GptVisError code;
  const gchar *sentence = name_content (bytes, n, &code);
  if (!sentence)
    return FALSE;
  g_clear_error (error);
  gptvis_quote_error (error, code, "%s: %s", path, sentence);
  return TRUE;
}

/* ---- names in a directory ---- */

#define MOST_NAMES 4096u        /* that are looked at */

static gint
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

static void
add_names (GPtrArray *names, const gchar *directory, const gchar *below)
{
  gchar *path = g_build_filename (directory, below, NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  for (const gchar *name; dir && names->len < MOST_NAMES && (name = g_dir_read_name (dir));)
    g_ptr_array_add (names, below ? g_build_filename (below, name, NULL) : g_strdup (name));
  g_clear_pointer (&dir, g_dir_close);
  g_free (path);
}

/* What is in a directory, and in its own directories ("onnx/model.onnx"), ordered. */
static GPtrArray *
list_names (const gchar *directory)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  add_names (names, directory, NULL);
  const guint n = names->len;
  for (guint i = 0; i < n; i++) {
    gchar *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);
    if (g_file_test (path, G_FILE_TEST_IS_DIR))
      add_names (names, directory, g_ptr_array_index (names, i));
    g_free (path);
  }
  /* where huggingface_hub keeps unfinished downloads */
  add_names (names, directory, ".cache/huggingface/download");
  g_ptr_array_sort (names, by_text);
  return names;
}

/* What training leaves beside the weights. */
static gboolean
is_left_over (const gchar *name)
{
  static const gchar *const left[] = { "training_args.bin", "optimizer.*", "scheduler.pt", "rng_state*.pth",
      "scaler.pt" };
  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    if (g_pattern_match_simple (left[i], name))
      return TRUE;
  return FALSE;
}

/* The first name that the pattern matches, in whichever directory; NULL: none. */
static const gchar *
find_name (const GPtrArray *names, const gchar *pattern)
{
  for (guint i = 0; i < names->len; i++) {
    const gchar *path = g_ptr_array_index (names, i), *slash = strrchr (path, '/');
    const gchar *name = slash ? slash + 1 : path;
    if (g_pattern_match_simple (pattern, name) && !is_left_over (name))
      return path;
  }
  return NULL;
}

/* ---- downloads that did not end ---- */

static const gchar *const unfinished[] = { "*.incomplete", "*.part", "*.partial", "*.crdownload",
  "*.opdownload", "*.download", "*.aria2" };

static const gchar *
find_unfinished (const GPtrArray *names)
{
  const gchar *found = NULL;
  for (guint i = 0; !found && i < G_N_ELEMENTS (unfinished); i++)
    found = find_name (names, unfinished[i]);
  return found;
}

/* A dangling link, as in huggingface_hub's cache when a file of blobs/ was removed or never downloaded. */
static gboolean
is_dangling (const gchar *path, GError **error)
{
  gchar *to = g_file_read_link (path, NULL);
  if (!to || g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_free (to);
    return FALSE;
  }
  gchar *above = g_path_get_dirname (path), *directory = g_canonicalize_filename (above, NULL);
  gchar *target = g_canonicalize_filename (to, directory), *part = g_strconcat (target, ".incomplete", NULL);
  gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: this is a link to %s, which is not there%s: "
      "download it again", path, to,
      g_file_test (part, G_FILE_TEST_EXISTS) ? ", only an unfinished download of it" : "");
  g_free (part);
  g_free (target);
  g_free (directory);
  g_free (above);
  g_free (to);
  return TRUE;
}

void
gptvis_mistake_file_absent (const gchar *path, GError **error)
{
  if (is_dangling (path, error))
    return;
  gchar *found = NULL;
  for (guint i = 0; !found && i < G_N_ELEMENTS (unfinished); i++) {
    found = g_strconcat (path, unfinished[i] + 1, NULL);
    if (!g_file_test (found, G_FILE_TEST_EXISTS))
      g_clear_pointer (&found, g_free);
  }
  if (found)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such file, only an unfinished "
        "download of it, %s: let it end, or download it again", path, found);
  else
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such file%s", path,
        g_file_test (path, G_FILE_TEST_IS_DIR) ? ", but a directory of that name" : "");
  g_free (found);
}

/* ---- a path to nothing, a file ---- */

void
gptvis_mistake_path_absent (const gchar *path, GError **error)
{
  if (is_dangling (path, error))
    return;
  const gchar *why = "";
  if (strstr (path, "://"))
    why = ": this is an address, and nothing is downloaded here; name a directory of this machine";
  else if (path[0] == '~')
    why = ": \"~\" stands for a home directory only in a shell; write the whole path";
  gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no such directory%s", path, why);
}

void
gptvis_mistake_no_directory (const gchar *path, const gchar *bytes, gsize n, GError **error)
{
  gchar *directory = g_path_get_dirname (path);
  gchar *config = g_build_filename (directory, "config.json", NULL);
  if (g_file_test (config, G_FILE_TEST_IS_REGULAR))
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
        "%s: this is a file, where a checkpoint's directory is needed: name the one it is in, %s", path,
        directory);
  else if (!gptvis_mistake_content (path, bytes, n, error))
    gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
        "%s: this is a file, where a checkpoint's directory is needed (with config.json in it)", path);
  g_free (config);
  g_free (directory);
}

/* ---- what is there instead of a checkpoint ---- */

#define ARCHIVE "an archive, which must be unpacked first"
#define MAKE_ONE "take model.safetensors from where the checkpoint came from (its other revisions " \
  "included), or make one in Python with %.60s.from_pretrained(DIR%s).save_pretrained(DIR)"

/* In this order, since an OpenVINO model has a .bin beside it, and some checkpoints have several of these. */
static const struct {
  const gchar *pattern, *what;
  const gchar *argument;        /* that makes Transformers read it; NULL: it cannot */
} others[] = {
  {"tf_model*.h5", "TensorFlow's weights", ", from_tf=True"},
  {"flax_model*.msgpack", "Flax's weights", ", from_flax=True"},
  {"*.gguf", "llama.cpp's format", NULL}, {"*.ggml", "llama.cpp's format", NULL},
  {"*.onnx", "ONNX", NULL}, {"openvino*.xml", "OpenVINO's format", NULL},
  {"saved_model.pb", "a SavedModel of TensorFlow", NULL}, {"*.tflite", "TensorFlow Lite's format", NULL},
  {"*.h5", "a model of Keras", NULL}, {"*.keras", "a model of Keras", NULL},
  {"*.msgpack", "Flax's weights", NULL},
  {"*.engine", "a TensorRT engine", NULL}, {"*.trt", "a TensorRT engine", NULL},
  {"*.mlmodel", "Core ML's format", NULL}, {"*.mlpackage", "Core ML's format", NULL},
  {"*.pdparams", "PaddlePaddle's weights", NULL}, {"*.npz", "NumPy's arrays", NULL},
  {"*.zip", ARCHIVE, NULL}, {"*.tar*", ARCHIVE, NULL},
};

static gboolean
is_adapter (const gchar *directory, const GPtrArray *names, GError **error)
{
  const gchar *name = find_name (names, "adapter_model.safetensors");
  if (!name)
    name = find_name (names, "adapter_model.bin");
  if (!name)
    name = find_name (names, "adapter_config.json");
  if (!name)
    return FALSE;
  gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED, "%s: there is only an adapter (LoRA), %s, which "
      "changes another checkpoint's network and is none itself: merge both in Python with "
      "merge_and_unload(), and name the directory that save_pretrained() writes", directory, name);
  return TRUE;
}

/* Another framework's weights: those that Transformers can convert (known), or all others. */
static gboolean
is_other (const gchar *directory, const GPtrArray *names, gboolean known, const gchar *class_name,
    GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    const gchar *name = find_name (names, others[i].pattern);
    if (!name || known != (others[i].argument != NULL))
      continue;
    gchar *advice = others[i].argument ? g_strdup_printf (MAKE_ONE, class_name, others[i].argument)
        : g_strdup (ORIGINAL);
    gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s: the weights are only there as %s (%s), which is not read here: %s", directory, name,
        others[i].what, advice);
    g_free (advice);
    return TRUE;
  }
  return FALSE;
}

/* How a format's files are called: all in one, a part, and what people call the one. */
typedef struct {
  const gchar *single, *part, *files[5];
} Names;

static const Names safetensors = { "model.safetensors", "*-of-*.safetensors", {"*.safetensors"} };
static const Names torch = { "pytorch_model.bin", "*-of-*.bin", {"*.bin", "*.pt", "*.pth", "*.ckpt"} };

/* Weights under an unexpected name, or parts of them without their index. */
static gboolean
is_misnamed (const gchar *directory, const GPtrArray *names, const Names *format, GError **error)
{
  const gchar *part = find_name (names, format->part), *file = NULL;
  for (guint i = 0; !file && format->files[i]; i++)
    file = find_name (names, format->files[i]);
  if (part)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: %s is one of several parts, and %s.index.json, which says what is in which, is not there: "
        "download it too", directory, part, format->single);
  else if (file)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: there is %s, but neither %s nor %s.index.json: if it holds the whole network, name it %s",
        directory, file, format->single, format->single, format->single);
  return part || file;
}

static gboolean
is_unfinished (const gchar *directory, const GPtrArray *names, const gchar *lacks, GError **error)
{
  const gchar *name = find_unfinished (names);
  if (name)
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, "%s: there is no %s, but an unfinished download, %s: "
        "let it end, or download the checkpoint again", directory, lacks, name);
  return name != NULL;
}

/* Is one of the two a dangling link? */
static gboolean
is_link_to_nothing (const gchar *directory, GError **error)
{
  gchar *first = g_build_filename (directory, safetensors.single, NULL);
  gchar *second = g_build_filename (directory, torch.single, NULL);
  const gboolean found = is_dangling (first, error) || is_dangling (second, error);
  g_free (first);
  g_free (second);
  return found;
}

void
gptvis_mistake_no_weights (const gchar *directory, const gchar *class_name, GError **error)
{
  GPtrArray *names = list_names (directory);
  if (!is_link_to_nothing (directory, error) && !is_unfinished (directory, names, "model.safetensors", error)
      && !is_adapter (directory, names, error) && !is_other (directory, names, TRUE, class_name, error)
      && !is_misnamed (directory, names, &safetensors, error)
      && !is_other (directory, names, FALSE, class_name, error)
      && !is_misnamed (directory, names, &torch, error))
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: there are no weights: neither model.safetensors nor pytorch_model.bin, nor the index of either "
        "(….index.json) with its files", directory);
  g_ptr_array_unref (names);
}

/* A directory that contains the checkpoint's, such as an archive's. */
static gboolean
is_parent (const gchar *directory, const GPtrArray *names, GError **error)
{
  const gchar *name = find_name (names, "config.json");
  if (!name || !strchr (name, '/'))
    return FALSE;
  gchar *inner = g_path_get_dirname (name), *path = g_build_filename (directory, inner, NULL);
  gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
      "%s: there is no config.json here, but there is one in its directory %s: name %s", directory, inner,
      path);
  g_free (path);
  g_free (inner);
  return TRUE;
}

/* The Hub's cache, or a folder of it whose snapshot could not be chosen (locate.c). */
static gboolean
is_cache (const gchar *directory, const GPtrArray *names, GError **error)
{
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    const gboolean of_checkpoint = g_str_has_prefix (name, "snapshots/");
    if (!of_checkpoint && !(g_str_has_prefix (name, "models--") && !strchr (name, '/')))
      continue;
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND, of_checkpoint
        ? "%s: this is a folder of the Hub's cache, and it is not clear which of its snapshots is meant: "
        "name one, as in %s/%s"
        : "%s: this is the Hub's cache: name one checkpoint in it, as in %s/%s", directory, directory, name);
    return TRUE;
  }
  return FALSE;
}

/* What other programs' checkpoints have instead of config.json. */
static const gchar *const configs[][2] = {
  {"model_index.json", "a pipeline of Diffusers, which makes pictures"},
  {"open_clip_config.json", "a checkpoint of OpenCLIP"},
  {"params.json", "a checkpoint that is not Transformers'"},
};

static gboolean
is_other_programs (const gchar *directory, const GPtrArray *names, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    if (find_name (names, configs[i][0])) {
      gptvis_quote_error (error, GPTVIS_ERROR_UNSUPPORTED,
          "%s: there is no config.json, and %s shows %s: one of Transformers is needed", directory,
          configs[i][0], configs[i][1]);
      return TRUE;
    }
  return FALSE;
}

void
gptvis_mistake_no_config (const gchar *directory, GError **error)
{
  gchar *config = g_build_filename (directory, "config.json", NULL);
  GPtrArray *names = list_names (directory);
  if (!is_dangling (config, error) && !is_unfinished (directory, names, "config.json", error)
      && !is_cache (directory, names, error) && !is_parent (directory, names, error)
      && !is_adapter (directory, names, error) && !is_other_programs (directory, names, error)
      && !is_other (directory, names, TRUE, "AutoModelForImageClassification", error)
      && !is_other (directory, names, FALSE, NULL, error))
    gptvis_quote_error (error, GPTVIS_ERROR_NOT_FOUND,
        "%s: there is no such file, so %s is not a checkpoint's directory", config, directory);
  g_ptr_array_unref (names);
  g_free (config);
}
