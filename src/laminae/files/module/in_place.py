"""In-place operators undone: what was written becomes a new value, put back through the views it was written through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.files.module.cells import Call, Cell, NeedsTorch, Root, Start, View, known
from laminae.files.module.inverse import inverse
from laminae.ops.aten import NO_GRAD, name_of

if TYPE_CHECKING:
    from laminae.files.module.calls import Reader


def in_place(reader: Reader, node: Any) -> None:
    """`add_` as `add`: the cell that was written to holds the new value."""
    overload = node.target
    written = [i for i, a in enumerate(overload._schema.arguments) if a.alias_info is not None and a.alias_info.is_write]
    functional = _functional(overload)
    plain = functional is not None and not isinstance(node.args[0], (list, tuple)) and reader.aliases_known
    if written != [0] or not plain or torch.Tag.inplace_view in overload.tags:
        raise NeedsTorch(str(overload), node)
    cell = reader.cells[node.args[0]]
    args, kwargs = reader.value(node.args), reader.value(node.kwargs)
    old = node.meta["val"]
    if functional._schema.name == "aten::copy":
        new = copied(reader, node, *args[:2])
    else:
        new = reader.made(node, functional, *args, **kwargs)
        if new.val.dtype != old.dtype:
            new = reader.made(node, torch.ops.aten.to.dtype, new, old.dtype)
    write(reader, node, cell, laid_out(reader, node, new, old))
    reader.cells[node] = cell


def copied(reader: Reader, node: Any, target: Any, source: Any) -> Call:
    """What `target.copy_(source)` leaves in it: the source, of the target's dtype and shape."""
    aten, old, new = torch.ops.aten, known(target), source
    if known(source).dtype != old.dtype:
        new = reader.made(node, aten.to.dtype, new, old.dtype)
    if tuple(known(source).shape) != tuple(old.shape):
        new = reader.made(node, aten.expand_as.default, new, target)
    return reader.made(node, aten.clone.default, new)


def laid_out(reader: Reader, node: Any, new: Any, old: Any) -> Any:
    """A new value in the memory order of what it takes the place of: a `view` that is read later stands on it."""
    val = known(new)
    if not isinstance(val, torch.Tensor) or val.stride() == old.stride() or val.shape != old.shape:
        return new
    order = sorted(range(old.ndim), key=lambda axis: -old.stride(axis))
    if dense(val, order):
        return new
    if order == list(range(old.ndim)):
        return reader.made(node, torch.ops.aten.clone.default, new, memory_format=torch.contiguous_format)
    turned = reader.made(node, torch.ops.aten.permute.default, new, order)
    whole = reader.made(node, torch.ops.aten.clone.default, turned, memory_format=torch.contiguous_format)
    return reader.made(node, torch.ops.aten.permute.default, whole, [order.index(axis) for axis in range(old.ndim)])


def dense(val: Any, order: list[int]) -> bool:
    """Whether a tensor fills its memory without gaps, its axes in this order."""
    sizes = [val.shape[axis] for axis in order]
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return bool(all(size == 1 or val.stride(axis) == step for axis, size, step in zip(order, sizes, strides, strict=True)))


def write(reader: Reader, node: Any, cell: Cell, new: Any) -> None:
    """A cell holds `new` from here on, and so does the memory it is a view of."""
    through: list[tuple[View, Any]] = []
    while isinstance(cell, View):
        whole = inverse(reader, cell, reader.now(cell.of), new)
        if whole is None:
            raise NeedsTorch(str(cell.node), node)
        through.append((cell, new))
        cell, new = cell.of, whole
    _write_root(reader, node, cell, new)
    for view, value in through:
        view.ref, view.version = value, view.root.version


def _write_root(reader: Reader, node: Any, root: Root, new: Any) -> None:
    """Memory of its own holds `new`. A weight is written itself: torch lets that be done only past its derivatives."""
    if isinstance(root.ref, Start) and root.ref.learns:
        copy = torch.ops.aten.copy_.default
        reader.call(node, *name_of(copy), copy, (root.ref, new), {}).flags[NO_GRAD] = True
    else:
        old = known(root.ref)
        root.ref = laid_out(reader, node, new, old) if isinstance(old, torch.Tensor) else new
    root.version += 1


def _functional(overload: Any) -> Any:
    """`aten.add_.Tensor` → `aten.add.Tensor`; None where there is none."""
    namespace, _, base = overload._schema.name.partition("::")
    base = {"normal_": "normal_functional_"}.get(base, base)
    packet = getattr(getattr(torch.ops, namespace), base.removesuffix("_"), None) if base.endswith("_") else None
    names = (overload._overloadname, {"": "default"}.get(overload._overloadname, ""))
    found = next((f for name in names if name and (f := getattr(packet, name, None)) is not None), None)
    return found if found is not None and not found._schema.is_mutable else None
