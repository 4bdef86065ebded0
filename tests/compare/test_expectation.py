"""An output is right where numpy.isclose says so; what cannot be compared is refused in words."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from onnx import TensorProto, helper

import laminae as lm
from laminae.base.errors import DTypeError, LaminaeError, ShapeError, UsageError
from laminae.base.host import HostArray
from laminae.compare.expectation import compare

NAN, INF = float("nan"), float("inf")


def one(found: Any, expected: Any, **tolerance: float) -> Any:
    (output,) = compare({"y": found}, expected, **tolerance)
    return output


odd = st.one_of(st.sampled_from([0.0, -0.0, 1.0, NAN, INF, -INF, 5e-324, 1e-4, 1e300]), st.floats(width=64))
shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
pairs = shapes.flatmap(lambda s: st.tuples(arrays(np.float64, s, elements=odd), arrays(np.float64, s, elements=odd)))
tolerances = st.sampled_from([(1e-3, 1e-4), (0.0, 0.0), (0.5, 0.0), (0.0, 10.0)])


@given(pairs, st.floats(0, 0.01), tolerances)
def test_right_is_what_isclose_says(pair: Any, nearness: float, tolerance: tuple[float, float]) -> None:
    a, expected = pair
    rtol, atol = tolerance
    with np.errstate(all="ignore"):
        for found in (a, expected * (1 + nearness), expected.copy()):
            close = np.isclose(found, expected, rtol=rtol, atol=atol, equal_nan=True)
            output = one(found, expected, rtol=rtol, atol=atol)
            assert output.correct == close.all()
            assert output.wrong_elements == (~close).sum()
            assert output.elements == close.size
            rows = close[None] if close.ndim == 0 else close
            assert [s.correct for s in output.samples] == [bool(row.all()) for row in rows]


@pytest.mark.parametrize(
    "dtype",
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "float8_e4m3fn",
        "int8",
        "int64",
        "uint64",
        "bool",
        "complex64",
        "int4",
        "uint4",
    ],
)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 3), (1,), (5,), (4, 3), (2, 3, 4)])
def test_every_dtype_as_assert_allclose_does(dtype: str, shape: tuple[int, ...]) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    rng = np.random.default_rng(0)
    expected = (rng.integers(0, 7, shape) + (1j * rng.integers(0, 7, shape) if dtype == "complex64" else 0)).astype(kind)
    found = rng.permutation(expected.reshape(-1)).reshape(shape) if expected.size else expected
    wide = np.complex128 if dtype == "complex64" else np.float64
    for ours in (found, expected):
        agrees = True
        try:
            np.testing.assert_allclose(ours.astype(wide), expected.astype(wide), rtol=0, atol=0.5)
        except AssertionError:
            agrees = False
        output = one(ours, expected, rtol=0, atol=0.5)
        assert output.correct == agrees
        assert output.worst == (np.abs(ours.astype(wide) - expected.astype(wide)).max() if ours.size else 0)


@pytest.mark.parametrize(
    ("found", "expected", "correct"),
    [
        ([NAN], [NAN], True),
        ([NAN], [1.0], False),
        ([1.0], [NAN], False),
        ([INF], [INF], True),
        ([INF], [-INF], False),
        ([INF], [1e308], False),
        ([1e308], [INF], False),
        ([-1.7e308], [1.7e308], False),
        ([complex(NAN, 0)], [complex(NAN, 0)], True),
        ([complex(INF, 1)], [complex(INF, 1)], True),
        ([complex(1, 1)], [1.0], False),
    ],
)
def test_nan_and_infinities(found: Any, expected: Any, correct: bool) -> None:
    with np.errstate(over="ignore"):
        assert np.isclose(found, expected, equal_nan=True).all() == correct
    assert one(np.array(found), expected).correct is correct


@pytest.mark.parametrize("rtol", [0.0, 1.0, 5.0])
def test_an_infinity_is_never_right_for_a_number_however_large_the_tolerance(rtol: float) -> None:
    assert not one(np.array([INF]), [1.7e308], rtol=rtol).correct


big = st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53 + k for k in range(-2, 3)] + [2**63 - 1, -(2**63)]))


@given(big, st.integers(-3, 3))
def test_whole_numbers_are_exact(a: int, step: int) -> None:
    b = min(max(a + step, -(2**63)), 2**63 - 1)
    output = one(np.array([a], np.int64), np.array([b], np.int64), rtol=0, atol=0)
    assert output.correct == (a == b)
    assert output.worst == abs(a - b)
    exact = int(np.float64(b))
    against_float = one(np.array([a], np.int64), np.array([b], np.float64), rtol=0, atol=0)
    assert against_float.correct == (a == exact)
    assert against_float.worst == abs(a - exact)


def test_whole_numbers_against_floats_and_unsigned_ones_are_exact() -> None:
    assert not one(np.array([2**53 + 1]), np.array([2.0**53]), rtol=0, atol=0).correct
    assert not one(np.array([2.0**53]), np.array([2**53 + 1]), rtol=0, atol=0).correct
    assert not one(np.array([2**63 - 1]), np.array([2**63], np.uint64), rtol=0, atol=0).correct
    assert one(np.array(2**64 - 1, np.uint64), np.array(2**64 - 2, np.uint64), rtol=0, atol=0).worst == 1
    assert one(np.array([2**64 - 1], np.uint64), [2**64 - 1], rtol=0, atol=0).correct
    assert one(np.array([0], np.uint64), np.array([1], np.uint64)).worst == 1


@given(
    arrays(np.float64, (3, 4), elements=st.floats(-100, 100)),
    arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 1.0, -2.0])),
)
def test_the_worst_oversteps_most(found: np.ndarray, expected: np.ndarray) -> None:
    for rtol, atol in ((0.0, 0.0), (0.1, 0.0), (1e-3, 1e-4)):
        output = one(found, expected, rtol=rtol, atol=atol)
        error, allowed = np.abs(found - expected), atol + rtol * np.abs(expected)
        assert output.worst == error[output.at]
        assert output.allowed == pytest.approx(allowed[output.at])
        assert (output.found, output.expected) == (found[output.at], expected[output.at])
        nothing = (allowed == 0) & (error > 0)
        if nothing.any():
            assert output.worst == error[nothing].max()
        else:
            with np.errstate(invalid="ignore", divide="ignore"):
                assert output.worst / (output.allowed or 1) >= np.nanmax(np.where(error > 0, error / allowed, 0)) * (1 - 1e-12)
        for sample in output.samples:
            assert sample.worst == error[sample.sample][sample.at]


def test_where_nothing_is_allowed_the_worst_is_the_largest_error() -> None:
    output = one(np.array([1e-9, 0.0, 7.0, 3.0]), np.zeros(4), atol=0)
    assert (output.at, output.worst) == ((2,), 7.0)
    assert one(np.array([1e-9, 5.0, 3.0]), np.zeros(3), atol=1e-320).at == (1,)
    a, b = compare({"a": np.array([1e-9]), "b": np.array([7.0])}, [[0.0], [0.0]], atol=0)
    assert lm.Comparison((a, b), None, "").worst is b


def test_texts_are_right_where_they_are_the_same() -> None:
    found = HostArray(np.array([["a", "b"], ["c", "d"]], dtype=object))
    assert one(found, [["a", "b"], ["c", "d"]]).correct
    assert one(found, np.array([[b"a", b"b"], [b"c", b"d"]])).correct
    output = one(found, [["a", "b"], ["c", "e"]])
    assert (output.correct, output.at, output.found, output.expected, output.wrong_elements) == (False, (1, 1), "d", "e", 1)
    assert [s.correct for s in output.samples] == [True, False]
    assert "'y'" in repr(lm.Comparison((output,), None, ""))
    text = lm.Comparison((output,), None, "").table().text(100)
    assert "the first [1, 1] is d where e is expected" in text
    assert one(np.array("a", object), "a").correct
    assert one(np.array([], object), []).correct


def test_a_sample_of_many_texts_is_shown_by_the_first_wrong_one() -> None:
    found = np.array([list("abcdefgh")], object)
    output = one(found, [list("abcdefgx")])
    assert "[7]" in lm.Comparison((output,), None, "").table().text(100)


@pytest.mark.parametrize(
    ("found", "expected", "error", "message"),
    [
        (np.ones(2), np.ones(3), ShapeError, "never broadcast"),
        (np.ones((2, 1)), np.ones(2), ShapeError, "never broadcast"),
        (np.ones(2), [[1], [1, 2]], ShapeError, "lists of equal lengths"),
        (np.ones(2), ["1", "2"], DTypeError, "texts and numbers"),
        (HostArray(np.array(["1"], object)), [1], DTypeError, "texts and numbers"),
        (np.ones(2), None, UsageError, "is None"),
        (np.ones(2), [1.0, None], DTypeError, r"None at \[1\]"),
        (np.ones(1), [2**70], DTypeError, "numbers or texts"),
        (np.ones(1), np.array(["2020-01-01"], "datetime64[D]"), DTypeError, "datetime64"),
        (np.ones(1), np.zeros(1, [("a", "f4")]), DTypeError, "numbers or texts"),
        (np.ones(1), {}, UsageError, "there is no expectation"),
        (np.ones(1), {"z": [1.0]}, UsageError, "(?s)no output 'z'.*'y'"),
        (np.ones(1), object(), DTypeError, "numbers or texts"),
        (None, [1.0], ShapeError, "is nothing"),
    ],
)
def test_what_cannot_be_compared_is_refused(found: Any, expected: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        one(found, expected)


@pytest.mark.parametrize("given_", [-1, NAN, INF, "a", None])
def test_what_is_no_tolerance_is_refused(given_: Any) -> None:
    for name in ("rtol", "atol"):
        with pytest.raises(UsageError, match=name):
            one(np.ones(1), [1.0], **{name: given_})


def test_several_outputs_in_order_or_by_name() -> None:
    found = {"a": np.ones(2), "b": torch.zeros(3, dtype=torch.bfloat16)}
    assert [o.name for o in compare(found, ([1, 1], [0, 0, 0]))] == ["a", "b"]
    assert [o.name for o in compare(found, {"b": [0, 0, 0]})] == ["b"]
    assert [o.correct for o in compare(found, {"b": [0, 0, 0], "a": [1, 2]})] == [True, False]
    for wrong, message in (
        ({"c": [1, 1], "d": [0, 0, 0]}, "(?s)no output 'c'.*'a', 'b'"),
        ([[1, 1]], "1 parts"),
        (np.ones((2, 2)), "one array"),
        ("ab", "one array"),
        ({}, "there is no expectation"),
    ):
        with pytest.raises(UsageError, match=message):
            compare(found, wrong)
    with pytest.raises(UsageError, match="there is no expectation"):
        compare({}, [])


def test_expectations_of_every_make() -> None:
    for expected in (
        [1.0, 2.0],
        (1.0, 2.0),
        torch.tensor([1.0, 2.0], requires_grad=True),
        [torch.tensor(1.0), np.float32(2)],
        np.array([1, 2], ">i2"),
    ):
        assert one(torch.tensor([1.0, 2.0]), expected).correct
    assert one(torch.tensor([[1.0], [2.0]]), [torch.ones(1, requires_grad=True), torch.tensor([2.0])]).correct
    assert one(torch.tensor(True), 1).correct
    assert one(np.array([1.5]), np.array([1.5], np.longdouble)).correct


def test_a_sequence_is_compared_part_by_part() -> None:
    found = {"s": [torch.ones(2), torch.zeros(3)]}
    assert [(o.name, o.correct) for o in compare(found, [[1, 1], [0, 0, 1]])] == [("s[0]", True), ("s[1]", False)]
    assert [o.name for o in compare({"s": [[np.ones(1)], [np.ones(2)]]}, [[[1]], [[1, 1]]])] == ["s[0][0]", "s[1][0]"]
    assert all(o.correct for o in compare({"s": [torch.ones(2), torch.ones(2)]}, torch.ones(2, 2)))
    for wrong in ([[1, 1]], 7, None, "ab", np.array(2)):
        with pytest.raises((ShapeError, DTypeError), match="s"):
            compare(found, wrong)
    empty = lm.Comparison(compare({"s": []}, []), None, "")
    assert empty.correct
    assert "empty sequence" in str(empty)
    assert "0" in repr(empty)


def test_maps_are_compared_by_their_keys() -> None:
    found = {"m": [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}]}
    assert all(o.correct for o in compare(found, [{"b": 2.0, "a": 1.0}, {"a": 3.0, "b": 4.0}]))
    assert [o.correct for o in compare(found, [{"b": 1.0, "a": 2.0}, {"a": 3.0, "b": 4.0}])] == [False, True]
    with pytest.raises(ShapeError, match="other keys"):
        compare(found, [{"a": 1.0}, {"a": 3.0, "b": 4.0}])


def test_nothing_where_nothing_is_expected_is_right() -> None:
    nothing = lm.Comparison(compare({"y": None}, None), None, "")
    assert nothing.correct
    assert "nothing, as expected" in str(nothing)


def test_a_comparison_of_nothing_is_not_correct() -> None:
    nothing = lm.Comparison((), None, "")
    assert not nothing
    assert "no output" in repr(nothing)
    assert str(nothing)
    with pytest.raises(UsageError):
        _ = nothing.worst


def _graph(nodes: list[onnx.NodeProto], outputs: list[onnx.ValueInfoProto]) -> lm.Model:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    return lm.open(helper.make_model(helper.make_graph(nodes, "g", [x], outputs)))


def test_a_value_declared_as_output_twice_is_compared_twice() -> None:
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])
    trace = _graph([helper.make_node("Relu", ["x"], ["y"])], [y, y]).run(np.ones((3, 2), np.float32))
    one = np.ones((3, 2))
    comparison = trace.compare([one, one * 2])
    assert [o.correct for o in comparison.outputs] == [True, False]
    assert len({o.name for o in comparison.outputs}) == 2
    assert trace.compare(trace.output).correct
    assert trace.compare({"y": one}).correct


def test_the_sequence_output_of_a_model_is_compared_and_shown() -> None:
    s = helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)
    trace = _graph([helper.make_node("SequenceConstruct", ["x", "x"], ["s"])], [s]).run(np.ones((3, 2), np.float32))
    comparison = trace.compare([np.ones((3, 2)), np.zeros((3, 2))])
    assert [o.correct for o in comparison.outputs] == [True, False]
    assert "s[1]" in str(comparison)
    assert comparison.worst.name == "s[1]"


def test_the_string_output_of_a_model_is_compared_and_shown() -> None:
    t = helper.make_tensor_value_info("t", TensorProto.STRING, [None, 2])
    model = _graph([helper.make_node("Cast", ["x"], ["t"], to=TensorProto.STRING)], [t])
    trace = model.run(np.array([[1, 2.5]], np.float32))
    assert trace.compare([["1", "2.5"]]).correct == (trace.output.tolist() == [["1", "2.5"]])
    wrong = trace.compare([["1", "x"]])
    assert not wrong
    assert "✗" in str(wrong)
    assert "t" in repr(wrong)
    with pytest.raises(LaminaeError):
        trace.compare([[1, 2.5]])


def test_many_samples_are_compared_quickly() -> None:
    output = one(np.arange(200_000.0), np.arange(200_000.0))
    assert output.correct
    assert len(output.samples) == 200_000
