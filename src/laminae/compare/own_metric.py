"""A metric that is an object: one of torchmetrics', or anything that takes in batches and gives a number."""

from __future__ import annotations

from typing import Any

from laminae.base import torch
from laminae.base.arrays import as_value, is_tensor
from laminae.base.errors import LaminaeError, UsageError


def is_metric(given: Any) -> bool:
    """Whether it has what a metric needs, and is one, not the class of them."""
    return not isinstance(given, type) and all(callable(getattr(given, name, None)) for name in ("update", "compute", "reset"))


class Own:
    """An object with `update(output, expected)`, `compute()`, `reset()`. It begins anew here."""

    def __init__(self, name: str, given: Any) -> None:
        self.name, self._given = name, given
        given.reset()

    @property
    def higher(self) -> bool | None:
        """Whether the higher is the better, as torchmetrics' tell; None where it does not say."""
        found = getattr(self._given, "higher_is_better", None)
        return found if isinstance(found, bool) else None

    def update(self, output: Any, expected: Any) -> None:
        """Take in one batch, as tensors on the CPU. Raises UsageError with what the object says."""
        try:
            self._given.update(_tensor(output), _tensor(expected))
        except LaminaeError:
            raise
        except Exception as error:
            raise self._error("cannot take that", error) from error

    def value(self) -> float:
        """Raises UsageError where it is no single number."""
        try:
            found = self._given.compute()
            return float(found)
        except Exception as error:
            raise self._error("gives no single number", error) from error

    def _error(self, what: str, error: Exception) -> UsageError:
        return UsageError(f"metric {self.name!r} {what}", {"because": f"{type(error).__name__}: {error}".split("\n")[0]})


def _tensor(value: Any) -> Any:
    found = value if is_tensor(value) else as_value(value)
    return found.detach().cpu() if torch.is_tensor(found) else found
