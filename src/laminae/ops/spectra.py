"""Signals as sums of waves: Fourier transforms whose last axis holds (real, imaginary), and the windows that frame a signal."""

import math

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec, format_shape
from laminae.ops.rules import axis_of, coded, int_list


def as_complex(x):
    """[..., 1] or [..., 2] as real or complex [...]; 16-bit floats go on as float32, which the transforms know."""
    x = x.float() if x.itemsize == 2 else x
    return x.squeeze(-1) if x.shape[-1] == 1 else torch.complex(x[..., 0], x[..., 1])


def as_pairs(spectrum, dtype):
    """Complex [...] as [..., 2]; real [...] as [..., 1]."""
    pairs = torch.view_as_real(spectrum.resolve_conj()) if spectrum.is_complex() else spectrum.unsqueeze(-1)
    return pairs.to(dtype)


def forward(signal, length, axis, onesided):
    """The transform of real or complex values; one-sided: the first half and one."""
    if onesided and not signal.is_complex():
        return torch.fft.rfft(signal, length, axis)
    spectrum = torch.fft.fft(signal, length, axis)
    return spectrum.narrow(axis, 0, spectrum.shape[axis] // 2 + 1) if onesided else spectrum


def transformed(input, length, axis, inverse, onesided):
    """What DFT computes, along `axis`, counted as in `input`; length: None for the signal's own."""
    axis %= input.ndim
    signal = as_complex(input)
    if not inverse:
        return as_pairs(forward(signal, length, axis, onesided), input.dtype)
    back = torch.fft.irfft if onesided else torch.fft.ifft
    return as_pairs(back(signal, length, axis), input.dtype)


def transformed_shape(input, length, axis, inverse, onesided):
    """length: a size (a number, a name, None where not known), or "own" for the signal's own."""
    axis = axis_of(axis, input.rank)
    if axis == input.rank - 1:
        raise ShapeError("the last axis holds real and imaginary parts", {"input": format_shape(input.shape), "axis": axis})
    size = input.shape[axis] if length == "own" else length
    if onesided and inverse and length == "own":
        size = 2 * (size - 1) if isinstance(size, int) else None
    elif onesided and not inverse:
        size = half(size)
    return Spec(input.dtype, (*input.shape[:axis], size, *input.shape[axis + 1 : -1], 1 if onesided and inverse else 2))


def half(size):
    """How many places a one-sided spectrum has."""
    return size // 2 + 1 if isinstance(size, int) else None


def fourier_cost(signals, length, real):
    """`signals` fast transforms of that length: 3 · n · log2 n, half of it for real signals.

    Cooley, Tukey 1965: n / 2 · log2 n butterflies, each a complex product and two complex sums, 6 multiply-adds.
    """
    return signals * 3 * length * max(1, length - 1).bit_length() // (2 if real else 1)


def scalar(x):
    """The content of an input of one integer: a number, a name, or None where not known."""
    return None if x is None or x.value is None else int_list(x)[0]


def window_shape(size, *, output_datatype=1, periodic=1):
    return Spec(coded(output_datatype), (scalar(size),))


def cosine_window(size, output_datatype, periodic, *coefficients):
    """Σ coefficients[i] · cos(2π i n / N) for n from 0 to size - 1, where N is size, or size - 1 unless periodic."""
    length = int(size)
    turns = torch.arange(length, dtype=torch.float64, device=size.device) * (2 * math.pi / max(length - (not periodic), 1))
    values = sum(c * torch.cos(i * turns) for i, c in enumerate(coefficients))
    return values.to(torch_dtype(from_code(output_datatype)))
