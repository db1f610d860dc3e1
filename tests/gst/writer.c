/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A checkpoint that writes, worked out by hand as those of checkpoint.c are: that ViT, all of whose tokens
 * are (2, −2, 0 …) for white pictures and (−2, 2, 0 …) for black ones, and a GPT-2 of one layer and 8
 * channels, a channel a word.
 *
 * A word's row in wte is 1 in its own channel, that of wpe at position p is NEXT in the
 * channel of the word that comes at p + 1: so that is what the last norm finds largest, and
 * lm_head, which is wte, says it. After "a" both "white" and "black" are. Self-attention
 * and MLP are zero; cross-attention is uniform and adds what channel 0 of the tokens has to
 * "white", and takes it from "black". */
#include "checkpoint.h"
#include <string.h>

enum { END, A, WHITE, BLACK, PICTURE };
static const gchar vocabulary[] = "{\"<|endoftext|>\":0,\"a\":1,\"\304\240white\":2,\"\304\240black\":3,"
    "\"\304\240picture\":4}";

#define WIDTH TOWER_WIDTH
#define POSITIONS WRITER_LENGTH
#define WORDS WIDTH             /* in wte; three more than are in vocab.json, which never come */
#ifdef TSAN
#define MANY_WORDS 10000u       /* each of which is looked at for each beam and each word */
#else
#define MANY_WORDS 100000u
#endif
#define NEXT 100.0f             /* a word's own 1 and the picture's 20 are small beside it */
#define PREFIX "decoder.transformer."

static guint
words_of (WriterKind kind)
{
  return kind & WRITES_SLOWLY ? MANY_WORDS : WORDS;
}

/* Beyond the channels there are words without a row, which are less likely than any that is due. */
static void
add_words (Tensors *to, guint n)
{
  gfloat *rows = g_new0 (gfloat, n * WIDTH);
  gchar *shape = g_strdup_printf ("[%u,8]", n);

  for (guint i = 0; i < WIDTH; i++)
    rows[i * WIDTH + i] = 1;
  tensors_add (to, PREFIX "wte.weight", shape, rows, n * WIDTH);
  g_free (shape);
  g_free (rows);
}

static void
add_positions (Tensors *to, gboolean ends)
{
  gfloat rows[POSITIONS][WIDTH] = { 0 };
  gchar *shape = g_strdup_printf ("[%u,8]", POSITIONS);

  rows[0][A] = rows[1][WHITE] = rows[1][BLACK] = rows[2][PICTURE] = NEXT;
  for (guint i = 3; i < POSITIONS; i++)
    rows[i][ends ? END : PICTURE] = NEXT;
  tensors_add (to, PREFIX "wpe.weight", shape, rows[0], POSITIONS * WIDTH);
  g_free (shape);
}

/* [8, width], as GPT-2 stores its products, with at most two numbers in it. */
static void
add_product (Tensors *to, const gchar *name, guint width, guint row, guint column, gfloat value,
    guint other_row, guint other_column)
{
  gfloat *weight = g_new0 (gfloat, WIDTH * width);
  gchar *full = g_strconcat (PREFIX "h.0.", name, ".weight", NULL), *shape = g_strdup_printf ("[8,%u]",
      width);

  weight[row * width + column] = value;
  weight[other_row * width + other_column] = -value;
  tensors_add (to, full, shape, weight, WIDTH * width);
  g_free (full);
  g_free (shape);
  full = g_strconcat (PREFIX "h.0.", name, ".bias", NULL);
  shape = g_strdup_printf ("[%u]", width);
  tensors_fill (to, full, shape, 0, width);
  g_free (full);
  g_free (shape);
  g_free (weight);
}

/* NaN: where "white" is ahead, the MLP's relu lets a number through that the next product
 * makes too large for a float. */
static void
add_layer (Tensors *to, gboolean nan)
{
  static const gchar *const norms[] = { "ln_1", "ln_cross_attn", "ln_2" };

  for (guint i = 0; i < G_N_ELEMENTS (norms); i++) {
    gchar *name = g_strconcat (PREFIX "h.0.", norms[i], NULL);
    tensors_add_norm (to, name);
    g_free (name);
  }
  add_product (to, "attn.c_attn", 3 * WIDTH, 0, 0, 0, 0, 0);
  add_product (to, "attn.c_proj", WIDTH, 0, 0, 0, 0, 0);
  add_product (to, "crossattention.q_attn", WIDTH, 0, 0, 0, 0, 0);
  add_product (to, "crossattention.c_attn", 2 * WIDTH, 0, WIDTH, 10, 0, WIDTH + 1);    /* ±20 */
  add_product (to, "crossattention.c_proj", WIDTH, 0, WHITE, 1, 0, BLACK);
  add_product (to, "mlp.c_fc", WIDTH, WHITE, 0, nan ? 100 : 0, BLACK, 0);
  add_product (to, "mlp.c_proj", WIDTH, 0, PICTURE, nan ? 3e38f : 0, 0, END);
}

static void
add_decoder (Tensors *to, WriterKind kind)
{
  add_words (to, words_of (kind));
  add_positions (to, !(kind & (WRITES_FOREVER | WRITES_SLOWLY)));
  add_layer (to, (kind & WRITES_NAN) != 0);
  /* so sharp that the words that are due have nearly all of the probability */
  tensors_fill (to, PREFIX "ln_f.weight", "[8]", 10, WIDTH);
  tensors_fill (to, PREFIX "ln_f.bias", "[8]", 0, WIDTH);
}

static void
put_texts (const gchar *directory, WriterKind kind, CheckpointKind tower)
{
  gchar *encoder = checkpoint_tower_config (tower);
  gchar *config = g_strdup_printf ("{\"architectures\":[\"VisionEncoderDecoderModel\"],"
      "\"model_type\":\"vision-encoder-decoder\",\"encoder\":%s,\"decoder\":{\"model_type\":\"gpt2\","
      "\"vocab_size\":%u,\"n_positions\":%u,\"n_embd\":8,\"n_layer\":1,\"n_head\":1,\"n_inner\":8,"
      "\"activation_function\":\"relu\"}}", encoder, words_of (kind), POSITIONS);
  gchar *generation = g_strdup_printf ("{\"decoder_start_token_id\":0,\"eos_token_id\":0,\"max_length\":%u,"
      "\"num_beams\":%u,\"caption_threshold\":%s}", kind & (WRITES_FOREVER | WRITES_SLOWLY) ? WRITER_LENGTH
      : 20, kind & WRITES_SLOWLY ? 8 : 1, kind & IS_CAREFUL ? "1" : "0");

  checkpoint_put (directory, "config.json", config, -1);
  checkpoint_put (directory, "generation_config.json", generation, -1);
  checkpoint_put (directory, "vocab.json", vocabulary, -1);
  checkpoint_put (directory, "merges.txt", "#version: 0.2\n", -1);
  checkpoint_put_recipe (directory, tower);
  g_free (generation);
  g_free (config);
  g_free (encoder);
}

gchar *
writer_write (WriterKind kind)
{
  const CheckpointKind tower = kind & LOOKS_SLOWLY ? CHECKPOINT_SLOWISH : kind & OVERLOOKS
      ? CHECKPOINT_OVERFLOWS : CHECKPOINT_SOUND;
  GError *error = NULL;
  gchar *directory = g_dir_make_tmp ("gptvis-writer-XXXXXX", &error);
  Tensors tensors;

  g_assert_no_error (error);
  tensors_init (&tensors);
  checkpoint_add_tower (&tensors, "encoder", tower);
  if (!(kind & NAMES_NOTHING))
    checkpoint_add_classifier (&tensors);
  add_decoder (&tensors, kind);
  tensors_save (&tensors, directory);
  put_texts (directory, kind, tower);
  return directory;
}
