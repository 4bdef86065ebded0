"""What nobody reads: layers whose output goes nowhere, parameters that no layer takes."""

from __future__ import annotations

from collections.abc import Iterator

from laminae.base.findings import NOTE, Finding
from laminae.compare.hunt.sight import Sight
from laminae.graph import Parameter
from laminae.graph.lint import unread as problems

KIND = "unread"


def unread(sight: Sight) -> Iterator[Finding]:
    """Notes: one for the layers of each graph, one for its weights (buffers are often left over)."""
    places = {turn.name: turn.index for turn in sight.turns}
    for prefix, graph in sight.graph.graphs():
        found = problems(graph)
        layers = [f"{prefix}{problem.layer}" for problem in found if problem.layer]
        outputs, weights = set(graph.outputs), [p for p in graph.parameters.values() if p.is_weight and not _counted(p)]
        names = [p.name for p in weights if p not in outputs and not graph.readers(p)]
        if layers:
            op = next((x.operator for x in graph.layers if f"{prefix}{x.name}" == layers[0]), "")
            text = f"nobody reads what {_list(layers)} {'makes' if len(layers) == 1 else 'make'}, and it is no output."
            advice = "take it out, or declare it as an output"
            seen = f"{len(layers)} layer{'s' * (len(layers) > 1)}"
            evidence = {"layers": layers}
            yield Finding(KIND, layers[0], NOTE, seen, text, advice, op, places.get(layers[0], 0), tuple(layers), evidence)
        if names:
            text = f"no layer reads {_list(names)}."
            seen = f"{len(names)} parameter{'s' * (len(names) > 1)}"
            bytes = sum(graph.parameters[name].nbytes for name in names)
            advice = "take them out: they are only kept"
            yield Finding(KIND, "", NOTE, seen, text, advice, evidence={"parameters": names, "bytes": bytes})


def _counted(parameter: Parameter) -> bool:
    """Whether it only counts batches, as BatchNorm's does: nobody need read it."""
    return parameter.name.endswith("num_batches_tracked")


def _list(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:4]))
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")
