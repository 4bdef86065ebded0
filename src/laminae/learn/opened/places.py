"""Where operators of the main domain read what learns, and where what does not: the inputs by number."""

from __future__ import annotations

WEIGHTS: dict[str, tuple[int, ...]] = {
    "BatchNormalization": (1, 2),
    "CausalConvWithState": (1, 2),
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "DeformConv": (1, 3),
    "Einsum": tuple(range(8)),
    "GRU": (1, 2, 3),
    "Gather": (0,),
    "Gemm": (0, 1, 2),
    "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "LSTM": (1, 2, 3, 7),
    "LayerNormalization": (1, 2),
    "MatMul": (0, 1),
    "PRelu": (1,),
    "RMSNormalization": (1,),
    "RNN": (1, 2, 3),
    "SimplifiedLayerNormalization": (1,),
}
"""Inputs that are weights, of one element too."""

SETTINGS: dict[str, tuple[int, ...]] = {
    "Attention": (3,),
    "Clip": (1, 2),
    "DequantizeLinear": (1, 2),
    "Dropout": (1, 2),
    "GRU": (5,),
    "GridSample": (1,),
    "LSTM": (5, 6),
    "OneHot": (1, 2),
    "Pad": (2,),
    "Pow": (1,),
    "QuantizeLinear": (1, 2),
    "RNN": (5,),
    "Resize": (1, 2, 3),
    "RoiAlign": (1,),
    "RotaryEmbedding": (1, 2),
    "STFT": (2,),
    "ScatterElements": (0,),
    "ScatterND": (0,),
    "Upsample": (1,),
}
"""Inputs that set how the operator works, or where it begins: bounds, ratios, scales, masks, first states."""

ALL_SETTINGS = frozenset(
    ("Range", "NonMaxSuppression", "TopK", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mod",
     "Where", "ConstantOfShape", "Bernoulli", "Multinomial", "MelWeightMatrix", "DFT", "CumSum", "MaxRoiPool", "NonZero", "Sign",
     "Floor", "Ceil", "Round", "IsNaN", "IsInf", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger",
     "TfIdfVectorizer")
)  # fmt: skip
"""Operators that no weight goes into by any input."""

ARITHMETIC = frozenset(("Add", "Sub", "Mul", "Div", "Sum", "Mean"))
"""Operators that take weights as well as numbers of a formula: which, is told by what stands beside them."""

CARRIERS = frozenset(
    ("Cast", "CastLike", "Concat", "DequantizeLinear", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze",
     "Tile", "Transpose", "Unsqueeze")
)  # fmt: skip
"""Operators that hand their first input on, in another form: what it is, those say who read the outcome."""

LINEAR = frozenset(("Conv", "ConvTranspose", "Einsum", "Gemm", "MatMul"))
"""Operators after which a bias comes."""
