"""The runs whose pages are looked at in a browser: each with its trace, so that what is shown can be held against it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest

import laminae as lm
from tests.shared import model_expected, model_file, model_input

BODIES = """
<ir_version: 8, opset_import: ["": 18]>
bodies (float[2] x, bool up, int64 n) => (float[2] total, float[2] y)
{
  h = Abs(x)
  y = If<then_branch = yes () => (float[2] t) { a = Relu(h)  t = Add(a, x) },
         else_branch = no () => (float[2] e) { e = Neg(h) }>(up)
  going = Constant<value = bool {1}>()
  total = Loop<body = body (int64 i, bool c, float[2] s) => (bool c2, float[2] s2)
    { c2 = Identity(c)  r = Tanh(s)  s2 = Add(r, y) }>(n, going, h)
}
"""


def digits() -> tuple[Any, dict[str, Any]]:
    """The network of the tour with one scan in it, held against ten scores, which it does not meet before it has learned."""
    pytest.importorskip("sklearn", reason="the digits come from scikit-learn")
    from laminae.cli.digits import model, read

    data = read()
    return model().run(data.held_x[:1]), {"expected": np.eye(10, dtype=np.float32)[data.held_y[:1]]}


def shared(name: str) -> tuple[Any, dict[str, Any]]:
    """One of the real models, its outputs held against what they should be."""
    trace = lm.open(model_file(name)).run(model_input(name))
    return trace, {"expected": trace.compare(model_expected(name))}


def resnet() -> tuple[Any, dict[str, Any]]:
    """Two stages of bottlenecks."""
    torch, tf = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    made = tf.ResNetForImageClassification(tf.ResNetConfig(embedding_size=8, hidden_sizes=[16, 32], depths=[2, 2], num_labels=5))
    image = torch.randn(2, 3, 32, 32)
    return lm.open(made.eval(), kwargs={"pixel_values": image}).run(pixel_values=image), {}


def gpt2() -> tuple[Any, dict[str, Any]]:
    """Three blocks."""
    torch, tf = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = tf.GPT2Config(n_layer=3, n_embd=32, n_head=4, vocab_size=50, n_positions=16, use_cache=False)
    ids = torch.randint(0, 50, (1, 12))
    return lm.open(tf.GPT2LMHeadModel(config).eval(), kwargs={"input_ids": ids}).run(input_ids=ids), {}


def full_sized(name: str) -> tuple[Any, dict[str, Any]]:
    """As in the benchmarks."""
    pytest.importorskip("transformers")
    from benchmarks.modules import module

    made, inputs = module(name)
    return lm.open(made, kwargs=inputs).run(**inputs), {}


def chain_file(layers: int) -> onnx.ModelProto:
    """Relu and Neg in turn, and every fifth layer adds what came out three layers before."""
    make = onnx.helper
    nodes, before = [], ["x"]
    for i in range(layers - 1):
        reads = [before[-1], before[-4]] if i % 5 == 4 else [before[-1]]
        operator = "Add" if i % 5 == 4 else ("Tanh", "Neg")[i % 2]
        nodes.append(make.make_node(operator, reads, [f"v{i}"], name=f"layer{i}"))
        before.append(f"v{i}")
    ends = [make.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 8]) for name in ("x", before[-1])]
    graph = make.make_graph(nodes, "chain", ends[:1], ends[1:])
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 18)], ir_version=8)


def chain(layers: int) -> tuple[Any, dict[str, Any]]:
    """A chain of so many layers, its input among them, with skips."""
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(1, 8)
    return lm.open(chain_file(layers)).run(x), {}


def bodies() -> tuple[Any, dict[str, Any]]:
    """An If, and a Loop of three passes."""
    model = lm.open(onnx.parser.parse_model(BODIES))
    return model.run(np.array([-1.0, 2.0], np.float32), np.array(True), np.array(3)), {}


def nested() -> tuple[Any, dict[str, Any]]:
    """A module of groups in groups, three deep."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn

    def inner(width: int) -> Any:
        return nn.Sequential(nn.Linear(width, width), nn.Sequential(nn.Linear(width, width), nn.Tanh()))

    module = nn.Sequential(nn.Sequential(inner(4), nn.ReLU(), inner(4)), nn.Linear(4, 2), nn.Sequential(nn.Softmax(1)))
    x = torch.linspace(-1, 1, 8).reshape(2, 4)
    return lm.open(module, example=(x,)).run(x), {}


SUBJECTS: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "digits": digits,
    "mnist": lambda: shared("mnist"),
    "ultraface": lambda: shared("ultraface-slim-320"),
    "magika": lambda: shared("magika-fast-v2_1"),
    "resnet": resnet,
    "gpt2": gpt2,
    "bodies": bodies,
    "nested": nested,
    "chain of 5,000": lambda: chain(5_000),
    "resnet50": lambda: full_sized("resnet50"),
    "gpt2, full-sized": lambda: full_sized("gpt2"),
}


@cache
def subject(name: str) -> tuple[Any, dict[str, Any]]:
    """Its trace, and what its report is given besides."""
    return SUBJECTS[name]()
