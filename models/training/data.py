# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pictures and what is known of them.

Reads folders of SOURCE-SPLIT-NN.tar archives with SOURCE-SPLIT.jsonl beside them and
gives pictures squashed to a square (as the checkpoint's own preprocessing sees them)
and a label matrix with 1 (there), 0 (not there) and NaN (unknown: no part in any loss).
"""
import io
import json
import pathlib
import re
import tarfile

import numpy as np
from PIL import Image

LABELS = ["person", "vehicle", "animal", "indoor", "outdoor", "dog", "road", "street", "water", "snow"]
SIDE = 112  # stored side; crops are taken from it

INDOOR_SCENES = {"bedroom", "kitchen", "livingroom", "office", "store", "bathroom"}
OUTDOOR_SCENES = {"coast", "forest", "highway", "insidecity", "mountain", "opencountry", "street", "suburb",
                  "tallbuilding", "house_front", "road"}
ROAD_SCENES = {"highway", "road"}
STREET_SCENES = {"street", "insidecity"}
NO_WATER_SCENES = INDOOR_SCENES | {"highway", "street", "insidecity", "suburb", "forest", "tallbuilding"}

# A caption names a thing when one of its words does. Words that often mean something else are left out.
WORDS = {
    "person": "man men woman women boy boys girl girls person people child children kid kids baby babies toddler lady "
              "guy guys player players crowd couple family friends skateboarder surfer snowboarder skier skiers climber "
              "climbers biker bikers cyclist cyclists runner runners rider riders swimmer teenager teenagers girlfriend "
              "adult adults hiker hikers worker workers performer dancer dancers wrestler athlete gentleman individual",
    "vehicle": "car cars truck trucks bus buses van vehicle vehicles motorcycle motorcycles motorbike motorcyclist "
               "bicycle bicycles bike bikes train trains airplane plane boat boats ship canoe kayak kayaker raft taxi jeep "
               "atv dirtbike scooter tractor trolley",
    "animal": "dog dogs puppy puppies cat cats kitten bird birds horse horses cow cows sheep goat goats animal animals "
              "greyhound greyhounds poodle terrier retriever collie elephant zebra zebras giraffe giraffes bear bears "
              "duck ducks seagull seagulls camel bull lamb dalmatian",
    "dog": "dog dogs puppy puppies greyhound greyhounds poodle terrier retriever collie dalmatian labrador",
    "indoor": "room kitchen bathroom bedroom couch sofa indoors indoor sink carpet stove toilet refrigerator "
              "microwave desk",
    "outdoor": "grass grassy field beach mountain mountains snow snowy ocean street road river lake park outdoors outside "
               "outdoor yard sand sandy forest woods hill sky sidewalk trail cliff rocks surf wave waves desert lawn "
               "tree trees",
    "water": "water ocean lake river pool sea waves wave surfing surfer surf swimming stream pond",
    "snow": "snow snowy snowboarder snowboarding skier skiing snowboard ski",
    "street": "street streets sidewalk crosswalk intersection city",
}
WORDS = {label: set(words.split()) for label, words in WORDS.items()}


def labels_of(record):
    """One row of the label matrix."""
    known = {}
    stated = record.get("labels", {})
    for key, label in (("people", "person"), ("vehicles", "vehicle"), ("animals", "animal"), ("indoor", "indoor")):
        if key in stated:
            known[label] = float(stated[key])
    if "animal" in stated:
        known["dog"] = float(stated["animal"] == "dog")
    if "objects" in stated:
        if "dog" in stated["objects"]:
            known["dog"] = 1.0
        elif "people" in stated and stated.get("people") is not None and "animals" in stated and not stated["animals"]:
            known["dog"] = 0.0
    scene = stated.get("scene")
    if scene:
        known.setdefault("indoor", float(scene in INDOOR_SCENES))
        if scene in INDOOR_SCENES | OUTDOOR_SCENES:
            known["road"] = float(scene in ROAD_SCENES)
            known["street"] = float(scene in STREET_SCENES)
        if scene == "coast":
            known["water"] = 1.0
        elif scene in NO_WATER_SCENES:
            known["water"] = 0.0
    if stated.get("weather") or stated.get("time_of_day"):
        known.setdefault("indoor", 0.0)
    if "road" in stated:
        known["snow"] = float(stated["road"] == "snowy")
        known["road"] = 1.0
    if "vehicle_type" in stated:
        known.setdefault("indoor", 0.0)
        known.setdefault("animal", 0.0)
        known["dog"] = 0.0

    captions = [set(re.findall(r"[a-z]+", c.lower())) for c in record.get("captions", [])]
    if len(captions) >= 3:
        for label, words in WORDS.items():
            share = sum(bool(c & words) for c in captions) / len(captions)
            if share >= 0.8 or (label in ("indoor", "outdoor", "water", "street", "snow") and share >= 0.6):
                known.setdefault(label, 1.0)
            elif share == 0 and label not in ("indoor", "outdoor", "street"):
                known.setdefault(label, 0.0)  # people name persons and animals; rooms and skies they leave out
    # Indoors and outdoors exclude each other.
    if "indoor" in known and "outdoor" not in known:
        known["outdoor"] = 1.0 - known["indoor"]
    if "outdoor" in known and "indoor" not in known:
        known["indoor"] = 1.0 - known["outdoor"]
    if known.get("indoor") == 1.0 and known.get("outdoor") == 1.0:
        del known["indoor"], known["outdoor"]
    return [known.get(label, np.nan) for label in LABELS]


def load(folder, split, cache):
    """pictures [n, SIDE, SIDE, 3] uint8, labels [n, len (LABELS)] float32; kept in `cache` for the next time."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    pictures_file, labels_file = cache / f"{split}.npy", cache / f"{split}-labels.npy"
    rows, pictures = [], []
    have = pictures_file.exists()
    for listing in sorted(pathlib.Path(folder).glob(f"*-{split}.jsonl")):
        records = [json.loads(line) for line in open(listing, encoding="utf-8")]
        rows += [labels_of(r) for r in records]
        if have:
            continue
        archives = {}
        for r in records:
            archive = archives.setdefault(r["shard"], tarfile.open(pathlib.Path(folder) / r["shard"]))
            picture = Image.open(io.BytesIO(archive.extractfile(r["file"]).read())).convert("RGB")
            pictures.append(np.asarray(picture.resize((SIDE, SIDE), Image.BILINEAR)))
    if not have:
        np.save(pictures_file, np.stack(pictures))
    labels = np.array(rows, dtype=np.float32)
    np.save(labels_file, labels)
    return np.load(pictures_file), labels
