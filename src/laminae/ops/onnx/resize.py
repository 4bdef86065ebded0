"""Resize. https://onnx.ai/onnx/operators/onnx__Resize.html"""

import math

from laminae.base import torch
from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, Unknown
from laminae.ops.registry import operator
from laminae.ops.resampling import common_scale, lengths, nearest, places, resampling_cost, weighted
from laminae.ops.rules import axis_of, int_list


def resize_shape(X, roi=None, scales=None, sizes=None, *, axes=None, keep_aspect_ratio_policy="stretch", **attributes):
    chosen = [axis_of(axis, X.rank) for axis in axes] if axes is not None else list(range(X.rank))
    dims = list(X.shape)
    by_scales = scales is not None and scales.dims != (0,)
    try:
        factors = scales.content.tolist() if by_scales else None
        wanted = None if by_scales or sizes is None else int_list(sizes)
        if len((factors if by_scales else wanted) or ()) != len(chosen):
            raise ShapeError("scales or sizes do not fit the axes", {"expected": f"{len(chosen)} numbers, for one of the two"})
        found = lengths([dims[axis] for axis in chosen], factors, wanted, keep_aspect_ratio_policy)
    except Unknown:
        found = [None] * len(chosen)
    for axis, size in zip(chosen, found, strict=True):
        dims[axis] = size
    return Spec(X.dtype, tuple(dims))


def resize_cost(X, *inputs, mode="nearest", antialias=0, outputs, **attributes):
    return resampling_cost(X.shape, outputs[0].shape, mode, antialias)


@operator("Resize", since=11, kind="resampling", shape=resize_shape, cost=resize_cost, aliases=True)
def resize(
    X,
    roi=None,
    scales=None,
    sizes=None,
    *,
    antialias=0,
    axes=None,
    coordinate_transformation_mode="half_pixel",
    cubic_coeff_a=-0.75,
    exclude_outside=0,
    extrapolation_value=0.0,
    keep_aspect_ratio_policy="stretch",
    mode="nearest",
    nearest_mode="round_prefer_floor",
):
    """`X` with its `axes` (all where not given) scaled by `scales`, or to `sizes`; elements between are interpolated.

    With scales, an axis of n becomes floor(n * scale), whatever the `roi`, as in the reference.
    """
    if X.is_complex():
        rest = {name: value for name, value in locals().items() if name != "X"}
        return torch.complex(*(resize(part, **rest) for part in (X.real, X.imag)))
    axes = range(X.ndim) if axes is None else [axis % X.ndim for axis in axes]
    dims = [X.shape[axis] for axis in axes]
    factors = scales.tolist() if scales is not None and scales.numel() else None
    wanted = sizes.tolist() if factors is None else None
    outs = lengths(dims, factors, wanted, keep_aspect_ratio_policy)
    if factors is None and keep_aspect_ratio_policy == "stretch":
        factors = [out / n if n else 1.0 for n, out in zip(dims, outs, strict=True)]
    elif factors is None:
        factors = [common_scale(dims, wanted, keep_aspect_ratio_policy)] * len(dims)
    coordinates = coordinate_transformation_mode
    if not antialias and not (exclude_outside and mode == "cubic"):
        direct = _direct(X, axes, outs, factors, coordinates, mode, nearest_mode, cubic_coeff_a)
        if direct is not None:
            return direct
    rois = [(0.0, 1.0)] * len(axes)
    if coordinates == "tf_crop_and_resize":
        ends = roi.tolist()
        rois = list(zip(ends, ends[len(axes) :], strict=False))
    return _one_by_one(
        X,
        [step for step in zip(axes, outs, factors, rois, strict=True) if not _is_identity(X, *step)],
        coordinates,
        mode,
        nearest_mode,
        bool(antialias),
        None if mode == "linear" else cubic_coeff_a,
        bool(exclude_outside),
        extrapolation_value,
    )


def _is_identity(X, axis, out, scale, roi):
    return out == X.shape[axis] and math.isclose(scale, 1.0) and roi == (0.0, 1.0)


def _direct(X, axes, outs, factors, coordinates, mode, nearest_mode, a):
    """By torch's own interpolation where it is exactly this; None where it is not."""
    if not 3 <= X.ndim <= 5 or not X.is_floating_point() or not X.numel() or 0 in outs:
        return None
    size, exact = list(X.shape), True
    for axis, out, scale in zip(axes, outs, factors, strict=True):
        exact &= math.isclose(scale * X.shape[axis], out, rel_tol=1e-6) and (axis > 1 or out == X.shape[axis])
        size[axis] = out
    if not exact:
        return None
    size, old = size[2:], X.shape[2:]
    if mode == "nearest":
        pixels = coordinates in ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric") and nearest_mode[:5] == "round"
        corners = coordinates == "asymmetric" and nearest_mode in ("floor", "until_opset_10")
        if (pixels or corners) and all(new % n == 0 and (new // n).bit_count() == 1 for n, new in zip(old, size, strict=True)):
            return torch.nn.functional.interpolate(X, size, mode="nearest")
        return None
    centred = coordinates == "half_pixel" or (coordinates == "pytorch_half_pixel" and min(size) > 1)
    if not centred and coordinates != "align_corners":
        return None
    if mode == "linear":
        return torch.nn.functional.interpolate(
            X, size, mode=("linear", "bilinear", "trilinear")[X.ndim - 3], align_corners=not centred
        )
    if mode == "cubic" and a == -0.75 and X.ndim == 4:
        return torch.nn.functional.interpolate(X, size, mode="bicubic", align_corners=not centred)
    return None


def _one_by_one(X, steps, coordinates, mode, nearest_mode, antialias, a, exclude_outside, extrapolation_value):
    """Axis by axis: interpolation is separable. Integers are rounded at the end, half precision is widened in between."""
    if mode not in ("nearest", "linear", "cubic"):
        raise AttributeValueError(f"Resize has no mode {mode!r}", {"known": "nearest, linear, cubic"})
    wide = X if mode == "nearest" else X.to(torch.float32 if X.dtype in (torch.float16, torch.bfloat16) else torch.float64)
    Y = X if X.dtype in (torch.float32, torch.float64) else wide
    for axis, out, scale, roi in steps:
        n = Y.shape[axis]
        if n == 0 or out == 0:
            Y = Y.new_zeros(*Y.shape[:axis], out, *Y.shape[axis + 1 :])
            continue
        x = places(n, out, scale, coordinates, roi)
        if mode == "nearest":
            Y = nearest(Y, axis, x, scale, nearest_mode)
        else:
            Y = weighted(Y, axis, x, scale=scale if antialias else 1.0, cubic=a, exclude_outside=exclude_outside)
        if coordinates == "tf_crop_and_resize":
            outside = ((x < 0) | (x > n - 1)).to(Y.device).view(-1, *[1] * (Y.ndim - axis - 1))
            Y = Y.masked_fill(outside, extrapolation_value)
    return _narrowed(Y, X.dtype)


def _narrowed(Y, dtype):
    if Y.dtype == dtype or dtype.is_floating_point:
        return Y.to(dtype)
    if dtype == torch.bool:
        return Y.round() != 0
    limits = torch.iinfo(dtype)
    return Y.round().clamp(limits.min, limits.max).to(dtype)


def resize_10_shape(X, scales, *, mode="nearest"):
    return resize_shape(X, None, scales)


@operator("Resize", since=10, kind="resampling", shape=resize_10_shape, cost=resize_cost, aliases=True)
def resize_10(X, scales, *, mode="nearest"):
    """In opset 10, by scales only, from the corners; nearest is the element before (when it shrinks, the one after)."""
    mode = "linear" if mode == "bilinear" else mode
    return resize(X, None, scales, mode=mode, coordinate_transformation_mode="asymmetric", nearest_mode="until_opset_10")
