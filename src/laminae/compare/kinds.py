"""What an operator computes, in one word for both vocabularies and for its quantised forms: so that layers can be matched."""

from __future__ import annotations

import re

FAMILIES = {
    "conv": "Conv ConvInteger QLinearConv FusedConv NhwcConv convolution",
    "convtranspose": "ConvTranspose conv_transpose",
    "linear": "Gemm MatMul MatMulInteger QLinearMatMul QGemm MatMulIntegerToFloat DynamicQuantizeMatMul MatMulNBits FusedMatMul"
              " FusedGemm linear matmul mm bmm addmm baddbmm mv",
    "batchnorm": "BatchNormalization batch_norm native_batch_norm",
    "layernorm": "LayerNormalization layer_norm native_layer_norm",
    "groupnorm": "GroupNormalization group_norm",
    "instancenorm": "InstanceNormalization instance_norm",
    "rmsnorm": "RMSNormalization SimplifiedLayerNormalization rms_norm",
    "averagepool": "AveragePool avg_pool",
    "globalaveragepool": "GlobalAveragePool adaptive_avg_pool",
    "attention": "Attention MultiHeadAttention scaled_dot_product_attention",
    "lstm": "LSTM DynamicQuantizeLSTM",
    "reshape": "Reshape Flatten Unsqueeze Squeeze view reshape flatten unflatten unsqueeze squeeze view_as _unsafe_view",
    "transpose": "Transpose permute transpose t movedim",
    "identity": "Identity Dropout contiguous clone dropout detach alias lift_fresh to _to_copy CastLike Cast type_as",
    "gather": "Gather embedding index_select select",
    "concat": "Concat cat",
    "slice": "Slice slice narrow",
    "expand": "Expand expand expand_as",
    "mean": "ReduceMean mean",
    "sum": "ReduceSum sum",
    "max": "ReduceMax amax",
    "min": "ReduceMin amin",
    "clip": "Clip clamp hardtanh relu6",
    "silu": "silu Swish",
    "pow": "Pow pow square",
    "neg": "Neg neg",
    "where": "Where where masked_fill",
}  # fmt: skip
"""Kind → the operators that compute it, of every vocabulary, overloads and the number of dimensions apart."""

_KINDS = {name: kind for kind, names in FAMILIES.items() for name in names.split()}

QUANTISING = frozenset(
    ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "quantize_per_tensor", "dequantize", "quantize_per_channel"]
)
"""Operators that only change how numbers are held: they belong to the layer that reads or makes them."""

HOLDING = QUANTISING | {"Cast", "CastLike", "Identity", "clone", "detach", "contiguous", "alias"}
"""Operators that only hold numbers in another way: they belong to the layer that reads or makes them."""

INTEGER = frozenset(["MatMulInteger", "ConvInteger"])
"""Operators whose whole numbers mean nothing until they are scaled."""

OUTPUT_SCALE = {
    "QuantizeLinear": 1, "QLinearConv": 6, "QLinearMatMul": 6, "QLinearAdd": 6, "QLinearMul": 6, "QLinearSigmoid": 3,
    "QLinearLeakyRelu": 3, "QLinearGlobalAveragePool": 3, "QLinearAveragePool": 3, "QLinearSoftmax": 3, "QLinearConcat": 0,
    "QLinearReduceMean": 3, "QLinearWhere": 7, "QGemm": 7,
}  # fmt: skip
"""The place of the scale by which an operator's output is held; the zero point is the next input."""

MOVING = frozenset(["reshape", "transpose", "identity", "maxpool", "gather", "slice", "expand", "resize", "split"])
"""Kinds whose output is held as their first input is."""

COMMUTATIVE = frozenset(["add", "mul"])


def kind(operator: str) -> str:
    """`Conv`, `QLinearConv` and `conv2d` are all `conv`; an operator of no family is its name in small letters."""
    base = operator.split(".")[0]
    base = re.sub(r"\d+d(_with_indices)?$", "", base).rstrip("_") if base.islower() else base
    if base in _KINDS:
        return _KINDS[base]
    return re.sub(r"[^a-z0-9]", "", base.removeprefix("QLinear").lower())
