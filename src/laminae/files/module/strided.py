"""`as_strided`: a view by places in memory, whatever the tensor it is asked of looks like.

The places are those of the whole memory. So, once that was written to, the view is made of the whole, never of a view between
them that was made anew: that one may lie in a memory of its own, where the same places hold other elements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.files.module.cells import Call, Root, cannot_be_undone, known, line_of

if TYPE_CHECKING:
    from laminae.files.module.calls import Reader

AS_STRIDED = "aten::as_strided"
AS_STRIDED_SCATTER = "aten::as_strided_scatter"

WAY_OUT = "index the tensor (x[:, 1:3], x.unfold, x.diagonal), or write out of place: y = y + 1"


def made_of_whole(reader: Reader, node: Any, root: Root) -> Call:
    """The view as of what the whole memory holds now. Raises ExportError where that lies otherwise than it did."""
    size, stride, start = places(reader, node)
    _require_in_place(root, node)
    return reader.made(node, torch.ops.aten.as_strided.default, root.ref, size, stride, start)


def whole_with(reader: Reader, node: Any, root: Root, new: Any) -> Call:
    """The whole memory with `new` in the places of the view. Raises ExportError where one place is written to twice."""
    size, stride, start = places(reader, node)
    _require_in_place(root, node)
    require_apart(node, size, stride)
    return reader.made(node, torch.ops.aten.as_strided_scatter.default, root.ref, new, size, stride, start)


def places(reader: Reader, node: Any) -> tuple[Any, Any, Any]:
    """Size, strides and the first place in memory."""
    named = dict(zip(("self", "size", "stride", "storage_offset"), node.args, strict=False)) | dict(node.kwargs)
    start = reader.value(named.get("storage_offset"))
    start = node.args[0].meta["val"].storage_offset() if start is None else start
    if isinstance(start, torch.SymInt):
        raise cannot_be_undone("as_strided", line_of(node), "where the view begins varies with the sizes", WAY_OUT)
    return reader.value(named["size"]), reader.value(named["stride"]), start


def require_apart(node: Any, size: Any, stride: Any) -> None:
    """Raises ExportError unless every element of the view has a place of its own in memory."""
    reach = 0
    for length, step in sorted(zip(size, stride, strict=True), key=lambda axis: _number(axis[1])):
        if isinstance(length, int) and length == 1:
            continue
        if not isinstance(length, int) or not isinstance(step, int) or step <= reach:
            raise cannot_be_undone(
                "as_strided", line_of(node), "several elements of the view are one place in memory, and it is written to", WAY_OUT
            )
        reach += (length - 1) * step


def _number(step: Any) -> int:
    return step if isinstance(step, int) else 0


def _require_in_place(root: Root, node: Any) -> None:
    now = known(root.ref)
    if root.val is None or now is None or _geometry(now) != _geometry(root.val) or now.storage_offset() != 0:
        raise cannot_be_undone(
            "as_strided", line_of(node), "the memory it is a view of was written to, and lies otherwise since", WAY_OUT
        )


def _geometry(val: Any) -> tuple[Any, ...]:
    return tuple(val.shape), val.stride(), val.storage_offset()
