"""DepthToSpace. https://onnx.ai/onnx/operators/onnx__DepthToSpace.html"""

from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, product
from laminae.ops.costs import free
from laminae.ops.registry import operator

MODES = ("DCR", "CRD")


def depthtospace_shape(input, *, blocksize, mode="DCR"):
    if input.rank != 4 or blocksize < 1 or (isinstance(input.shape[1], int) and input.shape[1] % blocksize**2):
        expected = f"rank 4, with depth a multiple of blocksize² ({blocksize**2})"
        raise ShapeError("the depth cannot be spread", {"expected": expected, "found": format_shape(input.shape)})
    n, c, h, w = input.shape
    depth = c // blocksize**2 if isinstance(c, int) else c if blocksize == 1 else None
    return Spec(input.dtype, (n, depth, product((h, blocksize)), product((w, blocksize))))


@operator("DepthToSpace", kind="movement", shape=depthtospace_shape, cost=free, aliases=True)
def depthtospace(input, *, blocksize, mode="DCR"):
    """Blocks of depth become squares: [N, C, H, W] → [N, C / b², H b, W b]; DCR: depth innermost, CRD: outermost."""
    if mode not in MODES:
        raise AttributeValueError(f"no mode {mode!r}", {"known": ", ".join(MODES)})
    n, c, h, w = input.shape
    depth = c // blocksize**2
    if mode == "CRD":
        squares = input.reshape(n, depth, blocksize, blocksize, h, w).permute(0, 1, 4, 2, 5, 3)
    else:
        squares = input.reshape(n, blocksize, blocksize, depth, h, w).permute(0, 3, 4, 1, 5, 2)
    return squares.reshape(n, depth, h * blocksize, w * blocksize)
