# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the encoder and its labels on the views that views.py has made.

    python3 train.py --data DATA --crops CROPS --teacher VIT_TINY --state STATE --from ../bundled --hours 1 --out OUT

STATE is a scratch folder: the views, and the state of a run, which goes on where it was stopped. --hours is the training
time in all; the learning rate follows it. Without --from it begins from random weights.
Needs PyTorch, NumPy, Pillow and safetensors.

The loss has four parts: the labels (where unknown, what a linear probe on the teacher says), the teacher's class token,
what the teacher's classifier makes of it, and the teacher's patch tokens."""
import argparse
import copy
import json
import math
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import cameras
import data
import metrics
import teacher
import views
import vit
import workers

# How often a picture of a source is taken: what cameras see more often, single objects as large as the picture less.
OFTEN = {"cctvhuman": 4, "houses": 3, "roads": 3, "scenes15": 2, "coco2017": 4, "daynight": 2, "weather4": 1.5, "cctvcrops": 3,
         "cococrops": 2, "inria": 1.5, "cifar10": 0.6, "cifar100": 0.6, "kitti": 0.7, "zenvehicles": 0.7,
         "streets": 2, "voc": 1.5, "bsds": 1.5, "sports": 1.2, "camvid": 0.7, "clothes": 0.6, "imagewoof": 0.5,
         "tinyimagenetmore": 0.5}
TRUST = 0.9  # share of a stated label in its target; the rest is the probe's probability
OFTEN_CUT, OFTEN_PART, OFTEN_MADE = 0.4, 0.6, 1.0
HERE = [data.LABELS.index(x) for x in ("person", "vehicle", "animal", "dog")]  # a part of a picture may be without them


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--crops", required=True)
    p.add_argument("--teacher", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--name", default="labels", help="of the run, for its state")
    p.add_argument("--more", help="the folder of unlabelled pictures that views.py was given")
    p.add_argument("--from", dest="start")
    p.add_argument("--keep", type=float, default=0.0, help="this share of --from's weights is in what is written: what it "
                   "could do better is not lost")
    p.add_argument("--side", type=int, default=96)
    p.add_argument("--depth", type=int, default=6)
    p.add_argument("--hours", type=float, default=1.5)
    p.add_argument("--rate", type=float, default=8e-4)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--part", type=int, default=32, help="so many of a batch at once: as much as a core's cache holds")
    p.add_argument("--few", type=float, default=0.6, help="this share of the patches ...")
    p.add_argument("--few-until", type=float, default=0.6, help="... for this share of the time")
    p.add_argument("--spoilt", type=float, default=0.65, help="this share of the pictures is spoilt as cameras would")
    p.add_argument("--look", type=float, default=8, help="minutes between two looks at val")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


@torch.inference_mode()
def predict(model, pixels_of, count, batch=128):
    """Logits [n, labels]; pixels_of (rows) → pixels."""
    model.eval()
    out = []
    for i in range(0, count, batch):
        pixels = pixels_of(slice(i, min(count, i + batch)))
        with vit.half():
            tokens = model.tokens(pixels)
        out.append(model.classifier(tokens[:, 0].float()))
    return torch.cat(out).numpy()


def plain(pictures, side):
    """As the element sees them: squashed to the square."""
    def pixels(rows):
        return F.interpolate(teacher.normalise(pictures[rows]), (side, side), mode="bilinear", antialias=True)
    return pixels


def spoilt(pictures, side, seed=7):
    """As cameras would give them."""
    camera = cameras.Cameras(side, seed, share=1.0, geometry=False)
    return lambda rows: camera(pictures[rows])[0]


def seen_by_probe(kept, rows):
    """What the probe reads: the class token and the mean of the patches."""
    return np.concatenate([kept.cls[rows], kept.patches[rows].mean(1, dtype=np.float32)], 1).astype(np.float32)


class Targets:
    """What the encoder should say of each view."""

    def __init__(self, a):
        records = [r for folder in (a.data, a.crops, a.more) if folder for r in data.records(folder, "train")]
        stated = np.array([data.labels_of(r) for r in records], dtype=np.float32)
        crop = np.array([bool(r.get("crop")) for r in records])
        kept = self.kept = views.Views(a.state, "train")
        self.count = n = kept.done
        kind, index = kept.index[:n].T
        seen = seen_by_probe(kept, slice(0, n))
        stated = stated[index]
        whole = kind == views.WHOLE
        self.probe = teacher.fit_probe(seen[whole], stated[whole])
        soft = self.probe(seen).sigmoid().numpy()
        known = ~np.isnan(stated)
        trust = np.full((n, len(data.LABELS)), TRUST, np.float32)
        part = np.where(kind == views.PART, kept.share[:n], 1.0)[:, None]
        away = np.zeros_like(known)
        away[:, HERE] = True
        trust = np.where(away & (stated == 1), trust * part, trust)
        there = kept.there[:n]
        self.labels = np.where(known, trust * np.nan_to_num(stated) + (1 - trust) * soft, soft).astype(np.float32)
        self.labels[:, :3] = np.where(there, 0.95, self.labels[:, :3])
        weight = np.where(known, 1.0, 0.5)
        self.weight = np.where(crop[index][:, None] & ~known, 0.2, weight).astype(np.float32)
        self.weight[:, :3] = np.where(there, 1.0, self.weight[:, :3])
        often = np.array([OFTEN.get(r["source"], 1.0) * (OFTEN_CUT if r.get("crop") else 1) for r in records])[index]
        often = np.where(kind == views.MADE, OFTEN_MADE, np.where(kind == views.PART, OFTEN_PART * often, often))
        self.often = often / often.sum()
        some = slice(0, 3000)
        self.standard = [torch.from_numpy(v.astype(np.float32)) for v in
                         (kept.cls[some].astype(np.float32).mean(0), kept.cls[some].astype(np.float32).std(0),
                          kept.patches[some].astype(np.float32).mean((0, 1)), kept.patches[some].astype(np.float32).std((0, 1)))]
        self.classes = teacher.Teacher(a.teacher).model.classifier.requires_grad_(False)

    def tables(self, rows):
        """The teacher's patches as pictures [b, d, GRID, GRID], standard."""
        x = (torch.from_numpy(self.kept.patches[rows]).float() - self.standard[2]) / self.standard[3]
        return x.transpose(1, 2).reshape(len(rows), -1, teacher.GRID, teacher.GRID)

    def losses(self, model, heads, seen, rows, tables):
        """seen: the encoder's tokens of views `rows`; tables: the teacher's of the same patches [b, n, d]."""
        with vit.half():
            like_patches = heads["patches"](seen[:, 1:])
        token = seen[:, 0].float()
        each = F.binary_cross_entropy_with_logits(model.classifier(token), torch.from_numpy(self.labels[rows]), reduction="none")
        w = torch.from_numpy(self.weight[rows])
        cls = torch.from_numpy(self.kept.cls[rows].astype(np.float32))
        with torch.no_grad():
            classes = F.softmax(self.classes(cls), -1)
        return [3 * (each * w).sum() / w.sum(), F.smooth_l1_loss(heads["cls"](token), (cls - self.standard[0]) / self.standard[1]),
                0.1 * F.cross_entropy(heads["classes"](token), classes),
                F.smooth_l1_loss(like_patches.float(), tables)]


def make_optimisers(model, heads, rate):
    """Muon for the blocks' matrices, which learns as much from fewer pictures; AdamW for all else."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    own = {id(p) for p in matrices}
    rest = [p for p in [*model.parameters(), *heads.parameters()] if id(p) not in own]
    return [torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW([{"params": [p for p in rest if p.ndim > 1], "weight_decay": 0.05},
                               {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0}],
                              lr=rate, betas=(0.9, 0.98), fused=True)]


def judge(scores, labels, crop):
    """AUC of each label on scenes, and of three on cuts."""
    out = {}
    for name, rows, count in (("scenes", ~crop, len(data.LABELS)), ("cuts", crop, 3)):
        out[name] = {data.LABELS[j]: round(metrics.auc(scores[rows, j], labels[rows, j]), 3) for j in range(count)}
    return out


def val(a):
    """(pictures, labels, which are cuts, sources) of both folders' val."""
    pictures, labels, crop, source = [], [], [], []
    for folder in (a.data, a.crops):
        p, y = data.load(folder, "val", a.state)
        pictures.append(p)
        labels.append(y)
        crop += [folder == a.crops] * len(p)
        source.append(data.sources(folder, "val"))
    return np.concatenate(pictures), np.concatenate(labels), np.array(crop), np.concatenate(source)


def main():
    a = arguments()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    targets = Targets(a)
    pictures, labels, crop, _ = val(a)
    if a.start:
        model, _ = vit.open_checkpoint(a.start)
        model.set_side(a.side)
        model.deepen(a.depth)
    else:
        model = vit.ViT(side=a.side, depth=a.depth, classes=len(data.LABELS))
    width, wide = model.shape["width"], targets.kept.cls.shape[1]
    heads = nn.ModuleDict({"cls": nn.Linear(width, wide), "patches": nn.Linear(width, wide), "classes": nn.Linear(width, 1000)})
    if a.start:  # what is not learnt yet should not push what is
        for m in [model.classifier, *heads.values()]:
            nn.init.zeros_(m.weight)
            nn.init.zeros_(m.bias)
    average, first = copy.deepcopy(model), copy.deepcopy(model)
    model.share_memory()
    heads.share_memory()
    parameters = list(model.parameters()) + list(heads.parameters())
    optimisers = make_optimisers(model, heads, a.rate)
    kept = {"model": model, "heads": heads, "average": average, "muon": optimisers[0], "adam": optimisers[1]}
    step, spent = 0, 0.0
    run = pathlib.Path(a.state) / f"run-{a.name}.pt"
    if run.exists():
        saved = torch.load(run, weights_only=True)
        for key, module in kept.items():
            module.load_state_dict(saved[key])
        step, spent = saved["step"], saved["spent"]
    at_work = workers.Workers(a, targets, model, heads, step)
    budget, started, losses, looked = a.hours * 3600, time.time(), [], time.time()

    def report():
        said = {"step": step, "seen": step * a.batch, "minutes": round(spent / 60, 1), "losses": np.mean(losses, 0).round(3).tolist()}
        written = copy.deepcopy(average)
        with torch.no_grad():
            for mine, other in zip(written.parameters(), first.parameters()):
                mine.lerp_(other, a.keep)
        for name, how in (("plain", plain), ("spoilt", spoilt)):
            said[name] = judge(predict(written, how(pictures, a.side), len(pictures)), labels, crop)
        print(json.dumps(said), flush=True)
        state = {key: module.state_dict() for key, module in kept.items()}
        torch.save(dict(state, step=step, spent=spent), run.with_suffix(".new"))
        run.with_suffix(".new").rename(run)
        vit.save_checkpoint(written, data.LABELS, a.out)
        return targets if views.Views(a.state, "train").done == targets.count else Targets(a)  # more of them by now

    while spent < budget:
        rate = a.rate * min(1, spent / (0.03 * budget)) * (0.5 + 0.5 * math.cos(math.pi * min(1, spent / budget)))
        for group in [g for o in optimisers for g in o.param_groups]:
            group["lr"] = max(rate, 1e-6)
        losses.append(at_work.batch(a.few if spent < a.few_until * budget else 1.0))
        nn.utils.clip_grad_norm_(parameters, 1.0)
        for o in optimisers:
            o.step()
        step += 1
        decay = min(0.997, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - decay)
        spent, started = spent + time.time() - started, time.time()
        if step % 25 == 0:
            print(step, round(spent / 60, 1), np.mean(losses[-25:], 0).round(3).tolist(), flush=True)
        if time.time() - looked > 60 * a.look or spent >= budget:
            at_work.close()
            targets = report()
            if spent < budget:
                at_work = workers.Workers(a, targets, model, heads, step)
            started, losses, looked = time.time(), [], time.time()


if __name__ == "__main__":
    main()
