/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gates on the worker's way. At a closed one it stands until the test lets it on, so that a test decides
 * what is still under way when its next line runs, and no time does.
 *
 *     gate_close (GATE_ANALYSIS);
 *     rig_step (rig, 0);
 *     gate_await (GATE_ANALYSIS);          the frame's analysis is under way, and stays so
 *     gate_pass (GATE_ANALYSIS);           it comes to its end; the next one stands again
 *     gate_open (GATE_ANALYSIS);
 *
 * The linker leads the worker's calls through here (--wrap); a program that has no gate.h runs as it is. */
#pragma once
#include <gst/check/gstharness.h>

G_BEGIN_DECLS

typedef enum {
  GATE_ANALYSIS,                /* a batch has begun; its end comes behind the gate */
  GATE_WORD,                    /* sentences are being written; behind the gate each has a word more */
  N_GATES
} Gate;

void gate_close (Gate gate);
void gate_open (Gate gate);
/* Until somebody stands there who has no leave yet. Fails after a minute. */
void gate_await (Gate gate);
/* Lets one on who stands there, or is the next to come. */
void gate_pass (Gate gate);
/* How often somebody has come there since it was closed last. */
guint gate_visits (Gate gate);
/* Pushes the end, which must not come through while somebody stands there; then opens the gate. */
void gate_hold_end (Gate gate, GstHarness *harness);

G_END_DECLS
