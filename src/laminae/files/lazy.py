"""The one lazy `onnx`: `import laminae` does not load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laminae.base.lazy import LazyModule

if TYPE_CHECKING:
    import onnx as onnx
else:
    onnx = LazyModule("onnx")
