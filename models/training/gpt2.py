# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plain GPT-2 decoder with cross-attention under Hugging Face's tensor names, and the
vision-encoder-decoder checkpoint that it makes with the ViT: one encoder, a classifier beside it."""
import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

import vit
import words


def heads_of(x, heads):
    """[b, n, d] → [b, heads, n, d / heads]"""
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def rows_of(x):
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)


class Block(nn.Module):
    def __init__(self, width, heads, drop):
        super().__init__()
        self.heads, self.drop = heads, drop
        self.ln_1, self.ln_cross_attn, self.ln_2 = (nn.LayerNorm(width) for _ in range(3))
        self.qkv, self.attn_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q, self.kv, self.cross_proj = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, memory, cache):
        """memory: (k, v) of the pictures [p, heads, n, ·], for b / p captions of each; None: no picture.
        cache: a list that keeps this layer's keys and values while words are added one by one."""
        b, n, d = x.shape
        q, k, v = (heads_of(t, self.heads) for t in self.qkv(self.ln_1(x)).chunk(3, -1))
        if cache is not None:
            if cache:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            cache[:] = k, v
        a = F.scaled_dot_product_attention(q, k, v, is_causal=n > 1)
        x = x + F.dropout(self.attn_proj(rows_of(a)), self.drop, self.training)
        if memory is not None:
            q = self.q(self.ln_cross_attn(x)).reshape(memory[0].shape[0], -1, d)  # captions of a picture side by side
            a = rows_of(F.scaled_dot_product_attention(heads_of(q, self.heads), *memory)).reshape(b, n, d)
            x = x + F.dropout(self.cross_proj(a), self.drop, self.training)
        inner = F.gelu(self.fc(self.ln_2(x)), approximate="tanh")
        return x + F.dropout(self.proj(inner), self.drop, self.training)


class Decoder(nn.Module):
    def __init__(self, vocabulary=words.VOCABULARY, width=192, depth=4, heads=3, positions=words.LENGTH, drop=0.1):
        super().__init__()
        self.shape = dict(vocabulary=vocabulary, width=width, depth=depth, heads=heads, positions=positions)
        self.drop = drop
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(Block(width, heads, drop) for _ in range(depth))
        self.ln_f = nn.LayerNorm(width)
        for m in self.modules():
            if isinstance(m, (nn.Linear, nn.Embedding)):
                nn.init.normal_(m.weight, std=0.02)
            if isinstance(m, nn.Linear):
                nn.init.zeros_(m.bias)

    def memory(self, tokens):
        """The encoder's tokens [p, n, width] as every layer's keys and values."""
        return [tuple(heads_of(t, b.heads) for t in b.kv(tokens).chunk(2, -1)) for b in self.blocks]

    def forward(self, ids, memory=None, caches=None):
        """ids [b, n] → logits [b, n, vocabulary] of the words that follow."""
        first = caches[0][0].shape[2] if caches and caches[0] else 0
        x = self.wte(ids) + self.wpe.weight[first:first + ids.shape[1]]
        x = F.dropout(x, self.drop, self.training)
        for i, block in enumerate(self.blocks):
            x = block(x, memory and memory[i], caches and caches[i])
        return F.linear(self.ln_f(x), self.wte.weight)

    @torch.no_grad()
    def write(self, tokens, sample=False, captions=1):
        """ids [p · captions, n] without the start, zeros after the end: the likeliest word each time, or a drawn one."""
        memory, caches = self.memory(tokens), [[] for _ in self.blocks]
        ids = torch.zeros(len(tokens) * captions, 1, dtype=torch.long)
        out, done = [], torch.zeros(len(ids), dtype=torch.bool)
        while len(out) < self.shape["positions"] and not done.all():
            logits = self(ids, memory, caches)[:, -1].float()
            if not out:
                logits[:, 0] = -torch.inf  # no empty captions
            ids = torch.multinomial(logits.softmax(-1), 1) if sample else logits.argmax(-1, keepdim=True)
            ids = ids.masked_fill(done[:, None], 0)
            done |= ids[:, 0] == 0
            out.append(ids)
        return torch.cat(out, 1)


def names(decoder):
    """(tensor under Hugging Face's name, the module's tensor) pairs; GPT-2 stores products as [in, out]."""
    at = "decoder.transformer."
    yield at + "wte.weight", decoder.wte.weight.data
    yield at + "wpe.weight", decoder.wpe.weight.data
    norms, products = [(at + "ln_f", decoder.ln_f)], []
    for i, b in enumerate(decoder.blocks):
        h = f"{at}h.{i}."
        norms += [(h + "ln_1", b.ln_1), (h + "ln_cross_attn", b.ln_cross_attn), (h + "ln_2", b.ln_2)]
        products += [(h + "attn.c_attn", b.qkv), (h + "attn.c_proj", b.attn_proj), (h + "crossattention.q_attn", b.q),
                     (h + "crossattention.c_attn", b.kv), (h + "crossattention.c_proj", b.cross_proj),
                     (h + "mlp.c_fc", b.fc), (h + "mlp.c_proj", b.proj)]
    for name, module in norms + products:
        yield name + ".weight", module.weight.data.T if (name, module) in products else module.weight.data
        yield name + ".bias", module.bias.data


def save_checkpoint(model, decoder, labels, folder, generation):
    folder = pathlib.Path(folder)
    vit.save_checkpoint(model, labels, folder)  # preprocessor_config.json is the same; the encoder's config moves down
    encoder = json.loads((folder / "config.json").read_text())
    s = decoder.shape
    ends = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "decoder_start_token_id": 0}
    config = {
        "architectures": ["VisionEncoderDecoderModel"], "model_type": "vision-encoder-decoder", "dtype": "float16",
        "is_encoder_decoder": True, **ends, "encoder": encoder,
        "decoder": {
            "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "is_decoder": True, "add_cross_attention": True,
            "vocab_size": s["vocabulary"], "n_positions": s["positions"], "n_embd": s["width"], "n_layer": s["depth"],
            "n_head": s["heads"], "n_inner": None, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
            "bos_token_id": 0, "eos_token_id": 0, "tie_word_embeddings": True,
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps({**ends, **generation}, indent=2) + "\n")
    tensors = dict(vit.encoder_names(model)) | dict(names(decoder))
    save_file({name: t.half().contiguous() for name, t in tensors.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})


def open_checkpoint(folder):
    """(ViT, Decoder) from a directory that save_checkpoint has written."""
    folder = pathlib.Path(folder)
    d = json.loads((folder / "config.json").read_text())["decoder"]
    decoder = Decoder(d["vocab_size"], d["n_embd"], d["n_layer"], d["n_head"], d["n_positions"])
    with safe_open(folder / "model.safetensors", "pt") as f:
        for name, tensor in names(decoder):
            tensor.copy_(f.get_tensor(name).float())
    return vit.open_checkpoint(folder)[0], decoder
