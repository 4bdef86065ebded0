"""StringSplit. https://onnx.ai/onnx/operators/onnx__StringSplit.html"""

import numpy as np

from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.casting import from_numpy
from laminae.ops.costs import free
from laminae.ops.registry import operator


def stringsplit_shape(X, *, delimiter="", maxsplit=-1):
    return Spec("string", (*X.shape, None)), Spec("int64", X.dims)


@operator("StringSplit", several=True, since=20, kind="text", shape=stringsplit_shape, cost=free)
def stringsplit(X, *, delimiter="", maxsplit=-1):
    """Y: the parts of each text, along a new last axis, padded by empty ones; Z: how many parts each has.

    Cut at each `delimiter`, at most `maxsplit` times where it is not negative; without one, at any white space, and
    none is left at either end.
    """
    texts = X.numpy().reshape(-1)
    parts = [text.split(delimiter, maxsplit) if delimiter else text.strip().split(None, maxsplit) for text in texts]
    counts = np.array([len(found) for found in parts], dtype=np.int64)
    longest = int(counts.max(initial=0))
    Y = np.full((len(parts), longest), "", dtype=object)
    for row, found in zip(Y, parts, strict=True):
        row[: len(found)] = found
    return HostArray(Y.reshape(*X.shape, longest)), from_numpy(counts.reshape(X.shape))
