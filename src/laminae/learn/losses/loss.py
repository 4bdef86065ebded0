"""What a loss is: a plain value that checks an expectation and places its layers after an output."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from laminae.graph import Graph, Layer, Parameter, Value
from laminae.graph.graph import unique_name
from laminae.graph.parameter import ROLE

GROUP = "loss"
ATEN = "torch.ops.aten"

REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}
"""As torch numbers them."""


class Site:
    """Where a loss places its layers: at the end of a graph, in the group `loss`.

    rank, dtype: of the output it is of. expected: dtype and rank of each part of the expectation.
    """

    def __init__(self, graph: Graph, rank: int, dtype: str, expected: tuple[tuple[str, int], ...]) -> None:
        self.graph, self.rank, self.dtype, self.expected = graph, rank, dtype, expected
        self._taken = {layer.name for layer in graph.layers} | {value.name for value in graph.values()} | set(graph.parameters)

    def layer(self, operator: str, *inputs: Value | Parameter | None, domain: str = ATEN, **attributes: Any) -> Value:
        """One layer more; its value."""
        base = operator.partition(".")[0]
        name = unique_name(f"{GROUP}/{base}", self._taken)
        self._taken.add(name)
        value = Value(name)
        self.graph.append(Layer(name, operator, inputs, (value,), attributes, domain=domain, group=GROUP))
        return value

    def constant(self, name: str, array: Any) -> Parameter:
        """A parameter that does not learn."""
        name = unique_name(f"{GROUP}.{name}", self._taken)
        self._taken.add(name)
        return self.graph.add_parameter(Parameter(name, array, metadata={ROLE: "constant"}))

    def mean_over_samples(self, value: Value, axes: int) -> Value:
        """The sum over all axes but the first, of so many, and the mean over that one."""
        if axes > 1:
            value = self.layer("sum.dim_IntList", value, dim=list(range(1, axes)))
        return self.layer("mean", value)


@dataclass(frozen=True)
class Loss(ABC):
    """Holds an output against its expectation: one number, the smaller the better. A plain value, compared, printed and saved."""

    name: ClassVar[str] = ""
    parts: ClassVar[tuple[str, ...]] = ("expected",)

    @abstractmethod
    def expect(self, output: Any, expected: Any, name: str) -> tuple[Any, ...]:
        """The expectation as the tensors that the loss's layers read, `parts` of them.

        output: the tensor it is held against, of which only shape, dtype and device are looked at. name: of that output.
        Raises ShapeError or DTypeError saying what to write; nothing is ever broadcast.
        """

    @abstractmethod
    def place(self, site: Site, output: Value, expected: tuple[Value, ...]) -> Value:
        """The layers of the loss; the last one's value, a single number."""

    def blame(self, output: Any, expected: tuple[Any, ...], name: str) -> None:
        """Raises what is wrong with the numbers of an expectation that torch could not take; nothing where that is not it."""
        return

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What it was told that is not the default."""
        told = ((field, getattr(self, field.name)) for field in fields(self))
        return {field.name: value for field, value in told if value != field.default}

    def as_json(self) -> dict[str, Any]:
        """`{"loss": "cross_entropy", "smoothing": 0.1}`."""
        return {"loss": self.name, **{k: list(v) if isinstance(v, tuple) else v for k, v in self.arguments.items()}}

    def __repr__(self) -> str:
        return f"loss.{self.name}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"
