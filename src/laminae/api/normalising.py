"""`lm.normalise`: a model that takes data as they are, and brings them to a common size in layers of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laminae.api.model import Model
from laminae.base.errors import UsageError
from laminae.data import Normalisation, Scaling, Stream, samples
from laminae.data.normalisation import How, of_expectations
from laminae.data.table import of_numbers
from laminae.layers import Denormalise, Normalise

NAME, BACK = "normalise", "denormalise"
"""Of the layers behind an input and before the output."""


def normalise(
    model: Model, data: Any, how: How = "mean/std", *, axis: int | None = None, targets: bool = False, **words: Any
) -> Normalisation:
    """Scale what comes in, in layers behind the input layers, by numbers taken from these data: give the training part alone.

    data, words: what `laminae.data.samples` takes. how, axis: as `laminae.data.Normalisation.fit` has them: "mean/std" or
    "min/max", each feature (or channel) by itself. Inputs of ids stay as they are. targets: of a regression also scale the output
    back to the size of the expectations; loss and metrics are in the expectations' own units.

    The layers (`normalise`, `denormalise`; with the input's name where there are several) hold constants, which do not learn and
    are saved with the model. Returns the numbers. Raises UsageError for a model that is normalised already and for data with NaN;
    the model is then as it was.
    """
    taken = samples(data, **words)
    if isinstance(taken, Stream):
        raise UsageError("a normalisation needs samples that can be had in any order", {"found": "batches as they come"})
    _require_none_yet(model, targets)
    found = Normalisation.fit(taken, how, axis=axis)
    edits: list[tuple[str, Any, str]] = []
    if targets:  # first, while the shape that was declared of the output is still known
        scaling = of_expectations(of_numbers(taken), how)
        edits.append((BACK, Denormalise(**_numbers(scaling)), _output(model)))
    edits += [(name, layer, place) for place, (name, layer) in _behind(model, found, taken.inputs).items()]
    done: list[str] = []
    try:
        for name, layer, place in edits:
            model.insert(layer, after=place, name=name)
            done.append(name)
    except BaseException:
        for name in done:
            model.remove(name)
        raise
    return found


def _behind(model: Model, found: Normalisation, given: tuple[str, ...]) -> Mapping[str, tuple[str, Normalise]]:
    """Input layer → the layer to stand behind it and its name. The data's inputs are meant by name, or in order."""
    inputs = [layer.name for layer in model.graph.layers if layer.is_input]
    if len(given) != len(inputs):
        rows = {"the model takes": ", ".join(inputs), "the data give": ", ".join(given)}
        raise UsageError("the inputs of the data are not those of the model", rows)
    names = dict(zip(given, given if set(given) == set(inputs) else inputs, strict=True))
    scaled = {names[name]: Normalise(**_numbers(scaling)) for name, scaling in found.inputs.items()}
    return {place: (NAME if len(inputs) == 1 else f"{NAME}_{place}", layer) for place, layer in scaled.items()}


def _numbers(scaling: Scaling) -> dict[str, Any]:
    return {"shift": scaling.shift, "scale": scaling.scale, "axis": 1 if scaling.axis is None else scaling.axis}


def _output(model: Model) -> str:
    """The layer that makes the one output."""
    if len(model.graph.outputs) != 1:
        raise UsageError(
            "which of several outputs is to come back in the size of the expectations?",
            {"there are": ", ".join(model.outputs), "instead": "model.insert(lm.Denormalise(shift, scale), after=…)"},
        )
    (layer,) = model.output_layers
    return layer.name


def _require_none_yet(model: Model, targets: bool) -> None:
    there = dict.fromkeys(layer.group.partition("/")[0] for layer in model.graph.layers)
    again = [name for name in there if name == NAME or name.startswith(f"{NAME}_") or (targets and name == BACK)]
    if again:
        raise UsageError(
            "the model is normalised already",
            {"by": ", ".join(again), "the way out": f"leave it so, or model.remove({again[0]!r}) first"},
        )
