"""The real models: ONNX Runtime, and Laminae giving the output only, and keeping every layer's."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.measure import repeat

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "models"
NAMES = ("mnist", "ultraface-slim-320", "magika-fast-v2_1")
WAYS = ("onnxruntime", "onnxruntime, every node an output", "laminae model(x)", "laminae model.run(x)")
TITLE = "three real models, 2 threads"
CONTESTANTS = tuple(f"{name}/{way}" for name in NAMES for way in WAYS)


def onnx_runtime(path: Path, x: np.ndarray, watched: bool) -> float:
    import onnx
    import onnxruntime as ort

    model = onnx.load(path)
    if watched:
        names = {out.name for out in model.graph.output}
        new = [name for node in model.graph.node for name in node.output if name and name not in names]
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in new)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 2, 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: x}
    return repeat(lambda: session.run(None, feeds))


def ours(path: Path, x: np.ndarray, store: bool) -> float:
    import torch

    import laminae as lm

    torch.set_num_threads(2)
    model = lm.open(path)
    return repeat((lambda: model.run(x)) if store else (lambda: model(x)))


def main(contestant: str) -> None:
    name, way = contestant.split("/")
    path, x = FOLDER / f"{name}.onnx", np.load(FOLDER / f"{name}.input.npy")
    if way.startswith("onnxruntime"):
        print(onnx_runtime(path, x, way != "onnxruntime"))
    else:
        print(ours(path, x, way.endswith("run(x)")))


if __name__ == "__main__":
    main(sys.argv[1])
