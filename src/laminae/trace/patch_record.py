"""What a patch is: a plain value, checked when it is made, that can be compared, printed and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, as_value, is_array, is_tensor, ordinary_tensors
from laminae.base.errors import UsageError
from laminae.base.positions import positions, whole
from laminae.base.shapes import format_shape

KINDS = ("replace", "add", "scale", "zero", "mean", "swap", "project", "function")

SHOWN = 4
"""Elements up to which an array is printed in full."""

WIDEST = 8
"""How many times its elements' memory a copy may take to keep their places in memory."""


@dataclass(frozen=True, eq=False, repr=False)
class Patch:
    """One change. kind: what is done, with `value`, to the positions `index` of `axis` (all without), or to these heads.

    of: into how many heads the axis is divided, where the layer does not tell. output: which of several outputs.
    Two are equal where everything is, arrays bit for bit, functions where they are the same one.
    """

    layer: str
    kind: str
    value: Any = None
    axis: int | None = None
    index: Any = None
    heads: Any = None
    of: int | None = None
    output: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.layer, str) or not self.layer:
            raise UsageError(f"a patch is of a layer by its name, not of {self.layer!r}")
        if self.kind not in KINDS:
            raise UsageError(f"there is no kind of patch {self.kind!r}", {"there are": ", ".join(KINDS)})
        if (self.axis is None) != (self.index is None):
            raise UsageError("axis= and index= belong together", {"for example": "axis=1, index=[3] is channel 3"})
        if self.heads is not None and self.axis is not None:
            raise UsageError("a patch is of heads= or of axis= and index=, not of both")
        if self.of is not None and (self.heads is None or whole(self.of, "a number of heads") < 1):
            raise UsageError("of= is how many heads there are", {"for example": "heads=[2], of=12"})
        if self.kind == "project":
            _require_directions(self.value[0])
        self._set("output", whole(self.output, "an output's number"))
        if self.axis is not None:
            self._set("axis", whole(self.axis, "an axis"))
            self._set("index", positions(self.index))
        if self.heads is not None:
            heads = positions(self.heads)
            self._set("heads", (heads,) if isinstance(heads, int) else heads)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def absolute(self) -> bool:
        """Whether what it gives does not depend on what was there."""
        return self.kind == "replace" and self.axis is None and self.heads is None and not is_number(self.value)

    @property
    def constant(self) -> bool:
        """Whether it puts one number in every place, so that only the shape of what was there counts."""
        number = self.kind == "zero" or (self.kind == "replace" and is_number(self.value))
        return number and self.axis is None and self.heads is None

    @property
    def fields(self) -> tuple[Any, ...]:
        """Everything but the value."""
        return self.layer, self.kind, self.axis, self.index, self.heads, self.of, self.output

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patch) and self.fields == other.fields and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.layer, self.kind, self.axis, self.output))

    def __repr__(self) -> str:
        parts = [repr(self.layer), *_said(self.kind, self.value)]
        heads = list(self.heads) if isinstance(self.heads, tuple) else self.heads
        index = list(self.index) if isinstance(self.index, tuple) else self.index
        named = {"axis": self.axis, "index": index, "heads": heads, "of": self.of, "output": self.output or None}
        parts += [f"{name}={_shown(value)}" for name, value in named.items() if value is not None]
        return f"patch.{self.kind}({', '.join(parts)})"


def _require_directions(found: Any) -> None:
    known = is_tensor(found) and found.ndim in (1, 2) and found.is_floating_point()
    if not known or not bool(torch.isfinite(found.double()).all()):
        raise UsageError("directions are finite floats, [size] or [n, size]", {"found": _shown(found)})


def _said(kind: str, value: Any) -> list[str]:
    """What a kind has besides the layer, as it is written."""
    if kind == "mean":
        return [f"over={value[0] if len(value) == 1 else value}"]
    if kind == "swap":
        over, a, b = value
        return [_shown(a), _shown(b), f"over={over}"]
    if kind == "project":
        return [_shown(value[0])] + (["keep=True"] if value[1] else [])
    return [] if kind == "zero" else [_shown(value)]


def _shown(value: Any) -> str:
    if isinstance(value, slice):
        return "slice(" + ", ".join(map(repr, [value.start, value.stop, *([value.step] if value.step else [])])) + ")"
    if is_array(value):
        kind = f"{format_shape(tuple(value.shape))} {str(value.dtype).removeprefix('torch.')}"
        return repr(value.tolist()) if value.numel() <= SHOWN else kind
    if isinstance(value, list) and value and is_array(value[0]):
        return f"sequence of {len(value)}"
    if isinstance(value, dict):
        return f"map of {len(value)}"
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)


def is_number(value: Any) -> bool:
    """Whether it is a Python number."""
    return isinstance(value, bool | int | float | complex)


def same(a: Any, b: Any) -> bool:
    """Whether two values of patches are one, arrays bit for bit."""
    if is_array(a) or is_array(b):
        return is_array(a) and is_array(b) and _same_arrays(a, b)
    if isinstance(a, list | tuple) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if is_number(a) or is_number(b):
        return type(a) is type(b) and repr(a) == repr(b)  # NaN is NaN, -0.0 is not 0.0
    return bool(a == b)


def _same_arrays(a: Any, b: Any) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    one, other = as_numpy(a), as_numpy(b)
    return bool((one == other).all()) if one.dtype == object else one.tobytes() == other.tobytes()


def taken(value: Any) -> Any:
    """A value as a patch holds it: a Python number, a tensor, a HostArray, or a sequence or map of them.

    A copy, so that what its owner writes into it later changes no patch; derivatives go through to a tensor that wants them.
    Lists of numbers are as wide as Python's. Raises UsageError for what is none of these.
    """
    if is_number(value):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, Mapping):
        return {key: taken(part) for key, part in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(x, np.ndarray | Mapping) or is_array(x) for x in value):
        return [taken(part) for part in value]
    return _array(value)


def _array(value: Any) -> Any:
    try:
        found = as_value(value if is_array(value) else np.asarray(value, dtype=object if _texts(value) else None))
    except (TypeError, ValueError, RuntimeError) as error:
        because = str(error).split("\n")[0]
        raise UsageError(f"a {type(value).__name__} is no value to put in a patch", {"because": because}) from None
    if not is_tensor(found):
        array = found.array
        if array.dtype == object and not all(isinstance(text, str | bytes) for text in array.ravel()):
            raise UsageError(f"a {type(value).__name__} is no value to put in a patch", {"found": repr(value)[:80]})
        return found.clone()
    if found.is_meta or found.layout is not torch.strided:
        form = "without values (meta)" if found.is_meta else f"of layout {found.layout}"
        raise UsageError(f"a tensor {form} is no value to put in a patch", {"expected": "a plain tensor, an array, numbers"})
    with ordinary_tensors():
        return copied(found if found.requires_grad and torch.is_grad_enabled() else found.detach())


def _texts(value: Any) -> bool:
    """Whether it is a text, or lists of them all the way down: of lists the first elements tell."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str)


def copied(tensor: Any) -> Any:
    """A copy that lies in memory as the tensor does, as far as that wastes little: kernels then give the same bits of it."""
    span = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    overlaps = any(stride == 0 and size > 1 for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    if overlaps or not tensor.numel() or span > WIDEST * tensor.numel() or tensor.is_contiguous():
        return tensor.contiguous().clone() if overlaps else tensor.clone()
    made = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=tensor.device)
    return made.copy_(tensor)


def axes(over: Any) -> tuple[int, ...]:
    """Axes as users write them: one, or several."""
    several = over if isinstance(over, Iterable) and not isinstance(over, str) else (over,)
    found = tuple(whole(axis, "an axis") for axis in several)
    if not found:
        raise UsageError("a mean over no axis is none", {"for example": "over=0, over=(0, 1)"})
    return found
