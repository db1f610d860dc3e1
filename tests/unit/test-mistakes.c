/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people give in place of a checkpoint, and the sentence for each. */
#include "client.h"
#include "unit.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LFS "version https://git-lfs.github.com/spec/v1\noid " \
    "sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258da" \
  "aa5e2ca24d17e2393\nsize 22883656\n"
#define PAGE "\n<!DOCTYPE html>\n<html><head><title>Hugging Face</title></head></html>\n"
#define BYTES(text) text, sizeof text - 1

/* All that an element makes of it. */
static GptVisModel *
open_model (const gchar *path, GError **error)
{
  GptVisModelOptions options = GPTVIS_MODEL_OPTIONS;
  options.path = path;
  options.program.backend = "cpu";
  options.program.threads = 1;
  GptVisModel *model = gptvis_model_open (&options, error);
  const GptVisConfiguration *config = model ? gptvis_model_configuration (model) : NULL;
  const GptVisClientOptions all = { .task = config && config->writes && config->n_labels > 0
        ? GPTVIS_TASK_BOTH : GPTVIS_TASK_AUTO };
  GptVisClient *client = model ? gptvis_client_new (model, &all, error) : NULL;
  if (!client)
    g_clear_pointer (&model, gptvis_model_free);
  gptvis_client_unref (client);
  return model;
}

static void
expect (const gchar *which, const gchar *path, GptVisError code, const gchar *parts)
{
  GError *error = NULL;
  g_assert_null (open_model (path, &error));
  unit_expect_error (which, error, code, parts);
}

static void
drop (const gchar *directory, const gchar *name)
{
  gchar *path = g_build_filename (directory, name, NULL);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_free (path);
}

/* Another file's bytes in the place of one that a writing or a labelling checkpoint has. */
static void
test_contents (void)
{
  static const struct { const gchar *file,
      *bytes; gsize n; GptVisError code; const gchar *parts; } cases[] = {
    {"model.safetensors", BYTES (LFS), GPTVIS_ERROR_FORMAT,
        "model.safetensors: this is a git-lfs pointer|git lfs pull"},
    {"config.json", BYTES (LFS), GPTVIS_ERROR_FORMAT, "config.json: this is a git-lfs pointer"},
    {"preprocessor_config.json", BYTES (LFS), GPTVIS_ERROR_FORMAT,
        "preprocessor_config.json: this is a git-lfs pointer"},
    {"generation_config.json", BYTES (LFS), GPTVIS_ERROR_FORMAT,
        "generation_config.json: this is a git-lfs pointer"},
    {"vocab.json", BYTES (LFS), GPTVIS_ERROR_FORMAT, "vocab.json: this is a git-lfs pointer"},
    {"merges.txt", BYTES (LFS), GPTVIS_ERROR_FORMAT, "merges.txt: this is a git-lfs pointer"},
    {"model.safetensors", BYTES (PAGE), GPTVIS_ERROR_FORMAT,
        "model.safetensors: this is a web page|sign in|download the file again"},
    {"config.json", BYTES (PAGE), GPTVIS_ERROR_FORMAT, "config.json: this is a web page"},
    {"merges.txt", BYTES ("\xef\xbb\xbf<HTML>"), GPTVIS_ERROR_FORMAT, "merges.txt: this is a web page"},
    {"config.json", BYTES ("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"),
    GPTVIS_ERROR_FORMAT,
        "config.json: this is a web page"},
    {"model.safetensors", BYTES ("Entry not found"), GPTVIS_ERROR_FORMAT,
        "a server's answer that there is no such"},
    {"config.json", BYTES ("Invalid username or password."), GPTVIS_ERROR_FORMAT, "must be signed in"},
    {"config.json", BYTES ("Access to model a/b is restricted"), GPTVIS_ERROR_FORMAT,
    "terms must be agreed to"},
    {"config.json", BYTES ("{\"error\":\"Repository not found\"}"), GPTVIS_ERROR_FORMAT,
        "config.json: this is a server's answer (\"Repository not found\")"},
    {"model.safetensors", BYTES ("GGUF\3\0\0\0\0\0\0\0"), GPTVIS_ERROR_UNSUPPORTED, "a GGUF file"},
    {"model.safetensors", BYTES ("PK\3\4\0\0\0\0\0\0\0\0"), GPTVIS_ERROR_UNSUPPORTED,
    "a zip archive|pytorch_model.bin, beside config.json"},
    {"model.safetensors", BYTES ("\x80\2\x8a\nl\xfc\x9c\x46\xf9"), GPTVIS_ERROR_UNSUPPORTED,
    "a Python pickle"},
    {"model.safetensors", BYTES ("\x89HDF\r\n\x1a\n"), GPTVIS_ERROR_UNSUPPORTED, "an HDF5 file|TensorFlow"},
    {"model.safetensors", BYTES ("\x1f\x8b\x08\0\0\0\0\0\0\0"), GPTVIS_ERROR_UNSUPPORTED,
        "compressed with gzip"},
    {"model.safetensors", BYTES (""), GPTVIS_ERROR_FORMAT, "model.safetensors: the file is empty|download "
    "it again"},
    {"config.json", BYTES (""), GPTVIS_ERROR_FORMAT, "config.json: the file is empty|download it again"},
    {"vocab.json", BYTES (""), GPTVIS_ERROR_FORMAT, "vocab.json: the JSON is empty"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_writer (NULL);
    unit_write (directory, cases[i].file, cases[i].bytes, cases[i].n);
    expect (cases[i].file, directory, cases[i].code, cases[i].parts);
    unit_remove (directory);
  }
}

/* Half a file, at every length: never anything but the sentence. */
static void
test_truncated (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GByteArray *whole = unit_vit (NULL, NULL);
  for (guint n = 8; n < whole->len; n += 97) {
    unit_write (directory, "model.safetensors", whole->data, n);
    expect ("truncated", directory, GPTVIS_ERROR_FORMAT, "the file is truncated|download it again");
  }
  g_byte_array_unref (whole);
  unit_remove (directory);
}

/* What lies where the weights should. */
static void
test_other_weights (void)
{
  static const struct { const gchar *file; GptVisError code; const gchar *parts; } cases[] = {
    {"pytorch_model.bin", GPTVIS_ERROR_FORMAT,
        "pytorch_model.bin: this is neither a zip archive nor a pickle"},
    {"pytorch_model-00001-of-00002.bin", GPTVIS_ERROR_NOT_FOUND,
        "pytorch_model-00001-of-00002.bin is one of several parts|pytorch_model.bin.index.json"},
    {"best.pt", GPTVIS_ERROR_NOT_FOUND, "there is best.pt, but neither pytorch_model.bin nor|name it "
        "pytorch_model.bin"},
    {"last.ckpt", GPTVIS_ERROR_NOT_FOUND, "there is last.ckpt|name it pytorch_model.bin"},
    {"tf_model.h5", GPTVIS_ERROR_UNSUPPORTED, "tf_model.h5 (TensorFlow's weights)|from_pretrained(DIR, "
    "from_tf=True)"},
    {"saved_model.pb", GPTVIS_ERROR_UNSUPPORTED, "a SavedModel of TensorFlow|the original checkpoint is "
    "needed"},
    {"flax_model.msgpack", GPTVIS_ERROR_UNSUPPORTED, "Flax's weights|from_flax=True"},
    {"vit-q8.gguf", GPTVIS_ERROR_UNSUPPORTED, "vit-q8.gguf (llama.cpp's format)"},
    {"model.onnx", GPTVIS_ERROR_UNSUPPORTED, "model.onnx (ONNX)|the original checkpoint is needed"},
    {"onnx/model_quantized.onnx", GPTVIS_ERROR_UNSUPPORTED, "only there as onnx/model_quantized.onnx (ONNX)"},
    {"openvino_model.xml", GPTVIS_ERROR_UNSUPPORTED, "openvino_model.xml (OpenVINO's format)"},
    {"model.engine", GPTVIS_ERROR_UNSUPPORTED, "a TensorRT engine"},
    {"model.tflite", GPTVIS_ERROR_UNSUPPORTED, "TensorFlow Lite's format"},
    {"adapter_model.safetensors", GPTVIS_ERROR_UNSUPPORTED, "only an adapter (LoRA)|merge_and_unload()"},
    {"model-00001-of-00002.safetensors", GPTVIS_ERROR_NOT_FOUND,
        "model-00001-of-00002.safetensors is one of several parts|model.safetensors.index.json"},
    {"model.fp16.safetensors", GPTVIS_ERROR_NOT_FOUND, "there is model.fp16.safetensors|name it "
        "model.safetensors"},
    {"model.safetensors.incomplete", GPTVIS_ERROR_NOT_FOUND,
        "an unfinished download, model.safetensors.incomplete"},
    {"Unconfirmed 4711.crdownload", GPTVIS_ERROR_NOT_FOUND, "an unfinished download, Unconfirmed "
        "4711.crdownload"},
    {"model.safetensors.part", GPTVIS_ERROR_NOT_FOUND, "an unfinished download, model.safetensors.part"},
    {".cache/huggingface/download/x.5f0e.incomplete", GPTVIS_ERROR_NOT_FOUND,
    "an unfinished download, .cache/"},
    {"adapter_model.bin", GPTVIS_ERROR_UNSUPPORTED, "only an adapter (LoRA), adapter_model.bin"},
    {"training_args.bin", GPTVIS_ERROR_NOT_FOUND, "there are no weights: neither model.safetensors nor "
        "pytorch_model.bin"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_checkpoint (NULL), *path = g_build_filename (directory, cases[i].file, NULL);
    gchar *folder = g_path_get_dirname (path);
    drop (directory, "model.safetensors");
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_assert_true (g_file_set_contents (path, "x", 1, NULL));
    expect (cases[i].file, directory, cases[i].code, cases[i].parts);
    g_free (folder);
    g_free (path);
    unit_remove (directory);
  }
}

/* What Transformers reads goes before a file of safetensors that is something else. */
static void
test_several (void)
{
  gchar *directory = unit_checkpoint (NULL);
  drop (directory, "model.safetensors");
  unit_write (directory, "tf_model.h5", "x", 1);
  unit_write (directory, "ema.safetensors", "x", 1);
  unit_write (directory, "model.onnx", "x", 1);
  unit_write (directory, "best.pt", "x", 1);
  expect ("several", directory, GPTVIS_ERROR_UNSUPPORTED, "only there as tf_model.h5");
  drop (directory, "tf_model.h5");
  expect ("several", directory, GPTVIS_ERROR_NOT_FOUND, "there is ema.safetensors");
  drop (directory, "ema.safetensors");
  expect ("several", directory, GPTVIS_ERROR_UNSUPPORTED, "only there as model.onnx");
  unit_remove (directory);
}

/* No config.json: what the directory is. */
static void
test_other_directories (void)
{
  static const struct { const gchar *file; GptVisError code; const gchar *parts; } cases[] = {
    {"vit/config.json", GPTVIS_ERROR_NOT_FOUND, "there is no config.json here, but there is one in its "
        "directory vit"},
    {"adapter_config.json", GPTVIS_ERROR_UNSUPPORTED, "only an adapter (LoRA), adapter_config.json"},
    {"model_index.json", GPTVIS_ERROR_UNSUPPORTED, "a pipeline of Diffusers"},
    {"open_clip_config.json", GPTVIS_ERROR_UNSUPPORTED, "a checkpoint of OpenCLIP"},
    {"model.gguf", GPTVIS_ERROR_UNSUPPORTED, "model.gguf (llama.cpp's format)"},
    {"vit.zip", GPTVIS_ERROR_UNSUPPORTED, "vit.zip (an archive, which must be unpacked first)"},
    {"config.json.part", GPTVIS_ERROR_NOT_FOUND, "there is no config.json, but an unfinished download"},
    {"snapshots/a/x", GPTVIS_ERROR_NOT_FOUND,
        ": there is no such file, so |/snapshots/a is not a checkpoint's directory"},
    {"models--google--vit/refs/main", GPTVIS_ERROR_NOT_FOUND, "this is the Hub's cache|/models--google--vit"},
    {"holiday.jpg", GPTVIS_ERROR_NOT_FOUND, "config.json: there is no such file, so|is not a checkpoint's "
    "directory"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_directory (), *path = g_build_filename (directory, cases[i].file, NULL);
    gchar *folder = g_path_get_dirname (path);
    g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
    g_assert_true (g_file_set_contents (path, "x", 1, NULL));
    expect (cases[i].file, directory, cases[i].code, cases[i].parts);
    g_free (folder);
    g_free (path);
    unit_remove (directory);
  }
}

static void
make_link (const gchar *directory, const gchar *name, const gchar *to)
{
  gchar *path = g_build_filename (directory, name, NULL);
  g_remove (path);
  g_assert_cmpint (symlink (to, path), ==, 0);
  g_free (path);
}

/* The Hub's cache: models--…/{refs, snapshots, blobs}, files being links into blobs/. */
static gchar *
make_cache (const gchar **snapshot)
{
  static const gchar *const names[] = { "config.json", "preprocessor_config.json", "model.safetensors" };
  gchar *folder = unit_directory (), *whole = unit_checkpoint (NULL);
  gchar *blobs = g_build_filename (folder, "blobs", NULL), *inner = g_build_filename (folder, "snapshots",
      "3f49", NULL);
  gchar *refs = g_build_filename (folder, "refs", NULL);
  g_mkdir_with_parents (inner, 0700);
  g_mkdir (refs, 0700);
  g_assert_cmpint (g_rename (whole, blobs), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gchar *to = g_build_filename ("..", "..", "blobs", names[i], NULL);
    make_link (inner, names[i], to);
    g_free (to);
  }
  unit_write (refs, "main", "3f49\n", -1);
  *snapshot = inner;
  g_free (refs);
  g_free (blobs);
  g_free (whole);
  return folder;
}

static void
test_cache (void)
{
  const gchar *snapshot;
  gchar *folder = make_cache (&snapshot), *other = g_build_filename (folder, "snapshots", "77aa", NULL);
  GError *error = NULL;
  GptVisModel *a = open_model (snapshot, &error), *b = open_model (folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gptvis_model_path (a), ==, gptvis_model_path (b));   /* the folder is its snapshot */
  gptvis_model_free (a);
  gptvis_model_free (b);

  /* without refs/main the only one; of several none */
  drop (folder, "refs/main");
  a = open_model (folder, &error);
  g_assert_no_error (error);
  gptvis_model_free (a);
  g_mkdir (other, 0700);
  expect ("several", folder, GPTVIS_ERROR_NOT_FOUND, "a folder of the Hub's cache|not clear "
      "which|/snapshots/3f49");

  /* what a link leads to is gone, or on its way */
  drop (folder, "blobs/model.safetensors");
  expect ("dangling", snapshot, GPTVIS_ERROR_NOT_FOUND, "model.safetensors: this is a link to "
      "../../blobs/model.safetensors, which is not there: download it again");
  gchar *blobs = g_build_filename (folder, "blobs", NULL);
  unit_write (blobs, "model.safetensors.incomplete", "x", 1);
  expect ("on its way", snapshot, GPTVIS_ERROR_NOT_FOUND, "is not there, only an unfinished download of it");
  drop (folder, "blobs/config.json");
  expect ("dangling", snapshot, GPTVIS_ERROR_NOT_FOUND,
      "config.json: this is a link to ../../blobs/config.json");
  g_free (blobs);
  g_free ((gchar *) snapshot);
  g_free (other);
  unit_remove (folder);

  /* a file that need not be there, and did not come */
  gchar *writer = unit_writer (NULL);
  make_link (writer, "generation_config.json", "../blobs/1");
  expect ("generation", writer, GPTVIS_ERROR_NOT_FOUND, "generation_config.json: this is a link to "
      "../blobs/1");
  drop (writer, "generation_config.json");
  unit_write (writer, "generation_config.json", UNIT_GENERATION, -1);
  make_link (writer, "merges.txt", "../blobs/2");
  expect ("merges", writer, GPTVIS_ERROR_NOT_FOUND, "merges.txt: this is a link to ../blobs/2");
  unit_remove (writer);
}

/* A file, or no path at all. */
static void
test_paths (void)
{
  gchar *directory = unit_checkpoint (NULL), *weights = g_build_filename (directory, "model.safetensors",
      NULL);
  gchar *alone = unit_directory (), *zip = g_build_filename (alone, "vit.zip", NULL);
  gchar *fifo = g_build_filename (alone, "fifo", NULL), *dangling = g_build_filename (alone, "link", NULL);
  gchar *parts = g_strdup_printf ("model.safetensors: this is a file|name the one it is in, %s", directory);
  expect ("weights", weights, GPTVIS_ERROR_FORMAT, parts);
  unit_write (alone, "vit.zip", BYTES ("PK\3\4\0\0\0\0"));
  expect ("zip", zip, GPTVIS_ERROR_UNSUPPORTED, "vit.zip: this is a zip archive|must be unpacked");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  expect ("fifo", fifo, GPTVIS_ERROR_FORMAT, "fifo: this is a file, where a checkpoint's directory is "
      "needed");
  make_link (alone, "link", "/nonexistent/vit");
  expect ("link", dangling, GPTVIS_ERROR_NOT_FOUND, "link: this is a link to /nonexistent/vit, which is not "
      "there");
  expect ("hub", "nobody/vit-base-patch16-224", GPTVIS_ERROR_NOT_FOUND,
      "there is no such directory|\"gptvis-model get nobody/vit-base-patch16-224\" downloads it");
  expect ("address", "https://huggingface.co/google/vit-base-patch16-224", GPTVIS_ERROR_NOT_FOUND,
      "an address");
  expect ("tilde", "~/models/vit", GPTVIS_ERROR_NOT_FOUND, "the whole path");
  g_free (parts);
  g_free (dangling);
  g_free (fifo);
  g_free (zip);
  g_free (weights);
  unit_remove (alone);
  unit_remove (directory);
}

/* ---- config.json of something else ---- */

static void
test_configurations (void)
{
  static const struct { const gchar *config, *parts; } cases[] = {
    {"{\"architecture\":\"resnet50.a1_in1k\",\"num_classes\":1000,\"pretrained_cfg\":{}}",
        "architecture \"resnet50.a1_in1k\" is none of timm's plain ViTs|vit_base_patch16_224"},
    {"{\"model_type\":\"timm_wrapper\",\"architecture\":\"mobilenetv3_small_100\"}",
        "architecture \"mobilenetv3_small_100\" is none of timm's plain ViTs"},
    {"{\"_class_name\":\"UNet2DConditionModel\"}", "Diffusers"},
    {"{\"model_type\":\"bert\",\"architectures\":[\"BertForSequenceClassification\"]}",
        "model_type \"bert\" is a text network, which takes no pictures"},
    {"{\"model_type\":\"gpt2\"}", "text network"}, {"{\"model_type\":\"roberta\"}", "text network"},
    {"{\"model_type\":\"vit_mae\",\"architectures\":[\"ViTMAEForPreTraining\"]}",
    "\"vit_mae\" is none of those supported, of which the nearest is vit_msn: "},
    {"{\"model_type\":\"swinv2\"}", "none of those supported, of which the nearest is swin: beit, "},
    {"{\"model_type\":\"ViT\"}", "the nearest is vit: "},
    {"{\"model_type\":\"convnext\"}", "\"convnext\" is none of those supported: beit, "},
    {"{\"model_type\":\"a_word_that_is_longer_than_any_of_those_that_are_known\"}", "supported: beit, "},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_checkpoint (NULL);
    unit_write (directory, "config.json", cases[i].config, -1);
    expect (cases[i].config, directory, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
    unit_remove (directory);
  }
}

/* Decoders that are not shown the picture, though their tensors' names are a captioner's. */
static void
test_blind_decoders (void)
{
#define DECODER(more) ",\"encoder\":" UNIT_CONFIG ",\"decoder\":{\"model_type\":\"gpt2\",\"vocab_size\":10," \
  "\"n_positions\":16,\"n_embd\":12,\"n_layer\":1,\"n_head\":3,\"n_inner\":20" more "}}"
#define BLIP(name, more) "{\"model_type\":\"blip\",\"architectures\":[\"" name "\"],\"vision_config\":{}," \
  "\"text_config\":{" more "}}"
  static const struct { const gchar *config, *parts; } cases[] = {
    {"{\"model_type\":\"vision-encoder-decoder\"" DECODER (",\"add_cross_attention\":false"),
        "decoder: add_cross_attention is false: the decoder does not look at the picture"},
    {"{\"model_type\":\"vision-encoder-decoder\",\"architectures\":[\"EncoderDecoderModel\"]" DECODER (""),
        "architectures has EncoderDecoderModel|only VisionEncoderDecoderModel writes"},
    {BLIP ("BlipForQuestionAnswering", ""), "architectures has BlipForQuestionAnswering, where of "
        "model_type blip only BlipForConditionalGeneration writes"},
    {BLIP ("BlipForImageTextRetrieval", ""), "architectures has BlipForImageTextRetrieval"},
    {BLIP ("BlipModel", ""), "architectures has BlipModel"},
    {BLIP ("BlipForConditionalGeneration", "\"is_decoder\":false"), "text_config: is_decoder is false"},
    {"{\"model_type\":\"git\",\"architectures\":[\"GitModel\"],\"vision_config\":{}}",
    "architectures has GitModel"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *directory = unit_writer (NULL);
    unit_write (directory, "config.json", cases[i].config, -1);
    expect (cases[i].config, directory, GPTVIS_ERROR_UNSUPPORTED, cases[i].parts);
    unit_remove (directory);
  }
  gchar *directory = unit_writer (NULL);
  GError *error = NULL;
  unit_write (directory, "config.json", "{\"model_type\":\"vision-encoder-decoder\","
      "\"architectures\":[\"VisionEncoderDecoderModel\"]" DECODER (",\"add_cross_attention\":true,"
      "\"is_decoder\":true"), -1);
  GptVisModel *model = open_model (directory, &error);
  g_assert_no_error (error);
  g_assert_true (gptvis_model_configuration (model)->writes);
  gptvis_model_free (model);
  unit_remove (directory);
}

/* ---- weights that were made small ---- */

/* bitsandbytes' bytes, with their scales beside them */
static gboolean
make_bytes (UnitTensor *t)
{
  if (strstr (t->name, "query.weight"))
    strcpy (t->dtype, "I64");   /* of no floats */
  if (strstr (t->name, "query.bias"))
    g_strlcpy (t->name, "vit.encoder.layer.0.attention.attention.query.SCB", sizeof t->name);
  return TRUE;
}

/* GPTQ's and AWQ's words */
static gboolean
make_words (UnitTensor *t)
{
  gchar *end = strstr (t->name, "dense.weight");
  if (end)
    strcpy (end, "dense.qweight");
  return TRUE;
}

static void
test_quantised (void)
{
  gchar *directory = unit_checkpoint (make_bytes);
  expect ("names", directory, GPTVIS_ERROR_UNSUPPORTED, "the weights are quantised, which is not read "
      "here|precision int8|query.weight has dtype I64");
  unit_write (directory, "config.json", "{\"quantization_config\":{\"quant_method\":\"bitsandbytes\"},"
      "\"model_type\":\"vit\",\"hidden_size\":8,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
      "\"intermediate_size\":12,\"image_size\":8,\"patch_size\":4,\"num_labels\":3}", -1);
  expect ("said", directory, GPTVIS_ERROR_UNSUPPORTED, "the weights are quantised (bitsandbytes)");
  unit_remove (directory);
  directory = unit_checkpoint (make_words);
  expect ("words", directory, GPTVIS_ERROR_UNSUPPORTED, "the weights are quantised|dense.weight is missing");
  unit_remove (directory);

  /* said, and yet floats: they can be read */
  GError *error = NULL;
  directory = unit_checkpoint (NULL);
  unit_write (directory, "config.json",
      "{\"quantization_config\":{},\"model_type\":\"vit\",\"hidden_size\":8,\"num_hidden_layers\":1,"
      "\"num_attention_heads\":2,\"intermediate_size\":12,\"image_size\":8,\"patch_size\":4,"
      "\"num_labels\":3}", -1);
  GptVisModel *model = open_model (directory, &error);
  g_assert_no_error (error);
  gptvis_model_free (model);
  unit_remove (directory);
}

/* ---- preprocessor_config.json ---- */

static void
test_processor (void)
{
  gchar *directory = unit_checkpoint (NULL);
  GError *error = NULL;
  drop (directory, "preprocessor_config.json");
  expect ("absent", directory, GPTVIS_ERROR_NOT_FOUND, "preprocessor_config.json: there is no such file, "
      "which says");
  unit_write (directory, "processor_config.json", "{\"processor_class\":\"X\"}", -1);
  expect ("other", directory, GPTVIS_ERROR_NOT_FOUND, "preprocessor_config.json: there is no such file, "
      "which says");
  unit_write (directory, "processor_config.json", "{\"image_processor\":{\"size\":0}}", -1);
  expect ("wrong", directory, GPTVIS_ERROR_FORMAT, "processor_config.json: size is neither");
  unit_write (directory, "processor_config.json", PAGE, -1);
  expect ("page", directory, GPTVIS_ERROR_FORMAT, "processor_config.json: this is a web page");

  /* as Transformers 5 writes it */
  unit_write (directory, "processor_config.json", "{\"image_processor\":" UNIT_PREPROCESSOR "}", -1);
  GptVisModel *model = open_model (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gptvis_model_recipe (model)->width, ==, 8);
  gptvis_model_free (model);
  unit_remove (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mistakes/contents", test_contents);
  g_test_add_func ("/mistakes/truncated", test_truncated);
  g_test_add_func ("/mistakes/other-weights", test_other_weights);
  g_test_add_func ("/mistakes/several", test_several);
  g_test_add_func ("/mistakes/other-directories", test_other_directories);
  g_test_add_func ("/mistakes/cache", test_cache);
  g_test_add_func ("/mistakes/paths", test_paths);
  g_test_add_func ("/mistakes/configurations", test_configurations);
  g_test_add_func ("/mistakes/blind-decoders", test_blind_decoders);
  g_test_add_func ("/mistakes/quantised", test_quantised);
  g_test_add_func ("/mistakes/processor", test_processor);
  return g_test_run ();
}
