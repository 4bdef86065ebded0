"""MaxRoiPool. https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html"""

from laminae.base import torch
from laminae.ops.costs import untold
from laminae.ops.regions import chunks, places
from laminae.ops.regions import pooled_shape as regions_shape
from laminae.ops.registry import operator


def maxroipool_shape(X, rois, *, pooled_shape, spatial_scale=1.0):
    return regions_shape(X, rois, 5, tuple(pooled_shape))


@operator("MaxRoiPool", kind="pooling", shape=maxroipool_shape, cost=untold)
def maxroipool(X, rois, *, pooled_shape, spatial_scale=1.0):
    """The largest element in each cell of a grid over each region: [regions, C, *pooled_shape], zero where a cell is empty.

    X [N, C, H, W]; rois [regions, 5] as (n, x, y, x, y), times spatial_scale and rounded. Girshick 2015, section 2.1.
    """
    wide = rois.detach().to(torch.promote_types(rois.dtype, torch.float32)) * spatial_scale
    wide = torch.floor(wide.abs() + 0.5) * wide.sign()
    bounds = []
    for axis, bins in enumerate(pooled_shape):
        start, end = wide[:, 2 - axis], wide[:, 4 - axis]
        cell = (end - start + 1).clamp(min=1).unsqueeze(1) / bins
        edge = torch.arange(bins, dtype=wide.dtype, device=wide.device)
        low = (edge * cell).floor() + start.unsqueeze(1)
        high = ((edge + 1) * cell).ceil() + start.unsqueeze(1)
        bounds.append([side.clamp(0, X.shape[2 + axis]).long() for side in (low, high)])
    return pooled(X, rois[:, 0].long(), bounds, pooled_shape)


def pooled(X, image, bounds, bins):
    """The largest of rows low to high and columns low to high, for each bin of each region."""
    (top, bottom), (left, right) = bounds
    most = [max(int((high - low).max()), 1) if high.numel() else 1 for low, high in bounds]
    Y = [X.new_zeros(0, X.shape[1], *bins)]
    for part in chunks(len(image), most[0] * most[1] * bins[0] * bins[1] * X.shape[1]):
        rows, columns = inner(top[part], bottom[part], X.shape[2]), inner(left[part], right[part], X.shape[3])
        lines = image[part].reshape(-1, 1, 1) * X.shape[2] + rows
        index = lines[:, :, None, :, None] * X.shape[3] + columns[:, None, :, None, :]
        found = places(X)[index.flatten()].unflatten(0, (*index.shape[:3], -1)).amax(3).permute(0, 3, 1, 2)
        empty = (bottom[part] <= top[part]).unsqueeze(2) | (right[part] <= left[part]).unsqueeze(1)
        Y.append(torch.where(empty.unsqueeze(1), 0.0, found))
    return torch.cat(Y)


def inner(low, high, size):
    """The places from low to high, [regions, bins, longest]: the last one again and again where there are fewer."""
    steps = torch.arange(max(int((high - low).max()), 1), device=low.device)
    return torch.minimum(low.unsqueeze(-1) + steps, (high - 1).unsqueeze(-1)).clamp(0, max(size - 1, 0))
