"""What `--input`, `--random` and their like say, as arrays that the model's input layers take."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.dtypes import is_float, numpy_dtype
from laminae.base.errors import InputError, ShapeError, UsageError
from laminae.base.shapes import format_shape
from laminae.data.files import read
from laminae.data.image import Preparation, prepare
from laminae.data.source import Pixels, Rows

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.graph import Value

Array = np.ndarray[Any, Any]


def gathered(model: Model, specs: Sequence[str], how: Preparation) -> dict[str, Any]:
    """Arrays by input name. specs: `FILE` in the order of the inputs, `NAME=FILE`, or one file that names its arrays.

    Raises FileError, InputError or UsageError; whether the arrays fit is the input layer's to say.
    """
    values = model.graph.inputs
    names = [value.name for value in values]
    found: dict[str, Any] = {}
    for spec in specs:
        name, file = _named(spec, names)
        held = read(file)
        if isinstance(held, Mapping) and name is None and not (len(held) == 1 and len(values) == 1):
            _add(found, {str(key): array for key, array in held.items()}, names)
            continue
        if isinstance(held, Mapping):
            held = _only(held, file)
        name = name or next((free for free in names if free not in found), None)
        if name is None:
            raise UsageError(f"the model takes {len(names)} inputs, {spec!r} is one more", {"inputs": ", ".join(names)})
        _add(found, {name: held}, names)
    return {value.name: fitted(value, found[value.name], how) for value in values if value.name in found}


def drawn(model: Model, seed: int, dims: Mapping[str, int]) -> dict[str, Array]:
    """Random arrays of the declared shapes: normal floats, and 0 or 1 where whole numbers are wanted.

    dims: sizes of named axes; the others are 1. Raises UsageError for a name that no input has.
    """
    check_names(model, dims)
    generator = np.random.default_rng(seed)
    return {value.name: _draw(value, generator, dims) for value in model.graph.inputs}


def sized(model: Model, dims: Mapping[str, int]) -> dict[str, tuple[int | str, ...]]:
    """The declared shapes of the inputs with these sizes of named axes. Raises UsageError for a name that no input has."""
    check_names(model, dims)
    named = [value for value in model.graph.inputs if any(dim in dims for dim in value.shape or ())]
    return {value.name: tuple(dims.get(dim, dim) for dim in value.shape or ()) for value in named}  # type: ignore[arg-type]


def check_names(model: Model, dims: Mapping[str, int]) -> None:
    """Raises UsageError for a name that no input's axis bears."""
    known = {dim for value in model.graph.inputs for dim in value.shape or () if isinstance(dim, str)}
    unknown = sorted(set(dims) - known)
    if unknown:
        raise UsageError(f"no input has an axis named {unknown[0]!r}", {"named axes": ", ".join(sorted(known)) or "none"})


def fitted(value: Value, held: Any, how: Preparation) -> Any:
    """What a file held, as the input takes it: pixels prepared, lines of numbers in its dtype. Arrays are left as they are."""
    if isinstance(held, Pixels):
        return _image(value, held.array, how)
    return _table(value, held.array) if isinstance(held, Rows) else held


def size(text: str | None) -> tuple[int, int] | None:
    """`240x320` as (240, 320). Raises UsageError."""
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise UsageError(f"--size {text!r} is no size", {"expected": "HEIGHTxWIDTH, as 240x320"})
    return int(parts[0]), int(parts[1])


def numbers(option: str, text: str) -> tuple[float, ...]:
    """`0.5` or `0.4,0.5,0.6`. Raises UsageError."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no number", {"expected": "a number, or one for each channel: 0.4,0.5,0.6"}
        ) from None


def dimensions(texts: Sequence[str]) -> dict[str, int]:
    """`batch=4` as {"batch": 4}. Raises UsageError."""
    found = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if not name or not number.isdigit():
            raise UsageError(f"--dim {text!r} says no size", {"expected": "NAME=NUMBER, as batch=4"})
        found[name] = int(number)
    return found


def _named(spec: str, names: Sequence[str]) -> tuple[str | None, str]:
    """`NAME=FILE` apart; a file whose own name holds `=` is a file."""
    name, sign, file = spec.partition("=")
    if not sign or os.path.exists(spec):
        return None, spec
    if name not in names:
        raise InputError(f"the model has no input {name!r}", {"inputs": ", ".join(map(repr, names))})
    return name, file


def _add(found: dict[str, Any], more: Mapping[str, Any], names: Sequence[str]) -> None:
    for name, held in more.items():
        if name in found or name not in names:
            reason = "is given twice" if name in found else "is not an input of the model"
            raise InputError(f"input {name!r} {reason}", {"inputs": ", ".join(map(repr, names))})
        found[name] = held


def _only(held: Mapping[str, Any], file: str) -> Any:
    if len(held) != 1:
        raise UsageError(
            f"{file!r} holds {len(held)} arrays", {"found": ", ".join(map(str, held)), "expected": "one, after NAME="}
        )
    return next(iter(held.values()))


def _rank(value: Value) -> int | None:
    return None if value.shape is None else len(value.shape)


def _image(value: Value, pixels: Array, how: Preparation) -> Array:
    """Raises InputError where the model's sizes are another and no --size was given: nothing is resized unasked."""
    shape = value.shape or (None,) * 4
    if len(shape) != 4:
        raise InputError(f"input {value.name!r} is no image", {"input": format_shape(shape), "expected": "rank 4"})
    _, channels, height, width = shape if how.layout == "nchw" else (shape[0], shape[3], shape[1], shape[2])
    wanted = (height, width)
    if how.size is None and any(isinstance(a, int) and a != b for a, b in zip(wanted, pixels.shape[:2], strict=True)):
        raise InputError(
            f"the image is of another size than input {value.name!r}",
            {
                "input": f"{format_shape(shape)}, layout {how.layout}",
                "image": f"{pixels.shape[0]}x{pixels.shape[1]} (height x width)",
                "write": f"--size {height}x{width}",
            },
        )
    dtype = value.dtype or "float32"
    if not is_float(dtype) and not how.plain:
        raise InputError(f"input {value.name!r} is {dtype}: pixels cannot be scaled", {"leave out": "--scale, --mean, --std"})
    made = prepare(pixels, how, channels=channels if isinstance(channels, int) else None)
    return made.astype(numpy_dtype(dtype))


def _table(value: Value, rows: Array) -> Array:
    """Lines of a CSV as samples of the declared shape and dtype, where no number changes by it."""
    sample = [dim for dim in (value.shape or ())[1:] if isinstance(dim, int)]
    if len(sample) != 1 and len(sample) + 1 == _rank(value) and math.prod(sample) == rows.shape[1]:
        rows = rows.reshape(len(rows), *sample)
    if value.dtype is None or is_float(value.dtype):
        return rows.astype(numpy_dtype(value.dtype or "float32"))
    cast: Array = rows.astype(numpy_dtype(value.dtype))
    if not np.array_equal(cast.astype(np.float64), rows):
        raise InputError(
            f"input {value.name!r} is {value.dtype}: some numbers of the file are not", {"expected": "whole numbers that fit"}
        )
    return cast


def _draw(value: Value, generator: np.random.Generator, dims: Mapping[str, int]) -> Array:
    if value.shape is None or value.dtype is None or value.dtype == "string":
        told = f"{format_shape(value.shape)} {value.dtype or 'any dtype'}"
        raise ShapeError(f"cannot draw random numbers for input {value.name!r}", {"declared": told, "give": "--input instead"})
    shape = [dims.get(dim, 1) if isinstance(dim, str) else 1 if dim is None else dim for dim in value.shape]
    if is_float(value.dtype):
        return generator.standard_normal(shape).astype(numpy_dtype(value.dtype))
    return generator.integers(0, 2, shape).astype(numpy_dtype(value.dtype))
