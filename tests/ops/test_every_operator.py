"""What holds for every operator, on every official case it appears in."""

import itertools

import numpy as np
import pytest
import torch

from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec, same_shape
from tests.ops.cases import turns

pytestmark = pytest.mark.slow


def spec(x, *, known=True, dims=None):
    """What a walk knows of a value: of a sequence nothing."""
    if x is None:
        return None
    if isinstance(x, list | dict):
        return Spec()
    value = as_numpy(x) if known and x.numel() <= 1024 and dtype_name(x) != "string" else None
    return Spec(dtype_name(x), tuple(x.shape) if dims is None else dims, value)


def rank_only(x):
    return Spec(dtype_name(x), (None,) * x.ndim)


def dtype_only(x):
    return Spec(dtype_name(x))


def less(inputs, knowing):
    return [knowing(x) if is_array(x) else spec(x) for x in inputs]


def arrays(values):
    """The arrays among values, those in sequences too."""
    for value in values:
        if is_array(value):
            yield value
        elif isinstance(value, list):
            yield from arrays(value)


def constants(turn):
    return {k: as_numpy(v) if is_array(v) else v for k, v in turn.attributes().items() if k != "n_outputs"}


def check(turn, inputs, what):
    found = turn.operator.infer(inputs, constants(turn), len(turn.layer.outputs))
    for said, made in zip(found, turn.outputs, strict=True):
        if made is None:
            continue
        if isinstance(made, list):
            assert said == Spec(), f"{turn.case}, {what}: rule {said}, run a sequence"
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
        named = less(turn.inputs, lambda x, names=names: spec(x, dims=tuple(f"n{next(names)}" for _ in x.shape)))
        check(turn, named, "sizes named")
        check(turn, less(turn.inputs, rank_only), "ranks only")
        check(turn, less(turn.inputs, dtype_only), "dtypes only")


def storages(values):
    return {storage(x) for x in arrays(values) if x.numel()}


def storage(x):
    """Where the memory of an array begins, a view's too."""
    if torch.is_tensor(x):
        return x.untyped_storage().data_ptr()
    array = x.numpy()
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.__array_interface__["data"][0]


def test_an_operator_that_may_share_memory_says_so():
    for turn in turns():
        attributes = turn.attributes()
        made = turn.operator.run(*turn.inputs, **attributes)
        made = made if isinstance(made, tuple) else (made,)
        may = {False: [], True: [*turn.inputs[:1], *attributes.values()], "any": [*turn.inputs, *attributes.values()]}
        shared = storages(made) & storages([*turn.inputs, *attributes.values()]) - storages(may[turn.operator.aliases])
        assert not shared, f"{turn.operator.name} in {turn.case}"


def state(values):
    """What changes when an array is written to."""
    return [x._version if torch.is_tensor(x) else x.numpy().tolist() for x in arrays(values)]


def test_an_operator_gives_a_tuple_only_where_it_says_so():
    for turn in turns():
        one = turn.attributes() | ({"n_outputs": 1} if "n_outputs" in turn.operator.asks else {})
        if turn.operator.name == "Split" and len(turn.outputs) > 1:  # it refuses sizes that are not as many as the outputs
            one = turn.attributes()
        made = turn.operator.run(*turn.inputs, **one)
        assert isinstance(made, tuple) == turn.operator.several, f"{turn.operator.name} in {turn.case}"


def test_no_operator_changes_what_it_reads():
    for turn in turns():
        before = state(turn.inputs), [len(x) for x in turn.inputs if isinstance(x, list)]
        turn.run()
        after = state(turn.inputs), [len(x) for x in turn.inputs if isinstance(x, list)]
        assert before == after, f"{turn.operator.name} in {turn.case}"


def test_direct_calls_give_the_operators_own_bits():
    seen = set()
    for turn in turns():
        direct = None if turn.operator.direct is None else turn.operator.direct(**turn.attributes())
        if direct is not None and not turn.operator.random:
            seen.add(turn.operator.name)
            made = direct(*turn.inputs)
            for a, b in zip(made if isinstance(made, tuple) else (made,), turn.run(), strict=True):
                assert a.dtype == b.dtype
                assert as_numpy(a).tolist() == as_numpy(b).tolist() or torch.isnan(a).any()
    assert seen >= {"Relu", "Gemm"}
