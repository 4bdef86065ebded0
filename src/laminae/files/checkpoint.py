"""The tensors of a .safetensors file, or of the many files of one checkpoint: listed and checked, each read when asked for.

No file is believed: headers are checked before anything is read, and files named by an index lie in its folder.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from laminae.base.errors import FileError
from laminae.files.external import file_beside
from laminae.files.recognise import recognise
from laminae.files.weights import CODES, SUFFIX

NAMES = {code: dtype for dtype, code in CODES.items()}

WHOLE = "model" + SUFFIX
INDEX = WHOLE + ".index.json"

LARGEST_INDEX = 100_000_000
"""Bytes of an index; a header may have as many."""

CONVERT = "save_file(torch.load(path, map_location='cpu', weights_only=True), 'model.safetensors') of safetensors.torch"


@dataclass(frozen=True)
class Entry:
    """A tensor of a checkpoint. key: its name in its file; tied names may have the same."""

    file: File
    key: str
    dtype: str
    shape: tuple[int, ...]

    def read(self) -> Any:
        """The values, as a torch tensor over the mapped file. Raises FileError."""
        return self.file.read(self.key)


class File:
    """One .safetensors file, open while the stack is. Raises FileError for what is none."""

    def __init__(self, path: str, stack: ExitStack) -> None:
        self.path = path
        _require_safetensors(path)
        try:
            self.opened: Any = stack.enter_context(safe_open(path, framework="pt"))
        except (SafetensorError, OSError) as problem:
            raise self.error(problem) from problem

    def entries(self) -> dict[str, Entry]:
        """Every tensor by name."""
        found: dict[str, Entry] = {}
        for key in self.opened.keys():  # noqa: SIM118
            part = self.opened.get_slice(key)
            found[key] = Entry(self, key, NAMES.get(part.get_dtype(), part.get_dtype()), tuple(part.get_shape()))
        return found

    def aliases(self) -> dict[str, str]:
        """The metadata: where names are tied, another of them → the one that is stored."""
        return dict(self.opened.metadata() or {})

    def read(self, key: str) -> Any:
        try:
            return self.opened.get_tensor(key)
        except (SafetensorError, OSError) as problem:
            raise self.error(problem) from problem

    def error(self, problem: Exception) -> FileError:
        because = str(problem).removeprefix("Error while deserializing header: ")
        return FileError(f"{self.path!r} is no sound {SUFFIX} file", {"because": because[:200], "way out": "fetch it again"})


class Checkpoint:
    """Weights on the disk: a .safetensors file, the index of one in parts, or a folder that holds either."""

    def __init__(self, path: str | os.PathLike[str], stack: ExitStack) -> None:
        self.path = _chosen(Path(os.fspath(path)))
        self.stack = stack
        self.tensors: dict[str, Entry] = {}
        self.aliases: dict[str, Entry] = {}
        if self.path.name.endswith(".json"):
            self._shards()
        else:
            self._take(File(str(self.path), stack))

    def _shards(self) -> None:
        parts: dict[str, list[str]] = {}
        for name, shard in _weight_map(self.path).items():
            parts.setdefault(shard, []).append(name)
        for shard, names in parts.items():
            self._take(File(file_beside(self.path, shard, f"{self.path.name!r}"), self.stack), names)

    def _take(self, file: File, names: list[str] | None = None) -> None:
        """The tensors of one file, of these names where an index gives them."""
        entries = file.entries()
        missing = next((name for name in names or () if name not in entries), None)
        if missing is not None:
            raise FileError(
                f"{file.path!r} has no tensor {missing!r}",
                {"expected": f"it, as {self.path.name!r} says", "way out": "fetch the checkpoint again"},
            )
        self.tensors |= entries if names is None else {name: entries[name] for name in names}
        self.aliases |= {name: entries[key] for name, key in file.aliases().items() if key in entries and name not in entries}


def _chosen(path: Path) -> Path:
    """Of a folder the file to begin with. Raises FileError where there is none."""
    if "\0" in str(path) or not os.path.exists(path):
        raise FileError(f"{str(path)!r} is missing", {"expected": f"a {SUFFIX} file, an index of several, or their folder"})
    if not path.is_dir():
        return path
    found = next((path / name for name in (WHOLE, INDEX) if os.path.lexists(path / name)), None)
    if found is not None:
        return found
    there = sorted(name for name in os.listdir(path) if name.endswith((SUFFIX, ".index.json", ".bin", ".pt", ".pth")))
    rows = {"expected": f"{WHOLE} or {INDEX}", "found": ", ".join(there[:8]) or "neither"}
    kept = next((name for name in ("best", "last") if os.path.isfile(path / name / WHOLE)), None)
    if kept is not None:
        rows["way out"] = f"{str(path / kept)!r}: it is the folder of a run"
    elif there and not any(SUFFIX in name for name in there):
        rows["way out"] = CONVERT
    raise FileError(f"{str(path)!r} holds no weights by the usual names", rows)


def _require_safetensors(path: str) -> None:
    """Raises FileError for a file that is plainly another thing, with what to do about it."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FileError(f"{path!r} is no file", {"expected": f"a {SUFFIX} file"})
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as problem:
        raise FileError(f"{path!r} cannot be read: {problem.strerror or problem}") from problem
    like = None if head[8:9] == b"{" else recognise(head)
    if like is None:
        return
    way_out = CONVERT if "PyTorch" in like.looks_like else like.way_out
    rows = {"it looks like": like.looks_like, "way out": way_out}
    raise FileError(f"{path!r} is no {SUFFIX} file", {key: text for key, text in rows.items() if text})


def _weight_map(path: Path) -> Mapping[str, str]:
    """Tensor → file, as an index says. Raises FileError."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode) or os.path.getsize(path) > LARGEST_INDEX:
            raise FileError(f"{str(path)!r} is no index", {"expected": f"a file of {LARGEST_INDEX:,} bytes at most"})
        content = json.loads(path.read_bytes())
    except OSError as problem:
        raise FileError(f"{str(path)!r} cannot be read: {problem.strerror or problem}") from problem
    except (ValueError, RecursionError) as problem:
        raise FileError(f"{str(path)!r} is no index", {"because": f"it is no JSON: {problem}"[:200]}) from problem
    found = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(shard, str) for shard in found.values()):
        raise FileError(f"{str(path)!r} is no index", {"expected": '{"weight_map": {tensor: file, …}}'})
    return found
