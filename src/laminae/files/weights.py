"""Weights alone: a .safetensors file, written whole or not at all. https://huggingface.co/docs/safetensors

An eight-byte length, a JSON header of that length, then the bytes of every tensor, one after another.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from laminae.base.arrays import unwritable
from laminae.base.errors import DTypeError, FileError, ModelError
from laminae.files.atomic import check_place, saving
from laminae.files.hashed import Sink
from laminae.files.tensor_writer import raw_bytes
from laminae.graph.graph import Graph, unique_name
from laminae.graph.parameter import Parameter

SUFFIX = ".safetensors"

CODES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "float8_e5m2": "F8_E5M2", "float8_e4m3fn": "F8_E4M3",
    "float8_e8m0fnu": "F8_E8M0", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ", "int16": "I16",
    "uint16": "U16", "float16": "F16", "bfloat16": "BF16", "int32": "I32", "uint32": "U32", "float32": "F32",
    "complex64": "C64", "float64": "F64", "int64": "I64", "uint64": "U64",
}  # fmt: skip
"""Dtype → its name in the format, in the format's order: tensors are written from the last to the first, so they are aligned."""

ORDER = {dtype: place for place, dtype in enumerate(CODES)}

HEADER = "__metadata__"


def weights_of(graph: Graph) -> dict[str, Parameter]:
    """Every parameter by name; those of a body by its path and their name in it: `If_3/then/w`."""
    found: dict[str, Parameter] = {}
    for path, inner in graph.graphs():
        for name, parameter in inner.parameters.items():
            found[unique_name(path + name, found)] = parameter
    return found


def save(weights: Mapping[str, Parameter], path: str | os.PathLike[str]) -> None:
    """Write parameters by name to a file. Raises what `write` raises, and FileError where the file cannot be written."""
    path = Path(os.fspath(path))
    check_place(path)
    ordered, header = _laid_out(weights)
    with saving([path]) as (file,):
        _write(ordered, header, file)


def write(weights: Mapping[str, Parameter], file: Sink) -> None:
    """Write parameters by name to an open file.

    Tied ones (several names, one parameter) are stored under the first of their names; the metadata give it for each other
    one, as Hugging Face has it. The same weights make the same bytes. One tensor at a time is taken from its device. Raises
    DTypeError for a dtype the format lacks, ModelError for a tensor without values.
    """
    _write(*_laid_out(weights), file)


def _laid_out(weights: Mapping[str, Parameter]) -> tuple[list[tuple[str, Parameter]], bytes]:
    """The parameters in the order of the file, and its header."""
    names: dict[Parameter, str] = {}
    for name in sorted(weights):
        names.setdefault(weights[name], name)
    ordered = sorted(((name, box) for box, name in names.items()), key=lambda item: (-_place(*item), item[0]))
    aliases = {name: names[box] for name, box in weights.items() if names[box] != name}
    return ordered, _header(dict(ordered), aliases)


def _write(ordered: Sequence[tuple[str, Parameter]], header: bytes, file: Sink) -> None:
    file.write(struct.pack("<Q", len(header)) + header)
    for _, box in ordered:
        file.write(raw_bytes(box.array))


def _place(name: str, parameter: Parameter) -> int:
    """Where its dtype stands in the order. Raises for what the format cannot hold."""
    if parameter.dtype not in ORDER:
        raise DTypeError(
            f"parameter {name!r} is {parameter.dtype}, which no {SUFFIX} file holds",
            {"known": ", ".join(CODES), "the way out": "save the whole model as .onnx"},
        )
    if name == HEADER:
        raise ModelError(f"no tensor of a {SUFFIX} file can be named {name!r}", {"found": repr(parameter)})
    array: Any = parameter.array
    if getattr(array, "is_meta", False) or "sparse" in str(getattr(array, "layout", "")):
        raise ModelError(f"parameter {name!r} has no plain values to write", {"because": unwritable(array)})
    return ORDER[parameter.dtype]


def _header(ordered: Mapping[str, Parameter], aliases: Mapping[str, str]) -> bytes:
    """What the tensors are and where; padded with spaces, so that the first one is aligned."""
    content: dict[str, Any] = {HEADER: {**dict(sorted(aliases.items())), "format": "pt"}}
    at = 0
    for name, box in ordered.items():
        content[name] = {"dtype": CODES[box.dtype], "shape": list(box.shape), "data_offsets": [at, at + box.nbytes]}
        at += box.nbytes
    try:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as problem:
        raise FileError(f"a parameter's name is not UTF-8 text: {problem.object[:60]!r}") from problem
    return text + b" " * (-len(text) % 8)
