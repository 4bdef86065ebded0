"""One function with its attributes and parameters: an operator in its place in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laminae.graph.parameter import Parameter
from laminae.graph.value import Value

if TYPE_CHECKING:
    from laminae.graph.graph import Function, Graph

INPUT = "Input"
WRITES = "laminae.writes"
"""Metadata of a layer that is there to write a parameter: its name."""

OURS = "laminae"
"""The operator of an input layer, and the domain it is in: it reads nothing, its output is the `x` it is given."""


class Layer:
    """An operator (name, domain, opset) with its attributes, what it reads and what it makes.

    inputs: values and parameters in the operator's order, None where an optional one is left out; outputs likewise.
    group: the path of the group it stands in (`encoder/layer/0`), empty at the top. A graph among the attributes is a body.
    """

    __slots__ = ("attributes", "doc", "domain", "function", "group", "inputs", "metadata", "name", "operator", "opset", "outputs")

    def __init__(
        self,
        name: str,
        operator: str,
        inputs: tuple[Value | Parameter | None, ...] = (),
        outputs: tuple[Value | None, ...] = (),
        attributes: dict[str, Any] | None = None,
        *,
        domain: str = "",
        opset: int = 1,
        group: str = "",
        metadata: dict[str, str] | None = None,
        doc: str = "",
        function: Function | None = None,
    ) -> None:
        self.name = name
        self.operator = operator
        self.domain = domain
        self.opset = opset
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.attributes = attributes or {}
        self.group = group
        self.metadata = metadata or {}
        self.doc = doc
        self.function = function
        for value in self.outputs:
            if value is not None:
                value.producer = self

    @property
    def is_input(self) -> bool:
        return self.operator == INPUT and self.domain == OURS

    @property
    def leaf(self) -> str:
        """The last part of its path."""
        return self.name.rstrip("/").rsplit("/", 1)[-1]

    @property
    def path(self) -> str:
        """Its group's path and its own last name, joined by `/`."""
        return f"{self.group}/{self.leaf}" if self.group else self.name.strip("/")

    @property
    def bodies(self) -> dict[str, Graph]:
        """Its inner models by label: `then` and `else` of an If, `body` of a Loop, a Scan or a function."""
        if self.function is not None:
            return {"body": self.function.graph}
        return {key.removesuffix("_branch"): value for key, value in self.attributes.items() if hasattr(value, "layers")}

    @property
    def captures(self) -> tuple[Value | Parameter, ...]:
        """What its bodies read from outside, each once, in order of first use."""
        if self.function is not None:
            return ()
        found: dict[Value | Parameter, None] = {}
        for body in self.bodies.values():
            found.update(dict.fromkeys(body.free()))
        return tuple(found)

    @property
    def reads(self) -> tuple[Value | Parameter, ...]:
        """Everything it needs: its inputs, and what its bodies read from outside."""
        return tuple(x for x in self.inputs if x is not None) + self.captures

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters it owns or shares, by name, those of its bodies included."""
        own = {p.name: p for p in self.reads if isinstance(p, Parameter)}
        for body in self.bodies.values():
            own.update(body.parameters)
        return own

    @property
    def previous(self) -> tuple[Layer, ...]:
        """The layers whose values it reads, each once."""
        producers = (x.producer for x in self.reads if isinstance(x, Value))
        return tuple(dict.fromkeys(p for p in producers if p is not None))

    def describe(self) -> str:
        """`Gemm (opset 13)`, with the domain where it is not the main one."""
        if self.is_input:
            return INPUT
        if self.domain.startswith("torch."):  # torch has one version of its operators, the one that runs
            return f"{self.domain}.{self.operator}"
        return f"{self.domain + '.' if self.domain else ''}{self.operator} (opset {self.opset})"

    def __repr__(self) -> str:
        return f"Layer({self.name!r}, {self.operator})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Layer is pickled with its graph, not alone")
