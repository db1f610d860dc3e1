/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gates on the worker's way. It stops at a closed gate until the test lets it pass, so that the test, and
 * not the time, decides what is still under way when its next line runs.
 *
 *     gate_close (GATE_ANALYSIS);
 *     rig_step (rig, 0);
 *     gate_await (GATE_ANALYSIS);          the frame's analysis is under way, and stays so
 *     gate_pass (GATE_ANALYSIS);           it ends; the next one stops again
 *     gate_open (GATE_ANALYSIS);
 *
 * The linker redirects the worker's calls to gate.c (--wrap), only in programs that are linked with it. */
#pragma once
#include <gst/check/gstharness.h>

G_BEGIN_DECLS

typedef enum {
  GATE_ANALYSIS,                /* before the end of a batch that has begun */
  GATE_WORD,                    /* before each sentence that is being written gets its next word */
  N_GATES
} Gate;

void gate_close (Gate gate);
void gate_open (Gate gate);
/* Waits until the worker stops there. Fails after a minute. */
void gate_await (Gate gate);
/* The same for whichever gate it stops at first; returns that gate. */
Gate gate_await_any (void);
/* Lets the worker pass once: now, or when it gets there. */
void gate_pass (Gate gate);
/* How often the worker has come there since the gate was last closed. */
guint gate_visits (Gate gate);
/* Pushes an end of stream, which must not get through while the worker stands there; then opens the gate. */
void gate_hold_end (Gate gate, GstHarness *harness);

/* From now on g_get_monotonic_time stands still, but for so many µs at the end of each picture's analysis and
 * of each step that writes words: what depends on how long these take does not depend on the machine.
 * With 0, 0 it tells the real time again. */
void gate_set_pace (gint64 analysis, gint64 word);

G_END_DECLS
