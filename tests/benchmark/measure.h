/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the modes of tests/bench share: its settings, time, what the machine could do at best,
 * and tables. Each mode is a file. */
#pragma once
#include "backend.h"

typedef struct {
  const gchar *backend;
  const gchar *device;          /* NULL: the best */
  GptVisPrecision precision;
  guint threads;                /* not 0 */
  gboolean threads_given;       /* else it is as many as the process may use */
  guint batch, side, patch;     /* 0: the mode's own */
  gint runs;                    /* 0: as many as there is time for */
  guint pause_ms;               /* before each */
  gboolean ops;                 /* each operation's share */
  guint streams, beams;         /* caption.c's */
  gboolean peers;               /* in turn with other runtimes */
} BenchSettings;

/* The modes. name: of a network; NULL is all where there are several. */
void bench_classifier (const gchar *name, const BenchSettings *settings);
void bench_frames (const gchar *name, const BenchSettings *settings);
void bench_captions (const gchar *name, const BenchSettings *settings);
void bench_limits (const BenchSettings *settings);
void bench_products (const gchar *name, const BenchSettings *settings);
void bench_peers (const gchar *name, const BenchSettings *settings);
void bench_intensity (const gchar *name, const BenchSettings *settings);

/* stage.c: frames of the named format, or all with NULL. */
void bench_stage (const gchar *name, const BenchSettings *settings);

/* motion.c: likewise. */
void bench_motion (const gchar *name, const BenchSettings *settings);

/* open.c: checkpoints, by their directories; a list that ends with NULL. */
void bench_open (gchar *const *directories, const BenchSettings *settings);

/* Ends the program, with a sentence. */
void measure_die (const gchar *what) G_GNUC_NORETURN;

gint64 measure_now (void);      /* ns */
/* From here on measure_now counts the time that this process has on the processor, and peers do likewise:
 * what one thread takes, on a machine that does other things beside. */
void measure_take_own_time (void);
void measure_rest (guint ms);   /* threads that spin fall asleep meanwhile */

/* Durations, ns: the least and the median; 0 of none. Both put them in order. */
GArray *measure_times_new (void);
void measure_add (GArray *times, gint64 ns);
gdouble measure_least (GArray *times);
gdouble measure_median (GArray *times);

/* Root mean square of x − right over that of right, n of each. */
gdouble measure_difference (const float *x, const float *right, gsize n);

/* GFLOP/s of the tier's own multiplications on registers alone (limits.c). */
gdouble limits_multiply (guint threads, GptVisPrecision precision);

/* Reads memory from end to end, as many threads as given, each some pages at a time. */
typedef struct _MeasureReader MeasureReader;
MeasureReader *measure_reader_new (guint threads, gsize bytes);
void measure_reader_free (MeasureReader *reader);
gint64 measure_reader_run (MeasureReader *reader);     /* ns */

/* Has the tier dot products of bytes? What is asked of int8 depends on that. */
gboolean measure_has_vnni (void);

/* Its name, and how far its threads are from one another. */
void measure_print_processor (void);
/* limit: GFLOP/s; 0: there is none. */
void measure_print_times (const gchar *name, GArray *times, gdouble flops, gdouble limit);

/* What operations [first, end) took (ns [n_ops], of all runs together), each by itself and
 * by kind. amounts [n_ops]: what one run of each does, in FLOP where `unit` is GFLOP/s, in
 * bytes where it is GB/s. */
void measure_print_ops (const GptVisPlan *plan, guint first, guint end, const gint64 *ns, guint runs,
    const gdouble *amounts, const gchar *unit, gdouble limit);
