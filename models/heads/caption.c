/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caption head: which decoder writes a client's captions, and its beam width. Writing takes longer than a
 * result may wait, so captions come later, from a captioner. */
#include "head.h"

typedef struct {
  GptVisDecoder *decoder;       /* a reference */
  guint n_beams;
} CaptionHead;

static gpointer
open_caption (GptVisModel *model, const GptVisClientOptions *options, GError **error)
{
  GptVisDecoder *decoder = gptvis_model_decoder (model, options->beams, error);
  if (!decoder)
    return NULL;
  CaptionHead *self = g_new0 (CaptionHead, 1);
  self->decoder = decoder;
  self->n_beams = options->beams > 0 ? options->beams : decoder->generation->n_beams;
  return self;
}

static void
close_caption (gpointer head)
{
  CaptionHead *self = head;
  gptvis_decoder_unref (self->decoder);
  g_free (self);
}

GptVisCaptioner *
gptvis_caption_head_captioner_new (gpointer head, GError **error)
{
  const CaptionHead *self = head;
  return gptvis_captioner_new (self->decoder, self->n_beams, error);
}

const GptVisHead gptvis_caption_head = { "caption", GPTVIS_OUTPUT_TOKENS, open_caption, close_caption, NULL };
