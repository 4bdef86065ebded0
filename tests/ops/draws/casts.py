"""Casts between every two dtypes an opset knows, and bits read as another dtype."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from laminae.base.dtypes import BITS, CODES, dtype_name
from tests.ops.draws.drawing import Draw, Drawn, Fault, allowed, array, draws, dtype_of, sizes, some, versions

E8M0 = "float8_e8m0fnu"
WITHOUT_NAN = ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn")
SMALL = (*(name for name in CODES if name.startswith("float8")), *BITS, "bfloat16")
IN_WORDS = ("0", "1", "7", "12", "0.5", "-1.25", "1e-5", "1E8", "+INF", "INF", "-INF", "NaN", "nan", "inf")
SATURATE = st.integers(0, 1)
ROUND_MODE = st.sampled_from(("up", "down", "nearest"))


def whole(dtype: str) -> bool:
    return "int" in dtype


def in_words(target: str) -> tuple[str, ...]:
    """Texts that this dtype holds."""
    if whole(target):
        return IN_WORDS[:2] if target in BITS else IN_WORDS[:4]
    return IN_WORDS[:5] if target == E8M0 else IN_WORDS[:8] if target in WITHOUT_NAN else IN_WORDS


def to_cast(draw: Draw, source: str, target: str) -> np.ndarray[Any, Any]:
    """An array whose cast the standard defines. It does not for floats outside an integer dtype, for NaN and ∞ where there is
    none, for negative numbers as e8m0, for texts that are no numbers, or no whole ones where these are wanted.
    """
    shape = sizes(draw, (0, 3))
    if source == "string" and target != "string":
        generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        return np.asarray(generator.choice(in_words(target), shape), object)
    if target == E8M0:
        x = array(draw, shape, source, low=0.1, high=100, special=not whole(source))
        return np.abs(x) if "float" in source and source != E8M0 else x
    if whole(source) or source in ("bool", "string"):
        return array(draw, shape, source, low=-300, high=300, special=True)
    if whole(target):
        limits = ml_dtypes.iinfo(dtype_of(target))
        x = array(draw, shape, source, low=max(float(limits.min), -100.0), high=min(float(limits.max), 100.0))
        return np.minimum(x, np.ones((), x.dtype)) if source == E8M0 else x
    return array(draw, shape, source, low=-500, high=500, special=target not in (*WITHOUT_NAN, "string"))


def target_of(drawn: Drawn) -> str:
    if "to" in drawn.attributes:
        return next(name for name, code in CODES.items() if code == drawn.attributes["to"])
    return dtype_name(drawn.inputs[1])


def to_e8m0(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    """The power of two at, above or nearest to each number; what is outside 2^-127 to 2^127 is the end, or NaN."""
    x = drawn.inputs[0].astype(np.float64)
    mantissa, exponent = np.frexp(x)
    mode = drawn.attributes.get("round_mode", "up")
    more = mantissa > 0.5 if mode == "up" else (mantissa >= 0.75) & (mode == "nearest")
    found = np.where(np.isinf(x), 127, np.where(x == 0, -127, np.clip(exponent - 1 + more, -127, 127)))
    unheld = np.isnan(x) | (((x < 2.0**-127) | (x > 2.0**127)) & (not drawn.attributes.get("saturate", 1)))
    return [np.where(unheld, 255, found + 127).astype(np.uint8).view(ml_dtypes.float8_e8m0fnu)]


def outside_e8m0(drawn: Drawn, opset: int) -> bool:
    """Or a scalar, which the reference evaluator refuses."""
    if target_of(drawn) != E8M0:
        return False
    x = drawn.inputs[0].astype(np.float64)
    return not x.ndim or bool(np.any((x < 2.0**-126) | (x > 2.0**127)))


def refused(drawn: Drawn, opset: int) -> bool:
    """Whether NumPy has no cast from one to the other (between dtypes of ml_dtypes, mostly)."""
    source = drawn.inputs[0]
    if target_of(drawn) == E8M0:
        return False
    try:
        with np.errstate(all="ignore"):
            source.astype(dtype_of("object" if target_of(drawn) == "string" else target_of(drawn)))
    except TypeError:
        return True
    return source.dtype == object and target_of(drawn).startswith("float8")


def by_way_of_wide(drawn: Drawn, opset: int) -> list[np.ndarray[Any, Any]]:
    """Through float64, which holds every small dtype; kept within what an 8-bit float holds where it is to saturate."""
    target = dtype_of(target_of(drawn))
    x = drawn.inputs[0].astype(np.float64)
    if "float8" in target.name and drawn.attributes.get("saturate", 1):
        x = np.clip(x, float(ml_dtypes.finfo(target).min), float(ml_dtypes.finfo(target).max))
    return [(x.astype(np.int64) if whole(target.name) else x).astype(target)]


FAULTS = [
    Fault(outside_e8m0, "Inf: E8M0_MAX (saturate + up); x < E8M0_MIN: E8M0_MIN (saturate + up), NaN (non-saturate)", to_e8m0),
    Fault(
        lambda drawn, opset: target_of(drawn) == E8M0 and "to" not in drawn.attributes and "round_mode" in drawn.attributes,
        "Please refer to operator Cast description for further details. (The reference evaluator leaves round_mode out.)",
        to_e8m0,
    ),
    Fault(refused, "Conversion from a numerical type to any numerical type is always allowed.", by_way_of_wide),
]


def options(draw: Draw, opset: int, rounds: bool) -> dict[str, Any]:
    known = {"saturate": SATURATE} if opset >= 19 else {}
    return some(draw, **known, **({"round_mode": ROUND_MODE} if rounds and opset >= 24 else {}))


def pair(draw: Draw, opset: int, operator: str) -> tuple[str, str]:
    """Any two dtypes, but those the reference evaluator has no cast for: small floats in words; and texts as bools, which
    the standard does not define.
    """
    source = draw(st.sampled_from(allowed(operator, opset)))
    targets = allowed("Cast", opset, output=True) if operator == "Cast" else allowed(operator, opset, 1)
    without = {"string": "bool"}.get(source, "string" if source in SMALL else "")
    return source, draw(st.sampled_from([name for name in targets if name != without]))


@draws("Cast", opsets=(*versions("Cast", 6), 28, 28, 28), faults=FAULTS)
def cast(draw: Draw, opset: int) -> Drawn:
    source, target = pair(draw, opset, "Cast")
    return Drawn([to_cast(draw, source, target)], {"to": CODES[target], **options(draw, opset, True)})


@draws("CastLike", opsets=(*versions("CastLike", 15), 28, 28), faults=FAULTS)
def cast_like(draw: Draw, opset: int) -> Drawn:
    """With round_mode where it means something: the reference evaluator takes version 19 where it is not looked for."""
    source, target = pair(draw, opset, "CastLike")
    return Drawn(
        [to_cast(draw, source, target), array(draw, sizes(draw, (0, 2)), target, low=1)], options(draw, opset, target == E8M0)
    )


@draws("BitCast", opsets=versions)
def bit_cast(draw: Draw, opset: int) -> Drawn:
    """To a dtype of as many bits; a bool has the bits 0 or 1."""
    names = allowed("BitCast", opset)
    source = draw(st.sampled_from(names))
    target = draw(st.sampled_from([name for name in names if bits(name) == bits(source)]))
    x = array(draw, sizes(draw), source, low=0 if target == "bool" else -200, high=1 if target == "bool" else 200)
    return Drawn([x], {"to": CODES[target]})


def bits(dtype: str) -> int:
    return BITS.get(dtype) or dtype_of(dtype).itemsize * 8
