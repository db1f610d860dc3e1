# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the student is shown, and what the teacher sees in the very same cut of a picture.

    python3 views.py --data DATA --crops CROPS --teacher VIT_TINY --state STATE [--more MORE]

A view is a picture whole, a part of it, or an empty scene with small cut-outs put into it, squashed to a square of
SIDE pixels. Each is looked at once by the teacher, and its class token and patches' tokens are kept, so that the
training costs no more than the student does. Views are made in a fixed order, one seed each: a run that was stopped
goes on, and training may begin on what there is. Only the teacher's outputs are kept, never a weight."""
import argparse
import pathlib
import pickle

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

import data
import teacher

SIDE = 112
CUT_SIDE = 160  # cuts have few pixels: the teacher looks at them smaller, in half the time
WHOLE, PART, MADE = 0, 1, 2
PARTS, EMPTY = 2, 8000  # of each scene, and of all, in a round
FULL = ("flickr8k", "coco2017", "tinyobjects", "catsdogs", "vehicles6", "unlabelled_imagenet")  # no empty scenes
PERSON, VEHICLE, ANIMAL = 0, 1, 2
CLASSES = ("people", "vehicles", "animals")


def everything(data_folder, crops_folder, split, cache, more=None):
    """(records, pictures) of both folders, the pictures as large as they are stored; kept in the cache. Then those of
    `more`, which are only seen whole, already squashed."""
    file = pathlib.Path(cache) / f"everything-{split}.pickle"
    if not file.exists():
        both = [(r, np.asarray(p)) for folder in (data_folder, crops_folder) for r, p in data.pictures(folder, split)]
        file.write_bytes(pickle.dumps(both, protocol=4))
    both = pickle.loads(file.read_bytes())
    records, pictures = [r for r, _ in both], [p for _, p in both]
    if more:
        records += [dict(r, more=True) for r in data.records(more, split)]
        pictures += list(data.load(more, split, cache)[0])
    return records, pictures


def plan(records, rounds):
    """(kind, index of the picture) of each view: every scene whole and as many cuts, shuffled, then more pictures whole, then the
    other cuts with the first round; in each round every scene's parts and made scenes. More rounds begin as fewer do."""
    rng = np.random.default_rng(1)
    more = np.array([i for i, r in enumerate(records) if r.get("more")], int)
    scenes = np.array([i for i, r in enumerate(records) if not r.get("crop") and not r.get("more")])
    empty = np.array([i for i in scenes if records[i]["source"] not in FULL and not records[i].get("labels", {}).get("people")])
    cuts = rng.permutation(np.setdiff1d(np.arange(len(records)), np.concatenate([scenes, more])))
    first, cuts = cuts[:len(scenes)], cuts[len(scenes):]
    views = [(WHOLE, i) for i in rng.permutation(np.concatenate([scenes, first]))]
    views += [(WHOLE, i) for i in np.random.default_rng(2).permutation(more)]
    if not rounds:
        views += [(WHOLE, i) for i in cuts]
    for k in range(rounds):
        later = [] if k else [(WHOLE, i) for i in cuts]
        for _ in range(PARTS):
            later += [(PART, i) for i in rng.permutation(scenes)]
        later += [(MADE, i) for i in rng.choice(empty, EMPTY)]
        views += [later[i] for i in rng.permutation(len(later))]
    return views


def part_of(picture, rng):
    h, w = picture.shape[:2]
    share, aspect = rng.uniform(0.25, 1.0), np.exp(rng.uniform(-0.35, 0.35))
    ch = int(np.clip(h * np.sqrt(share * aspect), 24, h))
    cw = int(np.clip(w * np.sqrt(share / aspect), 24, w))
    y, x = rng.integers(0, h - ch + 1), rng.integers(0, w - cw + 1)
    return picture[y:y + ch, x:x + cw], ch * cw / (h * w)


def put(scene, cut, rng):
    """A cut-out somewhere in the scene (a PIL picture, changed in place), small, with a soft edge."""
    height = int(scene.height * np.exp(rng.uniform(np.log(0.1), np.log(0.6))))
    width = max(4, int(height * cut.shape[1] / cut.shape[0]))
    cut = Image.fromarray(cut)
    if rng.random() < 0.5:
        cut = cut.transpose(Image.FLIP_LEFT_RIGHT)
    cut = cut.resize((width, max(6, height)), Image.BILINEAR)
    mask = Image.new("L", cut.size, 0)
    shape = (1, 1, cut.width - 2, cut.height - 2)
    (ImageDraw.Draw(mask).ellipse if rng.random() < 0.6 else ImageDraw.Draw(mask).rectangle)(shape, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(max(1.0, cut.height / 16)))
    # the lower half has most of what stands on the ground
    x = int(rng.uniform(-0.1, 1.0) * (scene.width - width))
    y = int(rng.uniform(0.15, 1.0) * (scene.height - cut.height))
    # its light follows the scene's a little
    under = np.asarray(scene.crop((x, y, x + width, y + cut.height)), np.float32).mean((0, 1))
    values = np.asarray(cut, np.float32)
    values += rng.uniform(0.2, 0.8) * (under - values.mean((0, 1)))
    scene.paste(Image.fromarray(values.clip(0, 255).astype(np.uint8)), (x, y), mask)


class Maker:
    def __init__(self, records, pictures, views, seed):
        self.records, self.pictures, self.views, self.seed = records, pictures, views, seed
        by = {c: [i for i, r in enumerate(records) if r.get("crop") and r["labels"].get(c) and r["source"][:5] != "cifar"]
              for c in CLASSES}
        self.objects = [np.array(by[c]) for c in CLASSES]
        self.nothing = np.array([i for i, r in enumerate(records) if r.get("nothing") and r["source"][:5] != "cifar"])

    def make(self, number):
        """(picture [SIDE, SIDE, 3], share of the picture seen, which of person, vehicle, animal were put into it)"""
        kind, index = self.views[number]
        rng = np.random.default_rng((self.seed, number))
        picture, share, there = self.pictures[index], 1.0, [False] * 3
        if kind == PART:
            picture, share = part_of(picture, rng)
        elif kind == MADE:
            scene = Image.fromarray(picture)
            for _ in range(rng.integers(1, 4)):
                what = rng.choice(4, p=[0.3, 0.2, 0.15, 0.35])
                pool = self.nothing if what == 3 else self.objects[what]
                put(scene, self.pictures[rng.choice(pool)], rng)
                if what < 3:
                    there[what] = True
            picture = np.asarray(scene)
        return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.BILINEAR)), share, there


class Views:
    """The arrays that views.py leaves, as far as they are filled."""

    def __init__(self, state, name, count=0, width=192):
        folder = pathlib.Path(state)
        self.done_file = folder / f"views-{name}.done"
        shapes = {"pictures": (np.uint8, (SIDE, SIDE, 3)), "cls": (np.float16, (width,)),
                  "patches": (np.float16, (teacher.GRID ** 2, width)), "index": (np.int32, (2,)),
                  "share": (np.float32, ()), "there": (np.bool_, (3,))}
        self.done = int(self.done_file.read_text()) if self.done_file.exists() else 0
        for key, (kind, shape) in shapes.items():
            file = folder / f"views-{name}-{key}.npy"
            array = np.load(file, mmap_mode="r+" if count else "r") if file.exists() else []
            if len(array) < count:  # none yet, or a round more
                larger = np.lib.format.open_memmap(file.with_suffix(".new"), "w+", kind, (count, *shape))
                if len(array):
                    larger[:len(array)] = array
                array = larger
                file.with_suffix(".new").rename(file)
            setattr(self, key, array)

    def keep(self, done):
        for key in ("pictures", "cls", "patches", "index", "share", "there"):
            getattr(self, key).flush()
        self.done_file.write_text(str(done))
        self.done = done


@torch.inference_mode()
def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--crops", required=True)
    p.add_argument("--teacher", required=True)
    p.add_argument("--state", required=True)
    p.add_argument("--more", help="a folder that more.py has made")
    p.add_argument("--split", default="train")
    p.add_argument("--rounds", type=int, default=1, help="0: only the whole pictures")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    records, pictures = everything(a.data, a.crops, a.split, a.state, a.more)
    views = plan(records, a.rounds)
    maker, kept = Maker(records, pictures, views, a.seed), Views(a.state, a.split, len(views))
    watch = teacher.Teacher(a.teacher)
    print(f"{len(views)} views, {kept.done} done", flush=True)
    for at in range(kept.done, len(views), a.batch):
        rows = range(at, min(at + a.batch, len(views)))
        for i in rows:
            kept.pictures[i], kept.share[i], kept.there[i] = maker.make(i)
            kept.index[i] = views[i]
        cuts = np.array([bool(records[views[i][1]].get("crop") or records[views[i][1]].get("more")) for i in rows])
        for mine, side in ((np.flatnonzero(~cuts) + at, None), (np.flatnonzero(cuts) + at, CUT_SIDE)):
            if len(mine):
                kept.cls[mine], kept.patches[mine] = watch(kept.pictures[mine], side)
        if (at // a.batch) % 4 == 3 or rows.stop == len(views):
            kept.keep(rows.stop)
            print(f"views {a.split} {rows.stop}/{len(views)}", flush=True)


if __name__ == "__main__":
    main()
