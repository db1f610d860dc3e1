# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captions as text and as ids: how they are cleaned, the byte-level vocabulary made from them, and the
lines that teach the decoder its language before it sees a picture."""
import gzip
import json
import pathlib
import re

import numpy as np
from tokenizers import ByteLevelBPETokenizer

import data

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


# What a source's labels say in words, for pictures that nobody has described: captions are of people and dogs
# outdoors, and a camera mostly sees rooms and roads.
SAID = {
    "bedroom": "a bedroom with a bed and a lamp|an empty bedroom|a bed in a bedroom",
    "kitchen": "a kitchen with cabinets and a stove|an empty kitchen|a kitchen with a sink",
    "livingroom": "a living room with a couch and a table|an empty living room",
    "bathroom": "a bathroom with a sink and a mirror|an empty bathroom|a bathroom with a toilet",
    "office": "an office with a desk and a computer|an empty office",
    "store": "a store with shelves full of goods|shelves in a store",
    "industrial": "an industrial building with machines|a factory",
    "coast": "a coast with waves and rocks|the sea and a beach",
    "forest": "a forest with tall trees|trees in a forest",
    "mountain": "mountains under the sky|a mountain with snow on its top",
    "opencountry": "an open field under the sky|a landscape with fields and trees",
    "highway": "a highway with few cars|an empty highway",
    "insidecity": "a city street with buildings|buildings along a street",
    "street": "a street with houses and parked cars|a street in a town",
    "suburb": "houses in a suburb|a house with a lawn",
    "tallbuilding": "a tall building against the sky|tall buildings in a city",
    "house_front": "the front of a house|a house with a garage and a lawn",
    "gravel": "a gravel road in the country|an empty dirt road",
    "snowy": "a road covered with snow|a snowy road between trees",
    "cloudy": "a cloudy sky|clouds in the sky",
    "rain": "a rainy day|rain falling on the ground",
    "shine": "the sun shining in a blue sky|a sunny sky",
    "sunrise": "a sunrise over the horizon|the sun low in an orange sky",
    "night": "a town at night with lights|a view at night",
    "day": "a view of a town by day|buildings and trees seen from above",
    "dog": "a dog looking at the camera|a dog",
    "cat": "a cat looking at the camera|a cat",
    "bike": "a motorcycle on a road|a man riding a motorcycle on a road",
    "car": "a car on a road|a car seen from above",
    "juggernaut": "a large truck on a road|a heavy truck", "truck": "a truck on a road|a truck",
    "minibus": "a minibus on a road|a van on a road", "pickup": "a pickup truck on a road|a pickup truck",
}


def said(labels):
    """Sentences for what is stated of a picture; often none."""
    keys = [labels.get(k) for k in ("scene", "road", "weather", "time_of_day", "animal", "vehicle_type")]
    return sum((SAID[k].split("|") for k in keys if k in SAID), [])


def captions(folder, split, made=False):
    """For each picture of data.load, in its order, the list of its cleaned captions (often empty); with `made`
    also sentences from labels, where there are none."""
    out = []
    for record in data.records(folder, split):
        own = [c for c in map(clean, record.get("captions", [])) if c]
        out.append(own or (said(record.get("labels", {})) if made else []))
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
