/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gptvis-model: downloads checkpoints from the Hugging Face Hub by name, and says what is here. A pipeline
 * finds what it downloaded by that name (model=OWNER/NAME), and never downloads anything itself. */
#include "model-commands.h"
#include "standard.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

gboolean
complain (GError *error)
{
  g_printerr ("gptvis-model: %s\n", error->message);
  g_error_free (error);
  return FALSE;
}

static const gchar *const summary =
"Commands:\n"
"  get NAME[@REVISION]…     download what a pipeline needs of a checkpoint, and nothing else\n"
"  list                     what is here: size, type, what it finds, whether it opens\n"
"  check DIRECTORY|NAME…    open it, say what it is and how fast it is on this machine\n"
"  remove NAME[@REVISION]…  remove it from gptvis-model's own cache\n\n"
"NAME is OWNER/NAME as on the Hugging Face Hub (google/vit-base-patch16-224), REVISION a branch, a tag,\n"
"refs/pr/NUMBER or a commit (else main). Then model=NAME works in every pipeline.";

static const gchar *const description =
"get takes config.json, the processor's and the tokenizer's files, and one set of weights: safetensors,\n"
"in one file or several; where main has none, those that the hub's own converter offers for it; else\n"
"pytorch_model.bin. Every file is checked against the hub's sum and has its name only when it is whole. A\n"
"download that was interrupted goes on where it stopped. get prints the checkpoint's directory.\n\n"
"Environment:\n"
"  HF_TOKEN        a token, for what is private or has terms; sent to the hub's own host alone\n"
"  HF_ENDPOINT     another hub than https://huggingface.co\n"
"  HF_HUB_CACHE, HF_HOME\n"
"                  where the hub's own tools keep checkpoints; they are found there too, and left alone\n"
"  XDG_CACHE_HOME  gptvis-model's cache is gptvis/hub in it (else in ~/.cache)\n"
"  https_proxy     as curl takes it\n\n"
"Exit status: 0 all went well; 1 something did not, and a sentence says what; 2 wrong use.\n";

/* All names, also after one that failed. */
static int
run (const gchar *command, gchar **names, gboolean quiet)
{
  gboolean good = TRUE;
  if (strcmp (command, "list") == 0)
    return command_list () ? EXIT_SUCCESS : EXIT_TROUBLE;
  for (guint i = 0; names[i]; i++) {
    if (strcmp (command, "get") == 0)
      good = command_get (names[i], quiet) && good;
    else if (strcmp (command, "check") == 0)
      good = command_check (names[i]) && good;
    else
      good = command_remove (names[i]) && good;
  }
  return good ? EXIT_SUCCESS : EXIT_TROUBLE;
}

/* Is it a command, with as many names as it needs? */
static gboolean
is_right (gchar **words)
{
  static const gchar *const of_names[] = { "get", "check", "remove", NULL };
  if (!words || !words[0])
    return FALSE;
  if (strcmp (words[0], "list") == 0)
    return !words[1];
  return g_strv_contains (of_names, words[0]) && words[1];
}

int
main (int argc, char **argv)
{
  gchar **words = NULL;
  gboolean quiet = FALSE;
  GOptionEntry entries[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "get: no progress, only the directory", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, NULL, NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new ("COMMAND… - checkpoints by name");
  GError *error = NULL;
  int status = EXIT_USAGE;

  standard_guard ("gptvis-model");
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    complain (error);
  } else if (!is_right (words)) {
    gchar *help = g_option_context_get_help (context, TRUE, NULL);
    g_printerr ("%s", help);
    g_free (help);
  } else {
    status = run (words[0], words + 1, quiet);
  }
  g_option_context_free (context);
  g_strfreev (words);
  return status;
}
