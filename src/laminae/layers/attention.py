"""Multi-head attention in visible operators: what each head looks at can be stored, patched and drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from laminae.base.dtypes import numpy_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import same_dim
from laminae.graph import Value
from laminae.layers.arguments import refusal, require_flag, require_whole
from laminae.layers.init import Init, require_init
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.linear import affine, linear_parameters
from laminae.layers.placing import Place


@dataclass(frozen=True, eq=False, repr=False)
class MultiHeadAttention(BuilderLayer[Placed]):
    """softmax(Q Kᵀ / √d) V for each of the heads, joined and projected: [batch, sequence, features], same shape out.

    Called on x: self-attention. Called on (query, key, value): cross-attention, with key and value [batch, other, …].
    Q = query Wqᵀ + bq, K and V alike, each [batch, heads, sequence, d] with d = features / heads. Vaswani et al. 2017, 3.2.2.

    A group: `name/query/…`, `name/key/…`, `name/value/…`, `name/scores`, `name/scaled`, `name/softmax` [batch, heads, sequence,
    other], `name/context`, `name/output/…`.

    heads: how many; features must divide. causal: position i sees the positions 0 to i only. bias: True or False, of all four
    projections. init: how the weights of query, key and value start, xavier_uniform as in torch.nn.MultiheadAttention; the
    output's starts as Linear's, the biases as zeros.
    Parameters: `name.query.weight` [features, features], `name.query.bias`, likewise key, value ([features, features of key,
    of value]) and output.
    Raises ShapeError where the features are not a number or do not divide into heads, DTypeError where x is not of floats.
    """

    takes: ClassVar[tuple[int, int | None]] = (1, 3)
    heads: int
    causal: bool = False
    bias: bool = True
    init: Init = field(default="xavier_uniform", kw_only=True)

    def __post_init__(self) -> None:
        require_whole(self, "heads", self.heads)
        require_flag(self, "causal", self.causal)
        require_flag(self, "bias", self.bias)
        require_init(self, self.init)

    def place(self, at: Place, query: Value, key: Value | None = None, value: Value | None = None) -> Value:
        if key is not None and value is None:
            raise refusal(self, "inputs", "x, or (query, key, value)", "query and key")
        key, value = query if key is None else key, query if value is None else value
        features = self._features(at, query, key, value)
        q = self._heads(at, query, features, "query", [0, 2, 1, 3])
        k = self._heads(at, key, features, "key", [0, 2, 3, 1])
        v = self._heads(at, value, features, "value", [0, 2, 1, 3])
        shares = at.put("Softmax", self._scores(at, q, k, features), axis=-1)
        context = at.put("MatMul", shares, v, leaf="context")
        context = at.put("Transpose", context, perm=[0, 2, 1, 3], leaf="heads_last")
        joined = at.put("Reshape", context, at.constant("joined", [0, 0, features]), leaf="join_heads")
        return self._projection(at, joined, features, "output", "kaiming_uniform")

    def _scores(self, at: Place, q: Value, k: Value, features: int) -> Value:
        """Q Kᵀ / √d, and -∞ where a position would look ahead: [batch, heads, sequence, other]."""
        dtype = numpy_dtype(at.floats(q))
        scores = at.put("MatMul", q, k, leaf="scores")
        scale = at.put("Constant", leaf="scale", value=np.array(1 / math.sqrt(features // self.heads), dtype))
        scaled = at.put("Mul", scores, scale, leaf="scaled")
        if not self.causal:
            return scaled
        sizes = at.put("Shape", scaled, start=-2, leaf="mask/shape")
        full = at.put("ConstantOfShape", sizes, value=np.array([-np.inf], dtype), leaf="mask/full")
        ahead = at.put("Trilu", full, at.constant("diagonal", 1), upper=1, leaf="mask/ahead")
        return at.put("Add", scaled, ahead, leaf="masked")

    def _heads(self, at: Place, x: Value, features: int, name: str, perm: list[int]) -> Value:
        """x projected and divided: [batch, sequence, heads, d], its axes in the order `perm`."""
        projected = self._projection(at, x, features, name, self.init)
        shape = at.constant("heads", [0, 0, self.heads, features // self.heads])
        divided = at.put("Reshape", projected, shape, leaf=f"{name}/divide")
        return at.put("Transpose", divided, perm=perm, leaf=f"{name}/heads")

    def _projection(self, at: Place, x: Value, features: int, name: str, init: Init) -> Value:
        weight, _ = linear_parameters(at, x, features, init, False, f"{name}.")
        bias = at.parameter(f"{name}.bias", (features,), at.floats(x), "zeros") if self.bias else None
        return affine(at, x, weight, bias, f"{name}/")

    def _features(self, at: Place, query: Value, key: Value, value: Value) -> int:
        """The features of the query. Raises ShapeError where the inputs do not fit one another or the heads."""
        _, keys, _ = (at.shape(x, 3, 3, meaning="[batch, sequence, features]")[1] for x in (query, key, value))
        if not same_dim(keys, at.shape(value)[1]):
            details = {"expected": "key and value of one length", "found": f"{keys} and {at.shape(value)[1]}"}
            raise at.error(ShapeError, "cannot take its inputs", details, query, key, value)
        features = at.size(query, 2, "features")
        if features % self.heads:
            details = {"expected": f"features that divide into {self.heads} heads", "found": f"{features} features"}
            raise at.error(ShapeError, "cannot take its input", details, query)
        return features
