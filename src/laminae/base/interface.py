"""What stands between a caller and the input layers where a model takes and gives more than plain tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Interface(Protocol):
    """Arguments in some structure → one array an input layer; the outputs → a structure."""

    @property
    def names(self) -> Sequence[str]:
        """Of the input layers' arrays, in order, as a caller gives them."""
        ...

    def flatten(self, given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        """One array for each input layer, in order. Raises InputError."""
        ...

    def restore(self, outputs: Sequence[Any]) -> Any:
        """The outputs, in order, in their structure."""
        ...
