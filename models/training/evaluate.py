# SPDX-License-Identifier: LGPL-2.1-or-later
"""The card's table: a checkpoint on the val split beside two lines of reference.

    python3 evaluate.py --data DATA --teacher VIT_TINY --state STATE --checkpoint ../bundled

Prints, for each label: how many val pictures say yes and no; the area under the ROC curve of a
logistic regression on a colour histogram, of the checkpoint, of a linear probe on the teacher; and at
--threshold the checkpoint's balanced accuracy, precision and recall."""
import argparse
import warnings

import numpy as np

import data
import metrics
import teacher
import train
import vit


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--teacher", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--threshold", type=float, default=0.5)
    a = p.parse_args()
    warnings.simplefilter("ignore")

    pictures, labels = data.load(a.data, "train", a.state)
    val_pictures, val_labels = data.load(a.data, "val", a.state)
    stated = ~np.isnan(labels).all(1)
    model, _ = vit.open_checkpoint(a.checkpoint)
    scores = train.predict(model, val_pictures)

    histogram = teacher.fit_probe(metrics.colour_histogram(pictures[stated]), labels[stated])
    below = histogram(metrics.colour_histogram(val_pictures)).numpy()
    cls, _ = teacher.features(pictures, a.teacher, a.state, "train")
    val_cls, _ = teacher.features(val_pictures, a.teacher, a.state, "val")
    above = teacher.fit_probe(cls[stated], labels[stated])(val_cls).numpy()

    print(f"| label | yes | no | histogram | **this** | probe on ViT-Ti | balanced accuracy at {a.threshold:g} | precision | recall |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for j, label in enumerate(data.LABELS):
        truth = val_labels[:, j]
        yes, no = truth == 1, truth == 0
        said = scores[:, j] >= a.threshold
        recall, fall_out = said[yes].mean(), said[no].mean()
        precision = said[yes].sum() / max(1, said[yes | no].sum())
        aucs = [metrics.auc(s[:, j], truth) for s in (below, scores, above)]
        rows.append(aucs)
        print(f"| {label} | {yes.sum()} | {no.sum()} | {aucs[0]:.2f} | **{aucs[1]:.2f}** | {aucs[2]:.2f} | "
              f"{(recall + 1 - fall_out) / 2:.2f} | {precision:.2f} | {recall:.2f} |")
    mean = np.array(rows[:4]).mean(0)
    print(f"| mean of the first four | | | {mean[0]:.3f} | **{mean[1]:.3f}** | {mean[2]:.3f} | | | |")


if __name__ == "__main__":
    main()
