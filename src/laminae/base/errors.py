"""Every error a user can cause. Each names the layer, what was expected, what was found, and the way out."""

from __future__ import annotations

from collections.abc import Mapping


class LaminaeError(Exception):
    """What every error of Laminae is. `details` are rows (word, text) printed under the message, in order.

    sample: the number in its batch of the sample that is to blame, where it is one.
    """

    sample: int | None = None

    def __init__(self, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = {key: str(value) for key, value in (details or {}).items()}

    def __str__(self) -> str:
        if not self.details:
            return self.message
        width = max(map(len, self.details))
        rows = (f"  {key:<{width}}  {text}" for key, text in self.details.items())
        return "\n".join([self.message, "", *rows])

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.details)


class FileError(LaminaeError):
    """A file that is missing, cannot be read or written, or is not what it claims to be."""


class ModelError(LaminaeError):
    """A graph that is not a sound model: a cycle, a name given twice, a value nobody makes."""


class UnknownOperatorError(ModelError):
    """Operators, or versions of them, that no vocabulary knows; all of them are listed."""


class UnknownNameError(LaminaeError, KeyError):
    """A layer, value, group or parameter that the model does not have."""


class UnknownSampleError(LaminaeError, IndexError):
    """A sample that is not there; it ends a loop over samples, as every IndexError does."""


class EditError(LaminaeError):
    """An edit that would leave the model unsound: it was refused and the model is as it was."""


class InputError(LaminaeError):
    """An `x` that the input layer cannot take: its name, dtype, rank or size."""


class ShapeError(LaminaeError):
    """Shapes that do not fit one another."""


class DTypeError(LaminaeError):
    """A dtype that an operator cannot take."""


class AttributeValueError(LaminaeError):
    """An attribute that an operator does not have, or a value it cannot take."""


class LayerError(LaminaeError):
    """A layer that failed while it ran."""


class PatchError(LaminaeError):
    """A patch that does not fit what it is put in place of, or a trace that cannot be gone on from."""


class EngineError(LaminaeError):
    """What an engine cannot run, observe or change: which layer, why, and the engine that can."""


class ExportError(LaminaeError):
    """A module that no graph can hold as it is: where in its code, why, and the ways out."""


class UsageError(LaminaeError):
    """A call or a command that does not say what is needed."""


class MissingPackageError(LaminaeError):
    """An optional package that is not installed; the message says how to install it."""
