"""The one lazy `onnxruntime`, and what is said where it is not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laminae.base.errors import MissingPackageError
from laminae.base.lazy import LazyModule

if TYPE_CHECKING:
    import onnxruntime as onnxruntime
else:
    onnxruntime = LazyModule("onnxruntime")


def require_onnxruntime() -> Any:
    """The package. Raises MissingPackageError where it is not installed, or older than what is used of it."""
    try:
        if not hasattr(onnxruntime.OrtValue, "from_dlpack"):
            raise ImportError(f"version {onnxruntime.__version__} cannot share memory with torch")
    except ImportError as error:
        raise MissingPackageError(
            "engine 'onnxruntime' runs with ONNX Runtime",
            {"because": str(error), "install": "pip install 'laminae[onnxruntime]'"},
        ) from None
    return onnxruntime
