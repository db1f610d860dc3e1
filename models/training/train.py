# SPDX-License-Identifier: LGPL-2.1-or-later
"""Trains the bundled checkpoint from scratch, or goes on from one.

    python3 train.py --data DATA --teacher VIT_TINY --state STATE --hours 1.5 --out ../bundled
    python3 train.py … --from ../bundled --side 80 --hours 1 --rate 2e-4

DATA holds the archives that data.py describes, STATE is a scratch folder: caches, and the state of a
run, which goes on where it was stopped. --hours is training time in all; the learning rate follows it.
Needs PyTorch, NumPy, Pillow and safetensors.

The loss has three parts: the labels (where unknown, what a linear probe on the teacher says), the
teacher's class token, and the teacher's patch tokens."""
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

import data
import metrics
import teacher
import vit

TRUST = 0.75  # share of a stated label in its target; the rest is the teacher's probability


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--teacher", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--from", dest="start")
    p.add_argument("--side", type=int, default=56)
    p.add_argument("--hours", type=float, default=1.5)
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--seed", type=int, default=1)
    return p.parse_args()


def augment(pictures, patches, side, rng):
    """Random crop, flip, brightness, contrast and grey; the teacher's token grid is cut the same way.
    pictures uint8 [b, S, S, 3], patches [b, GRID², d] → pixels [b, 3, side, side], tokens [b, (side / 8)², d]."""
    b = len(pictures)
    share = torch.from_numpy(rng.uniform(0.6, 1.0, (b, 2)).astype(np.float32)).sqrt()
    offset = torch.from_numpy(rng.uniform(-1, 1, (b, 2)).astype(np.float32)) * (1 - share)
    flip = torch.from_numpy(rng.choice([-1.0, 1.0], b).astype(np.float32))
    theta = torch.zeros(b, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = share[:, 0] * flip, share[:, 1]
    theta[:, :, 2] = offset

    def cut(x, size):
        grid = F.affine_grid(theta, (b, x.shape[1], size, size), align_corners=False)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)

    pixels = F.avg_pool2d(cut(teacher.normalise(pictures), 2 * side), 2)
    d = patches.shape[-1]
    table = torch.from_numpy(patches).float().transpose(1, 2).reshape(b, d, teacher.GRID, teacher.GRID)
    tokens = cut(table, side // 8).flatten(2).transpose(1, 2)

    contrast = torch.from_numpy(rng.uniform(0.7, 1.3, (b, 1, 1, 1)).astype(np.float32))
    brightness = torch.from_numpy(rng.uniform(-0.25, 0.25, (b, 1, 1, 1)).astype(np.float32))
    grey = torch.from_numpy((rng.random((b, 1, 1, 1)) < 0.2).astype(np.float32))
    luma = (pixels * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    pixels = pixels + grey * (luma - pixels)
    return (pixels * contrast + brightness).clamp(-1, 1), tokens


@torch.inference_mode()
def predict(model, pictures, batch=256):
    """Sigmoid scores [n, labels] of whole pictures."""
    model.eval()
    side = model.shape["side"]
    out = []
    for i in range(0, len(pictures), batch):
        pixels = F.interpolate(teacher.normalise(pictures[i:i + batch]), (side, side), mode="bilinear", antialias=True)
        out.append(model(pixels).float().sigmoid())
    return torch.cat(out).numpy()


class Heads(nn.Module):
    """From the student's tokens to the teacher's; not part of the checkpoint."""

    def __init__(self, width, teacher_width):
        super().__init__()
        self.cls = nn.Linear(width, teacher_width)
        self.patches = nn.Linear(width, teacher_width)


class Targets:
    """What the encoder should see in the training pictures: labels (where unknown, what a linear probe on the
    teacher says), the teacher's class token, and the teacher's patch tokens."""

    def __init__(self, labels, cls, patches, width=192):
        soft = teacher.fit_probe(cls, labels)(cls).sigmoid().numpy()
        known = ~np.isnan(labels)
        self.labels = np.where(known, TRUST * np.nan_to_num(labels) + (1 - TRUST) * soft, soft).astype(np.float32)
        self.weight = np.where(known, 1.0, 0.6).astype(np.float32)
        self.cls = cls
        self.standard = [torch.from_numpy(v.astype(np.float32)) for v in
                         (cls[:].astype(np.float32).mean(0), cls[:].astype(np.float32).std(0),
                          patches[:500].astype(np.float32).mean((0, 1)), patches[:500].astype(np.float32).std((0, 1)))]
        self.heads = Heads(width, cls.shape[1])

    def losses(self, model, seen, pick, tokens):
        """seen: the encoder's tokens of the pictures `pick`; tokens: the teacher's patches, cut as they were."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = model.classifier(seen[:, 0])
            like_cls, like_patches = self.heads.cls(seen[:, 0]), self.heads.patches(seen[:, 1:])
        each = F.binary_cross_entropy_with_logits(logits.float(), torch.from_numpy(self.labels[pick]), reduction="none")
        w = torch.from_numpy(self.weight[pick])
        want = (torch.from_numpy(self.cls[pick].astype(np.float32)) - self.standard[0]) / self.standard[1]
        return [(each * w).sum() / w.sum(), F.smooth_l1_loss(like_cls.float(), want),
                F.smooth_l1_loss(like_patches.float(), (tokens - self.standard[2]) / self.standard[3])]


def main():
    a = arguments()
    torch.manual_seed(a.seed)
    rng = np.random.default_rng(a.seed)
    state = pathlib.Path(a.state)
    pictures, labels = data.load(a.data, "train", state)
    val_pictures, val_labels = data.load(a.data, "val", state)
    cls, patches = teacher.features(pictures, a.teacher, state, "train")
    if a.start:
        model, _ = vit.open_checkpoint(a.start)
        if model.shape["side"] != a.side:
            model.set_side(a.side)
    else:
        model = vit.ViT(side=a.side, classes=len(data.LABELS))
    targets = Targets(labels, cls, patches, model.shape["width"])
    heads = targets.heads
    average = copy.deepcopy(model)
    parameters = list(model.parameters()) + list(heads.parameters())
    optimiser = torch.optim.AdamW(
        [{"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
         {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0}], lr=a.rate, betas=(0.9, 0.98))
    step, spent = 0, 0.0
    run = state / f"run-{a.side}{'-more' if a.start else ''}.pt"
    if run.exists():
        saved = torch.load(run, weights_only=True)
        for module, key in ((model, "model"), (heads, "heads"), (average, "average"), (optimiser, "optimiser")):
            module.load_state_dict(saved[key])
        step, spent = saved["step"], saved["spent"]
        rng = np.random.default_rng(a.seed + step)

    budget = a.hours * 3600
    started, losses = time.time(), []

    def report():
        scores = predict(average, val_pictures)
        aucs = {label: round(metrics.auc(scores[:, j], val_labels[:, j]), 3) for j, label in enumerate(data.LABELS)}
        print(json.dumps({"step": step, "epochs": round(step * a.batch / len(pictures), 1), "minutes": round(spent / 60, 1),
                          "losses": np.mean(losses, 0).round(3).tolist(),
                          "mean of four": round(float(np.mean(list(aucs.values())[:4])), 4), "auc": aucs}), flush=True)
        torch.save({"model": model.state_dict(), "heads": heads.state_dict(), "average": average.state_dict(),
                    "optimiser": optimiser.state_dict(), "step": step, "spent": spent}, run)
        vit.save_checkpoint(average, data.LABELS, a.out)

    order = []
    while spent < budget:
        if len(order) < a.batch:
            order = rng.permutation(len(pictures))
        pick, order = np.sort(order[:a.batch]), order[a.batch:]
        rate = a.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * min(1, spent / budget)))
        for group in optimiser.param_groups:
            group["lr"] = max(rate, 1e-6)
        model.train()
        pixels, tokens = augment(pictures[pick], patches[pick], a.side, rng)
        with torch.autocast("cpu", torch.bfloat16):
            seen = model.tokens(pixels, drop_path=0.05)
        each = targets.losses(model, seen, pick, tokens)
        optimiser.zero_grad()
        sum(each).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        losses.append([x.item() for x in each])
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), model.parameters()):
                slow.lerp_(fast, 1 - decay)
        spent, started = spent + time.time() - started, time.time()
        if len(losses) * a.batch >= len(pictures) // 2 or spent >= budget:
            report()
            started, losses = time.time(), []


if __name__ == "__main__":
    main()
