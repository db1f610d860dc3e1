# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measures of the card."""
import collections
import re

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


def word_list(text):
    """Lower-case words without punctuation, as caption measures count them."""
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower())


def n_grams(tokens, n):
    return collections.Counter(tuple(tokens[i:i + n]) for i in range(len(tokens) - n + 1))


def bleu4(captions, references):
    """Papineni et al. 2002, over the whole set, the closest reference's length. references: a list of texts each."""
    match, total, length, reference_length = np.zeros(4), np.zeros(4), 0, 0
    for caption, texts in zip(captions, references):
        tokens, refs = word_list(caption), [word_list(t) for t in texts]
        length += len(tokens)
        reference_length += min((abs(len(r) - len(tokens)), len(r)) for r in refs)[1]
        for n in range(1, 5):
            most = collections.Counter()
            for r in refs:
                most |= n_grams(r, n)
            mine = n_grams(tokens, n)
            match[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if not match.all():
        return 0.0
    return float(min(1, np.exp(1 - reference_length / length)) * np.exp(np.log(match / total).mean()))


class Cider:
    """CIDEr-D of Vedantam, Zitnick and Parikh 2015: n-grams of 1 to 4 words weighed by how few pictures of
    `references` have them, clipped cosine, a Gaussian on the difference in length (σ = 6), times 10."""

    def __init__(self, references):
        self.pictures = len(references)
        self.seen = collections.Counter()
        for texts in references:
            self.seen.update(set().union(*(self.grams(word_list(t)) for t in texts)))

    @staticmethod
    def grams(tokens):
        return sum((n_grams(tokens, n) for n in range(1, 5)), collections.Counter())

    def vector(self, text):
        """n-gram → weight for each n, their lengths, and the number of words."""
        tokens = word_list(text)
        parts = [{g: c * (np.log(self.pictures) - np.log(max(1, self.seen[g]))) for g, c in n_grams(tokens, n).items()}
                 for n in range(1, 5)]
        return parts, [np.sqrt(sum(w * w for w in p.values())) for p in parts], len(tokens)

    def score(self, caption, references):
        mine, mine_norm, words = self.vector(caption)
        total = 0.0
        for other, norm, other_words in references:
            near = np.exp(-(words - other_words) ** 2 / (2 * 6.0 ** 2))
            for n in range(4):
                dot = sum(min(w, other[n].get(g, 0)) * other[n].get(g, 0) for g, w in mine[n].items())
                if mine_norm[n] and norm[n]:
                    total += near * dot / (mine_norm[n] * norm[n]) / 4
        return 10 * total / len(references)

    def mean(self, captions, references):
        return float(np.mean([self.score(c, [self.vector(t) for t in texts]) for c, texts in zip(captions, references)]))
