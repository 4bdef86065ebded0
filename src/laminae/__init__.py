"""Laminae: see inside a deep-learning model, an ordered graph of layers, and change what you see."""

from laminae.api.evaluating import evaluate
from laminae.api.model import Model
from laminae.api.opening import open
from laminae.api.trace import Comparison, Trace
from laminae.base.errors import (
    AttributeValueError,
    DTypeError,
    EditError,
    ExportError,
    FileError,
    InputError,
    LaminaeError,
    LayerError,
    MissingPackageError,
    ModelError,
    PatchError,
    ShapeError,
    UnknownNameError,
    UnknownOperatorError,
    UsageError,
)
from laminae.base.settings import settings
from laminae.layers import *  # noqa: F403
from laminae.layers import __all__ as _layers
from laminae.ops.registry import register_operator
from laminae.plan.store import Store
from laminae.trace import patch

__version__ = "0.1.0"

__all__ = [
    "AttributeValueError",
    "Comparison",
    "DTypeError",
    "EditError",
    "ExportError",
    "FileError",
    "InputError",
    "LaminaeError",
    "LayerError",
    "MissingPackageError",
    "Model",
    "ModelError",
    "PatchError",
    "ShapeError",
    "Store",
    "Trace",
    "UnknownNameError",
    "UnknownOperatorError",
    "UsageError",
    "__version__",
    "evaluate",
    "open",
    "patch",
    "register_operator",
    "settings",
    *_layers,
]
