# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a folder of further pictures, without labels, for views.py and train.py (--more).

    python3 more.py --data DATA --crops CROPS --out MORE NAME=FOLDER ...

Takes the pictures of each FOLDER (JPEG or PNG, at any depth), scales them to a shorter side of 128 pixels where they are
larger, and writes them as data.py reads them: NAME-train-00.tar, NAME-train.jsonl. A teacher's outputs teach on them.
What is nearly equal to a picture of DATA's or CROPS's val is left out, and of pictures that are equal all but the first:
by a difference hash of 64 bits, also of the mirrored picture, as far as 6 bits for val. So are flat pictures, which cannot
be told apart so, and those of less than --least pixels. --avoid FOLDER leaves out what is nearly equal to a picture there, too:
frames of clips that judge."""
import argparse
import io
import json
import pathlib
import tarfile

import numpy as np
from PIL import Image

import data

SHORT, NEAR = 128, 6
KINDS = (".jpg", ".jpeg", ".png")


def difference_hash(picture):
    """64 bits: is a pixel of 9×8 brighter than its neighbour?"""
    grey = np.asarray(picture.convert("L").resize((9, 8), Image.BOX), np.int16)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).view(np.uint64)[0]


def hashes(picture):
    return difference_hash(picture), difference_hash(picture.transpose(Image.FLIP_LEFT_RIGHT))


def held_back(a):
    """The hashes of all val pictures and of those to avoid."""
    out = [difference_hash(p) for folder in (a.data, a.crops) for _, p in data.pictures(folder, "val")]
    for folder in a.avoid:
        out += [difference_hash(Image.open(f)) for f in files(folder)]
    return np.array(out, np.uint64)


def files(folder):
    return sorted(f for f in pathlib.Path(folder).rglob("*") if f.suffix.lower() in KINDS)


def opened(file, least):
    """The picture, SHORT on its shorter side; None where there is none of enough pixels in it."""
    try:
        picture = Image.open(file)
        if min(picture.size) < least or max(picture.size) > 6 * min(picture.size):
            return None
        picture.draft("RGB", (2 * SHORT, 2 * SHORT))
        picture = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return None
    scale = SHORT / min(picture.size)
    if scale < 1:
        picture = picture.resize([round(n * scale) for n in picture.size], Image.BILINEAR, reducing_gap=2)
    return picture if np.asarray(picture.convert("L").resize((32, 32))).std() > 8 else None


def write(a, name, folder, val, seen):
    """The pictures of one folder; returns (written, left out as nearly equal)."""
    out, rows, equal = pathlib.Path(a.out), [], 0
    shard = f"{name}-train-00.tar"
    with tarfile.open(out / shard, "w", format=tarfile.USTAR_FORMAT) as archive:
        for file in files(folder):
            picture = opened(file, a.least)
            if picture is None:
                continue
            own, mirrored = hashes(picture)
            near = np.bitwise_count(val[None] ^ np.array([[own], [mirrored]], np.uint64)).min(initial=64) <= NEAR
            if near or own in seen or mirrored in seen:
                equal += 1
                continue
            seen.add(own)
            packed = io.BytesIO()
            picture.save(packed, "JPEG", quality=85)
            entry = tarfile.TarInfo(f"{len(rows):06d}.jpg")
            entry.size = packed.tell()
            archive.addfile(entry, io.BytesIO(packed.getvalue()))
            rows.append({"file": entry.name, "shard": shard, "size": list(picture.size), "split": "train"})
    (out / f"{name}-train.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return len(rows), equal


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--crops", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--avoid", action="append", default=[])
    p.add_argument("--least", type=int, default=64)
    p.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    a = p.parse_args()
    pathlib.Path(a.out).mkdir(parents=True, exist_ok=True)
    val, seen = held_back(a), set()
    for pair in a.folders:
        name, _, folder = pair.partition("=")
        written, equal = write(a, name, folder, val, seen)
        print(f"{name}: {written} pictures, {equal} left out as nearly equal", flush=True)


if __name__ == "__main__":
    main()
