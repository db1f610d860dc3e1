# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card's table of captions: a checkpoint on the val split beside two captions that need no network.

    python3 evaluate_captions.py --data DATA --state STATE --checkpoint ../bundled

Prints BLEU-4 and CIDEr-D of the most frequent training caption, of the caption of the nearest training
picture (by the checkpoint's own class token), and of what the checkpoint writes as generation_config.json
says, for all val pictures with captions and for each source; samples, the best, the worst and some
between; and how many of the captions whose mean log-probability reaches a bound are right. Transformers writes the
captions, so this is also the proof that it reads the checkpoint."""
import argparse
import collections
import json

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, VisionEncoderDecoderModel

import data
import metrics
import teacher
import words


@torch.inference_mode()
def write(model, tokenizer, pictures, batch=64):
    """(captions, their mean log-probabilities, the end counted, class tokens of length 1) of whole pictures."""
    side, captions, sure, tokens = model.config.encoder.image_size, [], [], []
    for i in range(0, len(pictures), batch):
        pixels = F.interpolate(teacher.normalise(pictures[i:i + batch]), (side, side), mode="bilinear", antialias=True)
        out = model.encoder(pixel_values=pixels)
        tokens.append(F.normalize(out.last_hidden_state[:, 0], dim=-1))
        if tokenizer:
            ids = model.generate(encoder_outputs=out)
            captions += [t.strip() for t in tokenizer.batch_decode(ids, skip_special_tokens=True)]
            said = model(encoder_outputs=out, decoder_input_ids=ids[:, :-1]).logits.log_softmax(-1)
            each = torch.gather(said, 2, ids[:, 1:, None])[..., 0]
            spoken = torch.cumsum(ids[:, 1:] == 0, 1) <= 1  # up to the end, and it too
            sure += ((each * spoken).sum(1) / spoken.sum(1)).tolist()
    return captions, sure, torch.cat(tokens)


def things(text):
    """The words of labels in a text: of each label that it names, that label."""
    words_of = set(metrics.word_list(text))
    return {label for label, names in data.WORDS.items() if words_of & names}


def right(caption, references, score):
    """CIDEr of 0.4, or everything it names is named in a reference too."""
    named = things(caption)
    return score >= 0.4 or bool(named) and named <= set().union(*map(things, references))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--beams", type=int)
    a = p.parse_args()

    model = VisionEncoderDecoderModel.from_pretrained(a.checkpoint, dtype=torch.float32).eval()
    if a.beams:
        model.generation_config.num_beams = a.beams
    tokenizer = AutoTokenizer.from_pretrained(a.checkpoint)
    pictures, captions = data.load(a.data, "train", a.state)[0], words.captions(a.data, "train")
    with_captions = [i for i, c in enumerate(captions) if c]
    val_pictures, val_captions = data.load(a.data, "val", a.state)[0], words.captions(a.data, "val")
    val = [i for i, c in enumerate(val_captions) if c]
    references, source = [val_captions[i] for i in val], data.sources(a.data, "val")[val]

    said, sure, seen = write(model, tokenizer, val_pictures[val])
    nearest = (seen @ write(model, None, pictures[with_captions])[2].T).argmax(1).numpy()
    frequent = collections.Counter(c for i in with_captions for c in captions[i]).most_common(1)[0][0]
    lines = {"the most frequent caption": [frequent] * len(val),
             "the caption of the nearest training picture": [captions[with_captions[i]][0] for i in nearest],
             "**this**": said}
    parts = [("all", np.arange(len(val)))] + [(s, np.flatnonzero(source == s)) for s in sorted(set(source))]
    print("| | " + " | ".join(f"BLEU-4, {name} ({len(rows)}) | CIDEr, {name}" for name, rows in parts) + " |")
    print("| --- |" + " --- | --- |" * len(parts))
    for name, texts in lines.items():
        cells = []
        for _, rows in parts:
            refs = [references[i] for i in rows]
            mine = [texts[i] for i in rows]
            cells += [f"{metrics.bleu4(mine, refs):.3f}", f"{metrics.Cider(refs).mean(mine, refs):.3f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print(f"\n{len(set(said))} different captions of {len(said)} pictures; the most frequent training caption: {frequent}\n")

    cider = metrics.Cider(references)
    score = np.array([cider.score(t, [cider.vector(r) for r in refs]) for t, refs in zip(said, references)])
    order = np.argsort(score)
    for i in np.r_[order[::-1][:6], order[len(order) // 2 - 3:len(order) // 2 + 3], order[:6]]:
        print(json.dumps({"cider": round(float(score[i]), 2), "written": said[i], "a reference": references[i][0]}))

    sure, fits = np.array(sure), np.array([right(t, r, c) for t, r, c in zip(said, references, score)])
    print("\n| mean log-probability of | captions | CIDEr at least 0.4 | right |")
    print("| --- | --- | --- | --- |")
    for share in (1.0, 0.5, 0.3, 0.2, 0.1, 0.05):
        given = sure >= np.quantile(sure, 1 - share)
        print(f"| {np.quantile(sure, 1 - share):.3f} | {given.sum()} | {(score[given] >= 0.4).mean():.2f} | {fits[given].mean():.2f} |")


if __name__ == "__main__":
    main()
