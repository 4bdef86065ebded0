"""What random nodes found where elements are chosen, written and counted; what is right by the standard's words."""

import ml_dtypes
import numpy as np
import pytest
from onnx import numpy_helper

import laminae as lm
from laminae.base.shapes import Spec
from laminae.ops.registry import find
from tests.ops.one_node import floats, integers, run, same

BACK = np.iinfo(np.int64).min


@pytest.mark.parametrize("opset", [10, 11, 13, 24])
@pytest.mark.parametrize(("start", "step"), [(-10, -1), (BACK, -1), (-6, -2)])
def test_a_backward_slice_from_before_the_first_element_starts_at_it(opset, start, step):
    """ "starts[axes[i]] is clamped … to range [0, dims[axes[i]]-1] for negative stepping"; ONNX Runtime gives the same."""
    data = floats(0, 1, 2, 3, 4)
    found = run("Slice", opset, data, integers(start), integers(BACK), integers(0), integers(step))
    same(found[0], floats(0))


def test_a_backward_slice_from_before_the_first_element_has_one_in_the_shape_too():
    known = [Spec("int64", (1,), integers(n)) for n in (-10, BACK, 0, -1)]
    (found,) = find("", "Slice", 13).infer([Spec("float32", (5,)), *known], {}, 1)
    assert found.dims == (1,)
    (found,) = find("", "Slice", 13).infer([Spec("int64", (3,), integers(7, 8, 9)), *known], {}, 1)
    assert found.value.tolist() == [7]


@pytest.mark.filterwarnings("error")
def test_the_lowest_int64_opens_a_slice_without_a_warning():
    same(run("Slice", 13, floats(0, 1, 2), integers(BACK), integers(2))[0], floats(0, 1))


@pytest.mark.parametrize("operator", ["CumSum", "CumProd"])
@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_unsigned_numbers_accumulate_from_the_end(operator, dtype):
    found = run(operator, 26, np.array([3, 2], dtype), np.array(0), reverse=1)
    same(found[0], np.array([5, 2] if operator == "CumSum" else [6, 2], dtype))


@pytest.mark.parametrize(("opset", "last"), [(9, [0, 0, 0]), (10, [0, 0, 0]), (11, [0, 0, 1])])
def test_a_negative_index_counts_from_the_end_of_a_one_hot_since_opset_11(opset, last):
    """Before: "values outside the range [0, depth) will result in one-hot representation with all 'off_value' values"."""
    same(run("OneHot", opset, integers(-1, 1), np.array(3), floats(0, 1))[0], np.array([last, [0, 1, 0]], np.float32))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.uint64])
def test_one_hot_writes_unsigned_values(dtype):
    same(run("OneHot", 11, integers(1), np.array(2), np.array([5, 7], dtype))[0], np.array([[5, 7]], dtype))


def test_one_hot_casts_indices_and_depth_to_int64():
    """ "In case 'indices' is of non-integer type, the values will be casted to int64 before use." """
    found = run("OneHot", 11, floats(1.7, -0.5), floats(2.75), floats(0, 1))
    same(found[0], np.array([[0, 1], [1, 0]], np.float32))


def test_texts_and_infinities_are_one_hot_values():
    same(run("OneHot", 11, integers(1), np.array(2), np.array(["off", "on"], object))[0], np.array([["off", "on"]], object))
    same(run("OneHot", 11, integers(1), np.array(2), floats(-np.inf, 0))[0], floats(-np.inf, 0, shape=(1, 2)))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.uint64])
@pytest.mark.parametrize(("reduction", "expected"), [("add", 2), ("mul", 0), ("max", "top"), ("min", 3)])
def test_unsigned_numbers_are_scattered_by_every_reduction(dtype, reduction, expected):
    """The largest plus 3 wraps to 2; as signed numbers the largest would be −1, below 3."""
    top = np.iinfo(dtype).max
    data, new = np.array([3 if reduction != "mul" else 0], dtype), np.array([top], dtype)
    expected = np.array([top if expected == "top" else expected], dtype)
    same(run("ScatterElements", 18, data, integers(0), new, reduction=reduction)[0], expected)
    same(run("ScatterND", 18, data, integers(0, shape=(1, 1)), new, reduction=reduction)[0], expected)


def test_a_text_is_zero_where_it_is_empty():
    same(run("NonZero", 13, np.array(["a", "", "b"], object))[0], integers(0, 2, shape=(1, 2)))


def test_slices_without_elements_are_all_alike():
    found = run("Unique", 11, np.zeros((3, 0), np.float32), outputs=4, axis=0)
    for x, expected in zip(found, [np.zeros((1, 0), np.float32), integers(0), integers(0, 0, 0), integers(3)], strict=True):
        same(x, expected)
    for x in run("Unique", 11, np.zeros((3, 0), np.float32), outputs=4, axis=1)[1:]:
        same(x, np.zeros(0, np.int64))


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_complex_numbers_are_told_apart(axis):
    """Ascending by their real part first."""
    x = np.array([2 + 1j, 1 + 5j, 2 + 1j], np.complex64)
    found = run("Unique", 11, x, outputs=4, **({} if axis is None else {"axis": axis}))
    for y, expected in zip(found, [x[[1, 0]], integers(1, 0), integers(1, 0, 1), integers(1, 2)], strict=True):
        same(y, expected)


def test_unique_keeps_the_order_of_first_occurrence_along_each_axis():
    """ "optionally in the order of the first occurrence of the values in the input" """
    x = floats(3, 1, 3, 0, 0, 0, shape=(2, 3))
    same(run("Unique", 11, x, sorted=0)[0], floats(3, 1, 0))
    found = run("Unique", 11, x, outputs=3, sorted=0, axis=1)
    for y, expected in zip(found, [x[:, :2], integers(0, 1), integers(0, 1, 0)], strict=True):
        same(y, expected)


@pytest.mark.parametrize("dtype", ["int4", "uint4", "float4_e2m1fn", "int2", "uint2"])
def test_elements_smaller_than_a_byte_fill_a_shape(dtype):
    value = np.array([1], getattr(ml_dtypes, dtype))
    same(run("ConstantOfShape", 25, integers(2, 1), value=numpy_helper.from_array(value))[0], np.full((2, 1), value, value.dtype))


@pytest.mark.parametrize(("end", "expected"), [(-4, []), (-3, []), (-1, [2, 3]), (9, [2, 3, 4])])
def test_the_end_of_a_shape_is_clamped(end, expected):
    """ "axes will be clamped to the range [0, r] … (after adding r in the case of negative axis)" """
    same(run("Shape", 15, np.zeros((2, 3, 4), np.float32), end=end)[0], np.array(expected, np.int64))


X = floats(0, 1, 2, 3, shape=(2, 2))
CACHE = np.zeros((2, 3, 1), np.float32)

REFUSED = {
    "an index outside an axis that another place of the data has": ("ScatterND", 18, (X, integers(0, 2, shape=(1, 2)), floats(5)), {"reduction": "max"}),
    "updates of another shape than the indices ask": ("ScatterND", 18, (X, integers(0, 1, shape=(2, 1)), floats(5, 6)), {}),
    "updates of another shape than the indices": ("ScatterElements", 18, (X, integers(0, shape=(1, 1)), floats(5, 6, shape=(1, 2))), {}),
    "a reduction that there is not": ("ScatterElements", 18, (X, integers(0, 1, shape=(1, 2)), floats(5, 6, shape=(1, 2))), {"reduction": "sum"}),
    "an index outside the data": ("GatherElements", 13, (X, integers(0, 2, shape=(1, 2))), {}),
    "batches of another size than the data's": ("GatherND", 13, (X, integers(0, shape=(1, 1))), {"batch_dims": 1}),
    "an axis outside the rank": ("Unique", 11, (X,), {"axis": 2}),
    "an axis outside the cache": ("TensorScatter", 24, (CACHE, CACHE), {"axis": 4}),
    "one write index for two samples": ("TensorScatter", 24, (CACHE, CACHE, integers(0)), {}),
    "the batch as the time": ("ReverseSequence", 10, (X, integers(1, 2)), {"time_axis": 1}),
    "one length for two sequences": ("ReverseSequence", 10, (X, integers(1)), {}),
    "more values than off and on": ("OneHot", 11, (integers(0), np.array(2), floats(0, 1, 2)), {}),
    "two values of one constant": ("Constant", 13, (), {"value_int": 1, "value_float": 2.0}),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_standard_forbids_is_refused(what):
    operator, opset, inputs, attributes = REFUSED[what]
    with pytest.raises(lm.LaminaeError) as refused:
        run(operator, opset, *inputs, **attributes)
    assert not isinstance(refused.value.__cause__, KeyError)
