"""Random numbers: only dtypes and shapes are compared."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from onnx import helper

from tests.ops.draws.drawing import ANY, Draw, Drawn, Fault, array, draws, dtype_of, sizes, some

FLOATS = st.sampled_from(("float32", "float64", "float16"))


def _code(names: st.SearchStrategy[str]) -> st.SearchStrategy[int]:
    return names.map(lambda name: helper.np_dtype_to_tensor_dtype(dtype_of(name)))


def _form(drawn: Drawn, opset: int) -> list[np.ndarray]:
    """Nothing but shape and dtype."""
    x, code = drawn.inputs[0], drawn.attributes.get("dtype")
    return [np.zeros(x.shape, x.dtype if code is None else helper.tensor_dtype_to_np_dtype(code))]


def _of_rank_0(says: str) -> Fault:
    return Fault(lambda drawn, opset: drawn.inputs[0].ndim == 0, says, _form)


@draws("RandomNormal", "RandomUniform", opsets=(1, 22, 27))
def randoms(draw: Draw, opset: int, operator: str) -> Drawn:
    return Drawn([], {"shape": sizes(draw, (1, 3)), **_parameters(draw, operator)}, only_form=True)


@draws(
    "RandomNormalLike",
    "RandomUniformLike",
    opsets=(1, 22, 27),
    faults=[_of_rank_0("The shape of the output tensor is copied from the shape of the input tensor")],
)
def randoms_like(draw: Draw, opset: int, operator: str) -> Drawn:
    attributes = _parameters(draw, operator)
    like = (
        draw(st.sampled_from([name for name in ANY if name not in ("string", "bfloat16")]))
        if "dtype" in attributes
        else draw(FLOATS)
    )
    return Drawn([array(draw, sizes(draw), like)], attributes, only_form=True)


def _parameters(draw: Draw, operator: str) -> dict:
    more = {"mean": st.just(1.5), "scale": st.just(0.5)} if "Normal" in operator else {"low": st.just(-1.5), "high": st.just(0.5)}
    return some(draw, dtype=_code(FLOATS), seed=st.just(3.0), **more)


@draws("Bernoulli", opsets=(15, 22, 27), faults=[_of_rank_0("same shape as input tensor")])
def bernoulli(draw: Draw, opset: int) -> Drawn:
    wanted = [name for name in ANY if name not in ("string", "complex64", "complex128", "bfloat16")]
    x = array(draw, sizes(draw), draw(FLOATS), low=0, high=1)
    return Drawn([x], some(draw, dtype=_code(st.sampled_from(wanted)), seed=st.just(3.0)), only_form=True)


def _samples(drawn: Drawn, opset: int) -> list[np.ndarray]:
    kind = np.int64 if drawn.attributes.get("dtype") == 7 else np.int32
    return [np.zeros((len(drawn.inputs[0]), drawn.attributes.get("sample_size", 1)), kind)]


@draws(
    "Multinomial",
    opsets=(7, 22, 27),
    faults=[
        Fault(  # the reference has no Multinomial
            lambda drawn, opset: True,
            "Output tensor with shape [batch_size, sample_size], where sample_size is the number of times to sample.",
            _samples,
        )
    ],
)
def multinomial(draw: Draw, opset: int) -> Drawn:
    x = np.log(array(draw, sizes(draw, 2, low=1), "float32", low=0.1, high=1)).astype(draw(FLOATS))
    return Drawn([x], some(draw, dtype=st.sampled_from((6, 7)), sample_size=st.integers(1, 4), seed=st.just(3.0)), only_form=True)
