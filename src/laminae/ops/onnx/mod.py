"""Mod. https://onnx.ai/onnx/operators/onnx__Mod.html"""

import numpy as np

from laminae.base import torch
from laminae.base.errors import AttributeValueError
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.shape_arithmetic import elementwise, numbers_only
from laminae.ops.unsigned import in_numpy

floored = elementwise(numbers_only(lambda a, b: a % b if isinstance(a, int) else None))
truncated = elementwise(numbers_only(lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1)))


def mod_shape(A, B, *, fmod=0):
    return truncated(A, B) if fmod else floored(A, B)


@operator("Mod", since=10, kind="arithmetic", shape=mod_shape, cost=per_output)
def mod(A, B, *, fmod=0):
    """The remainder of A / B, with B's sign, or with A's where `fmod` is 1; element by element, broadcast."""
    if fmod not in (0, 1):
        raise AttributeValueError(f"fmod cannot be {fmod}", {"known": "0, 1"})
    try:
        if fmod:
            return torch.fmod(A, B)
        remainder = torch.remainder(A, B)
    except NotImplementedError:
        return in_numpy(np.fmod if fmod else np.remainder, A, B)
    # torch gives a zero A's sign, the standard B's
    return torch.where(remainder == 0, torch.copysign(remainder, B), remainder) if A.is_floating_point() else remainder
