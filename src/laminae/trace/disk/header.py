"""The first line of a manifest: what the values depend on, so that a rerun gives the same bits or is refused. No times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from laminae.base import torch
from laminae.graph import Graph
from laminae.graph.fingerprint import digest, fingerprint
from laminae.graph.select import groups
from laminae.plan.policy import Policy
from laminae.plan.store import Store
from laminae.trace.disk.manifest import FORMAT

MAY_DIFFER = ("threads",)
"""What a rerun takes from the manifest, instead of holding it against its own."""


def header(graph: Graph, policy: Policy, engine: str, device: Any) -> dict[str, Any]:
    """What is kept, of what, and what computes it. How the data are cut is for the caller to add."""
    layers = [layer for layer in graph.layers if policy.rule(layer) is not None]
    names = {layer.name for layer in layers}
    last = {path: found[-1].name for path, found in groups(graph).items() if found[-1].name in names}
    return {
        "laminae": "activations",
        "format": FORMAT,
        "model": {"name": graph.name, "fingerprint": fingerprint(graph)},
        "store": [_rule(rule) for rule in policy.rules],
        "layers": [layer.name for layer in layers],
        "groups": last,
        "engine": engine,
        "exact": engine == "torch",
        "device": device_name(device),
        "threads": torch.get_num_threads(),
        "versions": versions(*([] if engine == "torch" else [engine])),
    }


def differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What two headers say otherwise, word by word; nothing where values of the one go with values of the other."""
    found: dict[str, str] = {}
    for key in dict.fromkeys([*there, *now]):
        one, other = there.get(key), now.get(key)
        if key in MAY_DIFFER or one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            odd = [inner for inner in dict.fromkeys([*one, *other]) if one.get(inner) != other.get(inner)]
            found |= {f"{key} {inner}": f"{_short(one.get(inner))} there, {_short(other.get(inner))} now" for inner in odd}
        else:
            found[key] = f"{_short(one)} there, {_short(other)} now"
    return found


def _short(held: Any) -> str:
    text = held if isinstance(held, str) else repr(held)
    return text if len(text) <= 60 else f"{text[:20]}…{text[-38:]}"


def _rule(rule: Store) -> dict[str, Any]:
    """A store rule as JSON. Of a function its name and a digest of its code: the layers that it meant stand in the header."""
    told: dict[str, Any] = {}
    for field in fields(rule):
        value = getattr(rule, field.name)
        if field.name != "tokens" and value != field.default:
            told[field.name] = _plain(value)
    return {"layers": "all", **told}


def _plain(value: Any) -> Any:
    if callable(value):
        return function_facts(value)
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def function_facts(function: Any) -> dict[str, str]:
    """A function as JSON: its name, and a digest of what can be seen of it."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    return {"function": name, "code": digest(function)[:16]}


def device_name(device: Any) -> str:
    """With what decides about bits on it: the instructions that torch uses, or the GPU."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    capability = getattr(torch.backends.cpu, "get_cpu_capability", str)()
    return f"{device} {capability}".strip()


def versions(*more: str) -> dict[str, str]:
    """Of what computes. more: packages beside torch (an engine bears the name of its own)."""
    return {name: _version(name) for name in ("laminae", "torch", "numpy", *more)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
