"""A store rule: which layers' outputs a trace keeps, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.dtypes import CODES
from laminae.base.errors import UsageError
from laminae.base.statistics import histogram, statistics
from laminae.graph import Layer
from laminae.graph.select import matches

REDUCTIONS = ("mean", "sum", "max", "min", "std", "norm", "stats", "histogram")

SHORT = {"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32"}

Layers = str | Sequence[str] | Callable[[Layer], bool]


@dataclass(frozen=True)
class Store:
    """Which layers' outputs are kept, and what of them: `Store("h/*/mlp", tokens=-1, dtype="bfloat16")`.

    layers: "all", a name, a group, a glob on paths (`h/*/attn`), `op:Conv`, several of these, or a function of the layer that
    says whether. What is kept of a value is taken in this order, as the layer runs, so that the whole need not be kept:

    - every: each n-th sample of the first axis, from sample 0 on (over a dataset the samples are counted through).
    - axis, index: these positions of one axis, a number (the axis goes), several, or a slice; tokens=i is axis=1, index=i.
    - reduce: "mean", "sum", "max", "min", "std", "norm" over the axes `over` (all but the first unless given), "stats" (a
      Statistics record) and "histogram" (64 bins) of all elements, or a function of the tensor.
    - dtype, device: what it is kept as, and where.

    Sequences, maps and texts are kept whole. What is kept never changes what the model gives.
    """

    layers: Layers = "all"
    _: KW_ONLY
    every: int = 1
    axis: int | None = None
    index: Any = None
    tokens: Any = None
    reduce: str | Callable[[Any], Any] | None = None
    over: int | tuple[int, ...] | None = None
    dtype: str | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        layers = self.layers if isinstance(self.layers, str) or callable(self.layers) else tuple(self.layers)
        self._set("layers", layers)
        dtype = str(self.dtype).removeprefix("torch.")
        self._set("dtype", None if self.dtype is None else SHORT.get(dtype, dtype))
        if self.tokens is not None:
            self._set("axis", 1)
            self._set("index", self.tokens)
        if isinstance(self.index, list):
            self._set("index", tuple(self.index))
        if isinstance(self.over, list):
            self._set("over", tuple(self.over))
        self._refuse()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _refuse(self) -> None:
        if not callable(self.layers) and not all(isinstance(part, str) for part in (self.layers or (None,))):
            raise UsageError(
                f"layers={self.layers!r} says no layers", {"expected": "a name, a group, a glob, a list of these, a function"}
            )
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise UsageError(f"every={self.every!r} is no number of samples", {"expected": "a whole number, 1 or more"})
        if (self.axis is None) != (self.index is None):
            raise UsageError("axis= and index= belong together", {"for example": "axis=1, index=-1 keeps the last token"})
        if isinstance(self.reduce, str) and self.reduce not in REDUCTIONS:
            raise UsageError(f"there is no reduction {self.reduce!r}", {"there are": ", ".join(REDUCTIONS) + ", or a function"})
        if self.dtype is not None and (self.dtype not in CODES or not hasattr(torch, self.dtype)):
            raise UsageError(f"there is no dtype {self.dtype!r} to keep values as", {"for example": "'bfloat16', 'float16'"})

    def __hash__(self) -> int:
        return hash((self.layers, self.every, self.axis, repr(self.index), self.reduce, self.over, self.dtype, self.device))

    @property
    def whole(self) -> bool:
        """Whether all of a value is kept, as it is."""
        return (self.every, self.index, self.reduce, self.dtype, self.device) == (1, None, None, None, None)

    @property
    def everything(self) -> bool:
        """Whether it means every layer."""
        return self.layers == "all"

    def means(self, layer: Layer, prefix: str = "") -> bool:
        """Whether it means a layer, which stands in a body at that path."""
        if self.everything:
            return True
        if callable(self.layers):
            return bool(self.layers(layer))
        globs = (self.layers,) if isinstance(self.layers, str) else self.layers
        name, path = prefix + layer.name, prefix + layer.path
        return any(
            matches(glob, name=name, path=path, operator=layer.operator) or path.startswith(glob.strip("/") + "/")
            for glob in globs
        )

    def of(self, value: Any, first: int = 0) -> Any:
        """What is kept of a value, in memory of its own. first: the number of its first sample."""
        if not is_tensor(value) or self.whole:
            return value
        kept = value.detach() if not value.requires_grad else value
        if self.every > 1 and kept.ndim:
            kept = kept[-first % self.every :: self.every]
        if self.axis is not None:
            kept = _at(kept, self.axis, self.index)
        if self.reduce is not None:
            kept = self._reduced(kept)
            if not is_tensor(kept):
                return kept
        made = kept.to(self.device or kept.device, getattr(torch, self.dtype) if self.dtype else kept.dtype)
        shared = made.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()
        return made.clone() if shared else made

    def _reduced(self, value: Any) -> Any:
        if callable(self.reduce):
            return self.reduce(value)
        if self.reduce == "stats":
            return statistics(value)
        if self.reduce == "histogram":
            return histogram(value)
        over = self.over if isinstance(self.over, tuple) else (self.over,) if self.over is not None else None
        axes = tuple(range(1, value.ndim)) if over is None else over
        if not axes:
            return value
        if self.reduce in ("max", "min"):
            return getattr(torch, f"a{self.reduce}")(value, axes)
        wide = value if value.is_floating_point() or value.is_complex() else value.float()
        if self.reduce == "std":
            return torch.std(wide, axes, correction=0)
        if self.reduce == "norm":
            return torch.linalg.vector_norm(wide, dim=axes)
        return wide.mean(axes) if self.reduce == "mean" else value.sum(axes)


def _at(value: Any, axis: int, index: Any) -> Any:
    """These positions of one axis."""
    if not -value.ndim <= axis < value.ndim:
        raise UsageError(f"there is no axis {axis} to keep positions of", {"found": f"a value of rank {value.ndim}"})
    place: list[Any] = [slice(None)] * value.ndim
    place[axis] = list(index) if isinstance(index, tuple) else index
    try:
        return value[tuple(place)]
    except IndexError:
        raise UsageError(
            f"axis {axis} has no position {index!r}", {"found": f"{value.shape[axis]} positions of {list(value.shape)}"}
        ) from None
