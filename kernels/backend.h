/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A backend makes a plan ready on a processor or device (a program) and runs
 * it. It takes a whole plan or refuses it, naming the operation.
 *
 *     program = gptvis_program_new (plan, weights, &options, &error);
 *     slot = gptvis_program_slot_new (program, &error);
 *     gptvis_program_stage (program, slot, &picture, &error);      streaming thread
 *     gptvis_program_submit (program, &slot, 1, &error);           worker
 *     gptvis_program_wait (program, &error);                       of the run that was submitted first
 *     logits = gptvis_program_output (program, id, 0);
 *
 * and of a plan with steps, after the first wait:
 *
 *     gptvis_program_step (program, &sequence, 1, &error);         once a token
 *     gptvis_program_wait (program, &error);
 *     logits = gptvis_program_output (program, id, 0);
 *
 * A device that fails. The run fails, and so does a run of any slot that was filled before; from then on
 * the program runs on the processor (gptvis_program_failure says so).
 *
 * Threads. A slot belongs to one stream: it is staged by one thread at a time and
 * not while it is being run. Different slots may be staged at the same time, and
 * while a run is under way. submit, step, wait and output are called by one thread at
 * a time (the program's worker). */
#pragma once
#include "plan.h"
#include "precision.h"

G_BEGIN_DECLS

/* Where weights come from: a checkpoint's tensors, row-major and little endian. `find` says
 * of what type they are and of how many elements, and where their bytes are: in memory for as
 * long as the program lives, or in a file, then NULL. Of those, `read` puts n bytes, from byte
 * `first` of the tensor, at `to`, or fails, since files change under us: they are never mapped,
 * because what reads a mapping of a file that was cut dies. Any thread. Backends ask through
 * weights.h. Asked by the plan's part, whose number stands for its name: a loader looks each name up
 * once, and has checked shapes, before there is a program. So all that is asked for is there. */
typedef struct {
  gconstpointer (*find) (gpointer user, const GptVisWeightPart *part, GptVisDtype *dtype, gsize *n_elements);
  gpointer user;
  /* NULL: all is in memory */
  gboolean (*read) (gpointer user, const GptVisWeightPart *part, gsize first, gsize n, gpointer to,
      GError **error);
} GptVisWeights;

typedef struct {
  const gchar *backend;         /* "auto", "cpu", "vulkan"; NULL is auto: a GPU, else the processor */
  const gchar *device;          /* NULL, "auto", or a GPU by number or name */
  GptVisPrecision precision;
  guint threads;                /* 0: as many as the process may use */
} GptVisProgramOptions;

#define GPTVIS_MAX_IN_FLIGHT 2u

typedef struct _GptVisProgram GptVisProgram;
typedef struct _GptVisSlot GptVisSlot;

/* What a step does for one sequence: reads a token, and puts its keys and values into
 * row `position` of the slot's copy `beam`. Before that position, the sequence's rows lie
 * in the copies that `history` [position] names, since beams branch off each other; NULL:
 * all in its own. */
typedef struct {
  GptVisSlot *slot;             /* submitted before */
  guint token, position;        /* in the plan's table; below gptvis_plan_max_positions */
  guint beam;                   /* below gptvis_plan_beams */
  const guint8 *history;
} GptVisSequence;

/* The table a backend fills. Arguments have been checked by the functions below. */
typedef struct {
  const gchar *name;
  gchar *(*devices) (GError **error);
  GptVisProgram *(*program_new) (const GptVisPlan *plan, const GptVisWeights *weights,
      const GptVisProgramOptions *options, GError **error);
  void (*program_free) (GptVisProgram *program);
  GptVisSlot *(*slot_new) (GptVisProgram *program);    /* NULL: there is no memory */
  void (*slot_free) (GptVisProgram *program, GptVisSlot *slot);
  /* The slot takes the picture as it is. FALSE: not this one, and its rows are filled from it instead. May be
   * NULL: no picture is taken. */
  gboolean (*stage) (GptVisProgram *program, GptVisSlot *slot, const GptVisPicture *picture);
  /* Needed with `stage`: slot->rows, into which it first puts what the slot holds, and which the slot is
   * filled with from then on. */
  float *(*slot_rows) (GptVisProgram *program, GptVisSlot *slot);
  gboolean (*submit) (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error);
  gboolean (*step) (GptVisProgram *program, const GptVisSequence *sequences, guint n, GError **error);
  gboolean (*wait) (GptVisProgram *program, GError **error);
  const float *(*output) (GptVisProgram *program, GptVisTensorId id, guint i);
} GptVisBackendTable;

/* Every slot begins with this; a backend's own struct embeds it first and gives it the
 * memory of `rows`, the patchifier comes and goes in backend.c. */
struct _GptVisSlot {
  struct _GptVisPatchifier *patchifier; /* NULL when the plan's input is no picture */
  float *rows;                  /* of the plan's input, [rows, width] */
  struct _GptVisSlot *instead;  /* where it is since the device failed; NULL: not filled since */
};

/* Every program begins with this; a backend's own struct embeds it first. */
struct _GptVisProgram {
  const GptVisBackendTable *backend;
  const GptVisPlan *plan;       /* not owned; must outlive the program */
  GptVisPrecision precision;    /* what auto became */
  guint threads;                /* that compute */
  /* runs that may be submitted before the first is waited for, up to GPTVIS_MAX_IN_FLIGHT */
  guint in_flight;
  /* of the last run for pictures that was waited for, by the device's clock; 0: not known */
  gint64 device_ns;
  gchar *description;           /* one line for logs and stats: "cpu, avx512, f32, 2 threads" */
  /* runs leave out this operation and those after it; 0: none (vulkan/check.c) */
  guint end_op;
  gint64 *op_ns;                /* NULL, or n_ops times that runs add to (tests/bench --ops sets it) */
  struct _GptVisFallback *fallback;     /* NULL: it is the processor's itself */
  guint on_device;              /* with a fallback: runs that the device has and that are not waited for */
  struct _GptVisProgram *reads; /* with a fallback: whose outputs the last run's are */
};

/* What the backend can compute on, one a line ("0: name (kind, …)"); NULL: UNSUPPORTED (no such
 * backend here) or DEVICE (nothing to compute on). Free with g_free. Any thread. */
gchar *gptvis_backend_devices (const gchar *backend, GError **error);

/* Takes the named backend, or for auto the best there is; says in description what
 * it took (and auto, with g_info, why no GPU). Refuses with UNSUPPORTED (unknown backend,
 * precision it does not compute, an operation it lacks, a wrong GPTVIS_CPU), NOT_FOUND (no
 * such device), DEVICE, LIMIT (no memory) or FORMAT (a NaN or infinite weight, by tensor
 * name). Packing uses `threads` threads. */
GptVisProgram *gptvis_program_new (const GptVisPlan *plan, const GptVisWeights *weights,
    const GptVisProgramOptions *options, GError **error);
void gptvis_program_free (GptVisProgram *program);     /* NULL is fine; all slots are free by then */

/* The program that runs now: this one, or the one on the processor since the device failed. For its
 * description, precision and threads. Any thread. */
const GptVisProgram *gptvis_program_at_work (const GptVisProgram *program);
/* Why that is the processor now; NULL: nothing failed. As long as the program; any thread. */
const GError *gptvis_program_failure (const GptVisProgram *program);

/* NULL: LIMIT, when there is no memory for its rows and states. */
GptVisSlot *gptvis_program_slot_new (GptVisProgram *program, GError **error);
void gptvis_program_slot_free (GptVisProgram *program, GptVisSlot *slot);

/* Picture → the slot's patch rows; the picture's memory is not needed afterwards. FALSE: LIMIT or UNSUPPORTED
 * for an impossible picture, LIMIT when there is no memory. */
gboolean gptvis_program_stage (GptVisProgram *program, GptVisSlot *slot, const GptVisPicture *picture,
    GError **error);
/* The slot's rows themselves, [tokens, 3·P²] of a picture, to write or read them: decoders' inputs,
 * golden-check, benchmarks. A device may have to make them of a picture first, and then no run
 * may be under way. */
float *gptvis_program_slot_rows (GptVisProgram *program, GptVisSlot *slot);

/* Runs n (1 … max_batch) slots as one batch; of a plan with steps the part before them,
 * which leaves the pictures' states in the slots. */
gboolean gptvis_program_submit (GptVisProgram *program, GptVisSlot *const *slots, guint n, GError **error);
/* Runs the step for n (1 … max_sequences) sequences; outputs are then theirs, in this order.
 * Those of one slot stand together, each with another beam. */
gboolean gptvis_program_step (GptVisProgram *program, const GptVisSequence *sequences, guint n,
    GError **error);
gboolean gptvis_program_wait (GptVisProgram *program, GError **error);
/* The output tensor of picture or sequence i of the batch, [rows, width] floats, valid until the next
 * submit. */
const float *gptvis_program_output (GptVisProgram *program, GptVisTensorId id, guint i);

G_END_DECLS
