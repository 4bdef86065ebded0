"""Patches: another value in place of a layer's output, of a part of it, or of a parameter.

    model.run(x, patch=lm.patch.zero("h/3/attn", heads=[2]))
    trace.resume([lm.patch.scale("fc.weight", 0.5), lm.patch.add("relu", direction, axis=1, index=-1)])

A patch is a plain value: it prints, can be saved (`files` writes it) and used on any model that has the layer. `layer` is a
layer's name, a group (its last layer), a glob, a value's name or a parameter's; inside a body the name that the trace has
(`Loop_3/body/Add_1#2` is its second turn, `Loop_3/body/Add_1*` every one). Of several outputs it changes the first, or `output`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

from laminae.base import torch
from laminae.base.arrays import as_value, copy_of, is_array, is_tensor
from laminae.base.errors import PatchError, UsageError
from laminae.base.shapes import format_shape

KINDS = ("replace", "add", "scale", "zero", "mean", "swap", "project", "function")


@dataclass(frozen=True, eq=False)
class Patch:
    """One change. kind: what is done, with `value`, to the positions `index` of `axis` (all without), or to these heads.

    of: into how many heads the axis is divided, where the layer does not tell. output: which of several outputs.
    """

    layer: str
    kind: str
    value: Any = None
    axis: int | None = None
    index: Any = None
    heads: tuple[int, ...] | None = None
    of: int | None = None
    output: int = 0

    @property
    def absolute(self) -> bool:
        """Whether what it gives does not depend on what was there."""
        return self.kind == "replace" and self.axis is None and self.heads is None

    def apply(self, found: Any, split: tuple[int, int] | None = None) -> Any:
        """The value to put in place of another. split: the axis that holds the heads, and how many there are.

        Raises PatchError where the two do not go together.
        """
        if self.absolute:
            return self.value.clone() if is_tensor(self.value) else copy_of(self.value)
        if not is_tensor(found):
            raise PatchError(f"{self} needs a tensor", {"found": type(found).__name__})
        try:
            return self._applied(found, split)
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            raise PatchError(
                f"{self} does not fit",
                {"the value": f"{format_shape(tuple(found.shape))} {found.dtype}", "because": str(error).split("\n")[0]},
            ) from error

    def _applied(self, found: Any, split: tuple[int, int] | None) -> Any:
        if self.heads is not None:
            return self._heads(found, split)
        if self.axis is None:
            made = self._change(found)
            return made if self.kind == "function" else _fitting(made, found, self)
        place = _place(found, self.axis, self.index)
        made = found.clone()
        made[place] = _fitting(self._change(found[place]), found[place], self)
        return made

    def _heads(self, found: Any, split: tuple[int, int] | None) -> Any:
        assert self.heads is not None
        if split is None:
            raise PatchError(f"{self}: how many heads the layer has is not known", {"the way out": "heads=[…], of=12"})
        axis, count = split
        parts = found.unflatten(axis, (count, -1)) if found.shape[axis] != count else found
        inner = axis % found.ndim
        made = parts.clone()
        place = _place(parts, inner, list(self.heads))
        made[place] = _fitting(self._change(parts[place]), parts[place], self)
        return made.flatten(inner, inner + 1) if parts.ndim > found.ndim else made

    def _change(self, part: Any) -> Any:
        value = self.value
        if is_tensor(value):
            value = value.to(part.device)
        if self.kind == "replace":
            return value
        if self.kind == "add":
            return part + value
        if self.kind == "scale":
            return part * value
        if self.kind == "zero":
            return torch.zeros_like(part)
        if self.kind == "mean":
            wide = part if part.is_floating_point() or part.is_complex() else part.float()
            return wide.mean(value, keepdim=True).expand(part.shape).to(part.dtype)
        if self.kind == "swap":
            axis, a, b = value
            made = part.clone()
            one, other = _place(part, axis, a), _place(part, axis, b)
            made[one], made[other] = part[other], part[one]
            return made
        if self.kind == "project":
            directions, keep = value
            along = _along(part, directions.to(part.device))
            return along if keep else part - along
        return self.value(part)

    def __repr__(self) -> str:
        parts = [repr(self.layer)]
        if self.kind not in ("zero", "swap", "project"):
            parts.append(_shown(self.value))
        if self.kind == "swap":
            parts += [repr(self.value[1]), repr(self.value[2]), f"axis={self.value[0]}"]
        if self.kind == "project":
            parts += [_shown(self.value[0])] + (["keep=True"] if self.value[1] else [])
        named = {"axis": self.axis, "index": self.index, "heads": self.heads and list(self.heads), "of": self.of}
        parts += [f"{name}={value!r}" for name, value in named.items() if value is not None]
        parts += [f"output={self.output}"] if self.output else []
        return f"patch.{self.kind}({', '.join(parts)})"


def replace(layer: str, value: Any, **where: Any) -> Patch:
    """This value in place of the output: an array, lists of numbers, or a number for a part.

    where: `axis=, index=` (these positions of that axis), `heads=` (these heads of an attention; `of=` how many there are where
    the layer does not tell), `output=` (of several outputs, which).
    """
    return _patch(layer, "replace", _taken(value), where)


def add(layer: str, value: Any, **where: Any) -> Patch:
    """The output plus this. `where` as for `replace`."""
    return _patch(layer, "add", _taken(value), where)


def scale(layer: str, factor: Any, **where: Any) -> Patch:
    """The output times this. `where` as for `replace`."""
    return _patch(layer, "scale", _taken(factor), where)


def zero(layer: str, **where: Any) -> Patch:
    """Zeros. `where` as for `replace`."""
    return _patch(layer, "zero", None, where)


def mean(layer: str, over: int | Sequence[int] = 0, **where: Any) -> Patch:
    """Its own mean over these axes (the samples, unless given) in each place. `where` as for `replace`."""
    return _patch(layer, "mean", tuple(over) if isinstance(over, Sequence) else (over,), where)


def swap(layer: str, a: Any, b: Any, *, over: int = 0, **where: Any) -> Patch:
    """Positions `a` and `b` of the axis `over` (samples, unless given) change places. `where` as for `replace`."""
    return _patch(layer, "swap", (over, a, b), where)


def project(layer: str, directions: Any, *, keep: bool = False, **where: Any) -> Patch:
    """The output without what lies along these directions ([size], or [n, size], of the last axis); keep: only that.

    The directions need be neither of length one nor at right angles. `where` as for `replace`.
    """
    found = _taken(directions)
    if not is_tensor(found) or found.ndim not in (1, 2) or not found.is_floating_point():
        raise UsageError("directions are floats, [size] or [n, size]", {"found": _shown(found)})
    return _patch(layer, "project", (found, keep), where)


def function(layer: str, change: Callable[[Any], Any], **where: Any) -> Patch:
    """Whatever a function makes of the output. It is handed a tensor that it must not write into. `where` as for `replace`."""
    if not callable(change):
        raise UsageError(f"{change!r} is no function")
    return _patch(layer, "function", change, where)


def patches(given: Any) -> tuple[Patch, ...]:
    """What a user says: a Patch, several, or a dict of layer to value or function (`{"L2": t}`)."""
    if given is None:
        return ()
    if isinstance(given, Patch):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(function(k, v) if callable(v) else v if isinstance(v, Patch) else replace(k, v) for k, v in given.items())
    if isinstance(given, list | tuple) and all(isinstance(part, Patch | Mapping) for part in given):
        return tuple(one for part in given for one in patches(part))
    raise UsageError(f"{given!r} is no patch", {"expected": "lm.patch.zero('layer'), a list of these, {'layer': value}"})


def _patch(layer: str, kind: str, value: Any, where: dict[str, Any]) -> Patch:
    if not isinstance(layer, str) or not layer:
        raise UsageError(f"a patch is of a layer by its name, not of {layer!r}")
    odd = where.keys() - {"axis", "index", "heads", "of", "output"}
    if odd:
        raise UsageError(f"a patch has no {min(odd)}=", {"it has": "axis=, index=, heads=, of=, output="})
    made = Patch(layer, kind, value, **where)
    if (made.axis is None) != (made.index is None):
        raise UsageError("axis= and index= belong together", {"for example": "axis=1, index=[3] is channel 3"})
    heads = made.heads
    if heads is not None and made.axis is not None:
        raise UsageError("a patch is of heads= or of axis= and index=, not of both")
    if heads is not None:
        made = changed(made, heads=(heads,) if isinstance(heads, int) else tuple(heads))
    return made


def _taken(value: Any) -> Any:
    """A copy of a value, so that what its owner writes into it later changes no patch; numbers as they are."""
    if isinstance(value, bool | int | float | complex):
        return value
    if is_array(value) or not isinstance(value, list | tuple):
        return copy_of(as_value(value))
    if any(is_array(part) for part in value):
        return [copy_of(part) for part in value]
    return torch.tensor(value)


def _place(found: Any, axis: int, index: Any) -> tuple[Any, ...]:
    """Where these positions of an axis are."""
    if not -found.ndim <= axis < found.ndim:
        raise PatchError(f"there is no axis {axis}", {"found": f"a value of shape {format_shape(tuple(found.shape))}"})
    place: list[Any] = [slice(None)] * found.ndim
    place[axis] = list(index) if isinstance(index, tuple | range) else index
    return tuple(place)


def _fitting(made: Any, found: Any, patch: Patch) -> Any:
    """What was made, in the shape and dtype of what was there; a value of other kind or shape is refused."""
    if not is_tensor(made):
        return torch.full_like(found, made)
    if made.dtype != found.dtype:
        if made.is_floating_point() and not found.is_floating_point():
            raise PatchError(f"{patch} gives {made.dtype}", {"the layer gives": f"{found.dtype}"})
        made = made.to(found.dtype)
    return made if made.shape == found.shape else made.broadcast_to(found.shape)


def _along(part: Any, directions: Any) -> Any:
    """The part that lies in the space of these directions."""
    rows = directions.reshape(-1, directions.shape[-1]).to(part.dtype)
    base, _ = torch.linalg.qr(rows.T.double())
    base = base.to(part.dtype)
    return (part @ base) @ base.T


def _shown(value: Any) -> str:
    if is_array(value):
        return f"{format_shape(tuple(value.shape))} {str(value.dtype).removeprefix('torch.')}"
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)
