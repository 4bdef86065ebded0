"""What random nodes found in reductions and normalizations; what is right by the standard's words or ONNX Runtime."""

import math

import ml_dtypes
import numpy as np
import onnxruntime
import pytest

import laminae as lm
from tests.ops.draws.compared import proto
from tests.ops.draws.drawing import Drawn, Strategy
from tests.ops.one_node import floats, integers, run, same


@pytest.mark.parametrize(("x", "expected"), [(-math.inf, -math.inf), (math.inf, math.inf)])
def test_the_log_sum_exp_of_nothing_but_infinities_is_one(x, expected):
    """log Σ exp(x): log 0 is −∞."""
    same(run("ReduceLogSumExp", 18, floats(x, x), integers(0), keepdims=0)[0], np.float32(expected))


def test_a_sum_of_squares_keeps_the_dtype():
    """ "reduced: T" """
    same(run("ReduceSumSquare", 18, integers(3, -4, dtype=np.int32))[0], integers(25, dtype=np.int32))


def test_the_mean_of_large_unsigned_numbers_is_no_mean_of_negative_ones():
    same(run("ReduceMean", 18, np.array([2**63, 0], np.uint64), integers(0))[0], np.array([2**62], np.uint64))


def test_an_axis_given_twice_is_refused():
    with pytest.raises(lm.LaminaeError, match="twice"):
        run("ReduceProd", 18, floats(1, 2, 3, 4, shape=(2, 2)), integers(0, -2))


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize("attributes", [{}, {"axis": 0}, {"axis": 2}, {"axis": -2}])
def test_until_opset_12_all_axes_behind_the_axis_are_one(operator, attributes):
    """As ONNX Runtime has it: "input will be coerced into a 2-dimensional tensor"."""
    x = np.linspace(-2, 1, 24, dtype=np.float32).reshape(2, 3, 4)[:, ::-1].copy()
    drawn = Drawn([x], attributes)
    model = proto(Strategy(operator, "", (11,), lambda draw, opset: drawn, ()), 11, drawn)
    model.ir_version = 8
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    same(run(operator, 11, x, **attributes)[0], session.run(None, {"x0": x})[0], near=1e-6)


@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax", "Hardmax"])
def test_an_axis_behind_the_rank_is_refused(operator):
    with pytest.raises(lm.LaminaeError):
        run(operator, 11, floats(1, 2, shape=(1, 2)), axis=3)


@pytest.mark.parametrize(("operator", "opset"), [("LayerNormalization", 17), ("RMSNormalization", 23)])
def test_a_scale_may_have_any_shape_that_broadcasts_to_the_data(operator, opset):
    """ "`Scale` … should be unidirectional broadcastable to tensor `X`"; ONNX Runtime takes it too."""
    x, scale = floats(1, 3, 5, 9, shape=(2, 2)), floats(1, 2, 3, 4, shape=(2, 2))
    ones = run(operator, opset, x, floats(1, 1))[0]
    same(run(operator, opset, x, scale)[0], ones * scale, near=1e-6)
    same(run(operator, opset, x, scale[:, :1])[0], ones * scale[:, :1], near=1e-6)
    with pytest.raises(lm.LaminaeError, match="does not fit"):
        run(operator, opset, x, floats(1, 1, 1, 1, shape=(2, 1, 2)))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_mean_and_deviation_have_the_stash_type(dtype):
    """ "Type of Mean and InvStdDev": float32 unless said otherwise, whatever X is."""
    x = np.array([[1, 3]], dtype)
    Y, mean, inverse = run("LayerNormalization", 17, x, np.ones(2, dtype), outputs=3, epsilon=0.0)
    same(Y, np.array([[-1, 1]], dtype))
    same(mean, floats(2, shape=(1, 1)))
    same(inverse, floats(1, shape=(1, 1)))


def test_the_output_of_a_root_mean_square_has_the_scales_dtype():
    same(
        run("RMSNormalization", 23, floats(3, 3), floats(2, 2, dtype=np.float64), epsilon=0.0)[0], np.array([2.0, 2.0]), near=1e-6
    )


def test_a_group_has_one_scale_until_opset_20_and_a_channel_after():
    x = floats(1, 3, 5, 9, shape=(1, 4, 1))
    sides = floats(-1, 1, -1, 1, shape=(1, 4, 1))
    by_group = run("GroupNormalization", 18, x, floats(1, 2), floats(0, 1), num_groups=2, epsilon=0.0)[0]
    same(by_group, sides * floats(1, 1, 2, 2, shape=(1, 4, 1)) + floats(0, 0, 1, 1, shape=(1, 4, 1)), near=1e-6)
    by_channel = run("GroupNormalization", 21, x, floats(1, 2, 3, 4), floats(0, 0, 0, 0), num_groups=2, epsilon=0.0)[0]
    same(by_channel, sides * floats(1, 2, 3, 4, shape=(1, 4, 1)), near=1e-6)


@pytest.mark.parametrize(
    ("operator", "shape", "weights", "attributes"),
    [
        ("InstanceNormalization", (2, 0, 3), 2, {}),
        ("InstanceNormalization", (0, 0, 1), 2, {}),
        ("BatchNormalization", (0, 0), 4, {}),
        ("BatchNormalization", (2, 0, 3), 4, {}),
        ("LRN", (0, 0, 2, 2), 0, {"size": 1}),
        ("LRN", (1, 2, 0, 2), 0, {"size": 3}),
    ],
)
def test_nothing_is_normalized_to_nothing(operator, shape, weights, attributes):
    x = np.zeros(shape, np.float32)
    same(run(operator, 13, x, *[np.ones(shape[1], np.float32)] * weights, **attributes)[0], x)


def test_neighbouring_channels_are_summed_in_any_batch_and_of_any_number_of_axes():
    """ "square_sum[n, c, d1, ..., dk] = sum(X[n, i, d1, ..., dk] ^ 2)", i from c − floor((size − 1) / 2) to c + ceil((size − 1) / 2)."""
    x = floats(1, 2, 3, shape=(1, 3))
    same(run("LRN", 13, x, size=2, alpha=2.0, beta=1.0)[0], x / floats(1 + 5, 1 + 13, 1 + 9, shape=(1, 3)), near=1e-6)
    same(run("LRN", 13, x.reshape(1, 3, 1), size=3, alpha=3.0, beta=1.0)[0].ravel(), x.ravel() / floats(6, 15, 14), near=1e-6)


@pytest.mark.parametrize("p", [1, 2])
def test_a_norm_counts_what_is_negative(p):
    """ "output = input / Lp_norm(input, axis)" """
    same(run("LpNormalization", 22, floats(3, -4), p=p)[0], floats(3, -4) / (7 if p == 1 else 5), near=1e-6)


def test_a_norm_of_another_order_is_refused():
    """ "only 1 or 2 are supported" """
    with pytest.raises(lm.LaminaeError, match="neither 1 nor 2"):
        run("LpNormalization", 22, floats(3, -4), p=3)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_equals_have_no_variance_and_become_zeros(dtype):
    same(run("MeanVarianceNormalization", 13, np.ones((1, 2, 1, 1), dtype))[0], np.zeros((1, 2, 1, 1), dtype))


def test_a_batch_normalization_without_training_has_one_output():
    """ "When training_mode=False, extra outputs are invalid."; ONNX Runtime refuses them too."""
    ones = floats(1, 1)
    with pytest.raises(lm.LaminaeError, match="training_mode"):
        run("BatchNormalization", 15, floats(1, 2, shape=(1, 2)), ones, ones, ones, ones, outputs=3)


def test_running_statistics_keep_their_own_dtype():
    """ "running_mean: T2", that of input_mean."""
    x, half = floats(1, 3, shape=(2, 1), dtype=np.float16), floats(1, dtype=np.float16)
    one = floats(1)
    Y, mean, var = run("BatchNormalization", 15, x, half, half, one, one, outputs=3, training_mode=1, momentum=0.5, epsilon=0.0)
    same(Y, floats(0, 2, shape=(2, 1), dtype=np.float16))
    same(mean, floats(1.5))
    same(var, floats(1))


@pytest.mark.parametrize("opset", [7, 9])
def test_a_batch_normalization_of_old_trains_where_statistics_are_asked_for(opset):
    """ "Output case #1: Y, mean, var, saved_mean, saved_var (training mode); Output case #2: Y (test mode)" """
    x, one, two = floats(1, 3, shape=(2, 1)), floats(1), floats(2)
    same(run("BatchNormalization", opset, x, one, one, two, one, epsilon=0.0)[0], floats(0, 2, shape=(2, 1)))
    Y, mean, var, *_ = run("BatchNormalization", opset, x, one, one, floats(4), floats(3), outputs=5, momentum=0.5, epsilon=0.0)
    same(Y, floats(0, 2, shape=(2, 1)))
    same(mean, floats(3))
    same(var, floats(2))
