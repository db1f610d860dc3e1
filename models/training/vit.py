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


REGION_LABELS = ("person", "vehicle", "animal", "dog")  # those that say something of a part of a picture


def half():
    """bfloat16 inside, where the processor has units for its products (AMX). With AVX-512's instructions for it alone a
    product takes 1.7 times as long as in float32."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    has = cpuinfo.exists() and " amx_bf16 " in cpuinfo.read_text()
    return torch.autocast("cpu", torch.bfloat16, enabled=has)


class Attention(torch.autograd.Function):
    """As scaled_dot_product_attention, whose backward pass is slow on a processor: four plain products are not."""

    @staticmethod
    def forward(ctx, q, k, v):
        q = q * q.shape[-1] ** -0.5
        p = torch.softmax(q @ k.transpose(-1, -2), -1, dtype=q.dtype)
        ctx.save_for_backward(q, k, v, p)
        return p @ v

    @staticmethod
    def backward(ctx, g):
        q, k, v, p = ctx.saved_tensors
        s = torch._softmax_backward_data(g @ v.transpose(-1, -2), p, -1, p.dtype)
        return (s @ k) * q.shape[-1] ** -0.5, s.transpose(-1, -2) @ q, p.transpose(-1, -2) @ g


def attention(q, k, v):
    return Attention.apply(q, k, v) if torch.is_grad_enabled() else F.scaled_dot_product_attention(q, k, v)


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

    def forward(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(self.layernorm_before(x)).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        a = attention(q, k, v).transpose(1, 2).reshape(b, n, d)
        x = x + self.proj(a)
        return x + self.fc2(F.gelu(self.fc1(self.layernorm_after(x))))


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

    def tokens(self, pixels, pick=None):
        """The class token and the patches' after the last norm [b, 1 + patches, width]; pick: of these patches only
        (indices [b, n])."""
        x = self.patch(pixels)
        positions = self.grid_positions(x.shape[-1])
        x = x.flatten(2).transpose(1, 2) + positions[:, 1:]
        if pick is not None:
            x = torch.gather(x, 1, pick[..., None].expand(-1, -1, x.shape[-1]))
        x = torch.cat([(self.cls + positions[:, :1]).expand(len(x), -1, -1).to(x.dtype), x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, pixels):
        return self.classifier(self.tokens(pixels)[:, 0])

    def set_side(self, side):
        """From now on for pictures of `side` pixels."""
        with torch.no_grad():
            self.positions = nn.Parameter(self.grid_positions(side // self.shape["patch"]).clone())
        self.shape["side"] = side


    def deepen(self, depth):
        """More blocks, before the last ones, that do nothing until they have learnt something."""
        s = self.shape
        while len(self.blocks) < depth:
            block = Block(s["width"], s["heads"], s["inner"])
            for m in (block.qkv, block.fc1):
                nn.init.trunc_normal_(m.weight, std=0.02)
                nn.init.zeros_(m.bias)
            for m in (block.proj, block.fc2):
                nn.init.zeros_(m.weight)
                nn.init.zeros_(m.bias)
            self.blocks.insert(len(self.blocks) - (depth - len(self.blocks)), block)
        s["depth"] = len(self.blocks)


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
        "region_labels": [x for x in REGION_LABELS if x in labels],
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
