/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words to ids and back, as Hugging Face's fast tokenizers do it for the same files:
 *
 *     vocab.json + merges.txt    byte-level BPE: GPT-2's, and CLIP's variant of it
 *     vocab.txt                  BERT's WordPiece, cased or not
 *     tokenizer.json             either of them; read when none of the files above is there
 *
 * beside which tokenizer_config.json, special_tokens_map.json and added_tokens.json say
 * what is special. A tokenizer never changes once it is open: any number of threads may
 * use one. Nothing is truncated or padded: that is for the caller, who knows the
 * network. SentencePiece is not read. */
#pragma once
#include "error.h"

G_BEGIN_DECLS

#define GPTVIS_TOKENIZER_MAX_BYTES (64u << 20)  /* of a file */
#define GPTVIS_TOKENIZER_MAX_TEXT (16u << 20)   /* bytes of a text; what follows is ignored */
#define GPTVIS_TOKENIZER_MAX_ADDED 10000u       /* tokens beside the model's */

typedef struct _GptVisTokenizer GptVisTokenizer;

/* The tokenizer of a checkpoint's directory; or NULL with NOT_FOUND (none of the files),
 * FORMAT, UNSUPPORTED or LIMIT, and a sentence that names the file. */
GptVisTokenizer *gptvis_tokenizer_open (const gchar *directory, GError **error);
void gptvis_tokenizer_free (GptVisTokenizer *self);    /* NULL is fine */

guint gptvis_tokenizer_size (const GptVisTokenizer *self);     /* ids are 0 … size − 1 */
/* The id of a token by its exact text ("[CLS]", "<|endoftext|>"), or −1. */
gint gptvis_tokenizer_find (const GptVisTokenizer *self, const gchar *token);
/* FALSE for an id that no token has, too. */
gboolean gptvis_tokenizer_is_special (const GptVisTokenizer *self, guint id);
/* clean_up_tokenization_spaces, as tokenizer_config.json says or Transformers assumes. */
gboolean gptvis_tokenizer_clean_up (const GptVisTokenizer *self);

/* The ids of a text; the caller frees them with g_free (never NULL, even for no ids).
 * length: in bytes, −1: up to a NUL. Bytes that are not UTF-8 are read as U+FFFD. special: adds
 * the tokens that the tokenizer puts around a text ([CLS] … [SEP], <|startoftext|> … <|endoftext|>,
 * for GPT-2 none). A special token that is spelt out in the text becomes that token. */
guint32 *gptvis_tokenizer_encode (const GptVisTokenizer *self, const gchar *text, gssize length,
    gboolean special, gsize *n_ids);

/* The text of n ids, for g_free. Bytes that are not UTF-8, which arbitrary ids may yield, become
 * U+FFFD, and so does U+0000, which would end the text; ids that no token has are skipped.
 * skip_special leaves special tokens out. clean_up removes spaces that English does not write
 * ("do n't ." → "don't."); gptvis_tokenizer_clean_up says whether the checkpoint wants that. */
gchar *gptvis_tokenizer_decode (const GptVisTokenizer *self, const guint32 *ids, gsize n,
    gboolean skip_special, gboolean clean_up);

/* The same, id by id: for a caption that is shown as it grows. Each id costs its own spelling, however long
 * the text is already. The text handed out is certain: later ids add to it and never change it. So it ends
 * with a whole character, and may lack a space or an apostrophe that depends on the next word.
 * One thread at a time; the tokenizer must outlive it. */
typedef struct _GptVisTextStream GptVisTextStream;

GptVisTextStream *gptvis_text_stream_new (const GptVisTokenizer *tokenizer, gboolean skip_special,
    gboolean clean_up);
void gptvis_text_stream_free (GptVisTextStream *self); /* NULL is fine */
void gptvis_text_stream_reset (GptVisTextStream *self);        /* as if it were new; keeps its memory */
/* One id more. All the text so far: the stream's, valid until the next call. */
const gchar *gptvis_text_stream_push (GptVisTextStream *self, guint32 id);
/* Likewise, so that the ids so far are these n: spells only those that are new, or all of them when others
 * came before, as after beams have changed places. */
const gchar *gptvis_text_stream_follow (GptVisTextStream *self, const guint32 *ids, gsize n);
/* After the last id: the whole text, equal to gptvis_tokenizer_decode of all the ids. Next comes `reset`, or
 * `follow`, which then begins again. */
const gchar *gptvis_text_stream_finish (GptVisTextStream *self);

G_END_DECLS
