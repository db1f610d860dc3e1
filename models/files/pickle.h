/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Python's pickles, read as data. A pickle is a program for a machine with a stack and a memo, and Python's
 * machine can be told to call anything. This one calls nothing: where a pickle says "call this with that",
 * the value is a record of just that (CALL), and what may be named at all is a table of the caller's. It
 * knows protocols 2 to 5, and of their opcodes those that dictionaries of tensors are written with; all
 * others are refused by name. Python's Lib/pickletools.py describes them.
 *
 *     pickle = gptvis_pickle_load (&file, &at, globals, G_N_ELEMENTS (globals), &error);
 *     root = gptvis_pickle_root (pickle);
 *
 * Values are a tree whose leaves may be shared: what is inside another value can no longer change, so none
 * holds itself. */
#pragma once
#include "file.h"

G_BEGIN_DECLS

#define GPTVIS_PICKLE_MAX_MEMORY (64u << 20)    /* bytes of all values together */
/* values and marks; of a long list or dictionary Python writes a thousand at a time */
#define GPTVIS_PICKLE_MAX_STACK 16384u
#define GPTVIS_PICKLE_MAX_MEMO (1u << 20)       /* values */
#define GPTVIS_PICKLE_MAX_TEXT 65536u           /* bytes */
#define GPTVIS_PICKLE_MAX_DEPTH 64u             /* values inside each other */

/* What may be done with a name. */
typedef enum {
  GPTVIS_PICKLE_NAMED,          /* it is a value */
  GPTVIS_PICKLE_CALLED,         /* and may be called, which makes a CALL */
  GPTVIS_PICKLE_DICTIONARY,     /* and may be called for a dictionary: of nothing, or of a list of pairs */
} GptVisPickleUse;

typedef struct {
  const gchar *module, *name;
  GptVisPickleUse use;
} GptVisPickleGlobal;

typedef enum {
  GPTVIS_PICKLE_NONE,
  GPTVIS_PICKLE_BOOLEAN,        /* number */
  GPTVIS_PICKLE_INTEGER,        /* number */
  GPTVIS_PICKLE_LONG,           /* text: n bytes, the lowest first, of a number beyond 64 bits */
  GPTVIS_PICKLE_REAL,           /* real */
  GPTVIS_PICKLE_TEXT,           /* text: n bytes of UTF-8 and a 0 */
  GPTVIS_PICKLE_TUPLE,          /* items */
  GPTVIS_PICKLE_LIST,           /* items */
  GPTVIS_PICKLE_DICT,           /* items: key, value, key, value … as written; a key may come twice */
  GPTVIS_PICKLE_GLOBAL,         /* global: a row of the table */
  GPTVIS_PICKLE_CALL,           /* items: what would be called (GLOBAL), and with what (TUPLE) */
  GPTVIS_PICKLE_PERSISTENT,     /* items: one, the name of something outside the pickle */
} GptVisPickleKind;

typedef struct _GptVisPickleValue GptVisPickleValue;
struct _GptVisPickleValue {
  guint8 kind;                  /* GptVisPickleKind */
  guint8 depth;                 /* values that are inside each other in it: 0, it has none */
  gboolean inside;              /* of another value: it stays as it is */
  guint n;                      /* items, or bytes of text */
  union {
    gint64 number;
    gdouble real;
    const gchar *text;
    const GptVisPickleValue **items;
    const GptVisPickleGlobal *global;
  };
};

typedef struct _GptVisPickle GptVisPickle;

/* Reads the pickle that begins at byte *at of the file, which may be memory (file.h), and leaves *at after
 * its end. `globals` must outlive it. NULL with FORMAT, UNSUPPORTED (an opcode or a global that is not
 * allowed) or LIMIT. The file is no longer needed afterwards. Immutable, so any thread may read. */
GptVisPickle *gptvis_pickle_load (const GptVisFile *file, guint64 *at, const GptVisPickleGlobal *globals,
    guint n_globals, GError **error);
void gptvis_pickle_free (GptVisPickle *self);   /* NULL is fine; frees all its values */

/* Values belong to the pickle. */
const GptVisPickleValue *gptvis_pickle_root (const GptVisPickle *self);
/* Each PERSISTENT that was made, used or not; *n of them. */
const GptVisPickleValue *const *gptvis_pickle_persistents (const GptVisPickle *self, guint *n);

/* In a dictionary, the last value with this text as its key; NULL: none, or it is no dictionary. */
const GptVisPickleValue *gptvis_pickle_lookup (const GptVisPickleValue *dict, const gchar *key);
/* "a list", for messages. */
const gchar *gptvis_pickle_kind_text (const GptVisPickleValue *value);

G_END_DECLS
