"""What a run is of: all that its bits depend on. Going on gives the bits of a run that was never stopped, or is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import FileError
from laminae.base.shapes import format_shape
from laminae.data import origin
from laminae.data.interface import Samples
from laminae.data.stream import Stream
from laminae.files.weights import weights_of
from laminae.graph import Graph
from laminae.graph.fingerprint import structure
from laminae.learn.checkpoints import manifest
from laminae.learn.feed import Feed
from laminae.learn.step import Stepper
from laminae.trace.disk.header import device_name, versions

FORMAT = 1

SHOWN = 6
"""Parameters of each kind that a message names."""

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
MOVES = ("params", "lr", "initial_lr")


def header(step: Stepper, feed: Feed, held: Samples | Stream | None, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """held: what it is measured on. chosen: what else was asked for, by its word in `lm.fit`."""
    return {
        "laminae": "run",
        "format": FORMAT,
        "model": _model(step.graph),
        "learning": list(step.weights),
        "loss": ADDRESS.sub("", repr(step.loss)),
        "optimizer": _optimizer(step.optimizer),
        "clip_norm": step.clip_norm,
        "clip_value": step.clip_value,
        "accumulate": step.accumulate,
        "average": None if step.average is None else step.average.decay,
        "batch": feed.batch,
        "shuffle": feed.shuffle is not None,
        **{word: _plain(value) for word, value in chosen.items()},
        "data": _plain(feed.data.origin()),
        "validation": None if held is None else _plain(held.origin()),
        "device": device_name(step.engine.home),
        "threads": torch.get_num_threads(),
        "versions": versions(),
    }


def _model(graph: Graph) -> dict[str, Any]:
    parameters = {name: [box.dtype, *box.shape] for name, box in weights_of(graph).items()}
    return {"name": graph.name, "structure": structure(graph), "layers": len(graph.layers), "parameters": parameters}


def _optimizer(optimizer: Any) -> dict[str, Any]:
    """Its arguments in each group of weights; of a rate that a schedule moves, where it began."""
    groups = []
    for group in optimizer.param_groups:
        told = {word: _plain(value) for word, value in group.items() if word not in MOVES}
        groups.append({"weights": len(group["params"]), "lr": _plain(group.get("initial_lr", group.get("lr"))), **told})
    return {"kind": type(optimizer).__name__, "groups": groups}


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if is_tensor(value):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return manifest.number(value)
    return value if isinstance(value, str | int | bool | None) else ADDRESS.sub("", repr(value))


def digest(told: Mapping[str, Any]) -> str:
    """Of a header."""
    return hashlib.sha256(manifest.text(told)).hexdigest()


def require_same(there: Mapping[str, Any], now: Mapping[str, Any], folder: str) -> None:
    """Raises FileError saying what differs."""
    if there.get("format") != FORMAT:
        raise FileError(f"{folder!r} is of another version of Laminae", {"format": there.get("format"), "known": FORMAT})
    if there["model"]["parameters"] != now["model"]["parameters"]:
        rows = _parameters(there["model"]["parameters"], now["model"]["parameters"])
        raise FileError(
            f"the checkpoints in {folder!r} are of another model", rows | {"the way out": "that model, or another folder"}
        )
    odd = _differences(there, now)
    if odd:
        raise FileError(f"the run in {folder!r} was another", odd | WAY_OUT)


WAY_OUT = {"the way out": "the same call again; or another folder, and model.load('…/last') to begin from these weights"}


def _differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """Word by word. A path may be another where the data are known to be the same."""
    apart = ("data", "validation", "threads")
    one, other = (_leaves({word: part for word, part in told.items() if word not in apart}) for told in (there, now))
    words = [word for word in dict.fromkeys([*one, *other]) if one.get(word) != other.get(word) and word != "model name"]
    found = {word: f"{_short(one.get(word))} there, {_short(other.get(word))} now" for word in words}
    if "optimizer kind" in found:
        found = {word: row for word, row in found.items() if not word.startswith("optimizer group")}
    if "model structure" in found:
        found["model structure"] = "the parameters are the same, the layers over them are not"
    for word in ("data", "validation"):
        odd = origin.differences(there.get(word) or {}, now.get(word) or {})
        found |= {f"{word} {key}": row for key, row in odd.items()}
    return found


def _leaves(told: Any, path: str = "") -> dict[str, Any]:
    """What JSON holds, each part that holds no other under its words."""
    if isinstance(told, dict) and told:
        parts = [(f"{path} {word}".strip(), part) for word, part in told.items()]
    elif isinstance(told, list) and any(isinstance(part, dict) for part in told):
        parts = [(f"{path.removesuffix('s')} {place}", part) for place, part in enumerate(told, 1)]
    else:
        return {path: told}
    return {word: leaf for inner, part in parts for word, leaf in _leaves(part, inner).items()}


def _short(held: Any) -> str:
    text = held if isinstance(held, str) else repr(held)
    return text if len(text) <= 60 else f"{text[:20]}…{text[-38:]}"


def _parameters(there: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    shapes = [
        f"{name} {_shape(there[name])} there, {_shape(now[name])} here"
        for name in there
        if name in now and there[name] != now[name]
    ]
    rows = {
        "only in the checkpoints": [f"{name} {_shape(there[name])}" for name in there if name not in now],
        "only in the model": [f"{name} {_shape(now[name])}" for name in now if name not in there],
        "of other shapes": shapes,
    }
    return {word: _listed(names) for word, names in rows.items() if names}


def _shape(told: Any) -> str:
    dtype, *shape = told
    return f"{format_shape(tuple(shape))} {dtype}"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
