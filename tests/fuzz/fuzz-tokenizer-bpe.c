/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vocab.json, merges.txt, tokenizer_config.json, added_tokens.json, a text. */
#include "fuzz-tokenizer.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const GptVisTokenizerWhich which[] = {
    GPTVIS_TOKENIZER_VOCAB_JSON, GPTVIS_TOKENIZER_MERGES, GPTVIS_TOKENIZER_CONFIG, GPTVIS_TOKENIZER_ADDED
  };
  fuzz_tokenizer (data, size, which, G_N_ELEMENTS (which));
  return 0;
}
