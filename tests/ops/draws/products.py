"""Products of matrices, Einstein's sums, determinants."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.convolutions import tolerance
from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes

NUMBERS = ("float32", "float64", "float16", "int32", "int64", "uint32", "uint64")


def matrices(draw: Draw, *, vectors: bool = True) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that multiply: vectors, matrices, or stacks of these that broadcast."""
    m, k, n = draw(st.tuples(*[st.integers(0, 3)] * 3))
    stack = sizes(draw, (0, 2), 0, 3)
    shapes = []
    for ends in ((m, k), (k, n)):
        start = draw(st.integers(0, len(stack)))
        shapes.append((*(draw(st.sampled_from((1, size))) for size in stack[start:]), *ends))
    if vectors and draw(st.integers(0, 3)) == 0:
        shapes[0] = (k,)
    if vectors and draw(st.integers(0, 3)) == 0:
        shapes[1] = (k,)
    return shapes[0], shapes[1]


@draws("MatMul", opsets=(1, 9, 13, 27))
def matmul(draw: Draw, opset: int) -> Drawn:
    kinds = NUMBERS[:3] if opset < 9 else NUMBERS + (("bfloat16",) if opset >= 13 else ())
    dtype = draw(st.sampled_from(kinds))
    return Drawn([array(draw, shape, dtype) for shape in matrices(draw)], **tolerance(dtype))


def _rows(drawn: Drawn, opset: int) -> bool:
    return any(x is not None and x.ndim == 1 and x.size > 1 for x in drawn.inputs[2:3])


def _shifted_product(drawn: Drawn, opset: int) -> list[Any]:
    a, b, a_zero, b_zero = (*drawn.inputs, None)[:4]
    shifted = a.astype(np.int32) - a_zero.astype(np.int32).reshape(-1, 1)
    return [shifted @ (b.astype(np.int32) - (0 if b_zero is None else b_zero.astype(np.int32)))]


ROWS = "If the input is 2D of shape [M, K] then zero point tensor may be an M element vector [zp_1, ..., zp_M]"


@draws("MatMulInteger", opsets=(10, 27), faults=[Fault(_rows, ROWS, _shifted_product)])  # fmt: skip
def matmul_integer(draw: Draw, opset: int) -> Drawn:
    of_8_bits = st.sampled_from(("uint8", "int8"))
    kind, other = draw(of_8_bits), draw(of_8_bits)
    a, b = matrices(draw, vectors=False)
    inputs: list[Any] = [array(draw, a, kind, low=-128, high=255), array(draw, b, other, low=-128, high=255), None, None]
    if draw(st.booleans()):
        rows = [(), (1,), (*a[:-1], 1)] + [a[:1]] * (len(a) == 2 and a[0] > 0)
        inputs[2] = array(draw, draw(st.sampled_from(rows)), kind, low=-128, high=255)
    if draw(st.booleans()):
        columns = [(), (1,), (*b[:-2], 1, b[-1])] + [b[1:]] * (len(b) == 2 and b[1] > 0)
        inputs[3] = array(draw, draw(st.sampled_from(columns)), other, low=-128, high=255)
    while inputs[-1] is None:
        inputs.pop()
    return Drawn(inputs)


def _quantized_product(drawn: Drawn, opset: int) -> list[Any]:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = drawn.inputs
    column = [x.reshape(-1, 1) if x.ndim == 1 else x for x in (a_scale, a_zero, y_scale, y_zero)]
    total = (a.astype(np.int32) - column[1].astype(np.int32)) @ (b.astype(np.int32) - b_zero.astype(np.int32))
    rounded = np.rint(total * (column[0] * b_scale / column[2])) + column[3]
    limits = np.iinfo(y_zero.dtype)
    return [np.clip(rounded, limits.min, limits.max).astype(y_zero.dtype)]


SCALED_ROWS = "If the input is 2D of shape [M, K] then zero point and scale tensor may be an M element vector"


@draws(
    "QLinearMatMul",
    opsets=(10, 21, 27),
    faults=[Fault(lambda drawn, opset: drawn.inputs[1].ndim == 1 and drawn.inputs[1].size > 1, SCALED_ROWS, _quantized_product)],
)
def qlinear_matmul(draw: Draw, opset: int) -> Drawn:
    """8-bit floats are left out: the evaluator cuts off what is after their point."""
    of_8_bits = st.sampled_from(("uint8", "int8"))
    kinds = draw(of_8_bits), draw(of_8_bits), draw(of_8_bits)
    a, b = matrices(draw, vectors=False)
    of_scales = draw(st.sampled_from(("float32", "float16") if opset >= 21 else ("float32",)))
    ends = [(), (), ()]
    if len(a) == len(b) == 2 and min(*a, *b) > 0 and draw(st.booleans()):
        ends = [a[:1], b[1:], a[:1]] if draw(st.booleans()) else [(), b[1:], ()]
    scales = [array(draw, shape, of_scales, low=0.05, high=1.5) for shape in ends]
    points = [array(draw, shape, kind, low=-128, high=255) for shape, kind in zip(ends, kinds, strict=True)]
    arrays = [array(draw, shape, kind, low=-128, high=255) for shape, kind in zip((a, b), kinds, strict=False)]
    return Drawn([arrays[0], scales[0], points[0], arrays[1], scales[1], points[1], scales[2], points[2]])


@draws("Gemm", opsets=(6, 7, 9, 11, 13, 27))
def gemm(draw: Draw, opset: int) -> Drawn:
    kinds = NUMBERS[:3] if opset < 9 else NUMBERS + (("bfloat16",) if opset >= 13 else ())
    dtype = draw(st.sampled_from(kinds))
    m, k, n = draw(st.tuples(*[st.integers(0, 4)] * 3))
    factor = (0.5, -1.0, 2.0, 0.0) if "int" not in dtype else (1.0, 2.0, 0.0)
    attributes = {name: draw(st.sampled_from(factor)) for name in ("alpha", "beta") if draw(st.booleans())}
    attributes |= {name: draw(st.integers(0, 1)) for name in ("transA", "transB") if draw(st.booleans())}
    c: tuple[int, ...] = (m, n)
    if opset >= 7:
        c = draw(st.sampled_from(((), (1,), (n,), (m, 1), (1, n), (m, n), (1, 1))))
    else:
        attributes["broadcast"] = 1
    shapes = [(k, m) if attributes.get("transA") else (m, k), (n, k) if attributes.get("transB") else (k, n), c]
    inputs = [array(draw, shape, dtype) for shape in shapes]
    return Drawn(inputs[: 2 if opset >= 11 and draw(st.booleans()) else 3], attributes, **tolerance(dtype))


@draws("Einsum", opsets=(12, 27, 28))
def einsum(draw: Draw, opset: int) -> Drawn:
    """8-bit sums stay small: that they wrap around is not said."""
    kinds = (*NUMBERS, "int8", "uint8", "int16", "uint16")
    dtype = draw(st.sampled_from(kinds + (("bfloat16",) if opset >= 28 else ())))
    size = {label: draw(st.integers(0, 3)) for label in "ijkZ"}
    hidden = sizes(draw, (0, 2), 1, 3)
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(st.lists(st.sampled_from("ijkZ"), max_size=3))
        dims: list[int] = [size[label] for label in labels]
        if draw(st.booleans()):
            place, shown = draw(st.integers(0, len(labels))), draw(st.integers(0, len(hidden)))
            labels.insert(place, "...")
            dims[place:place] = [draw(st.sampled_from((1, n))) for n in hidden[len(hidden) - shown :]]
        terms.append("".join(labels))
        shapes.append(tuple(dims))
    equation = draw(st.sampled_from((",", " , "))).join(terms)
    if draw(st.integers(0, 2)):
        known = sorted(set(equation) & set("ijkZ"))
        right = draw(st.permutations(known))[: draw(st.integers(0, len(known)))]
        if "..." in equation:  # what is hidden may not be summed
            right.insert(draw(st.integers(0, len(right))), "...")
        equation += draw(st.sampled_from(("->", " -> "))) + "".join(right)
    if not "".join(terms):
        equation = equation.replace(",", ",") if "->" in equation else ",".join(terms) + "->"
    return Drawn(
        [array(draw, shape, dtype, low=0 if dtype[0] == "u" else -1, high=1) for shape in shapes],
        {"equation": equation},
        **tolerance(dtype),
    )


@draws("Det", opsets=(11, 22, 27))
def det(draw: Draw, opset: int) -> Drawn:
    """16-bit floats NumPy does not take."""
    n = draw(st.integers(0, 4))
    return Drawn(
        [array(draw, (*sizes(draw, (0, 2), 0, 3), n, n), draw(st.sampled_from(("float32", "float64"))))], rtol=1e-4, atol=1e-3
    )
