"""Col2Im. https://onnx.ai/onnx/operators/onnx__Col2Im.html"""

import math

from laminae.base import torch
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.bits import movable, restored
from laminae.ops.costs import per_input
from laminae.ops.registry import operator
from laminae.ops.rules import open_list
from laminae.ops.windows import window_count


def col2im_shape(input, image_shape, block_shape, *, dilations=None, pads=None, strides=None):
    if input.rank != 3:
        raise ShapeError("input must be [N, C · block, blocks]", {"found": format_shape(input.shape)})
    image, block = open_list(image_shape), open_list(block_shape)
    batch, rows, columns = input.shape
    channels = None
    if all(isinstance(size, int) for size in (rows, *block)):
        if rows % math.prod(block):
            raise ShapeError("input must be [N, C · block, blocks]", {"input": format_shape(input.shape), "block": block})
        channels = rows // math.prod(block)
    if all(isinstance(size, int) for size in (columns, *image, *block)):
        expected = math.prod(counts(image, block, *lists(len(image), dilations, pads, strides)))
        if columns != expected:
            raise ShapeError("input does not hold as many blocks as fit", {"expected": expected, "found": columns})
    return Spec(input.dtype, (batch, channels, *image))


def lists(n, dilations, pads, strides):
    return dilations or [1] * n, pads or [0] * 2 * n, strides or [1] * n


def counts(image, block, dilations, pads, strides):
    """How many blocks there are along each axis."""
    n = len(image)
    axes = zip(image, block, dilations, pads[:n], pads[n:], strides, strict=True)
    return [window_count(size, (k - 1) * d + 1, stride, begin, end, 0) for size, k, d, begin, end, stride in axes]


@operator("Col2Im", since=18, kind="convolution", shape=col2im_shape, cost=per_input)
def col2im(input, image_shape, block_shape, *, dilations=None, pads=None, strides=None):
    """Blocks [N, C · block, blocks] put back where they were cut out of an image, and added up: [N, C, *image_shape]."""
    image, block = image_shape.tolist(), block_shape.tolist()
    n = len(image)
    dilations, pads, strides = lists(n, dilations, pads, strides)
    whole = [size + begin + end for size, begin, end in zip(image, pads[:n], pads[n:], strict=True)]
    if n == 2 and input.is_floating_point() and input.numel():  # torch's fold takes no empty input
        filled = torch.nn.functional.fold(input, whole, block, dilations, 0, strides)
    else:
        places = block_places(whole, block, counts(image, block, dilations, pads, strides), dilations, strides)
        flat = movable(input).unflatten(1, (input.shape[1] // math.prod(block), math.prod(block))).flatten(2)
        filled = flat.new_zeros(*flat.shape[:2], math.prod(whole)).index_add(2, places.to(input.device), flat)
        filled = filled.unflatten(2, whole)
    inner = tuple(slice(begin, begin + size) for begin, size in zip(pads[:n], image, strict=True))
    return restored(filled[(..., *inner)].contiguous(), input.dtype)  # sums wrap alike with and without a sign


def block_places(whole, block, counted, dilations, strides):
    """Where each element of each block stands in the padded image, as one number; [block · blocks]."""
    n, index = len(whole), 0
    for i in range(n):
        place = torch.arange(block[i]).unsqueeze(1) * dilations[i] + torch.arange(counted[i]) * strides[i]
        one = [1] * n
        place = place.reshape([*one[:i], block[i], *one[i + 1 :], *one[:i], counted[i], *one[i + 1 :]])
        index = index * whole[i] + place
    return index.flatten()
