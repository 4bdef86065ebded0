"""Pad. https://onnx.ai/onnx/operators/onnx__Pad.html"""

from laminae.base import host, torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.bits import chosen
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, open_list, total


def pad_shape(data, pads, constant_value=None, axes=None, *, mode="constant"):
    if axes is not None and axes.value is None:
        return Spec(data.dtype, (None,) * data.rank)
    places = range(data.rank) if axes is None else int_numbers(axes)
    return _padded(data, open_list(pads) if pads.dims is not None else [None] * (2 * len(places)), places)


def _padded(data, pads, axes):
    if len(pads) != 2 * len(axes):
        raise ShapeError("pads does not fit", {"expected": f"{2 * len(axes)} numbers, two for each axis", "found": len(pads)})
    dims = list(data.shape)
    for axis, begin, end in zip(axes, pads, pads[len(axes) :], strict=False):
        axis = axis_of(axis, data.rank)
        dims[axis] = total((dims[axis], begin, end))
        if isinstance(dims[axis], int) and dims[axis] < 0:
            raise ShapeError(
                f"more is taken from axis {axis} than it has", {"found": f"{data.shape[axis]} with {begin} and {end}"}
            )
    return Spec(data.dtype, tuple(dims))


@operator("Pad", since=11, kind="movement", shape=pad_shape, aliases=True)
def pad(data, pads, constant_value=None, axes=None, *, mode="constant"):
    """`data` with pads[i] elements put before and pads[i + n] after the i-th of n `axes`; negative ones take away."""
    amounts = pads.tolist()
    if axes is not None:
        amounts = _all_axes(amounts, axes.tolist(), data.ndim)
    if mode != "constant":
        return _extended(data, amounts, mode)
    flat = [n for i in reversed(range(data.ndim)) for n in (amounts[i], amounts[i + data.ndim])]
    if constant_value is None:
        return torch.constant_pad_nd(data, flat)
    if isinstance(constant_value, HostArray):
        return host.padded(data, flat, constant_value.item())
    padded = torch.constant_pad_nd(data, flat, constant_value.item())
    if not constant_value.requires_grad:
        return padded
    inside = torch.constant_pad_nd(torch.ones_like(data, dtype=torch.bool), flat)
    return torch.where(inside, padded, constant_value)


def _all_axes(pads, axes, rank):
    amounts = [0] * (2 * rank)
    for axis, begin, end in zip(axes, pads, pads[len(axes) :], strict=False):
        amounts[axis % rank], amounts[axis % rank + rank] = begin, end
    return amounts


def _extended(data, pads, mode):
    """Axis by axis: first what is taken away, then each place outside reads a place inside."""
    for axis, (begin, end) in enumerate(zip(pads, pads[data.ndim :], strict=False)):
        if begin < 0 or end < 0:
            data = data.narrow(axis, max(-begin, 0), data.shape[axis] + min(begin, 0) + min(end, 0))
        if begin > 0 or end > 0:
            places = torch.arange(-max(begin, 0), data.shape[axis] + max(end, 0), device=data.device)
            data = chosen(data, axis, _inside(places, data.shape[axis], mode))
    return data


def _inside(places, n, mode):
    if n == 0:
        raise ShapeError(f"an empty axis cannot be padded in mode {mode}")
    if mode == "edge":
        return places.clamp(0, n - 1)
    if mode == "wrap":
        return places.remainder(n)
    if mode == "reflect":
        places = places.remainder(max(2 * (n - 1), 1))
        return torch.minimum(places, 2 * (n - 1) - places)
    raise AttributeValueError(f"Pad has no mode {mode!r}", {"known": "constant, reflect, edge, wrap"})


def pad_2_shape(data, *, pads, mode="constant", value=0.0):
    return _padded(data, list(pads), range(data.rank))


@operator("Pad", since=2, kind="movement", shape=pad_2_shape, aliases=True)
def pad_2(data, *, pads, mode="constant", value=0.0):
    """Until opset 10, pads and value are attributes."""
    if mode != "constant":
        return _extended(data, pads, mode)
    return torch.constant_pad_nd(data, [n for i in reversed(range(data.ndim)) for n in (pads[i], pads[i + data.ndim])], value)


def pad_1_shape(data, *, paddings, mode="constant", value=0.0):
    return _padded(data, list(paddings), range(data.rank))


@operator("Pad", since=1, kind="movement", shape=pad_1_shape, aliases=True)
def pad_1(data, *, paddings, mode="constant", value=0.0):
    """In opset 1, pads is called paddings."""
    return pad_2(data, pads=paddings, mode=mode, value=value)
