"""Weights from the disk into a model's own memory: first everything is compared, then copied, one tensor at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from laminae.base import torch
from laminae.base.arrays import is_tensor, twin_of, unwritable
from laminae.base.dtypes import is_float, torch_dtype
from laminae.base.errors import ModelError
from laminae.base.shapes import format_shape
from laminae.files.checkpoint import Checkpoint, Entry
from laminae.files.weights import CODES
from laminae.graph.equality import same_bits
from laminae.graph.parameter import Parameter

SHOWN = 8
"""Names of each kind that a message gives."""


class Misfit(NamedTuple):
    """A tensor that cannot be loaded: what the model has, what the file has."""

    name: str
    expected: str
    found: str


@dataclass(frozen=True)
class Mismatch:
    """What did not fit; nothing of it was loaded. False where all did.

    missing: names of the model that the file lacks. unexpected: names in the file that the model lacks. shapes, dtypes: tensors
    of another shape or dtype. refused: others that cannot be, and why.
    """

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    shapes: tuple[Misfit, ...] = ()
    dtypes: tuple[Misfit, ...] = ()
    refused: tuple[Misfit, ...] = ()

    def __bool__(self) -> bool:
        return any((self.missing, self.unexpected, self.shapes, self.dtypes, self.refused))

    def rows(self) -> dict[str, str]:
        """In words, long lists shortened."""
        found = {"missing": self.missing, "unexpected": self.unexpected}
        found |= {
            kind: tuple(f"{name} (model {expected}, file {got})" for name, expected, got in misfits)
            for kind, misfits in (("other shape", self.shapes), ("other dtype", self.dtypes), ("refused", self.refused))
        }
        return {kind: _listed(names) for kind, names in found.items() if names}


def load(
    weights: Mapping[str, Parameter], path: str | os.PathLike[str], *, strict: bool = True, cast: bool = False, prefix: str = ""
) -> Mismatch:
    """Copy a checkpoint's tensors into the parameters of their names. Returns what did not fit.

    path: a .safetensors file, the index of one in parts, or a folder that holds either. strict: raise ModelError, with nothing
    changed, unless everything fits. cast: floats of another dtype are rounded to the model's. prefix: take the names in the
    file that begin with it, without it. Raises FileError for what is no checkpoint, with nothing changed.
    """
    with ExitStack() as stack:
        checkpoint = Checkpoint(path, stack)
        matching = _Matching(weights, checkpoint, prefix, cast)
        pairs, mismatch = matching.pairs(), matching.mismatch()
        if strict and mismatch:
            rows = {**mismatch.rows(), **matching.way_out(), "the model": "is as it was"}
            raise ModelError(f"the weights in {str(checkpoint.path)!r} do not fit the model", rows)
        _part(weights.values())
        for box, entry in sorted(pairs, key=lambda pair: (pair[1].file.path, pair[1].key)):
            tensor = entry.read()
            box.assign(tensor if entry.dtype == box.dtype else tensor.to(torch_dtype(box.dtype)))
    return mismatch


class _Matching:
    """Names of the model beside names of the checkpoint."""

    def __init__(self, weights: Mapping[str, Parameter], checkpoint: Checkpoint, prefix: str, cast: bool) -> None:
        self.tensors = {name[len(prefix) :]: entry for name, entry in checkpoint.tensors.items() if name.startswith(prefix)}
        self.aliases = {name[len(prefix) :]: entry for name, entry in checkpoint.aliases.items() if name.startswith(prefix)}
        self.weights, self.cast = weights, cast
        self.names: dict[Parameter, list[str]] = {}
        for name, box in weights.items():
            self.names.setdefault(box, []).append(name)
        self.missing: list[str] = []
        self.shapes: list[Misfit] = []
        self.dtypes: list[Misfit] = []
        self.refused: list[Misfit] = []

    def pairs(self) -> list[tuple[Parameter, Entry]]:
        """The parameters that can be loaded, each with its tensor."""
        return [(box, entry) for box, names in self.names.items() if (entry := self.entry(box, names)) is not None]

    def entry(self, box: Parameter, names: list[str]) -> Entry | None:
        """The tensor for one parameter, under any of its names; None where there is none that fits."""
        known = {name: entry for name in names if (entry := self.tensors.get(name) or self.aliases.get(name)) is not None}
        if not known:
            self.missing.append(min(names))
            return None
        fits = [self.fits(box, name, entry) for name, entry in known.items()]
        (first, entry), *others = known.items()
        other = next((name for name, twin in others if all(fits) and not _equal(entry, twin)), None)
        if other is not None:
            self.refused.append(Misfit(f"{first}, {other}", "one tensor", "two that differ"))
        return entry if all(fits) and other is None else None

    def fits(self, box: Parameter, name: str, entry: Entry) -> bool:
        """Whether a tensor can be copied into a parameter; if not, it is told why."""
        if entry.shape != box.shape:
            self.shapes.append(Misfit(name, format_shape(box.shape), format_shape(entry.shape)))
        castable = self.cast and _floats(entry.dtype, box.dtype)
        if entry.dtype != box.dtype and not castable:
            self.dtypes.append(Misfit(name, box.dtype, entry.dtype))
        because = unwritable(box.array)
        if because:
            self.refused.append(Misfit(name, because, entry.dtype))
        return entry.shape == box.shape and (entry.dtype == box.dtype or castable) and not because

    def mismatch(self) -> Mismatch:
        unexpected = (name for name in self.tensors if name not in self.weights)
        return Mismatch(
            tuple(sorted(self.missing)), tuple(sorted(unexpected)), tuple(self.shapes), tuple(self.dtypes), tuple(self.refused)
        )

    def way_out(self) -> dict[str, str]:
        """A row with what would make it fit, as far as that can be told."""
        prefix = self.likely_prefix()
        if prefix:
            return {"way out": f"prefix={prefix!r}"}
        if self.dtypes and not self.cast and all(_floats(x.expected, x.found) for x in self.dtypes):
            return {"way out": "cast=True rounds floats to the model's dtype"}
        return {"way out": "strict=False loads what fits"} if len(self.missing) < len(self.names) else {}

    def likely_prefix(self) -> str:
        """What the file's names have before the model's, if all of those that are missing are there so."""
        if not self.missing:
            return ""
        first = self.missing[0]
        found = (name.removesuffix(first) for name in sorted(self.tensors) if name.endswith("." + first))
        return next((prefix for prefix in found if all(prefix + name in self.tensors for name in self.missing)), "")


def _equal(entry: Entry, other: Entry) -> bool:
    """Whether two tensors of a checkpoint have the same bits."""
    if (entry.file, entry.key) == (other.file, other.key):
        return True
    return (entry.dtype, entry.shape) == (other.dtype, other.shape) and same_bits(entry.read(), other.read())


def _floats(*dtypes: str) -> bool:
    """Whether these are dtypes of floats that can be made from one another."""
    return all(dtype in CODES and is_float(dtype) for dtype in dtypes)


def _part(boxes: Iterable[Parameter]) -> None:
    """Memory of their own for tensors that torch takes for two, but that lie at one place of the file they came from."""
    places: dict[int, int] = {}
    for box in boxes:
        if not is_tensor(box.array) or box.array.layout is not torch.strided or not box.array.data_ptr():
            continue
        storage = box.array.untyped_storage()
        if places.setdefault(storage.data_ptr(), storage._cdata) != storage._cdata:
            box.array = twin_of(box.array)


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
