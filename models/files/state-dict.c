/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes apart the records of calls that pickle.c leaves, in the shapes that torch/_utils.py and
 * torch/serialization.py of PyTorch give them. */
#include "state-dict.h"
#include "quote.h"
#include <string.h>

enum { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, FIRST_STORAGE };

const GptVisPickleGlobal gptvis_state_dict_globals[] = {
  [ORDERED_DICT] = {"collections", "OrderedDict", GPTVIS_PICKLE_DICTIONARY},
  [REBUILD_TENSOR] = {"torch._utils", "_rebuild_tensor_v2", GPTVIS_PICKLE_CALLED},
  [REBUILD_PARAMETER] = {"torch._utils", "_rebuild_parameter", GPTVIS_PICKLE_CALLED},
  /* in the order of `types` */
  [FIRST_STORAGE] = {"torch", "FloatStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "HalfStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "BFloat16Storage", GPTVIS_PICKLE_NAMED},
  {"torch", "DoubleStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "LongStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "IntStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "CharStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "ByteStorage", GPTVIS_PICKLE_NAMED},
  {"torch", "BoolStorage", GPTVIS_PICKLE_NAMED},
};
const guint gptvis_state_dict_n_globals = G_N_ELEMENTS (gptvis_state_dict_globals);

static const struct {
  const gchar *dtype;
  guint size;                   /* bytes */
} types[] = { {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"I32", 4}, {"I8", 1}, {"U8", 1},
  {"BOOL", 1} };
G_STATIC_ASSERT (G_N_ELEMENTS (types) == G_N_ELEMENTS (gptvis_state_dict_globals) - FIRST_STORAGE);

/* Where training programs put the dictionary, beside others. */
static const gchar *const inside[] = { "state_dict", "model", "module", "model_state_dict" };
#define MOST_INSIDE 4u          /* one of these in the other */

typedef GptVisPickleValue Value;

#define fail(error, code, ...) (gptvis_quote_error (error, code, __VA_ARGS__), FALSE)
#define DAMAGED ": the file is damaged, or was not written by PyTorch"

static gboolean
is_kind (const Value *value, GptVisPickleKind kind)
{
  return value && value->kind == kind;
}

static gboolean
is_call (const Value *value, guint global, guint n_args)
{
  return is_kind (value, GPTVIS_PICKLE_CALL) && value->items[0]->global == &gptvis_state_dict_globals[global]
      && value->items[1]->n >= n_args;
}

/* The tensor itself; a parameter is one with a wish to be trained. */
static const Value *
find_tensor (const Value *value)
{
  if (is_call (value, REBUILD_PARAMETER, 1))
    value = value->items[1]->items[0];
  return is_call (value, REBUILD_TENSOR, 0) ? value : NULL;
}

/* ---- storages ---- */

/* ("storage", type, key, device, n), and in the older form what part of another it is, or None. */
gboolean
gptvis_storage_read (const gchar *file, const GptVisPickleValue *persistent, GptVisStorage *to,
    GError **error)
{
  const Value *tuple = persistent->items[0], *const *item = tuple->items;
  *to = (GptVisStorage) { NULL };
  if (!is_kind (tuple, GPTVIS_PICKLE_TUPLE) || tuple->n < 5 || !is_kind (item[0], GPTVIS_PICKLE_TEXT)
      || strcmp (item[0]->text, "storage") != 0 || !is_kind (item[1], GPTVIS_PICKLE_GLOBAL)
      || !is_kind (item[2], GPTVIS_PICKLE_TEXT) || !is_kind (item[4], GPTVIS_PICKLE_INTEGER))
    return fail (error, GPTVIS_ERROR_FORMAT,
        "%s: the pickle names something outside it that is no storage of numbers" DAMAGED, file);
  const gsize row = item[1]->global - gptvis_state_dict_globals;
  if (row < FIRST_STORAGE)
    return fail (error, GPTVIS_ERROR_FORMAT,
        "%s: storage %s has numbers of type %s, which is none" DAMAGED, file, item[2]->text,
        item[1]->global->name);
  if (tuple->n > 5 && !is_kind (item[5], GPTVIS_PICKLE_NONE))
    return fail (error, GPTVIS_ERROR_UNSUPPORTED, "%s: storage %s is a part of another, as early releases of "
        "PyTorch wrote it: it must be saved again with a newer one", file, item[2]->text);
  *to = (GptVisStorage) { item[2]->text, types[row - FIRST_STORAGE].dtype, types[row - FIRST_STORAGE].size,
    item[4]->number };
  if (item[4]->number < 0 || to->n > G_MAXUINT64 / 2 / to->size)
    return fail (error, GPTVIS_ERROR_FORMAT,
        "%s: storage %s has %" G_GINT64_FORMAT " numbers, which cannot be" DAMAGED, file, to->key,
        item[4]->number);
  return TRUE;
}

/* ---- tensors ---- */

static gboolean
fail_tensor (const gchar *file, const GptVisStateTensor *t, GptVisError code, const gchar *what,
    GError **error)
{
  return fail (error, code, "%s: tensor %s %s", file, t->tensor.name, what);
}

/* A tuple of numbers that are not negative; `what` they are. */
static gboolean
read_numbers (const gchar *file, const GptVisStateTensor *t, const Value *tuple, const gchar *what, gsize *to,
    GError **error)
{
  if (!is_kind (tuple, GPTVIS_PICKLE_TUPLE) || tuple->n != t->tensor.n_dimensions)
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has no %s for each of its %u dimensions" DAMAGED,
        file, t->tensor.name, what, t->tensor.n_dimensions);
  for (guint i = 0; i < tuple->n; i++) {
    const Value *item = tuple->items[i];
    if (!is_kind (item, GPTVIS_PICKLE_INTEGER) || item->number < 0 || (guint64) item->number > G_MAXSIZE)
      return fail (error, GPTVIS_ERROR_FORMAT, "%s: tensor %s has a %s that is negative or no number" DAMAGED,
          file, t->tensor.name, what);
    to[i] = item->number;
  }
  return TRUE;
}

/* How many elements and bytes there are. */
static gboolean
count (const gchar *file, GptVisStateTensor *t, GError **error)
{
  gsize n = 1;
  gboolean ok = TRUE;
  for (guint i = 0; i < t->tensor.n_dimensions; i++)
    ok = ok && g_size_checked_mul (&n, n, t->tensor.shape[i]);
  t->tensor.n_elements = n;
  ok = ok && g_size_checked_mul (&t->tensor.n_bytes, n, t->storage.size);
  return ok || fail_tensor (file, t, GPTVIS_ERROR_LIMIT, "has a shape too large to count its bytes", error);
}

/* The numbers from the first to the last; FALSE: there are too many to count. */
static gboolean
count_extent (const GptVisStateTensor *t, guint64 *extent)
{
  guint64 last = 0, far;
  for (guint i = 0; t->tensor.n_elements > 0 && i < t->tensor.n_dimensions; i++)
    if (!g_uint64_checked_mul (&far, t->tensor.shape[i] - 1, t->stride[i])
        || !g_uint64_checked_add (&last, last, far))
      return FALSE;
  *extent = t->tensor.n_elements > 0 ? last + 1 : 0;
  return *extent > 0 || t->tensor.n_elements == 0;
}

static gboolean
check_place (const gchar *file, const GptVisStateTensor *t, GError **error)
{
  guint64 extent;
  if (count_extent (t, &extent) && t->offset <= t->storage.n && extent <= t->storage.n - t->offset)
    return TRUE;
  gchar *shape = gptvis_stored_tensor_shape (&t->tensor);
  gptvis_quote_error (error, GPTVIS_ERROR_FORMAT,
      "%s: tensor %s of shape %s, from number %" G_GUINT64_FORMAT " on, leaves its storage %s of %"
      G_GUINT64_FORMAT " numbers" DAMAGED, file, t->tensor.name, shape, t->offset, t->storage.key,
      t->storage.n);
  g_free (shape);
  return FALSE;
}

/* storage, offset, sizes, strides, requires_grad, hooks, and maybe a dictionary {"neg": True, …} of what is
 * to be done to the numbers. */
static gboolean
read_tensor (const gchar *file, const gchar *name, const Value *call, GptVisStateTensor *t, GError **error)
{
  const Value *args = call->items[1], *const *arg = args->items;
  *t = (GptVisStateTensor) { .tensor = { .name = name } };
  if (args->n < 4 || !is_kind (arg[0], GPTVIS_PICKLE_PERSISTENT) || !is_kind (arg[1], GPTVIS_PICKLE_INTEGER)
      || !is_kind (arg[2], GPTVIS_PICKLE_TUPLE))
    return fail_tensor (file, t, GPTVIS_ERROR_FORMAT,
        "has no storage, offset, shape and strides" DAMAGED, error);
  if (!gptvis_storage_read (file, arg[0], &t->storage, error))
    return FALSE;
  if (args->n > 6 && arg[6]->n > 0)
    return fail_tensor (file, t, GPTVIS_ERROR_UNSUPPORTED,
        "is stored with its signs or conjugates left to be changed, where plain numbers are read", error);
  if (arg[2]->n > GPTVIS_STORED_MAX_DIMENSIONS)
    return fail (error, GPTVIS_ERROR_LIMIT,
        "%s: tensor %s has %u dimensions, where at most %u are read", file, name, arg[2]->n,
        GPTVIS_STORED_MAX_DIMENSIONS);
  if (arg[1]->number < 0)
    return fail_tensor (file, t, GPTVIS_ERROR_FORMAT, "begins before its storage" DAMAGED, error);
  t->tensor.dtype = t->storage.dtype;
  t->tensor.n_dimensions = arg[2]->n;
  t->offset = arg[1]->number;
  return read_numbers (file, t, arg[2], "size", t->tensor.shape, error)
      && read_numbers (file, t, arg[3], "stride", t->stride, error)
      && count (file, t, error) && check_place (file, t, error);
}

gboolean
gptvis_state_tensor_is_run (const GptVisStateTensor *self)
{
  gsize stride = 1;
  for (guint i = self->tensor.n_dimensions; i-- > 0;) {
    if (self->tensor.shape[i] != 1 && self->stride[i] != stride)
      return FALSE;
    stride *= self->tensor.shape[i];
  }
  return TRUE;
}

guint64
gptvis_state_tensor_extent (const GptVisStateTensor *self)
{
  guint64 extent = 0;
  count_extent (self, &extent);
  return extent;
}

/* ---- the dictionary ---- */

static gboolean
has_tensors (const Value *dict)
{
  for (guint i = 0; i + 1 < dict->n; i += 2)
    if (find_tensor (dict->items[i + 1]))
      return TRUE;
  return FALSE;
}

/* The dictionary with the tensors; NULL: there is none. */
static const Value *
find_dict (const Value *root)
{
  for (guint depth = 0; is_kind (root, GPTVIS_PICKLE_DICT) && depth <= MOST_INSIDE; depth++) {
    const Value *next = NULL;
    if (has_tensors (root))
      return root;
    for (guint i = 0; !is_kind (next, GPTVIS_PICKLE_DICT) && i < G_N_ELEMENTS (inside); i++)
      next = gptvis_pickle_lookup (root, inside[i]);
    root = next;
  }
  return NULL;
}

/* What there is in place of tensors. */
static gboolean
fail_without (const gchar *file, const Value *root, GError **error)
{
  if (find_tensor (root))
    return fail (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s: the file holds one tensor, where a dictionary of tensors is needed", file);
  if (!is_kind (root, GPTVIS_PICKLE_DICT))
    return fail (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s: the file holds %s, where a dictionary of tensors is needed", file,
        gptvis_pickle_kind_text (root));
  if (root->n == 0)
    return fail (error, GPTVIS_ERROR_UNSUPPORTED,
        "%s: the file holds an empty dictionary, where one of tensors is needed", file);
  const Value *key = root->items[0];
  return fail (error, GPTVIS_ERROR_UNSUPPORTED,
      "%s: the file holds a dictionary without tensors (%s is %s), where one of tensors is needed", file,
      is_kind (key, GPTVIS_PICKLE_TEXT) ? key->text : "its first value",
      gptvis_pickle_kind_text (root->items[1]));
}

static gboolean
add_tensor (const gchar *file, GArray *tensors, GHashTable *names, const Value *key, const Value *call,
    GError **error)
{
  GptVisStateTensor t;
  if (!is_kind (key, GPTVIS_PICKLE_TEXT) || key->n > GPTVIS_STORED_MAX_NAME)
    return fail (error, GPTVIS_ERROR_LIMIT,
        "%s: a tensor's name is %s, where a text of at most %u bytes is needed", file,
        is_kind (key, GPTVIS_PICKLE_TEXT) ? "longer" : gptvis_pickle_kind_text (key), GPTVIS_STORED_MAX_NAME);
  if (tensors->len == GPTVIS_STATE_DICT_MAX_TENSORS)
    return fail (error, GPTVIS_ERROR_LIMIT, "%s: the dictionary has more than %u tensors", file,
        GPTVIS_STATE_DICT_MAX_TENSORS);
  if (!g_hash_table_add (names, (gpointer) key->text))
    return fail (error, GPTVIS_ERROR_FORMAT, "%s: there are two tensors with the name %s" DAMAGED, file,
        key->text);
  if (!read_tensor (file, key->text, call, &t, error))
    return FALSE;
  g_array_append_val (tensors, t);
  return TRUE;
}

GArray *
gptvis_state_dict_read (const gchar *file, const GptVisPickleValue *root, GError **error)
{
  const Value *dict = find_dict (root);
  gboolean ok = dict || fail_without (file, root, error);
  GArray *tensors = g_array_new (FALSE, FALSE, sizeof (GptVisStateTensor));
  GHashTable *names = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; ok && i + 1 < dict->n; i += 2) {
    const Value *call = find_tensor (dict->items[i + 1]);
    ok = !call || add_tensor (file, tensors, names, dict->items[i], call, error);
  }
  g_hash_table_unref (names);
  if (!ok)
    g_clear_pointer (&tensors, g_array_unref);
  return tensors;
}
