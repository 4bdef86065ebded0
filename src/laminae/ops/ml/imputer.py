"""Imputer. https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html"""

import math

from laminae.base import torch
from laminae.ops.classes import ML, per_column
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("Imputer", kind="selection", shape=same_shape, cost=per_output, domain=ML)
def imputer(X, *, imputed_value_floats=(), imputed_value_int64s=(), replaced_value_float=0.0, replaced_value_int64=0):
    """X with what is missing, the elements equal to the replaced value (NaN too), replaced by one number, or one per column."""
    if X.is_floating_point():
        values, replaced = imputed_value_floats, replaced_value_float
    else:
        values, replaced = imputed_value_int64s, replaced_value_int64
    per_column("imputed values", values, X)
    missing = X.isnan() if math.isnan(replaced) else replaced == X
    return torch.where(missing, torch.tensor(values, dtype=X.dtype, device=X.device), X)
