# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card's tables: a checkpoint on the val splits, on scenes and on cuts, by label and by source.

    python3 evaluate.py --data DATA --crops CROPS --teacher VIT_TINY --state STATE --checkpoint ../bundled

For each label: how many val pictures say yes and no; the area under the ROC curve of a logistic regression on a colour
histogram, of the checkpoint on the pictures as they are and as cameras would spoil them, and of a linear probe on the
teacher; precision and recall at 0.5, as counted and, as val has its own share of each label, with yes and no alike."""
import argparse
import warnings

import numpy as np

import data
import metrics
import teacher
import train
import views
import vit

CUT_LABELS = 4
ENOUGH = 8  # of yes and of no, for a source's own line


def at_half(scores, truth):
    """(precision, with yes and no alike, recall) at a logit of 0"""
    yes, no, said = truth == 1, truth == 0, scores >= 0
    recall, fall_out = said[yes].mean(), said[no].mean()
    return said[yes].sum() / max(1, said[yes | no].sum()), recall / max(1e-9, recall + fall_out), recall


def cells(scores, truth):
    counted, alike, recall = at_half(scores, truth)
    return f"{metrics.auc(scores, truth):.3f} | {counted:.2f} | {alike:.2f} | {recall:.2f}"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "crops", "teacher", "state", "checkpoint"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--more", help="as views.py was given")
    a = p.parse_args()
    warnings.simplefilter("ignore")
    pictures, labels, crop, source = train.val(a)
    model, _ = vit.open_checkpoint(a.checkpoint)
    side = model.shape["side"]
    plain, spoilt = (train.predict(model, how(pictures, side), len(pictures)) for how in (train.plain, train.spoilt))
    kept = views.Views(a.state, "val")
    above = train.Targets(a).probe(train.seen_by_probe(kept, slice(None))).numpy()[np.argsort(kept.index[:, 1])]
    below = np.zeros_like(above)
    for folder, rows in ((a.data, ~crop), (a.crops, crop)):
        seen, known = data.load(folder, "train", a.state)
        stated = ~np.isnan(known).all(1)
        histogram = teacher.fit_probe(metrics.colour_histogram(seen[stated]), known[stated])
        below[rows] = histogram(metrics.colour_histogram(pictures[rows])).numpy()

    for title, where, count in (("scenes", ~crop, len(data.LABELS)), ("cuts", crop, CUT_LABELS)):
        print(f"\n{title}\n\n| label | yes | no | histogram | **this** | precision | yes and no alike | recall "
              "| **spoilt** | precision | alike | recall | probe on ViT-Ti |")
        print("| --- " * 13 + "|")
        for j, label in enumerate(data.LABELS[:count]):
            truth = labels[where, j]
            print(f"| {label} | {(truth == 1).sum()} | {(truth == 0).sum()} | {metrics.auc(below[where, j], truth):.2f} | "
                  f"{cells(plain[where, j], truth)} | {cells(spoilt[where, j], truth)} | {metrics.auc(above[where, j], truth):.3f} |")
    print("\nby source\n\n| source | label | yes | no | AUC | precision | alike | recall |")
    print("| --- " * 8 + "|")
    for name in sorted(set(source)):
        for j, label in enumerate(data.LABELS):
            rows = source == name
            truth = labels[rows, j]
            if min((truth == 1).sum(), (truth == 0).sum()) >= ENOUGH:
                print(f"| {name} | {label} | {(truth == 1).sum()} | {(truth == 0).sum()} | {cells(plain[rows, j], truth)} |")


if __name__ == "__main__":
    main()
