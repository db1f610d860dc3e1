# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measures of the card."""
import numpy as np


def auc(scores, truth):
    """Area under the ROC curve by ranks, ties shared; NaN in truth is left out. NaN when one side is empty."""
    known = ~np.isnan(truth)
    s, t = np.asarray(scores)[known], np.asarray(truth)[known] > 0.5
    positive, negative = int(t.sum()), int((~t).sum())
    if not positive or not negative:
        return float("nan")
    values, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[inverse][t].sum() - positive * (positive + 1) / 2) / (positive * negative))


def colour_histogram(pictures, bins=6):
    """A joint RGB histogram [n, bins³], square roots of shares: the baseline that any network must beat."""
    q = (pictures.astype(np.int64) * bins) // 256
    index = (q[..., 0] * bins + q[..., 1]) * bins + q[..., 2]
    rows = [np.bincount(i.ravel(), minlength=bins ** 3) for i in index]
    return np.sqrt(np.array(rows, dtype=np.float32) / index[0].size)
