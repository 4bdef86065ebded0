"""A checkpoint on the disk: a folder that is written beside its place, brought to the disk, and given its name in one step."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, LaminaeError
from laminae.files import weights
from laminae.files.atomic import sync_folder
from laminae.files.checkpoint import Checkpoint
from laminae.files.hashed import Hashed
from laminae.files.owned import TEMPORARY, remove
from laminae.graph import Parameter
from laminae.learn.checkpoints import manifest

WEIGHTS, AVERAGE, STATE = "model.safetensors", "average.safetensors", "state.safetensors"
TIMES = "times.json"

BLOCK = 1 << 22
"""Bytes that are read at a time."""


class Descriptor:
    """A new file, written by the system's own calls."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def write(self, data: Any) -> None:
        left = memoryview(data)
        while left.nbytes:
            left = left[os.write(self._handle, left) :]

    def __enter__(self) -> Descriptor:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                os.fsync(self._handle)
        finally:
            os.close(self._handle)


def write(
    place: Path, files: Mapping[str, Mapping[str, Parameter]], content: Mapping[str, Any], times: Mapping[str, Any]
) -> None:
    """The files of tensors, then the manifest, all or nothing; a folder of that name, of no more use, goes. Raises OSError."""
    made = place.parent / f"{TEMPORARY}{secrets.token_hex(6)}.tmp"
    old = made.with_suffix(".old")
    try:
        os.mkdir(made)
        facts = {name: _tensors(made / name, boxes) for name, boxes in files.items()}
        _put(made / TIMES, json.dumps(times).encode())
        _put(made / manifest.NAME, manifest.text({**content, "files": facts}))
        sync_folder(made)
        if os.path.lexists(place):
            os.rename(place, old)
        os.rename(made, place)
        sync_folder(place.parent)
    finally:
        remove(made)
        remove(old)


def _tensors(path: Path, boxes: Mapping[str, Parameter]) -> dict[str, Any]:
    with Descriptor(path) as file:
        hashed = Hashed(file)
        weights.write(boxes, hashed)
    return {"bytes": hashed.bytes, "sha256": hashed.sha256.hexdigest()}


def _put(path: Path, data: bytes) -> None:
    with Descriptor(path) as file:
        file.write(data)


def read(place: Path) -> dict[str, Any]:
    """What a checkpoint says of itself, every bit of it held against its SHA-256. Raises FileError saying what is damaged."""
    found = told(place)
    for name, facts in found["files"].items():
        _require_whole(place / name, facts)
    return found


def told(place: Path) -> dict[str, Any]:
    """The same without a look at the other files."""
    try:
        return manifest.parse(_content(place / manifest.NAME))
    except FileError as error:
        raise FileError(f"{manifest.NAME}: {error.message}") from None


def _content(path: Path) -> bytes:
    try:
        if os.path.getsize(path) > manifest.LARGEST:
            raise FileError("it is too large")
        return path.read_bytes()
    except OSError as problem:
        raise FileError("it is missing" if isinstance(problem, FileNotFoundError) else str(problem.strerror)) from None


def _require_whole(path: Path, facts: Mapping[str, Any]) -> None:
    found = hashlib.sha256()
    try:
        size = os.path.getsize(path)
        if size != facts["bytes"]:
            raise FileError(f"{path.name}: it has {size:,} bytes, not {facts['bytes']:,}")
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                found.update(block)
    except OSError as problem:
        missing = isinstance(problem, FileNotFoundError)
        raise FileError(f"{path.name}: {'it is missing' if missing else problem.strerror}") from None
    if found.hexdigest() != facts["sha256"]:
        raise FileError(f"{path.name}: its SHA-256 is another than when it was written")


def times_of(place: Path) -> dict[str, Any]:
    """How long it took, as far as that is known: no bit depends on it."""
    try:
        told = json.loads((place / TIMES).read_bytes())
        sound = isinstance(told, dict) and all(isinstance(x, float) for x in [told["seconds"], *told["epochs"]])
    except (OSError, ValueError, KeyError, TypeError, LaminaeError):
        sound = False
    return told if sound else {}


class Tensors:
    """The tensors of one file by name, those of tied names too; open while the stack is."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        opened = Checkpoint(path, stack)
        self._entries = opened.tensors | opened.aliases

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __call__(self, name: str) -> Any:
        return self._entries[name].read()
