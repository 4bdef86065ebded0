"""The builder's layers: each is told what it is when made, and put in a graph by calling it on an Input or on placed values.

layer, placing, site, naming: the common part. build: from calls to a graph. edit: for a graph that is there already. init: how
weights start. The layers are by family: linear, convolution, pooling, normalization, recurrent, attention, activation,
shaping, joining, embedding, scaling.
"""

from laminae.layers.activation import ELU, GELU, HardSwish, LeakyReLU, Mish, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from laminae.layers.attention import MultiHeadAttention
from laminae.layers.convolution import Conv, ConvTranspose
from laminae.layers.embedding import Embedding, Positions
from laminae.layers.input import Input
from laminae.layers.joining import Add, Concat, Multiply
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.linear import Linear
from laminae.layers.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from laminae.layers.pooling import AvgPool, GlobalAvgPool, MaxPool, Mean
from laminae.layers.recurrent import GRU, LSTM
from laminae.layers.scaling import Denormalise, Normalise
from laminae.layers.shaping import Dropout, Flatten, Reshape

__all__ = [
    "ELU",
    "GELU",
    "GRU",
    "LSTM",
    "Add",
    "AvgPool",
    "BatchNorm",
    "BuilderLayer",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Denormalise",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAvgPool",
    "GroupNorm",
    "HardSwish",
    "Input",
    "InstanceNorm",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool",
    "Mean",
    "Mish",
    "MultiHeadAttention",
    "Multiply",
    "Normalise",
    "Placed",
    "Positions",
    "RMSNorm",
    "ReLU",
    "Reshape",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
