"""Normalizations: mean and variance taken out, a weight and a bias put in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laminae.base.errors import ShapeError
from laminae.base.shapes import Shape, format_shape
from laminae.graph import Value
from laminae.layers.arguments import is_whole, refusal, require_number, require_sizes, require_whole
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place

FINEST = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
"""The distance from 1 to the next number of each dtype: RMSNorm's eps where none is given, as in torch."""


@dataclass(frozen=True, eq=False, repr=False)
class BatchNorm(BuilderLayer[Placed]):
    """(x - mean) / √(var + eps) · weight + bias per channel, on [batch, channels, …]. Ioffe and Szegedy 2015.

    mean and var are the running ones in inference, the batch's while training, and then
    running = (1 - momentum) · running + momentum · batch's (torch's momentum; the operator's own is 1 - momentum).
    Parameters, all [channels]: `name.weight`, `name.bias`, `name.running_mean`, `name.running_var`, as in torch.nn.BatchNorm2d.
    Raises ShapeError where the channels are not a number, DTypeError where x is not of floats.
    """

    eps: float = 1e-5
    momentum: float = 0.1

    def __post_init__(self) -> None:
        require_number(self, "eps", self.eps, 0)
        require_number(self, "momentum", self.momentum, 0, 1)

    def place(self, at: Place, x: Value) -> Value:
        at.shape(x, 2, meaning="[batch, channels, …]")
        shape, dtype = (at.size(x, 1, "channels"),), at.floats(x)
        weight = at.parameter("weight", shape, dtype, "ones")
        bias = at.parameter("bias", shape, dtype, "zeros")
        mean = at.parameter("running_mean", shape, dtype, "zeros", role="statistic")
        var = at.parameter("running_var", shape, dtype, "ones", role="statistic")
        return at.put(
            "BatchNormalization", x, weight, bias, mean, var, epsilon=float(self.eps), momentum=1.0 - float(self.momentum)
        )


@dataclass(frozen=True, eq=False, repr=False)
class LayerNorm(BuilderLayer[Placed]):
    """(x - mean) / √(var + eps) · weight + bias, over each sample's last axes. Ba et al. 2016.

    axis: the first of the axes that are normalized together, all to the last; or, as a tuple, the normalized shape, which the
    last sizes of x must be: LayerNorm() and LayerNorm((512,)) are the same on [batch, sequence, 512].
    Parameters: `name.weight`, `name.bias` of the normalized shape, as in torch.nn.LayerNorm.
    Raises ShapeError where a size of it is not a number or not the one given, DTypeError where x is not of floats.
    """

    axis: int | Sequence[int] = -1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        _require_axis(self, self.axis, self.eps)

    def place(self, at: Place, x: Value) -> Value:
        axis, shape = _normalized(at, x, self.axis)
        weight = at.parameter("weight", shape, at.floats(x), "ones")
        bias = at.parameter("bias", shape, at.floats(x), "zeros")
        return at.put("LayerNormalization", x, weight, bias, axis=axis, epsilon=float(self.eps))


@dataclass(frozen=True, eq=False, repr=False)
class RMSNorm(BuilderLayer[Placed]):
    """x / √(mean(x²) + eps) · weight, over each sample's last axes. Zhang and Sennrich 2019.

    axis: as in LayerNorm. eps: where not given the smallest step from 1 (float32: 1.19e-7), as in torch.nn.RMSNorm.
    Parameter: `name.weight` of the normalized shape. Raises what LayerNorm raises.
    """

    axis: int | Sequence[int] = -1
    eps: float | None = None

    def __post_init__(self) -> None:
        _require_axis(self, self.axis, 0.0 if self.eps is None else self.eps)

    def place(self, at: Place, x: Value) -> Value:
        axis, shape = _normalized(at, x, self.axis)
        dtype = at.floats(x)
        weight = at.parameter("weight", shape, dtype, "ones")
        eps = FINEST.get(dtype, 1e-5) if self.eps is None else float(self.eps)
        return at.put("RMSNormalization", x, weight, axis=axis, epsilon=eps)


@dataclass(frozen=True, eq=False, repr=False)
class GroupNorm(BuilderLayer[Placed]):
    """(x - mean) / √(var + eps) · weight + bias, on [batch, channels, …], each group of channels by itself. Wu and He 2018.

    groups: into how many parts the channels are divided. Parameters, [channels]: `name.weight`, `name.bias`.
    Raises ShapeError where the channels are not a number or do not divide, DTypeError where x is not of floats.
    """

    groups: int
    eps: float = 1e-5

    def __post_init__(self) -> None:
        require_whole(self, "groups", self.groups)
        require_number(self, "eps", self.eps, 0)

    def place(self, at: Place, x: Value) -> Value:
        at.shape(x, 2, meaning="[batch, channels, …]")
        channels, dtype = at.size(x, 1, "channels"), at.floats(x)
        if channels % self.groups:
            details = {"expected": f"channels that divide into {self.groups} groups", "found": f"{channels} channels"}
            raise at.error(ShapeError, "cannot take its input", details, x)
        weight = at.parameter("weight", (channels,), dtype, "ones")
        bias = at.parameter("bias", (channels,), dtype, "zeros")
        return at.put("GroupNormalization", x, weight, bias, num_groups=int(self.groups), epsilon=float(self.eps))


@dataclass(frozen=True, eq=False, repr=False)
class InstanceNorm(BuilderLayer[Placed]):
    """(x - mean) / √(var + eps) · weight + bias, on [batch, channels, *sizes], each channel of a sample by itself.

    Parameters, [channels]: `name.weight`, `name.bias` (torch.nn.InstanceNorm2d has them with affine=True). Ulyanov et al. 2016.
    Raises ShapeError where the channels are not a number, DTypeError where x is not of floats.
    """

    eps: float = 1e-5

    def __post_init__(self) -> None:
        require_number(self, "eps", self.eps, 0)

    def place(self, at: Place, x: Value) -> Value:
        at.shape(x, 3, meaning="[batch, channels, *sizes]")
        shape, dtype = (at.size(x, 1, "channels"),), at.floats(x)
        weight = at.parameter("weight", shape, dtype, "ones")
        bias = at.parameter("bias", shape, dtype, "zeros")
        return at.put("InstanceNormalization", x, weight, bias, epsilon=float(self.eps))


def _require_axis(layer: LayerNorm | RMSNorm, axis: object, eps: float) -> None:
    require_number(layer, "eps", eps, 0)
    if not is_whole(axis):
        if not isinstance(axis, Sequence) or isinstance(axis, str) or not axis:
            raise refusal(layer, "axis", "an axis, or the normalized shape as a tuple", axis)
        require_sizes(layer, "axis", axis)


def _normalized(at: Place, x: Value, axis: int | Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """The first normalized axis, counted from the end, and the sizes from there on."""
    dims = at.shape(x, 1)
    first = -len(axis) if isinstance(axis, Sequence) else int(axis) - len(dims) * (axis >= 0)
    if not -len(dims) <= first < 0:
        details = {"expected": f"an axis from {-len(dims)} to {len(dims) - 1}", "found": f"axis {axis}"}
        details["the way out"] = f"{type(at.layer).__name__}(({axis},)) where {axis} is meant as size of the last axis"
        raise at.error(ShapeError, "has no such axis in its input", details, x)
    shape = tuple(at.size(x, i, "normalized") for i in range(first, 0))
    if isinstance(axis, Sequence) and shape != tuple(axis):
        expected: Shape = tuple(axis)
        details = {"expected": f"last sizes {format_shape(expected)}", "found": format_shape(shape)}
        raise at.error(ShapeError, "cannot take its input", details, x)
    return first, shape
