"""CastMap. https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html"""

import numpy as np

from laminae.base.errors import ShapeError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec
from laminae.ops.casting import cast_to
from laminae.ops.classes import ML
from laminae.ops.registry import operator

TARGETS = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}


def castmap_shape(X, *, cast_to="TO_FLOAT", map_form="DENSE", max_map=1):
    return Spec(TARGETS.get(cast_to), (1, max_map if map_form == "SPARSE" else None))


def cast_map(X, *, cast_to="TO_FLOAT", map_form="DENSE", max_map=1):
    """The values of a map in the order of their keys: [1, entries]; SPARSE: each at the place of its key, [1, max_map]."""
    values = X
    if map_form == "SPARSE":
        if any(not 0 <= key < max_map for key in X):
            raise ShapeError("a key of the map is outside max_map", {"max_map": max_map, "keys": sorted(X)[:10]})
        values = {key: "" if cast_to == "TO_STRING" else "0" for key in range(max_map)} | X
    texts = [value if isinstance(value, str) else repr(float(value)) for _, value in sorted(values.items())]
    return _cast(HostArray(np.array([texts], dtype=object)), X, cast_to)
