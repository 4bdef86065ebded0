"""What an exported graph is read into: calls, and the memory that their results stand in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.errors import ExportError

FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)\n\s*([^\n]*)')


class NeedsTorch(Exception):
    """An in-place operator that this pass does not undo: torch's own does, at the cost of whole operators."""

    def __init__(self, operator: str, node: Any) -> None:
        super().__init__(operator)
        self.operator, self.line = operator, line_of(node)


def cannot_be_undone(operator: str, line: str, because: str, way_out: str) -> ExportError:
    """The error of an in-place operator that no graph can hold."""
    told = {"operator": operator, "at": line, "because": because, "the way out": way_out}
    return ExportError(
        "the module writes into a tensor in a way that cannot be undone", {key: text for key, text in told.items() if text}
    )


def line_of(node: Any) -> str:
    """`net.py, line 12, in forward: y.add_(1)`: the line of the user's code that a node comes from; "" where it is not known."""
    frames = FRAME.findall(node.meta.get("stack_trace") or "")
    if not frames:
        return ""
    name, number, function, code = frames[-1]
    return f"{os.path.basename(name)}, line {number}, in {function}: {code}".rstrip(": ")


# -- calls ---------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Start:
    """Something that is there before the first call, by its name in the export.

    learns: it is a parameter of the module; constant: another tensor of it.
    """

    name: str
    val: Any = None
    learns: bool = False
    constant: bool = False


@dataclass(eq=False)
class Call:
    """One operator in its turn. args, kwargs: Python values with Starts, Calls and Parts among them.

    val: what torch knows of its result (fake tensors); stack: the modules around it; flags: NO_GRAD, AUTOCAST; graphs: bodies.
    """

    domain: str
    name: str
    overload: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    val: Any
    stack: tuple[tuple[str, str, str], ...] = ()
    flags: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    source: str = ""


@dataclass(eq=False)
class Part:
    """One of several outputs of a call."""

    call: Call
    index: int
    val: Any = None


Ref = Start | Call | Part


@dataclass(eq=False)
class Body:
    """The inner graph of a control-flow call: what it takes, its calls, what it gives."""

    inputs: list[Start]
    calls: list[Call]
    outputs: list[Any]


# -- memory --------------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Root:
    """Memory of its own: what it holds now. version grows with each in-place operator.

    val: what torch knows of the tensor that had it first; place: which memory it is in the export, however often its value is
    made anew.
    """

    ref: Any
    version: int = 0
    val: Any = None
    place: Any = None

    def __post_init__(self) -> None:
        self.place = storage(known(self.ref))
        self.val = known(self.ref) if self.val is None else self.val

    @property
    def root(self) -> Root:
        return self


@dataclass(eq=False)
class View:
    """A view of other memory: how it is made of it, and what it is as of which version of that memory."""

    of: Root | View
    make: Callable[[], Any]
    node: Any
    ref: Any
    version: int
    root: Root = field(init=False)

    def __post_init__(self) -> None:
        self.root = self.of.root

    @property
    def place(self) -> Any:
        return self.root.place


Cell = Root | View


def known(ref: Any) -> Any:
    """What torch knows of a reference: a fake tensor, a size."""
    return getattr(ref, "val", None)


def storage(val: Any) -> Any:
    """What tells one memory from another, None for what has none."""
    if not isinstance(val, torch.Tensor):
        return None
    try:
        return val.untyped_storage()._cdata
    except NotImplementedError:
        return None


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def aliases_known(graph: Any) -> bool:
    """Whether the fake tensors of a graph share memory where the real ones do: those of a program from a file never do."""
    views = [
        node
        for node in graph.nodes
        if node.op == "call_function" and isinstance(node.target, torch._ops.OpOverload) and node.target.is_view
    ]
    return not views or any(_shares(node) for node in views)


def _shares(view: Any) -> bool:
    source = view.args[0].meta.get("val") if isinstance(view.args[0], torch.fx.Node) else None
    place, made = storage(source), listed(view.meta.get("val"))
    return place is not None and any(storage(part) == place for part in made)
