"""StringConcat. https://onnx.ai/onnx/operators/onnx__StringConcat.html"""

import numpy as np

from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.costs import free
from laminae.ops.registry import operator
from laminae.ops.rules import broadcast_shapes


def stringconcat_shape(X, Y):
    return Spec("string", broadcast_shapes(X.shape, Y.shape))


@operator("StringConcat", since=20, kind="text", shape=stringconcat_shape, cost=free)
def stringconcat(X, Y):
    """X followed by Y, element by element, broadcast."""
    return HostArray(np.asarray(np.add(X.numpy(), Y.numpy()), dtype=object))
