"""A run as Python that does the same: the model opened, the input put together, the patches; a text that runs as it is."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import dtype_name
from laminae.base.errors import UsageError
from laminae.trace.patch import Patch
from laminae.trace.patch_record import is_number

FEW = 12
"""Elements up to which an array stands as a list."""

LARGEST = 1 << 24
"""Letters of a text."""

WIDTH = 120
"""Letters of a line of an array's bytes."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Source:
    """Where a model and its inputs come from, as Python. before: lines that must run first. model: an expression, "" where there
    is none: the text then goes on from a `model` that is there. inputs: an expression for each input that has one.
    """

    model: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()


def as_python(
    source: Source,
    first: Mapping[str, Any],
    changed: Mapping[str, Any],
    patches: Sequence[Patch],
    names: Sequence[str],
    options: Mapping[str, str],
) -> str:
    """The text. first: the inputs of the first run; changed: those that are others now. names: of the inputs, as run takes them.
    options: of `model.run`, besides.

    Numbers are kept bit for bit. Raises UsageError for a function in a patch, which is code, and where it would be too long.
    """
    written = _Written()
    model = f"model = {source.model}" if source.model else "# model: the one that the page shows"
    lines = [*source.before, model, "", *_inputs(written, source, first, changed, names), ""]
    more = (", patch=patches" if patches else "") + "".join(f", {name}={value!r}" for name, value in options.items())
    if patches:
        lines += ["patches = [", *(f"    {_patch(written, patch)}," for patch in patches), "]"]
    lines += [f"trace = model.run(x{more})", "print(trace.table())", "print(trace.output)"]
    text = "\n".join([*written.imports(lines), "", *lines]) + "\n"
    if len(text) > LARGEST:
        raise UsageError("the input is too large to stand in a text", {"the way out": "laminae view … --input with .npy files"})
    return text


def _inputs(
    written: _Written, source: Source, first: Mapping[str, Any], changed: Mapping[str, Any], names: Sequence[str]
) -> list[str]:
    """`x = {…}`, and where few elements of an input are others than those of its file, these."""
    rows, more = [], []
    for name, (layer, value) in zip(names, first.items(), strict=True):
        known, new = source.inputs.get(name), changed.get(layer)
        some = _elements(value, new) if known is not None and new is not None else None
        if new is None or some is not None:
            rows.append(f"    {name!r}: {known or written.value(value)},")
        else:
            rows.append(f"    {name!r}: {written.value(new)},")
        if some is not None:
            places, numbers = some
            more.append(f"x[{name!r}] = x[{name!r}].copy()")
            more.append(f"x[{name!r}].reshape(-1)[{places}] = {written.value(numbers)}")
    return ["x = {", *rows, "}", *more]


def _elements(old: Any, new: Any) -> tuple[list[int], Array] | None:
    """The places of those that differ, and what they are now; None where it is most of them, or another array altogether."""
    if not is_array(old) or not is_array(new) or old.shape != new.shape or old.dtype != new.dtype:
        return None
    before, now = as_numpy(old).reshape(-1), as_numpy(new).reshape(-1)
    if now.dtype.kind not in "biuf":
        return None
    places = np.flatnonzero((before != now) & ~((before != before) & (now != now)))
    return (places.tolist(), now[places]) if 8 * len(places) < len(now) else None


def _patch(written: _Written, patch: Patch) -> str:
    """`lm.patch.zero("conv", axis=1, index=[3])`. Raises UsageError for a function."""
    if patch.kind == "function":
        raise UsageError(f"{patch} cannot be written: a function is code", {"the way out": "make it anew where the text runs"})
    parts = [repr(patch.layer), *_what(written, patch.kind, patch.value)]
    named = {"axis": patch.axis, "index": patch.index, "heads": patch.heads, "of": patch.of, "output": patch.output or None}
    parts += [f"{name}={_positions(where)}" for name, where in named.items() if where is not None]
    return f"lm.patch.{patch.kind}({', '.join(parts)})"


def _what(written: _Written, kind: str, value: Any) -> list[str]:
    if kind == "zero":
        return []
    if kind == "mean":
        return [f"over={value!r}"]
    if kind == "swap":
        over, a, b = value
        return [_positions(a), _positions(b), f"over={over}"]
    if kind == "project":
        return [written.value(value[0]), f"keep={value[1]}"]
    return [written.value(value)]


def _positions(where: Any) -> str:
    return repr(list(where)) if isinstance(where, tuple) else repr(where)


class _Written:
    """Values as expressions; remembers what these need."""

    def __init__(self) -> None:
        self._packed = False

    def imports(self, lines: Sequence[str]) -> list[str]:
        text = "\n".join(lines)
        found = ["import base64", "import zlib", ""] if self._packed else []
        found += [f"import {name}" for name in ("ml_dtypes",) if f"{name}." in text]
        found += ["import numpy as np"] if "np." in text else []
        return [*found, *([""] if found and found[-1] else []), "import laminae as lm"]

    def value(self, value: Any) -> str:
        """Raises UsageError for what is neither array nor number, nor a sequence of these."""
        if is_number(value):
            return _number(value)
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.value, value))}]"
        if is_array(value) or isinstance(value, np.ndarray):
            return self._array(as_numpy(value), dtype_name(value))
        raise UsageError(f"a {type(value).__name__} cannot be written in a text")

    def _array(self, array: Array, dtype: str) -> str:
        if dtype == "string":
            return f"np.array({array.tolist()!r}, dtype=object)"
        kind = f"ml_dtypes.{dtype}" if array.dtype.kind not in "biufc" else repr(dtype)
        if array.size <= FEW and array.dtype.kind in "biuf" and bool(np.isfinite(array).all()):
            return f"np.array({array.tolist()!r}, dtype={kind})"
        self._packed = True
        text = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode()
        rows = [text[i : i + WIDTH] for i in range(0, len(text), WIDTH)]
        data = repr(rows[0]) if len(rows) == 1 else "\n        " + "\n        ".join(map(repr, rows)) + "\n    "
        shape = f".reshape({tuple(array.shape)!r})"
        return f"np.frombuffer(bytearray(zlib.decompress(base64.b64decode({data}))), dtype={kind}){shape}"


def _number(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return repr(value)
