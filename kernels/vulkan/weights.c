/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights into the device's memory, once, through a staging buffer. They lie there as
 * rows of floats, of halves, or of bytes with their scales (shaders/linear.glsl), without gaps. */
#include "commands.h"
#include "program.h"
#include "../constants.h"
#include "../memory.h"
#include <math.h>
#include <string.h>

#define CHUNK ((gsize) 256 << 20)       /* bytes of a buffer of weights, unless one weight is larger */
#define STAGING ((gsize) 8 << 20)

/* Which tensors a dispatch reads; of those that only a table to resample is made of, none. */
static gboolean *
find_read (const GptVisPlan *plan)
{
  gboolean *read = g_new0 (gboolean, gptvis_plan_n_tensors (plan));
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    for (guint j = 0; j < op->n_in && !gptvis_plan_makes_constant (plan, i); j++)
      if (op->in[j] != GPTVIS_NO_TENSOR)
        read[op->in[j]] = TRUE;
  }
  return read;
}

#define WORDS(bytes) (((bytes) + 3) / 4 * 4)

static gsize
row_bytes (const GptVisTensor *t, const GptVisVulkanTensor *at)
{
  switch (at->precision) {
    case GPTVIS_PRECISION_F16:
      return (gsize) t->width * sizeof (guint16);
    case GPTVIS_PRECISION_INT8:
      return WORDS ((gsize) t->width) + sizeof (float);
    default:
      return (gsize) t->width * sizeof (float);
  }
}

/* Cuts t into pieces that can be bound; where they lie is not said yet. */
static void
cut (const GptVisVulkanProgram *p, const GptVisTensor *t, GptVisVulkanTensor *to)
{
  const gsize row = row_bytes (t, to);
  guint most = CLAMP (p->device->limits.maxStorageBufferRange / row, 1, t->rows);
  if (most < t->rows && most > 1)
    most -= most % 2;           /* so that each piece begins with a whole word */
  to->n_pieces = (t->rows + most - 1) / most;
  to->pieces = g_new0 (GptVisVulkanPiece, to->n_pieces);
  for (guint i = 0; i < to->n_pieces; i++) {
    to->pieces[i].first = i * most;
    to->pieces[i].rows = MIN (most, t->rows - i * most);
    to->pieces[i].range.size = WORDS (to->pieces[i].rows * row);
  }
}

/* Only a product's W and a table of tokens can be read piece by piece, or as halves. */
static gboolean
may_be_cut (const GptVisPlan *plan, GptVisTensorId id)
{
  for (guint i = 0; i < gptvis_plan_n_ops (plan); i++) {
    const GptVisOp *op = gptvis_plan_op (plan, i);
    for (guint j = 0; j < op->n_in; j++)
      if (op->in[j] == id && !(op->kind == GPTVIS_OP_LINEAR && j == 1)
          && !(op->kind == GPTVIS_OP_EMBED && j == 0))
        return FALSE;
  }
  return TRUE;
}

/* Sizes of the chunks, and every piece's place in one: by number, until they are there. */
static gboolean
lay_out (GptVisVulkanProgram *p, GArray *sizes, GArray *numbers, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  gboolean *read = find_read (plan), ok = TRUE;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan) && ok; i++) {
    const GptVisTensor *t = gptvis_plan_tensor (plan, i);
    GptVisVulkanTensor *to = &p->tensors[i];
    if (!read[i] || (t->kind != GPTVIS_TENSOR_WEIGHT && t->kind != GPTVIS_TENSOR_CONSTANT))
      continue;
    to->precision = may_be_cut (plan, i) ? p->base.precision : GPTVIS_PRECISION_F32;
    cut (p, t, to);
    if (to->n_pieces > 1 && !may_be_cut (plan, i)) {
      g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
          "%s: tensor %s is larger than the %u bytes that this "
          "device can read at once", p->device->name, t->name, p->device->limits.maxStorageBufferRange);
      ok = FALSE;
    }
    for (guint j = 0; j < to->n_pieces; j++) {
      GptVisVulkanRange *range = &to->pieces[j].range;
      gsize *last = sizes->len ? &g_array_index (sizes, gsize, sizes->len - 1) : NULL;
      if (!last || *last + range->size > CHUNK) {
        const gsize zero = 0;
        g_array_append_val (sizes, zero);
        last = &g_array_index (sizes, gsize, sizes->len - 1);
      }
      const guint number = sizes->len - 1;
      g_array_append_val (numbers, number);
      range->offset = *last;
      *last += GPTVIS_VULKAN_ALIGNED (range->size);
    }
  }
  g_free (read);
  return ok;
}

static gboolean
allocate (GptVisVulkanProgram *p, const GArray *sizes, const GArray *numbers, GError **error)
{
  guint piece = 0;
  p->chunks = g_new0 (GptVisVulkanBuffer, sizes->len);
  p->n_chunks = sizes->len;
  for (guint i = 0; i < sizes->len; i++)
    if (!gptvis_vulkan_buffer_init (&p->chunks[i], p->device, g_array_index (sizes, gsize, i),
        GPTVIS_VULKAN_DEVICE, error))
      return FALSE;
  for (guint i = 0; i < gptvis_plan_n_tensors (p->base.plan); i++)
    for (guint j = 0; j < p->tensors[i].n_pieces; j++)
      p->tensors[i].pieces[j].range.buffer = &p->chunks[g_array_index (numbers, guint, piece++)];
  return TRUE;
}

/* ---- upload ---- */

typedef struct {
  GptVisVulkanProgram *p;
  GptVisVulkanBuffer staging;
  gsize used;                   /* bytes of it */
  gboolean recording;
  GptVisHeldWeight weight;      /* at hand */
} Upload;

/* Sends what is staged and waits. */
static gboolean
flush (Upload *u, GError **error)
{
  if (!u->recording)
    return TRUE;
  u->recording = FALSE;
  u->used = 0;
  return gptvis_vulkan_program_copy (u->p, error);
}

/* Room for `size` bytes that will be copied to `offset` of `to`; NULL after an error. */
static float *
stage (Upload *u, gsize size, const GptVisVulkanBuffer *to, gsize offset, GError **error)
{
  const GptVisVulkanDevice *d = u->p->device;
  if (u->used + size > u->staging.size && !flush (u, error))
    return NULL;
  if (!u->recording && !gptvis_vulkan_begin (u->p, u->p->copies, error))
    return NULL;
  u->recording = TRUE;
  const VkBufferCopy copy = { u->used, offset, size };
  d->call.vkCmdCopyBuffer (u->p->copies, u->staging.buffer, to->buffer, 1, &copy);
  float *room = (float *) ((guint8 *) u->staging.mapped + u->used);
  u->used += size;
  return room;
}

/* Rows that are read as floats, into halves; FALSE when one is too large for that. */
static gboolean
read_halves (const GptVisHeldWeight *weight, const GptVisTensor *t, guint first, guint n, guint16 *to,
    GError **error)
{
  float *row = g_new (float, t->width);
  gboolean ok = TRUE;
  for (guint i = 0; i < n && ok; i++) {
    gptvis_held_weight_read (weight, first + i, 1, row);
    for (guint k = 0; k < t->width; k++, to++) {
      *to = gptvis_to_f16 (row[k]);
      ok &= (*to & 0x7fff) < 0x7c00;
    }
  }
  if (!ok)
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_UNSUPPORTED,
        "tensor %s has values above 65504, which f16 does not reach: precision must be f32", t->name);
  g_free (row);
  return ok;
}

/* Rows that are read as floats, into bytes, four to a word, the last ones 0, in parts of the row's
 * largest, which follows them; of zeros when that is below LINEAR_LEAST. */
static void
read_bytes (const GptVisHeldWeight *weight, const GptVisTensor *t, guint first, guint n, guint8 *to)
{
  float *row = g_new (float, t->width);
  const gsize bytes = WORDS ((gsize) t->width);
  for (guint i = 0; i < n; i++, to += bytes + sizeof (float)) {
    float largest = 0;
    gptvis_held_weight_read (weight, first + i, 1, row);
    for (guint k = 0; k < t->width; k++)
      largest = MAX (largest, fabsf (row[k]));
    const float factor = largest >= LINEAR_LEAST ? 127 / largest : 0;
    memset (to, 0, bytes);
    for (guint k = 0; k < t->width; k++)
      to[k] = (gint8) lrintf (row[k] * factor);
    memcpy (to + bytes, &largest, sizeof largest);
  }
  g_free (row);
}

/* Rows [first, first + n) as they lie on the device, of a weight, or of a constant's values. */
static gboolean
read_rows (GptVisPrecision precision, const GptVisHeldWeight *weight, const GptVisTensor *t,
    const float *values, guint first, guint n, void *to, GError **error)
{
  if (precision == GPTVIS_PRECISION_F16)
    return read_halves (weight, t, first, n, to, error);
  if (precision == GPTVIS_PRECISION_INT8)
    read_bytes (weight, t, first, n, to);
  else if (values)
    memcpy (to, values + (gsize) first * t->width, (gsize) n * t->width * sizeof (float));
  else
    gptvis_held_weight_read (weight, first, n, to);
  return TRUE;
}

static gboolean
upload_piece (Upload *u, const GptVisHeldWeight *weight, GptVisTensorId id, const float *values,
    const GptVisVulkanPiece *piece, GError **error)
{
  const GptVisTensor *t = gptvis_plan_tensor (u->p->base.plan, id);
  const gsize row = row_bytes (t, &u->p->tensors[id]);
  guint most = CLAMP (u->staging.size / row, 1, piece->rows);
  if (most > 1)
    most -= most % 2;           /* halves are copied by whole words */
  for (guint first = 0; first < piece->rows; first += most) {
    const guint n = MIN (most, piece->rows - first);
    float *to = stage (u, WORDS (n * row), piece->range.buffer, piece->range.offset + first * row, error);
    if (!to || !read_rows (u->p->tensors[id].precision, weight, t, values, piece->first + first, n, to,
            error))
      return FALSE;
  }
  return TRUE;
}

/* A constant, made on the processor. */
static float *
make_constant (const GptVisPlan *plan, const GptVisWeights *weights, GptVisTensorId id,
    GptVisHeldWeight *weight, GError **error)
{
  const GptVisTensor *to = gptvis_plan_tensor (plan, id);
  const GptVisOp *op = gptvis_plan_op (plan, to->first_op);
  float *values = NULL;
  if (op->n_in > 0) {
    const GptVisTensor *from = gptvis_plan_tensor (plan, op->in[0]);
    if (!gptvis_weights_hold (weights, from, weight, error))
      return NULL;
    values = g_new (float, (gsize) from->rows * from->width);
    gptvis_held_weight_read (weight, 0, from->rows, values);
  }
  float *made = gptvis_alloc ((gsize) to->rows * to->width * sizeof *made);
  if (made)
    gptvis_constant_make (plan, op, values, made);
  else
    g_set_error (error, GPTVIS_ERROR, GPTVIS_ERROR_LIMIT, "not enough memory for the network %s",
        gptvis_plan_name (plan));
  g_free (values);
  return made;
}

/* All pieces of a weight or constant. */
static gboolean
upload_tensor (Upload *u, const GptVisWeights *weights, GptVisTensorId id, GError **error)
{
  const GptVisTensor *t = gptvis_plan_tensor (u->p->base.plan, id);
  const GptVisVulkanTensor *to = &u->p->tensors[id];
  float *values = NULL;
  gboolean ok;
  if (t->kind == GPTVIS_TENSOR_CONSTANT)
    ok = (values = make_constant (u->p->base.plan, weights, id, &u->weight, error)) != NULL;
  else
    ok = gptvis_weights_hold (weights, t, &u->weight, error);
  for (guint j = 0; j < to->n_pieces && ok; j++)
    ok = upload_piece (u, &u->weight, id, values, &to->pieces[j], error);
  gptvis_free (values);
  return ok;
}

static gboolean
upload (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error)
{
  const GptVisPlan *plan = p->base.plan;
  Upload u = { .p = p };
  gsize row = 0;
  for (guint i = 0; i < gptvis_plan_n_tensors (plan); i++)
    row = MAX (row, p->tensors[i].n_pieces ? gptvis_plan_tensor (plan, i)->width * sizeof (float) : 0);
  gboolean ok = gptvis_vulkan_buffer_init (&u.staging, p->device, MAX (2 * row, STAGING),
      GPTVIS_VULKAN_TO_DEVICE, error);
  for (guint i = 0; i < gptvis_plan_n_tensors (plan) && ok; i++)
    ok = p->tensors[i].n_pieces == 0 || upload_tensor (&u, weights, i, error);
  ok = ok && flush (&u, error);
  gptvis_held_weight_clear (&u.weight);
  gptvis_vulkan_buffer_clear (&u.staging, p->device);
  return ok;
}

gboolean
gptvis_vulkan_weights_load (GptVisVulkanProgram *p, const GptVisWeights *weights, GError **error)
{
  GArray *sizes = g_array_new (FALSE, FALSE, sizeof (gsize));
  GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  const gboolean ok = lay_out (p, sizes, numbers, error) && allocate (p, sizes, numbers, error)
      && upload (p, weights, error);
  g_array_unref (sizes);
  g_array_unref (numbers);
  return ok;
}
