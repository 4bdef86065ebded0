"""Input: where an `x` enters the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from laminae.base.dtypes import numpy_dtype
from laminae.base.shapes import Dim, Shape, format_shape
from laminae.layers.arguments import is_whole, refusal
from laminae.layers.naming import require_name


@dataclass(frozen=True, eq=False, repr=False)
class Input:
    """Where an `x` enters the model: its shape and dtype.

    `Input(3)` takes [batch, 3], `Input((1, 28, 28))` takes [batch, 1, 28, 28], `Input("sequence", dtype="int64")` takes
    [batch, sequence].

    shape: the sizes of one sample, numbers or names; sizes of one name are equal, a named size is open until a run.
    dtype: by its NumPy name. name: of the input layer and its value; `input` (`input_2`…) where not given.
    batch: the name of the batch axis, or a number to fix it; None: `shape` is the whole shape.
    Raises UsageError for a shape or a name that is none, DTypeError for a dtype that is not known.
    """

    shape: Dim | Sequence[Dim]
    dtype: str = "float32"
    name: str | None = field(default=None, kw_only=True)
    batch: Dim = field(default="batch", kw_only=True)

    def __post_init__(self) -> None:
        require_name(self, self.name)
        for dim in self.dims:
            if not ((is_whole(dim) and int(dim) > 0) or (isinstance(dim, str) and dim.strip())):  # type: ignore[arg-type]
                raise refusal(self, "shape", "sizes of 1 or more, or names such as 'sequence'", self.shape)
        numpy_dtype(self.dtype)

    @property
    def dims(self) -> Shape:
        """The whole shape, the batch axis first."""
        one = isinstance(self.shape, str) or not isinstance(self.shape, Sequence)
        sample = (self.shape,) if one else tuple(self.shape)  # type: ignore[arg-type]
        dims = sample if self.batch is None else (self.batch, *sample)
        return tuple(int(dim) if is_whole(dim) else dim for dim in dims)  # type: ignore[arg-type, misc]

    def __repr__(self) -> str:
        return f"Input({format_shape(self.dims)} {self.dtype}{'' if self.name is None else f', name={self.name!r}'})"
