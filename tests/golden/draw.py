# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pictures that go into the golden directories, drawn: nobody's photographs, and the same on every
machine.

Each has what a mistake in scaling shows at: lines one pixel wide, steep edges, slopes, grain, letters, pure
black and white at the borders."""
import random

from PIL import Image, ImageDraw, ImageFont

WORDS = ("cat", "bus", "tree", "road", "two")


def slope(draw, size, rng):
    """A smooth background, another for each channel."""
    width, height = size
    starts = [rng.randrange(256) for _ in range(3)]
    across = [rng.uniform(-200, 200) / width for _ in range(3)]
    down = [rng.uniform(-200, 200) / height for _ in range(3)]
    for y in range(height):
        for x in range(width):
            draw.point((x, y), tuple(int(s + a * x + d * y) % 256 for s, a, d in zip(starts, across, down)))


def colour(rng):
    return tuple(rng.choice((0, 40, 128, 200, 255)) for _ in range(3))


def shapes(draw, size, rng):
    for i in range(5):
        x, y = rng.randrange(size[0]), rng.randrange(size[1])
        box = (x, y, x + rng.randrange(4, 4 + size[0] // 2), y + rng.randrange(4, 4 + size[1] // 2))
        (draw.ellipse, draw.rectangle)[i % 2](box, fill=colour(rng), outline=colour(rng))


def stripes(draw, size, rng):
    """One pixel wide, one apart: what a filter without antialiasing turns into something else."""
    left = rng.randrange(size[0] // 2)
    for x in range(left, left + size[0] // 4, 2):
        draw.line((x, 0, x, size[1]), fill=(255, 255, 255))
        draw.line((x + 1, 0, x + 1, size[1]), fill=(0, 0, 0))


def grain(draw, size, rng):
    top = rng.randrange(size[1])
    for y in range(top, min(size[1], top + 6)):
        for x in range(size[0]):
            draw.point((x, y), tuple(rng.randrange(256) for _ in range(3)))


def picture(size, seed, grey=False):
    rng = random.Random(seed)
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    slope(draw, size, rng)
    shapes(draw, size, rng)
    stripes(draw, size, rng)
    grain(draw, size, rng)
    draw.text((rng.randrange(8), rng.randrange(max(1, size[1] - 10))), rng.choice(WORDS), fill=colour(rng),
              font=ImageFont.load_default_imagefont())
    return image.convert("L") if grey else image
