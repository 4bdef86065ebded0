"""Linear: every output is a weighted sum of all inputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laminae.base.errors import UsageError
from laminae.graph import Parameter, Value
from laminae.layers.arguments import is_whole, require_whole
from laminae.layers.init import Init, bias_start, fans, require_init
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class Linear(BuilderLayer[Placed]):
    """y = x · weightᵀ + bias, over the last axis: [batch, …, in] → [batch, …, out].

    On [batch, in] one Gemm; on any other rank a group of Transpose, MatMul and Add.

    out: how many outputs. bias: True, False, or its values [out]. weight: its values [out, in], where given.
    init: how the weight starts where it is not given (a scheme of `laminae.layers.init`, an array, a function (shape, rng)).
    Parameters: `name.weight` [out, in] and `name.bias` [out], as in torch.nn.Linear.
    Raises UsageError for what it cannot be told, ShapeError where the last size of x is not a number or does not fit `weight`,
    DTypeError where x is not of floats.
    """

    out: int
    bias: Any = True
    weight: Any = field(default=None, kw_only=True)
    init: Init = field(default="kaiming_uniform", kw_only=True)

    def __post_init__(self) -> None:
        require_whole(self, "out", self.out)
        if is_whole(self.bias):
            raise UsageError(
                "Linear takes the number of outputs only: the inputs are inferred", {"write": f"Linear({self.bias})"}
            )
        require_init(self, self.init)

    def place(self, at: Place, x: Value) -> Value:
        rank = len(at.shape(x, 1, meaning="the last axis is what the weights are for"))
        start = self.init if self.weight is None else self.weight
        weight, bias = linear_parameters(at, x, int(self.out), start, self.bias)
        if rank == 2:
            return at.put("Gemm", x, weight, *([] if bias is None else [bias]), transB=1)
        return affine(at, x, weight, bias)


def linear_parameters(
    at: Place, x: Value, out: int, start: Init, bias: Any, prefix: str = ""
) -> tuple[Parameter, Parameter | None]:
    """The weight [out, in] and the bias [out] (None where bias is False) that x asks for."""
    shape = (out, at.size(x, -1, "features"))
    dtype = at.floats(x)
    weight = at.parameter(f"{prefix}weight", shape, dtype, start)
    return weight, bias_parameter(at, bias, out, dtype, bias_start(start, fans(shape)[0]), prefix)


def bias_parameter(at: Place, bias: Any, size: int, dtype: str, start: Init, prefix: str = "") -> Parameter | None:
    """The parameter `bias` [size]: None for False, started as `start` for True, otherwise with the values given."""
    if isinstance(bias, (bool, np.bool_)):
        return at.parameter(f"{prefix}bias", (size,), dtype, start) if bias else None
    return at.parameter(f"{prefix}bias", (size,), dtype, bias)


def affine(at: Place, x: Value, weight: Parameter, bias: Parameter | None, prefix: str = "") -> Value:
    """x · weightᵀ + bias for an x of any rank.

    The weight stays (out, in), as state_dicts have it, and is transposed in the graph: that is a view in torch and folded
    away by ONNX Runtime, while MatMul takes any leading sizes, named ones too. (A Gemm would need x flattened and its sizes
    brought back by Shape, Slice and Concat: three layers more, and a copy.)
    """
    transposed = at.put("Transpose", weight, leaf=f"{prefix}transpose", perm=[1, 0])
    product = at.put("MatMul", x, transposed, leaf=f"{prefix}matmul")
    return product if bias is None else at.put("Add", product, bias, leaf=f"{prefix}add")
