"""Every dtype, as raw bytes and in typed fields, both ways; onnx.numpy_helper is the oracle."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from laminae.base.dtypes import BITS, CODES, nbytes, numpy_dtype
from laminae.files.onnx_reader import read
from laminae.files.packing import pack, unpack
from laminae.files.tensor_writer import raw_bytes, tensor_of
from laminae.graph.equality import same_bits
from tests.files import small
from tests.files.test_unsound import parameter

FIXED = [name for name in CODES if name != "string"]


def example(name: str, shape: tuple[int, ...] = (3, 5)) -> np.ndarray:
    """Random bit patterns of a dtype."""
    count = int(np.prod(shape))
    rng = np.random.default_rng(CODES[name])
    if name == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if name in BITS:
        return unpack(rng.integers(0, 256, nbytes(name, count), np.uint8), name, count).reshape(shape)
    return rng.integers(0, 256, count * numpy_dtype(name).itemsize, np.uint8).view(numpy_dtype(name)).reshape(shape)


def read_back(tensor: onnx.TensorProto) -> np.ndarray:
    tensor.name = "p"
    return read(parameter(tensor).SerializeToString()).parameters["p"].array


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("shape", [(3, 5), (), (0, 2), (20, 30)])
def test_what_is_written_is_read_bit_for_bit_by_us_and_by_onnx(name, shape):
    array = example(name, shape)
    tensor = tensor_of(array)
    assert tensor.data_type == CODES[name]
    assert same_bits(read_back(tensor), array)
    theirs = numpy_helper.to_array(tensor)
    assert theirs.dtype == array.dtype
    assert same_bits(theirs, array)


@pytest.mark.parametrize("name", FIXED)
def test_typed_fields_are_read_as_onnx_reads_them(name):
    array = example(name, (7,))
    if name.startswith("complex"):
        array = np.array([1 + 2j, -3j, 0], numpy_dtype(name))
    tensor = onnx.TensorProto(dims=array.shape, data_type=CODES[name])
    field = helper.tensor_dtype_to_field(CODES[name])
    getattr(tensor, field).extend(typed(array, name))
    assert same_bits(read_back(tensor), array)
    assert same_bits(numpy_helper.to_array(tensor), array)


def typed(array: np.ndarray, name: str) -> list[float]:
    """The items of a typed field, as onnx.proto says."""
    if name.startswith("complex"):
        return [part for item in array for part in (item.real, item.imag)]
    if BITS.get(name) in (2, 4):
        return [int(byte) for byte in pack(array)]
    if name in ("float32", "float64"):
        return array.tolist()
    if "float" in name:
        return array.view(np.uint16 if array.dtype.itemsize == 2 else np.uint8).tolist()
    return [int(item) for item in array]


@given(st.sampled_from(sorted(BITS)), st.integers(0, 40), st.randoms(use_true_random=False))
def test_packing_and_unpacking_are_inverse(name, size, random):
    array = unpack(np.frombuffer(random.randbytes(nbytes(name, size)), np.uint8), name, size)
    packed = pack(array)
    assert packed.nbytes == nbytes(name, size)
    assert same_bits(unpack(packed, name, size), array)


def test_the_first_element_is_in_the_lowest_bits():
    array = np.array([1, -2, 3], ml_dtypes.int4)
    assert bytes(pack(array)) == bytes([0xE1, 0x03])
    assert [int(x) for x in unpack(np.array([0xE1, 0x03], np.uint8), "int4", 3)] == [1, -2, 3]


def test_strings_stay_strings_and_bytes_that_are_no_text_stay_bytes():
    array = np.array([["a", "ü"], ["", b"\xff"]], object)
    found = read_back(tensor_of(array))
    assert found.tolist() == array.tolist()


def test_arrays_in_another_order_or_from_torch_are_written_by_value():
    torch = pytest.importorskip("torch")
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    for given_array in (np.asfortranarray(array), array.astype(">f4"), torch.from_numpy(array), array[:, ::-1][:, ::-1]):
        assert bytes(raw_bytes(given_array)) == array.tobytes()
    strided = torch.from_numpy(array).t().requires_grad_()
    assert bytes(raw_bytes(strided)) == array.T.tobytes()
    half = torch.arange(4).to(torch.bfloat16)
    assert same_bits(read_back(tensor_of(half)), np.arange(4).astype(ml_dtypes.bfloat16))


def test_a_small_weight_can_be_written_to():
    array = read(small.model([], outputs=[small.value("x")], parameters=[small.tensor("w", (2, 2))])).parameters["w"].array
    array[:] = 7
    assert (array == 7).all()
