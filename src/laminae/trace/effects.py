"""What a patch does to the output: as numbers, of one way of a sweep or of each layer patched in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laminae.base import torch
from laminae.base.arrays import is_tensor
from laminae.base.errors import LaminaeError, PatchError, UnknownNameError, UsageError
from laminae.base.records import Effect
from laminae.graph import Layer
from laminae.graph.select import many
from laminae.trace.patch import Patch, patches
from laminae.trace.record import Record
from laminae.trace.session import Session

Measure = Callable[[Mapping[str, Any], Mapping[str, Any]], float]


def measured(measure: str | Callable[[Any], Any]) -> Measure:
    """A function of two sets of outputs by name, the patched and the plain, in float64.

    "relative": ‖patched − plain‖ / ‖plain‖ over all elements; "max": the largest |patched − plain|; "kl": the mean over all
    positions of KL(plain ‖ patched) in nats, the last axis being the logits of classes; a function of the outputs (of the
    tensor, where there is one): what it gives now, less what it gave.
    """
    if callable(measure):
        return lambda new, old: _asked(measure, new) - _asked(measure, old)
    if measure not in MEASURES:
        raise UsageError(f"there is no measure {measure!r}", {"there are": ", ".join(MEASURES) + ", or a function of the output"})
    return MEASURES[measure]


def _asked(measure: Callable[[Any], Any], outputs: Mapping[str, Any]) -> float:
    try:
        return float(measure(_bare(outputs)))
    except Exception as error:
        rows = {"because": f"{type(error).__name__}: {error}", "expected": "a function of the output that gives one number"}
        raise UsageError(f"the measure {getattr(measure, '__name__', 'given')} failed", rows) from error


def _bare(outputs: Mapping[str, Any]) -> Any:
    return next(iter(outputs.values())) if len(outputs) == 1 else dict(outputs)


def _pairs(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    pairs = [(new[name], old[name]) for name in old if is_tensor(old[name]) and old[name].numel()]
    for a, b in pairs:
        if a.shape != b.shape:
            raise PatchError("a patch has changed the shape of the output", {"before": list(b.shape), "after": list(a.shape)})
    return [(a.detach().double(), b.detach().double()) for a, b in pairs]


def _relative(new: Mapping[str, Any], old: Mapping[str, Any]) -> float:
    pairs = _pairs(new, old)
    far = sum(float((a - b).square().sum()) for a, b in pairs)
    size = sum(float(b.square().sum()) for _, b in pairs)
    return float((far / size) ** 0.5) if size else float("inf") if far else 0.0


def _largest(new: Mapping[str, Any], old: Mapping[str, Any]) -> float:
    return max((float((a - b).abs().max()) for a, b in _pairs(new, old)), default=0.0)


def _kl(new: Mapping[str, Any], old: Mapping[str, Any]) -> float:
    found = [_divergence(a, b) for a, b in _pairs(new, old)]
    return sum(found) / len(found) if found else 0.0


def _divergence(new: Any, old: Any) -> float:
    p, q = torch.log_softmax(old, -1), torch.log_softmax(new, -1)
    return float((p.exp() * (p - q)).sum(-1).mean())


MEASURES: dict[str, Measure] = {"relative": _relative, "max": _largest, "kl": _kl}


def effects(
    session: Session, record: Record, make: Callable[[str], Any], layers: Any, measure: str | Callable[[Any], Any]
) -> tuple[Effect, ...]:
    """Each layer patched alone, in forward order, and what that does to the output.

    make: a patch for a layer's name. layers: names, groups or globs; None for all that gave a tensor of floats.
    """
    hold, plain = measured(measure), record.outputs
    found = []
    for layer in _chosen(session, record, layers):
        put = _made(make, layer)
        new = session.resume(record, put, store=False).outputs
        found.append(Effect(layer.name, layer.operator, layer.path, repr(put[0]), hold(new, plain)))
    return tuple(found)


def _made(make: Callable[[str], Any], layer: Layer) -> tuple[Patch, ...]:
    """The patch of a layer, or patches."""
    try:
        made = patches(make(layer.name))
    except LaminaeError:
        raise
    except Exception as error:
        rows = {"because": f"{type(error).__name__}: {error}", "expected": "a function of a layer's name that gives a patch"}
        raise UsageError(f"the function that makes patches failed at layer {layer.name!r}", rows) from error
    if not made:
        raise UsageError(f"the function that makes patches gave none for layer {layer.name!r}")
    return made


def _chosen(session: Session, record: Record, layers: Any) -> Sequence[Layer]:
    if layers is not None:
        return many(session.graph, [layers] if isinstance(layers, str) else layers)
    floats = {e.name for e in record.entries if e.kept and is_tensor(e.values[0]) and e.values[0].is_floating_point()}
    chosen = [layer for layer in session.graph.layers if not layer.is_input and layer.name in floats]
    if not chosen:
        raise UnknownNameError("this trace has stored no layer to patch", {"the way out": "layers=[…], or run with store=True"})
    return chosen
