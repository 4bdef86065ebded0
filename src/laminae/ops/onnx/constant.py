"""Constant. https://onnx.ai/onnx/operators/onnx__Constant.html"""

import numpy as np

from laminae.base import torch
from laminae.base.arrays import as_value
from laminae.base.dtypes import dtype_name
from laminae.base.errors import AttributeValueError
from laminae.base.host import HostArray
from laminae.base.shapes import Spec, Unknown
from laminae.ops.costs import view
from laminae.ops.registry import operator
from laminae.ops.rules import constant as known_value


def constant_shape(
    *,
    value=None,
    sparse_value=None,
    value_float=None,
    value_floats=None,
    value_int=None,
    value_ints=None,
    value_string=None,
    value_strings=None,
):
    if value is not None:
        return known_value(value, dtype_name(value))
    if value_int is not None or value_ints is not None:
        return known_value(np.array(value_int if value_ints is None else value_ints, dtype=np.int64), "int64")
    if value_float is not None or value_floats is not None:
        return known_value(np.array(value_float if value_floats is None else value_floats, dtype=np.float32), "float32")
    if value_string is not None:
        return Spec("string", ())
    if value_strings is not None:
        return Spec("string", (len(value_strings),))
    if sparse_value is not None:
        return Spec(dtype_name(sparse_value.values), sparse_value.shape)
    raise Unknown


@operator("Constant", kind="constant", shape=constant_shape, cost=view, aliases=True)
def constant(
    *,
    value=None,
    sparse_value=None,
    value_float=None,
    value_floats=None,
    value_int=None,
    value_ints=None,
    value_string=None,
    value_strings=None,
):
    """The one attribute that is given, as a tensor."""
    given = (value, sparse_value, value_float, value_floats, value_int, value_ints, value_string, value_strings)
    if sum(x is not None for x in given) > 1:
        raise AttributeValueError("a Constant of more than one value")
    if value is not None:
        return value
    if value_int is not None or value_ints is not None:
        return torch.tensor(value_int if value_ints is None else value_ints, dtype=torch.int64)
    if value_float is not None or value_floats is not None:
        return torch.tensor(value_float if value_floats is None else value_floats, dtype=torch.float32)
    if sparse_value is not None:
        return as_value(sparse_value.dense())
    if value_string is not None or value_strings is not None:
        return HostArray(np.array(value_string if value_strings is None else value_strings, dtype=object))
    raise AttributeValueError("a Constant without a value")
