"""Hostile graphs: each ends quickly with an error that names its layer, in a process that may take 1 GB more than it has."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import onnx
import onnx.parser
import pytest

import laminae as lm

pytestmark = pytest.mark.slow

HEAD = '<ir_version: 9, opset_import: ["": 18]>\n'
MEMORY, SECONDS = 1 << 30, 60

BOMBS = {
    "ConstantOfShape of 2^42": "g () => (float[n] y) { s = Constant<value_ints = [4398046511104]>()  y = ConstantOfShape(s) }",
    "ConstantOfShape past 64 bits": "g () => (float[n] y) { s = Constant<value_ints = [4398046511104, 4398046511104]>()  y = ConstantOfShape(s) }",
    "Tile": "g (float[4] x) => (float[n] y) { r = Constant<value_ints = [1099511627776]>()  y = Tile(x, r) }",
    "Expand, then written out": "g (float[1] x) => (float[n] y) { s = Constant<value_ints = [1099511627776]>()  e = Expand(x, s)  y = Exp(e) }",
    "Pad": "g (float[4] x) => (float[n] y) { p = Constant<value_ints = [0, 1099511627776]>()  y = Pad(x, p) }",
    "Resize": "g (float[1, 1, 4, 4] x) => (float[a, b, c, d] y) { s = Constant<value_floats = [1.0, 1.0, 1000000.0, 1000000.0]>()  y = Resize<mode = \"nearest\">(x, , s) }",
    "Range": "g () => (float[n] y) { a = Constant<value_float = 0.0>()  b = Constant<value_float = 1000000000000.0>()  d = Constant<value_float = 1.0>()  y = Range(a, b, d) }",
    "OneHot": "g (int64[4] x) => (float[n, m] y) { d = Constant<value_int = 1099511627776>()  v = Constant<value_floats = [0.0, 1.0]>()  y = OneHot(x, d, v) }",
    "EyeLike of a view": "g (float[1] x) => (float[n, m] y) { s = Constant<value_ints = [1048576, 1048576]>()  e = Expand(x, s)  y = EyeLike(e) }",
    "a Loop that doubles": """g (float[2] x) => (float[n] y) {
        n = Constant<value_int = 200>()  c = Constant<value = bool {1}>()
        y = Loop<body = b (int64 i, bool d, float[k] s) => (bool d2, float[m] s2) { d2 = Identity(d)  s2 = Concat<axis = 0>(s, s) }>(n, c, x) }""",
    "a Loop without end": """g (float[2] x) => (float[2] y) {
        c = Constant<value = bool {1}>()
        y = Loop<body = b (int64 i, bool d, float[2] s) => (bool d2, float[2] s2) { d2 = Identity(d)  s2 = Add(s, s) }>("", c, x) }""",
}  # fmt: skip


def run_here(path: str) -> None:
    """In a process of its own: one run within limits; what it says goes to standard output."""
    import numpy as np
    import torch

    torch.set_num_threads(1)
    model = lm.open(path)
    lm.settings.max_passes = 20_000
    pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + MEMORY, pages + MEMORY))
    x = [np.ones([d for d in v.shape if isinstance(d, int)], v.dtype) for v in model.graph.inputs]
    try:
        model(*x)
    except lm.LaminaeError as error:
        print(error)
    else:
        print("it ran")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits the memory of a process by /proc")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_with_an_error_that_names_its_layer(name, tmp_path):
    path = tmp_path / "bomb.onnx"
    onnx.save(onnx.parser.parse_model(HEAD + BOMBS[name]), path)
    start = time.perf_counter()
    command = [sys.executable, "-c", f"from tests.engines.test_hostile import run_here; run_here({str(path)!r})"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("layer '"), done.stdout
    assert "operator" in done.stdout
    assert time.perf_counter() - start < SECONDS


def nested(depth: int) -> onnx.ModelProto:
    """If in If, the innermost adding one to x."""
    h = onnx.helper
    value = h.make_tensor_value_info

    def body(level: int) -> onnx.GraphProto:
        out = value(f"y{level}", 1, [2])
        if level == depth:
            node = h.make_node("Add", ["x", "x"], [out.name], name=f"add{level}")
        else:
            node = h.make_node(
                "If",
                ["c"],
                [out.name],
                name=f"if{level}",
                then_branch=body(level + 1),
                else_branch=body(level + 1) if level > depth - 2 else leaf(level),
            )
        return h.make_graph([node], f"g{level}", [], [out])

    def leaf(level: int) -> onnx.GraphProto:
        out = value(f"z{level}", 1, [2])
        return h.make_graph([h.make_node("Neg", ["x"], [out.name])], f"l{level}", [], [out])

    graph = body(0)
    graph.input.extend([value("x", 1, [2]), value("c", onnx.TensorProto.BOOL, [])])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9)


def test_if_nested_30_deep_runs_and_every_level_is_in_the_trace():
    trace = lm.open(nested(30)).run([1.0, 2.0], True)
    assert trace.output.tolist() == [2, 4]
    assert sum(e.op == "If" for e in trace.layers) == 30
    assert trace.layers[-1].path.count("/then/") == 30
