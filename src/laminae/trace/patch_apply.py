"""What a patch makes of a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value, is_array, is_tensor, own, shares_memory
from laminae.base.dtypes import dtype_name
from laminae.base.errors import PatchError
from laminae.base.host import HostArray
from laminae.base.positions import axis_of, place
from laminae.base.shapes import format_shape
from laminae.trace.patch_cast import cast
from laminae.trace.patch_record import Patch, copied, is_number

Split = tuple[int, int]
"""The axis that holds the heads, and how many there are: the axis has that size, or holds them side by side."""

MISFITS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError, OverflowError)
"""What torch and NumPy raise where things do not go together."""


@dataclass(frozen=True)
class Unseen:
    """What is known of a value that nobody has kept: enough to put another in its place."""

    shape: tuple[int, ...]
    dtype: Any
    device: Any

    def stand_in(self) -> Any:
        """A tensor like it, of no values."""
        return torch.empty(self.shape, dtype=self.dtype, device=self.device)


def apply(patch: Patch, found: Any, split: Split | None = None) -> Any:
    """The value to put in place of another. Raises PatchError where the two do not go together.

    found: an Unseen only for a patch that is absolute or constant; None, where nothing is known, for one that is absolute.
    """
    if patch.absolute:
        return _put(patch, found)
    if isinstance(found, Unseen):
        found = found.stand_in()
    if patch.kind == "function" and patch.axis is None and patch.heads is None:
        return _agreeing(patch, _asked(patch, found), found)
    if not is_array(found):
        what = f"a sequence of {len(found)}" if isinstance(found, list | tuple) else type(found).__name__
        raise PatchError(f"{patch} needs a tensor", {"found": what, "the way out": "patch.function(layer, change)"})
    try:
        return _part_changed(patch, found, split) if is_tensor(found) else _host_changed(patch, found, split)
    except MISFITS as error:
        details = {"the value": _told(found), **({"given": _told(patch.value)} if is_array(patch.value) else {})}
        raise PatchError(f"{patch} does not fit", {**details, "because": str(error).split("\n")[0]}) from error


def _put(patch: Patch, found: Any) -> Any:
    """The patch's own value in place of whatever was there: of any shape, but of the same kind."""
    value = patch.value
    if found is None:
        return own(value)
    if is_array(value) != (is_array(found) or isinstance(found, Unseen)) or (isinstance(value, dict) != isinstance(found, dict)):
        raise PatchError(f"{patch} puts {_told(value)} in place of {_told(found)}", {"expected": _told(found)})
    if is_tensor(value) and (is_tensor(found) or isinstance(found, Unseen)):
        return copied(cast(patch, value.to(found.device), found.dtype))
    if is_array(value) and dtype_name(value) != dtype_name(found):
        raise PatchError(f"{patch} gives {dtype_name(value)}", {"the layer gives": dtype_name(found)})
    return own(value)


def _asked(patch: Patch, found: Any) -> Any:
    """What the user's function makes of a copy of a value, in memory of its own."""
    handed = own(found)
    try:
        made = patch.value(handed)
    except Exception as error:
        because = str(error).strip().split("\n")[0]
        raise PatchError(
            f"{patch} failed", {"it was handed": _told(found), "because": f"{type(error).__name__}: {because}"}
        ) from error
    if isinstance(made, np.ndarray | np.generic):
        made = as_value(np.asarray(made))
    return own(made) if is_array(made) and not (is_tensor(handed) and shares_memory(handed, [made])) else made


def _agreeing(patch: Patch, made: Any, found: Any) -> Any:
    """What a function gave for a whole value: of any shape, in the dtype that was there."""
    if is_tensor(found) and is_number(made):
        return cast(patch, torch.full_like(found, 0) + made, found.dtype)
    if is_tensor(found) and is_tensor(made):
        return cast(patch, made.to(found.device), found.dtype, way_out="let the function give that dtype")
    kinds = (is_array, lambda x: isinstance(x, list | tuple), lambda x: isinstance(x, dict))
    if not any(kind(found) and kind(made) for kind in kinds) or (is_array(made) and dtype_name(made) != dtype_name(found)):
        raise PatchError(f"{patch} gives {_told(made)}", {"the layer gives": _told(found)})
    return made


def _part_changed(patch: Patch, found: Any, split: Split | None) -> Any:
    """A tensor with the part that the patch means changed."""
    if patch.heads is not None:
        return _of_heads(patch, found, split)
    if patch.constant:
        return _fitting(patch, 0 if patch.kind == "zero" else patch.value, found)
    if patch.axis is None:
        return _fitting(patch, changed(patch, found, lambda axis: axis_of(tuple(found.shape), axis)), found)
    kept = patch.kind in ("mean", "swap", "project")
    where = place(tuple(found.shape), patch.axis, patch.index, keep=kept)
    return _with(patch, found, where, lambda axis: axis)


def _of_heads(patch: Patch, found: Any, split: Split | None) -> Any:
    if split is None:
        raise PatchError(f"{patch}: how many heads the layer has is not known", {"the way out": "heads=[…], of=12"})
    axis, count = axis_of(tuple(found.shape), split[0]), split[1]
    apart = found.shape[axis] == count
    if not apart and found.shape[axis] % count:
        raise ValueError(f"axis {axis} of size {found.shape[axis]} does not divide into {count} heads")
    parts = found if apart else found.unflatten(axis, (count, -1))
    where = place(tuple(parts.shape), axis, patch.heads)
    made = _with(patch, parts, where, lambda a: a if apart or a < axis else a + 1)
    return made if apart else made.flatten(axis, axis + 1)


def _with(patch: Patch, found: Any, where: Any, axis: Callable[[int], int]) -> Any:
    """A copy with this place changed. axis: where an axis of the value stands in its parts."""
    rank = found.ndim - (axis(found.ndim) != found.ndim)
    part = found[where]
    made = found.clone()
    made[where] = _fitting(patch, changed(patch, part, lambda a: axis(axis_of((0,) * rank, a))), part)
    return made


def changed(patch: Patch, part: Any, axis: Callable[[int], int]) -> Any:
    """The part of a tensor that the patch means, changed."""
    kind, value = patch.kind, patch.value
    if is_tensor(value):
        value = value.to(part.device)
    if kind == "function":
        return _asked(patch, part)
    if kind == "zero":
        return torch.zeros_like(part)
    if kind == "swap":
        return _swapped(part, axis(value[0]), value[1], value[2])
    if kind == "mean":
        return _mean(part, tuple(map(axis, value)))
    if kind == "project":
        return _projected(part, *value)
    if not (is_tensor(value) or is_number(value)):
        raise TypeError(f"{_told(value)} is no number or tensor")
    if kind == "replace":
        return value
    wide = part.float() if "float8" in str(part.dtype) else part
    return wide + value if kind == "add" else wide * value


def _mean(part: Any, over: tuple[int, ...]) -> Any:
    if not part.is_floating_point() and not part.is_complex():
        raise TypeError("the mean of whole numbers is none")
    wide = part.float() if part.itemsize < 4 else part
    return wide.mean(over, keepdim=True).expand(part.shape).to(part.dtype)


def _swapped(part: Any, axis: int, a: Any, b: Any) -> Any:
    size = tuple(part.shape)[axis_of(tuple(part.shape), axis)]
    one, other = (list(range(size)[x]) if isinstance(x, slice) else [x] if isinstance(x, int) else list(x) for x in (a, b))
    if len(one) != len(other):
        raise ValueError(f"{len(one)} positions cannot change places with {len(other)}")
    first, second = (place(tuple(part.shape), axis, tuple(x)) for x in (one, other))
    if len({x % size for x in [*one, *other]}) < len(one) + len(other):
        raise ValueError("a position cannot change places twice")
    made = part.clone()
    made[first], made[second] = part[second], part[first]
    return made


def _projected(part: Any, directions: Any, keep: bool) -> Any:
    """Without what lies in the space that the directions span, or that alone. Golub, Van Loan 2013, section 2.4: by the SVD.

    Computed in float64, so that what is taken out is out; directions that hang on others add nothing.
    """
    if not part.is_floating_point() and not part.is_complex():
        raise TypeError("only floats are projected")
    rows = directions.detach().reshape(-1, directions.shape[-1]).to(part.device).double()
    if part.ndim == 0 or part.shape[-1] != rows.shape[1]:
        raise ValueError(f"the directions have size {rows.shape[1]}")
    _, sizes, base = torch.linalg.svd(rows, full_matrices=False)
    least = float(sizes.max()) * max(rows.shape) * torch.finfo(torch.float64).eps if sizes.numel() else 0.0
    base = base[sizes > least].to(torch.complex128 if part.is_complex() else torch.float64)
    wide = part.to(base.dtype)
    along = (wide @ base.mT) @ base
    return (along if keep else wide - along).to(part.dtype)


def _fitting(patch: Patch, made: Any, found: Any) -> Any:
    """What was made, in the dtype and shape of what was there."""
    if is_number(made):
        wide = torch.tensor(made, dtype=torch.float64 if isinstance(made, float) else None, device=found.device)
        return cast(patch, wide, found.dtype).expand(found.shape).clone()
    if not is_tensor(made):
        raise TypeError(f"{_told(made)} is no number or tensor")
    made = cast(patch, made.to(found.device), found.dtype)
    if made.shape == found.shape:
        return made
    try:
        return made.broadcast_to(found.shape).clone()
    except RuntimeError:
        raise ValueError(f"{format_shape(tuple(made.shape))} is put in place of {format_shape(tuple(found.shape))}") from None


def _host_changed(patch: Patch, found: HostArray, split: Split | None) -> Any:
    """Of texts and elements smaller than a byte: what moves or replaces elements."""
    shape = tuple(found.shape)
    if (
        patch.heads is not None
        or patch.kind not in ("replace", "swap", "zero")
        or (patch.kind, found.dtype) == ("zero", "string")
    ):
        raise PatchError(
            f"{patch} cannot be done to {found.dtype} values", {"the way out": "patch.function(layer, change), replace, swap"}
        )
    if patch.kind == "swap" and patch.axis is None:
        places = torch.arange(found.numel()).reshape(shape)
        return HostArray(found.array.reshape(-1)[_swapped(places, *patch.value).numpy()].reshape(shape))
    where = (...,) if patch.axis is None else place(shape, patch.axis, patch.index)
    made, value = found.array.copy(), 0 if patch.kind == "zero" else patch.value
    if is_array(value) and dtype_name(value) != found.dtype:
        raise PatchError(f"{patch} gives {dtype_name(value)}", {"the layer gives": found.dtype})
    if patch.kind == "swap" or (found.dtype == "string") == is_number(value):
        raise PatchError(f"{patch} does not fit", {"the value": _told(found)})
    made[where] = value.array if isinstance(value, HostArray) else value
    return HostArray(made)


def _told(value: Any) -> str:
    if is_array(value):
        return f"{format_shape(tuple(value.shape))} {dtype_name(value)}"
    if isinstance(value, Unseen):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, list | tuple):
        return f"a sequence of {len(value)}"
    return "nothing" if value is None else f"a {type(value).__name__}"
