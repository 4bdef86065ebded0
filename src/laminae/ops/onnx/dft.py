"""DFT. https://onnx.ai/onnx/operators/onnx__DFT.html"""

from laminae.base.shapes import Unknown
from laminae.ops.registry import operator
from laminae.ops.spectra import scalar, transformed, transformed_shape


def dft_shape(input, dft_length=None, axis=None, *, inverse=0, onesided=0):
    if axis is not None and not isinstance(scalar(axis), int):
        raise Unknown
    return dft_shape_17(input, dft_length, axis=-2 if axis is None else scalar(axis), inverse=inverse, onesided=onesided)


def dft_shape_17(input, dft_length=None, *, axis=1, inverse=0, onesided=0):
    return transformed_shape(input, "own" if dft_length is None else scalar(dft_length), axis, inverse, onesided)


@operator("DFT", since=20, kind="spectrum", shape=dft_shape)
def dft(input, dft_length=None, axis=None, *, inverse=0, onesided=0):
    """y[k] = Σ x[n] e^(-2πi k n / N) along `axis` (the last but one), or its inverse; input [..., 1] real or [..., 2] complex.

    The signal is cut or filled with zeros to N = dft_length. One-sided: N // 2 + 1 places of the spectrum of a real signal.
    """
    return dft_17(input, dft_length, axis=-2 if axis is None else int(axis), inverse=inverse, onesided=onesided)


@operator("DFT", since=17, kind="spectrum", shape=dft_shape_17)
def dft_17(input, dft_length=None, *, axis=1, inverse=0, onesided=0):
    """Until opset 19 the axis is an attribute, and 1 where not given."""
    return transformed(input, None if dft_length is None else int(dft_length), axis, inverse, onesided)
