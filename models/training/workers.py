# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gradients of a batch, computed by processes of one thread each.

A batch is cut into small parts, and each worker takes the next part when it is done with one. Threads that share every
product wait for the slowest of them at each, which on a machine that does other work as well is most of the time; here
they wait once a batch, and a part fits into a core's own cache. A worker that finds no part left makes its next pictures
while it waits."""
import numpy as np
import torch
import torch.multiprocessing as mp

import cameras
import vit


class Workers:
    """The gradients of parameters in shared memory; the one who made it changes them between batches."""

    def __init__(self, a, targets, model, heads, step):
        """a: arguments; step: how many batches there were, so that a run that goes on sees other pictures."""
        self.a, self.targets, self.model, self.heads = a, targets, model, heads
        self.parameters = list(model.parameters()) + list(heads.parameters())
        self.parts = max(1, a.batch // a.part)
        context = mp.get_context("fork")
        self.gradients = torch.zeros(a.threads, sum(p.numel() for p in self.parameters)).share_memory_()
        self.losses = torch.zeros(a.threads, 4).share_memory_()
        self.left, self.few, self.on = context.Value("i", 0), context.Value("d", 1.0), context.Value("b", True)
        self.begin, self.end = context.Barrier(a.threads + 1), context.Barrier(a.threads + 1)
        self.processes = [context.Process(target=self.work, args=(k, a.seed + 1000003 * (k + 1) + step), daemon=True)
                          for k in range(a.threads)]
        for p in self.processes:
            p.start()

    def views(self, gradient):
        """Each parameter's part of a row of gradients."""
        at = 0
        for p in self.parameters:
            yield p, gradient[at:at + p.numel()].view_as(p)
            at += p.numel()

    def batch(self, few):
        """Puts the mean gradient of a batch into the parameters' .grad; few: the share of patches that is seen.
        Returns the four losses."""
        self.gradients.zero_()
        self.losses.zero_()
        self.left.value, self.few.value = self.parts, few
        self.begin.wait()
        self.end.wait()
        for p, gradient in self.views(self.gradients.sum(0)):
            p.grad = gradient
        return self.losses.sum(0).tolist()

    def close(self):
        self.on.value = False
        self.begin.wait()
        for p in self.processes:
            p.join()

    # --- in the workers' processes ---

    def work(self, rank, seed):
        torch.set_num_threads(1)
        self.rng, self.camera = np.random.default_rng(seed), cameras.Cameras(self.a.side, seed, self.a.spoilt)
        torch.manual_seed(seed)
        for p, gradient in self.views(self.gradients[rank]):
            p.grad = gradient
        try:
            made = self.make()
            self.begin.wait()
            while self.on.value:
                while self.take():
                    self.losses[rank] += torch.tensor(self.learn(*(made or self.make())))
                    made = None
                made = made or self.make()
                self.end.wait()
                self.begin.wait()
        except BaseException:
            self.begin.abort()
            self.end.abort()
            raise

    def take(self):
        with self.left.get_lock():
            self.left.value -= 1
            return self.left.value >= 0

    def make(self):
        """Views' numbers, their pictures as a camera gives them, and the teacher's tokens of the same patches."""
        t, grid = self.targets, self.a.side // self.model.shape["patch"]
        rows = np.sort(self.rng.choice(t.count, self.a.batch // self.parts, p=t.often))
        pixels, tables = self.camera(t.kept.pictures[rows], t.tables(rows), self.model.shape["patch"])
        tables, few = tables.flatten(2).transpose(1, 2), self.few.value
        if few >= 1:
            return rows, pixels, None, tables
        pick = torch.rand(len(rows), grid * grid).topk(int(few * grid * grid), 1).indices
        return rows, pixels, pick, torch.gather(tables, 1, pick[..., None].expand(-1, -1, tables.shape[-1]))

    def learn(self, rows, pixels, pick, tables):
        self.model.train()
        with vit.half():
            seen = self.model.tokens(pixels, pick)
        each = self.targets.losses(self.model, self.heads, seen, rows, tables)
        (sum(each) / self.parts).backward()
        return [x.item() / self.parts for x in each]
