"""Is it a sound model? Structure, operators, attributes, shapes: every problem, with its layer."""

from __future__ import annotations

from laminae.base.errors import UnknownOperatorError
from laminae.base.records import Problem
from laminae.graph import Graph
from laminae.graph.lint import lint, unread
from laminae.plan.resolve import resolve, signature_problems
from laminae.plan.shapes import walk


def check(graph: Graph) -> list[Problem]:
    """Every problem in the order of the layers' kinds: structure first; what is sound but odd last, as notes."""
    structure = lint(graph)
    if structure:
        return structure
    try:
        operators = resolve(graph)
    except UnknownOperatorError as error:
        return [Problem("", f"unknown operator {what}: {users}") for what, users in list(error.details.items())[:-1]]
    calls = [p for layer, operator in operators.items() for p in signature_problems(layer, operator)]
    return [*calls, *walk(graph).problems, *unread(graph), *_ordered(graph)]


def _ordered(graph: Graph) -> list[Problem]:
    """Said where a file's layers were put in forward order."""
    return [
        Problem(prefix.rstrip("/"), "the layers stood in no forward order: they were sorted", severity="note")
        for prefix, inner in graph.graphs()
        if inner.notes.get("sorted")
    ]


def fitting_problems(graph: Graph) -> list[Problem]:
    """Where shapes or dtypes do not fit, by the operators' rules."""
    return walk(graph).problems
