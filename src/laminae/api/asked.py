"""What a viewer's page asks to be run, in words of JSON, as inputs and patches. Nothing that is read is believed."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import CODES, is_float, numpy_dtype
from laminae.base.errors import InputError, UsageError
from laminae.data.tokenizer import Tokenizer
from laminae.graph import Graph, Value
from laminae.trace.patch import Patch
from laminae.trace.patch_words import patch_of

WORDS = ("base", "inputs", "patches", "previews")

MOST, PREVIEWS = 1_000, 256
"""Patches of one request, and previews that it may ask for."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Asked:
    """base: the run that inputs are changes of. inputs: by name, in words. patches: all that are to hold. previews: of layers."""

    base: int
    inputs: Mapping[str, Any]
    patches: tuple[Patch, ...]
    previews: tuple[int, ...]


def asked(words: Mapping[str, Any]) -> Asked:
    """Raises UsageError, FileError for what no patch is."""
    odd = words.keys() - set(WORDS)
    if odd:
        raise UsageError(f"a run has no {min(odd)[:40]!r}", {"it has": ", ".join(WORDS)})
    base, inputs = words.get("base", 0), words.get("inputs", {})
    patches, previews = words.get("patches", []), words.get("previews", [])
    if not isinstance(inputs, Mapping) or not isinstance(patches, list) or not isinstance(previews, list):
        raise UsageError("inputs are an object, patches and previews lists")
    if not _is_whole(base) or not all(map(_is_whole, previews)):
        raise UsageError("base and previews are numbers of a run and of layers")
    if len(patches) > MOST or len(previews) > PREVIEWS:
        raise UsageError("too much is asked for at once", {"at most": f"{MOST:,} patches, {PREVIEWS} previews"})
    return Asked(base, inputs, tuple(map(_patch, patches)), tuple(previews))


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 31


def _patch(words: Any) -> Patch:
    """`{"kind": "zero", …}`, otherwise as it stands in a file of patches."""
    if not isinstance(words, Mapping) or "patch" in words:
        raise UsageError("a patch is an object with its kind", {"expected": '{"kind": "zero", "layer": …}'})
    return patch_of({("patch" if key == "kind" else key): part for key, part in words.items()}, {})


def arrays(graph: Graph, words: Mapping[str, Any], held: Mapping[str, Any], tokenizer: Tokenizer | None) -> dict[str, Any]:
    """What these words make of inputs, by the input layer's name. held: what every input is in the run they are changes of.

    Of a text also the inputs beside it that are as long as it (masks, types, positions), where they are not given.
    Raises InputError and UsageError naming the input.
    """
    layers = {layer.name: value for layer, value in zip(graph.input_layers, graph.inputs, strict=True)}
    names = {value.name: name for name, value in layers.items()} | {name: name for name in layers}
    odd = next((name for name in words if name not in names), None)
    if odd is not None:
        raise InputError(f"input {odd[:60]!r} is not an input of the model", {"inputs": ", ".join(layers)})
    given = {names[name]: part for name, part in words.items()}
    made: dict[str, Any] = {}
    for name, part in given.items():
        if isinstance(part, Mapping) and "text" in part and layers[name].dtype != "string":
            row, count = _ids(name, layers[name], part["text"], tokenizer)
            beside = {other: value for other, value in held.items() if other not in given}
            made |= {name: row} | _beside(row, count, held[name], beside)
        else:
            made[name] = _array(name, layers[name], part, held[name])
    return made


def _array(name: str, value: Value, words: Any, held: Any) -> Any:
    """Lists are handed on: the input layer itself looks at them."""
    kind = next((kind for kind in ("values", "base64", "set", "text") if isinstance(words, Mapping) and kind in words), None)
    if kind == "values":
        return words["values"]
    if kind == "base64":
        return _bytes(name, words)
    if kind == "set":
        return _set(name, words["set"], held)
    if kind == "text":
        return np.array([_said(name, words["text"])], dtype=object).reshape((1,) * len(value.shape or (1,)))
    raise UsageError(f"input {name!r} is given as nothing", {"expected": "values, base64, set or text"})


def _bytes(name: str, words: Mapping[str, Any]) -> Array:
    dtype, shape, text = words.get("dtype", "float32"), words.get("shape"), words["base64"]
    if not isinstance(dtype, str) or dtype not in CODES or dtype == "string":
        raise UsageError(f"input {name!r} is of no dtype that bytes can have", {"found": repr(dtype)[:40]})
    known = isinstance(shape, list) and len(shape) <= 64 and all(_is_whole(size) for size in shape)
    if not known or not isinstance(text, str):
        raise UsageError(
            f"input {name!r} lacks its shape", {"expected": '{"base64": text, "dtype": "float32", "shape": [sizes]}'}
        )
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"input {name!r} is no base64") from None
    kind, sizes = numpy_dtype(dtype), tuple(shape or ())
    if len(data) != math.prod(sizes) * kind.itemsize:
        rows = {
            "expected": f"{math.prod(sizes) * kind.itemsize:,} bytes of {dtype} {list(sizes)}",
            "found": f"{len(data):,} bytes",
        }
        raise UsageError(f"input {name!r} is of another size than its bytes", rows)
    if kind.isbuiltin:
        kind = kind.newbyteorder("<")
    return np.frombuffer(data, kind).reshape(sizes)


def _set(name: str, changes: Any, held: Any) -> Array:
    """The held value with other numbers in some places."""
    if not is_array(held) or not isinstance(changes, list):
        raise UsageError(f"input {name!r} has no places to set", {"expected": "a list of [place, number], and an array"})
    made: Array = as_numpy(held).copy()
    for one in changes:
        place, number = one if isinstance(one, list) and len(one) == 2 else (None, None)
        if not isinstance(place, list) or len(place) != made.ndim or not all(isinstance(at, int) for at in place):
            raise UsageError(
                f"input {name!r}: {repr(one)[:60]} says no place and number", {"expected": f"[[{made.ndim} places], number]"}
            )
        _put(name, made, tuple(place), number)
    return made


def _put(name: str, made: Array, place: tuple[int, ...], number: Any) -> None:
    """Raises InputError for a number that the dtype does not hold."""
    texts = made.dtype == object
    if (texts and not isinstance(number, str)) or (not texts and not isinstance(number, int | float)):
        raise InputError(f"input {name!r}: {repr(number)[:40]} is no element of {made.dtype}")
    try:
        element = number if texts else np.asarray(number).astype(made.dtype)
        exact = texts or is_float(made.dtype.name) or made.dtype.kind == "c" or element == number
        if not exact:
            raise InputError(f"input {name!r} is {made.dtype}: {number!r} is none", {"expected": "a whole number that fits"})
        made[place] = element
    except IndexError:
        raise UsageError(f"input {name!r} has no place {list(place)}", {"its shape": list(made.shape)}) from None
    except (OverflowError, ValueError, TypeError) as error:
        raise InputError(f"input {name!r} cannot take {repr(number)[:40]}", {"because": error}) from None


def _said(name: str, text: Any) -> str:
    if not isinstance(text, str):
        raise UsageError(f"input {name!r}: the text is none", {"found": type(text).__name__})
    return text


def _ids(name: str, value: Value, text: Any, tokenizer: Tokenizer | None) -> tuple[Array, int]:
    """[1, length] or [length], and how many ids there are: cut, or filled with 0, where the length is declared."""
    shape = value.shape or (None, None)
    if tokenizer is None:
        raise UsageError("there is no tokenizer for texts", {"the way out": "laminae view … --tokenizer FILE, view(tokenizer=…)"})
    if is_float(value.dtype) or len(shape) not in (1, 2):
        raise InputError(f"input {name!r} takes no ids", {"takes": f"{value.dtype} of rank {len(shape)}"})
    ids = tokenizer(_said(name, text))
    length = shape[-1] if isinstance(shape[-1], int) else len(ids)
    row = np.zeros(length, numpy_dtype(value.dtype or "int64"))
    row[: len(ids)] = ids[:length]
    return row.reshape((1,) * (len(shape) - 1) + (-1,)), min(len(ids), length)


def _beside(row: Array, count: int, held: Any, others: Mapping[str, Any]) -> dict[str, Array]:
    """Of the inputs that were as long as the ids were: as long as they are now."""
    places = np.broadcast_to(np.arange(row.shape[-1]), row.shape)
    fills = {"mask": places < count, "type": np.zeros_like(places), "segment": np.zeros_like(places), "position": places}
    made = {}
    for name, other in others.items():
        fill = next((fill for word, fill in fills.items() if word in name.lower()), None)
        if fill is not None and is_array(other) and is_array(held) and tuple(other.shape) == tuple(held.shape):
            made[name] = fill.astype(as_numpy(other).dtype)
    return made
