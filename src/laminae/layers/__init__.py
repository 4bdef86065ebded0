"""The builder's layers: each is told what it is when made, and put in a graph by calling it on an Input or on placed values.

layer, placing, site, naming: the common part. build: from calls to a graph. init: how weights start. The layers are by family:
linear, convolution, pooling, normalization, recurrent, attention, activation, shaping, joining, embedding.
"""

from laminae.layers.activation import ELU, GELU, HardSwish, LeakyReLU, Mish, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from laminae.layers.build import build, chain
from laminae.layers.convolution import Conv, ConvTranspose
from laminae.layers.embedding import Embedding
from laminae.layers.input import Input
from laminae.layers.joining import Add, Concat, Multiply
from laminae.layers.layer import BuilderLayer, Placed
from laminae.layers.linear import Linear
from laminae.layers.pooling import AvgPool, GlobalAvgPool, MaxPool
from laminae.layers.shaping import Dropout, Flatten, Reshape
