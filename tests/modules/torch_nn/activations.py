"""Functions of one tensor."""

from __future__ import annotations

from torch import nn

from tests.modules.torch_nn.making import Rows, line, plane, volume


def activations() -> Rows:
    """Functions of one tensor."""
    default = (
        "CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU RReLU ReLU ReLU6 SELU SiLU "
        "Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"
    )
    inplace = "CELU ELU Hardsigmoid Hardswish Hardtanh LeakyReLU Mish RReLU ReLU ReLU6 SELU SiLU"
    return {name: (getattr(nn, name)(), (3 * line(),)) for name in default.split()} | {
        **{f"{name}:inplace": (nn.Sequential(nn.Linear(10, 10), getattr(nn, name)(inplace=True)), (line(),)) for name in inplace.split()},
        "ELU:alpha": (nn.ELU(0.3), (line(),)),
        "GELU:tanh": (nn.GELU("tanh"), (line(),)),
        "Hardtanh:range": (nn.Hardtanh(-0.3, 0.8), (line(),)),
        "PReLU:channels": (nn.PReLU(4), (line(),)),
        "Softplus:beta": (nn.Softplus(3, 2), (line(),)),
        "Threshold": (nn.Threshold(0.1, -7), (line(),)),
        "Threshold:inplace": (nn.Sequential(nn.Linear(10, 10), nn.Threshold(0.1, -7, inplace=True)), (line(),)),
        "GLU": (nn.GLU(1), (line(),)),
        "Softmax": (nn.Softmax(1), (line(),)),
        "Softmin": (nn.Softmin(-1), (line(),)),
        "LogSoftmax": (nn.LogSoftmax(-1), (line(),)),
        "Softmax2d": (nn.Softmax2d(), (plane(),)),
        "Dropout": (nn.Dropout(0.4), (line(),)),
        "Dropout:inplace": (nn.Dropout(0.4, inplace=True), (line(),)),
        "Dropout:training": (nn.Dropout(0.4), (line(),)),
        "Dropout1d": (nn.Dropout1d(0.4), (line(),)),
        "Dropout2d": (nn.Dropout2d(0.4), (plane(),)),
        "Dropout2d:training": (nn.Dropout2d(0.4), (plane(),)),
        "Dropout3d": (nn.Dropout3d(0.4), (volume(),)),
        "AlphaDropout": (nn.AlphaDropout(0.4), (line(),)),
        "AlphaDropout:training": (nn.AlphaDropout(0.4), (line(),)),
        "FeatureAlphaDropout": (nn.FeatureAlphaDropout(0.4), (volume(),)),
        "FeatureAlphaDropout:training": (nn.FeatureAlphaDropout(0.4), (volume(),)),
    }  # fmt: skip
