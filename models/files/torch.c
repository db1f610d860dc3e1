/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells the two forms apart, finds each tensor's storage, and reads. */
#include "torch.h"
#include "mistakes.h"
#include "quote.h"
#include "torch-stream.h"
#include "zip.h"
#include <string.h>

#define PICKLE "data.pkl"
#define LONGEST_BYTEORDER 16u   /* bytes */
#define METADATA "{\"__metadata__\""      /* how the header of a safetensors file begins, after 8 bytes */

typedef struct {
  GptVisStateTensor state;
  const GptVisZipEntry *entry;  /* of its storage; NULL: in the older form */
  guint64 place;                /* of that form, where the storage begins in the file */
} Source;

typedef struct {
  GptVisContainer base;
  GptVisFile file;
  GptVisZip *zip;               /* NULL: the older form */
  GptVisZipReader *reader;
  GHashTable *places;           /* of the older form: storage → guint64, its byte in the file */
  GptVisPickle *pickle;         /* owns names and keys */
  GArray *sources;              /* Source, in the order of the tensors */
} Torch;

#define fail(self, error, code, format, ...) \
  (gptvis_quote_error (error, code, "%s: " format, (self)->base.file, ##__VA_ARGS__), FALSE)

/* ---- the archive ---- */

/* "NAME/data.pkl" for any NAME; NULL: there is none. */
static const GptVisZipEntry *
find_pickle (const Torch *self)
{
  for (guint i = 0; i < gptvis_zip_n_entries (self->zip); i++) {
    const GptVisZipEntry *e = gptvis_zip_entry (self->zip, i);
    const gchar *slash = strchr (e->name, '/');
    if (slash && strcmp (slash + 1, PICKLE) == 0)
      return e;
  }
  return NULL;
}

/* The entry `name` beside the pickle, or NULL. */
static const GptVisZipEntry *
find_beside (const Torch *self, const GptVisZipEntry *pickle, const gchar *name)
{
  gchar *path = g_strdup_printf ("%.*s%s", (int) (strlen (pickle->name) - strlen (PICKLE)), pickle->name,
      name);
  const GptVisZipEntry *entry = gptvis_zip_find (self->zip, path);
  g_free (path);
  return entry;
}

static gboolean
check_byteorder (const Torch *self, const GptVisZipEntry *pickle, GError **error)
{
  const GptVisZipEntry *entry = find_beside (self, pickle, "byteorder");
  if (!entry)
    return TRUE;
  GBytes *bytes = gptvis_zip_reader_load (self->reader, entry, LONGEST_BYTEORDER, error);
  if (!bytes)
    return FALSE;
  gsize n;
  const gchar *text = g_bytes_get_data (bytes, &n);
  const gboolean ok = (n == 6 && memcmp (text, "little", n) == 0)
      || fail (self, error, GPTVIS_ERROR_UNSUPPORTED,
          "the numbers are stored in the byte order \"%.*s\", where \"little\" is needed: it must be saved "
          "again on a machine with that", (int) n, text);
  g_bytes_unref (bytes);
  return ok;
}

static gboolean
load_pickle (Torch *self, const GptVisZipEntry *entry, GError **error)
{
  GBytes *bytes = gptvis_zip_reader_load (self->reader, entry, GPTVIS_PICKLE_MAX_MEMORY, error);
  GptVisFile memory;
  guint64 at = 0;
  if (!bytes)
    return FALSE;
  gptvis_file_wrap (&memory, self->base.file, bytes);
  g_bytes_unref (bytes);
  self->pickle = gptvis_pickle_load (&memory, &at, gptvis_state_dict_globals, gptvis_state_dict_n_globals,
      error);
  gptvis_file_close (&memory);
  return self->pickle != NULL;
}

static gboolean
find_entry (const Torch *self, const GptVisZipEntry *pickle, Source *to, GError **error)
{
  const GptVisStorage *s = &to->state.storage;
  gchar *name = g_strconcat ("data/", s->key, NULL);
  to->entry = find_beside (self, pickle, name);
  g_free (name);
  if (!to->entry)
    return fail (self, error, GPTVIS_ERROR_FORMAT,
        "tensor %s is in storage %s, which the archive does not have: it is damaged: download it again",
        to->state.tensor.name, s->key);
  if (to->entry->size / s->size < s->n)
    return fail (self, error, GPTVIS_ERROR_FORMAT, "tensor %s is in storage %s, which has %" G_GUINT64_FORMAT
        " bytes, where its %" G_GUINT64_FORMAT " numbers of type %s need %" G_GUINT64_FORMAT ": the file is "
        "damaged: download it again", to->state.tensor.name, s->key, to->entry->size, s->n, s->dtype,
        s->n * s->size);
  return TRUE;
}

/* ---- tensors ---- */

static gboolean
find_place (const Torch *self, Source *to, GError **error)
{
  const guint64 *place = g_hash_table_lookup (self->places, to->state.storage.key);
  if (!place)
    return fail (self, error, GPTVIS_ERROR_FORMAT,
        "tensor %s is in storage %s, which the file does not have: it is damaged: download it again",
        to->state.tensor.name, to->state.storage.key);
  to->place = *place;
  return TRUE;
}

/* In the file; of what is deflated only the order counts. */
static guint64
first_byte (const Source *source)
{
  return (source->entry ? source->entry->offset : source->place)
      + source->state.offset * source->state.storage.size;
}

static gint
by_place (gconstpointer a, gconstpointer b)
{
  const guint64 x = first_byte (a), y = first_byte (b);
  return x < y ? -1 : x > y ? 1 : strcmp (((const Source *) a)->state.tensor.name,
      ((const Source *) b)->state.tensor.name);
}

/* `pickle`: its entry, or NULL in the older form. */
static gboolean
read_tensors (Torch *self, const GptVisZipEntry *pickle, GError **error)
{
  GArray *states = gptvis_state_dict_read (self->base.file, gptvis_pickle_root (self->pickle), error);
  gboolean ok = states != NULL;
  for (guint i = 0; ok && i < states->len; i++) {
    Source source = { g_array_index (states, GptVisStateTensor, i), NULL, 0 };
    ok = pickle ? find_entry (self, pickle, &source, error) : find_place (self, &source, error);
    g_array_append_val (self->sources, source);
  }
  g_clear_pointer (&states, g_array_unref);
  if (!ok)
    return FALSE;
  g_array_sort (self->sources, by_place);
  for (guint i = 0; i < self->sources->len; i++) {
    GptVisStoredTensor t = g_array_index (self->sources, Source, i).state.tensor;
    t.offset = i;
    gptvis_container_add (&self->base, &t);
  }
  return TRUE;
}

static gboolean
open_zip (Torch *self, GError **error)
{
  self->zip = gptvis_zip_open (&self->file, error);
  if (!self->zip)
    return FALSE;
  const GptVisZipEntry *pickle = find_pickle (self);
  if (!pickle)
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED,
        "this is a zip archive without " PICKLE ", so none of PyTorch's: an archive must be unpacked");
  if (find_beside (self, pickle, "constants.pkl"))
    return fail (self, error, GPTVIS_ERROR_UNSUPPORTED,
        "this is a program of TorchScript's, where weights are needed: what torch.save(model.state_dict(), "
        "…) or save_pretrained() writes");
  self->reader = gptvis_zip_reader_new (&self->file);
  return check_byteorder (self, pickle, error) && load_pickle (self, pickle, error)
      && read_tensors (self, pickle, error);
}

static gboolean
open_stream (Torch *self, GError **error)
{
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self->pickle = gptvis_torch_stream_read (&self->file, self->places, error);
  return self->pickle && read_tensors (self, NULL, error);
}

/* ---- reading ---- */

/* Numbers of the storage, in bytes from its beginning. */
static gboolean
read_storage (const Torch *self, const Source *source, guint64 first, gsize n, gpointer to, GError **error)
{
  return source->entry ? gptvis_zip_reader_read (self->reader, source->entry, first, n, to, error)
      : gptvis_file_read (&self->file, source->place + first, n, to, error);
}

/* Bytes [first, first + n) of a tensor whose storage, from the tensor's first number on, is `from`. */
static void
gather (const GptVisStateTensor *state, const guint8 *from, gsize first, gsize n, guint8 *to)
{
  const gsize size = state->storage.size;
  const guint last = state->tensor.n_dimensions - 1;
  gsize index[GPTVIS_STORED_MAX_DIMENSIONS], rest = first / size, skip = first % size;
  for (guint i = last + 1; i-- > 0; rest /= state->tensor.shape[i])
    index[i] = rest % state->tensor.shape[i];
  while (n > 0) {
    const guint8 *at = from;
    for (guint i = 0; i <= last; i++)
      at += index[i] * state->stride[i] * size;
    for (; n > 0 && index[last] < state->tensor.shape[last]; index[last]++, skip = 0) {
      const gsize take = MIN (size - skip, n);
      memcpy (to, at + skip, take);
      at += state->stride[last] * size;
      to += take;
      n -= take;
    }
    for (guint i = last; i > 0 && index[i] == state->tensor.shape[i]; i--) {
      index[i] = 0;
      index[i - 1]++;
    }
  }
}

/* Through a copy of the storage from the tensor's first number to its last. */
static gboolean
read_gathered (const Torch *self, const Source *source, gsize first, gsize n, gpointer to, GError **error)
{
  const GptVisStateTensor *state = &source->state;
  const guint64 size = gptvis_state_tensor_extent (state) * state->storage.size;
  guint8 *copy = size <= GPTVIS_TORCH_MAX_COPY ? g_try_malloc (size) : NULL;
  if (!copy)
    return fail (self, error, GPTVIS_ERROR_LIMIT,
        "tensor %s is a transposed or cut part of storage %s, of which %" G_GUINT64_FORMAT
        " bytes must be read for it: that is too much for the memory", state->tensor.name,
        state->storage.key, size);
  const gboolean ok = read_storage (self, source, state->offset * state->storage.size, size, copy, error);
  if (ok)
    gather (state, copy, first, n, to);
  g_free (copy);
  return ok;
}

static gboolean
read_tensor (const GptVisStoredTensor *tensor, gsize first, gsize n, gpointer to, GError **error)
{
  const Torch *self = (const Torch *) tensor->container;
  const Source *source = &g_array_index (self->sources, Source, tensor->offset);
  if (n == 0)
    return TRUE;
  if (gptvis_state_tensor_is_run (&source->state))
    return read_storage (self, source, source->state.offset * source->state.storage.size + first, n, to,
        error);
  return read_gathered (self, source, first, n, to, error);
}

/* ---- the container ---- */

static Torch *
begin (const gchar *file)
{
  Torch *self = g_new0 (Torch, 1);
  gptvis_container_init (&self->base, &gptvis_torch_format, file);
  self->sources = g_array_new (FALSE, FALSE, sizeof (Source));
  return self;
}

/* By its first bytes. */
static gboolean
read_file (Torch *self, GError **error)
{
  gchar head[GPTVIS_MISTAKE_BYTES];
  const gsize n = MIN (self->file.size, sizeof head);
  if (n == 0)
    return fail (self, error, GPTVIS_ERROR_FORMAT,
        "the file is empty, as after a download that failed: download it again");
  if (!gptvis_file_read (&self->file, 0, n, head, error))
    return FALSE;
  if (n >= 4 && memcmp (head, "PK\3\4", 4) == 0)
    return open_zip (self, error);
  if (n >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5)
    return open_stream (self, error);
  if (n >= 8 + strlen (METADATA) && memcmp (head + 8, METADATA, strlen (METADATA)) == 0)
    return fail (self, error, GPTVIS_ERROR_FORMAT,
        "this is a safetensors file: it is read under the name model.safetensors");
  if (gptvis_mistake_content (self->base.file, head, n, error))
    return FALSE;
  return fail (self, error, GPTVIS_ERROR_FORMAT,
      "this is neither a zip archive nor a pickle, as PyTorch writes weights: download it again, or take "
      "model.safetensors");
}

GptVisContainer *
gptvis_torch_new (const gchar *name, GBytes *bytes, GError **error)
{
  Torch *self = begin (name);
  gptvis_file_wrap (&self->file, name, bytes);
  if (read_file (self, error))
    return &self->base;
  gptvis_container_free (&self->base);
  return NULL;
}

static GptVisContainer *
open_file (const gchar *path, GError **error)
{
  Torch *self = begin (path);
  if (gptvis_file_open (&self->file, path, error) && read_file (self, error))
    return &self->base;
  gptvis_container_free (&self->base);
  return NULL;
}

static void
free_torch (GptVisContainer *container)
{
  Torch *self = (Torch *) container;
  gptvis_zip_reader_free (self->reader);
  gptvis_zip_free (self->zip);
  g_clear_pointer (&self->places, g_hash_table_unref);
  gptvis_pickle_free (self->pickle);
  g_array_unref (self->sources);
  gptvis_file_close (&self->file);
  g_free (self);
}

const GptVisFormat gptvis_torch_format = {
  .single = "pytorch_model.bin",
  .suffix = ".bin",
  .open = open_file,
  .read = read_tensor,
  .free = free_torch,
};
