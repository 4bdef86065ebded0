"""Models with one phase: what that is, and why there is no other."""

from __future__ import annotations

from typing import Any

from laminae.base.errors import UsageError
from laminae.graph import Graph
from laminae.graph.layer import WRITES
from laminae.ops.aten import DOMAIN

PROGRAM = "exported program"
"""Key in the notes of a graph: it is that of an exported program, not of a module."""

FLAGS = ("train", "training", "use_input_stats")
"""Attributes by which an operator of torch does otherwise in training."""


def is_torch(graph: Graph) -> bool:
    """Whether it is of PyTorch's operators; what writes a BatchNorm's statistics stands in graphs of either vocabulary."""
    return any(layer.domain.startswith(DOMAIN) and WRITES not in layer.metadata for layer in graph.layers)


def phase_of(graph: Graph) -> bool | None:
    """Whether a graph of PyTorch operators is one of training; None where no layer of it tells."""
    layers = [layer for _, inner in graph.graphs() for layer in inner.layers]
    told = [bool(layer.attributes[flag]) for layer in layers for flag in FLAGS if flag in layer.attributes]
    told += [True for layer in layers if layer.attributes.get("dropout_p")]
    told += [False for layer in layers if "no_training" in layer.operator]
    return any(told) if told else None


def no_other_phase(graph: Graph, mode: bool, left_out: str = "") -> UsageError:
    """The error of a model that is asked for a phase it does not have. left_out: why its module was not pickled with it."""
    asked, held = ("training", "evaluation") if mode else ("evaluation", "training")
    if left_out:
        return UsageError(
            f"this model has one phase, {held}: it was pickled without its module",
            {"because": left_out, "the way out": "lm.open(module, example=…) here, and model.load(path) for its weights"},
        )
    phase = phase_of(graph)
    known = "none of its layers does otherwise in training" if phase is None else _name(phase)
    if graph.notes.get(PROGRAM):
        call = "module.train()" if mode else "module.eval()"
        details: dict[str, Any] = {
            "it was exported in": "a phase that no layer tells: dropout and the like were not there, or were left out"
            if phase is None
            else _name(phase),
            f"for {asked}": f"torch.export.export({call}, …) again; or lm.open(module, example=…), which has both phases",
        }
        return UsageError("this model has one phase: it was opened from an exported program", details)
    return UsageError(
        "this model has one phase: it is a part of another",
        {"its phase": known, f"for {asked}": f"{'train' if mode else 'eval'}() of the whole model, and the part taken out again"},
    )


def _name(phase: bool) -> str:
    return "training" if phase else "evaluation"
