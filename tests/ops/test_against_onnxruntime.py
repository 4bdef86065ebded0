"""Operators that the official cases say little about, against ONNX Runtime on random inputs."""

import numpy as np
import pytest

from tests.ops.runtime import RANDOM, compare, floats, integers, number


def regions(count, size):
    """[count, 4] as (x, y, x, y), some of them reaching outside."""
    corner = RANDOM.random((count, 2)) * size - 1
    return np.concatenate([corner, corner + RANDOM.random((count, 2)) * size], 1).astype(np.float32)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align(mode, ratio):
    X, rois, images = floats(2, 3, 10, 12), regions(9, 16), integers(9, high=2, dtype=np.int64)
    options = {"mode": mode, "sampling_ratio": ratio, "output_height": 3, "output_width": 2, "spatial_scale": 0.5, "domain": ""}
    compare("RoiAlign", [X, rois, images], opset=10, **options)
    compare("RoiAlign", [X, rois, images], opset=16, **options)
    compare("RoiAlign", [X, rois, images], opset=16, coordinate_transformation_mode="output_half_pixel", **options)
    compare("RoiAlign", [X, rois[:0], images[:0]], opset=16, **options)


def test_max_roi_pool():
    rois = np.concatenate([integers(9, 1, high=2), regions(9, 16)], 1).astype(np.float32)
    X = floats(2, 3, 10, 12)
    compare("MaxRoiPool", [X, rois], domain="", pooled_shape=[3, 2], spatial_scale=0.5)
    compare("MaxRoiPool", [X, rois], domain="", pooled_shape=[7, 7])


def test_deform_conv():
    X, W, B = floats(2, 4, 7, 6), floats(6, 2, 3, 2), floats(6)
    more = {"domain": "", "group": 2, "offset_group": 2, "pads": [1, 0, 1, 2], "strides": [2, 1], "dilations": [1, 2]}
    offset, mask = floats(2, 24, 4, 6), floats(2, 12, 4, 6)
    compare("DeformConv", [X, W, offset, B, mask], opset=22, atol=1e-4, **more)
    compare("DeformConv", [X, W, offset], opset=19, atol=1e-4, **more)


def test_col2im():
    sizes, block = number([5, 6], np.int64), number([2, 3], np.int64)
    more = {"domain": "", "opset": 18, "pads": [1, 0, 0, 2], "strides": [2, 1], "dilations": [1, 2]}
    compare("Col2Im", [floats(2, 18, 12), sizes, block], **more)
    compare("Col2Im", [floats(2, 8, 8), number([3, 3, 3], np.int64), number([2, 2, 2], np.int64)], domain="", opset=18)


def test_spectra():
    real, imaginary = floats(2, 9, 3, 1), floats(2, 9, 3, 2)
    for x in (real, imaginary):
        compare("DFT", [x], domain="", opset=17)
        compare("DFT", [x, number(12, np.int64)], domain="", opset=17, axis=-2)
        compare("DFT", [x, number(6, np.int64), number(1, np.int64)], domain="", opset=20)
    compare("DFT", [real], domain="", opset=17, onesided=1)
    compare("DFT", [imaginary], domain="", opset=20, inverse=1)
    signal, step, length = floats(2, 40, 1), number(6, np.int64), number(16, np.int64)
    compare("STFT", [signal, step, floats(16), length], domain="", opset=17, atol=1e-4)
    compare("STFT", [signal, step, None, length], domain="", opset=17, onesided=0, atol=1e-4)
    compare("STFT", [floats(2, 40, 2), step, floats(16), length], domain="", opset=17, onesided=0, atol=1e-4)


@pytest.mark.parametrize("name", ["HannWindow", "HammingWindow", "BlackmanWindow"])
@pytest.mark.parametrize("periodic", [0, 1])
def test_windows(name, periodic):
    compare(name, [number(10, np.int64)], domain="", opset=17, periodic=periodic)


def test_mel_weights():
    inputs = [number(n, np.int64) for n in (8, 64, 16000)] + [number(20.0), number(7600.0)]
    compare("MelWeightMatrix", inputs, domain="", opset=17)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses(reduction):
    scores, target, weight = floats(3, 5, 2, 4), integers(3, 2, 4, high=5, dtype=np.int64), np.abs(floats(5))
    more = {"domain": "", "opset": 13, "reduction": reduction}
    for ignored in ({}, {"ignore_index": 2}):
        compare("SoftmaxCrossEntropyLoss", [scores, target, weight], outputs=("y", "log"), **more, **ignored)
        compare("SoftmaxCrossEntropyLoss", [scores, target.astype(np.int32)], **more, **ignored)
        compare("NegativeLogLikelihoodLoss", [scores, target, weight], **more, **ignored)
    five = [floats(3, 5, 2, 2, 2), integers(3, 2, 2, 2, high=5, dtype=np.int64)]
    compare("NegativeLogLikelihoodLoss", five, **more)


def test_affine_grid():
    compare("AffineGrid", [floats(2, 2, 3), number([2, 3, 4, 5], np.int64)], domain="", opset=20, align_corners=1)
    compare("AffineGrid", [floats(2, 3, 4), number([2, 3, 4, 5, 6], np.int64)], domain="", opset=20)


def test_tensor_scatter():
    cache, update, where = floats(2, 3, 6, 4), floats(2, 3, 2, 4), number([3, 5], np.int64)
    compare("TensorScatter", [cache, update, where], domain="", opset=24, mode="circular")
    compare("TensorScatter", [cache, update], domain="", opset=24)
