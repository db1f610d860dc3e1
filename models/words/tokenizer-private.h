/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tokenizer's files share. A text goes through them in this order:
 *
 *     encode.c       added tokens are cut out; what is left is …
 *     normalize.c    … composed, put in lower case, stripped of accents …
 *     cut.c          … and cut into words;
 *     bpe.c, wordpiece.c    words to ids
 *     text-stream.c  ids to text
 *
 * and tokenizer.c, tokenizer-json.c, added.c fill the struct from files, when it is opened. */
#pragma once
#include "json.h"
#include "tokenizer.h"
#include "unicode.h"
#include "vocabulary.h"

G_BEGIN_DECLS

/* A directory's files, given as texts, so that a fuzzer needs no directory. */
typedef enum {
  GPTVIS_TOKENIZER_VOCAB_JSON,
  GPTVIS_TOKENIZER_MERGES,
  GPTVIS_TOKENIZER_VOCAB_TXT,
  GPTVIS_TOKENIZER_JSON,
  GPTVIS_TOKENIZER_CONFIG,
  GPTVIS_TOKENIZER_SPECIAL,
  GPTVIS_TOKENIZER_ADDED,
} GptVisTokenizerWhich;
#define GPTVIS_TOKENIZER_N_FILES 7

typedef struct {
  const gchar *name;            /* for messages */
  const gchar *text;            /* NULL: there is no such file */
  gsize size;
} GptVisTokenizerFile;

/* By GptVisTokenizerWhich. `directory` is for messages. */
GptVisTokenizer *gptvis_tokenizer_parse (const gchar *directory, const GptVisTokenizerFile *files,
    GError **error);

typedef struct {
  enum { GPTVIS_NORMALIZE_NFC, GPTVIS_NORMALIZE_NFD, GPTVIS_NORMALIZE_SPACES, GPTVIS_NORMALIZE_LOWER,
      GPTVIS_NORMALIZE_BERT } kind;
  gboolean clean, ideographs, accents, lower;   /* of BERT's; accents: strips them */
} GptVisNormalizeStep;
#define GPTVIS_NORMALIZE_MAX_STEPS 8u

typedef enum {
  GPTVIS_CUT_NONE,              /* the whole text is one word */
  GPTVIS_CUT_GPT2,
  GPTVIS_CUT_CLIP,
  GPTVIS_CUT_BERT,
} GptVisCut;

typedef enum {
  GPTVIS_DECODE_SPACES,         /* tokens with spaces between them */
  GPTVIS_DECODE_BYTES,
  GPTVIS_DECODE_WORDPIECE,
} GptVisDecode;

/* A token that is looked for in the text, before the model sees any of it. */
typedef struct {
  const gchar *text;            /* as in the vocabulary */
  gchar *pattern;               /* as looked for */
  gsize size;                   /* of that, in bytes */
  guint32 id, order;            /* order: as they were read */
  gboolean single_word, lstrip, rstrip, normalized, special;
} GptVisAddedToken;

/* Those with or those without normalization: by first byte, longer ones first. */
typedef struct {
  GArray *tokens;               /* GptVisAddedToken */
  guint first[257];             /* those with byte b: first[b] … first[b + 1] − 1 */
} GptVisAddedSet;

typedef struct {
  guint64 pair;                 /* left id, right id; G_MAXUINT64: free */
  guint32 rank, id;             /* of the merge; the lowest comes first */
} GptVisMerge;

#define GPTVIS_TOKENIZER_MAX_SUFFIX 32u /* bytes; the text stream counts them in one */

struct _GptVisTokenizer {
  gchar *file;                  /* of the vocabulary, for messages */
  GptVisVocabulary *vocabulary; /* added tokens are in it, too */
  gboolean wordpiece;           /* else BPE */
  gint unknown;                 /* id; −1: what is unknown is left out */

  GptVisMerge *merges;          /* BPE: an open table, at most half full */
  guint n_merges, n_merge_slots;
  gchar *suffix;                /* "</w>" or "" */
  gboolean fuse_unknown, ignore_merges;
  gint32 bytes[256], last_bytes[256];   /* ids of single bytes, within a word and at its end */

  gchar *prefix;                /* WordPiece: "##" */
  guint max_word;               /* characters; longer words are unknown */

  GptVisNormalizeStep steps[GPTVIS_NORMALIZE_MAX_STEPS];
  guint n_steps;
  GptVisCut cut;
  gboolean prefix_space;
  gboolean bytes_seen;          /* tokenizer.json: there is a ByteLevel pre-tokenizer */
  GArray *before, *after;       /* guint32: ids put before and after a text */
  GptVisDecode decode;
  gchar *decode_prefix;         /* WordPiece: "##" */
  gboolean decode_clean_up;     /* WordPiece, token by token */
  gboolean clean_up;

  GArray *added;                /* GptVisAddedToken, as read; no patterns yet */
  GHashTable *added_ids;        /* id → place in it + 1 */
  GptVisAddedSet raw, normalized;
  guint8 *special;              /* by id */
};

/* tokenizer-json.c: everything but the special tokens that other files name. After an error, what was
 * read is freed with the tokenizer. */
gboolean gptvis_tokenizer_read_json (GptVisTokenizer *self, const GptVisTokenizerFile *file,
    GError **error);

/* added.c */
typedef enum {
  GPTVIS_SPECIAL_BOS,
  GPTVIS_SPECIAL_EOS,
  GPTVIS_SPECIAL_UNK,
  GPTVIS_SPECIAL_SEP,
  GPTVIS_SPECIAL_PAD,
  GPTVIS_SPECIAL_CLS,
  GPTVIS_SPECIAL_MASK,
} GptVisSpecial;
#define GPTVIS_SPECIAL_N 7

/* Tokens that tokenizer_config.json, special_tokens_map.json and added_tokens.json name, and
 * `defaults` (by GptVisSpecial, or NULL) where they do not. ids: of each of them, −1 for none. */
gboolean gptvis_added_read (GptVisTokenizer *self, GptVisJson *config, GptVisJson *map, GptVisJson *added,
    const gchar *const *defaults, gint *ids, GError **error);
/* One token as tokenizer.json and added_tokens_decoder describe it. */
gboolean gptvis_added_read_object (GptVisTokenizer *self, GptVisJson *token, guint64 id, GError **error);
/* After the last: the sets to search for, and the table of special ids. */
void gptvis_added_finish (GptVisTokenizer *self);
void gptvis_added_clear (GptVisTokenizer *self);
/* The first token of the set at or after byte `from`, and where it begins; NULL when there is none. */
const GptVisAddedToken *gptvis_added_find (const GptVisAddedSet *set, const gchar *text, gsize size,
    gsize from, gsize *begin);

/* normalize.c: replaces the text (valid UTF-8); `spare` is overwritten. */
void gptvis_normalize (const GptVisTokenizer *self, GString *text, GString *spare);

/* cut.c: the next word at or after *at, which moves behind it; FALSE when there is none. */
gboolean gptvis_cut_next (GptVisCut cut, const gchar **at, const gchar *end, const gchar **word,
    gsize *size);

/* What it takes to encode one text. */
typedef struct {
  GArray *ids;                  /* guint32: the result */
  GArray *symbols, *heap;
  GString *text, *spare, *word;
} GptVisEncoding;

/* bpe.c */
guint gptvis_bpe_char_of_byte (guchar byte);
gint gptvis_bpe_byte_of_char (gunichar c);      /* −1: it stands for none */
gboolean gptvis_bpe_add_merge (GptVisTokenizer *self, const gchar *file, const gchar *left,
    gsize left_size, const gchar *right, gsize right_size, GError **error);
gboolean gptvis_bpe_read_merges (GptVisTokenizer *self, const GptVisTokenizerFile *file, GError **error);
void gptvis_bpe_finish (GptVisTokenizer *self);        /* the single bytes' ids */
void gptvis_bpe_encode (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *word, gsize size);

/* wordpiece.c */
gboolean gptvis_wordpiece_read_vocabulary (GptVisTokenizer *self, const GptVisTokenizerFile *file,
    GError **error);
void gptvis_wordpiece_encode (const GptVisTokenizer *self, GptVisEncoding *e, const gchar *word,
    gsize size);

G_END_DECLS
