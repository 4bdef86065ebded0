"""QLinearConcat. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QLinearConcat"""

from laminae.base import torch
from laminae.base.shapes import Spec
from laminae.ops.costs import each_output
from laminae.ops.onnx.concat import concat_shape
from laminae.ops.quantized import quantized, real
from laminae.ops.registry import operator


def qlinearconcat_shape(Y_scale, Y_zero_point, *inputs, axis):
    return Spec(Y_zero_point.dtype, concat_shape(*(Spec(x.dtype, x.dims) for x in inputs[::3]), axis=axis).dims)


@operator("QLinearConcat", kind="quantization", shape=qlinearconcat_shape, cost=each_output(6), domain="com.microsoft")
def qlinearconcat(Y_scale, Y_zero_point, *inputs, axis):
    """Tensors joined along `axis`, each brought to the scale of Y; inputs are tensor, scale, zero point, tensor, …"""
    triples = zip(inputs[::3], inputs[1::3], inputs[2::3], strict=True)
    return torch.cat([quantized(real(*triple), Y_scale, Y_zero_point, Y_zero_point.dtype) for triple in triples], axis)
