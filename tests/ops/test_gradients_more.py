"""Derivatives of operators beside finite differences in float64."""

import pytest
import torch

from laminae.ops.registry import find


def run(name, *inputs, domain="", opset=28, **attributes):
    return find(domain, name, opset).run(*inputs, **attributes)


def check(function, *shapes, scale=1.0, fast=False):
    torch.manual_seed(0)
    inputs = [(torch.randn(shape, dtype=torch.float64) * scale).requires_grad_() for shape in shapes]
    assert torch.autograd.gradcheck(function, inputs, atol=1e-5, fast_mode=fast)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_losses(reduction):
    target = torch.tensor([[0, 2], [1, 3]])
    for name in ("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"):
        check(lambda x, n=name: run(n, x, target, reduction=reduction, ignore_index=3), (2, 4, 2))


def test_linear_attention():
    heads = {"q_num_heads": 4, "kv_num_heads": 2}
    check(lambda *x: run("LinearAttention", *x, **heads), (1, 3, 8), (1, 3, 4), (1, 3, 6), (1, 2, 2, 3), (1, 3, 4), (1, 3, 2))


def test_causal_convolution():
    check(lambda *x: run("CausalConvWithState", *x, activation="silu"), (2, 3, 5), (3, 1, 3), (3,), (2, 3, 2))


def test_flex_attention():
    check(lambda *x: run("FlexAttention", *x, domain="ai.onnx.preview"), (1, 4, 3, 2), (1, 2, 5, 2), (1, 2, 5, 3))


def test_spectra():
    check(lambda x: run("DFT", x, onesided=1), (2, 5, 1))
    check(lambda x: run("DFT", x, inverse=1), (2, 5, 2))
    check(lambda x: run("DFT", x, inverse=1, onesided=1), (2, 4, 2))
    check(lambda x, w: run("STFT", x, torch.tensor(2), w), (2, 9, 1), (4,))


def test_cumulative_product():
    check(lambda x: run("CumProd", x, torch.tensor(1), exclusive=1, reverse=1), (2, 4))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_col2im(n):
    image, block = torch.full((n,), 4), torch.full((n,), 2)
    check(lambda x: run("Col2Im", x, image, block, strides=[2] * n), (1, 2 * 2**n, 2**n))


def test_affine_grid():
    check(lambda x: run("AffineGrid", x, torch.tensor([2, 1, 3, 4])), (2, 2, 3))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_deform_conv(n):
    check(
        lambda *x: run("DeformConv", *x, group=2, pads=[1] * 2 * n),
        (1, 4, *[4] * n), (2, 2, *[3] * n), (1, n * 3**n, *[4] * n), (2,), (1, 3**n, *[4] * n), scale=0.3, fast=n == 3,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["avg", "max"])
def test_roi_align(mode):
    images = torch.tensor([0, 1, 1])
    rois = torch.tensor([[0.3, 0.2, 2.7, 3.1], [-1, 0, 2.2, 2.3], [1.1, 1.2, 3.3, 5]], dtype=torch.float64)
    more = {"output_height": 2, "output_width": 2, "mode": mode}
    check(lambda x: run("RoiAlign", x, rois, images, **more), (2, 2, 4, 5))
    if mode == "avg":
        x = torch.randn(2, 2, 4, 5, dtype=torch.float64)
        assert torch.autograd.gradcheck(
            lambda r: run("RoiAlign", x, r, images, sampling_ratio=2, **more), [rois.requires_grad_()]
        )


def test_max_roi_pool():
    rois = torch.tensor([[0, 0, 0, 3, 3], [1, 1, 1, 4, 2]], dtype=torch.float64)
    check(lambda x: run("MaxRoiPool", x, rois, pooled_shape=[2, 2]), (2, 2, 4, 5))


def test_swiglu_and_tensor_scatter():
    check(lambda *x: run("SwiGLU", *x, alpha=0.5), (2, 3), (2, 3))
    check(lambda *x: run("TensorScatter", *x, torch.tensor([1, 3]), mode="circular"), (2, 4, 3), (2, 2, 3))


def test_optimizer_steps():
    R, T = torch.tensor(0.1, dtype=torch.float64), torch.tensor(2)
    more = {"alpha": 0.9, "beta": 0.8, "mode": "nesterov", "norm_coefficient": 0.1}
    check(lambda *x: run("Momentum", R, T, *x, domain="ai.onnx.preview.training", opset=1, **more), (2, 3), (2, 3), (2, 3))


def microsoft(name, *inputs, **attributes):
    return run(name, *inputs, domain="com.microsoft", **attributes)


def test_attentions_of_onnx_runtime():
    check(lambda *x: microsoft("Attention", *x, num_heads=2, unidirectional=1), (1, 3, 4), (4, 12), (12,))
    check(lambda *x: microsoft("MultiHeadAttention", *x, num_heads=2, n_outputs=4), (1, 3, 4), (1, 2, 4), (1, 2, 4), (12,))
    ends = torch.tensor([2]), torch.tensor(3)
    heads = {"num_heads": 2, "kv_num_heads": 1}
    check(lambda q, k, v: microsoft("GroupQueryAttention", q, k, v, None, None, *ends, **heads), (1, 3, 4), (1, 3, 2), (1, 3, 2))


def test_normalizations_of_onnx_runtime():
    check(lambda *x: microsoft("SkipLayerNormalization", *x, n_outputs=4)[::3], (2, 3, 4), (2, 3, 4), (4,), (4,), (4,))
    check(lambda *x: microsoft("SkipSimplifiedLayerNormalization", *x), (2, 3, 4), (2, 3, 4), (4,))


def test_products_and_activations_of_onnx_runtime():
    check(lambda *x: microsoft("FusedMatMul", *x, transA=1, alpha=0.5), (3, 2), (3, 4))
    check(lambda *x: microsoft("FusedConv", *x, activation="Tanh"), (1, 2, 4), (3, 2, 2), (3,), (1, 3, 3))
    check(lambda *x: microsoft("FastGelu", *x), (2, 3), (3,))
