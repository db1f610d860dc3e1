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
              "adult adults hiker hikers worker workers performer dancer dancers wrestler athlete gentleman individual "
              "motorcyclist motorcyclists bicyclist bicyclists racer racers driver snowboarders skateboarders surfers "
              "swimmers kayaker kayakers golfer fisherman someone somebody human humans mother father mom dad parents "
              "toddlers ladies gentlemen band team pedestrian pedestrians wakeboarder policeman officer soldier soldiers "
              "musician musicians student students cowboy bride groom cheerleaders infant youth youngster",
    "vehicle": "car cars truck trucks bus buses van vehicle vehicles motorcycle motorcycles motorbike motorcyclist "
               "bicycle bicycles bike bikes train trains airplane plane boat boats ship canoe kayak kayaker raft taxi jeep "
               "atv dirtbike scooter tractor trolley motorbikes motorcyclists bicycles sailboat sailboats speedboat ships "
               "canoes kayaks rafts planes airplanes jet helicopter tricycle buggy wagon locomotive tram ferry racecar "
               "suv minivan tractors scooters taxis",
    "animal": "dog dogs puppy puppies cat cats kitten bird birds horse horses cow cows sheep goat goats animal animals "
              "greyhound greyhounds poodle terrier retriever collie elephant zebra zebras giraffe giraffes bear bears "
              "duck ducks seagull seagulls camel bull lamb dalmatian pony monkey rabbit squirrel deer lion tiger fox fish "
              "pig goose geese swan pigeon pigeons parrot eagle labrador rottweiler poodles terriers retrievers pup pups",
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


OUTDOOR_CUTS = {"road", "forest", "plain", "cloud", "maple tree", "oak tree", "palm tree", "pine tree", "willow tree"}


def labels_of(record):
    """One row of the label matrix."""
    known = {}
    stated = dict(record.get("likely", {}), **record.get("labels", {}))
    if record.get("crop") and "animals" in stated:
        known["dog"] = float(stated["animals"] and record["object"] == "dog")
    if record.get("crop") and record["object"] in OUTDOOR_CUTS:
        known["outdoor"] = 1.0
        known["road"] = float(record["object"] == "road")
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


def listings(folder, split):
    return sorted(pathlib.Path(folder).glob(f"*-{split}.jsonl")) + sorted(pathlib.Path(folder).glob(f"*-{split}-more.jsonl"))


def records(folder, split):
    """The records of a folder in order, with the source each is from."""
    for listing in listings(folder, split):
        with open(listing, encoding="utf-8") as f:
            for line in f:
                yield dict(json.loads(line), source=listing.name.split("-")[0])


def trimmed(picture, tone=(124, 116, 104), near=10):
    """Without the bars of ImageNet's mean colour that some sources fill a square with, at the right or the bottom."""
    off = np.abs(np.asarray(picture, np.int16) - tone).max(2)
    height, width = (max(8, int((np.percentile(off, 95, axis) > near).nonzero()[0].max(initial=7)) + 1) for axis in (1, 0))
    return picture.crop((0, 0, width, height))


def pictures(folder, split):
    """The same with the picture, as large as it is stored."""
    archives, folder = {}, pathlib.Path(folder)
    for r in records(folder, split):
        if r["shard"] not in archives:
            archives = {r["shard"]: tarfile.open(folder / r["shard"])}
        picture = Image.open(io.BytesIO(archives[r["shard"]].extractfile(r["file"]).read())).convert("RGB")
        yield r, trimmed(picture) if r["source"] == "unlabelled_ade20k" else picture


def load(folder, split, cache):
    """pictures [n, SIDE, SIDE, 3] uint8, labels [n, len (LABELS)] float32; kept in `cache` for the next time."""
    cache = pathlib.Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{pathlib.Path(folder).name}-{split}.npy"
    if not file.exists():
        np.save(file, np.stack([np.asarray(p.resize((SIDE, SIDE), Image.BILINEAR)) for _, p in pictures(folder, split)]))
    return np.load(file), np.array([labels_of(r) for r in records(folder, split)], dtype=np.float32)


def sources(folder, split):
    """Of each picture of load, in its order."""
    return np.array([r["source"] for r in records(folder, split)])
