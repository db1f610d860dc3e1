# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card's table of captions: a checkpoint on the val split beside two captions that need no network.

    python3 evaluate_captions.py --data DATA --state STATE --checkpoint ../bundled

Prints BLEU-4 and CIDEr-D of the most frequent training caption, of the caption of the nearest training
picture (by the checkpoint's own class token), and of what the checkpoint writes as generation_config.json
says, for all val pictures with captions and for each source; samples, the best, the worst and some
between; how many of the captions whose score reaches a bound are right, also on pictures without captions of which
something is stated; and the least bound from which on --right of them are, which --set writes as caption_threshold into
generation_config.json. Transformers writes the captions, so this is also the proof that it reads the checkpoint."""
import argparse
import collections
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoTokenizer, VisionEncoderDecoderModel

import data
import metrics
import teacher
import words

FEW = 12  # the least number of captions a share is believed of


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


def least(score, fits, share):
    """(the least score from which on this share of the captions is right, how many they are); (1, 0) where there is none."""
    order = np.argsort(-score)
    good = np.flatnonzero(np.cumsum(fits[order]) / np.arange(1, len(order) + 1) >= share)
    if not len(good) or good[-1] + 1 < FEW:
        return 1.0, 0
    return float(score[order[good[-1]]]), int(good[-1]) + 1


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--beams", type=int)
    p.add_argument("--right", type=float, default=0.95)
    p.add_argument("--set", action="store_true")
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

    stated = [i for i, c in enumerate(words.captions(a.data, "val", made=True)) if c and not val_captions[i]]
    texts = [words.captions(a.data, "val", made=True)[i] for i in stated]
    more, more_sure, _ = write(model, tokenizer, val_pictures[stated])
    likely = np.exp(sure + more_sure)
    fits = np.array([right(t, r, c) for t, r, c in zip(said, references, score)] + [t in r for t, r in zip(more, texts)])
    described = np.arange(len(fits)) < len(val)
    print("\n| score of at least | captions | right | of pictures without captions | as stated |")
    print("| --- | --- | --- | --- | --- |")
    for at in (0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9):
        given = likely >= at
        cells = [f"{rows.sum()} | {fits[rows].mean() if rows.any() else 0:.2f}" for rows in (given & described, given & ~described)]
        print(f"| {at} | " + " | ".join(cells) + " |")
    at, number = least(likely, fits, a.right)
    print(f"\n{a.right} of {number} captions are right from a score of {at:.4f} on")
    for i in np.argsort(-likely)[:number]:
        print(json.dumps({"score": round(float(likely[i]), 4), "right": bool(fits[i]), "written": (said + more)[i],
                          "stated": (references + texts)[i][0]}))
    if a.set:
        file = pathlib.Path(a.checkpoint) / "generation_config.json"
        file.write_text(json.dumps(dict(json.loads(file.read_text()), caption_threshold=round(at, 3)), indent=2) + "\n")


if __name__ == "__main__":
    main()
