/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connected components by runs: each row's stretches of odd cells, joined to those of the rows above that
 * they overlap. A gap of a cell or two does not part what belongs together; a head and legs whose middle
 * looks like the background are brought together after that, when one stands above the other. */
#include "blobs.h"
#include <string.h>

enum { GAP = 1, REACH = 1, LEAST_CELLS = 5, LEAST_SEEDS = 2, LEAST_FIRM = 6,
  LEAST_FAINT = 16 };

#define FIRM 0.15f              /* of a blob's cells */
#define SPREAD_MOST 200.0f
#define BORDER 0.5f  /* seeds, of the side of a square as large: an object has a border all around */
#define SPREAD 0.07f /* of a cell's evidence, what its neighbours may have of it by the blur alone */

struct _GptVisRun {
  guint16 left, right;          /* cells; the second is outside */
  guint16 cells, seeds, firm;   /* firm: cells of much evidence */
  guint parent;                 /* another run of the same blob, itself at the root */
  gint blob;                    /* of a root; -1: none */
};

void
gptvis_blobs_clear (GptVisBlobs *blobs)
{
  g_free (blobs->labels);
  g_free (blobs->faint);
  g_free (MIN (blobs->runs, blobs->firm));      /* one block for both */
  g_free (blobs->row_runs);
  memset (blobs, 0, sizeof *blobs);
}

void
gptvis_blobs_fit (GptVisBlobs *blobs, const GptVisCells *cells)
{
  gptvis_blobs_clear (blobs);
  blobs->labels = g_new0 (guint8, cells->n);
  blobs->faint = g_new0 (float, cells->n + cells->stride);
  blobs->runs = g_new (GptVisRun, 2 * (gsize) (cells->width / 2 + 1) * cells->height);
  blobs->firm = blobs->runs + (gsize) (cells->width / 2 + 1) * cells->height;
  blobs->row_runs = g_new (guint, cells->height + 1);
}

static guint
root_of (GptVisRun *runs, guint i)
{
  while (runs[i].parent != i)
    i = runs[i].parent = runs[runs[i].parent].parent;
  return i;
}

static void
join (GptVisRun *runs, guint a, guint b)
{
  a = root_of (runs, a);
  b = root_of (runs, b);
  runs[MAX (a, b)].parent = MIN (a, b);
}

/* Columns from `x` to `end` that have enough evidence, as runs behind the *n that there are. */
static void
find_runs (GptVisRun *runs, guint *n, guint x, guint end, const float *evidence, const float *least,
    float low, float firm, const float *proof, float high)
{
  GptVisRun *run = NULL;
  for (; x < end; x++) {
    if (evidence[x] <= MAX (least[x], low))
      continue;
    if (!run || x > run->right + (guint) GAP) {
      run = &runs[*n];
      *run = (GptVisRun) { .left = x, .parent = (*n)++, .blob = -1 };
    }
    run->right = x + 1;
    run->cells++;
    run->firm += evidence[x] > firm;
    run->seeds += proof[x] > high;
  }
}

/* Runs [from, end) with those of the row, `above` it, that they overlap or nearly do. */
static void
join_rows (GptVisRun *runs, guint above, guint above_end, guint from, guint end)
{
  for (guint i = from; i < end; i++) {
    for (guint k = above; k < above_end; k++) {
      if (runs[k].left >= runs[i].right + REACH)
        break;
      if (runs[k].right + REACH > runs[i].left)
        join (runs, i, k);
      else
        above = k + 1;
    }
  }
}

/* What a row's cells must have more of than: `low`, and the part of their strongest neighbour's that the
 * blur has spread to them. */
static void
find_faint (const GptVisCells *cells, const float *evidence, float low, float *restrict column,
    float *restrict least)
{
  const float *restrict up = evidence - cells->stride, *restrict at = evidence,
                        *restrict down = evidence + cells->stride;
  for (guint x = 0; x < cells->width + 2; x++)
    column[x] = MAX (MAX (up[x], at[x]), down[x]);
  for (guint x = 0; x < cells->width; x++)
    least[x + 1] = MAX (low, MIN (SPREAD * MAX (MAX (column[x], column[x + 1]), column[x + 2]), SPREAD_MOST));
}

static gboolean
is_before (const GptVisBlob *a, const GptVisBlob *b)
{
  return a->cells > b->cells;
}

static void
grow (GptVisBlob *blob, const GptVisBlob *by)
{
  blob->left = MIN (blob->left, by->left);
  blob->top = MIN (blob->top, by->top);
  blob->right = MAX (blob->right, by->right);
  blob->bottom = MAX (blob->bottom, by->bottom);
  blob->cells += by->cells;
  blob->seeds += by->seeds;
}

/* Do two belong together: a crumb inside another's rectangle, or a narrow gap between one above the other? */
static gboolean
belong (const GptVisBlob *a, const GptVisBlob *b)
{
  const gint across = (gint) MIN (a->right, b->right) - (gint) MAX (a->left, b->left);
  const gint down = (gint) MIN (a->bottom, b->bottom) - (gint) MAX (a->top, b->top);
  const gint width = MIN (a->right - a->left, b->right - b->left);
  const gint height = MIN (a->bottom - a->top, b->bottom - b->top);
  const gint wide = MAX (a->right - a->left, b->right - b->left);
  const gint tall = MAX (a->bottom, b->bottom) - MIN (a->top, b->top);
  const guint small = MIN (a->cells, b->cells), large = MAX (a->cells, b->cells);
  if (across > 0 && down > 0 && small * 3 <= large && across * down * 2 >= width * height)
    return TRUE;
  return 5 * across >= 3 * width && -down <= MAX (1, tall / 10) && 2 * tall <= 7 * wide;
}

/* What all runs of a blob have, at its root. */
static void
sum_up (GptVisRun *runs, guint n)
{
  for (guint i = 0; i < n; i++) {
    const guint root = root_of (runs, i);
    if (root == i)
      continue;
    runs[root].cells = MIN (G_MAXUINT16, (guint) runs[root].cells + runs[i].cells);
    runs[root].seeds = MIN (G_MAXUINT16, (guint) runs[root].seeds + runs[i].seeds);
    runs[root].firm = MIN (G_MAXUINT16, (guint) runs[root].firm + runs[i].firm);
  }
}

/* The blobs of the roots, kept if there is something to them. */
static void
collect (GptVisBlobs *blobs, guint rows)
{
  GptVisRun *runs = blobs->runs;
  blobs->n = 0;
  /* the cells and seeds of all at their roots first: a blob's place is given only to what is large enough */
  sum_up (runs, blobs->n_runs);
  for (guint row = 0; row < rows; row++)
    for (guint i = blobs->row_runs[row]; i < blobs->row_runs[row + 1]; i++) {
      const guint root = root_of (runs, i);
      if (root == i && runs[i].cells >= 3 && blobs->n < GPTVIS_BLOBS_MOST) {
        blobs->blobs[blobs->n] = (GptVisBlob) { runs[i].left, row, runs[i].right, row + 1, runs[i].cells,
          runs[i].seeds, FALSE };
        runs[i].blob = blobs->n++;
      } else if (root != i && runs[root].blob >= 0) {
        GptVisBlob *blob = &blobs->blobs[runs[root].blob];
        blob->left = MIN (blob->left, runs[i].left);
        blob->right = MAX (blob->right, runs[i].right);
        blob->bottom = MAX (blob->bottom, row + 1);
      }
    }
}

/* Brings together what belongs together, drops what is too little; `to` says what became of each. */
static void
merge (GptVisBlobs *blobs, gint *to)
{
  GptVisBlob *all = blobs->blobs;
  for (guint i = 0; i < blobs->n; i++)
    to[i] = i;
  for (gboolean again = TRUE; again;) {
    again = FALSE;
    for (guint i = 0; i < blobs->n; i++)
      for (guint k = i + 1; to[i] == (gint) i && k < blobs->n; k++)
        if (to[k] == (gint) k && belong (&all[i], &all[k])) {
          grow (&all[i], &all[k]);
          to[k] = i;
          again = TRUE;
        }
  }
  for (guint i = 0; i < blobs->n; i++)
    while (to[i] != to[to[i]])
      to[i] = to[to[i]];
  for (guint i = 0; i < blobs->n; i++)
    if (to[i] == (gint) i) {
      all[i].firm = all[i].seeds >= LEAST_SEEDS && all[i].seeds * all[i].seeds >= BORDER * all[i].cells;
      if (all[i].cells < (all[i].firm ? LEAST_CELLS : LEAST_FAINT))
        all[i].cells = 0;
    }
}

/* The largest first, and none of the dropped. */
static void
sort (GptVisBlobs *blobs, gint *to)
{
  guint order[GPTVIS_BLOBS_MOST], n = 0;
  gint place[GPTVIS_BLOBS_MOST];
  GptVisBlob kept[GPTVIS_BLOBS_MOST];
  for (guint i = 0; i < blobs->n; i++) {
    place[i] = -1;
    if (to[i] != (gint) i || blobs->blobs[i].cells == 0)
      continue;
    guint at = n++;
    for (; at > 0 && is_before (&blobs->blobs[i], &blobs->blobs[order[at - 1]]); at--)
      order[at] = order[at - 1];
    order[at] = i;
  }
  for (guint k = 0; k < n; k++) {
    kept[k] = blobs->blobs[order[k]];
    place[order[k]] = k;
  }
  for (guint i = 0; i < blobs->n; i++)
    to[i] = place[to[i]];
  memcpy (blobs->blobs, kept, n * sizeof *kept);
  blobs->n = n;
}

static void
label (GptVisBlobs *blobs, const GptVisCells *cells, const gint *to)
{
  memset (blobs->labels, 0, cells->n);
  for (guint row = 0; row < cells->height; row++)
    for (guint i = blobs->row_runs[row]; i < blobs->row_runs[row + 1]; i++) {
      const gint blob = blobs->runs[root_of (blobs->runs, i)].blob;
      if (blob < 0 || to[blob] < 0)
        continue;
      memset (blobs->labels + (gsize) (row + 1) * cells->stride + 1 + blobs->runs[i].left, to[blob] + 1,
          blobs->runs[i].right - blobs->runs[i].left);
    }
}

/* Runs, row by row, of what has more evidence than `low`. */
static void
find_all (GptVisBlobs *blobs, const GptVisCells *cells, const float *evidence, float low, float firm,
    const float *proof, float high)
{
  guint *rows = blobs->row_runs;
  blobs->n_runs = 0;
  for (guint row = 0; row < cells->height; row++) {
    const gsize at = (gsize) (row + 1) * cells->stride;
    rows[row] = blobs->n_runs;
    find_faint (cells, evidence + at, low, blobs->faint + cells->n, blobs->faint + at);
    find_runs (blobs->runs, &blobs->n_runs, 0, cells->width, evidence + at + 1, blobs->faint + at + 1, low,
        firm, proof + at + 1, high);
    if (row > 0)
      join_rows (blobs->runs, rows[row - 1], rows[row], rows[row], blobs->n_runs);
  }
  rows[cells->height] = blobs->n_runs;
}

/* The same runs again, of which those are cut to what has more than `firm` whose blob has much of that. */
static void
find_firm (GptVisBlobs *blobs, const GptVisCells *cells, const float *evidence, float low, float firm,
    const float *proof, float high)
{
  GptVisRun *runs = blobs->runs;
  guint *rows = blobs->row_runs, n = 0, before = 0;
  sum_up (runs, blobs->n_runs);
  for (guint row = 0; row < cells->height; row++) {
    const gsize at = (gsize) (row + 1) * cells->stride + 1;
    const guint first = n;
    for (guint i = rows[row]; i < rows[row + 1]; i++) {
      const GptVisRun *root = &runs[root_of (runs, i)];
      find_runs (blobs->firm, &n, runs[i].left, runs[i].right, evidence + at, blobs->faint + at,
          root->firm >= LEAST_FIRM && FIRM * root->cells < root->firm ? firm : low, firm, proof + at, high);
    }
    rows[row] = first;
    if (row > 0)
      join_rows (blobs->firm, before, first, first, n);
    before = first;
  }
  rows[cells->height] = n;
  blobs->n_runs = n;
  blobs->runs = blobs->firm;
  blobs->firm = runs;
}

void
gptvis_blobs_find (GptVisBlobs *blobs, const GptVisCells *cells, const float *evidence, float low, float firm,
    const float *proof, float high)
{
  gint to[GPTVIS_BLOBS_MOST];
  find_all (blobs, cells, evidence, low, firm, proof, high);
  find_firm (blobs, cells, evidence, low, firm, proof, high);
  collect (blobs, cells->height);
  merge (blobs, to);
  sort (blobs, to);
  label (blobs, cells, to);
}
