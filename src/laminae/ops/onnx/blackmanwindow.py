"""BlackmanWindow. https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html"""

from laminae.ops.costs import per_output
from laminae.ops.registry import operator
from laminae.ops.spectra import cosine_window, window_shape


@operator("BlackmanWindow", since=17, kind="constant", shape=window_shape, cost=per_output)
def blackmanwindow(size, *, output_datatype=1, periodic=1):
    """0.42 - 0.5 cos(2π n / N) + 0.08 cos(4π n / N) for n from 0 to size - 1; N is size, or size - 1 unless periodic."""
    return cosine_window(size, output_datatype, periodic, 0.42, -0.5, 0.08)
