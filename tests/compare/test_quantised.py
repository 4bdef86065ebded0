"""A float model beside its quantised twins: the layer with the largest own error is the one that ONNX Runtime finds, too.

The oracle: for each value of the float model, ONNX Runtime runs the part of the quantised model that makes it out of the nearest
values above it, these being the float model's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import laminae as lm
from tests.compare.models import loaded, quiet
from tests.shared import every_value_by_onnx_runtime

quantization = pytest.importorskip("onnxruntime.quantization", reason="quantising is onnxruntime's")


class Calibration(quantization.CalibrationDataReader):
    def __init__(self, name: str, x: np.ndarray) -> None:
        self.batches: Iterator[dict[str, np.ndarray]] = iter([{name: x}])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def quantised(name: str, how: str, folder: Path) -> tuple[onnx.ModelProto, onnx.ModelProto, np.ndarray, str]:
    """The float model, its twin, an input and the input's name."""
    proto, x = loaded(name, folder, folded=True)
    source, target = folder / "float.onnx", folder / f"{how}.onnx"
    onnx.save(proto, source)
    known = {i.name for i in proto.graph.initializer}
    given = next(i.name for i in proto.graph.input if i.name not in known)
    with quiet():
        if how == "dynamic":
            quantization.quantize_dynamic(source, target, op_types_to_quantize=["MatMul", "Gemm", "Conv"])
        else:
            form = quantization.QuantFormat.QDQ if how == "QDQ" else quantization.QuantFormat.QOperator
            keep = {"QDQKeepRemovableActivations": True}  # else a Relu goes, and its value's name stands for what went into it
            reader = Calibration(given, x)
            quantization.quantize_static(source, target, reader, quant_format=form, extra_options=keep if how == "QDQ" else {})
    return proto, onnx.load(target), x, given


def own_errors_by_onnx_runtime(twin: onnx.ModelProto, values: dict[str, np.ndarray]) -> dict[str, float]:
    """Value → |error|² / |value|² of what the twin makes of the float model's values."""
    makers = {out: node for node in twin.graph.node for out in node.output}
    held = {i.name for i in twin.graph.initializer}
    found = {}
    for name, expected in values.items():
        if name not in makers or not np.issubdtype(expected.dtype, np.floating) or not expected.size:
            continue
        nodes, feeds = above(makers, held, name, values)
        made = run(twin, nodes, {x: values[x] for x in feeds}, name)
        if made.shape == expected.shape:
            size = np.square(expected.astype(np.float64)).sum()
            found[name] = np.square(made.astype(np.float64) - expected).sum() / size if size else 0.0
    return found


def above(makers: dict[str, Any], held: set[str], name: str, values: dict[str, np.ndarray]) -> tuple[list[Any], set[str]]:
    """The nodes that make a value out of the float model's, and which of these they read."""
    nodes, feeds, waiting = [], set(), [name]
    while waiting:
        one = waiting.pop()
        if one != name and one in values:
            feeds.add(one)
        elif one in makers and makers[one] not in nodes:
            nodes.append(makers[one])
            waiting += [x for x in makers[one].input if x and x not in held]
    return nodes, feeds


def run(twin: onnx.ModelProto, nodes: list[Any], feeds: dict[str, np.ndarray], name: str) -> np.ndarray:
    part = onnx.ModelProto()
    part.CopyFrom(twin)
    part.ir_version = max(part.ir_version, 4)  # before, every initializer must be an input too
    del part.graph.node[:], part.graph.input[:], part.graph.output[:], part.graph.value_info[:]
    part.graph.node.extend(node for node in twin.graph.node if node in nodes)
    part.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    for key, array in feeds.items():
        dtype = onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        part.graph.input.append(onnx.helper.make_tensor_value_info(key, dtype, array.shape))
    return every_value_by_onnx_runtime(part, feeds)[name]


@pytest.mark.parametrize(("name", "how"), [("mnist", "dynamic"), ("cnn", "dynamic"), ("transformer", "dynamic"), ("mnist", "QDQ"), ("cnn", "QDQ"), ("transformer", "QDQ")])  # fmt: skip
def test_the_largest_own_error_is_where_onnx_runtime_finds_it(name: str, how: str, tmp_path: Path) -> None:
    proto, twin, x, given = quantised(name, how, tmp_path)
    values = every_value_by_onnx_runtime(proto, {given: x}) | {given: x}
    errors = own_errors_by_onnx_runtime(twin, values)
    a = lm.open(proto)
    result = lm.compare(a, lm.open(twin), x)
    value = a[result.own_worst.name].outputs[0]
    assert value == max(errors, key=lambda name: errors[name])
    held = {a[layer.name].outputs[0]: 10 ** (-layer.own.snr / 10) for layer in result if layer.how and layer.own is not None}
    both = held.keys() & errors.keys()
    assert len(both) >= 12
    for name in both:
        assert held[name] == pytest.approx(errors[name], rel=0.02, abs=1e-10), name
    assert not result.correct


@pytest.mark.parametrize("how", ["dynamic", "QDQ", "QOperator"])
def test_every_float_layer_is_matched_where_its_value_is_held_as_whole_numbers(how: str, tmp_path: Path) -> None:
    proto, twin, x, _ = quantised("mnist", how, tmp_path)
    a = lm.open(proto)
    result = lm.compare(a, lm.open(twin), x)
    covered = {*result.matching, *(name for layer in result for name in layer.joins)}
    assert {layer.name for layer in a.layers if not layer.is_input} <= covered
    assert min(layer.own.snr for layer in result if layer.own is not None) > 10


def test_a_quantised_layer_with_a_wrong_scale_has_the_largest_own_error(tmp_path: Path) -> None:
    proto, twin, x, _ = quantised("cnn", "QDQ", tmp_path)
    conv = [node for node in twin.graph.node if node.op_type == "Conv"][3]
    weight = next(node for node in twin.graph.node if node.output[0] == conv.input[1])
    scale = next(i for i in twin.graph.initializer if i.name == weight.input[1])
    scale.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(scale) * 3, scale.name))
    result = lm.compare(lm.open(proto), lm.open(twin), x)
    assert result.own_worst.op == "Conv"
    assert result.own_worst.other == (conv.name or conv.output[0])
