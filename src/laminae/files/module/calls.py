"""An exported graph as a list of calls without in-place operators: no value, once made, is ever changed.

`y.add_(1)` becomes a new value, and whatever is a view of the same memory is made anew from it when it is next read. Blocks
under no_grad or autocast are laid open: each call says that it stands in one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from laminae.base import torch
from laminae.base.errors import ModelError
from laminae.files.module.inverse import inverse
from laminae.ops.aten import AUTOCAST, NO_GRAD, NUMBERS, name_of
from laminae.ops.python_numbers import FUNCTIONS


class NeedsTorch(Exception):
    """An in-place operator that this pass does not undo: torch's own does, at the cost of whole operators."""


@dataclass(eq=False)
class Start:
    """Something that is there before the first call, by its name in the export. learns: it is a parameter, not a buffer."""

    name: str
    val: Any = None
    learns: bool = False


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


@dataclass(eq=False)
class Root:
    """Memory of its own: what it holds now. version grows with each in-place operator.

    place: which memory it is in the export, however often its value is made anew.
    """

    ref: Any
    version: int = 0
    place: Any = None

    def __post_init__(self) -> None:
        self.place = _storage(_val(self.ref))


@dataclass(eq=False)
class View:
    """A view of other memory: how it is made of it, and what it is as of which version of that memory."""

    of: Root | View
    make: Callable[[Any], Any]
    node: Any
    ref: Any
    version: int

    @property
    def place(self) -> Any:
        return self.root.place

    @property
    def root(self) -> Root:
        cell = self.of
        while isinstance(cell, View):
            cell = cell.of
        return cell


Cell = Root | View


class Reader:
    """Walks an FX graph once, in order. calls: what was found."""

    def __init__(self, *, aliases_known: bool) -> None:
        self.calls: list[Call] = []
        self.cells: dict[Any, Any] = {}
        self.aliases_known = aliases_known
        self.flags: dict[str, Any] = {}

    def start(self, node: Any, start: Start) -> None:
        """A placeholder of the graph is this."""
        self.cells[node] = Root(start)

    def walk(self, module: Any) -> list[Any]:
        """All nodes of a GraphModule whose placeholders are known. Gives what it returns, as it stands at the end."""
        for node in module.graph.nodes:
            if node.op == "call_function":
                self.function(node, module)
            elif node.op == "get_attr":
                self.cells[node] = held(_attribute(module, node.target))
            elif node.op == "output":
                given = self.value(node.args[0])
                return given if isinstance(given, list) else [given]
            elif node.op != "placeholder":
                raise ModelError(f"the export holds {node.format_node()}, which is not read")
        return []

    # -- one node ------------------------------------------------------------------------------------------------------

    def function(self, node: Any, module: Any) -> None:
        target = node.target
        if target is operator.getitem and isinstance(node.args[0], torch.fx.Node):
            self.cells[node] = self.part(node)
        elif isinstance(target, torch._ops.OpOverload):
            self.overload(node)
        elif isinstance(target, torch._ops.HigherOrderOperator):
            self.higher_order(node, module)
        elif target.__name__.lstrip("_") not in FUNCTIONS:
            raise ModelError(
                f"the module uses {target.__module__}.{target.__name__} inside, which no graph of layers holds",
                {"read are": "tensor operators, arithmetic on sizes, torch.cond, torch.while_loop, scan"},
            )
        else:
            self.cells[node] = Root(
                self.call(node, NUMBERS, target.__name__.lstrip("_"), None, (list(self.value(node.args)),), {})
            )

    def part(self, node: Any) -> Any:
        whole, index = self.cells[node.args[0]], node.args[1]
        if isinstance(whole, (list, tuple)):
            return whole[index]
        raise ModelError(f"{node.format_node()} takes a part of what has none")

    def overload(self, node: Any) -> None:
        overload, schema = node.target, node.target._schema
        name = schema.name
        if name in DROPPED:
            return
        if name in SAME:
            self.cells[node] = self.cells[node.args[0]]
            return
        if name in FRESH:
            self.cells[node] = Root(self.value(node.args[0]))
            return
        if schema.is_mutable:
            self.in_place(node)
            return
        args, kwargs = self.value(node.args), self.value(node.kwargs)
        domain, short = name_of(overload)
        if short == "copy":
            self.cells[node] = Root(self.laid_out(node, self.copied(node, *args[:2]), node.meta["val"]))
            return
        self.cells[node] = self.results(node, self.call(node, domain, short, overload, args, kwargs))

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
        return View(source, _again(self, node, index), node if index is None else (node, index), ref, source_version(source))

    def viewed(self, node: Any, val: Any) -> Cell | None:
        """The cell whose memory a result shares, None where it is new memory."""
        if not isinstance(val, torch.Tensor):
            return None
        cells = [self.cells[arg] for arg in node.all_input_nodes if isinstance(self.cells.get(arg), (Root, View))]
        if node.target._schema.name in DROPOUTS and not (node.args[2] and node.args[1]):
            return self.cells[node.args[0]]  # type: ignore[no-any-return]
        if self.aliases_known:
            place = _storage(val)
            return next((cell for cell in cells if place is not None and cell.place == place), None)
        views = any(r.alias_info is not None and not r.alias_info.is_write for r in node.target._schema.returns)
        return cells[0] if views and cells else None

    # -- in place ------------------------------------------------------------------------------------------------------

    def in_place(self, node: Any) -> None:
        """`add_` as `add`: the cell that was written to holds the new value."""
        overload = node.target
        written = [i for i, a in enumerate(overload._schema.arguments) if a.alias_info is not None and a.alias_info.is_write]
        functional = _functional(overload)
        plain = functional is not None and not isinstance(node.args[0], (list, tuple)) and self.aliases_known
        if written != [0] or not plain or torch.Tag.inplace_view in overload.tags:
            raise NeedsTorch(str(overload))
        cell = self.cells[node.args[0]]
        args, kwargs = self.value(node.args), self.value(node.kwargs)
        old = node.meta["val"]
        if functional._schema.name == "aten::copy":
            new = self.copied(node, *args[:2])
        else:
            new = self.made(node, functional, *args, **kwargs)
            if new.val.dtype != old.dtype:
                new = self.made(node, torch.ops.aten.to.dtype, new, old.dtype)
        self.write(node, cell, self.laid_out(node, new, old))
        self.cells[node] = cell

    def made(self, node: Any, overload: Any, *args: Any, **kwargs: Any) -> Call:
        """A call that stands in no export: what it makes is asked of torch's fake tensors."""
        call = self.call(node, *name_of(overload), overload, args, kwargs)
        try:
            with torch.no_grad():
                call.val = overload(*map(_fakes, args), **{key: _fakes(value) for key, value in kwargs.items()})
        except Exception as error:
            raise NeedsTorch(str(overload)) from error
        return call

    def laid_out(self, node: Any, new: Any, old: Any) -> Any:
        """A new value in the memory order of what it takes the place of: a `view` that is read later stands on it."""
        val = _val(new)
        if not isinstance(val, torch.Tensor) or val.stride() == old.stride() or val.shape != old.shape:
            return new
        order = sorted(range(old.ndim), key=lambda axis: -old.stride(axis))
        if not _dense(old, order):
            return new
        if order == list(range(old.ndim)):
            return self.made(node, torch.ops.aten.clone.default, new, memory_format=torch.contiguous_format)
        turned = self.made(node, torch.ops.aten.permute.default, new, order)
        whole = self.made(node, torch.ops.aten.clone.default, turned, memory_format=torch.contiguous_format)
        return self.made(node, torch.ops.aten.permute.default, whole, [order.index(axis) for axis in range(old.ndim)])

    def copied(self, node: Any, target: Any, source: Any) -> Any:
        """What `target.copy_(source)` leaves in it: the source, of the target's dtype and shape."""
        aten, old, new = torch.ops.aten, _val(target), source
        if _val(source).dtype != old.dtype:
            new = self.made(node, aten.to.dtype, new, old.dtype)
        if tuple(_val(source).shape) != tuple(old.shape):
            new = self.made(node, aten.expand_as.default, new, target)
        return self.made(node, aten.clone.default, new)

    def write(self, node: Any, cell: Any, new: Any) -> None:
        """A cell holds `new` from here on. A weight is written itself: torch lets that be done only past its derivatives."""
        if isinstance(cell, Root):
            if isinstance(cell.ref, Start) and cell.ref.learns:
                copy = torch.ops.aten.copy_.default
                self.call(node, *name_of(copy), copy, (cell.ref, new), {}).flags[NO_GRAD] = True
            else:
                old = _val(cell.ref)
                cell.ref = self.laid_out(node, new, old) if isinstance(old, torch.Tensor) else new
            cell.version += 1
            return
        whole = inverse(self, cell, self.now(cell.of), new)
        if whole is None:
            raise NeedsTorch(str(cell.node))
        self.write(node, cell.of, whole)
        cell.ref, cell.version = new, cell.root.version

    def now(self, cell: Any) -> Any:
        """What a cell holds at this place in the order; a view of memory that was written to is made anew."""
        if not isinstance(cell, View):
            return cell.ref if isinstance(cell, Root) else cell
        if cell.version != cell.root.version:
            cell.ref, cell.version = cell.make(self.now(cell.of)), cell.root.version
        return cell.ref

    # -- blocks and bodies ---------------------------------------------------------------------------------------------

    def higher_order(self, node: Any, module: Any) -> None:
        name = node.target._name if hasattr(node.target, "_name") else node.target.__name__
        if name == "wrap_with_set_grad_enabled":
            enabled, inner, *operands = node.args
            self.block(node, inner, operands, {NO_GRAD: not enabled})
        elif name == "wrap_with_autocast":
            device, dtype, enabled, cache, inner, *operands = node.args
            flags = {"device_type": device, "enabled": enabled, "cache_enabled": cache}
            self.block(node, inner, operands, {AUTOCAST: {**flags, "dtype": dtype} if dtype is not None else flags})
        elif name in ("tag_activation_checkpoint", "wrap", "wrap_activation_checkpoint", "hints_wrapper"):
            inner, *operands = node.args
            self.block(node, inner, operands[0] if name == "hints_wrapper" else operands, {})
        elif name == "cond":
            pred, true, false, *operands = node.args
            self.control(
                node,
                module,
                "cond",
                (self.value(pred),),
                {"true_graph": true, "false_graph": false},
                operands[0] if operands else (),
            )
        elif name == "while_loop":
            cond, body, carried, *extra = node.args
            self.loop(node, name, {"cond_graph": cond, "body_graph": body}, carried, extra[0] if extra else ())
        elif name == "scan":
            combine, start, sequences, *extra = node.args
            self.loop(node, name, {"combine_graph": combine}, [*start, *sequences], extra[0] if extra else (), carried=len(start))
        else:
            raise ModelError(
                f"the module uses torch.ops.higher_order.{name}, which is not read",
                {"read are": "cond, while_loop, scan, no_grad and autocast blocks, checkpoints"},
            )

    def block(self, node: Any, inner: Any, operands: Any, flags: dict[str, Any]) -> None:
        """A block that only sets a mode: its calls stand in this graph."""
        graph = self.cells[inner]
        for placeholder, operand in zip(_placeholders(graph), operands, strict=True):
            self.cells[placeholder] = self.cells[operand] if isinstance(operand, torch.fx.Node) else operand
        before, self.flags = self.flags, {**self.flags, **{key: value for key, value in flags.items() if value is not False}}
        if flags.get(NO_GRAD) is False:
            self.flags.pop(NO_GRAD, None)
        for inside in graph.graph.nodes:
            if inside.op == "output":
                self.cells[node] = [self.cells[x] if isinstance(x, torch.fx.Node) else x for x in _listed(inside.args[0])]
            elif inside.op == "call_function":
                self.function(inside, graph)
            elif inside.op == "get_attr":
                self.cells[inside] = held(_attribute(graph, inside.target))
        self.flags = before

    def body(self, graph: Any, operands: Any, *, inputs: int = 0) -> Body:
        """A body that reads its operands from outside, its first `inputs` ones excepted, which it is given."""
        inner = Reader(aliases_known=self.aliases_known)
        starts = []
        for i, (placeholder, operand) in enumerate(zip(_placeholders(graph), operands, strict=True)):
            if i < inputs:
                starts.append(Start(placeholder.name, placeholder.meta.get("val")))
                inner.start(placeholder, starts[-1])
            else:
                inner.cells[placeholder] = Root(self.value(operand))
        inner.flags = dict(self.flags)
        outputs = inner.walk(graph)
        if any(cell.version for cell in inner.cells.values() if isinstance(cell, Root)):
            raise NeedsTorch("an in-place operator in a body")
        return Body(starts, inner.calls, outputs)

    def control(self, node: Any, module: Any, name: str, args: tuple[Any, ...], graphs: dict[str, Any], operands: Any) -> None:
        bodies = {label: self.body(self.cells[graph], operands) for label, graph in graphs.items()}
        call = self.call(node, "torch.ops.higher_order", name, None, args, bodies)
        self.cells[node] = [Root(Part(call, i, val)) for i, val in enumerate(_listed(node.meta["val"]))]

    def loop(self, node: Any, name: str, graphs: dict[str, Any], given: Any, extra: Any, **plain: Any) -> None:
        """A body that runs again and again, on values of its own and `extra` ones from outside."""
        operands = [*given, *extra]
        bodies = {label: self.body(self.cells[graph], operands, inputs=len(given)) for label, graph in graphs.items()}
        call = self.call(node, "torch.ops.higher_order", name, None, tuple(self.value(list(given))), {**bodies, **plain})
        self.cells[node] = [Root(Part(call, i, val)) for i, val in enumerate(_listed(node.meta["val"]))]

    # -- helpers -------------------------------------------------------------------------------------------------------

    def call(self, node: Any, domain: str, name: str, overload: Any, args: Any, kwargs: Any) -> Call:
        made = Call(
            domain, name, overload, tuple(args), dict(kwargs), node.meta.get("val"), _stack(node), dict(self.flags), node.name
        )
        made.source = node.meta.get("stack_trace") or ""
        self.calls.append(made)
        return made

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

FRESH = frozenset(("aten::lift_fresh_copy",))
"""Operators that give a copy of what they are given: the same value, and memory of its own."""


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
    place, made = _storage(source), _listed(view.meta.get("val"))
    return place is not None and any(_storage(part) == place for part in made)


def source_version(cell: Cell) -> int:
    return cell.version if isinstance(cell, Root) else cell.root.version


def _again(reader: Reader, node: Any, index: int | None) -> Callable[[Any], Any]:
    """Makes the view of `node` anew, out of what its memory holds now."""

    def make(now: Any) -> Any:
        del now  # read through the cells, which know it
        domain, short = name_of(node.target)
        call = reader.call(node, domain, short, node.target, reader.value(node.args), reader.value(node.kwargs))
        return call if index is None else Part(call, index, node.meta["val"][index])

    return make


def held(value: Any) -> Any:
    """What a `get_attr` gives: a tensor in a cell of its own, a graph as it is."""
    return Root(value) if isinstance(value, torch.Tensor) else value


def _dense(val: Any, order: list[int]) -> bool:
    """Whether a tensor fills its memory without gaps, its axes in this order."""
    sizes = [val.shape[axis] for axis in order]
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return bool(all(size == 1 or val.stride(axis) == step for axis, size, step in zip(order, sizes, strides, strict=True)))


def _fakes(value: Any) -> Any:
    """An argument with what torch knows of its tensors in their places."""
    if isinstance(value, (Start, Call, Part)):
        return value.val
    return [_fakes(part) for part in value] if isinstance(value, (list, tuple)) else value


def _val(ref: Any) -> Any:
    return getattr(ref, "val", None)


def _storage(val: Any) -> Any:
    """What tells one memory from another, None for what has none."""
    if not isinstance(val, torch.Tensor):
        return None
    try:
        return val.untyped_storage()._cdata
    except NotImplementedError:
        return None


def _functional(overload: Any) -> Any:
    """`aten.add_.Tensor` → `aten.add.Tensor`; None where there is none."""
    namespace, _, base = overload._schema.name.partition("::")
    base = {"normal_": "normal_functional_"}.get(base, base)
    packet = getattr(getattr(torch.ops, namespace), base.removesuffix("_"), None) if base.endswith("_") else None
    names = (overload._overloadname, {"": "default"}.get(overload._overloadname, ""))
    found = next((f for name in names if name and (f := getattr(packet, name, None)) is not None), None)
    return found if found is not None and not found._schema.is_mutable else None


def _attribute(module: Any, target: str) -> Any:
    for name in target.split("."):
        module = getattr(module, name)
    return module


def _placeholders(graph: Any) -> Iterator[Any]:
    return (node for node in graph.graph.nodes if node.op == "placeholder")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _stack(node: Any) -> tuple[tuple[str, str, str], ...]:
    """The modules around a node from the outermost in: (key of this call, path, class)."""
    found = []
    for key, (path, kind) in (node.meta.get("nn_module_stack") or {}).items():
        found.append((key, path, kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"))
    return tuple(found)
