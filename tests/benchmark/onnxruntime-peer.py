# SPDX-License-Identifier: LGPL-2.1-or-later
"""ONNX Runtime as a peer of tests/bench: [--int8] LAYERS WIDTH HEADS SIDE PATCH THREADS BATCH.
--int8: its dynamic quantisation, weights per channel. Needs onnx, onnxruntime and numpy. The graph is the ViT as exporters write it (layer norms, one
product for q, k and v, softmax (QKᵀ) V, erf GELU), so that the runtime's own fusions apply."""
import os
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

int8 = sys.argv[1] == "--int8"
layers, width, heads, side, patch, threads, batch = map(int, sys.argv[1 + int8:])
tokens, head = (side // patch) ** 2 + 1, width // heads
rng = np.random.default_rng(1)
nodes, weights = [], []


def weight(*shape):
    name = f"w{len(weights)}"
    weights.append(numpy_helper.from_array((rng.random(shape, np.float32) - 0.5) * 0.04, name))
    return name


def constant(values, kind=np.int64):
    name = f"c{len(weights)}"
    weights.append(numpy_helper.from_array(np.array(values, kind), name))
    return name


def op(kind, *inputs, **attributes):
    name = f"t{len(nodes)}"
    nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
    return name


def linear(x, k, m):
    return op("Add", op("MatMul", x, weight(k, m)), weight(m))


def norm(x):
    return op("LayerNormalization", x, weight(width), weight(width), epsilon=1e-12)


def split_heads(x, order):
    return op("Transpose", op("Reshape", x, constant([batch, tokens, heads, head])), perm=order)


x = linear("patches", 3 * patch * patch, width)
x = op("Concat", weight(batch, 1, width), x, axis=1)
x = op("Add", x, weight(1, tokens, width))
for _ in range(layers):
    n = norm(x)
    q = split_heads(linear(n, width, width), [0, 2, 1, 3])
    k = split_heads(linear(n, width, width), [0, 2, 3, 1])
    v = split_heads(linear(n, width, width), [0, 2, 1, 3])
    scores = op("Softmax", op("Mul", op("MatMul", q, k), constant(head ** -0.5, np.float32)), axis=-1)
    a = op("Transpose", op("MatMul", scores, v), perm=[0, 2, 1, 3])
    x = op("Add", linear(op("Reshape", a, constant([batch, tokens, width])), width, width), x)
    h = linear(norm(x), width, 4 * width)
    erf = op("Add", op("Erf", op("Div", h, constant(2 ** 0.5, np.float32))), constant(1, np.float32))
    h = op("Mul", op("Mul", h, erf), constant(0.5, np.float32))
    x = op("Add", linear(h, 4 * width, width), x)
logits = linear(op("Gather", norm(x), constant(0), axis=1), width, 1000)

graph = helper.make_graph(
    nodes, "vit", [helper.make_tensor_value_info("patches", TensorProto.FLOAT, [batch, tokens - 1, 3 * patch * patch])],
    [helper.make_tensor_value_info(logits, TensorProto.FLOAT, [batch, 1000])], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
serialized = model.SerializeToString()
if int8:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, os.path.join(folder, "f32"))
        quantize_dynamic(os.path.join(folder, "f32"), os.path.join(folder, "int8"), per_channel=True,
                         weight_type=QuantType.QInt8)
        with open(os.path.join(folder, "int8"), "rb") as file:
            serialized = file.read()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
patches = rng.random((batch, tokens - 1, 3 * patch * patch), np.float32)

print(f"ONNX Runtime {onnxruntime.__version__}{' int8' if int8 else ''}", flush=True)
for _ in sys.stdin:
    start = time.perf_counter_ns()
    session.run(None, {"patches": patches})
    print(time.perf_counter_ns() - start, flush=True)
