"""Opening a large file: time, and memory beside the file's size, with the onnx package's own loader."""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from pathlib import Path
from time import perf_counter

TITLE = "opening an .onnx file of 400 MB (100 weights inside the file), first time in a process"
CONTESTANTS = ("onnx.load", "laminae.open")


def file() -> Path:
    """Made once, in the temporary folder."""
    path = Path(tempfile.gettempdir()) / f"laminae-bench-{os.getuid()}-400mb.onnx"
    if not path.exists():
        import numpy as np
        import onnx

        weights = [onnx.numpy_helper.from_array(np.full((1000, 1000), i, np.float32), f"w{i}") for i in range(100)]
        nodes = [onnx.helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"], name=f"L{i}") for i in range(100)]
        value = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(nodes, "big", [value("x0", 1, [1, 1000])], [value("x100", 1, [1, 1000])], weights)
        onnx.save(onnx.helper.make_model(graph, ir_version=10, opset_imports=[onnx.helper.make_opsetid("", 21)]), path)
    return path


def own_memory() -> float:
    """MB of memory that this process made: pages of a mapped file, which the system can drop at any time, are not in it."""
    rollup = Path("/proc/self/smaps_rollup")
    if not rollup.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = rollup.read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


def main(name: str) -> None:
    path = file()
    import onnx

    if name == "onnx.load":
        load = onnx.load
    else:
        import laminae as lm

        load = lm.open
    before, start = own_memory(), perf_counter()
    kept = load(path)
    took = perf_counter() - start
    assert kept is not None
    print(json.dumps({"ms": took * 1e3, "MB": own_memory() - before}))


if __name__ == "__main__":
    main(sys.argv[1])
