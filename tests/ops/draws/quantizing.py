"""Quantizing and back: whole tensors, one scale for each index of an axis or for each block, every narrow dtype."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from laminae.base.dtypes import CODES, NAMES
from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, axis, draws, dtype_of, sizes, some, versions

E8M0 = "float8_e8m0fnu"
WITHOUT_NAN = ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn")


def granularity(draw: Draw, opset: int) -> tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]:
    """The shapes of x and of the scale, and the axis and the block size that say how they meet."""
    how = draw(st.sampled_from(("tensor", "axis", "blocks")[: 1 if opset < 13 else 2 if opset < 21 else 3]))
    shape = sizes(draw, (how != "tensor", 4), high=6)
    if how == "tensor":
        return shape, (), {} if opset < 13 or not shape else some(draw, axis=st.integers(-len(shape), len(shape) - 1))
    along = axis(draw, len(shape))
    if how == "axis":
        return (
            shape,
            (shape[along],),
            {} if len(shape) > 1 and along % len(shape) == 1 and draw(st.booleans()) else {"axis": along},
        )
    block = draw(st.integers(1, 4))
    scales = list(shape)
    scales[along] = -(-shape[along] // block)
    return shape, tuple(scales), {"axis": along, "block_size": block}


def scale(draw: Draw, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    if dtype == E8M0 or "int" in dtype:
        return array(draw, shape, dtype, low=1, high=5)
    low = draw(st.sampled_from((0.002, 0.05, 0.5)))
    return array(draw, shape, dtype, low=low, high=3 * low)


def zero_point(draw: Draw, shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    """Any integer of the dtype; nothing but 0 where floats are stored."""
    return array(draw, shape, dtype, low=-200, high=200) if "int" in dtype else np.zeros(shape, dtype_of(dtype))


def spread(parameter: np.ndarray[Any, Any], drawn: Drawn) -> np.ndarray[Any, Any]:
    """One scale or zero point for each element of x."""
    shape, along, block = drawn.inputs[0].shape, drawn.attributes.get("axis", 1), drawn.attributes.get("block_size", 0)
    if not parameter.ndim:
        return np.broadcast_to(parameter, shape)
    if block:
        return np.repeat(parameter, block, axis=along).take(range(shape[along]), axis=along)
    return np.broadcast_to(np.expand_dims(parameter, [i for i in range(len(shape)) if i != along % len(shape)]), shape)


def precise(drawn: Drawn, opset: int) -> bool:
    """Whether NumPy would divide in another dtype than the scale's, or has no such division."""
    x, y_scale, *_ = drawn.inputs
    return x.dtype != y_scale.dtype or y_scale.dtype in (E8M0, np.int32)


def divided_in_the_scales_dtype(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    """round(x / y_scale) + y_zero_point; the division in float32 where the scale's dtype has no fractions."""
    x, y_scale, *rest = drawn.inputs
    precision = NAMES.get(drawn.attributes.get("precision", 0), y_scale.dtype.name)
    work = np.dtype(np.float32) if precision in (E8M0, "int32") else dtype_of(precision)
    with np.errstate(all="ignore"):
        quotient = (x.astype(work) / spread(y_scale, drawn).astype(work)).astype(np.float64)
    y_zero_point = rest[0] if rest else None
    name = y_zero_point.dtype.name if y_zero_point is not None else NAMES.get(drawn.attributes.get("output_dtype", 0), "uint8")
    limits: Any = (ml_dtypes.iinfo if "int" in name else ml_dtypes.finfo)(dtype_of(name))
    low, high = float(limits.min), float(limits.max)
    if "int" in name:
        offset = 0 if y_zero_point is None else spread(y_zero_point, drawn).astype(np.int64)
        return [np.clip(np.rint(quotient) + offset, low, high).astype(np.int64).astype(dtype_of(name))]
    kept = np.clip(quotient, low, high) if drawn.attributes.get("saturate", 1) else quotient
    return [kept.astype(np.float32).astype(dtype_of(name))]


SCALES_DTYPE = Fault(
    precise,
    "The type of `y_scale` determines the precision of the division operation between `x` and `y_scale`, "
    "unless the `precision` attribute is specified. (The reference evaluator divides in NumPy's common dtype.)",
    divided_in_the_scales_dtype,
)


@draws("QuantizeLinear", opsets=(*versions("QuantizeLinear", 10), 28), faults=[SCALES_DTYPE])
def quantize(draw: Draw, opset: int) -> Drawn:
    """No NaN and ∞ but to 8-bit floats: what integers come of them is not said."""
    shape, scales, attributes = granularity(draw, opset)
    dtype = draw(st.sampled_from(allowed("QuantizeLinear", opset)))
    scaled = draw(st.sampled_from(allowed("QuantizeLinear", opset, 1))) if opset >= 23 else dtype if opset >= 19 else "float32"
    target = draw(st.sampled_from(allowed("QuantizeLinear", opset, output=True)))
    whole = "int" in dtype
    high = draw(st.sampled_from((3, 20, 100)))
    x = array(draw, shape, dtype, low=-high, high=high, special=not whole and "float8" in target)
    inputs = [x, scale(draw, scales, scaled)]
    if (target != "uint8" and opset < 21) or draw(st.booleans()):
        inputs.append(zero_point(draw, scales, target))
    if opset >= 21 and ((len(inputs) == 2 and target != "uint8") or draw(st.booleans())):
        attributes |= {"output_dtype": CODES[target]}
    if opset >= 19:
        attributes |= some(draw, saturate=st.integers(0, 1))
    if opset >= 23:
        attributes |= some(draw, precision=st.sampled_from([CODES[name] for name in ("float32", "float16", "bfloat16")]))
    return Drawn(inputs, attributes)


OLDER = Fault(lambda drawn, opset: opset < 19, "(The reference evaluator has no version before 19.)", judge="onnxruntime")


@draws("DequantizeLinear", opsets=(*versions("DequantizeLinear", 10), 28), faults=[OLDER])
def dequantize(draw: Draw, opset: int) -> Drawn:
    """A scale in e8m0 comes with an output dtype: e8m0 is none. int32 has no zero point but 0, and
    8-bit floats have none without elements: the reference evaluator looks whether all are 0, and so refuses.
    """
    shape, scales, attributes = granularity(draw, opset)
    dtype = draw(st.sampled_from(allowed("DequantizeLinear", opset)))
    scaled = draw(st.sampled_from(allowed("DequantizeLinear", opset, 1)))
    inputs = [array(draw, shape, dtype, low=-200, high=200), scale(draw, scales, scaled)]
    if draw(st.booleans()) and not ("float8" in dtype and 0 in scales):
        inputs.append(zero_point(draw, scales, dtype) if dtype != "int32" else np.zeros(scales, np.int32))
    if opset >= 23 and (scaled == E8M0 or draw(st.booleans())):
        attributes |= {"output_dtype": draw(st.sampled_from([CODES[name] for name in ("float32", "float16", "bfloat16")]))}
    return Drawn(inputs, attributes)


@draws("DynamicQuantizeLinear", opsets=versions)
def dynamic_quantize(draw: Draw, opset: int) -> Drawn:
    high = draw(st.sampled_from((0.0, 1e-3, 5.0, 1e4)))
    return Drawn([array(draw, sizes(draw, low=1), low=draw(st.sampled_from((-5.0, 0.0))), high=high)], outputs=3)
