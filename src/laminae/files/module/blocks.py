"""Graphs inside a graph: blocks that only set a mode are laid open, control flow becomes a layer with bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.errors import ModelError
from laminae.files.module.cells import Body, NeedsTorch, Part, Root, Start, listed
from laminae.ops.aten import AUTOCAST, NO_GRAD

if TYPE_CHECKING:
    from laminae.files.module.calls import Reader

CHECKPOINTS = ("tag_activation_checkpoint", "wrap", "wrap_activation_checkpoint", "hints_wrapper")


def higher_order(reader: Reader, node: Any) -> None:
    """A call of `torch.ops.higher_order`. Raises ModelError for one that is not read."""
    name = node.target._name if hasattr(node.target, "_name") else node.target.__name__
    if name == "wrap_with_set_grad_enabled":
        enabled, inner, *operands = node.args
        _block(reader, node, inner, operands, {NO_GRAD: not enabled})
    elif name == "wrap_with_autocast":
        device, dtype, enabled, cache, inner, *operands = node.args
        flags = {"device_type": device, "enabled": enabled, "cache_enabled": cache}
        _block(reader, node, inner, operands, {AUTOCAST: {**flags, "dtype": dtype} if dtype is not None else flags})
    elif name in CHECKPOINTS:
        inner, *operands = node.args
        _block(reader, node, inner, operands[0] if name == "hints_wrapper" else operands, {})
    elif name == "cond":
        pred, true, false, *operands = node.args
        _cond(reader, node, pred, {"true_graph": true, "false_graph": false}, operands[0] if operands else ())
    elif name == "while_loop":
        cond, body, carried, *extra = node.args
        _loop(reader, node, name, {"cond_graph": cond, "body_graph": body}, carried, extra[0] if extra else ())
    elif name == "scan":
        combine, start, sequences, *extra = node.args
        given, more = [*start, *sequences], extra[0] if extra else ()
        _loop(reader, node, name, {"combine_graph": combine}, given, more, carried=len(start))
    else:
        raise ModelError(
            f"the module uses torch.ops.higher_order.{name}, which is not read",
            {"read are": "cond, while_loop, scan, no_grad and autocast blocks, checkpoints"},
        )


def _block(reader: Reader, node: Any, inner: Any, operands: Any, flags: dict[str, Any]) -> None:
    """A block that only sets a mode: its calls stand in this graph."""
    graph, cells = reader.cells[inner], reader.cells
    for placeholder, operand in zip(_placeholders(graph), operands, strict=True):
        cells[placeholder] = cells[operand] if isinstance(operand, torch.fx.Node) else operand
    before = reader.flags
    reader.flags = {**before, **{key: value for key, value in flags.items() if value is not False}}
    if flags.get(NO_GRAD) is False:
        reader.flags.pop(NO_GRAD, None)
    for inside in graph.graph.nodes:
        if inside.op == "output":
            cells[node] = [cells[x] if isinstance(x, torch.fx.Node) else x for x in listed(inside.args[0])]
        elif inside.op != "placeholder":
            reader.node(inside, graph)
    reader.flags = before


def _body(reader: Reader, graph: Any, operands: Any, *, inputs: int = 0) -> Body:
    """A body that reads its operands from outside, its first `inputs` ones excepted, which it is given."""
    inner = reader.inside()
    starts = []
    for i, (placeholder, operand) in enumerate(zip(_placeholders(graph), operands, strict=True)):
        if i < inputs:
            starts.append(Start(placeholder.name, placeholder.meta.get("val")))
            inner.start(placeholder, starts[-1])
        else:
            inner.cells[placeholder] = Root(reader.value(operand), val=placeholder.meta.get("val"))
    outputs = inner.walk(graph)
    if any(cell.version for cell in inner.cells.values() if isinstance(cell, Root)):
        raise NeedsTorch("an in-place operator in a body", next(iter(graph.graph.nodes)))
    return Body(starts, inner.calls, outputs)


def _cond(reader: Reader, node: Any, pred: Any, graphs: dict[str, Any], operands: Any) -> None:
    bodies = {label: _body(reader, reader.cells[graph], operands) for label, graph in graphs.items()}
    _control(reader, node, "cond", (reader.value(pred),), bodies)


def _loop(reader: Reader, node: Any, name: str, graphs: dict[str, Any], given: Any, extra: Any, **plain: Any) -> None:
    """A body that runs again and again, on values of its own and `extra` ones from outside."""
    operands = [*given, *extra]
    bodies = {label: _body(reader, reader.cells[graph], operands, inputs=len(given)) for label, graph in graphs.items()}
    _control(reader, node, name, tuple(reader.value(list(given))), {**bodies, **plain})


def _control(reader: Reader, node: Any, name: str, args: tuple[Any, ...], bodies: dict[str, Any]) -> None:
    """A layer with bodies; what it gives are parts."""
    call = reader.call(node, "torch.ops.higher_order", name, None, args, bodies)
    reader.cells[node] = [Root(Part(call, i, val)) for i, val in enumerate(listed(node.meta["val"]))]


def _placeholders(graph: Any) -> Iterator[Any]:
    return (node for node in graph.graph.nodes if node.op == "placeholder")
