"""Random nodes of every operator against the reference evaluator: a few here, very many by `make differential`."""

import onnx
import pytest

from tests.ops.draws.compared import EQUAL, EXCUSED, UNJUDGED
from tests.ops.draws.families import strategies
from tests.ops.draws.many import examine

WITHOUT: dict[str, str] = {
    "ImageDecoder": "its input is a file of an image, of which every decoder makes slightly other numbers",
    "ai.onnx.preview.training.Gradient": "the reference evaluator has none; what it must be is in tests/trace/test_gradient.py and the official cases",
}
"""Operators without a strategy, and why."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(strategies()))
def test_random_nodes_agree_with_the_reference(name):
    outcomes = examine(strategies()[name], 20, derandomize=True)
    assert outcomes[EQUAL] + outcomes[EXCUSED] >= outcomes[UNJUDGED], outcomes


def test_every_operator_has_a_strategy():
    domains = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml.", "ai.onnx.preview.training": "ai.onnx.preview.training."}
    live = {domains[s.domain] + s.name for s in onnx.defs.get_all_schemas() if s.domain in domains and not s.deprecated}
    assert live - set(strategies()) == set(WITHOUT)
