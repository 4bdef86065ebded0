"""Regions of interest: pooled parts of an image [N, C, H, W], whose places are read as rows of C."""

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape, same_dim

AT_ONCE = 2**24
"""How many elements are read from the image at a time: bounds the memory."""


def pooled_shape(X, rois, columns, sizes):
    """[regions, C, *sizes]."""
    if X.rank != 4:
        raise ShapeError("X must be [N, C, H, W]", {"found": format_shape(X.shape)})
    if rois.dims is not None and not (rois.rank == 2 and same_dim(rois.dims[1], columns)):
        raise ShapeError("rois do not fit", {"expected": format_shape([None, columns]), "found": format_shape(rois.dims)})
    return Spec(X.dtype, (rois.dims[0] if rois.dims else None, X.shape[1], *sizes))


def places(X):
    """[N · H · W, C]."""
    return X.permute(0, 2, 3, 1).flatten(0, 2)


def chunks(count, each):
    """Slices of `count` regions that each read at most AT_ONCE elements, where one region reads `each`."""
    step = max(1, AT_ONCE // max(each, 1))
    return [slice(i, i + step) for i in range(0, count, step)]


def bilinear(coordinates, size):
    """(low index, high index, weight of the high one, whether inside), per coordinate along an axis of `size`."""
    inside = (coordinates >= -1) & (coordinates <= size)
    x = torch.where(inside, coordinates, 0.0).clamp(0, size - 1)
    low = x.detach().floor()
    return low.long(), (low + 1).clamp(max=size - 1).long(), x - low, inside


def corners(rows, columns, image, height, width):
    """The four elements around each of rows × columns sample places, and their weights: two [regions, rows, columns, 4]."""
    top, bottom, down, in_height = (v.unsqueeze(2) for v in bilinear(rows, height))
    left, right, across, in_width = (v.unsqueeze(1) for v in bilinear(columns, width))
    base = image.long().reshape(-1, 1, 1) * height
    index = [(base + y) * width + x for y in (top, bottom) for x in (left, right)]
    weight = [(in_height * v) * (in_width * u) for v in (1 - down, down) for u in (1 - across, across)]
    return torch.stack(index, -1), torch.stack(weight, -1)


def split_bins(x, bins):
    """[regions, bins · samples, bins · samples, 4] as [regions, bins, bins, samples · samples · 4]."""
    high, wide = bins
    return x.unflatten(2, (wide, -1)).unflatten(1, (high, -1)).transpose(2, 3).flatten(3)
