"""engine="onnxruntime" beside ONNX Runtime alone, and beside engine torch: the output only, three layers stored, all stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import repeat
from benchmarks.models import FOLDER, NAMES

TITLE = "Engines on the three real models, 2 threads"
PLAIN = ("ONNX Runtime", "ONNX Runtime, weights constant", "ONNX Runtime, every node an output")
OURS = ("model(x)", "run, store 3 layers", "run, store all", "resume from the middle")
WAYS = (*PLAIN, *(f"{way}, onnxruntime" for way in OURS), *(f"{way}, torch" for way in OURS))


def plain(name: str, way: str) -> Callable[[], Any]:
    """A session of the file as it stands; with its initializers taken off the list of inputs, so that they can be folded."""
    import onnx
    import onnxruntime as ort

    model = onnx.load(FOLDER / f"{name}.onnx")
    if way != PLAIN[0]:
        weights = {tensor.name for tensor in model.graph.initializer}
        kept = [info for info in model.graph.input if info.name not in weights]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        model.ir_version = max(model.ir_version, 4)
    if way == PLAIN[2]:
        names = {out.name for out in model.graph.output}
        new = [made for node in model.graph.node for made in node.output if made and made not in names]
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(made) for made in new)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 2, 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {model.graph.input[0].name: np.load(FOLDER / f"{name}.input.npy")}
    return lambda: session.run(None, feeds)


def ours(name: str, way: str, engine: str) -> Callable[[], Any]:
    import torch

    import laminae as lm

    torch.set_num_threads(2)
    model, x = lm.open(FOLDER / f"{name}.onnx"), np.load(FOLDER / f"{name}.input.npy")
    layers = [layer.name for layer in model.layers]
    three = [layers[len(layers) * i // 4] for i in (1, 2, 3)]
    if way == "model(x)":
        return lambda: model(x, engine=engine)
    if way == "resume from the middle":
        trace = model.run(x, engine=engine)
        patch = {three[1]: trace[three[1]]}
        return lambda: trace.resume(patch)
    store: Any = three if "3 layers" in way else True
    return lambda: model.run(x, store=store, engine=engine)


def main(way: str) -> None:
    if way in PLAIN:
        print(json.dumps({name: repeat(plain(name, way)) for name in NAMES}))
        return
    what, _, engine = way.rpartition(", ")
    print(json.dumps({name: repeat(ours(name, what, engine)) for name in NAMES}))


if __name__ == "__main__":
    main(sys.argv[1])
