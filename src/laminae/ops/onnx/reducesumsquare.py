"""ReduceSumSquare. https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html"""

from laminae.ops.onnx.reducesum import reduce_sum
from laminae.ops.reductions import reduction


@reduction("ReduceSumSquare")
def reduce_sum_square(data, axes, keepdim):
    """Σ x² over `axes`; 0 over none. Integers wrap."""
    return reduce_sum(data * data, axes, keepdim)
