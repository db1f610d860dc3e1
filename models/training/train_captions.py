# SPDX-License-Identifier: LGPL-2.1-or-later
"""Teaches the bundled checkpoint to speak, in three stages, each going on from what the one before left in --out:

    python3 train_captions.py language --data DATA --state STATE --out ../bundled --hours 0.3 --encoder LABELS
    python3 train_captions.py pictures --data DATA --state STATE --out ../bundled --hours 1
    python3 train_captions.py reward   --data DATA --state STATE --out ../bundled --hours 0.5
    python3 train_captions.py align    --data DATA --state STATE --out ../bundled --encoder LABELS

language: the decoder alone, on lines without pictures. pictures: captions of pictures, whole ones, a part of them
spoilt as cameras would. reward: self-critical training (Rennie et al. 2017): captions drawn by chance that score above
the others of their picture by CIDEr-D become likelier. The encoder and its labels stay as train.py left them; --encoder
names its directory where --out has none or another. align, which needs no training: another encoder takes the place of
the one that the decoder has learnt with; the linear map that makes the old tokens out of the new ones best is put
into the decoder's keys and values.

A stage goes on where it was stopped (STATE/run-STAGE.pt); --hours is its training time in all, as its processors
count it, so that a busy machine trains longer, not less.
Needs PyTorch, NumPy, Pillow, safetensors and tokenizers."""
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
import gpt2
import metrics
import teacher
import vit
import words

GENERATION = {"max_length": words.LENGTH, "num_beams": 1, "no_repeat_ngram_size": 3, "length_penalty": 1.0}
CAPTIONS = 5  # of a picture in a batch


def now():
    return time.process_time() / torch.get_num_threads()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("stage", choices=["language", "pictures", "reward", "align"])
    p.add_argument("--data", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--from", dest="start", help="where the decoder starts, if not from --out")
    p.add_argument("--encoder", help="the directory whose encoder takes the place of the one beside the decoder")
    p.add_argument("--hours", type=float, default=1)
    p.add_argument("--rate", type=float, default=5e-4)
    p.add_argument("--batch", type=int, default=48, help="pictures, or five times as many lines")
    p.add_argument("--drop", type=float, default=0.1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


def likelihood(logits, target, smooth=0.1):
    """Mean loss of the words, −1 left out."""
    return F.cross_entropy(logits.float().flatten(0, 1), target.flatten(), ignore_index=-1, label_smoothing=smooth)


def split(table):
    """ids [n, LENGTH + 1] → what goes in (ends in place of −1) and what should come out, as long as the longest."""
    longest = int((table >= 0).sum(1).max())
    table = torch.from_numpy(table[:, :longest].astype(np.int64))
    return table[:, :-1].clamp(min=0), table[:, 1:]


@torch.inference_mode()
def look(model, pictures, batch=128):
    """The encoder's tokens of whole pictures."""
    model.eval()
    side = model.shape["side"]
    for i in range(0, len(pictures), batch):
        pixels = F.interpolate(teacher.normalise(pictures[i:i + batch]), (side, side), mode="bilinear", antialias=True)
        yield model.tokens(pixels).float()


def describe(model, decoder, tokenizer, pictures):
    """The likeliest caption of each picture, word by word."""
    decoder.eval()
    out = []
    for tokens in look(model, pictures):
        out += [text.strip() for text in tokenizer.decode_batch(decoder.write(tokens).tolist())]
    return out


def align(old, new, decoder, pictures, batch=64):
    """The decoder reads the new encoder's tokens as it read the old one's: least squares over all tokens of pictures."""
    left = right = 0
    for i in range(0, len(pictures), batch):
        part = pictures[i:i + batch]
        (x,), (y,) = look(new, part), look(old, part)
        x, y = F.pad(x.flatten(0, 1), (0, 1), value=1).double(), y.flatten(0, 1).double()
        left, right = left + x.T @ x, right + x.T @ y
    table = torch.linalg.solve(left + 1e-4 * left.diag().mean() * torch.eye(len(left)), right).float()
    with torch.no_grad():
        for block in decoder.blocks:
            block.kv.bias += block.kv.weight @ table[-1]
            block.kv.weight.copy_(block.kv.weight @ table[:-1].T)


class Language:
    """Lines without pictures."""

    def __init__(self, a, tokenizer):
        self.table = words.ids(tokenizer, words.lines(a.data))
        self.epoch = len(self.table) // (5 * a.batch)
        self.batch = 5 * a.batch

    def loss(self, model, decoder, rng):
        ids, target = split(self.table[rng.integers(0, len(self.table), self.batch)])
        with vit.half():
            logits = decoder(ids)
        return [likelihood(logits, target, 0.0)]


class Captioned:
    """The training pictures with captions; with `made` also those with sentences made from labels."""

    def __init__(self, a, tokenizer, made=False):
        self.batch, self.tokenizer = a.batch, tokenizer
        self.pictures, self.labels = data.load(a.data, "train", a.state)
        self.captions = words.captions(a.data, "train", made)
        self.with_captions = np.array([i for i, c in enumerate(self.captions) if c])
        self.tables = {i: words.ids(tokenizer, self.captions[i]) for i in self.with_captions}
        self.epoch = len(self.with_captions) // self.batch
        self.order = []

    def pick(self, rng):
        if len(self.order) < self.batch:
            self.order = rng.permutation(self.with_captions)
        pick, self.order = np.sort(self.order[:self.batch]), self.order[self.batch:]
        return pick


class Pictures(Captioned):
    def __init__(self, a, tokenizer):
        super().__init__(a, tokenizer, made=True)
        self.seed, self.camera = a.seed, None

    def loss(self, model, decoder, rng):
        pick, side = self.pick(rng), model.shape["side"]
        self.camera = self.camera or cameras.Cameras(side, self.seed, share=0.3, geometry=False)
        pictures = self.pictures[pick]
        mirrored = rng.random(len(pick)) < 0.5
        pictures[mirrored] = pictures[mirrored, :, ::-1]
        table = np.concatenate([self.tables[i][rng.choice(len(self.tables[i]), CAPTIONS, len(self.tables[i]) < CAPTIONS)]
                                for i in pick])
        ids, target = split(table)
        pixels, _ = self.camera(pictures)
        with vit.half(), torch.no_grad():
            tokens = model.tokens(pixels)
        with vit.half():
            logits = decoder(ids, decoder.memory(tokens))
        return [likelihood(logits, target)]


class Reward(Captioned):
    """Made sentences have no part in it: few and always the same, they are what scores best."""

    def __init__(self, a, tokenizer):
        super().__init__(a, tokenizer)
        self.cider = metrics.Cider([self.captions[i] for i in self.with_captions])
        self.vectors = {i: [self.cider.vector(t) for t in self.captions[i]] for i in self.with_captions}

    def score(self, texts, pick):
        each = len(texts) // len(pick)
        return np.array([self.cider.score(t, self.vectors[pick[j // each]]) for j, t in enumerate(texts)])

    def loss(self, model, decoder, rng):
        pick = self.pick(rng)
        pictures = self.pictures[pick]
        mirrored = rng.random(len(pick)) < 0.5
        pictures[mirrored] = pictures[mirrored, :, ::-1]
        tokens = torch.cat(list(look(model, pictures))).clone()
        decoder.eval()
        drawn = decoder.write(tokens, sample=True, captions=CAPTIONS)
        reward = self.score(self.tokenizer.decode_batch(drawn.tolist()), pick).reshape(len(pick), CAPTIONS)
        # each caption against the mean of its picture's others (Luo 2020), which needs no greedy run
        better = reward - (reward.sum(1, keepdims=True) - reward) / (CAPTIONS - 1)
        decoder.train()
        ids = torch.cat([torch.zeros(len(drawn), 1, dtype=torch.long), drawn], 1)
        with vit.half():
            logits = decoder(ids[:, :-1], decoder.memory(tokens))
        said = torch.gather(F.log_softmax(logits.float(), -1), 2, drawn[..., None])[..., 0]
        spoken = torch.cat([torch.ones(len(drawn), 1), (drawn[:, :-1] != 0).float()], 1)  # up to the end, and it too
        loss = -(said * spoken * torch.from_numpy(better.reshape(-1, 1)).float()).sum() / spoken.sum()
        return [loss, torch.tensor(-0.001 * reward.mean())]


STAGES = {"language": Language, "pictures": Pictures, "reward": Reward}


def main():
    a = arguments()
    torch.manual_seed(a.seed)
    torch.set_num_threads(a.threads)
    rng = np.random.default_rng(a.seed)
    out, state = pathlib.Path(a.out), pathlib.Path(a.state)
    tokenizer = words.vocabulary(out, words.lines(a.data))
    if a.stage == "language":
        model, decoder = None, gpt2.Decoder()
    else:
        model, decoder = gpt2.open_checkpoint(a.start or a.out)
    if a.stage == "align":
        new, _ = vit.open_checkpoint(a.encoder)
        align(model, new, decoder, data.load(a.data, "train", a.state)[0][:2000])
        generation = json.loads((out / "generation_config.json").read_text())
        gpt2.save_checkpoint(new, decoder, data.LABELS, out, generation)
        return
    if a.encoder:
        model, _ = vit.open_checkpoint(a.encoder)
    model.requires_grad_(False).eval()
    for block in decoder.blocks:
        block.drop = a.drop
    decoder.drop = a.drop
    stage = STAGES[a.stage](a, tokenizer)
    average = copy.deepcopy(decoder)
    optimiser = torch.optim.AdamW([{"params": [p for p in decoder.parameters() if (p.ndim > 1) == decay],
                                    "weight_decay": 0.05 if decay else 0.0} for decay in (True, False)],
                                  lr=a.rate, betas=(0.9, 0.98))
    val_pictures, _ = data.load(a.data, "val", state)
    val_captions = words.captions(a.data, "val")
    val = [i for i, c in enumerate(val_captions) if c]
    references = [val_captions[i] for i in val]
    cider = metrics.Cider(references)

    step, spent = 0, 0.0
    run = state / f"run-{a.stage}.pt"
    if run.exists():
        saved = torch.load(run, weights_only=True)
        for module, key in ((decoder, "decoder"), (average, "average"), (optimiser, "optimiser")):
            module.load_state_dict(saved[key])
        step, spent = saved["step"], saved["spent"]
        rng = np.random.default_rng(a.seed + step)
    budget, started, losses = a.hours * 3600, now(), []

    def report():
        said = {"stage": a.stage, "step": step, "epochs": round(step / stage.epoch, 1), "minutes": round(spent / 60, 1),
                "losses": np.mean(losses, 0).round(4).tolist()}
        if a.stage != "language":
            texts = describe(model, average, tokenizer, val_pictures[val])
            said |= {"bleu4": round(metrics.bleu4(texts, references), 4), "cider": round(cider.mean(texts, references), 4),
                     "samples": texts[:3]}
        print(json.dumps(said), flush=True)
        torch.save({"decoder": decoder.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
                    "step": step, "spent": spent}, run)
        gpt2.save_checkpoint(model, average, data.LABELS, out, GENERATION)

    while spent < budget:
        rate = a.rate * min(1, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * min(1, spent / budget)))
        for group in optimiser.param_groups:
            group["lr"] = max(rate, 1e-7)
        decoder.train()
        each = stage.loss(model, decoder, rng)
        optimiser.zero_grad()
        sum(each).backward()
        nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
        optimiser.step()
        step += 1
        losses.append([x.item() for x in each])
        decay = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), decoder.parameters()):
                slow.lerp_(fast, 1 - decay)
        spent, started = spent + now() - started, now()
        if len(losses) >= min(stage.epoch, 250) or spent >= budget:
            report()
            started, losses = now(), []


if __name__ == "__main__":
    main()
