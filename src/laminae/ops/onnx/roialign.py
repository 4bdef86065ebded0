"""RoiAlign. https://onnx.ai/onnx/operators/onnx__RoiAlign.html"""

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.base.shapes import Unknown
from laminae.ops.regions import chunks, corners, places, pooled_shape, split_bins
from laminae.ops.registry import operator


def roialign_shape(X, rois, batch_indices, *, mode="avg", output_height=1, output_width=1, **attributes):
    if mode not in POOLS:
        raise AttributeValueError(f"mode {mode!r} is not known", {"known": ", ".join(POOLS)})
    return pooled_shape(X, rois, 4, (output_height, output_width))


def roialign_cost(X, rois, batch_indices, *, sampling_ratio=0, outputs, **attributes):
    """The four neighbours of each sample; how many samples there are is known where sampling_ratio says it."""
    if sampling_ratio <= 0:
        raise Unknown
    return outputs[0].size * sampling_ratio**2 * 4


@operator("RoiAlign", since=16, kind="pooling", shape=roialign_shape, cost=roialign_cost)
def roialign(
    X, rois, batch_indices, *, coordinate_transformation_mode="half_pixel", mode="avg", output_height=1, output_width=1,
    sampling_ratio=0, spatial_scale=1.0,
):  # fmt: skip
    """The mean (or max) of samples, linear between elements, in each cell of a grid on each region: [regions, C, height, width].

    X [N, C, H, W]; rois [regions, 4] as (x, y, x, y), times spatial_scale; sampling_ratio² samples per cell, or 0: as
    many as the cell is large. He et al. 2017, section 3.
    """
    bins, half_pixel = (output_height, output_width), coordinate_transformation_mode == "half_pixel"
    corner = rois.to(torch.promote_types(X.dtype, torch.float32)) * spatial_scale - (0.5 if half_pixel else 0.0)
    start, size = corner[:, [1, 0]], corner[:, [3, 2]] - corner[:, [1, 0]]
    cell = (size if half_pixel else size.clamp(min=1.0)) / torch.tensor(bins, device=X.device)
    samples = torch.full_like(cell, sampling_ratio) if sampling_ratio > 0 else cell.detach().ceil()
    kinds, kind = torch.unique(samples.long().clamp(min=0), dim=0, return_inverse=True)
    Y, order = [X.new_zeros(0, X.shape[1], *bins)], []
    for i, (high, wide) in enumerate(kinds.tolist()):
        chosen = (kind == i).nonzero().squeeze(1)
        order.append(chosen)
        if not high * wide:
            Y.append(X.new_zeros(len(chosen), X.shape[1], *bins))
            continue
        for part in map(chosen.__getitem__, chunks(len(chosen), 4 * high * wide * bins[0] * bins[1] * X.shape[1])):
            rows, columns = (sampled(start[part, a], cell[part, a], bins[a], n) for a, n in enumerate((high, wide)))
            Y.append(pooled(X, *corners(rows, columns, batch_indices[part], *X.shape[2:]), bins, mode))
    return torch.cat(Y)[torch.cat(order).argsort()] if order else torch.cat(Y)


def sampled(start, cell, bins, samples):
    """Where the samples lie along one axis; [regions, bins · samples]."""
    steps = (torch.arange(bins * samples, dtype=start.dtype, device=start.device) + 0.5) / samples
    return start.unsqueeze(1) + cell.unsqueeze(1) * steps


def pooled(X, index, weight, bins, mode):
    """[regions, C, *bins]; the max is over weighted elements, not over samples: as the standard's reference has it."""
    index, weight = split_bins(index, bins), split_bins(weight, bins)
    read = places(X)[index.flatten()].unflatten(0, index.shape) * weight.unsqueeze(-1).to(X.dtype)
    return POOLS[mode](read).permute(0, 3, 1, 2)


POOLS = {"avg": lambda read: read.sum(3) / (read.shape[3] // 4), "max": lambda read: read.amax(3)}
"""Over samples · 4 weighted elements of each cell."""


@operator("RoiAlign", since=10, kind="pooling", shape=roialign_shape, cost=roialign_cost)
def roialign_10(
    X, rois, batch_indices, *, mode="avg", output_height=1, output_width=1, sampling_ratio=0, spatial_scale=1.0
):  # fmt: skip
    """Until opset 15 regions are not moved by half an element, and none is smaller than one."""
    return roialign(
        X, rois, batch_indices, coordinate_transformation_mode="output_half_pixel", mode=mode, output_height=output_height,
        output_width=output_width, sampling_ratio=sampling_ratio, spatial_scale=spatial_scale,
    )  # fmt: skip
