"""A patch in words of JSON, and back. Nothing that is read is believed."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_numpy, is_array
from laminae.base.dtypes import BITS, dtype_name, torch_dtype
from laminae.base.errors import FileError, UsageError
from laminae.base.host import HostArray
from laminae.base.positions import positions, whole
from laminae.files.packing import pack, unpack
from laminae.trace.patch_record import Patch, axes, is_number, taken

WHERE = ("axis", "index", "heads", "of", "output")

VALUES = {
    "replace": ("value",), "add": ("value",), "scale": ("value",), "zero": (), "mean": ("over",), "swap": ("a", "b", "over"),
    "project": ("directions", "keep"),
}  # fmt: skip
"""Kind → what it has besides the layer and the place."""

SLICE = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?(?::(-?\d{1,18}))?")


class Tensors:
    """The tensors of some patches under numbers, each once."""

    def __init__(self) -> None:
        self._found: dict[int, tuple[str, Any, Any]] = {}

    def name(self, array: Any) -> str:
        """Under which an array is kept."""
        if id(array) not in self._found:
            self._found[id(array)] = (str(len(self._found) + 1), array, _stored(array))
        return self._found[id(array)][0]

    def packed(self) -> bytes | None:
        """The bytes of a .safetensors file; None where there is no tensor."""
        if not self._found:
            return None
        from safetensors.torch import save

        return save({name: stored for name, _, stored in self._found.values()}, {"laminae": "laminae patches"})


def _stored(array: Any) -> Any:
    """As a .safetensors file can hold it: elements smaller than a byte packed, complex128 as pairs."""
    if isinstance(array, HostArray):
        return torch.from_numpy(pack(array.array))
    tensor = array.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return torch.view_as_real(tensor).contiguous() if tensor.dtype == torch.complex128 else tensor


def words_of(patch: Patch, tensors: Tensors) -> dict[str, Any]:
    """A patch as JSON has it. Raises UsageError for a function."""
    if patch.kind == "function":
        raise UsageError(
            f"{patch} cannot be saved: a function is code", {"the way out": "save the others, and make this one anew"}
        )
    words: dict[str, Any] = {"patch": patch.kind, "layer": patch.layer}
    if patch.kind == "mean":
        words["over"] = list(patch.value)
    elif patch.kind == "swap":
        over, a, b = patch.value
        words |= {"a": _positions(a), "b": _positions(b), "over": over}
    elif patch.kind == "project":
        words |= {"directions": _value(patch.value[0], tensors), "keep": patch.value[1]}
    elif patch.kind != "zero":
        words["value"] = _value(patch.value, tensors)
    where = {"axis": patch.axis, "index": _positions(patch.index), "heads": _positions(patch.heads), "of": patch.of}
    return words | {name: x for name, x in where.items() if x is not None} | ({"output": patch.output} if patch.output else {})


def _positions(found: Any) -> Any:
    if isinstance(found, slice):
        parts = [found.start, found.stop, *([] if found.step is None else [found.step])]
        return ":".join("" if part is None else str(part) for part in parts)
    return list(found) if isinstance(found, tuple) else found


def _value(value: Any, tensors: Tensors) -> Any:
    if isinstance(value, complex):
        return {"complex": [_value(value.real, tensors), _value(value.imag, tensors)]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": repr(value)}
    if is_number(value):
        return value
    if isinstance(value, list):
        return {"sequence": [_value(part, tensors) for part in value]}
    if isinstance(value, dict):
        return {"map": [[key, _value(part, tensors)] for key, part in value.items()]}
    if isinstance(value, HostArray) and value.dtype == "string":
        texts = [text.decode() if isinstance(text, bytes) else str(text) for text in as_numpy(value).ravel()]
        return {"strings": texts, "shape": list(value.shape)}
    if is_array(value):
        return {"tensor": tensors.name(value), "dtype": dtype_name(value), "shape": list(value.shape)}
    raise UsageError(f"a {type(value).__name__} cannot be saved in a patch")


def patch_of(words: Any, tensors: dict[str, Any]) -> Patch:
    """The patch that JSON describes. Raises FileError, or UsageError for one that nobody could make."""
    kind = words.get("patch") if isinstance(words, dict) else None
    if not isinstance(kind, str) or kind not in VALUES:
        raise FileError(f"{_short(words)} is no patch", {"expected": f'{{"patch": one of {", ".join(sorted(VALUES))}, …}}'})
    allowed = {"patch", "layer", *VALUES[kind], *WHERE}
    if words.keys() - allowed:
        raise FileError(f"patch.{kind} has no {_short(min(words.keys() - allowed))}", {"it has": ", ".join(sorted(allowed))})
    missing = next((name for name in ("layer", *VALUES[kind]) if name not in words), None)
    if missing:
        raise FileError(f"patch.{kind} lacks {missing!r}")
    where = {name: words[name] for name in ("axis", "of", "output") if words.get(name) is not None}
    for name in ("index", "heads"):
        if words.get(name) is not None:
            where[name] = _read_positions(words[name])
    return Patch(words["layer"], kind, _read(kind, words, tensors), **where)


def _read(kind: str, words: dict[str, Any], tensors: dict[str, Any]) -> Any:
    if kind == "mean":
        return axes(words["over"])
    if kind == "swap":
        return whole(words["over"], "an axis"), _read_positions(words["a"]), _read_positions(words["b"])
    if kind == "project":
        return _read_value(words["directions"], tensors), bool(words["keep"])
    return None if kind == "zero" else _read_value(words["value"], tensors)


def _read_positions(found: Any) -> Any:
    if isinstance(found, str):
        parts = SLICE.fullmatch(found)
        if parts is None:
            raise FileError(f"{_short(found)} says no positions", {"for example": '3, [0, 2], "0:4"'})
        return slice(*(None if part is None else int(part) for part in parts.groups()))
    return positions(found)


def _read_value(words: Any, tensors: dict[str, Any]) -> Any:
    if is_number(words):
        return words
    if isinstance(words, list):
        return _read_list(words)
    kinds = {"tensor": _read_tensor, "strings": _read_strings, "sequence": _read_sequence, "map": _read_map}
    kind = next((name for name in (*kinds, "number", "complex") if isinstance(words, dict) and name in words), None)
    if kind == "number" and words["number"] in ("nan", "inf", "-inf"):
        return float(words["number"])
    if kind == "complex" and isinstance(words["complex"], list) and len(words["complex"]) == 2:
        parts = [_read_value(part, tensors) for part in words["complex"]]
        if all(isinstance(part, int | float) for part in parts):
            return complex(*parts)
    if kind not in kinds:
        raise FileError(f"{_short(words)} is no value", {"expected": "a number, numbers in lists, or what save writes"})
    return kinds[kind](words, tensors)


def _read_list(words: list[Any]) -> Any:
    """Numbers that a hand has written."""
    return taken(words)


def _read_tensor(words: dict[str, Any], tensors: dict[str, Any]) -> Any:
    name, dtype, shape = words["tensor"], words.get("dtype"), _read_shape(words)
    if not isinstance(name, str) or name not in tensors:
        raise FileError(f"there is no tensor {_short(name)} beside the patches")
    found = tensors[name]
    if isinstance(dtype, str) and dtype in BITS:
        return HostArray(_unpacked(found, dtype, shape))
    if dtype == "complex128" and found.dtype == torch.float64 and tuple(found.shape[-1:]) == (2,):
        found = torch.view_as_complex(found)
    if not isinstance(dtype, str) or dtype_name(found) != dtype or tuple(found.shape) != shape:
        rows = {"expected": f"{_short(dtype)} {list(shape)}", "found": f"{dtype_name(found)} {list(found.shape)}"}
        raise FileError(f"tensor {name!r} is another than the patch says", rows)
    return found


def _unpacked(found: Any, dtype: str, shape: tuple[int, ...]) -> Any:
    size = math.prod(shape)
    if found.dtype != torch_dtype("uint8") or found.numel() != (size * BITS[dtype] + 7) // 8:
        raise FileError(f"a tensor of {dtype} is another than the patch says", {"expected": f"{list(shape)}"})
    return unpack(found.numpy(), dtype, size).reshape(shape)


def _read_strings(words: dict[str, Any], tensors: dict[str, Any]) -> Any:
    texts, shape = words["strings"], _read_shape(words)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts) or len(texts) != math.prod(shape):
        raise FileError("the strings of a patch are not as many as their shape says")
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return HostArray(array.reshape(shape))


def _read_sequence(words: dict[str, Any], tensors: dict[str, Any]) -> Any:
    if not isinstance(words["sequence"], list):
        raise FileError("a sequence is a list")
    return [_read_value(part, tensors) for part in words["sequence"]]


def _read_map(words: dict[str, Any], tensors: dict[str, Any]) -> Any:
    pairs = words["map"]
    if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 and isinstance(p[0], str | int) for p in pairs):
        raise FileError("a map is a list of pairs")
    return {key: _read_value(part, tensors) for key, part in pairs}


def _read_shape(words: dict[str, Any]) -> tuple[int, ...]:
    shape = words.get("shape")
    if not isinstance(shape, list) or len(shape) > 64 or not all(type(n) is int and 0 <= n < 1 << 48 for n in shape):
        raise FileError("a tensor's shape is a list of sizes", {"found": _short(shape)})
    return tuple(shape)


def _short(words: Any) -> str:
    return repr(words)[:60]
