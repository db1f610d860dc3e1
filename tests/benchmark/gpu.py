# SPDX-License-Identifier: LGPL-2.1-or-later
"""ViT-Ti/S/B at batch 1, 8 and 64 on a GPU, in turn with PyTorch in bf16 on the same one.

    python3 tests/benchmark/gpu.py [build] [--precision f16] [--networks vit-base] [--batches 1,64]
        [--modes eager]
        [--device 1]

Needs a build with tests/bench, and torch; nothing else. Modes: eager; compiled (torch.compile); graphs (the
same with CUDA graphs). Runs take turns, ours and each mode, TURNS times each; the first runs of a turn only
warm up. A run begins with patches in host memory, which are pinned, and ends with the logits there, for both.
Prints a table as README.md beside this file keeps them: least and median ms, and how many times faster we
are. Without CUDA, torch takes the processor, which is of use only to try this."""
import argparse
import datetime
import os
import re
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional

NETWORKS = {"vit-tiny": (12, 192, 3), "vit-small": (12, 384, 6), "vit-base": (12, 768, 12)}
TOKENS, PATCH = 197, 3 * 16 * 16
TURNS, RUNS, WARM = 3, 30, 10
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        a = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x = x + self.projection(a)
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, layers, width, heads):
        super().__init__()
        self.patches = nn.Linear(PATCH, width)
        self.first = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, TOKENS, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-12), nn.Linear(width, 1000)

    def forward(self, patches):
        x = torch.cat((self.first.expand(len(patches), -1, -1), self.patches(patches)), 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])


def peer(network, batch, mode):
    """A function that runs it once and returns the ms that took."""
    model = Transformer(*NETWORKS[network]).to(DEVICE, torch.bfloat16).eval()
    if mode != "eager":
        model = torch.compile(model, mode="reduce-overhead" if mode == "graphs" else "default")
    patches = torch.randn(batch, TOKENS - 1, PATCH)
    if DEVICE == "cuda":
        patches = patches.pin_memory()

    def run():
        with torch.inference_mode():
            start = time.perf_counter_ns()
            model(patches.to(DEVICE, non_blocking=True).to(torch.bfloat16)).float().cpu()
            return (time.perf_counter_ns() - start) * 1e-6

    return run


def ours(bench, network, batch, options, runs):
    """The least and the median ms of so many runs, of which the first two do not count."""
    command = [bench, network, "--backend", "vulkan", "--precision", options.precision, "--batch", str(batch)]
    if options.device:
        command += ["--device", options.device]
    text = subprocess.run(command + ["--runs", str(runs)], check=True, capture_output=True, text=True).stdout
    return [float(x) for x in re.search(r"^gptvis .*min +([\d.]+) ms +median +([\d.]+) ms", text,
                                        re.M).groups()]


def measure(bench, network, batch, options):
    modes = options.modes.split(",")
    peers = {mode: peer(network, batch, mode) for mode in modes}
    times, mine = {mode: [] for mode in modes}, []
    for _ in range(options.turns):
        mine.append(ours(bench, network, batch, options, options.runs))
        for mode in modes:
            for _ in range(WARM):
                peers[mode]()
            times[mode] += [peers[mode]() for _ in range(options.runs)]
    least, median = min(x[0] for x in mine), sorted(x[1] for x in mine)[len(mine) // 2]
    row = f"| {network} | {batch} | {least:.3f} / {median:.3f} |"
    for mode in modes:
        all_ = sorted(times[mode])
        row += f" {all_[0]:.3f} / {all_[len(all_) // 2]:.3f} | {all_[0] / least:.2f} |"
    print(row, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", nargs="?", default="build")
    parser.add_argument("--precision", default="f16")
    parser.add_argument("--device",
                        help="which GPU ours takes, by number or name (gptvis-label --list-devices)")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--batches", default="1,8,64")
    parser.add_argument("--modes", default="eager,compiled,graphs")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    bench = os.path.join(options.build, "tests", "bench")
    print(datetime.date.today(), "PyTorch", torch.__version__,
          torch.cuda.get_device_name() if DEVICE == "cuda" else "without CUDA, on the processor")
    subprocess.run("nvidia-smi --query-gpu=driver_version,clocks.max.sm --format=csv,noheader 2> /dev/null",
                   shell=True, check=False)
    sys.stdout.flush()
    subprocess.run([os.path.join(options.build, "examples", "gptvis-label"), "--list-devices"], check=False)
    modes = options.modes.split(",")
    print(f"\n| network | batch | gptvis {options.precision}, ms |" + "".join(f" {m} bf16, ms | ÷ ours |"
                                                                              for m in modes))
    print("| --- | --: | --: |" + " --: | --: |" * len(modes), flush=True)
    for network in options.networks.split(","):
        for batch in map(int, options.batches.split(",")):
            measure(bench, network, batch, options)


main()
