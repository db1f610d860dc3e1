# SPDX-License-Identifier: LGPL-2.1-or-later
"""The networks of tests/bench as ONNX, for its peers: random-checkpoint.c's directories read, and graphs
written as exporters write them (layer norms, a product each for q, k and v, softmax (QKᵀ) V, GELU in its
parts), so that the runtimes' own fusions apply. Needs onnx and numpy."""
import json
import os

import numpy as np
from onnx import TensorProto, helper, numpy_helper


class Checkpoint:
    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as file:
            self.config = json.load(file)
        path = os.path.join(folder, "model.safetensors")
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            self.header = json.loads(file.read(size))
        self.bytes = np.memmap(path, np.uint8, "r", 8 + size)

    def __getitem__(self, name):
        entry = self.header[name]
        start, end = entry["data_offsets"]
        return self.bytes[start:end].view(np.float16).reshape(entry["shape"]).astype(np.float32)


class Graph:
    """Operations in the order they are asked for; values are names."""

    def __init__(self, checkpoint):
        self.checkpoint, self.nodes, self.initializers, self.names = checkpoint, [], [], set()

    def constant(self, values, kind=np.int64, name=None):
        name = name or f"c{len(self.initializers)}"
        if name not in self.names:
            self.names.add(name)
            self.initializers.append(numpy_helper.from_array(np.asarray(values, kind, order="C"), name))
        return name

    def weight(self, name):
        return self.constant(self.checkpoint[name], np.float32, name)

    def op(self, kind, *inputs, outputs=None, **attributes):
        names = [f"{kind}{len(self.nodes)}"] if outputs is None else outputs
        self.nodes.append(helper.make_node(kind, list(inputs), names, f"n{len(self.nodes)}", **attributes))
        return names[0]

    def product(self, x, w, name, bias):
        """x · w, w [in, out] under a name of its own, plus the bias of that name."""
        return self.op("Add", self.op("MatMul", x, self.constant(w, np.float32, name)),
                       self.constant(bias.reshape(-1), np.float32, name + ".bias"))

    def linear(self, x, where):
        """PyTorch's, [out, in]."""
        return self.product(x, self.checkpoint[where + ".weight"].T, where, self.checkpoint[where + ".bias"])

    def columns(self, x, where, part, parts):
        """One of the equal parts of GPT-2's products, [in, out]."""
        w = np.split(self.checkpoint[where + ".weight"], parts, axis=1)[part]
        b = np.split(self.checkpoint[where + ".bias"].reshape(-1), parts)[part]
        return self.product(x, w, f"{where}.{part}", b)

    def norm(self, x, where, epsilon):
        scale, bias = (self.constant(self.checkpoint[f"{where}.{part}"].reshape(-1), np.float32,
                                     f"{where}.{part}")
                       for part in ("weight", "bias"))
        return self.op("LayerNormalization", x, scale, bias, epsilon=epsilon)

    def floats(self, value):
        return self.constant(value, np.float32)

    def gelu(self, x):
        erf = self.op("Add", self.op("Erf", self.op("Div", x, self.floats(2 ** 0.5))), self.floats(1))
        return self.op("Mul", self.op("Mul", x, erf), self.floats(0.5))

    def gelu_tanh(self, x):
        cubic = self.op("Mul", self.op("Pow", x, self.floats(3)), self.floats(0.044715))
        tanh = self.op("Tanh", self.op("Mul", self.op("Add", x, cubic), self.floats((2 / np.pi) ** 0.5)))
        return self.op("Mul", self.op("Mul", x, self.floats(0.5)), self.op("Add", tanh, self.floats(1)))

    def split_heads(self, x, heads, head, order):
        return self.op("Transpose", self.op("Reshape", x, self.constant([0, -1, heads, head])), perm=order)

    def attend(self, q, k, v, width):
        """q, v [batch, heads, rows, head], k [batch, heads, head, rows] → [batch, rows, width]."""
        head = self.floats((width // self.heads) ** -0.5)
        scores = self.op("Softmax", self.op("Mul", self.op("MatMul", q, k), head), axis=-1)
        a = self.op("Transpose", self.op("MatMul", scores, v), perm=[0, 2, 1, 3])
        return self.op("Reshape", a, self.constant([0, -1, width]))

    def model(self, name, inputs, outputs):
        """inputs, outputs: of each its name, type and shape; what is a word there may be any number."""
        info = [[helper.make_tensor_value_info(*value) for value in values] for values in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, name, *info, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def encode(g, config, prefix):
    """A ViT's layers: patches [batch, n, 3·P²] → [batch, 1 + n, width]. The class token is a row of nothing
    on top of the others, and its values stand with the positions."""
    width, layers, g.heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
    head, c = width // g.heads, g.checkpoint
    where = prefix + ".embeddings"
    w = c[where + ".patch_embeddings.projection.weight"]
    x = g.product("patches", w.T, where, c[where + ".patch_embeddings.projection.bias"])
    positions = c[where + ".position_embeddings"].copy()
    positions[0] += c[where + ".cls_token"].reshape(-1)
    x = g.op("Add", g.op("Pad", x, g.constant([0, 1, 0, 0, 0, 0])), g.constant(positions[None], np.float32))
    for layer in range(layers):
        where = f"{prefix}.encoder.layer.{layer}"
        n = g.norm(x, where + ".layernorm_before", 1e-12)
        q, k, v = (g.split_heads(g.linear(n, f"{where}.attention.attention.{part}"), g.heads, head, order)
                   for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]),
                                       ("value", [0, 2, 1, 3])))
        x = g.op("Add", g.linear(g.attend(q, k, v, width), where + ".attention.output.dense"), x)
        h = g.gelu(g.linear(g.norm(x, where + ".layernorm_after", 1e-12), where + ".intermediate.dense"))
        x = g.op("Add", g.linear(h, where + ".output.dense"), x)
    return x


def patches_of(config):
    side, patch = config["image_size"], config["patch_size"]
    return "patches", TensorProto.FLOAT, ["batch", (side // patch) ** 2, 3 * patch * patch]


def classifier(folder):
    """patches → logits."""
    g = Graph(Checkpoint(folder))
    config = g.checkpoint.config
    x = encode(g, config, "vit")
    row = g.op("Gather", x, g.constant(0), axis=1)
    logits = g.linear(g.norm(row, "vit.layernorm", 1e-12), "classifier")
    return g.model("vit", [patches_of(config)], [(logits, TensorProto.FLOAT, ["batch", None])])


# ---- networks that write: three graphs, as exporters split them ----

DECODER = "decoder.transformer"


def tower(folder):
    """patches → tokens."""
    g = Graph(Checkpoint(folder))
    config = g.checkpoint.config["encoder"]
    tokens = g.norm(encode(g, config, "encoder"), "encoder.layernorm", 1e-12)
    return g.model("tower", [patches_of(config)],
                   [(tokens, TensorProto.FLOAT, ["batch", "rows", config["hidden_size"]])])


def decoder_of(checkpoint):
    d = checkpoint.config["decoder"]
    return d["n_embd"], d["n_layer"], d["n_head"], d["n_embd"] // d["n_head"]


def states(what, layers, heads, head, rows):
    """Each layer's keys and values."""
    return [(f"{what}.{kind}.{layer}", TensorProto.FLOAT, ["batch", heads, rows, head])
            for layer in range(layers) for kind in ("k", "v")]


def memory(folder):
    """tokens → cross-attention's keys and values of each layer, once a picture."""
    g = Graph(Checkpoint(folder))
    width, layers, heads, head = decoder_of(g.checkpoint)
    for layer in range(layers):
        for part, kind in enumerate("kv"):
            x = g.columns("tokens", f"{DECODER}.h.{layer}.crossattention.c_attn", part, 2)
            split = g.op("Reshape", x, g.constant([0, -1, heads, head]))
            g.op("Transpose", split, perm=[0, 2, 1, 3], outputs=[f"memory.{kind}.{layer}"])
    return g.model("memory", [("tokens", TensorProto.FLOAT, ["batch", "rows", width])],
                   states("memory", layers, heads, head, "rows"))


def step(folder):
    """One token: id, position, past and memory → logits and the past with this token's keys and values."""
    g = Graph(Checkpoint(folder))
    width, layers, heads, head = decoder_of(g.checkpoint)
    g.heads, order = heads, [0, 2, 1, 3]

    def transposed(k):
        return g.op("Transpose", k, perm=[0, 1, 3, 2])

    words = g.checkpoint[DECODER + ".wte.weight"]
    x = g.op("Add", g.op("Gather", g.constant(words, np.float32, "words"), "id"),
             g.op("Gather", g.weight(DECODER + ".wpe.weight"), "position"))
    for layer in range(layers):
        where = f"{DECODER}.h.{layer}"
        n = g.norm(x, where + ".ln_1", 1e-5)
        w, b = (g.checkpoint[f"{where}.attn.c_attn.{part}"] for part in ("weight", "bias"))
        parts = [f"{part}.{layer}" for part in "qkv"]
        g.op("Split", g.product(n, w, where + ".attn.c_attn", b), outputs=parts, axis=-1)
        q, k, v = (g.split_heads(part, heads, head, order) for part in parts)
        k = g.op("Concat", f"past.k.{layer}", k, outputs=[f"present.k.{layer}"], axis=2)
        v = g.op("Concat", f"past.v.{layer}", v, outputs=[f"present.v.{layer}"], axis=2)
        x = g.op("Add", g.columns(g.attend(q, transposed(k), v, width), where + ".attn.c_proj", 0, 1), x)
        n = g.norm(x, where + ".ln_cross_attn", 1e-5)
        q = g.split_heads(g.columns(n, where + ".crossattention.q_attn", 0, 1), heads, head, order)
        a = g.attend(q, transposed(f"memory.k.{layer}"), f"memory.v.{layer}", width)
        x = g.op("Add", g.columns(a, where + ".crossattention.c_proj", 0, 1), x)
        h = g.gelu_tanh(g.columns(g.norm(x, where + ".ln_2", 1e-5), where + ".mlp.c_fc", 0, 1))
        x = g.op("Add", g.columns(h, where + ".mlp.c_proj", 0, 1), x)
    x = g.norm(x, DECODER + ".ln_f", 1e-5)
    logits = g.op("MatMul", x, g.constant(words.T, np.float32, "head"), outputs=["logits"])
    return g.model("step", [("id", TensorProto.INT64, ["batch", 1]), ("position", TensorProto.INT64,
                                                                      ["batch", 1])]
                   + states("past", layers, heads, head, "past") + states("memory", layers, heads, head,
                                                                          "rows"),
                   [(logits, TensorProto.FLOAT, ["batch", 1, words.shape[0]])]
                   + states("present", layers, heads, head, "present"))
