"""Pools: one number for each window of the input, or for all along an axis."""

from __future__ import annotations

from dataclasses import dataclass

from laminae.base.errors import ShapeError
from laminae.graph import Value
from laminae.layers.arguments import Sizes, is_whole, refusal, require_flag, require_sizes
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.placing import Place
from laminae.layers.windows import per_axis, spatial_rank


@dataclass(frozen=True, eq=False, repr=False)
class MaxPool(BuilderLayer[Placed]):
    """The largest of each window: [batch, channels, *sizes] → [batch, channels, *counts], one to three spatial axes.

    counts = (size + 2 · padding - dilation · (kernel - 1) - 1) // stride + 1 along each axis; rounded up with ceil_mode,
    where the last window must still begin in the input or the padding before it.

    kernel, stride, padding, dilation: one number, or one for each axis. stride: `kernel` where not given. padding: at most
    half the kernel, never the largest. Raises UsageError for what it cannot be told, ShapeError where x does not fit.
    """

    kernel: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    dilation: Sizes = 1
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        _require_common(self)
        require_sizes(self, "dilation", self.dilation)

    def place(self, at: Place, x: Value) -> Value:
        kernel, stride, pads = _window(at, x, self)
        dilation = per_axis(at, "dilation", self.dilation, len(kernel))
        return at.put(
            "MaxPool",
            x,
            kernel_shape=kernel,
            strides=stride,
            pads=pads,
            dilations=dilation,
            ceil_mode=int(self.ceil_mode),
        )


@dataclass(frozen=True, eq=False, repr=False)
class AvgPool(BuilderLayer[Placed]):
    """The mean of each window: [batch, channels, *sizes] → [batch, channels, *counts], one to three spatial axes.

    kernel, stride, padding, ceil_mode: as in MaxPool. count_include_pad: whether padding counts, as zeros.
    Raises UsageError for what it cannot be told, ShapeError where x does not fit, DTypeError where it is not of floats.
    """

    kernel: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    ceil_mode: bool = False
    count_include_pad: bool = True

    def __post_init__(self) -> None:
        _require_common(self)
        require_flag(self, "count_include_pad", self.count_include_pad)

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        kernel, stride, pads = _window(at, x, self)
        return at.put(
            "AveragePool",
            x,
            kernel_shape=kernel,
            strides=stride,
            pads=pads,
            ceil_mode=int(self.ceil_mode),
            count_include_pad=int(self.count_include_pad),
        )


@dataclass(frozen=True, eq=False, repr=False)
class GlobalAvgPool(BuilderLayer[Placed]):
    """The mean of each channel: [batch, channels, *sizes] → [batch, channels, 1, …]. Put Flatten behind it for a Linear.

    Raises ShapeError where x has no sizes behind its channels, DTypeError where it is not of floats.
    """

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        at.shape(x, 3, meaning="[batch, channels, *sizes]")
        return at.put("GlobalAveragePool", x)


@dataclass(frozen=True, eq=False, repr=False)
class Mean(BuilderLayer[Placed]):
    """The mean along one axis, which goes: [batch, sequence, features] → [batch, features] along axis 1.

    Raises ShapeError where there is no such axis, DTypeError where x is not of floats.
    """

    axis: int = 1

    def __post_init__(self) -> None:
        if not is_whole(self.axis):
            raise refusal(self, "axis", "a whole number", self.axis)

    def place(self, at: Place, x: Value) -> Value:
        at.floats(x)
        return at.put("ReduceMean", x, at.constant("axes", [at.axis(self.axis, x)]), keepdims=0)


def _require_common(layer: MaxPool | AvgPool) -> None:
    require_sizes(layer, "kernel", layer.kernel)
    require_sizes(layer, "padding", layer.padding, 0)
    require_flag(layer, "ceil_mode", layer.ceil_mode)
    if layer.stride is not None:
        require_sizes(layer, "stride", layer.stride)


def _window(at: Place, x: Value, layer: MaxPool | AvgPool) -> tuple[list[int], list[int], list[int]]:
    """The kernel, the strides and the pads (begins, then ends) for the rank of x."""
    n = spatial_rank(at, x)
    kernel = per_axis(at, "kernel", layer.kernel, n)
    stride = kernel if layer.stride is None else per_axis(at, "stride", layer.stride, n)
    padding = per_axis(at, "padding", layer.padding, n)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        details = {"expected": f"at most half the kernel {kernel}", "found": str(padding)}
        raise at.error(ShapeError, "cannot have this padding", details, x)
    return kernel, list(stride), padding * 2
