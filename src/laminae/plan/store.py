"""A store rule: which layers' outputs a trace keeps, and what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

from laminae.base import torch
from laminae.base.arrays import facts, is_tensor, own
from laminae.base.dtypes import is_float
from laminae.base.errors import UsageError
from laminae.base.positions import place, positions, whole
from laminae.base.shapes import format_shape
from laminae.graph import Layer
from laminae.graph.select import matches
from laminae.plan.reduce import REDUCTIONS, reduced

SHORT = {"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32"}

Layers = str | Sequence[str] | Callable[[Layer], bool]


@dataclass(frozen=True, repr=False)
class Store:
    """Which layers' outputs are kept, and what of them: `Store("h/*/mlp", tokens=-1, dtype="bfloat16")`.

    layers: "all", a name, a group, a glob on paths of layers or groups (`h/*/attn`), `op:Conv`, several of these, or a function
    of the layer that says whether. What is kept of a value is taken in this order, as the layer runs, so that the whole need not
    be kept:

    - every: each n-th sample of the first axis, from sample 0 on (over a dataset the samples are counted through).
    - axis, index: these positions of one axis, a number (the axis goes), several, or a slice; tokens=i is axis=1, index=i.
    - reduce: "mean", "sum", "max", "min", "std" (of the population), "norm" (Euclidean) over the axes `over` of what is left (all
      but the first unless given), "stats" (a Statistics record) and "histogram" (64 bins) of all elements, or a function, which
      is handed a copy. Halves are reduced, and kept, as float32; means of whole numbers are float64.
    - dtype: what floats are kept as (whole numbers stay as they are); device: where.

    Sequences, maps and texts are kept whole. What is kept never changes what the model gives. Raises UsageError for what cannot
    be; a rule that does not fit a layer's output is an error of the run that names the layer.
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
        several = isinstance(self.layers, Iterable) and not isinstance(self.layers, str) and not callable(self.layers)
        self._set("layers", tuple(self.layers) if several else self.layers)  # type: ignore[arg-type]
        dtype = str(self.dtype).removeprefix("torch.")
        self._set("dtype", None if self.dtype is None else SHORT.get(dtype, dtype))
        self._set("device", None if self.device is None else str(self.device))
        if self.tokens is not None:
            if self.axis is not None or self.index is not None:
                raise UsageError("tokens=i is axis=1, index=i: give one or the other")
            self._set("axis", 1)
            self._set("index", self.tokens)
        self._refuse()
        if self.axis is not None:
            self._set("axis", whole(self.axis, "an axis"))
            self._set("index", positions(self.index))
            self._set("tokens", None)
        if self.over is not None:
            over = (self.over,) if isinstance(self.over, int) else self.over
            self._set("over", tuple(whole(axis, "an axis") for axis in over))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _refuse(self) -> None:
        globs = (self.layers,) if isinstance(self.layers, str) else self.layers
        if not callable(globs) and not (isinstance(globs, tuple) and globs and all(isinstance(glob, str) for glob in globs)):
            raise UsageError(
                f"layers={self.layers!r} says no layers", {"expected": "a name, a group, a glob, a list of these, a function"}
            )
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise UsageError(f"every={self.every!r} is no number of samples", {"expected": "a whole number, 1 or more"})
        if (self.axis is None) != (self.index is None):
            raise UsageError("axis= and index= belong together", {"for example": "axis=1, index=-1 keeps the last token"})
        if self.reduce is not None and not callable(self.reduce) and self.reduce not in REDUCTIONS:
            raise UsageError(f"there is no reduction {self.reduce!r}", {"there are": ", ".join(REDUCTIONS) + ", or a function"})
        if self.over is not None and (callable(self.reduce) or self.reduce in (None, "stats", "histogram")):
            raise UsageError("over= is of a reduction over axes", {"for example": "reduce='mean', over=(0, 1)"})
        if self.dtype is not None and not (is_float(self.dtype) and hasattr(torch, self.dtype)):
            raise UsageError(f"there is no dtype {self.dtype!r} to keep floats as", {"for example": "'bfloat16', 'float16'"})

    def __hash__(self) -> int:
        return hash((self.layers, self.every, self.axis, repr(self.index), self.reduce, self.over, self.dtype, self.device))

    def __repr__(self) -> str:
        said = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self)[1:] if getattr(self, f.name) != f.default]
        return f"Store({', '.join([repr(self.layers), *said])})"

    @property
    def whole(self) -> bool:
        """Whether all of a value is kept, as it is."""
        return (self.every, self.axis, self.reduce, self.dtype, self.device) == (1, None, None, None, None)

    @property
    def what(self) -> str:
        """What is kept of a value, in words: `1 of 4 samples`, `[-1] of axis 1, mean over 0, as bfloat16`; "" for the whole."""
        said = [] if self.every == 1 else [f"1 of {self.every} samples"]
        if self.axis is not None:
            index = list(self.index) if isinstance(self.index, tuple) else self.index
            said.append(f"{_span(index)} of axis {self.axis}")
        if self.reduce is not None:
            name = self.reduce if isinstance(self.reduce, str) else getattr(self.reduce, "__name__", "a function")
            said.append(name + (" over " + ", ".join(map(str, self.over)) if isinstance(self.over, tuple) else ""))
        said += [f"as {self.dtype}"] if self.dtype else []
        return ", ".join(said + ([f"on {self.device}"] if self.device else []))

    @property
    def everything(self) -> bool:
        """Whether it means every layer."""
        return self.layers == "all"

    def means(self, layer: Layer, prefix: str = "") -> bool:
        """Whether it means a layer, which stands in a body at that path."""
        if self.everything:
            return True
        if callable(self.layers):
            return self._asked(layer)
        globs = (self.layers,) if isinstance(self.layers, str) else self.layers
        name, path = prefix + layer.name, prefix + layer.path
        return any(
            matches(glob, name=name, path=path, operator=layer.operator) or path.startswith(glob.strip("/") + "/")
            for glob in globs
        )

    def _asked(self, layer: Layer) -> bool:
        """What the user's function says of a layer. Raises UsageError where it fails."""
        assert callable(self.layers)
        try:
            return bool(self.layers(layer))
        except Exception as error:
            name = getattr(self.layers, "__name__", type(self.layers).__name__)
            rows = {"operator": layer.describe(), "because": f"{type(error).__name__}: {error}"}
            raise UsageError(f"the store rule's function {name} failed at layer {layer.name!r}", rows) from error

    def of(self, value: Any, first: int = 0) -> Any:
        """What is kept of a value, in memory of its own. first: the number of its first sample.

        Raises IndexError, RuntimeError, TypeError or what a function raises where the rule does not fit the value.
        """
        if not is_tensor(value) or self.whole:
            return value
        kept = value if value.requires_grad else value.detach()
        if self.every > 1 and kept.ndim:
            kept = kept[-first % self.every :: self.every]
        if self.axis is not None:
            kept = kept[place(tuple(kept.shape), self.axis, self.index)]
        if self.reduce is not None:
            kept = own(self.reduce(own(kept))) if callable(self.reduce) else reduced(kept, self.reduce, self.over)
            if not is_tensor(kept):
                return kept
        dtype = getattr(torch, self.dtype) if self.dtype is not None and kept.is_floating_point() else kept.dtype
        made = kept.to(self.device or kept.device, dtype)
        shared = made.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()
        return made.clone(memory_format=torch.contiguous_format) if shared else made


def _span(index: Any) -> str:
    if not isinstance(index, slice):
        return str(index if isinstance(index, list) else [index])
    parts = [index.start, index.stop, *([index.step] if index.step else [])]
    return "[" + ":".join("" if part is None else str(part) for part in parts) + "]"


def misfit(rule: Store, layer: Layer, path: str, value: Any, error: Exception) -> UsageError:
    """What to raise where a rule does not fit what a layer, in a body at that path, gave."""
    found = facts(value)
    because = error.message if isinstance(error, UsageError) else str(error).strip().split("\n")[0]
    named = isinstance(error, IndexError | UsageError)
    return UsageError(
        f"layer {(path + layer.path if path else layer.name)!r}: its output cannot be kept as {rule.what}",
        {
            "operator": layer.describe(),
            "output": "nothing"
            if found is None
            else f"{format_shape(found[0]) if found[0] is not None else ''} {found[1]}".strip(),
            "because": because if named else f"{type(error).__name__}: {because}",
            "the way out": "a rule of its own for it, before this one: store=[Store(…), …]",
        },
    )
