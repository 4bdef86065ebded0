"""Patches on the disk: a JSON file that people can read and write, and beside it a .safetensors file with the tensors.

`{"format": "laminae patches", "version": 1, "tensors": "<sha256 of p.safetensors>", "patches": [{"patch": "scale", …}, …]}`;
the tensors of `p.json` are those of `p.safetensors`. Functions are code, and not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, LaminaeError, UsageError
from laminae.files.atomic import check_place, saving
from laminae.files.checkpoint import File
from laminae.files.weights import SUFFIX
from laminae.trace.patch_record import Patch
from laminae.trace.patch_words import Tensors, patch_of, words_of

FORMAT, VERSION = "laminae patches", 1

LARGEST = 1 << 26
"""Bytes of a JSON file of patches."""


def save(path: str | os.PathLike[str], patches: Patch | Iterable[Patch]) -> None:
    """Write patches to a `.json` file, and their tensors, bit for bit, to the `.safetensors` file beside it: whole or not at all.

    Raises UsageError for what cannot be kept, naming the patch: a function; FileError where the files cannot be written, or
    where the `.safetensors` file that is there holds something else.
    """
    path = _named(path)
    kept = (patches,) if isinstance(patches, Patch) else tuple(patches)
    odd = next((one for one in kept if not isinstance(one, Patch)), None)
    if odd is not None:
        raise UsageError(f"a {type(odd).__name__} is no patch", {"expected": "lm.patch.zero('layer'), a list of these"})
    check_place(path)
    tensors = Tensors()
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    words = [words_of(patch, tensors) for patch in kept]
    packed = tensors.packed()
    if packed is not None:
        _require_ours(_beside(path))
        content["tensors"] = hashlib.sha256(packed).hexdigest()
    text = _text(content, words)
    with saving([path] if packed is None else [_beside(path), path]) as files:
        if packed is not None:
            files[0].write(packed)
        files[-1].write(text)


def load(path: str | os.PathLike[str]) -> tuple[Patch, ...]:
    """The patches of a file that `save`, or a hand, has written.

    Raises FileError for what is no such file, whose tensors are missing or are others, or that holds what no patch is.
    """
    path = _named(path)
    content = _content(path)
    tensors: dict[str, Any] = {}
    if content.get("tensors") is not None:
        tensors = _tensors(_beside(path), content["tensors"])
    found = []
    for number, words in enumerate(content["patches"], 1):
        try:
            found.append(patch_of(words, tensors))
        except LaminaeError as error:
            raise FileError(f"{str(path)!r}, patch {number}: {error.message}", error.details) from error
    return tuple(found)


def _named(path: str | os.PathLike[str]) -> Path:
    named = Path(os.fspath(path))
    if named.suffix != ".json":
        raise FileError(
            f"{str(named)!r} is no name for patches", {"expected": f"a name that ends in .json, as {named.stem}.json"}
        )
    return named


def _beside(path: Path) -> Path:
    return path.with_suffix(SUFFIX)


def _text(content: dict[str, Any], words: list[Any]) -> bytes:
    """One patch on a line."""
    head = json.dumps(content, indent=1, ensure_ascii=False)[:-2]
    try:
        rows = [json.dumps(one, ensure_ascii=False, allow_nan=False) for one in words]
        return (head + ',\n "patches": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n").encode()
    except UnicodeEncodeError as problem:
        raise UsageError(f"a patch's layer or text is no UTF-8 text: {problem.object[:60]!r}") from problem


def _require_ours(path: Path) -> None:
    """Raises FileError where another file would be lost."""
    if not os.path.lexists(path):
        return
    with ExitStack() as stack:
        try:
            ours = File(str(path), stack).aliases().get("laminae") == FORMAT
        except FileError:
            ours = False
    if not ours:
        raise FileError(f"{str(path)!r} is there, and holds no patches", {"the way out": "another name for the patches"})


def _content(path: Path) -> dict[str, Any]:
    _require_file(path, LARGEST)
    try:
        content = json.loads(path.read_bytes(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise FileError(f"{str(path)!r} is no file of patches", {"because": f"it is no JSON: {problem}"[:200]}) from problem
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("patches"), list):
        raise FileError(f"{str(path)!r} is no file of patches", {"expected": f'{{"format": "{FORMAT}", "patches": […]}}'})
    if content.get("version") != VERSION or content.keys() - {"format", "version", "tensors", "patches"}:
        raise FileError(f"{str(path)!r} is of another version", {"expected": VERSION, "found": repr(content.get("version"))[:40]})
    return content


def _require_file(path: Path, largest: int | None = None) -> None:
    """Raises FileError for what is no file, or too large a one."""
    try:
        found = os.stat(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise FileError(f"{str(path)!r} cannot be read: {reason}") from problem
    if not stat.S_ISREG(found.st_mode) or (largest is not None and found.st_size > largest):
        size = "" if largest is None else f" of {largest:,} bytes at most"
        raise FileError(f"{str(path)!r} holds no patches", {"expected": f"a file{size}"})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _tensors(path: Path, checksum: Any) -> dict[str, Any]:
    """Every tensor of the file beside, which must be the one that was saved with it."""
    _require_file(path)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != checksum:
        raise FileError(
            f"{str(path)!r} was not saved with these patches", {"expected": f"sha256 {checksum}"[:80], "found": f"sha256 {found}"}
        )
    with ExitStack() as stack:
        return {name: entry.read().clone() for name, entry in File(str(path), stack).entries().items()}
