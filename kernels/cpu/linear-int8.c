/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linear in int8: y ≈ (x̂ · Ŵᵀ) ⊙ (row scales × scales) + b in whole numbers, x̂ from 0 to
 * 255 less the row's zero, Ŵ from −127 to 127.
 *
 * W is quantised once, at load, with a scale for each output; x in each run, with a
 * scale and a zero for each row, as nearly all that GELU leaves has one sign. So no
 * calibration is needed, nothing saturates, and a row's result does not depend on
 * what else is in the batch. The sums are exact. Without instructions for them, bytes
 * meet in pairs of 16 bits (tier.h: int8_slice): there each slice of an output's weights
 * has a factor as well, so small that no pair can saturate, which loses nothing: a slice
 * has less to cover than all of an output.
 *
 * A row's scale is that of its largest value, and transformers have columns far larger
 * than the others. So rows of x and W are multiplied with H first, Hadamard's matrix of
 * 16 along the diagonal, H·Hᵀ = 16: no column is large any more, and the product is the
 * same, 16 times. */
#include "linear.h"
#include "../memory.h"
#include <math.h>
#include <string.h>

static guint
depth (const GptVisTier *tier, guint k)
{
  return gptvis_n_blocks (k, tier->int8_group);
}

/* W packed: scales and sums of all outputs, then the panels themselves. */
typedef struct {
  float *scales;
  gint32 *sums;
  gint8 *panels;
  gsize panel_bytes;
} Packed;

/* How many values of k share a factor: all of them without slices, and it is 1. */
static guint
slice_of (const GptVisTier *tier, guint k)
{
  return tier->int8_slice ? tier->int8_slice * tier->int8_group : k;
}

/* A slice's factors need as much room as a group. */
static gsize
panel_bytes_of (const GptVisTier *tier, guint k)
{
  const guint n_factors = tier->int8_slice ? gptvis_n_blocks (k, slice_of (tier, k)) : 0;
  return (gsize) (depth (tier, k) + n_factors) * tier->int8_group * tier->tile_columns;
}

static Packed
packed_at (gpointer base, const GptVisTier *tier, guint m, guint k)
{
  const guint width = gptvis_n_blocks (m, tier->tile_columns) * tier->tile_columns;
  Packed p = { .scales = base };
  p.sums = (gint32 *) (p.scales + width);
  p.panels = (gint8 *) (p.sums + width);
  p.panel_bytes = panel_bytes_of (tier, k);
  return p;
}

/* What rows are mixed with H for; the last few of another width would need a smaller one. */
#define MIXED 16u

static gboolean
is_mixed (guint k)
{
  return k % MIXED == 0;
}

typedef struct {
  const GptVisTier *tier;
  const GptVisHeldWeight *weight;
  const GptVisTensor *w;
  Packed packed;
} Packing;

/* The largest value, or, in pairs, the most that two of them make with one sign. */
static float
largest_of (const float *w, guint n, gboolean pairs)
{
  float largest = 0;
  for (guint i = 0; i < n; i++)
    largest = MAX (largest, fabsf (w[i]));
  for (guint i = 1; pairs && i < n; i += 2)
    largest = MAX (largest, fabsf (w[i - 1] + w[i]));
  return largest;
}

/* The largest becomes 127, in slices that of each, as far as whole factors can make it so: rounding may then
 * add one to a pair. factors: one for each slice. Returns the scale. */
static float
round_weights (const GptVisTier *tier, const float *w, guint k, gint8 *q, float *factors)
{
  const guint slice = slice_of (tier, k), most = tier->int8_slice ? MIN (127, GPTVIS_INT8_FACTORS / k) : 1;
  float largest = 0;
  for (guint i = 0; i < k; i += slice) {
    float *largest_here = &factors[i / slice];
    *largest_here = largest_of (w + i, MIN (slice, k - i), tier->int8_slice);
    largest = MAX (largest, *largest_here);
  }
  const float unit = largest >= GPTVIS_INT8_LEAST ? 127 / largest : 0;
  for (guint i = 0; i < k; i += slice, factors++) {
    const guint end = MIN (k, i + slice);
    const float share = *factors * unit / 127;
    *factors = CLAMP ((gint) ceilf (share * most), 1, (gint) most);
    const float steps = unit * most / *factors;
    for (guint j = i; j < end; j++)
      q[j] = (gint8) lrintf (w[j] * steps);
  }
  return largest / (127 * most);
}

/* One output's weights q [k] and factors into column j of its panel. */
static void
pack_column (const Packing *c, guint column, const gint8 *q, const float *factors)
{
  const guint columns = c->tier->tile_columns, group = c->tier->int8_group, k = c->w->width;
  const guint slice = slice_of (c->tier, k), step = columns * group;
  gint8 *to = c->packed.panels + column / columns * c->packed.panel_bytes + column % columns * group;
  gint32 sum = 0;
  for (guint first = 0; first < k; first += slice) {
    const guint end = MIN (k, first + slice);
    const gint16 factor = *factors++;
    gint32 of_slice = 0;
    if (c->tier->int8_slice) {
      memcpy (to, (gint16[]) { factor, factor }, group);
      to += step;
    }
    for (guint i = first; i < end; i += group, to += step)
      for (guint j = 0; j < MIN (group, end - i); j++) {
        to[j] = q[i + j];
        of_slice += q[i + j];
      }
    sum += of_slice * factor;
  }
  c->packed.sums[column] = sum;
}

static void
pack_panel (void *context, gsize panel)
{
  const Packing *c = context;
  const guint columns = c->tier->tile_columns, k = c->w->width, first = panel * columns;
  const guint n = MIN (columns, c->w->rows - first);
  float *rows = g_new (float, (gsize) n * k);
  gint8 *q = g_new (gint8, k);
  float *factors = g_new (float, gptvis_n_blocks (k, slice_of (c->tier, k)));
  gptvis_held_weight_read (c->weight, first, n, rows);
  if (is_mixed (k))
    c->tier->mix (rows, n * k, rows);
  for (guint j = 0; j < n; j++) {
    const float scale = round_weights (c->tier, rows + (gsize) j * k, k, q, factors);
    c->packed.scales[first + j] = is_mixed (k) ? scale / MIXED : scale;
    pack_column (c, first + j, q, factors);
  }
  g_free (rows);
  g_free (q);
  g_free (factors);
}

gpointer
gptvis_cpu_int8_pack (const GptVisCpuProgram *p, const GptVisHeldWeight *weight, const GptVisTensor *w)
{
  const guint n_panels = gptvis_n_blocks (w->rows, p->tier->tile_columns);
  const gsize column_bytes = sizeof (float) + sizeof (gint32);  /* of a scale and a sum */
  gpointer packed = gptvis_alloc (n_panels * (p->tier->tile_columns * column_bytes
          + panel_bytes_of (p->tier, w->width)));
  if (!packed)
    return NULL;
  Packing c = { p->tier, weight, w, packed_at (packed, p->tier, w->rows, w->width) };
  gptvis_pool_run (p->pool, pack_panel, &c, n_panels);
  return packed;
}

/* Where the tile finds a row's groups. Rows that do not stand side by side lie an odd number of the cache's
 * lines apart, or those of one tile could all want the same place in it. */
static gsize
row_step (const GptVisTier *tier, guint k)
{
  const guint groups = depth (tier, k);
  return tier->int8_side_by_side ? groups : (gptvis_n_blocks (groups, 16) | 1) * 16;
}

/* How many rows become bytes together. */
static guint
rows_at_once (guint k)
{
  return CLAMP (GPTVIS_CPU_FLOATS_AT_ONCE / k, 1, GPTVIS_INT8_ROWS);
}

/* Scratch: the rows' scales and zeros, the rows as the tile reads them, and for each thread some on their way
 * there, in whole vectors from a line of the cache on. */
static GptVisInt8Row *
rows_of (const GptVisCpuLinear *l)
{
  return l->scratch;
}

static gint32 *
groups_of (const GptVisCpuLinear *l)
{
  const gsize rows_a_line = 64 / sizeof (GptVisInt8Row);
  return (gint32 *) (rows_of (l) + gptvis_n_blocks (l->rows, rows_a_line) * rows_a_line);
}

typedef struct {
  float *mixed;
  guint8 *q;
} Room;

static Room
room_of_thread (const GptVisCpuLinear *l)
{
  const gsize n = rows_at_once (l->k);
  Room room = { (float *) groups_of (l) + l->rows * l->row_step };
  room.mixed += gptvis_pool_thread () * n * (l->k + l->depth);
  room.q = (guint8 *) (room.mixed + n * l->k);
  return room;
}

/* A row's bytes → the 32 bits of each group, `step` apart. */
static void
spread (const guint8 *q, gint zero, guint groups, guint group, gint32 *to, gsize step)
{
  if (group == 4)
    for (guint g = 0; g < groups; g++)
      memcpy (to + g * step, q + 4 * g, 4);
  else
    for (guint g = 0; g < groups; g++) {
      const gint16 two[2] = { q[2 * g] - zero, q[2 * g + 1] - zero };
      memcpy (to + g * step, two, 4);
    }
}

/* Rows first … first + m of x, normed and mixed as they are to be; room [m, k]. */
static const float *
prepare_rows (const GptVisCpuLinear *l, guint first, guint m, float *room)
{
  const float *x = l->x + (gsize) first * l->k;
  if (l->norm) {
    for (guint r = 0; r < m; r++)
      gptvis_cpu_linear_row (l, first + r, room + (gsize) r * l->k);
    x = room;
  }
  if (!is_mixed (l->k))
    return x;
  l->tier->mix (x, m * l->k, room);
  return room;
}

/* to: where the first row's groups go. */
static void
pack_rows (const GptVisCpuLinear *l, Room room, guint first, guint m, gint32 *to, gsize a_row, gsize a_step)
{
  const guint groups = l->depth, group = l->tier->int8_group;
  const gboolean in_place = group == 4 && a_step == 1;
  guint8 *q = in_place ? (guint8 *) to : room.q;
  const gsize q_step = in_place ? a_row * sizeof *to : groups * group;
  GptVisInt8Row *rows = rows_of (l) + first;
  l->tier->quantise (prepare_rows (l, first, m, room.mixed), m, l->k, q, q_step, rows);
  for (guint r = 0; r < m; r++, q += q_step) {
    if (l->k % group)
      memset (q + l->k, 0, groups * group - l->k);      /* where weights are 0 */
    if (!in_place)
      spread (q, rows[r].zero, groups, group, to + r * a_row, a_step);
  }
}

static void
pack (const GptVisCpuLinear *l, guint first, guint m)
{
  const gboolean side_by_side = l->tier->int8_side_by_side;
  const gsize a_row = side_by_side ? 1 : l->row_step, a_step = side_by_side ? m : 1;
  const Room room = room_of_thread (l);
  gint32 *to = groups_of (l) + first * l->row_step;
  for (guint r = 0, n; r < m; r += n) {
    n = MIN (rows_at_once (l->k), m - r);
    pack_rows (l, room, first + r, n, to + r * a_row, a_row, a_step);
  }
}

static void
find_panel (const GptVisCpuLinear *l, guint index, GptVisCpuPanel *panel)
{
  const Packed w = packed_at ((gpointer) l->w, l->tier, l->m, l->k);
  panel->w = w.panels + index * w.panel_bytes;
  panel->sums = w.sums + panel->column;
  panel->scales = w.scales + panel->column;
}

static void
tile (const GptVisCpuLinear *l, const GptVisCpuPanel *panel, guint first, guint m, float *y)
{
  const gboolean side_by_side = l->tier->int8_side_by_side;
  const GptVisInt8Tile t = {
    .a = groups_of (l) + first * l->row_step,
    .a_row = side_by_side ? 1 : l->row_step,
    .a_step = side_by_side ? m : 1,
    .b = panel->w,
    .sums = panel->sums,
    .rows = rows_of (l) + first,
    .scales = panel->scales,
    .bias = panel->bias,
    .residual = l->addend ? l->addend + (gsize) first * l->m + panel->column : NULL,
  };
  l->tier->tile_int8 (m, panel->n, l->depth, &t, y, l->m);
}

const GptVisCpuProduct gptvis_cpu_int8 = { depth, row_step, pack, find_panel, tile, .adds = TRUE };
