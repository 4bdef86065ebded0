"""Convolutions of rank 1, 2 and 3: the rank is that of the input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from laminae.base.errors import ShapeError
from laminae.graph import Parameter, Value
from laminae.layers.arguments import Sizes, numbers, refusal, require_sizes, require_whole
from laminae.layers.init import Init, bias_start, fans, require_init
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.linear import bias_parameter
from laminae.layers.placing import Place
from laminae.layers.windows import per_axis, spatial_rank


@dataclass(frozen=True, eq=False, repr=False)
class Conv(BuilderLayer[Placed]):
    """Convolution: [batch, channels, *sizes] → [batch, out_channels, *counts], with one, two or three spatial axes.

    counts = (size + 2 · padding - dilation · (kernel - 1) - 1) // stride + 1 along each axis.
    y[n, m, p] = bias[m] + Σ weight[m, c, k] · x[n, c, p · stride + k · dilation - padding]

    kernel, stride, padding, dilation: one number, or one for each axis. padding="same" keeps the sizes (stride 1 only; of an
    odd amount the larger half is behind). groups: channels and out_channels in so many parts that do not mix.
    bias: True, False, or its values [out_channels]. weight: its values, where given. init: how the weight starts otherwise.
    Parameters: `name.weight` [out_channels, channels / groups, *kernel] and `name.bias`, as in torch.nn.Conv2d.
    Raises UsageError for what it cannot be told, ShapeError where x does not fit, DTypeError where it is not of floats.
    """

    out_channels: int
    kernel: Sizes
    stride: Sizes = 1
    padding: Sizes | str = 0
    dilation: Sizes = 1
    groups: int = 1
    bias: Any = True
    weight: Any = field(default=None, kw_only=True)
    init: Init = field(default="kaiming_uniform", kw_only=True)

    def __post_init__(self) -> None:
        _require_common(self)
        if isinstance(self.padding, str):
            if self.padding != "same":
                raise refusal(self, "padding", "'same', or numbers, 0 or more", self.padding)
            if set(numbers(self.stride)) != {1}:
                raise refusal(self, "stride", "1, because padding is 'same'", self.stride)
        else:
            require_sizes(self, "padding", self.padding, 0)

    def place(self, at: Place, x: Value) -> Value:
        n = spatial_rank(at, x)
        kernel, dilation = per_axis(at, "kernel", self.kernel, n), per_axis(at, "dilation", self.dilation, n)
        channels = _divided(at, x, int(self.groups))
        shape = (int(self.out_channels), channels // int(self.groups), *kernel)
        weight, bias = _parameters(at, x, shape, self.init if self.weight is None else self.weight, self.bias, shape[0])
        return at.put(
            "Conv",
            x,
            weight,
            *([] if bias is None else [bias]),
            kernel_shape=kernel,
            strides=per_axis(at, "stride", self.stride, n),
            pads=self._pads(at, kernel, dilation),
            dilations=dilation,
            group=int(self.groups),
        )

    def _pads(self, at: Place, kernel: list[int], dilation: list[int]) -> list[int]:
        if not isinstance(self.padding, str):
            return per_axis(at, "padding", self.padding, len(kernel)) * 2
        totals = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return [total // 2 for total in totals] + [total - total // 2 for total in totals]


@dataclass(frozen=True, eq=False, repr=False)
class ConvTranspose(BuilderLayer[Placed]):
    """The transpose of a convolution, which makes sizes larger: [batch, channels, *sizes] → [batch, out_channels, *counts].

    counts = (size - 1) · stride - 2 · padding + dilation · (kernel - 1) + output_padding + 1 along each axis.

    kernel, stride, padding, output_padding, dilation: one number, or one for each axis; output_padding is less than stride
    or dilation. groups, bias, weight, init: as in Conv.
    Parameters: `name.weight` [channels, out_channels / groups, *kernel] and `name.bias`, as in torch.nn.ConvTranspose2d.
    Raises UsageError for what it cannot be told, ShapeError where x does not fit, DTypeError where it is not of floats.
    """

    out_channels: int
    kernel: Sizes
    stride: Sizes = 1
    padding: Sizes = 0
    output_padding: Sizes = 0
    groups: int = 1
    bias: Any = True
    dilation: Sizes = 1
    weight: Any = field(default=None, kw_only=True)
    init: Init = field(default="kaiming_uniform", kw_only=True)

    def __post_init__(self) -> None:
        _require_common(self)
        require_sizes(self, "padding", self.padding, 0)
        require_sizes(self, "output_padding", self.output_padding, 0)

    def place(self, at: Place, x: Value) -> Value:
        n = spatial_rank(at, x)
        kernel = per_axis(at, "kernel", self.kernel, n)
        shape = (_divided(at, x, int(self.groups)), int(self.out_channels) // int(self.groups), *kernel)
        start = self.init if self.weight is None else self.weight
        weight, bias = _parameters(at, x, shape, start, self.bias, int(self.out_channels))
        stride, dilation = per_axis(at, "stride", self.stride, n), per_axis(at, "dilation", self.dilation, n)
        return at.put(
            "ConvTranspose",
            x,
            weight,
            *([] if bias is None else [bias]),
            kernel_shape=kernel,
            strides=stride,
            pads=per_axis(at, "padding", self.padding, n) * 2,
            output_padding=self._output_padding(at, stride, dilation),
            dilations=dilation,
            group=int(self.groups),
        )

    def _output_padding(self, at: Place, stride: list[int], dilation: list[int]) -> list[int]:
        more = per_axis(at, "output_padding", self.output_padding, len(stride))
        if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
            details = {"expected": f"less than stride {stride} or dilation {dilation}", "found": str(more)}
            raise at.error(ShapeError, "cannot have this output_padding", details)
        return more


def _require_common(layer: Conv | ConvTranspose) -> None:
    require_whole(layer, "out_channels", layer.out_channels)
    require_whole(layer, "groups", layer.groups)
    for what in ("kernel", "stride", "dilation"):
        require_sizes(layer, what, getattr(layer, what))
    require_init(layer, layer.init)
    if layer.out_channels % layer.groups:
        raise refusal(layer, "out_channels", f"a multiple of groups={layer.groups}", layer.out_channels)


def _divided(at: Place, x: Value, groups: int) -> int:
    """The channels of x. Raises ShapeError where they do not divide into groups."""
    channels = at.size(x, 1, "channels")
    if channels % groups:
        details = {"expected": f"channels that divide into {groups} groups", "found": f"{channels} channels"}
        raise at.error(ShapeError, "cannot take its input", details, x)
    return channels


def _parameters(
    at: Place, x: Value, shape: tuple[int, ...], start: Init, bias: Any, out: int
) -> tuple[Parameter, Parameter | None]:
    dtype = at.floats(x)
    weight = at.parameter("weight", shape, dtype, start)
    return weight, bias_parameter(at, bias, out, dtype, bias_start(start, fans(shape)[0]))
