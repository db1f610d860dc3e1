# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions as text and as ids: how they are cleaned, the byte-level vocabulary made from them, and the
lines that teach the decoder its language before it sees a picture."""
import gzip
import json
import pathlib
import re

import numpy as np
from tokenizers import ByteLevelBPETokenizer

END = "<|endoftext|>"  # id 0: begins, ends and pads, as GPT-2's does
VOCABULARY = 3072
LENGTH = 24  # tokens of a caption at most, the end counted


def clean(caption):
    """Lower case, one space, no full stop at the end: what the decoder is to write."""
    text = caption.lower().replace("`", "'").replace("\"", "")
    text = re.sub(r"\s+([,.!?;'])", r"\1", re.sub(r"\s+", " ", text))
    return text.strip(" .,;!")


def lines(folder):
    """All cleaned lines of captions_text/*-train.txt.gz."""
    out = []
    for file in sorted((pathlib.Path(folder) / "captions_text").glob("*-train.txt.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as f:
            out += [clean(line) for line in f]
    return [line for line in out if line]


def captions(folder, split):
    """For each picture of data.load, in its order, the list of its cleaned captions (often empty)."""
    out = []
    for listing in sorted(pathlib.Path(folder).glob(f"*-{split}.jsonl")):
        for line in open(listing, encoding="utf-8"):
            out.append([c for c in map(clean, json.loads(line).get("captions", [])) if c])
    return out


def vocabulary(out, text=None):
    """The tokenizer in `out` (vocab.json, merges.txt); made from `text` where there is none."""
    out = pathlib.Path(out)
    if not (out / "vocab.json").exists():
        out.mkdir(parents=True, exist_ok=True)
        made = ByteLevelBPETokenizer()
        made.train_from_iterator(text, vocab_size=VOCABULARY, min_frequency=2, special_tokens=[END])
        made.save_model(str(out))
        (out / "tokenizer_config.json").write_text(json.dumps({
            "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "bos_token": END, "eos_token": END,
            "pad_token": END, "unk_token": END, "clean_up_tokenization_spaces": False, "model_max_length": LENGTH,
        }, indent=2) + "\n")
    tokenizer = ByteLevelBPETokenizer(str(out / "vocab.json"), str(out / "merges.txt"))
    tokenizer.add_special_tokens([END])
    return tokenizer


def ids(tokenizer, text):
    """int16 [n, LENGTH + 1]: start, words, end, then −1; a caption too long for it is cut without an end."""
    table = np.full((len(text), LENGTH + 1), -1, np.int16)
    for row, encoded in zip(table, tokenizer.encode_batch(list(text))):
        words = [0] + encoded.ids + [0]
        row[:min(len(words), LENGTH + 1)] = words[:LENGTH + 1]
    return table
