# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain ViT under Hugging Face's tensor names, the teacher's reading, and the safetensors writer."""
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.layernorm_before = nn.LayerNorm(width, eps=1e-6)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.layernorm_after = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, x, keep=None):
        b, n, d = x.shape
        q, k, v = self.qkv(self.layernorm_before(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, d)
        x = x + self.proj(a) * (1 if keep is None else keep[0])
        return x + self.fc2(F.gelu(self.fc1(self.layernorm_after(x)))) * (1 if keep is None else keep[1])


class ViT(nn.Module):
    """pixels [b, 3, s, s] → logits [b, classes]."""

    def __init__(self, width=192, depth=6, heads=3, inner=768, side=64, patch=8, classes=10):
        super().__init__()
        self.shape = dict(width=width, depth=depth, heads=heads, inner=inner, side=side, patch=patch, classes=classes)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, (side // patch) ** 2 + 1, width) * 0.02)
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.blocks = nn.ModuleList(Block(width, heads, inner) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.classifier = nn.Linear(width, classes)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.trunc_normal_(m.weight, std=0.02)
                nn.init.zeros_(m.bias)

    def grid_positions(self, grid):
        """The positions for another picture size: bicubic, as Transformers interpolates them."""
        own = int(math.isqrt(self.positions.shape[1] - 1))
        if own == grid:
            return self.positions
        table = self.positions[:, 1:].reshape(1, own, own, -1).permute(0, 3, 1, 2)
        table = F.interpolate(table, (grid, grid), mode="bicubic", align_corners=False)
        return torch.cat([self.positions[:, :1], table.flatten(2).transpose(1, 2)], 1)

    def tokens(self, pixels, drop_path=0.0):
        """The class token and the patches' after the last norm [b, 1 + patches, width]."""
        x = self.patch(pixels)
        positions = self.grid_positions(x.shape[-1])
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + positions
        for i, block in enumerate(self.blocks):
            p = drop_path * i / max(1, len(self.blocks) - 1)
            keep = None
            if self.training and p > 0:
                keep = [(torch.rand(len(x), 1, 1) >= p).to(x.dtype) / (1 - p) for _ in range(2)]
            x = block(x, keep)
        return self.norm(x)

    def forward(self, pixels):
        return self.classifier(self.tokens(pixels)[:, 0])

    def set_side(self, side):
        """From now on for pictures of `side` pixels."""
        with torch.no_grad():
            self.positions = nn.Parameter(self.grid_positions(side // self.shape["patch"]).clone())
        self.shape["side"] = side


def names(vit):
    """(tensor under Hugging Face's name, the module's tensor or a slice of it) pairs."""
    yield "vit.embeddings.cls_token", vit.cls.data
    yield "vit.embeddings.position_embeddings", vit.positions.data
    plain = [("vit.embeddings.patch_embeddings.projection", vit.patch), ("vit.layernorm", vit.norm),
             ("classifier", vit.classifier)]
    for i, b in enumerate(vit.blocks):
        at = f"vit.encoder.layer.{i}."
        plain += [(at + "layernorm_before", b.layernorm_before), (at + "layernorm_after", b.layernorm_after),
                  (at + "attention.output.dense", b.proj), (at + "intermediate.dense", b.fc1),
                  (at + "output.dense", b.fc2)]
        d = b.proj.weight.shape[0]
        for j, part in enumerate(("query", "key", "value")):
            yield at + f"attention.attention.{part}.weight", b.qkv.weight.data[j * d:(j + 1) * d]
            yield at + f"attention.attention.{part}.bias", b.qkv.bias.data[j * d:(j + 1) * d]
    for name, module in plain:
        yield name + ".weight", module.weight.data
        yield name + ".bias", module.bias.data


def encoder_names(vit):
    """The same under the names they have inside a vision-encoder-decoder, the classifier beside it."""
    for name, tensor in names(vit):
        yield ("encoder." + name.removeprefix("vit.") if name.startswith("vit.") else name), tensor


def open_checkpoint(folder):
    """A ViT from a checkpoint directory as Transformers writes it, or the encoder of one that writes captions."""
    folder = pathlib.Path(folder)
    c = json.loads((folder / "config.json").read_text())
    named = names
    if "encoder" in c:
        c, named = c["encoder"], encoder_names
    vit = ViT(c["hidden_size"], c["num_hidden_layers"], c["num_attention_heads"], c["intermediate_size"],
              c["image_size"], c["patch_size"], len(c["id2label"]))
    for m in vit.modules():
        if isinstance(m, nn.LayerNorm):
            m.eps = c["layer_norm_eps"]
    with safe_open(folder / "model.safetensors", "pt") as f:
        for name, tensor in named(vit):
            tensor.copy_(f.get_tensor(name).float())
    return vit, c


def save_checkpoint(vit, labels, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    s = vit.shape
    config = {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "dtype": "float16",
        "problem_type": "multi_label_classification",
        "hidden_size": s["width"], "num_hidden_layers": s["depth"], "num_attention_heads": s["heads"],
        "intermediate_size": s["inner"], "image_size": s["side"], "patch_size": s["patch"], "num_channels": 3,
        "hidden_act": "gelu", "layer_norm_eps": 1e-6, "qkv_bias": True,
        "attention_probs_dropout_prob": 0.0, "hidden_dropout_prob": 0.0, "initializer_range": 0.02,
        "id2label": {str(i): label for i, label in enumerate(labels)},
        "label2id": {label: i for i, label in enumerate(labels)},
    }
    preprocessor = {
        "image_processor_type": "ViTImageProcessor", "do_resize": True,
        "size": {"height": s["side"], "width": s["side"]}, "resample": 2,
        "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")
    save_file({name: t.half().contiguous() for name, t in names(vit)}, folder / "model.safetensors",
              metadata={"format": "pt"})
