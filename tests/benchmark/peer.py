# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other runtimes as peers of tests/bench, which starts this in an environment of its own (peer.c).

    peer.py prepare classifier|captioner CHECKPOINT FOLDER     a network, f32 and quantised, into files there
    peer.py prepare detector CHECKPOINT FOLDER WIDTHxHEIGHT    one exported by Transformers, for such pictures
    peer.py run RUNTIME PRECISION FOLDER THREADS BATCH INPUT

RUNTIME is onnxruntime (f32, dynamic, static), openvino (f32, bf16, int8) or captioner, which is ONNX Runtime
too (f32, int8); each is set up as it is fastest, and the variants that lost are named beside. `run` reads the
pictures' patches from INPUT (floats), prints the peer's name when it is ready, then for each line that it
reads: "run": runs the network once and prints the nanoseconds, of a captioner also those of its parts; "save
PATH": writes what it gives. A precision that the processor lacks is told instead of a name: "cannot: …"."""
import os
import sys
import time

import numpy as np

CALIBRATION = 8                 # pictures of noise
SIDE = 16                       # of a patch
PATCH = 3 * SIDE * SIDE         # values of one
CAPTION = 16                    # tokens
CAPTIONER = "tower", "memory", "step"   # its graphs


def noise(shape):
    return [np.random.default_rng(i).random(shape, np.float32) for i in range(CALIBRATION)]


def quantize_onnx(folder, shape, name="patches"):
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic,
                                          quantize_static)

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.rest = noise(shape)

        def get_next(self):
            return {name: self.rest.pop()} if self.rest else None

    f32 = os.path.join(folder, "f32.onnx")
    quantize_dynamic(f32, os.path.join(folder, "dynamic.onnx"), per_channel=True, weight_type=QuantType.QInt8,
                     op_types_to_quantize=["MatMul", "Gemm"])
    # Products alone: with everything else in int8 as well it is slower, and far from f32.
    quantize_static(f32, os.path.join(folder, "static.onnx"), Pictures(), quant_format=QuantFormat.QDQ,
                    per_channel=True, weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8,
                    op_types_to_quantize=["MatMul", "Gemm"])


def quantize_openvino(folder, shape):
    import nncf
    import openvino
    model = openvino.Core().read_model(os.path.join(folder, "f32.onnx"))
    model = nncf.quantize(model, nncf.Dataset(noise(shape)), model_type=nncf.ModelType.TRANSFORMER,
                          subset_size=CALIBRATION)
    openvino.save_model(model, os.path.join(folder, "int8.xml"), compress_to_fp16=False)


def prepare_classifier(checkpoint, folder):
    import networks
    import onnx
    model = networks.classifier(checkpoint)
    onnx.save(model, os.path.join(folder, "f32.onnx"))
    shape = [1] + [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[1:]]
    quantize_onnx(folder, shape)
    quantize_openvino(folder, shape)


def keep_positions(network, picture):
    """Interpolated positions hang on the picture's size alone: constants, which ONNX could not compute."""
    def keep(module, interpolate):
        def interpolate_once(*arguments):
            kept.append(interpolate(*arguments))
            module.interpolate_pos_encoding = lambda *_: kept[0]
            return kept[0]
        kept = []
        module.interpolate_pos_encoding = interpolate_once

    for module in network.modules():
        if hasattr(module, "interpolate_pos_encoding"):
            keep(module, module.interpolate_pos_encoding)
    network(picture)


def prepare_detector(checkpoint, folder, size):
    """As Transformers exports it, with the opset that ONNX Runtime's and NNCF's quantisers know best."""
    import networks
    import torch
    from transformers import AutoConfig, AutoModelForObjectDetection

    stored = networks.Checkpoint(checkpoint)

    class Detector(torch.nn.Module):
        def __init__(self):
            super().__init__()
            config = AutoConfig.from_pretrained(checkpoint)
            self.network = AutoModelForObjectDetection.from_config(config).eval().float()
            for name, value in self.network.state_dict().items():
                if name in stored.header:       # its values, in a plan's shape
                    value.copy_(torch.from_numpy(stored[name]).reshape(value.shape))
                else:
                    print("not in the checkpoint:", name, file=sys.stderr)

        def forward(self, pixels):
            found = self.network(pixel_values=pixels)
            return found.logits, found.pred_boxes

    width, height = map(int, size.split("x"))
    picture = torch.rand(1, 3, height, width)
    with torch.no_grad():
        detector = Detector()
        keep_positions(detector, picture)
        torch.onnx.export(detector, (picture,), os.path.join(folder, "f32.onnx"),
                          input_names=["pixels"], output_names=["logits", "boxes"], opset_version=17,
                          dynamo=False)
    with open(os.path.join(folder, "size"), "w") as file:
        file.write(size)
    quantize_onnx(folder, [1, 3, height, width], "pixels")
    quantize_openvino(folder, [1, 3, height, width])


def pixels_of(patches, folder):
    """Where the network wants pictures: the patches [batch, rows, 3 · 16 · 16] put together."""
    path = os.path.join(folder, "size")
    if not os.path.exists(path):
        return patches
    with open(path) as file:
        width, height = (int(side) // SIDE for side in file.read().split("x"))
    parts = patches.reshape(len(patches), height, width, 3, SIDE, SIDE)
    return np.ascontiguousarray(parts.transpose(0, 3, 1, 4, 2, 5)).reshape(-1, 3, height * SIDE, width * SIDE)


def prepare_captioner(checkpoint, folder):
    """int8: the products' weights, each column with a scale; words are looked up in f32. Weights in blocks
    with scales (MatMulNBits, 8 bits) were not faster."""
    import networks
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    for part in CAPTIONER:
        paths = [os.path.join(folder, f"{part}-{precision}.onnx") for precision in ("f32", "int8")]
        onnx.save(getattr(networks, part)(checkpoint), paths[0])
        quantize_dynamic(*paths, per_channel=True, weight_type=QuantType.QInt8,
                         op_types_to_quantize=["MatMul"])


def onnxruntime_session(path, threads, batch):
    """Spinning while they wait, as by default, is the fastest for its threads; who measures waits until they
    sleep."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    if batch:
        options.add_free_dimension_override_by_name("batch", batch)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run_onnxruntime(precision, folder, threads, batch, patches):
    """Its own fusions of transformers beforehand (onnxruntime.transformers.optimizer) made it slower."""
    import onnxruntime
    session = onnxruntime_session(os.path.join(folder, precision + ".onnx"), threads, batch)
    inputs = {session.get_inputs()[0].name: patches}
    name = {"dynamic": "int8, dynamic", "static": "int8, static"}.get(precision, precision)
    return (f"ONNX Runtime {onnxruntime.__version__}, {name}", lambda: session.run(None, inputs),
            lambda: session.run(None, inputs)[0])


def run_openvino(precision, folder, threads, batch, patches):
    """int8 with bf16 for the rest where there is bf16: faster than with f32."""
    import openvino
    core = openvino.Core()
    bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not bf16:
        raise NotImplementedError("OpenVINO has no bf16 for this processor")
    model = core.read_model(os.path.join(folder, "int8.xml" if precision == "int8" else "f32.onnx"))
    model.reshape(list(patches.shape))
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 and precision != "f32" else "f32",
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(patches, shared_memory=True))

    def result():
        request.infer()
        return request.get_output_tensor(0).data

    return f"OpenVINO {openvino.__version__.split('-')[0]}, {precision}", request.infer, result


class Captioner:
    """Picture → tower → memory → a step for each token, which hands its past on without a copy."""

    def __init__(self, precision, folder, threads, patches):
        import onnxruntime
        self.value = onnxruntime.OrtValue.ortvalue_from_numpy
        self.patches = patches
        self.tower, self.memory, self.step = (
            onnxruntime_session(os.path.join(folder, f"{part}-{precision}.onnx"), threads, len(patches))
            for part in CAPTIONER)
        self.outputs = [output.name for output in self.step.get_outputs()]
        self.states = [output.name for output in self.memory.get_outputs()]
        shapes = {i.name: i.shape for i in self.step.get_inputs()}
        self.past = {name.replace("present", "past"): None for name in self.outputs[1:]}
        for name in self.past:
            self.past[name] = self.value(np.zeros([1, shapes[name][1], 0, shapes[name][3]], np.float32))

    def write(self, choose):
        """The logits after the last token; choose: the next one from logits and position. Notes the parts'
        times."""
        times = [time.perf_counter_ns()]
        tokens = self.tower.run(None, {"patches": self.patches})[0]
        times.append(time.perf_counter_ns())
        binding = self.step.io_binding()
        memory = self.memory.run_with_ort_values(self.states, {"tokens": self.value(tokens)})
        for name, state in zip(self.states, memory):
            binding.bind_ortvalue_input(name, state)
        times.append(time.perf_counter_ns())
        past, logits = list(self.past.values()), None
        for position in range(CAPTION):
            for name, state in zip(self.past, past):
                binding.bind_ortvalue_input(name, state)
            binding.bind_cpu_input("id", np.array([[choose(logits, position)]]))
            binding.bind_cpu_input("position", np.array([[position]]))
            for name in self.outputs:
                binding.bind_output(name)
            self.step.run_with_iobinding(binding)
            logits, *past = binding.get_outputs()
            logits = logits.numpy()
        times.append(time.perf_counter_ns())
        self.parts = [after - before for before, after in zip(times, times[1:])]
        return logits


def run_captioner(precision, folder, threads, batch, patches):
    """Greedily; what it gives is the logits after the tokens 1, 2, …, which do not hang on what another one
    chose."""
    import onnxruntime
    captioner = Captioner(precision, folder, threads, patches)
    return (f"ONNX Runtime {onnxruntime.__version__}, {precision}",
            lambda: captioner.write(lambda logits, position: 0 if logits is None else int(np.argmax(logits))),
            lambda: captioner.write(lambda logits, position: position + 1), lambda: captioner.parts)


def serve(name, run, result, parts=lambda: ()):
    now = time.process_time_ns if "GPTVIS_BENCH_OWN_TIME" in os.environ else time.perf_counter_ns
    print(name, flush=True)
    for line in sys.stdin:
        word, _, path = line.rstrip("\n").partition(" ")
        if word == "save":
            np.asarray(result(), np.float32).tofile(path)
            print("saved", flush=True)
        else:
            start = now()
            run()
            print(now() - start, *parts(), flush=True)


def main():
    if sys.argv[1] == "prepare":
        {"classifier": prepare_classifier, "captioner": prepare_captioner,
         "detector": prepare_detector}[sys.argv[2]](*sys.argv[3:])
        return
    runtime, precision, folder = sys.argv[2:5]
    threads, batch = map(int, sys.argv[5:7])
    patches = pixels_of(np.fromfile(sys.argv[7], np.float32).reshape(batch, -1, PATCH), folder)
    runtimes = {"onnxruntime": run_onnxruntime, "openvino": run_openvino, "captioner": run_captioner}
    try:
        peer = runtimes[runtime](precision, folder, threads, batch, patches)
    except NotImplementedError as error:
        print("cannot:", error, flush=True)
        return
    serve(*peer)


main()
