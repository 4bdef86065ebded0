"""Slices of arrays, against NumPy's own."""

import json

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from laminae.base.arrays import as_value
from laminae.base.errors import UsageError
from laminae.base.host import HostArray
from laminae.see.viewer.slices import LARGEST, cut, thinned


def unpacked(found):
    return np.frombuffer(found.data, np.dtype(found.dtype).newbyteorder("<")).reshape(found.shape)


@given(st.data())
def test_a_slice_is_numpys_every_so_manieth(data):
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=7))
    array = np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    texts, index = [], []
    for size in shape:
        kind = data.draw(st.sampled_from(["place", "all", "stretch"] if size else ["all", "stretch"]))
        if kind == "place":
            place = data.draw(st.integers(-size, size - 1))
            texts, index = [*texts, str(place)], [*index, place]
        elif kind == "all":
            texts, index = [*texts, ":"], [*index, slice(None)]
        else:
            a, b = data.draw(st.none() | st.integers(-9, 9)), data.draw(st.none() | st.integers(-9, 9))
            texts.append(f"{'' if a is None else a}:{'' if b is None else b}")
            index.append(slice(a, b))
    most = data.draw(st.integers(1, 200))
    for value in (array, as_value(array)):
        found = cut(value, ",".join(texts), most)
        part = array[tuple(index)]
        np.testing.assert_array_equal(unpacked(found), part[tuple(slice(None, None, step) for step in found.steps)])
        assert np.prod(found.shape, dtype=int) <= max(most, 1)
        if part.size <= most:
            assert found.steps == (1,) * part.ndim


@given(arrays.array_shapes(min_dims=1, max_dims=6, min_side=1, max_side=10**6), st.integers(1, 10**7))
def test_no_more_is_thinned_than_must_be(shape, most):
    steps = thinned(shape, most)
    left = [-(-size // step) for size, step in zip(shape, steps, strict=True)]
    assert np.prod([float(n) for n in left]) <= most
    assert np.prod([float(n) for n in left]) >= min(np.prod([float(n) for n in shape]), most) / 2 ** len(shape)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool", "float16"])
def test_the_dtypes_that_browsers_have_are_kept(dtype):
    array = np.array([[0, 1], [2, 3]]).astype(dtype)
    found = cut(as_value(array))
    assert found.dtype == ("float32" if dtype == "float16" else dtype)
    np.testing.assert_array_equal(unpacked(found), array)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4", "float4_e2m1fn"])
def test_the_others_are_widened(dtype):
    array = np.array([0, 1, 2, 3]).astype(getattr(ml_dtypes, dtype))
    found = cut(as_value(array))
    assert found.dtype == ("int32" if "int" in dtype else "float32")
    np.testing.assert_array_equal(unpacked(found), [0, 1, 2, 3])


def test_complex_numbers_are_their_magnitude():
    found = cut(torch.tensor([3 + 4j]))
    np.testing.assert_array_equal(unpacked(found), [5])


def test_strings_are_json():
    found = cut(HostArray(np.array([["a", "é"], [b"c", "d"]], dtype=object)), "0,:")
    assert (found.dtype, found.shape, json.loads(found.data)) == ("string", (2,), ["a", "é"])


def test_rank_0_is_one_element():
    assert unpacked(cut(torch.tensor(2.5))) == unpacked(cut(torch.tensor(2.5), "")) == 2.5


def test_views_and_tensors_that_want_derivatives_are_cut_too():
    tensor = torch.arange(12.0, requires_grad=True).reshape(3, 4).T
    np.testing.assert_array_equal(unpacked(cut(tensor, "1:,0")), tensor.detach().numpy()[1:, 0])


def test_more_than_the_bound_is_thinned_unasked():
    found = cut(np.broadcast_to(np.uint8(1), (3000, 3000)))
    assert len(found.data) <= LARGEST
    assert found.steps == (2, 2)


@pytest.mark.parametrize("value", [None, [torch.zeros(2)], {"a": 1}, 3.0, "text"])
def test_what_is_no_array_is_refused(value):
    with pytest.raises(UsageError, match="no array"):
        cut(value)


@pytest.mark.parametrize(
    "at", ["0", "0,0,0", "a,0", "0;0", "2,0", "-3,0", "0:1:1,0", "1.0,0", "0x1,0", " ,0", "9999999999999999999,0"]
)
def test_places_that_are_none_are_refused(at):
    with pytest.raises(UsageError):
        cut(np.zeros((2, 2)), at)
