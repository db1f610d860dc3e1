# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other runtimes as peers of tests/bench, which starts this in an environment of its own (peer.c).

    peer.py prepare classifier CHECKPOINT FOLDER       a network, f32 and quantised, into files there
    peer.py run RUNTIME PRECISION FOLDER THREADS BATCH INPUT

RUNTIME is onnxruntime (f32, dynamic, static) or openvino (f32, bf16, int8), each set up as it is fastest: the variants
that lost are named beside. `run` reads the pictures' patches from INPUT (floats), prints the peer's name when it is
ready, then for each line that it reads: "run": runs the network once and prints the nanoseconds; "save PATH": writes
what the last run gave; a precision that the processor lacks is told instead of a name: "cannot: …"."""
import os
import sys
import time

import numpy as np

CALIBRATION = 8                 # pictures of noise
PATCH = 3 * 16 * 16             # values of one


def noise(shape):
    return [np.random.default_rng(i).random(shape, np.float32) for i in range(CALIBRATION)]


def quantize_onnx(folder, shape):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

    class Pictures(CalibrationDataReader):
        def __init__(self):
            self.rest = noise(shape)

        def get_next(self):
            return {"patches": self.rest.pop()} if self.rest else None

    f32 = os.path.join(folder, "f32.onnx")
    quantize_dynamic(f32, os.path.join(folder, "dynamic.onnx"), per_channel=True, weight_type=QuantType.QInt8)
    # Products alone: with everything else in int8 as well it is slower, and far from f32.
    quantize_static(f32, os.path.join(folder, "static.onnx"), Pictures(), quant_format=QuantFormat.QDQ,
                    per_channel=True, weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8,
                    op_types_to_quantize=["MatMul"])


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


def onnxruntime_session(path, threads, batch):
    """Spinning while they wait, as by default, is the fastest for its threads; who measures waits until they sleep."""
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
    name = {"dynamic": "int8, dynamic", "static": "int8, static"}.get(precision, precision)
    return f"ONNX Runtime {onnxruntime.__version__}, {name}", lambda: session.run(None, {"patches": patches})[0]


def run_openvino(precision, folder, threads, batch, patches):
    """int8 with bf16 for the rest where there is bf16: faster than with f32."""
    import openvino
    core = openvino.Core()
    bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not bf16:
        raise NotImplementedError("OpenVINO has no bf16 for this processor")
    model = core.read_model(os.path.join(folder, "int8.xml" if precision == "int8" else "f32.onnx"))
    model.reshape({"patches": list(patches.shape)})
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 and precision != "f32" else "f32",
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(patches, shared_memory=True))

    def run():
        request.infer()
        return request.get_output_tensor().data

    return f"OpenVINO {openvino.__version__.split('-')[0]}, {precision}", run


def serve(name, run):
    print(name, flush=True)
    result = None
    for line in sys.stdin:
        word, _, path = line.rstrip("\n").partition(" ")
        if word == "save":
            np.asarray(result, np.float32).tofile(path)
            print("saved", flush=True)
        else:
            start = time.perf_counter_ns()
            result = run()
            print(time.perf_counter_ns() - start, flush=True)


def main():
    if sys.argv[1:3] == ["prepare", "classifier"]:
        prepare_classifier(*sys.argv[3:])
        return
    runtime, precision, folder = sys.argv[2:5]
    threads, batch = map(int, sys.argv[5:7])
    patches = np.fromfile(sys.argv[7], np.float32).reshape(batch, -1, PATCH)
    try:
        peer = {"onnxruntime": run_onnxruntime, "openvino": run_openvino}[runtime](precision, folder, threads, batch,
                                                                                 patches)
    except NotImplementedError as error:
        print("cannot:", error, flush=True)
        return
    serve(*peer)


main()
