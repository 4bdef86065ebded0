"""The derivatives of one layer's weights for each sample, from what the layer was given and its delta."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.errors import LaminaeError
from laminae.engines.torch.steps import operator_call
from laminae.ops.aten import AUTOCAST, NO_GRAD
from laminae.plan.plan import Step

if TYPE_CHECKING:
    from laminae.engines.torch.program import Program

ATEN = "torch.ops.aten"
CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3}


class NotByLayer(Exception):
    """Derivatives of samples cannot be told layer by layer."""


def sample_derivatives(
    step: Step, program: Program, inputs: Sequence[Any], wanted: Sequence[int], apart: Sequence[int], deltas: Sequence[Any]
) -> list[Any]:
    """[samples, *shape] for each wanted input. apart: the inputs that have samples along their first axis, as all deltas do."""
    layer = step.layer
    plain = layer.domain == ATEN and not {NO_GRAD, AUTOCAST} & layer.attributes.keys()
    if plain and apart == [0] and 0 not in wanted:
        if layer.operator == "linear":
            return [_linear(inputs[0], deltas[0], place) for place in wanted]
        if layer.operator in CONVOLUTIONS and not isinstance(layer.attributes.get("padding"), str):
            return _convolution(layer.attributes, CONVOLUTIONS[layer.operator], inputs, wanted, deltas[0])
    each = _each(operator_call(step, program), inputs, wanted, apart, deltas)
    given = [inputs[i] for i in apart], [delta for delta in deltas if delta is not None]
    try:
        return list(torch.func.vmap(each)(*given))
    except (RuntimeError, NotImplementedError, LaminaeError):
        pass
    try:
        made = [each([x[i] for x in given[0]], [delta[i] for delta in given[1]]) for i in range(len(given[1][0]))]
    except (RuntimeError, LaminaeError) as error:
        raise NotByLayer(f"layer {layer.name!r} cannot take one sample alone") from error
    return [torch.stack(parts) for parts in zip(*made, strict=True)]


def pulled(step: Step, program: Program, inputs: Sequence[Any], wanted: Sequence[int], deltas: Sequence[Any]) -> list[Any]:
    """The same of a layer that no sample goes through; deltas: [samples, *shape] of its outputs."""
    call = operator_call(step, program)
    back = torch.func.vjp(_of(call, inputs, wanted, deltas), *[inputs[i] for i in wanted])[1]
    came = tuple(delta for delta in deltas if delta is not None)
    try:
        return list(torch.func.vmap(back)(came))
    except (RuntimeError, NotImplementedError):
        made = [back(tuple(delta[i] for delta in came)) for i in range(len(came[0]))]
        return [torch.stack(parts) for parts in zip(*made, strict=True)]


def _of(call: Callable[..., Any], inputs: Sequence[Any], wanted: Sequence[int], deltas: Sequence[Any]) -> Callable[..., Any]:
    """The outputs that deltas came to, as a function of the wanted inputs."""

    def of(*weights: Any) -> tuple[Any, ...]:
        given = list(inputs)
        for place, weight in zip(wanted, weights, strict=True):
            given[place] = weight
        made = call(*given)
        made = made if isinstance(made, tuple) else (made,)
        return tuple(x for x, delta in zip(made, deltas, strict=False) if delta is not None)

    return of


def _each(
    call: Callable[..., Any], inputs: Sequence[Any], wanted: Sequence[int], apart: Sequence[int], deltas: Sequence[Any]
) -> Callable[..., Any]:
    """The derivatives of one sample, from its part of the inputs and of the deltas."""

    def each(parts: Sequence[Any], came: Sequence[Any]) -> Any:
        given = list(inputs)
        for place, x in zip(apart, parts, strict=True):
            given[place] = x.unsqueeze(0)
        back = torch.func.vjp(_of(call, given, wanted, deltas), *[inputs[i] for i in wanted])[1]
        return back(tuple(delta.unsqueeze(0) for delta in came))

    return each


def _linear(x: Any, delta: Any, place: int) -> Any:
    """y = x·Wᵀ + b: the derivative of W is δᵀx, of b the sum of δ."""
    if place == 2:
        return delta.flatten(1, -2).sum(1) if delta.ndim > 2 else delta.clone()
    if x.ndim == 2:
        return delta.unsqueeze(2) * x.unsqueeze(1)
    return torch.bmm(delta.flatten(1, -2).transpose(1, 2), x.flatten(1, -2))


def _convolution(attributes: Any, rank: int, inputs: Sequence[Any], wanted: Sequence[int], delta: Any) -> list[Any]:
    """The kernel that a batch takes backward, with a batch of one: no sums of products are laid out in memory."""
    x, weight = inputs[0], inputs[1]

    def sizes(name: str, default: int) -> list[int]:
        found = attributes.get(name, default)
        return [found] * rank if isinstance(found, int) else list(found) * (rank // len(found))

    rest = sizes("stride", 1), sizes("padding", 0), sizes("dilation", 1), False, [0] * rank, attributes.get("groups", 1)
    bias = [weight.shape[0]] if 2 in wanted else None
    mask = [False, 1 in wanted, 2 in wanted]
    made = [torch.ops.aten.convolution_backward(delta[i : i + 1], x[i : i + 1], weight, bias, *rest, mask) for i in range(len(x))]
    return [torch.stack([parts[place] for parts in made]) for place in wanted]
