"""QuickGelu. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QuickGelu"""

from laminae.ops.costs import per_output
from laminae.ops.onnx.swish import swish
from laminae.ops.registry import operator
from laminae.ops.rules import same_shape


@operator("QuickGelu", kind="activation", shape=same_shape, cost=per_output, domain="com.microsoft")
def quickgelu(X, *, alpha=1.7020000219345093):
    """x · sigmoid(alpha · x), element by element; any shape."""
    return swish(X, alpha=alpha)
