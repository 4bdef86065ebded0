"""DFT. https://onnx.ai/onnx/operators/onnx__DFT.html"""

import math

from laminae.base.shapes import Unknown, known
from laminae.ops.registry import operator
from laminae.ops.spectra import fourier_cost, scalar, transformed, transformed_shape


def dft_shape(input, dft_length=None, axis=None, *, inverse=0, onesided=0):
    if axis is not None and not isinstance(scalar(axis), int):
        raise Unknown
    return dft_shape_17(input, dft_length, axis=-2 if axis is None else scalar(axis), inverse=inverse, onesided=onesided)


def dft_shape_17(input, dft_length=None, *, axis=1, inverse=0, onesided=0):
    return transformed_shape(input, "own" if dft_length is None else scalar(dft_length), axis, inverse, onesided)


def dft_cost(input, dft_length=None, axis=None, *, outputs, **attributes):
    return dft_cost_17(input, dft_length, axis=-2 if axis is None else scalar(axis), outputs=outputs, **attributes)


def dft_cost_17(input, dft_length=None, *, axis=1, inverse=0, onesided=0, outputs):
    if not isinstance(axis, int):
        raise Unknown
    longest = outputs[0] if inverse or not onesided else input
    length = known(longest.shape)[axis] if dft_length is None or not isinstance(scalar(dft_length), int) else scalar(dft_length)
    return fourier_cost(math.prod(known(input.shape[:-1])) // max(1, known(input.shape)[axis]), length, input.shape[-1] == 1)


@operator("DFT", since=20, kind="spectrum", shape=dft_shape, cost=dft_cost)
def dft(input, dft_length=None, axis=None, *, inverse=0, onesided=0):
    """y[k] = Σ x[n] e^(-2πi k n / N) along `axis` (the last but one), or its inverse; input [..., 1] real or [..., 2] complex.

    The signal is cut or filled with zeros to N = dft_length. One-sided: N // 2 + 1 places of the spectrum of a real signal.
    """
    return dft_17(input, dft_length, axis=-2 if axis is None else int(axis), inverse=inverse, onesided=onesided)


@operator("DFT", since=17, kind="spectrum", shape=dft_shape_17, cost=dft_cost_17)
def dft_17(input, dft_length=None, *, axis=1, inverse=0, onesided=0):
    """Until opset 19 the axis is an attribute, and 1 where not given."""
    return transformed(input, None if dft_length is None else int(dft_length), axis, inverse, onesided)
