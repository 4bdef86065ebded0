"""A group as users hold it: the layers under one path, and a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from laminae import graph as rooms
from laminae.api.layer import Layer

if TYPE_CHECKING:
    from laminae.api.model import Model


class Group:
    """The layers under one path, those of the groups inside it included, in forward order.

    Calling it runs them alone: it takes what they read of other layers, in order of first use.
    """

    def __init__(self, model: Model, path: str, layers: list[rooms.Layer]) -> None:
        self._model = model
        self._layers = layers
        self.path = path

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers in forward order, those of the groups inside it included."""
        return tuple(Layer(self._model, layer) for layer in self._layers)

    @property
    def parameters(self) -> dict[str, rooms.Parameter]:
        """The parameters of its layers, by name."""
        return {name: p for layer in self._layers for name, p in layer.parameters.items()}

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Its outputs, what other layers read or the model gives, for these values of the layers it reads."""
        return self._model._alone(tuple(self._layers))(*inputs, **named)

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getitem__(self, place: int) -> Layer:
        """The layer at a place of the group, from 0. Raises IndexError."""
        return self.layers[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and (other._model, other.path) == (self._model, self.path)

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Group({self.path!r}, {len(self)} layers)"
