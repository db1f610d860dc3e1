#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""instructions.py BUILD: what the inner loops of the matrix products are made of, from the disassembly of a
build's tiers (objdump), for each 64 multiply-adds, as the table that README.md keeps.

Of each tile the loop with the most multiply-adds counts, which is that of a whole tile. Multiplications are
the instructions that multiply, and what must follow them to add up; all that is above them is overhead: loads
and broadcasts, where they do not come with a multiplication, addresses, the loop itself. Loads are all reads
of memory."""
import collections
import pathlib
import re
import subprocess
import sys

WIDTHS = {"x": 16, "y": 32, "z": 64}    # bytes of a register
# Multiplication → bytes of a register's share of one multiply-add.
MULTIPLICATIONS = {"mulps": 4, "vmulps": 4, "vfmadd": 4, "vdpbf16ps": 2, "vpdpbusd": 1, "vpmaddubsw": 1,
                   "pmaddubsw": 1,
                   "vpmaddwd": 2, "pmaddwd": 2}
ADDITIONS = {"addps", "vaddps", "paddd", "vpaddd", "paddw", "vpaddw", "paddsw", "vpaddsw"}
TILES = [("f32", "tile"), ("f32", "tile_by_rows"), ("bf16", "tile_bf16"), ("int8", "tile_int8")]

Instruction = collections.namedtuple("Instruction", "address name operands")


def functions(path):
    """Name → instructions."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], check=True, capture_output=True,
                          text=True).stdout
    found, name = collections.defaultdict(list), None
    for line in text.splitlines():
        if head := re.match(r"[0-9a-f]+ <([^>]+)>:", line):
            name = head[1]
        elif part := re.match(r"\s*([0-9a-f]+):\s+(.*)", line):
            words = re.sub(r"#.*|\{vex\} |(data16|cs|ds|notrack|lock|bnd) ", "", part[2]).split(None, 1)
            if words:
                found[name].append(Instruction(int(part[1], 16), words[0], words[1]
                                                    if len(words) > 1 else ""))
    return found


def kind(instruction):
    return next((k for k in MULTIPLICATIONS if instruction.name == k or k == "vfmadd"
                 and instruction.name.startswith(k)), None)


def width(instruction):
    return max((WIDTHS[w] for w in re.findall(r"%([xyz])mm", instruction.operands)), default=16)


def multiply_adds(loop):
    """Without a sign's pmaddubsw, pmaddwd multiplies; after it, it only adds up."""
    kinds = [kind(i) for i in loop]
    bytes_first = any(k and k.endswith("pmaddubsw") for k in kinds)
    return sum(width(i) // MULTIPLICATIONS[k] for i, k in zip(loop, kinds)
               if k and not (bytes_first and k.endswith("pmaddwd")))


def reads(instruction):
    operands = instruction.operands
    if "(" not in operands or instruction.name.startswith(("lea", "nop", "prefetch")):
        return False
    return not re.search(r"\([^()]*\)(\{[^}]*\})*\s*$", operands) or not \
        instruction.name.startswith(("mov", "vmov"))


def inner_loops(body):
    """Instructions from a backward jump's target to it, without another jump between."""
    index = {i.address: n for n, i in enumerate(body)}
    for n, i in enumerate(body):
        target = re.match(r"([0-9a-f]+)", i.operands)
        first = index.get(int(target[1], 16), n + 1) if i.name.startswith("j") and target else n + 1
        if first <= n and not any(j.name.startswith(("j", "call", "ret")) for j in body[first:n]):
            yield body[first:n + 1]


def row(tier, precision, name, loop):
    macs = multiply_adds(loop)
    needed = sum(kind(i) is not None or i.name in ADDITIONS for i in loop)
    loads = sum(map(reads, loop))
    share = 64 / macs
    return (f"| {tier} | {precision} | `{name}` | {macs} | {needed * share:.2f} | {len(loop) * share:.2f} | "
            f"{100 * needed / len(loop):.0f} % | {loads * share:.2f} |")


def compiler(path):
    text = subprocess.run(["objdump", "-s", "-j", ".comment", path], capture_output=True, text=True).stdout
    comment = "".join(line[43:] for line in text.splitlines() if re.match(r" [0-9a-f]{4} ", line))
    return comment.strip(". ")


def main():
    objects = sorted(pathlib.Path(sys.argv[1]).glob("kernels/libgptvis-tier-*.a.p/*.o"))
    if not objects:
        sys.exit(f"{sys.argv[1]} has no tiers: it must be a build folder")
    print(f"{compiler(objects[0])}\n")
    print("| tier | precision | loop | multiply-adds of one round | multiplications and sums / 64 | "
          "instructions / 64 | share | loads / 64 |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for path in objects:
        tier = re.search(r"libgptvis-tier-(\w+)", str(path))[1]
        found = functions(path)
        for precision, name in TILES:
            loops = [loop for function, body in found.items() if function.split(".")[0] == name
                     for loop in inner_loops(body) if multiply_adds(loop)]
            if loops:
                print(row(tier, precision, name, max(loops, key=multiply_adds)))


main()
