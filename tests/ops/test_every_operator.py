"""What holds for every operator, on every official case it appears in."""

import itertools

import numpy as np
import pytest
import torch

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec, same_shape
from tests.ops.cases import turns

pytestmark = pytest.mark.slow


def spec(tensor, *, known=True, dims=None):
    if tensor is None:
        return None
    small = known and tensor.numel() <= 1024
    return Spec(dtype_name(tensor), tuple(tensor.shape) if dims is None else dims, as_numpy(tensor) if small else None)


def constants(turn):
    return {k: as_numpy(v) if torch.is_tensor(v) else v for k, v in turn.attributes().items() if k != "n_outputs"}


def check(turn, inputs, what):
    found = turn.operator.infer(inputs, constants(turn), len(turn.layer.outputs))
    for said, made in zip(found, turn.outputs, strict=True):
        if made is None:
            continue
        assert same_shape(said.dims, tuple(made.shape)), f"{turn.case}, {what}: rule {said.dims}, run {tuple(made.shape)}"
        assert said.dtype in (None, dtype_name(made)), f"{turn.case}, {what}: rule {said.dtype}, run {dtype_name(made)}"
        if said.value is not None:
            known = np.array([v if isinstance(v, int | float | bool | np.generic) else None for v in said.value.ravel().tolist()])
            for a, b in zip(known, as_numpy(made).ravel().tolist(), strict=True):
                assert a is None or a == b or (a != a and b != b), f"{turn.case}, {what}: rule's content {said.value}"


def test_there_are_cases():
    assert len(turns()) > 2000
    assert len({turn.operator.name for turn in turns()}) > 150


def test_shape_rules_say_what_runs_give():
    for turn in turns():
        check(turn, [spec(x) for x in turn.inputs], "all known")


def test_shape_rules_are_never_wrong_where_less_is_known():
    for turn in turns():
        check(turn, [spec(x, known=False) for x in turn.inputs], "contents hidden")
        names = itertools.count()
        named = [None if x is None else spec(x, dims=tuple(f"n{next(names)}" for _ in x.shape)) for x in turn.inputs]
        check(turn, named, "sizes named")
        check(turn, [None if x is None else Spec(dtype_name(x), (None,) * x.ndim) for x in turn.inputs], "ranks only")
        check(turn, [None if x is None else Spec(dtype_name(x)) for x in turn.inputs], "dtypes only")


def storages(tensors):
    return {x.untyped_storage().data_ptr() for x in tensors if torch.is_tensor(x) and x.numel()}


def test_an_operator_that_may_share_memory_says_so():
    for turn in turns():
        attributes = turn.attributes()
        made = turn.operator.run(*turn.inputs, **attributes)
        made = made if isinstance(made, tuple) else (made,)
        may = {False: [], True: [*turn.inputs[:1], *attributes.values()], "any": [*turn.inputs, *attributes.values()]}
        shared = storages(made) & storages([*turn.inputs, *attributes.values()]) - storages(may[turn.operator.aliases])
        assert not shared, f"{turn.operator.name} in {turn.case}"


def test_no_operator_changes_what_it_reads():
    for turn in turns():
        versions = [None if x is None else x._version for x in turn.inputs]
        turn.run()
        assert versions == [None if x is None else x._version for x in turn.inputs], f"{turn.operator.name} in {turn.case}"


def test_direct_calls_give_the_operators_own_bits():
    seen = set()
    for turn in turns():
        direct = None if turn.operator.direct is None else turn.operator.direct(**turn.attributes())
        if direct is not None and not turn.operator.random:
            seen.add(turn.operator.name)
            for a, b in zip((direct(*turn.inputs),), turn.run(), strict=True):
                assert a.dtype == b.dtype
                assert torch.equal(a, b) or torch.isnan(a).any()
    assert seen >= {"Relu", "Gemm"}
