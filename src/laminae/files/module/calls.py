"""An exported graph as a list of calls without in-place operators: no value, once made, is ever changed.

`y.add_(1)` becomes a new value, and whatever is a view of the same memory is made anew from it when it is next read. Blocks
under no_grad or autocast are laid open: each call says that it stands in one.
"""

from __future__ import annotations

import operator
from typing import Any

from laminae.base import torch
from laminae.base.errors import ModelError
from laminae.files.module.blocks import higher_order
from laminae.files.module.cells import Call, Cell, NeedsTorch, Part, Root, Start, View, storage
from laminae.files.module.in_place import copied, in_place, laid_out
from laminae.files.module.strided import AS_STRIDED, made_of_whole
from laminae.ops.aten import NUMBERS, name_of
from laminae.ops.python_numbers import FUNCTIONS

DROPPED = frozenset(
    f"aten::{name}"
    for name in [
        "_assert_tensor_metadata",
        "_assert_scalar",
        "_assert_async",
        "sym_constrain_range",
        "sym_constrain_range_for_size",
        "_functional_assert_async",
        "_functional_assert_scalar",
        "_print",
    ]
)
"""Checks that give no value."""

SAME = frozenset(("aten::lift_fresh", "aten::alias"))
"""Operators that give what they are given."""

DROPOUTS = frozenset(("aten::dropout", "aten::feature_dropout", "aten::alpha_dropout", "aten::feature_alpha_dropout"))
"""Operators that, where they drop nothing, hand on what they are given; the export does not know."""

DETACHED = "aten::detach_"
"""What a constant made in forward is given first: `torch.tensor([1.0])`."""

FRESH = frozenset(("aten::lift_fresh_copy",))
"""Operators that give a copy of what they are given: the same value, and memory of its own."""


class Reader:
    """Walks an FX graph once, in order. calls: what was found."""

    def __init__(self, *, aliases_known: bool) -> None:
        self.calls: list[Call] = []
        self.cells: dict[Any, Any] = {}
        self.aliases_known = aliases_known
        self.flags: dict[str, Any] = {}

    def inside(self) -> Reader:
        """A reader of a body at this place."""
        reader = Reader(aliases_known=self.aliases_known)
        reader.flags = dict(self.flags)
        return reader

    def start(self, node: Any, start: Start) -> None:
        """A placeholder of the graph is this."""
        self.cells[node] = Root(start)

    def walk(self, module: Any) -> list[Any]:
        """All nodes of a GraphModule whose placeholders are known. Gives what it returns, as it stands at the end."""
        for node in module.graph.nodes:
            if node.op == "output":
                given = self.value(node.args[0])
                return given if isinstance(given, list) else [given]
            if node.op != "placeholder":
                self.node(node, module)
        return []

    # -- one node ------------------------------------------------------------------------------------------------------

    def node(self, node: Any, module: Any) -> None:
        """A node of a GraphModule that is neither its input nor its output."""
        if node.op == "call_function":
            self.function(node)
        elif node.op == "get_attr":
            held = _attribute(module, node.target)
            self.cells[node] = Root(held) if isinstance(held, torch.Tensor) else held
        else:
            raise ModelError(f"the export holds {node.format_node()}, which is not read")

    def function(self, node: Any) -> None:
        target = node.target
        if target is operator.getitem and isinstance(node.args[0], torch.fx.Node):
            self.cells[node] = self.part(node)
        elif isinstance(target, torch._ops.OpOverload):
            self.overload(node)
        elif isinstance(target, torch._ops.HigherOrderOperator):
            higher_order(self, node)
        elif (name := target.__name__.lstrip("_")) in FUNCTIONS:
            self.cells[node] = Root(self.call(node, NUMBERS, name, None, (list(self.value(node.args)),), {}))
        else:
            raise ModelError(
                f"the module uses {target.__module__}.{target.__name__} inside, which no graph of layers holds",
                {"read are": "tensor operators, arithmetic on sizes, torch.cond, torch.while_loop, scan"},
            )

    def part(self, node: Any) -> Any:
        whole, index = self.cells[node.args[0]], node.args[1]
        if isinstance(whole, (list, tuple)):
            return whole[index]
        raise ModelError(f"{node.format_node()} takes a part of what has none")

    def overload(self, node: Any) -> None:
        name = node.target._schema.name
        if name in DROPPED:
            return
        if name in SAME or (name == DETACHED and self.has_no_history(node.args[0])):
            self.cells[node] = self.cells[node.args[0]]
        elif name in FRESH:
            self.cells[node] = Root(self.value(node.args[0]))
        elif node.target._schema.is_mutable:
            in_place(self, node)
        elif name == "aten::copy":
            made = copied(self, node, *self.value(node.args)[:2])
            self.cells[node] = Root(laid_out(self, node, made, node.meta["val"]))
        elif name == AS_STRIDED and self.aliases_known:
            self.cells[node] = self.strided(node)
        else:
            self.cells[node] = self.results(node, self.again(node))

    def has_no_history(self, node: Any) -> bool:
        """Whether a node is a constant or a buffer as it was before the first call."""
        ref = getattr(self.cells[node], "ref", None)
        return isinstance(ref, torch.Tensor) or (isinstance(ref, Start) and ref.constant)

    def results(self, node: Any, call: Call) -> Any:
        """A cell for what a call gave, or for each part of it; a view where it shares memory with what it read."""
        val = node.meta.get("val")
        if isinstance(val, (list, tuple)):
            return [self.result(node, Part(call, i, part), part, i) for i, part in enumerate(val)]
        return self.result(node, call, val, None)

    def result(self, node: Any, ref: Any, val: Any, index: int | None) -> Cell:
        source = self.viewed(node, val)
        if source is None:
            return Root(ref)

        def make() -> Any:
            call = self.again(node)
            return call if index is None else Part(call, index, node.meta["val"][index])

        return View(source, make, node if index is None else (node, index), ref, source.root.version)

    def viewed(self, node: Any, val: Any) -> Cell | None:
        """The cell whose memory a result shares, None where it is new memory."""
        if not isinstance(val, torch.Tensor):
            return None
        cells = [self.cells[arg] for arg in node.all_input_nodes if isinstance(self.cells.get(arg), (Root, View))]
        if node.target._schema.name in DROPOUTS and not (node.args[2] and node.args[1]):
            return self.cells[node.args[0]]  # type: ignore[no-any-return]
        if self.aliases_known:
            place = storage(val)
            return next((cell for cell in cells if place is not None and cell.place == place), None)
        views = any(r.alias_info is not None and not r.alias_info.is_write for r in node.target._schema.returns)
        return cells[0] if views and cells else None

    def strided(self, node: Any) -> Cell:
        """A view by places in memory: of the whole memory, not of the view it is asked of."""
        root = self.cells[node.args[0]].root

        def make() -> Call:
            return made_of_whole(self, node, root)

        return View(root, make, node, make() if root.version else self.again(node), root.version)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def again(self, node: Any) -> Call:
        """The call of a node, of what it reads as that is now: a view is made anew so."""
        return self.call(node, *name_of(node.target), node.target, self.value(node.args), self.value(node.kwargs))

    def made(self, node: Any, overload: Any, *args: Any, **kwargs: Any) -> Call:
        """A call that stands in no export: what it makes is asked of torch's fake tensors."""
        call = self.call(node, *name_of(overload), overload, args, kwargs)
        try:
            with torch.no_grad():
                call.val = overload(*map(_fakes, args), **{key: _fakes(value) for key, value in kwargs.items()})
        except Exception as error:
            raise NeedsTorch(str(overload), node) from error
        return call

    def call(self, node: Any, domain: str, name: str, overload: Any, args: Any, kwargs: Any) -> Call:
        made = Call(
            domain, name, overload, tuple(args), dict(kwargs), node.meta.get("val"), _stack(node), dict(self.flags), node.name
        )
        made.source = node.meta.get("stack_trace") or ""
        self.calls.append(made)
        return made

    # -- values --------------------------------------------------------------------------------------------------------

    def now(self, cell: Any) -> Any:
        """What a cell holds at this place in the order; a view of memory that was written to is made anew."""
        if not isinstance(cell, View):
            return cell.ref if isinstance(cell, Root) else cell
        stale: list[View] = []
        above: Cell = cell
        while isinstance(above, View) and above.version != above.root.version:
            stale.append(above)
            above = above.of
        for view in reversed(stale):
            view.ref, view.version = view.make(), view.root.version
        return cell.ref

    def value(self, argument: Any) -> Any:
        """An argument with what its nodes hold now."""
        if isinstance(argument, torch.fx.Node):
            cell = self.cells[argument]
            return [self.now(part) for part in cell] if isinstance(cell, (list, tuple)) else self.now(cell)
        if isinstance(argument, (list, tuple)):
            return [self.value(part) for part in argument]
        if isinstance(argument, dict):
            return {key: self.value(part) for key, part in argument.items()}
        if isinstance(argument, slice):
            return slice(self.value(argument.start), self.value(argument.stop), self.value(argument.step))
        return argument


def _fakes(value: Any) -> Any:
    """An argument with what torch knows of its tensors in their places."""
    if isinstance(value, (Start, Call, Part)):
        return value.val
    return [_fakes(part) for part in value] if isinstance(value, (list, tuple)) else value


def _attribute(module: Any, target: str) -> Any:
    for name in target.split("."):
        module = getattr(module, name)
    return module


def _stack(node: Any) -> tuple[tuple[str, str, str], ...]:
    """The modules around a node from the outermost in: (key of this call, path, class)."""
    found = []
    for key, (path, kind) in (node.meta.get("nn_module_stack") or {}).items():
        found.append((key, path, kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"))
    return tuple(found)
