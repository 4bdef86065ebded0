"""CastMap. https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html"""

from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.maps import empty, row_of
from laminae.ops.registry import operator

TARGETS = {"TO_FLOAT": "float32", "TO_STRING": "string", "TO_INT64": "int64"}


def castmap_shape(X, *, cast_to="TO_FLOAT", map_form="DENSE", max_map=1):
    return Spec(TARGETS.get(cast_to), (1, max_map if map_form == "SPARSE" else None))


@operator("CastMap", kind="cast", shape=castmap_shape, cost=free, domain=ML)
def castmap(X, *, cast_to="TO_FLOAT", map_form="DENSE", max_map=1):
    """The values of a map in the order of their keys: [1, entries]; SPARSE: each at the place of its key, [1, max_map]."""
    if cast_to not in TARGETS:
        raise AttributeValueError(f"no cast_to {cast_to!r}", {"known": ", ".join(TARGETS)})
    if map_form not in ("DENSE", "SPARSE"):
        raise AttributeValueError(f"no map_form {map_form!r}", {"known": "DENSE, SPARSE"})
    dtype = TARGETS[cast_to]
    if map_form == "DENSE":
        return row_of([X[key] for key in sorted(X)], dtype)
    if any(not 0 <= key < max_map for key in X):
        raise ShapeError("a key of the map is outside max_map", {"max_map": max_map, "keys": sorted(X)[:10]})
    given = row_of([X[key] for key in sorted(X)], dtype).tolist()[0]
    values = dict.fromkeys(range(max_map), empty(dtype)) | dict(zip(sorted(X), given, strict=True))
    return row_of(list(values.values()), dtype)
