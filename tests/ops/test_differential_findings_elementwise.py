"""What random nodes found in the elementwise operators, each with what is right by the standard's words or ONNX Runtime."""

import math

import ml_dtypes
import numpy as np
import pytest

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy

INF, NAN = math.inf, math.nan
E8M0, E4M3, E5M2 = ml_dtypes.float8_e8m0fnu, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
INT4, UINT4, FLOAT4, FLOAT6 = ml_dtypes.int4, ml_dtypes.uint4, ml_dtypes.float4_e2m1fn, ml_dtypes.float6_e2m3fn


def run(operator, opset, *inputs, outputs=1, **attributes):
    drawn = Drawn(inputs, attributes, outputs)
    model = proto(Strategy(operator, "", (opset,), lambda draw, opset: drawn, ()), opset, drawn)
    values = lm.open(model).run({f"x{i}": x for i, x in enumerate(inputs) if x is not None}).values
    found = [as_numpy(values[f"y{i}"]) for i in range(outputs)]
    return found if outputs > 1 else found[0]


def floats(*numbers):
    return np.array(numbers, np.float32)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_the_smallest_integer_by_minus_one_wraps_and_stops_nothing(dtype):
    least = np.iinfo(dtype).min
    found = run("Div", 14, np.array([least, least, -7, 7], dtype), np.array([-1, 2, -1, -2], dtype))
    np.testing.assert_array_equal(found, np.array([least, least // 2, 7, -3], dtype))


def test_infinity_is_looked_for_in_8_bit_floats():
    x = np.array([INF, -INF, NAN, 1], E5M2)
    np.testing.assert_array_equal(run("IsInf", 20, x), [True, True, False, False])
    np.testing.assert_array_equal(run("IsInf", 20, x, detect_negative=0), [True, False, False, False])
    np.testing.assert_array_equal(run("IsInf", 20, np.array([NAN, 448], E4M3)), [False, False])


def test_an_exponent_need_not_fit_the_dtype_of_the_base():
    np.testing.assert_array_equal(run("Pow", 12, np.array([0.5, 2], np.float16), np.array(1e300)), [0, INF])
    np.testing.assert_array_equal(run("Pow", 12, np.array([50000], np.float16), np.array(1 / 3)), np.array([36.84], np.float16))
    power = run("Pow", 15, np.array(0.7), np.array([1.4609375], ml_dtypes.bfloat16))
    np.testing.assert_allclose(power, [0.7**1.4609375], rtol=1e-12)
    np.testing.assert_array_equal(run("Pow", 12, floats(0.5), np.array([2**64 - 1], np.uint64)), [0])


def test_a_files_sixth_is_that_of_float32_in_float64_too():
    alpha = float(np.float32(1 / 6))
    np.testing.assert_allclose(run("HardSigmoid", 6, np.array([-2.9]), alpha=alpha), [alpha * -2.9 + 0.5], rtol=1e-13)


def test_selu_had_fewer_digits_until_opset_5():
    """Selu-1: "Coefficient of SELU default to 1.6732", "default to 1.0507". (The reference evaluator takes Selu-6's.)"""
    right = [1.0507, 1.0507 * 1.6732 * math.expm1(-1)]
    np.testing.assert_allclose(run("Selu", 1, np.array([1.0, -1.0])), right, rtol=1e-12)


def test_no_slope_is_taken_of_zero():
    """ "f(x) = x for x >= 0". (The reference evaluator: NaN.)"""
    np.testing.assert_array_equal(run("PRelu", 16, floats(0, 0), floats(INF, NAN)), [0, 0])


def test_bounds_not_given_are_those_of_the_dtype():
    """Clip-6: "They default to numeric_limits::lowest() and numeric_limits::max()". (The reference evaluator: float32's.)"""
    np.testing.assert_array_equal(run("Clip", 6, np.array([INF, -INF, 3], np.float16)), [65504, -65504, 3])


E8M0_CASTS = [
    # x, saturate, round_mode, as e8m0
    (2.0**-127, 1, "up", 2.0**-127),
    (2.0**-128, 1, "up", 2.0**-127),  # x < E8M0_MIN: E8M0_MIN
    (0.0, 1, "up", 2.0**-127),
    (1.25 * 2.0**-127, 1, "up", 2.0**-126),
    (1.25 * 2.0**-127, 1, "nearest", 2.0**-127),
    (1.5 * 2.0**-127, 1, "nearest", 2.0**-126),
    (1.75 * 2.0**-127, 1, "down", 2.0**-127),
    (INF, 1, "up", 2.0**127),  # Inf: E8M0_MAX (the reference evaluator: NaN)
    (1.5 * 2.0**127, 1, "up", 2.0**127),
    (0.0, 0, "nearest", NAN),
    (2.0**-128, 0, "nearest", NAN),  # x < E8M0_MIN: NaN
    (1.75 * 2.0**127, 0, "nearest", NAN),  # x > E8M0_MAX: NaN
    (INF, 0, "nearest", NAN),
    (2.0**127, 0, "nearest", 2.0**127),
    (NAN, 1, "up", NAN),
]
"""The cases of the table in Cast's page, and the smallest power of two, which float32 has without an exponent of its own."""


@pytest.mark.parametrize(("x", "saturate", "round_mode", "right"), E8M0_CASTS)
def test_casts_to_powers_of_two(x, saturate, round_mode, right):
    options = {"saturate": saturate, "round_mode": round_mode}
    x = floats(x)
    np.testing.assert_array_equal(run("Cast", 24, x, to=24, **options).astype(np.float32), floats(right))
    np.testing.assert_array_equal(run("CastLike", 24, x, np.ones((), E8M0), **options).astype(np.float32), floats(right))


def test_every_power_of_two_comes_back():
    every = np.arange(255, dtype=np.uint8).view(E8M0)
    np.testing.assert_array_equal(run("Cast", 24, every.astype(np.float32), to=24).view(np.uint8), every.view(np.uint8))


def test_texts_become_8_bit_floats_by_the_same_rules_as_numbers():
    texts = np.array(["1000", "-1e9", "0.3", "NaN"], object)
    np.testing.assert_array_equal(run("Cast", 19, texts, to=17).astype(np.float32), floats(448, -448, 0.3125, NAN))
    np.testing.assert_array_equal(run("Cast", 19, texts, to=17, saturate=0).astype(np.float32), floats(NAN, NAN, 0.3125, NAN))
    np.testing.assert_array_equal(run("Cast", 24, np.array(["5"], object), to=24).astype(np.float32), [8])


def test_small_dtypes_become_one_another():
    """ "Conversion from a numerical type to any numerical type is always allowed." (The reference evaluator refuses.)"""
    np.testing.assert_array_equal(run("Cast", 28, np.array([1, 7], UINT4), to=27).astype(np.float32), [1, 7])
    np.testing.assert_array_equal(run("Cast", 28, np.array([-1.5, 6], FLOAT4), to=27).astype(np.float32), [-1.5, 6])
    np.testing.assert_array_equal(run("Cast", 28, np.array([-1.5, 6], FLOAT6), to=22).astype(np.int8), [-1, 6])
    np.testing.assert_array_equal(run("Cast", 21, np.array([-1, 7], INT4), to=21).astype(np.int8), [15, 7])


def test_bits_smaller_than_a_byte_are_read_as_another_dtype():
    np.testing.assert_array_equal(run("BitCast", 26, np.array([-1, 7, -8], INT4), to=21).astype(int), [15, 7, 8])
    np.testing.assert_array_equal(run("BitCast", 26, np.array([0, 7, 15], UINT4), to=23).astype(float), [0, 6, -6])
    np.testing.assert_array_equal(run("BitCast", 26, np.array([-1, 1], ml_dtypes.int2), to=25).astype(int), [3, 1])


def test_the_scales_dtype_is_that_of_the_division():
    """ "The type of `y_scale` determines the precision of the division operation". (The reference evaluator: NumPy's common.)"""
    x, y_scale = floats(0.3498), np.array(0.1, np.float16)  # 3.4989 as floats of 32 bits, 3.5 as those of 16
    np.testing.assert_array_equal(run("QuantizeLinear", 23, x, y_scale), [4])
    np.testing.assert_array_equal(run("QuantizeLinear", 23, x, y_scale, precision=1), [3])


def test_scales_without_fractions_divide_into_fractions():
    zero = np.zeros((), np.int8)
    np.testing.assert_array_equal(run("QuantizeLinear", 24, floats(2.6, -7), np.array(2, np.int32), zero), [1, -4])
    np.testing.assert_array_equal(run("QuantizeLinear", 24, floats(2.6, -7), np.array(2, E8M0), zero), [1, -4])


def test_8_bit_floats_that_do_not_saturate_have_no_largest():
    """ "[x] > FLT_MAX: NaN (E4M3FN), Inf (E5M2)"; 464 is the last number that rounds to 448."""
    x, scale = floats(464, 465, -1e6), np.float32(1)
    found = run("QuantizeLinear", 19, x, np.array(scale), np.zeros((), E4M3), saturate=0)
    np.testing.assert_array_equal(found.astype(np.float32), floats(448, NAN, NAN))
    found = run("QuantizeLinear", 19, x, np.array(scale), np.zeros((), E5M2), saturate=0)
    np.testing.assert_array_equal(found.astype(np.float32), floats(448, 448, -INF))


def test_dropout_keeps_the_dtype_of_the_data():
    """ "output: T", whatever the ratio's. (The reference evaluator: both promoted.)"""
    yes = np.array(True)
    for dtype in (np.float16, ml_dtypes.bfloat16, E4M3, E5M2):
        output, mask = run("Dropout", 22, np.ones(50, dtype), np.array(0.5), yes, outputs=2, seed=3)
        assert output.dtype == dtype
        assert 0 < mask.sum() < 50
        np.testing.assert_array_equal(output.astype(np.float32), 2 * mask)
    assert run("Dropout", 13, np.ones(5, np.float32), None, yes, seed=1).max() == 2  # "it will default to 0.5"
    assert run("Dropout", 7, np.ones(5, np.float32), outputs=2)[1].dtype == np.float32  # "mask: T" until opset 9


REFUSED = [
    ("BitShift", 11, [np.array([5], np.uint8), np.array([1], np.uint8)], {"direction": "UP"}),
    ("Cast", 24, [floats(1.5)], {"to": 24, "round_mode": "sideways"}),
    ("Mod", 13, [floats(5), floats(3)], {"fmod": 2}),
    ("PRelu", 16, [floats(1), floats(1, 2)], {}),
    ("Dropout", 13, [floats(1), np.array(1.0), np.array(True)], {}),
    ("Dropout", 13, [floats(1), np.array(1.5), np.array(True)], {}),
    ("QuantizeLinear", 21, [floats(1), np.array(0.5, np.float32), np.array(3, np.uint8)], {"output_dtype": 3}),
    ("QuantizeLinear", 21, [floats(1), np.array(0.5, np.float32)], {"output_dtype": 6}),
    ("QuantizeLinear", 21, [floats(1, 2), floats(0.5, 0.5), np.array(3, np.uint8)], {"axis": 0}),
    ("QuantizeLinear", 21, [np.ones((2, 4), np.float32), np.ones((2, 3), np.float32)], {"axis": 1, "block_size": 2}),
    ("QuantizeLinear", 21, [np.ones((2, 4), np.float32), np.ones((2, 2), np.float32)], {"axis": 1}),
    ("QuantizeLinear", 21, [np.ones((2, 4), np.float32), floats(1, 1)], {"axis": 2}),
    ("DequantizeLinear", 21, [np.array([1], np.uint8), np.array(0.5, np.float32), np.array(3, np.int8)], {}),
    ("DequantizeLinear", 23, [np.array([1], np.uint8), np.array(0.5, np.float32)], {"output_dtype": 6}),
]
"""What the standard forbids, and was once given a result for."""


@pytest.mark.parametrize(("operator", "opset", "inputs", "attributes"), REFUSED)
def test_what_the_standard_forbids_is_refused(operator, opset, inputs, attributes):
    with pytest.raises(lm.LaminaeError):
        run(operator, opset, *inputs, **attributes)
