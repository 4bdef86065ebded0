"""Finding layers: by name, by path, by glob (`*` stays within a level, `**` crosses levels), by operator, by stretch."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache

from laminae.base.errors import UnknownNameError, UsageError
from laminae.graph.graph import Graph
from laminae.graph.layer import Layer


def is_glob(text: str) -> bool:
    return any(mark in text for mark in "*?[")


@cache
def glob_pattern(glob: str) -> re.Pattern[str]:
    """A glob on paths as a regular expression: `*` and `?` within a level, `**` across levels, `[ab]` one of these."""
    out, i = "", 0
    while i < len(glob):
        if glob.startswith("**/", i):
            out, i = out + "(?:.*/)?", i + 3
        elif glob.startswith("**", i):
            out, i = out + ".*", i + 2
        elif glob[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif glob[i] == "?":
            out, i = out + "[^/]", i + 1
        elif glob[i] == "[" and "]" in glob[i + 2 :]:
            end = glob.index("]", i + 2)
            inside = glob[i + 1 : end].replace("\\", r"\\")
            out, i = out + "[" + ("^" + inside[1:] if inside[0] == "!" else inside) + "]", end + 1
        else:
            out, i = out + re.escape(glob[i]), i + 1
    try:
        return re.compile(out + r"\Z", re.DOTALL)
    except re.error:
        return re.compile(re.escape(glob) + r"\Z")


def matches(glob: str, *, name: str, path: str, operator: str) -> bool:
    """Whether a glob means a layer: `op:Conv` by operator, otherwise by name or path."""
    if glob in (name, path):
        return True
    if glob.startswith("op:"):
        return glob_pattern(glob[3:]).match(operator) is not None
    pattern = glob_pattern(glob)
    return pattern.match(name) is not None or pattern.match(path) is not None


def one(graph: Graph, name: str) -> Layer:
    """The layer of that name or path. Raises UnknownNameError with the nearest names there are."""
    if not isinstance(name, str):
        raise UsageError(f"a layer is asked for by its name, not by a {type(name).__name__}", {"found": repr(name)[:80]})
    index = graph.index
    if name in index.by_name:
        return index.by_name[name]
    found = index.by_path.get(name.strip("/"), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownNameError(
            f"{len(found)} layers have the path {name!r}", {"say which": ", ".join(repr(layer.name) for layer in found)}
        )
    raise unknown("layer", name, index.by_name)


def together(graph: Graph, name: str) -> list[Layer]:
    """The layer of that name or path, or the layers of the group of that path. Raises UnknownNameError."""
    known = isinstance(name, str) and (name in graph.index.by_name or name.strip("/") in graph.index.by_path)
    return [one(graph, name)] if known or not isinstance(name, str) else under(graph, name) or [one(graph, name)]


def many(graph: Graph, globs: Iterable[str]) -> list[Layer]:
    """The layers that any of the names or globs means, in forward order. Raises UnknownNameError for one that means none."""
    chosen: set[Layer] = set()
    for glob in globs:
        if not is_glob(glob) and not glob.startswith("op:"):
            chosen.update(under(graph, glob) or [one(graph, glob)])
            continue
        found = [x for x in graph.layers if matches(glob, name=x.name, path=x.path, operator=x.operator)]
        if not found:
            raise unknown("layer", glob, graph.index.by_name)
        chosen.update(found)
    return [layer for layer in graph.layers if layer in chosen]


def under(graph: Graph, group: str) -> list[Layer]:
    """The layers of a group and of the groups inside it, in forward order; none where there is no such group."""
    group = group.strip("/")
    return [x for x in graph.layers if group and (x.group == group or x.group.startswith(group + "/"))]


def groups(graph: Graph) -> dict[str, list[Layer]]:
    """Every group by path, with its layers and those of the groups inside it; in the order they first appear."""
    found: dict[str, list[Layer]] = {}
    for layer in graph.layers:
        parts = layer.group.split("/") if layer.group else []
        for depth in range(1, len(parts) + 1):
            found.setdefault("/".join(parts[:depth]), []).append(layer)
    return found


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not there, with the nearest that are."""
    names = list(known)
    near = difflib.get_close_matches(name, names[:5000], n=3, cutoff=0.5)
    details = {"did you mean": ", ".join(map(repr, near))} if near else {}
    shown = ", ".join(map(repr, names[:8])) + (f", … ({len(names)} in all)" if len(names) > 8 else "")
    what = f"no {kind} matches {name!r}" if is_glob(name) or name.startswith("op:") else f"there is no {kind} {name!r}"
    return UnknownNameError(what, {**details, "there are": shown or "none"})
