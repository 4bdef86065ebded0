"""Laminae: see inside a deep-learning model, an ordered graph of layers, and change what you see."""

from laminae import data
from laminae.api import watch
from laminae.api.activations import Activations, load
from laminae.api.comparing import ModelComparison, compare
from laminae.api.evaluating import evaluate
from laminae.api.fitting import fit
from laminae.api.history import History
from laminae.api.hunting import Hunt, hunt
from laminae.api.learning import Backward, GradientCheck, check_gradients, optimizer, schedule, stepper
from laminae.api.model import Model
from laminae.api.normalising import normalise
from laminae.api.opening import open
from laminae.api.trace import Comparison, Trace
from laminae.base.errors import (
    AttributeValueError,
    DTypeError,
    EditError,
    EngineError,
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
    UnknownSampleError,
    UsageError,
)
from laminae.base.settings import settings
from laminae.layers import *  # noqa: F403
from laminae.layers import __all__ as _layers
from laminae.learn import losses as loss
from laminae.ops.registry import register_operator
from laminae.plan.store import Store
from laminae.trace import patch

__version__ = "0.1.0"

__all__ = [
    "Activations",
    "AttributeValueError",
    "Backward",
    "Comparison",
    "DTypeError",
    "EditError",
    "EngineError",
    "ExportError",
    "FileError",
    "GradientCheck",
    "History",
    "Hunt",
    "InputError",
    "LaminaeError",
    "LayerError",
    "MissingPackageError",
    "Model",
    "ModelComparison",
    "ModelError",
    "PatchError",
    "ShapeError",
    "Store",
    "Trace",
    "UnknownNameError",
    "UnknownOperatorError",
    "UnknownSampleError",
    "UsageError",
    "__version__",
    "check_gradients",
    "compare",
    "data",
    "evaluate",
    "fit",
    "hunt",
    "load",
    "loss",
    "normalise",
    "open",
    "optimizer",
    "patch",
    "register_operator",
    "schedule",
    "settings",
    "stepper",
    "watch",
    *_layers,
]
