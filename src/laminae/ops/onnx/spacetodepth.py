"""SpaceToDepth. https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html"""

from laminae.base.errors import AttributeValueError, ShapeError
from laminae.base.shapes import Spec, format_shape, product
from laminae.ops.costs import free
from laminae.ops.registry import operator

MODES = ("DCR", "CRD")


def spacetodepth_shape(input, *, blocksize, mode="DCR"):
    if input.rank != 4 or blocksize < 1 or any(isinstance(n, int) and n % blocksize for n in input.shape[2:]):
        expected = f"rank 4, with height and width multiples of blocksize ({blocksize})"
        raise ShapeError("the space cannot be stacked", {"expected": expected, "found": format_shape(input.shape)})
    n, c, *space = input.shape
    height, width = (size // blocksize if isinstance(size, int) else size if blocksize == 1 else None for size in space)
    return Spec(input.dtype, (n, product((c, blocksize**2)), height, width))


@operator("SpaceToDepth", kind="movement", shape=spacetodepth_shape, cost=free, aliases=True)
def spacetodepth(input, *, blocksize, mode="DCR"):
    """Squares become blocks of depth: [N, C, H, W] → [N, C b², H / b, W / b]; DCR: depth innermost, CRD: depth outermost."""
    if mode not in MODES:
        raise AttributeValueError(f"no mode {mode!r}", {"known": ", ".join(MODES)})
    n, c, h, w = input.shape
    height, width = h // blocksize, w // blocksize
    squares = input.reshape(n, c, height, blocksize, width, blocksize)
    blocks = squares.permute((0, 1, 3, 5, 2, 4) if mode == "CRD" else (0, 3, 5, 1, 2, 4))
    return blocks.reshape(n, c * blocksize**2, height, width)
