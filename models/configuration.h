/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What config.json says, checked and with Transformers' defaults where it is
 * silent: the numbers that an architecture records its plan from, and the labels. One
 * list of numbers serves all architectures; each ignores those that it does not use.
 * Of a network that writes (has a decoder), the numbers outside `decoder` are those of
 * its tower, which encodes pictures. (Not "config.h": that is the build's.) */
#pragma once
#include "plan.h"

G_BEGIN_DECLS

#define GPTVIS_MAX_LABELS 1000000u
#define GPTVIS_MAX_LAYERS 1000u
#define GPTVIS_MAX_VOCABULARY 1000000u
#define GPTVIS_MAX_PLACES 10000u        /* where a detector looks */

/* Of a network that writes: the decoder's numbers. */
typedef struct {
  guint hidden_size, n_layers, n_heads, intermediate_size;
  guint n_positions, vocabulary;
  GptVisAct act;
  gfloat epsilon;
  gboolean tied;                /* the word embedding is the last weight, too */
  gboolean scale_by_layer;      /* GPT-2: attention of layer l is divided by l + 1 as well */
  gboolean project;             /* vision-encoder-decoder: tokens pass enc_to_dec_proj */
  gint start, end;              /* blip: tokens that override generation_config.json's; −1: none */
  guint n_frames;               /* git: pictures of a caption; 0: one, without a temporal embedding */
} GptVisDecoderNumbers;

#define GPTVIS_MAX_STAGES 8u
#define GPTVIS_MAX_BLOCKS 6u

/* Of a detector in two stages (lw_detr, rf_detr): what comes after its tower, and which parts of that go
 * there. */
typedef struct {
  guint stages[GPTVIS_MAX_STAGES], n_stages;    /* what leaves so many layers goes on, side by side */
  gboolean normed;              /* through the tower's last norm */
  guint windows;                /* each way */
  guint *windowed, n_windowed;  /* numbers of the layers whose attention is window by window */
  gboolean positions;           /* lw_detr: patches have some */
  /* The projector. */
  guint n_blocks, hidden;       /* hidden: width of a block */
  GptVisAct act;
  gfloat norm_epsilon;
  /* The decoder. */
  guint width, n_layers, self_heads, cross_heads, points, intermediate_size;
  GptVisAct decoder_act;
  gboolean bias;                /* of its self-attention */
  guint n_groups;               /* tables of queries are stored for so many; the first is used */
} GptVisDetectorNumbers;

/* Of timm's: what else its ViTs may have. All but the first two only the tensors tell. */
typedef struct {
  gchar *architecture;          /* "vit_base_patch16_224" */
  gboolean mean;                /* of the patches goes to the head, else the class token */
  gboolean class_token, distilled;      /* distilled: another token and another head, both the mean of two */
  gboolean prefix_positions;    /* what comes before the patches has positions, too */
  gboolean patch_bias, first_norm, scales;
  gboolean last_norm, pooled_norm;      /* before and after pooling */
} GptVisTimmNumbers;
/* Of BEiT and its like. */
typedef struct {
  gboolean positions;           /* patches have some */
  gboolean relative, shared;    /* a bias by how patches lie: of each layer, of all layers together */
  gboolean scaled;              /* what the branches add, by channel */
  gboolean mean;                /* of the patches is classified, else the class token */
} GptVisBeitNumbers;

/* Of DINOv3. */
typedef struct {
  gboolean query_bias, key_bias, value_bias, output_bias, mlp_bias;
  gdouble rope_theta;           /* the base of what queries and keys are turned by */
} GptVisDinov3Numbers;

/* Of Swin, whose layers are in stages: n_layers is how many. */
typedef struct {
  guint width;                  /* of the first stage, doubled in each that follows; hidden_size: of the
                                   last */
  guint depths[GPTVIS_MAX_STAGES], heads[GPTVIS_MAX_STAGES];
  guint window;                 /* patches of a window, each way */
  gdouble mlp_ratio;            /* an MLP's width is so many times its stage's */
  gboolean positions;           /* patches have some */
} GptVisSwinNumbers;

typedef struct {
  gchar *model_type;            /* "vit", "deit", "dinov2", "git", … */
  gchar *encoder_type;          /* vision-encoder-decoder: "vit", "deit"; else NULL */
  const struct _GptVisArchitecture *architecture;       /* model_type's row of the table (architectures.h) */
  gchar *class_name;            /* the first of "architectures"; NULL when not said */
  gchar *quantised;             /* quantization_config's method; NULL: the weights are not quantised */
  guint hidden_size, n_layers, n_heads;
  guint intermediate_size;      /* of the MLP; dinov2: from mlp_ratio, and fewer for SwiGLU */
  guint image_height, image_width, patch_size;  /* pixels; their quotients are the grid of positions */
  guint n_registers;
  GptVisAct act;
  gfloat epsilon;               /* of the layer norms */
  gboolean qkv_bias;
  gboolean swiglu;
  gboolean teacher;             /* deit: two heads, the logits are their mean */
  guint n_places;               /* of a detector: where it looks for something, each with a box */
  gboolean mid_positions;       /* yolos: positions are added after each layer too */
  GptVisDetectorNumbers detector;
  GptVisTimmNumbers timm;
  GptVisBeitNumbers beit;
  GptVisDinov3Numbers dinov3;
  GptVisSwinNumbers swin;
  gboolean writes;              /* there is a decoder */
  GptVisDecoderNumbers decoder;
  gboolean multi_label;         /* a sigmoid a label, else a softmax over all */
  const gchar *pooler;          /* a dense layer that makes the embedding of the normed class token; NULL:
                                 * that is the embedding. Only the tensors tell (checkpoint.c) */
  guint pooler_size;
  GptVisAct pooler_act;
  guint projection;             /* clip: width that the embedding is projected to; 0: it is not */
  guint n_labels;               /* 0: the checkpoint has no classifier, as only the tensors tell */
  gchar **labels;               /* n_labels texts, then NULL */
  gchar **region_labels; /* "region_labels", ours: those of them that a part of a picture may have, where
                          * others are of whole pictures alone ("outdoor"); then NULL. NULL: all of them */
} GptVisConfiguration;

/* NULL with NOT_FOUND, FORMAT, UNSUPPORTED or LIMIT. `file` names the text in messages. */
GptVisConfiguration *gptvis_configuration_load (const gchar *path, GError **error);
GptVisConfiguration *gptvis_configuration_parse (const gchar *file, const gchar *text, gsize size,
    GError **error);
void gptvis_configuration_free (GptVisConfiguration *self);    /* NULL is fine */

G_END_DECLS
