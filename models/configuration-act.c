/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What activations are called in config.json. */
#include "configuration-private.h"
#include <string.h>

static const struct {
  const gchar *name;
  GptVisAct act;
} acts[] = {
  {"gelu", GPTVIS_ACT_GELU}, {"gelu_python", GPTVIS_ACT_GELU},
  {"gelu_new", GPTVIS_ACT_GELU_TANH}, {"gelu_pytorch_tanh", GPTVIS_ACT_GELU_TANH},
  {"gelu_fast", GPTVIS_ACT_GELU_TANH}, {"gelu_accurate", GPTVIS_ACT_GELU_TANH},
  {"gelu_tanh", GPTVIS_ACT_GELU_TANH},         /* timm's */
  {"quick_gelu", GPTVIS_ACT_QUICK_GELU}, {"relu", GPTVIS_ACT_RELU},
  {"silu", GPTVIS_ACT_SILU}, {"swish", GPTVIS_ACT_SILU}, {"tanh", GPTVIS_ACT_TANH},
};

GptVisAct
gptvis_configuration_read_act (GptVisJson *json, const gchar *member, const gchar *fallback)
{
  const gchar *name = gptvis_json_string (json, member, fallback);
  for (guint i = 0; i < G_N_ELEMENTS (acts); i++)
    if (strcmp (name, acts[i].name) == 0)
      return acts[i].act;
  gptvis_json_fail (json, GPTVIS_ERROR_UNSUPPORTED,
      "%s \"%.60s\" is none of gelu, gelu_new, gelu_pytorch_tanh, quick_gelu, relu, silu, tanh", member, name);
  return GPTVIS_ACT_GELU;
}
