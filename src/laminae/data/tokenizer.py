"""A text as the ids that a model reads: by a tokenizer's file, or by whatever turns text into ids."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laminae.base.errors import FileError, MissingPackageError, UsageError
from laminae.data.texts import Text

LARGEST = 1 << 28
"""Bytes of a tokenizer's file."""


@dataclass(frozen=True)
class Tokenizer:
    """ids: of a text. piece: the text that an id stands for; None where nobody can tell."""

    ids: Callable[[str], list[int]]
    piece: Callable[[int], str] | None = None

    def __call__(self, text: str) -> list[int]:
        return self.ids(text)

    def pieces(self, ids: Sequence[int]) -> list[str] | None:
        """The text of each id; "" for one that is none."""
        return None if self.piece is None else [self._piece(one) for one in ids]

    def _piece(self, one: int) -> str:
        try:
            return str(self.piece(one)) if self.piece is not None and one >= 0 else ""
        except Exception:  # whatever a tokenizer says of an id that it does not know
            return ""


def tokenizer(given: Any) -> Tokenizer:
    """From a text to its ids, and back where that can be told.

    given: the path of a `tokenizer.json` (of Hugging Face's tokenizers) or of the `data.json` that `laminae train` wrote of a
    column of text; a tokenizer of transformers or tokenizers; a function. Raises FileError, UsageError, and
    MissingPackageError for a `tokenizer.json` where the package tokenizers is not installed.
    """
    if isinstance(given, str | os.PathLike):
        return _read(Path(os.fspath(given)))
    encode = getattr(given, "encode", None)
    if callable(encode):
        decode = getattr(given, "decode", None)
        return Tokenizer(lambda text: _ids(encode(text)), None if decode is None else lambda one: decode([one]))
    if callable(given):
        return Tokenizer(lambda text: _ids(given(text)))
    raise UsageError(f"a {type(given).__name__} is no tokenizer", {"expected": "the path of a tokenizer.json, or a function"})


def _ids(found: Any) -> list[int]:
    """Of a list, an array, what tokenizers and what transformers give."""
    found = found["input_ids"] if isinstance(found, Mapping) else getattr(found, "ids", found)
    try:
        ids = found.tolist() if hasattr(found, "tolist") else list(found)
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in ids):
            raise TypeError
    except TypeError:
        raise UsageError(
            "the tokenizer gives no ids", {"expected": "a list of whole numbers", "found": repr(found)[:60]}
        ) from None
    return ids


def _read(path: Path) -> Tokenizer:
    try:
        if path.stat().st_size > LARGEST:
            raise FileError(f"{str(path)!r} is too large for a tokenizer", {"at most": f"{LARGEST:,} bytes"})
        held = json.loads(path.read_bytes())
    except OSError as error:
        raise FileError(f"{str(path)!r} cannot be read", {"because": error.strerror or str(error)}) from None
    except (ValueError, RecursionError):
        held = None
    if isinstance(held, Mapping) and held.get("laminae") == "data":
        return _of_record(held, path)
    if not isinstance(held, Mapping) or "model" not in held:
        expected = "a tokenizer.json, or the data.json of a folder that laminae train wrote"
        raise FileError(f"{str(path)!r} is no tokenizer", {"expected": expected})
    return _of_tokenizers(path)


def _of_record(held: Mapping[str, Any], path: Path) -> Tokenizer:
    data = held.get("data")
    if not isinstance(data, Mapping) or data.get("kind") != "text":
        raise FileError(
            f"{str(path)!r} tells of no text", {"expected": "the record of a model that learned from a column of text"}
        )
    try:
        text = Text.from_json(data["text"])
    except (KeyError, TypeError):
        raise FileError(f"{str(path)!r} tells of no text", {"because": "it is no record that laminae train wrote"}) from None
    words = ("", "?", *(text.vocabulary or ()))
    return Tokenizer(lambda said: text.ids(said).tolist(), lambda one: words[one])


def _of_tokenizers(path: Path) -> Tokenizer:
    try:
        from tokenizers import Tokenizer as Read
    except ImportError:
        rows = {"install": "pip install tokenizers"}
        raise MissingPackageError("a tokenizer.json is read by the package tokenizers", rows) from None
    try:
        found = Read.from_file(str(path))
    except Exception as error:  # its own, which is no more than an Exception
        raise FileError(f"{str(path)!r} is no tokenizer", {"because": str(error)[:200]}) from None
    return Tokenizer(lambda text: list(found.encode(text).ids), lambda one: found.decode([one], skip_special_tokens=False))
