"""What random nodes found in windows, resampling, products, recurrences and attention, beside the words of the standard.

First what Laminae had wrong; then where the reference evaluator is wrong, and what is right by the sentence (or ONNX Runtime).
"""

import ml_dtypes
import numpy as np
import pytest

import laminae as lm
from laminae.base.arrays import as_numpy
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy


def run(operator, opset, inputs, attributes, outputs):
    drawn = Drawn(inputs, attributes, outputs)
    model = proto(Strategy(operator, "", (opset,), lambda draw, opset: drawn, ()), opset, drawn)
    values = lm.open(model).run({f"x{i}": x for i, x in enumerate(inputs) if x is not None}).values
    return [as_numpy(values[f"y{i}"]) for i in range(outputs)]


def floats(*numbers, shape=(1, 1, -1), dtype=np.float32):
    return np.array(numbers, dtype).reshape(shape)


def ints(*numbers, shape=(-1,), dtype=np.int64):
    return np.array(numbers, dtype).reshape(shape)


THREE = {"kernel_shape": [3], "pads": [1, 1]}

OURS = {
    "the largest of the smallest integers is an element, not a pad": (
        "MaxPool", 12, [ints(0, 0, 0, shape=(1, 1, 3), dtype=np.uint8)], THREE,
        [ints(0, 0, 0, shape=(1, 1, 3), dtype=np.uint8), ints(0, 0, 1, shape=(1, 1, 3))],
    ),
    "so it is with signs": (
        "MaxPool", 12, [ints(-128, -128, shape=(1, 1, 2), dtype=np.int8)], THREE,
        [ints(-128, -128, shape=(1, 1, 2), dtype=np.int8), ints(0, 0, shape=(1, 1, 2))],
    ),
    "x_original = length_resized > 1 ? (x_resized + 0.5) / scale - 0.5 : 0": (
        "Resize", 19, [floats(1, 2, 3, 4, shape=-1), None, None, ints(1)],
        {"mode": "cubic", "coordinate_transformation_mode": "pytorch_half_pixel"}, [floats(1, shape=-1)],
    ),
    "x_original = (x_resized + 0.5) / scale": (
        "Resize", 11, [floats(1, 2, 3, 4, shape=-1), floats(shape=-1), floats(0.5, shape=-1)],
        {"coordinate_transformation_mode": "tf_half_pixel_for_nn"}, [floats(2, 4, shape=-1)],
    ),
    "grids of 16-bit floats": (
        "AffineGrid", 20, [floats(1, 0, 0, 0, 1, 0, shape=(1, 2, 3), dtype=np.float16), ints(1, 1, 2, 2)], {},
        [floats(-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5, shape=(1, 2, 2, 2), dtype=np.float16)],
    ),
    "a diagonal of int32 summed with others": (
        "Einsum", 12, [np.array(2, np.int32), ints(1, 2, dtype=np.int32), ints(*range(1, 9), shape=(2, 2, 2), dtype=np.int32)],
        {"equation": ",i,ijj"}, [np.array(62, np.int32)],
    ),
    "the inverse transform of a real signal": (
        "DFT", 20, [floats(1, 2, 3, 4, shape=(1, 4, 1))], {"inverse": 1},
        [floats(2.5, 0, -0.5, -0.5, -0.5, 0, -0.5, 0.5, shape=(1, 4, 2))],
    ),
    "a product of integers times alpha stays of integers": (
        "Gemm", 13, [ints(3, shape=(1, 1), dtype=np.int32), ints(5, shape=(1, 1), dtype=np.int32)], {"alpha": 2.0},
        [ints(30, shape=(1, 1), dtype=np.int32)],
    ),
    "unsigned, with B turned": (
        "Gemm", 13, [ints(3, shape=(1, 1), dtype=np.uint32), ints(5, shape=(1, 1), dtype=np.uint32)], {"transB": 1},
        [ints(15, shape=(1, 1), dtype=np.uint32)],
    ),
}  # fmt: skip

LOSS = {"ignore_index": -1}

THEIRS = {
    "group: number of groups input channels and output channels are divided into": (
        "ConvTranspose", 22, [floats(1, 10, shape=(1, 2, 1)), floats(1, 2, 3, 4, shape=(2, 2, 1)), floats(1, 2, 3, 4, shape=-1)],
        {"group": 2}, [floats(2, 4, 33, 44, shape=(1, 4, 1))],
    ),
    "Else: pads[start_i] = total_padding[i] - (total_padding[i]/2); pads[end_i] = (total_padding[i]/2)": (
        "ConvTranspose", 22, [floats(1, 2), floats(1, 1, 1)], {"strides": [2], "output_shape": [4]}, [floats(1, 3, 2, 2)],
    ),
    "deformed over an axis of one": (
        "DeformConv", 19, [floats(1, 2, shape=(1, 1, 1, 2)), floats(2, shape=(1, 1, 1, 1)), np.zeros((1, 2, 1, 2), np.float32)],
        {}, [floats(2, 4, shape=(1, 1, 1, 2))],
    ),
    "w_zero_point: a 1-D tensor, its number of elements should be equal to the number of output channels": (
        "ConvInteger", 10, [ints(9, shape=(1, 1, 1), dtype=np.uint8), ints(5, 6, shape=(2, 1, 1), dtype=np.uint8), None,
                            ints(1, 2, dtype=np.uint8)],
        {}, [ints(36, 36, shape=(1, 2, 1), dtype=np.int32)],
    ),
    "ceil_mode: the last window sticks out at the end": (
        "AveragePool", 19, [floats(1, 2, 3, 4)], {"kernel_shape": [3], "strides": [3], "ceil_mode": 1}, [floats(2, 4)],
    ),
    "pad_shape[i] = (output_spatial_shape[i] - 1) * strides + ((kernel_spatial_shape[i] - 1) * dilations[i] + 1) - input": (
        "AveragePool", 19, [floats(1, 5, 3)], {"kernel_shape": [2], "dilations": [2], "auto_pad": "SAME_UPPER"}, [floats(5, 2, 5)],
    ),
    "before count_include_pad, pads are not counted": (
        "AveragePool", 1, [floats(2, 4)], {"kernel_shape": [2], "pads": [1, 1]}, [floats(2, 3, 4)],
    ),
    "the Lp norm on all values of a subset": ("LpPool", 18, [floats(3, 4)], {"kernel_shape": [2], "pads": [1, 0]}, [floats(3, 5)]),
    "[x1_begin, x2_begin...x1_end, x2_end,...]": (
        "MaxPool", 12, [floats(1, 2, shape=(1, 1, 1, 2))], {"kernel_shape": [1, 2], "pads": [0, 1, 0, 0]},
        [floats(1, 2, shape=(1, 1, 1, 2))],
    ),
    "SAME_LOWER: output_shape[i] = ceil(input_shape[i] / strides[i])": (
        "MaxPool", 12, [floats(1, 5, 3)], {"kernel_shape": [2], "strides": [2], "auto_pad": "SAME_LOWER"}, [floats(1, 5)],
    ),
    "max pooling across the values in the same channel": (
        "GlobalMaxPool", 22, [floats(1, 2, 4, 3, shape=(1, 2, 2))], {}, [floats(2, 4, shape=(1, 2, 1))],
    ),
    "lp pool pooling across the values in the same channel": ("GlobalLpPool", 22, [floats(3, 4)], {}, [floats(5)]),
    "border: use border values for out-of-bound grid locations": (
        "GridSample", 20, [floats(1, 5, 2, 3, 7, 4, 0, 2, 9, shape=(1, 1, 3, 3)), floats(1.19, 0, shape=(1, 1, 1, 2))],
        {"mode": "cubic", "padding_mode": "border"}, [floats(3.918357, shape=(1, 1, 1, 1))],
    ),
    "positions evenly spaced, of which one alone is the middle; grid (T1), as theta": (
        "AffineGrid", 20, [floats(1, 0, 0, 0, 1, 0, shape=(1, 2, 3), dtype=np.float64), ints(1, 1, 1, 2)], {"align_corners": 1},
        [floats(-1, 0, 1, 0, shape=(1, 1, 2, 2), dtype=np.float64)],
    ),
    "Negative value means counting dimensions from the back": (
        "Resize", 19, [floats(1, 2, shape=(1, 2)), None, None, ints(4)], {"axes": [-1]}, [floats(1, 1, 2, 2, shape=(1, 4))],
    ),
    "zero point tensor may be an M element vector": (
        "MatMulInteger", 10, [ints(3, 5, shape=(2, 1), dtype=np.uint8), ints(2, 4, shape=(1, 2), dtype=np.uint8),
                              ints(1, 2, dtype=np.uint8)],
        {}, [ints(4, 8, 6, 12, shape=(2, 2), dtype=np.int32)],
    ),
    "so may the scale": (
        "QLinearMatMul", 21,
        [ints(3, 5, shape=(2, 1), dtype=np.uint8), floats(1, 2, shape=-1), ints(1, 2, dtype=np.uint8),
         ints(2, 4, shape=(1, 2), dtype=np.uint8), np.float32(1), np.uint8(0), floats(1, 3, shape=-1), ints(0, 7, dtype=np.uint8)],
        {}, [ints(4, 8, 11, 15, shape=(2, 2), dtype=np.uint8)],
    ),
    "'output_half_pixel' to omit the pixel shift for the input (use this for a backward-compatible behavior)": (
        "RoiAlign", 10, [floats(0.82, shape=(1, 1, 1, 1)), floats(-0.6722, -0.8678, 5.506, 6.302, shape=(1, 4)), ints(0)], {},
        [floats(0.05857143, shape=(1, 1, 1, 1))],
    ),
    "max_output_boxes_per_class: Default to 0, which means no output": (
        "NonMaxSuppression", 11, [floats(0, 0, 1, 1, shape=(1, 1, 4)), floats(1)], {}, [np.zeros((0, 3), np.int64)],
    ),
    "mean: the sum of the output will be divided by the sum of applied weights": (
        "NegativeLogLikelihoodLoss", 13, [floats(-1, -2, -3, -4, shape=(2, 2)), ints(0, -1)], LOSS, [np.array(1, np.float32)],
    ),
    "0 (default): raw QK matmul result": (
        "Attention", 23, [floats(2, shape=(1, 1, 1, 1)), floats(3, shape=(1, 1, 1, 1)), floats(4, shape=(1, 1, 1, 1))],
        {"scale": 1.0, "softcap": 1.0}, [floats(n, shape=(1, 1, 1, 1)) for n in (4, 3, 4, 6)],
    ),
    "clip: … is applied to the input of activations: that of h too, which ONNX Runtime leaves": (
        "LSTM", 14, [floats(0), np.zeros((1, 4, 1), np.float32), np.zeros((1, 4, 1), np.float32), None, None, None, floats(4)],
        {"hidden_size": 1, "clip": 0.5}, [floats(0.5 * np.tanh(0.5), shape=(1, 1, 1, 1))],
    ),
    "ThresholdedRelu(x) - x if x >= alpha else 0, where ONNX Runtime asks for more": (
        "RNN", 14, [floats(1), floats(1), floats(0)], {"hidden_size": 1, "activations": ["ThresholdedRelu"], "activation_alpha": [1.0]},
        [floats(1, shape=(1, 1, 1, 1))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("operator", "opset", "inputs", "attributes", "expected"), (OURS | THEIRS).values(), ids=(OURS | THEIRS))
def test_it_is_as_the_sentence_says(operator, opset, inputs, attributes, expected):
    inputs = [np.asarray(x) if x is not None else None for x in inputs]
    for found, right in zip(run(operator, opset, inputs, attributes, len(expected)), expected, strict=True):
        assert found.dtype == right.dtype
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16])
def test_16_bit_floats_strided_along_the_last_axis(dtype):
    """torch's own kernels read past the rows there: numbers of 1e14 in bfloat16, a crash in float16."""
    generator = np.random.default_rng(0)
    for _ in range(60):
        sizes = tuple(generator.integers(1, 6, 3))
        kernel = [int(generator.integers(1, min(2, size) + 1)) for size in sizes]
        X = generator.uniform(-1, 1, (2, 4, *sizes)).astype(dtype)
        W = generator.uniform(-1, 1, (4, 2, *kernel)).astype(dtype)
        options = {"strides": [1, 1, 2], "group": 2, "pads": [0, 0, 1, 0, 0, 1]}
        (found,) = run("Conv", 22, [X, W], options, 1)
        (wanted,) = run("Conv", 22, [X.astype(np.float32), W.astype(np.float32)], options, 1)
        np.testing.assert_allclose(found.astype(np.float32), wanted, rtol=2e-2, atol=2e-2)
