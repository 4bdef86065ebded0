"""Is a graph sound? What can be said without knowing any operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from laminae.base.errors import ModelError
from laminae.base.records import Problem
from laminae.graph.graph import Graph
from laminae.graph.layer import WRITES
from laminae.graph.parameter import Parameter
from laminae.graph.value import Value


def lint(graph: Graph, outside: frozenset[Value | Parameter] = frozenset()) -> list[Problem]:
    """Every structural problem, with its layer: names given twice, values read before they are made or made by nobody.

    outside: what a body may read of the graphs around it.
    """
    return [*_names(graph), *_reads(graph, outside), *_outputs(graph, outside)]


def require_sound(graph: Graph) -> None:
    """Raises ModelError with every structural problem."""
    problems = lint(graph)
    if problems:
        raise ModelError(
            f"model {graph.name!r} is not sound: {len(problems)} problem{'s' * (len(problems) > 1)}",
            {f"{i}": f"layer {p.layer!r}: {p.text}" for i, p in enumerate(problems[:20], 1)},
        )


def _names(graph: Graph) -> Iterator[Problem]:
    for name, count in Counter(layer.name for layer in graph.layers).items():
        if count > 1:
            yield Problem(name, f"{count} layers have this name")
    makers: dict[str, str] = {}
    for layer in graph.layers:
        for value in layer.outputs:
            if value is None:
                continue
            if value.name in makers:
                yield Problem(layer.name, f"value {value.name!r} is made twice, first by layer {makers[value.name]!r}")
            if value.name in graph.parameters:
                yield Problem(layer.name, f"value {value.name!r} has the name of a parameter")
            makers.setdefault(value.name, layer.name)


def _reads(graph: Graph, outside: frozenset[Value | Parameter]) -> Iterator[Problem]:
    made: set[Value | Parameter] = set(outside) | set(graph.parameters.values())
    every = set(graph.values())
    for layer in graph.layers:
        for read in dict.fromkeys(layer.reads):
            if read not in made:
                late = read in every
                kind = "parameter" if isinstance(read, Parameter) else "value"
                yield Problem(layer.name, f"reads {kind} {read.name!r}, which " + ("is made later" if late else "nobody makes"))
        if layer.function is None:
            for label, body in layer.bodies.items():
                inner = lint(body, frozenset(made))
                yield from (Problem(f"{layer.name}/{label}/{p.layer}", p.text) for p in inner)
        made.update(value for value in layer.outputs if value is not None)


def _outputs(graph: Graph, outside: frozenset[Value | Parameter]) -> Iterator[Problem]:
    made = set(graph.values()) | outside
    for out in graph.outputs:
        if isinstance(out, Value) and out not in made:
            yield Problem("", f"output {out.name!r} is made by no layer")
        if isinstance(out, Parameter) and graph.parameters.get(out.name) is not out and out not in outside:
            yield Problem("", f"output {out.name!r} is a parameter the model does not have")


def unread(graph: Graph) -> list[Problem]:
    """Layers nobody reads that are no output, and parameters nobody reads: sound, but most likely a mistake."""
    outs = set(graph.outputs)
    found = [
        Problem(layer.name, "nobody reads it and it is no output", severity="note")
        for layer in graph.layers
        if not layer.is_input
        and WRITES not in layer.metadata
        and not any(v in outs or graph.readers(v) for v in layer.outputs if v is not None)
    ]
    found += [
        Problem("", f"parameter {p.name!r} is read by no layer", severity="note")
        for p in graph.parameters.values()
        if p not in outs and not graph.readers(p)
    ]
    return found
