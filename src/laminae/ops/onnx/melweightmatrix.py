"""MelWeightMatrix. https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html"""

import math

from laminae.base import torch
from laminae.base.dtypes import from_code, torch_dtype
from laminae.base.shapes import Spec
from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.rules import coded
from laminae.ops.spectra import half, scalar


def melweightmatrix_shape(num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz, *, output_datatype=1):
    return Spec(coded(output_datatype), (half(scalar(dft_length)), scalar(num_mel_bins)))


@operator("MelWeightMatrix", since=17, kind="constant", shape=melweightmatrix_shape, cost=per_output)
def melweightmatrix(num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz, *, output_datatype=1):
    """What leads from a spectrum to mel bands: [dft_length // 2 + 1, num_mel_bins], each column a triangle of height 1.

    The corners are num_mel_bins + 2 frequencies, evenly spaced on the scale mel(f) = 2595 log10(1 + f / 700).
    """
    bands, length = int(num_mel_bins), int(dft_length)
    low, high = (2595 * math.log10(1 + edge.item() / 700) for edge in (lower_edge_hertz, upper_edge_hertz))
    mels = low + (high - low) / (bands + 2) * torch.arange(bands + 2, dtype=torch.float64, device=num_mel_bins.device)
    corners = ((length + 1) * 700 * (10 ** (mels / 2595) - 1) / sample_rate.item()).floor()
    left, centre, right = corners[:-2], corners[1:-1], corners[2:]
    place = torch.arange(length // 2 + 1, device=corners.device).unsqueeze(1)
    rising, falling = (place - left) / (centre - left), (right - place) / (right - centre)
    sides = torch.where(place < centre, rising, torch.where(place == centre, 1.0, falling))
    inside = ((place >= left) & (place <= centre)) | ((place >= centre) & (place < right))
    return torch.where(inside, sides, 0.0).to(torch_dtype(from_code(output_datatype)))
