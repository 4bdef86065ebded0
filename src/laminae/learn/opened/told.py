"""What learns of a model, and what does not and why, as records."""

from __future__ import annotations

from laminae.base.dtypes import is_float
from laminae.base.learned import LearnsRecord
from laminae.files.weights import weights_of
from laminae.graph import Graph, Parameter
from laminae.graph.parameter import ROLE
from laminae.learn.learnable import learnable, statistics
from laminae.learn.opened.folded import folded_from
from laminae.learn.opened.roles import KIND, STATISTIC, constants


def learns_records(graph: Graph) -> tuple[LearnsRecord, ...]:
    """Of every parameter of floats, those that are read by several layers with all of them."""
    names = {p: name for name, p in learnable(graph).items()}
    counted, why = statistics(graph), constants(graph)
    exported = any(KIND in box.metadata for box in graph.parameters.values())
    readers: dict[Parameter, list[str]] = {}
    for prefix, inner in graph.graphs():
        for layer in inner.layers:
            for item in dict.fromkeys(layer.inputs):
                if isinstance(item, Parameter):
                    readers.setdefault(item, []).append(prefix + layer.name)
    found = []
    for name, box in dict.fromkeys(weights_of(graph).items()):
        if not is_float(box.dtype) or (box in names and names[box] != name):
            continue
        because = "" if box in names else why.get(box) or _marked(box, counted)
        folded = ", ".join(folded_from(box))
        found.append(
            LearnsRecord(
                name, box.shape, tuple(readers.get(box, ())), box in names, because, folded, exported and _is_joined(graph, box)
            )
        )
    return tuple(found)


def _is_joined(graph: Graph, box: Parameter) -> bool:
    """Whether an exporter that says of the module's own parameters that they are says nothing of this one, a convolution's."""
    if KIND in box.metadata or "." not in box.name:
        return False
    return any(layer.operator in ("Conv", "ConvTranspose", "Gemm") for layer in graph.readers(box))


def _marked(box: Parameter, counted: set[Parameter]) -> str:
    if box in counted or box.metadata.get(ROLE) == "statistic":
        return STATISTIC
    return "marked as a constant"
