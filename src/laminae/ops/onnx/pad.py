"""Pad. https://onnx.ai/onnx/operators/onnx__Pad.html"""

from laminae.base import host, torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.bits import chosen
from laminae.ops.costs import free
from laminae.ops.ready import awaiting_first
from laminae.ops.registry import operator
from laminae.ops.rules import axis_of, int_numbers, open_list, total

TORCH_MODES = {"reflect": "reflect", "edge": "replicate"}
"""The modes that are kernels of torch, in its words."""


def pad_shape(data, pads, constant_value=None, axes=None, *, mode="constant"):
    if axes is not None and axes.value is None:
        return Spec(data.dtype, (None,) * data.rank)
    places = range(data.rank) if axes is None else int_numbers(axes)
    return _padded(data, open_list(pads) if pads.dims is not None else [None] * (2 * len(places)), places)


def _padded(data, pads, axes):
    _check(pads, len(axes))
    dims = list(data.shape)
    for axis, begin, end in zip(axes, pads, pads[len(axes) :], strict=False):
        axis = axis_of(axis, data.rank)
        dims[axis] = total((dims[axis], begin, end))
        if isinstance(dims[axis], int) and dims[axis] < 0:
            raise ShapeError(
                f"more is taken from axis {axis} than it has", {"found": f"{data.shape[axis]} with {begin} and {end}"}
            )
    return Spec(data.dtype, tuple(dims))


def _check(pads, axes):
    if len(pads) != 2 * axes:
        raise ShapeError("pads does not fit", {"expected": f"{2 * axes} numbers, two for each axis", "found": len(pads)})


def pad_ready(pads, constant_value=None, axes=None, *, mode="constant"):
    amounts = pads.tolist()
    if axes is not None:
        places = axes.tolist()
        _check(amounts, len(places))
        return lambda data: _filled(data, _all_axes(amounts, places, data.ndim), constant_value, mode)
    flat, value = _flat(amounts), 0 if constant_value is None else constant_value.item()

    def call(data):
        _check(amounts, data.ndim)
        return torch.constant_pad_nd(data, flat, value) if mode == "constant" else _extended(data, amounts, mode)

    return call


@operator("Pad", since=11, kind="movement", shape=pad_shape, cost=free, aliases=True, ready=awaiting_first(pad_ready))
def pad(data, pads, constant_value=None, axes=None, *, mode="constant"):
    """`data` with pads[i] elements put before and pads[i + n] after the i-th of n `axes`; negative ones take away."""
    amounts = pads.tolist()
    _check(amounts, data.ndim if axes is None else len(axes))
    if axes is not None:
        amounts = _all_axes(amounts, axes.tolist(), data.ndim)
    return _filled(data, amounts, constant_value, mode)


def _filled(data, amounts, constant_value, mode):
    if mode != "constant":
        return _extended(data, amounts, mode)
    flat = _flat(amounts)
    if constant_value is None:
        return torch.constant_pad_nd(data, flat)
    if isinstance(constant_value, HostArray):
        return host.padded(data, flat, constant_value.item())
    padded = torch.constant_pad_nd(data, flat, constant_value.item())
    if not constant_value.requires_grad:
        return padded
    inside = torch.constant_pad_nd(torch.ones_like(data, dtype=torch.bool), flat)
    return torch.where(inside, padded, constant_value)


def _flat(pads):
    """(begin, end) of each axis, the last axis first, as torch wants them; those of the first axes left out where zero."""
    rank = len(pads) // 2
    flat = [n for i in reversed(range(rank)) for n in (pads[i], pads[i + rank])]
    while flat and flat[-2:] == [0, 0]:
        del flat[-2:]
    return flat


def _all_axes(pads, axes, rank):
    amounts = [0] * (2 * rank)
    for axis, begin, end in zip(axes, pads, pads[len(axes) :], strict=False):
        place = axis_of(axis, rank)
        amounts[place], amounts[place + rank] = begin, end
    return amounts


def _extended(data, pads, mode):
    """First what is taken away, then each place outside reads a place inside: by torch's kernels, or axis by axis."""
    more = pads
    if min(pads, default=0) < 0:
        for axis, (begin, end) in enumerate(zip(pads, pads[data.ndim :], strict=False)):
            data = data.narrow(axis, max(-begin, 0), data.shape[axis] + min(begin, 0) + min(end, 0))
        more = [max(n, 0) for n in pads]
    flat = _flat(more)
    if _torch_has(data, flat, mode):
        n = len(flat) // 2
        if data.ndim - n in (1, 2):
            return torch.nn.functional.pad(data, flat, TORCH_MODES[mode])
        planes = data.reshape(-1, 1, *data.shape[data.ndim - n :])
        made = torch.nn.functional.pad(planes, flat, TORCH_MODES[mode])
        return made.reshape(*data.shape[: data.ndim - n], *made.shape[2:])
    for axis, (begin, end) in enumerate(zip(more, more[data.ndim :], strict=False)):
        if begin > 0 or end > 0:
            places = torch.arange(-begin, data.shape[axis] + end, device=data.device)
            data = chosen(data, axis, _inside(places, data.shape[axis], mode))
    return data


def _torch_has(data, flat, mode):
    """Whether torch has a kernel for it: floats, up to three axes, and no place that is led back more than once."""
    n = len(flat) // 2
    if mode not in TORCH_MODES or not 0 < n < 4 or data.dtype not in (torch.float32, torch.float64) or not data.numel():
        return False
    return mode == "edge" or all(max(flat[2 * i], flat[2 * i + 1]) < data.shape[-1 - i] for i in range(n))


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


@operator("Pad", since=2, kind="movement", shape=pad_2_shape, cost=free, aliases=True)
def pad_2(data, *, pads, mode="constant", value=0.0):
    """Until opset 10, pads and value are attributes."""
    if mode != "constant":
        return _extended(data, pads, mode)
    return torch.constant_pad_nd(data, _flat(pads), value)


def pad_1_shape(data, *, paddings, mode="constant", value=0.0):
    return _padded(data, list(paddings), range(data.rank))


@operator("Pad", since=1, kind="movement", shape=pad_1_shape, cost=free, aliases=True)
def pad_1(data, *, paddings, mode="constant", value=0.0):
    """In opset 1, pads is called paddings."""
    return pad_2(data, pads=paddings, mode=mode, value=value)
