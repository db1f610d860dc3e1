# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures as cameras give them: parts of them, squeezed, mirrored, tilted, with black bars or a wide lens; blurred,
dim, tinted, grey, noisy, compressed, interlaced, with a clock burnt in. All of it on a batch at once, for two slow cores."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFont

LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)


class Cameras:
    """share: how many of the pictures are spoilt; the same seed gives the same pictures."""

    def __init__(self, side, seed, share=0.65, geometry=True):
        self.side, self.share, self.geometry = side, share, geometry
        self.rng = np.random.default_rng(seed)
        self.torch = torch.Generator().manual_seed(int(self.rng.integers(1 << 30)))
        self.clocks = [self.clock() for _ in range(150)]
        n = torch.arange(8).float()
        self.dct = torch.cos(math.pi / 8 * (n[None] + 0.5) * n[:, None]) * math.sqrt(2 / 8)
        self.dct[0] /= math.sqrt(2)
        self.table = 1 + (n[:, None] + n[None]) * 1.1  # coarser for finer detail, as JPEG's tables are

    def some(self, b, share):
        return torch.from_numpy(self.rng.random((b, 1, 1, 1)) < share)

    def uniform(self, b, low, high, channels=1):
        return torch.from_numpy(self.rng.uniform(low, high, (b, channels, 1, 1)).astype(np.float32))

    def clock(self):
        r = self.rng
        date = (r.integers(1998, 2030), r.integers(1, 13), r.integers(1, 29))
        text = ["%02d:%02d:%02d" % tuple(r.integers(0, 60, 3)), "%d-%02d-%02d" % date, "CAM %d" % r.integers(1, 99),
                "Camera %02d" % r.integers(1, 20), "REC", "%d C %02d:%02d" % tuple(r.integers(0, 60, 3))]
        words = "  ".join(text[i] for i in r.choice(len(text), r.integers(1, 4), False))
        font = ImageFont.load_default()
        box = font.getbbox(words)
        picture = Image.new("L", (box[2] + 4, box[3] + 4), 0)
        ImageDraw.Draw(picture).text((2, 1), words, fill=255, font=font)
        scale = r.uniform(0.35, 0.8)
        size = min(90, max(8, int(picture.width * scale))), max(4, int(picture.height * scale))
        picture = picture.resize(size, Image.BOX)
        return torch.from_numpy(np.asarray(picture, np.float32) / 255)

    def grid(self, b):
        """Where each pixel of the result is taken from, [b, side, side, 2] in −1 … 1."""
        r, s = self.rng, self.side
        share = np.sqrt(r.uniform(0.6, 1.0, (b, 2)))
        offset = r.uniform(-1, 1, (b, 2)) * (1 - share)
        bars = r.random(b) < 0.08  # more than the picture: what is outside is black
        which = r.integers(0, 2, b)
        share[bars, which[bars]] = r.uniform(1.1, 1.6, bars.sum())
        offset[bars, which[bars]] = 0
        flip = r.choice([-1.0, 1.0], b)
        turn = np.where(r.random(b) < 0.3, r.uniform(-0.15, 0.15, b), 0.0)
        theta = np.zeros((b, 2, 3), np.float32)
        theta[:, 0, 0], theta[:, 0, 1] = share[:, 0] * flip * np.cos(turn), -share[:, 0] * np.sin(turn)
        theta[:, 1, 0], theta[:, 1, 1] = share[:, 1] * flip * np.sin(turn), share[:, 1] * np.cos(turn)
        theta[:, :, 2] = offset
        line = (torch.arange(s).float() + 0.5) / s * 2 - 1
        y, x = torch.meshgrid(line, line, indexing="ij")
        wide = np.where(r.random(b) < 0.12, r.uniform(0.05, 0.35, b), 0.0).astype(np.float32)
        k = torch.from_numpy(wide).view(b, 1, 1)
        bend = (1 + k * (x * x + y * y)) / (1 + k)
        at = torch.stack([x * bend, y * bend, torch.ones(b, s, s)], -1)
        return torch.einsum("bij,bhwj->bhwi", torch.from_numpy(theta), at)

    def cut(self, x, grid):
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    def light(self, x):
        """x in 0 … 1"""
        b = len(x)
        gain = 1 + self.some(b, 0.5) * self.uniform(b, -0.25, 0.25, 3)
        luma = (x * LUMA).sum(1, keepdim=True)
        colour = torch.where(self.some(b, 0.22), torch.zeros(b, 1, 1, 1), self.uniform(b, 0.5, 1.4))
        x = (luma + (x - luma) * colour) * torch.where(colour == 0, torch.ones(b, 1, 1, 1), gain)
        gamma = torch.exp(self.some(b, 0.5) * self.uniform(b, -0.6, 0.7))
        x = x.clamp(1e-4, 1).pow(gamma)
        contrast, brightness = self.uniform(b, 0.55, 1.35), self.uniform(b, -0.2, 0.2)
        x = (x - 0.5) * contrast + 0.5 + brightness
        # infrared lamps: grey, bright in the middle, dark around; thermal: a far narrower range, sometimes inverted
        night = self.some(b, 0.06) & (colour == 0)
        line = torch.linspace(-1, 1, self.side)
        around = (line[None] ** 2 + line[:, None] ** 2) / 2
        x = torch.where(night, x * (1.1 - around * self.uniform(b, 0.5, 1.0)), x)
        return torch.where(self.some(b, 0.1) & (colour == 0), 1 - x, x)

    def blur(self, x):
        """A quarter of the pictures with fewer pixels, another with a short stroke of blur."""
        b = len(x)
        order, quarter = torch.from_numpy(self.rng.permutation(b)), b // 4
        for part in order[:quarter].split(max(1, quarter // 3)):
            few = int(self.side * self.rng.uniform(0.2, 0.75))
            small = F.interpolate(x[part], (few, few), mode="bilinear", antialias=True)
            how = "bicubic" if self.rng.random() < 0.7 else "nearest"
            x[part] = F.interpolate(small, (self.side, self.side), mode=how)
        part = order[quarter:2 * quarter]
        if len(part):
            angle, length = self.rng.uniform(0, np.pi, len(part)), self.rng.uniform(0.5, 2.2, len(part))
            line = np.arange(-2, 3)
            across = line[None, None] * np.sin(angle)[:, None, None] - line[None, :, None] * np.cos(angle)[:, None, None]
            along = line[None, None] * np.cos(angle)[:, None, None] + line[None, :, None] * np.sin(angle)[:, None, None]
            kernel = np.exp(-across ** 2 / 0.5 - (along / length[:, None, None]) ** 2).astype(np.float32)
            kernel = torch.from_numpy(kernel / kernel.sum((1, 2), keepdims=True)).repeat_interleave(3, 0)[:, None]
            flat = F.pad(x[part].reshape(1, -1, self.side, self.side), (2, 2, 2, 2), mode="replicate")
            x[part] = F.conv2d(flat, kernel, groups=3 * len(part)).view(-1, 3, self.side, self.side)
        return x

    def compress(self, x):
        b, s = len(x), self.side // 8
        part = torch.from_numpy(np.flatnonzero(self.rng.random(b) < 0.35))
        if len(part):
            luma, blue, red = self.ycc(x[part])
            step = self.uniform(len(part), 0.005, 0.05).view(-1, 1, 1, 1, 1, 1)
            blocks = torch.stack([luma, blue, red], 1).view(-1, 3, s, 8, s, 8)
            f = torch.einsum("ui,bcyixj,vj->bcyuxv", self.dct, blocks, self.dct)
            q = self.table.view(1, 1, 1, 8, 1, 8) * step * torch.tensor([1.0, 2.0, 2.0]).view(1, 3, 1, 1, 1, 1)
            f = (f / q).round() * q
            y, u, v = torch.einsum("ui,bcyuxv,vj->bcyixj", self.dct, f, self.dct).reshape(-1, 3, self.side, self.side).unbind(1)
            x[part] = torch.stack([y + 1.402 * v, y - 0.344 * u - 0.714 * v, y + 1.772 * u], 1)
        return x

    @staticmethod
    def ycc(x):
        y = (x * LUMA).sum(1)
        return y, 0.564 * (x[:, 2] - y), 0.713 * (x[:, 0] - y)

    def write(self, x):
        """Clocks, and lines shifted as interlacing shows what moves."""
        for i in np.flatnonzero(self.rng.random(len(x)) < 0.2):
            mark = self.clocks[self.rng.integers(len(self.clocks))]
            h, w = mark.shape
            top = self.rng.integers(0, 4) if self.rng.random() < 0.5 else self.side - h - self.rng.integers(0, 4)
            left = self.rng.integers(0, self.side - w + 1)
            where = x[i, :, top:top + h, left:left + w]
            tone = 1.0 if self.rng.random() < 0.8 else 0.0
            if self.rng.random() < 0.2:
                where *= 0.2
            where += mark * (tone - where)
        for i in np.flatnonzero(self.rng.random(len(x)) < 0.05):
            x[i, :, 1::2] = x[i, :, 1::2].roll(int(self.rng.integers(1, 4)), -1)
        return x

    def __call__(self, pictures, tables=None, patch=8):
        """uint8 [b, S, S, 3] and the teacher's tables [b, d, g, g] → pixels [b, 3, side, side] in −1 … 1, and the
        tables cut as they were, [b, d, side / patch, side / patch]."""
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
        if self.geometry:
            grid = self.grid(len(x))
            x = self.cut(x, grid)
            if tables is not None:
                at = F.avg_pool2d(grid.permute(0, 3, 1, 2), patch).permute(0, 2, 3, 1).clamp(-1, 1)
                tables = F.grid_sample(tables, at, mode="bilinear", padding_mode="border", align_corners=False)
        else:
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=True)
        hard = torch.from_numpy(np.flatnonzero(self.rng.random(len(x)) < self.share))
        if len(hard):
            x[hard] = self.spoil(x[hard])
        return x.clamp(0, 1) * 2 - 1, tables

    def spoil(self, x):
        x = self.light(self.blur(x))
        noise = self.some(len(x), 0.4) * self.uniform(len(x), 0.0, 0.07)
        return self.compress(self.write(x + noise * torch.randn(x.shape, generator=self.torch)))
