"""What flows along an arrow: a layer's output, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laminae.base.shapes import Shape, format_shape

if TYPE_CHECKING:
    from laminae.graph.layer import Layer


class Value:
    """A layer's output. dtype, shape: what is declared of it (None: nothing). Two values are the same only as objects.

    kind: what it is where it is no tensor, in words: `sequence(tensor(float32)[2, ?])`, `optional(…)`, `map(string, …)`.
    """

    __slots__ = ("doc", "dtype", "kind", "metadata", "name", "producer", "shape")

    def __init__(
        self,
        name: str,
        dtype: str | None = None,
        shape: Shape | None = None,
        *,
        metadata: dict[str, str] | None = None,
        doc: str = "",
        kind: str = "",
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.metadata = metadata or {}
        self.doc = doc
        self.kind = kind
        self.producer: Layer | None = None

    def __repr__(self) -> str:
        return f"Value({self.name!r}, {format_shape(self.shape)} {self.dtype or '?'})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Value is pickled with its graph, not alone")
