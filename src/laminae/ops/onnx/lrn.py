"""LRN. https://onnx.ai/onnx/operators/onnx__LRN.html"""

from laminae.base import torch
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


def lrn_cost(X, *, size, **attributes):
    """For each element the squares of its neighbours, then scale and shift, power, quotient."""
    return X.size * (size + 3)


@operator("LRN", kind="normalization", shape=same_shape, cost=lrn_cost)
def lrn(X, *, alpha=9.999999747378752e-05, beta=0.75, bias=1.0, size):
    """x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbouring channels; [N, C, *sizes], same shape out.

    Krizhevsky, Sutskever, Hinton 2012, section 3.3.
    """
    if not X.numel():
        return X.clone()
    squares = torch.nn.functional.pad((X * X).reshape(*X.shape[:1], 1, X.shape[1], -1), (0, 0, (size - 1) // 2, size // 2))
    means = torch.nn.functional.avg_pool2d(squares, (size, 1), 1).reshape(X.shape)
    return X / (bias + alpha * means) ** beta
