"""What a draw is, how a strategy is registered, and the drawing of arrays, shapes and axes all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import onnx
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]

FLOATS = ("float32", "float64", "float16", "bfloat16")
SIGNED = ("int32", "int64", "int8", "int16")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = SIGNED + UNSIGNED
NUMBERS = FLOATS + INTEGERS
ANY = (*NUMBERS, "bool", "string", "complex64", "complex128")
"""What operators that only move elements take; `movable` adds the small dtypes of later opsets."""

_SINCE = {
    "float8_e4m3fn": 19, "float8_e4m3fnuz": 19, "float8_e5m2": 19, "float8_e5m2fnuz": 19, "uint4": 21, "int4": 21,
    "float4_e2m1fn": 23, "float8_e8m0fnu": 24, "uint2": 25, "int2": 25,
}  # fmt: skip


def movable(opset: int, *, bfloat16: int = 13, small: bool = True) -> tuple[str, ...]:
    """The dtypes an operator that only moves elements takes at this opset. bfloat16: the opset since which it takes that."""
    kept = tuple(name for name in ANY if name != "bfloat16" or opset >= bfloat16)
    return kept + tuple(name for name, since in _SINCE.items() if small and opset >= since)


@dataclass(frozen=True)
class Drawn:
    """One node as drawn: its input arrays (None where left out, a list for a sequence), attributes, number of outputs.

    rtol, atol: how near floats must be, where the usual (`compared.tolerance`) does not hold, and the strategy says why;
    an atol of 1 or more is for integers too.
    only_form: compare dtypes and shapes, not elements: those of random numbers.
    around: more inputs of the graph, by name, which the bodies of the node read.
    """

    inputs: Sequence[Any]
    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: int = 1
    rtol: float | None = None
    atol: float | None = None
    only_form: bool = False
    around: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """Where the reference evaluator is wrong: for which draws, and what the standard says (its own sentence).

    right: the outputs that sentence asks for, in NumPy; then these are what is compared with, and the draw is not excused.
    judge: who decides these draws in the evaluator's place, a name in `judges.JUDGES`; excused where that refuses too.
    """

    when: Callable[[Drawn, int], bool]
    says: str
    right: Callable[[Drawn, int], Sequence[Any]] | None = None
    judge: str = ""


@dataclass(frozen=True)
class Strategy:
    """How nodes of one operator are drawn. opsets: those whose versions are asked; judge: a name in `judges.JUDGES`."""

    operator: str
    domain: str
    opsets: tuple[int, ...]
    make: Callable[[Draw, int], Drawn]
    faults: tuple[Fault, ...]
    judge: str = "reference"

    @property
    def name(self) -> str:
        return f"{self.domain}.{self.operator}" if self.domain else self.operator

    def drawn(self) -> st.SearchStrategy[tuple[int, Drawn]]:
        """(opset, node) pairs."""

        @st.composite
        def both(draw: Draw) -> tuple[int, Drawn]:
            opset = draw(st.sampled_from(self.opsets))
            return opset, self.make(draw, opset)

        return both()


STRATEGIES: dict[str, Strategy] = {}


def draws(
    *operators: str,
    opsets: Sequence[int] | Callable[[str], Sequence[int]] = (27,),
    domain: str = "",
    faults: Sequence[Fault] = (),
    judge: str = "reference",
) -> Callable[[Callable[..., Drawn]], Callable[..., Drawn]]:
    """Register the function as the strategy of these operators: it is given `draw`, the opset and, where there are several
    operators, the operator's name as the keyword `operator`.

    opsets: list each at which the operator's meaning changed, and the newest; or a function that says them of a name.
    judge: whose results are right.
    """

    def register(make: Callable[..., Drawn]) -> Callable[..., Drawn]:
        for name in operators:

            def one(draw: Draw, opset: int, name: str = name) -> Drawn:
                return make(draw, opset, operator=name) if len(operators) > 1 else make(draw, opset)

            asked = opsets(name) if callable(opsets) else opsets
            made = Strategy(name, domain, tuple(asked), one, tuple(faults), judge)
            STRATEGIES[made.name] = made
        return make

    return register


def dtype_of(name: str) -> np.dtype[Any]:
    """NumPy's dtype, ml_dtypes' ones included: "bfloat16", "float8_e4m3fn", "int4" …"""
    return np.dtype(getattr(ml_dtypes, name)) if hasattr(ml_dtypes, name) else np.dtype(name)


_SCHEMAS_OWN = {
    "float": "float32", "double": "float64", "float8e4m3fn": "float8_e4m3fn", "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2", "float8e5m2fnuz": "float8_e5m2fnuz", "float8e8m0": "float8_e8m0fnu",
    "float4e2m1": "float4_e2m1fn", "float6e2m3": "float6_e2m3fn", "float6e3m2": "float6_e3m2fn",
}  # fmt: skip
"""Dtypes that schemas name otherwise than NumPy."""


@cache
def allowed(operator: str, opset: int, index: int = 0, *, output: bool = False) -> tuple[str, ...]:
    """The dtypes that the schema of that opset allows for an input (or output) of the main domain."""
    schema = onnx.defs.get_schema(operator, opset, "")
    types = (schema.outputs if output else schema.inputs)[index].types
    names = [name[7:-1] for name in sorted(types) if name.startswith("tensor(")]
    return tuple(_SCHEMAS_OWN.get(name, name) for name in names)


@cache
def versions(operator: str, first: int = 1, last: int = 28) -> tuple[int, ...]:
    """The opsets from first to last at which the main domain's operator changed, and the last one."""
    every = {s.since_version for s in onnx.defs.get_all_schemas_with_history() if s.name == operator and not s.domain}
    return (*sorted(n for n in every if first <= n < last), last)


def sizes(draw: Draw, rank: int | tuple[int, int] = (0, 4), low: int = 0, high: int = 5) -> tuple[int, ...]:
    """A shape. rank: exactly, or from and to; low, high: the sizes of its axes."""
    first, last = (rank, rank) if isinstance(rank, int) else rank
    return tuple(draw(st.lists(st.integers(low, high), min_size=first, max_size=last)))


def broadcast(draw: Draw, count: int, **named: Any) -> list[tuple[int, ...]]:
    """Shapes that broadcast together: each leaves leading axes out or has 1s."""
    whole = sizes(draw, **named)
    made = []
    for _ in range(count):
        start = draw(st.integers(0, len(whole)))
        made.append(tuple(draw(st.sampled_from((1, n))) for n in whole[start:]))
    return made


def axis(draw: Draw, rank: int) -> int:
    """An axis of a tensor of this rank, negative ones included. The rank must not be 0."""
    return draw(st.integers(-rank, rank - 1))


def array(
    draw: Draw,
    shape: Sequence[int],
    dtype: str = "float32",
    *,
    low: float = -3.0,
    high: float = 3.0,
    special: bool = False,
    distinct: bool = False,
) -> np.ndarray[Any, Any]:
    """An array of numbers in [low, high) (integers: [low, high], cut to the dtype), of bools, or of short strings.

    special: sometimes with NaN, ±inf, −0, the smallest and the largest of the dtype among them (floats of a byte: any bits).
    distinct: no two elements alike.
    """
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = int(np.prod(shape))
    if dtype == "bool":
        return np.asarray(generator.random(shape) < 0.5)
    if dtype in ("string", "object", "str"):
        return np.array(["".join(generator.choice(list("abÄ 1.")) for _ in range(generator.integers(0, 4))) for _ in range(count)], object).reshape(shape)  # fmt: skip
    kind = dtype_of(dtype)
    if kind.kind in "iu" or "int" in dtype:
        limits = ml_dtypes.iinfo(kind)
        first, last = max(int(low), int(limits.min)), min(int(high), int(limits.max))
        if distinct:
            last = min(max(last, first + count), int(limits.max))
            made = generator.permutation(np.arange(first, last + 1))[:count].astype(kind).reshape(shape)
        else:
            made = generator.integers(first, last, shape, endpoint=True, dtype=np.uint64 if first > 2**62 else np.int64).astype(
                kind
            )
        extremes = [limits.min, limits.max, 0]
    elif kind.itemsize == 1 and not distinct and (special or "e8m0" in dtype):
        wanted = 2 ** ml_dtypes.finfo(kind).bits if special else 6
        made = (generator.integers(0, wanted, shape, dtype=np.uint16) + (0 if special else 124)).astype(np.uint8).view(kind)
        return np.asarray(made).reshape(shape)
    else:
        wide = np.linspace(low, high, max(count, 1), endpoint=False)[generator.permutation(max(count, 1))[:count]].reshape(shape)
        made = (wide if distinct else generator.uniform(low, high, shape)).astype(kind)
        if kind.kind == "c":
            return (made + 1j * generator.uniform(low, high, shape)).astype(kind)
        limits = ml_dtypes.finfo(kind)
        extremes = [np.nan, np.inf, -np.inf, -0.0, 0.0, float(limits.max), float(limits.min), float(limits.tiny)]
    if special and count and draw(st.booleans()):
        flat = made.reshape(-1)
        for place in generator.integers(0, count, min(count, 3)):
            flat[place] = np.asarray(extremes[generator.integers(len(extremes))]).astype(kind)
    return made


def some(draw: Draw, **options: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Each of these attributes, or not: what is left out has the standard's default."""
    return {name: draw(one) for name, one in options.items() if draw(st.booleans())}
