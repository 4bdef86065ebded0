"""BitShift. https://onnx.ai/onnx/operators/onnx__BitShift.html"""

import numpy as np

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast
from laminae.ops.unsigned import in_numpy


@operator("BitShift", since=11, kind="bitwise", shape=broadcast, cost=per_output)
def bit_shift(X, Y, *, direction):
    """X · 2^Y (LEFT) or ⌊X / 2^Y⌋ (RIGHT), element by element, broadcast; bits shifted out are lost."""
    if direction not in ("LEFT", "RIGHT"):
        raise AttributeValueError(f"there is no direction {direction!r}", {"known": "LEFT, RIGHT"})
    left = direction == "LEFT"
    try:
        return torch.bitwise_left_shift(X, Y) if left else torch.bitwise_right_shift(X, Y)
    except NotImplementedError:
        return in_numpy(np.left_shift if left else np.right_shift, X, Y)
