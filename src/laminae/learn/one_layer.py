"""The derivatives of one layer's weights for each sample, from what the layer was given and its delta."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from laminae.base import torch
from laminae.base.errors import LaminaeError
from laminae.engines.torch.steps import operator_call
from laminae.graph import Layer
from laminae.learn.recurrent_layer import lstm_derivatives
from laminae.ops.aten import AUTOCAST, NO_GRAD
from laminae.plan.plan import Step

if TYPE_CHECKING:
    from laminae.engines.torch.program import Program

ATEN = "torch.ops.aten"
CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3}


class NotByLayer(Exception):
    """Derivatives of samples cannot be told layer by layer."""


def sample_derivatives(
    step: Step,
    program: Program,
    inputs: Sequence[Any],
    wanted: Sequence[int],
    apart: Mapping[int, int],
    deltas: Sequence[Any],
    axes: Sequence[int | None],
) -> list[Any]:
    """[samples, *shape] for each wanted input. apart: the inputs that have samples, and along which axis; axes: of deltas."""
    quick = _quick(step.layer, inputs, wanted, apart, deltas, axes)
    if quick is not None:
        return quick
    came = [(delta, axis) for delta, axis in zip(deltas, axes, strict=True) if delta is not None and axis is not None]
    each = _each(operator_call(step, program), inputs, wanted, apart, [axis for _, axis in came], deltas)
    given = [inputs[i] for i in apart], [delta for delta, _ in came]
    places = list(apart.values()), [axis for _, axis in came]
    try:
        return list(torch.func.vmap(each, in_dims=places)(*given))
    except (RuntimeError, NotImplementedError, LaminaeError):
        pass
    cut = [[x.unbind(axis) for x, axis in zip(xs, at, strict=True)] for xs, at in zip(given, places, strict=True)]
    try:
        made = [each([x[i] for x in cut[0]], [d[i] for d in cut[1]]) for i in range(len(cut[1][0]))]
    except (RuntimeError, LaminaeError) as error:
        raise NotByLayer(f"layer {step.layer.name!r} cannot take one sample alone") from error
    return [torch.stack(parts) for parts in zip(*made, strict=True)]


def _quick(
    layer: Layer,
    inputs: Sequence[Any],
    wanted: Sequence[int],
    apart: Mapping[int, int],
    deltas: Sequence[Any],
    axes: Sequence[int | None],
) -> list[Any] | None:
    """What needs no second run of the layer."""
    if layer.domain != ATEN or {NO_GRAD, AUTOCAST} & layer.attributes.keys():
        return None
    if layer.operator == "lstm.input":
        return lstm_derivatives(layer, inputs, wanted, apart, deltas)
    if list(apart) != [0]:
        return None
    x, delta, axis = inputs[0], deltas[0], apart[0]
    if layer.operator == "linear" and axis == axes[0] and axis < x.ndim - 1:
        return [_linear(x.movedim(axis, 0), delta.movedim(axis, 0), place) for place in wanted]
    rank = CONVOLUTIONS.get(layer.operator)
    if rank is None or axis or isinstance(layer.attributes.get("padding"), str):
        return None
    return _convolution(layer.attributes, rank, inputs, wanted, delta)


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
    call: Callable[..., Any],
    inputs: Sequence[Any],
    wanted: Sequence[int],
    apart: Mapping[int, int],
    axes: Sequence[int],
    deltas: Sequence[Any],
) -> Callable[..., Any]:
    """The derivatives of one sample, from its part of the inputs and of the deltas."""

    def each(parts: Sequence[Any], came: Sequence[Any]) -> Any:
        given = list(inputs)
        for (place, axis), x in zip(apart.items(), parts, strict=True):
            given[place] = x.unsqueeze(axis)
        back = torch.func.vjp(_of(call, given, wanted, deltas), *[inputs[i] for i in wanted])[1]
        return back(tuple(delta.unsqueeze(axis) for delta, axis in zip(came, axes, strict=True)))

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
