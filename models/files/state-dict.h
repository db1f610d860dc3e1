/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A state dictionary in a pickle (pickle.h): what each tensor is called, and which numbers of which storage
 * it takes. A storage is a run of numbers of one type outside the pickle, which several tensors may share.
 *
 *     {"classifier.weight": _rebuild_tensor_v2 (storage, offset, (3, 8), (8, 1), False, OrderedDict ())}
 *     storage: a persistent value, ("storage", torch.FloatStorage, "0", "cpu", 24)
 *
 * The dictionary may be inside others, under the names that training programs give it (state-dict.c lists
 * them). Everything is checked here but how many bytes the storages have. */
#pragma once
#include "container.h"
#include "pickle.h"

G_BEGIN_DECLS

#define GPTVIS_STATE_DICT_MAX_TENSORS 100000u

/* Of a pickle with tensors: all that it may name, as Hugging Face lists them. For gptvis_pickle_load. */
extern const GptVisPickleGlobal gptvis_state_dict_globals[];
extern const guint gptvis_state_dict_n_globals;

typedef struct {
  const gchar *key;             /* "0"; the pickle's */
  const gchar *dtype;           /* in safetensors' words; NULL: no storage */
  guint size;                   /* bytes of a number */
  guint64 n;                    /* numbers; all their bytes fit into a guint64 */
} GptVisStorage;

/* The tensor's number at [i, j, …] is its storage's number offset + i·stride[0] + j·stride[1] + …, which is
 * always below the storage's n. */
typedef struct {
  GptVisStoredTensor tensor;    /* but for `container` and `offset`; its name is the pickle's */
  GptVisStorage storage;
  guint64 offset;               /* numbers */
  gsize stride[GPTVIS_STORED_MAX_DIMENSIONS];   /* numbers */
} GptVisStateTensor;

/* What a PERSISTENT names; FALSE with FORMAT or UNSUPPORTED. `file`: for messages. */
gboolean gptvis_storage_read (const gchar *file, const GptVisPickleValue *persistent, GptVisStorage *to,
    GError **error);

/* The tensors of the dictionary that `root` is or has, as GptVisStateTensor, no two of one name; other values
 * beside them are left out. Free it with g_array_unref, before the pickle. NULL with FORMAT, UNSUPPORTED
 * (there are no tensors) or LIMIT. */
GArray *gptvis_state_dict_read (const gchar *file, const GptVisPickleValue *root, GError **error);

/* Are the tensor's numbers one run of its storage's, in order? */
gboolean gptvis_state_tensor_is_run (const GptVisStateTensor *self);
/* How many numbers of its storage there are from its first to its last; 0: it has none. */
guint64 gptvis_state_tensor_extent (const GptVisStateTensor *self);

G_END_DECLS
