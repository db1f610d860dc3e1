/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan: a network recorded once as a list of operations over tensors. It is
 * pure data: it knows shapes and names, no weight's bytes and no instruction.
 *
 *     GptVisPlan *plan = gptvis_plan_new ("vit", max_batch);
 *     x = gptvis_plan_patches (plan, &recipe, 16);
 *     x = gptvis_plan_linear (plan, x, weight, bias, NULL);
 *     …
 *     gptvis_plan_output (plan, "logits", x);
 *     if (!gptvis_plan_finish (plan, &error)) …
 *
 * Shapes. Every activation is [batch, rows, width] in f32 (what a backend stores
 * is its own affair); rows and width are recorded here, batch is a run-time
 * argument of 1 … max_batch. A weight is [rows, width] and has no batch; a vector
 * is [1, width], or [width, 1] when it is stacked from parts.
 *
 * Steps. A network that writes word by word has two parts. What is recorded first runs
 * once for a picture and leaves its result in states; what is recorded after
 * gptvis_plan_step runs for each token, one row for each sequence (a stream's caption, or
 * one of the beams of it), reads those states, and adds to states of its own. Weights may
 * be used in both; activations not. A plan with steps has its outputs there.
 *
 * Errors. A recording function checks its arguments; on the first miss it keeps
 * a sentence with the operation and the tensor, and from then on every call
 * returns GPTVIS_NO_TENSOR and records nothing. gptvis_plan_finish reports it.
 * So an architecture is recorded without a check at each line, and backends may
 * assume a finished plan is valid.
 *
 * Threads: recorded by one thread; immutable after finish. */
#pragma once
#include "picture.h"
#include "error.h"

G_BEGIN_DECLS

typedef enum { GPTVIS_F32, GPTVIS_F16, GPTVIS_BF16 } GptVisDtype;
gsize gptvis_dtype_size (GptVisDtype dtype);            /* bytes of an element */
const gchar *gptvis_dtype_name (GptVisDtype dtype);     /* "f32", … */

typedef enum {
#define OP(NAME, name, text) GPTVIS_OP_##NAME,
#include "ops.inc"
#undef OP
  GPTVIS_N_OPS
} GptVisOpKind;
const gchar *gptvis_op_name (GptVisOpKind kind);

typedef gint GptVisTensorId;
#define GPTVIS_NO_TENSOR (-1)

typedef enum {
  GPTVIS_TENSOR_INPUT,          /* written by the caller or by staging before each run */
  GPTVIS_TENSOR_WEIGHT,         /* read from a checkpoint */
  GPTVIS_TENSOR_CONSTANT,       /* computed from weights once, when a program is made */
  GPTVIS_TENSOR_TEMPORARY,      /* lives between two operations of a run */
  GPTVIS_TENSOR_STATE,          /* lives in a slot, between runs: keys and values */
} GptVisTensorKind;

/* A weight is one or more checkpoint tensors stacked by rows: each part is rows
 * [first, first + rows) of the named tensor seen as a matrix of the weight's
 * width. (q, k and v become one product so; the halves of a gated FFN two.) Of a
 * transposed one, [width, n] as GPT-2 stores it, these are columns. */
typedef struct {
  const gchar *name;
  guint first, rows;
  gboolean transposed;
  guint number;                 /* the name's among the plan's, which gives it: below gptvis_plan_n_names */
} GptVisWeightPart;

#define GPTVIS_WEIGHT_PARTS 3

typedef struct {
  GptVisTensorKind kind;
  gchar *name;                  /* of an output, input or weight; else NULL */
  guint rows, width;
  gboolean step;                /* an activation or state of the step: one a sequence, not one a picture */
  gboolean output;              /* may be read after a run; never shares memory */
  guint head_width;             /* of a state: that of its recalls, which is the same for all; 0: of none */
  GptVisWeightPart parts[GPTVIS_WEIGHT_PARTS];  /* weights only; names owned by the plan */
  guint n_parts;
  gint first_op, last_op;       /* lifetime, by finish: written by … last read by … (outputs: to the end) */
  /* By finish: of a temporary in the arena, in floats for each unit of batch (the arena is laid out for the
   * largest batch, in the step of sequences: byte offset = offset · batch · 4); of a state in a slot's block,
   * in floats. */
  gsize offset;
} GptVisTensor;

typedef enum { GPTVIS_ACT_NONE, GPTVIS_ACT_GELU, GPTVIS_ACT_GELU_TANH, GPTVIS_ACT_QUICK_GELU,
  GPTVIS_ACT_RELU, GPTVIS_ACT_SILU, GPTVIS_ACT_TANH, GPTVIS_N_ACTS } GptVisAct;
const gchar *gptvis_act_name (GptVisAct act);

/* linear: y = alpha · (act (x·Wᵀ + b) ⊙ gate) × scale + residual
 * x [n, K], W [M, K], b and scale [1, M], gate and residual [n, M]; all of the
 * last four may be GPTVIS_NO_TENSOR. */
typedef struct {
  GptVisAct act;
  GptVisTensorId gate, scale, residual;
  gfloat alpha;
} GptVisLinear;
#define GPTVIS_LINEAR(...) (&(GptVisLinear) { .act = GPTVIS_ACT_NONE, .gate = GPTVIS_NO_TENSOR, \
  .scale = GPTVIS_NO_TENSOR, .residual = GPTVIS_NO_TENSOR, .alpha = 1.0f, ##__VA_ARGS__ })

/* A grid: tensors' rows are its places in reading order. */
typedef struct {
  guint rows, columns;
} GptVisGrid;

/* attention: for each head h, y_h = softmax (scale · q_h k_hᵀ + bias_h) v_h, all rows to
 * all rows; or, with windows above 1, q's and k's rows in so many equal parts, each part by itself. q, k, v
 * are columns [x_column, x_column + heads · head_width) of their tensors (which may be one and the same). y
 * is [rows of q, heads · head_width]. The bias, if there is one, is a weight or constant [kinds · heads ·
 * queries, keys], the same for each picture, of a window's queries and keys. Its kinds are one, or those of
 * windows that stand in `across` columns: 0, in the last column 1, in the last row 2, in both 3. */
typedef struct {
  guint q_column, k_column, v_column;
  guint heads, head_width;
  gfloat scale;                 /* usually 1/√head_width */
  guint windows;                /* 0, 1: none */
  guint across;                 /* 0: the bias is of one kind */
} GptVisAttention;

#define GPTVIS_ATTENTION_KINDS 4u       /* if not one */
static inline guint
gptvis_attention_kind (const GptVisAttention *a, guint window)
{
  if (a->across == 0)
    return 0;
  return (window + 1) % a->across == 0 ? (window + a->across >= a->windows ? 3 : 1)
      : window + a->across >= a->windows ? 2 : 0;
}

/* relative: a bias of attention, [kinds · heads · n, n], of a table [any, heads] by how the n rows lie to
 * each other: as places of a grid. For a query that is r rows and c columns after its key it has the table's
 * row (r + rows − 1) · (2 · columns − 1) + c + columns − 1. With a token, n is one more: that row is before
 * the grid's, and the last three of the table are for it as the query, as the key, and for itself alone.
 * With a shift it is of all kinds of windows. In those of the last column the last `shift` columns come from
 * another side of the picture, in those of the last row as many rows: between what was apart in the picture
 * it has GPTVIS_RELATIVE_APART added. */
typedef struct {
  GptVisGrid grid;
  gboolean token;
  guint shift;                  /* 0: one kind */
} GptVisRelative;
#define GPTVIS_RELATIVE_APART -100.0f
/* Values of all in a plan: a small table makes many (of the largest network that is known, 2^28.6). */
#define GPTVIS_RELATIVE_MOST (1u << 29)

/* angles: cosines, then sines, of what rope turns a row's pairs by: [n_before + places, width]. Rows before
 * the grid's are not turned. The first half of a place's angles are for how far down it is, the others for
 * how far to the right: 2π · c / base^(4 i / width) for its i-th, where c goes from −1 at the one edge of the
 * picture to 1 at the other, and is that of the place's centre. */
typedef struct {
  GptVisGrid grid;
  guint n_before;
  guint width;                  /* of a head, a multiple of 4 */
  gfloat base;
} GptVisAngles;

/* rope: y has columns [column, column + heads · head_width) of x, each head's turned by the row's angles: of
 * a = x[i] and b = x[i + head_width / 2] it makes a cos − b sin and b cos + a sin. */
typedef struct {
  guint column, heads, head_width;
} GptVisRope;

/* recall: the step's attention. y [1, heads · head_width] of one row q over all rows of
 * the states: of a picture's state all, of a sequence's those before and at its position.
 * A state [rows, 2 · heads · head_width] has keys in its first half, values in the other; heads are
 * as wide in each recall of it, so that a backend may keep them apart. */
#define GPTVIS_RECALL_STATES 2

/* rows: y is its parts one below the other; a part is rows [first, first + rows)
 * of a tensor (a weight or constant is the same for each picture of the batch),
 * plus, where `add` is a tensor, rows [add_first, …) of that, or its row add_first to each. */
typedef struct {
  GptVisTensorId from;
  guint first, rows;
  GptVisTensorId add;
  guint add_first;
  gboolean add_to_each;
} GptVisRowsPart;
#define GPTVIS_ROWS_PARTS 8

/* pool: y [1, n_parts · width]: each part is one row, or the mean of rows. */
typedef struct {
  guint first, rows;            /* rows = 1: that row; more: their mean */
} GptVisPoolPart;
#define GPTVIS_POOL_PARTS 2

/* The last makes one value of a row. */
typedef enum { GPTVIS_SCORE_SOFTMAX, GPTVIS_SCORE_SIGMOID, GPTVIS_SCORE_LOG_SOFTMAX, GPTVIS_SCORE_LARGEST,
    GPTVIS_N_SCORES } GptVisScore;

/* columns: y is its parts side by side; a part is columns [first, first + width) of a tensor. */
typedef struct {
  GptVisTensorId from;
  guint first, width;
} GptVisColumnsPart;
#define GPTVIS_COLUMNS_PARTS 8

/* windows: a grid is cut into windows. y has them in reading order, the rows of each in theirs, and before
 * those of each all rows of `before`, if that is a tensor. Where windows do not divide the grid, rows of 0
 * are below and to the right of it. With a shift, its first `shift` rows and columns then go behind its last.
 * Back: the same the other way, and `before` and what is outside the grid are left out. */
typedef struct {
  GptVisGrid grid, window;      /* window: of one */
  guint shift;
  guint n_before;
  gboolean back;
} GptVisWindows;

/* How many windows there are, downwards and across. */
static inline GptVisGrid
gptvis_windows_grid (const GptVisWindows *w)
{
  return (GptVisGrid) { (w->grid.rows + w->window.rows - 1) / w->window.rows,
    (w->grid.columns + w->window.columns - 1) / w->window.columns };
}

/* unfold: places of a grid size × size around each `stride`th place each way; what lies outside is 0;
 * `padding` says how far outside it begins, and with `after` how far it ends. Column (c · size + y) · size
 * + x is column c of the place y down and x to the right, as a Conv2d's weight [out, c, y, x] read as a
 * matrix has it; or, in the other order, column (x · size + y) · width of x + c is. */
typedef enum { GPTVIS_UNFOLD_BY_CHANNELS, GPTVIS_UNFOLD_BY_COLUMNS } GptVisUnfoldOrder;
typedef struct {
  GptVisGrid grid;
  guint size, stride, padding, after;
  GptVisUnfoldOrder order;
} GptVisUnfold;
#define GPTVIS_UNFOLD_SIZE 16u  /* at most */

/* The grid that unfold makes. */
static inline GptVisGrid
gptvis_unfold_grid (const GptVisUnfold *u)
{
  return (GptVisGrid) { (u->grid.rows + 2 * u->padding + u->after - u->size) / u->stride + 1,
    (u->grid.columns + 2 * u->padding + u->after - u->size) / u->stride + 1 };
}

/* Column of a neighbourhood where column c of the place y down and x to the right goes, of `width` ones. */
static inline guint
gptvis_unfold_column (const GptVisUnfold *u, guint c, guint y, guint x, guint width)
{
  return u->order == GPTVIS_UNFOLD_BY_COLUMNS ? (x * u->size + y) * width + c
      : (c * u->size + y) * u->size + x;
}

/* top: y [n, 1] has the numbers of the rows of x [rows, 1] with the n largest values, largest first, equal
 * ones in their order. Of a grid only places that are `margin` from its edges. */
typedef struct {
  guint n;
  GptVisGrid grid, margin;      /* grid.rows 0: none; margin: so many rows and columns */
} GptVisTop;

/* boxes: y [n, 4], centre x, centre y, width, height, are boxes b moved and scaled by d:
 * b.xy + d.xy · b.wh and b.wh · e^d.wh. b [n, 4], or places [n, 1] of a grid (rows above 0), numbered from 0,
 * which are boxes of width and height `side` around the places' centres in a picture of 1 × 1. */
typedef struct {
  GptVisGrid grid;
  gfloat side;
} GptVisBoxes;

/* waves: y [n, 4 · features] of boxes [n, 4]: of y, x, width and height one after the other, for each i from
 * 0 sine and cosine of 2π · value / 10000^(2i / features). */

/* sample: for each of x's rows and heads the sum of `points` reads of value [rows · columns, heads ·
 * head_width] between the places of a grid, bilinear, 0 outside, each of its head's columns. Of a row of
 * `at`, column 2 · (head · points + point) and the next say where: box.xy + those / points · box.wh / 2,
 * where the grid is 1 × 1; and column 2 · heads · points + head · points + point how much, by a softmax over
 * the head's points. */
typedef struct {
  GptVisGrid grid;
  guint heads, head_width, points;
} GptVisSample;
#define GPTVIS_SAMPLE_POINTS 64u        /* at most */

#define GPTVIS_OP_INPUTS 16

typedef struct {
  GptVisOpKind kind;
  GptVisTensorId in[GPTVIS_OP_INPUTS];  /* linear: x, W, b, gate, scale, residual; norm: x, weight, bias; and
                                           mean, variance; attention: q, k, v, bias; rows: from, add of each
                                           part; columns: from of each; embed: table, positions; recall: q,
                                           states; windows: x, before; gather: x, list; boxes: b, d; sample:
                                           value, boxes, at; rope: x, angles; else: x */
  guint n_in;
  GptVisTensorId out;                   /* keep: the state */
  union {
    struct { GptVisRecipe recipe; guint patch_size; } patches;
    struct { GptVisAct act; gfloat alpha; } linear;
    struct { gfloat epsilon; GptVisAct act; } norm;
    GptVisAttention attention;            /* recall: k_column and v_column follow from the states */
    struct { guint first_position; } embed;
    struct { guint column; } keep;
    struct { GptVisRowsPart parts[GPTVIS_ROWS_PARTS]; guint n_parts; } rows;
    struct { guint rows_in, columns_in, rows_out, columns_out; gboolean antialias; } resample;  /* grids */
    GptVisRelative relative;
    GptVisAngles angles;
    GptVisRope rope;
    struct { GptVisPoolPart parts[GPTVIS_POOL_PARTS]; guint n_parts; } pool;
    struct { GptVisScore score; } score;
    struct { GptVisColumnsPart parts[GPTVIS_COLUMNS_PARTS]; guint n_parts; } columns;
    GptVisWindows windows;
    GptVisUnfold unfold;
    GptVisTop top;
    GptVisBoxes boxes;
    struct { guint features; } waves;
    GptVisSample sample;
  };
} GptVisOp;

typedef struct _GptVisPlan GptVisPlan;

/* Never fails. max_batch 1 … GPTVIS_MAX_BATCH. */
#define GPTVIS_MAX_BATCH 64u
GptVisPlan *gptvis_plan_new (const gchar *name, guint max_batch);
void gptvis_plan_free (GptVisPlan *plan);

/* Tensors. Names are copied. A weight that is asked for again is the same tensor. */
GptVisTensorId gptvis_plan_input (GptVisPlan *plan, const gchar *name, guint rows, guint width);
GptVisTensorId gptvis_plan_weight (GptVisPlan *plan, const gchar *name, guint rows, guint width);
/* Parts' rows must add up to `rows`. */
GptVisTensorId gptvis_plan_weight_stack (GptVisPlan *plan, guint rows, guint width,
    const GptVisWeightPart *parts, guint n_parts);

/* [rows, width] of the tensor as it stands, [width, rows]. */
GptVisTensorId gptvis_plan_weight_transposed (GptVisPlan *plan, const gchar *name, guint rows, guint width);
/* A state: recorded before gptvis_plan_step, one a picture; after it, one a sequence,
 * with a row for each position. */
GptVisTensorId gptvis_plan_state (GptVisPlan *plan, const gchar *name, guint rows, guint width);

/* From here on the step is recorded: for at most max_sequences at a time, and so many
 * (1 … GPTVIS_MAX_BEAMS) to a slot. */
#define GPTVIS_MAX_BEAMS 16u
#define GPTVIS_MAX_SEQUENCES 64u
void gptvis_plan_step (GptVisPlan *plan, guint max_sequences, guint beams);

/* Operations: each returns its result, or GPTVIS_NO_TENSOR after an error. */
/* An input "patches" [tokens, 3·P²] that staging fills from a picture; one a plan. */
GptVisTensorId gptvis_plan_patches (GptVisPlan *plan, const GptVisRecipe *recipe, guint patch_size);
GptVisTensorId gptvis_plan_linear (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight,
    GptVisTensorId bias, const GptVisLinear *linear);
GptVisTensorId gptvis_plan_norm (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight,
    GptVisTensorId bias, gfloat epsilon);
/* What else a norm may have. By mean and variance [1, width] it is each column's: (x − mean) / √(variance +
 * epsilon). */
typedef struct {
  GptVisAct act;
  GptVisTensorId mean, variance;
} GptVisNorm;
#define GPTVIS_NORM(...) (&(GptVisNorm) { .act = GPTVIS_ACT_NONE, .mean = GPTVIS_NO_TENSOR, \
  .variance = GPTVIS_NO_TENSOR, ##__VA_ARGS__ })
GptVisTensorId gptvis_plan_norm_with (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId weight,
    GptVisTensorId bias, gfloat epsilon, const GptVisNorm *norm);
GptVisTensorId gptvis_plan_attention (GptVisPlan *plan, GptVisTensorId q, GptVisTensorId k, GptVisTensorId v,
    const GptVisAttention *attention);
/* bias: GPTVIS_NO_TENSOR, or a weight or constant. */
GptVisTensorId gptvis_plan_attention_with (GptVisPlan *plan, GptVisTensorId q, GptVisTensorId k,
    GptVisTensorId v, GptVisTensorId bias, const GptVisAttention *attention);
/* angles: a weight or constant [x's rows, head_width]. */
GptVisTensorId gptvis_plan_rope (
    GptVisPlan *plan, GptVisTensorId x, GptVisTensorId angles, const GptVisRope *rope);
/* In the step: row `token` of the table plus row first_position + `position` of positions
 * [any, width], both run-time arguments. */
GptVisTensorId gptvis_plan_embed (GptVisPlan *plan, GptVisTensorId table, GptVisTensorId positions,
    guint first_position);
/* Columns [column, column + state's width) of x's rows into the state: all its rows, or in
 * the step the one at the sequence's position. */
void gptvis_plan_keep (GptVisPlan *plan, GptVisTensorId x, guint column, GptVisTensorId state);
/* In the step; q's columns from attention->q_column on. */
GptVisTensorId gptvis_plan_recall (GptVisPlan *plan, GptVisTensorId q, const GptVisTensorId *states,
    guint n_states, const GptVisAttention *attention);
GptVisTensorId gptvis_plan_rows (GptVisPlan *plan, const GptVisRowsPart *parts, guint n_parts);
GptVisTensorId gptvis_plan_pool (GptVisPlan *plan, GptVisTensorId x, const GptVisPoolPart *parts,
    guint n_parts);
GptVisTensorId gptvis_plan_score (GptVisPlan *plan, GptVisTensorId x, GptVisScore score);

/* Constants: made once, when a program is made (plan-constants.c). */
/* Bicubic with half-pixel centres, as torch.nn.functional.interpolate does it: without antialias a = −0.75
 * and edges repeated; with it a = −0.5, a filter as wide as the step and its weights renormalised at the
 * edges. x: a weight of rows_in · columns_in rows; the result is a constant. */
GptVisTensorId gptvis_plan_resample (GptVisPlan *plan, GptVisTensorId x, guint rows_in, guint columns_in,
    guint rows_out, guint columns_out, gboolean antialias);
/* table: a weight [any, heads]. */
GptVisTensorId gptvis_plan_relative (GptVisPlan *plan, GptVisTensorId table, const GptVisRelative *relative);
GptVisTensorId gptvis_plan_angles (GptVisPlan *plan, const GptVisAngles *angles);

/* Of grids and detectors (plan-grids.c). */
GptVisTensorId gptvis_plan_columns (GptVisPlan *plan, const GptVisColumnsPart *parts, guint n_parts);
/* before: GPTVIS_NO_TENSOR, or [any, x's width]. Of windows that divide the grid, across × across. */
GptVisTensorId gptvis_plan_windows (
    GptVisPlan *plan, GptVisTensorId x, GptVisTensorId before, GptVisGrid grid, guint across);
GptVisTensorId gptvis_plan_from_windows (GptVisPlan *plan, GptVisTensorId x, GptVisGrid grid, guint across);
/* Any others: x's rows are those of w->grid, or w->back, of its windows. */
GptVisTensorId gptvis_plan_windows_of (
    GptVisPlan *plan, GptVisTensorId x, GptVisTensorId before, const GptVisWindows *w);
GptVisTensorId gptvis_plan_unfold (GptVisPlan *plan, GptVisTensorId x, const GptVisUnfold *unfold);
GptVisTensorId gptvis_plan_top (GptVisPlan *plan, GptVisTensorId x, const GptVisTop *top);
/* list: [n, 1] of numbers of x's rows, as top makes it. */
GptVisTensorId gptvis_plan_gather (GptVisPlan *plan, GptVisTensorId x, GptVisTensorId list);
GptVisTensorId gptvis_plan_boxes (
    GptVisPlan *plan, GptVisTensorId b, GptVisTensorId d, const GptVisBoxes *boxes);
GptVisTensorId gptvis_plan_waves (GptVisPlan *plan, GptVisTensorId boxes, guint features);
GptVisTensorId gptvis_plan_sample (GptVisPlan *plan, GptVisTensorId value, GptVisTensorId boxes,
    GptVisTensorId at, const GptVisSample *sample);

/* Makes x readable after a run under that name. */
void gptvis_plan_output (GptVisPlan *plan, const gchar *name, GptVisTensorId x);

/* Ends the recording: reports the first error, works out lifetimes and the
 * arena. Nothing may be recorded afterwards. */
gboolean gptvis_plan_finish (GptVisPlan *plan, GError **error);

/* Reading a plan. Pointers are the plan's. */
const gchar *gptvis_plan_name (const GptVisPlan *plan);
guint gptvis_plan_max_batch (const GptVisPlan *plan);
guint gptvis_plan_n_ops (const GptVisPlan *plan);
/* The first operation of the step; n_ops where there is none. */
guint gptvis_plan_step_op (const GptVisPlan *plan);
guint gptvis_plan_max_sequences (const GptVisPlan *plan);      /* 0 where there is no step */
guint gptvis_plan_beams (const GptVisPlan *plan);      /* sequences of a slot; 0 likewise */
/* Positions that the step's states and tables of positions have room for. */
guint gptvis_plan_max_positions (const GptVisPlan *plan);
/* Largest batch that the tensor is laid out for: of pictures or of sequences. */
guint gptvis_plan_batch_of (const GptVisPlan *plan, const GptVisTensor *tensor);
/* Is there one for each picture, or sequence, of a batch? */
static inline gboolean
gptvis_tensor_is_activation (const GptVisTensor *tensor)
{
  return tensor->kind == GPTVIS_TENSOR_INPUT || tensor->kind == GPTVIS_TENSOR_TEMPORARY;
}

/* Floats from one copy of the tensor to the next in an arena or a slot's states. */
gsize gptvis_tensor_span (const GptVisTensor *tensor);
gsize gptvis_plan_slot_states (const GptVisPlan *plan);        /* floats of states in a slot */
const GptVisOp *gptvis_plan_op (const GptVisPlan *plan, guint i);
/* Is operation i done when a program is made? (Its result is a constant then.) */
gboolean gptvis_plan_makes_constant (const GptVisPlan *plan, guint i);
guint gptvis_plan_n_tensors (const GptVisPlan *plan);
const GptVisTensor *gptvis_plan_tensor (const GptVisPlan *plan, GptVisTensorId id);
guint gptvis_plan_n_names (const GptVisPlan *plan);     /* of checkpoint tensors, each counted once */
gsize gptvis_plan_arena (const GptVisPlan *plan);      /* floats, for the largest batches */
GptVisTensorId gptvis_plan_input_id (const GptVisPlan *plan);  /* every finished plan has one */
GptVisTensorId gptvis_plan_find (const GptVisPlan *plan, const gchar *name); /* an output or input by name */
/* Multiply-adds × 2 of operation i for one picture or sequence (products and attention; else 0). */
gdouble gptvis_plan_op_flops (const GptVisPlan *plan, guint i);
/* One operation a line, with names and shapes; free with g_free. */
gchar *gptvis_plan_print (const GptVisPlan *plan);
gchar *gptvis_plan_print_op (const GptVisPlan *plan, guint i); /* that line alone */

G_END_DECLS
