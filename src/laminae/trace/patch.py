"""Patches: another value in place of a layer's output, of a part of it, or of a parameter.

    model.run(x, patch=lm.patch.zero("h/3/attn", heads=[2]))
    trace.resume([lm.patch.scale("fc.weight", 0.5), lm.patch.add("relu", direction, axis=1, index=-1)])
    lm.patch.save("patches.json", patches); lm.patch.load("patches.json")

A patch is a plain value: it prints, is compared, saved, and used on any model that has the layer. `layer` is a layer's name, a
group (its last layer; with `heads=` its attention), a glob, a value's name or a parameter's; inside a body the name that the
trace has (`Loop_3/body/Add_1#2` is its second turn, `Loop_3/body/Add_1*` every one). Of several outputs it changes the first, or
`output`.

Where: all of it, or `axis=, index=` (these positions of that axis, as NumPy counts them: one takes the axis away), or
`heads=` (these heads of an attention; `of=` how many there are where the layer does not tell).

Values take the layer's dtype where that can hold them: whole numbers become floats, float64 is rounded to float32. Floats for
whole numbers, and numbers too large, are refused. A tensor that wants derivatives gets them (`model.run(x, backward=True,
patch=…)`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base.errors import UsageError
from laminae.base.positions import positions, whole
from laminae.trace.patch_file import load, save
from laminae.trace.patch_record import KINDS, Patch, axes, same, taken

__all__ = [
    "KINDS", "Patch", "add", "function", "load", "mean", "patches", "project", "replace", "same", "save", "scale", "swap", "zero",
]  # fmt: skip

WHERE = ("axis", "index", "heads", "of", "output")


def replace(layer: str, value: Any, **where: Any) -> Patch:
    """This value in place of the output: an array, lists of numbers, a number for all elements, a list of arrays for a sequence.

    In place of a whole output it may have another shape: the layers that depend on it then follow, or the first that cannot is
    named. Of a part it is stretched to the part's shape as NumPy does. where: `axis=, index=`, `heads=, of=`, `output=`.
    Raises UsageError for what is no value.
    """
    return _patch(layer, "replace", taken(value), where)


def add(layer: str, value: Any, **where: Any) -> Patch:
    """The output plus this: a number, or an array that is stretched to the output's shape as NumPy does.

    `where` as for `replace`. Raises UsageError for what is no number or array.
    """
    return _patch(layer, "add", _number("add", value), where)


def scale(layer: str, factor: Any, **where: Any) -> Patch:
    """The output times this: a number, or an array that is stretched to the output's shape as NumPy does.

    `where` as for `replace`. Raises UsageError for what is no number or array.
    """
    return _patch(layer, "scale", _number("scale", factor), where)


def zero(layer: str, **where: Any) -> Patch:
    """Zeros of the output's shape and dtype. `where` as for `replace`."""
    return _patch(layer, "zero", None, where)


def mean(layer: str, over: int | Sequence[int] = 0, **where: Any) -> Patch:
    """Its own mean over these axes of the output (the samples, unless given) in each place. `where` as for `replace`.

    Of positions or heads it is the mean over those alone; the last axis of heads side by side means within each head. Raises
    UsageError for no axis at all.
    """
    return _patch(layer, "mean", axes(over), where)


def swap(layer: str, a: Any, b: Any, *, over: int = 0, **where: Any) -> Patch:
    """Positions `a` and `b` of the axis `over` of the output (samples, unless given) change places. `where` as for `replace`.

    a, b: numbers, or as many of each. Raises UsageError for what are no positions.
    """
    return _patch(layer, "swap", (whole(over, "an axis"), positions(a), positions(b)), where)


def project(layer: str, directions: Any, *, keep: bool = False, **where: Any) -> Patch:
    """The output without what lies along these directions ([size], or [n, size], of the last axis); keep: only that.

    The directions need be neither of length one, nor at right angles, nor independent. `where` as for `replace`. Raises
    UsageError for what are no finite floats of one or two axes.
    """
    return _patch(layer, "project", (taken(directions), bool(keep)), where)


def function(layer: str, change: Callable[[Any], Any], **where: Any) -> Patch:
    """Whatever a function makes of a copy of the output (or of the part of it). `where` as for `replace`.

    Of a whole output it may give another shape, never another dtype. Cannot be saved. Raises UsageError for what is no function.
    """
    if not callable(change):
        raise UsageError(f"{change!r} is no function", {"expected": "a function of the output"})
    return _patch(layer, "function", change, where)


def patches(given: Any) -> tuple[Patch, ...]:
    """What a user says: a Patch, several, or a dict of layer to value or function (`{"L2": t}`).

    Those of lists in lists are in order; none for None. Raises UsageError for what is none of these.
    """
    if given is None:
        return ()
    if isinstance(given, Patch):
        return (given,)
    if isinstance(given, Mapping):
        return tuple(function(k, v) if callable(v) else v if isinstance(v, Patch) else replace(k, v) for k, v in given.items())
    if isinstance(given, list | tuple) and all(isinstance(part, Patch | Mapping | list | tuple) for part in given):
        return tuple(one for part in given for one in patches(part))
    raise UsageError(
        f"a {type(given).__name__} is no patch", {"expected": "lm.patch.zero('layer'), a list of these, {'layer': value}"}
    )


def _number(kind: str, value: Any) -> Any:
    found = taken(value)
    if isinstance(found, list | dict):
        raise UsageError(f"patch.{kind} takes a number or an array, not a {type(value).__name__} of them")
    return found


def _patch(layer: str, kind: str, value: Any, where: dict[str, Any]) -> Patch:
    odd = where.keys() - set(WHERE)
    if odd:
        raise UsageError(f"a patch has no {min(odd)}=", {"it has": ", ".join(f"{name}=" for name in WHERE)})
    return Patch(layer, kind, value, **where)
