"""ScatterElements, ScatterND, TensorScatter and Scatter: elements written at indices."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import NUMBERS, Draw, Drawn, allowed, array, axis, draws, sizes, some, versions
from tests.ops.draws.gathering import indices, tuples
from tests.ops.draws.reductions import summable


def _reduction(draw: Draw, operator: str, opset: int) -> tuple[str, str]:
    """A reduction ("" before it was an attribute) and a dtype it is defined for: numbers."""
    words = ("none", "add", "mul", "max", "min")[: 1 if opset < 16 else 3 if opset < 18 else 5]
    word = draw(st.sampled_from(words))
    dtypes = allowed(operator, opset)
    dtype = draw(st.sampled_from([d for d in dtypes if d in NUMBERS] if word != "none" else dtypes))
    return word if opset >= 16 else "", dtype


def _different(draw: Draw, shape: tuple[int, ...], along: int, n: int, dtype: str) -> np.ndarray:
    """Indices of which no two along the axis are alike, as "none" asks for; some counted from the end."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    places = np.argsort(generator.random((*shape[:along], n, *shape[along + 1 :])), along).take(range(shape[along]), along)
    return np.where(generator.random(places.shape) < 0.3, places - n, places).astype(dtype)


@draws("ScatterElements", opsets=versions("ScatterElements"))
def scatter_elements(draw: Draw, opset: int) -> Drawn:
    word, dtype = _reduction(draw, "ScatterElements", opset)
    data = summable(draw, sizes(draw, (1, 3), high=4), dtype)
    along = axis(draw, data.ndim) % data.ndim
    shape = tuple(draw(st.integers(0, n)) for n in data.shape)
    named = draw(st.sampled_from(("int32", "int64")))
    if word in ("", "none"):
        places = _different(draw, shape, along, data.shape[along], named)
    else:
        places = indices(draw, shape, max(data.shape[along], 1), named)
    attributes = {} if along == 0 and draw(st.booleans()) else {"axis": along - draw(st.sampled_from((0, data.ndim)))}
    attributes |= {"reduction": word} if word and (word != "none" or draw(st.booleans())) else {}
    return Drawn([data, places, summable(draw, shape, dtype)], attributes)


@draws("Scatter", opsets=(9,), judge="onnxruntime")
def scatter(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from([d for d in allowed("Scatter", opset) if not d.startswith("complex")]))
    data = array(draw, sizes(draw, (1, 3), low=1, high=4), dtype)
    along = draw(st.integers(0, data.ndim - 1))
    shape = tuple(draw(st.integers(1, n)) for n in data.shape)
    places = _different(draw, shape, along, data.shape[along], draw(st.sampled_from(("int32", "int64"))))
    return Drawn([data, places % data.shape[along], array(draw, shape, dtype)], {"axis": along} if along else {})


@draws("ScatterND", opsets=versions("ScatterND"))
def scatter_nd(draw: Draw, opset: int) -> Drawn:
    word, dtype = _reduction(draw, "ScatterND", opset)
    data = summable(draw, sizes(draw, (1, 3), low=draw(st.sampled_from((0, 1, 1, 1))), high=4), dtype)
    sides = data.shape[: draw(st.integers(1, data.ndim))]
    if word in ("", "none"):  # "indices should not have duplicate entries"
        count = draw(st.integers(0, int(np.prod(sides))))
        flat = draw(st.permutations(range(int(np.prod(sides)))))[:count]
        places = np.stack(np.unravel_index(np.array(flat, np.int64), sides), -1) if count else np.zeros((0, len(sides)), np.int64)
        places = places - np.array(sides) * (array(draw, places.shape, "bool"))
    else:
        shape = sizes(draw, (0, 2), high=3) if all(sides) else (0,)
        places = tuples(draw, shape, sides)
    updates = summable(draw, places.shape[:-1] + data.shape[len(sides) :], dtype)
    return Drawn([data, places, updates], {"reduction": word} if word and (word != "none" or draw(st.booleans())) else {})


@draws("TensorScatter", opsets=(24, 28))
def tensor_scatter(draw: Draw, opset: int) -> Drawn:
    dtype = draw(st.sampled_from(allowed("TensorScatter", opset)))
    past = array(draw, sizes(draw, (2, 4), low=draw(st.sampled_from((0, 1, 1))), high=4), dtype)
    along = draw(st.integers(1, past.ndim - 1))
    n = past.shape[along]
    length = draw(st.integers(0, n))
    update = array(draw, (*past.shape[:along], length, *past.shape[along + 1 :]), dtype)
    attributes = {} if along == past.ndim - 2 and draw(st.booleans()) else {"axis": along - draw(st.sampled_from((0, past.ndim)))}
    attributes |= some(draw, mode=st.sampled_from(("linear", "circular")))
    last = 2 * n if attributes.get("mode") == "circular" else n - length
    where = array(draw, past.shape[:1], "int64", low=0, high=last) if draw(st.booleans()) else None
    return Drawn([past, update, where], attributes)
