"""A forward pass as one JSON object; numbers that are not finite are null."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from laminae.base.arrays import as_numpy
from laminae.base.records import LayerRecord, OutputComparison, OutputRecord, Statistics
from laminae.see.text import plain

if TYPE_CHECKING:
    from laminae.api.model import Model
    from laminae.api.trace import Trace

ELEMENTS = 10_000
"""The values of larger outputs are left out (null): `--out` writes them."""


def document(
    file: str, model: Model, trace: Trace, expectation: Sequence[OutputComparison] | None, tolerance: Mapping[str, float]
) -> dict[str, Any]:
    """The object that `laminae run --json` prints."""
    layers = trace.records(statistics=True)
    parameters = sum(parameter.size for parameter in model.parameters.values() if parameter.is_weight)
    return {
        "model": {"file": file, "name": model.name, "parameters": parameters, "ms": finite(trace.ms)},
        "layers": [layer_object(record) for record in layers],
        "outputs": {name: _value(value) for name, value in trace.outputs.items()},
        "expectation": None if expectation is None else _expectation(expectation, tolerance),
    }


def text(held: Any) -> str:
    return json.dumps(held, ensure_ascii=False, allow_nan=False)


def layer_object(record: LayerRecord) -> dict[str, Any]:
    """One layer; what there is of each output is a list where it has several."""

    def each(take: Callable[[OutputRecord], Any]) -> Any:
        taken = [take(out) for out in record.outputs]
        return taken[0] if len(taken) == 1 else taken

    def statistic(name: str) -> Any:
        return each(lambda out: finite(getattr(out.statistics or NOTHING, name)) if out.statistics else None)

    return {
        "index": record.index,
        "name": record.name,
        "op": record.op if record.domain in ("", "laminae") else f"{record.domain}.{record.op}",
        "path": record.path,
        "inputs": [name or None for name in record.inputs],
        "outputs": [out.value for out in record.outputs],
        "shape": each(lambda out: None if out.shape is None else list(out.shape)),
        "dtype": each(lambda out: out.dtype),
        "parameters": record.parameters,
        "ms": finite(record.ms),
        "bytes": each(lambda out: out.bytes),
        **{name: statistic(name) for name in ("mean", "std", "min", "max", "zeros", "nan", "inf")},
    }


NOTHING = Statistics()


def finite(number: Any) -> Any:
    """The number, or None where it is NaN or infinite."""
    if isinstance(number, np.generic):
        number = number.item()
    if isinstance(number, complex):
        return [finite(number.real), finite(number.imag)]
    return None if isinstance(number, float) and not math.isfinite(number) else number


def nested(value: Any) -> Any:
    """An array as lists, NaN and infinities as None."""
    array = plain(as_numpy(value))
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag], -1)
    if array.dtype.kind != "f":
        return array.tolist()
    objects = array.astype(object)
    objects[~np.isfinite(array)] = None
    return objects.tolist() if array.ndim else finite(array.item())


def _value(value: Any) -> Any:
    if not hasattr(value, "shape"):
        return {"shape": None, "dtype": type(value).__name__, "values": None}
    shape = list(value.shape)
    dtype = str(value.dtype).removeprefix("torch.")
    return {"shape": shape, "dtype": dtype, "values": nested(value) if math.prod(shape) <= ELEMENTS else None}


def _expectation(outputs: Sequence[OutputComparison], tolerance: Mapping[str, float]) -> dict[str, Any]:
    return {"correct": all(o.correct for o in outputs), **tolerance, "outputs": [_comparison(o) for o in outputs]}


def _comparison(output: OutputComparison) -> dict[str, Any]:
    samples = [{"sample": s.sample, "correct": s.correct, "worst": finite(s.worst), "at": list(s.at)} for s in output.samples]
    return {
        "name": output.name,
        "correct": output.correct,
        "worst": finite(output.worst),
        "at": list(output.at),
        "found": finite(output.found),
        "expected": finite(output.expected),
        "allowed": finite(output.allowed),
        "wrong_elements": output.wrong_elements,
        "elements": output.elements,
        "samples": samples,
    }
