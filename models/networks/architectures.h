/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of architectures. To support another one: a file that records its
 * plan, a row in architectures.c, a golden directory.
 *
 * What every classifier's plan has:
 *     input    "patches"           [tokens of the picture, 3·P²]
 *     outputs  "logits"            [1, labels]
 *              "scores"            [1, labels]: softmax, or a sigmoid each
 *              "hidden_states.0" … "hidden_states.L"  [rows, hidden_size]: what goes
 *              into the first layer, then what leaves each layer, before the final norm
 *              "embedding"         [1, any]: the picture's vector as the checkpoint pools it, of any length
 *
 * One without a classifier has the last two alone.
 *
 * A detector's:
 *     input    "patches"
 *     outputs  "logits"            [places, classes]: what may be at each place where it looks; classes
 * beyond the labels mean that there is nothing "scores"            [places, classes]: softmax, or a sigmoid
 * each "pred_boxes"        [places, 4]: centre x, centre y, width and height of each, as fractions of the
 *                                  picture that the network sees
 *
 * A network that writes has two plans. The tower's:
 *     input    "patches"
 *     outputs  "tokens"            [rows, hidden_size], normed; row 0 is the class token
 *              "logits", "scores"  where a classifier is beside it
 * and the decoder's, which reads those tokens (of several pictures, one below the other,
 * where a caption is of several) and then writes token by token (plan.h, steps):
 *     input    "tokens"            [pictures · rows, hidden_size]
 *     outputs  "logits"            [1, vocabulary] of the next token
 *              "log-probabilities" [1, vocabulary], of the same */
#pragma once
#include "configuration.h"

G_BEGIN_DECLS

struct _GptVisJson;

/* What a plan for pictures computes: a set of these, of those that the checkpoint has. */
typedef enum {
  GPTVIS_OUTPUT_SCORES = 1 << 0,        /* "logits" and "scores" */
  GPTVIS_OUTPUT_TOKENS = 1 << 1,        /* "tokens" */
  GPTVIS_OUTPUT_HIDDEN = 1 << 2,        /* "hidden_states.…": for golden-check */
  GPTVIS_OUTPUT_BOXES = 1 << 3,         /* "logits" and "scores" of places, and "pred_boxes" */
  GPTVIS_OUTPUT_EMBEDDING = 1 << 4,     /* "embedding" */
} GptVisOutputs;

#define GPTVIS_MAX_PATCHES 65536u       /* of a picture; attention's work grows with the square */

/* What a decoder has room for. */
typedef struct {
  guint max_sequences, beams;   /* as gptvis_plan_step has them */
  guint max_length;             /* tokens of a caption, the start counted */
} GptVisDecoderSize;

#define GPTVIS_TIMM "timm_wrapper"      /* what Transformers calls networks of timm */

/* How many values the checkpoint's tensor of that name has; 0: there is none. */
typedef gsize (*GptVisTensorSize) (gconstpointer user, const gchar *name);

typedef struct _GptVisArchitecture {
  const gchar *model_type;      /* as config.json has it */
  /* What Transformers' configuration class assumes when config.json is silent. */
  guint image_size, patch_size;
  guint image_width;            /* where image_size is no square: that is its height; 0: it is one */
  const gchar *act;
  gdouble epsilon;
  gboolean mlp_ratio;           /* the MLP's width is a ratio, not a number */
  gboolean registers;           /* there are register tokens */
  gboolean interpolates;        /* positions for image_size, a square, are made to fit other sizes */
  gboolean any_size;            /* likewise, of any image_size, and pictures may have sizes of their own */
  const gchar *image_member;    /* what config.json calls image_size; NULL: that */
  const gchar *detects;         /* of a detector: a tensor of its head; NULL: it finds no boxes */
  const gchar *backbone;        /* the part of config.json about its tower; NULL: the whole */
  const gchar *usual_backbone;  /* that part when it is left out; NULL: it may not be */
  gboolean statistics;          /* lw_detr: batch norms */
  gboolean stages;              /* layers, widths and heads are in stages, and are read by `read` */
  /* reads what only this type's part about the tower says; NULL: there is nothing */
  void (*read) (struct _GptVisJson *json, GptVisConfiguration *config);
  gboolean encodes;             /* can be vision-encoder-decoder's encoder */
  const gchar *classifier;      /* where its last linear layer is; NULL: "classifier" */
  gboolean embeds;              /* it has "embedding" */
  const gchar *pooler; /* where a dense layer is that some checkpoints send the class token through; NULL: in
                        * none */
  /* Writes down what only the tensors tell. NULL: nothing. */
  void (*look) (GptVisConfiguration *config, GptVisTensorSize size_of, gconstpointer user);
  /* Of networks that write: */
  const gchar *tower;           /* the part of config.json about the tower */
  const gchar *decoder;         /* and about the decoder; NULL: all of it */
  guint vocabulary, n_positions, n_layers, n_heads;     /* of a BERT decoder, when config.json is silent */
  guint bos, eos;               /* its configuration class's tokens */
  const gchar *class_name;      /* the one class that writes captions */
  gboolean own_tokens;          /* its generate() uses text_config's bos_token_id and sep_token_id */
  /* NULL: the tower is what encoder_type says, as vision-encoder-decoder has it */
  void (*record) (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
      GptVisOutputs outputs);
  void (*record_decoder) (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
      const GptVisDecoderSize *size);
} GptVisArchitecture;

/* NULL when model_type is unknown. */
const GptVisArchitecture *gptvis_architecture_find (const gchar *model_type);
/* The known model_type that is written most like it; NULL: none is. */
const gchar *gptvis_architecture_nearest (const gchar *model_type);
/* "deit, dinov2, …", for a message; g_free it. */
gchar *gptvis_architecture_names (void);

/* All that can be asked of its network, except hidden states. */
GptVisOutputs gptvis_architecture_outputs (const GptVisConfiguration *config);

/* The finished plan, cut to these outputs: what only others need is not in it. NULL with UNSUPPORTED when
 * the recipe's pictures do not fit, or with LIMIT when there are too many patches, or with a plan's own
 * errors. */
GptVisPlan *gptvis_architecture_plan (const GptVisConfiguration *config, const GptVisRecipe *recipe,
    guint max_batch, GptVisOutputs outputs, GError **error);

/* The finished decoder's plan of a network that writes; rows: of the tower's "tokens". */
GptVisPlan *gptvis_architecture_decoder_plan (const GptVisConfiguration *config, guint rows, guint max_batch,
    const GptVisDecoderSize *size, GError **error);

/* Each family is in a file of its own. */
void gptvis_vit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_deit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_dinov2_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_clip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_timm_look (GptVisConfiguration *config, GptVisTensorSize size_of, gconstpointer user);
void gptvis_timm_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_beit_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_data2vec_vision_record (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, GptVisOutputs outputs);
void gptvis_dinov3_vit_record (GptVisPlan *plan, const GptVisConfiguration *config,
    const GptVisRecipe *recipe, GptVisOutputs outputs);
void gptvis_swin_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_encoder_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_gpt2_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size);
void gptvis_yolos_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_lw_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_rf_detr_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_siglip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_git_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_git_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size);
void gptvis_blip_record (GptVisPlan *plan, const GptVisConfiguration *config, const GptVisRecipe *recipe,
    GptVisOutputs outputs);
void gptvis_blip_record_decoder (GptVisPlan *plan, const GptVisConfiguration *config, guint rows,
    const GptVisDecoderSize *size);

G_END_DECLS
