"""CategoryMapper. https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html"""

from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.prepared import prepared
from laminae.ops.tables import lookup


def categorymapper_shape(X, **attributes):
    return Spec({"string": "int64", "int64": "string"}.get(X.dtype), X.dims)


@prepared("CategoryMapper", kind="selection", shape=categorymapper_shape, cost=free, domain=ML)
def categorymapper(*, cats_int64s=(), cats_strings=(), default_int64=-1, default_string="_Unused"):
    """Strings as the integers that stand in the same place of the other list, or integers as strings."""
    numbers = lookup(cats_strings, cats_int64s, default_int64, "int64")
    names = lookup(cats_int64s, cats_strings, default_string, "string")
    return lambda X: numbers(X) if X.dtype == "string" else names(X)
