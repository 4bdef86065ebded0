"""What operators make of parameters before the run gives the same bits as the operators themselves."""

import itertools
from collections import Counter

import pytest
import torch

from laminae.base.arrays import as_numpy, is_array
from laminae.base.settings import settings
from laminae.ops import ready
from laminae.ops.ready import LATER
from tests.ops.cases import turns

pytestmark = pytest.mark.slow


def bits(x):
    array = as_numpy(x)
    return array.shape, array.dtype, array.tolist() if array.dtype == object else array.tobytes()


def ways(inputs):
    """Every way in which some of the inputs come with the run only."""
    places = [i for i, x in enumerate(inputs) if x is not None]
    for count in range(1, len(places) + 1):
        for later in itertools.combinations(places, count):
            yield tuple(LATER if i in later or (x is not None and not torch.is_tensor(x)) else x for i, x in enumerate(inputs))


def test_every_way_of_knowing_inputs_gives_the_bits_of_the_operator():
    seen = Counter()
    for turn in turns():
        if turn.operator.ready is None:
            continue
        for known in ways(turn.inputs):
            run = turn.operator.ready(*known, **turn.attributes())
            if run is None:
                continue
            seen[turn.operator.name] += 1
            given = [x for x, said in zip(turn.inputs, known, strict=True) if said is LATER]
            before = [bits(x) for x in turn.inputs if is_array(x)]
            for _ in range(2):
                made = run(*given)
                for x, expected in zip(made if isinstance(made, tuple | list) else (made,), turn.outputs, strict=False):
                    assert expected is None or bits(x) == bits(expected), f"{turn.case}, {known}"
            assert before == [bits(x) for x in turn.inputs if is_array(x)], f"{turn.case} changes an input"
    assert seen.keys() >= {
        "Reshape", "Squeeze", "Unsqueeze", "Expand", "Slice", "Split", "Pad", "Tile", "Clip", "Pow", "CumSum", "ReduceSum",
        "Trilu", "TopK", "OneHot", "MatMulInteger", "QLinearMatMul", "LSTM", "RNN", "DequantizeLinear",
    }  # fmt: skip


def test_without_room_there_is_nothing_made_ready(monkeypatch):
    monkeypatch.setattr(settings, "max_ready_bytes", 0)
    for turn in turns():
        if turn.operator.name in ("LSTM", "MatMulInteger", "QLinearMatMul"):
            assert turn.operator.ready(LATER, *turn.inputs[1:], **turn.attributes()) is None


def test_what_is_let_go_of_makes_room_again():
    before = ready._held
    tensor = torch.zeros(100)
    ready.held(tensor)
    assert ready._held == before + 400
    del tensor
    assert ready._held == before
