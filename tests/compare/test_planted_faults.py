"""A fault planted anywhere in a model is the first layer that `lm.compare` names, whatever the layers are called in the other model.

That a fault can be seen, and what the sound values are, ONNX Runtime and the reference evaluator say (`faults.py`).
"""

from __future__ import annotations

import copy
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest

import laminae as lm
from tests.compare.faults import Fault, faults
from tests.compare.models import ALL, loaded
from tests.shared import every_value_by_onnx_runtime


def planted(name: str, folder: Path, count: int) -> tuple[lm.Model, np.ndarray, list[Fault]]:
    """The sound model, an input, and so many faults."""
    proto, x = loaded(name, folder)
    model = lm.open(proto)
    feeds = {model.graph.inputs[0].name: x}
    values = every_value_by_onnx_runtime(proto, feeds) | feeds
    return model, x, list(islice(faults(proto, values, seed=0), count))


def named(found: lm.ModelComparison, fault: Fault) -> bool:
    """Whether the first difference is the fault: the layer itself, or one that only one of the two has."""
    first = found.first
    if first is None:
        return False
    if fault.which == "both":
        return first.name == fault.name and first.state in ("own", "replaced")
    name, alone = (first.name, "only in a") if fault.which == "a" else (first.other, "only in b")
    return name == fault.name and first.state in (alone, "replaced")


def without_names(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with every name inside it another, but that of a planted layer."""
    twin = copy.deepcopy(model)
    told = {i.name: i.name for i in twin.graph.input}

    def name(old: str) -> str:
        return told.setdefault(old, f"n{len(told)}") if old else old

    for i in twin.graph.initializer:
        i.name = name(i.name) if i.name not in {x.name for x in model.graph.input} else i.name
    for node in twin.graph.node:
        node.input[:] = [name(x) for x in node.input]
        node.output[:] = [name(x) for x in node.output]
        node.name = node.name if node.name == "planted" else node.output[0]
    for out in twin.graph.output:
        out.name = name(out.name)
    del twin.graph.value_info[:]
    return twin


@pytest.mark.parametrize("name", ALL)
def test_three_faults_of_each_model_are_named(name: str, tmp_path: Path) -> None:
    model, x, found = planted(name, tmp_path, 3)
    for fault in found:
        result = lm.compare(model, lm.open(fault.model), x)
        assert named(result, fault), (fault.what, result.first)
        assert not result.correct


@pytest.mark.long
@pytest.mark.parametrize("name", ALL)
def test_ten_faults_of_each_model_are_named_with_names_and_without(name: str, tmp_path: Path) -> None:
    model, x, found = planted(name, tmp_path, 10)
    for fault in found:
        assert named(lm.compare(model, lm.open(fault.model), x), fault), fault.what
        renamed = lm.compare(model, lm.open(without_names(fault.model)), x)
        assert named(renamed, fault), (fault.what, renamed.first)


@pytest.mark.parametrize("name", ALL)
def test_a_model_under_other_names_agrees_layer_by_layer(name: str, tmp_path: Path) -> None:
    proto, x = loaded(name, tmp_path)
    model = lm.open(proto)
    result = lm.compare(model, lm.open(without_names(proto)), x)
    assert result.correct
    assert all(layer.own is not None and layer.own.max_abs == 0 for layer in result)
    looked_through = ("Cast", "Identity", "Dropout")
    reached = {layer.name for layer in model.layers if depends(model, layer.name) and layer.operator not in looked_through}
    assert reached <= result.matching.keys()


def depends(model: lm.Model, name: str) -> bool:
    """Whether a layer's value depends on the input: only such layers are matched without names."""
    seen, waiting = set(), [model[name]]
    while waiting:
        layer = waiting.pop()
        if layer.is_input:
            return True
        if layer.name not in seen:
            seen.add(layer.name)
            waiting += layer.previous
    return False
