/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-label's command line: its options, which are properties of gptvisfilter,
 * and its inputs. */
#pragma once
#include <gst/gst.h>

typedef struct {
  gchar *name;                  /* as given; a directory's files begin with the directory */
  gchar *uri;
  gchar *problem;               /* why it cannot even be tried, or NULL */
  gboolean live;                /* a camera: it does not wait */
} Input;

typedef struct {
  GPtrArray *inputs;            /* of Input */
  gboolean json, plan, devices, caption, embedding;
  gchar *coco;                  /* a file's name, or NULL */
  gint patience;                /* seconds to wait for an input's next picture; 0: for ever */
} Arguments;

/* Prints what is wrong and returns FALSE where something is. Initialises GStreamer. */
gboolean arguments_parse (Arguments *arguments, int argc, char **argv);
void arguments_clear (Arguments *arguments);

/* Sets the options on a gptvisfilter; prints which cannot be. */
gboolean arguments_apply (const Arguments *arguments, GstElement *filter);

/* Prints the model's plan; FALSE, and why, when there is none. (plan.c) */
gboolean print_plan (const gchar *model);
/* Prints what there is to compute on; FALSE when there is nothing. (plan.c) */
gboolean print_devices (void);
/* What was given with --model, or NULL. */
const gchar *arguments_model (void);
