/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tokenizer.json, tokenizer_config.json, a text. */
#include "fuzz-tokenizer.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const GptVisTokenizerWhich which[] = { GPTVIS_TOKENIZER_JSON, GPTVIS_TOKENIZER_CONFIG };
  fuzz_tokenizer (data, size, which, G_N_ELEMENTS (which));
  return 0;
}
