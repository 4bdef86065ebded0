"""What becomes of the whole when a view of it is written to: view operators backwards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.files.module.strided import AS_STRIDED, whole_with

if TYPE_CHECKING:
    from laminae.files.module.calls import Reader
    from laminae.files.module.cells import View

RESHAPES = ("view", "reshape", "_unsafe_view", "flatten", "unflatten", "view_as", "reshape_as", "squeeze", "_reshape_alias")
SAME = ("detach", "alias", "contiguous", "to", "dropout", "feature_dropout", "alpha_dropout", "lift_fresh", "type_as", "_to_copy")


def inverse(reader: Reader, view: View, whole: Any, new: Any) -> Any:
    """The whole with `new` in place of the view; None for a view that is not undone."""
    node, index = view.node if isinstance(view.node, tuple) else (view.node, None)
    name = node.target._schema.name.removeprefix("aten::")
    args = reader.value(node.args)
    given = _named(node.target, args, reader.value(node.kwargs))
    if node.target._schema.name == AS_STRIDED:
        return whole_with(reader, node, view.root, new)
    make = partial(reader.made, node)
    if name in SAME:
        return new
    if name == "view" and node.target._overloadname == "dtype":
        return make(torch.ops.aten.view.dtype, new, whole.val.dtype)
    if name in RESHAPES:
        return make(torch.ops.aten.reshape_as.default, new, whole)
    if name == "unsqueeze":
        return make(torch.ops.aten.squeeze.dim, new, given["dim"])
    if name == "transpose":
        return make(torch.ops.aten.transpose.int, new, given["dim0"], given["dim1"])
    if name == "t":
        return make(torch.ops.aten.t.default, new)
    if name == "permute":
        rank = len(given["dims"])
        order = [dim % rank for dim in given["dims"]]
        return make(torch.ops.aten.permute.default, new, [order.index(i) for i in range(rank)])
    if name == "select":
        return make(torch.ops.aten.select_scatter.default, whole, new, given["dim"], given["index"])
    if name == "slice":
        span = (given["dim"], given["start"], given["end"], given["step"])
        return make(torch.ops.aten.slice_scatter.default, whole, new, *span)
    if name == "diagonal":
        return make(torch.ops.aten.diagonal_scatter.default, whole, new, given["offset"], given["dim1"], given["dim2"])
    if name == "unbind":
        return make(torch.ops.aten.select_scatter.default, whole, new, given["dim"], index)
    if name in ("split", "split_with_sizes", "chunk", "narrow"):
        return _piece(make, node, name, given, index, whole, new)
    return None


def _piece(make: Any, node: Any, name: str, given: dict[str, Any], index: int | None, whole: Any, new: Any) -> Any:
    """A stretch along one axis."""
    dim = given["dim"]
    if name == "narrow":
        start, end = given["start"], given["start"] + given["length"]
    else:
        sizes = [part.shape[dim] for part in node.meta["val"]]
        start = sum(sizes[:index])
        end = start + sizes[index or 0]
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    return make(torch.ops.aten.slice_scatter.default, whole, new, dim, start, end, 1)


def _named(overload: Any, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by the schema's names, defaults included."""
    found = {a.name: a.default_value for a in overload._schema.arguments if a.has_default_value()}
    return {**found, **dict(zip((a.name for a in overload._schema.arguments), args, strict=False)), **kwargs}
