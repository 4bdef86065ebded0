"""Model-local functions: read once each and shared by the layers that call them, never copied out.

https://onnx.ai/onnx/repo-docs/IR.html#functions
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from laminae.files.attributes import read_attributes, rest_of_attributes
from laminae.files.checks import main_domain, read_opsets
from laminae.files.graph_reader import read_graph
from laminae.files.kept import keep, read_metadata
from laminae.files.lazy import onnx
from laminae.files.reading import Reading
from laminae.graph.graph import Function, Graph

DEEPEST = 100
"""Functions that call functions, at most."""

Key = tuple[str, str, str]


def read_functions(protos: Any, opsets: dict[str, int], reading: Reading) -> None:
    """Put the functions into `reading`. Raises ModelError for one that is there twice, calls itself, or is called too deep."""
    keys = [key_of(proto, reading) for proto in protos]
    for key in keys:
        if key in reading.functions:
            raise reading.error(f"function {in_words(key)} is there twice")
        reading.functions[key] = Function(key[1], key[0], key[2], Graph())
    check_calls(dict(zip(keys, protos, strict=True)), reading)
    for key, proto in zip(keys, protos, strict=True):
        _fill(reading.functions[key], proto, opsets, reading)


def key_of(proto: Any, reading: Reading) -> Key:
    """Domain, name and overload of a function."""
    if not proto.name:
        raise reading.error("a function has no name")
    what = f"function {proto.name!r}"
    domain, overload = reading.text(proto.domain, what), reading.text(proto.overload, what)
    return main_domain(domain), reading.text(proto.name, what), overload


def in_words(key: Key) -> str:
    domain, name, overload = key
    return repr(".".join(part for part in (domain, name) if part) + (f":{overload}" if overload else ""))


def _fill(function: Function, proto: Any, opsets: dict[str, int], reading: Reading) -> None:
    what = f"function {in_words(function.key)}"
    own = read_opsets(proto.opset_import, what, reading) if proto.opset_import else opsets
    function.graph = read_graph(proto, own, reading, function=what)
    function.attributes = tuple(reading.text(name, what) for name in proto.attribute)
    function.defaults = read_attributes(proto.attribute_proto, what, reading, lambda body: read_graph(body, own, reading))
    function.doc = reading.text(proto.doc_string, f"the text of {what}")
    function.metadata = read_metadata(proto.metadata_props, what, reading)
    keep(function.metadata, onnx.FunctionProto(attribute_proto=rest_of_attributes(proto.attribute_proto)), proto)


def check_calls(protos: dict[Key, Any], reading: Reading) -> None:
    """Raises ModelError where a function calls itself, directly or through others, or calls go too deep."""
    calls = {key: dict.fromkeys(call for call in _calls(proto.node) if call in protos) for key, proto in protos.items()}
    depth: dict[Key, int] = {}
    for start in calls:
        trail: dict[Key, Iterator[Key]] = {}
        current: Key | None = start if start not in depth else None
        while current is not None:
            waiting = trail.setdefault(current, iter(calls[current]))
            after = next((call for call in waiting if call not in depth), None)
            if after is None:
                del trail[current]
                depth[current] = 1 + max((depth[call] for call in calls[current]), default=0)
                _check_depth(depth[current], current, reading)
                current = next(reversed(trail), None)
            elif after in trail:
                names = [*trail, after]
                cycle = " → ".join(map(in_words, names[names.index(after) :][:12]))
                raise reading.error(f"function {in_words(after)} calls itself", {"calls": cycle})
            else:
                current = after


def _check_depth(depth: int, key: Key, reading: Reading) -> None:
    if depth > DEEPEST:
        raise reading.error(
            f"function {in_words(key)} calls functions more than {DEEPEST} deep", {"expected": f"{DEEPEST} at most"}
        )


def _calls(nodes: Any) -> Iterator[Key]:
    """What the nodes call, bodies included: every operator, for there is no telling yet which of them are functions."""
    for node in nodes:
        yield main_domain(node.domain), node.op_type, node.overload
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _calls(attribute.g.node)
