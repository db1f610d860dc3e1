/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vocab.txt, tokenizer_config.json, special_tokens_map.json, a text. */
#include "fuzz-tokenizer.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const GptVisTokenizerWhich which[] = {
    GPTVIS_TOKENIZER_VOCAB_TXT, GPTVIS_TOKENIZER_CONFIG, GPTVIS_TOKENIZER_SPECIAL
  };
  fuzz_tokenizer (data, size, which, G_N_ELEMENTS (which));
  return 0;
}
