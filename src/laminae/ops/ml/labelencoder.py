"""LabelEncoder. https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html"""

from laminae.base.arrays import as_numpy
from laminae.base.dtypes import dtype_name
from laminae.base.shapes import Spec
from laminae.ops.classes import ML
from laminae.ops.costs import free
from laminae.ops.prepared import prepared
from laminae.ops.tables import lookup


def labelencoder_shape(X, *, values_tensor=None, values_strings=(), values_int64s=(), **attributes):
    if values_tensor is not None:
        return Spec(dtype_name(values_tensor), X.dims)
    return Spec("string" if values_strings else "int64" if values_int64s else "float32", X.dims)


@prepared("LabelEncoder", since=2, kind="selection", shape=labelencoder_shape, cost=free, domain=ML)
def labelencoder(
    *, default_float=-0.0, default_int64=-1, default_string="_Unused", default_tensor=None, keys_floats=(), keys_int64s=(),
    keys_strings=(), keys_tensor=None, values_floats=(), values_int64s=(), values_strings=(), values_tensor=None,
):  # fmt: skip
    """Each element as the value that belongs to it as a key, or the default; any shape, same shape out.

    NaN is a key as any other; of equal keys the last one holds.
    """
    keys = keys_floats or keys_int64s or keys_strings or as_numpy(keys_tensor).reshape(-1).tolist()
    if values_tensor is not None:
        kind = dtype_name(values_tensor)
        default = default_string if kind == "string" else default_int64 if "int" in kind else default_float
        default = as_numpy(default_tensor).item() if default_tensor is not None else default
        return lookup(keys, as_numpy(values_tensor).reshape(-1).tolist(), default, dtype_name(values_tensor))
    if values_strings:
        return lookup(keys, values_strings, default_string, "string")
    if values_int64s:
        return lookup(keys, values_int64s, default_int64, "int64")
    return lookup(keys, values_floats, default_float, "float32")


def labelencoder_shape_1(X, **attributes):
    return Spec({"string": "int64", "int64": "string"}.get(X.dtype), X.dims)


@prepared("LabelEncoder", since=1, kind="selection", shape=labelencoder_shape_1, cost=free, domain=ML)
def labelencoder_1(*, classes_strings=(), default_int64=-1, default_string="_Unused"):
    """In version 1, strings become their places in `classes_strings`, or places strings."""
    places = range(len(classes_strings))
    numbers, names = (
        lookup(classes_strings, places, default_int64, "int64"),
        lookup(places, classes_strings, default_string, "string"),
    )
    return lambda X: numbers(X) if X.dtype == "string" else names(X)
