# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a score mean what it says: scale and bias of each label, folded into the classifier's own weights.

    python3 calibrate.py --data DATA --crops CROPS --teacher VIT_TINY --state STATE --checkpoint OUT [--picture CURVE.png]

A label's threshold is the least from which on --right of those that are given it have it: on scenes and, for person,
vehicle, animal and dog, on cuts; on val pictures as they are and as cameras would spoil them. Pictures with and without
the label count the same in all, as neither is rarer before a camera, and on pictures as they are it holds as val counts
them, too. Where nobody says, the teacher's probe does if it is sure that the label is not there: a camera's picture may
be of anything. The scale is a logistic regression's. What is kept of it: 0.5 is the threshold; a label that has none
stays below 0.5."""
import argparse
import json
import pathlib

import numpy as np
import torch
from PIL import Image, ImageDraw

import data
import gpt2
import train
import vit
import views

CUT_LABELS = ("person", "vehicle", "animal", "dog")
SEEDS = (11, 12)
SURE = 0.02
FEW = 12  # the least number of pictures a precision is believed of


def weights(truth):
    """Yes and no alike in sum; unknown nothing."""
    w = np.zeros(len(truth))
    for value in (0, 1):
        rows = truth == value
        w[rows] = 0.5 / max(1, rows.sum())
    return w


def threshold(z, truth, right, counted):
    """The least logit from which on `right` of the weight is yes, and of the pictures too if they are `counted`,
    and its recall; (inf, 0) where there is none."""
    rows = np.flatnonzero(~np.isnan(truth))
    rows = rows[np.argsort(-z[rows])]
    w, yes = weights(truth[rows]), truth[rows] == 1
    recall = np.cumsum(w * yes)
    precision, number = recall / np.cumsum(w), np.arange(1, len(rows) + 1)
    if counted:
        precision = np.minimum(precision, np.cumsum(yes) / number)
    good = np.flatnonzero((precision >= right) & (number >= FEW))
    return (float(z[rows[good[-1]]]), float(2 * recall[good[-1]])) if len(good) else (np.inf, 0.0)


def slope(z, truth):
    """Of the logistic regression with yes and no alike."""
    rows = ~np.isnan(truth)
    x, y = torch.from_numpy(z[rows]).double(), torch.from_numpy(truth[rows]).double()
    w = torch.from_numpy(weights(truth[rows]))
    a, b = (torch.tensor(v, dtype=torch.double, requires_grad=True) for v in (1.0, 0.0))
    optimiser = torch.optim.LBFGS([a, b], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = (w * torch.nn.functional.binary_cross_entropy_with_logits(a * x + b, y, reduction="none")).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return a.item()


class Val:
    """Val's logits as they are and as cameras would spoil them, and what is known of each picture."""

    def __init__(self, a, model):
        pictures, self.labels, self.crop, self.source = train.val(a)
        side = model.shape["side"]
        self.plain = train.predict(model, train.plain(pictures, side), len(pictures))
        self.spoilt = [train.predict(model, train.spoilt(pictures, side, seed), len(pictures)) for seed in SEEDS]

    def doubtless(self, a):
        """The labels with the probe's sure noes."""
        kept = views.Views(a.state, "val")
        order = np.argsort(kept.index[:, 1])
        says = train.Targets(a).probe(train.seen_by_probe(kept, slice(None)))[order].sigmoid().numpy()
        return np.where(np.isnan(self.labels) & (says < SURE), 0.0, self.labels)


def calibrate(v, labels, right):
    """[(scale, threshold)] of each label."""
    out = []
    for j, label in enumerate(data.LABELS):
        found, parts = [], [~v.crop] + ([v.crop] if label in CUT_LABELS else [])
        for rows in parts:
            truth = labels[rows, j]
            found.append(threshold(v.plain[rows, j], truth, right, True))
            z = np.concatenate([s[rows, j] for s in v.spoilt])
            found.append(threshold(z, np.tile(truth, len(SEEDS)), right, False))
        z = np.concatenate([v.plain[:, j]] + [s[:, j] for s in v.spoilt])
        rows = np.concatenate(parts) if len(parts) == 1 else np.ones(len(v.crop), bool)
        a = slope(z[np.tile(rows, 1 + len(SEEDS))], np.tile(labels[rows, j], 1 + len(SEEDS)))
        at = max(t for t, _ in found)
        if not np.isfinite(at):
            at = float(z.max()) + 3
        print(json.dumps({"label": label, "scale": round(a, 3), "threshold": round(at, 3),
                          "each, with its recall": [(round(t, 2), round(r, 2)) for t, r in found]}))
        out.append((a, at))
    return out


def fold(model, scales):
    with torch.no_grad():
        for j, (a, at) in enumerate(scales):
            model.classifier.weight[j] *= a
            model.classifier.bias[j] = (model.classifier.bias[j] - at) * a


def curve(v, labels, file):
    """How many of the labels given with a score have it: scenes and cuts, spoilt and not, yes and no alike."""
    size, edge, bins = 360, 40, np.linspace(0, 1, 11)
    picture = Image.new("RGB", (size + 2 * edge, size + 2 * edge), "white")
    draw = ImageDraw.Draw(picture)

    def at(x, y):
        return edge + x * size, edge + (1 - y) * size

    draw.rectangle([at(0, 1), at(1, 0)], outline="black")
    for k in range(0, 11, 2):
        draw.text((at(k / 10, 0)[0] - 8, at(0, 0)[1] + 6), f"{k / 10:.1f}", fill="black")
        draw.text((8, at(0, k / 10)[1] - 6), f"{k / 10:.1f}", fill="black")
    draw.line([at(0, 0.95), at(1, 0.95)], fill="#bbbbbb")
    draw.line([at(0.5, 0), at(0.5, 1)], fill="#bbbbbb")
    draw.text((edge, size + 2 * edge - 16), "score", fill="black")
    draw.text((edge, 6), "share that is right at this score:", fill="black")
    lines = (("scenes", ~v.crop, len(data.LABELS), "#1f5fbf"), ("cuts", v.crop, 3, "#c05020"))
    for n, (name, rows, count, colour) in enumerate(lines):
        total, yes = np.zeros(10), np.zeros(10)
        for j in range(count):
            truth = np.tile(labels[rows, j], 1 + len(SEEDS))
            score = 1 / (1 + np.exp(-np.concatenate([s[rows, j] for s in [v.plain] + v.spoilt])))
            w, which = weights(truth), np.clip(np.digitize(score, bins) - 1, 0, 9)
            total += np.bincount(which, w, 10)
            yes += np.bincount(which, w * (truth == 1), 10)
        points = [at((bins[i] + bins[i + 1]) / 2, yes[i] / total[i]) for i in range(10) if total[i] > 0]
        draw.line(points, fill=colour, width=2)
        for x, y in points:
            draw.ellipse([x - 3, y - 3, x + 3, y + 3], fill=colour)
        draw.text((edge + 220 + 60 * n, 6), name, fill=colour)
    picture.quantize(32).save(file, optimize=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "crops", "teacher", "state", "checkpoint"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--more", help="as views.py was given")
    p.add_argument("--picture")
    p.add_argument("--right", type=float, default=0.95)
    p.add_argument("--dry", action="store_true", help="print only")
    a = p.parse_args()
    folder, decoder = pathlib.Path(a.checkpoint), None
    if "decoder" in json.loads((folder / "config.json").read_text()):
        model, decoder = gpt2.open_checkpoint(a.checkpoint)
    else:
        model, _ = vit.open_checkpoint(a.checkpoint)
    v = Val(a, model)
    labels = v.doubtless(a)
    scales = calibrate(v, labels, a.right)
    fold(model, scales)
    if a.dry:
        return
    if decoder:
        generation = json.loads((folder / "generation_config.json").read_text())
        gpt2.save_checkpoint(model, decoder, data.LABELS, folder, generation)
    else:
        vit.save_checkpoint(model, data.LABELS, a.checkpoint)
    if a.picture:
        scale, at = (np.array(x) for x in zip(*scales))
        v.plain, v.spoilt = (v.plain - at) * scale, [(s - at) * scale for s in v.spoilt]
        curve(v, labels, a.picture)


if __name__ == "__main__":
    main()
