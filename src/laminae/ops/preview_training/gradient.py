"""Gradient. https://onnx.ai/onnx/operators/onnx_aionnxpreviewtraining_Gradient.html"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import untold
from laminae.ops.registry import operator


def gradient_shape(*Inputs, xs, y, zs=(), context):
    return tuple(Spec(x.dtype, x.dims) for x in Inputs[: len(xs)])


@operator("Gradient", kind="gradient", shape=gradient_shape, cost=untold, domain="ai.onnx.preview.training")
def gradient(*Inputs, xs, y, zs=(), context):
    """The derivatives of the value `y` of the graph around with respect to the values `xs`, each in its own shape.

    Inputs: what `xs`, then `zs` are to be; with these the graph is run again up to `y`. Of a `y` of many elements, the
    derivative of their sum. A derivative may be differentiated in its turn.
    """
    again = torch.is_grad_enabled()
    points = [x if x.requires_grad else x.detach().requires_grad_() for x in Inputs[: len(xs)]]
    with torch.enable_grad():
        value = context.run_between((*xs, *zs), y, *points, *Inputs[len(xs) :])
        return torch.autograd.grad(value.sum(), points, create_graph=again, materialize_grads=True)
