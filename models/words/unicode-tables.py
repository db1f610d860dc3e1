#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes unicode-tables.inc: what Hugging Face's tokenizers library takes each code point for.

Its parts follow different versions of Unicode (letters, numbers and lower case a recent one, punctuation,
control characters and marks an old one), so the library itself is asked, code point by code point.

    pip install tokenizers==0.23.3 && python3 unicode-tables.py > unicode-tables.inc
"""
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [c for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF]


def bert(**on):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**flags, **on}).normalize_str


def matches(pattern):
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return [c for c in POINTS if split.pre_tokenize_str("\0" + chr(c) + "\0")]


def write(name, what, points):
    ranges = []
    for c in points:
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    rows(name, what, "Range", ["{0x%x, 0x%x}" % tuple(r) for r in ranges])


def rows(name, what, kind, items):
    print("\n/* %s */\nstatic const %s %s[] = {" % (what, kind, name))
    line = " "
    for item in items:
        if len(line) + len(item) > 106:
            print(line)
            line = " "
        line += " " + item + ","
    print(line + "\n};")


def lower():
    """Runs of letters whose lower case is equally far away: every one of them, or every second."""
    fold, runs = normalizers.Lowercase().normalize_str, []
    for c in POINTS:
        to = fold(chr(c))
        if to == chr(c) or len(to) > 1:     # U+0130 alone becomes two characters
            continue
        first = runs and runs[-1]
        delta = ord(to) - c
        if first and first[3] == delta and c - first[1] == (first[2] or c - first[1]) and c - first[1] <= 2:
            first[1], first[2] = c, c - first[1]
        else:
            runs.append([c, c, 0, delta])
    rows("lower", "first, last, step, what to add", "Run",
         ["{0x%x, 0x%x, %d, %d}" % (a, b, step or 1, delta) for a, b, step, delta in runs])


clean, strip = bert(clean_text=True), bert(strip_accents=True)
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
print("/* SPDX-License-Identifier: LGPL-2.1-or-later */")
print("/* Written by unicode-tables.py, from what tokenizers %s does; not to be edited. */"
      % tokenizers.__version__)
write("letters", r"\p{L}", matches(r"\p{L}"))
write("numbers", r"\p{N}", matches(r"\p{N}"))
write("punctuation", "what BERT's pre-tokenizer isolates",
      [c for c in POINTS if len(split("a" + chr(c) + "a")) == 3])
write("controls", "what BERT's clean-up drops, beside U+0000",
      [c for c in POINTS if clean(chr(c)) == ""])
write("marks", "what is left out where accents are stripped",
      [c for c in POINTS if strip(chr(c)) == ""])
nfd = normalizers.NFD().normalize_str
write("decomposed", "what is decomposed (NFD)", [c for c in POINTS if nfd(chr(c)) != chr(c)])
# U+0334 is of the lowest class and U+0345 of the highest, so that one of them changes places with a mark
write("combining", "marks that are sorted",
      [c for c in POINTS if nfd(chr(c) + "\u0334")[0] == "\u0334" or nfd("\u0345" + chr(c))[-1] == "\u0345"])
spaced = bert(handle_chinese_chars=True)
write("ideographs", "what BERT puts spaces around", [c for c in POINTS if len(spaced(chr(c))) == 3])
lower()
