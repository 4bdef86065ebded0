"""NonMaxSuppression. https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import untold
from laminae.ops.registry import operator

BLOCK = 256
"""How many boxes are held against each other at a time: bounds the memory."""


def nonmaxsuppression_shape(boxes, scores, *inputs, center_point_box=0):
    return Spec("int64", (None, 3))


@operator("NonMaxSuppression", since=10, kind="selection", shape=nonmaxsuppression_shape, cost=untold)
def nonmaxsuppression(
    boxes, scores, max_output_boxes_per_class=None, iou_threshold=None, score_threshold=None, *, center_point_box=0
):
    """Boxes in order of score that overlap no better one: [count, 3], rows (batch, class, box).

    boxes [batches, n, 4] as corners (y, x, y, x), or centres (x, y, width, height); scores [batches, classes, n].
    """
    most = 0 if max_output_boxes_per_class is None else int(max_output_boxes_per_class)
    overlap = 0.0 if iou_threshold is None else float(iou_threshold)
    found = [scores.new_zeros(0, 3, dtype=torch.int64)]
    if most > 0:
        for batch, corners in enumerate(_corners(boxes, center_point_box)):
            for label, score in enumerate(scores[batch]):
                order = score.argsort(descending=True, stable=True)
                if score_threshold is not None:
                    order = order[score[order] > score_threshold]
                kept = _kept(corners, order, most, overlap)
                found.append(torch.stack([torch.full_like(kept, batch), torch.full_like(kept, label), kept], 1))
    return torch.cat(found)


def _corners(boxes, center_point_box):
    """[..., 4] as (low, low, high, high)."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if center_point_box:
        return torch.cat([first - second / 2, first + second / 2], -1)
    return torch.cat([torch.minimum(first, second), torch.maximum(first, second)], -1)


def _kept(corners, order, most, threshold):
    """The boxes, in `order`, that overlap none kept before them, at most `most`."""
    kept = order[:0]
    for block in order.split(BLOCK):
        if len(kept) >= most:
            break
        if len(kept):
            block = block[~_overlaps(corners[block], corners[kept], threshold).any(1)]
        kept = torch.cat([kept, block[_settled(_overlaps(corners[block], corners[block], threshold).tril(-1))]])
    return kept[:most]


def _settled(beats):
    """Who stays, where beats[i, j] says that j, if it stays, drives out i > j: settled from the first one on."""
    stays = ~beats.any(1)
    while True:
        again = ~(beats & stays).any(1)
        if torch.equal(again, stays):
            return stays
        stays = again


def _overlaps(a, b, threshold):
    """Whether intersection over union is above the threshold; [len(a), len(b)]."""
    low, high = torch.maximum(a[:, None, :2], b[None, :, :2]), torch.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    areas = (a[:, 2:] - a[:, :2]).prod(-1)[:, None] + (b[:, 2:] - b[:, :2]).prod(-1)
    return (shared > 0) & (shared / (areas - shared) > threshold)
