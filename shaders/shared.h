/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What C and GLSL agree on: the numbers of bindings and specialization constants, and
 * what is pushed. Both languages read this file: plain structs of uint and float, no
 * pointer, no padding (all members are of four bytes).
 *
 * Words. rows, width: of a tensor. inner: K of a product. All strides, columns and
 * offsets are in floats. A picture or sequence is gl_WorkGroupID.y or .z, as said. */
#ifndef GPTVIS_SHADERS_SHARED_H
#define GPTVIS_SHADERS_SHARED_H

/* Specialization constants; those that a shader has not got are ignored. */
#define SPEC_THREADS 0          /* of a workgroup */
#define SPEC_PARTS 1            /* bits: which optional tensors there are; score: which score */
/* 1: every row that is read begins at a multiple of four floats, and is so long */
#define SPEC_VECTORS 2
#define SPEC_A 3                /* as each shader says */
#define SPEC_B 4
#define SPEC_C 5
#define SPEC_D 6
#define SPEC_E 7
#define SPEC_F 8
#define SPEC_MATRIX_ROWS 9      /* of the device's cooperative matrices */
#define SPEC_MATRIX_COLUMNS 10
#define SPEC_MATRIX_INNER 11
#define N_SPECS 12

/* linear: SPEC_A rows and SPEC_B columns of a tile, SPEC_C of the inner side at a time (all
 * multiples of 4); SPEC_D rows and SPEC_E columns of a thread, in fours; SPEC_F the activation
 * (ACT_…). Workgroups: columns, rows. Bindings in this order.
 * linear-dot: the same; SPEC_C is LINEAR_SLICE; workgroups' threads divide LINEAR_SLICE / 4 times a
 * tile's rows, and columns. A slice of which no x reaches LINEAR_LEAST is 0.
 * linear-matrix: the same, and all multiples of the matrices' sides; but SPEC_D rows and SPEC_E
 * columns of a subgroup, one by one.
 * linear-few: SPEC_A rows at most, SPEC_F likewise; LINEAR_FEW_LANES threads a column.
 * Workgroups: columns. */
#define LINEAR_FEW_LANES 16
#define LINEAR_SLICE 32         /* of a row of x, that has one scale in bytes; a multiple of 16 */
#define LINEAR_LEAST 1e-30
#define LINEAR_X 0
#define LINEAR_W 1
#define LINEAR_B 2
#define LINEAR_GATE 3
#define LINEAR_SCALE 4
#define LINEAR_RESIDUAL 5
#define LINEAR_Y 6
#define LINEAR_HAS_B 1
#define LINEAR_HAS_GATE 2
#define LINEAR_HAS_SCALE 4
#define LINEAR_HAS_RESIDUAL 8
#define ACT_NONE 0              /* GptVisAct */
#define ACT_GELU 1
#define ACT_GELU_TANH 2
#define ACT_QUICK_GELU 3
#define ACT_RELU 4
#define ACT_SILU 5
#define ACT_TANH 6
struct LinearPush {
  uint rows, inner;
  uint columns;                 /* of this piece of W … */
  uint first_column, y_width;   /* … which begins there in y */
  float alpha;
};

/* norm: x, weight, bias, y, mean, variance; SPEC_A the activation (ACT_…). Workgroups: rows, pictures. */
#define NORM_HAS_WEIGHT 1
#define NORM_HAS_BIAS 2
#define NORM_IS_WRONG 4         /* for a test: everything comes out too large */
#define NORM_HAS_MEAN 8         /* and variance, of each column */
struct NormPush {
  uint rows, width;
  float epsilon;
};

/* attention: q, k, v, y, bias; a window is a picture of its own. SPEC_A queries and SPEC_B keys of a tile (a
 * multiple of ATTENTION_LANES), SPEC_C width of a head, SPEC_D queries that ATTENTION_LANES threads share.
 * Workgroups: tiles of queries, heads, pictures.
 * attention-matrix: the same; a subgroup has SPEC_MATRIX_ROWS queries; keys are a multiple of the
 * matrices' sides, and so is SPEC_D, the width of a head with what is 0 behind it. */
#define ATTENTION_LANES 8
#define ATTENTION_HAS_BIAS 1
struct AttentionPush {
  uint n_queries, n_keys;
  uint q_width, k_width, v_width, y_width;
  uint q_column, k_column, v_column;
  float scale;
  uint windows, across;         /* of a picture; 0: the bias is of one kind */
};

/* rows: one part: from, add, y. Workgroups: elements, pictures. */
#define ROWS_HAS_ADD 1
struct RowsPush {
  uint count;                   /* elements of the part */
  uint width;
  uint from_first, from_stride; /* its first element; from one picture to the next */
  uint add_first, add_stride, add_to_each;
  uint y_first, y_stride;
};

/* rope: x, angles, y. Workgroups: elements, pictures. */
struct RopePush {
  uint rows, x_width;
  uint column, heads, head_width;
};

/* pool: one part: x, y. Workgroups: columns, pictures. */
struct PoolPush {
  uint width, first, rows;
  uint x_stride;                /* from one picture to the next */
  uint y_first, y_stride;
};

/* score: x, y; SPEC_PARTS is GptVisScore, named here. Workgroups: rows, pictures. */
#define SCORE_SOFTMAX 0
#define SCORE_SIGMOID 1
#define SCORE_LOG_SOFTMAX 2
#define SCORE_LARGEST 3         /* one value of a row */
struct ScorePush {
  uint rows, width;
};

/* Of grids and detectors; what they are is plan.h's. Workgroups: elements of a picture's result, pictures. */
/* columns: one part: from, y. */
struct ColumnsPush {
  uint rows, width;             /* of the part */
  uint from_width, from_first, y_width, y_first;        /* first: columns */
};

/* windows: x, before, y. */
struct WindowsPush {
  uint width;
  uint rows, columns;           /* of the grid */
  uint high, wide;              /* of a window */
  uint down, across;            /* windows */
  uint shift, n_before, back;
  uint x_stride, before_stride, y_stride;       /* from one picture to the next */
};

/* unfold: x, y. */
struct UnfoldPush {
  uint rows, columns, width;    /* of x */
  uint out_rows, out_columns;
  uint size, stride, padding;
  uint by_columns;              /* 1: the other order */
};

/* top: x, y. Elements are x's. What is no grid is one of a row. */
struct TopPush {
  uint rows, columns, margin_rows, margin_columns, n;
};

/* gather: x, list, y. */
struct GatherPush {
  uint rows, width, x_rows;
};

/* boxes: b, d, y. Elements are boxes of all pictures; grid_rows 0: b are boxes. */
struct BoxesPush {
  uint rows, grid_rows, grid_columns;
  float side;
};

/* waves: x, y. Elements are pairs of sine and cosine, of all pictures. */
struct WavesPush {
  uint rows, pairs;             /* pairs: of a value */
};

/* sample: value, boxes, at, y. */
struct SamplePush {
  uint rows, heads, head_width, points;
  uint grid_rows, columns;
};

/* The arguments of a run, uints in a buffer: ARGS_SEQUENCE for each picture or sequence,
 * then for each the copies that hold its rows before its position, a byte each. */
#define ARGS_SLOT 0
#define ARGS_TOKEN 1
#define ARGS_POSITION 2
#define ARGS_BEAM 3
#define ARGS_SEQUENCE 4

/* embed: table, positions, args, y. Workgroups: columns, sequences. Writes only the
 * sequences whose token is in this piece of the table. */
struct EmbedPush {
  uint width, first_position;
  uint first_token, end_token;  /* of this piece */
};

/* A state: slot after slot, each `copies` times (once, or one a beam) `span` floats.
 * step: its rows are those up to the sequence's position. */
struct StatePush {
  uint rows, span, copies, step;
};
#ifndef VULKAN                  /* in GLSL a struct's name is its type's */
typedef struct StatePush StatePush;
#endif

/* keep: x, args, state. Workgroups: elements of x's rows in the state's width, pictures. */
struct KeepPush {
  uint rows, width;             /* of the state that are written */
  uint x_width, x_column;
  StatePush state;
};

/* recall: q, state 0, state 1 (or again 0), args, y. SPEC_A width of a head, SPEC_B states.
 * Workgroups: heads, sequences. */
struct RecallPush {
  uint heads, q_width, q_column;
  uint first_history, history_stride;   /* uints: where in args, and of a sequence */
  float scale;
  StatePush state[2];
};

/* A picture as it came, in one buffer: this, the taps, the pixels. Taps are words: of each
 * output its first sample and how many, then `most` weights for each: floats, or for RGB whole
 * numbers of 22 bits behind the point, as Pillow's. */
struct PatchComponent {
  uint pixels;                  /* byte of the first row's first sample … */
  uint row, step;               /* … bytes to the next row, to the next sample */
  uint rows;                    /* that are there */
  uint across, across_most, down, down_most;    /* words: where the taps are */
  uint narrow;                  /* float of the narrow picture where its [rows, width] are */
};
struct PatchPicture {
  uint rgb, components;         /* 1: Y alone */
  uint bytes;                   /* of a sample */
  uint width, height, patch_size;       /* of the result, and of a patch: pixels */
  float unit;                   /* of a sample's lowest bit */
#ifdef VULKAN
  PatchComponent component[3];
#else
  struct PatchComponent component[3];
#endif
  float mixes[12];              /* of R, G, B: of Y, Cb, Cr, and the offset */
  float scale[3], shift[3];     /* a colour of 0 … 255 to what the network reads */
};

/* narrow: picture, narrow. Each component as wide as the result: RGB rounded to whole numbers.
 * Nothing is pushed. Workgroups: columns, rows, components. */

/* patches: picture, narrow, y. Workgroups: columns, rows. */
struct PatchesPush {
  uint first;                   /* float of the picture's first in y */
};

#endif
