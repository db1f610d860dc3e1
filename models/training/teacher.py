# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a large classifier sees in the training pictures: its class token, its patches' tokens on a
7×7 grid, and the labels that a linear probe reads from the class token. Kept in the cache; goes on
where it stopped. Only these outputs reach the student, never a weight."""
import numpy as np
import torch
import torch.nn.functional as F

import vit

GRID = 7


def normalise(pictures):
    """uint8 [b, s, s, 3] → [b, 3, s, s] in −1 … 1, as preprocessor_config.json says."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


class Teacher:
    """uint8 pictures → class tokens [n, d] and patches [n, GRID², d], both float16."""

    def __init__(self, checkpoint):
        self.model, config = vit.open_checkpoint(checkpoint)
        self.model.eval()
        self.side = config["image_size"]

    @torch.inference_mode()
    def __call__(self, pictures, side=None):
        side = side or self.side
        pixels = F.interpolate(normalise(pictures), (side, side), mode="bicubic", antialias=True)
        with vit.half():
            tokens = self.model.tokens(pixels.clamp(-1, 1)).float()
        grid, d = int((tokens.shape[1] - 1) ** 0.5), tokens.shape[2]
        table = tokens[:, 1:].transpose(1, 2).reshape(-1, d, grid, grid)
        table = F.adaptive_avg_pool2d(table, GRID).flatten(2).transpose(1, 2)
        return tokens[:, 0].half().numpy(), table.half().numpy()


def fit_probe(x, labels, weight_decay=1e-4, steps=60):
    """Logistic regression for each label on the pictures where it is known: a function x → logits."""
    x = torch.as_tensor(np.asarray(x), dtype=torch.float32)
    y = torch.as_tensor(labels)
    known = ~torch.isnan(y)
    mean, std = x.mean(0), x.std(0) + 1e-6
    w = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    b = torch.zeros(y.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([w, b], max_iter=steps, line_search_fn="strong_wolfe")
    z = (x - mean) / std

    def closure():
        optimiser.zero_grad()
        each = F.binary_cross_entropy_with_logits(z @ w + b, y.nan_to_num(), reduction="none")
        loss = ((each * known).sum(0) / known.sum(0).clamp(min=1)).sum() + weight_decay * 50 * w.pow(2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    w, b = w.detach(), b.detach()
    return lambda q: (torch.as_tensor(np.asarray(q), dtype=torch.float32) - mean) / std @ w + b
