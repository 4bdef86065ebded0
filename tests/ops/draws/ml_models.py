"""ai.onnx.ml, linear models and support vector machines."""

from __future__ import annotations

import statistics

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, Fault, array, draws
from tests.ops.draws.ml_values import KINDS, floats

ML = "ai.onnx.ml"
TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")


def transformed(scores: np.ndarray, name: str) -> np.ndarray:
    """The scores of each row after a post_transform. PROBIT: the inverse of the normal distribution, NaN outside 0 to 1."""
    if name == "LOGISTIC":
        return 1 / (1 + np.exp(-scores))
    if name in ("SOFTMAX", "SOFTMAX_ZERO"):  # scores of 0 are not drawn, where the two differ
        powers = np.exp(scores - scores.max(-1, keepdims=True, initial=-np.inf))
        return powers / powers.sum(-1, keepdims=True)
    if name == "PROBIT":
        made = [statistics.NormalDist().inv_cdf(x) if 0 < x < 1 else np.nan for x in scores.ravel()]
        return np.array(made, np.float64).reshape(scores.shape)
    return scores


def _linear(drawn: Drawn) -> np.ndarray:
    x, a = drawn.inputs[0].astype(np.float64), drawn.attributes
    return transformed(x @ np.array(a["coefficients"]).reshape(-1, x.shape[1]).T + np.array(a.get("intercepts", 0.0)), a.get("post_transform", "NONE"))  # fmt: skip


def _plain(drawn: Drawn) -> bool:
    """Whether the reference has it: only float32, intercepts given, nothing transformed."""
    return (
        drawn.inputs[0].dtype == np.float32
        and "intercepts" in drawn.attributes
        and drawn.attributes.get("post_transform", "NONE") == "NONE"
    )


def _linear_model(draw: Draw, outputs: int) -> tuple[np.ndarray, dict]:
    """X and the attributes that all linear models have. For PROBIT, scores are between 0 and 1."""
    rows, features = draw(st.integers(0, 3)), draw(st.integers(1, 4))
    transform = draw(st.sampled_from(TRANSFORMS))
    probit = transform == "PROBIT"
    x = array(draw, (rows, features), draw(KINDS), low=0 if probit else -3, high=3)
    coefficients = floats(draw, features * outputs, 0 if probit else -2, 0.02 if probit else 2)
    attributes = {"coefficients": coefficients}
    if probit or draw(st.booleans()):
        attributes["intercepts"] = floats(draw, outputs, 0.1 if probit else -2, 0.5 if probit else 2)
    elif not x.all():
        x[x == 0] = 1  # scores of 0 have no sure transform
        x = x if (x != 0).all() else np.ones_like(x)
    return x, attributes | ({"post_transform": transform} if transform != "NONE" or draw(st.booleans()) else {})


@draws(
    "LinearRegressor",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: not _plain(drawn),
            "Y: tensor(float) […] Intercepts are optional […] Indicates the transform to apply to the regression output vector.",
            lambda drawn, opset: [_linear(drawn).astype(np.float32)],
        )
    ],
)
def linearregressor(draw: Draw, opset: int) -> Drawn:
    targets = draw(st.integers(1, 3))
    x, attributes = _linear_model(draw, targets)
    return Drawn([x], attributes | ({"targets": targets} if targets > 1 or draw(st.booleans()) else {}), rtol=1e-3, atol=1e-4)


def _classified(drawn: Drawn, opset: int) -> list[np.ndarray]:
    scores, a = _linear(drawn), drawn.attributes
    labels = a.get("classlabels_ints") or a["classlabels_strings"]
    return [np.array(labels, object if isinstance(labels[0], str) else np.int64)[scores.argmax(1)], scores.astype(np.float32)]


def labels_of(draw: Draw, classes: int, ints: str = "classlabels_ints") -> dict:
    """As many labels, numbers or texts."""
    if draw(st.booleans()):
        return {"classlabels_strings": ["no", "yes", "Ä", ""][:classes]}
    return {ints: draw(st.permutations((4, 0, -2, 9)))[:classes]}


@draws(
    "LinearClassifier",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: not _plain(drawn) or len(drawn.inputs[0]) == 0,
            "Z: tensor(float) […] Classification scores ([N,E] - one score for each class and example",
            _classified,
        )
    ],
)
def linearclassifier(draw: Draw, opset: int) -> Drawn:
    # one score for two classes is not drawn: what stands for the other is not said
    classes = draw(st.integers(2, 4))
    x, attributes = _linear_model(draw, classes)
    return Drawn([x], attributes | labels_of(draw, classes), outputs=2, rtol=1e-3, atol=1e-4)


KERNELS = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.4, 0.3, 3.0], "RBF": [0.4, 0.0, 0.0], "SIGMOID": [0.2, 0.1, 0.0]}


def _kernel(draw: Draw) -> dict:
    kind = draw(st.sampled_from(tuple(KERNELS)))
    return {"kernel_type": kind, "kernel_params": KERNELS[kind]}


def _kernels(x: np.ndarray, vectors: np.ndarray, kind: str, parameters: list[float]) -> np.ndarray:
    gamma, coef0, degree = parameters
    if kind == "RBF":
        return np.exp(-gamma * ((x[:, None] - vectors) ** 2).sum(-1))
    products = x @ vectors.T
    return {"LINEAR": products, "POLY": (gamma * products + coef0) ** degree, "SIGMOID": np.tanh(gamma * products + coef0)}[kind]


def _regressed(drawn: Drawn, opset: int) -> list[np.ndarray]:
    x, a = drawn.inputs[0].astype(np.float64), drawn.attributes
    if n := a.get("n_supports", 0):
        x = _kernels(x, np.array(a["support_vectors"]).reshape(n, -1), a["kernel_type"], a["kernel_params"])
    scores = x @ np.array(a["coefficients"])[:, None] + a["rho"][0]
    made = np.where(scores > 0, 1.0, -1.0) if a.get("one_class") else transformed(scores, a.get("post_transform", "NONE"))
    return [made.astype(np.float32)]


@draws(
    "SVMRegressor",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(
            lambda drawn, opset: drawn.inputs[0].dtype != np.float32 or "post_transform" in drawn.attributes,
            "Y: tensor(float) […] Regression outputs (one score per target per example).",
            _regressed,
        )
    ],
)
def svmregressor(draw: Draw, opset: int) -> Drawn:
    features, vectors = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    x = array(draw, (draw(st.integers(0, 3)), features), draw(KINDS))
    attributes = {"coefficients": floats(draw, vectors or features), "rho": floats(draw, 1), **_kernel(draw)}
    if vectors:
        attributes |= {"n_supports": vectors, "support_vectors": floats(draw, vectors * features)}
    if draw(st.booleans()):
        attributes["one_class"] = draw(st.integers(0, 1))
    elif draw(st.booleans()):
        attributes["post_transform"] = draw(st.sampled_from(("NONE", "LOGISTIC")))
    return Drawn([x], attributes, rtol=1e-3, atol=1e-3)


@draws(
    "SVMClassifier",
    opsets=(1,),
    domain=ML,
    faults=[
        Fault(  # it multiplies matrices where Wu, Lin, Weng 2004 have elements
            lambda drawn, opset: drawn.inputs[0].dtype != np.float32 or len(drawn.attributes["vectors_per_class"]) == 2 or "prob_a" in drawn.attributes,
            "Z: tensor(float) […] Class scores (one per class per example), if prob_a and prob_b are provided they are probabilities for "
            "each class, otherwise they are raw scores.",
            judge="onnxruntime",
        )
    ],
)  # fmt: skip
def svmclassifier(draw: Draw, opset: int) -> Drawn:
    # a post_transform of what are votes or probabilities is not drawn: of which it is, is not said
    features, classes = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    per_class = [draw(st.integers(1, 3)) for _ in range(classes)]
    vectors, pairs = sum(per_class), classes * (classes - 1) // 2
    x = array(draw, (draw(st.integers(1, 3)), features), draw(st.sampled_from(("float32", "int64", "int32", "float64"))))
    attributes = {
        "coefficients": floats(draw, vectors * (classes - 1)),
        "support_vectors": floats(draw, vectors * features),
        "vectors_per_class": per_class,
        "rho": floats(draw, pairs),
        **_kernel(draw),
        **labels_of(draw, classes),
    }
    if draw(st.booleans()):
        attributes |= {"prob_a": floats(draw, pairs, -2, 0), "prob_b": floats(draw, pairs)}
    return Drawn([x], attributes, outputs=2, rtol=1e-3, atol=1e-3)
