"""Which operator each layer means."""

from __future__ import annotations

from laminae.base.errors import AttributeValueError, UnknownOperatorError
from laminae.base.records import Problem
from laminae.graph import Graph, Layer
from laminae.ops.registry import Operator, find, versions


def resolve(graph: Graph) -> dict[Layer, Operator]:
    """The operator of every layer that is neither an input layer nor a call of a function, bodies and functions included.

    Raises UnknownOperatorError listing every operator that is not known, with domain, opset and how many layers use it.
    """
    found, unknown = _looked_up(graph)
    if unknown:
        missing: dict[str, list[str]] = {}
        for layer in unknown:
            missing.setdefault(_missing(layer), []).append(layer.name)
        count = len(missing)
        raise UnknownOperatorError(
            f"{count} operator{'s' * (count > 1)} of model {graph.name!r} {'are' if count > 1 else 'is'} not known",
            {
                **{what: _used_by(names) for what, names in missing.items()},
                "the way out": "laminae.register_operator(name, function, domain=…), or --plugin FILE on the command line",
            },
        )
    return found


def known(graph: Graph) -> dict[Layer, Operator]:
    """The same, of those layers whose operators are known: for engines that have others too."""
    return _looked_up(graph)[0]


def _looked_up(graph: Graph) -> tuple[dict[Layer, Operator], list[Layer]]:
    """The operators that are known, and the layers whose are not."""
    found: dict[Layer, Operator] = {}
    missing: list[Layer] = []
    for _, inner in graph.graphs():
        for layer in inner.layers:
            if layer.is_input or layer.function is not None:
                continue
            operator = find(layer.domain, layer.operator, layer.opset)
            if operator is None:
                missing.append(layer)
            else:
                found[layer] = operator
    return found, missing


def _missing(layer: Layer) -> str:
    known = versions(layer.domain, layer.operator)
    text = f"{layer.operator} (domain {layer.domain or 'ai.onnx'}, opset {layer.opset})"
    return f"{text}, known from opset {known[0].since}" if known else text


def _used_by(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return f"layer{'s' * (len(names) > 1)} {shown}" + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def signature_problems(layer: Layer, operator: Operator) -> list[Problem]:
    """What is wrong with how a layer calls its operator: attributes it does not have, too few or too many inputs."""
    problems = []
    takes = operator.attributes
    variadic = any(p.kind is p.VAR_KEYWORD for p in operator.signature.parameters.values())
    for name in layer.attributes:
        if name not in takes and not variadic:
            problems.append(f"{layer.operator} has no attribute {name!r}; it has {', '.join(sorted(takes)) or 'none'}")
    missing = operator.required - layer.attributes.keys()
    problems += [f"{layer.operator} needs the attribute {name!r}" for name in sorted(missing)]
    given = len(layer.inputs)
    if given < operator.min_inputs or any(x is None for x in layer.inputs[: operator.min_inputs]):
        problems.append(
            f"{layer.operator} needs {operator.min_inputs} inputs ({', '.join(operator.input_names)}), it has {given}"
        )
    most = None if any(n.startswith("*") for n in operator.input_names) else len(operator.input_names)
    if most is not None and given > most:
        problems.append(f"{layer.operator} takes at most {most} inputs ({', '.join(operator.input_names)}), it has {given}")
    return [Problem(layer.name, text) for text in problems]


def require_signature(layer: Layer, operator: Operator) -> None:
    """Raises AttributeValueError when a layer calls its operator with what it does not take."""
    problems = signature_problems(layer, operator)
    if problems:
        raise AttributeValueError(
            f"layer {layer.name!r} does not fit its operator",
            {"operator": layer.describe(), **{f"problem {i}": p.text for i, p in enumerate(problems, 1)}},
        )
