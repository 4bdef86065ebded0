"""A failed layer's error: which layer, its operator, what it was given and from whom, what was expected."""

from __future__ import annotations

import re
from typing import Any

from laminae.base.arrays import as_numpy, facts, is_tensor
from laminae.base.dtypes import dtype_name
from laminae.base.errors import DTypeError, LaminaeError, LayerError, ShapeError
from laminae.base.shapes import Shape, Spec, format_shape
from laminae.graph import Layer, Parameter, Value
from laminae.plan.plan import Plan, Step
from laminae.plan.shapes import walk


def explain(error: Exception, plan: Plan, place: int, values: list[Any], path: str) -> LaminaeError:
    """The error to raise for a step that failed; one that a body has explained already is passed on. path: of this body."""
    step = plan.steps[place]
    if isinstance(error, LaminaeError) and "operator" in error.details:
        return error
    kind, expected = _reason(error, step, values)
    inputs = _inputs(step, values)
    verb = "failed" if kind is LayerError else "cannot take its input"
    rest = {word: text for word, text in expected.items() if word not in inputs}
    name = path + step.about.path if path else step.about.name
    return kind(f"layer {name!r} {verb}", {"operator": _operator(plan, step), **inputs, **rest, **_look_at(plan, step, values)})


def _operator(plan: Plan, step: Step) -> str:
    layers = plan.graph.layers
    text = f"{step.layer.describe()}, layer {layers.index(step.layer) + 1} of {len(layers)}"
    return text + (f", group {step.layer.group}" if step.layer.group else "")


def _inputs(step: Step, values: list[Any]) -> dict[str, str]:
    rows = {}
    for i, (read, slot) in enumerate(zip(step.layer.inputs, step.reads, strict=True)):
        if read is None:
            continue
        name = step.operator.input_name(i) if step.operator is not None else f"input {i}"
        origin = f"parameter {read.name!r}" if isinstance(read, Parameter) else f"from {_maker(read.producer, read.name)!r}"
        rows[name] = f"{_shape(values[slot])}  {origin}"
    return rows


def _maker(producer: Layer | None, value: str) -> str:
    return producer.name if producer is not None else value


def _shape(value: Any) -> str:
    known = facts(value)
    if known is None:
        return "nothing"
    return known[1] if known[0] is None else f"{format_shape(known[0])} {known[1]}"


def _reason(error: Exception, step: Step, values: list[Any]) -> tuple[type[LaminaeError], dict[str, str]]:
    """The shape rule's own words where it finds the fault, else the error's first line."""
    if isinstance(error, LaminaeError):
        return type(error), _told(error)
    said = _rule(step, values)
    if said is not None:
        return type(said), _told(said)
    text = _first_sentence(str(error)) or type(error).__name__
    if re.search(r"size|shape|dimension", text) and isinstance(error, RuntimeError | ValueError | IndexError):
        return ShapeError, {"because": text}
    if re.search(r"dtype|expected scalar type|not implemented for", text):
        return DTypeError, {"because": text}
    return LayerError, {"because": f"{type(error).__name__}: {text}"}


def _told(error: LaminaeError) -> dict[str, str]:
    why = error.details.get("because")
    rest = {word: text for word, text in error.details.items() if word != "because"}
    return {"because": f"{error.message}: {why}" if why else error.message, **rest}


def _rule(step: Step, values: list[Any]) -> LaminaeError | None:
    if step.operator is None:
        return None
    inputs = [None if slot == 0 or not is_tensor(values[slot]) else _spec(values[slot]) for slot in step.reads]
    try:
        step.operator.infer(inputs, step.layer.attributes, len(step.layer.outputs))
    except LaminaeError as error:
        return error
    except Exception:  # the rule met what it did not foresee: the operator's own words serve
        return None
    return None


def _spec(tensor: Any) -> Spec:
    small = tensor.numel() <= 1024 and not tensor.is_floating_point()
    return Spec(dtype_name(tensor), tuple(tensor.shape), as_numpy(tensor) if small else None)


def _first_sentence(text: str) -> str:
    return text.strip().split("\n")[0][:300]


def _look_at(plan: Plan, step: Step, values: list[Any]) -> dict[str, str]:
    """What the model takes, and which of the values that were read is another than it is for an input as declared."""
    declared = [f"{v.name!r} {format_shape(v.shape)} {v.dtype or ''}".rstrip() for v in plan.graph.inputs]
    rows = {"model takes": ", ".join(declared)} if declared else {}
    known = walk(plan.graph).specs
    for read, slot in zip(step.layer.inputs, step.reads, strict=True):
        spec, found = known.get(read) if read is not None else None, facts(values[slot])
        if spec and spec.dims and found and found[0] is not None and isinstance(read, Value) and _other(spec.dims, found[0]):
            rows["look at"] = f"{_maker(read.producer, read.name)!r} gives {format_shape(spec.dims)} for an input as declared"
    return rows


def _other(declared: Shape, found: Shape) -> bool:
    """Whether a rank or a size that is a number is another."""
    return len(declared) != len(found) or any(isinstance(d, int) and d != f for d, f in zip(declared, found, strict=True))
