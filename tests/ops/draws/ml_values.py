"""ai.onnx.ml, numbers into numbers: Binarizer, Scaler, Normalizer, Imputer, FeatureVectorizer, ArrayFeatureExtractor, OneHotEncoder."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws, sizes, some

ML = "ai.onnx.ml"
KINDS = st.sampled_from(("float32", "float64", "int64", "int32"))


def floats(draw: Draw, count: int, low: float = -2.0, high: float = 2.0) -> list[float]:
    return array(draw, (count,), low=low, high=high).tolist()


@draws("Binarizer", opsets=(1,), domain=ML)
def binarizer(draw: Draw, opset: int) -> Drawn:
    return Drawn([array(draw, sizes(draw), draw(KINDS), special=True)], some(draw, threshold=st.sampled_from((0.5, -1.0, 2.0))))


def _scaled(drawn: Drawn, opset: int) -> list[np.ndarray]:
    offset, scale = (np.array(drawn.attributes.get(name, [default])) for name, default in (("offset", 0.0), ("scale", 1.0)))
    return [((drawn.inputs[0] - offset) * scale).astype(np.float32)]


@draws(
    "Scaler",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(  # it keeps the dtype of X
            lambda drawn, opset: drawn.inputs[0].dtype != np.float32 or len(drawn.attributes) < 2, "Y: tensor(float) […] Scaled output data", _scaled
        )
    ],
)  # fmt: skip
def scaler(draw: Draw, opset: int) -> Drawn:
    shape = sizes(draw, (1, 3), low=1)
    offset, scale = (floats(draw, draw(st.sampled_from((1, shape[-1])))) for _ in range(2))
    return Drawn([array(draw, shape, draw(KINDS))], some(draw, offset=st.just(offset), scale=st.just(scale)))


def _normalized(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x = drawn.inputs[0].astype(np.float64)
    norm = drawn.attributes.get("norm", "MAX")
    if norm == "MAX":
        divisor = x.max(-1, keepdims=True, initial=-np.inf)
    else:
        divisor = np.abs(x).sum(-1, keepdims=True) if norm == "L1" else np.sqrt((x * x).sum(-1, keepdims=True))
    return [(x / np.where(divisor == 0, 1, divisor)).astype(np.float32)]


@draws(
    "Normalizer",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: drawn.attributes.get("norm", "MAX") == "MAX", "Max: Y = X / max(X) […] if the divisor is zero, Y == X.", _normalized
        ),
        Fault(
            lambda drawn, opset: drawn.inputs[0].ndim == 1 or drawn.inputs[0].dtype != np.float32 or 0 in drawn.inputs[0].shape,
            "Data to be encoded, a tensor of shape [N,C] or [C] […] Y: tensor(float)",
            _normalized,
        ),
    ],
)  # fmt: skip
def normalizer(draw: Draw, opset: int) -> Drawn:
    x = array(draw, sizes(draw, (1, 2)), draw(KINDS))
    if x.size and draw(st.booleans()):
        x[..., :1] = 0
        x[:1] = 0
    return Drawn([x], some(draw, norm=st.sampled_from(("MAX", "L1", "L2"))))


def _imputed(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x, a = drawn.inputs[0], drawn.attributes
    kind = "float" if x.dtype.kind == "f" else "int64"
    replaced = a.get(f"replaced_value_{kind}", 0)
    replaced = np.float32(replaced) if kind == "float" else replaced
    missing = np.isnan(x) if replaced != replaced else x == replaced
    return [np.where(missing, np.array(a[f"imputed_value_{kind}s"], x.dtype), x)]


@draws(
    "Imputer",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(lambda drawn, opset: drawn.inputs[0].ndim != 2, "if the input tensor has the shape [*,F]", _imputed),
    ],
)
def imputer(draw: Draw, opset: int) -> Drawn:
    x = array(draw, sizes(draw, (1, 3), low=1), draw(KINDS), special=True)
    count = draw(st.sampled_from((1, x.shape[-1])))
    if x.dtype.kind == "f":
        values = {"imputed_value_floats": floats(draw, count)}
        return Drawn(
            [x], values | some(draw, replaced_value_float=st.sampled_from((float("nan"), 0.0, float(np.clip(x.flat[0], -9, 9)))))
        )
    values = {"imputed_value_int64s": array(draw, (count,), "int64").tolist()}
    return Drawn([x], values | some(draw, replaced_value_int64=st.integers(-2, 2)))


def _beside(drawn: Drawn, opset: int) -> list[np.ndarray]:
    parts = []
    for i, x in enumerate(np.atleast_2d(x) for x in drawn.inputs):
        n = drawn.attributes["inputdimensions"][i] if drawn.attributes else x.shape[1]
        parts.append(np.concatenate([x[:, :n], np.zeros((len(x), max(0, n - x.shape[1])))], 1))
    return [np.concatenate(parts, 1).astype(np.float32)]


@draws(
    "FeatureVectorizer",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: drawn.inputs[0].dtype != np.float32 or not drawn.attributes or any(x.ndim == 1 for x in drawn.inputs),
            "1-D tensors are treated as [1,C]. […] the output will be all floating point values.",
            _beside,
        )
    ],
)  # fmt: skip
def featurevectorizer(draw: Draw, opset: int) -> Drawn:
    rows, dtype = draw(st.integers(0, 3)), draw(KINDS)
    shapes = [(rows, draw(st.integers(0, 4))) for _ in range(draw(st.integers(1, 3)))]
    shapes = [shape[1:] if rows == 1 and draw(st.booleans()) else shape for shape in shapes]
    # sizes are those of the inputs or others: what is missing is 0
    columns = [draw(st.sampled_from((shape[-1], shape[-1], 2))) for shape in shapes]
    return Drawn([array(draw, shape, dtype) for shape in shapes], some(draw, inputdimensions=st.just(columns)))


@draws("ArrayFeatureExtractor", opsets=(1,), domain=ML)
def arrayfeatureextractor(draw: Draw, opset: int) -> Drawn:
    # places that are not there and negative ones are not drawn: places are "based on 0"
    shape = sizes(draw, (1, 4), high=3)
    shape = (*shape[:-1], draw(st.integers(1, 5)))
    x = array(draw, shape, draw(st.sampled_from(("float32", "float64", "int64", "int32", "string"))), special=True)
    wanted = sizes(draw, (1, 2), low=1, high=4)
    return Drawn([x, array(draw, wanted, "int64", low=0, high=shape[-1] - 1)])


def _one_hot(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x, a = drawn.inputs[0], drawn.attributes
    x = x if x.dtype == object else x.astype(np.int64)
    return [np.stack([x == c for c in a.get("cats_int64s") or a["cats_strings"]], -1).astype(np.float32)]


@draws(
    "OneHotEncoder",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: drawn.inputs[0].ndim not in (1, 2) or drawn.inputs[0].dtype.kind == "f" or drawn.inputs[0].size == 0,
            "If the input is a tensor of float, int32, or double, the data will be cast to integers and the cats_int64s category list "
            "will be used for the lookups.",
            _one_hot,
        )
    ],
)  # fmt: skip
def onehotencoder(draw: Draw, opset: int) -> Drawn:
    # floats outside the integers are not drawn: how they are cast is not said
    text = draw(st.booleans())
    cats = draw(
        st.lists(st.sampled_from(["a", "b", "Ä", "", "cd"]) if text else st.integers(-3, 3), min_size=1, max_size=5, unique=True)
    )
    zeros = some(draw, zeros=st.integers(0, 1))
    if text:
        places = array(draw, sizes(draw, (0, 3) if zeros.get("zeros", 1) else (1, 2), high=3), "int64", low=0, high=4)
        return Drawn(
            [np.array(["a", "b", "Ä", "", "cd"], object).take(places.ravel()).reshape(places.shape)],
            {"cats_strings": cats, **zeros},
        )
    dtype = draw(st.sampled_from(("int64", "int32", "float32", "float64"))) if zeros.get("zeros", 1) else "int64"
    return Drawn(
        [array(draw, sizes(draw, (0, 3) if zeros.get("zeros", 1) else (1, 2), high=3), dtype)], {"cats_int64s": cats, **zeros}
    )
