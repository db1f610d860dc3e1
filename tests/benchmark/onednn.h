/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* oneDNN's matrix product, to measure ours against: y [n, M] = x [n, K] · Wᵀ + b. The library, of
 * version 3, is opened when it is asked for; nothing of it is needed to build. */
#pragma once
#include "backend.h"

/* Opens the system's libdnnl, else the one that is installed with the peers (peer.h); it computes on
 * so many threads from then on. Ends the program with a sentence where there is none. */
void onednn_open (guint threads);
const gchar *onednn_version (void);

/* A product of f32, of bf16 (x and W), or of int8 (x without sign, W with one and a scale for each
 * output); b and y are f32. NULL where it has none. */
typedef struct _OneDnnProduct OneDnnProduct;
OneDnnProduct *onednn_product_new (GptVisPrecision precision, guint n, guint k, guint m);
void onednn_product_free (OneDnnProduct *product);
const gchar *onednn_product_implementation (const OneDnnProduct *product);
/* ns; from_f32: that of making the rows bf16 or bytes as well, with a factor that is known before. */
gint64 onednn_product_run (OneDnnProduct *product, gboolean from_f32);

/* Returns when its threads have stopped spinning. */
void onednn_settle (void);
