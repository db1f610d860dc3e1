/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The few functions and numbers of oneDNN's C interface, version 3, that a product needs. */
#include "onednn.h"
#include "measure.h"
#include "peer.h"
#include <dlfcn.h>
#include <time.h>

typedef gpointer Handle;        /* engines, streams, descriptors, primitives, memories: all are pointers */

/* Names and values are oneDNN's. */
enum { CPU = 1, IN_ORDER = 1 };
enum { BF16 = 2, F32 = 3, S8 = 5, U8 = 6 };
enum { ANY = 1, A = 2, AB = 3, BA = 14 };
enum { QUERY_IMPLEMENTATION = 8, QUERY_WEIGHTS = 131 };
enum { SRC = 1, DST = 17, WEIGHTS = 33, BIAS = 41, SCALES = 4096 };
#define ALLOCATE ((gpointer) (gsize) -1)

typedef struct {
  gint arg;
  Handle memory;
} Argument;

typedef struct {
  gint major, minor, patch;
} Version;

#define FUNCTIONS(X)                                                                                   \
  X (const Version *, version, (void))                                                                 \
  X (gint, engine_create, (Handle *, gint kind, gsize index))                                          \
  X (gint, stream_create, (Handle *, Handle engine, guint flags))                                      \
  X (gint, stream_wait, (Handle))                                                                      \
  X (gint, memory_desc_create_with_tag, (Handle *, gint n, const gint64 *dims, gint type, gint tag))  \
  X (gint, memory_desc_destroy, (Handle))                                                              \
  X (gint, memory_create, (Handle *, Handle desc, Handle engine, gpointer))                            \
  X (gint, memory_get_data_handle, (Handle, gpointer *))                                               \
  X (gint, memory_destroy, (Handle))                                                                   \
  X (gint, primitive_attr_create, (Handle *))                                                          \
  X (gint, primitive_attr_set_scales_mask, (Handle, gint arg, gint mask))                              \
  X (gint, primitive_attr_destroy, (Handle))                                                           \
  X (gint, matmul_primitive_desc_create,                                                               \
      (Handle *, Handle engine, Handle src, Handle weights, Handle bias, Handle dst, Handle attr))     \
  X (gint, reorder_primitive_desc_create,                                                              \
      (Handle *, Handle src, Handle src_engine, Handle dst, Handle dst_engine, Handle attr))           \
  X (Handle, primitive_desc_query_md, (Handle, gint what, gint index))                                 \
  X (gint, primitive_desc_query, (Handle, gint what, gint index, gpointer))                            \
  X (gint, primitive_desc_destroy, (Handle))                                                           \
  X (gint, primitive_create, (Handle *, Handle desc))                                                  \
  X (gint, primitive_execute, (Handle, Handle stream, gint n, const Argument *))                       \
  X (gint, primitive_destroy, (Handle))

static struct {
#define X(result, name, parameters) result (*name) parameters;
  FUNCTIONS (X)
#undef X
  gchar *version_text;
  Handle engine, stream;
} dnnl;

/* ---- the library ---- */

static gpointer
open_library (void)
{
  static const gchar *const names[] = { "libdnnl.so.3", "libdnnl.so.3.7" /* Debian 13's */ };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gpointer library = dlopen (names[i], RTLD_NOW);
    if (library)
      return library;
  }
  gchar *python = peer_environment (FALSE), *bin = g_path_get_dirname (python);
  gchar *path = g_build_filename (bin, "..", "lib", "libdnnl.so.3", NULL);
  gpointer library = dlopen (path, RTLD_NOW);
  if (!library)
    measure_die (dlerror ());
  g_free (python);
  g_free (bin);
  g_free (path);
  return library;
}

static gpointer
find (gpointer library, const gchar *name)
{
  gpointer found = dlsym (library, name);
  if (!found)
    measure_die (dlerror ());
  return found;
}

static void
must (gint status)
{
  if (status != 0)
    measure_die ("oneDNN has failed");
}

void
onednn_open (guint threads)
{
  gpointer library = open_library ();
#define X(result, name, parameters) dnnl.name = (result (*) parameters) find (library, "dnnl_" #name);
  FUNCTIONS (X)
#undef X
  /* Its threads are OpenMP's. */
  void (*set_threads) (int) = (void (*) (int)) find (library, "omp_set_num_threads");
  set_threads (threads);
  const Version *version = dnnl.version ();
  dnnl.version_text = g_strdup_printf ("oneDNN %d.%d.%d", version->major, version->minor, version->patch);
  must (dnnl.engine_create (&dnnl.engine, CPU, 0));
  must (dnnl.stream_create (&dnnl.stream, dnnl.engine, IN_ORDER));
}

const gchar *
onednn_version (void)
{
  return dnnl.version_text;
}

void
onednn_settle (void)
{
  struct timespec before, after;
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &after);
  do {
    before = after;
    g_usleep (1000);
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &after);
  } while ((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec > 200000);
}

/* ---- a product ---- */

enum { M_SRC, M_WEIGHTS, M_BIAS, M_DST, M_SRC_SCALE, M_SCALES, N_MEMORIES };
static const gint places[N_MEMORIES] = { SRC, WEIGHTS, BIAS, DST, SCALES | SRC, SCALES | WEIGHTS };

struct _OneDnnProduct {
  Handle primitive;
  Handle narrowing, rows;       /* rows, f32, become what the product reads; NULL where that is f32 */
  Argument arguments[N_MEMORIES];
  guint n_arguments;
  gchar *implementation;
};

static Handle
describe (guint n_dims, guint rows, guint columns, gint type, gint tag)
{
  const gint64 dims[2] = { rows, columns };
  Handle desc;
  must (dnnl.memory_desc_create_with_tag (&desc, n_dims, dims, type, tag));
  return desc;
}

static Handle
allocate (Handle desc)
{
  Handle memory;
  must (dnnl.memory_create (&memory, desc, dnnl.engine, ALLOCATE));
  return memory;
}

static gpointer
data_of (Handle memory)
{
  gpointer data;
  must (dnnl.memory_get_data_handle (memory, &data));
  return data;
}

/* Ordinary numbers, as f32 lie in memory: small ones of either sign, or ones. */
static void
fill (Handle memory, gsize n, gboolean ones)
{
  float *x = data_of (memory);
  for (gsize i = 0; i < n; i++)
    x[i] = ones ? 1 : (gint32) (i * 2654435761u) * (1.0f / (1u << 31));
}

/* f32 of shape [n, m] by its tag. */
static Handle
numbers (Handle plain, guint rows, guint columns, float factor)
{
  Handle memory = allocate (plain);
  const gsize n = (gsize) rows * columns;
  fill (memory, n, FALSE);
  for (gsize i = 0; i < n; i++)
    ((float *) data_of (memory))[i] *= factor;
  return memory;
}

static Handle
conversion (Handle from, Handle to)
{
  Handle desc, primitive;
  must (dnnl.reorder_primitive_desc_create (&desc, from, dnnl.engine, to, dnnl.engine, NULL));
  must (dnnl.primitive_create (&primitive, desc));
  dnnl.primitive_desc_destroy (desc);
  return primitive;
}

static void
convert (Handle primitive, Handle from, Handle to)
{
  const Argument arguments[] = { {SRC, from}, {DST, to} };
  must (dnnl.primitive_execute (primitive, dnnl.stream, 2, arguments));
}

/* Memory of that description with what `from`, f32 of shape [n, m] by its tag, has. */
static Handle
converted (Handle desc, guint rows, guint columns, gint tag, float factor)
{
  Handle plain = describe (2, rows, columns, F32, tag), from = numbers (plain, rows, columns, factor);
  Handle to = allocate (desc), primitive = conversion (plain, desc);
  convert (primitive, from, to);
  must (dnnl.stream_wait (dnnl.stream));
  dnnl.primitive_destroy (primitive);
  dnnl.memory_destroy (from);
  dnnl.memory_desc_destroy (plain);
  return to;
}

static Handle
ones (guint n)
{
  Handle desc = describe (1, n, 0, F32, A), memory = allocate (desc);
  fill (memory, n, TRUE);
  dnnl.memory_desc_destroy (desc);
  return memory;
}

static Handle
attributes (GptVisPrecision precision)
{
  Handle attr;
  must (dnnl.primitive_attr_create (&attr));
  if (precision == GPTVIS_PRECISION_INT8) {
    must (dnnl.primitive_attr_set_scales_mask (attr, SRC, 0));
    must (dnnl.primitive_attr_set_scales_mask (attr, WEIGHTS, 1 << 1)); /* one a column */
  }
  return attr;
}

OneDnnProduct *
onednn_product_new (GptVisPrecision precision, guint n, guint k, guint m)
{
  const gboolean int8 = precision == GPTVIS_PRECISION_INT8;
  const gint type = int8 ? U8 : precision == GPTVIS_PRECISION_BF16 ? BF16 : F32;
  Handle src = describe (2, n, k, type, AB), weights = describe (2, k, m, int8 ? S8 : type, ANY);
  Handle bias = describe (2, 1, m, F32, AB), dst = describe (2, n, m, F32, AB);
  Handle plain = describe (2, n, k, F32, AB), desc;
  Handle attr = attributes (precision);
  OneDnnProduct *self = NULL;
  if (dnnl.matmul_primitive_desc_create (&desc, dnnl.engine, src, weights, bias, dst, attr) == 0) {
    const gchar *name;
    self = g_new0 (OneDnnProduct, 1);
    must (dnnl.primitive_desc_query (desc, QUERY_IMPLEMENTATION, 0, &name));
    self->implementation = g_strdup (name);
    must (dnnl.primitive_create (&self->primitive, desc));
    self->n_arguments = int8 ? N_MEMORIES : M_SRC_SCALE;
    for (guint i = 0; i < self->n_arguments; i++)
      self->arguments[i].arg = places[i];
    self->arguments[M_SRC].memory = converted (src, n, k, AB, int8 ? 127 : 1);
    if (type != F32) {
      self->rows = numbers (plain, n, k, int8 ? 127 : 1);
      self->narrowing = conversion (plain, src);
    }
    self->arguments[M_WEIGHTS].memory =
        converted (dnnl.primitive_desc_query_md (desc, QUERY_WEIGHTS, 0), k, m, BA, int8 ? 127 : 1);
    self->arguments[M_BIAS].memory = converted (bias, 1, m, AB, 1);
    self->arguments[M_DST].memory = allocate (dst);
    if (int8) {
      self->arguments[M_SRC_SCALE].memory = ones (1);
      self->arguments[M_SCALES].memory = ones (m);
    }
    dnnl.primitive_desc_destroy (desc);
  }
  const Handle descs[] = { src, weights, bias, dst, plain };
  for (guint i = 0; i < G_N_ELEMENTS (descs); i++)
    dnnl.memory_desc_destroy (descs[i]);
  dnnl.primitive_attr_destroy (attr);
  return self;
}

void
onednn_product_free (OneDnnProduct *self)
{
  dnnl.primitive_destroy (self->primitive);
  if (self->narrowing) {
    dnnl.primitive_destroy (self->narrowing);
    dnnl.memory_destroy (self->rows);
  }
  for (guint i = 0; i < self->n_arguments; i++)
    dnnl.memory_destroy (self->arguments[i].memory);
  g_free (self->implementation);
  g_free (self);
}

const gchar *
onednn_product_implementation (const OneDnnProduct *self)
{
  return self->implementation;
}

gint64
onednn_product_run (OneDnnProduct *self, gboolean from_f32)
{
  const gint64 start = measure_now ();
  if (from_f32 && self->narrowing)
    convert (self->narrowing, self->rows, self->arguments[M_SRC].memory);
  must (dnnl.primitive_execute (self->primitive, dnnl.stream, self->n_arguments, self->arguments));
  must (dnnl.stream_wait (dnnl.stream));
  return measure_now () - start;
}
